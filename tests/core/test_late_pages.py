"""A page that is still on its way when it is no longer wanted: whoever gets it hears what has become of it."""

import pytest

from escalation.core.commands import Acknowledge, Cancel, Raise
from escalation.core.effects import Notify
from escalation.core.facts import ReportDelivery
from escalation.core.vocabulary import Message, Outcome
from tests.core.cases import MINUTE, Story, opening
from tests.core.watched import GATEWAY


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


def test_who_took_it_and_passed_it_on_does_not_hear_who_has_it_now() -> None:
    """Ann answered before her page's acceptance was known, and raised it: "taken by lee" is no news to her."""
    story, page = with_a_page_on_its_way()
    story.do(Acknowledge("ann"))
    story.do(Raise("ann", "not mine"))
    story.do(Acknowledge("lee"))

    assert story.accept(page).effects == ()


def test_who_took_it_and_passed_it_on_hears_how_it_ended() -> None:
    """Like everybody who was told: whether the provider answered before the end or after it."""
    story, page = with_a_page_on_its_way()
    story.do(Acknowledge("ann"))
    story.do(Raise("ann", "not mine"))
    story.do(Acknowledge("lee"))
    story.do(Cancel("sam", "a mistake"))

    (closing,) = (effect for effect in story.accept(page).effects if isinstance(effect, Notify))
    assert (closing.contact, closing.message) == ("ann", Message.CLOSING)


def test_who_took_it_once_and_is_paged_anew_hears_who_has_it() -> None:
    """What she answered was the first page; the second asks her again, and somebody else takes it."""
    story, first = with_a_page_on_its_way()
    story.do(Acknowledge("ann"))
    story.accept(first)
    story.do(Raise("ann", "not mine"))
    story.find(contact="ann", backup=None)
    second = next(e for e in story.asked(Notify) if e.message is Message.PAGE and e.number != first.number)
    story.accept(second)
    story.do(Acknowledge("lee"))

    assert ("ann", Message.ACKNOWLEDGED) in [(e.contact, e.message) for e in story.asked(Notify)]


def test_a_receipt_for_a_page_of_an_earlier_way_asks_nobody_anew() -> None:
    """Ann took it and passed it on; only then it is heard that her page had come to her telephone."""
    story, page = with_a_page_on_its_way()
    story.accept(page)
    story.do(Acknowledge("ann"))
    story.wait(MINUTE)
    story.do(Raise("ann", "not mine"))
    came = story.do(ReportDelivery(page.number, Outcome.DELIVERED, how="receipt", standing=GATEWAY))
    story.do(Acknowledge("lee"))

    assert came.sealed.entry.refusal is None
    assert ("ann", Message.ACKNOWLEDGED) not in [(e.contact, e.message) for e in story.asked(Notify)]
