"""How messages show what others wrote: nothing in it acts."""

import pytest

from escalation.wire.quoting import VALUE_CHARS_MAX, harmless, shown


@pytest.mark.parametrize("char", ["\x1b", "\x07", "\r", "\0", "\x7f", "\x9b", "\u202e", "\u2066", "\u200f"])
def test_what_acts_on_a_terminal_is_replaced(char: str) -> None:
    """One for one, so that a mark beside it stays in its place."""
    assert harmless(f"a{char}b") == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize(
    "text", ["", "line\n\tline", "Grüße, \u4f60\u597d", "\U0001f469\u200d\U0001f4bb", "non\u00a0breaking"]
)
def test_what_people_write_stays(text: str) -> None:
    """Lines, tabs, every script, and faces made of several characters."""
    assert harmless(text) == text


def test_a_value_is_one_short_line() -> None:
    """Quoted, and cut at the bound."""
    assert shown("a\nb") == r"'a\nb'"
    assert shown("x" * (VALUE_CHARS_MAX - 2)) == repr("x" * (VALUE_CHARS_MAX - 2))
    assert shown("x" * VALUE_CHARS_MAX).endswith("…")
