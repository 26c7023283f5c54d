"""Why a page failed decides what is tried later; whatever the reason, the next is told at once."""

from dataclasses import replace

import pytest

from escalation.core.commands import Acknowledge, Cancel, Command, Raise
from escalation.core.decide import Decision
from escalation.core.effects import LookUpReceipt, Notify
from escalation.core.facts import ReportDelivery
from escalation.core.receipts import RETRY_AFTER
from escalation.core.vocabulary import Failure, Message, Outcome, Topic
from tests.core.cases import EMAIL, MINUTE, POLICY, SMS, VOICE, Story, opening
from tests.core.watched import SECOND, WATCHED, last_page, points, receipt, watching


def failing(story: Story, failure: Failure, code: str | None = None) -> Decision:
    """The latest page that is on its way is refused for that reason."""
    page = next(e for e in reversed(story.asked(Notify)) if e.message is Message.PAGE)
    return story.do(ReportDelivery(page.number, Outcome.FAILED, failure=failure, code=code))


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("accepted", [True, False], ids=["later", "at once"])
def test_whatever_the_reason_the_next_channel_is_tried_at_once(failure: Failure, *, accepted: bool) -> None:
    """A refusal and a receipt do the same."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.find()
    story.take()
    if accepted:
        story.accept()
        story.do(receipt(story, Outcome.FAILED, failure=failure))
    else:
        failing(story, failure)

    assert story.pages() == [("ann", VOICE)]


def test_the_same_contacts_next_channel_comes_before_an_earlier_backup() -> None:
    """The backup’s turn would be sooner, but it is ann who is on call."""
    hasty = replace(POLICY.chains[0].steps[0], backup_after=MINUTE)
    chain = replace(POLICY.chains[0], steps=(hasty, *POLICY.chains[0].steps[1:]))
    story = watching(replace(WATCHED, chains=(chain, *POLICY.chains[1:])))
    story.do(receipt(story, Outcome.FAILED))
    assert story.pages() == [("ann", VOICE)]
    story.fail()

    assert story.pages() == [("bob", SMS)]


@pytest.mark.parametrize("failure", [Failure.DESTINATION, Failure.NO_ADDRESS])
def test_an_address_that_will_never_work_is_not_tried_again(failure: Failure) -> None:
    """Neither for a page of a later step, nor for a notice."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.find()
    failing(story, failure)
    story.do(Raise("sue", "faster"))
    story.take()
    story.find(contact="ann", backup=None)
    assert story.pages() == [("ann", VOICE)]

    story.accept()
    story.do(Acknowledge("lee"))
    assert ("ann", Message.ACKNOWLEDGED, EMAIL) in story.take()


def test_a_channel_that_somebody_turned_off_is_asked_anew_at_every_step() -> None:
    """It fails at once and the next one rings; whoever has turned it on again since is told there from then on."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.find()
    failing(story, Failure.OPTED_OUT)
    assert story.pages() == [("ann", SMS), ("ann", VOICE)]
    assert story.state.people.post.dead == ()

    story.do(Raise("sue", "faster"))
    story.take()
    story.find(contact="ann", backup=None)
    assert story.pages() == [("ann", SMS)]


def test_a_notice_where_somebody_turned_it_off_is_written_otherwise_at_once() -> None:
    """Where notices go by SMS, the last word goes by mail instead."""
    texted = replace(WATCHED, terms=tuple(replace(terms, notice=SMS) for terms in WATCHED.terms))
    story = Story(opening(policy=texted), obedient=False)
    story.find()
    story.accept()
    story.do(Cancel("sue", "a mistake"))
    word = next(e for e in story.asked(Notify) if e.contact == "ann" and e.message is Message.CLOSING)
    story.take()
    story.do(ReportDelivery(word.number, Outcome.FAILED, failure=Failure.OPTED_OUT))

    assert (word.channel, story.take()) == (SMS, [("ann", Message.CLOSING, EMAIL)])


def test_a_contact_of_whom_nothing_works_is_passed_over_for_the_backup_at_once() -> None:
    """A number that was given up, and an SMS that was stopped."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.find()
    failing(story, Failure.DESTINATION)
    failing(story, Failure.DESTINATION)
    assert story.pages() == [("ann", SMS), ("ann", VOICE), ("bob", SMS)]
    story.do(Raise("sue", "faster"))
    story.find(contact="ann", channels=(SMS, VOICE), backup="lee")

    assert story.pages() == [("lee", SMS)]


def test_the_last_resort_is_tried_although_it_did_not_work() -> None:
    """There is nobody after the fallback: perhaps somebody has mended the number."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.suppose(transfer=replace(story.state.transfer, step=3))
    for _ in range(2):
        story.find(contact="fay", channels=(SMS,), backup=None)
        assert story.pages() == [("fay", SMS)]
        failing(story, Failure.DESTINATION)
        assert story.state.tally.nobody_told
        story.wait(30 * MINUTE)


def test_whoever_is_busy_is_tried_once_more_later() -> None:
    """On the same channel, as a new dispatch, and never a third time."""
    story = watching()
    first = last_page(story, "ann", SMS)
    story.do(receipt(story, Outcome.FAILED, failure=Failure.DESTINATION_BUSY))
    assert story.pages() == [("ann", VOICE)]
    story.do(receipt(story, Outcome.ACCEPTED, of=("ann", VOICE), how="sent"))
    story.do(receipt(story, Outcome.DELIVERED, of=("ann", VOICE)))
    story.wait(RETRY_AFTER - SECOND)
    assert story.pages() == []
    story.wait(SECOND)
    assert story.pages() == [("ann", SMS)]
    assert last_page(story, "ann", SMS).dispatch != first.dispatch

    failing(story, Failure.DESTINATION_BUSY)
    story.wait(RETRY_AFTER)
    assert ("ann", SMS) not in story.pages()


@pytest.mark.parametrize(
    "meanwhile",
    [Acknowledge("ann"), "delivered", "dead", "told since"],
    ids=["acknowledged", "delivered", "dead", "told since"],
)
def test_whoever_was_busy_is_not_tried_again_for_nothing(meanwhile: Command | str) -> None:
    """Taken; or it came after all; or it will never come; or they were told by a later step."""
    story = watching()
    busy = receipt(story, Outcome.FAILED, failure=Failure.DESTINATION_BUSY)
    story.do(busy)
    story.wait(MINUTE)
    if meanwhile == "delivered":
        story.do(receipt(story, Outcome.DELIVERED))
    elif meanwhile == "dead":
        story.do(Raise("sue", "faster"))
        story.find(contact="ann", channels=(SMS,), backup=None)
        failing(story, Failure.DESTINATION)
    elif meanwhile == "told since":
        story.do(Raise("sue", "faster"))
        story.find(contact="ann", backup=None)
    else:
        assert not isinstance(meanwhile, str)
        story.do(meanwhile)
    story.take()
    story.wait(RETRY_AFTER)

    assert ("ann", SMS) not in story.pages()


def test_whoever_was_busy_in_a_step_that_is_over_is_tried_again_all_the_same() -> None:
    """Nobody has taken it; but what becomes of that page moves the step of now no further."""
    story = watching()
    story.do(receipt(story, Outcome.FAILED, failure=Failure.DESTINATION_BUSY))
    story.do(Raise("sue", "faster"))
    story.find()
    story.accept()
    story.take()
    story.wait(RETRY_AFTER)
    assert ("ann", SMS) in story.pages()
    failing(story, Failure.DESTINATION)

    assert story.pages() == []


def test_a_retry_of_what_is_forgotten_is_forgotten() -> None:
    """The post room remembers a bounded number of dispatches."""
    story = watching()
    story.do(receipt(story, Outcome.FAILED, failure=Failure.DESTINATION_BUSY))
    people = story.state.people
    story.suppose(people=replace(people, post=replace(people.post, sent=people.post.sent[1:])))
    story.take()
    story.wait(RETRY_AFTER)

    assert ("ann", SMS) not in story.pages()


def test_silence_about_what_is_forgotten_moves_nothing() -> None:
    """The bound may cut off a page that is still watched."""
    story = watching()
    people = story.state.people
    story.suppose(people=replace(people, post=replace(people.post, sent=())))
    story.wait(MINUTE)

    assert (story.pages(), story.asked(LookUpReceipt)) == ([], [])


@pytest.mark.parametrize("failure", [Failure.CONFIGURATION, Failure.CONTENT])
def test_what_an_operator_must_mend_is_told_to_the_managers_once(failure: Failure) -> None:
    """Once for each channel and code, however many pages meet it."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.find()

    assert points(failing(story, failure, "21606")) == [(Topic.CHANNEL_DOWN, "sms 21606")]
    assert points(failing(story, failure)) == [(Topic.CHANNEL_DOWN, "voice")]
    assert points(failing(story, failure, "21606")) == []
    assert points(failing(story, failure, "21210")) == [(Topic.CHANNEL_DOWN, "voice 21210")]
