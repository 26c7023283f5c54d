"""SendGrid's event webhook: what becomes of each accepted mail, in signed batches, repeated until they are taken."""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeAlias

from escalation.standins.journal import Accepted, Journal, StatusChange
from escalation.standins.later import Later
from escalation.standins.outcomes import Outcome
from escalation.standins.webhooks import Webhooks

BATCH_MAX = 500
BATCH_AFTER = timedelta(milliseconds=50)
SUPPRESSED_MAX = 10_000

Event: TypeAlias = dict[str, Any]

STAGES: Mapping[str, tuple[str, ...]] = {
    "delivered": ("processed", "delivered"),
    "deferred": ("processed", "deferred", "delivered"),
    "bounced": ("processed", "bounce"),
    "blocked": ("processed", "blocked"),
    "dropped": ("dropped",),
    "processed": ("processed",),  # the receiving server has not answered yet
    "opened": ("processed", "delivered", "open"),
    "clicked": ("processed", "delivered", "open", "click"),
    "spam": ("processed", "delivered", "spamreport"),
    "unsubscribed": ("processed", "delivered", "unsubscribe"),
    "silent": (),
}
FACTS: Mapping[str, Event] = {
    "processed": {},
    "delivered": {"response": "250 OK", "ip": "127.0.0.1"},
    "deferred": {"response": "451 try again later", "attempt": "1"},
    "bounce": {
        "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 the address does not exist",
        "bounce_classification": "Invalid Address",
    },
    "blocked": {
        "event": "bounce", "type": "blocked", "status": "5.7.1", "reason": "550 5.7.1 refused by policy",
        "bounce_classification": "Reputation",
    },
    "dropped": {"reason": "Bounced Address"},
    "open": {"useragent": "a reader", "ip": "127.0.0.1", "sg_machine_open": False},
    "click": {"useragent": "a reader", "ip": "127.0.0.1", "url": "https://example.com/"},
    "spamreport": {},
    "unsubscribe": {},
}  # fmt: skip
SUPPRESSES = {
    "bounce": "Bounced Address",
    "spamreport": "Spam Reporting Address",
    "unsubscribe": "Unsubscribed Address",
}
"""After these the vendor drops every later mail to the address, with this reason, though it still answers 202."""
STATUS = {"bounce": "bounced", **dict.fromkeys(("spamreport", "unsubscribe", "open", "click"), "delivered")}
"""What the logs call a mail after an event, where the two words differ."""


class MailEvents:
    """Walks each mail through its events and posts them in batches to the events URL, when there is one."""

    def __init__(self, journal: Journal, webhooks: Webhooks, later: Later) -> None:
        self._journal = journal
        self._webhooks = webhooks
        self._later = later
        self._lock = threading.Lock()
        self._batch: list[Event] = []
        self._suppressed: dict[str, str] = {}

    def begin(self, mail: Accepted, outcome: Outcome, gap: timedelta) -> None:
        """Start the life of an accepted mail. An address that once bounced or complained only has mails dropped."""
        with self._lock:
            reason = self._suppressed.get(mail.to.lower())
        if reason is not None:
            outcome = Outcome("email", "dropped", reason=reason)
        self._walk(mail, outcome, 0, gap)

    def _walk(self, mail: Accepted, outcome: Outcome, index: int, gap: timedelta) -> None:
        stages = STAGES[outcome.ends]
        if index >= len(stages):
            return

        def step() -> None:
            self._enter(mail, stages[index], outcome, last=index + 1 == len(stages))
            self._walk(mail, outcome, index + 1, gap)

        self._webhooks.in_time(gap, step)

    def _enter(self, mail: Accepted, stage: str, outcome: Outcome, *, last: bool) -> None:
        now = datetime.now(UTC)
        self._journal.append(StatusChange(key_of(mail), STATUS.get(stage, stage), None, now))
        if stage in SUPPRESSES:
            with self._lock:
                if len(self._suppressed) < SUPPRESSED_MAX:
                    self._suppressed[mail.to.lower()] = SUPPRESSES[stage]
        if self._webhooks.delivery.events_url is None:
            return
        event = event_of(mail, stage, now)
        if outcome.reason is not None and "reason" in event:
            event["reason"] = outcome.reason
        said = (mail.dispatch or mail.to, str(mail.part), stage)
        self._webhooks.report(key_of(mail), said, lambda: self._add(event), last=last)

    def _add(self, event: Event) -> None:
        with self._lock:
            self._batch.append(event)
            first = len(self._batch) == 1
        if first:
            self._later.after(BATCH_AFTER, self._flush)

    def _flush(self) -> None:
        with self._lock:
            batch, self._batch = self._batch[:BATCH_MAX], self._batch[BATCH_MAX:]
            more = bool(self._batch)
        if more:
            self._later.after(timedelta(0), self._flush)
        url = self._webhooks.delivery.events_url
        if batch and url:
            # The vendor's own body ends like this, and the signature covers it.
            body = json.dumps(batch).encode() + b"\r\n"
            about = str(batch[0]["sg_message_id"]).split(".")[0]
            self._webhooks.post_signed("events", about, url, body, "application/json", keeps_refused=True)


def key_of(mail: Accepted) -> str:
    """Under which the statuses of one part of a mail are kept."""
    return f"{mail.provider_id}.{mail.part}" if mail.part else mail.provider_id


def logged_id(mail: Accepted) -> str:
    """The id in events and logs: it begins with the `X-Message-Id` that the sender was told."""
    return f"{mail.provider_id}.recvd-standins-1-{mail.part}.0"


def event_of(mail: Accepted, stage: str, at: datetime) -> Event:
    """One event as posted. The custom arguments lie flat among the vendor's own fields, as SendGrid has them."""
    identity = sha256(f"{key_of(mail)}-{stage}".encode()).hexdigest()[:22]
    return {
        **dict(mail.custom_args),
        "email": mail.to,
        "event": stage,
        "sg_event_id": identity,
        "sg_message_id": logged_id(mail),
        "smtp-id": f"<{mail.provider_id}@standins>",
        "timestamp": int(at.timestamp()),
        **FACTS[stage],
    }
