"""The door as a FastAPI app: both vendors' receipts, people's answers by every way, and whether it is there.

Everything else is 404; nothing is published about the routes. Whoever is not the vendor gets 403 and no reason.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from fastapi import APIRouter, FastAPI, Request, Response, status

from escalation.adapters.chat_account import signing_secrets
from escalation.adapters.settings import (
    STANDIN_SENDGRID_WEBHOOK_KEY,
    STANDIN_TWILIO_TOKEN,
    Settings,
    SettingsError,
)
from escalation.adapters.store import LedgerDown
from escalation.adapters.ways import Tokens
from escalation.gateway import acting, chat, forwarding, mail, pages, receipts, replies, voice, wording
from escalation.gateway.acting import Acting, Pace
from escalation.gateway.chat import ChatAnswers, OwnPages
from escalation.gateway.forwarding import Forwarder
from escalation.gateway.mail import Answerer, MailReplies
from escalation.gateway.pages import Pages
from escalation.gateway.replies import Replies
from escalation.gateway.signed import MailSignatures, Signatures
from escalation.gateway.slack_signed import SlackSignatures
from escalation.gateway.voice import Calls
from escalation.gateway.wording import Wording

_log = logging.getLogger(__name__)


class Client(acting.Client, forwarding.Client, Protocol):
    """The escalation's client, as far as the gateway needs it. Its signer vouches for what the gateway saw."""


class Directory(chat.Directory, replies.Directory, acting.Directory, mail.Directory, wording.Readers, Protocol):
    """What the gateway asks of people. Raises `DirectoryDown`."""


class Told(replies.OpenFor, voice.Scripts, mail.Dispatches, pages.Dispatches, Protocol):
    """What was told to whom. Raises `LedgerDown`."""


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    *,
    inbox: receipts.Inbox,
    told: Told,
    directory: Directory,
    client: Client,
    answerer: Answerer | None = None,
    desk: chat.Desk | None = None,
    now: Callable[[], datetime] = _now,
) -> FastAPI:
    """The app. Raises `SettingsError` without a public URL: signatures cover it, and headers can be forged.

    Its `state.forwarder` tells the workflows; whoever serves the app lets it run.
    """
    if settings.public_url is None:
        raise SettingsError("ESCALATION_PUBLIC_URL is not set: Twilio signs what it calls; set the address it calls")
    signatures, mail_signatures = Signatures(settings.public_url, _tokens(settings)), _mail_signatures(settings, now)
    forwarder = Forwarder(inbox, client, now)
    app = FastAPI(title="Escalation gateway", docs_url=None, redoc_url=None, openapi_url=None)

    app.state.forwarder = forwarder

    app.include_router(receipts.routes(inbox, forwarder, signatures, mail_signatures, now))

    lines, pace = Wording(directory), Pace()
    doing = Acting(client, directory, OwnPages(desk, lines).settle if desk is not None else None)
    people = ChatAnswers(doing, client, directory, desk, lines, pace) if desk is not None else None
    app.include_router(chat.routes(people, SlackSignatures(signing_secrets(settings), now), now))
    for answers in _answers(
        settings, told, directory, client, answerer, (signatures, mail_signatures), now, (doing, lines, pace)
    ):
        app.include_router(answers)

    @app.get("/health")
    async def show_health() -> dict[str, str]:
        """That the door is open."""
        return {"status": "ok"}

    @app.exception_handler(LedgerDown)
    async def refuse_for_now(_request: Request, down: LedgerDown) -> Response:
        """A receipt that cannot be kept is not taken: the vendor may bring it again."""
        _log.error("%s", down)
        return Response(status_code=status.HTTP_503_SERVICE_UNAVAILABLE)

    return app


def _tokens(settings: Settings) -> list[str]:
    """What Twilio may sign with; in development the stand-in's, which everybody knows."""
    tokens = [token.get_secret_value() for token in settings.callback_tokens]
    if settings.twilio_auth_token is not None:
        return tokens
    if settings.production:
        raise SettingsError("ESCALATION_TWILIO_AUTH_TOKEN is not set; without it nobody can be verified")
    return [STANDIN_TWILIO_TOKEN, *tokens]


def _mail_signatures(settings: Settings, now: Callable[[], datetime]) -> MailSignatures:
    """What SendGrid may sign with. In production without a key no event is believed, and receipts are asked for."""
    keys = settings.sendgrid_webhook_keys or (() if settings.production else (STANDIN_SENDGRID_WEBHOOK_KEY,))
    try:
        return MailSignatures(keys, now)
    except ValueError as wrong:
        raise SettingsError(f"ESCALATION_SENDGRID_WEBHOOK_KEYS: {wrong}") from None


def _answers(
    settings: Settings,
    told: Told,
    directory: Directory,
    client: Client,
    answerer: Answerer | None,
    signed: tuple[Signatures, MailSignatures],
    now: Callable[[], datetime],
    shared: tuple[Acting, Wording, Pace],
) -> list[APIRouter]:
    """Every way in which people answer; one pace for all of them, so that none is a way round another."""
    doing, lines, pace = shared
    tokens = Tokens(settings.signing_key.get_secret_value())
    calls = Calls(doing, told, lines, pace, settings.mail_from_name, f"{settings.public_url}/twilio/voice")
    ways = [
        replies.routes(Replies(doing, client, directory, told, lines, pace), signed[0], now),
        voice.routes(calls, signed[0], now),
        pages.routes(Pages(doing, client, told, lines, tokens, pace), now),
    ]
    if settings.reply_domain:
        letters = MailReplies(doing, directory, told, lines, tokens, settings.reply_domain, pace, answerer)
        ways.append(mail.routes(letters, signed[1], now))
    return ways
