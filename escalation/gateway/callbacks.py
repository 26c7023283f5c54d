"""Status callbacks: from Twilio's form to a receipt, and from a receipt to the fact that changes a decision, if any."""

from collections.abc import Mapping
from datetime import datetime

from escalation.adapters.ledger import Received, Row
from escalation.adapters.receipts import Receipt, bad_news
from escalation.core.commands import ReportDelivery
from escalation.core.vocabulary import Message, Outcome

WORD_CHARS_MAX = 200
_KEPT = (
    "AnsweredBy", "CallDuration", "CallStatus", "ErrorCode", "MessageStatus", "SequenceNumber", "SipResponseCode",
    "Timestamp",
)  # fmt: skip
"""Fields without an address, a number or words of a message."""
_TOKEN = "I-Twilio-Idempotency-Token"  # noqa: S105  # the name of a header


def read_receipt(
    dispatch: str | None, form: Mapping[str, str], headers: Mapping[str, str], at: datetime
) -> Receipt | None:
    """What a status callback says, or None when it does not say which message or call, and what became of it."""
    provider_id = form.get("MessageSid") or form.get("CallSid")
    status = form.get("MessageStatus") or form.get("CallStatus")
    code = form.get("ErrorCode") or form.get("SipResponseCode") or None
    words = [dispatch, provider_id, status, code, headers.get(_TOKEN)]
    if not dispatch or not provider_id or not status or any(len(word or "") > WORD_CHARS_MAX for word in words):
        return None
    unique = f"{provider_id}-{form.get('SequenceNumber', status)[: WORD_CHARS_MAX // 4]}"
    return Receipt(
        key=headers.get(_TOKEN) or unique[:WORD_CHARS_MAX],
        dispatch=dispatch,
        status=status,
        received_at=at,
        provider_id=provider_id,
        code=code,
        payload={name: form[name][:WORD_CHARS_MAX] for name in _KEPT if name in form},
    )


def outcome_of(row: Row, receipt: Receipt, received: Received) -> Outcome | None:
    """What the workflow must hear: that a page did not arrive, or what became of a dispatch in doubt; None: nothing."""
    if received.repeated:
        return None
    bad = bad_news(row.channel, receipt.status, receipt.code) is not None
    if bad and (received.closed or (received.advanced and row.message is Message.PAGE)):
        return Outcome.FAILED
    return Outcome.ACCEPTED if received.closed else None


def fact_of(row: Row, receipt: Receipt, outcome: Outcome, episode: str) -> ReportDelivery | None:
    """The fact for the workflow. None when the dispatch is not one of this episode: that one is over."""
    if row.episode != episode:
        return None
    failure = bad_news(row.channel, receipt.status, receipt.code) if outcome is Outcome.FAILED else None
    return ReportDelivery(row.number, outcome, receipt.provider_id, failure, receipt.code, how="receipt")
