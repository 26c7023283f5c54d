"""Where the stand-ins' memory, faults and settings meet; the HTTP side and the Python side both talk to it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from escalation.standins.faults import RESET_DEFAULT, Fault, FaultKind, Faults, Target, one_of, within
from escalation.standins.journal import (
    CHANNELS,
    Accepted,
    CallLine,
    Channel,
    Inbound,
    InboundMail,
    Journal,
    Posted,
    Refused,
    TicketWrite,
)
from escalation.standins.keys import public_key
from escalation.standins.later import Later
from escalation.standins.letters import Letters
from escalation.standins.lifecycle import Lifecycle
from escalation.standins.outcomes import UNREACHABLE, Outcome, Sent
from escalation.standins.slack_people import People
from escalation.standins.slack_rules import Pace
from escalation.standins.texting import Texting
from escalation.standins.tickets import Ticket, fold
from escalation.standins.weather import Weather
from escalation.standins.webhooks import Callbacks, Delivery, Webhooks
from escalation.standins.workspace import Conversation, workspace

ACCOUNT_SID = "AC5ca1a710000000000000000000000000"
AUTH_TOKEN = "standins-auth-token"  # noqa: S105 - opens nothing but the stand-ins
BOT_TOKEN = "xoxb-standin"  # noqa: S105 - likewise
LAG_MAX = timedelta(minutes=10)
ELSEWHERE = "/elsewhere"
"""Where a redirect leads: any GET of it is answered 200, which a client that follows may take for success."""
DRIP_PIECES = 20

CallAct = Literal["answer", "decline", "voicemail", "press", "hang_up"]


class HangUpError(ConnectionError):
    """Raised inside a request to close its connection without an(other) answer."""


class Board:
    """Everything the stand-ins know and can be told. Safe to use from many threads."""

    def __init__(  # noqa: PLR0913 - one name per setting; all are optional
        self,
        store: Path | str | None = None,
        *,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        inbound_url: str | None = None,
        public_url: str | None = None,
        deliver_to: str | None = None,
        events_url: str | None = None,
        parse_url: str | None = None,
        slack_url: str | None = None,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.journal = Journal(Path(store) if store else None)
        self.stopping = threading.Event()
        self._faults = Faults()
        self._later = Later()
        delivery = Delivery(inbound_url, public_url, deliver_to, events_url, parse_url)
        self.webhooks = Webhooks(self.journal, auth_token, delivery, self._later)
        self.texting = Texting(self.journal, self.webhooks, account_sid)
        self.letters = Letters(self.journal, self.webhooks)
        self._life = Lifecycle(self.journal, self.webhooks, self._later, account_sid, self.stopping)
        self._lags: dict[Channel, timedelta] = {}
        self.bot_token = BOT_TOKEN
        self.chat_pace, self.chat_users = Pace(), dict[str, str]()
        self.people = People(self.journal, self.webhooks)
        self.people.url = slack_url

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

    def inbound_mail(self) -> list[InboundMail]:
        return list(self.journal.entries(InboundMail))

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
        error: str | None = None,
    ) -> None:
        """Queue a fault for the next `times` valid requests of `channel` (and recipient `to`).

        `status` is answered by `status` and `error_after_accept`; `code` by `reject`: Twilio's error code, or an HTTP
        status for email and tickets. `delay` is the length of `accept_then_hang` and `slow_drip` (at most
        `DELAY_MAX`). `on="lookup"` strikes lists, fetches and logs instead of sends. Raises `ValueError` for a fault
        that makes no sense.
        """
        self._faults.add(Fault(channel, kind, times, to, status, code, delay, reset, on, error))

    def clear_faults(self) -> None:
        self._faults.clear()

    def expect(
        self,
        channel: Sent,
        ends: str,
        *,
        to: str | None = None,
        error_code: int = UNREACHABLE,
        keys: str = "",
        answered_by: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Settle how later sends end: one of `outcomes.ENDS`; without a rule, `outcomes.DEFAULTS`.

        A call that is `completed` plays its script to a person who presses `keys`, a group for each question in turn
        (`- 4`: nothing, then a four); one that `rings` waits for `call` or the page. `answered_by` is what machine
        detection says, when it was asked for. `reason` is that of a mail's bounce or drop. Raises `ValueError` for
        anything else.
        """
        self._life.outcomes.add(Outcome(channel, ends, to, error_code, keys, answered_by, reason))

    def outcome(self, channel: Sent) -> Outcome:
        """How a send on the channel ends now, unless a rule names its recipient."""
        return self._life.outcomes.of(channel, "")

    def lag(self, channel: Channel, lag: timedelta) -> None:
        """Hide sends from lists and logs until they are `lag` old. A fetch by id is never behind."""
        one_of("channel", channel, CHANNELS)
        within("lag", lag, timedelta(0), LAG_MAX)
        self._lags[channel] = lag

    def callbacks(
        self,
        *,
        enabled: bool = True,
        copies: int = 1,
        gap: timedelta | None = None,
        loss: float = 0.0,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        delay: timedelta = timedelta(0),
        seed: int = 0,
    ) -> None:
        """Switch statuses and events off and on, post each in `copies`, or set the `gap` between two of a send.

        `loss`, `duplicate` and `reorder` are shares of them between 0 and 1, and each is up to `delay` late; which
        ones follows from `seed` and from what they say, see `weather.Weather`.
        """
        weather = Weather(seed, loss, duplicate, reorder, delay)
        self.webhooks.callbacks = Callbacks(enabled, copies, weather)
        if gap is not None:
            self._life.space_out(gap)

    def deliver(
        self,
        *,
        inbound_url: str | None = None,
        public_url: str | None = None,
        deliver_to: str | None = None,
        events_url: str | None = None,
        parse_url: str | None = None,
    ) -> None:
        """Say anew where webhooks go: signed for `public_url`, connected to `deliver_to`; see `webhooks.Delivery`."""
        self.webhooks.delivery = Delivery(inbound_url, public_url, deliver_to, events_url, parse_url)

    def reply_sms(self, sender: str, body: str, to: str | None = None) -> Posted:
        """Let the person at `sender` text us: a signed inbound SMS is posted to the inbound URL before this returns.

        `to` defaults to the number that last texted them. Raises `ValueError` without an inbound URL, without such a
        number, or for a body over `SMS_CHARS_MAX`.
        """
        return self.texting.reply(sender, body, to)

    def reply_mail(
        self,
        mail: str,
        text: str,
        *,
        sender: str | None = None,
        to: str | None = None,
        automatic: bool = False,
        html: bool = False,
    ) -> Posted:
        """Let the person who got `mail` (its id) answer it: the parsed reply is posted, signed, to the parse URL.

        It goes to the mail's reply address, else to its sender; `automatic` makes it an out-of-office note, `html` one
        that has no text part. Raises `ValueError` without a parse URL, for an unknown mail, and for a text over
        `letters.MAIL_CHARS_MAX`.
        """
        return self.letters.reply(mail, text, sender=sender, to=to, automatic=automatic, html=html)

    def chat(
        self,
        message: str,
        user: str,
        *,
        press: str | None = None,
        react: str | None = None,
        delete: bool = False,
    ) -> Posted | None:
        """Be `user` in the chat: press a button of the message with that id, put an emoji on it, or delete it.

        Raises `ValueError` without a Slack URL, and for a message or button that is not there.
        """
        if delete:
            self.people.delete(message, user)
            return None
        if press is not None:
            return self.people.press(message, press, user)
        if react is None:
            raise ValueError("say what is done: press, react or delete")
        return self.people.react(message, react, user)

    def chat_with(
        self,
        *,
        slack_url: str | None = None,
        secret: str | None = None,
        burst: int | None = None,
        users: dict[str, str] | None = None,
    ) -> None:
        """Say where Slack's requests go and what signs them, how many messages a conversation takes at once, and
        whose mail address is whose user.
        """
        self.people.url = slack_url or self.people.url
        self.people.secret = secret or self.people.secret
        self.chat_pace = self.chat_pace if burst is None else Pace(burst)
        self.chat_users |= users or {}

    def conversations(self) -> dict[str, Conversation]:
        """The chat as it stands, by conversation."""
        return workspace(self.journal)

    def call(self, sid: str, act: CallAct, keys: str = "") -> None:
        """Be the person at a telephone: `answer`, `decline`, `voicemail`, `press` (with `keys`) or `hang_up`.

        Raises `ValueError` in one line when the call is not in a state for it.
        """
        one_of("act", act, get_args(CallAct))
        calls = self._life.calls
        if act == "press":
            return calls.press(sid, keys)
        acts = {
            "answer": calls.answer, "decline": calls.decline, "voicemail": calls.voicemail, "hang_up": calls.hang_up
        }  # fmt: skip
        return acts[act](sid)

    def on_line(self) -> tuple[str, ...]:
        """The ids of the calls that are not over."""
        return self._life.calls.on_line()

    def lines(self, sid: str) -> list[CallLine]:
        """What was said and pressed in a call, in its order."""
        return [line for line in self.journal.entries(CallLine) if line.provider_id == sid]

    def keys(self, *, auth_token: str | None = None, event_key: int | None = None) -> str:
        """Rotate keys: webhooks are signed anew from now on. Returns the public key of SendGrid's webhooks."""
        self.webhooks.sign_with(auth_token, event_key)
        return public_key(self.webhooks.event_key)

    # What the vendors' endpoints do with it.

    def accept(self, *sends: Accepted) -> None:
        """Take sends on: they are on disk when this returns, and their lives begin."""
        for send in sends:
            self.journal.append(send)
        for send in sends:
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
        return self.texting.opted_out(contact, ours)

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
        if fault.kind == "redirect":
            away = redirect(f"{request.host_url.rstrip('/')}{ELSEWHERE}", fault.status if fault.status < 400 else 302)  # noqa: PLR2004
            return self.refuse(request, channel, to, away, "told to redirect")
        if fault.kind in {"status", "reject"}:
            return self.refuse(request, channel, to, error(fault), f"told to fail: {fault.kind}")
        answer = accept()
        if fault.kind == "accept_then_drop":
            raise HangUpError(fault.kind)
        if fault.kind == "error_after_accept":
            return error(fault)
        if fault.kind == "truncated":
            _cut(request, answer)
        if fault.kind == "slow_drip":
            self._drip(request, answer, fault.delay)
        self.stopping.wait(fault.delay.total_seconds())
        return answer

    def close(self) -> None:
        """Stop callbacks and close the store; requests that hang are let go."""
        self.stopping.set()
        self._life.close()
        self._later.close()
        self.journal.close()

    def _note(self, request: Request, channel: Channel, to: str | None, status: int | None, reason: str) -> None:
        self.journal.append(Refused(channel, request.path, to, status, reason, datetime.now(UTC)))

    def _drip(self, request: Request, answer: Response, over: timedelta) -> None:
        """Write the answer, head included, in small pieces: each beats a socket timeout that the whole exceeds."""
        whole = _written(request, answer)
        size = -(-len(whole) // DRIP_PIECES)
        for start in range(0, len(whole), size):
            request.environ["werkzeug.socket"].sendall(whole[start : start + size])
            self.stopping.wait(over.total_seconds() / DRIP_PIECES)
        raise HangUpError("slow_drip")


def _cut(request: Request, answer: Response) -> None:
    """Write the head and half of the body: the length was promised, and the rest never comes."""
    whole, body = _written(request, answer), answer.get_data()
    request.environ["werkzeug.socket"].sendall(whole[: len(whole) - len(body) + len(body) // 2])
    raise HangUpError("truncated")


def _written(request: Request, answer: Response) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.get_wsgi_headers(request.environ).items())
    return f"HTTP/1.1 {answer.status}\r\n{head}Connection: close\r\n\r\n".encode("latin-1") + answer.get_data()
