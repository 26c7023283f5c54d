"""Where a directory comes from: a file with the calendar files beside it, or the same document behind an address.

What an address answers is kept as a file, so that the last good copy outlives both sides; how old it is, is said.
"""

import hashlib
import logging
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from escalation.adapters.directory_file import WrittenDirectory, written_in
from escalation.adapters.directory_people import People, people_in
from escalation.core.schedules import Override
from escalation.wire.holidays_of import ICAL_BYTES_MAX
from escalation.wire.schedule_ical import turns_of
from escalation.wire.yaml_reader import Document, Fault, FaultyFileError, Limits, read

LIMITS = Limits(size_bytes=16 * 1024 * 1024, nodes=1_000_000)
"""Ten thousand people and 500 schedules have about a third of it."""
ASK_EVERY = timedelta(seconds=30)
ASK_TIMEOUT = timedelta(seconds=5)
CHUNK_BYTES = 64 * 1024
_ETAG_CHARS_MAX = 200

_log = logging.getLogger(__name__)


class DirectoryDown(Exception):
    """The directory cannot be asked."""


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one state of a file from the next without reading it."""

    modified_ns: int
    size_bytes: int
    inode: int


def version_of(path: Path) -> Version:
    """The file's. Raises `DirectoryDown` when it is not there."""
    try:
        status = path.stat()
    except OSError as error:
        raise DirectoryDown(f"directory {str(path)!r} cannot be read ({error.strerror}); correct the path") from error
    return Version(status.st_mtime_ns, status.st_size, status.st_ino)


def people_from(path: Path) -> People:
    """The directory in that file. Raises `FaultyFileError` when it is wrong, `DirectoryDown` when unreadable."""
    try:
        with path.open("rb") as file:
            source = file.read(LIMITS.size_bytes + 1)
    except OSError as error:
        raise DirectoryDown(f"directory {str(path)!r} cannot be read ({error.strerror}); correct the path") from error
    document = read(source, LIMITS)
    written = written_in(document)
    feeds, digests = _feeds(path.parent, written, document)
    digest = hashlib.sha256("\n".join((document.digest, *digests)).encode()).hexdigest() if digests else document.digest
    return people_in(written, digest, feeds)


def calendars_of(path: Path, written: WrittenDirectory) -> tuple[Path, ...]:
    """The calendar files that belong to it."""
    return tuple(dict.fromkeys(path.parent / each.ical for each in written.schedules.values() if each.ical is not None))


def _feeds(
    folder: Path, written: WrittenDirectory, document: Document
) -> tuple[dict[str, tuple[Override, ...]], tuple[str, ...]]:
    """The turns that calendar files give the schedules, and the files' digests."""
    known: dict[str, str] = {}
    for person, entry in written.people.items():
        for name in (person, entry.name, entry.email or "", *entry.aliases):
            known.setdefault(name.casefold(), person)
    feeds: dict[str, tuple[Override, ...]] = {}
    digests: list[str] = []
    for name, schedule in written.schedules.items():
        if schedule.ical is None:
            continue
        try:
            source = _beside(folder / schedule.ical)
            feeds[name] = turns_of(source, schedule.zone, lambda whose: known.get(whose.casefold()))
        except ValueError as wrong:
            raise FaultyFileError((document.fault(("schedules", name, "ical"), str(wrong)),)) from None
        digests.append(hashlib.sha256(source).hexdigest())
    return feeds, tuple(digests)


def _beside(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(ICAL_BYTES_MAX + 1)
    except OSError as error:
        raise ValueError(f"{path.name!r} cannot be read ({error.strerror}); put it beside the directory") from None


class Mirror:
    """A directory behind an address, kept as a file in `folder`. Safe to call from threads."""

    def __init__(self, url: str, folder: Path, token: str | None = None) -> None:
        self.path = folder / "directory.yaml"
        self._url, self._token, self._folder = url, token, folder
        self._etag, self._asked, self._lock = "", 0.0, threading.Lock()
        self.stale_since: datetime | None = None

    def refresh(self, *, now: float | None = None) -> None:
        """Ask for a newer one, at most every `ASK_EVERY`. What cannot be had leaves the kept copy, and it is stale.

        Raises `DirectoryDown` when there is none, `FaultyFileError` when the first one is wrong.
        """
        clock = time.monotonic() if now is None else now
        with self._lock:
            if self._asked and clock - self._asked < ASK_EVERY.total_seconds():
                return
            self._asked = clock
            try:
                self._take()
                self.stale_since = None
            except (requests.RequestException, FaultyFileError, OSError, ValueError) as error:
                why = str(error).splitlines()[0] if isinstance(error, FaultyFileError) else type(error).__name__
                if not self.path.exists():
                    if isinstance(error, FaultyFileError):
                        raise
                    raise DirectoryDown(f"the directory's address cannot be asked ({why}); correct it") from None
                self.stale_since = self.stale_since or datetime.now(UTC)
                _log.error("the directory's address cannot be asked (%s); the last good copy stays in force", why)

    def _take(self) -> None:
        given = {"If-None-Match": self._etag} if self._etag and self.path.exists() else {}
        if self._token is not None:
            given["Authorization"] = f"Bearer {self._token}"
        with requests.get(
            self._url, headers=given, timeout=ASK_TIMEOUT.total_seconds(), stream=True, allow_redirects=False
        ) as answer:
            if answer.status_code == requests.codes.not_modified:
                return
            if answer.status_code != requests.codes.ok:
                raise ValueError(f"status {answer.status_code}")
            source = bytearray()
            until = time.monotonic() + ASK_TIMEOUT.total_seconds() * 2
            for chunk in answer.iter_content(CHUNK_BYTES):
                source += chunk
                if len(source) > LIMITS.size_bytes or time.monotonic() > until:
                    raise ValueError("too long")
            etag = answer.headers.get("ETag", "")
        self._keep(bytes(source))
        self._etag = etag if len(etag) <= _ETAG_CHARS_MAX else ""

    def _keep(self, source: bytes) -> None:
        document = read(source, LIMITS)
        written = written_in(document)
        for name, schedule in written.schedules.items():
            if schedule.ical is not None:
                what = "a directory behind an address has no files beside it; write the layers"
                raise FaultyFileError((Fault(f"schedules.{name}.ical", 1, what),))
        self._folder.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.read_bytes() == source:
            return
        new = self.path.with_suffix(f".{os.getpid()}.new")
        with new.open("wb") as file:
            file.write(source)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
