"""Durations and times of day as people write them: "15m", "1h30m", "09:00-17:00". A unit is never guessed.

A length may also be given in working days of a calendar, in words that mean one thing: "end of 3rd business day",
"same time next business day", "8 business hours".
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from escalation.core.hours import DAY, DayRule, Days, Window
from escalation.wire.quoting import shown

DURATION_MAX = timedelta(hours=8784)  # a leap year; longer promises are mistyped more often than meant
BUSINESS_DAYS_MAX = 366

# As patterns, because the schema for editors shows them too.
DURATION_PATTERN = r"(?:([0-9]{1,5})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?"
HOURS_PATTERN = r"([0-9]{1,5}) business hours?"
END_PATTERN = r"end of (?:same|([0-9]{1,4})(st|nd|rd|th)) business day"
SAME_TIME_PATTERN = r"same time (?:next business day|([0-9]{1,4}) business days? later)"
WINDOW_PATTERN = r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})"

_DURATION = re.compile(DURATION_PATTERN)
_HOURS = re.compile(HOURS_PATTERN)
_END = re.compile(END_PATTERN)
_SAME_TIME = re.compile(SAME_TIME_PATTERN)
_WINDOW = re.compile(WINDOW_PATTERN)
_DAYS = re.compile(r"[0-9.]+ ?(d|day|days|bd|business days?|w|week|weeks|mo|month|months)", re.IGNORECASE)
_DAY_WORDS = '"8 business hours", "end of 1st business day" or "same time next business day"'


@dataclass(frozen=True, slots=True)
class Length:
    """A length as a file gives it: `time`, or working `days`, beside which `time` is zero."""

    time: timedelta
    days: Days | None = None
    business: bool = False  # written in business hours

    @property
    def needs_calendar(self) -> bool:
        """Whether it means nothing without a calendar."""
        return self.business or self.days is not None

    def __str__(self) -> str:
        """As a file writes it."""
        if self.days is not None:
            return spell_days(self.days)
        return f"{self.time // timedelta(hours=1)} business hours" if self.business else spell(self.time)


def duration(written: object) -> timedelta:
    """The physical time that "90s", "15m", "2h" or "1h30m" spells; zero is allowed. Raises ValueError with a sentence.

    A bare "1d" is refused: it may mean 24 hours, one working day, or the same time tomorrow.
    """
    if isinstance(written, str) and _DAYS.fullmatch(written):
        raise ValueError(
            f"{shown(written)} may mean several things; write hours:"
            ' "24h" round the clock, "8h" of a calendar open 8 hours'
        )
    match = _DURATION.fullmatch(written) if isinstance(written, str) and written else None
    if match is None:
        raise ValueError(
            f'{shown(written)} is no duration; write hours, minutes and seconds such as "1h30m", "15m" or "90s"'
        )
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return _bounded(written, timedelta(hours=hours, minutes=minutes, seconds=seconds))


def length(written: object) -> Length:
    """A duration, or a length in working days such as "end of 3rd business day". Raises ValueError with a sentence."""
    if isinstance(written, str):
        if (match := _HOURS.fullmatch(written)) is not None:
            return Length(_bounded(written, timedelta(hours=int(match[1]))), business=True)
        if (days := _days(written)) is not None:
            return Length(timedelta(0), days)
        if _DAYS.fullmatch(written):
            raise ValueError(f'{shown(written)} may mean several things; write hours such as "24h", or {_DAY_WORDS}')
        if "business" in written:
            raise ValueError(f"{shown(written)} is no length in working days; write for example {_DAY_WORDS}")
    return Length(duration(written))


def _days(written: str) -> Days | None:
    if (match := _END.fullmatch(written)) is not None:
        days = Days(int(match[1] or 0), DayRule.END)
    elif (match := _SAME_TIME.fullmatch(written)) is not None:
        days = Days(int(match[1] or 1), DayRule.SAME_TIME)
    else:
        return None
    if days.count > BUSINESS_DAYS_MAX:
        raise ValueError(f"{shown(written)} is longer than {BUSINESS_DAYS_MAX} business days; shorten it")
    if match[1] is not None and not days.count:
        raise ValueError(f'{shown(written)} counts no day; write "end of same business day", or hours')
    if days.rule is DayRule.END and match[1] is not None and match[2] != _ordinal(days.count):
        raise ValueError(f'{shown(written)} is mistyped; write "{spell_days(days)}"')
    return days


def _bounded(written: object, time: timedelta) -> timedelta:
    if time > DURATION_MAX:
        raise ValueError(f"{shown(written)} is longer than {spell(DURATION_MAX)}; shorten it")
    return time


def spell(length: timedelta) -> str:
    """The shortest text that `duration` reads back; fractions of a second are left out."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def spell_days(days: Days) -> str:
    """The text that `length` reads back: "end of 3rd business day"."""
    if days.rule is DayRule.END:
        return f"end of {f'{days.count}{_ordinal(days.count)}' if days.count else 'same'} business day"
    return "same time next business day" if days.count == 1 else f"same time {days.count} business days later"


def _ordinal(number: int) -> str:
    if number % 100 in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def window(written: object) -> Window:
    """The opening that "09:00-17:00" spells. An end at or before the start lies on the next day: "22:00-06:00"."""
    match = _WINDOW.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f'{shown(written)} is no opening; write start and end such as "09:00-17:00" or "22:00-06:00"')
    start_hour, start_minute, end_hour, end_minute = (int(part) for part in match.groups())
    start = timedelta(hours=start_hour, minutes=start_minute)
    end = timedelta(hours=end_hour, minutes=end_minute)
    if start_minute > 59 or end_minute > 59 or start >= DAY or end > DAY:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"{written!r} is outside the day; starts lie in 00:00-23:59 and ends in 00:01-24:00")
    if start == end:
        raise ValueError(f'{written!r} opens and closes at once; a whole day is "00:00-24:00"')
    return Window(start, end if end > start else end + DAY)
