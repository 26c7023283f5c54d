"""Calendars as written, frozen: a zone's rules become instants, so no later change of them moves a promise."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from escalation.core.hours import DAY, HORIZON_DAYS, Days, ExceptionDay, Shift, Window
from escalation.wire.quoting import shown

YEARS_AHEAD = 20
WEEK = 7 * DAY
_SECOND = timedelta(seconds=1)
# Two changes of one zone lie weeks apart (the closest known are the month of Ramadan), so a daily look misses none.
_STRIDE = DAY
# Names that some machines resolve, each to something of its own: its local time, or a scale with leap seconds.
_MACHINES_OWN = frozenset({"localtime", "posixrules", "Factory"})
_MACHINES_TREES = ("posix/", "right/")


def zone(name: str) -> ZoneInfo:
    """The zone of that name in the IANA database. Raises ValueError with a sentence."""
    if name not in _MACHINES_OWN and not name.startswith(_MACHINES_TREES):
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(name)
    raise ValueError(f'{shown(name)} is no time zone of the IANA database; write one such as "Europe/Berlin"')


def shifts(name: str, at: datetime) -> tuple[Shift, ...]:
    """The zone's offsets as instants, from more than a year before `at` (aware) until at least 20 years after it.

    The first one is no change of the clock but the offset that was in force when the year before `at` began.
    """
    return _shifts(name, at.astimezone(UTC).year - 1)


@lru_cache(maxsize=64)
def _shifts(name: str, first_year: int) -> tuple[Shift, ...]:
    there = zone(name)

    def offset(instant: datetime) -> timedelta:
        found = instant.astimezone(there).utcoffset()
        return found if found is not None else timedelta(0)

    instant = datetime(first_year, 1, 1, tzinfo=UTC)
    end = datetime(first_year + YEARS_AHEAD + 2, 1, 1, tzinfo=UTC)
    found = [Shift(instant, offset(instant))]
    while instant < end:
        following = instant + _STRIDE
        if offset(following) != found[-1].offset:
            before, after = instant, following
            while after - before > _SECOND:
                middle = _middle(before, after)
                before, after = (middle, after) if offset(middle) == found[-1].offset else (before, middle)
            found.append(Shift(after, offset(after)))
        instant = following
    return tuple(found)


def _middle(before: datetime, after: datetime) -> datetime:
    return before + timedelta(seconds=int((after - before).total_seconds()) // 2)


def offset_at(known: Sequence[Shift], instant: datetime) -> timedelta:
    """The offset in force at that instant; before the first shift, its offset."""
    place = bisect_right(known, instant, key=lambda shift: shift.at)
    return known[max(0, place - 1)].offset


def overlaps(week: Sequence[Sequence[Window]]) -> Iterator[tuple[int, Window]]:
    """Each window (with its weekday, Monday is 0) that begins before an earlier one ends; Sunday night meets Monday."""
    openings = _openings(week)
    if openings:
        start, end, day, window = openings[0]
        openings = [*openings, (start + WEEK, end + WEEK, day, window)]
    for (_, end, _, _), (start, _, day, window) in pairwise(openings):
        if start < end:
            yield day, window


def _openings(week: Sequence[Sequence[Window]]) -> list[tuple[timedelta, timedelta, int, Window]]:
    found = [
        (day * DAY + window.start, day * DAY + window.end, day, window)
        for day, windows in enumerate(week)
        for window in windows
    ]
    return sorted(found, key=lambda opening: opening[:2])


def days_needed(length: timedelta, week: Sequence[Sequence[Window]], exceptions: Sequence[ExceptionDay]) -> int:
    """Upper bound of the days in which a calendar opens for `length`; more than `HORIZON_DAYS` are never looked at.

    Every exception counts as if it closed what its weekday opens, and a twentieth is added for clock changes.
    """
    weekly = sum((opening.end - opening.start for windows in week for opening in windows), timedelta(0))
    if not weekly:
        return HORIZON_DAYS + 1
    lost = sum(
        (opening.end - opening.start for day in exceptions for opening in week[day.day.weekday()]),
        timedelta(0),
    )
    weeks = -(-(length + lost) // weekly) + 2
    return weeks * 7 * 21 // 20


def days_needed_for(days: Days, week: Sequence[Sequence[Window]], exceptions: Sequence[ExceptionDay]) -> int:
    """Upper bound of the days in which that many working days pass, as in `days_needed`."""
    working = sum(bool(windows) for windows in week)
    if not working:
        return HORIZON_DAYS + 1
    lost = sum(bool(week[day.day.weekday()]) for day in exceptions)
    return (-(-(days.count + 1 + lost) // working) + 2) * 7
