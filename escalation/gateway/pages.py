"""The page of a message: what it is about, and buttons. Looking changes nothing; only a button does.

Mail scanners and previews open every address, so GET only shows. Whoever has the address can press the buttons, and
acts as the person whom the message was for: the token in it is the proof, so a page elsewhere that does not know it can
post nothing. It is bound to one person, one escalation and one episode, and ages. Nothing is loaded from anywhere, no
script runs, no frame shows it, and no address of it is told to other sites.
"""

import asyncio
import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import Protocol
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response, status

from escalation.adapters.sending import header_safe, visible
from escalation.adapters.ways import LASTS, Purpose, Tokens
from escalation.core.status import status_of
from escalation.core.vocabulary import Message, Phase
from escalation.gateway.acting import Acting, Client, Now, Pace, Wish
from escalation.gateway.grammar import Act
from escalation.gateway.signed import bounded
from escalation.gateway.told import Sent
from escalation.gateway.wording import Lines, Wording, line, told
from escalation.wire.messages import ApprovalView, View
from escalation.wire.outcomes import NotDone
from escalation.wire.requests import REASON_CHARS_MAX, BadInput

FORM_BYTES_MAX = 16 * 1024
FIELDS_MAX = 10
LOOK_WITHIN = timedelta(seconds=10)
ANSWER_WITHIN = timedelta(seconds=10)

STYLE = (
    "body{margin:0 auto;padding:1rem;max-width:40rem;background:#fff;color:#1a1a1a;font:1.1rem/1.5 sans-serif}"
    "dt{font-weight:bold}dd{margin:0 0 .5rem}label{display:block;margin:1rem 0 .25rem}"
    "textarea,button{font:inherit;width:100%;box-sizing:border-box;padding:.75rem;border:2px solid #1a1a1a}"
    "button{margin:.5rem 0;background:#0b4f8a;color:#fff;border-color:#0b4f8a}"
    "button:focus-visible,textarea:focus-visible{outline:4px solid #b45309}"
)
_STYLE_HASH = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
BUTTONS = {"ack": Act.ACKNOWLEDGE, "raise": Act.RAISE, "decline": Act.DECLINE, "approve": Act.APPROVE,
           "reject": Act.REJECT}  # fmt: skip
_PRESSED = re.compile(r"(ack|raise|decline|approve|reject)(?: ([1-9][0-9]{0,3}))?")
_NONCE = re.compile(r"[0-9a-f]{16}")


class Dispatches(Protocol):
    """What a message was about. Raises `LedgerDown`."""

    def sent(self, dispatch: str) -> Sent | None: ...
    def title(self, reference: str, episode: str) -> str | None: ...


class Pages:
    """Shows the page of a message, and does what its buttons say."""

    def __init__(
        self, acting: Acting, client: Client, told: Dispatches, wording: Wording, tokens: Tokens, pace: Pace
    ) -> None:
        self._acting = acting
        self._client = client
        self._told = told
        self._wording = wording
        self._tokens = tokens
        self._pace = pace

    async def sent(self, token: str) -> Sent | None:
        """The message of that token; None for every other text. Raises `LedgerDown`."""
        dispatch = self._tokens.dispatch(Purpose.PAGE, token)
        return None if dispatch is None else await asyncio.to_thread(self._told.sent, dispatch)

    async def show(self, sent: Sent, now: Now) -> Response:
        """The page as it is now."""
        lines = await self._wording.of(sent.contact, now())
        ref = {"ref": sent.reference}
        if now() - sent.at > LASTS:
            return _page(lines, sent.reference, _words(line(lines, "page.too_old")), status.HTTP_410_GONE)
        # Counted for itself: a scanner that looks all the time takes nobody's button away.
        if not self._pace.allows(f"look {sent.dispatch}", now()):
            return Response(status_code=status.HTTP_429_TOO_MANY_REQUESTS)
        try:
            async with asyncio.timeout(LOOK_WITHIN.total_seconds()):
                view = await self._client.view(sent.reference)
        except (NotDone, BadInput, TimeoutError):
            return _page(
                lines, sent.reference, _words(line(lines, "unsure", **ref)), status.HTTP_503_SERVICE_UNAVAILABLE
            )
        if view.episode != sent.episode or view.phase in _OVER:
            return _page(lines, sent.reference, _words(line(lines, "over", **ref)))
        title = lines.phrases.restricted if view.restricted else None
        title = title or await asyncio.to_thread(self._told.title, sent.reference, sent.episode)
        return _page(
            lines, sent.reference, await self._body(sent, view, title or sent.reference, lines), label=view.label
        )

    async def press(self, sent: Sent, token: str, form: Mapping[str, str], now: Now) -> Response:
        """Do what the button says, once for each time that the page was shown, and say what came of it."""
        lines, at = await self._wording.of(sent.contact, now()), now()
        pressed = _PRESSED.fullmatch(form.get("do", ""))
        if pressed is None or not _NONCE.fullmatch(form.get("n", "")):
            return Response(status_code=status.HTTP_400_BAD_REQUEST)
        if at - sent.at > LASTS:
            return _page(lines, sent.reference, _words(line(lines, "page.too_old")), status.HTTP_410_GONE)
        if not self._pace.allows(sent.dispatch, at):
            return Response(status_code=status.HTTP_429_TOO_MANY_REQUESTS)
        came = await self._acting.do(
            Wish(
                act=BUTTONS[pressed[1]],
                reference=sent.reference,
                episode=sent.episode,
                contact=sent.contact,
                via="page",
                key=f"page {sent.dispatch} {form['n']} {pressed[0]}",
                at=at,
                reason=" ".join(visible(form.get("why", "")).split())[:REASON_CHARS_MAX],
                approval=int(pressed[2]) if pressed[2] else None,
                page=sent.dispatch if sent.message is Message.PAGE else None,
            ),
            ANSWER_WITHIN,
        )
        back = f'<p><a href="{escape(token)}">{escape(line(lines, "page.back"))}</a></p>'
        said = f'<h2>{escape(line(lines, "page.came"))}</h2><p role="status">{escape(told(lines, came))}</p>{back}'
        return _page(lines, sent.reference, said)

    async def _body(self, sent: Sent, view: View, title: str, lines: Lines) -> str:
        asked = sent.contact in {*view.all_asked, view.asked} and view.phase is Phase.IN_TRANSFER
        deciding = sent.message is Message.APPROVAL
        lead = "page.decide" if deciding else "page.asked" if asked else "page.told"
        facts = (
            ("about", title),
            ("priority", f"{view.label} ({view.severity})"),
            ("ticket", view.ticket),
            ("team", view.team),
            ("status", _standing(view, lines)),
            ("owner", await self._acting.called(view.owner)),
            ("person", await self._acting.called(sent.contact)),
            ("deadline", lines.when(view.deadline)),
        )
        listed = "".join(
            f"<dt>{escape(line(lines, f'page.{name}'))}</dt><dd>{escape(header_safe(value, 200))}</dd>"
            for name, value in facts
        )
        buttons = _decisions(view.approvals, lines) if deciding else _answers(lines)
        return (
            f"<p>{escape(line(lines, lead))}</p><dl>{listed}</dl>"
            f'<form method="post"><input type="hidden" name="n" value="{secrets.token_hex(8)}">'
            f'<label for="why">{escape(line(lines, "page.reason"))}</label>'
            f'<textarea id="why" name="why" rows="2" maxlength="{REASON_CHARS_MAX}"></textarea>'
            f"{buttons}</form>{_words(line(lines, 'page.nothing_yet'))}"
        )


_ESCALATED = status_of(Phase.ACTIVE, escalated=True)
_OVER = {Phase.CLOSED, Phase.DE_ESCALATED, Phase.REJECTED, Phase.CANCELLED}


def routes(pages: Pages, now: Now) -> APIRouter:
    """The door for people with an address of ours. To every other address it is not there."""
    router = APIRouter()

    @router.get("/a/{token}")
    async def show_page(token: str) -> Response:
        """What it is about. Nothing happens."""
        sent = await pages.sent(token)
        return _absent() if sent is None else await pages.show(sent, now)

    @router.head("/a/{token}")
    async def find_page(token: str) -> Response:
        """Whether it is there, for whoever tries links before showing them. Nothing is asked of the engine."""
        sent = await pages.sent(token)
        if sent is None:
            return _absent()
        code = status.HTTP_410_GONE if now() - sent.at > LASTS else status.HTTP_200_OK
        return Response(status_code=code, headers=dict(HEADERS), media_type="text/html; charset=utf-8")

    @router.post("/a/{token}")
    async def press_button(token: str, request: Request) -> Response:
        """What the button says."""
        sent = await pages.sent(token)
        if sent is None:
            return _absent()
        body = await bounded(request, FORM_BYTES_MAX)
        try:
            form = dict(parse_qsl(body.decode(), max_num_fields=FIELDS_MAX, errors="strict"))
        except ValueError:
            return Response(status_code=status.HTTP_400_BAD_REQUEST)
        return await pages.press(sent, token, form, now)

    return router


def _answers(lines: Lines) -> str:
    named = (("ack", "acknowledge"), ("raise", "raise"), ("decline", "decline"))
    return "".join(_button(value, line(lines, f"page.{name}")) for value, name in named)


def _decisions(approvals: tuple[ApprovalView, ...], lines: Lines) -> str:
    """Two buttons for each that is open; who may decide, the rules know."""
    return "".join(
        _button(f"approve {each.number}", _approving(each, lines))
        + _button(f"reject {each.number}", line(lines, "page.reject", number=str(each.number)))
        for each in approvals
    )


def _approving(each: ApprovalView, lines: Lines) -> str:
    return line(lines, "page.approve", number=str(each.number), kind=each.kind, person=each.asked_by)


def _standing(view: View, lines: Lines) -> str:
    """What the ticket shows of it, in the reader's words."""
    if view.status == _ESCALATED:
        return line(lines, "page.escalated")
    words = lines.called(view.phase)
    return words[:1].upper() + words[1:]


def _button(value: str, words: str) -> str:
    return f'<button name="do" value="{escape(value)}">{escape(words)}</button>'


def _words(words: str) -> str:
    return f"<p>{escape(words)}</p>"


def _page(lines: Lines, reference: str, body: str, code: int = status.HTTP_200_OK, label: str = "") -> Response:
    heading = escape(line(lines, "page.title", ref=reference, label=label).rstrip(": "))
    return Response(
        f'<!DOCTYPE html><html lang="{escape(lines["language"])}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{heading}</title><style>{STYLE}</style></head>'
        f"<body><main><h1>{heading}</h1>{body}</main></body></html>",
        code,
        headers=dict(HEADERS),
        media_type="text/html; charset=utf-8",
    )


def _absent() -> Response:
    return Response(status_code=status.HTTP_404_NOT_FOUND)
