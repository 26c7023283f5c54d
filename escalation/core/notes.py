"""What moves no work: notes, the passing of time, and another version of the agreement."""

from escalation.core import clock as clocks
from escalation.core.clock import Gauge
from escalation.core.commands import AddNote, AdoptPolicy, Elapse
from escalation.core.draft import Draft
from escalation.core.policy import Policy
from escalation.core.refusals import Refusal
from escalation.core.severity import retarget
from escalation.core.values import replace
from escalation.core.vocabulary import ClockName
from escalation.core.watch import heard_from_owner

# Clocks to which another agreement gives another target, or another turn.
RETARGETED = (
    ClockName.RESPONSE,
    ClockName.RESOLUTION,
    ClockName.CHECK_IN,
    ClockName.CUSTOMER_UPDATE,
    ClockName.STAKEHOLDER_UPDATE,
    ClockName.WAR_ROOM,
)


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
        before, draft.policy = draft.policy, _with_calendars(draft, command.policy)
        if route.approval is not None:
            last = len(route.approval.approvers) - 1
            draft.transfer = replace(draft.transfer, approver=min(draft.transfer.approver, last))
        _remeasure(draft, before)
        retarget(draft, before, command.policy.reckoning.on_policy_change)


def _with_calendars(draft: Draft, policy: Policy) -> Policy:
    """The agreement, with the calendars of clocks that run on and that it does not know."""
    named = {clock.target.calendar for clock in draft.clocks.values()}
    kept = [known for known in draft.policy.calendars if known.name in named and policy.calendar(known.name) is None]
    return replace(policy, calendars=(*policy.calendars, *kept))


def _remeasure(draft: Draft, before: Policy) -> None:
    """Clocks that keep their target count on by the calendar of that name in the new agreement."""
    for clock in list(draft.clocks.values()):
        calendar = before.calendar(clock.target.calendar)
        if calendar is not None and calendar != draft.policy.calendar(calendar.name) and clock.name not in RETARGETED:
            counted, measured = Gauge(calendar, before.reckoning), draft.gauge(clock.target)
            draft.put_clock(clocks.retarget(clock, clock.target, draft.now, counted, measured))
