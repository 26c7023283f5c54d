"""What the workflow asks of the world: name, signature, promise. The only thing that both sides import.

Each stub is the contract; `activities/` holds the deed under the same name. Every act is safe to run twice. None
decides by the wall clock: the instant it works for (`at`, workflow time, UTC) comes in its argument.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio import activity

from escalation.core.beside import ReportTold
from escalation.core.case_facts import CaseFacts
from escalation.core.effects import (
    FindContacts,
    LookUpReceipt,
    Notify,
    Reconcile,
    ShowRoom,
    TellLinked,
    Text,
    WriteTicket,
)
from escalation.core.facts import ReportContacts, ReportDelivery, ReportReconciliation, ReportRoom, ReportTicket
from escalation.core.intake import TriageRecord
from escalation.core.lull import MaintenanceWindow
from escalation.core.policy import Policy
from escalation.core.standing import Standing
from escalation.core.vocabulary import Channel, Severity
from escalation.wire.messages import Page
from escalation.wire.readiness import ReadinessOrder, ReadinessTold

__all__ = ["Page"]  # the one order that lives in the wire, because a run may hand it to the next


@dataclass(frozen=True, slots=True)
class Send:
    """One dispatch to hand to its provider."""

    effect: Notify
    at: datetime


@dataclass(frozen=True, slots=True)
class Gather:
    """What waits for one person on one channel is to be told together."""

    contact: str
    channel: Channel
    at: datetime


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came of it. `wake` is when to look again; None: nothing waits. `told` escalations were named."""

    wake: datetime | None = None
    told: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """One ambiguous dispatch to look up."""

    effect: Reconcile
    at: datetime


@dataclass(frozen=True, slots=True)
class Follow:
    """One accepted dispatch of which no receipt has come."""

    effect: LookUpReceipt
    at: datetime


@dataclass(frozen=True, slots=True)
class Find:
    """Roles or names to resolve to people; quiet hours depend on how bad it is."""

    effect: FindContacts
    at: datetime
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One note and status for the ticket."""

    effect: WriteTicket
    at: datetime


@dataclass(frozen=True, slots=True)
class Word:
    """What a linked escalation is to hear."""

    effect: TellLinked
    at: datetime


@dataclass(frozen=True, slots=True)
class Showing:
    """How it stands, for the war room."""

    effect: ShowRoom
    at: datetime


@dataclass(frozen=True, slots=True)
class Freeze:
    """Which agreement to freeze; `version` None means the newest good one."""

    policy: str
    at: datetime
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """What triage is asked about. `wanted`: whatever the agreement says of triage, the request asks for it."""

    policy: str
    customer: str
    by: str
    case: CaseFacts
    wanted: bool = False
    by_hand: str = ""  # why it is escalated whatever triage sees


@dataclass(frozen=True, slots=True)
class Admission:
    """What an opening needs from the stores: words kept, and a short code for replies."""

    reference: str
    episode: str
    at: datetime
    words: dict[str, str] = field(default_factory=dict)  # e.g. title, description
    intake: Intake | None = None  # None: triage is not asked
    by: str = ""  # who opens it
    claim: str = ""  # the text that a proof of theirs must have signed
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the stores gave. `send_timeout` is this worker's patience with a provider: start-to-close of a send."""

    code: int | None
    texts: dict[str, Text]
    send_timeout: timedelta = timedelta(seconds=45)  # four socket timeouts of 10 s and a margin
    triage: TriageRecord | None = None  # None: it is off, or could not answer
    maintenance: tuple[MaintenanceWindow, ...] = ()  # in force now, whatever they are about
    opener: Standing | None = None  # of whoever opens it; None: nobody has looked


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Who is behind a command, may they, and where do its words go?

    `claim` is the exact text a proof must have signed (see `escalation.wire.proof`).
    """

    reference: str
    episode: str
    by: str
    at: datetime
    needs_roles: bool = False
    claim: str = ""
    proof: str | None = None
    words: str | None = None
    freeze: str | None = None  # name of a policy to freeze along with it
    key: str = ""  # under which the words are kept: the command's idempotency key


@dataclass(frozen=True, slots=True)
class Answered:
    """The facts a command is judged with."""

    standing: Standing
    text: Text | None = None
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Dismissal:
    """An escalation has ended: its short code is free again."""

    reference: str
    episode: str
    at: datetime


def _stub() -> RuntimeError:
    return RuntimeError("a port is a promise; run the deed of the same name from activities/")


@activity.defn
def notify(order: Send) -> ReportDelivery:
    """Hand one dispatch to its provider, at most once per ledger row, and say what came of it.

    Answers accepted, failed (for good, with its class) or ambiguous; never waits. With `how` "bundled" it is accepted
    to be told with others: the bundle is to be opened then. Raises only when the provider surely did nothing and
    another attempt may work.
    """
    raise _stub()


@activity.defn
async def open_bundle(order: Gather) -> None:
    """See to it that a workflow tells what waits: the one for this person and channel is started, or told of more."""
    raise _stub()


@activity.defn
def send_bundle(order: Gather) -> Gathered:
    """Tell what waits in one message, if its time has come; what came of it is written to every row that it tells.

    A message that nobody knows the fate of is looked up first. Raises when surely nothing was sent.
    """
    raise _stub()


@activity.defn
def reconcile(order: Look) -> ReportReconciliation:
    """Ask ledger and provider whether an ambiguous dispatch was accepted. Adopts only an exact match of its id.

    Absent frees the ledger row, so that the same dispatch may be sent again.
    """
    raise _stub()


@activity.defn
def look_up_receipt(order: Follow) -> ReportDelivery:
    """Ask ledger and provider what became of an accepted dispatch; what is found is kept as a receipt is.

    Answers delivered, failed (with its class), or accepted when nothing is known that was not: `sent` is not delivered.
    """
    raise _stub()


@activity.defn
def find_contacts(order: Find) -> ReportContacts:
    """Resolve roles and names to people, with their backups and usable channels, as of `at`.

    A name that resolves to nobody is answered with no contact; only an unreachable directory raises.
    """
    raise _stub()


@activity.defn
def write_ticket(order: Write) -> ReportTicket:
    """Write status and note into the ticket, once per key."""
    raise _stub()


@activity.defn
def tell_linked(order: Word) -> ReportTold:
    """Tell a linked escalation how this one stands. One that has ended, or is in another episode, is answered for."""
    raise _stub()


@activity.defn
def show_room(order: Showing) -> ReportRoom:
    """Open the war room if there is none, change its pinned status, and add the line, once for each key.

    Never undoes a later showing. Without a chat, or with nobody in it, it answers that nothing is shown.
    """
    raise _stub()


@activity.defn
def record(page: Page) -> None:
    """Keep one audit entry for good. Idempotent on (reference, episode, sequence).

    Raises `AuditConflict` (not retryable) when that sequence is kept with another digest: an alarm, never ignored.
    """
    raise _stub()


@activity.defn
def freeze_policy(order: Freeze) -> Policy:
    """Read, check and freeze an agreement. A source that cannot be read or is wrong raises, naming why."""
    raise _stub()


@activity.defn
def kept_policy(order: Freeze) -> Policy:
    """The last good copy of that agreement on this machine, marked `stale`."""
    raise _stub()


@activity.defn
def admit(order: Admission) -> Admitted:
    """Keep the opening words, allot a short code, unique among open escalations, ask triage, and look for maintenance.

    What triage cannot learn it goes without, and says so; it holds nothing up.
    """
    raise _stub()


@activity.defn
def inquire(order: Inquiry) -> Answered:
    """Look up roles and aliases, check the proof, keep the words. An unreachable directory is `known=False`."""
    raise _stub()


@activity.defn
def dismiss(order: Dismissal) -> None:
    """Free the short code of an ended escalation."""
    raise _stub()


@activity.defn
def tell_readiness(order: ReadinessOrder) -> ReadinessTold:
    """Look who is there in the coming days, and write what is not ready to whoever holds the role.

    Raises when the letter was surely not taken. One that may have been is not written again.
    """
    raise _stub()
