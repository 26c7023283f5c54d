"""Twilio's requests to us: signed forms, posted to where the operator says our public address really is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Literal
from urllib.parse import urldefrag, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from escalation.standins import outgoing
from escalation.standins.faults import within
from escalation.standins.journal import Journal, Posted

TIMEOUT = timedelta(seconds=15)
"""Twilio's own limit for a webhook's answer (docs: webhooks connection overrides)."""
ATTEMPTS = 2
"""Twilio tries a webhook again once by default, and only when no connection was made."""
COPIES_MAX = 10


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where webhooks go. Signatures cover the public URL; the connection goes to `deliver_to` in place of `public_url`.

    Without `deliver_to` only loopback addresses are called, so that a stand-in never reaches into the network.
    """

    inbound_url: str | None = None
    public_url: str | None = None
    deliver_to: str | None = None

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
    """How status callbacks are posted: not at all, once, or in copies as a retrying vendor would."""

    enabled: bool = True
    copies: int = 1

    def __post_init__(self) -> None:
        within("copies", self.copies, 1, COPIES_MAX)


class Webhooks:
    """Posts and remembers every attempt's outcome in the journal."""

    def __init__(self, journal: Journal, auth_token: str, delivery: Delivery) -> None:
        self._journal = journal
        self._validator = RequestValidator(auth_token)
        self.delivery = delivery
        self.callbacks = Callbacks()

    def sign(self, url: str, form: dict[str, str]) -> str:
        """Twilio's signature (HMAC-SHA1) of a form posted to the public `url`."""
        return str(self._validator.compute_signature(url, form))

    def post(self, kind: Literal["status", "inbound"], provider_id: str, url: str, form: dict[str, str]) -> Posted:
        """Post the signed `form`; the answer, or the reason why there is none, is in what is returned."""
        public = urldefrag(url).url
        answered, failure = None, None
        for _ in range(ATTEMPTS):
            try:
                answered, failure = self._once(public, provider_id, form), None
                break
            except ConnectionRefusedError as error:
                failure = str(error)
            except (OSError, HTTPException, ValueError) as error:
                failure = f"{type(error).__name__}: {error}"
                break
        now = datetime.now(UTC)
        return self._journal.append(Posted(kind, provider_id, public, tuple(form.items()), answered, failure, now))

    def _once(self, url: str, provider_id: str, form: dict[str, str]) -> int:
        event = form.get("SequenceNumber", form.get("MessageStatus", "in"))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": f"{provider_id}-{event}",
            "X-Twilio-Signature": self.sign(url, form),
        }
        return outgoing.send("POST", self.delivery.target(url), urlencode(form).encode(), headers, TIMEOUT).status
