"""The audit log in production's database: the same promises as on SQLite, kept by a real PostgreSQL."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from escalation.adapters.audit_store import PAGE_ROWS, AuditConflict, AuditDown, AuditRefused, AuditStore
from escalation.adapters.migrating import upgrade
from escalation.wire.messages import Page
from tests.edge.samples import NOW

AT_ONCE = 8


def page(sequence: int, body: str = "", *, episode: str = "one") -> Page:
    """An entry whose digest is right."""
    words = body or f'{{"sequence":{sequence}}}'
    return Page("ESC-1", episode, sequence, NOW, "0" * 64, hashlib.sha256(words.encode()).hexdigest(), words)


@pytest.fixture
def url(database: Callable[[str], str]) -> str:
    return database("audit")


@pytest.fixture
def store(url: str) -> Iterator[AuditStore]:
    opened = AuditStore(url, timeout=timedelta(seconds=2))
    yield opened
    opened.close()


def test_entries_come_in_any_order_and_are_read_in_theirs(store: AuditStore) -> None:
    """What is missing on the way is said; across the edge of a page nothing is lost."""
    for sequence in (3, 1, PAGE_ROWS + 2):
        store.append(page(sequence), NOW)
    assert store.gaps("ESC-1", "one") == (range(2, 3), range(4, PAGE_ROWS + 2))

    for sequence in range(1, PAGE_ROWS + 2):
        store.append(page(sequence), NOW)
    assert store.gaps("ESC-1", "one") == ()
    assert [kept.sequence for kept in store.entries("ESC-1")] == list(range(1, PAGE_ROWS + 3))


def test_an_entry_is_read_back_to_the_byte(store: AuditStore) -> None:
    """Its instants too; the same again changes nothing."""
    body = '{"words":"ü \\u0000 “quoted”"}'
    store.append(page(1, body), NOW)
    store.append(page(1, body), NOW + timedelta(seconds=5))

    (kept,) = store.entries("ESC-1")
    assert (kept.body, kept.at, kept.recorded_at) == (body, NOW, NOW)


def test_another_text_for_a_kept_sequence_is_an_alarm(store: AuditStore) -> None:
    """And a sequence that cannot be is refused: the database's own "no" is told apart."""
    store.append(page(1, "kept"), NOW)

    with pytest.raises(AuditConflict, match="entry 1 of 'ESC-1'"):
        store.append(page(1, "other"), NOW)
    with pytest.raises(AuditRefused, match="must be at least 1"):
        store.append(page(0), NOW)
    assert [kept.body for kept in store.entries("ESC-1")] == ["kept"]


def test_of_two_texts_at_once_one_is_kept_and_the_other_is_an_alarm(store: AuditStore) -> None:
    """Whoever comes first; nobody is told that both were kept."""

    def kept(number: int) -> bool:
        try:
            store.append(page(1, f"text {number}"), NOW)
        except AuditConflict:
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sorted(pool.map(kept, range(AT_ONCE))) == [False] * (AT_ONCE - 1) + [True]


@pytest.mark.parametrize(
    "statement", ["UPDATE entries SET body = 'x'", "DELETE FROM entries", "TRUNCATE entries"]
)  # fmt: skip
def test_nothing_is_changed_or_removed(statement: str, store: AuditStore, url: str) -> None:
    """Not by the owner of the table either, unless they take the guard away first."""
    store.append(page(1, "kept"), NOW)
    owner = create_engine(url)

    with pytest.raises(IntegrityError, match="append-only"), owner.begin() as connection:
        connection.execute(text(statement))
    owner.dispose()
    assert [kept.body for kept in store.entries("ESC-1")] == ["kept"]


def test_upgrades_at_once_wait_for_one_another(url: str) -> None:
    """As many workers as start together; what is new already stays."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(lambda _: upgrade(url, "audit"), range(AT_ONCE))) == [None] * AT_ONCE


def test_a_locked_table_is_given_up_in_time(store: AuditStore, url: str) -> None:
    """As unreachable, without the entry's text; afterwards it goes on."""
    owner = create_engine(url)
    with owner.begin() as connection:
        connection.execute(text("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(AuditDown, match="cannot be reached") as down:
            store.append(page(1, "people's words"), NOW)
    owner.dispose()

    assert "words" not in f"{down.value} {down.value.__cause__}"
    store.append(page(1), NOW)
