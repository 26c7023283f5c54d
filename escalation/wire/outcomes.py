"""What callers of the client meet beside an answer: the head of a log, and the exceptions, one line each."""

from dataclasses import dataclass

from escalation.core.refusals import Refusal
from escalation.wire.amounts import spelled
from escalation.wire.messages import Ending


class NotDone(Exception):
    """What was asked for did not happen, or is not known to have happened. One line."""


class Refused(NotDone):
    """The rules said no; it is in the audit log. `facts` explain the reason."""

    def __init__(self, reason: Refusal, facts: dict[str, str], reference: str = "") -> None:
        told = ", ".join(f"{name} {value}" for name, value in spelled(facts).items())
        super().__init__(f"{reference}: refused, {reason.replace('_', ' ')}" + (f" ({told})" if told else ""))
        self.reason = reason
        self.facts = facts


class NotFound(NotDone):
    """The engine knows no such escalation: never opened, or gone by retention."""

    def __init__(self, reference: str, why: str = "never opened, or older than the engine's retention") -> None:
        super().__init__(f"{reference}: no such escalation ({why}); correct the reference")
        self.reference = reference


class Ended(NotDone):
    """The escalation is over. `ending` is None when it was stopped from outside and has no result."""

    def __init__(self, reference: str, ending: Ending | None) -> None:
        how = f"is {ending.phase or 'refused'}" if ending else "was stopped from outside"
        super().__init__(f"{reference}: the escalation {how}; open the next one with another key")
        self.reference = reference
        self.ending = ending


class Unreachable(NotDone):
    """No answer within the bound. A command may or may not have arrived: repeat it with the same key."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of an episode's log, as the engine knows it."""

    episode: str
    sequence: int
    digest: str
    ended: bool
    conflicts: tuple[int, ...] = ()  # sequences that the store was found to hold with another digest
