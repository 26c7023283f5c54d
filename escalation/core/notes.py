"""What moves no work: notes, the passing of time, and another version of the agreement."""

from dataclasses import replace

from escalation.core.commands import AddNote, AdoptPolicy, Elapse
from escalation.core.draft import Draft
from escalation.core.refusals import Refusal
from escalation.core.severity import retarget
from escalation.core.watch import heard_from_owner


def add_note(draft: Draft, command: AddNote) -> None:
    """Words for the record. The owner's own note shows that the owner is at work."""
    if command.text is None:
        draft.refuse(Refusal.TEXT_MISSING)
    else:
        heard_from_owner(draft, command.by)


def elapse(_draft: Draft, _command: Elapse) -> None:
    """What was due has fired already."""


def adopt_policy(draft: Draft, command: AdoptPolicy) -> None:
    """From now on another agreement: open promises take its targets, a step that is gone ends at the chain's end."""
    route = command.policy.route(draft.transfer.route)
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif route is None:
        known = ", ".join(known.name for known in command.policy.routes)
        draft.refuse(Refusal.UNKNOWN_ROUTE, route=draft.transfer.route, known=known)
    elif (route.approval is None) is not (draft.route.approval is None):
        draft.refuse(Refusal.APPROVAL_DIFFERS, route=route.name)
    elif command.policy.digest == draft.policy.digest:
        draft.refuse(Refusal.NO_CHANGE, version=command.policy.version)
    else:
        before, draft.policy = draft.policy, command.policy
        if route.approval is not None:
            last = len(route.approval.approvers) - 1
            draft.transfer = replace(draft.transfer, approver=min(draft.transfer.approver, last))
        retarget(draft, before)
