"""SendGrid's `POST /v3/mail/send` and the Email Logs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Any

from werkzeug.wrappers import Request, Response

from escalation.standins import contract, email_logs
from escalation.standins.board import Board
from escalation.standins.contract import Objection
from escalation.standins.email_rules import MAIL_BYTES_MAX, objections
from escalation.standins.faults import Fault
from escalation.standins.journal import Accepted, StatusChange
from escalation.standins.mail_events import key_of, logged_id

SEND_PATH = "/v3/mail/send"
CONTRACT = "sendgrid_mail_v3.json"
DISPATCH = "esc_dispatch"
MESSAGES = {
    401: "The provided authorization grant is invalid, expired, or revoked",
    403: "access forbidden",
    404: "not found",
    413: "The request body is too large; a mail may have at most 30 MB.",
    429: "too many requests",
    451: "unavailable for legal reasons: wrong region",
    500: "internal server error",
    503: "service unavailable",
}


class EmailApi:
    def __init__(self, board: Board) -> None:
        self._board = board
        self._contract = contract.load(CONTRACT)

    def send(self, request: Request) -> Response:
        if not _authorized(request):
            return self._board.refuse(request, "email", None, error_answer(401), "no API key")
        if len(request.get_data()) > MAIL_BYTES_MAX:
            return self._board.refuse(request, "email", None, error_answer(413), "over 30 MB")
        found, mail = self._judge(request)
        if found:
            reasons = "; ".join(f"{one.field}: {one.message}" for one in found)
            return self._board.refuse(request, "email", None, error_answer(400, *found), reasons)
        to = mail["personalizations"][0]["to"][0]["email"]
        if mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return self._board.refuse(request, "email", to, Response(status=200), "sandbox mode: valid, not sent")
        return self._board.strike(request, "email", to, "send", lambda: self._accept(request, mail), _told)

    def logs(self, request: Request) -> Response:
        """Search; the newest mails first."""
        if not _authorized(request):
            return error_answer(401)
        try:
            limit, conditions = _search(request)
        except ValueError as error:
            return error_answer(400, Objection("query", str(error)))

        def answer() -> Response:
            rows = [self._row(mail) for mail in self._board.listed("email")]
            hits = [row for row in rows if all(holds(row) for holds in conditions)]
            return _json(200, {"messages": hits[:limit]})

        return self._board.strike(request, "email", None, "lookup", answer, _told)

    def log(self, request: Request, message_id: str) -> Response:
        """One mail by the id of the logs; the `X-Message-Id` alone is not enough."""
        if not _authorized(request):
            return error_answer(401)

        def answer() -> Response:
            mails = (mail for mail in self._board.listed("email") if logged_id(mail) == message_id)
            mail = next(mails, None)
            return error_answer(404) if mail is None else _json(200, email_logs.detail(mail, self._events(mail)))

        return self._board.strike(request, "email", None, "lookup", answer, _told)

    def _row(self, mail: Accepted) -> dict[str, object]:
        events = self._events(mail)
        return email_logs.summary(mail, events[-1].status if events else "processed")

    def _events(self, mail: Accepted) -> tuple[StatusChange, ...]:
        return self._board.journal.statuses(key_of(mail))

    def _judge(self, request: Request) -> tuple[tuple[Objection, ...], dict[str, Any]]:
        try:
            mail = json.loads(request.get_data())
        except ValueError:
            mail = None
        if request.mimetype != "application/json" or not isinstance(mail, dict):
            return (Objection(None, "Bad Request: the body must be a JSON object"),), {}
        found, unknown = self._contract.json_objections(request, SEND_PATH, mail)
        found += tuple(Objection(field, f"Additional property {field} is not allowed") for field in unknown)
        return found or tuple(objections(mail)), mail

    def _accept(self, request: Request, mail: dict[str, Any]) -> Response:
        message_id, now = token_urlsafe(16), datetime.now(UTC)
        parts = enumerate(mail["personalizations"])
        self._board.accept(*(_row(request, mail, part, (message_id, index, now)) for index, part in parts))
        return Response(status=202, headers={"X-Message-Id": message_id})


def error_answer(status: int, *found: Objection, headers: Mapping[str, str] | None = None) -> Response:
    """SendGrid's error body, nulls included."""
    errors = found or (Objection(None, MESSAGES.get(status, "error")),)
    rows = [{"message": one.message, "field": one.field, "help": None} for one in errors]
    return _json(status, {"errors": rows}, headers)


def _row(request: Request, mail: dict[str, Any], part: dict[str, Any], identity: tuple[str, int, datetime]) -> Accepted:
    message_id, index, now = identity
    contents = {item["type"].split(";")[0].strip().lower(): item["value"] for item in mail.get("content", [])}
    people = [person["email"] for field in ("to", "cc", "bcc") for person in part.get(field, [])]
    custom: dict[str, str] = part.get("custom_args", {})
    return Accepted(
        channel="email",
        provider_id=message_id,
        to=people[0],
        sender=part.get("from", mail["from"])["email"],
        accepted_at=now,
        subject=part.get("subject", mail.get("subject")),
        body=contents.get("text/plain"),
        html=contents.get("text/html"),
        dispatch=custom.get(DISPATCH),
        escalation_at=request.headers.get("X-Escalation-At"),
        also_to=tuple(people[1:]),
        custom_args=tuple(custom.items()),
        part=index,
        headers=tuple({**mail.get("headers", {}), **part.get("headers", {})}.items()),
        reply_to=mail.get("reply_to", {}).get("email"),
    )


def _search(request: Request) -> tuple[int, tuple[email_logs.Condition, ...]]:
    body = json.loads(request.get_data())
    if not isinstance(body, dict) or not body.keys() <= {"query", "limit"}:
        raise ValueError("the body must be a JSON object with 'query' and 'limit'")
    limit, query = body.get("limit", email_logs.LIMIT_DEFAULT), body.get("query", "")
    if type(limit) is not int or not 1 <= limit <= email_logs.LIMIT_MAX:
        raise ValueError(f"limit must be a whole number between 1 and {email_logs.LIMIT_MAX}")
    if not isinstance(query, str):
        raise ValueError("query must be a string")  # noqa: TRY004 - one kind of error for every bad search
    return limit, email_logs.parse(query)


def _authorized(request: Request) -> bool:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and bool(key.strip())


def _told(fault: Fault) -> Response:
    status = fault.code if fault.kind == "reject" and fault.code else fault.status
    if status != 429:  # noqa: PLR2004 - the status is the word for it
        return error_answer(status)
    reset = int((datetime.now(UTC) + fault.reset).timestamp())
    headers = {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    return error_answer(status, headers=headers)


def _json(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, headers, content_type="application/json")
