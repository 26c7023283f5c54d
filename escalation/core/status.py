"""What the ticket shows of an escalation."""

from escalation.core.vocabulary import Phase

STATUS = {
    Phase.AWAITING_APPROVAL: "Awaiting approval",
    Phase.IN_TRANSFER: "In Transfer",
    Phase.ACTIVE: "Active",
    Phase.BLOCKED: "Blocked",
    Phase.RESOLVED: "Resolved",
    Phase.CLOSED: "Closed",
    Phase.DE_ESCALATED: "De-escalated",
    Phase.REJECTED: "Rejected",
    Phase.CANCELLED: "Cancelled",
}


def status_of(phase: Phase, *, escalated: bool) -> str:
    """What the ticket shows."""
    return "Escalation" if escalated and phase in (Phase.IN_TRANSFER, Phase.ACTIVE) else STATUS[phase]
