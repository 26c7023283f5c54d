"""Channels that a vendor has closed for now: a daily cap that is met, a block that every further request prolongs.

A dispatch on a closed channel is not tried: it fails at once, so that another channel is tried instead.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, select

from escalation.adapters.store import insert_once, pauses, transaction
from escalation.core.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when, and the vendor's code for why."""

    until: datetime
    code: str


class Pauses:
    """Reads and writes them. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def at(self, channel: Channel, at: datetime) -> Pause | None:
        """The pause that `at` falls into; the end itself is outside. None: the channel is open."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(pauses).where(pauses.c.channel == channel)).one_or_none()
        return Pause(row.until, row.code) if row is not None and at < row.until else None

    def close(self, channel: Channel, until: datetime, code: str) -> None:
        """Close a channel. A longer pause than this one stays."""
        with transaction(self._engine) as connection:
            close(connection, self._engine, channel, until, code)


def close(connection: Connection, engine: Engine, channel: Channel, until: datetime, code: str) -> None:
    """As `Pauses.close`, inside a transaction."""
    connection.execute(delete(pauses).where(pauses.c.channel == channel, pauses.c.until < until))
    connection.execute(insert_once(engine, pauses).values(channel=channel, until=until, code=code))
