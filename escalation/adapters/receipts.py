"""What a provider later says of a send: how far each word of it reaches, and what it means when it is bad news.

Sources: Twilio's message and call resources and error dictionary, SendGrid's event webhook. A status only moves
forward by rank; a late lower one is kept in the inbox and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from escalation.core.vocabulary import Channel, Failure, Outcome


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


@dataclass(frozen=True, slots=True)
class Reading:
    """What a status means to the rules. `outcome` ACCEPTED is no news: it is on its way, or nobody will ever say more.

    `alarming` says that an operator must hear. `capped` says that the vendor takes nothing more on this channel today.
    """

    outcome: Outcome
    failure: Failure | None = None
    code: str | None = None
    alarming: bool = False
    capped: bool = False


RANKS: Mapping[str, int] = {
    # SMS
    "accepted": 1, "queued": 1, "scheduled": 1, "sending": 2, "sent": 3,
    "delivered": 4, "undelivered": 4, "failed": 4, "canceled": 4, "read": 5,
    # calls
    "initiated": 2, "ringing": 3, "in-progress": 3, "answered": 3,
    "completed": 4, "busy": 4, "no-answer": 4,
    # email: a server may take a mail and send it back later
    "processed": 1, "deferred": 2, "bounce": 5, "blocked": 5, "dropped": 5,
    # chat
    "posted": 4, "deleted": 5,
    "spamreport": 6, "unsubscribe": 6, "group_unsubscribe": 6,
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
    **dict.fromkeys(("21211", "21614"), Failure.DESTINATION),
    "21610": Failure.OPTED_OUT,
}
"""What Twilio's code on a status callback says. A code without a row is a handset that could not be reached."""
DAILY_CAPS = frozenset({"30023", "30027"})
"""Nothing more until midnight in `CAP_ZONE`."""
CAP_ZONE = ZoneInfo("America/Los_Angeles")

DROPS: Mapping[str, Failure] = {
    "Bounced Address": Failure.DESTINATION,
    "Unsubscribed Address": Failure.DESTINATION,
    "Spam Reporting Address": Failure.DESTINATION,
    "Invalid": Failure.DESTINATION,
    "Spam Content": Failure.CONTENT,
    "Invalid SMTPAPI header": Failure.CONTENT,
    "Recipient List over Package Quota": Failure.CONFIGURATION,
}
"""Why SendGrid did not even try. The list is its own; a reason without a row is the address's."""
CLASSIFICATIONS = frozenset(
    {"Content", "Frequency or Volume Too High", "Invalid Address", "Mailbox Unavailable", "Reputation"}
    | {"Technical", "Unclassified"}
)
"""SendGrid's words for why a server sent a mail back."""

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
    Channel.CHAT: {"deleted": Failure.DESTINATION_BUSY},
}
_GOOD: Mapping[Channel, frozenset[str]] = {
    Channel.SMS: frozenset({"delivered", "read"}),  # not `sent`: some carriers never say more, and nobody knows
    Channel.VOICE: frozenset({"completed"}),
    Channel.EMAIL: frozenset({"delivered"}),
    Channel.CHAT: frozenset({"posted"}),  # it stands in the conversation
}
_COMPLAINTS = frozenset({"spamreport", "unsubscribe", "group_unsubscribe"})
_MENDED_BY_PEOPLE = frozenset({Failure.CONFIGURATION, Failure.CONTENT})
OTHER = "other"
"""A reason that SendGrid did not have when this was written."""
NO_KEY = "no_key"
"""A call that went through its whole length: somebody or something picked up. A key press is told by its own way."""
MACHINE = "machine"
_MACHINES = ("machine", "fax")


def read(channel: Channel, status: str, code: str | None, answered_by: str | None = None) -> Reading:
    """What a status means. `code` is the vendor's: an error code, a SIP response, a reason for a drop.

    Delivered is not read, and completed is not acknowledged: only a human act is. `answered_by` is Twilio's word for
    who picked up; a machine cannot press a key, an unknown voice is taken for a person's.
    """
    if status in _GOOD.get(channel, frozenset()):
        if channel is Channel.VOICE and (code == MACHINE or (answered_by or "").startswith(_MACHINES)):
            return Reading(Outcome.FAILED, Failure.DESTINATION_BUSY, MACHINE)
        return Reading(Outcome.DELIVERED, code=NO_KEY if channel is Channel.VOICE else code)
    failure = _BAD.get(channel, {}).get(status)
    if failure is None:
        return Reading(Outcome.ACCEPTED, code=code)
    unknown = False
    if channel is Channel.SMS and code is not None:
        failure, unknown = SMS_CODES.get(code, failure), code not in SMS_CODES
    if status == "dropped" and code is not None:
        failure, unknown = DROPS.get(code, failure), code not in DROPS
    alarming = failure in _MENDED_BY_PEOPLE or status in _COMPLAINTS or unknown
    return Reading(Outcome.FAILED, failure, code, alarming, channel is Channel.SMS and code in DAILY_CAPS)


def mail_word(event: Mapping[str, object]) -> tuple[str, str | None]:
    """The status and the code that one of SendGrid's events says, in the webhook or in the mail's log.

    A bounce of type "blocked" is another status: the address may be fine. Only words of the lists above become codes,
    because a server's own words may hold the address.
    """
    word = str(event.get("event", ""))
    if word == "bounce" and "blocked" in {event.get("type"), event.get("bounce_type")}:
        word = "blocked"
    if word == "dropped":
        reason = event.get("reason")
        return word, reason if isinstance(reason, str) and reason in DROPS else OTHER
    classified = event.get("bounce_classification")
    return word, classified if isinstance(classified, str) and classified in CLASSIFICATIONS else None


def cap_ends(at: datetime) -> datetime:
    """When a daily cap that was met at `at` is over: the next midnight of the vendor's day."""
    day = at.astimezone(CAP_ZONE).date() + timedelta(days=1)
    return datetime.combine(day, time(), CAP_ZONE)
