"""What people type on a telephone at night."""

import pytest

from escalation.gateway.grammar import (
    BODY_CHARS_MAX,
    CODE_DIGITS_MAX,
    CODES_MAX,
    HELP,
    START,
    STOP,
    Act,
    Reserved,
    Said,
    Unclear,
    first_line,
    understood,
)


@pytest.mark.parametrize(
    "body",
    [
        "ack 42", "ACK 42", "Ack42", "a 42", "a42", "42a", "42 ack", " ack   42 ", '"ack 42"', "\u201cAck #42\u201d",
        "ack #42.", "ack: 42", "a 042", "ack \u0664\u0662", "\uff41\uff43\uff4b \uff14\uff12", "ack\u00a042", "ack\n42",
        "Ack 42 \U0001f44d\U0001f3fd", "\u2705 ack 42", "ack\u200b42", "\ufeffack 42", "\u202aack 42\u202c", "ack-42",
        "ack/42", "ack = 42", "*ack 42*", "_ack 42_", "42A!", "ACK  42 ",
    ],
)  # fmt: skip
def test_a_code_is_found_however_it_is_written(body: str) -> None:
    """Quotes, '#', capitals, spaces and the script of digits do not matter."""
    assert understood(body) == Said(Act.ACKNOWLEDGE, 42)


@pytest.mark.parametrize(
    "body",
    [
        "ack 42\n\nSent from my telephone", "ack 42\r\n--\r\nAmira Haddad\r\nSupport", "42a\nI am looking into it",
        "Ack 42\n> P1 ESC-1: reply ack 42", "\n\n ack 42 \n\nOn Sun, Escalations wrote:\n> reply ack 43",
    ],
)  # fmt: skip
def test_what_stands_below_the_line_with_the_code_does_not_matter(body: str) -> None:
    """Telephones sign what is typed, and quote what it answers."""
    assert understood(body) == Said(Act.ACKNOWLEDGE, 42)


@pytest.mark.parametrize(
    "body",
    [
        "ack\n\nis what somebody should do here", "Liked \u201cP1 ESC-1: Reply ack 42 (Ref EA5A2GIHGCO)\u201d",
        "\U0001f44d", "Reply ack 42 (Ref EA5A2GIHGCO)", "> ack 42",
        "I am driving. I will read your text later.\nack 42",
        "ack 42?", "don\u2019t ack 42", "ack 42 or 43", "(no subject)\nack 42", "nack 42", "\u0430ck 42",
    ],
)  # fmt: skip
def test_what_a_machine_sends_back_takes_nothing(body: str) -> None:
    """Our own words, a like, an absence note, a question: nobody takes an escalation by accident."""
    assert understood(body) == Unclear()


@pytest.mark.parametrize("body", ["ack", "Ack.", ' "ACK" ', "ack \U0001f44d", "\u2714\ufe0f ack"])
def test_a_bare_ack_names_no_code(body: str) -> None:
    """Which one is meant depends on what is open."""
    assert understood(body) == Said(Act.ACKNOWLEDGE, None)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "a",
        "ok",
        "42",
        "ack ack",
        "esc 42 43",
        "close all",
        "esc all",
        "all",
        "not ack 42",
        "back 42",
        "ack x",
        "ack -",
        "ack " + "9" * (CODE_DIGITS_MAX + 1),
    ],
)
def test_anything_else_is_unclear(body: str) -> None:
    """Nobody takes an escalation by accident."""
    assert understood(body) == Unclear()


@pytest.mark.parametrize("body", ["ack all", "Ack ALL!", "a all", "ack alle", '"ack all".'])
def test_everything_can_be_taken_at_once(body: str) -> None:
    """And nothing else be done to everything at once."""
    assert understood(body) == Said(Act.ACKNOWLEDGE, None, everything=True)
    assert Said(Act.ACKNOWLEDGE, None, everything=True).several


@pytest.mark.parametrize(
    "body", ["ack 42 43", "ACK 42, 43.", "a #42 #43", "ack 42 and 43", "ack 42 und 43", "ack 42 43 42"]
)
def test_several_can_be_named(body: str) -> None:
    """Each once, in the order given."""
    assert understood(body) == Said(Act.ACKNOWLEDGE, None, (42, 43))


def test_a_reply_names_only_so_many() -> None:
    """What is longer is a slip, or an attack."""
    codes = [str(code) for code in range(10, 10 + CODES_MAX)]

    assert understood("ack " + " ".join(codes)) == Said(Act.ACKNOWLEDGE, None, tuple(range(10, 10 + CODES_MAX)))
    assert understood("ack " + " ".join([*codes, "99"])) == Unclear()


@pytest.mark.parametrize(
    ("body", "act"),
    [
        ("esc 42", Act.RAISE), ("ESC #42", Act.RAISE), ("42 esc", Act.RAISE), ("42e", Act.RAISE),
        ("close 42", Act.CLOSE), ("Close42", Act.CLOSE), ("42c", Act.CLOSE), ("c 42", Act.CLOSE),
    ],
)  # fmt: skip
def test_raising_and_closing_are_said_in_the_same_ways(body: str, act: Act) -> None:
    """One grammar for all of them."""
    assert understood(body) == Said(act, 42)


@pytest.mark.parametrize("letter", ["a", "c", "e"])
def test_a_letter_alone_means_nothing(letter: str) -> None:
    """A thumb on a telephone types one by accident."""
    assert understood(letter) == Unclear()


@pytest.mark.parametrize(("words", "off"), [(STOP, True), (START, False), (HELP, None)])
def test_the_carriers_words_are_known(words: frozenset[str], off: bool | None) -> None:  # noqa: FBT001
    """In any capitals; which of them turn texts off or on."""
    for word in words:
        assert [understood(word), understood(f" {word.lower()}. ")] == [Reserved(off), Reserved(off)]


@pytest.mark.parametrize(("said", "off"), [("STOP", True), ("START", False), ("HELP", None)])
def test_the_carriers_own_verdict_counts_more_than_the_words(said: str, off: bool | None) -> None:  # noqa: FBT001
    """It knows more words than we do, in more languages."""
    assert understood("arrêt", said) == Reserved(off)


def test_no_word_of_ours_belongs_to_the_carrier() -> None:
    """Or it would never reach us."""
    assert not {act.value.upper() for act in Act} & (STOP | START | HELP)


def test_a_text_that_is_too_long_says_nothing() -> None:
    """At the limit it is still read."""
    room = " " * (BODY_CHARS_MAX - len("ack 42"))

    assert [understood(f"ack{room} 42"), understood(f"ack{room}  42")] == [Said(Act.ACKNOWLEDGE, 42), Unclear()]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ack", "ack"),
        ("\n\n  ack 42  \n\nOn Mon, Escalations wrote:\n> Reply", "ack 42"),
        ("> ack 42\nack 43", ""),
        ("On Mon 1 Mar 2026, Escalations wrote:\n> ack", ""),
        ("Am So., 22. Nov. 2026 um 11:40 Uhr schrieb Amira:\n> ack", ""),
        ("On hold, waiting for the vendor:\n1. the log", "On hold, waiting for the vendor:"),
        ("Am fixing it now:\nrolled back", "Am fixing it now:"),
        ("Am 1. März 2026 schrieb Escalations:\n> ack", ""),
        ("-- \nack", ""),
        ("-----Original Message-----\nack", ""),
        ("From: Escalations\nack", ""),
        ("", ""),
    ],
)
def test_only_what_was_typed_counts(text: str, line: str) -> None:
    """What we wrote comes back in every reply, and must not act by itself."""
    assert first_line(text) == line
