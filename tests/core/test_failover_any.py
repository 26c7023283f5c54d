"""Whatever receipts come, in whatever order: nobody is told twice, somebody always is, whoever took it has it."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.core.commands import Acknowledge, Block, Command, Elapse, Raise, Unblock
from escalation.core.decide import decide
from escalation.core.effects import Effect, FindContacts, LookUpReceipt, Notify, Reconcile, WriteTicket
from escalation.core.facts import Found, ReportContacts, ReportDelivery, ReportReconciliation, ReportTicket
from escalation.core.policy import Also
from escalation.core.state import Escalation, next_due
from escalation.core.vocabulary import ClockName, Failure, Message, Outcome, Phase, Reconciled
from tests.core.cases import ALL, DIRECTORY, MINUTE, POLICY, SMS, START, STEPS, opening
from tests.core.watched import GATEWAY, SECOND, WATCHED

CROWDED = tuple(replace(step, also=(Also("deputy"), Also("vp"))) for step in STEPS[:1]) + STEPS[1:]
CHAINS = (replace(POLICY.chains[0], steps=CROWDED, repeats=1), *POLICY.chains[1:])
AGREED = replace(WATCHED, chains=CHAINS)
PEOPLE = DIRECTORY | {"deputy": Found("deputy", "bob", ALL)}  # who is ann's backup as well
JUMPS = (*(timedelta(0),) * 4, SECOND, 20 * SECOND, 45 * SECOND, MINUTE, MINUTE, 3 * MINUTE, 11 * MINUTE)
FAILURES = (*Failure, *(Failure.DESTINATION_BUSY,) * 6, None, None)
RECEIPTS = (Outcome.DELIVERED, Outcome.FAILED, Outcome.ACCEPTED)
# How often time is looked at, at one instant, until nothing is due.
LOOKS_MAX = 30

Move = tuple[int, int, int, timedelta]
MOVES = st.lists(
    st.tuples(st.integers(0, 24), st.integers(0, 59), st.integers(0, 59), st.sampled_from(JUMPS)),
    min_size=20,
    max_size=80,
)


class World:
    """One escalation, what was sent for it, and how often each person was told."""

    def __init__(self) -> None:
        self.now = START
        self.sent: list[Notify] = []
        self.told: Counter[tuple[int, str, str, bool]] = Counter()
        self.dispatches: set[str] = set()
        self.state = self._decided(None, opening(policy=AGREED))

    def do(self, command: Command) -> None:
        """It arrives now; what must hold holds afterwards."""
        before = self.state
        self.state = self._decided(before, command)
        self._somebody_is_told()
        if isinstance(command, ReportDelivery) and not self._fired:
            assert (self.state.phase, self.state.people.owner) == (before.phase, before.people.owner)

    def _decided(self, state: Escalation | None, command: Command) -> Escalation:
        decision = decide(state, command, self.now, sealed=False)
        assert decide(state, command, self.now, sealed=False) == decision
        assert decision.state is not None
        self._fired = decision.sealed.entry.fired
        for effect in decision.effects:
            if isinstance(effect, Notify):
                self.sent.append(effect)
                if effect.message is Message.PAGE and effect.dispatch not in self.dispatches:
                    self.dispatches.add(effect.dispatch)
                    self._count(decision.state, effect)
        return decision.state

    def _count(self, state: Escalation, page: Notify) -> None:
        sent = state.people.post.of(page.number)
        assert sent is not None
        self.told[sent.visit, page.contact, page.channel, sent.again] += 1
        assert max(self.told.values()) == 1, "told twice in one visit, beyond the one retry"

    def _somebody_is_told(self) -> None:
        """While there are rungs, somebody of their audience stands; without any, the step is over or was the last."""
        state, transfer = self.state, self.state.transfer
        if state.phase is not Phase.IN_TRANSFER or transfer.lookup is not None:
            return
        stands = {s.audience for s in state.people.post.sent if s.number in transfer.pages and not s.silent}
        assert {rung.audience for rung in transfer.rungs} <= stands
        assert stands or state.tally.nobody_told or transfer.step == len(CROWDED)


def report(effect: Notify, variant: int, *, how: str) -> ReportDelivery:
    """A provider's answer, or a receipt; the reason for a failure is any."""
    outcome = (*RECEIPTS, Outcome.AMBIGUOUS)[variant % 4] if how == "sent" else RECEIPTS[variant % 3]
    failure = FAILURES[variant % len(FAILURES)] if outcome is Outcome.FAILED else None
    return ReportDelivery(effect.number, outcome, failure=failure, code="7", how=how, standing=GATEWAY)


def answer(state: Escalation, which: int, variant: int) -> Command:
    """A fact that may come back for something that was asked."""
    effects = [errand.effect for errand in state.awaited.errands if errand.asked]
    telling: list[Effect] = [e for e in effects if isinstance(e, Notify) and e.message is Message.PAGE]
    telling += [e for e in effects if isinstance(e, FindContacts) and e.purpose == "step"]
    if not effects:
        return Elapse()
    effect = telling[which % len(telling)] if telling and which % 4 else effects[which % len(effects)]
    match effect:
        case FindContacts():
            channels = (ALL, ALL, ALL, ALL, ALL, (SMS,), ())[variant % 7]
            found = tuple(replace(PEOPLE[name], channels=channels) for name in effect.names if name in PEOPLE)
            return ReportContacts(effect.number, found)
        case Notify():
            return report(effect, variant, how="sent")
        case Reconcile():
            return ReportReconciliation(effect.number, list(Reconciled)[variant % 3])
        case LookUpReceipt():
            return ReportDelivery(effect.of, RECEIPTS[variant % 3], how="poll")
        case WriteTicket():
            return ReportTicket(effect.number, written=True)
        case _:
            raise AssertionError(effect)


def played(moves: list[Move]) -> World:
    """Answers and receipts above all; now and then a person does something."""
    world = World()
    for kind, which, variant, jump in moves:
        world.now += jump
        if kind < 10:
            world.do(answer(world.state, which, variant))
        elif kind < 16 and world.sent:
            pages = [sent for sent in world.sent if sent.message is Message.PAGE]
            world.do(report((pages or world.sent)[-1 - which % 6 % len(pages or world.sent)], variant, how="receipt"))
        elif kind == 16:
            world.do(Raise("sue", "faster") if variant % 6 else Acknowledge("ann"))
        elif kind < 20:
            world.do(Block("sue", "logs") if variant % 2 else Unblock("sue", "they came"))
        else:
            world.do(Elapse())
    return world


@settings(max_examples=150)
@given(moves=MOVES)
def test_nobody_is_told_twice_and_somebody_always_is(moves: list[Move]) -> None:
    """Per visit, contact and channel: one page and at most one retry; and no step idles while rungs remain."""
    world = played(moves)
    for _ in range(LOOKS_MAX):
        due = next_due(world.state)
        if due is None or due > world.now:
            break
        world.do(Elapse())
    assert (next_due(world.state) or world.now + SECOND) > world.now


@settings(max_examples=60)
@given(moves=MOVES)
def test_no_receipt_takes_an_acknowledgement_back(moves: list[Move]) -> None:
    """Whatever comes about any message of the past: who has it, has it, and nobody is paged."""
    world = played(moves)
    if world.state.phase is Phase.BLOCKED:
        world.do(Unblock("sue", "they came"))
    world.do(Acknowledge("lee"))
    if world.state.phase is not Phase.ACTIVE:
        return
    owner, pages = world.state.people.owner, len(world.dispatches)
    for place, effect in enumerate(list(world.sent)):
        world.do(report(effect, place, how="receipt"))

    assert (world.state.phase, world.state.people.owner, len(world.dispatches)) == (Phase.ACTIVE, owner, pages)
    assert not {ClockName.RECEIPT, ClockName.RETRY} & {clock.name for clock in world.state.clocks}
