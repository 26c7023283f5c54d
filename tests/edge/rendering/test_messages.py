"""Messages: what goes out reads as reviewed, stays clean whatever people wrote, and never loses what matters."""

import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.adapters import gsm
from escalation.adapters.rendering import NO_TITLE, PEOPLE, RESTRICTED_TITLE, Renderer, TemplateFault, Words, variants
from escalation.adapters.sending import Content, Letter, Script, ShortMessage, mark, marked
from escalation.adapters.twilio import TWIML_CHARS_MAX, twiml
from escalation.core.vocabulary import Channel, Message
from tests.edge.rendering.golden import FOLDER, everything
from tests.edge.samples import BRIEF, NOW, TITLE, WORDS

RENDERER = Renderer()
INTERNAL = [message for message in Message if variants(message) == PEOPLE]
HOSTILE = (
    "Bcc: all@victim.example\r\nSubject: win\x00\x1b[2J\u202egnp.exe <script>alert(1)</script>"
    " {{ now }} {% include 'x' %}"
    ' ]]> <Hangup/> & "quotes" 😀 “curly” \ud800'
)
TEMPLATES = sorted(Path(str(files("escalation"))).joinpath("templates").rglob("*.*"))


def rendered(message: Message, channel: Channel, words: Words) -> Content:
    return RENDERER.render(message, channel, BRIEF, words, "d-1", NOW)


def short(title: str, message: Message = Message.PAGE) -> str:
    content = rendered(message, Channel.SMS, Words(title=title, text=None, name=None))
    assert isinstance(content, ShortMessage)
    return content.body


@pytest.mark.parametrize("message", list(Message))
def test_every_message_reads_as_reviewed(message: Message) -> None:
    """A changed word shows up in the review of the golden files (`python -m tests.edge.rendering.golden`)."""
    assert everything(message, RENDERER) == (FOLDER / f"{message}.txt").read_text("utf-8")


def test_shipped_templates_are_complete_and_use_only_known_variables() -> None:
    """What a worker checks before it takes its first message."""
    RENDERER.check()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_template_switches_escaping_off(path: Path) -> None:
    """`safe` and friends would hand a customer's words to the reader's browser as code."""
    assert not re.search(r"\|\s*safe|autoescape|Markup", path.read_text("utf-8"))


@pytest.mark.parametrize("message", [message for message in Message if message is not Message.TICKET_STATUS])
def test_hostile_words_reach_nobody_as_code(message: Message) -> None:
    """No header is smuggled, no markup survives in HTML, no direction is turned, no template runs."""
    words = Words(title=HOSTILE, text=HOSTILE, name=HOSTILE)
    letter = rendered(message, Channel.EMAIL, words)
    assert isinstance(letter, Letter)

    assert "\n" not in letter.subject
    assert "<script" not in letter.html
    for part in (letter.subject, letter.text, letter.html):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", part)
        part.encode()
    assert "{{ now }}" in letter.text


@pytest.mark.parametrize("message", INTERNAL)
def test_hostile_words_fit_a_telephone(message: Message) -> None:
    """An SMS within its size, a call whose instructions are well-formed and say nothing but words."""
    words = Words(title=HOSTILE * 9, text=HOSTILE * 99, name=HOSTILE)
    body, script = rendered(message, Channel.SMS, words), rendered(message, Channel.VOICE, words)
    assert isinstance(body, ShortMessage)
    assert isinstance(script, Script)

    assert gsm.fits(body.body)
    instructions = ET.fromstring(twiml(script.words))  # noqa: S314  # our own output
    assert [part.tag for part in instructions] == ["Say", "Pause", "Say"]


@given(st.text(max_size=400))
def test_an_sms_keeps_its_reply_hint_and_mark_whatever_the_title(title: str) -> None:
    """The title gives way first; the hint, the deadline and the mark by which it can be found again do not."""
    body = short(title)

    assert gsm.fits(body)
    assert marked(body) >= {mark("d-1")}
    assert body.endswith(f"\nReply ack 42 (Ref {mark('d-1')})")
    assert "22 Nov 10:40 UTC" in body


def test_a_plain_sms_stays_in_the_small_alphabet() -> None:
    """One curly quote would halve what fits, so typography is made plain, and accents where nothing is lost."""
    assert gsm.septets(short("“Zażółć” – the café’s order… 😀")) is not None
    assert '"Zazolc" - the café\'s order...' in short("“Zażółć” – the café’s order… 😀")


def test_another_script_is_kept_and_cut_to_its_own_limit() -> None:
    """Cyrillic cannot be made plain; it takes fewer characters."""
    body = short("Оплата не проходит " * 30)

    assert gsm.septets(body) is None
    assert gsm.units(body) <= gsm.UNITS_MAX
    assert "Оплата" in body


@pytest.mark.parametrize(("count", "fits"), [(gsm.SEPTETS_MAX, True), (gsm.SEPTETS_MAX + 1, False)])
def test_the_limit_of_the_small_alphabet_is_exact(count: int, fits: bool) -> None:  # noqa: FBT001
    """Two segments of 153 septets; a bracket takes two."""
    assert gsm.fits("a" * count) is fits
    assert gsm.fits("a" * (count - 2) + "[") is fits


@pytest.mark.parametrize(("count", "fits"), [(gsm.UNITS_MAX, True), (gsm.UNITS_MAX + 1, False)])
def test_the_limit_of_the_large_alphabet_is_exact(count: int, fits: bool) -> None:  # noqa: FBT001
    """Four segments of 67 units; a character outside the basic plane takes two."""
    assert gsm.fits("ж" * count) is fits
    assert gsm.fits("ж" * (count - 2) + "😀") is fits


def test_a_page_says_so_when_its_title_cannot_be_read() -> None:
    """A page without its title is still a page."""
    body = rendered(Message.PAGE, Channel.SMS, Words(title=None, text=None, name=None))

    assert isinstance(body, ShortMessage)
    assert NO_TITLE in body.body


def test_a_restricted_escalation_tells_its_title_only_inside_the_mail() -> None:
    """Locked screens, loudspeakers and subject lines are read by others."""
    brief = replace(BRIEF, restricted=True)
    words = Words(title=TITLE, text=None, name=None)
    made = [RENDERER.render(Message.PAGE, channel, brief, words, "d-1", NOW) for channel in Channel]

    for content in made:
        match content:
            case Letter(subject, text, _):
                assert TITLE not in subject
                assert TITLE in text
            case ShortMessage(shown) | Script(shown):
                assert TITLE not in shown
                assert RESTRICTED_TITLE in shown


def test_every_customer_message_says_the_reference_and_when_the_next_word_comes() -> None:
    """A customer who is told the next instant does not write to ask."""
    for message in (Message.CUSTOMER_OPENING, Message.CUSTOMER_UPDATE, Message.CUSTOMER_NO_NEWS):
        letter = rendered(message, Channel.EMAIL, Words(title=TITLE, text=WORDS, name=None))
        assert isinstance(letter, Letter)
        assert BRIEF.reference in letter.subject
        assert "You will hear from us again by Sun 22 Nov 2026, 11:25 UTC" in letter.text


def test_a_long_call_is_cut_before_the_vendor_refuses_it() -> None:
    """Escaping makes words longer; the limit holds for what is sent."""
    assert len(twiml("<&>" * 900)) <= TWIML_CHARS_MAX


def test_an_unknown_variable_is_named_with_its_template(tmp_path: Path) -> None:
    """One line: which template, which variable, and what there is instead."""
    copied = tmp_path / "templates"
    for path in TEMPLATES:
        (copied / path.parent.name).mkdir(parents=True, exist_ok=True)
        (copied / path.parent.name / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (copied / "page" / "sms.txt").write_text("{{ custommer }}\nReply\n", "utf-8")

    with pytest.raises(TemplateFault, match=r"^template 'page/sms.txt': unknown variable 'custommer'; there are brief"):
        Renderer(copied).check()
    with pytest.raises(
        TemplateFault, match=r"^template 'page/sms.txt' line 1: unknown variable: 'custommer' is undefined"
    ):
        Renderer(copied).render(Message.PAGE, Channel.SMS, BRIEF, Words(TITLE, None, None), "d-1", NOW)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{{ brief.nothing }}\nx", "unknown variable"),
        ("{{ brief.__class__ }}\nx", "unknown variable|unsafe"),
        ("{% if %}", "line 1"),
    ],
)
def test_a_broken_template_is_one_clear_line(tmp_path: Path, source: str, told: str) -> None:
    """Wrong syntax, wrong attributes, and reaching for Python's insides."""
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "sms.txt").write_text(source, "utf-8")

    with pytest.raises(TemplateFault, match=told) as fault:
        Renderer(tmp_path).render(Message.PAGE, Channel.SMS, BRIEF, Words(TITLE, None, None), "d-1", NOW)
    assert "\n" not in str(fault.value)


def test_a_variant_that_the_message_does_not_have_is_named() -> None:
    """Customers are written to by email alone."""
    with pytest.raises(TemplateFault, match=r"'customer_update/sms\.txt' does not exist"):
        rendered(Message.CUSTOMER_UPDATE, Channel.SMS, Words(TITLE, WORDS, None))
