"""A history against the rules: the log that it wrote, decided again, must ask for exactly what was then issued.

The one allowance: the engine's clock counts nanoseconds and ours microseconds, so durations agree within a millisecond.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from escalation.core.decide import Decision, decide
from escalation.core.effects import FindContacts, Notify, Reconcile, WriteTicket
from escalation.core.entry import Sealed
from escalation.core.state import Escalation, next_due
from escalation.core.vocabulary import ClockName
from escalation.wire.entries import decode
from escalation.wire.messages import Start
from tests.histories.issued import Issued

NEAR = timedelta(milliseconds=1)
LATE_AGAIN = timedelta(seconds=1)  # how long a wake that left something due waits before it goes on
DRAINS = "what is in flight may still come back"  # the one timer that is not for what is due
OF_EFFECT = {"notify": Notify, "find_contacts": FindContacts, "reconcile": Reconcile, "write_ticket": WriteTicket}
ENDS = (ClockName.RESPONSE, ClockName.RESOLUTION, ClockName.DEADLINE)


def faults(issued: Iterable[Issued], start: Start) -> list[str]:
    """Where the commands of a run differ from what the rules ask for. `start` is what the run began with."""
    return list(_Witness(start).hear(list(issued)))


class _Witness:
    """Folds the log as it comes and expects what it asks for."""

    def __init__(self, start: Start) -> None:
        carried = start.carried
        self._state: Escalation | None = carried.state if carried else None
        self._asked: dict[int, tuple[Any, datetime | None]] = {}
        self._shown: dict[str, Any] = {}
        self._carried = {page.sequence: page for page in carried.unrecorded} if carried else {}
        if carried is not None:
            again = [errand.effect for errand in carried.state.errands if errand.asked]
            self._asked = {effect.number: (effect, None) for effect in again}

    def hear(self, issued: list[Issued]) -> Iterator[str]:
        """Every fault, in order."""
        wakes: dict[datetime, list[Issued]] = {}
        for each in issued:
            wakes.setdefault(each.at, []).append(each)
        for at, wake in wakes.items():
            # A wake decides first and then asks: so its entries are folded before the rest of it is looked at.
            for each in (one for one in wake if one.kind == "record"):
                yield from self._folds(each)
            for each in wake:
                yield from self._agrees(each, at)
        left = [effect for effect, _ in self._asked.values()]
        if left and issued[-1].kind != "make way":
            yield f"was never asked for: {left}"

    def _folds(self, each: Issued) -> Iterator[str]:
        page = each.input[0]
        if page["sequence"] in self._carried:
            return
        entry = decode(page["body"])
        decision: Decision = decide(self._state, entry.command, entry.at)
        sealed: Sealed = decision.sealed
        if (sealed.body, sealed.digest) != (page["body"], page["digest"]):
            yield f"entry {entry.sequence} ({entry.command.kind}) is decided otherwise today"
        self._state = decision.state or self._state
        self._asked |= {effect.number: (effect, entry.at) for effect in decision.effects}

    def _agrees(self, each: Issued, at: datetime) -> Iterator[str]:
        if each.kind in OF_EFFECT:
            yield from self._is_asked_for(each)
        elif each.kind == "start timer" and each.summary != DRAINS:
            yield from self._is_due(each, at)
        elif each.kind == "attributes":
            yield from self._shows(each)

    def _is_asked_for(self, each: Issued) -> Iterator[str]:
        order = each.input[0]
        found: Any = TypeAdapter(OF_EFFECT[each.kind]).validate_python(order["effect"])
        expected, since = self._asked.pop(found.number, (None, None))
        if found != expected:
            yield f"{each.kind} {found.number} is {found}, but the rules ask for {expected}"
        elif since is not None and datetime.fromisoformat(order["at"]) != since:
            yield f"{each.kind} {found.number} works for {order['at']}, but was decided at {since}"

    def _is_due(self, each: Issued, at: datetime) -> Iterator[str]:
        due = next_due(self._state) if self._state else None
        if due is None:
            yield f"a timer of {each.terms['for']} runs, but nothing is due"
            return
        expected = max(due - at, LATE_AGAIN if due <= at else NEAR)
        if abs(each.terms["for"] - expected) > NEAR:
            yield f"a timer runs for {each.terms['for']}, but {due} is due in {expected}"
        if each.summary != f"next due {due.isoformat(timespec='seconds')}":
            yield f"a timer says {each.summary!r}, but {due} is due"

    def _shows(self, each: Issued) -> Iterator[str]:
        assert self._state is not None
        expected = _attributes(self._state)
        changed = {name: value for name, value in expected.items() if self._shown.get(name) != value}
        found = {name: _instant(value) for name, value in each.input.items()}
        if found != changed:
            yield f"the attributes shown are {found}, but {changed} changed"
        self._shown = expected


def _attributes(state: Escalation) -> dict[str, Any]:
    """What a list shows of a state, said once more, so that the two are compared."""
    route = state.policy.route_of(state.transfer.route)
    return {
        "EscPhase": state.phase,
        "EscSeverity": state.grade.level,
        "EscRoute": route.name,
        "EscTeam": route.team,
        "EscCustomer": state.case.customer,
        "EscOwner": state.people.owner,
        "EscEpisode": state.case.episode,
        "EscNextDue": next_due(state),
        "EscBreached": any(miss.clock in ENDS for miss in state.tally.misses),
    }


def _instant(value: Any) -> Any:  # noqa: ANN401  # whatever JSON holds
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
