"""What a yes, a no and silence do to whatever waits for them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from escalation.core.authority import meant, vote_on
from escalation.core.chain import begin_transfer, hand_off
from escalation.core.clock import Clock, Due
from escalation.core.closing import cancel, confirm, de_escalate, end
from escalation.core.commands import Approve, ChangeSeverity, ConfirmSeverity, HandOff, Reject, RequestApproval
from escalation.core.draft import Draft, fire_due
from escalation.core.effects import ApprovalBrief, Point
from escalation.core.facts import Found, ReportContacts
from escalation.core.holding import ask, ask_next, deciders, has_room, in_all, keep, stop_asking
from escalation.core.lifting import lift
from escalation.core.money import facts_of, with_sum
from escalation.core.policy import ApprovalTerms
from escalation.core.refusals import Refusal
from escalation.core.severity import change_severity, confirm_severity
from escalation.core.standing import Standing
from escalation.core.state import TRANSITIONS, Approval, Held, Vote
from escalation.core.targets import extend_deadline
from escalation.core.values import replace
from escalation.core.vocabulary import ApprovalKind, Channel, ClockName, Decided, Message, Phase, Severity, Topic
from escalation.core.watch import heard_from_owner

# What is asked for as such: nothing is done by the yes but that it is in the log.
ASKED_FOR = (ApprovalKind.SPEND, ApprovalKind.POLICY_EXCEPTION)
HELD_RULES: dict[str, Callable[[Draft, Any], None]] = {
    "hand_off": hand_off,
    "change_severity": change_severity,
    "confirm_severity": confirm_severity,
    "de_escalate": de_escalate,
    "extend_deadline": extend_deadline,
    "cancel": cancel,
    "confirm": confirm,
}


def await_opening(draft: Draft, terms: ApprovalTerms, opener: Standing | None) -> None:
    """The chain waits for a yes."""
    draft.phase = Phase.AWAITING_APPROVAL
    ask(draft, terms, draft.case.opened_by, "", opener, opening=True)


def request_approval(draft: Draft, command: RequestApproval) -> None:
    """Ask for money or an exception; the answer names the approval by its number."""
    terms = draft.policy.approval(command.matter)
    amount = command.amount
    total = None if amount is None else in_all(draft, amount)
    if command.matter not in ASKED_FOR:
        draft.refuse(Refusal.ASK_BY_DOING, matter=command.matter)
    elif not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif command.matter is ApprovalKind.SPEND and (amount is None or amount.minor <= 0):
        draft.refuse(Refusal.AMOUNT_MISSING)
    elif command.matter is not ApprovalKind.SPEND and amount is not None:
        draft.refuse(Refusal.AMOUNT_UNWANTED, matter=command.matter)
    elif terms is None:
        known = ", ".join(each.kind for each in draft.policy.approvals)
        draft.refuse(Refusal.NO_APPROVAL_TERMS, matter=command.matter, known=known or "none")
    elif amount is not None and not deciders(terms, total or amount):
        limits = [limit for role in terms.approvers if (limit := terms.limit_of(role, amount.currency)) is not None]
        facts = {**facts_of(amount, total), "limit": str(max(limits, default=0))}
        draft.refuse(Refusal.ABOVE_EVERY_LIMIT, **facts)
    elif has_room(draft):
        ask(draft, terms, command.by, command.reason, command.standing, amount=amount)
        heard_from_owner(draft, command.by)


def reported_approvers(draft: Draft, command: ReportContacts) -> None:
    """Who holds the roles now: each is asked, or their backup. When nobody does, the fallback hears of it."""
    approval = next((each for each in draft.approvals if each.asking == command.number and each.pending), None)
    if approval is None:
        return  # others are asked by now, or it is decided
    contacts = dict(choice for found in command.found if (choice := _contact(draft, approval, found)) is not None)
    for contact, channel in contacts.items():
        draft.notify(contact, channel, Message.APPROVAL, approval=_brief(draft, approval))
    if not contacts:
        draft.notice(Point(Topic.NOBODY_TOLD, "approval"), draft.policy.house.fallback)


def approve(draft: Draft, command: Approve) -> None:
    """Yes. With the last one that is needed it is done, by its own rule."""
    judged = _judged(draft, command)
    if judged is None:
        return
    approval, vote = judged
    if approval.under_review:
        _review(draft, approval, vote, right=True)
    elif command.break_glass:
        _break_glass(draft, approval, vote)
    elif len(approval.votes) + 1 < approval.terms.quorum:
        keep(draft, replace(approval, votes=(*approval.votes, vote)))
    else:
        approval = replace(approval, votes=(*approval.votes, vote))
        _decide(draft, approval, Decided.APPROVED, draft.now, *(each.person for each in approval.votes))
    _answer(draft, approval)


def reject(draft: Draft, command: Reject) -> None:
    """No: one is enough. Whoever asked for it takes it back."""
    judged = _judged(draft, command)
    if judged is None:
        return
    approval, vote = judged
    if approval.under_review:
        _review(draft, approval, vote, right=False)
    else:
        decided = Decided.WITHDRAWN if approval.askers.intersection(vote.names) else Decided.REJECTED
        approval = replace(approval, votes=(*approval.votes, vote))
        _decide(draft, approval, decided, draft.now, vote.person)
    _answer(draft, approval)


def approval_expired(draft: Draft, clock: Clock, due: Due) -> None:
    """Silence: the next approvers, then what the terms say. Nobody is asked twice."""
    approval = next(each for each in draft.approvals if each.asking == clock.cycle)
    asked = ", ".join(approval.asked_now)
    draft.notice(Point(Topic.APPROVAL_EXPIRED, asked, due.at), *_askers(draft, approval), draft.people.customer_contact)
    if ask_next(draft, approval):
        return
    if approval.under_review:
        keep(draft, replace(approval, asking=0))
        draft.notice(Point(Topic.REVIEW_OWED, approval.kind), draft.policy.house.executive)
    elif _opens(approval):
        _decide(draft, approval, Decided.APPROVED, due.at)
    else:
        _decide(draft, approval, Decided.EXPIRED, due.at)


# --- inside ----------------------------------------------------------------------------------------------------------


def _judged(draft: Draft, command: Approve | Reject) -> tuple[Approval, Vote] | None:
    """What it is about and what it counts as. A refusal is recorded and changes nothing."""
    _expire(draft)
    approval = meant(draft.approvals, command.approval)
    if not isinstance(approval, Approval):
        draft.refuse(approval[0], **approval[1])
        return None
    vote = vote_on(approval, command)
    if not isinstance(vote, Vote):
        draft.refuse(vote[0], **vote[1])
        return None
    return approval, vote


def _expire(draft: Draft) -> None:
    """After an outage more may be due than fires in one call: nobody decides on what has expired all the same."""
    waiting = [clock for clock in draft.clocks.values() if clock.name is ClockName.APPROVAL]
    for clock in sorted(waiting, key=lambda clock: clock.dues[0].at):
        due = clock.dues[0]
        if due.at <= draft.now and (clock.name, clock.cycle) in draft.clocks:  # one may have ended it all
            fire_due(draft, clock)
            approval_expired(draft, clock, due)


def _decide(draft: Draft, approval: Approval, decided: Decided, at: datetime, *by: str) -> Approval:
    """It is decided: done, or left; who asked for it hears. Answers how it stands then."""
    stop_asking(draft, approval)
    approval = replace(approval, decided=decided, decided_by=by, decided_at=at)
    keep(draft, approval)
    if decided is Decided.APPROVED and approval.amount is not None:
        draft.tally = replace(draft.tally, spent=with_sum(draft.tally.spent, approval.amount))
    if decided is Decided.APPROVED and not _done(draft, approval):
        approval = replace(approval, decided=Decided.OVERTAKEN, glass=False)
        keep(draft, approval)
    elif decided is not Decided.APPROVED and approval.opening:
        end(draft, Phase.REJECTED)
    told = [] if approval.decided is Decided.WITHDRAWN else _askers(draft, approval)
    if approval.opening or approval.decided is Decided.EXPIRED:
        told.append(draft.people.customer_contact)
    draft.notice(Point(Topic.APPROVAL_DECIDED, f"{approval.kind} {approval.decided}"), *told)
    return approval


def _done(draft: Draft, approval: Approval) -> bool:
    """Do what was held, by its own rule; False when the phase or the rule no longer allows it."""
    held = approval.held
    if approval.opening:
        begin_transfer(draft)
    if held is None:
        return True
    if (draft.phase, held.kind) not in TRANSITIONS or _milder_already(draft, held):
        return False
    draft.agreed = True
    HELD_RULES[held.kind](draft, held)
    draft.agreed = False
    refused, draft.refusal, draft.facts = draft.refusal, None, {}
    return refused is None


def _milder_already(draft: Draft, held: Held) -> bool:
    """Whether a SEV1 was to be lowered that is none any more: a late yes must not make it worse than it is."""
    return isinstance(held, ChangeSeverity | ConfirmSeverity) and draft.grade.level is not Severity.SEV1


def _break_glass(draft: Draft, approval: Approval, vote: Vote) -> None:
    """At once, and loudly; then somebody else is asked to review it."""
    terms, house = approval.terms, draft.policy.house
    lift(draft)
    broken = replace(approval, votes=(*approval.votes, vote), glass=True)
    broken = _decide(draft, broken, Decided.APPROVED, draft.now, vote.person)
    if broken.glass:
        draft.notice(Point(Topic.GLASS_BROKEN, broken.kind), house.executive, house.managers, *terms.approvers)
        if not draft.ended:
            ask_next(draft, replace(broken, asked=()))


def _review(draft: Draft, approval: Approval, vote: Vote, *, right: bool) -> None:
    stop_asking(draft, approval)
    keep(draft, replace(approval, votes=(*approval.votes, vote), reviewed=right))
    if not right:
        house = draft.policy.house
        draft.notice(Point(Topic.GLASS_OBJECTED, approval.kind), house.executive, house.managers)


def _answer(draft: Draft, approval: Approval) -> None:
    """What the voter hears: the approval's number, and how it stands now."""
    now = next(each for each in draft.approvals if each.number == approval.number)
    draft.facts = {"approval": str(now.number), "stands": now.word}


def _askers(draft: Draft, approval: Approval) -> list[str]:
    """Whoever asked for it; for the opening that is the customer contact, who hears anyway."""
    return [] if approval.opening else [approval.asked_by]


def _contact(draft: Draft, approval: Approval, found: Found) -> tuple[str, Channel] | None:
    """Whom to ask and how: the primary, or the backup where the primary cannot be reached or has asked for it."""
    notice = draft.manner.notice
    choices = [
        (contact, notice if notice in channels or not channels else channels[0], bool(channels))
        for contact, channels in ((found.contact, found.channels), (found.backup, found.backup_channels))
        if contact is not None and contact not in approval.askers
    ]
    choices.sort(key=lambda choice: not choice[2])
    return choices[0][:2] if choices else None


def _brief(draft: Draft, approval: Approval) -> ApprovalBrief:
    clock = draft.clocks.get((ClockName.APPROVAL, approval.asking))
    return ApprovalBrief(
        number=approval.number,
        kind=approval.kind,
        asked_by=approval.asked_by,
        about=approval.about,
        quorum=approval.terms.quorum,
        votes=len(approval.votes),
        amount=approval.amount,
        review=approval.under_review,
        opening=approval.opening,
        reason=approval.reason,
        until=clock.limit_at if clock is not None else None,
        silence=_silence(approval),
        act=approval.held.kind if approval.held is not None else "",
        total=approval.total,
        claimed=approval.claimed,
    )


def _silence(approval: Approval) -> Literal["next", "reject", "open", "report"]:
    """What it means when those who are asked now say nothing."""
    if set(deciders(approval.terms, approval.weighed)) - set(approval.asked):
        return "next"
    if approval.under_review:
        return "report"
    return "open" if _opens(approval) else "reject"


def _opens(approval: Approval) -> bool:
    """Whether silence counts as a yes: only where a route is concerned, and its terms say so."""
    return approval.terms.on_expiry == "open" and (approval.opening or isinstance(approval.held, HandOff))
