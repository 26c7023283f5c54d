"""What the rules ask of the world. The shell obeys each effect with one activity and reports what came of it."""

from datetime import datetime
from hashlib import blake2b
from typing import Literal

from escalation.core.values import dataclass
from escalation.core.vocabulary import Ask, Channel, Message, Phase, Severity, Topic


@dataclass(frozen=True, slots=True)
class Text:
    """Words kept elsewhere: the log holds where they are and a keyed commitment to them, never the words.

    `id` names the row of the content store; `commitment` is HMAC-SHA256 under a key outside the log, in hex.
    """

    id: str
    commitment: str


def text_id(reference: str, episode: str, key: str) -> str:
    """Where the words of that key are kept: known even before they are, so that nothing waits for a store."""
    return blake2b(f"{reference}\n{episode}\n{key}".encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to say in a `Message.SITUATION`: the topic, the clock's or channel's name, and when it was due."""

    topic: Topic
    about: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """What a message may tell: facts as of the decision, no personal data. Instants are UTC."""

    reference: str
    episode: str
    ticket: str
    code: int | None  # what an SMS reply names: "ack 42"
    title: Text
    phase: Phase
    severity: Severity
    label: str  # the policy's name of the severity
    route: str
    team: str
    ask: Ask
    owner: str
    deadline: datetime
    acknowledge_by: datetime | None
    next_update_by: datetime | None
    resolve_by: datetime | None
    points: tuple[Point, ...] = ()
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class Notify:
    """One message to one contact on one channel: a dispatch. `dispatch` stays the same when it must be sent again."""

    number: int
    dispatch: str
    contact: str
    channel: Channel
    message: Message
    brief: Brief
    text: Text | None = None
    kind: Literal["notify"] = "notify"

    @property
    def urgent(self) -> bool:
        """A page may go out while the ledger is unreachable; anything else waits for it."""
        return self.message is Message.PAGE


@dataclass(frozen=True, slots=True)
class FindContacts:
    """Who is behind these roles or names now, and how can they be reached? `purpose` tells the core what to do then."""

    number: int
    purpose: Literal["step", "notice", "approval"]
    names: tuple[str, ...]
    points: tuple[Point, ...] = ()  # for a notice: what to say
    kind: Literal["find_contacts"] = "find_contacts"


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Ask the provider whether an ambiguous dispatch was accepted. `since` is the instant the dispatch was decided."""

    number: int
    dispatch: str
    contact: str
    channel: Channel
    since: datetime
    kind: Literal["reconcile"] = "reconcile"


@dataclass(frozen=True, slots=True)
class WriteTicket:
    """Write status and note into the ticket, once per `number` (its idempotency key is reference, episode, number)."""

    number: int
    ticket: str
    key: str
    status: str
    brief: Brief
    text: Text | None = None
    kind: Literal["write_ticket"] = "write_ticket"


Effect = Notify | FindContacts | Reconcile | WriteTicket
