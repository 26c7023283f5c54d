"""What people and programs see of an escalation, made from its state. Nothing here decides."""

from escalation.core.beside import Linked
from escalation.core.clock import Clock
from escalation.core.state import Approval, Escalation, next_due
from escalation.core.vocabulary import ClockName
from escalation.wire.messages import ApprovalView, ClockView, View
from escalation.wire.wanted import standing, wanted


def view_of(state: Escalation) -> View:
    """A read-only picture."""
    route = state.policy.route_of(state.transfer.route)
    transfer, lull = state.transfer, state.people.lull
    return View(
        reference=state.case.reference,
        episode=state.case.episode,
        ticket=state.case.ticket,
        code=state.case.code,
        phase=state.phase,
        status=state.status,
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
        touches=state.tally.touches,
        in_transfer_seconds=int(state.tally.in_transfer.total_seconds()),
        nobody_told=state.tally.nobody_told,
        policy=state.policy.name,
        policy_version=state.policy.version,
        policy_stale=state.policy.stale,
        sequence=state.head.sequence,
        digest=state.head.digest,
        severity_unconfirmed=state.grade.unconfirmed,
        segment=state.case.segment,
        restricted=state.case.restricted,
        opened_by=state.case.opened_by,
        ping_pongs=state.tally.ping_pongs,
        in_transfer_since=transfer.since,
        linked_to=state.case.linked_to,
        links=state.case.links,
        attachments=state.case.attachments,
        all_asked=transfer.asked,
        left_alone_until=lull.until if lull is not None else None,
        left_alone_by=lull.by if lull is not None else "",
        left_alone_why=lull.why if lull is not None else "",
        approvals=tuple(_approval_view(state, each) for each in state.approvals if each.pending),
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
        *_left_alone(view),
        *_beside(view),
        "",
        "| clock | turn | next edge | due (UTC) |",
        "|---|---|---|---|",
        *(f"| {c.name} | {c.cycle} | {c.edge or c.state} | {_short(c)} |" for c in view.clocks),
    ]
    lines += ["", *(_approval(each) for each in view.approvals)] if view.approvals else []
    if view.nobody_told:
        lines.insert(1, "**Nobody could be told.**")
    return "\n".join(lines)


def knowing(view: View) -> tuple[str, ...]:
    """Everybody who has heard of a case or acts in it: those who may read what belongs to a restricted one."""
    named = (view.opened_by, view.owner, view.customer_contact, *view.told, view.asked or "")
    return tuple(dict.fromkeys(name for name in named if name))


def links_of(view: View) -> list[str]:
    """The escalations about the same ticket, each as people read it: "beside INC-7", "INC-7.2 (closed)"."""
    first = [] if view.linked_to is None else [f"beside {_linked(view.linked_to)}"]
    return [*first, *(_linked(each) for each in view.links)]


def _linked(one: Linked) -> str:
    return one.reference + (f" ({one.phase.replace('_', ' ')})" if one.phase is not None else "")


def _beside(view: View) -> list[str]:
    found = links_of(view)
    return [f"Linked: {', '.join(found)}"] if found else []


def _left_alone(view: View) -> list[str]:
    if view.left_alone_until is None:
        return []
    until = view.left_alone_until.isoformat(timespec="seconds")
    return [f"**Left alone** until {until} by `{view.left_alone_by}`, {view.left_alone_why}"]


def _approval(approval: ApprovalView) -> str:
    until = f" until {approval.due.isoformat(timespec='seconds')}" if approval.due is not None else ""
    return f"- Approval {approval.number}: {wanted(approval)}, {standing(approval)}{until}"


def missed(state: Escalation) -> bool:
    """Whether a promise with an end was missed."""
    ends = (ClockName.RESPONSE, ClockName.RESOLUTION, ClockName.DEADLINE)
    return any(miss.clock in ends for miss in state.tally.misses)


def _short(clock: ClockView) -> str:
    return clock.due.isoformat(timespec="seconds") if clock.due else "–"


def _approval_view(state: Escalation, approval: Approval) -> ApprovalView:
    cycles = {clock.cycle: clock.due for clock in state.clocks if clock.name is ClockName.APPROVAL}
    return ApprovalView(
        number=approval.number,
        kind=approval.kind,
        word=approval.word,
        asked_by=approval.asked_by,
        asked_at=approval.asked_at,
        reason=approval.reason,
        about=approval.about,
        asked=approval.asked,
        votes=tuple(vote.by for vote in approval.votes),
        quorum=approval.terms.quorum,
        due=cycles.get(approval.asking),
        amount=approval.amount,
        opening=approval.opening,
        review=approval.under_review,
        act=approval.held.kind if approval.held is not None else "",
        total=approval.total,
        claimed=approval.claimed,
    )


def _clock_view(clock: Clock) -> ClockView:
    return ClockView(
        name=clock.name,
        cycle=clock.cycle,
        state="running" if clock.running else "paused",
        due=clock.due,
        edge=clock.dues[0].edge if clock.dues else None,
        limit_at=clock.limit_at,
    )
