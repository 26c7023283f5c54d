"""Stories in which nobody does anything alone: what is asked for, and how it stands."""

from datetime import timedelta

from escalation.core.commands import (
    Approve,
    ChangeSeverity,
    DeEscalate,
    ExtendDeadline,
    HandOff,
    Reject,
    RequestApproval,
)
from escalation.core.money import Money
from escalation.core.policy import Policy
from escalation.core.state import Approval
from escalation.core.vocabulary import (
    ApprovalKind,
    Ask,
    DeEscalationReason,
    Message,
    Severity,
    Topic,
)
from tests.core.cases import (
    DAY,
    START,
    STRICT,
    Story,
    active,
    opening,
    standing,
)

SAM, VIC = standing("sam", "support-lead"), standing("vic", "vp")
YES, NO = Approve("sam", "agreed", SAM), Reject("sam", "no", SAM)
LOWER = ChangeSeverity("ann", Severity.SEV2, "workaround found")
LATER = ExtendDeadline("ann", START + 40 * DAY, "the customer agrees")
RETURN = DeEscalate("ann", DeEscalationReason.HOW_TO, "sue", "L1")
LEADERSHIP, LENIENT = (HandOff("ann", route, Ask.DECIDE, "a decision") for route in ("leadership", "lenient"))
EXCEPTION = RequestApproval("ann", ApprovalKind.POLICY_EXCEPTION, "a build of their own")
SPEND = RequestApproval("ann", ApprovalKind.SPEND, "a refund", Money(20_000, "EUR"))
SECOND = timedelta(seconds=1)


def taken(severity: Severity = Severity.SEV1, agreement: Policy = STRICT, **how: object) -> Story:
    """Taken by ann, under an agreement in which nobody does anything alone."""
    return active(opening(severity=severity, policy=agreement), **how)


def only(story: Story) -> Approval:
    (approval,) = story.state.approvals
    return approval


def told(story: Story, topic: Topic) -> dict[str, str]:
    """Who heard of that since the last look, and what."""
    return {
        sent.contact: point.about
        for sent in story.sent
        if sent.message is Message.SITUATION
        for point in sent.brief.points
        if point.topic is topic
    }
