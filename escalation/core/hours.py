"""Business time as pure arithmetic: a calendar frozen into local windows and UTC offset transitions.

No zone database is needed to replay. A calendar is open at exactly the physical instants whose local wall time falls
into a window: a local time that a clock change skipped has no instant, a repeated one has two, a 25-hour day counts
25 hours. A target that is consumed exactly at closing time is due at the close. Where other engines answer otherwise,
`Manner` names their answer, so that an agreement can choose it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from escalation.core.values import dataclass

DAY = timedelta(days=1)
WEEK = 7 * DAY
# A target is looked for at most this many days ahead; a calendar that never opens ends there instead of looping.
HORIZON_DAYS = 3660
# A window may run at most this far past the midnight it began on: one night shift.
WINDOW_END_MAX = 2 * DAY
# How far a zone's clock may be changed at once; the dateline was crossed by a whole day.
CHANGE_MAX = DAY
_NOTHING = timedelta(0)


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


class AtClose(StrEnum):
    """When a target is due that is consumed exactly at closing time."""

    CLOSE = "close"
    NEXT_OPENING = "next_opening"


class LongDay(StrEnum):
    """What a day counts on which the clocks are changed."""

    PHYSICAL = "physical"  # the time that passes: 25 hours in autumn
    WALL = "wall"  # what the clock on the wall shows: always 24 hours


class SkippedEdge(StrEnum):
    """Where a window begins or ends whose edge the clock change skipped."""

    INSTANTS = "instants"  # the instants that exist inside the window, and no others
    SHIFTED = "shifted"  # the edge moves forward by as much as was skipped


@dataclass(frozen=True, slots=True)
class Manner:
    """How a calendar counts where engines disagree; the defaults are ours."""

    at_close: AtClose = AtClose.CLOSE
    long_day: LongDay = LongDay.PHYSICAL
    skipped_edge: SkippedEdge = SkippedEdge.INSTANTS


OURS = Manner()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Open hours of one zone: seven weekdays from Monday, dated exceptions, and the zone's offsets as instants.

    `shifts` is ordered and its first one lies before any instant that will be asked for. An exception replaces the
    windows that begin on its date; a night shift begun the evening before runs out. Exceptions are ordered by date.
    Windows of one day are ordered by their beginning, and begin before 24:00.
    """

    name: str
    zone: str
    week: tuple[tuple[Window, ...], ...]
    shifts: tuple[Shift, ...]
    exceptions: tuple[ExceptionDay, ...] = ()
    manner: Manner = OURS

    def exception_on(self, day: date) -> ExceptionDay | None:
        """The exception of a local date, if there is one."""
        place = bisect_left(self.exceptions, day, key=_day_of)
        found = self.exceptions[place] if place < len(self.exceptions) else None
        return found if found is not None and found.day == day else None

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The windows that begin on a local date."""
        exception = self.exception_on(day) if self.exceptions else None
        return exception.windows if exception is not None else self.week[day.weekday()]

    def local(self, instant: datetime) -> datetime:
        """The wall time of an instant in the calendar's zone, written as if it were UTC."""
        return instant + self.shifts[_place(self.shifts, instant)].offset

    def instant(self, local: datetime) -> datetime:
        """The first instant that shows a wall time (written as if it were UTC); a skipped one moves forward."""
        place = _place(self.shifts, local - CHANGE_MAX)
        while True:
            found = local - self.shifts[place].offset
            if place + 1 == len(self.shifts) or found < self.shifts[place + 1].at:
                return found
            after = local - self.shifts[place + 1].offset
            if after < self.shifts[place + 1].at:
                return found  # skipped: measured from before the change, it lies as far behind it
            place += 1


@dataclass(frozen=True, slots=True)
class Span:
    """An open stretch of physical time, UTC, end exclusive, and the open time that it counts.

    The two differ only by the wall: a skipped hour has no length and counts one.
    """

    start: datetime
    end: datetime
    counted: timedelta


class DayRule(StrEnum):
    """What "n business days" means; a bare number of days means nothing."""

    END = "end"  # the close of the nth working day after the day it started
    SAME_TIME = "same_time"  # the same wall time n working days later, or the next opening after it


@dataclass(frozen=True, slots=True)
class Days:
    """A length in working days of a calendar; the day it started counts as none."""

    count: int
    rule: DayRule


class NeverOpenError(ValueError):
    """A calendar opens too little for the target: a policy check that let it pass is at fault."""


def spans(calendar: Calendar, since: datetime, until: datetime | None = None) -> Iterator[Span]:
    """Open spans from `since` on, in order, disjoint (they may touch), until then or at most `HORIZON_DAYS` ahead."""
    horizon = until if until is not None else since + HORIZON_DAYS * DAY
    if calendar.manner.skipped_edge is SkippedEdge.SHIFTED:
        return _spans_between_edges(calendar, since, horizon)
    return _spans_of_instants(calendar, since, horizon)


def add(calendar: Calendar | None, start: datetime, amount: timedelta) -> datetime:
    """The instant at which `amount` of open time will have passed since `start`; `None` counts every hour."""
    if calendar is None or amount <= _NOTHING:
        return start + amount
    begun, left = _skip_weeks(calendar, start, amount)
    beyond = calendar.manner.at_close is AtClose.NEXT_OPENING
    horizon = start + HORIZON_DAYS * DAY
    for span in spans(calendar, begun):
        if span.start + min(left, span.end - span.start) > horizon:
            break
        if left < span.counted or (left == span.counted and not beyond):
            return span.start + min(left, span.end - span.start)
        left -= span.counted
    message = f"calendar {calendar.name!r} opens too little for {amount} after {start.isoformat()}"
    raise NeverOpenError(message)


def back(calendar: Calendar | None, end: datetime, amount: timedelta) -> datetime:
    """The instant from which `amount` of open time passes until `end`; `None` counts every hour.

    The latest such instant: a lead that reaches exactly to an opening begins there, not at the close before.
    """
    if calendar is None or amount <= _NOTHING:
        return end - amount
    left, until = amount, end
    for _ in range(HORIZON_DAYS // WEEK.days):
        for span in reversed([*spans(calendar, until - WEEK, until)]):
            if left <= span.counted:
                return span.end - min(left, span.end - span.start)
            left -= span.counted
        until -= WEEK
    message = f"calendar {calendar.name!r} opens too little for {amount} before {end.isoformat()}"
    raise NeverOpenError(message)


def between(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """Open time from `start` to `end`; zero when `end` is not later."""
    if end <= start:
        return _NOTHING
    if calendar is None:
        return end - start
    total = _NOTHING
    begun = start
    while end - begun > 2 * WEEK:
        weeks = _regular_weeks(calendar, begun, end)
        if not weeks:
            total += _open_in(calendar, begun, begun + WEEK)
            begun += WEEK
        else:
            total += weeks * _weekly(calendar)
            begun += weeks * WEEK
    return total + _open_in(calendar, begun, end)


def next_opening(calendar: Calendar | None, at: datetime) -> datetime:
    """The first open instant at or after `at`."""
    if calendar is None:
        return at
    for span in spans(calendar, at):
        return span.start
    message = f"calendar {calendar.name!r} does not open within {HORIZON_DAYS} days after {at.isoformat()}"
    raise NeverOpenError(message)


def after_days(calendar: Calendar, start: datetime, days: Days) -> datetime:
    """The instant that lies `days` working days after `start`.

    Zero days until the end means the close of the day it started, or of the next working day when that is over.
    """
    local = calendar.local(start)
    midnight = datetime(local.year, local.month, local.day, tzinfo=UTC)
    wall, left = local - midnight, days.count
    for _ in range(HORIZON_DAYS):
        windows = calendar.windows_on(midnight.date())
        if windows and not left:
            if days.rule is DayRule.SAME_TIME:
                return next_opening(calendar, calendar.instant(midnight + wall))
            close = calendar.instant(midnight + max(window.end for window in windows))
            if close > start:
                return close
            left = 1
        midnight += DAY
        if calendar.windows_on(midnight.date()):
            left = max(0, left - 1)
    message = f"calendar {calendar.name!r} opens too little for {days.count} days after {start.isoformat()}"
    raise NeverOpenError(message)


# --- inside ----------------------------------------------------------------------------------------------------------


def _spans_of_instants(calendar: Calendar, since: datetime, horizon: datetime) -> Iterator[Span]:
    """One offset after the other: while it is in force, wall time is physical time and a constant."""
    shifts, reached = calendar.shifts, since
    by_wall = calendar.manner.long_day is LongDay.WALL
    index = _place(shifts, since)
    shown = reached + shifts[index].offset  # by the wall: how far the clock on it has come
    while reached < horizon:
        offset = shifts[index].offset
        until = min(horizon, shifts[index + 1].at) if index + 1 < len(shifts) else horizon
        if by_wall and reached + offset > shown:  # the wall's clock was moved forward
            skipped = _overlap(calendar, shown, reached + offset)
            if skipped:
                yield Span(reached, reached, skipped)
        begin = max(reached, shown - offset) if by_wall else reached  # moved back: what was shown before counts once
        for start, end in _openings(calendar, begin + offset, until + offset):
            span_start, span_end = max(start - offset, begin), min(end - offset, until)
            if span_start < span_end:
                yield Span(span_start, span_end, span_end - span_start)
                begin = span_end
        shown = max(shown, until + offset)
        reached, index = until, index + 1


def _spans_between_edges(calendar: Calendar, since: datetime, horizon: datetime) -> Iterator[Span]:
    """Each window from the instant of its beginning to the instant of its end."""
    reached = since
    for start, end in _openings(calendar, calendar.local(since) - CHANGE_MAX, calendar.local(horizon) + CHANGE_MAX):
        begin, close = max(calendar.instant(start), reached), min(calendar.instant(end), horizon)
        if begin < close:
            yield Span(begin, close, close - begin)
            reached = close


def _openings(calendar: Calendar, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Windows that may meet [since, until), in order; all of it is local wall time, written as if it were UTC."""
    midnight = datetime(since.year, since.month, since.day, tzinfo=UTC) - WINDOW_END_MAX
    while midnight < until:
        for window in calendar.windows_on(midnight.date()):
            yield midnight + window.start, midnight + window.end
        midnight += DAY


def _overlap(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """How much of a stretch of wall time lies in windows."""
    openings = _openings(calendar, since, until)
    return sum((max(min(end, until) - max(start, since), _NOTHING) for start, end in openings), _NOTHING)


def _open_in(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    return sum((span.counted for span in spans(calendar, since, until)), _NOTHING)


def _weekly(calendar: Calendar) -> timedelta:
    """For how long a week without exceptions opens; where windows overlap, the time counts once."""
    total = _NOTHING
    reached = max((window.end for window in calendar.week[-1]), default=_NOTHING) - DAY  # Sunday's nights fill Monday
    for number, windows in enumerate(calendar.week):
        midnight = number * DAY
        for window in windows:
            begin, end = max(midnight + window.start, reached), midnight + window.end
            if begin < end:
                total += end - begin
                reached = end
    return total


def _regular_weeks(calendar: Calendar, since: datetime, until: datetime) -> int:
    """How many whole weeks from `since` hold no exception and no change of the clock: each opens for the same time."""
    shifts, exceptions = calendar.shifts, calendar.exceptions
    place = bisect_right(shifts, since, key=_instant_of)
    if place < len(shifts):
        until = min(until, shifts[place].at)
    if place and since - shifts[place - 1].at < WINDOW_END_MAX:
        return 0
    place = bisect_left(exceptions, (since - WINDOW_END_MAX - CHANGE_MAX).date(), key=_day_of)
    if place < len(exceptions):
        day = exceptions[place].day
        until = min(until, datetime(day.year, day.month, day.day, tzinfo=UTC) - CHANGE_MAX)
    return max(0, (until - since) // WEEK)


def _skip_weeks(calendar: Calendar, start: datetime, amount: timedelta) -> tuple[datetime, timedelta]:
    """Step over whole weeks, so that a far target costs as little as a near one: an earlier start with less to go."""
    at_most = sum((window.end - window.start for windows in calendar.week for window in windows), _NOTHING)
    if amount <= 2 * at_most:
        return start, amount  # near enough to be walked, as most are
    weekly, at, left, horizon = _weekly(calendar), start, amount, start + HORIZON_DAYS * DAY
    while weekly and left > 2 * weekly and at < horizon:
        weeks = min(_regular_weeks(calendar, at, horizon), left // weekly - 1)
        if weeks:
            at, left = at + weeks * WEEK, left - weeks * weekly
        else:
            opened = _open_in(calendar, at, at + WEEK)
            if opened >= left:
                break
            at, left = at + WEEK, left - opened
    return at, left


def _place(shifts: tuple[Shift, ...], instant: datetime) -> int:
    return max(0, bisect_right(shifts, instant, key=_instant_of) - 1)


def _instant_of(shift: Shift) -> datetime:
    return shift.at


def _day_of(exception: ExceptionDay) -> date:
    return exception.day
