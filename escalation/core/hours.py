"""Business time as pure arithmetic: a calendar frozen into local windows and UTC offset transitions.

No zone database is needed to replay. A calendar is open at exactly the physical instants whose local wall time falls
into a window: a local time that a clock change skipped has no instant, a repeated one has two, a 25-hour day counts
25 hours. A target that is consumed exactly at closing time is due at the close.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

DAY = timedelta(days=1)
# A target is looked for at most this many days ahead; a calendar that never opens ends there instead of looping.
HORIZON_DAYS = 3660
# A window may run at most this far past the midnight it began on: one night shift.
WINDOW_END_MAX = 2 * DAY


@dataclass(frozen=True, slots=True)
class Window:
    """Open from `start` to `end`, measured in local wall time from midnight; `end` may pass 24:00 for a night shift."""

    start: timedelta
    end: timedelta


@dataclass(frozen=True, slots=True)
class ExceptionDay:
    """A date with other hours than its weekday (none: closed all day), and what people call it."""

    day: date
    windows: tuple[Window, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Shift:
    """From `at` (UTC) on, local time is UTC plus `offset`."""

    at: datetime
    offset: timedelta


@dataclass(frozen=True, slots=True)
class Calendar:
    """Open hours of one zone: seven weekdays from Monday, dated exceptions, and the zone's offsets as instants.

    `shifts` is ordered and its first one lies before any instant that will be asked for. An exception replaces the
    windows that begin on its date; a night shift begun the evening before runs out. Windows of one day are ordered
    by their beginning, and begin before 24:00.
    """

    name: str
    zone: str
    week: tuple[tuple[Window, ...], ...]
    shifts: tuple[Shift, ...]
    exceptions: tuple[ExceptionDay, ...] = ()

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The windows that begin on a local date."""
        for exception in self.exceptions:
            if exception.day == day:
                return exception.windows
        return self.week[day.weekday()]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of physical time, UTC, end exclusive."""

    start: datetime
    end: datetime


class NeverOpenError(ValueError):
    """A calendar opens too little for the target: a policy check that let it pass is at fault."""


def spans(calendar: Calendar, since: datetime) -> Iterator[Span]:
    """Open spans from `since` on, in order, disjoint (they may touch), at most `HORIZON_DAYS` ahead.

    One offset after the other: while it is in force, wall time is physical time and a constant.
    """
    shifts, reached, horizon = calendar.shifts, since, since + HORIZON_DAYS * DAY
    index = max(0, bisect_right(shifts, since, key=lambda shift: shift.at) - 1)
    while reached < horizon:
        offset = shifts[index].offset
        until = min(horizon, shifts[index + 1].at) if index + 1 < len(shifts) else horizon
        for start, end in _openings(calendar, reached + offset, until + offset):
            span = Span(max(start - offset, reached), min(end - offset, until))
            if span.start < span.end:
                yield span
                reached = span.end
        reached, index = until, index + 1


def add(calendar: Calendar | None, start: datetime, amount: timedelta) -> datetime:
    """The instant at which `amount` of open time will have passed since `start`; `None` counts every hour."""
    if calendar is None or amount <= timedelta(0):
        return start + amount
    left = amount
    for span in spans(calendar, start):
        length = span.end - span.start
        if left <= length:
            return span.start + left
        left -= length
    message = f"calendar {calendar.name!r} opens too little for {amount} after {start.isoformat()}"
    raise NeverOpenError(message)


def between(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """Open time from `start` to `end`; zero when `end` is not later."""
    if end <= start:
        return timedelta(0)
    if calendar is None:
        return end - start
    total = timedelta(0)
    for span in spans(calendar, start):
        if span.start >= end:
            break
        total += min(span.end, end) - span.start
    return total


def _openings(calendar: Calendar, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Windows that may meet [since, until), in order; all of it is local wall time, written as if it were UTC."""
    midnight = datetime(since.year, since.month, since.day, tzinfo=UTC) - WINDOW_END_MAX
    while midnight < until:
        for window in calendar.windows_on(midnight.date()):
            yield midnight + window.start, midnight + window.end
        midnight += DAY
