"""A page that is still on its way when it is no longer wanted: whoever gets it hears what has become of it."""

import pytest

from escalation.core.commands import Acknowledge, Cancel, Raise
from escalation.core.effects import Notify
from escalation.core.vocabulary import Message
from tests.core.cases import Story, opening


def with_a_page_on_its_way() -> tuple[Story, Notify]:
    """Ann has been paged, and the provider has not answered yet."""
    story = Story(opening(), obedient=False)
    story.find()
    (page,) = (notify for notify in story.asked(Notify) if notify.message is Message.PAGE)
    return story, page


def test_a_page_that_arrives_after_the_end_is_followed_by_the_closing_notice() -> None:
    """Once: a second page to the same person says nothing more."""
    story, page = with_a_page_on_its_way()
    story.do(Cancel("sam", "a mistake"))

    decision = story.accept(page)

    (closing,) = (effect for effect in decision.effects if isinstance(effect, Notify))
    assert (closing.contact, closing.message) == ("ann", Message.CLOSING)
    assert story.accept(closing).effects == ()


def test_a_page_that_arrives_after_somebody_else_took_it_is_followed_by_who_did() -> None:
    """Otherwise somebody would get up at night for what is taken already."""
    story, page = with_a_page_on_its_way()
    story.do(Acknowledge("bob"))

    decision = story.accept(page)

    (taken,) = (effect for effect in decision.effects if isinstance(effect, Notify))
    assert (taken.contact, taken.message) == ("ann", Message.ACKNOWLEDGED)


@pytest.mark.parametrize("taker", ["ann", None], ids=["the owner", "still wanted"])
def test_a_page_that_is_no_surprise_is_followed_by_nothing(taker: str | None) -> None:
    """Its receiver took it, or is still asked to."""
    story, page = with_a_page_on_its_way()
    story.do(Acknowledge(taker) if taker else Raise("sam", "faster"))

    assert story.accept(page).effects == ()
