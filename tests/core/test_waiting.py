"""Waiting for the customer or a third party: nobody is chased, time stands still, and nothing is forgotten."""

from datetime import timedelta

import pytest

from escalation.core.commands import Acknowledge, Block, Command, Elapse, Raise, Unblock
from escalation.core.effects import FindContacts
from escalation.core.facts import Found
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import ClockName, Message, Phase
from tests.core.cases import ALL, DAY, EMAIL, HOUR, MINUTE, SMS, START, VOICE, Story, active, opening, policy

WAIT, GO_ON = Block("ann", "the customer's logs"), Unblock("ann", "they came")


def waiting(story: Story, duration: timedelta = DAY) -> Story:
    """Wait that long, then go on."""
    story.do(WAIT)
    story.wait(duration)
    story.do(GO_ON)
    return story


def test_targets_and_cadences_stand_still_and_go_on_with_what_was_left() -> None:
    """A day of waiting moves them by a day."""
    story = active()
    names = (ClockName.RESOLUTION, ClockName.CHECK_IN, ClockName.CUSTOMER_UPDATE)
    before = [story.due(name) for name in names]
    waiting(story)

    assert [story.due(name) for name in names] == [due + DAY for due in before if due is not None]
    assert story.misses() == []


def test_the_hard_deadline_does_not_wait() -> None:
    """It is an instant that somebody outside set; missed, it marks the case but moves no work."""
    story = active(opening(deadline=START + 6 * HOUR))
    due = story.due(ClockName.DEADLINE)
    story.do(WAIT)
    assert story.due(ClockName.DEADLINE) == due == START + 6 * HOUR
    story.wait(DAY)

    assert (story.misses(), story.phase) == ([ClockName.DEADLINE], Phase.BLOCKED)


def test_the_owners_silence_starts_anew_when_the_owner_goes_on() -> None:
    """Three hours from the owner's own word; somebody else's word leaves what was left."""
    for by, left in (("ann", 3 * HOUR), ("sue", 3 * HOUR - 10 * MINUTE)):
        story = active()
        story.wait(10 * MINUTE)
        story.do(WAIT)
        story.wait(DAY)
        story.do(Unblock(by, "they came"))
        assert story.due(ClockName.SILENCE) == story.now + left


def test_the_customer_is_reminded_every_day() -> None:
    """Four times in the five days until it goes back."""
    story = active()
    story.do(WAIT)
    story.wait(5 * DAY - MINUTE)

    assert story.take() == [("customer-7", Message.CUSTOMER_REMINDER, EMAIL)] * 4


def test_after_an_outage_the_customer_is_reminded_once() -> None:
    """And the next reminder is a day from then."""
    story = active()
    story.do(WAIT)
    story.outage(3.5 * DAY)
    story.do(Elapse())

    assert story.take() == [("customer-7", Message.CUSTOMER_REMINDER, EMAIL)]
    assert story.due(ClockName.BLOCKED_REMINDER) == story.now + DAY


def test_waiting_too_long_returns_the_ticket_to_its_customer_contact() -> None:
    """Five days without a reply; not a moment earlier."""
    story = active()
    story.do(WAIT)
    story.wait(5 * DAY - timedelta(seconds=1))
    assert story.phase is Phase.BLOCKED
    story.wait(timedelta(seconds=1))

    assert (story.phase, story.owner) == (Phase.DE_ESCALATED, "sue")


def test_a_policy_may_wait_without_end_and_without_reminders() -> None:
    """Both switched off: only the hard deadline runs."""
    story = active(opening(policy=policy(house={"blocked_reminder": None, "blocked_limit": None})))
    story.do(WAIT)
    story.wait(20 * DAY)

    assert (story.phase, story.take()) == (Phase.BLOCKED, [])


@pytest.mark.parametrize("command", [Block("ann", " "), Unblock("ann", "")])
def test_waiting_and_going_on_need_a_reason(command: Command) -> None:
    """What is waited for, and what came."""
    story = active()
    if isinstance(command, Unblock):
        story.do(WAIT)

    assert story.refused(command) is Refusal.REASON_MISSING


# --- waiting while nobody has taken it -------------------------------------------------------------------------------


def test_the_window_and_the_plan_go_on_where_they_stood() -> None:
    """Waited in the third minute: the backup is told two minutes after, and the window ends seven minutes after."""
    story = Story()
    story.wait(3 * MINUTE)
    story.take()
    waiting(story)
    assert story.pages() == []

    story.wait(2 * MINUTE)
    assert story.pages() == [("bob", SMS)]
    story.wait(2 * MINUTE)
    assert story.pages() == [("bob", VOICE)]
    assert story.due(ClockName.ACKNOWLEDGEMENT) == story.now + 3 * MINUTE


def test_contacts_found_while_waiting_are_told_when_it_goes_on() -> None:
    """Nobody is chased while we wait, and nobody is forgotten."""
    story = Story(obedient=False)
    lookup = story.asked(FindContacts)[0]
    story.do(WAIT)
    story.find(lookup)
    assert story.pages() == []
    story.wait(DAY)
    story.do(GO_ON)

    assert story.pages() == [("ann", SMS)]
    assert story.due(ClockName.TELL) == story.now + 2 * MINUTE


def test_contacts_that_are_still_looked_up_are_told_when_the_answer_comes() -> None:
    """Going on does not wait for the directory."""
    story = waiting(Story(obedient=False))
    assert story.pages() == []
    story.find()

    assert story.pages() == [("ann", SMS)]


def test_a_page_that_failed_while_waiting_is_made_up_for_when_it_goes_on() -> None:
    """The next channel at once, the rest as planned from then."""
    story = Story(obedient=False)
    story.find()
    story.do(WAIT)
    story.fail()
    story.take()
    story.wait(DAY)
    story.do(GO_ON)

    assert story.pages() == [("ann", VOICE)]
    assert story.due(ClockName.TELL) == story.now + 3 * MINUTE


def test_a_step_that_reached_nobody_while_waiting_gives_way_when_it_goes_on() -> None:
    """One channel, failed meanwhile: the next step starts at once."""
    story = Story(obedient=False, directory={"on-call": Found("on-call", "ann", (SMS,))})
    story.find()
    story.do(WAIT)
    story.fail()
    story.do(GO_ON)
    story.find()

    assert story.pages()[-1] == ("lee", SMS)


def test_a_reserve_stays_in_reserve_over_a_wait() -> None:
    """The lead was told; the lead's backup is not, wait or no wait."""
    story = Story()
    story.do(Raise("sue", "now"))
    story.wait(3 * MINUTE)
    story.take()
    waiting(story)

    assert (story.pages(), story.due(ClockName.TELL)) == ([], None)
    assert story.state.transfer.rungs[0].contact == "liz"


def test_a_plan_that_was_told_to_its_end_has_nothing_to_make_up_for() -> None:
    """Everybody of the step was told before the wait."""
    story = Story()
    story.wait(8 * MINUTE)
    story.take()
    waiting(story)
    story.wait(MINUTE)

    assert story.pages() == []
    story.do(Acknowledge("bob"))
    assert story.phase is Phase.ACTIVE


def test_time_in_transfer_goes_back_to_the_first_hand_over() -> None:
    """Waiting in between is part of the way."""
    story = waiting(Story(directory={"on-call": Found("on-call", "ann", ALL)}))
    story.do(Acknowledge("ann"))

    assert story.state.tally.in_transfer == DAY
