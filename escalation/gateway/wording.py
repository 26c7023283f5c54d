"""The lines that we say back, in the language and on the clock of whoever hears them."""

import asyncio
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from escalation.adapters.directory import DirectoryDown
from escalation.adapters.phrasing import Phrases, TemplateFault, zone_of
from escalation.adapters.sending import Reader, header_safe
from escalation.adapters.templates import LANGUAGE
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import ApprovalKind, Phase
from escalation.gateway.acting import Came

ENGLISH = "en"
ANSWERS = "_layout/answers.toml"
VALUE_CHARS_MAX = 120
"""What is said at most of a name, a reference or a status."""

_TABLES: Mapping[type[StrEnum], str] = {ApprovalKind: "approval", Phase: "phase", Refusal: "refusal"}
"""Words of ours that a line may tell, and where a language has its own for them."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What is said in one language, by its name, and the words and instants that stand in it."""

    spoken: Mapping[str, str]
    phrases: Phrases
    zone: str = "UTC"

    def __getitem__(self, word: str) -> str:
        """The line of that name, its values in braces."""
        return self.spoken[word]

    def called(self, value: str) -> str:
        """A word of ours in this language; every other value as it is."""
        table = _TABLES.get(type(value)) if isinstance(value, StrEnum) else None
        return value if table is None else self.phrases.called(table, value)

    def when(self, at: datetime) -> str:
        """An instant on the reader's clock and in UTC."""
        return self.phrases.when(at.astimezone(zone_of(self.zone)))


class Readers(Protocol):
    """How people read. Raises `DirectoryDown`."""

    def reader(self, contact: str, at: datetime) -> Reader: ...


class Wording:
    """Every line in every language that has them. `TemplateFault`, naming it, for a line or a word that one lacks."""

    def __init__(self, readers: Readers, folder: Path | None = None) -> None:
        root = folder or Path(str(files("escalation") / "templates"))
        self._readers = readers
        english = _read(root / ANSWERS)
        spoken = {root: english, **{path.parents[1]: _read(path) for path in sorted(root.glob(f"*/{ANSWERS}"))}}
        for place, lines in spoken.items():
            if odd := lines.keys() ^ english.keys():
                raise TemplateFault(f"{place.name}/{ANSWERS}: {min(odd)!r} is missing or unknown")
        self._spoken = {
            ENGLISH if place == root else place.name: Lines(lines, Phrases.read(place / LANGUAGE))
            for place, lines in spoken.items()
        }

    async def of(self, contact: str, at: datetime) -> Lines:
        """The lines in that person's language; English when nobody knows it, or it has none."""
        try:
            reader = await asyncio.to_thread(self._readers.reader, contact, at)
        except DirectoryDown:
            return self._spoken[ENGLISH]
        return replace(self.in_language(reader.language), zone=reader.zone)

    def in_language(self, language: str) -> Lines:
        """The lines in that language, else in it without its region, else in English."""
        found = self._spoken.get(language) or self._spoken.get(language.partition("-")[0])
        return found or self._spoken[ENGLISH]


def line(lines: Lines, word: str, **values: str) -> str:
    """One line, its values on one clean line each, and our own words among them in its language."""
    return lines[word].format_map(
        {name: header_safe(lines.called(value), VALUE_CHARS_MAX) for name, value in values.items()}
    )


def told(lines: Lines, came: Came) -> str:
    """What came of a wish."""
    return line(lines, came.word, **came.values)


def _read(path: Path) -> Mapping[str, str]:
    """The file's lines; those of a section under "section.name"."""
    try:
        written = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TemplateFault(f"{'/'.join(path.parts[-3:])} cannot be read: {error}") from None
    plain = {name: value for name, value in written.items() if isinstance(value, str)}
    for section, lines in written.items():
        if isinstance(lines, dict):
            plain |= {f"{section}.{name}": value for name, value in lines.items()}
    return plain
