"""People who answer a mail: it is parsed and posted as SendGrid's Inbound Parse does, signed like its events."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from secrets import token_hex

from escalation.standins.faults import within
from escalation.standins.journal import Accepted, InboundMail, Journal, Posted
from escalation.standins.webhooks import Webhooks

MAIL_CHARS_MAX = 100_000
LINE_CHARS_MAX = 998
"""Of a subject or an address: the longest line of a mail (RFC 5322)."""

CHARSETS = dict.fromkeys(("to", "from", "subject", "text", "html", "filename"), "UTF-8")


class Letters:
    """The mailboxes of all people."""

    def __init__(self, journal: Journal, webhooks: Webhooks) -> None:
        self._journal = journal
        self._webhooks = webhooks

    def reply(
        self,
        mail: str,
        text: str,
        *,
        sender: str | None = None,
        to: str | None = None,
        automatic: bool = False,
        html: bool = False,
    ) -> Posted:
        """Let the person who got `mail` (its id) answer it; see `Board.reply_mail`."""
        url = self._webhooks.delivery.parse_url
        if not url:
            raise ValueError("no parse URL is set; start the stand-ins with one or call deliver(parse_url=...)")
        answered = self._journal.send(mail)
        if answered is None or answered.channel != "email":
            raise ValueError(f"no mail {mail!r} was accepted; name one by the id it was answered with")
        within("the length of the text", len(text), 0, MAIL_CHARS_MAX)
        reply = InboundMail(
            provider_id=token_hex(12),
            answers=mail,
            sender=_line("sender", sender or answered.to),
            to=_line("to", to or answered.reply_to or answered.sender),
            subject=_line("subject", f"Re: {answered.subject or ''}".strip()),
            text=text,
            received_at=datetime.now(UTC),
        )
        self._journal.append(reply)
        boundary = f"xYz{token_hex(8)}"
        body = multipart(parsed(reply, answered, automatic=automatic, html=html), boundary)
        kind = f"multipart/form-data; boundary={boundary}"
        return self._webhooks.post_signed("parse", reply.provider_id, url, body, kind, keeps_refused=False)


def parsed(reply: InboundMail, answered: Accepted, *, automatic: bool, html: bool) -> dict[str, str]:
    """The fields that SendGrid posts for a mail (docs: Inbound Parse, default parameters)."""
    domain = reply.sender.rpartition("@")[2] or "example.com"
    message = EmailMessage()
    for name, value in _headers(reply, answered, automatic=automatic).items():
        message[name] = value
    return {
        "headers": "".join(f"{name}: {value}\n" for name, value in message.items()),
        "dkim": f"{{@{domain} : pass}}",
        "to": reply.to,
        "from": reply.sender,
        "subject": reply.subject,
        **_written(reply, answered, html=html),
        "sender_ip": "127.0.0.1",
        "envelope": json.dumps({"to": [reply.to], "from": reply.sender}),
        "charsets": json.dumps(CHARSETS),
        "SPF": "pass",
        "spam_score": "0.1",
        "attachments": "0",
    }


def _written(reply: InboundMail, answered: Accepted, *, html: bool) -> Mapping[str, str]:
    """What the person typed above what they answer. A mail that has only an HTML part is posted without a text."""
    wrote, before = f"On {answered.accepted_at:%d %b %Y}, {answered.sender} wrote:", answered.body or ""
    if html:
        quoted = f"<blockquote><pre>{escape(before)}</pre></blockquote>"
        return {"html": f"<html><body><div>{escape(reply.text)}</div><div>{escape(wrote)}</div>{quoted}</body></html>"}
    quoted = "".join(f"> {line}\n" for line in before.splitlines())
    return {"text": f"{reply.text}\n\n{wrote}\n{quoted}"}


def _headers(reply: InboundMail, answered: Accepted, *, automatic: bool) -> Mapping[str, str]:
    known = {name.lower(): value for name, value in answered.headers}
    ours = f"<{answered.provider_id}@standins>"
    thread = " ".join(filter(None, (known.get("references"), ours)))
    machine = {"Auto-Submitted": "auto-replied", "Precedence": "bulk"} if automatic else {}
    return {
        "From": reply.sender,
        "To": reply.to,
        "Subject": reply.subject,
        "Date": format_datetime(reply.received_at),
        "Message-ID": f"<{reply.provider_id}@{reply.sender.rpartition('@')[2]}>",
        "In-Reply-To": ours,
        "References": thread,
        "MIME-Version": "1.0",
        **machine,
    }


def multipart(fields: Mapping[str, str], boundary: str) -> bytes:
    """`fields` as multipart/form-data."""
    head = f"--{boundary}\r\nContent-Disposition: form-data; name="
    parts = (f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


def _line(name: str, value: str) -> str:
    within(f"the length of the {name}", len(value), 0, LINE_CHARS_MAX)
    if any(sign < " " or sign == "\x7f" for sign in value):
        raise ValueError(f"the {name} holds a line break or a control character; write it on one line")
    return value
