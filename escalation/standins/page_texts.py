"""Text messages on the outbox page: a thread for each pair of numbers, with a box to reply."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from markupsafe import Markup

from escalation.standins.board import Board
from escalation.standins.choice import Choice, when
from escalation.standins.journal import Accepted, Inbound, VendorText

LINES_MAX = 200

Text = Accepted | Inbound | VendorText


def articles(board: Board, choice: Choice) -> Iterable[Markup]:
    """One thread for each pair of numbers, the one with the newest message first, each from its oldest line."""
    sent = [sms for sms in board.outbox("sms") if choice.takes(sms)]
    pairs = {(sms.to, sms.sender) for sms in sent}
    free = not choice.escalation
    lines: list[tuple[str, str, datetime, Text]] = [
        *((sms.to, sms.sender, sms.accepted_at, sms) for sms in sent),
        *((sms.sender, sms.to, sms.received_at, sms) for sms in board.inbound()),
        *((sms.to, sms.sender, sms.sent_at, sms) for sms in board.journal.entries(VendorText)),
    ]
    lines = [line for line in lines if line[:2] in pairs or (free and choice.is_with(line[0]))]
    grouped = groupby(sorted(lines, key=lambda line: line[:3]), key=lambda line: line[:2])
    threads = [(contact, ours, list(thread)[-LINES_MAX:]) for (contact, ours), thread in grouped]
    for contact, ours, thread in sorted(threads, key=lambda one: one[2][-1][2], reverse=True):
        said = Markup().join(_line(board, line[3], line[2]) for line in thread)
        article = Markup('<article id="sms-{0}-{1}"><h3>{0}</h3><ol class="thread">{2}</ol>{3}</article>')
        yield article.format(contact, ours, said, _box(board, contact, ours))


def _line(board: Board, sms: Text, at: datetime) -> Markup:
    side = "ours"
    if isinstance(sms, Inbound):
        side, who = "theirs", "They replied"
    elif isinstance(sms, VendorText):
        side, who = "vendors", "Twilio answered by itself"
    else:
        status = board.journal.status(sms.provider_id)
        code = f", error {status.error_code}" if status and status.error_code else ""
        who = f"We sent ({status.status if status else 'queued'}{code}), dispatch {sms.dispatch or 'none'}"
    line = Markup('<li id="{}" class="{}"><span class="meta">{}, {}</span><pre>{}</pre></li>')
    return line.format(sms.provider_id, side, who, when(at), sms.body or "")


def _box(board: Board, contact: str, ours: str) -> Markup:
    if not board.webhooks.delivery.inbound_url:
        return Markup('<p class="meta">Replies are off: the stand-ins were started without an inbound URL.</p>')
    return Markup(
        '<form method="post" action="/reply"><input type="hidden" name="sender" value="{0}"/>'
        '<input type="hidden" name="to" value="{1}"/><label>Reply as {0} '
        '<input type="text" id="reply-{0}-{1}" name="body" required="" maxlength="1600" autocomplete="off"/></label>'
        "<button>Send</button></form>"
    ).format(contact, ours)
