"""What stands beside an escalation: a second party, files, and who speaks with the customer."""

import asyncio
from abc import abstractmethod
from contextlib import suppress
from typing import Protocol
from uuid import uuid4

from escalation.client.verbs import Verbs
from escalation.core.beside import LINKS_MAX, Attach, ChangeContact, Link
from escalation.core.refusals import Refusal
from escalation.core.state import TERMINAL
from escalation.wire import requests
from escalation.wire.messages import Answer, View
from escalation.wire.outcomes import Ended, NotDone, Refused
from escalation.wire.requests import BadInput, EscalationRequest
from escalation.wire.second import SecondParty, request_of

# The first escalation of a ticket is the first party; the second one's reference ends in this.
SECOND = 2
# Somebody else took the number meanwhile.
_TAKEN = (Refusal.ALREADY_OPEN, Refusal.STILL_CLOSING, Refusal.EARLIER_KEY)


class KeptFile(Protocol):
    """A file in the attachment store."""

    @property
    def digest(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def media_type(self) -> str: ...


class Files(Protocol):
    """The attachment store, as far as it is needed here."""

    def keep(self, content: bytes) -> KeptFile:
        """Keep a file for good; called in a thread."""
        ...


class Beside(Verbs):
    """`link`, `change_contact` and `attach`."""

    files: Files | None = None  # where the bytes of attachments are kept

    @abstractmethod
    async def start(self, request: EscalationRequest) -> Answer:
        """Open the escalation of that ticket."""

    @abstractmethod
    async def view(self, ref: str) -> View:
        """The escalation now, or as it ended while the engine still has it."""

    @abstractmethod
    async def latest_episode(self, ref: str) -> str | None:
        """The episode that was opened last under a reference; None when the engine knows none."""

    async def link(self, ref: str, second: SecondParty, *, by: str, key: str | None = None) -> Answer:
        """Open a linked escalation beside one, and let both know of each other. Answers for the linked one.

        Its reference is the first one's with a number: INC-7.2 to INC-7.10. The same key finds the same one again and
        mends what was left half-done. A restricted case stays restricted. Raises `Refused`: `too_many` beyond the
        last number, `linked_itself` for one that stands beside another, `ended` when the first one is over; a linked
        one that was opened by then is cancelled.
        """
        ref, key = requests.reference(ref), requests.key(key) if key is not None else str(uuid4())
        reason = requests.line("reason", second.reason, chars_max=requests.REASON_CHARS_MAX)
        first = await self.view(ref)
        if first.linked_to is not None:
            raise Refused(Refusal.LINKED_ITSELF, {"first": first.linked_to.reference}, ref)
        for number in range(SECOND, SECOND + LINKS_MAX):
            request = request_of(first, second, f"{ref}.{number}", by=by, key=key)
            latest = await self.latest_episode(request.reference)
            if latest not in {None, request.episode}:
                continue
            if latest is None and first.phase in TERMINAL:
                raise Refused(Refusal.ENDED, {"phase": first.phase}, ref)
            try:
                answer = await self.start(request)
            except Refused as refused:
                if refused.reason in _TAKEN:
                    continue
                raise
            opened = (answer.reference, answer.episode)
            if not any((known.reference, known.episode) == opened for known in first.links):
                await self._link_back(ref, Link(by, answer.reference, answer.episode, reason), key)
            return answer
        raise Refused(Refusal.TOO_MANY, {"linked": str(LINKS_MAX), "limit": str(LINKS_MAX)}, ref)

    async def change_contact(self, ref: str, *, by: str, to: str, reason: str, key: str | None = None) -> Answer:
        """Somebody else speaks with the customer from now on; the work stays where it is."""
        return await self.send(ref, ChangeContact(by, to, reason), key)

    async def attach(self, ref: str, content: bytes, *, name: str, by: str, key: str | None = None) -> Answer:
        """Keep a file in the attachment store and put it beside the escalation. Its name is kept apart from the log.

        Raises `BadInput` when this client was given no store, and what the store raises for a file that it refuses.
        A reference that nobody opened keeps nothing: it raises `NotFound` first.
        """
        called, files = requests.file_name(name), self.files
        if files is None:
            raise BadInput("this client has no attachment store; give it one with files=")
        await self.view(ref)
        kept = await asyncio.to_thread(files.keep, content)
        return await self.send(ref, Attach(by, kept.digest, kept.bytes, kept.media_type), key, words=called)

    async def _link_back(self, ref: str, command: Link, key: str) -> None:
        """The first one hears of the second; if it cannot any more, the second is called off."""
        try:
            await self.send(ref, command, key)
        except (Refused, Ended) as no:
            if isinstance(no, Refused) and no.reason is Refusal.NO_CHANGE:
                return
            with suppress(NotDone):
                await self.cancel(command.to, by=command.by, reason=f"{ref} took no link", key=key)
            raise
