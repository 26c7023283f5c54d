"""Durations and times of day as people write them: "15m", "1h30m", "09:00-17:00". A unit is never guessed."""

import re
from datetime import timedelta

from escalation.core.hours import DAY, Window

DURATION_MAX = timedelta(hours=8784)  # a leap year; longer promises are mistyped more often than meant

_DURATION = re.compile(r"(?:([0-9]{1,5})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?")
_DAYS = re.compile(r"[0-9.]+ ?(d|day|days|bd|w|week|weeks|mo|month|months)", re.IGNORECASE)
_WINDOW = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


def duration(written: object) -> timedelta:
    """The physical time that "90s", "15m", "2h" or "1h30m" spells; zero is allowed. Raises ValueError with a sentence.

    A bare "1d" is refused: it may mean 24 hours, one working day, or the same time tomorrow.
    """
    if isinstance(written, str) and _DAYS.fullmatch(written):
        raise ValueError(
            f'{written!r} may mean several things; write hours: "24h" round the clock, "8h" of a calendar open 8 hours'
        )
    match = _DURATION.fullmatch(written) if isinstance(written, str) and written else None
    if match is None:
        raise ValueError(
            f'{written!r} is no duration; write hours, minutes and seconds such as "1h30m", "15m" or "90s"'
        )
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if length > DURATION_MAX:
        raise ValueError(f"{written!r} is longer than {spell(DURATION_MAX)}; shorten it")
    return length


def spell(length: timedelta) -> str:
    """The shortest text that `duration` reads back; fractions of a second are left out."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def window(written: object) -> Window:
    """The opening that "09:00-17:00" spells. An end at or before the start lies on the next day: "22:00-06:00"."""
    match = _WINDOW.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f'{written!r} is no opening; write start and end such as "09:00-17:00" or "22:00-06:00"')
    start_hour, start_minute, end_hour, end_minute = (int(part) for part in match.groups())
    start = timedelta(hours=start_hour, minutes=start_minute)
    end = timedelta(hours=end_hour, minutes=end_minute)
    if start_minute > 59 or end_minute > 59 or start >= DAY or end > DAY:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"{written!r} is outside the day; starts lie in 00:00-23:59 and ends in 00:01-24:00")
    if start == end:
        raise ValueError(f'{written!r} opens and closes at once; a whole day is "00:00-24:00"')
    return Window(start, end if end > start else end + DAY)
