"""What became of a play, counted from its log alone: the same whether an engine or the core alone wrote it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalation.core.effects import Notify
from escalation.core.entry import Entry
from escalation.core.state import Escalation
from escalation.core.vocabulary import Channel, ClockName, Edge, Message, Phase

TARGETS = (ClockName.RESPONSE, ClockName.RESOLUTION, ClockName.DEADLINE)


@dataclass(frozen=True, slots=True)
class Telling:
    """Somebody was told something."""

    at: datetime
    contact: str
    channel: Channel
    message: Message


@dataclass(frozen=True, slots=True)
class Summary:
    """One escalation in numbers. `warnings` are those of its targets, `breaches` every promise that was missed."""

    reference: str
    opened_at: datetime
    told: tuple[Telling, ...]
    acknowledged: timedelta | None  # after the opening; None: never
    acknowledged_by: str | None
    warnings: int
    breaches: int
    in_transfer: timedelta
    touches: int
    hand_offs: int
    reopens: int
    outcome: Phase
    lasted: timedelta
    entries: int


def summarised(log: Iterable[Entry], state: Escalation) -> Summary:
    """The summary of a whole log; `state` is where it leads."""
    told: list[Telling] = []
    acknowledged: Entry | None = None
    warnings = count = 0
    last = state.case.opened_at
    for entry in log:
        count, last = count + 1, entry.at
        told.extend(
            Telling(entry.at, effect.contact, effect.channel, effect.message)
            for effect in entry.effects
            if isinstance(effect, Notify)
        )
        warnings += sum(fired.clock in TARGETS and fired.edge is not Edge.LIMIT for fired in entry.fired)
        if acknowledged is None and entry.command.kind == "acknowledge" and entry.refusal is None:
            acknowledged = entry
    return Summary(
        reference=state.case.reference,
        opened_at=state.case.opened_at,
        told=tuple(told),
        acknowledged=acknowledged.at - state.case.opened_at if acknowledged is not None else None,
        acknowledged_by=getattr(acknowledged.command, "by", None) if acknowledged is not None else None,
        warnings=warnings,
        breaches=len(state.tally.misses),
        in_transfer=state.tally.in_transfer,
        touches=len(state.people.owners),
        hand_offs=state.tally.hand_offs,
        reopens=state.tally.reopens,
        outcome=state.phase,
        lasted=last - state.case.opened_at,
        entries=count,
    )
