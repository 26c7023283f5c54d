"""Hostile words: whatever people write, it stays words, on every channel, and what matters is never cut off."""

import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.adapters import gsm
from escalation.adapters.rendering import (
    CHAT_CHARS_MAX,
    CHATTED,
    PEOPLE,
    SCRIPT_CHARS_MAX,
    SUBJECT_CHARS_MAX,
    Renderer,
    Words,
    variants,
)
from escalation.adapters.sending import Letter, Reader, Script, ShortMessage, mark, marked
from escalation.adapters.twilio import TWIML_CHARS_MAX, twiml
from escalation.core.effects import Brief
from escalation.core.vocabulary import Channel, Message
from tests.edge.rendering.golden import READERS, pieces
from tests.edge.rendering.page import read
from tests.edge.samples import BRIEF, NOW

RENDERER = Renderer()
SENT = [message for message in Message if message is not Message.TICKET_STATUS]
INTERNAL = [message for message in Message if variants(message)[:5] == PEOPLE]
HOSTILE = (
    "Bcc: all@victim.example\r\nSubject: win\x00\x1b[2J\u202egnp.exe <script>alert(1)</script>"
    " {{ now }} {% include 'x' %} <!channel> @here <@U1> & ]]> <Hangup/> \"quotes\" 😀 “curly” \ud800 \U000e0041"
)
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
TEMPLATES = sorted(Path(str(files("escalation"))).joinpath("templates").rglob("*.*"))
UNSAFE = re.compile(r"\|\s*safe|autoescape|Markup")
ANYTHING = st.text(st.characters(codec=None), max_size=400) | st.sampled_from([HOSTILE, HOSTILE * 9, "ж[" * 200, ""])


def briefed(word: str) -> Brief:
    """The sample with that in every word of it."""
    points = tuple(replace(point, about=word) for point in BRIEF.points)
    return replace(BRIEF, team=word, owner=word, label=word, route=word, ticket=word, points=points)


def words_of(word: str, folder: str = "") -> Words:
    story = f"# ESCALATION - {word}\n\n## Narrative\n\n{word}\n\n## Context\n\n- Customer: {word}\n  - {word}\n"
    return Words(title=word, text=word, name=word, description=story, customer=word, reader=READERS[folder])


def plain_tags(message: Message) -> set[str]:
    made = dict(pieces(message, RENDERER, words_of("word"), briefed("word")))
    return set(read(made["html"]).tags)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_template_switches_escaping_off(path: Path) -> None:
    """`safe` and friends would hand a customer's words to the reader's browser as code."""
    assert not UNSAFE.search(path.read_text("utf-8"))


@pytest.mark.parametrize("source", ["{{ title|safe }}", "{{ title | safe }}", "{% autoescape false %}", "Markup(x)"])
def test_what_would_switch_escaping_off_is_seen(source: str) -> None:
    """The rule above, tried on what it is there for."""
    assert UNSAFE.search(source)


@pytest.mark.parametrize("folder", list(READERS))
@pytest.mark.parametrize("message", SENT)
def test_hostile_words_reach_nobody_as_code(message: Message, folder: str) -> None:
    """No header is smuggled, no markup survives, no direction is turned, nobody is called, no template runs."""
    made = dict(pieces(message, RENDERER, words_of(HOSTILE, folder), briefed(HOSTILE)))

    for piece, text in made.items():
        assert not UNSEEN.search(text), piece
        text.encode()
    assert "\n" not in made["subject"]
    page = read(made["html"])
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "script" not in page.tags
    assert set(page.tags) <= plain_tags(message) | {"ul", "li"}
    assert "{{ now }}" in made["text"]
    if "chat" in made:
        assert "<" not in made["chat"]
        assert "@here" not in made["chat"]


@given(ANYTHING, st.sampled_from(SENT), st.sampled_from(list(READERS)))
def test_no_words_break_a_mail(word: str, message: Message, folder: str) -> None:
    """One line of subject within its limit; a page whose elements close; text that can be encoded."""
    made = RENDERER.render(message, Channel.EMAIL, briefed(word), words_of(word, folder), "d-1", NOW)
    assert isinstance(made, Letter)

    assert len(made.subject.splitlines()) == 1
    assert len(made.subject) <= SUBJECT_CHARS_MAX
    assert not any(UNSEEN.search(part) for part in (made.subject, made.text, made.html))
    assert read(made.html).words
    assert b"<script" not in made.html.encode()


@given(ANYTHING, st.sampled_from(INTERNAL), st.sampled_from(list(READERS)))
def test_no_words_break_a_telephone(word: str, message: Message, folder: str) -> None:
    """An SMS within its segments that can be found again; a call whose instructions are well-formed and only words."""
    short = RENDERER.render(message, Channel.SMS, briefed(word), words_of(word, folder), "d-1", NOW)
    call = RENDERER.render(message, Channel.VOICE, briefed(word), words_of(word, folder), "d-1", NOW)
    assert isinstance(short, ShortMessage)
    assert isinstance(call, Script)

    assert gsm.fits(short.body)
    assert len(short.body) <= gsm.SEPTETS_MAX
    assert marked(short.body) >= {mark("d-1")}
    assert not UNSEEN.search(short.body)
    assert len(call.words) <= SCRIPT_CHARS_MAX
    instructions = ET.fromstring(twiml(call.words, call.language))  # noqa: S314  # our own output
    assert [part.tag for part in instructions] == ["Say", "Pause", "Say"]


@given(ANYTHING, st.sampled_from(sorted(CHATTED)), st.sampled_from(list(READERS)))
def test_no_words_call_a_whole_room_in_a_chat(word: str, message: Message, folder: str) -> None:
    """The three escapes and no other markup, nobody called, within one block of text."""
    text = RENDERER.chat(message, briefed(word), words_of(word, folder), NOW)

    assert len(text) <= CHAT_CHARS_MAX
    assert "<" not in text
    assert ">" not in text
    assert re.search(r"&(?!amp;|lt;|gt;)", text[:-5]) is None
    assert re.search(r"@(here|channel|everyone|group)\b", text, re.IGNORECASE) is None


@given(ANYTHING)
def test_a_page_by_sms_keeps_its_hint_its_deadline_and_its_mark_whatever_the_title(title: str) -> None:
    """The title gives way first."""
    made = RENDERER.render(Message.PAGE, Channel.SMS, BRIEF, Words(title, None, None), "d-1", NOW)
    assert isinstance(made, ShortMessage)

    assert made.body.startswith("Support escalations: P1 ESC-4711: ")
    assert made.body.endswith(f"\nReply ack 42 (Ref {mark('d-1')})")
    assert "22 Nov 10:40 UTC" in made.body


@pytest.mark.parametrize("count", [0, 1, 39, 40, 41, 60, 100, 153, 154, 200])
def test_a_long_title_takes_no_segment_more_than_forty_characters_of_it_would(count: int) -> None:
    """The summary is cut to the fewest segments; what is cut is marked."""
    made = RENDERER.render(Message.CHECK_IN, Channel.SMS, BRIEF, Words("x" * count, None, None), "d", NOW)
    least = RENDERER.render(Message.CHECK_IN, Channel.SMS, BRIEF, Words("x" * min(count, 40), None, None), "d", NOW)
    assert isinstance(made, ShortMessage)
    assert isinstance(least, ShortMessage)

    assert gsm.segments(made.body) <= gsm.segments(least.body)
    assert ("..." in made.body) is ("x" * count not in made.body)


def test_a_long_call_is_cut_before_the_vendor_refuses_it() -> None:
    """Escaping makes words longer; the limit holds for what is sent."""
    assert len(twiml("<&>" * 900)) <= TWIML_CHARS_MAX


def test_a_call_keeps_what_is_asked_whatever_the_title() -> None:
    """The title gives way, so that the way to answer is still said."""
    brief = replace(BRIEF, reference="E" * 100)
    call = RENDERER.render(
        Message.PAGE, Channel.VOICE, brief, Words("word " * 40, None, None, reader=Reader()), "d", NOW
    )
    assert isinstance(call, Script)

    assert call.words.endswith("If nobody answers, the next person is asked.")
