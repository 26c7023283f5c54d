"""Promises that repeat: who is asked for words, who hears that none came, and when the next turn is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.cadence import TURNS_SKIPPED_MAX
from escalation.core.commands import Acknowledge, AdoptPolicy, Block, Elapse, PostUpdate, Resolve, Unblock
from escalation.core.policy import Cadence, Policy, Target
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Audience, ClockName, Message, Severity
from tests.core.cases import DAY, EMAIL, HOUR, MINUTE, POLICY, START, TEXT, Story, active, opening, policy, with_terms

CUSTOMER, CHECK_IN = ClockName.CUSTOMER_UPDATE, ClockName.CHECK_IN
WORDS = PostUpdate("sue", Audience.CUSTOMER, TEXT)
PROGRESS = PostUpdate("ann", Audience.INTERNAL, TEXT)


def customer_heard(story: Story) -> list[Message]:
    return [message for contact, message, _ in story.take() if contact == "customer-7"]


def only_customer(cadence: Cadence | None, floor: timedelta | None = DAY) -> Policy:
    """Only the customer's turns are promised; nothing else happens for a month."""
    far = Target(9 * DAY)
    terms = tuple(
        replace(t, customer_update=cadence, check_in=None, silence=None, resolution=far) for t in POLICY.terms
    )
    return replace(policy(house={"customer_floor": floor}), terms=terms)


def test_the_customer_contact_is_asked_before_the_turn_ends() -> None:
    """Half an hour before: still time to say something."""
    story = active()
    story.until(START + 3.5 * HOUR)

    assert ("sue", Message.UPDATE_WANTED, EMAIL) in story.take()


def test_a_word_in_time_starts_the_next_turn_from_that_moment() -> None:
    """An early update re-anchors; the customer gets the words, and no no-news update."""
    story = active()
    story.until(START + HOUR)
    story.take()
    story.do(WORDS)

    assert customer_heard(story) == [Message.CUSTOMER_UPDATE]
    assert story.due(CUSTOMER) == START + 5 * HOUR


def test_a_missed_word_sends_the_no_news_update_and_says_inside_who_owed_it() -> None:
    """Once to the customer, once to each inside; counted; the turns keep their grid."""
    story = active()
    story.until(START + 4 * HOUR)

    heard = story.take()
    assert [m for contact, m, _ in heard if contact == "customer-7"] == [Message.CUSTOMER_NO_NEWS]
    assert ("sue", Message.SITUATION, EMAIL) in heard
    assert CUSTOMER in story.misses()
    assert story.due(CUSTOMER) == START + 8 * HOUR


def test_many_missed_turns_fire_once() -> None:
    """After an outage of 21 hours: one message, and the next turn lies on the old grid."""
    story = active(opening(policy=only_customer(Cadence(4 * HOUR))))
    story.outage(START + 21 * HOUR - story.now)
    story.do(Elapse())

    assert customer_heard(story) == [Message.CUSTOMER_NO_NEWS]
    assert story.due(CUSTOMER) == START + 24 * HOUR


@pytest.mark.parametrize(("turns", "on_grid"), [(TURNS_SKIPPED_MAX, True), (TURNS_SKIPPED_MAX + 1, False)])
def test_the_grid_is_given_up_after_a_bounded_number_of_turns(turns: int, *, on_grid: bool) -> None:
    """Then the turns begin anew at the present."""
    story = active(opening(policy=only_customer(Cadence(MINUTE), None)))
    story.do(WORDS)
    began = story.now
    story.outage(turns * MINUTE + MINUTE / 2)
    story.do(Elapse())

    assert story.due(CUSTOMER) == (began + (turns + 1) * MINUTE if on_grid else story.now + MINUTE)


@pytest.mark.parametrize(
    ("cadence", "floor", "expected"),
    [
        (Cadence(4 * HOUR), DAY, 4 * HOUR),
        (Cadence(3 * DAY), DAY, DAY),
        (None, DAY, DAY),
        (Cadence(3 * DAY), None, 3 * DAY),
        (Cadence(16 * HOUR, HOUR, "office"), DAY, DAY),  # two working days are longer than a day
        (None, None, None),
    ],
)
def test_the_floor_is_the_longest_a_customer_goes_without_a_word(
    cadence: Cadence | None, floor: timedelta | None, expected: timedelta | None
) -> None:
    """The earlier of cadence and floor; none of both promises nothing."""
    story = Story(opening(policy=only_customer(cadence, floor)))

    assert story.due(CUSTOMER) == (None if expected is None else START + expected)


def test_the_floor_holds_turn_after_turn() -> None:
    """A slow cadence, a week without words: the customer hears something every day."""
    story = active(opening(policy=only_customer(Cadence(3 * DAY))))
    story.until(START + 7 * DAY)

    assert customer_heard(story) == [Message.CUSTOMER_NO_NEWS] * 7


def test_a_turn_begun_in_the_past_begins_at_the_present_when_the_floor_has_passed_too() -> None:
    """The grid of a slow cadence must not hide a floor that lies behind us."""
    story = active(opening(policy=only_customer(Cadence(20 * HOUR), DAY)))

    story.outage(START + 39 * HOUR - story.now)
    story.do(Elapse())

    assert story.due(CUSTOMER) == START + 40 * HOUR


@pytest.mark.parametrize("command", [replace(WORDS, text=None), replace(PROGRESS, text=None)])
def test_an_update_needs_words(command: PostUpdate) -> None:
    """For whichever audience."""
    assert active().refused(command) is Refusal.TEXT_MISSING


def test_words_to_the_customer_are_sent_even_if_no_turn_is_promised() -> None:
    """They start none either."""
    story = active(opening(policy=only_customer(None, None)))
    story.do(WORDS)

    assert (customer_heard(story), story.due(CUSTOMER)) == ([Message.CUSTOMER_UPDATE], None)


def test_a_restricted_case_writes_nothing_to_the_customer_by_itself() -> None:
    """Need to know: no opening, no no-news; the turn is kept inside all the same."""
    story = Story(opening(restricted=True))
    story.wait(5 * HOUR)

    assert customer_heard(story) == []
    assert CUSTOMER in story.misses()


def test_the_owner_is_asked_for_progress_and_the_managers_hear_when_none_came() -> None:
    """Half an hour before the two hours end, and at their end; then the grid goes on."""
    story = active()
    began = story.now
    story.until(began + 1.5 * HOUR)
    assert story.take() == [("ann", Message.CHECK_IN, EMAIL)]
    story.until(began + 2 * HOUR)

    assert story.take() == [("mia", Message.SITUATION, EMAIL)]
    assert story.misses() == [CHECK_IN]
    assert story.due(CHECK_IN) == began + 4 * HOUR


def test_progress_inside_answers_the_check_in() -> None:
    """The next one is a turn from now, and the customer hears nothing."""
    story = active()
    story.wait(HOUR)
    story.do(PROGRESS)

    assert story.take() == []
    assert story.due(CHECK_IN) == story.now + 2 * HOUR


def test_progress_of_somebody_who_owes_none_is_fine() -> None:
    """Nobody owns it yet, so no check-in runs."""
    story = Story()
    story.do(PROGRESS)

    assert story.clock(CHECK_IN) is None


@pytest.mark.parametrize("clock", [CHECK_IN, CUSTOMER])
def test_a_stale_question_is_not_asked(clock: ClockName) -> None:
    """Whoever is told that the turn was missed is not asked for it as well."""
    story = active()
    story.outage(2.5 * HOUR if clock is CHECK_IN else 9 * HOUR)
    story.do(Elapse())

    assert not {Message.CHECK_IN, Message.UPDATE_WANTED} & {message for _, message, _ in story.take()}


def test_turns_stand_still_while_waiting_even_if_somebody_writes() -> None:
    """Words during the wait start the next turn, which begins to count when the wait ends."""
    story = active()
    story.do(Block("ann", "logs"))
    story.do(WORDS)
    story.do(PROGRESS)
    assert (story.due(CUSTOMER), story.due(CHECK_IN)) == (None, None)
    story.wait(DAY - HOUR)
    story.do(Unblock("ann", "they came"))

    assert (story.due(CUSTOMER), story.due(CHECK_IN)) == (story.now + 4 * HOUR, story.now + 2 * HOUR)


def test_a_turn_that_the_newer_terms_do_not_know_is_not_begun_again() -> None:
    """The terms changed during the wait: only what they promise goes on afterwards."""
    story = active()
    story.do(Block("ann", "logs"))
    nothing = replace(only_customer(None, None), digest="22" * 32)
    story.do(AdoptPolicy("sue", nothing, "new quarter"))
    story.do(Unblock("ann", "they came"))
    story.wait(DAY)

    assert story.misses() == []
    assert (story.due(CHECK_IN), story.due(CUSTOMER)) == (None, None)


def test_words_after_the_fix_start_no_turn() -> None:
    """Resolved: nothing is promised until it is reopened."""
    story = active()
    story.do(Resolve("ann"))
    story.do(WORDS)
    story.do(PROGRESS)

    assert (story.clock(CUSTOMER), story.clock(CHECK_IN)) == (None, None)


def test_terms_without_a_check_in_never_ask() -> None:
    """SEV4 asks for none, and is silent about silence."""
    story = Story(opening(severity=Severity.SEV4, policy=with_terms(Severity.SEV4)))
    story.do(Acknowledge("ann"))

    assert (story.clock(CHECK_IN), story.clock(ClockName.SILENCE)) == (None, None)
