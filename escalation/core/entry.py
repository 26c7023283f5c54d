"""One entry of the audit log: a decision, told so that it can be made again."""

from datetime import datetime
from hashlib import sha256

from escalation.core.canonical import canonical, keep_texts
from escalation.core.commands import Command
from escalation.core.effects import Brief, Effect
from escalation.core.policy import Policy
from escalation.core.refusals import Refusal
from escalation.core.values import dataclass
from escalation.core.vocabulary import ClockName, Edge

# Raised whenever the same log would fold to another state; it is in every entry.
CORE_VERSION = "3"

# Many openings carry the same agreement, and the messages of one decision the same brief.
keep_texts(Policy)
keep_texts(Brief)


@dataclass(frozen=True, slots=True)
class Fired:
    """An edge that fired in this decision. `at` is when it was due; the entry's own instant is when it was served."""

    clock: ClockName
    cycle: int
    edge: Edge
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What people would see differently: a fact's name, before and after."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ClockNote:
    """A clock after the decision: when it is due next and what then; `due` None while it stands still."""

    name: ClockName
    cycle: int
    due: datetime | None
    edge: Edge | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything needed to make the decision again and to see what it changed.

    `facts` explain a refusal, or name the approval that the command waits for. `previous` is the digest of the entry
    before (64 zeros for the first).
    """

    reference: str
    episode: str
    sequence: int
    at: datetime
    command: Command
    fired: tuple[Fired, ...]
    changes: tuple[Change, ...]
    clocks: tuple[ClockNote, ...]
    effects: tuple[Effect, ...]
    refusal: Refusal | None
    facts: dict[str, str]
    previous: str
    core: str = CORE_VERSION


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry with its canonical text and the SHA-256 of that text (hex). Both empty when sealing was left out."""

    entry: Entry
    body: str
    digest: str


def seal(entry: Entry, *, sealed: bool = True) -> Sealed:
    """Fix the entry's bytes and take their digest."""
    if not sealed:
        return Sealed(entry, "", entry.previous)
    body = canonical(entry)
    return Sealed(entry, body, digest_of(body))


def digest_of(body: str) -> str:
    """SHA-256 over the UTF-8 bytes of an entry's canonical text, in hex."""
    return sha256(body.encode()).hexdigest()
