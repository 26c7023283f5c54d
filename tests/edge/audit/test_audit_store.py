"""The audit store keeps every entry once, as it was written, in whatever order it comes."""

import hashlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalation.adapters.audit_store import (
    BODY_BYTES_MAX,
    PAGE_ROWS,
    REFERENCES_MAX,
    AuditConflict,
    AuditDown,
    AuditRefused,
    AuditStore,
)
from escalation.adapters.migrating import upgrade
from escalation.wire.messages import Page

NOW = datetime(2026, 11, 23, 9, 0, 0, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)


def page(sequence: int, body: str = "", *, reference: str = "ESC-1", episode: str = "one", at: datetime = NOW) -> Page:
    """An entry whose digest is right."""
    text = body or f'{{"sequence":{sequence}}}'
    return Page(reference, episode, sequence, at, "0" * 64, hashlib.sha256(text.encode()).hexdigest(), text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "audit.db"
    upgrade(f"sqlite:///{file}", "audit")
    return file


@pytest.fixture
def store(path: Path) -> Iterator[AuditStore]:
    opened = AuditStore(f"sqlite:///{path}", timeout=timedelta(seconds=2))
    yield opened
    opened.close()


def test_an_entry_is_read_back_to_the_byte(store: AuditStore) -> None:
    """Its own instant and the store's, in UTC to the microsecond."""
    body = '{"words":"ü \\u0000 “quoted”"}'
    store.append(page(1, body), LATER)

    (kept,) = store.entries("ESC-1")
    assert (kept.body, kept.sequence, kept.episode) == (body, 1, "one")
    assert (kept.at, kept.recorded_at, kept.previous) == (NOW, LATER, "0" * 64)
    assert kept.digest == hashlib.sha256(body.encode()).hexdigest()


def test_the_same_entry_again_changes_nothing(store: AuditStore) -> None:
    """Also the time of recording stays the first one."""
    store.append(page(1), NOW)
    store.append(page(1), LATER)

    assert [kept.recorded_at for kept in store.entries("ESC-1")] == [NOW]


def test_another_text_for_a_kept_sequence_is_an_alarm(store: AuditStore) -> None:
    """It names the entry and both digests, and leaves the kept one."""
    store.append(page(1, "kept"), NOW)

    with pytest.raises(AuditConflict, match=r"entry 1 of 'ESC-1', episode 'one' is kept with digest .*verify the log"):
        store.append(page(1, "other"), LATER)
    assert [kept.body for kept in store.entries("ESC-1")] == ["kept"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(1, 7)), again=st.lists(st.integers(1, 6), max_size=3))
def test_entries_may_come_in_any_order_and_twice(store: AuditStore, order: list[int], again: list[int]) -> None:
    """They are read in sequence, and what is missing on the way is said."""
    reference = f"ESC-{uuid4()}"  # the store lives longer than one case
    for index, sequence in enumerate([*order, *again], start=1):
        store.append(page(sequence, reference=reference), NOW)
        present = {*order[:index]}
        missing = [sequence for gap in store.gaps(reference, "one") for sequence in gap]
        assert missing == [sequence for sequence in range(1, max(present)) if sequence not in present]

    assert [kept.sequence for kept in store.entries(reference)] == [1, 2, 3, 4, 5, 6]
    assert store.gaps(reference, "one") == ()


def test_gaps_are_ranges(store: AuditStore) -> None:
    """A hole of a million entries is as short to tell as one of two."""
    for sequence in (3, 4, 1_000_000):
        store.append(page(sequence), NOW)

    assert store.gaps("ESC-1", "one") == (range(1, 3), range(5, 1_000_000))
    assert store.gaps("ESC-1", "two") == ()


def test_a_long_log_is_read_in_pages(store: AuditStore) -> None:
    """One more entry than a page holds, and none is lost at the edge."""
    for sequence in range(1, PAGE_ROWS + 2):
        store.append(page(sequence), NOW)

    read = [kept.sequence for kept in store.entries("ESC-1", "one")]
    assert len(read) == PAGE_ROWS + 1
    assert all(after == before + 1 for before, after in pairwise(read))


def test_episodes_are_told_apart_and_read_in_the_order_of_their_opening(store: AuditStore) -> None:
    """The name of an episode says nothing about its age."""
    store.append(page(1, episode="a", at=LATER), LATER)
    store.append(page(2, episode="z", at=LATER), LATER)
    store.append(page(1, episode="z", at=NOW), LATER)

    assert store.episodes("ESC-1") == ("z", "a")
    assert [(kept.episode, kept.sequence) for kept in store.entries("ESC-1")] == [("z", 1), ("z", 2), ("a", 1)]
    assert [kept.sequence for kept in store.entries("ESC-1", "a")] == [1]
    assert list(store.entries("ESC-2")) == []


def test_references_are_listed_in_pages(store: AuditStore) -> None:
    """The last one of a page is where the next begins."""
    for reference in ("c", "a", "b", "b"):
        store.append(page(1, reference=reference), NOW)

    assert store.references(limit=2) == ("a", "b")
    assert store.references(limit=2, after="b") == ("c",)
    assert store.references(limit=REFERENCES_MAX, after="c") == ()
    for limit in (0, REFERENCES_MAX + 1):
        with pytest.raises(ValueError, match=f"limit is {limit}; ask for 1 to {REFERENCES_MAX}"):
            store.references(limit=limit)


def test_a_digest_that_is_not_the_texts_is_refused(store: AuditStore) -> None:
    """Else a broken chain would be kept as if it held."""
    forged = Page("ESC-1", "one", 1, NOW, "0" * 64, "1" * 64, "text")

    with pytest.raises(AuditRefused, match="its digest is not that of its text"):
        store.append(forged, NOW)
    assert list(store.entries("ESC-1")) == []


def test_the_largest_entry_is_kept_and_one_byte_more_is_not(store: AuditStore) -> None:
    """1 MiB of UTF-8."""
    store.append(page(1, "x" * BODY_BYTES_MAX), NOW)

    with pytest.raises(AuditRefused, match=f"has {BODY_BYTES_MAX + 1} bytes, at most {BODY_BYTES_MAX} are kept"):
        store.append(page(2, "x" * (BODY_BYTES_MAX - 1) + "ü"), NOW)


def test_a_sequence_before_the_first_is_refused(store: AuditStore) -> None:
    """Entries are counted from one."""
    with pytest.raises(AuditRefused, match="its sequence must be at least 1"):
        store.append(page(0), NOW)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE entries SET body = 'forged'", "never changed"),
        ("UPDATE OR REPLACE entries SET sequence = 2", "never changed"),
        ("DELETE FROM entries", "never removed"),
        ("INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE sequence = 1", "kept already"),
        ("REPLACE INTO entries SELECT * FROM entries", "kept already"),
        ("INSERT OR IGNORE INTO entries SELECT * FROM entries", "kept already"),
        (
            "INSERT INTO entries SELECT * FROM entries WHERE true ON CONFLICT DO UPDATE SET body = 'forged'",
            "kept already",
        ),
    ],
)
def test_the_database_refuses_to_change_or_remove_an_entry(
    store: AuditStore, path: Path, statement: str, why: str
) -> None:
    """By whatever statement another program tries."""
    store.append(page(1), NOW)
    before = list(store.entries("ESC-1"))
    connection = sqlite3.connect(path)
    try:
        with pytest.raises(sqlite3.IntegrityError, match=f"append-only.*{why}"):
            connection.execute(statement)
    finally:
        connection.close()

    assert list(store.entries("ESC-1")) == before


def test_many_threads_keep_every_entry_once(store: AuditStore) -> None:
    """Each writes all of them: whoever comes second finds the same digest."""

    def write_all(_writer: int) -> None:
        for sequence in range(1, 21):
            store.append(page(sequence), NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_all, range(8)))

    assert [kept.sequence for kept in store.entries("ESC-1")] == list(range(1, 21))


def test_commits_are_on_the_disk_before_append_returns(store: AuditStore, path: Path) -> None:
    """A write-ahead log, synced at each commit."""
    store.append(page(1), NOW)
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    finally:
        connection.close()


def test_a_locked_database_is_down_and_says_nothing_of_the_entry(store: AuditStore, path: Path) -> None:
    """The error travels to the engine: it holds neither the statement nor the text."""
    impatient = AuditStore(f"sqlite:///{path}", timeout=timedelta(milliseconds=50))
    blocker = sqlite3.connect(path, isolation_level=None)
    try:
        blocker.execute("BEGIN EXCLUSIVE")
        with pytest.raises(AuditDown, match="cannot be reached") as caught:
            impatient.append(page(1, "secret words"), NOW)
        assert caught.value.__cause__ is None
        assert "secret" not in str(caught.value)
    finally:
        blocker.close()
        impatient.close()


def test_a_mistyped_address_is_no_empty_log(tmp_path: Path) -> None:
    """SQLite would make a new file of it, and every escalation would seem to be without a history."""
    with pytest.raises(AuditDown, match=r"there is no audit log at .*nowhere\.db"):
        AuditStore(f"sqlite:///{tmp_path / 'nowhere.db'}")
    assert list(tmp_path.iterdir()) == []
