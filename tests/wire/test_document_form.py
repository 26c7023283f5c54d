"""The form to fill: every field with its help, the blanks filled give a good document, the schema knows as much."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import escalation
from escalation.wire.document import EscalationDocument
from escalation.wire.document_check import check
from escalation.wire.document_form import (
    BY_RECEIVER,
    WIDTH_CHARS,
    document_schema,
    document_schema_text,
    sample,
    schema_of,
    template,
)
from escalation.wire.packages import shipped
from escalation.wire.yaml_reader import read
from tests.wire.documents import NOW, ROUTES, good, package, written

PUBLISHED = Path(escalation.__file__).parent / "document.schema.json"


def judge(route: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema_of(package(route)))


def without_blanks(value: Any) -> Any:  # noqa: ANN401  # plain values
    """What is left of a form when its open fields are taken away, as an editor would send it."""
    if isinstance(value, dict):
        return {name: kept for name, part in value.items() if (kept := without_blanks(part)) not in ("", {}, [])}
    if isinstance(value, list):
        return [kept for part in value if (kept := without_blanks(part)) not in ("", {})]
    return value


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every value at the end of a path; the entries of a list count as one."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        yield from leaves(value[0], path)
    else:
        yield path, value


@pytest.mark.parametrize("route", ROUTES)
def test_an_empty_form_lists_exactly_what_the_receiver_needs(route: str) -> None:
    """Checked as it is, it says what is to be filled; only what a defect needs waits for the word."""
    found = check(template(package(route)).encode(), shipped(), NOW)

    assert found.document is not None
    assert {fault.path for fault in found.faults} == {need.part for need in package(route).needed(None)}


@pytest.mark.parametrize("route", ROUTES)
def test_the_blanks_filled_with_the_samples_may_be_sent(route: str) -> None:
    """The sample differs from the form in its values only."""
    empty, filled = (
        dict(leaves(read(text.encode()).value)) for text in (template(package(route)), sample(package(route), NOW))
    )

    assert list(empty) == list(filled)
    assert {path for path, value in empty.items() if value != ""} == {"version", "route"}
    assert check(sample(package(route), NOW).encode(), shipped(), NOW).ready


@pytest.mark.parametrize("route", ROUTES)
def test_every_field_has_a_line_of_help_and_says_whether_it_is_mandatory(route: str) -> None:
    """Above it, or beside it in an entry; no line is wider than the page."""
    lines = template(package(route)).splitlines()

    for number, line in enumerate(lines):
        if line.rstrip().endswith('""') and not line.lstrip().startswith("-"):
            above = " ".join(lines[max(0, number - 2) : number])
            assert "# " in above
            assert any(word in above for word in ("MANDATORY", "Optional.", "minor units", "ISO 4217"))
    assert max(len(line) for line in lines) <= WIDTH_CHARS


@pytest.mark.parametrize("route", ROUTES)
def test_every_need_is_marked_mandatory_with_its_reason(route: str) -> None:
    """As often as there are needs, in the form's own words."""
    text = template(package(route))

    assert text.count("MANDATORY") == len(package(route).needs)
    assert [need.why for need in package(route).needs if f"{need.why}." not in text] == []


def test_the_forms_together_show_every_field() -> None:
    """What is of use to one kind of receiver only stands in that one's form."""
    seen = {path for route in ROUTES for path, _ in leaves(read(template(package(route)).encode()).value)}

    assert {path.split(".")[0] for path in seen} == set(EscalationDocument.model_fields)
    assert set(BY_RECEIVER) <= set(EscalationDocument.model_fields)


def test_a_form_names_the_asks_that_its_receiver_takes() -> None:
    """Not those of others."""
    assert "  # Exactly one of investigate, fix.\n" in template(package())


# --- The schema -------------------------------------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_document() -> None:
    """`python -m escalation.wire.document_form` writes it anew."""
    assert PUBLISHED.read_text("utf-8") == document_schema_text()


@pytest.mark.parametrize("route", ROUTES)
def test_a_filled_form_fits_the_schema_of_its_route(route: str) -> None:
    """And an empty one lacks in it what the receiver needs."""
    jsonschema.Draft202012Validator.check_schema(schema_of(package(route)))

    assert [error.message for error in judge(route).iter_errors(good(route))] == []
    blank = without_blanks(dict(read(template(package(route)).encode()).value))
    missing = list(judge(route).iter_errors(blank))
    assert len(missing) == len(package(route).needed(None))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("version", "2"),
        ("route", "l1-to-l2"),
        ("severity", "SEV5"),
        ("request.ask", "decide"),
        ("impact.breadth.customers", "many"),
        ("impact.revenue.exposure.currency", "Dollar"),
        ("reproduction.steps", []),
        ("actions", "some"),
        ("title", ""),
        ("goal", None),
        ("colour", "red"),
    ],
)
def test_a_wrong_part_is_underlined(path: str, wrong: object) -> None:
    """Words, numbers, bounds, and fields that do not exist; nothing is null."""
    document = written(path, wrong) if wrong is not None else {**good(), path: None}

    assert not judge("l2-to-engineering").is_valid(document)


def test_the_schema_knows_the_word_none_and_display_names() -> None:
    """What a file may say, an editor lets pass."""
    assert judge("l2-to-engineering").is_valid({**good(), "attachments": "none", "actions": "none", "severity": "P1"})
    assert "null" not in json.dumps(document_schema())
