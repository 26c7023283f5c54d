"""What people and programs see of an escalation, made from its state. Nothing here decides."""

from escalation.core.clock import Clock
from escalation.core.draft import status_of
from escalation.core.state import Escalation, next_due
from escalation.core.vocabulary import ClockName
from escalation.wire.messages import ClockView, View


def view_of(state: Escalation) -> View:
    """A read-only picture."""
    route = state.policy.route_of(state.transfer.route)
    transfer = state.transfer
    return View(
        reference=state.case.reference,
        episode=state.case.episode,
        ticket=state.case.ticket,
        code=state.case.code,
        phase=state.phase,
        status=status_of(state.phase, escalated=state.tally.escalated),
        severity=state.grade.level,
        label=state.policy.terms_of(state.grade.level).label,
        severity_confirmed=state.grade.confirmed,
        route=route.name,
        team=route.team,
        customer=state.case.customer,
        owner=state.people.owner,
        customer_contact=state.people.customer_contact,
        asked=transfer.asked[-1] if transfer.asked else None,
        step=step_of(state),
        opened_at=state.case.opened_at,
        deadline=state.case.deadline,
        next_due=next_due(state),
        clocks=tuple(_clock_view(clock) for clock in state.clocks),
        told=state.people.told,
        breaches=len(state.tally.misses),
        hand_offs=state.tally.hand_offs,
        reopens=state.tally.reopens,
        touches=len(state.people.owners),
        in_transfer_seconds=int(state.tally.in_transfer.total_seconds()),
        nobody_told=state.tally.nobody_told,
        policy=state.policy.name,
        policy_version=state.policy.version,
        policy_stale=state.policy.stale,
        sequence=state.head.sequence,
        digest=state.head.digest,
        severity_unconfirmed=state.grade.unconfirmed,
        segment=state.case.segment,
    )


def step_of(state: Escalation) -> str:
    """What the step of the chain is called: its name, the person asked by name, or the fallback."""
    route = state.policy.route_of(state.transfer.route)
    steps = state.policy.chain(route.chain).steps
    if state.transfer.named is not None:
        return state.transfer.named
    return steps[state.transfer.step].name if state.transfer.step < len(steps) else "fallback"


def page_of(view: View) -> str:
    """The same as a few lines of Markdown, for the engine's own pages."""
    due = view.next_due.isoformat(timespec="seconds") if view.next_due else "nothing"
    lines = [
        f"**{view.status}** · {view.severity} ({view.label}) · {view.route} → {view.team}, step *{view.step}*",
        f"Owner `{view.owner}`, customer contact `{view.customer_contact}`",
        f"Next due: {due}",
        "",
        "| clock | turn | next edge | due (UTC) |",
        "|---|---|---|---|",
        *(f"| {c.name} | {c.cycle} | {c.edge or c.state} | {_short(c)} |" for c in view.clocks),
    ]
    if view.nobody_told:
        lines.insert(1, "**Nobody could be told.**")
    return "\n".join(lines)


def missed(state: Escalation) -> bool:
    """Whether a promise with an end was missed."""
    ends = (ClockName.RESPONSE, ClockName.RESOLUTION, ClockName.DEADLINE)
    return any(miss.clock in ends for miss in state.tally.misses)


def _short(clock: ClockView) -> str:
    return clock.due.isoformat(timespec="seconds") if clock.due else "–"


def _clock_view(clock: Clock) -> ClockView:
    return ClockView(
        name=clock.name,
        cycle=clock.cycle,
        state="running" if clock.running else "paused",
        due=clock.due,
        edge=clock.dues[0].edge if clock.dues else None,
        limit_at=clock.limit_at,
    )
