"""An escalation as it was: the log up to an instant, decided again. No engine is asked, and nothing is believed.

Whoever wants to know more than the few answers below has the whole `state` of that moment: every clock with its
segments, the frozen policy, who was told. Entries count by their place in the log: whatever stands before the last one
that was decided at or before the instant had been decided by then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from escalation.core.audit import Kept, verify
from escalation.core.clock import Clock
from escalation.core.effects import FindContacts, Notify
from escalation.core.entry import Entry
from escalation.core.state import TERMINAL, Escalation
from escalation.core.vocabulary import ClockName, Edge, Phase
from escalation.wire.entries import UnreadableEntryError, kept_in
from escalation.wire.messages import View
from escalation.wire.views import view_of


class Row(Protocol):
    """One entry as a store keeps it."""

    @property
    def reference(self) -> str: ...
    @property
    def episode(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def body(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Log:
    """The entries of one episode, as far as they can be read; `fault` says why no further."""

    entries: tuple[Kept, ...]
    fault: str | None = None

    @property
    def opened_at(self) -> datetime | None:
        """When its first entry was decided; None for a log without any."""
        return self.entries[0].entry.at if self.entries else None


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who had to act, and as what: asked, approver, customer contact or owner. Empty once it was over."""

    role: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What was going to happen next by itself, and when. An instant before the one asked about was late."""

    clock: ClockName
    cycle: int
    edge: Edge
    at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """An escalation at an instant. `state` None: it was not open, or its opening had been refused.

    `fault` says what is wrong with the log before that instant, `sequence` with which entry; the state is then the one
    before it. `entries` counts those that were decided by then and hold; `digest` is the last one's.
    """

    at: datetime
    state: Escalation | None
    entries: int
    digest: str
    last: Entry | None
    responsible: Responsible | None
    ended_at: datetime | None = None
    fault: str | None = None
    sequence: int | None = None

    @property
    def view(self) -> View | None:
        """The picture that everybody saw."""
        return None if self.state is None else view_of(self.state)

    @property
    def running(self) -> tuple[Clock, ...]:
        """The clocks that counted."""
        return () if self.state is None else tuple(clock for clock in self.state.clocks if clock.running)

    @property
    def next_due(self) -> Upcoming | None:
        """What was due first."""
        ahead = [(due, clock) for clock in self.running for due in clock.dues[:1]]
        if not ahead:
            return None
        due, clock = min(ahead, key=lambda each: (each[0].at, list(ClockName).index(each[1].name), each[1].cycle))
        return Upcoming(clock.name, clock.cycle, due.edge, due.at)


def read(rows: Iterable[Row], reference: str, episode: str) -> Log:
    """The log of an episode from the rows of a store, in order, up to the first that is no entry of it."""
    found: list[Kept] = []
    for row in rows:
        try:
            found.append(kept_in(reference, episode, row.body, row.digest))
        except UnreadableEntryError as unreadable:
            return Log(tuple(found), str(unreadable))
    return Log(tuple(found))


def past(log: Log, at: datetime) -> Past:
    """How it stood at that instant (aware), and whether the log up to there can be trusted.

    The chain is verified up to the instant and one link beyond, so that an entry missing right there is noticed. What
    was never followed by another entry has no witness in the log: only the engine can vouch for the end.
    """
    before, after = split(log.entries, at)
    verdict = verify(before)
    fault, sequence = verdict.fault, verdict.sequence
    if fault is not None:
        # The verdict's state may be that of the bad entry itself.
        before = before[: verdict.entries]
        verdict = verify(before)
    elif (fault := _gap(log, len(before), verdict.head, after)) is not None:
        sequence = verdict.entries + 1
    entries = [each.entry for each in before]
    return Past(
        at=at,
        state=verdict.state,
        entries=verdict.entries,
        digest=verdict.head,
        last=entries[-1] if entries else None,
        responsible=responsible(verdict.state, entries),
        ended_at=_ended_at(entries),
        fault=fault,
        sequence=sequence,
    )


def split(entries: Sequence[Kept], at: datetime) -> tuple[tuple[Kept, ...], tuple[Kept, ...]]:
    """What had been decided by that instant, and what came after."""
    count = max((place for place, each in enumerate(entries, start=1) if each.entry.at <= at), default=0)
    return tuple(entries[:count]), tuple(entries[count:])


def responsible(state: Escalation | None, entries: Sequence[Entry]) -> Responsible | None:
    """Who must act in this state, to which these entries have led."""
    if state is None or state.ended:
        return None
    match state.phase:
        case Phase.AWAITING_APPROVAL:
            return Responsible("approver", _approvers(state, entries))
        case Phase.IN_TRANSFER if state.transfer.asked:
            return Responsible("asked", state.transfer.asked)
        case Phase.BLOCKED:
            return Responsible("customer contact", (state.people.customer_contact,))
        case _:  # while somebody is looked for, it stays with its owner
            return Responsible("owner", (state.people.owner,))


def _approvers(state: Escalation, entries: Sequence[Entry]) -> tuple[str, ...]:
    """The people whose yes the opening waits for; until they are found, the roles."""
    opening = next(approval for approval in state.approvals if approval.opening and approval.pending)
    asked: list[str] = []
    for entry in reversed(entries):
        for effect in reversed(entry.effects):
            if isinstance(effect, Notify) and effect.brief.approval and effect.brief.approval.number == opening.number:
                asked.append(effect.contact)
            if isinstance(effect, FindContacts) and effect.number == opening.asking:
                return tuple(dict.fromkeys(reversed(asked))) or opening.asked_now
    return opening.asked_now


def _ended_at(entries: Sequence[Entry]) -> datetime | None:
    for entry in reversed(entries):
        if any(change.field == "phase" and change.after in TERMINAL for change in entry.changes):
            return entry.at
    return None


def _gap(log: Log, count: int, head: str, after: Sequence[Kept]) -> str | None:
    """What is wrong between the last entry before the instant and the first one after it."""
    if not after:
        return log.fault
    following = after[0].entry
    if following.sequence != count + 1:
        return f"entry {count + 1} is missing; the next one kept is {following.sequence}"
    if following.previous != head:
        return f"the entry after it follows {following.previous[:12]}, not {head[:12]}"
    return None
