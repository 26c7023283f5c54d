"""The ledger's database: its tables, how it is opened, and what "cannot be reached" means.

SQLite by default (write-ahead log, every commit synced to disk), PostgreSQL in production. All of it is synchronous
and safe to call from threads: each call takes a connection from the pool and gives it back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from escalation.adapters import ledger_down

POOL_SIZE = 20
"""Connections kept: one for each thread that may send at once."""
LedgerDown = ledger_down.LedgerDown


class Instant(TypeDecorator[datetime]):
    """An aware `datetime`, kept as ISO 8601 in UTC with microseconds, so that text order is time order."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData()

dispatches = Table(
    "dispatches",
    metadata,
    Column("dispatch", String(200), primary_key=True),
    Column("reference", String(200), nullable=False),
    Column("contact", String(200), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("message", String(40), nullable=False),
    Column("state", String(8), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("ordered_at", Instant, nullable=False),
    Column("episode", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("intent_at", Instant),
    Column("provider_id", String(200)),
    Column("second_provider_id", String(200)),
    Column("how", String(16)),
    Column("failure", String(32)),
    Column("code", String(64)),
    Column("receipt", String(32)),
    Column("receipt_rank", Integer, nullable=False, server_default="0"),
    Column("receipt_code", String(64)),
    # 0: beyond what limits how much one person gets, as a SEV1's first page is.
    Column("charged", Integer, nullable=False, server_default="1"),
    # When it was last claimed; of a message that tells several, when it was first seen to be in doubt since then.
    Column("claimed_at", Instant),
    Column("doubted_at", Instant),
    Index("dispatches_by_contact", "contact", "channel", "ordered_at"),
    Index("dispatches_by_reference", "reference"),
    Index("dispatches_by_provider_id", "provider_id", unique=True),
)

# What waits, or waited, to be told to one person in one message; `bundle` is that message's dispatch.
bundled = Table(
    "bundled",
    metadata,
    Column("dispatch", String(200), primary_key=True),
    Column("contact", String(200), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("ordered_at", Instant, nullable=False),
    Column("why", String(64), nullable=False),
    Column("effect", Text, nullable=False),
    Column("bundle", String(200)),
    Index("bundled_by_contact", "contact", "channel"),
    Index("bundled_by_bundle", "bundle"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("dispatch", String(200), nullable=False),
    Column("provider_id", String(200)),
    Column("status", String(32), nullable=False),
    Column("code", String(64)),
    Column("payload", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    # What the workflow has yet to hear of it; empty when it has, or when there is nothing to hear.
    Column("owed", String(16)),
    Column("told_at", Instant),
    Index("receipts_by_dispatch", "dispatch"),
    Index("receipts_owed", "owed"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("until", Instant, nullable=False),
    Column("code", String(64), nullable=False),
)

texts = Table(
    "texts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("reference", String(200), nullable=False),
    Column("episode", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("words", Text, nullable=False),
    Column("commitment", String(64), nullable=False),
    Column("kept_at", Instant, nullable=False),
    Index("texts_by_reference", "reference"),
)

codes = Table(
    "codes",
    metadata,
    Column("code", Integer, primary_key=True, autoincrement=False),
    Column("reference", String(200), nullable=False),
    Column("episode", String(200), nullable=False),
    Column("allotted_at", Instant, nullable=False),
    UniqueConstraint("reference", "episode", name="codes_by_escalation"),
)

# Codes of what has ended: whoever answers late must not reach another one.
resting = Table(
    "resting",
    metadata,
    Column("code", Integer, primary_key=True, autoincrement=False),
    Column("since", Instant, nullable=False),
)

optouts = Table(
    "optouts",
    metadata,
    Column("contact", String(200), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("since", Instant, nullable=False),
)

scripts = Table(
    "scripts",
    metadata,
    Column("dispatch", String(200), primary_key=True),
    Column("words", Text, nullable=False),
    Column("language", String(35), nullable=False),
    # The one call in which they are said: should a vendor dial twice, the second call is put down.
    Column("call", String(200)),
    Column("kept_at", Instant, nullable=False),
)


# Where an escalation's messages to one person stand in the chat: what comes later is told below the first.
threads = Table(
    "threads",
    metadata,
    Column("reference", String(200), primary_key=True),
    Column("episode", String(200), primary_key=True),
    Column("address", String(40), primary_key=True),
    Column("conversation", String(40), nullable=False),
    Column("root", String(40), nullable=False),
)

# War rooms. The name is kept before the room is made, so that one of that name is known to be ours.
rooms = Table(
    "rooms",
    metadata,
    Column("reference", String(200), primary_key=True),
    Column("episode", String(200), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("conversation", String(40)),
    Column("pinned", String(40)),
    Column("shown", Integer, nullable=False, server_default="0"),
    Index("rooms_by_conversation", "conversation"),
)

turns = Table(
    "turns",
    metadata,
    Column("list", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", String(400), nullable=False),
    Column("person", String(64), nullable=False),
    UniqueConstraint("list", "key", name="turns_by_key"),
)

methods = Table(
    "methods",
    metadata,
    Column("contact", String(64), primary_key=True),
    Column("channel", String(16), primary_key=True),
    # Digests: whoever reads this learns neither where somebody is reached nor what they were sent.
    Column("address", String(64), nullable=False),
    Column("code", String(64)),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("until", Instant),
    Column("verified_at", Instant),
)

directories = Table(
    "directories",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("people", Integer, nullable=False),
    Column("seen_at", Instant, nullable=False),
)


def open_store(url: str, timeout: timedelta) -> Engine:
    """An engine that gives up after `timeout`, whether it waits for a connection, a lock or an answer."""
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        engine = create_engine(
            url,
            hide_parameters=True,  # an error's text names the statement; its values may be people's words
            connect_args={"timeout": timeout.total_seconds()},
            # SQLite has one writer. Threads that queue here take turns; at its own lock they would poll and starve.
            pool_size=1,
            max_overflow=0,
            pool_timeout=timeout.total_seconds(),
        )
        event.listen(engine, "connect", _make_durable)
        return engine
    milliseconds = int(timeout.total_seconds() * 1000)
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        pool_pre_ping=True,
        pool_timeout=timeout.total_seconds(),
        connect_args={
            "connect_timeout": max(1, round(timeout.total_seconds())),
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
        },
    )


def _make_durable(connection: Any, _record: object) -> None:  # noqa: ANN401  # whatever the driver brings
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction, committed to disk at the end. Begin it with a write when it writes: a lock is then waited for.

    Raises `LedgerDown` when the store cannot be reached or is locked; `IntegrityError` passes.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout) as error:
        # The cause carries the statement's values, people's words among them: it goes no further.
        raise LedgerDown(f"the ledger cannot be reached ({type(error).__name__}); it is tried again") from None


def insert_once(engine: Engine, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """An INSERT that does nothing when a unique key exists; its `rowcount` says which."""
    # SQLAlchemy forgets the count of an INSERT that returns values, as PostgreSQL's do where a column has a default.
    if engine.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return sqlite.insert(table).on_conflict_do_nothing()
