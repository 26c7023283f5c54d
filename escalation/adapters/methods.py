"""Which contact methods are verified: a code was sent there, and whoever got it gave it back.

A verification is of one address: another one on the same channel is not verified. Addresses and codes are kept as
keyed digests only.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select, update

from escalation.adapters.store import insert_once, methods, transaction
from escalation.core.vocabulary import Channel

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=15)
TRIES_MAX = 5
"""Wrong codes before a new one must be sent."""


class Methods:
    """Reads and writes them. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine, key: str) -> None:
        self._engine = engine
        self._key = key.encode()

    def new_code(self, contact: str, channel: Channel, address: str, at: datetime) -> str:
        """A code to send there. An earlier one no longer counts; a verification of another address neither."""
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        place = self._sealed(address)
        given = {"code": self._sealed(f"{contact} {channel} {code}"), "tries": 0, "until": at + CODE_LASTS}
        here = (methods.c.contact == contact, methods.c.channel == channel)
        with transaction(self._engine) as connection:
            connection.execute(delete(methods).where(*here, methods.c.address != place))
            row = {"contact": contact, "channel": channel, "address": place, **given}
            if connection.execute(insert_once(self._engine, methods).values(row)).rowcount == 0:
                connection.execute(update(methods).where(*here).values(given))
        return code

    def confirm(self, contact: str, channel: Channel, address: str, code: str, at: datetime) -> bool:
        """Whether that is the code that was sent to that address, in time; a wrong one counts against it."""
        here = (methods.c.contact == contact, methods.c.channel == channel, methods.c.address == self._sealed(address))
        with transaction(self._engine) as connection:
            # The try is counted before the code is looked at, so that guesses that are made at once count as well.
            counted = connection.execute(
                update(methods).where(*here, methods.c.tries < TRIES_MAX, methods.c.until > at)
                .values(tries=methods.c.tries + 1)
            )  # fmt: skip
            if counted.rowcount == 0:
                return False
            kept = connection.execute(select(methods.c.code).where(*here)).scalar_one()
            given = self._sealed(f"{contact} {channel} {code}")
            if kept is None or not hmac.compare_digest(kept, given):
                return False
            connection.execute(update(methods).where(*here).values(code=None, until=None, verified_at=at))
        return True

    def verified(self, contact: str, channel: Channel, address: str) -> bool:
        """Whether that address is."""
        return (channel, self._sealed(address)) in self.all().get(contact, frozenset())

    def all(self) -> dict[str, frozenset[tuple[Channel, str]]]:
        """Every verified method, by contact: the channel, and what `sealed` makes of the address."""
        query = select(methods.c.contact, methods.c.channel, methods.c.address).where(
            methods.c.verified_at.is_not(None)
        )
        found: dict[str, set[tuple[Channel, str]]] = {}
        with transaction(self._engine) as connection:
            for contact, channel, address in connection.execute(query):
                found.setdefault(contact, set()).add((Channel(channel), address))
        return {contact: frozenset(each) for contact, each in found.items()}

    def of(self, contact: str) -> frozenset[tuple[Channel, str]]:
        """The verified methods of one contact, as in `all`."""
        query = select(methods.c.channel, methods.c.address).where(
            methods.c.contact == contact, methods.c.verified_at.is_not(None)
        )
        with transaction(self._engine) as connection:
            return frozenset((Channel(channel), address) for channel, address in connection.execute(query))

    def sealed(self, address: str) -> str:
        """What is kept of an address."""
        return self._sealed(address)

    def _sealed(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
