"""What a message is made of when it is sent: the reader's language and zone, the customer's name, the story."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from activities.notify import TELLS_STORY, Notifier
from escalation.adapters.sending import Letter, Reader, Script
from escalation.core.effects import text_id
from escalation.core.vocabulary import Channel, Message, Outcome
from tests.edge.samples import BRIEF, NOW, TITLE, notify
from tests.edge.sending.fakes import Book, Vendor, WordsKept, run
from workflows.ports import Send

Build = Callable[[Vendor], Notifier]
NUMBERS = count()
STORY = text_id(BRIEF.reference, BRIEF.episode, "description")


def sent(notifier: Build, channel: Channel = Channel.EMAIL, message: Message = Message.PAGE) -> object:
    vendor = Vendor()
    contact = "customer" if message.startswith("customer_") else "primary"
    effect = notify(channel=channel, message=message, contact=contact, dispatch=f"d-{next(NUMBERS)}")
    report = run(notifier(vendor).notify, Send(effect, NOW))
    assert report.outcome is Outcome.ACCEPTED
    return vendor.sent[0].content


def letter(notifier: Build, message: Message = Message.PAGE) -> Letter:
    made = sent(notifier, message=message)
    assert isinstance(made, Letter)
    return made


@pytest.mark.parametrize("message", [message for message in Message if message is not Message.TICKET_STATUS])
def test_only_those_who_begin_or_judge_read_the_story_and_no_customer_ever(
    notifier: Build, texts: WordsKept, message: Message
) -> None:
    """It is found where the opening kept it."""
    texts.words |= {STORY: "The gateway refuses cards.", "words": "x"}
    vendor = Vendor()
    contact = "customer" if message.startswith("customer_") else "primary"
    effect = notify(channel=Channel.EMAIL, message=message, contact=contact, text=replace(BRIEF.title, id="words"))
    run(notifier(vendor).notify, Send(effect, NOW))
    made = vendor.sent[0].content
    assert isinstance(made, Letter)

    assert ("The gateway refuses cards." in made.text) is (message in TELLS_STORY)
    assert "The gateway refuses cards." not in made.subject


def test_the_customer_is_told_by_name(notifier: Build) -> None:
    """As the directory calls them."""
    assert "Customer: Acme" in letter(notifier).text


def test_each_reads_their_own_language_on_their_own_clock(notifier: Build, book: Book) -> None:
    """As the directory says; a voice is told its language."""
    book.readers |= {"primary": Reader("de", "Europe/Berlin"), "customer": Reader("de-AT", "Europe/Vienna")}
    call = sent(notifier, Channel.VOICE)

    assert "11:40 Uhr CET (10:40 UTC)" in letter(notifier).text
    assert "wieder von uns" in letter(notifier, Message.CUSTOMER_OPENING).text
    assert isinstance(call, Script)
    assert call.language == "de-DE"


def test_whoever_holds_the_executive_role_is_asked_by_urgent_mail(notifier: Build, book: Book) -> None:
    """The role that the agreement names, as the directory fills it now."""
    plain = letter(notifier)
    book.readers["primary"] = Reader(roles=frozenset({"executive"}))

    assert not plain.urgent
    assert letter(notifier).urgent
    assert "URGENT: ESCALATION" in letter(notifier).subject


def test_a_page_goes_out_in_its_language_while_no_words_can_be_read(
    notifier: Build, texts: WordsKept, book: Book
) -> None:
    """The directory answers, the content store does not: a page without title and story is still a page."""
    texts.down = True
    book.readers["primary"] = Reader("de")
    made = letter(notifier)

    assert TITLE not in made.text
    assert "Sie sind gebeten" in made.text
