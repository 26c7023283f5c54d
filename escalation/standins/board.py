"""Where the stand-ins' memory, faults and settings meet; the HTTP side and the Python side both talk to it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Literal

from werkzeug.wrappers import Request, Response

from escalation.standins.faults import RESET_DEFAULT, Fault, FaultKind, Faults, Target, one_of, within
from escalation.standins.journal import CHANNELS, Accepted, Channel, Inbound, Journal, Posted, Refused, TicketWrite
from escalation.standins.later import Later
from escalation.standins.lifecycle import UNREACHABLE, Lifecycle, Outcome
from escalation.standins.tickets import Ticket, fold
from escalation.standins.webhooks import Callbacks, Delivery, Webhooks

ACCOUNT_SID = "AC5ca1a710000000000000000000000000"
AUTH_TOKEN = "standins-auth-token"  # noqa: S105 - opens nothing but the stand-ins
LAG_MAX = timedelta(minutes=10)
SMS_CHARS_MAX = 1_600
DRIP_PIECES = 20

STOP_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
"""Twilio's default opt-out and opt-in words (docs: messaging, advanced opt-out)."""


class HangUpError(ConnectionError):
    """Raised inside a request to close its connection without an(other) answer."""


class Board:
    """Everything the stand-ins know and can be told. Safe to use from many threads."""

    def __init__(
        self,
        store: Path | str | None = None,
        *,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        inbound_url: str | None = None,
        public_url: str | None = None,
        deliver_to: str | None = None,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.journal = Journal(Path(store) if store else None)
        self.webhooks = Webhooks(self.journal, auth_token, Delivery(inbound_url, public_url, deliver_to))
        self.stopping = threading.Event()
        self._faults = Faults()
        self._later = Later()
        self._life = Lifecycle(self.journal, self.webhooks, self._later, account_sid)
        self._lags: dict[Channel, timedelta] = {}

    # What was seen.

    def outbox(self, channel: Channel | None = None) -> list[Accepted]:
        """Every accepted send, oldest first; tickets are not sends."""
        return [send for send in self.journal.entries(Accepted) if channel in {None, send.channel}]

    def refused(self) -> list[Refused]:
        return list(self.journal.entries(Refused))

    def posted(self) -> list[Posted]:
        """Every webhook posted, inbound SMS included, with what it was answered."""
        return list(self.journal.entries(Posted))

    def inbound(self) -> list[Inbound]:
        return list(self.journal.entries(Inbound))

    def tickets(self) -> dict[str, Ticket]:
        return fold(self.journal.entries(TicketWrite))

    def faults(self) -> list[Fault]:
        """The faults that still wait for their request."""
        return list(self._faults.waiting())

    def wait_until(self, condition: Callable[[], bool], timeout: timedelta = timedelta(seconds=10)) -> bool:
        """Whether `condition` (over what was seen) came true within `timeout`."""
        return self.journal.wait_until(condition, timeout)

    # What it is told.

    def fail(  # noqa: PLR0913 - one name per thing a failure can have; all but two are optional
        self,
        channel: Channel,
        kind: FaultKind,
        times: int = 1,
        *,
        to: str | None = None,
        status: int = 500,
        code: int | None = None,
        delay: timedelta = timedelta(seconds=1),
        reset: timedelta = RESET_DEFAULT,
        on: Target = "send",
    ) -> None:
        """Queue a fault for the next `times` valid requests of `channel` (and recipient `to`).

        `status` is answered by `status` and `error_after_accept`; `code` by `reject`: Twilio's error code, or an HTTP
        status for email and tickets. `delay` is the length of `accept_then_hang` and `slow_drip` (at most
        `DELAY_MAX`). `on="lookup"` strikes lists, fetches and logs instead of sends. Raises `ValueError` for a fault
        that makes no sense.
        """
        self._faults.add(Fault(channel, kind, times, to, status, code, delay, reset, on))

    def clear_faults(self) -> None:
        self._faults.clear()

    def expect(
        self, channel: Literal["sms", "voice"], ends: str, *, to: str | None = None, error_code: int = UNREACHABLE
    ) -> None:
        """Settle how later sends end.

        SMS: delivered (default), undelivered, failed, sent, silent. Voice: no-answer (default), completed, busy,
        failed, silent. Raises `ValueError` for any other word.
        """
        self._life.expect(Outcome(channel, ends, to, error_code))

    def lag(self, channel: Channel, lag: timedelta) -> None:
        """Hide sends from lists and logs until they are `lag` old. A fetch by id is never behind."""
        one_of("channel", channel, CHANNELS)
        within("lag", lag, timedelta(0), LAG_MAX)
        self._lags[channel] = lag

    def callbacks(self, *, enabled: bool = True, copies: int = 1, gap: timedelta | None = None) -> None:
        """Switch status callbacks off and on, post each in `copies`, or set the time between two statuses."""
        self.webhooks.callbacks = Callbacks(enabled, copies)
        if gap is not None:
            self._life.space_out(gap)

    def deliver(
        self, *, inbound_url: str | None = None, public_url: str | None = None, deliver_to: str | None = None
    ) -> None:
        """Say anew where webhooks go: signed for `public_url`, connected to `deliver_to`; see `webhooks.Delivery`."""
        self.webhooks.delivery = Delivery(inbound_url, public_url, deliver_to)

    def reply_sms(self, sender: str, body: str, to: str | None = None) -> Posted:
        """Let the person at `sender` text us: a signed inbound SMS is posted to the inbound URL before this returns.

        `to` defaults to the number that last texted them. Raises `ValueError` without an inbound URL, without such a
        number, or for a body over `SMS_CHARS_MAX`.
        """
        url = self.webhooks.delivery.inbound_url
        if not url:
            raise ValueError("no inbound URL is set; start the stand-ins with one or call deliver(inbound_url=...)")
        within("the length of the body", len(body), 0, SMS_CHARS_MAX)
        to = to or next((sms.sender for sms in reversed(self.outbox("sms")) if sms.to == sender), None)
        if to is None:
            raise ValueError(f"{sender!r} never got an SMS from us, so say which of our numbers it texts (to)")
        sid = f"SM{token_hex(16)}"
        self.journal.append(Inbound(sid, sender, to, body, datetime.now(UTC)))
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": body,
            "From": sender,
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": to,
        }
        return self.webhooks.post("inbound", sid, url, form)

    # What the vendors' endpoints do with it.

    def accept(self, *sends: Accepted) -> None:
        """Take sends on: they are on disk when this returns, and the life of an SMS or call begins."""
        for send in sends:
            self.journal.append(send)
        for send in sends:
            if send.channel in {"sms", "voice"}:
                self._life.begin(send)

    def refuse(self, request: Request, channel: Channel, to: str | None, answer: Response, reason: str) -> Response:
        """Remember that a request was not taken on, and answer it."""
        self._note(request, channel, to, answer.status_code, reason)
        return answer

    def listed(self, channel: Channel) -> list[Accepted]:
        """What lists and logs show by now, newest first."""
        latest = datetime.now(UTC) - self._lags.get(channel, timedelta(0))
        return [send for send in reversed(self.outbox(channel)) if send.accepted_at <= latest]

    def opted_out(self, contact: str, ours: str) -> bool:
        """Whether the contact's last stop or start word to our number was a stop word."""
        words = [sms.body.strip().upper() for sms in self.inbound() if (sms.sender, sms.to) == (contact, ours)]
        return next((word in STOP_WORDS for word in reversed(words) if word in STOP_WORDS | START_WORDS), False)

    def strike(
        self,
        request: Request,
        channel: Channel,
        to: str | None,
        on: Target,
        accept: Callable[[], Response],
        error: Callable[[Fault], Response],
    ) -> Response:
        """Serve a valid request as the next fault for it says, or plainly when there is none."""
        fault = self._faults.take(channel, to, on)
        if fault is None:
            return accept()
        if fault.kind == "drop_before_accept":
            self._note(request, channel, to, None, fault.kind)
            raise HangUpError(fault.kind)
        if fault.kind in {"status", "reject"}:
            return self.refuse(request, channel, to, error(fault), f"told to fail: {fault.kind}")
        answer = accept()
        if fault.kind == "accept_then_drop":
            raise HangUpError(fault.kind)
        if fault.kind == "error_after_accept":
            return error(fault)
        if fault.kind == "slow_drip":
            self._drip(request, answer, fault.delay)
        self.stopping.wait(fault.delay.total_seconds())
        return answer

    def close(self) -> None:
        """Stop callbacks and close the store; requests that hang are let go."""
        self.stopping.set()
        self._later.close()
        self.journal.close()

    def _note(self, request: Request, channel: Channel, to: str | None, status: int | None, reason: str) -> None:
        self.journal.append(Refused(channel, request.path, to, status, reason, datetime.now(UTC)))

    def _drip(self, request: Request, answer: Response, over: timedelta) -> None:
        """Write the answer, head included, in small pieces: each beats a socket timeout that the whole exceeds."""
        head = "".join(f"{name}: {value}\r\n" for name, value in answer.get_wsgi_headers(request.environ).items())
        whole = f"HTTP/1.1 {answer.status}\r\n{head}Connection: close\r\n\r\n".encode("latin-1") + answer.get_data()
        size = -(-len(whole) // DRIP_PIECES)
        for start in range(0, len(whole), size):
            request.environ["werkzeug.socket"].sendall(whole[start : start + size])
            self.stopping.wait(over.total_seconds() / DRIP_PIECES)
        raise HangUpError("slow_drip")
