"""The outbox for people: what would have reached them, and a way to text back."""

from datetime import datetime
from itertools import groupby

from markupsafe import Markup, escape

from escalation.standins.board import Board
from escalation.standins.journal import Accepted, Inbound

ROWS_MAX = 200
"""How many of the newest sends the page shows; `/outbox.json` has them all."""

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

STYLE = Markup("""
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
body { color: #1b1b1b; background: #fff; }
article { border: 1px solid #6b6b6b; border-radius: .5rem; padding: .5rem 1rem; margin: 1rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
iframe { width: 100%; height: 16rem; border: 1px solid #6b6b6b; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }
.meta { color: #4a4a4a; } input, button { font: inherit; padding: .3rem .6rem; }
:focus-visible { outline: 3px solid #0b57d0; } a { color: #0b4bb3; }
""")


def render(board: Board, notice: str | None = None) -> str:
    """The whole page as HTML; all that was received is escaped, and mail HTML is locked in a sandboxed frame."""
    shown = board.outbox()[-ROWS_MAX:]
    mails = [send for send in shown if send.channel == "email"]
    calls = [send for send in shown if send.channel == "voice"]
    said = Markup('<p role="status"><strong>{}</strong></p>').format(notice) if notice else Markup()
    sections = (
        _section("sms", "Text messages", _threads(board, [send for send in shown if send.channel == "sms"])),
        _section("mail", "Mail", [_mail(send) for send in reversed(mails)]),
        _section("calls", "Calls", [_call(board, send) for send in reversed(calls)]),
        _section("tickets", "Tickets", _tickets(board)),
        _section("refused", "Refused requests", _refused(board)),
    )
    return Markup(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>Outbox of the stand-ins</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/><style>{}</style></head><body>'
        "<h1>Outbox</h1><p>What the local SendGrid, Twilio and ticket system took on. Nobody was really told."
        ' <a href="/">Reload</a> · <a href="/outbox.json">JSON</a></p>{}<main>{}</main></body></html>'
    ).format(STYLE, said, Markup().join(sections))


def _section(anchor: str, title: str, articles: list[Markup]) -> Markup:
    body = Markup().join(articles) or Markup("<p>None yet.</p>")
    head = Markup('<section aria-labelledby="{0}"><h2 id="{0}">{1} ({2})</h2>').format(anchor, title, len(articles))
    return head + body + Markup("</section>")


def _mail(send: Accepted) -> Markup:
    rows = {
        "To": ", ".join((send.to, *send.also_to)),
        "From": send.sender,
        "Accepted": _when(send.accepted_at),
        "Dispatch": send.dispatch or "none",
    }
    frame = Markup('<iframe sandbox="" title="HTML part of the mail" srcdoc="{}"></iframe>').format(send.html)
    parts = (_table(rows), Markup("<pre>{}</pre>").format(send.body or ""), frame if send.html else Markup())
    return Markup("<article><h3>{}</h3>{}</article>").format(send.subject or "(no subject)", Markup().join(parts))


def _threads(board: Board, sent: list[Accepted]) -> list[Markup]:
    """One thread for each pair of numbers, oldest message first, with a box to reply."""
    received = board.inbound()[-ROWS_MAX:]
    lines: list[tuple[str, str, datetime, Accepted | Inbound]] = [
        *((sms.to, sms.sender, sms.accepted_at, sms) for sms in sent),
        *((sms.sender, sms.to, sms.received_at, sms) for sms in received),
    ]
    threads: list[Markup] = []
    for (contact, ours), group in groupby(sorted(lines, key=lambda row: row[:3]), key=lambda row: row[:2]):
        texts = Markup().join(_text(board, line[3], line[2]) for line in group)
        article = Markup("<article><h3>{}</h3><ol>{}</ol>{}</article>")
        threads.append(article.format(contact, texts, _reply_box(board, contact, ours)))
    return threads


def _text(board: Board, sms: Accepted | Inbound, at: datetime) -> Markup:
    if isinstance(sms, Inbound):
        who = "They replied"
    else:
        status = board.journal.status(sms.provider_id)
        who = f"We sent ({status.status if status else 'queued'}), dispatch {sms.dispatch or 'none'}"
    return Markup('<li><span class="meta">{}, {}</span><pre>{}</pre></li>').format(who, _when(at), sms.body or "")


def _reply_box(board: Board, contact: str, ours: str) -> Markup:
    if not board.webhooks.delivery.inbound_url:
        return Markup('<p class="meta">Replies are off: the stand-ins were started without an inbound URL.</p>')
    return Markup(
        '<form method="post" action="/reply"><input type="hidden" name="sender" value="{0}"/>'
        '<input type="hidden" name="to" value="{1}"/><label>Reply as {0}: '
        '<input name="body" required="" maxlength="1600"'
        ' autocomplete="off"/></label> <button>Send</button></form>'
    ).format(contact, ours)


def _call(board: Board, send: Accepted) -> Markup:
    status = board.journal.status(send.provider_id)
    rows = {
        "From": send.sender,
        "Status": status.status if status else "queued",
        "Accepted": _when(send.accepted_at),
        "Dispatch": send.dispatch or "none",
        "Script": send.twiml or send.url or "",
    }
    return Markup("<article><h3>Call to {}</h3>{}</article>").format(send.to, _table(rows))


def _tickets(board: Board) -> list[Markup]:
    articles: list[Markup] = []
    for ticket in list(board.tickets().values())[-ROWS_MAX:]:
        notes = Markup().join(Markup("<li><pre>{}</pre></li>").format(note.text) for note in ticket.notes)
        article = Markup("<article><h3>{}</h3><p>Status: {}</p><ol>{}</ol></article>")
        articles.append(article.format(ticket.ticket, ticket.status or "not set", notes))
    return articles


def _refused(board: Board) -> list[Markup]:
    article = Markup("<article><h3>{} to {}</h3><p>{}: {}</p></article>")
    newest = reversed(board.refused()[-ROWS_MAX:])
    return [article.format(one.channel, one.to or "unknown", one.status or "dropped", one.reason) for one in newest]


def _table(rows: dict[str, str]) -> Markup:
    cells = (Markup('<tr><th scope="row">{}</th><td>{}</td></tr>').format(name, text) for name, text in rows.items())
    return Markup("<table>{}</table>").format(Markup().join(cells))


def _when(instant: datetime) -> Markup:
    return escape(instant.strftime("%Y-%m-%d %H:%M:%S UTC"))
