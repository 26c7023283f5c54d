"""Callbacks that somebody has tampered with: what the vendors signed, changed at random in one to four places.

A mutant may be taken only for exactly what was signed: the same dispatch, status, code and id; of a text the same id,
sender and words. So an encoding that
reads the same is no forgery, nor is a change to a field that nobody reads; everything else must be refused, without an
error.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from twilio.request_validator import RequestValidator

from escalation.adapters.receipts import Receipt
from escalation.gateway.callbacks import read_event, read_receipt
from escalation.gateway.replies import Text, read_text
from escalation.gateway.signed import MailSignatures, Signatures, read_events
from escalation.standins.keys import public_key, signed
from tests.edge.gateway.door import sid

PUBLIC = "https://door.example/escalations"
TOKEN = "standins-auth-token"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMESTAMP = str(int(NOW.timestamp()))
EDITS_MAX = 4
SPECIAL = "&=%+?#;, \0\r\n\t\"'[]{}<>/\\0123456789éß😀"
TEXT = {
    "Body": "ack 10", "From": "+12025550100", "MessageSid": sid("SM3"), "NumMedia": "0", "NumSegments": "1",
    "SmsMessageSid": sid("SM3"), "SmsStatus": "received", "To": "+15005550006",
}  # fmt: skip

_TWILIO = Signatures(PUBLIC, ["an-older-token", TOKEN])
_SENDGRID = MailSignatures([public_key(2), public_key(1)], lambda: NOW)


@dataclass(frozen=True)
class Callback:
    """A request as it comes in. Of a mail event `timestamp` is a header; of a form it is empty."""

    vendor: str
    path: str
    query: str
    body: bytes
    signature: str
    timestamp: str = ""


def originals() -> list[Callback]:
    """What the vendors really send."""
    forms: list[tuple[str, str, Mapping[str, str]]] = [
        (
            "/twilio/status",
            "d=0f3a",
            {"MessageSid": sid("SM1"), "MessageStatus": "undelivered", "ErrorCode": "30005", "To": "+4917012345"},
        ),
        (
            "/twilio/status",
            "d=0f3b",
            {"MessageSid": sid("SM2"), "MessageStatus": "delivered", "From": "+15005550006", "SmsStatus": "sent"},
        ),
        (
            "/twilio/status",
            "d=0f3c",
            {"CallSid": sid("CA1"), "CallStatus": "completed", "SequenceNumber": "3", "Timestamp": "Sun, 1 Mar"},
        ),
        ("/twilio/sms", "", TEXT),
        ("/twilio/sms", "", {**TEXT, "Body": "Stop", "MessageSid": sid("SM4"), "OptOutType": "STOP"}),
    ]
    events = [
        {"event": "bounce", "type": "blocked", "sg_event_id": "e1", "sg_message_id": "m1.recvd", "esc_dispatch": "d1"},
        {"event": "delivered", "sg_event_id": "e2", "sg_message_id": "m2.recvd", "esc_dispatch": "d2"},
    ]
    body = json.dumps(events).encode()
    headers = signed(body, TIMESTAMP)
    return [
        *(
            Callback(
                "twilio",
                path,
                query,
                urlencode(form).encode(),
                RequestValidator(TOKEN).compute_signature(PUBLIC + path + (f"?{query}" if query else ""), dict(form)),
            )
            for path, query, form in forms
        ),
        Callback(
            "sendgrid", "/sendgrid/events", "", body, headers["X-Twilio-Email-Event-Webhook-Signature"], TIMESTAMP
        ),
    ]


def mutant(original: Callback, chance: random.Random) -> Callback:
    """The callback with one to four edits, each in a part that is chosen by `chance`."""
    changed = original
    parts = ["body", "body", "signature", "query" if original.vendor == "twilio" else "timestamp"]
    for _ in range(chance.randint(1, EDITS_MAX)):
        part = chance.choice(parts)
        if part == "body":
            changed = replace(changed, body=_edited(changed.body, chance))
        else:
            text = _edited(getattr(changed, part).encode(), chance).decode("utf-8", "replace")
            changed = replace(
                changed,
                signature=text if part == "signature" else changed.signature,
                query=text if part == "query" else changed.query,
                timestamp=text if part == "timestamp" else changed.timestamp,
            )
    return changed


def _edited(text: bytes, chance: random.Random) -> bytes:
    at, other = chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)
    low, high = sorted((at, other))
    match chance.randrange(7):
        case 0:  # another byte
            return text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :]
        case 1:  # a character that means something somewhere
            return text[:at] + chance.choice(SPECIAL).encode() + text[at:]
        case 2:
            return text[:low] + text[high:]
        case 3:  # something twice
            return text[:high] + text[low:high] + text[high:]
        case 4:  # two pieces change places: fields, or a boundary between name and value
            return text[high:] + text[low:high] + text[:low]
        case 5:  # a separator wanders
            where = [place for place, byte in enumerate(text) if byte in b"=&"]
            if not where:
                return text[::-1]
            place = chance.choice(where)
            rest = text[:place] + text[place + 1 :]
            return rest[:at] + text[place : place + 1] + rest[at:]
        case _:  # the same byte, written otherwise
            return text[:at] + b"%" + f"{text[at]:02X}".encode() + text[at + 1 :] if at < len(text) else text + b"%"


def taken(callback: Callback) -> Sequence[Receipt | Text]:
    """What the gateway's readers take it for; nothing, when they refuse it. An error of theirs is not caught here."""
    if callback.vendor == "sendgrid":
        if not _SENDGRID.signed(callback.body, callback.signature, callback.timestamp):
            return []
        return [receipt for event in read_events(callback.body) or [] if (receipt := read_event(event, NOW))]
    form = _TWILIO.read(callback.path, callback.query, callback.body, callback.signature)
    if form is None:
        return []
    if callback.path == "/twilio/sms":
        text = read_text(form)
        return [] if text is None else [text]
    receipt = read_receipt(dict(parse_qsl(callback.query)).get("d"), form, NOW)
    return [] if receipt is None else [receipt]


def forged(number: int, originals_of: list[Callback]) -> Callback | None:
    """The mutant of that number when it was taken and says something else; None is as it should be."""
    chance = random.Random(number)
    original = originals_of[number % len(originals_of)]
    tampered = mutant(original, chance)
    found = taken(tampered)
    return tampered if found and found != taken(original) else None
