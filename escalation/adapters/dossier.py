"""What an escalation was handed over with, cut into the parts that a mail tells one after the other.

Words that came as an escalation document are its page (`escalation.wire.document_page`); they are told in the order of
the procedures' escalation mail: summary, steps taken and their results, impact, expectation, context, attachments.
Any other words are a summary, and nothing more is known.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

PAGE = "# ESCALATION - "
"""How a document's page begins."""

SECTIONS = {
    "Narrative": "summary",
    "Actions taken": "steps",
    "Business impact": "impact",
    "Customer communication": "expectation",
    "Request": "request",
    "Reproduction": "reproduction",
    "Product": "product",
    "Security": "security",
    "Leadership": "leadership",
    "Dispute": "dispute",
    "": "origin",
    "Context": "context",
    "Attachments": "attachments",
}
"""A section of the page, and the part it is told as; the order is the mail's. The page's head has no name."""

TOLD_ELSEWHERE = frozenset({"Priority", "Customer", "Ticket", "Routed to", "Restricted"})
"""Rows of the head that every mail tells as its facts, as they are now."""

_ROW = re.compile(r"- ([^:]{1,60}):(?: (.*))?")
_ITEM = re.compile(r"  (?:-|\d+\.) (.*)")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a part: its label if it has one, what it says, and what is listed below it."""

    label: str
    value: str
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the story. `name` is a word that a layout has a heading for."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """The story. `documented`: it came as an escalation document, so that what is not told was left open there."""

    parts: tuple[Part, ...]
    documented: bool


def dossier(words: str) -> Dossier:
    """The parts of these words, which are clean already. A part without words is left out."""
    if not words.startswith(PAGE):
        return Dossier(tuple(_parts([("summary", _prose(words.splitlines()))])), documented=False)
    found: dict[str, list[str]] = {"": []}
    lines = found[""]
    for line in words.splitlines()[1:]:
        if line.startswith("## "):
            lines = found.setdefault(line.removeprefix("## "), [])
        else:
            lines.append(line)
    told = [(name, _rows(found[title])) for title, name in SECTIONS.items() if title in found]
    # A section that this reader does not know is told under its own name.
    told += [(title, _rows(lines)) for title, lines in found.items() if title not in SECTIONS]
    return Dossier(tuple(_parts(told)), documented=True)


def _parts(told: Iterable[tuple[str, Iterable[Row]]]) -> Iterator[Part]:
    for name, found in told:
        rows = tuple(row for row in found if name != "origin" or row.label not in TOLD_ELSEWHERE)
        if rows:
            yield Part(name, rows)


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    label, value, entries = "", "", list[str]()
    for line in lines:
        item = _ITEM.fullmatch(line)
        if item is not None and label:
            entries.append(item[1])
            continue
        if label:
            yield Row(label, value, tuple(entries))
        row = _ROW.fullmatch(line)
        label, value, entries = (row[1], row[2] or "", []) if row is not None else ("", "", [])
        if row is None:
            yield from _prose([line.removeprefix("- ")])
    if label:
        yield Row(label, value, tuple(entries))


def _prose(lines: Iterable[str]) -> Iterator[Row]:
    """One row for each line that says something. The page puts a backslash before a "#" that is no heading."""
    for line in lines:
        if line.strip():
            yield Row("", line.removeprefix("\\") if line.startswith("\\#") else line)
