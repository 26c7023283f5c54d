"""Every deadline is the same clock.

A clock counts open time of a calendar towards a limit. On the way it passes edges: a warning at each lead before the
limit, the goal, and the limit itself. The instants of the edges still ahead are worked out once, whenever the clock
starts, resumes or is given another target; so asking what is due next costs nothing, and the log can show it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from escalation.core.hours import Calendar, add, between
from escalation.core.policy import Target
from escalation.core.vocabulary import ClockName, Edge

RANK = {name: rank for rank, name in enumerate(ClockName)}
EDGE_RANK = {edge: rank for rank, edge in enumerate(Edge)}
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
    """One deadline. `cycle` counts its turns; `dues` is ordered by instant and empty while paused."""

    name: ClockName
    cycle: int
    target: Target
    segments: tuple[Segment, ...]
    dues: tuple[Due, ...]
    fired: tuple[Edge, ...] = ()

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


def start(name: ClockName, cycle: int, target: Target, at: datetime, calendar: Calendar | None) -> Clock:
    """A clock that runs from `at`. A target of no time at all is due at once."""
    return Clock(name, cycle, target, (Segment(at),), _dues(target, _NOTHING, at, calendar))


def pause(clock: Clock, at: datetime, calendar: Calendar | None) -> Clock:
    """Time no longer counts; a paused clock stays as it is."""
    if not clock.running:
        return clock
    return replace(clock, segments=_ended(clock, at, calendar), dues=())


def resume(clock: Clock, at: datetime, calendar: Calendar | None) -> Clock:
    """Time counts again; edges passed before stay passed."""
    if clock.running or clock.missed:
        return clock
    used = spent(clock, at, calendar)
    ahead = _dues(clock.target, used, at, calendar)
    return replace(clock, segments=(*clock.segments, Segment(at)), dues=ahead)


def retarget(clock: Clock, target: Target, at: datetime, counted: Calendar | None, measured: Calendar | None) -> Clock:
    """Another target for the same clock: time stays as it was `counted`, what is left is `measured` anew.

    After several changes each stretch keeps the calendar that was in force then. An edge that the new target puts into
    the past is skipped, but for the limit: that fires at once.
    """
    if clock.missed:
        return clock
    moved = replace(clock, target=target)
    if not clock.running:
        return moved
    used = spent(clock, at, counted)
    segments = (*_ended(clock, at, counted), Segment(at))
    return replace(moved, segments=segments, dues=_dues(target, used, at, measured))


def fire(clock: Clock) -> tuple[Due, Clock]:
    """Take the next edge off the clock. Only for a clock that has one."""
    due = clock.dues[0]
    return due, replace(clock, dues=clock.dues[1:], fired=(*clock.fired, due.edge))


def spent(clock: Clock, at: datetime, calendar: Calendar | None) -> timedelta:
    """Open time counted so far; `calendar` is the one that counts now."""
    last = clock.segments[-1]
    running = between(calendar, last.start, at) if last.end is None else _NOTHING
    return sum((part.counted for part in clock.segments), running)


def _ended(clock: Clock, at: datetime, calendar: Calendar | None) -> tuple[Segment, ...]:
    last = clock.segments[-1]
    return (*clock.segments[:-1], Segment(last.start, at, between(calendar, last.start, at)))


def _dues(target: Target, used: timedelta, at: datetime, calendar: Calendar | None) -> tuple[Due, ...]:
    """The edges after `used`; the limit is kept even when its time has come."""
    ahead = [
        Due(add(calendar, at, max(after - used, _NOTHING)), edge, after)
        for after, edge in _edges(target)
        if after > used or edge is Edge.LIMIT
    ]
    ahead.sort(key=lambda due: (due.after, EDGE_RANK[due.edge]))
    return tuple(ahead)


def _edges(target: Target) -> set[tuple[timedelta, Edge]]:
    """After how much open time each edge lies.

    A lead longer than the target cannot warn in time: it warns at the goal or, without one, half-way.
    """
    edges = {(target.limit, Edge.LIMIT)}
    goal = target.goal if target.goal is not None and target.goal < target.limit else None
    if goal is not None:
        edges.add((goal, Edge.GOAL))
    for lead in target.leads:
        if lead < target.limit:
            edges.add((target.limit - lead, Edge.WARNING))
        elif goal is None:
            edges.add((target.limit / 2, Edge.WARNING))
    return edges
