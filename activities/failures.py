"""What a provider's answer means, and so what the act does next: one table for each vendor, and one rule for networks.

Sources: the vendors' error dictionaries and answers measured with their packages. Codes change and are split from time
to time, so each family has a default, and the raw code is always reported.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from escalation.adapters.sending import Answered, Broken
from escalation.core.vocabulary import Failure


class FailureClass(StrEnum):
    """Everything that can be wrong with a send."""

    SAFE_RETRY = "safe_retry"  # surely not taken on: try again
    RATE_LIMITED = "rate_limited"  # surely not taken on: try again, later
    AMBIGUOUS = "ambiguous"  # it may have been taken on: look before anything is sent again
    CONFIG = "config"  # our account, key or sender: fail over now, an operator must act
    DEST_PERMANENT = "dest_permanent"  # this address will never work: fail over now
    DEST_TRANSIENT = "dest_transient"  # not now: fail over, one later retry may work
    CONTENT = "content"  # this text is refused: fail over, and somebody mends the text


@dataclass(frozen=True, slots=True)
class Verdict:
    """A class, the code to show to people, and for a rate limit how long to wait."""

    failure_class: FailureClass
    code: str
    delay: timedelta = timedelta(0)


SENDGRID_STATUS: Mapping[int, FailureClass] = {
    400: FailureClass.CONTENT,
    401: FailureClass.CONFIG,
    403: FailureClass.CONFIG,  # a scope or sender, or a temporary block: either way an operator looks
    404: FailureClass.CONFIG,
    405: FailureClass.CONFIG,
    406: FailureClass.CONFIG,
    408: FailureClass.AMBIGUOUS,
    413: FailureClass.CONTENT,
    415: FailureClass.CONFIG,
    429: FailureClass.RATE_LIMITED,
    451: FailureClass.CONFIG,  # data residency: the wrong region
}

_CONFIG = (
    "20003", "20005", "20006", "20008", "10001", "30002",  # credentials, account, test credentials
    "21212", "21603", "21606", "21659", "21660", "21703", "21704", "21705", "21709", "21210",  # sender or service
    "21408", "21215",  # this country is not allowed for SMS, for calls
    "21609", "21205", "21402",  # our callback address is refused
    "21608", "21219",  # trial account, compliance profile
)  # fmt: skip
_DEST_PERMANENT = (
    "21211", "21614", "21635", "21612", "21217", "21214", "21202", "21216",  # invalid, landline, unroutable, blocked
    "21610",  # they wrote STOP
)  # fmt: skip
_CONTENT = ("21602", "21605", "21617", "21618", "21620", "90007", "21624")

TWILIO_CODES: Mapping[str, FailureClass] = {
    **dict.fromkeys(_CONFIG, FailureClass.CONFIG),
    **dict.fromkeys(_DEST_PERMANENT, FailureClass.DEST_PERMANENT),
    **dict.fromkeys(_CONTENT, FailureClass.CONTENT),
    **dict.fromkeys(("20429", "21611", "14107"), FailureClass.RATE_LIMITED),
    **dict.fromkeys(("20500", "20503"), FailureClass.AMBIGUOUS),  # "not idempotent", says Twilio
}
TWILIO_FAMILIES: Mapping[str, FailureClass] = {"21": FailureClass.DEST_PERMANENT, "20": FailureClass.CONFIG}

REPORTED: Mapping[FailureClass, Failure] = {
    FailureClass.SAFE_RETRY: Failure.UNREACHABLE,
    FailureClass.RATE_LIMITED: Failure.RATE_LIMITED,
    FailureClass.CONFIG: Failure.CONFIGURATION,
    FailureClass.DEST_PERMANENT: Failure.DESTINATION,
    FailureClass.DEST_TRANSIENT: Failure.DESTINATION_BUSY,
    FailureClass.CONTENT: Failure.CONTENT,
}
"""What the rules are told when it ends there. An ambiguous send is no failure."""

RATE_DELAY_MIN = timedelta(seconds=1)
RATE_DELAY_MAX = timedelta(seconds=300)
BACKOFF_MAX = timedelta(seconds=60)
JITTER = 0.25
"""The largest share of a delay that is added, so that senders which were stopped together do not return together."""

_SERVER_ERROR = 500
_CLIENT_ERROR = 400
_TOO_MANY = 429
_TIMED_OUT = 408


def classify(answer: Answered | Broken, dispatch: str, attempt: int) -> Verdict:
    """The verdict on anything but an acceptance. What nobody has thought of is ambiguous.

    `dispatch` and `attempt` (from 1) make a rate limit's jitter and backoff, so that chance plays no part.
    """
    if isinstance(answer, Broken):
        return Verdict(FailureClass.AMBIGUOUS if answer.posted else FailureClass.SAFE_RETRY, answer.why)
    found = _twilio(answer) if answer.vendor == "twilio" else _by_status(answer)
    code = answer.code or f"http_{answer.status}"
    if found is FailureClass.RATE_LIMITED:
        return Verdict(found, code, rate_delay(answer.wait, dispatch, attempt))
    return Verdict(found, code)


def rate_delay(asked: timedelta | None, dispatch: str, attempt: int) -> timedelta:
    """How long to stay away: what the vendor asks for, else 1, 2, 4 … 60 s; jittered, between the two bounds."""
    delay = min(timedelta(seconds=2 ** min(attempt - 1, 10)), BACKOFF_MAX) if asked is None else asked
    digest = hashlib.sha256(f"{dispatch}/{attempt}".encode()).digest()
    jittered = max(delay, RATE_DELAY_MIN) * (1 + JITTER * digest[0] / 255)
    return min(jittered, RATE_DELAY_MAX)


def _twilio(answer: Answered) -> FailureClass:
    if answer.status == _TOO_MANY:
        return FailureClass.RATE_LIMITED
    if answer.status >= _SERVER_ERROR or answer.status < _CLIENT_ERROR or answer.status == _TIMED_OUT:
        return FailureClass.AMBIGUOUS
    if answer.code is None:
        return FailureClass.CONFIG
    return TWILIO_CODES.get(answer.code) or TWILIO_FAMILIES.get(answer.code[:2], FailureClass.CONFIG)


def _by_status(answer: Answered) -> FailureClass:
    """SendGrid and the ticket system say it all with the status. An unknown 4xx was refused, so it is no ambiguity."""
    if answer.status in SENDGRID_STATUS:
        return SENDGRID_STATUS[answer.status]
    return FailureClass.CONFIG if _CLIENT_ERROR <= answer.status < _SERVER_ERROR else FailureClass.AMBIGUOUS
