"""What may be asked of an escalation, and the facts that come back. Imperative, frozen, each with its literal kind.

A person's command carries `by` (who) and, where authority or a vouched instant matters, `standing`: what the directory
said about that person when the command arrived. Rules use only what the command carries, so a log replays anywhere.
"""

from datetime import datetime
from typing import Literal

from escalation.core.beside import Attach, Attachment, ChangeContact, Link, Linked
from escalation.core.effects import Text
from escalation.core.facts import Fact
from escalation.core.intake import TriageRecord
from escalation.core.lull import MaintenanceWindow
from escalation.core.money import Money
from escalation.core.policy import Policy
from escalation.core.standing import Standing
from escalation.core.values import dataclass
from escalation.core.vocabulary import (
    ApprovalKind,
    Ask,
    Audience,
    DeEscalationReason,
    Severity,
)


@dataclass(frozen=True, slots=True)
class Open:
    """Hand a ticket over. The first entry of every log: it carries the frozen policy."""

    reference: str
    episode: str
    ticket: str
    by: str
    by_machine: bool
    route: str
    severity: Severity
    ask: Ask
    title: Text
    description: Text
    customer: str
    deadline: datetime  # the request's hard deadline, UTC
    policy: Policy
    code: int | None = None
    restricted: bool = False
    segment: str = ""  # the customer's, as the agreement names it
    linked_to: Linked | None = None  # the escalation beside which this one is opened: it speaks with the customer
    customer_contact: str = ""  # the account's own; "": the segment's, the opener, or the agreement's for machines
    attachments: tuple[Attachment, ...] = ()
    triage: TriageRecord | None = None  # None: it was not asked, or could not answer
    unread: str | None = None  # the name of a severity that nobody can read, "" for none at all; it is refused
    maintenance: tuple[MaintenanceWindow, ...] = ()  # in force now, and about this
    standing: Standing | None = None  # of whoever opens it; None: nobody has looked
    kind: Literal["open"] = "open"


@dataclass(frozen=True, slots=True)
class Approve:
    """Say yes to what awaits approval: to the only one, or to the one of that number."""

    by: str
    reason: str
    standing: Standing | None = None
    approval: int | None = None
    break_glass: bool = False  # do it at once, on the authority of a role that may; somebody else reviews it
    kind: Literal["approve"] = "approve"


@dataclass(frozen=True, slots=True)
class Reject:
    """Say no to what awaits approval; whoever asked for it takes it back."""

    by: str
    reason: str
    standing: Standing | None = None
    approval: int | None = None
    kind: Literal["reject"] = "reject"


@dataclass(frozen=True, slots=True)
class RequestApproval:
    """Ask for money or for an exception; what else needs a yes asks for it when somebody does it."""

    by: str
    matter: ApprovalKind
    reason: str
    amount: Money | None = None
    standing: Standing | None = None
    kind: Literal["request_approval"] = "request_approval"


@dataclass(frozen=True, slots=True)
class ExtendDeadline:
    """Another hard deadline, UTC. A later one may need a yes, an earlier one never does."""

    by: str
    deadline: datetime
    reason: str
    standing: Standing | None = None
    kind: Literal["extend_deadline"] = "extend_deadline"


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Take the escalation: `by` becomes its owner. Only a human act counts."""

    by: str
    via: str = "cli"
    occurred_at: datetime | None = None  # believed only from a verified gateway
    standing: Standing | None = None
    kind: Literal["acknowledge"] = "acknowledge"


@dataclass(frozen=True, slots=True)
class Decline:
    """Not me: the next step is told at once."""

    by: str
    reason: str
    standing: Standing | None = None
    kind: Literal["decline"] = "decline"


@dataclass(frozen=True, slots=True)
class PostUpdate:
    """Progress. To the inside it answers the check-in; to the customer it is sent and starts the next turn."""

    by: str
    audience: Audience
    text: Text | None = None
    standing: Standing | None = None
    kind: Literal["post_update"] = "post_update"


@dataclass(frozen=True, slots=True)
class ConfirmSeverity:
    """The receiving team confirms or adjusts the severity, with evidence."""

    by: str
    severity: Severity
    evidence: str
    standing: Standing | None = None
    kind: Literal["confirm_severity"] = "confirm_severity"


@dataclass(frozen=True, slots=True)
class ChangeSeverity:
    """Another severity, up or down, with a reason; clocks take the new targets."""

    by: str
    severity: Severity
    reason: str
    standing: Standing | None = None
    kind: Literal["change_severity"] = "change_severity"


@dataclass(frozen=True, slots=True)
class Reassign:
    """Ask a named person of the same route to take it; who owns it now keeps it until then."""

    by: str
    to: str
    reason: str
    standing: Standing | None = None
    kind: Literal["reassign"] = "reassign"


@dataclass(frozen=True, slots=True)
class HandOff:
    """Sideways, to another route's receiver."""

    by: str
    route: str
    ask: Ask
    reason: str
    standing: Standing | None = None
    kind: Literal["hand_off"] = "hand_off"


@dataclass(frozen=True, slots=True)
class Raise:
    """Upwards, to the next step of the chain. `page`: in answer to that dispatch, so only while its step is asked."""

    by: str
    reason: str
    page: str | None = None
    standing: Standing | None = None
    kind: Literal["raise"] = "raise"


@dataclass(frozen=True, slots=True)
class Block:
    """Wait for the customer or a third party; the receiving team is not chased meanwhile."""

    by: str
    waiting_for: str
    standing: Standing | None = None
    kind: Literal["block"] = "block"


@dataclass(frozen=True, slots=True)
class Unblock:
    """What was waited for is there: back to where it was."""

    by: str
    reason: str
    standing: Standing | None = None
    kind: Literal["unblock"] = "unblock"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Leave the owner alone `until` then, UTC: pages, reminders and nudges wait. No customer's clock does."""

    by: str
    until: datetime
    reason: str
    standing: Standing | None = None
    kind: Literal["snooze"] = "snooze"


@dataclass(frozen=True, slots=True)
class Unsnooze:
    """Tell people again, now: the end of a snooze, or of the silence of something opened in a maintenance."""

    by: str
    reason: str = ""
    standing: Standing | None = None
    kind: Literal["unsnooze"] = "unsnooze"


@dataclass(frozen=True, slots=True)
class Resolve:
    """A fix is declared; the customer is asked to confirm."""

    by: str
    text: Text | None = None
    standing: Standing | None = None
    kind: Literal["resolve"] = "resolve"


@dataclass(frozen=True, slots=True)
class Confirm:
    """The customer agrees: close."""

    by: str
    standing: Standing | None = None
    kind: Literal["confirm"] = "confirm"


@dataclass(frozen=True, slots=True)
class Reopen:
    """Not fixed after all, within the reopen window."""

    by: str
    reason: str
    standing: Standing | None = None
    kind: Literal["reopen"] = "reopen"


@dataclass(frozen=True, slots=True)
class DeEscalate:
    """Return the ticket to a named person at a named lower level."""

    by: str
    reason: DeEscalationReason
    to: str
    level: str
    findings: Text | None = None
    standing: Standing | None = None
    kind: Literal["de_escalate"] = "de_escalate"


@dataclass(frozen=True, slots=True)
class Cancel:
    """It should not have been opened."""

    by: str
    reason: str
    standing: Standing | None = None
    kind: Literal["cancel"] = "cancel"


@dataclass(frozen=True, slots=True)
class AddNote:
    """Words for the record; no clock moves."""

    by: str
    text: Text | None = None
    standing: Standing | None = None
    kind: Literal["add_note"] = "add_note"


@dataclass(frozen=True, slots=True)
class AdoptPolicy:
    """From now on another version of the agreement; open clocks take its targets."""

    by: str
    policy: Policy
    reason: str
    kind: Literal["adopt_policy"] = "adopt_policy"


@dataclass(frozen=True, slots=True)
class Elapse:
    """Time has passed: fire what is due."""

    kind: Literal["elapse"] = "elapse"


Instructable = (
    Approve
    | Reject
    | Acknowledge
    | Decline
    | PostUpdate
    | ConfirmSeverity
    | ChangeSeverity
    | Reassign
    | HandOff
    | Raise
    | Block
    | Unblock
    | Resolve
    | Confirm
    | Reopen
    | DeEscalate
    | Cancel
    | AddNote
    | ChangeContact
    | Attach
    | Link
    | RequestApproval
    | ExtendDeadline
    | Snooze
    | Unsnooze
)
Command = Open | Instructable | AdoptPolicy | Elapse | Fact
