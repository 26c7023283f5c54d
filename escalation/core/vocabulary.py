"""The closed lists of words that the rules, the log and the wire share. A word is added here or nowhere."""

from enum import StrEnum


class Phase(StrEnum):
    """Where an escalation stands. The essay and the table of moves are in `state.py`."""

    AWAITING_APPROVAL = "awaiting_approval"
    IN_TRANSFER = "in_transfer"
    ACTIVE = "active"
    BLOCKED = "blocked"
    RESOLVED = "resolved"
    CLOSED = "closed"
    DE_ESCALATED = "de_escalated"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Severity(StrEnum):
    """How bad it is, worst first. Display names (P1, Critical…) belong to the policy."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"

    def raised(self) -> "Severity":
        """One step worse; SEV1 stays SEV1."""
        order = list(Severity)
        return order[max(0, order.index(self) - 1)]


class Channel(StrEnum):
    """How a message reaches a person."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"
    CHAT = "chat"


class Message(StrEnum):
    """What is said. Each word is a folder of templates."""

    PAGE = "page"  # you are asked to take this escalation
    ACKNOWLEDGED = "acknowledged"  # somebody took what you were told about
    APPROVAL = "approval"  # your yes or no is wanted
    CHECK_IN = "check_in"  # the owner is asked for progress
    UPDATE_WANTED = "update_wanted"  # the customer contact is asked for words to the customer
    SITUATION = "situation"  # one notice per person: warnings, breaches and what else came due
    CLOSING = "closing"  # to everyone who was told: it is over, and how
    RETURNED = "returned"  # de-escalated: the ticket is yours again
    CUSTOMER_OPENING = "customer_opening"
    CUSTOMER_UPDATE = "customer_update"
    CUSTOMER_NO_NEWS = "customer_no_news"
    CUSTOMER_REMINDER = "customer_reminder"  # we wait for the customer
    CUSTOMER_RESOLUTION = "customer_resolution"  # is it fixed for you?
    CUSTOMER_CLOSING = "customer_closing"
    TICKET_STATUS = "ticket_status"  # a note in the ticket itself


class Topic(StrEnum):
    """Why a `Message.SITUATION` is sent; several may share one message."""

    TARGET_NEAR = "target_near"  # a warning
    TARGET_MISSED = "target_missed"  # a breach
    UPDATE_MISSED = "update_missed"  # the customer heard nothing in time
    CHECK_IN_MISSED = "check_in_missed"
    NOBODY_TOLD = "nobody_told"  # no contact of the chain could be reached
    NOBODY_ANSWERED = "nobody_answered"  # the chain is at its end
    OWNER_SILENT = "owner_silent"
    MESSAGE_FAILED = "message_failed"  # a customer's message could not be sent
    APPROVAL_EXPIRED = "approval_expired"
    REOPENED = "reopened"
    STATUS = "status"  # a stakeholder update
    WAR_ROOM = "war_room"  # the pinned status is due
    CHANNEL_DOWN = "channel_down"  # a provider refuses our account, our sender or our words: an operator must act
    APPROVAL_DECIDED = "approval_decided"  # what you asked for was decided; it is about the kind and the decision
    GLASS_BROKEN = "glass_broken"  # it was done at once, without the approvals that it needs
    GLASS_OBJECTED = "glass_objected"  # the review says that it should not have been
    REVIEW_OWED = "review_owed"  # nobody has reviewed it
    TOUCHES = "touches"  # many hands have owned it
    CONTACT_CHANGED = "contact_changed"  # somebody else speaks with the customer
    LINKED = "linked"  # a second party works beside it
    LINKED_ENDED = "linked_ended"


class Audience(StrEnum):
    """Who reads an update."""

    INTERNAL = "internal"
    CUSTOMER = "customer"


class ClockName(StrEnum):
    """Every deadline there is. The order is the rank in which simultaneous ones fire."""

    APPROVAL = "approval"
    TELL = "tell"  # the next rung inside a step: another channel, or the backup
    ACKNOWLEDGEMENT = "acknowledgement"
    SILENCE = "silence"  # acknowledged, then nothing
    RESPONSE = "response"
    RESOLUTION = "resolution"
    DEADLINE = "deadline"  # the request's own hard deadline
    CONFIRMATION = "confirmation"  # of the severity, by the receiving team
    CHECK_IN = "check_in"
    CUSTOMER_UPDATE = "customer_update"
    STAKEHOLDER_UPDATE = "stakeholder_update"
    WAR_ROOM = "war_room"
    BLOCKED_REMINDER = "blocked_reminder"
    BLOCKED_LIMIT = "blocked_limit"
    REOPEN_WINDOW = "reopen_window"
    RECONCILE = "reconcile"  # an ambiguous dispatch may be looked up; its cycle is the effect's number
    RECEIPT = "receipt"  # a page was accepted: its receipt is looked up at the goal, and not waited for past the limit
    RETRY = "retry"  # a page that met a busy destination is tried once more; for both, the cycle is the page's number
    CATCH_UP = "catch_up"  # notices that could not be sent are told in one
    QUIET = "quiet"  # somebody's quiet hours end: what was kept from them is told in one
    LULL = "lull"  # people are left alone until then


class Edge(StrEnum):
    """The instants of a clock at which something happens. The order is the rank at the same instant."""

    WARNING = "warning"
    GOAL = "goal"
    LIMIT = "limit"


class Outcome(StrEnum):
    """What became of a dispatch, as far as the provider's answer tells."""

    ACCEPTED = "accepted"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"  # it may or may not have been accepted: look before sending again
    DELIVERED = "delivered"  # a receipt says that it came to the device or the mailbox; not that anybody read it


class Failure(StrEnum):
    """Why a dispatch failed for good. Source: the error tables of the vendors, see `activities/failures.py`."""

    DESTINATION = "destination"  # this address will never work
    DESTINATION_BUSY = "destination_busy"  # not now; a later retry may work
    CONFIGURATION = "configuration"  # our account, key or sender: an operator must act
    CONTENT = "content"  # the provider refuses this text
    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"  # never got through to the provider within the allowed attempts
    NO_ADDRESS = "no_address"  # the directory has no such address for the contact
    QUIET = "quiet"  # nothing rings in somebody's quiet hours: it was not sent
    OPTED_OUT = "opted_out"  # they have turned this channel off, and may turn it on again: asked anew each time


class Reconciled(StrEnum):
    """What looking up an ambiguous dispatch showed."""

    ADOPTED = "adopted"  # the provider has it: it counts as accepted
    ABSENT = "absent"  # the provider never got it: it may be sent again
    UNKNOWN = "unknown"  # the provider could not be asked


class LullKind(StrEnum):
    """Why people are left alone for a while."""

    MAINTENANCE = "maintenance"  # it was opened in a window of maintenance: nobody is told before that ends
    SNOOZE = "snooze"  # somebody asked for it: the owner is not chased


class Handover(StrEnum):
    """From when on the receiving team's word about the severity is awaited."""

    HAND_OVER = "hand_over"
    ACKNOWLEDGEMENT = "acknowledgement"


class DeEscalationReason(StrEnum):
    """Why work returns to a lower level. Source: escalation agreement and procedures, de-escalation criteria."""

    FIX_DEPLOYED = "fix_deployed"
    NEEDS_INFO = "needs_info"
    HOW_TO = "how_to"
    SUPPORT_CAN_RESOLVE = "support_can_resolve"
    WORKAROUND_UNBLOCKS = "workaround_unblocks"
    SELF_RESOLVED = "self_resolved"
    SEVERITY_CHANGED = "severity_changed"
    SITUATION_CALMED = "situation_calmed"


class TriageMode(StrEnum):
    """What an agreement makes of triage when something is opened."""

    OFF = "off"
    ADVISE = "advise"  # it is asked and recorded; what the request names goes first
    REQUIRED = "required"  # and what support can keep is not opened, unless somebody escalates it by hand


class ApprovalKind(StrEnum):
    """What somebody's yes is needed for."""

    ESCALATE_TO_LEADERSHIP = "escalate_to_leadership"  # and whatever else a route starts with
    POLICY_EXCEPTION = "policy_exception"
    DEADLINE_EXTENSION = "deadline_extension"
    SEVERITY_DOWNGRADE = "severity_downgrade"  # of a SEV1
    DE_ESCALATE = "de_escalate"
    SPEND = "spend"  # an amount, against the limits of those who decide


class Decided(StrEnum):
    """How an approval ended."""

    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"  # nobody answered in time
    WITHDRAWN = "withdrawn"  # by whoever asked for it
    OVERTAKEN = "overtaken"  # it could no longer be done when the yes came


class Ask(StrEnum):
    """What the receiver is asked to do: exactly one."""

    INVESTIGATE = "investigate"
    FIX = "fix"
    DECIDE = "decide"
    APPROVE_EXCEPTION = "approve_exception"
