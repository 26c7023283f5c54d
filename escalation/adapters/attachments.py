"""The attachment store: files named by the SHA-256 of their bytes, in a folder. What is in it never changes, and
goes only when `remove` is told to: see `reports/retention.py` for what nobody needs any more.

A file is written beside its place, synced, and moved there in one step, so that a name never stands for half of it.
Every read proves the digest again. Whose file it is and who may read it is not known here: the log says it.
"""

import hashlib
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from escalation.core.beside import FILE_BYTES_MAX, MEDIA_TYPES

_DIGEST = re.compile(r"[0-9a-f]{64}")
# Owner and group, the umask permitting: whoever shares the folder shares a group. Nobody else, for what is restricted.
FOLDER_MODE, FILE_MODE = 0o770, 0o660
_BEGINNINGS = (
    (b"\x1f\x8b", "application/gzip"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
)
# What a system runs when it is opened: Windows, Linux, macOS (thin and fat, which Java shares), WebAssembly, scripts.
_PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\0asm",
    b"#!",
)


class NotTaken(ValueError):
    """A file that is no attachment: empty, too large, a program, or of a kind that is not taken. One line."""


class Missing(LookupError):
    """The store has no such file. One line."""


class Damaged(OSError):
    """What the store has under a digest has another one: the disk, or somebody, changed it. One line."""


class StoreDown(OSError):
    """The store's folder cannot be read or written. One line."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file in the store."""

    digest: str
    bytes: int
    media_type: str


class Attachments(Protocol):
    """Where the bytes of attachments lie. Safe to call from threads, and again with the same file."""

    def keep(self, content: bytes) -> KeptFile:
        """Keep a file for good. Raises `NotTaken` and `StoreDown`."""

    def read(self, digest: str) -> bytes:
        """The file of that digest, proved. Raises `Missing`, `Damaged` and `StoreDown`."""

    def kept(self) -> dict[str, datetime]:
        """Every digest in the store, and when it was last kept (UTC). Raises `StoreDown`."""

    def remove(self, digest: str, before: datetime) -> int:
        """Delete a file that was last kept before that; answers its bytes, 0 when it was not. Raises `StoreDown`."""


def looked_at(content: bytes) -> KeptFile:
    """What a file is, by its bytes alone: a name or a claimed type proves nothing. Raises `NotTaken`."""
    if not content:
        raise NotTaken("the file is empty; attach one that says something")
    if len(content) > FILE_BYTES_MAX:
        raise NotTaken(f"the file has more than {FILE_BYTES_MAX} bytes; put it elsewhere and link it")
    found = media_type_of(content)
    if found is None:
        raise NotTaken(f"the file is a program or of an unknown kind; taken are {', '.join(MEDIA_TYPES)}")
    return KeptFile(hashlib.sha256(content).hexdigest(), len(content), found)


def media_type_of(content: bytes) -> str | None:
    """The media type that the bytes themselves show, one of `MEDIA_TYPES`; None for programs and unknown kinds."""
    if content.startswith(_PROGRAMS):
        return None
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return "text/plain" if _is_text(content) else None


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False


class AttachmentFolder:
    """The store in a local folder, which is made when the first file comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes) -> KeptFile:
        """See `Attachments.keep`. A damaged file under the same digest is written anew."""
        kept = looked_at(content)
        place = self._place(kept.digest)
        try:
            if not (_holds(place, kept.digest) and _is_new(place)):
                self._folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
                place.parent.mkdir(FOLDER_MODE, exist_ok=True)
                _write(place, content)
        except OSError as error:
            raise StoreDown(f"{str(self._folder)!r} cannot be written ({error.strerror}); correct the folder") from None
        return kept

    def read(self, digest: str) -> bytes:
        """See `Attachments.read`."""
        place = self._place(digest)
        try:
            with place.open("rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
        except FileNotFoundError:
            raise Missing(f"no file {digest[:12]} is kept here; look where the document says it lies") from None
        except OSError as error:
            raise StoreDown(f"{str(self._folder)!r} cannot be read ({error.strerror}); correct the folder") from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise Damaged(f"the file kept as {digest[:12]} is not what was kept; attach it again")
        return content

    def kept(self) -> dict[str, datetime]:
        """See `Attachments.kept`. What is half-written has no digest, and is left alone."""
        found: dict[str, datetime] = {}
        try:
            for place in self._folder.glob("??/*"):
                digest = place.parent.name + place.name
                if _DIGEST.fullmatch(digest):
                    found[digest] = _time_of(place)
        except OSError as error:
            raise StoreDown(f"{str(self._folder)!r} cannot be read ({error.strerror}); correct the folder") from None
        return found

    def remove(self, digest: str, before: datetime) -> int:
        """See `Attachments.remove`. Put aside first: whoever keeps the same file meanwhile wins, and it stays."""
        place = self._place(digest)
        aside = place.with_name(f".going-{secrets.token_hex(8)}")
        try:
            place.rename(aside)
            if _time_of(aside) >= before:
                aside.rename(place)
                return 0
            size = aside.stat().st_size
            aside.unlink()
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise StoreDown(f"{str(self._folder)!r} cannot be written ({error.strerror}); correct the folder") from None
        return size

    def _place(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise Missing(f"{digest[:64]!r} is no SHA-256; write 64 hexadecimal digits in small letters")
        return self._folder / digest[:2] / digest[2:]


def _holds(place: Path, digest: str) -> bool:
    with suppress(FileNotFoundError), place.open("rb") as file:
        return hashlib.sha256(file.read(FILE_BYTES_MAX + 1)).hexdigest() == digest
    return False


def _is_new(place: Path) -> bool:
    """Note that it was kept again just now; False when somebody has removed it in this very moment."""
    with suppress(FileNotFoundError):
        os.utime(place)
        return True
    return False


def _time_of(place: Path) -> datetime:
    return datetime.fromtimestamp(place.stat().st_mtime, UTC)


def _write(place: Path, content: bytes) -> None:
    beside = place.with_name(f".coming-{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    for folder in (place.parent, place.parent.parent):
        _sync(folder)


def _sync(folder: Path) -> None:
    """A new name lasts only once its folder is on disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
