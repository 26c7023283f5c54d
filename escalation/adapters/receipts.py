"""What a provider later says of a send: how far each word of it reaches, and what it means when it is bad news.

Sources: Twilio's message and call resources and error dictionary, SendGrid's event webhook. A status only moves
forward by rank; a late lower one is kept in the inbox and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from escalation.core.vocabulary import Channel, Failure


@dataclass(frozen=True, slots=True)
class Receipt:
    """One callback. `key` is unique for its content, so that a repeated one is known.

    `payload` may hold the vendor's fields for people, never an address, a number or words of a message.
    """

    key: str
    dispatch: str
    status: str
    received_at: datetime
    provider_id: str | None = None
    code: str | None = None
    payload: Mapping[str, str] = field(default_factory=dict)


RANKS: Mapping[str, int] = {
    # SMS
    "accepted": 1, "queued": 1, "scheduled": 1, "sending": 2, "sent": 3,
    "delivered": 4, "undelivered": 4, "failed": 4, "canceled": 4, "read": 5,
    # calls
    "initiated": 2, "ringing": 3, "in-progress": 3, "answered": 3,
    "completed": 4, "busy": 4, "no-answer": 4,
    # email
    "processed": 1, "deferred": 2, "bounce": 4, "blocked": 4, "dropped": 4,
    "open": 5, "click": 5, "spamreport": 6, "unsubscribe": 6, "group_unsubscribe": 6,
}  # fmt: skip


def rank(status: str) -> int:
    """How far along a status is, from 1; 0 for a word that the vendors did not have when this was written."""
    return RANKS.get(status, 0)


SMS_CODES: Mapping[str, Failure] = {
    **dict.fromkeys(("30003", "30008", "30017", "30410", "30500", "30020", "30021", "30450"), Failure.DESTINATION_BUSY),
    "30036": Failure.DESTINATION_BUSY,  # our own validity period ended: it was not shown, so failing over is safe
    **dict.fromkeys(("30004", "30005", "30006"), Failure.DESTINATION),
    **dict.fromkeys(("30001", "30022", "30023", "30027"), Failure.RATE_LIMITED),
    **dict.fromkeys(("30007", "30019"), Failure.CONTENT),
    **dict.fromkeys(("30002", "30018", "30024", "30032", "30033", "30034", "30035"), Failure.CONFIGURATION),
    **dict.fromkeys(("21610", "21211", "21614"), Failure.DESTINATION),
}

_BAD: Mapping[Channel, Mapping[str, Failure]] = {
    Channel.SMS: dict.fromkeys(("undelivered", "failed", "canceled"), Failure.DESTINATION_BUSY),
    Channel.VOICE: dict.fromkeys(("busy", "no-answer", "failed", "canceled"), Failure.DESTINATION_BUSY),
    Channel.EMAIL: {
        "bounce": Failure.DESTINATION,
        "dropped": Failure.DESTINATION,
        "blocked": Failure.DESTINATION_BUSY,
        "spamreport": Failure.DESTINATION,
        "unsubscribe": Failure.DESTINATION,
        "group_unsubscribe": Failure.DESTINATION,
    },
}


def bad_news(channel: Channel, status: str, code: str | None) -> Failure | None:
    """Why a receipt means that the message did not arrive; None when it means nothing of the kind.

    A completed call and a delivered SMS are no bad news, and no acknowledgement either.
    """
    failure = _BAD[channel].get(status)
    if failure is not None and channel is Channel.SMS and code is not None:
        return SMS_CODES.get(code, failure)
    return failure
