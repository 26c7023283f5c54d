"""What the rules ask of the world. The shell obeys each effect with one activity and reports what came of it."""

from datetime import datetime
from hashlib import blake2b
from typing import Literal

from escalation.core.money import Money
from escalation.core.values import dataclass
from escalation.core.vocabulary import ApprovalKind, Ask, Channel, Message, Phase, Severity, Topic


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
class ApprovalBrief:
    """What a yes or no is wanted for. `about` is the route, severity, level or deadline (RFC 3339) that it leads to.

    `review`: it has been done already, by break-glass; a yes now says that it was right.
    """

    number: int
    kind: ApprovalKind
    asked_by: str
    about: str
    quorum: int
    votes: int
    amount: Money | None = None
    review: bool = False
    opening: bool = False  # the escalation itself waits for it
    reason: str = ""  # of whoever asks, as they typed it
    until: datetime | None = None  # silence means something from then on
    silence: Literal["next", "reject", "open", "report"] = "reject"  # others are asked; no; yes; the executive hears
    act: str = ""  # the kind of the command that waits
    total: Money | None = None  # with what was agreed to or asked for before, where that is more than the amount
    claimed: bool = False  # nobody vouched for who asks: in development a name is taken as it is


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
    customer: str = ""  # an id of the directory
    executive: str = ""  # the role whose mail is marked urgent
    decides: bool = False  # with leadership: the route asks for exceptions and decisions, and for nothing else
    approval: ApprovalBrief | None = None


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
    purpose: Literal["step", "notice", "approval", "contact"]
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
class LookUpReceipt:
    """Ask the provider what became of a dispatch that it accepted: no receipt has come.

    The answer is a `ReportDelivery` of number `of`, the `Notify`'s own, with how "poll": delivered, failed, or accepted
    when there is nothing new. `since` is the instant the dispatch was decided.
    """

    number: int
    dispatch: str
    contact: str
    channel: Channel
    provider_id: str | None
    since: datetime
    of: int
    kind: Literal["look_up_receipt"] = "look_up_receipt"


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


@dataclass(frozen=True, slots=True)
class TellLinked:
    """Tell the escalation `to`, if its `episode` is still open, how this one stands; `phase` once it has ended."""

    number: int
    to: str
    to_episode: str
    reference: str
    episode: str
    customer_contact: str
    phase: Phase | None = None
    kind: Literal["tell_linked"] = "tell_linked"


@dataclass(frozen=True, slots=True)
class ShowRoom:
    """Show how it stands in the escalation's war room: opened if need be, its pinned status changed, the line added.

    `key` names this showing, so that it is one line however often it is tried. `round` counts the statuses that were
    due; `scribe` keeps the timeline until the next one. `people` are asked in; `until` is when the next status is due,
    None when none is. Once the escalation is over it is the last one.
    """

    number: int
    key: str
    brief: Brief
    commander: str
    scribe: str
    people: tuple[str, ...]
    round: int
    until: datetime | None = None
    kind: Literal["show_room"] = "show_room"


Effect = Notify | FindContacts | Reconcile | LookUpReceipt | WriteTicket | TellLinked | ShowRoom
