"""No message mixes two languages: whatever the rules put into one, a German reader meets no English word of ours.

Titles, labels, teams and what people wrote are values; commands, ours to be typed, are the same in every language.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain, product
from typing import Literal

import pytest

from escalation.adapters.phrasing import NAMED
from escalation.adapters.rendering import Line, Renderer, RoomWords, Words
from escalation.adapters.sending import ChatMessage, Content, Letter, Reader, Script, ShortMessage
from escalation.core.effects import ApprovalBrief, Brief, Point
from escalation.core.money import Money
from escalation.core.vocabulary import ApprovalKind, Ask, Channel, Decided, Message, Phase, Topic
from tests.edge.rendering.golden import TRANSLATED, brief_of, pieces
from tests.edge.samples import BRIEF, NOW

RENDERER = Renderer()
GERMAN = Reader("de", "Europe/Berlin")
WORDS = Words(
    "Kasse antwortet 502", "Gateway neu gestartet.", "Zoë", "Karten gehen nicht.", "Acme", GERMAN, "https://x/a"
)
FACTS = replace(BRIEF, route="an-die-technik", team="Technik", points=())
SOMEBODY = ("Anna",)
SILENCES: tuple[Literal["next", "reject", "open", "report"], ...] = ("next", "reject", "open", "report")
KINDS = tuple(ApprovalKind)
ABOUT: dict[Topic, tuple[str, ...]] = {
    Topic.TARGET_NEAR: NAMED["clock"],
    Topic.TARGET_MISSED: NAMED["clock"],
    Topic.UPDATE_MISSED: SOMEBODY,
    Topic.CHECK_IN_MISSED: SOMEBODY,
    Topic.NOBODY_TOLD: NAMED["step"],
    Topic.NOBODY_ANSWERED: NAMED["step"],
    Topic.OWNER_SILENT: SOMEBODY,
    Topic.MESSAGE_FAILED: NAMED["message"],
    Topic.APPROVAL_EXPIRED: SOMEBODY,
    Topic.REOPENED: SOMEBODY,
    Topic.STATUS: SOMEBODY,
    Topic.WAR_ROOM: SOMEBODY,
    Topic.CHANNEL_DOWN: (*Channel, *(f"{channel} 30034" for channel in Channel)),
    Topic.APPROVAL_DECIDED: tuple(f"{kind} {decided}" for kind, decided in product(KINDS, Decided)),
    Topic.GLASS_BROKEN: KINDS,
    Topic.GLASS_OBJECTED: KINDS,
    Topic.REVIEW_OWED: KINDS,
    Topic.TOUCHES: ("3",),
    Topic.CONTACT_CHANGED: SOMEBODY,
    Topic.LINKED: ("ESC-9",),
    Topic.LINKED_ENDED: tuple(f"ESC-9 {phase}" for phase in Phase),
}
"""What the rules say with each topic. A new one fails here until it is said what it is about."""
POINTS = [Point(topic, about, due) for topic in Topic for about in ABOUT[topic] for due in (None, NOW)]

_OURS = {*chain(*NAMED.values()), *Ask, *Topic, *Decided}
_RAW = re.compile(rf"\b(?:{'|'.join(sorted({*_OURS, *(word.replace('_', ' ') for word in _OURS)}))})\b")
_TYPED = re.compile(r"escalate \w+|\((?:oder )?reject\)|--\w+|\back \w+")
_MARKUP = re.compile(r"<[^>]*>")


def raw(text: str) -> list[str]:
    """The words of ours that stand in it as the log writes them."""
    return _RAW.findall(_TYPED.sub("", _MARKUP.sub(" ", text)))


def told(content: Content) -> str:
    match content:
        case Letter():
            return f"{content.subject}\n{content.text}\n{content.html}"
        case ShortMessage():
            return content.body
        case Script():
            return content.words
        case ChatMessage():
            return "\n".join((content.text, *content.buttons))


def approvals() -> Iterator[ApprovalBrief]:
    """Whatever may be asked, with every meaning of silence."""
    abouts = {ApprovalKind.DEADLINE_EXTENSION: "2026-11-24T10:00:00Z", ApprovalKind.SEVERITY_DOWNGRADE: "SEV2"}
    for kind, act, silence, review, opening in product(
        KINDS, ("", "cancel", "confirm"), SILENCES, (False, True), (False, True)
    ):
        yield ApprovalBrief(
            number=3, kind=kind, asked_by="Anna", about=abouts.get(kind, "" if act else "L1"), quorum=2, votes=1,
            amount=Money(500, "EUR"), review=review, opening=opening, reason="Eilt.", until=NOW + timedelta(hours=1),
            silence=silence, act=act,
        )  # fmt: skip


def briefs(message: Message) -> Iterator[Brief]:
    """The facts of that message, with everything that the rules may put into them."""
    facts = replace(FACTS, phase=brief_of(message).phase)
    yield from (replace(facts, phase=phase, restricted=restricted) for phase in Phase for restricted in (False, True))
    yield from (replace(facts, ask=ask) for ask in Ask)
    if message is Message.APPROVAL:
        yield from (replace(facts, approval=approval) for approval in approvals())
    if message is Message.SITUATION:
        yield from (replace(facts, points=(point,)) for point in POINTS)


@pytest.mark.parametrize("message", TRANSLATED)
def test_a_german_message_holds_no_english_word_of_ours(message: Message) -> None:
    """In every channel, with every phase, ask, topic, target, kind of approval and decision that there is."""
    found = {
        (piece, word)
        for brief in briefs(message)
        for words in (WORDS, replace(WORDS, title=None))
        for piece, text in pieces(message, RENDERER, words, brief)
        for word in raw(text)
    }

    assert found == set()


@pytest.mark.parametrize("channel", Channel)
def test_a_german_list_holds_no_english_word_of_ours(channel: Channel) -> None:
    """Its subject included: a list is in no thread of one escalation."""
    facts = [replace(FACTS, points=(point,)) for point in POINTS]
    lines = [Line(replace(FACTS, ask=ask), message, 1, "Kasse") for ask in Ask for message in Message]
    lines += [Line(brief, Message.SITUATION, 2, None) for brief in facts]

    for line in lines:
        made = told(RENDERER.listed(channel, (line, line), 1, WORDS, "d-1", NOW))
        assert raw(made) == []
        assert "escalations" not in made.replace("Support escalations", "")


def test_a_german_room_and_the_line_below_a_page_hold_no_english_word_of_ours() -> None:
    """And the room tells every instant on the clock that its people share."""
    room = RoomWords("Anna", "Bo", "https://bridge.example", NOW + timedelta(hours=1), over=False)
    for phase, ask, over in product(Phase, Ask, (False, True)):
        brief = replace(FACTS, phase=phase, ask=ask)
        made = RENDERER.room(brief, WORDS, replace(room, over=over), NOW)
        assert raw(made + RENDERER.settled(brief, WORDS, NOW)) == []
        assert "12:25 Uhr CET (11:25 UTC)" in made
    assert RENDERER.topic(FACTS, WORDS, room, NOW) == "ESC-4711 · Leitung: Anna · https://bridge.example"
    english = replace(WORDS, reader=Reader())
    assert RENDERER.topic(FACTS, english, replace(room, bridge=""), NOW) == "ESC-4711 · commander: Anna"


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_word_of_ours_is_told_as_another_one(language: str) -> None:
    """A word that a layout does not know would be told as the last one that it knows."""
    words = replace(WORDS, reader=Reader(language))

    def texts(message: Message, channel: Channel, every: list[Brief]) -> set[str]:
        return {told(RENDERER.render(message, channel, brief, words, "d-1", NOW)) for brief in every}

    topics = [replace(FACTS, points=(Point(topic, "3"),)) for topic in Topic]
    decided = [replace(FACTS, points=(Point(Topic.APPROVAL_DECIDED, f"spend {how}"),)) for how in Decided]
    for channel in (Channel.EMAIL, Channel.SMS):
        assert len(texts(Message.SITUATION, channel, topics)) == len(Topic)
        assert len(texts(Message.SITUATION, channel, decided)) == len(Decided)
        assert len(texts(Message.PAGE, channel, [replace(FACTS, ask=ask) for ask in Ask])) == len(Ask)
    ends = [
        replace(FACTS, phase=phase) for phase in (Phase.CLOSED, Phase.DE_ESCALATED, Phase.REJECTED, Phase.CANCELLED)
    ]
    assert len(texts(Message.CLOSING, Channel.SMS, ends)) == len(ends)


def test_what_the_agreement_calls_its_own_is_told_as_it_calls_it() -> None:
    """A step has the name that somebody gave it."""
    brief = replace(FACTS, points=(Point(Topic.NOBODY_ANSWERED, "erste_linie"),))

    assert "(erste linie)" in told(RENDERER.render(Message.SITUATION, Channel.EMAIL, brief, WORDS, "d-1", NOW))
