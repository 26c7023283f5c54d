"""The outbox for people: what would have reached them, and their side of it: replies, answered mail, a telephone.

It needs nothing from outside of this machine and works without its script, by reloading. All that was received is
escaped; a mail's HTML is only ever shown by an address of its own, whose policy and frame allow it nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources

from markupsafe import Markup

from escalation.standins import page_calls, page_chat, page_mail, page_texts
from escalation.standins.board import Board
from escalation.standins.choice import Choice
from escalation.standins.outcomes import Outcome

ROWS_MAX = 200
"""How many of the newest entries of a kind the page shows; `/outbox.json` has them all."""

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
"""For the HTML of a mail: no script, no form, no request, and an origin of its own, wherever it is opened."""

ASSETS = {"outbox.css": "text/css; charset=utf-8", "outbox.js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page: `channel` is the word that the filter knows it by."""

    channel: str
    title: str
    articles: Callable[[Board, Choice], Iterable[Markup]]


def asset(name: str) -> bytes:
    """The style or the script of the page."""
    return resources.files("escalation.standins.assets").joinpath(name).read_bytes()


def render(board: Board, choice: Choice, notice: str | None = None) -> str:
    """The whole page as HTML that is well-formed XML besides."""
    chosen = [section for section in SECTIONS if choice.channel in {"", section.channel}]
    parts = [(section, list(section.articles(board, choice))[:ROWS_MAX]) for section in chosen]
    ringing = len(page_calls.ringing(board))
    title = f"({ringing} ringing) Outbox of the stand-ins" if ringing else "Outbox of the stand-ins"
    link = Markup('<li><a href="#{0}">{1} ({2})</a></li>')
    links = (link.format(section.channel, section.title, len(shown)) for section, shown in parts)
    return Markup(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        '<link rel="stylesheet" href="/assets/outbox.css"/><link rel="icon" href="data:,"/>'
        '<script defer="" src="/assets/outbox.js"></script></head><body>'
        '<a class="skip" href="#main">Skip to the messages</a>'
        "<header><h1>Outbox</h1><p>What the local SendGrid, Twilio and ticket system took on. Nobody was really told. "
        '<a href="/">All</a> · <a href="/outbox.json">JSON</a> · <span id="fresh">Reload to refresh.</span></p>'
        '{choosing}</header><p id="notice" role="status">{notice}</p><main id="main">'
        '<nav aria-label="Kinds of messages"><ul>{links}</ul></nav>{parts}{settings}</main></body></html>'
    ).format(
        title=title,
        choosing=_choosing(board, choice),
        notice=notice or "",
        links=Markup().join(links),
        parts=Markup().join(_section(section, articles) for section, articles in parts),
        settings=_settings(board),
    )


def _section(section: Section, articles: list[Markup]) -> Markup:
    body = Markup().join(articles) or Markup("<p>None yet.</p>")
    head = Markup('<section id="{0}" aria-labelledby="{0}-title"><h2 id="{0}-title">{1} ({2})</h2>')
    return head.format(section.channel, section.title, len(articles)) + body + Markup("</section>")


def _choosing(board: Board, choice: Choice) -> Markup:
    escalations, contacts = choice.offered(board)
    options = Markup().join(
        Markup('<option value="{}"{}>{}</option>').format(
            value, Markup(' selected=""') if value == choice.channel else "", title
        )
        for value, title in (("", "everything"), *((section.channel, section.title) for section in SECTIONS))
    )
    return Markup(
        '<form method="get" action="/" role="search" aria-label="What is shown">'
        '<label>Escalation <input type="text" name="escalation" list="escalations" value="{}" maxlength="100"/></label>'
        '<datalist id="escalations">{}</datalist>'
        '<label>Contact <input type="text" name="contact" list="contacts" value="{}" maxlength="320"/></label>'
        '<datalist id="contacts">{}</datalist>'
        '<label>Show <select name="channel">{}</select></label><button>Choose</button></form>'
    ).format(choice.escalation, _offers(escalations), choice.contact, _offers(contacts), options)


def _offers(words: Iterable[str]) -> Markup:
    return Markup().join(Markup('<option value="{}"></option>').format(word) for word in words)


def _settings(board: Board) -> Markup:
    weather, callbacks = board.webhooks.callbacks.weather, board.webhooks.callbacks
    rings = board.outcome("voice") == Outcome("voice", "rings")
    waiting = ", ".join(f"{fault.times} x {fault.kind} on {fault.channel}" for fault in board.faults()) or "none"
    state = (
        f"Callbacks {'on' if callbacks.enabled else 'off'}, {callbacks.copies} each; seed {weather.seed}: "
        f"{weather.loss:.0%} lost, {weather.duplicate:.0%} doubled, {weather.reorder:.0%} out of order, up to "
        f"{weather.delay.total_seconds():.0f} s late. Faults that wait: {waiting}."
    )
    return Markup(
        '<section id="settings" aria-labelledby="settings-title"><h2 id="settings-title">Settings</h2><p>{}</p>'
        '<form method="post" action="/phones"><p>{}</p><button name="phones" value="{}">{}</button></form></section>'
    ).format(
        state,
        "Calls ring here until somebody picks up." if rings else "Calls ring and nobody picks up.",
        "away" if rings else "ring",
        "Nobody picks up" if rings else "Let calls ring here",
    )


def _tickets(board: Board, choice: Choice) -> Iterable[Markup]:
    for ticket in reversed(board.tickets().values()):
        if choice.contact or not choice.mentions(ticket.ticket, *(note.text for note in ticket.notes)):
            continue
        notes = Markup().join(Markup("<li><pre>{}</pre></li>").format(note.text) for note in ticket.notes)
        article = Markup('<article id="ticket-{0}"><h3>{0}</h3><p>Status: {1}</p><ol>{2}</ol></article>')
        yield article.format(ticket.ticket, ticket.status or "not set", notes)


def _refused(board: Board, choice: Choice) -> Iterable[Markup]:
    for one in reversed(board.refused()):
        if not choice.escalation and choice.is_with(one.to or ""):
            article = Markup("<article><h3>{} to {}</h3><p>{}: {}</p></article>")
            yield article.format(one.channel, one.to or "unknown", one.status or "dropped", one.reason)


# Another channel of messages is one more row here, with a module that renders its articles.
SECTIONS = (
    Section("voice", "Calls", page_calls.articles),
    Section("sms", "Text messages", page_texts.articles),
    Section("email", "Mail", page_mail.articles),
    Section("chat", "Chat", page_chat.articles),
    Section("ticket", "Tickets", _tickets),
    Section("refused", "Refused requests", _refused),
)
