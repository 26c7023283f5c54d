"""What waits for somebody's yes: how it is asked for, and what becomes of it when everything is over.

Who may say yes is in `authority.py`, what a yes or no does in `approval.py`.
"""

from escalation.core.commands import Confirm, ConfirmSeverity
from escalation.core.draft import Draft
from escalation.core.effects import Point
from escalation.core.money import Money, sum_of
from escalation.core.policy import ApprovalTerms, Target
from escalation.core.refusals import Refusal
from escalation.core.standing import Standing
from escalation.core.state import Approval, Held
from escalation.core.values import replace
from escalation.core.vocabulary import ApprovalKind, ClockName, Decided, Topic
from escalation.core.watch import heard_from_owner

# Approvals that may be pending at a time, and decided ones that are kept so that latecomers hear what was decided.
APPROVALS_MAX = 20
DECIDED_MAX = 20


def holds(draft: Draft, command: Held, terms: ApprovalTerms | None) -> bool:
    """Whether a command has to wait: for the yes that `terms` ask for, or for the one that is asked for already."""
    if terms is None or draft.agreed:
        return False
    same = next((each for each in draft.approvals if _is_for(each, command, terms.kind)), None)
    if same is not None:
        draft.refuse(Refusal.APPROVAL_PENDING, approval=str(same.number))
    elif has_room(draft):
        ask(draft, terms, command.by, _reason_of(command), command.standing, held=command)
        heard_from_owner(draft, command.by)
    return True


def has_room(draft: Draft) -> bool:
    """Whether one more approval may be pending; if not, the command is refused."""
    pending = sum(approval.pending for approval in draft.approvals)
    if pending >= APPROVALS_MAX:
        draft.refuse(Refusal.TOO_MANY_APPROVALS, limit=str(APPROVALS_MAX))
    return pending < APPROVALS_MAX


def ask(
    draft: Draft,
    terms: ApprovalTerms,
    by: str,
    reason: str,
    standing: Standing | None,
    *,
    held: Held | None = None,
    opening: bool = False,
    amount: Money | None = None,
) -> None:
    """Ask the first approvers. The answer names the approval by its number, which nothing else here ever has.

    `standing` is that of whoever asks: every name of theirs counts when somebody else is to decide.
    """
    total = in_all(draft, amount) if amount is not None else None
    number = max((approval.number for approval in draft.approvals), default=0) + 1
    asked = Approval(number, terms.kind, by, draft.now, reason, terms, held, opening, amount, total=total)
    if standing is not None:
        asked = replace(asked, asker=(standing.person, *standing.aliases), claimed=not standing.verified)
    draft.facts = {"approval": str(number)}
    ask_next(draft, asked)


def in_all(draft: Draft, amount: Money) -> Money | None:
    """An amount with what was agreed to or is asked for already, so that no limit is got around in pieces.

    None where there is nothing before it. What is refused later was counted: a yes too high up is the safe mistake.
    """
    asked = [each.amount for each in draft.approvals if each.decided is None and each.amount is not None]
    before = sum_of((*draft.tally.spent, *asked), amount.currency)
    return Money(before.minor + amount.minor, amount.currency) if before.minor else None


def ask_next(draft: Draft, approval: Approval) -> bool:
    """Ask the next approvers, for as long as the terms say; False when all who may decide it have been asked."""
    stop_asking(draft, approval)
    left = [role for role in deciders(approval.terms, approval.weighed) if role not in approval.asked]
    roles = tuple(left[: approval.at_once])
    if roles:
        asking = draft.find("approval", roles)
        draft.start_clock(ClockName.APPROVAL, Target(approval.terms.expiry), cycle=asking)
        keep(draft, replace(approval, asked=(*approval.asked, *roles), asking=asking))
    return bool(roles)


def stop_asking(draft: Draft, approval: Approval) -> None:
    """Nobody's window runs any more for that one."""
    draft.clocks.pop((ClockName.APPROVAL, approval.asking), None)


def deciders(terms: ApprovalTerms, amount: Money | None) -> tuple[str, ...]:
    """The approvers that may decide it, in the order in which they are asked: for money, whose limit covers it."""
    return tuple(
        role
        for role in terms.approvers
        if amount is None or (terms.limit_of(role, amount.currency) or 0) >= amount.minor
    )


def keep(draft: Draft, approval: Approval) -> None:
    """Remember it as it is now, in its place; of what nobody waits for any more, the last ones."""
    others = [each for each in draft.approvals if each.number < approval.number]
    later = [each for each in draft.approvals if each.number > approval.number]
    known = (*others, approval, *later)
    forgotten = [each.number for each in known if not each.pending][:-DECIDED_MAX]
    draft.approvals = tuple(each for each in known if each.number not in forgotten)


def leave_undecided(draft: Draft) -> None:
    """It is over: what still waits is overtaken, and the executive hears of what nobody has reviewed."""
    for approval in draft.approvals:
        if approval.decided is None:
            keep(draft, replace(approval, decided=Decided.OVERTAKEN, decided_at=draft.now))
        elif approval.under_review:
            draft.notice(Point(Topic.REVIEW_OWED, approval.kind), draft.policy.house.executive)


def _is_for(approval: Approval, command: Held, kind: ApprovalKind) -> bool:
    """Whether the same waits already. Hand-offs are the same whatever their routes ask for; each end is another."""
    held = approval.held
    if approval.decided is not None or held is None:
        return False
    return held.kind == command.kind or (approval.kind is kind and kind is not ApprovalKind.DE_ESCALATE)


def _reason_of(command: Held) -> str:
    """As whoever decides reads it; the customer's agreement is a reason in itself."""
    if isinstance(command, Confirm):
        return ""
    return command.evidence if isinstance(command, ConfirmSeverity) else command.reason
