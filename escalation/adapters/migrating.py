"""Bring a database to the newest schema. Several processes may start at once: one works, the others wait for it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url

ADVISORY_LOCK = 0x45534321
"""PostgreSQL's name for "somebody migrates"; any number that nobody else on that server uses."""
PATIENCE = timedelta(seconds=30)
"""How long a SQLite file that somebody writes to is waited for."""


def upgrade(url: str, tree: str = "ledger") -> None:
    """Apply what is missing of `escalation/migrations/<tree>`; creates the SQLite file and its folder when needed."""
    sqlite = make_url(url).get_backend_name() == "sqlite"
    engine = create_engine(url, connect_args={"timeout": PATIENCE.total_seconds()} if sqlite else {})
    try:
        with _alone(engine, url) as connection:
            config = Config()
            config.set_main_option("script_location", str(files("escalation") / "migrations" / tree).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


@contextmanager
def _alone(engine: Engine, url: str) -> Iterator[Connection]:
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
            yield connection
        return
    path = Path(make_url(url).database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with engine.begin() as connection:
            # Python's driver begins no transaction for DDL: a kill in the middle would leave half a schema. The lock
            # comes first: what was read without it may be stale, and then SQLite refuses to write instead of waiting.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
