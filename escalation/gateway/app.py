"""The door as a FastAPI app: Twilio's status callbacks, SMS replies, and whether it is there.

Everything else is 404; nothing is published about the routes. Whoever is not Twilio gets 403 and no reason.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from fastapi import BackgroundTasks, FastAPI, Request, Response, status
from twilio.twiml.messaging_response import MessagingResponse

from escalation.adapters.ledger import Received, Row
from escalation.adapters.receipts import Receipt
from escalation.adapters.sending import visible
from escalation.adapters.settings import STANDIN_TWILIO_TOKEN, Settings, SettingsError
from escalation.adapters.store import LedgerDown
from escalation.core.commands import Fact
from escalation.core.vocabulary import Outcome
from escalation.gateway import replies
from escalation.gateway.callbacks import WORD_CHARS_MAX, fact_of, outcome_of, read_receipt
from escalation.gateway.replies import Replies
from escalation.gateway.signed import Signatures, forbidden
from escalation.wire.outcomes import NotDone

_log = logging.getLogger(__name__)


class Client(replies.Client, Protocol):
    """The escalation's client, as far as the gateway needs it. Its signer vouches for what the gateway saw."""

    async def report_fact(self, ref: str, fact: Fact) -> None: ...


class Inbox(Protocol):
    """The ledger's place for receipts. Raises `LedgerDown`."""

    def receive(self, receipt: Receipt) -> Received: ...
    def get(self, dispatch: str) -> Row | None: ...


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    *,
    ledger: Inbox,
    told: replies.OpenFor,
    directory: replies.Directory,
    client: Client,
    now: Callable[[], datetime] = _now,
) -> FastAPI:
    """The app. Raises `SettingsError` without a public URL: signatures cover it, and headers can be forged."""
    if settings.public_url is None:
        raise SettingsError("ESCALATION_PUBLIC_URL is not set: Twilio signs what it calls; set the address it calls")
    signatures = Signatures(settings.public_url, _token(settings))
    answering = Replies(client, directory, told)
    app = FastAPI(title="Escalation gateway", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/twilio/status")
    async def receive_status(request: Request, later: BackgroundTasks) -> Response:
        """Keep the receipt; tell the workflow afterwards, and only what changes a decision."""
        form = await signatures.form(request)
        receipt = read_receipt(request.query_params.get("d"), form, request.headers, now())
        if receipt is None:
            raise forbidden()
        received = await asyncio.to_thread(ledger.receive, receipt)
        row = await asyncio.to_thread(ledger.get, receipt.dispatch)
        outcome = None if row is None else outcome_of(row, receipt, received)
        if row is not None and outcome is not None:
            later.add_task(_report, client, row, receipt, outcome)
        return _nothing()

    @app.post("/twilio/sms")
    async def receive_sms(request: Request) -> Response:
        """Acknowledge what an SMS names, and say what came of it."""
        form = await signatures.form(request)
        message_id, sender = form.get("MessageSid"), form.get("From")
        if not message_id or not sender or max(len(message_id), len(sender)) > WORD_CHARS_MAX:
            raise forbidden()
        if form.get("OptOutType"):
            return _nothing()  # Twilio has answered already
        line = await answering.answer(message_id, sender, form.get("Body", ""), now())
        return _nothing() if line is None else _spoken(line)

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


def _token(settings: Settings) -> str:
    """What Twilio signs with; in development the stand-in's, which everybody knows."""
    if settings.twilio_auth_token is not None:
        return settings.twilio_auth_token.get_secret_value()
    if settings.production:
        raise SettingsError("ESCALATION_TWILIO_AUTH_TOKEN is not set; without it nobody can be verified")
    return STANDIN_TWILIO_TOKEN


async def _report(client: Client, row: Row, receipt: Receipt, outcome: Outcome) -> None:
    """A fact that does not get through is in the ledger, where the next look-up finds it; a window covers the page."""
    try:
        fact = fact_of(row, receipt, outcome, (await client.view(row.reference)).episode)
        if fact is not None:
            await client.report_fact(row.reference, fact)
    except NotDone as error:
        _log.warning("receipt of dispatch %s was not reported: %s", row.dispatch, error)


def _nothing() -> Response:
    """Twilio logs an empty answer as an error unless it says that it is empty."""
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _spoken(line: str) -> Response:
    twiml = MessagingResponse()
    twiml.message(visible(line))
    return Response(str(twiml), media_type="application/xml")
