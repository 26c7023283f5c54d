"""Which channels a person has turned off by the carriers' own words: after STOP nothing is sent there until START."""

from datetime import datetime

from sqlalchemy import Engine, delete, select

from escalation.adapters.store import insert_once, optouts, receipts, transaction
from escalation.core.vocabulary import Channel


class OptOuts:
    """Reads and writes them. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def off(self, contact: str) -> frozenset[Channel]:
        """The channels that nothing is sent to that contact on."""
        query = select(optouts.c.channel).where(optouts.c.contact == contact)
        with transaction(self._engine) as connection:
            return frozenset(Channel(found) for found in connection.execute(query).scalars())

    def say(self, message: str, contact: str, channel: Channel, *, off: bool, at: datetime) -> bool:
        """They turn it off or on. True when that changes something: the same message changes it once.

        `message` is the vendor's id of what they wrote: a STOP that is posted again after a START is an old one.
        """
        with transaction(self._engine) as connection:
            taken = connection.execute(
                insert_once(self._engine, receipts).values(
                    key=f"sms {message}", dispatch=contact, status="stop" if off else "start",
                    payload="{}", received_at=at,
                )
            )  # fmt: skip
            if taken.rowcount == 0:
                return False
            if not off:
                gone = delete(optouts).where(optouts.c.contact == contact, optouts.c.channel == channel)
                return connection.execute(gone).rowcount == 1
            added = insert_once(self._engine, optouts).values(contact=contact, channel=channel, since=at)
            return connection.execute(added).rowcount == 1
