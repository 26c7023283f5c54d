"""Twilio's Messages and Calls: create, list, fetch."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from secrets import token_hex
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from escalation.standins import contract
from escalation.standins.board import Board
from escalation.standins.faults import Fault
from escalation.standins.journal import Accepted
from escalation.standins.phone_rules import BAD_PARAMETER, ERRORS, MAGIC_FROM, STATUS_CODES, sms_error, voice_error

CONTRACT = "twilio_api_v2010.json"
ACCOUNT_PATH = "/2010-04-01/Accounts/{AccountSid}"
TEST_ACCOUNT_SID = "AC7e570000000000000000000000000000"
"""Twilio's test credentials: its token is that of the account, every send is judged, and nothing is sent or kept."""
PAGE_SIZE = 50
PAGE_SIZE_MAX = 1_000
GSM_CHARS, GSM_PART_CHARS = 160, 153
UCS2_CHARS, UCS2_PART_CHARS = 70, 67

Phone = Literal["sms", "voice"]
COLLECTION = {"sms": "Messages", "voice": "Calls"}
CALL_OPTIONS = ("Timeout", "Method", "FallbackUrl", "MachineDetection", "AsyncAmd", "AsyncAmdStatusCallback")
LIST_FILTERS = {
    "sms": {"To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"},
    "voice": {"To", "From", "Status", "StartTime", "StartTime<", "StartTime>", "PageSize", "Page", "PageToken"},
}


class PhoneApi:
    def __init__(self, board: Board) -> None:
        self._board = board
        self._contract = contract.load(CONTRACT)

    def create(self, request: Request, phone: Phone, account: str) -> Response:
        form = request.form
        to = form.get("To")
        if not self._authorized(request, account):
            return self._board.refuse(request, phone, to, error_answer(20003), "wrong credentials")
        found = (sms_error if phone == "sms" else voice_error)(form) or self._objection(request, phone)
        if (
            not found
            and phone == "sms"
            and self._board.opted_out(form["To"], form.get("From") or form.get("MessagingServiceSid", ""))
        ):
            found = 21610, ERRORS[21610][1]
        if not found and account == TEST_ACCOUNT_SID and form.get("From") != MAGIC_FROM:
            code = 21606 if phone == "sms" else 21210
            found = code, ERRORS[code][1]
        if found:
            code, message = found
            return self._board.refuse(request, phone, to, error_answer(code, message), f"{code}: {message}")
        if account == TEST_ACCOUNT_SID:
            tested = _json(201, self._shown(phone)(self._read(request, phone)))
            return self._board.refuse(request, phone, to, tested, "test credentials: valid, not sent")
        return self._board.strike(request, phone, to, "send", lambda: self._accept(request, phone), _told)

    def list(self, request: Request, phone: Phone, account: str) -> Response:
        """The newest first; callers page with `PageSize` and `Page`."""
        if not self._authorized(request, account):
            return error_answer(20003)
        if account == TEST_ACCOUNT_SID:
            return error_answer(20008)
        found = self._contract.request_objections(request)
        foreign = set(request.args) - LIST_FILTERS[phone]
        if found or foreign:
            reason = found[0].message if found else f"the stand-in does not filter by {sorted(foreign)}"
            return error_answer(BAD_PARAMETER, reason)
        to = request.args.get("To")
        return self._board.strike(request, phone, to, "lookup", lambda: self._page(request, phone), _told)

    def fetch(self, request: Request, phone: Phone, account: str, sid: str) -> Response:
        if not self._authorized(request, account):
            return error_answer(20003)
        if account == TEST_ACCOUNT_SID:
            return error_answer(20008)
        send = self._board.journal.send(sid)
        if send is None or send.channel != phone:
            return error_answer(20404, f"The requested resource {request.path} was not found")
        show = self._shown(phone)
        return self._board.strike(request, phone, send.to, "lookup", lambda: _json(200, show(send)), _told)

    def _authorized(self, request: Request, account: str) -> bool:
        """The account's own token, or an API key (`SK…`) with any secret."""
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            user, _, secret = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            return False
        ours = {self._board.account_sid, TEST_ACCOUNT_SID}
        knows = secret == self._board.auth_token if user in ours else user.startswith("SK") and secret
        return account in ours and (user == account or user.startswith("SK")) and bool(knows)

    def _objection(self, request: Request, phone: Phone) -> tuple[int, str] | None:
        found, unknown = self._contract.form_objections(request, f"{ACCOUNT_PATH}/{COLLECTION[phone]}.json")
        if found:
            return BAD_PARAMETER, "; ".join(f"{one.field or 'request'}: {one.message}" for one in found)
        return (BAD_PARAMETER, f"unknown parameter {unknown[0]}") if unknown else None

    def _accept(self, request: Request, phone: Phone) -> Response:
        send = self._read(request, phone)
        created = self._shown(phone)(send)
        self._board.accept(send)
        return _json(201, created)

    def _read(self, request: Request, phone: Phone) -> Accepted:
        form = request.form
        callback = form.get("StatusCallback")
        return Accepted(
            channel=phone,
            provider_id=f"{'SM' if phone == 'sms' else 'CA'}{token_hex(16)}",
            to=form["To"],
            sender=form.get("From") or form["MessagingServiceSid"],
            accepted_at=datetime.now(UTC),
            body=form.get("Body"),
            twiml=form.get("Twiml"),
            url=form.get("Url"),
            dispatch=_dispatch(callback) or _dispatch(form.get("Url")),
            escalation_at=request.headers.get("X-Escalation-At"),
            callback=callback,
            callback_events=tuple(event for text in form.getlist("StatusCallbackEvent") for event in text.split()),
            options=tuple((name, form[name]) for name in CALL_OPTIONS if name in form) if phone == "voice" else (),
        )

    def _page(self, request: Request, phone: Phone) -> Response:
        asked = request.args
        size = min(max(int(asked.get("PageSize", PAGE_SIZE)), 1), PAGE_SIZE_MAX)
        number = max(int(asked.get("Page", 0)), 0)
        show = self._shown(phone)
        rows = [show(send) for send in self._board.listed(phone) if self._wanted(send, phone, request)]
        part = rows[number * size : (number + 1) * size]
        more = (number + 1) * size < len(rows)
        query = {**asked.to_dict(), "PageSize": str(size)}

        def uri(page: int) -> str:
            return f"{request.path}?{urlencode({**query, 'Page': str(page)})}"

        page = {
            "end": number * size + max(len(part) - 1, 0),
            "first_page_uri": uri(0),
            "next_page_uri": uri(number + 1) if more else None,
            "page": number,
            "page_size": size,
            "previous_page_uri": uri(number - 1) if number else None,
            "start": number * size,
            "uri": uri(number),
            COLLECTION[phone].lower(): part,
        }
        return _json(200, page)

    def _wanted(self, send: Accepted, phone: Phone, request: Request) -> bool:
        status = self._board.journal.status(send.provider_id)
        asked = request.args
        if asked.get("To", send.to) != send.to or asked.get("From", send.sender) != send.sender:
            return False
        if "Status" in asked and asked["Status"] != (status.status if status else "queued"):
            return False
        field = "DateSent" if phone == "sms" else "StartTime"
        dates = [name for name in (field, f"{field}<", f"{field}>") if name in asked]
        return all(status is not None and _holds(name, asked[name], status.changed_at) for name in dates)

    def _shown(self, phone: Phone) -> Callable[[Accepted], dict[str, object]]:
        return self._message if phone == "sms" else self._call

    def _message(self, send: Accepted) -> dict[str, object]:
        status = self._board.journal.status(send.provider_id)
        service = send.sender.startswith("MG")
        base = f"/2010-04-01/Accounts/{self._board.account_sid}/Messages/{send.provider_id}"
        return {
            "account_sid": self._board.account_sid,
            "api_version": "2010-04-01",
            "body": send.body,
            "date_created": format_datetime(send.accepted_at),
            "date_sent": format_datetime(status.changed_at) if status else None,
            "date_updated": format_datetime(status.changed_at if status else send.accepted_at),
            "direction": "outbound-api",
            "error_code": status.error_code if status else None,
            "error_message": None,
            "from": None if service else send.sender,
            "messaging_service_sid": send.sender if service else None,
            "num_media": "0",
            "num_segments": str(segments(send.body or "")),
            "price": None,
            "price_unit": "USD",
            "sid": send.provider_id,
            "status": status.status if status else ("accepted" if service else "queued"),
            "subresource_uris": {"media": f"{base}/Media.json"},
            "to": send.to,
            "uri": f"{base}.json",
        }

    def _call(self, send: Accepted) -> dict[str, object]:
        status = self._board.journal.status(send.provider_id)
        ended = status is not None and status.status not in {"ringing", "in-progress"}
        absent = (
            "parent_call_sid",
            "phone_number_sid",
            "forwarded_from",
            "group_sid",
            "caller_name",
            "trunk_sid",
        )
        base = f"/2010-04-01/Accounts/{self._board.account_sid}/Calls/{send.provider_id}"
        return {
            **dict.fromkeys(absent),
            "account_sid": self._board.account_sid,
            "answered_by": status.answered_by if status else None,
            "api_version": "2010-04-01",
            "date_created": format_datetime(send.accepted_at),
            "date_updated": format_datetime(status.changed_at if status else send.accepted_at),
            "direction": "outbound-api",
            "duration": str(status.seconds) if status and ended else None,
            "end_time": format_datetime(status.changed_at) if status and ended else None,
            "from": send.sender,
            "from_formatted": send.sender,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": send.provider_id,
            "start_time": format_datetime(status.changed_at) if status else None,
            "status": status.status if status else "queued",
            "subresource_uris": {"events": f"{base}/Events.json"},
            "to": send.to,
            "to_formatted": send.to,
            "uri": f"{base}.json",
        }


def error_answer(code: int, message: str | None = None, status: int | None = None) -> Response:
    """Twilio's error body."""
    known, text = ERRORS.get(code, (400, f"Error {code}"))
    status = status or known
    more = f"https://www.twilio.com/docs/errors/{code}"
    return _json(status, {"code": code, "message": message or text, "more_info": more, "status": status})


def segments(body: str) -> int:
    """How many SMS segments a body takes. An estimate: whatever is not ASCII counts as UCS-2."""
    single, part = (GSM_CHARS, GSM_PART_CHARS) if body.isascii() else (UCS2_CHARS, UCS2_PART_CHARS)
    return 1 if len(body) <= single else -(-len(body) // part)


def _dispatch(url: str | None) -> str | None:
    return next(iter(parse_qs(urlsplit(url or "").query).get("d", [])), None)


def _holds(name: str, asked: str, at: datetime) -> bool:
    """Twilio's date filters: bare means the same day (UTC), `<` and `>` include the instant named."""
    instant = datetime.fromisoformat(asked)
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    if name.endswith("<"):
        return at <= instant
    return at >= instant if name.endswith(">") else at.date() == instant.date()


def _told(fault: Fault) -> Response:
    if fault.kind == "reject" and fault.code is not None:
        return error_answer(fault.code)
    return error_answer(STATUS_CODES.get(fault.status, 20500), status=fault.status)


def _json(status: int, body: object) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
