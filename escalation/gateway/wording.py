"""The lines that we say back, in the language of whoever hears them."""

import asyncio
import tomllib
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from escalation.adapters.directory import DirectoryDown
from escalation.adapters.sending import Reader, header_safe
from escalation.gateway.acting import Came

ENGLISH = "en"
ANSWERS = "_layout/answers.toml"
VALUE_CHARS_MAX = 120
"""What is said at most of a name, a reference or a status."""

Lines = Mapping[str, str]


class Readers(Protocol):
    """How people read. Raises `DirectoryDown`."""

    def reader(self, contact: str, at: datetime) -> Reader: ...


class Wording:
    """Every line in every language that has them. `ValueError`, naming it, for a line that a language lacks."""

    def __init__(self, readers: Readers, folder: Path | None = None) -> None:
        root = folder or Path(str(files("escalation") / "templates"))
        self._readers = readers
        self._spoken = {ENGLISH: _read(root / ANSWERS)}
        for path in sorted(root.glob(f"*/{ANSWERS}")):
            lines = _read(path)
            if odd := lines.keys() ^ self._spoken[ENGLISH].keys():
                raise ValueError(f"{path.parents[1].name}/{ANSWERS}: {min(odd)!r} is missing or unknown")
            self._spoken[path.parents[1].name] = lines

    async def of(self, contact: str, at: datetime) -> Lines:
        """The lines in that person's language; English when nobody knows it, or it has none."""
        try:
            reader = await asyncio.to_thread(self._readers.reader, contact, at)
        except DirectoryDown:
            return self._spoken[ENGLISH]
        return self.in_language(reader.language)

    def in_language(self, language: str) -> Lines:
        """The lines in that language, else in it without its region, else in English."""
        found = self._spoken.get(language) or self._spoken.get(language.partition("-")[0])
        return found or self._spoken[ENGLISH]


def line(lines: Lines, word: str, **values: str) -> str:
    """One line, its values on one clean line each."""
    return lines[word].format_map({name: header_safe(value, VALUE_CHARS_MAX) for name, value in values.items()})


def told(lines: Lines, came: Came) -> str:
    """What came of a wish."""
    return line(lines, came.word, **came.values)


def _read(path: Path) -> Lines:
    """The file's lines; those of a section under "section.name"."""
    written = tomllib.loads(path.read_text("utf-8"))
    plain = {name: value for name, value in written.items() if isinstance(value, str)}
    for section, lines in written.items():
        if isinstance(lines, dict):
            plain |= {f"{section}.{name}": value for name, value in lines.items()}
    return plain
