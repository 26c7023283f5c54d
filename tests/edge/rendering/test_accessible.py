"""Mail for everybody: readable by a screen reader, in any light, without its colours, and as plain text."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from escalation.adapters.rendering import Renderer
from escalation.core.vocabulary import Message
from tests.edge.rendering.golden import READERS, TRANSLATED, pieces, words_of
from tests.edge.rendering.page import Page, read

RENDERER = Renderer()
CONTRAST_MIN = 4.5
"""WCAG 2.2, 1.4.3, level AA."""
SENT = [message for message in Message if message is not Message.TICKET_STATUS]


def made(message: Message, folder: str) -> dict[str, str]:
    return dict(pieces(message, RENDERER, words_of(message, READERS[folder])))


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb": WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colours(page: Page) -> Iterator[tuple[str, str]]:
    """Every text colour with the background it stands on: that of the body, unless it sets its own."""
    style = page.all("body")[0]["style"]
    found = re.search(r"(?:^|;)background:(#\w{6})", style)
    assert found
    ground = found[1]
    for _, attributes in page.elements:
        style = attributes.get("style", "")
        own = re.search(r"background(?:-color)?:(#\w{6})", style)
        for colour in re.findall(r"(?:^|;)color:([^;]+)", style):
            yield colour, own[1] if own else ground


@pytest.mark.parametrize("folder", list(READERS))
@pytest.mark.parametrize("message", SENT)
def test_a_page_names_its_language_and_has_a_title_and_one_first_heading(message: Message, folder: str) -> None:
    """What a screen reader says first."""
    page = read(made(message, folder)["html"])

    assert page.all("html")[0]["lang"] == (folder if folder and message in TRANSLATED else "en")
    assert len(page.all("title")) == len(page.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


@pytest.mark.parametrize("message", SENT)
def test_a_table_is_either_layout_and_says_so_or_has_headers(message: Message) -> None:
    """No grid is read out cell by cell without a reason."""
    for part in made(message, "")["html"].split("<table")[1:]:
        attributes, _, rest = part.partition(">")
        assert 'role="presentation"' in attributes or rest.lstrip().startswith('<tr><th scope="row"')


@pytest.mark.parametrize("message", SENT)
def test_words_stand_out_from_their_background(message: Message) -> None:
    """Measured, for every colour that a template sets."""
    found = list(colours(read(made(message, "")["html"])))

    assert found
    assert min(contrast(colour, ground) for colour, ground in found) >= CONTRAST_MIN


def test_the_measure_of_contrast_is_the_published_one() -> None:
    """Black on white is 21; the lightest grey on white that passes is #767676."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") >= CONTRAST_MIN > contrast("#777777", "#ffffff")


@pytest.mark.parametrize("folder", list(READERS))
@pytest.mark.parametrize("message", SENT)
def test_the_plain_text_says_all_that_the_page_says(message: Message, folder: str) -> None:
    """Nothing is told by colour, place or picture alone."""
    both = made(message, folder)
    page = read(both["html"])
    text = set(re.sub(r"[^\w ]+", " ", both["text"]).split())
    shown = set(re.sub(r"[^\w ]+", " ", " ".join(page.words)).split())

    assert page.all("img") == []
    # The page's own title, and the heading above the facts, which the text does not need.
    assert shown - text <= {"The", "facts", "Auf", "einen", "Blick"}


@pytest.mark.parametrize("message", SENT)
def test_a_link_says_what_it_does(message: Message) -> None:
    """Read out alone, "here" says nothing."""
    for words in re.findall(r"<a [^>]*>([^<]*)</a>", made(message, "")["html"]):
        assert len(words.split()) > 1


STRAY = ("<p>x", "<p></p></p>", "<p class=x></p>", "a < b", "a > b", "<b><i></b></i>", "<!-- -->")


@pytest.mark.parametrize("source", STRAY)
def test_the_reader_of_these_tests_is_strict(source: str) -> None:
    """Open elements, stray marks and bare attributes are no page."""
    with pytest.raises((AssertionError, IndexError)):
        read(source)
