"""What becomes of an accepted send: an SMS goes through its statuses, each with its callback; calls and mail too."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from escalation.standins.calls import Calls
from escalation.standins.faults import within
from escalation.standins.journal import Accepted, Journal, StatusChange
from escalation.standins.later import Later
from escalation.standins.mail_events import MailEvents
from escalation.standins.outcomes import EXPIRED, Outcome, Outcomes
from escalation.standins.webhooks import Webhooks

SMS_STAGES: Mapping[str, tuple[str, ...]] = {
    "delivered": ("sent", "delivered"),
    "undelivered": ("sent", "undelivered"),
    "failed": ("failed",),
    "expired": ("failed",),  # its validity period was over before a carrier took it
    "sent": ("sent",),  # some carriers never send a receipt
    "silent": (),  # stays queued, nobody is told
}
GAP = timedelta(milliseconds=50)
GAP_MAX = timedelta(minutes=5)


class Lifecycle:
    """Walks each send through its stages, `gap` apart: mails and calls have lives of their own."""

    def __init__(
        self, journal: Journal, webhooks: Webhooks, later: Later, account_sid: str, stopping: threading.Event
    ) -> None:
        self._journal = journal
        self._webhooks = webhooks
        self._account_sid = account_sid
        self._gap = GAP
        self.outcomes = Outcomes()
        self.calls = Calls(journal, webhooks, account_sid, lambda: stopping.wait(self._gap.total_seconds()))
        self.mail = MailEvents(journal, webhooks, later)

    def space_out(self, gap: timedelta) -> None:
        """Set the time between two statuses of a send, up to `GAP_MAX`."""
        within("gap", gap, timedelta(0), GAP_MAX)
        self._gap = gap

    def begin(self, send: Accepted) -> None:
        """Start the life of an accepted send; how it ends is settled now."""
        match send.channel:
            case "sms":
                self._walk(send, self.outcomes.of("sms", send.to), 0)
            case "voice":
                self.calls.begin(send, self.outcomes.of("voice", send.to))
            case "email":
                self.mail.begin(send, self.outcomes.of("email", send.to), self._gap)
            case _:
                pass  # a ticket is written, and that is all

    def close(self) -> None:
        """Hang up, and begin nothing more."""
        self.calls.close()

    def _walk(self, send: Accepted, outcome: Outcome, index: int) -> None:
        stages = SMS_STAGES[outcome.ends]
        if index >= len(stages):
            return

        def step() -> None:
            self._enter(send, stages[index], outcome, last=index + 1 == len(stages))
            self._walk(send, outcome, index + 1)

        self._webhooks.in_time(self._gap, step)

    def _enter(self, send: Accepted, status: str, outcome: Outcome, *, last: bool) -> None:
        code = EXPIRED if outcome.ends == "expired" else outcome.error_code
        code_now = code if status in {"undelivered", "failed"} else None
        self._journal.append(StatusChange(send.provider_id, status, code_now, datetime.now(UTC)))
        if not send.callback:
            return
        url, sid, form = send.callback, send.provider_id, self._form(send, status, code_now)
        said = (send.dispatch or send.to, status)
        self._webhooks.report(sid, said, lambda: self._webhooks.post("status", sid, url, form), last=last)

    def _form(self, send: Accepted, status: str, code: int | None) -> dict[str, str]:
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
