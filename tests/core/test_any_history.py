"""Whatever happens, in whatever order: what holds after every single decision."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.core.audit import Kept, verify
from escalation.core.beside import Attach, ChangeContact, Link, ReportTold
from escalation.core.clock import Clock
from escalation.core.commands import (
    Acknowledge,
    AddNote,
    AdoptPolicy,
    Approve,
    Block,
    Cancel,
    ChangeSeverity,
    Command,
    Confirm,
    ConfirmSeverity,
    Decline,
    DeEscalate,
    Elapse,
    ExtendDeadline,
    HandOff,
    PostUpdate,
    Raise,
    Reassign,
    Reject,
    Reopen,
    RequestApproval,
    Resolve,
    Snooze,
    Unblock,
    Unsnooze,
)
from escalation.core.decide import FIRES_MAX, Decision, decide
from escalation.core.effects import (
    Effect,
    FindContacts,
    LookUpReceipt,
    Notify,
    Reconcile,
    ShowRoom,
    TellLinked,
    WriteTicket,
)
from escalation.core.facts import Found, ReportContacts, ReportDelivery, ReportReconciliation, ReportRoom, ReportTicket
from escalation.core.lull import MaintenanceWindow
from escalation.core.money import Money
from escalation.core.standing import Delegated
from escalation.core.state import ON_TIME, TRANSITIONS, Escalation, next_due
from escalation.core.vocabulary import (
    ApprovalKind,
    Ask,
    Audience,
    ClockName,
    DeEscalationReason,
    Message,
    Outcome,
    Phase,
    Reconciled,
    Severity,
)
from tests.core.cases import ALL, DAY, DIRECTORY, EMAIL, HOUR, MINUTE, SMS, START, STRICT, TEXT, opening, standing

SECOND = timedelta(seconds=1)
LATER = START + 10_000 * DAY
JUMPS = (timedelta(0), timedelta(0), SECOND, MINUTE, 5 * MINUTE, 10 * MINUTE, HOUR, 8 * HOUR, 30 * HOUR, 9 * DAY)
OTHER = replace(STRICT, version="2", digest="22" * 32, house=replace(STRICT.house, customer_floor=None))
PEOPLE = ("ann", "bob", "lee", "fay", "sue", "zoe")
ROUTES = (("engineering", Ask.FIX), ("product", Ask.DECIDE), ("circling", Ask.INVESTIGATE), ("nowhere", Ask.FIX))
WINDOW = MaintenanceWindow("db-move", START, START + 9 * HOUR, "the database moves", "dana", routes=("circling",))
# What one decision may ask for: closing notices to everyone in this small world, and a few more.
EFFECTS_MAX = 40
# How often time must be looked at, at one instant, until nothing is due: the longest cascade of this agreement.
LOOKS_MAX = 30

Move = tuple[int, int, int, timedelta]
MOVES = st.lists(
    st.tuples(st.integers(0, 46), st.integers(0, 59), st.integers(0, 59), st.sampled_from(JUMPS)),
    min_size=25,
    max_size=60,
)
OPENINGS = st.tuples(
    st.sampled_from(Severity),
    st.sampled_from([*ROUTES[:3], ("leadership", Ask.DECIDE), ("lenient", Ask.DECIDE)]),
    st.sampled_from((MINUTE, 3 * HOUR, 3 * DAY, 90 * DAY)),
)


def answer(effect: Effect, variant: int) -> Command:
    """One of the facts that may come back for an effect."""
    match effect:
        case FindContacts():
            if variant % 7 == 0:
                return ReportContacts(effect.number, failed="unreachable")
            found = [DIRECTORY.get(name, Found(name, name, ALL)) for name in effect.names]
            limits = (ALL, (EMAIL,), (), (SMS,))
            return ReportContacts(effect.number, tuple(replace(f, channels=limits[variant % 4]) for f in found))
        case Notify():
            return ReportDelivery(effect.number, list(Outcome)[variant % 3])
        case Reconcile():
            return ReportReconciliation(effect.number, list(Reconciled)[variant % 3])
        case LookUpReceipt():
            return ReportDelivery(
                effect.of, (Outcome.DELIVERED, Outcome.FAILED, Outcome.ACCEPTED)[variant % 3], how="poll"
            )
        case TellLinked():
            return ReportTold(effect.number, told=variant % 4 > 0)
        case WriteTicket():
            return ReportTicket(effect.number, written=variant % 4 > 0)
        case ShowRoom():
            return ReportRoom(effect.number, shown=variant % 4 > 0)


def command_of(state: Escalation, kind: int, which: int, variant: int) -> Command:
    """What somebody does, or what comes back; sometimes nonsense."""
    by, reason = PEOPLE[which % len(PEOPLE)], "" if variant % 11 == 0 else "because"
    route, ask = ROUTES[variant % len(ROUTES)]
    severity = list(Severity)[variant % 4]
    amount = Money(variant * 10_000, "EUR") if which % 2 else None
    roles = ("support-lead",) if which % 2 else ("passer-by", "duty")
    lent = (Delegated("vic", ("vic",), ("vp",)),) if variant % 3 == 0 else ()
    yes = standing(by, *roles, known=variant % 5 > 0, delegated=lent)
    commands: tuple[Command, ...] = (
        Approve(by, reason, yes),
        Reject(by, reason, yes),
        Acknowledge(by, occurred_at=START + variant * HOUR, standing=yes),
        Acknowledge(by),
        Decline(by, reason),
        PostUpdate(by, list(Audience)[variant % 2], TEXT if variant % 5 else None),
        ConfirmSeverity(by, severity, reason),
        ChangeSeverity(by, severity, reason),
        Reassign(by, PEOPLE[variant % 6], reason),
        HandOff(by, route, ask, reason),
        Raise(by, reason),
        Block(by, reason),
        Unblock(by, reason),
        Resolve(by, TEXT),
        Confirm(by),
        Reopen(by, reason),
        DeEscalate(by, DeEscalationReason.HOW_TO, by, "L1" if variant % 4 else ""),
        Cancel(by, reason) if variant % 4 == 0 else AddNote(by, TEXT),
        AdoptPolicy(by, OTHER if variant % 2 else STRICT, reason),
        Attach(by, f"{variant:064x}", which, "text/plain", TEXT if variant % 5 else None),
        ChangeContact(by, PEOPLE[variant % 6], reason),
        Link(by, f"ESC-1.{variant}", "2", reason),
        Approve(by, reason, yes, approval=variant % 6, break_glass=which % 3 == 0),
        Reject(by, reason, yes, approval=variant % 6),
        RequestApproval(by, list(ApprovalKind)[variant % 6], reason, amount),
        ExtendDeadline(by, START + variant * DAY, reason),
        HandOff(by, ("leadership", "lenient")[variant % 2], Ask.DECIDE, reason),
        Elapse(),
        Snooze(by, START + variant * HOUR, reason),
        Unsnooze(by, reason),
    )
    if kind < len(commands):
        return commands[kind]
    if not state.errands or which % 10 == 0:
        return ReportDelivery(which, list(Outcome)[variant % 3])
    return answer(state.errands[which % len(state.errands)].effect, variant)


def overdue(state: Escalation, now: datetime) -> list[Clock]:
    return [clock for clock in state.clocks if clock.due is not None and clock.due <= now]


def allowed_phases(before: Escalation, decision: Decision) -> set[Phase]:
    """Where the tables say that this decision may lead."""
    entry = decision.sealed.entry
    phases = {before.phase}
    for fired in entry.fired:
        phases |= {to or phase for phase in phases for to in ON_TIME.get((phase, fired.clock), (None,))}
    return (
        phases
        | {to or phase for phase in phases for to in TRANSITIONS.get((phase, entry.command.kind), (None,))}
        | (
            # a fact may move the chain on, but never the phase
            set()
        )
    )


def check_world(before: Escalation | None, after: Escalation, decision: Decision) -> None:
    """What was asked of the world: numbered, bounded, and silent after the end."""
    numbers = [effect.number for effect in decision.effects]
    first = before.head.effects if before is not None else 0
    held = [errand.effect.number for errand in after.errands if errand.held]
    released = [number for number in numbers if number <= first]
    decided = sorted(number for number in (*numbers, *held) if number > first)
    assert decided == list(range(first + 1, after.head.effects + 1))
    waiting = {errand.effect.number for errand in before.errands if errand.held} if before is not None else set()
    assert set(released) <= waiting
    assert len(numbers) <= EFFECTS_MAX
    writes = [errand for errand in after.errands if isinstance(errand.effect, WriteTicket)]
    assert [errand.held for errand in writes] == [False, *[True] * (len(writes) - 1)][: len(writes)]
    if before is not None and before.ended:
        sent = [e.effect for e in before.errands if isinstance(e.effect, Notify)]
        again = {notify.dispatch for notify in sent}
        # a page that was still on its way arrived: whoever got it hears that it is over
        late = {notify.contact for notify in sent if notify.message is Message.PAGE}
        for effect in decision.effects:
            if isinstance(effect, WriteTicket):
                assert effect.number in released
            elif isinstance(effect, Notify):
                assert effect.message is not Message.PAGE
                assert effect.dispatch in again or (effect.message is Message.CLOSING and effect.contact in late)
            else:
                assert isinstance(effect, Reconcile)
                assert effect.dispatch in again
    awaited = [errand.effect.number for errand in after.errands]
    assert len(set(awaited)) == len(awaited)


def check_state(before: Escalation | None, after: Escalation, decision: Decision) -> None:
    """Who owns it, what is due, and that a "no" changes nothing."""
    entry = decision.sealed.entry
    assert after.people.owner
    assert after.people.customer_contact
    assert after.head.sequence == (before.head.sequence if before is not None else 0) + 1
    names = {clock.name for clock in after.clocks}
    if after.ended:
        assert names <= {ClockName.RECONCILE}
    if after.phase in (Phase.ACTIVE, Phase.RESOLVED, Phase.AWAITING_APPROVAL):
        assert not names & {ClockName.TELL, ClockName.ACKNOWLEDGEMENT}
        assert after.transfer.since is None
    doubts = {errand.effect.number for errand in after.errands if errand.ambiguous}
    assert {clock.cycle for clock in after.clocks if clock.name is ClockName.RECONCILE} <= doubts
    if before is None:
        return
    assert after.phase in allowed_phases(before, decision)
    if entry.refusal is not None and not entry.fired:
        assert replace(after, head=before.head) == before
        assert decision.effects == ()
    for clock in overdue(after, entry.at):
        assert clock not in before.clocks or len(entry.fired) == FIRES_MAX


@settings(max_examples=60)
@given(opened=OPENINGS, moves=MOVES)
def test_what_holds_after_every_decision(
    opened: tuple[Severity, tuple[str, Ask], timedelta], moves: list[Move]
) -> None:
    """Owner, numbers, phases, dues, silence after the end; the same bytes twice; and a log that verifies."""
    severity, (route, ask), left = opened
    command: Command = opening(
        severity=severity, route=route, ask=ask, deadline=START + left, policy=STRICT, maintenance=(WINDOW,)
    )
    state: Escalation | None = None
    now, log = START, []
    for kind, which, variant, jump in [(0, 0, 0, JUMPS[0]), *moves]:
        if state is not None:
            command, now = command_of(state, kind, which, variant), now + jump
        decision = decide(state, command, now)
        assert decide(state, command, now) == decision
        assert decision.state is not None
        check_world(state, decision.state, decision)
        check_state(state, decision.state, decision)
        state = decision.state
        log.append(Kept(decision.sealed.body, decision.sealed.entry, decision.sealed.digest))

    verdict = verify(log)
    assert (verdict.fault, verdict.head, verdict.state) == (None, log[-1].digest, state)


@settings(max_examples=60)
@given(opened=OPENINGS, moves=MOVES)
def test_nothing_stays_due(opened: tuple[Severity, tuple[str, Ask], timedelta], moves: list[Move]) -> None:
    """Looking again at one instant comes to rest: no edge brings itself about, and the workflow's loop can sleep."""
    severity, (route, ask), left = opened
    command = opening(
        severity=severity, route=route, ask=ask, deadline=START + left, policy=STRICT, maintenance=(WINDOW,)
    )
    state, now = decide(None, command, START, sealed=False).state, START
    for kind, which, variant, jump in moves:
        assert state is not None
        now += jump
        state = decide(state, command_of(state, kind, which, variant), now, sealed=False).state
        assert state is not None
        for _ in range(LOOKS_MAX):
            if (next_due(state) or LATER) > now:
                break
            state = decide(state, Elapse(), now, sealed=False).state
            assert state is not None
        assert (next_due(state) or LATER) > now
