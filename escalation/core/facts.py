"""The facts that come back from the world: what became of each effect. Past tense in all but name: they report."""

from datetime import datetime
from typing import Literal

from escalation.core.beside import ReportTold
from escalation.core.standing import Standing
from escalation.core.values import dataclass
from escalation.core.vocabulary import Channel, Failure, Outcome, Phase, Reconciled

BUNDLED = "bundled"
"""How a dispatch was taken that waits to be told with others."""


@dataclass(frozen=True, slots=True)
class Found:
    """Who is behind a name now. `channels` are those the contact can be reached on; none means unreachable."""

    name: str
    contact: str | None
    channels: tuple[Channel, ...] = ()
    backup: str | None = None
    backup_channels: tuple[Channel, ...] = ()
    why: str = ""  # "on call until …", "primary on vacation"


@dataclass(frozen=True, slots=True)
class ReportContacts:
    """What `FindContacts` number `number` showed; `failed` when the directory could not be asked."""

    number: int
    found: tuple[Found, ...] = ()
    failed: str | None = None
    kind: Literal["report_contacts"] = "report_contacts"


TOLD_TWICE = "told_twice"
"""The code of an acceptance that is a second one: a provider holds the message twice. Nobody can take it back, so the
log says it, and nothing else follows.
"""


@dataclass(frozen=True, slots=True)
class ReportDelivery:
    """What became of a dispatch: a provider's answer, or a later receipt.

    `how`: "sent", "unledgered" (the ledger was unreachable), "ledger" (an earlier attempt), "receipt", "poll" (a
    receipt that was looked up). Of what was not sent in somebody's quiet hours: until when (UTC) they last, and the
    channel to tell them on at once `instead`, if they have one.
    """

    number: int
    outcome: Outcome
    provider_id: str | None = None
    failure: Failure | None = None
    code: str | None = None  # the vendor's own error code, for people
    how: str = "sent"
    standing: Standing | None = None  # of the gateway that brings a receipt
    kind: Literal["report_delivery"] = "report_delivery"
    until: datetime | None = None
    instead: Channel | None = None


@dataclass(frozen=True, slots=True)
class ReportReconciliation:
    """What looking up the dispatch showed. `number` is the `Reconcile` effect's."""

    number: int
    result: Reconciled
    provider_id: str | None = None
    how: str = "lookup"
    kind: Literal["report_reconciliation"] = "report_reconciliation"


@dataclass(frozen=True, slots=True)
class ReportTicket:
    """Whether the ticket took the note."""

    number: int
    written: bool
    error: str | None = None
    kind: Literal["report_ticket"] = "report_ticket"


@dataclass(frozen=True, slots=True)
class ReportLinked:
    """What a linked escalation says of itself: who speaks with the customer and, once it has ended, how.

    It comes from outside, so somebody must have vouched for it: see `standing`. `number` is that of its `TellLinked`:
    two that are on their way at once may arrive in any order.
    """

    reference: str
    episode: str
    customer_contact: str
    phase: Phase | None = None
    standing: Standing | None = None
    number: int = 0
    kind: Literal["report_linked"] = "report_linked"


@dataclass(frozen=True, slots=True)
class ReportRoom:
    """Whether the war room shows how it stands, and what it is called."""

    number: int
    shown: bool
    room: str | None = None
    error: str | None = None
    kind: Literal["report_room"] = "report_room"


Fact = ReportContacts | ReportDelivery | ReportReconciliation | ReportTicket | ReportTold | ReportLinked | ReportRoom
