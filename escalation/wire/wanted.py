"""What an approval is about, in words: the same on every page that shows one."""

from escalation.core.vocabulary import ApprovalKind
from escalation.wire.amounts import money
from escalation.wire.messages import ApprovalView

_ENDS = {"cancel": "cancelling it", "confirm": "closing it at the customer's word"}


def wanted(approval: ApprovalView) -> str:
    """What shall be done, or was done already: "spending EUR 500.00", "de-escalation to L1"."""
    said = _said(approval)
    return f"review of {said}, done by break-glass" if approval.review else said


def standing(approval: ApprovalView) -> str:
    """Who is asked, and how many have agreed: "asked of support-manager; 1 of 2 said yes"."""
    asked = f"asked of {', '.join(approval.asked)}" if approval.asked else "asked of nobody yet"
    if approval.claimed:
        asked += f" by a claim ({approval.asked_by!r}, unproven)"
    if approval.review:
        return asked
    return f"{asked}; {len(approval.votes)} of {approval.quorum} said yes"


def _said(approval: ApprovalView) -> str:
    about = approval.about
    match approval.kind:
        case ApprovalKind.SPEND:
            total = f" ({money(approval.total)} in all)" if approval.total is not None else ""
            return "spending" if approval.amount is None else f"spending {money(approval.amount)}{total}"
        case ApprovalKind.DEADLINE_EXTENSION:
            return f"deadline {about}"
        case ApprovalKind.SEVERITY_DOWNGRADE:
            return f"severity {about}"
        case ApprovalKind.DE_ESCALATE:
            return _ENDS.get(approval.act, f"de-escalation to {about}")
        case ApprovalKind.POLICY_EXCEPTION if not about:
            return "policy exception"
        case _:
            return f"hand-off to {about}" if about else "the escalation itself"
