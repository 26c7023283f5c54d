"""Who may say yes or no, judged with the facts of that moment: identity, separation of duties, role, limit, vote."""

from collections.abc import Sequence
from datetime import timedelta

from escalation.core.canonical import instant
from escalation.core.commands import Approve, Reject
from escalation.core.holding import deciders
from escalation.core.money import facts_of
from escalation.core.refusals import Refusal
from escalation.core.standing import Delegated, Standing
from escalation.core.state import Approval, Vote
from escalation.core.values import dataclass

# How far the clocks of whoever vouches and of the engine may differ.
CLOCKS_DIFFER = timedelta(minutes=1)
Objection = tuple[Refusal, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Office:
    """Roles that somebody may use now: their own, or another's who has delegated them. `names` are the holder's."""

    person: str
    names: frozenset[str]
    roles: frozenset[str]


def meant(approvals: Sequence[Approval], number: int | None) -> Approval | Objection:
    """The approval that a yes or no is about: the one of that number, or the only pending one."""
    if not approvals:
        return Refusal.NOTHING_TO_APPROVE, {}
    if number is not None:
        found = next((approval for approval in approvals if approval.number == number), None)
        if found is None:
            known = ", ".join(str(approval.number) for approval in approvals)
            return Refusal.UNKNOWN_APPROVAL, {"approval": str(number), "known": known}
        return found if found.pending else _already(found)
    pending = [approval for approval in approvals if approval.pending]
    if len(pending) > 1:
        return Refusal.WHICH_APPROVAL, {"open": ", ".join(str(approval.number) for approval in pending)}
    return pending[0] if pending else _already(max(approvals, key=lambda each: (_decided_at(each), each.number)))


def vote_on(approval: Approval, command: Approve | Reject) -> Vote | Objection:
    """What the command counts as, or why it counts for nothing. The reason is asked for last."""
    standing = command.standing
    if standing is None or not standing.known:
        return Refusal.AUTHORITY_UNKNOWN, {}
    if not (standing.verified or standing.trusted_claims):
        return Refusal.UNVERIFIED, {}
    if command.approval is None and _came_first(approval, standing):
        return Refusal.WHICH_APPROVAL, {"open": str(approval.number)}
    names = tuple(dict.fromkeys((command.by, standing.person, *standing.aliases)))
    if isinstance(command, Reject) and approval.decided is None and approval.askers.intersection(names):
        office: Office | Objection = Office(standing.person, frozenset(names), frozenset())  # theirs to take back
    else:
        office = _office(approval, command, standing, frozenset(names))
    if not isinstance(office, Office):
        return office
    if not command.reason.strip():
        return Refusal.REASON_MISSING, {}
    return Vote(command.by, standing.person, names, office.person, command.reason)


# --- inside ----------------------------------------------------------------------------------------------------------


def _came_first(approval: Approval, standing: Standing) -> bool:
    """Whether it was said before that was asked, by whoever vouches: another one was meant, or an old yes is copied."""
    asked_at = (approval.decided_at or approval.asked_at) if approval.glass else approval.asked_at
    return standing.vouched_at is not None and asked_at - standing.vouched_at > CLOCKS_DIFFER


def _already(approval: Approval) -> Objection:
    decided_by = ", ".join(approval.decided_by) or "nobody"
    facts = {"approval": str(approval.number), "decided": approval.word, "by": decided_by, "at": _decided_at(approval)}
    return Refusal.ALREADY_DECIDED, facts


def _decided_at(approval: Approval) -> str:
    return "" if approval.decided_at is None else instant(approval.decided_at)


def _office(
    approval: Approval, command: Approve | Reject, standing: Standing, names: frozenset[str]
) -> Office | Objection:
    """On whose roles it counts: one's own before another's. Nobody decides what they asked for, nor lets a proxy."""
    barred = {*approval.askers, *(approval.votes[-1].names if approval.glass else ())}
    if barred & names:
        return Refusal.OWN_REQUEST, {"asked_by": approval.asked_by}
    offices = [Office(standing.person, names, frozenset(standing.roles)), *map(_lent, standing.delegated)]
    breaks = isinstance(command, Approve) and command.break_glass
    glass = () if approval.glass else approval.terms.break_glass
    wanted = frozenset(glass if breaks else approval.asked)
    able = [office for office in offices if office.roles & wanted]
    independent = [office for office in able if not office.names & barred]
    if not independent:
        return (Refusal.OWN_REQUEST, {"asked_by": approval.asked_by}) if able else _unable(approval, offices, breaks)
    if breaks or approval.glass:
        return independent[0]
    used = {vote.authority for vote in approval.votes}
    fresh = [office for office in independent if not office.names & used]
    if not fresh or any(names.intersection(vote.names) for vote in approval.votes):
        return Refusal.ALREADY_VOTED, {"votes": str(len(approval.votes)), "quorum": str(approval.terms.quorum)}
    return fresh[0]


def _lent(by: Delegated) -> Office:
    return Office(by.person, frozenset((by.person, *by.names)), frozenset(by.roles))


def _unable(approval: Approval, offices: list[Office], breaks: bool) -> Objection:  # noqa: FBT001  # read where it is named
    """Nobody of those whose roles may be used is asked: too small a limit, or no approver at all."""
    if breaks:
        return Refusal.MAY_NOT_BREAK_GLASS, {"roles": ", ".join(approval.terms.break_glass) or "none"}
    terms, amount, weighed = approval.terms, approval.amount, approval.weighed
    small = set(terms.approvers) - set(deciders(terms, weighed))
    held = [role for office in offices for role in office.roles & small]
    if amount is not None and held:
        limit = max(terms.limit_of(role, amount.currency) or 0 for role in held)
        return Refusal.ABOVE_LIMIT, {"limit": str(limit), **facts_of(amount, weighed)}
    return Refusal.NOT_AN_APPROVER, {"asked": ", ".join(approval.asked)}
