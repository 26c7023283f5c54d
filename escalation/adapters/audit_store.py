"""The audit log's database: entries are added and read, never changed. SQLite by default, PostgreSQL in production.

The text of an entry is kept exactly as it was decided; the other columns only find it. Writes may arrive in any order
and more than once. What the database cannot promise, the chain of digests shows: see `core/audit.py`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from escalation.adapters.store import Instant, open_store
from escalation.wire.messages import Page

BODY_BYTES_MAX = 1024 * 1024  # half of what the engine takes as one payload
PAGE_ROWS = 200
REFERENCES_MAX = 1000
FIRST_SEQUENCE = 1
TIMEOUT = timedelta(seconds=5)

metadata = MetaData()

entries = Table(
    "entries",
    metadata,
    Column("reference", String(200), primary_key=True),
    Column("episode", String(200), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)


class AuditConflict(Exception):  # the alarm's name, which callers and runbooks know
    """A sequence is kept already, with another digest. Nothing was written; somebody must look."""


class AuditRefused(ValueError):  # as above
    """What was given is no entry: its digest is not that of its text, or it is too large. Nothing was written."""


class AuditDown(Exception):  # it names a state of the world, which callers branch on
    """The database did not answer in time, or lacks its tables. The message never holds an entry's text."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as it is kept. `recorded_at` is the store's own time; everything else is the decision's."""

    reference: str
    episode: str
    sequence: int
    digest: str
    previous: str
    at: datetime
    recorded_at: datetime
    body: str


class AuditStore:
    """Appends and reads entries. Safe to call from threads. `AuditDown` when the database does not answer in time."""

    def __init__(self, url: str, timeout: timedelta = TIMEOUT) -> None:
        """Open a log that `migrating.upgrade(url, "audit")` has made; a SQLite file that is not there is refused."""
        address = make_url(url)
        # SQLite would make an empty file of any mistyped name, and the log would seem to be empty.
        if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
            raise AuditDown(
                f"there is no audit log at {address.database!r}; start a worker once, or correct the address"
            )
        self._engine = open_store(url, timeout)

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def append(self, page: Page, recorded_at: datetime) -> None:
        """Keep one entry for good, synced to disk; the same entry again changes nothing.

        Raises `AuditConflict` when its sequence is kept with another digest, `AuditRefused` when it is no entry.
        """
        _check(page)
        row = {
            "reference": page.reference,
            "episode": page.episode,
            "sequence": page.sequence,
            "digest": page.digest,
            "previous": page.previous,
            "at": page.at,
            "recorded_at": recorded_at,
            "body": page.body,
        }
        try:
            # Write first: a transaction that begins by reading may find its lock taken and cannot wait for it.
            with self._transaction() as connection:
                connection.execute(insert(entries).values(row))
        except IntegrityError:
            self._compare(page)

    def entries(self, reference: str, episode: str | None = None) -> Iterator[StoredEntry]:
        """Entries in order: episodes as they were opened, each by sequence. Read in pages, so a log may be long."""
        for each in self.episodes(reference) if episode is None else (episode,):
            yield from self._episode(reference, each)

    def episodes(self, reference: str) -> tuple[str, ...]:
        """The episodes of a reference, oldest first."""
        began = func.min(entries.c.at)
        query = (
            select(entries.c.episode)
            .where(entries.c.reference == reference)
            .group_by(entries.c.episode)
            .order_by(began, entries.c.episode)
        )
        with self._transaction() as connection:
            return tuple(connection.execute(query).scalars())

    def references(self, limit: int = REFERENCES_MAX, after: str = "") -> tuple[str, ...]:
        """At most `limit` references in order, those behind `after`: pass the last one to read on."""
        if not 1 <= limit <= REFERENCES_MAX:
            raise ValueError(f"limit is {limit}; ask for 1 to {REFERENCES_MAX} references")
        query = (
            select(entries.c.reference)
            .distinct()
            .where(entries.c.reference > after)
            .order_by(entries.c.reference)
            .limit(limit)
        )
        with self._transaction() as connection:
            return tuple(connection.execute(query).scalars())

    def gaps(self, reference: str, episode: str) -> tuple[range, ...]:
        """The sequences that are missing before the last one kept, as ranges. An entry may still be on its way."""
        query = (
            select(entries.c.sequence)
            .where(entries.c.reference == reference, entries.c.episode == episode)
            .order_by(entries.c.sequence)
        )
        found: list[range] = []
        expected = FIRST_SEQUENCE
        with self._transaction() as connection:
            for sequence in connection.execute(query).scalars():
                if sequence > expected:
                    found.append(range(expected, sequence))
                expected = sequence + 1
        return tuple(found)

    def _compare(self, page: Page) -> None:
        query = select(entries.c.digest).where(
            entries.c.reference == page.reference,
            entries.c.episode == page.episode,
            entries.c.sequence == page.sequence,
        )
        with self._transaction() as connection:
            kept = connection.execute(query).scalar_one_or_none()
        where = f"entry {page.sequence} of {page.reference!r}, episode {page.episode!r}"
        if kept is None:
            raise AuditRefused(f"{where} was refused by the database; its sequence must be at least {FIRST_SEQUENCE}")
        if kept != page.digest:
            raise AuditConflict(
                f"{where} is kept with digest {kept[:12]}…, now {page.digest[:12]}… came; verify the log"
            )

    def _episode(self, reference: str, episode: str) -> Iterator[StoredEntry]:
        last = FIRST_SEQUENCE - 1
        while True:
            query = (
                select(entries)
                .where(entries.c.reference == reference, entries.c.episode == episode, entries.c.sequence > last)
                .order_by(entries.c.sequence)
                .limit(PAGE_ROWS)
            )
            with self._transaction() as connection:
                page = [StoredEntry(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001  # its public name
            yield from page
            if len(page) < PAGE_ROWS:
                return
            last = page[-1].sequence

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeout) as error:
            # Without its cause: SQLAlchemy's message holds the statement's values, and this one travels to the engine.
            raise AuditDown(f"the audit log cannot be reached ({type(error).__name__}); it is tried again") from None


def _check(page: Page) -> None:
    body = page.body.encode()
    if len(body) > BODY_BYTES_MAX:
        raise AuditRefused(f"entry {page.sequence} has {len(body)} bytes, at most {BODY_BYTES_MAX} are kept")
    if hashlib.sha256(body).hexdigest() != page.digest:
        raise AuditRefused(f"entry {page.sequence} of {page.reference!r}: its digest is not that of its text")
