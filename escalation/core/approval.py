"""A manager's yes before an escalation starts: who is asked, who may answer, and what silence means."""

from escalation.core.chain import begin_transfer
from escalation.core.clock import Clock, Due
from escalation.core.closing import end
from escalation.core.commands import Approve, Reject, ReportContacts, Standing
from escalation.core.draft import Draft
from escalation.core.effects import Point
from escalation.core.policy import ApprovalTerms, Target
from escalation.core.refusals import Refusal
from escalation.core.values import replace
from escalation.core.vocabulary import ClockName, Message, Phase, Topic


def ask_for_approval(draft: Draft, terms: ApprovalTerms, approver: int = 0) -> None:
    """Ask one approver; the window is theirs."""
    draft.phase = Phase.AWAITING_APPROVAL
    draft.start_clock(ClockName.APPROVAL, Target(terms.expiry))
    lookup = draft.find("approval", (terms.approvers[approver],))
    draft.transfer = replace(draft.transfer, approver=approver, lookup=lookup)


def reported_approver(draft: Draft, command: ReportContacts) -> None:
    """Who holds the role now: ask them, or their backup. When nobody does, the fallback hears of it."""
    draft.transfer = replace(draft.transfer, lookup=None)
    found = command.found[0] if command.found else None
    if found is not None and found.contact is not None:
        draft.notify(found.contact, draft.manner.notice, Message.APPROVAL)
    elif found is not None and found.backup is not None:
        draft.notify(found.backup, draft.manner.notice, Message.APPROVAL)
    else:
        draft.notice(Point(Topic.NOBODY_TOLD, "approval"), draft.policy.house.fallback)


def approve(draft: Draft, command: Approve) -> None:
    """Yes: the chain begins."""
    if _may_decide(draft, command):
        draft.stop_clock(ClockName.APPROVAL)
        begin_transfer(draft)


def reject(draft: Draft, command: Reject) -> None:
    """No: it ends here, and whoever was told hears."""
    if _may_decide(draft, command):
        end(draft, Phase.REJECTED)


def approval_expired(draft: Draft, _clock: Clock, due: Due) -> None:
    """Silence: the next approver, then what the policy says."""
    terms = draft.route.approval
    assert terms is not None  # only a route with approval starts this clock
    following = draft.transfer.approver + 1
    draft.notice(
        Point(Topic.APPROVAL_EXPIRED, terms.approvers[draft.transfer.approver], due.at), draft.people.customer_contact
    )
    if following < len(terms.approvers):
        ask_for_approval(draft, terms, following)
    elif terms.on_expiry == "open":
        draft.stop_clock(ClockName.APPROVAL)
        begin_transfer(draft)
    else:
        end(draft, Phase.REJECTED)


def _may_decide(draft: Draft, command: Approve | Reject) -> bool:
    """Authority, judged with the facts of this moment. A refusal is recorded and changes nothing."""
    refusal = _objection(draft, command.standing, command.by)
    if refusal is None and not command.reason.strip():
        refusal = Refusal.REASON_MISSING
    if refusal is not None:
        draft.refuse(refusal, by=command.by)
    return refusal is None


def _objection(draft: Draft, standing: Standing | None, by: str) -> Refusal | None:
    if standing is None or not standing.known:
        return Refusal.AUTHORITY_UNKNOWN
    if not (standing.verified or standing.trusted_claims):
        return Refusal.UNVERIFIED
    if draft.case.opened_by in {by, standing.person, *standing.aliases}:
        return Refusal.OWN_REQUEST
    terms = draft.route.approval
    allowed = terms.approvers[: draft.transfer.approver + 1] if terms is not None else ()
    return None if set(allowed) & set(standing.roles) else Refusal.NOT_AN_APPROVER
