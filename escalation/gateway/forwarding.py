"""From the inbox to the workflows: what is owed is told, after each receipt, at the start, and from time to time.

A receipt and what follows from it are committed before the vendor hears "taken". This task brings the facts on their
way afterwards, so a gateway that dies in between has lost nothing: the next one finds what is owed and tells it. A
fact that is told twice changes nothing the second time.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from escalation.adapters.inbox import Owed
from escalation.adapters.store import LedgerDown
from escalation.core.facts import Fact, ReportDelivery
from escalation.wire.messages import View
from escalation.wire.outcomes import Ended, NotDone, NotFound
from escalation.wire.requests import BadInput

BATCH = 100
"""Facts that one look at the inbox takes."""
AT_ONCE = 10
"""Facts on their way to the engine at a time."""
EVERY = timedelta(seconds=10)
"""How often the inbox is looked through although no receipt has come: for what the engine could not take."""
OWED_FOR = timedelta(days=3)
"""After that nobody decides by it any more: it is in the ledger, and its workflow has long gone on without it."""

_log = logging.getLogger(__name__)


class Client(Protocol):
    """The escalation's client, as far as facts need it. Its signer vouches for what the gateway saw."""

    async def report_fact(self, ref: str, fact: Fact) -> None: ...
    async def view(self, ref: str) -> View: ...


class Inbox(Protocol):
    """What workflows have yet to hear. Raises `LedgerDown`."""

    def owed(self, limit: int, skipped: int) -> tuple[Owed, ...]: ...
    def told(self, key: str, at: datetime) -> None: ...


class Forwarder:
    """Tells what is owed. One look at a time; safe beside other gateways."""

    def __init__(self, inbox: Inbox, client: Client, now: Callable[[], datetime]) -> None:
        self._inbox = inbox
        self._client = client
        self._now = now
        self._looking = asyncio.Lock()
        self._waiting = False

    async def run(self) -> None:
        """Look at once, and every `EVERY`. Ends only by being cancelled."""
        while True:
            await self.forward()
            await asyncio.sleep(EVERY.total_seconds())

    async def forward(self) -> int:
        """Tell what is owed now, oldest first; how many were told. What cannot be told stays owed, and holds up nobody
        else. Of several callers at once one looks and one waits: that one sees what all the others mean.
        """
        if self._waiting:
            return 0
        self._waiting = True
        async with self._looking:
            self._waiting = False
            try:
                return await self._look_through()
            except LedgerDown as down:
                _log.warning("receipts are not forwarded: %s", down)
                return 0

    async def _look_through(self) -> int:
        told = failed = 0
        while batch := await asyncio.to_thread(self._inbox.owed, BATCH, failed):
            settled = await self._tell_all(batch)
            told, failed = told + settled, failed + len(batch) - settled
            if settled == 0 or len(batch) < BATCH:
                break  # the engine is away, or this was the rest
        return told

    async def _tell_all(self, batch: tuple[Owed, ...]) -> int:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(owed: Owed) -> bool:
            async with room:
                if not await self._settled(owed):
                    return False
                await asyncio.to_thread(self._inbox.told, owed.key, self._now())
                return True

        return sum(await asyncio.gather(*(one(owed) for owed in batch)))

    async def _settled(self, owed: Owed) -> bool:
        """Whether nothing more is owed: the workflow has heard, or is gone, or it is too late."""
        if self._now() - owed.received_at > OWED_FOR:
            _log.error("receipt %s of %s was never told: given up after %s", owed.key, owed.reference, OWED_FOR)
            return True
        try:
            view = await self._client.view(owed.reference)
            # Its numbers mean something else in another episode.
            if view.episode == owed.episode:
                await self._client.report_fact(owed.reference, fact_of(owed))
        except (NotFound, Ended, BadInput):
            return True
        except NotDone as error:
            _log.warning("receipt of %s was not told yet: %s", owed.reference, error)
            return False
        return True


def fact_of(owed: Owed) -> ReportDelivery:
    """The fact, as the workflow takes it."""
    return ReportDelivery(owed.number, owed.outcome, owed.provider_id, owed.failure, owed.code, how="receipt")
