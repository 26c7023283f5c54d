"""The vendors' requests to us: signed, posted to where the operator says our public address really is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from urllib.parse import urldefrag, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from escalation.standins import keys, outgoing
from escalation.standins.faults import within
from escalation.standins.journal import Journal, Posted, PostedKind
from escalation.standins.later import Later
from escalation.standins.weather import Held, Weather

TIMEOUT = timedelta(seconds=15)
"""Twilio's own limit for a webhook's answer (docs: webhooks connection overrides)."""
ATTEMPTS = 2
"""Twilio tries a webhook again once by default, and only when no connection was made."""
COPIES_MAX = 10
RETRIES = (timedelta(milliseconds=200), timedelta(seconds=1), timedelta(seconds=5))
"""SendGrid repeats what was not answered 2xx, with growing gaps, for a day; the stand-in gives up sooner."""
GOOD = range(200, 300)
REFUSED_FOR_GOOD = range(300, 500)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where webhooks go. Signatures cover the public URL; the connection goes to `deliver_to` in place of `public_url`.

    Without `deliver_to` only loopback addresses are called, so that a stand-in never reaches into the network.
    """

    inbound_url: str | None = None
    public_url: str | None = None
    deliver_to: str | None = None
    events_url: str | None = None
    parse_url: str | None = None

    def target(self, url: str) -> str:
        """The address to connect to for the public `url`; raises `ValueError` when that would leave this machine."""
        public = (self.public_url or "").rstrip("/")
        if public and self.deliver_to and (url == public or url.startswith((f"{public}/", f"{public}?"))):
            return self.deliver_to.rstrip("/") + url[len(public) :]
        if urlsplit(url).hostname not in outgoing.LOOPBACK:
            raise ValueError(f"{url!r} is not on this machine; name it as public_url and say deliver_to")
        return url


@dataclass(frozen=True, slots=True)
class Callbacks:
    """How statuses and events are posted: not at all, once, in copies as a retrying vendor would, in what weather."""

    enabled: bool = True
    copies: int = 1
    weather: Weather = field(default_factory=Weather)

    def __post_init__(self) -> None:
        within("copies", self.copies, 1, COPIES_MAX)


class Webhooks:
    """Posts and remembers every attempt's outcome in the journal."""

    def __init__(self, journal: Journal, auth_token: str, delivery: Delivery, later: Later) -> None:
        self._journal = journal
        self._later = later
        self._held = Held()
        self._validator = RequestValidator(auth_token)
        self.delivery = delivery
        self.callbacks = Callbacks()
        self.event_key = 1

    def sign_with(self, auth_token: str | None = None, event_key: int | None = None) -> None:
        """Rotate: sign with another Twilio token, or another of SendGrid's keys (`keys.public_key`), from now on."""
        if event_key is not None:
            keys.public_key(event_key)
            self.event_key = event_key
        if auth_token is not None:
            self._validator = RequestValidator(auth_token)

    def sign(self, url: str, form: Mapping[str, str]) -> str:
        """Twilio's signature (HMAC-SHA1) of a form posted to the public `url`."""
        return str(self._validator.compute_signature(url, form))

    def in_time(self, gap: timedelta, step: Callable[[], object]) -> None:
        """Take a step of a send's life after the gap. With no gap and nobody told, before the send is answered."""
        if gap or self.callbacks.enabled:
            self._later.after(gap, step)
        else:
            step()

    def report(self, about: str, said: tuple[str, ...], post: Callable[[], object], *, last: bool) -> None:
        """Post something about a send as the weather has it; `said` tells it from every other report of the run.

        What is held back goes out right after the next report about the same send; the last one is never held.
        """
        if not self.callbacks.enabled:
            return
        fate = self.callbacks.weather.fate(*said)

        def go() -> None:
            if not fate.lost:
                for _ in range(self.callbacks.copies + fate.twice):
                    post()
            for overtaken in self._held.release(about):
                overtaken()

        if fate.held and not last and not fate.lost:
            self._held.hold(about, lambda: [post() for _ in range(1 + fate.twice)])
        elif fate.delay:
            self._later.after(fate.delay, go)
        else:
            go()

    def post(self, kind: PostedKind, provider_id: str, url: str, form: Mapping[str, str]) -> Posted:
        """Post the signed `form`; the answer, or the reason why there is none, is in what is returned."""
        return self.ask(kind, provider_id, url, form)[0]

    def ask(
        self, kind: PostedKind, provider_id: str, url: str, form: Mapping[str, str], method: str = "POST"
    ) -> tuple[Posted, bytes]:
        """As `post`, with the body of the answer. By GET the form becomes part of the address."""
        public, posted = urldefrag(url).url, form
        if method == "GET":
            public, posted = f"{public}{'&' if urlsplit(public).query else '?'}{urlencode(form)}", {}
        answered, failure, body = None, None, b""
        for _ in range(ATTEMPTS):
            try:
                answer = self._once(method, public, provider_id, posted)
                answered, failure, body = answer.status, None, answer.body
                break
            except ConnectionRefusedError as error:
                failure = str(error)
            except (OSError, HTTPException, ValueError) as error:
                failure = f"{type(error).__name__}: {error}"
                break
        now = datetime.now(UTC)
        row = Posted(kind, provider_id, public, tuple(form.items()), answered, failure, now)
        return self._journal.append(row), body

    def post_signed(
        self, kind: PostedKind, provider_id: str, url: str, body: bytes, content_type: str, *, keeps_refused: bool
    ) -> Posted:
        """Post what SendGrid signs, and again later, unchanged, while it is not taken; the first outcome is returned.

        Events are repeated after any refusal (`keeps_refused`); of a mail, an answer below 500 ends it for good.
        """
        timestamp = str(int(datetime.now(UTC).timestamp()))
        headers = {"Content-Type": content_type, "User-Agent": "SendGrid Event API"}
        headers |= keys.signed(body, timestamp, self.event_key)

        def attempt(number: int) -> Posted:
            answered, failure = None, None
            try:
                answered = outgoing.send("POST", self.delivery.target(url), body, headers, TIMEOUT).status
            except (OSError, HTTPException, ValueError) as error:
                failure = f"{type(error).__name__}: {error}"
            done = answered in GOOD or (answered in REFUSED_FOR_GOOD and not keeps_refused)
            if not done and number < len(RETRIES):
                self._later.after(RETRIES[number], lambda: attempt(number + 1))
            text = body.decode(errors="replace")
            return self._journal.append(Posted(kind, provider_id, url, (), answered, failure, datetime.now(UTC), text))

        return attempt(0)

    def _once(self, method: str, url: str, provider_id: str, form: Mapping[str, str]) -> outgoing.Answer:
        event = form.get("SequenceNumber", form.get("MessageStatus", "in"))
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": f"{provider_id}-{event}",
            "X-Twilio-Signature": self.sign(url, form),
        }
        if method == "GET":
            return outgoing.send("GET", self.delivery.target(url), None, headers, TIMEOUT)
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return outgoing.send("POST", self.delivery.target(url), urlencode(form).encode(), headers, TIMEOUT)
