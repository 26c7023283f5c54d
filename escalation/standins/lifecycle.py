"""What becomes of an accepted SMS or call: its statuses, one after another, each with its callback."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal

from escalation.standins.faults import one_of, within
from escalation.standins.journal import Accepted, Journal, StatusChange
from escalation.standins.later import Later
from escalation.standins.webhooks import Webhooks

SMS_STAGES: Mapping[str, tuple[str, ...]] = {
    "delivered": ("sent", "delivered"),
    "undelivered": ("sent", "undelivered"),
    "failed": ("failed",),
    "sent": ("sent",),  # some carriers never send a receipt
    "silent": (),  # stays queued, nobody is told
}
VOICE_STAGES: Mapping[str, tuple[str, ...]] = {
    "no-answer": ("initiated", "ringing", "no-answer"),
    "completed": ("initiated", "ringing", "in-progress", "completed"),
    "busy": ("initiated", "ringing", "busy"),
    "failed": ("initiated", "failed"),
    "silent": (),
}
DEFAULTS = {"sms": "delivered", "voice": "no-answer"}
"""A text arrives; a phone that nobody holds is not picked up."""

VOICE_EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
"""The `StatusCallbackEvent` that asks for a status; every way a call ends is asked for as `completed`."""

UNREACHABLE = 30003
GAP = timedelta(milliseconds=50)
GAP_MAX = timedelta(minutes=5)
RULES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How sends on a channel (to `to`, or to anybody) end from now on; the newest rule that matches wins."""

    channel: Literal["sms", "voice"]
    ends: str
    to: str | None = None
    error_code: int = UNREACHABLE

    def __post_init__(self) -> None:
        one_of("channel", self.channel, ("sms", "voice"))
        one_of("ends", self.ends, tuple(SMS_STAGES if self.channel == "sms" else VOICE_STAGES))


class Lifecycle:
    """Walks each send through its stages, `gap` apart, on the threads of `later`."""

    def __init__(self, journal: Journal, webhooks: Webhooks, later: Later, account_sid: str) -> None:
        self._journal = journal
        self._webhooks = webhooks
        self._later = later
        self._account_sid = account_sid
        self._outcomes: tuple[Outcome, ...] = ()
        self._gap = GAP

    def expect(self, outcome: Outcome) -> None:
        if len(self._outcomes) >= RULES_MAX:
            raise ValueError(f"{RULES_MAX} outcomes are already set; start a fresh stand-in")
        self._outcomes = (outcome, *self._outcomes)

    def space_out(self, gap: timedelta) -> None:
        """Set the time between two statuses of a send, up to `GAP_MAX`."""
        within("gap", gap, timedelta(0), GAP_MAX)
        self._gap = gap

    def begin(self, send: Accepted) -> None:
        """Start the life of an accepted SMS or call; how it ends is settled now."""
        default = Outcome("sms" if send.channel == "sms" else "voice", DEFAULTS[send.channel])
        rules = (rule for rule in self._outcomes if rule.channel == send.channel and rule.to in {None, send.to})
        self._walk(send, next(rules, default), 0)

    def _walk(self, send: Accepted, outcome: Outcome, index: int) -> None:
        stages = (SMS_STAGES if send.channel == "sms" else VOICE_STAGES)[outcome.ends]
        if index >= len(stages):
            return

        def step() -> None:
            self._enter(send, stages[index], outcome, index)
            self._walk(send, outcome, index + 1)

        self._later.after(self._gap, step)

    def _enter(self, send: Accepted, stage: str, outcome: Outcome, index: int) -> None:
        code = outcome.error_code if stage in {"undelivered", "failed"} and send.channel == "sms" else None
        now = datetime.now(UTC)
        if stage != "initiated":  # a call that is being dialled still shows as queued
            self._journal.append(StatusChange(send.provider_id, stage, code, now))
        wanted = send.channel == "sms" or VOICE_EVENTS.get(stage, "completed") in (
            send.callback_events or ("completed",)
        )
        callbacks = self._webhooks.callbacks
        if not (send.callback and callbacks.enabled and wanted):
            return
        form = self._sms_form(send, stage, code) if send.channel == "sms" else self._call_form(send, stage, index, now)
        for _ in range(callbacks.copies):
            self._webhooks.post("status", send.provider_id, send.callback, form)

    def _sms_form(self, send: Accepted, status: str, code: int | None) -> dict[str, str]:
        form = {
            "AccountSid": self._account_sid,
            "ApiVersion": "2010-04-01",
            "From": send.sender,
            "MessageSid": send.provider_id,
            "MessageStatus": status,
            "SmsSid": send.provider_id,
            "SmsStatus": status,
            "To": send.to,
        }
        return form if code is None else {**form, "ErrorCode": str(code)}

    def _call_form(self, send: Accepted, status: str, index: int, now: datetime) -> dict[str, str]:
        form = {
            "AccountSid": self._account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": send.provider_id,
            "CallStatus": status,
            "CallbackSource": "call-progress-events",
            "Called": send.to,
            "Caller": send.sender,
            "Direction": "outbound-api",
            "From": send.sender,
            "SequenceNumber": str(index),
            "Timestamp": format_datetime(now),
            "To": send.to,
        }
        return {**form, "CallDuration": "1", "Duration": "1"} if status == "completed" else form
