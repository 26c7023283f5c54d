"""People who text us: their SMS is posted signed, and Twilio's own words for stop, start and help are obeyed."""

from datetime import UTC, datetime
from secrets import token_hex

from escalation.standins.faults import within
from escalation.standins.journal import Accepted, Inbound, Journal, Posted, VendorText
from escalation.standins.webhooks import Webhooks

SMS_CHARS_MAX = 1_600

STOP_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
"""Twilio's default words (docs: messaging, advanced opt-out). The whole message must be the word."""

ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


class Texting:
    """The handsets of all people."""

    def __init__(self, journal: Journal, webhooks: Webhooks, account_sid: str) -> None:
        self._journal = journal
        self._webhooks = webhooks
        self._account_sid = account_sid

    def reply(self, sender: str, body: str, to: str | None = None) -> Posted:
        """Post a signed inbound SMS; see `Board.reply_sms`."""
        url = self._webhooks.delivery.inbound_url
        if not url:
            raise ValueError("no inbound URL is set; start the stand-ins with one or call deliver(inbound_url=...)")
        within("the length of the body", len(body), 0, SMS_CHARS_MAX)
        to = to or self._last_sender(sender)
        if to is None:
            raise ValueError(f"{sender!r} never got an SMS from us, so say which of our numbers it texts (to)")
        sid = f"SM{token_hex(16)}"
        kind, barred = opt_out_type(body), self.opted_out(sender, to)
        self._journal.append(Inbound(sid, sender, to, body, datetime.now(UTC)))
        if kind and not (kind == "STOP" and barred):
            self._journal.append(VendorText(f"SM{token_hex(16)}", to, sender, ANSWERS[kind], datetime.now(UTC)))
        form = {
            "AccountSid": self._account_sid,
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
        if to.startswith("MG"):
            form["MessagingServiceSid"] = to
        if kind:
            form["OptOutType"] = kind
        return self._webhooks.post("inbound", sid, url, form)

    def opted_out(self, contact: str, ours: str) -> bool:
        """Whether the contact's last stop or start word to our number was a stop word."""
        kinds = (
            opt_out_type(sms.body)
            for sms in reversed(self._journal.entries(Inbound))
            if (sms.sender, sms.to) == (contact, ours)
        )
        return next((kind == "STOP" for kind in kinds if kind in {"STOP", "START"}), False)

    def _last_sender(self, contact: str) -> str | None:
        sent = (send for send in reversed(self._journal.entries(Accepted)) if send.channel == "sms")
        return next((sms.sender for sms in sent if sms.to == contact), None)


def opt_out_type(body: str) -> str | None:
    """What Twilio calls the word: STOP, START or HELP; None for every other message."""
    word = body.strip().upper()
    for kind, words in (("STOP", STOP_WORDS), ("START", START_WORDS), ("HELP", HELP_WORDS)):
        if word in words:
            return kind
    return None
