"""What an SMS costs: the alphabet of the specification, and segments to the exact character."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.adapters import gsm
from escalation.adapters.rendering import Renderer, Words
from escalation.adapters.sending import ShortMessage
from escalation.core.vocabulary import Channel, Message
from tests.edge.samples import BRIEF, NOW

RENDERER = Renderer()
COLUMNS = (
    "@£$¥èéùìòÇ\nØø\rÅå",
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ",
    " !\"#¤%&'()*+,-./",
    "0123456789:;<=>?",
    "¡ABCDEFGHIJKLMNO",
    "PQRSTUVWXYZÄÖÑÜ§",
    "¿abcdefghijklmno",
    "pqrstuvwxyzäöñüà",
)
"""3GPP TS 23.038 §6.2.1, written down a second time, column by column."""
EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""§6.2.1.1."""


def short(title: str) -> str:
    made = RENDERER.render(Message.PAGE, Channel.SMS, BRIEF, Words(title, None, None), "d-1", NOW)
    assert isinstance(made, ShortMessage)
    return made.body


def test_the_alphabet_is_that_of_the_specification() -> None:
    """128 places, one of them the escape; ten characters behind it. Δ is the Greek letter, not the increment sign."""
    assert "".join(COLUMNS) == gsm.BASIC
    assert len(gsm.BASIC) == 128
    assert sorted(gsm.EXTENSION) == sorted(EXTENSION.values())
    assert [gsm.septets(char) for char in gsm.BASIC].count(1) == 127
    assert {gsm.septets(char) for char in gsm.EXTENSION} == {2}
    assert gsm.septets("\u2206") is gsm.septets("\x1b") is None
    assert gsm.septets("\u0394") == 1


@pytest.mark.parametrize(
    ("words", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),  # 76 of two in 153, and one septet stays empty
        ("€" * 153, 3),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),  # 33 of two in 67, and one unit stays empty
        ("😀" * 67, 3),
    ],
)
def test_segments_are_exact_and_no_character_is_cut_in_two(words: str, segments: int) -> None:
    """160 alone and 153 each, 70 alone and 67 each; a pair that would straddle goes into the next."""
    assert gsm.segments(words) == segments


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


def test_no_message_of_ours_is_longer_than_carriers_advise() -> None:
    """320 characters."""
    assert max(gsm.SEPTETS_MAX, gsm.UNITS_MAX) <= 320


@given(st.text(max_size=300))
def test_segments_agree_with_a_count_by_hand(words: str) -> None:
    """Fill segment after segment with the sizes of the characters."""
    sizes: list[Any] = [gsm.septets(char) for char in words]
    alone, each = gsm.SEPTETS_ALONE, gsm.SEPTETS_EACH
    if None in sizes:
        sizes = [len(char.encode("utf-16-le", "surrogatepass")) // 2 for char in words]
        alone, each = gsm.UNITS_ALONE, gsm.UNITS_EACH
    filled = [0]
    for size in sizes:
        if filled[-1] + size > each:
            filled.append(0)
        filled[-1] += size

    assert gsm.segments(words) == (1 if sum(sizes) <= alone else len(filled))


@given(st.text(max_size=300))
def test_plain_words_never_cost_more_and_stay_plain(words: str) -> None:
    """Bringing words into the alphabet twice changes nothing more."""
    plain = gsm.plain(words)

    assert gsm.plain(plain) == plain
    assert gsm.septets(plain) is not None or gsm.septets(words) is None


@given(st.text(gsm.BASIC, max_size=50), st.sampled_from("\ufe0e\ufe0f\u20e3\u200d\U000e0101"), st.integers(0, 50))
def test_a_sign_that_shows_nothing_costs_nothing(words: str, sign: str, place: int) -> None:
    """What is left of a picture would halve what fits."""
    assert gsm.plain(words[:place] + sign + words[place:]) == gsm.plain(words)


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("⚠\ufe0f Checkout down", " Checkout down"),
        ("1\ufe0f\u20e3 first", "1 first"),
        ("👩\u200d🚒 sent", " sent"),
        ("Mu\u0308nchen, cafe\u0301", "München, café"),
        ("Dvor\u030ca\u0301k", "Dvorak"),
        ("q\u0301 \u0301x", "q x"),
        ("e\ufe0f\u0301", "é"),
        ("a^b {c} [d] ~ | \\ €", "a^b {c} [d] ~ | \\ €"),
        ("Жи\u0306т ☎\ufe0f", "Жйт "),
        ("กั้น ต่อ ^", "กั้น ต่อ ^"),
    ],
)
def test_a_letter_may_be_written_in_two_and_a_picture_in_many(words: str, plain: str) -> None:
    """An accent that stands alone is one; another script keeps its own, and every sign that can be sent is."""
    assert gsm.plain(words) == plain


def test_a_picture_before_a_title_cuts_nothing_of_it() -> None:
    """With it or without, the same text, in as many segments."""
    title = "Checkout answers 502 for every card in all regions of Europe since the deploy of 14:02"

    assert short(f"⚠\ufe0f {title}") == short(title)
    assert gsm.segments(short(title)) == 2


def test_a_plain_sms_stays_in_the_small_alphabet() -> None:
    """One curly quote would halve what fits, so typography is made plain, and accents where nothing is lost."""
    assert gsm.septets(short("“Zażółć” – the café’s order… 😀")) is not None
    assert '"Zazolc" - the café\'s order...' in short("“Zażółć” – the café’s order… 😀")
    assert gsm.plain("\u2039x\u203a „y“ «z» a\u2011b—c\u2212d") == '\'x\' "y" "z" a-b-c-d'


def test_another_script_is_kept_and_cut_to_its_own_limit() -> None:
    """Cyrillic cannot be made plain; it takes fewer characters."""
    body = short("Оплата не проходит " * 30)

    assert gsm.septets(body) is None
    assert gsm.units(body) <= gsm.UNITS_MAX
    assert "Оплата" in body
