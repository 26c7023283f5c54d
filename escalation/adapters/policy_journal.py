"""Which agreement was put in force when, by whom and why: lines of JSON beside the agreements, each sealed to the last.

A line carries the digest of the line before it, so that none can be changed, dropped or put in between unnoticed. Only
the end has no witness: a journal that was cut off looks whole, and the file in force is then one it does not know. A
line is written, and on the disk, before the file is: a publication that a crash cut short can be repeated.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

JOURNAL = "journal.jsonl"
JOURNAL_BYTES_MAX = 16 * 1024 * 1024
"""Thousands of publications. A fuller journal is put away by hand, and a new one begins."""
CHANGES_MAX = 200
CHANGE_CHARS_MAX = 500


class JournalError(Exception):
    """The journal cannot take this, or cannot be read. One line: what, the limit, the next step."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One line: an agreement came into force. `digest` is the policy's, `previous` that of the line before."""

    number: int
    name: str
    version: str
    digest: str
    replaced: str | None  # the version before, and None for the first one
    at: datetime
    by: str
    reason: str
    changes: tuple[str, ...]
    previous: str


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The journal's lines as far as they hold; `fault` says what is wrong with the one after them."""

    publications: tuple[Publication, ...] = ()
    head: str = ""  # digest of the last line
    fault: str | None = None

    def of(self, name: str) -> tuple[Publication, ...]:
        """The publications of one agreement, oldest first."""
        return tuple(each for each in self.publications if each.name == name)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An agreement that somebody wants to put in force."""

    name: str
    version: str
    digest: str
    by: str
    reason: str
    changes: tuple[str, ...] = ()


class PolicyJournal:
    """The journal of one folder of agreements."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / JOURNAL

    def read(self) -> Chronicle:
        """Every line that holds. Raises `JournalError` when the file cannot be read or is too large."""
        try:
            with self._path.open("rb") as file:
                content = file.read(JOURNAL_BYTES_MAX + 1)
        except FileNotFoundError:
            return Chronicle()
        except OSError as error:
            raise JournalError(f"{str(self._path)!r} cannot be read ({error.strerror}); correct its mode") from error
        if len(content) > JOURNAL_BYTES_MAX:
            raise JournalError(
                f"{str(self._path)!r} has more than {JOURNAL_BYTES_MAX} bytes; put it away and begin anew"
            )
        return _chronicle(content)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else publishes into this folder meanwhile. Raises `JournalError` when somebody does."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".publishing").open("wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise JournalError(f"somebody else publishes into {str(self._folder)!r}; try again") from None
            yield

    def enter(self, wanted: Wanted, replaced: str | None, at: datetime) -> Publication:
        """Write the line for it; inside `locked`. The last line is not repeated.

        Raises `JournalError` for a journal that does not hold or is full, and for a version that was another text.
        """
        chronicle = self.read()
        if chronicle.fault is not None:
            raise JournalError(f"{str(self._path)!r} does not hold: {chronicle.fault}; restore it, or put it away")
        earlier = chronicle.of(wanted.name)
        for each in earlier:
            if each.version == wanted.version and each.digest != wanted.digest:
                raise JournalError(
                    f"{wanted.name} {wanted.version} was published on {each.at:%Y-%m-%d} with another text;"
                    " raise the version"
                )
        if earlier and earlier[-1].digest == wanted.digest:
            return earlier[-1]
        changes = tuple(change[:CHANGE_CHARS_MAX] for change in wanted.changes[:CHANGES_MAX])
        if len(wanted.changes) > CHANGES_MAX:
            changes = (*changes[:-1], f"and {len(wanted.changes) - CHANGES_MAX + 1} more")
        number = len(chronicle.publications) + 1
        publication = Publication(
            number, wanted.name, wanted.version, wanted.digest, replaced, at, wanted.by, wanted.reason, changes,
            chronicle.head,
        )  # fmt: skip
        self._append(_line(publication))
        return publication

    def _append(self, line: bytes) -> None:
        whole = self._path.read_bytes() if self._path.exists() else b""
        whole = whole[: whole.rfind(b"\n") + 1]  # a line that a crash cut short never counted
        if len(whole) + len(line) > JOURNAL_BYTES_MAX:
            raise JournalError(f"{str(self._path)!r} is full ({JOURNAL_BYTES_MAX} bytes); put it away and begin anew")
        with self._path.open("r+b" if self._path.exists() else "xb") as file:
            file.truncate(len(whole))
            file.seek(len(whole))
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


_ADAPTER: TypeAdapter[Publication] = TypeAdapter(Publication)


def _line(publication: Publication) -> bytes:
    fields = _ADAPTER.dump_python(publication, mode="json")
    return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _unsealed(number: int, publication: Publication) -> str:
    """What is wrong where a line does not seal the one before: most likely that one was edited after it was written."""
    sealed = publication.previous[:12] or "nothing"
    if number == 1:
        return f"line 1 follows {sealed}, and there is nothing before it"
    return f"line {number - 1} is not the one that line {number} follows ({sealed}); it was changed, or one is missing"


def _chronicle(content: bytes) -> Chronicle:
    found: list[Publication] = []
    head = ""
    complete = content[: content.rfind(b"\n") + 1]
    for number, line in enumerate(complete.splitlines(keepends=True), start=1):
        fault = None
        try:
            publication = _ADAPTER.validate_json(line)
        except ValidationError:
            return Chronicle(tuple(found), head, f"line {number} is no entry")
        if publication.number != number:
            fault = f"line {number} says that it is number {publication.number}"
        elif publication.previous != head:
            return Chronicle(tuple(found[:-1]), found[-1].previous if found else "", _unsealed(number, publication))
        elif _line(publication) != line:
            fault = f"line {number} is not written as the program writes it"
        if fault is not None:
            return Chronicle(tuple(found), head, fault)
        found.append(publication)
        head = hashlib.sha256(line).hexdigest()
    return Chronicle(tuple(found), head)
