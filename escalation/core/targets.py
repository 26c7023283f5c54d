"""Promises with an end: first response, resolution, and the request's own hard deadline."""

from datetime import UTC, datetime, timedelta

from escalation.core.canonical import instant
from escalation.core.chain import raise_to_next
from escalation.core.clock import Clock, Due
from escalation.core.commands import ExtendDeadline
from escalation.core.draft import Draft, stale_warning
from escalation.core.effects import Point
from escalation.core.holding import holds
from escalation.core.hours import DAY, HORIZON_DAYS, Calendar, NeverOpenError, back
from escalation.core.lifting import lift
from escalation.core.policy import Target
from escalation.core.refusals import Refusal
from escalation.core.severity import set_severity, stand_still
from escalation.core.values import replace
from escalation.core.vocabulary import ApprovalKind, ClockName, Edge, LullKind, Phase, Severity, Topic
from escalation.core.watch import heard_from_owner


def start_targets(draft: Draft) -> None:
    """The clocks that run from the opening, whatever the phase."""
    if draft.response is not None:
        draft.start_clock(ClockName.RESPONSE, draft.response)
    draft.start_clock(ClockName.RESOLUTION, draft.resolution)
    start_deadline(draft)


def start_deadline(draft: Draft) -> None:
    """The hard deadline is an instant: it does not move. Its warnings come while those who can act are at work."""
    deadline, resolution = draft.case.deadline, draft.terms.resolution
    left = deadline - draft.now
    if left.total_seconds() > 0:
        far = left > HORIZON_DAYS * DAY  # beyond what is known of any calendar
        calendar = None if resolution.wall_leads or far else draft.policy.calendar(resolution.calendar)
        leads = tuple(_lead(calendar, deadline, lead) for lead in resolution.leads)
        draft.start_clock(ClockName.DEADLINE, Target(left, None, leads))


def extend_deadline(draft: Draft, command: ExtendDeadline) -> None:
    """Another hard deadline. A later one may have to wait for somebody's yes; an earlier one holds at once."""
    deadline = draft.case.deadline
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif command.deadline <= draft.now:
        draft.refuse(Refusal.DEADLINE_PASSED, deadline=instant(command.deadline), now=instant(draft.now))
    elif command.deadline == deadline:
        draft.refuse(Refusal.NO_CHANGE, deadline=instant(deadline))
    elif command.deadline > deadline and holds(draft, command, draft.policy.approval(ApprovalKind.DEADLINE_EXTENSION)):
        return
    else:
        draft.case = replace(draft.case, deadline=command.deadline.astimezone(UTC))
        if draft.phase is not Phase.RESOLVED:  # its clock starts again if it is reopened
            start_deadline(draft)
        if draft.phase is Phase.BLOCKED:
            stand_still(draft)
        heard_from_owner(draft, command.by)


def _lead(calendar: Calendar | None, deadline: datetime, lead: timedelta) -> timedelta:
    """How long before the deadline so much open time begins; every hour counts where a calendar opens too little."""
    try:
        return deadline - back(calendar, deadline, lead)
    except NeverOpenError:
        return lead


def target_near(draft: Draft, clock: Clock, due: Due) -> None:
    """Warn those who can still do something: the managers and whoever must act. Not when it is already too late."""
    if not stale_warning(clock, due.edge, draft.now):
        point = Point(Topic.TARGET_NEAR, clock.name, clock.limit_at)
        draft.notice(point, draft.policy.house.managers, draft.people.owner)
        last = due.edge is Edge.WARNING and all(ahead.edge is not Edge.WARNING for ahead in clock.dues[1:])
        if clock.target.climbs and last and draft.phase in (Phase.IN_TRANSFER, Phase.ACTIVE):
            raise_to_next(draft)


def response_missed(draft: Draft, clock: Clock, due: Due) -> None:
    """No human at the receiving level in time: counted and told; the chain is climbing already."""
    draft.missed(clock, due.at)
    draft.notice(Point(Topic.TARGET_MISSED, clock.name, due.at), draft.policy.house.managers, draft.people.owner)
    lift(draft, only=LullKind.SNOOZE)


def target_missed(draft: Draft, clock: Clock, due: Due) -> None:
    """Three things at once: one severity up, the next step is asked, the status reads "Escalation".

    A SEV1 stays SEV1 and the executive is told. The former owner keeps it until somebody accepts. The next turn of the
    resolution target starts now, so nothing that this breach raises can be missed in the same call.
    """
    house = draft.policy.house
    lift(draft, only=LullKind.SNOOZE)
    draft.missed(clock, due.at)
    draft.tally = replace(draft.tally, escalated=draft.tally.escalated or house.mark_on_breach)
    audience = [house.managers, draft.people.owner]
    if draft.grade.level is Severity.SEV1:
        audience.append(house.executive)
    draft.notice(Point(Topic.TARGET_MISSED, clock.name, due.at), *audience)
    if house.raise_severity_on_breach and draft.grade.level is not Severity.SEV1:
        set_severity(draft, draft.grade.level.raised(), by_hand=False)
    if clock.name is ClockName.RESOLUTION and clock.cycle < house.breach_cycles:
        draft.start_clock(ClockName.RESOLUTION, draft.resolution)
    if house.reassign_on_breach and draft.phase in (Phase.IN_TRANSFER, Phase.ACTIVE) and not _climbed(draft):
        raise_to_next(draft)


def _climbed(draft: Draft) -> bool:
    """Whether another target missed at the same time has asked the next step already: nobody is passed over."""
    targets = (ClockName.RESOLUTION, ClockName.DEADLINE)
    return any(due.edge is Edge.LIMIT and clock.name in targets for clock, due in draft.fired[:-1])
