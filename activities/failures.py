"""What a provider's answer means, and so what the act does next: one table for each vendor, and one rule for networks.

Sources: the vendors' error dictionaries and answers measured with their packages. Codes change and are split from time
to time, so each family has a default, and the raw code is always reported.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from escalation.adapters.sending import Answered, Broken, Vendor
from escalation.core.vocabulary import Failure


class FailureClass(StrEnum):
    """Everything that can be wrong with a send."""

    SAFE_RETRY = "safe_retry"  # surely not taken on: try again
    RATE_LIMITED = "rate_limited"  # surely not taken on: try again, later
    AMBIGUOUS = "ambiguous"  # it may have been taken on: look before anything is sent again
    CONFIG = "config"  # our account, key or sender: fail over now, an operator must act
    DEST_PERMANENT = "dest_permanent"  # this address will never work: fail over now
    OPTED_OUT = "opted_out"  # its owner has turned texts off, and may turn them on again: fail over now
    DEST_TRANSIENT = "dest_transient"  # not now: fail over, one later retry may work
    CONTENT = "content"  # this text is refused: fail over, and somebody mends the text


@dataclass(frozen=True, slots=True)
class Verdict:
    """A class, the code to show to people, for a rate limit how long to wait, and whether an operator must hear."""

    failure_class: FailureClass
    code: str
    delay: timedelta = timedelta(0)
    alarming: bool = False


# SendGrid's 202 is no row: it is a success only together with its message id, which its adapter reads.
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
    500: FailureClass.AMBIGUOUS,
    502: FailureClass.AMBIGUOUS,
    503: FailureClass.AMBIGUOUS,
    504: FailureClass.AMBIGUOUS,
}
STATUS_FAMILIES: Mapping[int, FailureClass] = {
    4: FailureClass.CONFIG,  # refused, in a way that nobody has seen yet
    5: FailureClass.AMBIGUOUS,
}
"""By the first digit of the status. A success that is not the exact one, and a redirect, are ambiguous too."""

_CONFIG = (
    "20003", "20005", "20006", "20008", "10001", "30002",  # credentials, account, test credentials
    "21212", "21603", "21606", "21659", "21660", "21703", "21704", "21705", "21709", "21210",  # sender or service
    "21408", "21215",  # this country is not allowed for SMS, for calls
    "21609", "21205", "21402",  # our callback address is refused
    "21608", "21219",  # trial account, compliance profile
)  # fmt: skip
_DEST_PERMANENT = (
    "21211", "21614", "21635", "21612", "21217", "21214", "21202", "21216",  # invalid, landline, unroutable, blocked
)  # fmt: skip
_STOPPED = "21610"
_CONTENT = ("21602", "21605", "21617", "21618", "21620", "90007", "21624")

TWILIO_CODES: Mapping[str, FailureClass] = {
    **dict.fromkeys(_CONFIG, FailureClass.CONFIG),
    **dict.fromkeys(_DEST_PERMANENT, FailureClass.DEST_PERMANENT),
    **dict.fromkeys(_CONTENT, FailureClass.CONTENT),
    _STOPPED: FailureClass.OPTED_OUT,
    **dict.fromkeys(("20429", "21611", "14107"), FailureClass.RATE_LIMITED),
    **dict.fromkeys(("20500", "20503"), FailureClass.AMBIGUOUS),  # "not idempotent", says Twilio
}
TWILIO_FAMILIES: Mapping[str, FailureClass] = {"21": FailureClass.DEST_PERMANENT, "20": FailureClass.CONFIG}
"""By the first two digits, for codes without a row; every other family is our configuration until somebody looks."""

_SLACK_CONFIG = (
    "channel_not_found", "not_in_channel", "is_archived", "channel_is_archived", "restricted_action",
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission",
    "missing_scope", "org_login_required", "ekm_access_denied", "access_denied", "team_access_not_granted",
    "not_allowed_token_type",
    "not_configured",  # our own word: no workspace is
)  # fmt: skip
_SLACK_CONTENT = (
    "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks", "invalid_blocks_format",
    "too_many_attachments", "invalid_metadata_format", "metadata_too_large", "metadata_must_be_sent_from_app",
)  # fmt: skip

SLACK_ERRORS: Mapping[str, FailureClass] = {
    **dict.fromkeys(("ratelimited", "rate_limited"), FailureClass.RATE_LIMITED),
    **dict.fromkeys(
        ("internal_error", "fatal_error", "service_unavailable", "request_timeout"),
        FailureClass.AMBIGUOUS,  # "possible some aspect succeeded", says Slack
    ),
    **dict.fromkeys(_SLACK_CONFIG, FailureClass.CONFIG),
    **dict.fromkeys(
        ("user_not_found", "users_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot"),
        FailureClass.DEST_PERMANENT,
    ),
    **dict.fromkeys(_SLACK_CONTENT, FailureClass.CONTENT),
}
"""What Slack says beside "ok": false. An error without a row is our configuration until somebody looks."""

CALLBACK_REFUSED = frozenset({"21609", "21205", "21402"})
"""The message is fine, only the address at which we want to hear of it is not: it can be sent without one."""

BLOCKED_CODE = "http_403"
BLOCKED_FOR = timedelta(minutes=5)
"""SendGrid's 403 may be a block for too many bad requests, which every further one makes longer: mail is not tried
again until then, and each dispatch meanwhile goes another way at once."""

ALARMING = frozenset({FailureClass.CONFIG, FailureClass.CONTENT})
"""Classes that no retry mends: a person has to."""

REPORTED: Mapping[FailureClass, Failure] = {
    FailureClass.SAFE_RETRY: Failure.UNREACHABLE,
    FailureClass.RATE_LIMITED: Failure.RATE_LIMITED,
    FailureClass.CONFIG: Failure.CONFIGURATION,
    FailureClass.DEST_PERMANENT: Failure.DESTINATION,
    FailureClass.OPTED_OUT: Failure.OPTED_OUT,
    FailureClass.DEST_TRANSIENT: Failure.DESTINATION_BUSY,
    FailureClass.CONTENT: Failure.CONTENT,
}
"""What the rules are told when it ends there. An ambiguous send is no failure."""

RATE_DELAY_MIN = timedelta(seconds=1)
RATE_DELAY_MAX = timedelta(seconds=300)
BACKOFF_MAX = timedelta(seconds=60)
JITTER = 0.25
"""The largest share of a delay that is added, so that senders which were stopped together do not return together."""

_OK = 200
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
    found, known = _BY_VENDOR.get(answer.vendor, _by_status)(answer)
    code = answer.code or f"http_{answer.status}"
    if found is FailureClass.RATE_LIMITED:
        return Verdict(found, code, rate_delay(answer.wait, dispatch, attempt))
    # An address that will not work is everyday business; a code that no table knows is not.
    alarming = found in ALARMING or (found is not FailureClass.AMBIGUOUS and not known)
    return Verdict(found, code, alarming=alarming)


def rate_delay(asked: timedelta | None, dispatch: str, attempt: int) -> timedelta:
    """How long to stay away: what the vendor asks for, else 1, 2, 4 … 60 s; jittered, between the two bounds."""
    delay = min(timedelta(seconds=2 ** min(attempt - 1, 10)), BACKOFF_MAX) if asked is None else asked
    digest = hashlib.sha256(f"{dispatch}/{attempt}".encode()).digest()
    jittered = max(delay, RATE_DELAY_MIN) * (1 + JITTER * digest[0] / 255)
    return min(jittered, RATE_DELAY_MAX)


def _twilio(answer: Answered) -> tuple[FailureClass, bool]:
    """The class, and whether a row says so. What the status says about having been processed goes before the code."""
    if answer.status == _TOO_MANY:
        return FailureClass.RATE_LIMITED, True
    if answer.status >= _SERVER_ERROR or answer.status < _CLIENT_ERROR or answer.status == _TIMED_OUT:
        return FailureClass.AMBIGUOUS, True
    if answer.code is None:
        return FailureClass.CONFIG, True
    if answer.code in TWILIO_CODES:
        return TWILIO_CODES[answer.code], True
    return TWILIO_FAMILIES.get(answer.code[:2], FailureClass.CONFIG), False


def _by_status(answer: Answered) -> tuple[FailureClass, bool]:
    """SendGrid and the ticket system say it all with the status."""
    if answer.status in SENDGRID_STATUS:
        return SENDGRID_STATUS[answer.status], True
    return STATUS_FAMILIES.get(answer.status // 100, FailureClass.AMBIGUOUS), False


def _slack(answer: Answered) -> tuple[FailureClass, bool]:
    """Its errors come with status 200; what the status says about having been processed goes before them."""
    if answer.status == _TOO_MANY:
        return FailureClass.RATE_LIMITED, True
    if answer.status >= _SERVER_ERROR or answer.status < _OK or _OK < answer.status < _CLIENT_ERROR:
        return FailureClass.AMBIGUOUS, True
    if answer.status != _OK:
        return FailureClass.CONFIG, True  # somebody else answered: Slack's own refusals come with 200
    return SLACK_ERRORS.get(answer.code or "", FailureClass.CONFIG), answer.code in SLACK_ERRORS


_BY_VENDOR: Mapping[Vendor, Callable[[Answered], tuple[FailureClass, bool]]] = {"twilio": _twilio, "slack": _slack}
