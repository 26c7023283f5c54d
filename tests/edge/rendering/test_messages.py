"""Messages: what goes out reads as reviewed, and says what its reader needs to know, in every channel and language."""

import re
import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from escalation.adapters.phrasing import TemplateFault
from escalation.adapters.rendering import (
    PEOPLE,
    SUBJECT_CHARS_MAX,
    URGENT,
    Renderer,
    Words,
    variants,
)
from escalation.adapters.sending import Letter, Reader, Script, ShortMessage
from escalation.core.effects import Brief
from escalation.core.vocabulary import Ask, Channel, Message, Phase
from tests.edge.rendering.golden import FOLDER, READERS, STORY, everything, goldens, pieces, words_of
from tests.edge.samples import BRIEF, NOW, TITLE, WORDS

RENDERER = Renderer()
INTERNAL = [message for message in Message if variants(message)[:5] == PEOPLE]
CUSTOMERS = [message for message in Message if message.startswith("customer_")]
Wanted = str | tuple[str, ...]
REFERENCE = {"voice": "E, S, C, dash, 4, 7, 1, 1"}
ASKED: dict[Message, Wanted] = {
    Message.PAGE: "asked to",
    Message.ACKNOWLEDGED: ("othing left", "othing is left", "Nobody else needs"),
    Message.APPROVAL: "our decision",
    Message.CHECK_IN: "sentence is enough",
    Message.UPDATE_WANTED: ("waiting for a word", "waits for your update"),
    Message.SITUATION: ("raise it", "escalate show"),
    Message.CLOSING: ("othing left", "othing is left"),
    Message.RETURNED: "ake it from here",
    Message.CUSTOMER_OPENING: "You need to do nothing for now",
    Message.CUSTOMER_UPDATE: "What happens next",
    Message.CUSTOMER_NO_NEWS: "confirmed so far",
    Message.CUSTOMER_REMINDER: "as soon as you answer",
    Message.CUSTOMER_RESOLUTION: "Is it solved for you?",
    Message.CUSTOMER_CLOSING: "Are you content",
}
"""What each message wants of its reader, "nothing" included."""
ANSWERED: dict[Message, Wanted] = {
    Message.PAGE: ("ack 42", "ack 4, 2"),
    Message.APPROVAL: ("escalate approve", "escalate command"),
    Message.CHECK_IN: ("escalate update", "escalate command"),
    Message.UPDATE_WANTED: ("--customer", "escalate command"),
    Message.SITUATION: ("escalate raise", "escalate show", "escalate command"),
    Message.CUSTOMER_REMINDER: "answer this mail",
    Message.CUSTOMER_RESOLUTION: "answer this mail",
    Message.CUSTOMER_CLOSING: "answer this mail",
}
"""How its reader answers, where an answer is wanted."""
NEXT: dict[Message, Wanted] = {
    Message.PAGE: ("next person is asked", "next is asked"),
    Message.ACKNOWLEDGED: "when it is over",
    Message.APPROVAL: ("hears at once", "hears it"),
    Message.CHECK_IN: "next check-in",
    Message.UPDATE_WANTED: "there is no news",
    Message.SITUATION: "when something changes",
    Message.CLOSING: "last message",
    Message.RETURNED: "last message",
    Message.CUSTOMER_OPENING: "You will hear from us again by",
    Message.CUSTOMER_UPDATE: "You will hear from us again by",
    Message.CUSTOMER_NO_NEWS: "You will hear from us again by",
    Message.CUSTOMER_REMINDER: "we will remind you",
    Message.CUSTOMER_RESOLUTION: "If we hear nothing by",
    Message.CUSTOMER_CLOSING: "our last message",
}
"""When the next word comes, or that none does."""


def says(text: str, wanted: Wanted) -> bool:
    return any(each in text for each in ((wanted,) if isinstance(wanted, str) else wanted))


def letter(message: Message, words: Words, brief: Brief = BRIEF) -> Letter:
    made = RENDERER.render(message, Channel.EMAIL, brief, words, "d-1", NOW)
    assert isinstance(made, Letter)
    return made


@pytest.mark.parametrize(("message", "folder"), list(goldens()))
def test_every_message_reads_as_reviewed(message: Message, folder: str) -> None:
    """A changed word shows up in the review of the golden files (`python -m tests.edge.rendering.golden`)."""
    assert everything(message, RENDERER, folder) == (FOLDER / folder / f"{message}.txt").read_text("utf-8")


@pytest.mark.parametrize("message", [*INTERNAL, *CUSTOMERS])
def test_every_message_says_what_how_bad_what_is_asked_how_to_answer_and_when_the_next_word_comes(
    message: Message,
) -> None:
    """In each of its channels by itself: nobody needs a second one to understand the first. A subject says what."""
    made = dict(pieces(message, RENDERER, words_of(message, Reader())))

    assert says(made.pop("subject"), TITLE)
    for piece, text in made.items():
        parts: dict[str, Wanted] = {
            "what": (TITLE,),
            "how bad": (BRIEF.label,),
            "which": (REFERENCE.get(piece, BRIEF.reference),),
            "what is asked": ASKED[message],
            "how to answer": ANSWERED.get(message, ""),
            "the next word": NEXT[message],
        }
        assert [part for part, wanted in parts.items() if not says(text, wanted)] == [], piece


@pytest.mark.parametrize("message", CUSTOMERS)
@pytest.mark.parametrize("folder", list(READERS))
def test_a_customer_is_told_the_reference_and_to_repeat_nothing(message: Message, folder: str) -> None:
    """Explain, next steps, timeline, reference, reassurance; and never the words of the inside."""
    made = letter(message, words_of(message, READERS[folder]))

    for text in (made.text, made.html):
        assert BRIEF.reference in text
        assert BRIEF.ticket in text
        assert ("need not repeat" if folder == "" else "noch einmal erzählen") in text
        assert BRIEF.owner not in text.replace("content", "").split()
        assert "escalate " not in text
    assert made.subject == f"[{BRIEF.reference}] {TITLE}"


@pytest.mark.parametrize(
    ("message", "english", "german"),
    [
        (Message.CUSTOMER_OPENING, "how frustrating", "wie ärgerlich"),
        (Message.CUSTOMER_UPDATE, "waiting is frustrating", "Warten ärgerlich"),
        (Message.CUSTOMER_NO_NEWS, "waiting is frustrating", "Warten ärgerlich"),
        (Message.CUSTOMER_RESOLUTION, "sorry for the trouble", "tun uns leid"),
        (Message.CUSTOMER_CLOSING, "Thank you for your patience", "Dank für Ihre Geduld"),
    ],
)
def test_what_the_customer_goes_through_is_acknowledged(message: Message, english: str, german: str) -> None:
    """In words, before anything is asked of them."""
    assert english in letter(message, words_of(message, Reader())).text
    assert german in letter(message, words_of(message, Reader("de"))).text


def test_the_next_update_is_told_by_instant_or_as_soon_as_there_is_news() -> None:
    """A customer who is told the next instant does not write to ask."""
    open_end = replace(BRIEF, next_update_by=None)
    for message in (Message.CUSTOMER_OPENING, Message.CUSTOMER_UPDATE, Message.CUSTOMER_NO_NEWS):
        words = words_of(message, Reader())
        assert "again by Sun 22 Nov 2026, 11:25 UTC, or sooner if there is news" in letter(message, words).text
        assert "again as soon as there is news" in letter(message, words, open_end).text


@pytest.mark.parametrize(
    ("phase", "told"),
    [
        (Phase.CLOSED, "We are glad"),
        (Phase.DE_ESCALATED, "your support team continues with ticket T-4711"),
        (Phase.REJECTED, "Do you see it otherwise?"),
        (Phase.CANCELLED, "Do you see it otherwise?"),
    ],
)
def test_a_closing_acknowledges_asks_sums_up_thanks_and_offers_help(phase: Phase, told: str) -> None:
    """Whatever the end was."""
    text = letter(Message.CUSTOMER_CLOSING, words_of(Message.CUSTOMER_CLOSING, Reader()), replace(BRIEF, phase=phase))

    for part in (told, "To sum up", "Thank you for your patience", "glad to help"):
        assert part in text.text
    assert "Are you content" in text.text or phase is not Phase.CLOSED


def test_the_hand_over_mail_tells_the_escalation_document_in_the_order_of_the_procedures() -> None:
    """Priority, customer, ticket, then summary, steps with results, impact, expectation, context, attachments."""
    made = letter(Message.PAGE, words_of(Message.PAGE, Reader()))
    order = [
        "Priority: P1 (SEV1)",
        "Customer: Acme GmbH",
        "Ticket: T-4711",
        "Summary:\nCards are refused since release 4.12.",
        "Steps taken and their results:\n1. Restarted the gateway. → Five of eight regions work again.",
        "Impact:\n- Affected customers: 14",
        "Customer expects: Payments work before the evening.\n- Promised:\n  - 2026-11-22 12:00 UTC: An answer",
        "Where it comes from:\n- Reported by: Lena Vogt",
        "Context:\n- Customer: Business plan since 2021",
        "Attachments:\n- console.txt",
    ]

    assert made.subject == f"[ESC-4711] ESCALATION - {TITLE} - Ticket #T-4711"
    places = [made.text.find(part) for part in order]
    assert -1 not in places
    assert places == sorted(places)
    assert made.html.count("<h2") == 1 + made.text.count(
        "\n\n", made.text.find("Summary:"), made.text.find("The whole")
    )


def test_a_hand_over_without_a_document_says_what_is_not_known() -> None:
    """The receiver looks into the ticket before the customer is asked to tell it again."""
    plain = letter(Message.PAGE, replace(words_of(Message.PAGE, Reader()), description="It just fails.\n# and again"))
    bare = letter(Message.PAGE, replace(words_of(Message.PAGE, Reader()), description=None))

    assert "Summary:\nIt just fails.\n# and again\n" in plain.text
    assert "look into ticket T-4711 before you ask the customer" in plain.text
    assert "look into ticket T-4711 before you ask the customer" in bare.text


@pytest.mark.parametrize("message", INTERNAL)
@pytest.mark.parametrize(
    ("brief", "roles", "led"),
    [
        (BRIEF, frozenset[str](), False),
        (BRIEF, frozenset({"engineering-lead"}), False),
        (BRIEF, frozenset({"executive"}), True),
        (replace(BRIEF, decides=True, ask=Ask.DECIDE), frozenset[str](), True),
        (replace(BRIEF, executive=""), frozenset({""}), False),
    ],
)
def test_leadership_is_asked_by_urgent_mail(message: Message, brief: Brief, roles: frozenset[str], led: bool) -> None:  # noqa: FBT001
    """Whoever holds the executive role, and whoever stands on a route that only decides; not when nothing is asked."""
    made = letter(message, replace(words_of(message, Reader()), reader=Reader(roles=roles)), brief)

    assert made.urgent is (led and message in URGENT)
    assert ("[ESC-4711] URGENT: ESCALATION - " in made.subject) is made.urgent


def test_a_subject_keeps_its_reference_and_its_ticket_whatever_the_title() -> None:
    """The title gives way."""
    words = replace(words_of(Message.PAGE, Reader()), title="long " * 99)
    brief = replace(BRIEF, ticket="T-" + "4" * 100, decides=True)
    subject = letter(Message.PAGE, words, brief).subject

    assert len(subject) <= SUBJECT_CHARS_MAX
    assert subject.startswith("[ESC-4711] URGENT: ESCALATION - long long")
    assert subject.endswith(f"... - Ticket #{brief.ticket}")


@pytest.mark.parametrize(("language", "told"), [("en", "(title not available)"), ("de", "(Titel nicht verfügbar)")])
def test_a_page_says_so_when_its_title_cannot_be_read(language: str, told: str) -> None:
    """A page without its title is still a page, its subject included, in the language of its reader."""
    made = dict(pieces(Message.PAGE, RENDERER, Words(title=None, text=None, name=None, reader=Reader(language))))

    assert all(told in text for text in made.values())


@pytest.mark.parametrize(
    ("language", "instead", "warned"),
    [
        ("en", "Restricted", "escalation is restricted"),
        ("de", "Vertraulich", "Eskalation ist vertraulich"),
    ],
)
def test_a_restricted_escalation_tells_its_title_only_inside_the_mail(language: str, instead: str, warned: str) -> None:
    """Locked screens, loudspeakers, rooms and subject lines are read by others."""
    brief = replace(BRIEF, restricted=True)
    words = Words(title=TITLE, text=None, name=None, reader=Reader(language))
    made = dict(pieces(Message.PAGE, RENDERER, words, brief))

    for piece in ("subject", "sms", "voice", "chat"):
        assert TITLE not in made[piece]
        assert instead in made[piece]
    for piece in ("text", "html"):
        assert TITLE in made[piece]
        assert warned in made[piece]


def test_who_speaks_is_said_first_on_a_telephone() -> None:
    """An SMS and a call come from a bare number."""
    renderer = Renderer(brand="Acme Care\r\nX: y")
    made = {
        message: dict(pieces(message, renderer, words_of(message, Reader())))
        for message in (Message.PAGE, Message.CLOSING)
    }

    for each in made.values():
        assert each["sms"].startswith("Acme Care X: y: P1 ESC-4711")
        assert each["voice"].startswith("This is Acme Care X: y. ")


def test_a_variant_that_the_message_does_not_have_is_named() -> None:
    """Customers are written to by email alone."""
    with pytest.raises(TemplateFault, match=r"'customer_update/sms\.txt' does not exist"):
        RENDERER.render(Message.CUSTOMER_UPDATE, Channel.SMS, BRIEF, Words(TITLE, WORDS, None), "d-1", NOW)


def test_a_reader_is_told_instants_on_their_own_clock_and_in_utc() -> None:
    """The zone comes with the reader; an unknown one is UTC."""
    berlin = dict(pieces(Message.PAGE, RENDERER, words_of(Message.PAGE, Reader(zone="Europe/Berlin"))))
    nowhere = dict(pieces(Message.PAGE, RENDERER, words_of(Message.PAGE, Reader(zone="Mars/Olympus"))))

    assert "by Sun 22 Nov 2026, 11:40 CET (10:40 UTC), in 15 minutes" in berlin["text"]
    assert "by 22 Nov 11:40 CET (10:40 UTC)" in berlin["sms"]
    assert "by 11 40 your time, on 22 November" in berlin["voice"]
    assert "by Sun 22 Nov 2026, 10:40 UTC, in 15 minutes" in nowhere["text"]
    made = RENDERER.render(Message.PAGE, Channel.VOICE, BRIEF, words_of(Message.PAGE, Reader("de")), "d", NOW)
    assert isinstance(made, Script)
    assert made.language == "de-DE"


@pytest.mark.parametrize("language", ["", "fr", "xx-YY", "de_AT", "../de"])
def test_an_unknown_language_is_english(language: str) -> None:
    """Whole messages of it, layouts included."""
    words = words_of(Message.PAGE, Reader(language))

    assert letter(Message.PAGE, words) == letter(Message.PAGE, replace(words, reader=Reader()))


def test_a_region_reads_its_language_and_a_gap_in_it_is_filled_in_english(tmp_path: Path) -> None:
    """No message mixes two languages: where one is not translated, its layout and its dates are English as well."""
    austrian = letter(Message.PAGE, words_of(Message.PAGE, Reader("de-AT")))
    folder = Path(shutil.copytree(str(files("escalation") / "templates"), tmp_path / "templates"))
    shutil.rmtree(folder / "de" / "check_in")
    words = words_of(Message.CHECK_IN, Reader("de"))
    untranslated = Renderer(folder).render(Message.CHECK_IN, Channel.EMAIL, BRIEF, words, "d-1", NOW)

    assert '<html lang="de">' in austrian.html
    assert "Sie sind gebeten" in austrian.text
    assert untranslated == letter(Message.CHECK_IN, words_of(Message.CHECK_IN, Reader()))


def test_a_ticket_note_and_a_story_are_in_step_with_the_document() -> None:
    """What the page of a document begins with is what the reader of pages looks for."""
    assert STORY.startswith("# ESCALATION - ")
    made = RENDERER.render(Message.PAGE, Channel.SMS, BRIEF, words_of(Message.PAGE, Reader()), "d-1", NOW)
    assert isinstance(made, ShortMessage)
    assert "Restarted" not in made.body


def test_the_page_of_messages_lists_each_of_them_once() -> None:
    """With whom it goes to, when, and which source asks for it."""
    page = (Path(__file__).parents[3] / "docs" / "messages.md").read_text("utf-8")
    row = r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| (?:agreement|matrix|process|follow-through|procedures)"
    rows = re.findall(row, page, re.MULTILINE)

    assert sorted(rows) == sorted(Message)
