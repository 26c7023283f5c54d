"""What the vendors tell us of our messages: from Twilio's form or SendGrid's events to receipts.

Only signed words come here, and still each is looked at: one that is too long, or that a database could not hold, is
none. What a receipt's status means is decided where it is kept, together with it.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from escalation.adapters.receipts import Receipt, mail_word
from escalation.gateway.signed import Form, moved

WORD_CHARS_MAX = 200
STATUS_CHARS_MAX = 32
CALL = re.compile(r"CA[0-9a-fA-F]{32}")
MESSAGE = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
"""Twilio's ids, to the letter: one that were longer could hold a field whose boundary was moved."""
_NUMBER = re.compile(r"[0-9]{1,10}")
_STATUS = re.compile(r"[a-z-]{1,32}")
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "AnsweredBy": re.compile(r"[a-z_]{1,32}"),
    "CallDuration": _NUMBER,
    "CallSid": CALL,
    "CallStatus": _STATUS,
    "ErrorCode": _NUMBER,
    "MessageSid": MESSAGE,
    "MessageStatus": _STATUS,
    "SequenceNumber": _NUMBER,
    "SipResponseCode": _NUMBER,
}
"""Every field of a status callback that is read, and what Twilio writes into it. None holds an address or words."""
_KEPT = ("AnsweredBy", "CallDuration", "CallStatus", "ErrorCode", "MessageStatus", "SequenceNumber", "SipResponseCode")
_KEPT_OF_MAIL = ("bounce_classification", "event", "timestamp", "type")
DISPATCH = "esc_dispatch"
"""Where our id stands in an event: custom arguments are merged into it."""
TELEMETRY = frozenset({"open", "click"})
"""Scanners and mail programs make these without any person, so they say nothing, and are not kept."""


def read_receipt(dispatch: str | None, form: Form, at: datetime) -> Receipt | None:
    """What a status callback says, or None when it does not say which message or call, and what became of it.

    Its key is made of signed fields alone. The token by which Twilio marks its own repetitions is a header, which the
    signature does not cover: whoever could replay a form under another's token would swallow that other one.
    """
    provider_id = form.get("MessageSid") or form.get("CallSid")
    status = form.get("MessageStatus") or form.get("CallStatus")
    if _word(dispatch, WORD_CHARS_MAX) is None or dispatch is None or not provider_id or not status:
        return None
    read = {name: form[name] for name in _SHAPES if form.get(name)}
    if moved(form, _SHAPES) or not all(_SHAPES[name].fullmatch(value) for name, value in read.items()):
        return None
    return Receipt(
        key=f"{provider_id}-{status}-{read.get('SequenceNumber', '')}",
        dispatch=dispatch,
        status=status,
        received_at=at,
        provider_id=provider_id,
        code=read.get("ErrorCode") or read.get("SipResponseCode"),
        payload={name: read[name] for name in _KEPT if name in read},
    )


def read_event(event: Mapping[str, object], at: datetime) -> Receipt | None:
    """What one of SendGrid's events says of a dispatch; None for another's mail, telemetry, or what has no id."""
    dispatch = _word(event.get(DISPATCH), WORD_CHARS_MAX)
    key = _word(event.get("sg_event_id"), WORD_CHARS_MAX - len("mail "))
    word, code = mail_word(event)
    status = _word(word, STATUS_CHARS_MAX)
    if dispatch is None or key is None or status is None or status in TELEMETRY:
        return None
    message = _word(event.get("sg_message_id"), WORD_CHARS_MAX)
    return Receipt(
        key=f"mail {key}",
        dispatch=dispatch,
        status=status,
        received_at=at,
        # The id that the send was answered with ends at the first dot.
        provider_id=(message.split(".")[0] or None) if message else None,
        code=code,
        payload=_payload(event, _KEPT_OF_MAIL),
    )


def _payload(said: Mapping[str, object], kept: tuple[str, ...]) -> dict[str, str]:
    words = {name: _word(str(said[name]), WORD_CHARS_MAX) for name in kept if name in said}
    return {name: word for name, word in words.items() if word is not None}


def _word(value: object, chars_max: int) -> str | None:
    """A word that can be kept: not empty, not too long, nothing unprintable (half characters and NUL among them)."""
    if not isinstance(value, str) or not 0 < len(value) <= chars_max or not value.isprintable():
        return None
    return value
