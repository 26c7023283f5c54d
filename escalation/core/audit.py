"""Proving a log: the chain of digests is derived again, and every decision is made again.

One pure function serves the command line, the drills and the back-tests. It names the first entry that is wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from escalation.core.decide import decide
from escalation.core.entry import CORE_VERSION, Entry, digest_of
from escalation.core.opening import GENESIS
from escalation.core.state import Escalation

# What a forged command or policy may run into; an honest log never does.
UNDECIDABLE = (ArithmeticError, AssertionError, AttributeError, LookupError, StopIteration, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as a store keeps it: the exact text, what it says, and the digest that was taken then."""

    body: str
    entry: Entry
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of a log found. `fault` None means that every entry holds; `sequence` is the first bad one."""

    entries: int
    head: str
    state: Escalation | None
    fault: str | None = None
    sequence: int | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault is None


def verify(log: Iterable[Kept]) -> Verdict:
    """Check order, bytes, links and decisions of one episode's log, first entry to last."""
    state: Escalation | None = None
    head, count = GENESIS, 0
    for kept in log:
        fault = _fault(kept, count + 1, head)
        if fault is None:
            state, fault = _again(state, kept)
        if fault is not None:
            return Verdict(count, head, state, fault, count + 1)
        head, count = kept.digest, count + 1
    return Verdict(count, head, state)


def fold(log: Iterable[Entry]) -> Escalation | None:
    """The state that a log leads to, without checking it."""
    state: Escalation | None = None
    for entry in log:
        state = decide(state, entry.command, entry.at).state
    return state


def _fault(kept: Kept, expected: int, head: str) -> str | None:
    entry = kept.entry
    if entry.sequence != expected:
        return f"entry {expected} is missing; the next one kept is {entry.sequence}"
    if digest_of(kept.body) != kept.digest:
        return "its text does not have the digest that was taken when it was written"
    if entry.previous != head:
        return f"it follows {entry.previous[:12]}, but the entry before is {head[:12]}"
    if entry.core != CORE_VERSION:
        return f"it was decided by core {entry.core!r}; this one is {CORE_VERSION!r}"
    return None


def _again(state: Escalation | None, kept: Kept) -> tuple[Escalation | None, str | None]:
    """The state after making the decision again, and what differs from the one that was kept."""
    try:
        decision = decide(state, kept.entry.command, kept.entry.at)
    except UNDECIDABLE as error:
        return state, f"this decision cannot be made: {type(error).__name__} {error}"
    if decision.sealed.body != kept.body:
        return decision.state, f"made again, the decision differs: {_difference(decision.sealed.entry, kept.entry)}"
    return decision.state, None


def _difference(again: Entry, kept: Entry) -> str:
    names = [name for name in Entry.__slots__ if getattr(again, name) != getattr(kept, name)]
    return ", ".join(names) or "its text is not canonical"
