"""A page that waits to be told with others: its contact is told otherwise at once, and the next as soon as ever."""

from escalation.core.commands import Acknowledge
from escalation.core.decide import Decision
from escalation.core.effects import Notify
from escalation.core.facts import BUNDLED, ReportDelivery
from escalation.core.vocabulary import Message, Outcome, Phase
from escalation.wire.telling import tell
from tests.core.cases import SMS, VOICE, Story, opening
from tests.core.watched import SECOND, WATCHED, last_page


def asking() -> Story:
    """One whose contacts were just found: ann is paged by SMS, by voice a minute later, then bob."""
    story = Story(opening(policy=WATCHED), obedient=False)
    story.find()
    return story


def bundled(story: Story, number: int) -> Decision:
    """The dispatch waits, because of that limit."""
    return story.do(ReportDelivery(number, Outcome.ACCEPTED, code="sms 10/15m", how=BUNDLED))


def test_the_same_contact_is_told_on_the_next_channel_at_once() -> None:
    """Not a minute later, and nobody else; the log says that it waits, and why."""
    story = asking()
    page = last_page(story, "ann", SMS)
    story.take()
    decision = bundled(story, page.number)

    assert story.pages() == [("ann", VOICE)]
    assert story.state.phase is Phase.IN_TRANSFER
    assert f"dispatch {page.number} accepted (bundled, sms 10/15m)" in tell(decision.sealed.entry)


def test_where_every_channel_waits_the_next_is_asked_when_silence_is() -> None:
    """A page that waits counts as silent as soon as any other: the agreement says when."""
    story = asking()
    story.take()
    bundled(story, last_page(story, "ann", SMS).number)
    story.take()
    bundled(story, last_page(story, "ann", VOICE).number)
    assert story.pages() == []

    story.wait(45 * SECOND)
    story.wait(15 * SECOND)
    assert {contact for contact, _ in story.pages()} == {"bob"}


def test_a_page_of_what_somebody_has_taken_asks_nobody() -> None:
    """It came to wait a moment too late."""
    story = asking()
    page = last_page(story, "ann", SMS)
    story.do(Acknowledge(by="bob"))
    story.take()
    bundled(story, page.number)

    assert story.pages() == []


def test_a_notice_that_waits_is_told_once() -> None:
    """It is on its way: no other channel is tried."""
    story = asking()
    page = last_page(story, "ann", SMS)
    story.accept(page)
    story.do(Acknowledge(by="bob"))
    (notice,) = [one for one in story.asked(Notify) if one.message is Message.ACKNOWLEDGED]
    story.take()
    bundled(story, notice.number)

    assert story.take() == []
