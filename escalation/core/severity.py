"""How bad it is: set at the opening, confirmed by the receiving team, changed at any time, both ways."""

from escalation.core import clock as clocks
from escalation.core.cadence import start_customer_updates
from escalation.core.clock import Clock, Due
from escalation.core.commands import ChangeSeverity, ConfirmSeverity
from escalation.core.draft import Draft
from escalation.core.holding import holds
from escalation.core.lifting import lift
from escalation.core.policy import Policy, Target
from escalation.core.reckoning import Retiming
from escalation.core.refusals import Refusal
from escalation.core.rounds import start_rounds
from escalation.core.values import replace
from escalation.core.vocabulary import ApprovalKind, ClockName, Decided, Handover, LullKind, Phase, Severity
from escalation.core.watch import heard_from_owner, start_watch


def confirm_severity(draft: Draft, command: ConfirmSeverity) -> None:
    """The receiving team's word, with evidence; another severity than before re-times the clocks."""
    if not command.evidence.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif draft.grade.confirmed and command.severity is draft.grade.level:
        draft.refuse(Refusal.NO_CHANGE, severity=command.severity)
    elif not _first_word(draft) and _held_up(draft, command):
        return
    else:
        if command.severity is not draft.grade.level:
            set_severity(draft, command.severity)
        draft.grade = replace(draft.grade, confirmed=True, unconfirmed=False)
        draft.stop_clock(ClockName.CONFIRMATION)
        heard_from_owner(draft, command.by)


def change_severity(draft: Draft, command: ChangeSeverity) -> None:
    """Another severity, with a reason. To lower a SEV1 may need somebody's yes, outside of its confirmation."""
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif command.severity is draft.grade.level:
        draft.refuse(Refusal.NO_CHANGE, severity=command.severity)
    elif _held_up(draft, command):
        return
    else:
        set_severity(draft, command.severity)
        heard_from_owner(draft, command.by)


def _first_word(draft: Draft) -> bool:
    """Whether the receiving team has yet to say anything, in its time; it does not get around somebody's no."""
    asked = [each.decided for each in draft.approvals if each.kind is ApprovalKind.SEVERITY_DOWNGRADE]
    refused = Decided.REJECTED in asked or Decided.EXPIRED in asked
    return not (draft.grade.confirmed or draft.grade.unconfirmed or refused)


def _held_up(draft: Draft, command: ChangeSeverity | ConfirmSeverity) -> bool:
    """Whether it has to wait for somebody's yes: only a SEV1 that shall no longer be one."""
    lowered = draft.grade.level is Severity.SEV1 and command.severity is not Severity.SEV1
    return lowered and holds(draft, command, draft.policy.approval(ApprovalKind.SEVERITY_DOWNGRADE))


def set_severity(draft: Draft, level: Severity, *, by_hand: bool = True) -> None:
    """Take the new severity's targets: time already counted stays counted; turns of cadences start anew.

    When it is worse, people are told again; in a maintenance only if somebody says so, or if it is a SEV1 now.
    """
    order = list(Severity)
    if order.index(level) < order.index(draft.grade.level):
        lift(draft, only=None if by_hand or level is Severity.SEV1 else LullKind.SNOOZE)
    draft.grade = replace(draft.grade, level=level)
    retarget(draft, draft.policy, draft.policy.reckoning.on_severity_change)


def retarget(draft: Draft, counted_by: Policy, mode: Retiming) -> None:
    """Give the running promises the targets of the terms in force now; `counted_by` was in force until now.

    The cadences begin a turn anew; while everything waits, they stand still at its beginning.
    """
    retarget_promises(draft, counted_by, mode)
    if draft.phase is Phase.BLOCKED:
        draft.phase = draft.transfer.returns_to or Phase.ACTIVE
        _start_turns(draft)
        draft.phase = Phase.BLOCKED
        stand_still(draft)
    else:
        _start_turns(draft)


def stand_still(draft: Draft) -> None:
    """Waiting: what the agreement lets run on runs, and nothing else but the clocks of the waiting itself."""
    runs = draft.policy.house.runs_while_blocked
    draft.pause_clocks(besides=(*runs, ClockName.BLOCKED_REMINDER, ClockName.BLOCKED_LIMIT))
    draft.resume_clocks(runs)


def _start_turns(draft: Draft) -> None:
    if draft.phase in (Phase.AWAITING_APPROVAL, Phase.IN_TRANSFER, Phase.ACTIVE):
        start_customer_updates(draft, heard=False)
        start_rounds(draft)
    if draft.phase is Phase.ACTIVE:
        start_watch(draft)


def retarget_promises(draft: Draft, counted_by: Policy, mode: Retiming) -> None:
    """Another first response and resolution, for the clocks that run towards them.

    A first response that was not promised until now counts from the opening; one that was, stays promised.
    """
    for name, target in ((ClockName.RESPONSE, draft.response), (ClockName.RESOLUTION, draft.resolution)):
        clock = draft.clock(name)
        if clock is not None and target is not None:
            counted = clocks.gauge_of(counted_by, clock.target)
            draft.put_clock(clocks.retarget(clock, target, draft.now, counted, draft.gauge(target), mode))
        elif target is not None and name is ClockName.RESPONSE and not draft.people.owners:
            draft.put_clock(_since_the_opening(draft, target, mode))


def _since_the_opening(draft: Draft, target: Target, mode: Retiming) -> Clock:
    """A first response that is promised late, counted as if it had been from the opening on.

    Edges that lie behind us are skipped, but for the limit. While everything waits, it stands still as the others do.
    """
    gauge = draft.gauge(target)
    clock = clocks.start(ClockName.RESPONSE, 1, target, draft.case.opened_at, gauge)
    clock = clocks.retarget(clock, target, draft.now, gauge, gauge, mode)
    waits = draft.phase is Phase.BLOCKED and ClockName.RESPONSE not in draft.policy.house.runs_while_blocked
    return clocks.pause(clock, draft.now, gauge) if waits else clock


def await_confirmation(draft: Draft, since: Handover) -> None:
    """The receiving team's time to confirm or adjust the severity begins, where the terms begin it here."""
    confirmation = draft.terms.confirmation
    if confirmation is not None and confirmation.since is since and not draft.grade.confirmed:
        draft.start_clock(ClockName.CONFIRMATION, Target(confirmation.window))


def confirmation_lapsed(draft: Draft, _clock: Clock, _due: Due) -> None:
    """Silence: the sender's severity stands, marked unconfirmed. A later word still counts."""
    draft.grade = replace(draft.grade, unconfirmed=True)
