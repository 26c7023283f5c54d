"""What the reader of the outbox page chose to see."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from escalation.standins.board import Board
from escalation.standins.journal import Accepted

WORD_CHARS_MAX = 320
_TITLED = re.compile(r"\[([A-Za-z0-9][A-Za-z0-9._-]{2,63})\]")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Choice:
    """Empty words choose everything."""

    escalation: str = ""
    contact: str = ""
    channel: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Choice":
        """From the query of the page's address; what is too long is cut."""
        return cls(*(query.get(name, "").strip()[:WORD_CHARS_MAX] for name in ("escalation", "contact", "channel")))

    def mentions(self, *texts: str | None) -> bool:
        """Whether any of the texts names the escalation. In speech it may be spelt, so letters and digits decide."""
        wanted = _bare(self.escalation)
        return not wanted or any(wanted in _bare(_TAG.sub(" ", text)) for text in texts if text)

    def is_with(self, *addresses: str) -> bool:
        """Whether one of the addresses is the contact's."""
        return not self.contact or self.contact.lower() in {address.lower() for address in addresses}

    def takes(self, send: Accepted) -> bool:
        """Whether a send is about the escalation and to the contact."""
        return self.is_with(send.to, *send.also_to) and self.mentions(send.subject, send.body, send.twiml)

    def offered(self, board: Board) -> tuple[list[str], list[str]]:
        """Escalations (from the subjects of mails) and contacts that can be chosen, in order."""
        sends = board.outbox()
        named = {match[1] for send in sends if (match := _TITLED.search(send.subject or ""))}
        return sorted(named), sorted({send.to for send in sends})


def when(instant: datetime) -> Markup:
    """An instant that the page's script also tells in the reader's zone."""
    utc = instant.astimezone(UTC)
    shown = utc.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup('<time datetime="{}">{}</time>').format(utc.isoformat(timespec="seconds"), shown)


def table(rows: Mapping[str, str | Markup]) -> Markup:
    """Facts under their names."""
    cells = (Markup('<tr><th scope="row">{}</th><td>{}</td></tr>').format(name, text) for name, text in rows.items())
    return Markup("<table>{}</table>").format(Markup().join(cells))


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
