"""When people are left alone: a window of maintenance, or somebody's snooze; and what waits for its end."""

from datetime import datetime

from escalation.core.effects import Point
from escalation.core.values import dataclass, replace
from escalation.core.vocabulary import ClockName, LullKind, Topic

# Windows in force at an opening that its log keeps; a deployment with more has another trouble.
WINDOWS_MAX = 20
# People whose words wait, and points for each; the oldest points are in the log only.
HELD_MAX = 100
POINTS_MAX = 20

# What chases people. The customers' promises are none of these: they run whatever the people do.
CHASING = (
    ClockName.TELL,
    ClockName.ACKNOWLEDGEMENT,
    ClockName.SILENCE,
    ClockName.CHECK_IN,
    ClockName.RECEIPT,
    ClockName.RETRY,
)
# What an owner may put off. That a promise was broken is told at once, and ends a snooze.
REMINDERS = frozenset({Topic.TARGET_NEAR, Topic.STATUS, Topic.WAR_ROOM})
# What comes by itself, and in a window of maintenance waits for its end; what answers somebody's act is told.
UNASKED = REMINDERS | {Topic.TARGET_MISSED, Topic.UPDATE_MISSED, Topic.MESSAGE_FAILED}


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """A time in which what is opened tells nobody, from `since` until `until` (exclusive), UTC.

    It is about whatever is on one of the routes, and of one of the customers, and of one of the segments; where it
    names none, any will do.
    """

    name: str
    since: datetime
    until: datetime
    reason: str
    by: str
    routes: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()

    def covers(self, route: str, customer: str, segment: str, at: datetime) -> bool:
        """Whether what is opened there at that instant is opened in this window."""
        return self.since <= at < self.until and self.about(route, customer, segment)

    def about(self, route: str, customer: str, segment: str) -> bool:
        """Whether the window is about what is opened there, whenever that is."""
        named = ((self.routes, route), (self.customers, customer), (self.segments, segment))
        return all(not names or name in names for names, name in named)


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What a name is to be told when the lull is over."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Lull:
    """People are left alone until then. `window` names the maintenance; `nudge` is the customer turn that words are
    wanted for, 0 for none.
    """

    kind: LullKind
    since: datetime
    until: datetime
    by: str
    reason: str
    window: str = ""
    held: tuple[HeldBack, ...] = ()
    nudge: int = 0

    @property
    def why(self) -> str:
        """In words: "maintenance db-move: the database moves", "snooze: at the dentist"."""
        named = f" {self.window}" if self.window else ""
        return f"{self.kind}{named}: {self.reason}"

    @property
    def still(self) -> tuple[ClockName, ...]:
        """The clocks that stand still: a team that has heard nothing need not confirm anything either."""
        return (*CHASING, ClockName.CONFIRMATION) if self.kind is LullKind.MAINTENANCE else CHASING

    def keeps(self, topic: Topic, *, owner: bool) -> bool:
        """Whether such a word waits: to the `owner`, or to anybody else."""
        if self.kind is LullKind.MAINTENANCE:
            return topic in UNASKED
        return owner and topic in REMINDERS

    def holding(self, name: str, point: Point) -> "Lull":
        """With one more thing to tell that name; of each thing the latest word."""
        before = next((one.points for one in self.held if one.name == name), ())
        others = tuple(one for one in self.held if one.name != name)
        kept = tuple(one for one in before if (one.topic, one.about) != (point.topic, point.about))
        return replace(self, held=(*others, HeldBack(name, (*kept, point)[-POINTS_MAX:]))[-HELD_MAX:])

    def without(self, *points: Point) -> "Lull":
        """As if these had never been to tell."""
        left = (replace(one, points=tuple(p for p in one.points if p not in points)) for one in self.held)
        return replace(self, held=tuple(one for one in left if one.points))


def about(
    windows: tuple[MaintenanceWindow, ...], route: str, customer: str, segment: str
) -> tuple[MaintenanceWindow, ...]:
    """Those that are about what is opened there: a log tells of no others, and so of no other customer."""
    return tuple(window for window in windows if window.about(route, customer, segment))


def covering(
    windows: tuple[MaintenanceWindow, ...], route: str, customer: str, segment: str, at: datetime
) -> MaintenanceWindow | None:
    """The window in which that is opened: of several, the one that ends last."""
    found = [window for window in windows if window.covers(route, customer, segment, at)]
    return max(found, key=lambda window: window.until, default=None)
