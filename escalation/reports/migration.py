"""What moving an open escalation to another agreement does to its deadlines, from the audit log alone.

The log is folded to the state of now, the command is decided on it for rehearsal, and its clocks are compared with
those of the same state left alone. So only what the other agreement moves is told, not what time has moved meanwhile.
A clock that stands still is compared as if it were taken up at that instant, and the turns of a cadence as one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalation.core.clock import Clock, gauge_of, resume
from escalation.core.commands import AdoptPolicy, Elapse
from escalation.core.decide import decide
from escalation.core.policy import Policy
from escalation.core.state import Escalation
from escalation.core.vocabulary import ClockName, Edge, Phase
from escalation.reports.past import Log, past

# Their turns may begin anew; whoever waits for one asks when the next comes, not which it is.
CADENCES = (
    ClockName.SILENCE,
    ClockName.CHECK_IN,
    ClockName.CUSTOMER_UPDATE,
    ClockName.STAKEHOLDER_UPDATE,
    ClockName.WAR_ROOM,
)


@dataclass(frozen=True, slots=True)
class Move:
    """One edge of one clock: when it was due, and when it would be. None: it is not due, on that side."""

    clock: ClockName
    cycle: int
    edge: Edge
    before: datetime | None
    after: datetime | None

    @property
    def difference(self) -> timedelta | None:
        """How much later; negative is earlier."""
        return self.after - self.before if self.before is not None and self.after is not None else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of it. `refusal` says why nothing would; `fault` why the log cannot be trusted."""

    at: datetime
    version: str  # in force now
    moves: tuple[Move, ...] = ()
    refusal: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    fault: str | None = None
    waiting: bool = False  # it stands still: clocks are told as if it were taken up at once


def preview(log: Log, policy: Policy, by: str, at: datetime) -> Preview | None:
    """What adopting `policy` would do at that instant; None when the escalation was not open then."""
    found = past(log, at)
    if found.fault is not None:
        return Preview(at, "", fault=f"entry {found.sequence} does not hold: {found.fault}")
    if found.state is None:
        return None
    alone = decide(found.state, Elapse(), at, sealed=False)
    adopted = decide(found.state, AdoptPolicy(by, policy, "preview"), at, sealed=False)
    if alone.state is None or adopted.state is None:
        return None
    entry = adopted.sealed.entry
    version = f"{alone.state.policy.name} {alone.state.policy.version}"
    if entry.refusal is not None:
        return Preview(at, version, refusal=entry.refusal, facts=tuple(sorted(entry.facts.items())))
    waiting = alone.state.phase is Phase.BLOCKED
    return Preview(at, version, tuple(moves(alone.state, adopted.state, at)), waiting=waiting)


def moved_by(log: Log, sequence: int) -> tuple[Move, ...] | None:
    """What the adoption that the log has under that number moved; None when the log does not have it, or not whole."""
    before = Log(tuple(each for each in log.entries if each.entry.sequence < sequence))
    there = [each for each in log.entries if each.entry.sequence == sequence]
    if not there or not isinstance(there[0].entry.command, AdoptPolicy):
        return None
    entry = there[0].entry
    found = past(before, entry.at)
    if found.fault is not None or found.state is None or found.entries != sequence - 1:
        return None
    alone = decide(found.state, Elapse(), entry.at, sealed=False).state
    adopted = decide(found.state, entry.command, entry.at, sealed=False).state
    return tuple(moves(alone, adopted, entry.at)) if alone is not None and adopted is not None else None


def moves(before: Escalation, after: Escalation, at: datetime) -> Iterator[Move]:
    """Every edge ahead that lies elsewhere, began to be or ceased to be: by clock, turn and edge."""
    ahead = _edges(before, at), _edges(after, at)
    for clock, cycle, edge, place in sorted({*ahead[0], *ahead[1]}, key=_rank):
        key = clock, cycle, edge, place
        one, other = ahead[0].get(key), ahead[1].get(key)
        if one != other:
            yield Move(clock, cycle, edge, one, other)


_Key = tuple[ClockName, int, Edge, int]


def _edges(state: Escalation, at: datetime) -> dict[_Key, datetime]:
    """The instants ahead. Warnings have no names: they are told apart by how many come after them."""
    found: dict[_Key, datetime] = {}
    for clock in state.clocks:
        dues = _taken_up(clock, state.policy, at).dues if state.phase is Phase.BLOCKED else clock.dues
        cycle = 1 if clock.name in CADENCES else clock.cycle
        for edge in Edge:
            instants = [due.at for due in dues if due.edge is edge]
            for place, instant in enumerate(reversed(instants)):
                found[clock.name, cycle, edge, place] = instant
    return found


def _taken_up(clock: Clock, policy: Policy, at: datetime) -> Clock:
    return resume(clock, at, gauge_of(policy, clock.target))


def _rank(key: _Key) -> tuple[int, int, int, int]:
    clock, cycle, edge, place = key
    return list(ClockName).index(clock), cycle, list(Edge).index(edge), -place
