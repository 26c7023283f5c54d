"""Replies by SMS: who speaks, which escalation they mean, and the one line that they get back."""

import asyncio
import logging
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Protocol

from escalation.adapters.directory import DirectoryDown
from escalation.adapters.store import LedgerDown
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Phase
from escalation.gateway.grammar import Ack, Reserved, understood
from escalation.gateway.told import OpenCode
from escalation.wire.messages import Answer, View
from escalation.wire.outcomes import Ended, NotDone, NotFound, Refused
from escalation.wire.requests import BadInput

ANSWER_WITHIN = timedelta(seconds=10)
"""Twilio waits 15 s for an answer; the sender should hear something by then."""
PASSIVE_MAX = 5
"""Lines that explain the grammar, for each person, between two acknowledgements: two robots must not chat for ever."""
REMEMBERED_MAX = 1000

_log = logging.getLogger(__name__)


class Client(Protocol):
    """The escalation's client, as far as replies need it."""

    async def acknowledge(
        self, ref: str, *, by: str, via: str, occurred_at: datetime | None, key: str | None
    ) -> Answer: ...
    async def view(self, ref: str) -> View: ...


class Directory(Protocol):
    """Who owns a number. Raises `DirectoryDown`."""

    def contact_of_phone(self, number: str) -> str | None: ...
    def name(self, contact: str) -> str | None: ...


class OpenFor(Protocol):
    """What somebody was told about and is open. Raises `LedgerDown`."""

    def open_for(self, contact: str) -> tuple[OpenCode, ...]: ...
    def meant(self, message_id: str, code: OpenCode, at: datetime) -> bool: ...


class Replies:
    """Turns one inbound SMS into at most one acknowledgement and at most one line."""

    def __init__(self, client: Client, directory: Directory, told: OpenFor) -> None:
        self._client = client
        self._directory = directory
        self._told = told
        self._passive: OrderedDict[str, int] = OrderedDict()

    async def answer(self, message_id: str, sender: str, body: str, at: datetime) -> str | None:
        """The line to send back; None for a number that nobody has, for the carrier's words, and when it is enough.

        `message_id` is the idempotency key: the same message acknowledges once and gets the same line.
        """
        said = understood(body)
        if isinstance(said, Reserved):
            return None
        try:
            contact = await asyncio.to_thread(self._directory.contact_of_phone, sender)
        except DirectoryDown:
            _log.exception("an SMS cannot be matched to a person")  # the cause says which file
            return None
        if contact is None:
            return None
        try:
            opened = await asyncio.to_thread(self._told.open_for, contact)
        except LedgerDown:
            return "Not recorded: please reply again in a minute."
        if not isinstance(said, Ack):
            return self._explanation(contact, opened)
        return await self._acknowledged(said, opened, contact, message_id, at)

    async def _acknowledged(
        self, said: Ack, opened: tuple[OpenCode, ...], contact: str, message_id: str, at: datetime
    ) -> str:
        if said.code is None and len(opened) > 1:
            return f"Several are open: reply {_choices(opened)}."
        meant = [each for each in opened if said.code in {None, each.code}]
        if not meant:
            return "no open escalation" + ("" if said.code is None else f" {said.code}")
        self._passive.pop(contact, None)
        try:
            if not await asyncio.to_thread(self._told.meant, message_id, meant[0], at):
                return f"no open escalation {meant[0].code}"
        except LedgerDown:
            return "Not recorded: please reply again in a minute."
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await self._take(meant[0], contact, message_id, at)
        except (NotDone, BadInput, TimeoutError):
            return f"{meant[0].reference}: not confirmed yet, please reply again in a minute."

    async def _take(self, meant: OpenCode, contact: str, message_id: str, at: datetime) -> str:
        ref = meant.reference
        try:
            await self._client.acknowledge(ref, by=contact, via="sms", occurred_at=at, key=message_id)
        except Refused as refused:
            if refused.reason is not Refusal.NOT_IN_THIS_PHASE:
                return f"{ref}: refused, {refused.reason.replace('_', ' ')}"
            return await self._standing(ref, contact)
        except (Ended, NotFound):
            return f"no open escalation {meant.code}"
        return f"{ref} is yours"

    async def _standing(self, ref: str, contact: str) -> str:
        """Why it could not be taken: somebody has it, or it waits for something else."""
        view = await self._client.view(ref)
        if view.phase is Phase.ACTIVE and view.owner == contact:
            return f"{ref} is yours"
        if view.phase is Phase.ACTIVE:
            return f"{ref}: already taken by {await self._called(view.owner)}"
        return f"{ref} is {view.status.lower()}: nothing to acknowledge"

    async def _called(self, person: str) -> str:
        try:
            return await asyncio.to_thread(self._directory.name, person) or person
        except DirectoryDown:
            return person

    def _explanation(self, contact: str, opened: tuple[OpenCode, ...]) -> str | None:
        count = self._passive.pop(contact, 0) + 1
        self._passive[contact] = count
        while len(self._passive) > REMEMBERED_MAX:
            self._passive.popitem(last=False)
        if not opened or count > PASSIVE_MAX:
            return None
        return f"Not understood. To take it, reply {_choices(opened)}."


def _choices(opened: tuple[OpenCode, ...]) -> str:
    return " or ".join(f"ack {each.code}" for each in opened[:3])
