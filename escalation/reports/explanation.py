"""Why every clock of an escalation says what it says: from its log alone, and worked out twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from escalation.core.clock import Due
from escalation.core.decide import decide
from escalation.core.entry import Entry
from escalation.core.explaining import Kind, Stretch, opened, stretches
from escalation.core.policy import Target
from escalation.core.reckoning import Pausing
from escalation.core.state import Escalation
from escalation.core.vocabulary import ClockName, Edge
from escalation.reports.lives import History, Life, Mark, Turn
from escalation.reports.past import Log, Past, past, split

_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Explained:
    """One clock at the instant: what was promised, what it has been through, and what lies ahead.

    `differences` are what its stretches say and its log does not; there should be none.
    """

    name: ClockName
    cycle: int
    state: str  # "running", "paused" or "passed"
    target: Target
    calendar: str  # "" counts every hour
    zone: str
    source: str
    began: datetime
    limit_passed: datetime | None
    stretches: tuple[Stretch, ...]
    marks: tuple[Mark, ...]
    ahead: tuple[Due, ...]
    fired: tuple[Edge, ...]
    counted: timedelta
    paused: timedelta
    moved: timedelta | None  # by how much pauses moved the dues, where they move them by their own length
    overtaken: bool
    differences: tuple[str, ...]

    @property
    def left(self) -> timedelta:
        """Time until the limit, as the calendar counts."""
        return max(self.target.limit - self.counted, _NOTHING)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about the clocks at an instant; `past` says how the rest stood."""

    past: Past
    clocks: tuple[Explained, ...]
    turns: tuple[Turn, ...]  # those that are over, the latest `TURNS_MAX`
    turns_before: int  # how many more there were

    @property
    def differences(self) -> tuple[str, ...]:
        """What differs from the log, over all clocks."""
        return tuple(each for clock in self.clocks for each in clock.differences)


def explain(log: Log, at: datetime) -> Explanation:
    """Every clock as it was at that instant (aware), as far as the log holds."""
    found = past(log, at)
    before, _ = split(log.entries, at)
    history = history_of(each.entry for each in before[: found.entries])
    kept = found.state.clocks if found.state is not None else ()
    clocks = tuple(_explained(history.lives[clock.name, clock.cycle], at) for clock in kept)
    return Explanation(found, clocks, tuple(history.turns), history.turns_before)


def history_of(entries: Iterable[Entry]) -> History:
    """What every clock of an episode went through: its entries, decided again in order."""
    history = History()
    state: Escalation | None = None
    for entry in entries:
        after = decide(state, entry.command, entry.at, sealed=False).state
        if after is not None:
            history.take(state, after, entry)
        state = after
    return history


def _explained(life: Life, at: datetime) -> Explained:
    clock, calendar = life.clock, life.parts[-1].calendar
    passed = next((mark.at for mark in reversed(life.marks) if mark.what == f"{Edge.LIMIT} passed"), None)
    until = max(passed, life.parts[-1].start) if passed is not None else at
    found = tuple(_with_cause(each, life.marks) for each in stretches(life.parts, until))
    by_wall = life.timing.gauge.reckoning.pausing is Pausing.WALL and not life.timing.first
    counted = found[-1].counted if found else _NOTHING
    if by_wall:
        counted = max(opened(calendar, life.began, life.parts[-1].end or until) - clock.moved, _NOTHING)
    return Explained(
        name=clock.name,
        cycle=clock.cycle,
        state="passed" if clock.missed else "running" if clock.running else "paused",
        target=clock.target,
        calendar=calendar.name if calendar is not None else "",
        zone=calendar.zone if calendar is not None else "",
        source=life.source,
        began=life.began,
        limit_passed=passed,
        stretches=found,
        marks=tuple(life.marks),
        ahead=clock.dues,
        fired=clock.fired,
        counted=counted,
        paused=sum((each.end - each.start for each in found if each.kind is Kind.PAUSED), _NOTHING),
        moved=clock.moved if by_wall else None,
        overtaken=clock.overtaken,
        differences=life.differences(),
    )


def _with_cause(stretch: Stretch, marks: Sequence[Mark]) -> Stretch:
    """A pause with the entry that began it; an instant may have been kept without its seconds."""
    if stretch.kind is not Kind.PAUSED:
        return stretch
    causes = [mark.cause for mark in marks if mark.what == "paused" and _minute(mark.at) <= stretch.start]
    return replace(stretch, why=(str(causes[-1]),)) if causes else stretch


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
