"""How bad it is: set at the opening, confirmed by the receiving team, changed at any time, both ways."""

from dataclasses import replace

from escalation.core import clock as clocks
from escalation.core.cadence import start_customer_updates
from escalation.core.commands import ChangeSeverity, ConfirmSeverity
from escalation.core.draft import Draft
from escalation.core.policy import Policy
from escalation.core.refusals import Refusal
from escalation.core.state import Grade
from escalation.core.vocabulary import ClockName, Phase, Severity
from escalation.core.watch import heard_from_owner, start_watch


def confirm_severity(draft: Draft, command: ConfirmSeverity) -> None:
    """The receiving team's word, with evidence; another severity than before re-times the clocks."""
    if not command.evidence.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif draft.grade.confirmed and command.severity is draft.grade.level:
        draft.refuse(Refusal.NO_CHANGE, severity=command.severity)
    else:
        if command.severity is not draft.grade.level:
            set_severity(draft, command.severity)
        draft.grade = replace(draft.grade, confirmed=True)
        heard_from_owner(draft, command.by)


def change_severity(draft: Draft, command: ChangeSeverity) -> None:
    """Another severity, with a reason."""
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif command.severity is draft.grade.level:
        draft.refuse(Refusal.NO_CHANGE, severity=command.severity)
    else:
        set_severity(draft, command.severity)
        heard_from_owner(draft, command.by)


def set_severity(draft: Draft, level: Severity) -> None:
    """Take the new severity's targets: time already counted stays counted; turns of cadences start anew."""
    draft.grade = Grade(level, draft.grade.initial, draft.grade.confirmed)
    retarget(draft, draft.policy)


def retarget(draft: Draft, counted_by: Policy) -> None:
    """Give the running promises the targets of the terms in force now; `counted_by` was in force until now."""
    terms = draft.terms
    for name, target in ((ClockName.RESPONSE, terms.response), (ClockName.RESOLUTION, terms.resolution)):
        clock = draft.clock(name)
        if clock is not None and target is not None:
            counted, measured = counted_by.calendar(clock.target.calendar), draft.calendar(target.calendar)
            draft.put_clock(clocks.retarget(clock, target, draft.now, counted, measured))
    if draft.phase in (Phase.AWAITING_APPROVAL, Phase.IN_TRANSFER, Phase.ACTIVE):
        start_customer_updates(draft, heard=False)
    if draft.phase is Phase.ACTIVE:
        start_watch(draft)
