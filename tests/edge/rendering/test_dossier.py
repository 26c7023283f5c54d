"""The story of a hand-over: a document's page comes apart into the parts of the mail, and no word of it is lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.adapters.dossier import PAGE, SECTIONS, TOLD_ELSEWHERE, Row, dossier
from escalation.wire.document_page import body_of
from tests.wire.documents import ROUTES, good, judged

ORDER = list(SECTIONS.values())


def page(route: str) -> str:
    document = judged(good(route)).document
    assert document is not None
    return body_of(document, ticket="INC-7", customer="acme")


def told(words: str) -> str:
    """Everything that a reader of the parts gets to see."""
    parts = dossier(words).parts
    return "\n".join(" ".join((part.name, row.label, row.value, *row.entries)) for part in parts for row in part.rows)


@pytest.mark.parametrize("route", list(ROUTES))
def test_every_section_of_every_form_is_told_in_order_and_whole(route: str) -> None:
    """Each heading of the page is known here, so a new one in the form fails this test."""
    words = page(route)
    found = dossier(words)
    names = [part.name for part in found.parts]

    assert found.documented
    assert set(re.findall(r"^## (.+)$", words, re.MULTILINE)) <= set(SECTIONS)
    assert names == sorted(names, key=ORDER.index)
    shown = told(words)
    for line in words.splitlines()[1:]:
        label = line.removeprefix("- ").partition(":")[0]
        if line.startswith("## ") or label in TOLD_ELSEWHERE:
            continue
        for word in re.findall(r"[\w.]+", line.removeprefix("  ")):
            if not re.fullmatch(r"\d+\.", word):
                assert word in shown


def test_rows_lists_and_prose_are_told_apart() -> None:
    """A list belongs to the row above it; a "#" that the page guarded is a plain one again."""
    words = (
        f"{PAGE}x - Ticket #1\n\n- Ticket: #1\n- Nature: defect\n\n## Narrative\n\nOne: two.\n\\# three\n\n"
        "## Reproduction\n\n- Steps:\n  1. Open: it\n  2. Close it\n- Expected: a: b\n\n## Attachments\n\nNone.\n"
        "\n## Later\n\n- New: yes\n"
    )
    parts = {part.name: part.rows for part in dossier(words).parts}

    assert parts == {
        "summary": (Row("", "One: two."), Row("", "# three")),
        "reproduction": (Row("Steps", "", ("Open: it", "Close it")), Row("Expected", "a: b")),
        "origin": (Row("Nature", "defect"),),
        "attachments": (Row("", "None."),),
        "Later": (Row("New", "yes"),),
    }


@pytest.mark.parametrize("words", ["It fails.\n\n## not a heading\n- a: b\n  - c", "#ESCALATION - no page", "x"])
def test_other_words_are_a_summary_as_they_are(words: str) -> None:
    """Line by line; nothing else is known."""
    found = dossier(words)

    assert not found.documented
    assert [row.value for part in found.parts for row in part.rows] == [line for line in words.splitlines() if line]


@given(st.text(max_size=300))
def test_no_words_are_lost_whatever_they_look_like(text: str) -> None:
    """Every letter of a page's sections is told; nothing is raised."""
    shown = told(f"{PAGE}\n\n## Narrative\n\n{text}")
    kept = "".join(re.findall(r"\w", text))

    if "## " not in text:
        assert not set(kept) - set(shown) - set("0123456789")
