"""Email through the `sendgrid` package: the request is built by hand, its answer read exactly, nothing retried.

Facts of sendgrid 6.12 that this module works around: it has no default timeout; it follows redirects, which turn the
POST into a GET whose 2xx looks like success; `request_headers=` of one call stays in the client for all later ones;
its DEBUG log prints the key and the payload.
"""

import json
import logging
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.error import URLError

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from escalation.adapters.receipts import mail_word, rank
from escalation.adapters.sending import (
    AT_HEADER,
    CLOCK_SKEW,
    Accepted,
    Answered,
    Attempt,
    Broken,
    Letter,
    News,
    Outgoing,
    Question,
    Seen,
    Sighting,
    Status,
    Trail,
    Unclear,
    Unseen,
    header_safe,
)
from escalation.adapters.settings import MailAccount

DISPATCH_ARG = "esc_dispatch"
"""Our id inside the mail's custom arguments, prefixed because events are merged flat with them."""
URGENT = {"Importance": "high", "X-Priority": "1"}
"""Headers of a mail that leadership is asked something by."""
NAME_CHARS_MAX = 100
SUBJECT_CHARS_MAX = 250
LOGS_MAX = 1000
"""The most that one search of the mail log answers; it has no pages."""
LISTED: Mapping[str, str] = {"bounced": "bounce"}
"""Where the list of the mail log has another word than the events."""
DETAILS_MAX = 25
"""How many mails to one address are opened to find ours: one request each."""


class SendGrid:
    """A `Provider` for email."""

    def __init__(self, account: MailAccount) -> None:
        self._account = account
        logging.getLogger("python_http_client").setLevel(logging.WARNING)

    def send(self, outgoing: Outgoing) -> Attempt:
        """POST the mail once. Accepted only by the exact answer: 202 with a message id."""
        if not isinstance(outgoing.content, Letter):
            raise TypeError(f"email carries a Letter, not {type(outgoing.content).__name__}")
        request = mail(outgoing, outgoing.content, self._account)
        try:
            answer = self._client(outgoing.at).client.mail.send.post(request_body=request)
        except Exception as error:  # noqa: BLE001  # whatever happened, it is an answer: unknown means ambiguous
            return read_failure(error)
        message_id = answer.headers.get("X-Message-Id")
        if answer.status_code == HTTPStatus.ACCEPTED and message_id:
            return Accepted(str(message_id))
        return Answered("sendgrid", int(answer.status_code))

    def look(self, question: Question) -> Sighting:
        """Search the mail log for the address, then each mail's custom arguments for our id."""
        try:
            return self._search(question)
        except Exception as error:  # noqa: BLE001  # a look-up that fails in any way proves nothing
            failure = read_failure(error)
            return Unclear(f"http_{failure.status}" if isinstance(failure, Answered) else failure.why)

    def follow(self, trail: Trail) -> News:
        """Search the mail log for the id, then read how far the mail's events go."""
        try:
            for row in self._logged(trail.to, trail.since, trail.at):
                if str(row["sg_message_id"]).split(".")[0] == trail.provider_id:
                    return _furthest(self._details(str(row["sg_message_id"]), trail.at), str(row.get("status", "")))
        except Exception as error:  # noqa: BLE001  # whatever went wrong, nothing is known
            failure = read_failure(error)
            return Unclear(f"http_{failure.status}" if isinstance(failure, Answered) else failure.why)
        return Unclear("not_listed")

    def _search(self, question: Question) -> Sighting:
        found = self._logged(question.to, question.since, question.at)
        # A logged id begins with the id that the send was answered with; a dot ends it.
        ids = {str(message["sg_message_id"]): str(message["sg_message_id"]).split(".")[0] for message in found}
        taken = question.taken(ids.values())
        open_ids = [logged for logged, short in ids.items() if short not in taken]
        for logged in open_ids[:DETAILS_MAX]:
            if question.dispatch in _dispatches(self._details(logged, question.at)):
                return Seen(ids[logged])
        if len(found) >= LOGS_MAX or len(open_ids) > DETAILS_MAX:
            return Unclear("too_many")
        return Unseen()

    def _logged(self, to: str, since: datetime, at: datetime) -> list[Mapping[str, Any]]:
        """The mails to an address since then, as the log lists them."""
        address, instant = to.replace("'", "''"), (since - CLOCK_SKEW).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = f"to_email = '{address}' AND sg_message_id_created_at > TIMESTAMP \"{instant}\""
        body = {"query": query, "limit": LOGS_MAX}
        rows: list[Mapping[str, Any]] = self._ask(self._client(at).client.logs.post, request_body=body)["messages"]
        return rows

    def _details(self, logged: str, at: datetime) -> Mapping[str, Any]:
        """One mail of the log with its events."""
        details: Mapping[str, Any] = self._ask(self._client(at).client.logs._(logged).get)
        return details

    def _ask(self, call: Any, **given: Any) -> Any:  # noqa: ANN401  # untyped package, JSON answer
        answer = call(**given)
        if answer.status_code != HTTPStatus.OK:
            raise ValueError(f"the mail log answered {answer.status_code}")
        return json.loads(answer.body)

    def _client(self, at: datetime) -> Any:  # noqa: ANN401  # untyped package
        """A client of its own for each call: it holds no connection, and its headers would be everybody's."""
        client = SendGridAPIClient(self._account.key.get_secret_value(), host=self._account.host)
        client.client.timeout = self._account.timeout.total_seconds()
        if self._account.standin:
            client.client.request_headers[AT_HEADER] = at.astimezone(UTC).isoformat()
        return client


def mail(outgoing: Outgoing, letter: Letter, account: MailAccount) -> dict[str, object]:
    """The request body of one mail to one person. Everything header-bound is one clean line."""
    to: dict[str, str] = {"email": header_safe(outgoing.to, 320)}
    if outgoing.name and (name := header_safe(outgoing.name.replace(";", " ").replace(",", " "), NAME_CHARS_MAX)):
        to["name"] = name
    root = f"<{thread(outgoing.reference)}.root@{account.root_domain}>"
    return {
        "personalizations": [{"to": [to], "custom_args": {DISPATCH_ARG: outgoing.dispatch}}],
        "from": {"email": account.sender, "name": _ascii(account.sender_name)},
        "subject": header_safe(letter.subject, SUBJECT_CHARS_MAX),
        **({"reply_to": {"email": header_safe(outgoing.reply_to, 320)}} if outgoing.reply_to else {}),
        "content": [
            {"type": "text/plain", "value": letter.text},
            {"type": "text/html", "value": letter.html},
        ],
        "headers": {
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            # One root that no mail has: SendGrid may replace our message ids, but leaves these alone.
            "In-Reply-To": root,
            "References": root,
            **(URGENT if letter.urgent else {}),
        },
        "categories": ["escalation", outgoing.severity.value],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }


def _ascii(name: str) -> str:
    """A sender's name in the characters that SendGrid takes there: accents are dropped, and what has no letters."""
    bare = unicodedata.normalize("NFKD", header_safe(name, NAME_CHARS_MAX)).encode("ascii", "ignore").decode()
    return " ".join(bare.split())


def thread(reference: str) -> str:
    """A reference as the local part of a message id: anything but letters, digits, dot and dash becomes a dash."""
    return "".join(char if char.isascii() and (char.isalnum() or char in ".-") else "-" for char in reference)


def read_failure(error: Exception) -> Answered | Broken:
    """What an exception of this package means, without its text, which may hold addresses and keys.

    `URLError` comes only from writing the request; what breaks later comes bare.
    """
    if isinstance(error, HTTPError):
        return Answered("sendgrid", int(error.status_code), f"http_{error.status_code}", _wait(error.headers))
    if isinstance(error, URLError):
        return Broken("sendgrid", posted=False, why=type(error.reason).__name__)
    return Broken("sendgrid", posted=True, why=type(error).__name__)


def _wait(headers: Mapping[str, str] | None) -> timedelta | None:
    """How long a 429 asks us to wait: its reset instant less the answer's own date, so that our clock plays no part."""
    try:
        reset = datetime.fromtimestamp(int((headers or {})["X-RateLimit-Reset"]), tz=UTC)
        return reset - parsedate_to_datetime((headers or {})["Date"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _furthest(details: Mapping[str, Any], otherwise: str) -> Status:
    """The event that ranks highest; without events, the word that the list shows."""
    told = [mail_word(event) for event in details.get("events", [])]
    word, code = max(told, key=lambda one: rank(one[0]), default=(LISTED.get(otherwise, otherwise), None))
    return Status(word, code)


def _dispatches(details: Mapping[str, Any]) -> frozenset[str]:
    """Every dispatch id in a mail's details: of the mail itself, and of its events."""
    holders = [details, *details.get("events", [])]
    return frozenset(
        str(arguments[DISPATCH_ARG])
        for holder in holders
        if DISPATCH_ARG in (arguments := holder.get("custom_args") or {})
    )
