"""Which directory was in force when: a row for each change that a worker saw, in the ledger's store."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from escalation.adapters.store import LedgerDown, directories, insert_once, transaction

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """A directory was seen for the first time, or again after another one. `digest` is the SHA-256 of its file."""

    number: int
    digest: str
    people: int
    seen_at: datetime


class DirectoryJournal:
    """Reads and writes them. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def saw(self, digest: str, people: int) -> None:
        """That one is in force now. Nobody waits for it: where it cannot be written, the log says so."""
        try:
            latest = self.changes(1)
            if latest and latest[0].digest == digest:
                return
            number = latest[0].number + 1 if latest else 1
            row = {"number": number, "digest": digest, "people": people, "seen_at": datetime.now(UTC)}
            with transaction(self._engine) as connection:
                # Another worker may have seen it at the same instant; whoever is first has written it for both.
                connection.execute(insert_once(self._engine, directories).values(row))
        except LedgerDown as down:
            _log.error("the change to directory %s is not recorded: %s", digest, down)

    def changes(self, most: int) -> tuple[Change, ...]:
        """The latest ones, newest first."""
        query = select(directories).order_by(directories.c.number.desc()).limit(most)
        with transaction(self._engine) as connection:
            return tuple(Change(*row) for row in connection.execute(query))
