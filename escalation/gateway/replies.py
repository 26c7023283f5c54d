"""Replies by SMS: who speaks, which escalation they mean, and the one line that they get back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from fastapi import APIRouter, BackgroundTasks, Request, Response
from twilio.twiml.messaging_response import MessagingResponse

from escalation.adapters.directory import DirectoryDown
from escalation.adapters.sending import visible
from escalation.adapters.store import LedgerDown
from escalation.gateway.acting import Acting, Came, Client, Now, Pace, Wish
from escalation.gateway.callbacks import MESSAGE, WORD_CHARS_MAX
from escalation.gateway.grammar import Reserved, Said, Unclear, understood
from escalation.gateway.receipts import nothing
from escalation.gateway.signed import Form, Signatures, forbidden, moved
from escalation.gateway.told import OpenCode
from escalation.gateway.wording import Lines, Wording, line, told
from escalation.wire.outcomes import NotDone
from escalation.wire.requests import BadInput

ANSWER_WITHIN = timedelta(seconds=10)
"""Twilio waits 15 s for an answer; the sender should hear something by then."""
CHOICES_MAX = 3
FIELDS = ("Body", "From", "MessageSid", "OptOutType")
"""Every field that is read."""
TURNED_OFF = "has turned texts off (STOP): calls and mails are used instead"
TURNED_ON = "has turned texts on again (START)"

_log = logging.getLogger(__name__)


class Directory(Protocol):
    """Who owns a number. Raises `DirectoryDown`."""

    def contact_of_phone(self, number: str) -> str | None: ...


class OpenFor(Protocol):
    """What somebody was told about and is open, and whether they want texts. Raises `LedgerDown`."""

    def open_for(self, contact: str, *, asked: bool = False) -> tuple[OpenCode, ...]: ...
    def all_meant(self, message_id: str, codes: tuple[OpenCode, ...], at: datetime) -> tuple[OpenCode, ...]: ...
    def meant(self, message_id: str, code: OpenCode, at: datetime) -> bool: ...
    def page_of(self, contact: str, reference: str, episode: str) -> str | None: ...
    def turned(self, message_id: str, contact: str, at: datetime, *, off: bool) -> bool: ...


@dataclass(frozen=True, slots=True)
class Text:
    """What is read of an inbound SMS. `opt_out_type` is the carrier's own word for it."""

    message_id: str
    sender: str
    body: str
    opt_out_type: str | None


def read_text(form: Form) -> Text | None:
    """The SMS of a signed form; None for what is none.

    The signature holds for the same form with a boundary moved, so the id, under which it acts once, must be one to the
    letter: with "NumMedia0" at its end a copy would act again.
    """
    if moved(form, FIELDS) or not MESSAGE.fullmatch(form.get("MessageSid", "")):
        return None
    sender = form.get("From", "")
    if not 0 < len(sender) <= WORD_CHARS_MAX:
        return None
    return Text(form["MessageSid"], sender, form.get("Body", ""), form.get("OptOutType"))


class Replies:
    """Turns one inbound SMS into at most one act and at most one line."""

    def __init__(  # one argument for each thing that it touches
        self,
        acting: Acting,
        client: Client,
        directory: Directory,
        told: OpenFor,
        wording: Wording,
        pace: Pace,
    ) -> None:
        self._acting = acting
        self._client = client
        self._directory = directory
        self._told = told
        self._wording = wording
        self._pace = pace

    async def contact(self, sender: str) -> str | None:
        """Whose number this is."""
        try:
            return await asyncio.to_thread(self._directory.contact_of_phone, sender)
        except DirectoryDown:
            _log.exception("an SMS cannot be matched to a person")  # the cause says which file
            return None

    async def answer(self, message_id: str, sender: str, body: str, at: datetime) -> str | None:
        """The line to send back; None for a number that nobody has, for the carrier's words, and when it is enough.

        `message_id` is the idempotency key: the same message acts once and gets the same line.
        """
        said = understood(body)
        contact = await self.contact(sender)
        if isinstance(said, Reserved) or contact is None or not self._pace.allows(contact, at):
            return None
        lines = await self._wording.of(contact, at)
        try:
            opened = await asyncio.to_thread(self._told.open_for, contact)
            came = await self._came(said, opened, contact, message_id, at, lines)
        except LedgerDown:
            return line(lines, "unkept")
        if isinstance(said, Unclear) and not opened:
            return None
        return told(lines, came) if self._pace.explains(contact, came) else None

    async def turn(self, message_id: str, contact: str, said: Reserved, at: datetime) -> Callable[[], Awaitable[None]]:
        """Stop texts, or begin again. What is to be done afterwards: note it in everything that this person is in.

        The carrier has answered already. Raises `LedgerDown`: then the carrier's refusals say it instead.
        """

        async def nothing_more() -> None:
            """It was known."""

        off = said.off
        if off is None or not await asyncio.to_thread(self._told.turned, message_id, contact, at, off=off):
            return nothing_more
        opened = await asyncio.to_thread(self._told.open_for, contact)

        async def note() -> None:
            for each in opened:
                text = f"{contact} {TURNED_OFF if off else TURNED_ON}"
                try:
                    await self._client.note(
                        each.reference, by=contact, text=text, key=f"{message_id} {each.reference}"[:WORD_CHARS_MAX]
                    )
                except (NotDone, BadInput) as error:
                    _log.warning("%s: not noted that %s: %s", each.reference, text, error)

        return note

    async def _came(
        self,
        said: Said | Unclear,
        opened: tuple[OpenCode, ...],
        contact: str,
        message_id: str,
        at: datetime,
        lines: Lines,
    ) -> Came:
        if isinstance(said, Unclear):
            return Came("unclear", {"choices": _choices(opened, lines, "ack")})
        if said.several:
            return await self._several(said, opened, contact, message_id, at)
        if said.code is None:
            return await self._bare(said, opened, contact, message_id, at, lines)
        meant = next((each for each in opened if said.code == each.code), None)
        if meant is None:
            return Came("not_open_code", {"code": str(said.code)})
        return await self._meant(said, meant, contact, message_id, at)

    async def _bare(
        self,
        said: Said,
        opened: tuple[OpenCode, ...],
        contact: str,
        message_id: str,
        at: datetime,
        lines: Lines,
    ) -> Came:
        """A word without a number means the one thing that this person is asked; what they were told of has a number:
        whoever answers a notice with a word does not know that it would be theirs.
        """
        if not opened:
            return Came("not_open")
        asked = await asyncio.to_thread(lambda: self._told.open_for(contact, asked=True))
        if len(asked) == 1:
            return await self._meant(said, asked[0], contact, message_id, at)
        return Came("several" if asked else "unasked", {"choices": _choices(asked or opened, lines, said.act.value)})

    async def _meant(self, said: Said, meant: OpenCode, contact: str, message_id: str, at: datetime) -> Came:
        if not await asyncio.to_thread(self._told.meant, message_id, meant, at):
            return Came("not_open_code", {"code": str(meant.code)})
        return await self._do(said, meant, contact, message_id, at)

    async def _do(self, said: Said, meant: OpenCode, contact: str, message_id: str, at: datetime) -> Came:
        page = await asyncio.to_thread(self._told.page_of, contact, meant.reference, meant.episode)
        wish = Wish(said.act, meant.reference, meant.episode, contact, "sms", message_id, at, page=page)
        return await self._acting.do(wish, ANSWER_WITHIN)

    async def _several(
        self, said: Said, opened: tuple[OpenCode, ...], contact: str, message_id: str, at: datetime
    ) -> Came:
        """Take each of them; everything is what this person was asked to take, not what they were told of."""
        wanted = (
            await asyncio.to_thread(lambda: self._told.open_for(contact, asked=True))
            if said.everything
            else tuple(each for each in opened if each.code in said.codes)
        )
        meant = await asyncio.to_thread(self._told.all_meant, message_id, wanted, at) if wanted else ()
        # All at once: there are not more than one is told of, and whoever asked waits for the answer.
        came = await asyncio.gather(*(self._do(said, each, contact, message_id, at) for each in meant))
        taken = [str(each.code) for each, what in zip(meant, came, strict=True) if what.done]
        rest = [str(code) for code in said.codes or (each.code for each in meant) if str(code) not in taken]
        values = {"count": str(len(taken)), "taken": " ".join(taken), "rest": " ".join(rest)}
        if not taken:
            return Came("none_taken", values) if rest else Came("not_open")
        return Came("several_mixed" if rest else "several_taken", values, done=True)


def routes(replies: Replies, signatures: Signatures, now: Now) -> APIRouter:
    """The door for texts."""
    router = APIRouter()

    @router.post("/twilio/sms")
    async def receive_sms(request: Request, later: BackgroundTasks) -> Response:
        """Do what an SMS asks for, and say what came of it."""
        text, at = read_text(await signatures.form(request)), now()
        if text is None:
            raise forbidden()
        said = understood(text.body, text.opt_out_type)
        if isinstance(said, Reserved):
            contact = await replies.contact(text.sender)
            if contact is not None:
                later.add_task(await replies.turn(text.message_id, contact, said, at))
            return nothing()
        answer = await replies.answer(text.message_id, text.sender, text.body, at)
        return nothing() if answer is None else _spoken(answer)

    return router


def _choices(opened: tuple[OpenCode, ...], lines: Lines, verb: str) -> str:
    return line(lines, "or").join(
        line(lines, "choice", verb=verb, code=str(each.code)) for each in opened[:CHOICES_MAX]
    )


def _spoken(words: str) -> Response:
    twiml = MessagingResponse()
    twiml.message(visible(words))
    return Response(str(twiml), media_type="application/xml")
