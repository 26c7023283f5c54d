"""What an SMS costs: the GSM 7-bit alphabet, and how words are brought into it.

Source: 3GPP TS 23.038 §6.2.1. One character outside the alphabet turns the whole message into UCS-2, where a segment
holds 67 instead of 153.
"""

import unicodedata
from collections.abc import Callable, Iterable

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic table in code order; position 27 is the escape to the next table and no character."""
EXTENSION = "\f^{}\\[~]|€"
"""Characters that take two septets each."""

SEPTETS_ALONE = 160
SEPTETS_EACH = 153
"""What one segment holds in the GSM alphabet, by itself and among several: their header takes the rest."""
UNITS_ALONE = 70
UNITS_EACH = 67
"""The same in UCS-2."""
SEPTETS_MAX = 2 * SEPTETS_EACH
"""What a message of ours may take in the GSM alphabet: two segments, below the 320 characters that carriers advise."""
UNITS_MAX = 4 * UNITS_EACH
"""What it may take in UCS-2: four segments."""

_SINGLE = frozenset(BASIC) - {"\x1b"}
_DOUBLE = frozenset(EXTENSION)
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2039\u203a\u0060\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2022", "-"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
        **dict(zip("łŁđĐıðþ", "lLdDidt", strict=True)),  # letters that Unicode does not take apart
        "œ": "oe",
        "Œ": "OE",
        "\u2026": "...",
        "\u00b7": ".",
        "\u00d7": "x",
        "\u2192": "->",
    }
)
_PICTURES = frozenset({"So", "Sk", "Cn", "Co"})
_AROUND_PICTURES = frozenset(map(chr, (0x200D, 0x20E3, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""What joins pictures, frames them and chooses how they look: by itself it shows nothing, and costs the alphabet."""
_UPON_LETTERS = frozenset({"Mn", "Me", "Cf"})


def septets(words: str) -> int | None:
    """Length in the GSM alphabet; None when a character is not in it."""
    total = 0
    for char in words:
        if char in _SINGLE:
            total += 1
        elif char in _DOUBLE:
            total += 2
        else:
            return None
    return total


def units(words: str) -> int:
    """Length in UCS-2: code units of UTF-16, so that a character outside the basic plane counts twice."""
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def segments(words: str) -> int:
    """How many segments the words are sent in, at least one; no character is ever cut in two.

    A character of two septets or two units that would begin at the end of a segment begins the next one.
    """
    length = septets(words)
    if length is not None:
        sizes = (2 if char in _DOUBLE else 1 for char in words)
        return 1 if length <= SEPTETS_ALONE else _packed(sizes, SEPTETS_EACH)
    return 1 if units(words) <= UNITS_ALONE else _packed((units(char) for char in words), UNITS_EACH)


def fits(words: str) -> bool:
    """Whether the words stay within the segments of `SEPTETS_MAX`, or of `UNITS_MAX` when they need UCS-2."""
    return segments(words) <= (UNITS_MAX // UNITS_EACH if septets(words) is None else SEPTETS_MAX // SEPTETS_EACH)


def plain(words: str) -> str:
    """The words in the GSM alphabet if that can be done without losing letters; pictures are dropped.

    Typographic quotes and dashes become plain, accents that the alphabet lacks are dropped ("č" is "c"), in one
    character or in two; when letters of another script remain, accents are left as they were.
    """
    words = unicodedata.normalize("NFC", words).translate(_PLAIN)
    # Once more: what stood between a letter and its accent may have gone.
    words = unicodedata.normalize("NFC", "".join(char for char in words if _is_text(char)))
    bare = "".join(char if _is_sent(char) else _without_accents(char) for char in words)
    return bare if septets(bare) is not None else words


def _packed(sizes: Iterable[int], room: int) -> int:
    count, left = 1, room
    for size in sizes:
        if size > left:
            count, left = count + 1, room
        left -= size
    return count


def _is_sent(char: str) -> bool:
    return char in _SINGLE or char in _DOUBLE


def _is_text(char: str) -> bool:
    return _is_sent(char) or not (char in _AROUND_PICTURES or unicodedata.category(char) in _PICTURES)


def _without_accents(char: str) -> str:
    """The letters of a character; nothing for an accent alone, whose letter has no form with it."""
    parts = unicodedata.normalize("NFKD", char)
    return "".join(part for part in parts if unicodedata.category(part) not in _UPON_LETTERS)


def longest(chars_max: int, allowed: Callable[[int], bool]) -> int:
    """The largest number up to `chars_max` that is allowed, if whatever is shorter is allowed too; 0 if none is."""
    if allowed(chars_max):
        return chars_max
    low, high = 0, chars_max - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if allowed(middle) else (low, middle - 1)
    return max(low, 0)


def shortened(words: str, chars: int) -> str:
    """The words if they have no more than `chars` characters, else their beginning with "..." for what is missing."""
    if chars >= len(words):
        return words
    kept = words[:chars].rstrip()
    return kept + "..." if kept else ""
