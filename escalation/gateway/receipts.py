"""The two doors for receipts: Twilio's status callbacks, and SendGrid's events."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from fastapi import APIRouter, BackgroundTasks, Request, Response, status

from escalation.adapters.inbox import Received
from escalation.adapters.receipts import Receipt
from escalation.gateway import forwarding
from escalation.gateway.callbacks import read_event, read_receipt
from escalation.gateway.forwarding import Forwarder
from escalation.gateway.signed import MailSignatures, Signatures, forbidden

_log = logging.getLogger(__name__)


class Inbox(forwarding.Inbox, Protocol):
    """The place for receipts. Raises `LedgerDown`."""

    def receive(self, receipt: Receipt) -> Received: ...


def routes(
    inbox: Inbox,
    forwarder: Forwarder,
    signatures: Signatures,
    mail_signatures: MailSignatures,
    now: Callable[[], datetime],
) -> APIRouter:
    """Each keeps first, answers then, and tells the workflow afterwards. What cannot be kept is not taken."""
    router = APIRouter()

    @router.post("/twilio/status")
    async def receive_status(request: Request, later: BackgroundTasks) -> Response:
        """One status of one message or call."""
        form = await signatures.form(request)
        receipt = read_receipt(request.query_params.get("d"), form, now())
        if receipt is None:
            raise forbidden()
        if _noted(receipt, await asyncio.to_thread(inbox.receive, receipt)):
            later.add_task(forwarder.forward)
        return nothing()

    @router.post("/sendgrid/events")
    async def receive_events(request: Request, later: BackgroundTasks) -> Response:
        """Every event of a batch that is about a dispatch. When one cannot be kept, the whole batch comes again."""
        events = await mail_signatures.events(request)
        found = [receipt for event in events if (receipt := read_event(event, now())) is not None]
        owed = [_noted(receipt, await asyncio.to_thread(inbox.receive, receipt)) for receipt in found]
        if any(owed):
            later.add_task(forwarder.forward)
        return nothing()

    return router


def nothing() -> Response:
    """Twilio logs an empty answer as an error unless it says that it is empty."""
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _noted(receipt: Receipt, received: Received) -> bool:
    """Whether a workflow has something to hear. What only an operator can mend is said here."""
    if received.second:
        _log.error("dispatch %s: the vendor holds it twice", receipt.dispatch)
    if received.alarming:
        _log.error("an operator must look: dispatch %s is %s, code %s", receipt.dispatch, receipt.status, received.code)
    return received.owed is not None
