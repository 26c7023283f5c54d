"""Every way to move the work: reassign, hand off, raise. Nobody is owner twice, and it is never nobody's."""

from dataclasses import replace

import pytest

from escalation.core.chain import LAPSES_MAX
from escalation.core.commands import Acknowledge, Block, Command, DeEscalate, HandOff, Raise, Reassign, Resolve
from escalation.core.draft import MISSES_MAX, NAMES_MAX
from escalation.core.refusals import Refusal
from escalation.core.state import Lapse, Miss
from escalation.core.vocabulary import Ask, ClockName, DeEscalationReason, Phase
from tests.core.cases import DAY, HOUR, MINUTE, SMS, START, Story, active

REASON = "stuck"


@pytest.mark.parametrize(
    ("command", "paged"),
    [
        (Reassign("ann", "zoe", REASON), "zoe"),
        (HandOff("ann", "circling", Ask.INVESTIGATE, REASON), "ann"),
        (Raise("ann", REASON), "lee"),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_the_former_owner_keeps_it_until_somebody_accepts(command: Command, paged: str) -> None:
    """Moved, asked, and only then owned by another."""
    story = active()
    story.do(command)

    assert (story.phase, story.owner, story.pages()) == (Phase.IN_TRANSFER, "ann", [(paged, SMS)])
    story.do(Acknowledge("kim"))
    assert (story.owner, story.state.people.owners) == ("kim", ("ann", "kim"))


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (Reassign("ann", "zoe", " "), Refusal.REASON_MISSING),
        (Reassign("ann", "ann", REASON), Refusal.NO_CHANGE),
        (HandOff("ann", "product", Ask.DECIDE, ""), Refusal.REASON_MISSING),
        (HandOff("ann", "nowhere", Ask.DECIDE, REASON), Refusal.UNKNOWN_ROUTE),
        (HandOff("ann", "product", Ask.FIX, REASON), Refusal.ASK_NOT_FOR_ROUTE),
        (Reassign("ann", "customer-7", REASON), Refusal.CUSTOMER_CANNOT_OWN),
        (Raise("ann", "\t"), Refusal.REASON_MISSING),
    ],
)
def test_a_move_that_cannot_be_is_refused(command: Command, refusal: Refusal) -> None:
    """Each reason once; nothing moves."""
    assert active().refused(command) is refusal


def test_a_refusal_says_what_would_have_been_possible() -> None:
    """The routes that are known, the asks that are allowed."""
    story = active()
    entry = story.do(HandOff("ann", "nowhere", Ask.FIX, REASON)).sealed.entry

    assert entry.facts == {"route": "nowhere", "known": "engineering, circling, product, leadership, lenient"}


def test_a_named_person_who_lets_the_window_pass_is_followed_by_the_next_step() -> None:
    """Reassigned at the first step: zoe's window is the step's, then the lead."""
    story = active()
    story.do(Reassign("ann", "zoe", REASON))
    story.take()
    story.wait(10 * MINUTE)

    assert ("lee", SMS) in story.pages()
    assert story.state.transfer.named is None


def test_the_same_person_may_be_asked_again_while_nobody_owns_it() -> None:
    """In transfer a reassignment to the present owner is a way to take it back."""
    story = Story()
    story.do(Reassign("sue", "sue", REASON))

    assert story.pages()[-1] == ("sue", SMS)


def test_a_hand_off_starts_the_other_chain_from_its_first_step() -> None:
    """Another route, another team, another ask; what had been climbed counts no more."""
    story = Story()
    story.wait(12 * MINUTE)
    story.do(HandOff("lee", "product", Ask.DECIDE, REASON))

    transfer = story.state.transfer
    assert (transfer.route, transfer.ask, transfer.step, transfer.lapses) == ("product", Ask.DECIDE, 0, ())
    assert story.sent[-1].brief.team == "Product"
    assert transfer.since == START
    assert story.state.tally.hand_offs == 1


def test_a_hand_off_out_of_waiting_lets_time_count_again() -> None:
    """A day of waiting moves the resolution target by a day; no reminder stays behind."""
    story = active()
    due = story.due(ClockName.RESOLUTION)
    assert due is not None
    story.do(Block("ann", "logs"))
    story.wait(DAY)
    story.do(HandOff("ann", "circling", Ask.INVESTIGATE, REASON))

    assert story.due(ClockName.RESOLUTION) == due + DAY
    assert story.clock(ClockName.BLOCKED_REMINDER) is None
    assert story.clock(ClockName.BLOCKED_LIMIT) is None


def test_raising_climbs_to_the_fallback_and_no_further() -> None:
    """Three steps, then the fallback; once it is the one asked, there is nothing above."""
    story = Story()
    for _ in range(3):
        story.do(Raise("sue", REASON))
    assert story.pages()[-1] == ("fay", SMS)

    entry = story.do(Raise("sue", REASON)).sealed.entry

    assert (entry.refusal, entry.facts) == (Refusal.TOP_OF_CHAIN, {"step": "fallback"})


def test_a_person_asked_by_name_at_the_top_is_named_in_the_refusal() -> None:
    """Reassigned while the fallback was asked: the top is still the top."""
    story = Story()
    for _ in range(3):
        story.do(Raise("sue", REASON))
    story.do(Reassign("sue", "zoe", REASON))

    assert story.do(Raise("sue", REASON)).sealed.entry.facts == {"step": "zoe"}


def test_time_in_transfer_is_the_sum_of_all_ways() -> None:
    """Five minutes to the first, seven to the second."""
    story = active()
    story.wait(HOUR)
    story.do(Raise("ann", REASON))
    story.wait(7 * MINUTE)
    story.do(Acknowledge("lee"))

    assert story.state.tally.in_transfer == 12 * MINUTE


def test_what_is_remembered_is_bounded() -> None:
    """Names, lapses and misses: the newest are kept, the log has them all."""
    many = tuple(f"p{n}" for n in range(NAMES_MAX))
    story = Story()
    state = story.state
    lapses = tuple(replace(_lapse(story), due=START - n * DAY) for n in range(LAPSES_MAX))
    misses = (_miss(),) * MISSES_MAX
    story.suppose(
        people=replace(state.people, told=many, owners=many),
        transfer=replace(state.transfer, lapses=lapses),
        tally=replace(state.tally, misses=misses),
    )

    story.wait(HOUR + MINUTE)
    lapses_kept = len(story.state.transfer.lapses)
    story.do(Acknowledge("ann"))

    people, transfer, tally = story.state.people, story.state.transfer, story.state.tally
    assert (len(people.told), people.told[-1] in many) == (NAMES_MAX, False)
    assert (len(people.owners), people.owners[-1]) == (NAMES_MAX, "ann")
    assert (lapses_kept, len(tally.misses)) == (LAPSES_MAX, MISSES_MAX)
    assert (transfer.lapses, transfer.paged) == ((), ())
    assert tally.misses[-1].clock is ClockName.RESPONSE


def _lapse(story: Story) -> Lapse:
    return Lapse(story.now, ("x",))


def _miss() -> Miss:
    return Miss(ClockName.CHECK_IN, 1, START)


def test_the_customer_owns_nothing() -> None:
    """Whoever owns it reads what is written inside: neither by taking, resolving nor being given it."""
    waiting, working = Story(), active()
    returned = DeEscalate("ann", DeEscalationReason.HOW_TO, "customer-7", "L1")

    assert waiting.refused(Acknowledge("customer-7")) is Refusal.CUSTOMER_CANNOT_OWN
    assert waiting.refused(Resolve("customer-7")) is Refusal.CUSTOMER_CANNOT_OWN
    assert working.refused(returned) is Refusal.CUSTOMER_CANNOT_OWN
