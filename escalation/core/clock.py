"""Every deadline is the same clock.

A clock counts open time of a calendar towards a limit. On the way it passes edges: a warning at each lead before the
limit, the goal, and the limit itself. The instants of the edges still ahead are worked out once, whenever the clock
starts, resumes or is given another target; so asking what is due next costs nothing, and the log can show it.
"""

from datetime import datetime, timedelta

from escalation.core.hours import AtClose, Calendar, Days, add, after_days, between, next_opening
from escalation.core.policy import Policy, Target
from escalation.core.reckoning import OURS, EarlierPauses, Fractions, Pausing, Reckoning, Retiming, ShortTarget
from escalation.core.values import dataclass, replace
from escalation.core.vocabulary import ClockName, Edge

RANK = {name: rank for rank, name in enumerate(ClockName)}
EDGE_RANK = {edge: rank for rank, edge in enumerate(Edge)}
PROMISED = (ClockName.RESPONSE, ClockName.RESOLUTION)
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Due:
    """One edge ahead: its instant (UTC), and after how much open time it lies."""

    at: datetime
    edge: Edge
    after: timedelta


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch in which the clock ran; open-ended while it runs.

    `counted` is the open time of a stretch that has ended, by the calendar that was in force then.
    """

    start: datetime
    end: datetime | None = None
    counted: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Clock:
    """One deadline. `cycle` counts its turns; `dues` is ordered by instant and empty while paused.

    `moved` is by how much pauses have moved its dues, where the agreement moves them by the pause's own length.
    `overtaken` says that another target put the limit behind the instant at which it was set. `heard` is the customer's
    last word before a turn that began later.
    """

    name: ClockName
    cycle: int
    target: Target
    segments: tuple[Segment, ...]
    dues: tuple[Due, ...]
    fired: tuple[Edge, ...] = ()
    moved: timedelta = timedelta(0)
    overtaken: bool = False
    heard: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether time counts now."""
        return self.segments[-1].end is None

    @property
    def due(self) -> datetime | None:
        """The next instant at which something happens; None while paused or spent."""
        return self.dues[0].at if self.dues else None

    @property
    def limit_at(self) -> datetime | None:
        """When the limit is reached; None while paused or after it."""
        return self.dues[-1].at if self.dues else None

    @property
    def missed(self) -> bool:
        """Whether the limit has been passed."""
        return Edge.LIMIT in self.fired


@dataclass(frozen=True, slots=True)
class Gauge:
    """By what a clock counts: its calendar (None counts every hour) and the agreement's way of reckoning."""

    calendar: Calendar | None = None
    reckoning: Reckoning = OURS

    def instant(self, name: ClockName, at: datetime) -> datetime:
        """The instant as it is kept. Only what is promised to customers is ever cut to minutes; the rest is exact."""
        cut = self.reckoning.fractions is Fractions.MINUTES and name in PROMISED
        return at.replace(second=0, microsecond=0) if cut else at


EVERY_HOUR = Gauge()


def gauge_of(policy: Policy, target: Target) -> Gauge:
    """By what an agreement counts a clock with that target."""
    return Gauge(policy.calendar(target.calendar), policy.reckoning)


def start(name: ClockName, cycle: int, target: Target, at: datetime, gauge: Gauge = EVERY_HOUR) -> Clock:
    """A clock that runs from `at`. A target of no time at all is due at once."""
    at = gauge.instant(name, at)
    target, limit_at = _resolved(target, at, gauge)
    return Clock(
        name, cycle, target, (Segment(at),), _ahead(target, _NOTHING, at, gauge, limit_at=limit_at, first=True)
    )


def pause(clock: Clock, at: datetime, gauge: Gauge = EVERY_HOUR) -> Clock:
    """Time no longer counts; a paused clock stays as it is."""
    return _paused(clock, gauge.instant(clock.name, at), gauge)


def resume(clock: Clock, at: datetime, gauge: Gauge = EVERY_HOUR) -> Clock:
    """Time counts again; edges passed before stay passed."""
    if clock.running or clock.missed:
        return clock
    paused = _end_of(clock)
    at = max(gauge.instant(clock.name, at), paused)  # a turn that lies ahead keeps its beginning
    resumed = replace(clock, segments=(*clock.segments, Segment(at)))
    if gauge.reckoning.pausing is Pausing.WALL:
        resumed = replace(resumed, moved=clock.moved + (at - paused))
        return replace(resumed, dues=_dues_by_wall(resumed, at, gauge))
    return replace(resumed, dues=_dues(clock, clock.target, at, gauge, paused))


def count_pause(clock: Clock, at: datetime, gauge: Gauge = EVERY_HOUR) -> Clock:
    """As if a paused clock had gone on until `at`; it stays paused. A running one stays as it is."""
    if clock.running:
        return clock
    last = Segment(clock.segments[-1].start, gauge.instant(clock.name, at))
    return replace(clock, segments=(*clock.segments[:-1], _counted(last, gauge)))


def retarget(
    clock: Clock, target: Target, at: datetime, counted: Gauge, measured: Gauge, mode: Retiming = Retiming.FORWARD
) -> Clock:
    """Another target for the same clock: time was `counted` so far, and what is left is `measured` anew.

    After several forward changes each stretch keeps the calendar that was in force then. An edge that the new target
    puts into the past is skipped, but for the limit: that fires at once, and `overtaken` says why.
    """
    if clock.missed:
        return clock
    at = measured.instant(clock.name, at)
    if mode is Retiming.RESET:
        anew = start(clock.name, clock.cycle, target, at, measured)
        return anew if clock.running else replace(pause(anew, at, measured), fired=())
    ended = _recounted(_paused(clock, at, counted), counted, measured, mode)
    target, _ = _resolved(target, clock.segments[0].start, measured)
    moved = replace(ended, target=target)
    if not clock.running:
        return moved
    begun = max(at, _end_of(ended))
    moved = replace(moved, segments=(*moved.segments, Segment(begun)))
    used = _used(ended)
    if measured.reckoning.pausing is Pausing.WALL:
        if counted.reckoning.pausing is not Pausing.WALL:
            moved = replace(moved, moved=_gaps(ended))
        dues = _dues_by_wall(moved, at, measured)
    elif mode is Retiming.RETROACTIVE and target.limit < used:
        dues = (Due(_reached(ended, target.limit, measured), Edge.LIMIT, target.limit),)
    else:
        dues = _dues(ended, target, begun, measured, begun)
    return replace(moved, dues=dues, overtaken=dues[-1].at <= at)


def fire(clock: Clock) -> tuple[Due, Clock]:
    """Take the next edge off the clock. Only for a clock that has one."""
    due = clock.dues[0]
    return due, replace(clock, dues=clock.dues[1:], fired=(*clock.fired, due.edge))


def spent(clock: Clock, at: datetime, gauge: Gauge = EVERY_HOUR) -> timedelta:
    """Open time counted so far, never less than nothing; the gauge is the one that counts now."""
    at, last = gauge.instant(clock.name, at), clock.segments[-1]
    if gauge.reckoning.pausing is Pausing.WALL:
        return max(between(gauge.calendar, clock.segments[0].start, last.end or at) - clock.moved, _NOTHING)
    running = between(gauge.calendar, last.start, at) if last.end is None else _NOTHING
    return _used(clock) + running


def limit_of(target: Target, began: datetime, gauge: Gauge = EVERY_HOUR) -> datetime:
    """Where the limit of a clock would lie that began then and never paused."""
    if target.limit_days is not None and gauge.calendar is not None:
        return after_days(gauge.calendar, began, target.limit_days)
    return _left(target, _NOTHING, began, gauge.calendar)


# --- inside ----------------------------------------------------------------------------------------------------------


def _end_of(clock: Clock) -> datetime:
    last = clock.segments[-1]
    return last.end or last.start


def _paused(clock: Clock, at: datetime, gauge: Gauge) -> Clock:
    if not clock.running:
        return clock
    last = clock.segments[-1]
    ended = _counted(Segment(last.start, max(at, last.start)), gauge)
    return replace(clock, segments=(*clock.segments[:-1], ended), dues=())


def _resolved(target: Target, began: datetime, gauge: Gauge) -> tuple[Target, datetime | None]:
    """The target with lengths instead of working days, and the limit's own instant where days named it."""
    calendar = gauge.calendar
    if calendar is None or (target.limit_days is None and target.goal_days is None):
        return target, None

    def length(days: Days) -> timedelta:
        return between(calendar, began, after_days(calendar, began, days))

    limit_at = None
    if target.goal_days is not None:
        target = replace(target, goal=length(target.goal_days))
    if target.limit_days is not None:
        limit_at = after_days(calendar, began, target.limit_days)
        target = replace(target, limit=length(target.limit_days))
    return target, limit_at


def _recounted(clock: Clock, counted: Gauge, measured: Gauge, mode: Retiming) -> Clock:
    """A paused clock's stretches as another target takes them: which pauses count, and by which calendar."""
    if measured.reckoning.earlier_pauses is EarlierPauses.DROPPED:
        whole = Segment(clock.segments[0].start, _end_of(clock))
        clock = replace(clock, segments=(_counted(whole, counted),), moved=_NOTHING)
    if mode is Retiming.RETROACTIVE:
        clock = replace(clock, segments=tuple(_counted(part, measured) for part in clock.segments))
    return clock


def _counted(part: Segment, gauge: Gauge) -> Segment:
    return replace(part, counted=between(gauge.calendar, part.start, part.end or part.start))


def _reached(clock: Clock, amount: timedelta, gauge: Gauge) -> datetime:
    """The instant in a clock's past at which it had counted that much."""
    left, parts = amount, iter(clock.segments)
    part = next(parts)
    while left > part.counted:
        left, part = left - part.counted, next(parts)
    return add(gauge.calendar, part.start, left)


def _used(clock: Clock) -> timedelta:
    return sum((part.counted for part in clock.segments), _NOTHING)


def _gaps(clock: Clock) -> timedelta:
    """The length of all pauses of a clock that stands still."""
    ran = sum(((part.end or part.start) - part.start for part in clock.segments), _NOTHING)
    return _end_of(clock) - clock.segments[0].start - ran


def _dues(clock: Clock, target: Target, at: datetime, gauge: Gauge, paused: datetime) -> tuple[Due, ...]:
    """The edges still ahead of a clock that goes on at `at`, having stood still since `paused`.

    When its pauses took no open time, they moved nothing: all is as it would be without them. A warning that came
    meanwhile comes now.
    """
    began, used = clock.segments[0].start, _used(clock)
    if used == between(gauge.calendar, began, at):
        limit_at = limit_of(target, began, gauge)
        whole = _ahead(target, _NOTHING, began, gauge, limit_at=limit_at, first=True)
        late = [replace(due, at=max(due.at, at)) for due in whole if due.edge is Edge.LIMIT or due.at > paused]
        return tuple(late)
    warned = Edge.WARNING in clock.fired
    moved_to = None
    if target.limit_days is not None:  # time was lost: never earlier than without
        moved_to = max(limit_of(target, began, gauge), _left(target, used, at, gauge.calendar))
    return _ahead(target, used, at, gauge, limit_at=moved_to, warned=warned)


def _left(target: Target, used: timedelta, at: datetime, calendar: Calendar | None) -> datetime:
    """When what is left of the limit will have passed; what was used up exactly at a close may wait for the opening."""
    if calendar is not None and used == target.limit and calendar.manner.at_close is AtClose.NEXT_OPENING:
        return next_opening(calendar, at)
    return add(calendar, at, max(target.limit - used, _NOTHING))


def _dues_by_wall(clock: Clock, at: datetime, gauge: Gauge) -> tuple[Due, ...]:
    """The edges still ahead of a clock whose pauses move its dues by their own length."""
    began = clock.segments[0].start
    limit_at = limit_of(clock.target, began, gauge)
    ahead = _ahead(clock.target, _NOTHING, began, gauge, limit_at=limit_at, first=True)
    moved = [replace(due, at=due.at + clock.moved) for due in ahead]
    return tuple(due for due in moved if due.edge is Edge.LIMIT or due.at > at)


def _ahead(
    target: Target,
    used: timedelta,
    at: datetime,
    gauge: Gauge,
    *,
    limit_at: datetime | None = None,
    first: bool = False,
    warned: bool = False,
) -> tuple[Due, ...]:
    """The edges after `used`; the limit is kept even when its time has come.

    `first`: the clock starts. `warned`: a warning has fired, so the one that stands in for a long lead has as well.
    """
    calendar = gauge.calendar
    if limit_at is None:
        limit_at = _left(target, used, at, calendar)
    ahead = [Due(limit_at, Edge.LIMIT, target.limit)]
    if target.goal is None and not target.leads:
        return (ahead[0],)
    for after, edge in _edges(target, gauge.reckoning.short_target):
        if after > used or (first and not after) or (target.quiet and after == used and not warned):
            ahead.append(Due(add(calendar, at, after - used), edge, after))
    if target.wall_leads:
        ahead += _by_wall(target, used, at, gauge, limit_at, degrades=first or not warned)
    if target.quiet:
        ahead = [_in_open_hours(due, limit_at, calendar) for due in ahead]
    ahead.sort(key=lambda due: (due.edge is Edge.LIMIT, due.at, EDGE_RANK[due.edge], due.after))
    return tuple(ahead)


def _edges(target: Target, short: ShortTarget) -> set[tuple[timedelta, Edge]]:
    """After how much open time each edge before the limit lies."""
    edges = set()
    goal = target.goal if target.goal is not None and target.goal < target.limit else None
    if goal is not None:
        edges.add((goal, Edge.GOAL))
    for lead in () if target.wall_leads else target.leads:
        if lead < target.limit:
            edges.add((target.limit - lead, Edge.WARNING))
        elif (degraded := _degraded(target, goal, short)) is not None:
            edges.add((degraded, Edge.WARNING))
    return edges


def _degraded(target: Target, goal: timedelta | None, short: ShortTarget) -> timedelta | None:
    """When to warn although the lead is longer than the target: the goal is a warning already."""
    if short is ShortTarget.START:
        return _NOTHING
    return target.limit / 2 if short is ShortTarget.HALFWAY and goal is None else None


def _by_wall(
    target: Target, used: timedelta, at: datetime, gauge: Gauge, limit_at: datetime, *, degrades: bool
) -> list[Due]:
    """Warnings whose leads count every hour."""
    found = {}
    goal = target.goal if target.goal is not None and target.goal < target.limit else None
    for lead in target.leads:
        instant = limit_at - lead
        if instant > at:
            after = used + between(gauge.calendar, at, instant)
            found[instant] = Due(instant, Edge.WARNING, after)
        elif degrades and lead >= target.limit:
            degraded = _degraded(target, goal, gauge.reckoning.short_target)
            if degraded is not None and degraded >= used:
                instant = add(gauge.calendar, at, degraded - used)
                found[instant] = Due(instant, Edge.WARNING, degraded)
    return list(found.values())


def _in_open_hours(due: Due, limit_at: datetime, calendar: Calendar | None) -> Due:
    """A warning that would come in closed hours waits for the next opening, if that is before the limit."""
    if due.edge is Edge.LIMIT:
        return due
    opening = next_opening(calendar, due.at)
    return replace(due, at=opening) if opening < limit_at else due
