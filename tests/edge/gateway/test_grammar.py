"""What people type on a telephone at night."""

import pytest

from escalation.gateway.grammar import CODE_DIGITS_MAX, RESERVED, Ack, Reserved, Unclear, understood


@pytest.mark.parametrize(
    "body",
    [
        "ack 42", "ACK 42", "Ack42", "a 42", "a42", "42a", "42 ack", " ack   42 ", '"ack 42"', "\u201cAck #42\u201d",
        "ack #42.", "ack: 42", "a 042", "ack \u0664\u0662", "\uff41\uff43\uff4b \uff14\uff12", "ack\u00a042", "ack\n42",
    ],
)  # fmt: skip
def test_a_code_is_found_however_it_is_written(body: str) -> None:
    """Quotes, '#', capitals, spaces and the script of digits do not matter."""
    assert understood(body) == Ack(42)


@pytest.mark.parametrize("body", ["ack", "Ack.", ' "ACK" '])
def test_a_bare_ack_names_no_code(body: str) -> None:
    """Which one is meant depends on what is open."""
    assert understood(body) == Ack(None)


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


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_the_carriers_words_are_known(word: str) -> None:
    """In any capitals."""
    assert [understood(word), understood(word.lower())] == [Reserved(), Reserved()]
