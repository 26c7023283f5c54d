"""Why a clock says what it says: its stretches in order, and every due of it worked out a second time.

The rules keep results and step over whole weeks. Here a clock is walked from its first stretch on, opening by opening,
and what comes out is compared with what they have kept. Nothing here decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise

from escalation.core.clock import EDGE_RANK, Clock, Due, Gauge
from escalation.core.hours import DAY, AtClose, Calendar, NeverOpenError, Window, after_days, next_opening, spans
from escalation.core.policy import Target
from escalation.core.reckoning import Pausing, ShortTarget
from escalation.core.vocabulary import Edge

# Reasons that one closed stretch gives; a fortnight of holidays says the rest as a number.
REASONS_MAX = 8
# Open and closed stretches in a row that are kept as they are; of more, the middle is folded into one.
RUN_MAX = 8
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Part:
    """A segment of a clock, and the calendar that counts it (None: every hour)."""

    start: datetime
    end: datetime | None
    counted: timedelta
    calendar: Calendar | None


class Kind(StrEnum):
    """What a stretch of a clock is."""

    OPEN = "open"
    CLOSED = "closed"
    PAUSED = "paused"
    FOLDED = "folded"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a clock counted or did not, and why; `counted` is all that had been counted by its end."""

    kind: Kind
    start: datetime
    end: datetime
    counted: timedelta
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """When and by what the dues of a clock were last worked out.

    `first`: because it started. `overtaking`: because of a target that counts as if it had been in force all along.
    `warned`: a warning had fired by then.
    """

    at: datetime
    gauge: Gauge
    first: bool = True
    overtaking: bool = False
    warned: bool = False


def stretches(parts: Sequence[Part], until: datetime) -> tuple[Stretch, ...]:
    """Open, closed and paused, in order and without a gap, from the first counting part until an instant."""
    found: list[Stretch] = []
    total, reached_at = _NOTHING, None
    for part in parts:
        if part.start >= until:
            continue
        if reached_at is not None and reached_at < part.start:
            found.append(Stretch(Kind.PAUSED, reached_at, part.start, total))
        end = min(part.end or until, until)
        for stretch in _pieces(part.calendar, part.start, end):
            total += stretch.counted
            found.append(replace(stretch, counted=total))
        reached_at = end
    if reached_at is not None and reached_at < until:
        found.append(Stretch(Kind.PAUSED, reached_at, until, total))
    return tuple(found)


def folded(found: Sequence[Stretch], at_most: int) -> tuple[Stretch, ...]:
    """At most that many (three or more): long runs of open and closed first, then whatever is in the middle."""
    kept: list[Stretch] = []
    for pauses, run in groupby(found, key=lambda stretch: stretch.kind is Kind.PAUSED):
        row = list(run)
        kept += row if pauses else _middle_folded(row, RUN_MAX)
    return tuple(_middle_folded(kept, at_most))


def opened(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """Open time between two instants, opening by opening."""
    return sum((stretch.counted for stretch in _pieces(calendar, start, end)), _NOTHING)


def reached(calendar: Calendar | None, start: datetime, amount: timedelta) -> datetime:
    """The instant at which so much open time has passed, opening by opening."""
    if calendar is None or amount <= _NOTHING:
        return start + amount
    left, beyond = amount, calendar.manner.at_close is AtClose.NEXT_OPENING
    for span in spans(calendar, start):
        if left < span.counted or (left == span.counted and not beyond):
            return min(span.start + left, span.end)
        left -= span.counted
    raise NeverOpenError(f"calendar {calendar.name!r} opens too little for {amount} after {start.isoformat()}")


def recomputed(clock: Clock, parts: Sequence[Part], timing: Timing) -> tuple[str, ...]:
    """What the stretches of a clock say and its log does not: nothing, unless one of the two is wrong.

    Every stretch that ended is counted again, and every due still ahead is worked out again.
    """
    found = [
        f"{clock.name} {clock.cycle}: {part.start.isoformat()} to {part.end.isoformat()} counts "
        f"{again}; the log says {part.counted}"
        for part in parts
        if part.end is not None
        if (again := opened(part.calendar, part.start, part.end)) != part.counted
    ]
    if not clock.running:
        return tuple(found)
    ahead = _ahead(clock, parts, timing)
    gone = max(len(ahead) - len(clock.dues), 0)
    passed, ahead = ahead[:gone], ahead[gone:]
    found += [
        f"{clock.name} {clock.cycle}: {due.edge} at {due.at.isoformat()} has neither passed nor is it ahead"
        for due in passed
        if due.edge not in clock.fired
    ]
    found += [
        f"{clock.name} {clock.cycle}: {again.edge} is due at {again.at.isoformat()}; "
        f"the log says {kept.edge} at {kept.at.isoformat()}"
        for again, kept in zip(ahead, clock.dues, strict=False)
        if again != kept
    ]
    if len(ahead) < len(clock.dues):
        found.append(f"{clock.name} {clock.cycle}: {len(ahead)} edges lie ahead; the log has {len(clock.dues)}")
    return tuple(found)


def why_closed(calendar: Calendar, start: datetime, end: datetime) -> tuple[str, ...]:
    """Why a calendar is closed between two instants, day by day, each reason once, at most `REASONS_MAX`."""
    reasons: dict[str, None] = {}
    day = calendar.local(start).date()
    last = calendar.local(end - timedelta.resolution).date()
    while day <= last:
        reasons.setdefault(_why(calendar, day))
        day += DAY
    said = list(reasons)
    if len(said) > REASONS_MAX:
        said = [*said[: REASONS_MAX - 1], f"and {len(said) - REASONS_MAX + 1} reasons more"]
    return (*said, *changes_within(calendar, start, end))


def changes_within(calendar: Calendar, start: datetime, end: datetime) -> tuple[str, ...]:
    """The clock changes of the calendar's zone between two instants, the end exclusive."""
    found = []
    for before, shift in pairwise(calendar.shifts):
        if start <= shift.at < end:
            by = shift.offset - before.offset
            minutes = abs(by) // timedelta(minutes=1)
            way = "forward" if by > _NOTHING else "back"
            found.append(f"clock change: {minutes // 60}h{minutes % 60:02}m {way}")
    return tuple(found)


# --- inside ----------------------------------------------------------------------------------------------------------


def _pieces(calendar: Calendar | None, start: datetime, end: datetime) -> Iterator[Stretch]:
    """Open and closed between two instants; each counts for itself."""
    if end <= start:
        return
    if calendar is None:
        yield Stretch(Kind.OPEN, start, end, end - start)
        return
    at = start
    for span in spans(calendar, start):
        if span.start >= end:
            break
        if at < span.start:
            yield Stretch(Kind.CLOSED, at, span.start, _NOTHING, why_closed(calendar, at, span.start))
        at = min(span.end, end)
        counted = span.counted if span.end <= end else end - span.start
        yield Stretch(Kind.OPEN, span.start, at, counted, changes_within(calendar, span.start, at))
    if at < end:
        yield Stretch(Kind.CLOSED, at, end, _NOTHING, why_closed(calendar, at, end))


def _why(calendar: Calendar, day: date) -> str:
    exception, windows = calendar.exception_on(day), calendar.windows_on(day)
    hours = ", ".join(_hours(window) for window in windows)
    if exception is not None:
        label = exception.label or "an exception"
        return f"outside {hours} ({label})" if windows else f"holiday: {label}"
    return f"outside {hours}" if windows else WEEKDAYS[day.weekday()]


def _hours(window: Window) -> str:
    end = window.end if window.end <= DAY else window.end - DAY
    return f"{_time(window.start)}-{_time(end)}"


def _time(length: timedelta) -> str:
    minutes = length // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _middle_folded(found: list[Stretch], at_most: int) -> list[Stretch]:
    if len(found) <= at_most:
        return found
    head, tail = at_most // 2, at_most - at_most // 2 - 1
    middle = found[head : len(found) - tail]
    counts = [(kind, sum(each.kind is kind for each in middle)) for kind in Kind]
    said = ", ".join(f"{count} {kind}" for kind, count in counts if count)
    folds = Stretch(Kind.FOLDED, middle[0].start, middle[-1].end, middle[-1].counted, (f"more: {said}",))
    return [*found[:head], folds, *found[len(found) - tail :]]


def _ahead(clock: Clock, parts: Sequence[Part], timing: Timing) -> list[Due]:
    """Every edge that lay ahead when the dues were last worked out, from the stretches alone."""
    gauge, target = timing.gauge, clock.target
    if gauge.reckoning.pausing is Pausing.WALL and not timing.first:
        plain = _from(target, _NOTHING, parts[0].start, gauge, first=True)
        moved = [replace(due, at=due.at + clock.moved) for due in plain]
        return [due for due in moved if due.edge is Edge.LIMIT or due.at > timing.at]
    used = sum((part.counted for part in parts if part.end is not None), _NOTHING)
    if timing.overtaking and target.limit < used:
        return [Due(_reached_within(parts, target.limit), Edge.LIMIT, target.limit)]
    if timing.first or len(parts) == 1:  # or it was reset in the very instant in which it began
        return _from(target, _NOTHING, parts[-1].start, gauge, first=True)
    at, stood_since = parts[-1].start, parts[-2].end or parts[-1].start
    if used == opened(gauge.calendar, parts[0].start, at):  # no open time was lost: nothing has moved
        plain = _from(target, _NOTHING, parts[0].start, gauge, first=True)
        kept = [due for due in plain if due.edge is Edge.LIMIT or due.at > stood_since]
        return [replace(due, at=max(due.at, at)) for due in kept]
    return _from(target, used, at, gauge, first=False, warned=timing.warned, began=parts[0].start)


def _limit(target: Target, used: timedelta, at: datetime, calendar: Calendar | None) -> datetime:
    if calendar is not None and used == target.limit and calendar.manner.at_close is AtClose.NEXT_OPENING:
        return next_opening(calendar, at)
    return reached(calendar, at, max(target.limit - used, _NOTHING))


def _from(
    target: Target,
    used: timedelta,
    at: datetime,
    gauge: Gauge,
    *,
    first: bool,
    warned: bool = False,
    began: datetime | None = None,
) -> list[Due]:
    calendar = gauge.calendar
    limit_at = _limit(target, used, at, calendar)
    if target.limit_days is not None and calendar is not None:
        plain = after_days(calendar, began or at, target.limit_days)
        limit_at = plain if first else max(plain, limit_at)
    found = {Due(limit_at, Edge.LIMIT, target.limit)}
    goal = target.goal if target.goal is not None and target.goal < target.limit else None
    edges = {(goal, Edge.GOAL)} if goal is not None else set()
    for lead in target.leads:
        if target.wall_leads and limit_at - lead > at:
            warning_at = limit_at - lead
            found.add(Due(warning_at, Edge.WARNING, used + opened(calendar, at, warning_at)))
        elif not target.wall_leads and lead < target.limit:
            edges.add((target.limit - lead, Edge.WARNING))
        elif not target.wall_leads:
            edges |= _degraded(target, goal, gauge.reckoning.short_target)
        elif lead >= target.limit and not warned:
            for after, edge in _degraded(target, goal, gauge.reckoning.short_target):
                found |= {Due(reached(calendar, at, after - used), edge, after)} if after >= used else set()
    for after, edge in edges:
        if after > used or (first and not after) or (target.quiet and after == used and not warned):
            found.add(Due(reached(calendar, at, after - used), edge, after))
    dues = [_by_day(due, limit_at, calendar) for due in found] if target.quiet else [*found]
    return sorted(dues, key=lambda due: (due.edge is Edge.LIMIT, due.at, due.after, EDGE_RANK[due.edge]))


def _degraded(target: Target, goal: timedelta | None, short: ShortTarget) -> set[tuple[timedelta, Edge]]:
    """What becomes of a warning whose lead is longer than the target."""
    if short is ShortTarget.START:
        return {(_NOTHING, Edge.WARNING)}
    return {(target.limit / 2, Edge.WARNING)} if short is ShortTarget.HALFWAY and goal is None else set()


def _by_day(due: Due, limit_at: datetime, calendar: Calendar | None) -> Due:
    opening = next_opening(calendar, due.at)
    return replace(due, at=opening) if due.edge is not Edge.LIMIT and opening < limit_at else due


def _reached_within(parts: Sequence[Part], amount: timedelta) -> datetime:
    """The instant in the past at which all parts together had counted so much; they have counted more."""
    left = amount
    place = 0
    while left > parts[place].counted:
        left -= parts[place].counted
        place += 1
    return reached(parts[place].calendar, parts[place].start, left)
