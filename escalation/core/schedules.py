"""Who is on call: rotations in layers, as pure arithmetic over local hand-over times and UTC offset transitions.

The first layer that has somebody there answers; the ones below it fill what it leaves open. An override goes before
every layer. Whoever is away is skipped, and the next place is asked: their turn is not given to the next in their
rotation, so that nobody finds themselves on call twice in a row by somebody else's vacation.

A hand-over follows the wall clock. It happens at the first instant at which the clock on the wall has come as far: one
that a clock change skipped at the change itself, a repeated one at its first occurrence. The edges of windows do the
same, so layers whose windows touch on paper touch in every night of the year.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from escalation.core.hours import CHANGE_MAX, DAY, WINDOW_END_MAX, Calendar, Shift

PERIOD_MIN = timedelta(hours=1)
# `who` looks at most this many changes ahead for the end of a turn.
LOOKS_MAX = 500
# The longest stretch that is expanded at once.
EXPAND_MAX = 400 * DAY
# How far ahead a window's next edge is looked for before it is looked for again from there.
_WINDOW_DAYS = 35
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Rotation:
    """When the turns of a layer begin, in wall time written as if it were UTC; the first is turn 0.

    Turns are `period` long by the wall. None is monthly: on `day`, or on the last of a month that is shorter.
    """

    first: datetime
    period: timedelta | None
    day: int = 1

    def hand_over(self, number: int) -> datetime:
        """The wall time at which that turn begins."""
        if self.period is not None:
            return self.first + number * self.period
        year, month = divmod(_month(self.first) + number, _MONTHS)
        day = min(self.day, monthrange(year, month + 1)[1])
        return self.first.replace(year=year, month=month + 1, day=day)

    def near(self, wall: datetime) -> int:
        """The number of a turn that begins near a wall time."""
        if self.period is not None:
            return (wall - self.first) // self.period
        return _month(wall) - _month(self.first)


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns, in the order of their turns, each once; within `hours` only, if it has them."""

    name: str
    people: tuple[str, ...]
    rotation: Rotation
    shifts: tuple[Shift, ...]
    hours: Calendar | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """From `since` until `until` (exclusive) it is this person, whoever's turn it would be; `why` names the place."""

    since: datetime
    until: datetime
    person: str
    why: str


@dataclass(frozen=True, slots=True)
class Absence:
    """Not to be asked from `since` until `until` (exclusive)."""

    since: datetime
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Layers from the first asked to the last, overrides in order and without overlap, and who is away when."""

    name: str
    zone: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()
    absences: Mapping[str, tuple[Absence, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Somebody whose turn it would be, and until when they are away."""

    person: str
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Place:
    """Who is on call (None: nobody), by which layer or override, and who was skipped on the way there."""

    person: str | None
    by: str
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call at an instant, and until when at least; None: no change is in sight."""

    place: Place
    until: datetime | None

    @property
    def person(self) -> str | None:
        """Who it is; None when it is nobody."""
        return self.place.person


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch (UTC, end exclusive) in which the same person is on call for the same reason."""

    start: datetime
    end: datetime
    place: Place


def who(schedule: Schedule, at: datetime) -> OnCall:
    """Who is on call at that instant, and until when the answer stays the same person.

    Bounded work: after `LOOKS_MAX` changes that changed nobody, `until` is how far it looked.
    """
    place, change = _moment(schedule, at)
    for _ in range(LOOKS_MAX):
        if change is None:
            break
        following, later = _moment(schedule, change)
        if following.person != place.person:
            break
        change = later
    return OnCall(place, change)


def place_at(schedule: Schedule, at: datetime) -> Place:
    """Who is on call at that instant, without looking for how long."""
    return _moment(schedule, at)[0]


def expand(schedule: Schedule, since: datetime, until: datetime) -> tuple[Turn, ...]:
    """Every turn from `since` until `until`, in order, touching, cut off at both ends; nobody is a turn as well.

    Raises ValueError for more than `EXPAND_MAX`.
    """
    if until - since > EXPAND_MAX:
        raise ValueError(f"{until - since} are too long to expand; ask for at most {EXPAND_MAX.days} days")
    turns: list[Turn] = []
    at = since
    while at < until:
        place, change = _moment(schedule, at)
        end = until if change is None else min(change, until)
        if turns and turns[-1].place == place:
            turns[-1] = replace(turns[-1], end=end)
        else:
            turns.append(Turn(at, end, place))
        at = end
    return tuple(turns)


def people_of(schedule: Schedule) -> frozenset[str]:
    """Everybody who can be on call."""
    by_turn = (person for layer in schedule.layers for person in layer.people)
    return frozenset((*by_turn, *(override.person for override in schedule.overrides)))


def reached(shifts: tuple[Shift, ...], wall: datetime) -> datetime:
    """The first instant (UTC) at which the clock on the wall shows that time, or has been moved past it."""
    place = _shift_at(shifts, wall - CHANGE_MAX)
    while True:
        found = max(wall - shifts[place].offset, shifts[place].at) if place else wall - shifts[0].offset
        if place + 1 == len(shifts) or found < shifts[place + 1].at:
            return found
        place += 1


# --- inside ----------------------------------------------------------------------------------------------------------


def _moment(schedule: Schedule, at: datetime) -> tuple[Place, datetime | None]:
    """Who is on call, and the next instant at which that may change; what lies below the one who answers is not asked.

    None: nothing that was looked at ever changes again.
    """
    changes: list[datetime] = []
    skipped: list[Skipped] = []
    for by, person, change in _asked(schedule, at):
        if change is not None:
            changes.append(change)
        if person is None:
            continue
        absence, edge = _absence(schedule, person, at)
        if edge is not None:
            changes.append(edge)
        if absence is None:
            return Place(person, by, tuple(skipped)), min(changes, default=None)
        found = Skipped(person, absence.until, absence.why)
        if found not in skipped:
            skipped.append(found)
    return Place(None, "", tuple(skipped)), min(changes, default=None)


def _asked(schedule: Schedule, at: datetime) -> Iterator[tuple[str, str | None, datetime | None]]:
    """The places in the order in which they are asked: what they are called, who is there, when that may change."""
    number = bisect_right(schedule.overrides, at, key=_since) - 1
    if number >= 0 and at < (now := schedule.overrides[number]).until:
        yield now.why, now.person, now.until
    elif number + 1 < len(schedule.overrides):
        yield "", None, schedule.overrides[number + 1].since
    for layer in schedule.layers:
        yield layer.name, *_turn(layer, at)


def _turn(layer: Layer, at: datetime) -> tuple[str | None, datetime | None]:
    rotation, shifts = layer.rotation, layer.shifts
    first = reached(shifts, rotation.hand_over(0))
    if at < first:
        return None, first
    is_open, edge = (True, None) if layer.hours is None else _window(layer.hours, at)
    if not is_open:
        return None, edge
    number = _number(layer, at)
    following = None if len(layer.people) == 1 else reached(shifts, rotation.hand_over(number + 1))
    changes = [change for change in (edge, following) if change is not None]
    return layer.people[number % len(layer.people)], min(changes, default=None)


def _number(layer: Layer, at: datetime) -> int:
    """The latest turn that has begun. A guess by the wall is off by as much as the clock was moved around `at`."""
    rotation, shifts = layer.rotation, layer.shifts
    number = max(0, rotation.near(at + shifts[_shift_at(shifts, at)].offset))
    while reached(shifts, rotation.hand_over(number + 1)) <= at:
        number += 1
    while number and reached(shifts, rotation.hand_over(number)) > at:
        number -= 1
    return number


def _window(hours: Calendar, at: datetime) -> tuple[bool, datetime]:
    """Whether a window is open, and the next instant at which one begins or ends, if that is near."""
    wall = hours.local(at)
    midnight = datetime(wall.year, wall.month, wall.day, tzinfo=UTC)
    is_open, nearest = False, reached(hours.shifts, midnight + _WINDOW_DAYS * DAY)
    for number in range(-(WINDOW_END_MAX + CHANGE_MAX).days, _WINDOW_DAYS):
        day = midnight + number * DAY
        if day - CHANGE_MAX > hours.local(nearest):
            break
        for window in hours.windows_on(day.date()):
            begin, end = reached(hours.shifts, day + window.start), reached(hours.shifts, day + window.end)
            is_open = is_open or begin <= at < end
            nearest = min([nearest, *(edge for edge in (begin, end) if edge > at)])
    return is_open, nearest


def _absence(schedule: Schedule, person: str, at: datetime) -> tuple[Absence | None, datetime | None]:
    """Why that person is away, if they are, and the next instant at which that may change."""
    absences = schedule.absences.get(person, ())
    edges = [edge for absence in absences for edge in (absence.since, absence.until) if edge > at]
    current = [absence for absence in absences if absence.since <= at < absence.until]
    return max(current, key=_until, default=None), min(edges, default=None)


def _shift_at(shifts: tuple[Shift, ...], instant: datetime) -> int:
    return max(0, bisect_right(shifts, instant, key=_instant_of) - 1)


def _month(wall: datetime) -> int:
    return wall.year * _MONTHS + wall.month - 1


def _instant_of(shift: Shift) -> datetime:
    return shift.at


def _since(override: Override) -> datetime:
    return override.since


def _until(absence: Absence) -> datetime:
    return absence.until
