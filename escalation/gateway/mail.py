"""Replies by mail: to the address of one message, by the person who got it, with a word that we know in the first line.

A mail is taken only when SendGrid signed it. It counts only when its address carries our token, its sender is the
person of that token, the sender's domain vouches for it, and no machine wrote it; to anything else nobody says a word:
two robots must not chat for ever.
"""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import getaddresses, parseaddr
from typing import Protocol

from fastapi import APIRouter, HTTPException, Request, Response, status

from escalation.adapters.directory import DirectoryDown
from escalation.adapters.sending import visible
from escalation.adapters.ways import LASTS, REPLY, Purpose, Tokens
from escalation.core.vocabulary import Channel, Message
from escalation.gateway.acting import Acting, Came, Now, Pace, Wish
from escalation.gateway.grammar import Act, Said, first_line, understood, written
from escalation.gateway.markup import typed
from escalation.gateway.multipart import decoded, fields_of, headers_of
from escalation.gateway.receipts import nothing
from escalation.gateway.signed import MAIL_SIGNATURE, MailSignatures, forbidden
from escalation.gateway.told import OpenCode, Sent
from escalation.gateway.wording import Wording, line, told

MAIL_BYTES_MAX = 10 * 1024 * 1024
"""What is taken of a mail with all its attachments. A larger one is refused, and SendGrid forgets it."""
AT_ONCE = 4
"""Mails that are read at a time: each is held whole until its signature is checked."""
READ_WITHIN = timedelta(seconds=20)
"""With waiting for room; less than any body may take, and answered so that SendGrid brings it again."""
ANSWER_WITHIN = timedelta(seconds=10)
ADDRESSES_MAX = 50
KEY_CHARS = 32

FIELDS = ("headers", "envelope", "to", "from", "subject", "text", "html", "charsets", "SPF", "dkim")
_MACHINES = re.compile(r"mailer-daemon|postmaster|no-?reply|bounces?(?:[+=-]|$)", re.IGNORECASE)
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
_PASSED = re.compile(r"@([a-z0-9.-]{1,255})\s*:\s*pass\b", re.IGNORECASE)
"""A domain whose signature holds, as SendGrid writes it: "{@example.com : pass}"."""
_log = logging.getLogger(__name__)


class Directory(Protocol):
    """How people are written to. Raises `DirectoryDown`."""

    def address(self, contact: str, channel: Channel, at: datetime | None = None) -> str | None: ...


class Dispatches(Protocol):
    """Whom a message was sent to. Raises `LedgerDown`."""

    def sent(self, dispatch: str) -> Sent | None: ...
    def page_of(self, contact: str, reference: str, episode: str) -> str | None: ...
    def open_for(self, contact: str) -> tuple[OpenCode, ...]: ...


class Answerer(Protocol):
    """Writes back. Never raises for what a vendor does."""

    def write(self, to: str, sent: Sent, words: str, language: str, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Mail:
    """What is read of one: addresses in small letters, the headers by name, the text as it was typed."""

    to: tuple[str, ...]
    sender: str
    header_sender: str
    text: str
    html: str
    headers: Mapping[str, str]
    vouched: bool

    @property
    def written(self) -> str:
        """What was typed; some programs send no text, only HTML."""
        return written(self.text if self.text.strip() else typed(self.html))

    @property
    def by_machine(self) -> bool:
        """Whether a program wrote it: an absence note, a bounce, a list, or ourselves. Source: RFC 3834."""
        found = self.headers
        return (
            not self.sender
            or found.get("auto-submitted", "no").casefold().split(";")[0].strip() != "no"
            or found.get("precedence", "").casefold() in _BULK
            or "x-auto-response-suppress" in found
            or "list-id" in found
            or found.get("return-path", "") == "<>"
            or bool(_MACHINES.match(self.sender) or _MACHINES.match(self.header_sender))
        )


def read_mail(content_type: str, body: bytes) -> Mail | None:
    """The mail that was handed over; None for what is none. Never raises."""
    fields = fields_of(content_type, body, FIELDS)
    if fields is None:
        return None
    try:
        charsets = json.loads(fields.get("charsets", b"{}"))
        envelope = json.loads(fields.get("envelope", b"{}"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(charsets, dict) or not isinstance(envelope, dict):
        return None
    words = {name: decoded(value, str(charsets.get(name, "utf-8"))) for name, value in fields.items()}
    reached = envelope.get("to", [])
    listed = [str(each) for each in reached[:ADDRESSES_MAX]] if isinstance(reached, list) else []
    try:
        named = [address for _, address in getaddresses([words.get("to", "")[:10_000]])][:ADDRESSES_MAX]
        header_sender = parseaddr(words.get("from", "")[:1_000])[1]
    except (ValueError, IndexError):
        return None
    return Mail(
        to=tuple(dict.fromkeys(address.casefold() for address in (*listed, *named) if address)),
        sender=str(envelope.get("from", "")).casefold(),
        header_sender=header_sender.casefold(),
        text=words.get("text", ""),
        html=words.get("html", ""),
        headers=headers_of(words.get("headers", "")),
        vouched=_vouched(header_sender, str(envelope.get("from", "")), words.get("SPF", ""), words.get("dkim", "")),
    )


def _vouched(header_sender: str, sender: str, spf: str, dkim: str) -> bool:
    """Whether the domain of the From line vouches for it, by a signature of its own or as where the mail came from.

    SPF and DKIM pass for anybody's own domain, so what passed must be that domain, one above or one below it. Where
    neither passed, nobody vouches. Source: relaxed alignment of DMARC, RFC 7489 section 3.1.
    """
    passed = [found.casefold() for found in _PASSED.findall(dkim)]
    if spf.strip().casefold() == "pass":
        passed.append(_domain(sender))
    named = _domain(header_sender)
    return any(_related(one, named) for one in passed if "." in one and named)


def _related(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold() if "@" in address else ""


class MailReplies:
    """Turns one mail into at most one act, and at most one mail back."""

    def __init__(  # one argument for each thing outside that it touches
        self,
        acting: Acting,
        directory: Directory,
        told: Dispatches,
        wording: Wording,
        tokens: Tokens,
        domain: str,
        pace: Pace,
        answerer: Answerer | None = None,
    ) -> None:
        self._acting = acting
        self._directory = directory
        self._told = told
        self._wording = wording
        self._tokens = tokens
        self._domain = domain
        self._pace = pace
        self._answerer = answerer

    async def take(self, mail: Mail, at: datetime) -> Came | None:
        """What came of it; None for a mail that nobody answers. Raises `LedgerDown` and `DirectoryDown`: then it may
        come again.
        """
        dispatch = next((found for to in mail.to if (found := self._dispatch(to))), None)
        if dispatch is None or mail.by_machine:
            return None
        sent = await asyncio.to_thread(self._told.sent, dispatch)
        if sent is None or not await self._is_theirs(mail, sent, at) or not self._pace.allows(sent.contact, at):
            return None
        came = await self._came(visible(mail.written).strip(), sent, mail, at)
        if self._answerer is not None and self._pace.explains(sent.contact, came):
            lines = await self._wording.of(sent.contact, at)
            words, language = told(lines, came), lines["language"]
            await asyncio.to_thread(self._answerer.write, mail.header_sender, sent, words, language, at)
        return came

    def _dispatch(self, address: str) -> str | None:
        """The dispatch whose token stands in an address of ours."""
        local, _, domain = address.rpartition("@")
        if domain != self._domain or not local.startswith(REPLY):
            return None
        return self._tokens.dispatch(Purpose.MAIL, local.removeprefix(REPLY))

    async def _is_theirs(self, mail: Mail, sent: Sent, at: datetime) -> bool:
        """Whether the person whom the token names wrote it, in time: a mail that was passed on speaks for nobody."""
        address = await asyncio.to_thread(self._directory.address, sent.contact, Channel.EMAIL, at)
        if address is None or mail.header_sender != address.casefold() or at - sent.at > LASTS:
            return False
        if not mail.vouched:
            _log.warning("%s: a reply by mail counts for nothing: neither SPF nor DKIM vouches for it", sent.reference)
        return mail.vouched

    async def _came(self, words: str, sent: Sent, mail: Mail, at: datetime) -> Came:
        said = understood(first_line(words))
        named = mail.headers.get("message-id", "") or mail.text or mail.html
        proof = hashlib.sha256(f"{sent.dispatch}\n{named}".encode()).hexdigest()
        key = f"mail {proof[:KEY_CHARS]}"
        if sent.message is Message.CHECK_IN and words and not isinstance(said, Said):  # "A sentence is enough"
            asked = Wish(Act.UPDATE, sent.reference, sent.episode, sent.contact, "email", key, at, reason=words)
            return await self._acting.do(asked, ANSWER_WITHIN)
        opened = await asyncio.to_thread(self._told.open_for, sent.contact)
        code = next(
            (each.code for each in opened if (each.reference, each.episode) == (sent.reference, sent.episode)), None
        )
        if not isinstance(said, Said) or said.several:  # a mail is about the one escalation that it answers
            lines = await self._wording.of(sent.contact, at)
            return Came("unclear", {"choices": line(lines, "choice", verb="ack", code=str(code or "")).strip()})
        if said.code not in {None, code}:
            return Came("not_open_code", {"code": str(said.code)})
        if said.code is None and sent.message is not Message.PAGE:  # told of it, and not asked: a word takes nothing
            if code is None:
                return Came("not_open")
            lines = await self._wording.of(sent.contact, at)
            return Came("unasked", {"choices": line(lines, "choice", verb=said.act.value, code=str(code))})
        page = await asyncio.to_thread(self._told.page_of, sent.contact, sent.reference, sent.episode)
        wish = Wish(said.act, sent.reference, sent.episode, sent.contact, "email", key, at, page=page)
        return await self._acting.do(wish, ANSWER_WITHIN)


def routes(replies: MailReplies, signatures: MailSignatures, now: Now) -> APIRouter:
    """The door for mails."""
    router = APIRouter()
    room = asyncio.Semaphore(AT_ONCE)

    @router.post("/sendgrid/inbound")
    async def receive_mail(request: Request) -> Response:
        """Do what a mail asks for. What is no reply of ours is taken, too: whoever wrote it learns nothing."""
        if MAIL_SIGNATURE not in request.headers:
            raise forbidden()
        try:
            async with asyncio.timeout(READ_WITHIN.total_seconds()), room:
                body = await signatures.body(request, MAIL_BYTES_MAX)
        except TimeoutError:
            raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE) from None
        mail = read_mail(request.headers.get("Content-Type", ""), body)
        try:
            if mail is not None:
                await replies.take(mail, now())
        except DirectoryDown:
            _log.exception("a mail cannot be matched to a person: it may come again")
            raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE) from None
        return nothing()

    return router
