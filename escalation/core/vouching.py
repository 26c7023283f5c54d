"""Whose word it is: what somebody must have vouched for, and who may act in a restricted case."""

from escalation.core.commands import Command, ExtendDeadline, HandOff
from escalation.core.draft import Draft
from escalation.core.effects import Notify
from escalation.core.refusals import Refusal
from escalation.core.standing import Standing
from escalation.core.state import Escalation
from escalation.core.vocabulary import ApprovalKind, Severity

# Whoever stops a run in the engine itself. The workflow vouches for that, and nobody else can.
OPERATOR = "operator"
# Yes and no have rules of their own; another agreement tells nobody anything of the case.
NOT_ACTING = ("approve", "reject", "adopt_policy")
_ENDS = ("de_escalate", "cancel", "confirm")
_SEVERITIES = ("change_severity", "confirm_severity")


def wants_vouching(now: Escalation | Draft, command: Command) -> bool:
    """Whether it matters who says this: an approval may be asked for by it, or the case is restricted.

    Separation of duties and need-to-know are worth as much as the name that they are held against.
    """
    if not hasattr(command, "standing") or command.kind in NOT_ACTING:
        return False
    return now.case.restricted or _may_ask(now, command)


def objection(draft: Draft, command: Command) -> tuple[Refusal, dict[str, str]] | None:
    """Why somebody may not say this here, or None.

    Where nobody has looked (`standing` None), the name alone is what it was said to be.
    """
    if not wants_vouching(draft, command):
        return None
    by, standing = str(getattr(command, "by", "")), standing_of(command)
    if standing is not None and not believed(standing):
        return Refusal.UNVERIFIED, {"by": by}
    stopped = by == OPERATOR and standing is not None and standing.verified
    if draft.case.restricted and not stopped and knowing(draft).isdisjoint(names_of(by, standing)):
        return Refusal.NEED_TO_KNOW, {"by": by}
    return None


def standing_of(command: Command) -> Standing | None:
    """What was looked up about whoever says this; None: nothing."""
    found = getattr(command, "standing", None)
    return found if isinstance(found, Standing) else None


def believed(standing: Standing) -> bool:
    """Whether somebody vouched for the name, or development takes it as it is."""
    return standing.verified or standing.trusted_claims


def names_of(by: str, standing: Standing | None) -> tuple[str, ...]:
    """Everything that somebody is called: person, aliases and roles, each once."""
    if standing is None:
        return (by,)
    return tuple(dict.fromkeys((by, standing.person, *standing.aliases, *standing.roles)))


def knowing(now: Escalation | Draft) -> frozenset[str]:
    """Everybody who has heard of the case, is being told of it, or acts in it."""
    people, transfer = now.people, now.transfer
    being_told = [errand.effect.contact for errand in now.errands if isinstance(errand.effect, Notify)]
    named = (now.case.opened_by, people.owner, people.customer_contact, transfer.named or "")
    asked = (*transfer.asked, *(approval.asked_by for approval in now.approvals))
    # The customer knows of the trouble, not of what is said here.
    return frozenset((*named, *people.told, *people.owners, *asked, *being_told)) - {"", now.case.customer}


def _may_ask(now: Escalation | Draft, command: Command) -> bool:
    """Whether the agreement has terms for it, as it stands now."""
    policy = now.policy
    if isinstance(command, HandOff):
        route = policy.route(command.route)
        return route is not None and route.approval is not None
    if isinstance(command, ExtendDeadline):
        return command.deadline > now.case.deadline and policy.approval(ApprovalKind.DEADLINE_EXTENSION) is not None
    if command.kind in _SEVERITIES:
        return now.grade.level is Severity.SEV1 and policy.approval(ApprovalKind.SEVERITY_DOWNGRADE) is not None
    if command.kind in _ENDS:
        return policy.approval(ApprovalKind.DE_ESCALATE) is not None
    return command.kind == "request_approval"
