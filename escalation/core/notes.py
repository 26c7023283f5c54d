"""What moves no work: notes, the passing of time, and another version of the agreement."""

from escalation.core import clock as clocks
from escalation.core.clock import Clock
from escalation.core.commands import AddNote, AdoptPolicy, Elapse
from escalation.core.draft import Draft
from escalation.core.hours import NeverOpenError, add
from escalation.core.loosening import no_looser
from escalation.core.policy import Policy
from escalation.core.refusals import Refusal
from escalation.core.severity import retarget, retarget_promises, stand_still
from escalation.core.values import replace
from escalation.core.vocabulary import ClockName, Phase
from escalation.core.watch import heard_from_owner

# Clocks to which another agreement gives another target, or another turn.
ANEW = (
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
    """From now on another agreement: open promises take its targets, a step that is gone ends at the chain's end.

    What needs somebody's yes by now needs it until the end: see `loosening.py`.
    """
    route = command.policy.route(draft.transfer.route)
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif route is None:
        known = ", ".join(known.name for known in command.policy.routes)
        draft.refuse(Refusal.UNKNOWN_ROUTE, route=draft.transfer.route, known=known)
    elif draft.case.segment and command.policy.segment(draft.case.segment) is None:
        known = ", ".join(known.name for known in command.policy.segments)
        draft.refuse(Refusal.UNKNOWN_SEGMENT, segment=draft.case.segment, known=known or "none")
    elif command.policy.digest == draft.policy.digest:
        draft.refuse(Refusal.NO_CHANGE, version=command.policy.version)
    elif (narrow := _too_narrow(draft, command.policy)) is not None:
        draft.refuse(Refusal.CALENDAR_TOO_NARROW, clock=narrow.name, calendar=narrow.target.calendar)
    else:
        before, draft.policy = draft.policy, no_looser(draft.policy, _with_calendars(draft, command.policy))
        _take_place(draft, len(before.chain(before.route_of(route.name).chain).steps))
        _remeasure(draft, before)
        if _turns(draft, before) == _turns(draft, draft.policy):
            retarget_promises(draft, before, command.policy.reckoning.on_policy_change)
            if draft.phase is Phase.BLOCKED:
                stand_still(draft)  # what runs on may be another choice
        else:
            retarget(draft, before, command.policy.reckoning.on_policy_change)


def _turns(draft: Draft, policy: Policy) -> tuple[object, ...]:
    """All that the turns of the cadences depend on; where it is the same, nobody waits longer for a word."""
    terms = policy.terms_of(draft.timeline)
    cadences = (terms.check_in, terms.customer_update, terms.stakeholder_update, terms.war_room)
    calendars = [policy.calendar(cadence.calendar) for cadence in cadences if cadence is not None]
    return (*cadences, *calendars, terms.silence, policy.house.customer_floor, policy.segments, policy.reckoning)


def _too_narrow(draft: Draft, policy: Policy) -> Clock | None:
    """A clock that keeps its target, and whose calendar opens too little for it in the new agreement."""
    for clock in draft.clocks.values():
        calendar = policy.calendar(clock.target.calendar)
        if clock.name in ANEW or calendar is None or clock.missed:
            continue
        try:
            add(calendar, draft.now, clock.target.limit)
        except NeverOpenError:
            return clock
    return None


def _take_place(draft: Draft, steps_before: int) -> None:
    """Where the chain stands in the new agreement: a step that is gone is its last one, the fallback stays that."""
    steps = len(draft.policy.chain(draft.route.chain).steps)
    at_fallback = draft.transfer.step >= steps_before
    draft.transfer = replace(draft.transfer, step=steps if at_fallback else min(draft.transfer.step, steps - 1))


def _with_calendars(draft: Draft, policy: Policy) -> Policy:
    """The agreement, with the calendars of clocks that run on and that it does not know."""
    named = {clock.target.calendar for clock in draft.clocks.values()}
    kept = [known for known in draft.policy.calendars if known.name in named and policy.calendar(known.name) is None]
    return replace(policy, calendars=(*policy.calendars, *kept))


def _remeasure(draft: Draft, before: Policy) -> None:
    """Clocks that keep their target count on by the calendar of that name in the new agreement."""
    retargeted = (*ANEW, ClockName.RESPONSE) if draft.response is not None else ANEW
    for clock in list(draft.clocks.values()):
        calendar = before.calendar(clock.target.calendar)
        if calendar is not None and calendar != draft.policy.calendar(calendar.name) and clock.name not in retargeted:
            counted, measured = clocks.gauge_of(before, clock.target), draft.gauge(clock.target)
            draft.put_clock(clocks.retarget(clock, clock.target, draft.now, counted, measured))
