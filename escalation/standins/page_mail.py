"""Mail on the outbox page: a thread for each escalation, each mail with its text, locked-up HTML and headers."""

import json
import re
from collections.abc import Iterable
from hashlib import sha256

from markupsafe import Markup

from escalation.standins.board import Board
from escalation.standins.choice import Choice, table, when
from escalation.standins.journal import Accepted, InboundMail
from escalation.standins.mail_events import key_of

THREAD_MAX = 100
LINKS_MAX = 20
_LINK = re.compile(r"https?://[^\s<>\"']{1,2000}")


def articles(board: Board, choice: Choice) -> Iterable[Markup]:
    """One thread for each escalation, the one with the newest mail first, each from its oldest mail."""
    threads: dict[str, list[Accepted]] = {}
    for mail in board.outbox("email"):
        if choice.takes(mail):
            threads.setdefault(thread_of(mail), []).append(mail)
    replies: dict[str, list[InboundMail]] = {}
    for reply in board.inbound_mail():
        replies.setdefault(reply.answers or "", []).append(reply)
    newest_first = sorted(threads.values(), key=lambda mails: mails[-1].accepted_at, reverse=True)
    for mails in newest_first:
        parts = (_mail(board, mail, replies.get(mail.provider_id, [])) for mail in mails[-THREAD_MAX:])
        article = Markup('<article id="thread-{}"><h3>{}</h3>{}</article>')
        digest = sha256(thread_of(mails[0]).encode()).hexdigest()[:16]
        yield article.format(digest, mails[0].subject or "(no subject)", Markup().join(parts))


def thread_of(mail: Accepted) -> str:
    """What joins mails for a reader's mail program: the root that they all refer to, else their subject."""
    known = {name.lower(): value for name, value in mail.headers}
    roots = (known.get("references") or known.get("in-reply-to") or "").split()
    return roots[0] if roots else mail.subject or "(no subject)"


def _mail(board: Board, mail: Accepted, replies: list[InboundMail]) -> Markup:
    key = key_of(mail)
    status = board.journal.status(key)
    facts = {
        "To": ", ".join((mail.to, *mail.also_to)),
        "From": mail.sender,
        "Accepted": when(mail.accepted_at),
        "Status": status.status if status else "accepted",
        "Dispatch": mail.dispatch or "none",
    }
    frame = Markup('<iframe sandbox="" loading="lazy" title="HTML part of the mail to {}" src="/mail/{}"></iframe>')
    return Markup(
        '<section id="mail-{key}" aria-label="Mail to {to}">{facts}<pre>{text}</pre>{links}{frame}'
        '<details id="head-{key}"><summary>Headers as sent</summary><pre>{head}</pre></details>{replies}{box}</section>'
    ).format(
        key=key,
        to=mail.to,
        facts=table(facts),
        text=mail.body or "",
        links=_links(mail),
        frame=frame.format(mail.to, key) if mail.html else "",
        head=raw_headers(mail),
        replies=Markup().join(_reply(reply) for reply in replies),
        box=_box(board, mail),
    )


def raw_headers(mail: Accepted) -> str:
    """The headers that were asked for, one a line; control characters are shown, never obeyed."""
    rows = [
        ("From", mail.sender),
        ("To", ", ".join((mail.to, *mail.also_to))),
        ("Subject", mail.subject or ""),
        *((("Reply-To", mail.reply_to),) if mail.reply_to else ()),
        *mail.headers,
        ("custom_args", json.dumps(dict(mail.custom_args))),
    ]
    return "\n".join(f"{name}: {str(value).encode('unicode_escape').decode()}" for name, value in rows)


def _links(mail: Accepted) -> Markup:
    """The addresses in the text, to be followed on purpose; the frame itself leads nowhere."""
    found = list(dict.fromkeys(_LINK.findall(mail.body or "")))[:LINKS_MAX]
    if not found:
        return Markup()
    link = Markup('<li><a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a></li>')
    return Markup("<p>Links in it:</p><ul>{}</ul>").format(Markup().join(link.format(one) for one in found))


def _reply(reply: InboundMail) -> Markup:
    return Markup('<div id="re-{}"><p class="meta">{} answered to {}, {}</p><pre>{}</pre></div>').format(
        reply.provider_id, reply.sender, reply.to, when(reply.received_at), reply.text
    )


def _box(board: Board, mail: Accepted) -> Markup:
    if mail.part or not board.webhooks.delivery.parse_url:
        return Markup()
    return Markup(
        '<form method="post" action="/letter"><input type="hidden" name="mail" value="{0}"/>'
        '<label>Answer as {1} <textarea id="letter-{0}" name="text" required="" maxlength="20000" rows="2"></textarea>'
        '</label><label class="tick"><input type="checkbox" name="automatic" value="yes" id="auto-{0}"/> '
        "out of office</label><button>Send</button></form>"
    ).format(mail.provider_id, mail.to)
