"""The ticket system: a status and notes for each ticket, every write applied once for each key."""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from escalation.standins.journal import TicketWrite

KEY_CHARS_MAX = 200
STATUS_CHARS_MAX = 100
NOTE_CHARS_MAX = 32_768
TICKET_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Note:
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as its system shows it; `status` is None while only notes were written."""

    ticket: str
    status: str | None
    notes: tuple[Note, ...]


class KeyReusedError(ValueError):
    """The key was already used for another write to the same ticket."""


def fold(writes: Iterable[TicketWrite]) -> dict[str, Ticket]:
    """The tickets that a sequence of writes leaves behind."""
    tickets: dict[str, Ticket] = {}
    for write in writes:
        tickets[write.ticket] = written(tickets.get(write.ticket), write)
    return tickets


def written(ticket: Ticket | None, write: TicketWrite) -> Ticket:
    """The ticket (None when there was none) after a write."""
    ticket = ticket or Ticket(write.ticket, None, ())
    if write.note is not None:
        ticket = replace(ticket, notes=(*ticket.notes, Note(write.key, write.note)))
    return replace(ticket, status=write.status or ticket.status)


def parse(ticket: str, raw: bytes, field: str, chars_max: int) -> TicketWrite:
    """The write that a body of exactly `field` and `key` asks for; raises `ValueError` naming what is wrong."""
    body = json.loads(raw)
    if not isinstance(body, dict) or body.keys() != {field, "key"}:
        raise ValueError(f"the body must be a JSON object with exactly {field!r} and 'key'")
    for name, limit in ((field, chars_max), ("key", KEY_CHARS_MAX)):
        if not isinstance(body[name], str) or not 1 <= len(body[name]) <= limit:
            raise ValueError(f"{name!r} must be a string of 1 to {limit} characters")
    status, note = (body[field], None) if field == "status" else (None, body[field])
    return TicketWrite(ticket, body["key"], status, note, datetime.now(UTC))


class Shelf:
    """The tickets and the keys used on them; callers hold `lock` around `is_new` and `put`."""

    def __init__(self, writes: Iterable[TicketWrite]) -> None:
        self.lock = threading.Lock()
        self.tickets: dict[str, Ticket] = {}
        self._seen: dict[tuple[str, str], TicketWrite] = {}
        for write in writes:
            self.put(write)

    def is_new(self, write: TicketWrite) -> bool:
        """Whether nothing was written under this key; raises `KeyReusedError` when something else was."""
        before = self._seen.get((write.ticket, write.key))
        if before is None:
            return True
        if (before.status, before.note) != (write.status, write.note):
            raise KeyReusedError(f"the key {write.key!r} was already used for another write to {write.ticket!r}")
        return False

    def put(self, write: TicketWrite) -> None:
        self._seen[write.ticket, write.key] = write
        self.tickets[write.ticket] = written(self.tickets.get(write.ticket), write)
