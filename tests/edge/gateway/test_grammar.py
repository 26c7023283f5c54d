"""What people type on a telephone at night."""

import pytest

from escalation.gateway.grammar import (
    BODY_CHARS_MAX,
    CODE_DIGITS_MAX,
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
    ],
)  # fmt: skip
def test_a_code_is_found_however_it_is_written(body: str) -> None:
    """Quotes, '#', capitals, spaces and the script of digits do not matter."""
    assert understood(body) == Said(Act.ACKNOWLEDGE, 42)


@pytest.mark.parametrize("body", ["ack", "Ack.", ' "ACK" '])
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
        "ack 42 43",
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
