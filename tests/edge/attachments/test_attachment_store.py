"""The attachment store: named by content, whole or not there, proved at every read, and nothing that runs."""

import hashlib
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from escalation.adapters.attachments import (
    AttachmentFolder,
    Damaged,
    KeptFile,
    Missing,
    NotTaken,
    StoreDown,
    looked_at,
    media_type_of,
)
from escalation.core.beside import FILE_BYTES_MAX, MEDIA_TYPES

LOG = b"E-1042 export worker timed out\n"
DIGEST = hashlib.sha256(LOG).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> AttachmentFolder:
    return AttachmentFolder(tmp_path / "files")


def test_what_is_kept_is_read_back(store: AttachmentFolder) -> None:
    """Under its digest, with its size and what it is."""
    assert store.keep(LOG) == KeptFile(DIGEST, len(LOG), "text/plain")
    assert store.read(DIGEST) == LOG


def test_the_same_file_is_kept_once(store: AttachmentFolder, tmp_path: Path) -> None:
    """Again is no harm, and nothing half-written stays behind."""
    assert store.keep(LOG) == store.keep(LOG)
    assert [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()] == [DIGEST[2:]]


@pytest.mark.parametrize(
    ("umask", "modes"), [(0o022, (0o750, 0o640)), (0o002, (0o770, 0o660)), (0o077, (0o700, 0o600))]
)
def test_the_folder_is_shared_with_its_group_and_nobody_else(
    store: AttachmentFolder, tmp_path: Path, umask: int, modes: tuple[int, int]
) -> None:
    """As far as the umask of whoever attaches lets."""
    before = os.umask(umask)
    try:
        store.keep(LOG)
    finally:
        os.umask(before)
    place = tmp_path / "files" / DIGEST[:2] / DIGEST[2:]

    assert tuple(stat.S_IMODE(path.stat().st_mode) for path in (place.parent, place)) == modes
    assert stat.S_IMODE((tmp_path / "files").stat().st_mode) == modes[0]


def test_a_changed_file_is_not_given_out(store: AttachmentFolder, tmp_path: Path) -> None:
    """The digest is proved at every read; attaching it again repairs it."""
    store.keep(LOG)
    (tmp_path / "files" / DIGEST[:2] / DIGEST[2:]).write_bytes(b"something else")

    with pytest.raises(Damaged, match="attach it again"):
        store.read(DIGEST)
    store.keep(LOG)
    assert store.read(DIGEST) == LOG


@pytest.mark.parametrize("digest", ["ab" * 32, "../../etc/passwd", "AB" * 32, "ab", ""])
def test_what_is_not_there_is_said(store: AttachmentFolder, digest: str) -> None:
    """Nothing that is no digest ever becomes a path."""
    with pytest.raises(Missing):
        store.read(digest)


@pytest.mark.parametrize("act", ["keep", "read"])
def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path, act: str) -> None:
    """The folder is named, and what to do."""
    (tmp_path / "file").write_bytes(b"in the way")
    store = AttachmentFolder(tmp_path / "file")

    with pytest.raises(StoreDown, match="correct the folder"):
        store.keep(LOG) if act == "keep" else store.read(DIGEST)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """A folder stands where the file belongs: it cannot be moved there, and no remainder stays."""
    place = tmp_path / DIGEST[:2] / DIGEST[2:]
    place.mkdir(parents=True)

    with pytest.raises(StoreDown):
        AttachmentFolder(tmp_path).keep(LOG)
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x1f\x8b\x08", "application/gzip"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"GIF89a", "image/gif"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"caf\xc3\xa9", "text/plain"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
        (b"MZ\x90", None),
        (b"\x7fELF\x02", None),
        (b"#!/bin/sh\n", None),
        (b"\xca\xfe\xba\xbe", None),
        (b"\0asm", None),
        (b"a\0b", None),
        (b"\xff\xfe\xfd", None),
    ],
)
def test_a_file_is_what_its_bytes_say(content: bytes, media_type: str | None) -> None:
    """Programs and unknown kinds are no attachments, whatever they are called."""
    assert media_type_of(content) == media_type
    assert media_type is None or media_type in MEDIA_TYPES


def test_a_file_may_be_so_large_and_no_larger() -> None:
    """The bound, and one byte beyond; nothing at all is no file either."""
    assert looked_at(b"a" * FILE_BYTES_MAX).bytes == FILE_BYTES_MAX
    for content in (b"a" * (FILE_BYTES_MAX + 1), b"", b"MZ"):
        with pytest.raises(NotTaken):
            looked_at(content)


# --- letting go -------------------------------------------------------------------------------------------------------

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SINCE = datetime(2021, 1, 1, tzinfo=UTC)


def aged(folder: Path, digest: str, at: datetime = LONG_AGO) -> Path:
    """As if it had last been kept then."""
    place = folder / digest[:2] / digest[2:]
    os.utime(place, (at.timestamp(), at.timestamp()))
    return place


def test_what_is_kept_is_listed_with_when(store: AttachmentFolder, tmp_path: Path) -> None:
    """Nothing half-written or strange is; an empty store lists nothing."""
    assert store.kept() == {}
    store.keep(LOG)
    place = aged(tmp_path / "files", DIGEST)
    place.with_name(".coming-0123").write_bytes(b"half")
    place.with_name("readme").write_bytes(b"strange")

    assert store.kept() == {DIGEST: LONG_AGO}


def test_an_old_file_is_removed_and_a_young_one_stays(store: AttachmentFolder, tmp_path: Path) -> None:
    """At the instant itself it stays; gone already is no error."""
    store.keep(LOG)
    aged(tmp_path / "files", DIGEST, SINCE)
    assert store.remove(DIGEST, SINCE) == 0
    assert store.read(DIGEST) == LOG
    assert store.remove(DIGEST, SINCE + timedelta(seconds=1)) == len(LOG)
    assert store.remove(DIGEST, SINCE + timedelta(seconds=1)) == 0
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


def test_what_is_kept_again_is_young_again(store: AttachmentFolder, tmp_path: Path) -> None:
    """Attached to a second escalation: whoever was about to remove it finds that out, and leaves it."""
    store.keep(LOG)
    aged(tmp_path / "files", DIGEST)
    assert store.kept()[DIGEST] < SINCE
    store.keep(LOG)

    assert store.remove(DIGEST, SINCE) == 0
    assert store.read(DIGEST) == LOG
