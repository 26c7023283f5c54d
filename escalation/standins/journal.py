"""What the stand-ins have seen: an append-only record that survives `kill -9`, and the rows it is made of."""

import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Literal, TypeAlias, TypeVar, get_args

Channel = Literal["email", "sms", "voice", "ticket", "chat"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
PostedKind = Literal["status", "inbound", "events", "parse", "script", "machine", "actions", "chat_events"]
ChatActKind = Literal["channel", "invite", "topic", "update", "aside", "pin", "reaction", "delete"]
LineKind = Literal["said", "played", "paused", "asked", "pressed", "unheard", "silence", "fetched", "failed", "ended"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """One send that the vendor took on: from here on a person may get it, whatever the sender was told.

    `dispatch` is the sender's own id: `custom_args.esc_dispatch` of the mail, or `?d=` of the callback URL.
    `escalation_at` is the `X-Escalation-At` header as sent; `also_to` holds further recipients of the same mail.
    """

    channel: Channel
    provider_id: str
    to: str
    sender: str
    accepted_at: datetime
    subject: str | None = None
    body: str | None = None
    html: str | None = None
    twiml: str | None = None
    url: str | None = None
    dispatch: str | None = None
    escalation_at: str | None = None
    callback: str | None = None
    callback_events: tuple[str, ...] = ()
    also_to: tuple[str, ...] = ()
    custom_args: tuple[tuple[str, str], ...] = ()
    part: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    reply_to: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    """How a call is to be made: its `Timeout`, `MachineDetection` and the like, as they were sent."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that was not taken on, and why; `status` is None when the connection was dropped instead."""

    channel: Channel
    path: str
    to: str | None
    status: int | None
    reason: str
    refused_at: datetime


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A step in the life of an accepted send, as a fetch of it shows; a mail's later parts have ids of their own."""

    provider_id: str
    status: str
    error_code: int | None
    changed_at: datetime
    answered_by: str | None = None
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Posted:
    """A signed webhook that was posted: `answered` is the HTTP status, or None and `failure` says why not.

    `body` is what was posted where that is no form: a batch of events, or a mail that was replied.
    """

    kind: PostedKind
    provider_id: str
    url: str
    form: tuple[tuple[str, str], ...]
    answered: int | None
    failure: str | None
    posted_at: datetime
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """An SMS that a person sent to us."""

    provider_id: str
    sender: str
    to: str
    body: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class InboundMail:
    """A mail that a person sent to us; `answers` is the id of the mail that it replies to."""

    provider_id: str
    answers: str | None
    sender: str
    to: str
    subject: str
    text: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class VendorText:
    """An SMS that the vendor itself answered a stop, start or help word with."""

    provider_id: str
    sender: str
    to: str
    body: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class ChatAct:
    """What was done in the chat beside posting; `text` is the name, topic, users, words or emoji."""

    kind: ChatActKind
    conversation: str
    ts: str | None
    user: str
    text: str
    at: datetime
    blocks: str | None = None


@dataclass(frozen=True, slots=True)
class CallLine:
    """What happened in a call that was picked up, in its order."""

    provider_id: str
    kind: LineKind
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketWrite:
    """One write to a ticket, applied once for each key: a status or a note."""

    ticket: str
    key: str
    status: str | None
    note: str | None
    written_at: datetime


Entry: TypeAlias = (
    Accepted | Refused | StatusChange | Posted | Inbound | InboundMail | VendorText | CallLine | ChatAct | TicketWrite
)
E = TypeVar("E", bound=Entry)
_KINDS: dict[str, type[Entry]] = {kind.__name__: kind for kind in get_args(Entry)}


SCHEMA = "CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)"


def encode(entry: Entry) -> dict[str, object]:
    """`entry` as JSON types; instants are ISO 8601 with their offset."""
    row = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(entry).items()}
    return {"entry": type(entry).__name__, **row}


def decode(row: dict[str, object]) -> Entry:
    """The inverse of `encode`; raises `KeyError` for an entry that this version does not know.

    A field that an older version did not write yet has its default.
    """
    kind = _KINDS[str(row["entry"])]
    values: dict[str, object] = {}
    for field in fields(kind):
        if field.name not in row and field.default is not MISSING:
            continue
        value = row[field.name]
        if field.type is datetime:
            value = datetime.fromisoformat(str(value))
        elif isinstance(value, list):
            value = tuple(tuple(item) if isinstance(item, list) else item for item in value)
        values[field.name] = value
    return kind(**values)  # type: ignore[arg-type]  # each value was written by `encode` of the same class


@dataclass(slots=True)
class _Line:
    """An entry on its way to the disk."""

    entry: Entry
    body: str
    settled: bool = False
    error: sqlite3.Error | None = None


class Journal:
    """Appends are on disk (SQLite, WAL, `synchronous=FULL`) before `append` returns; without a path, in memory.

    Safe to use from many threads of one process. Another process may read the file at any time with `read`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._waiting: list[_Line] = []
        self._store = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._store.execute("PRAGMA journal_mode=WAL")
        self._store.execute("PRAGMA synchronous=FULL")
        self._store.execute(SCHEMA)
        self._entries: dict[type[object], list[Entry]] = {kind: [] for kind in _KINDS.values()}
        self._appended = 0
        self._status: dict[str, list[StatusChange]] = {}
        self._sends: dict[str, Accepted] = {}
        for (body,) in self._store.execute("SELECT body FROM entry ORDER BY seq"):
            self._remember(decode(json.loads(body)))

    def append(self, entry: E) -> E:
        """Keep `entry` for good and return it; raises `sqlite3.Error` when that cannot be promised."""
        line = _Line(entry, json.dumps(encode(entry)))
        with self._changed:
            self._waiting.append(line)
        # Whoever comes first writes for all who wait by then: a disk takes a hundred lines in the time of one.
        with self._writing:
            if not line.settled:
                self._write()
        if line.error is not None:
            raise line.error
        return entry

    def entries(self, kind: type[E]) -> tuple[E, ...]:
        """All entries of one kind, oldest first."""
        with self._changed:
            return tuple(entry for entry in self._entries[kind] if isinstance(entry, kind))

    def status(self, provider_id: str) -> StatusChange | None:
        """The latest status of a send, or None while it is still queued."""
        with self._changed:
            changes = self._status.get(provider_id)
            return changes[-1] if changes else None

    def statuses(self, provider_id: str) -> tuple[StatusChange, ...]:
        """Every status that a send went through, the first one first."""
        with self._changed:
            return tuple(self._status.get(provider_id, ()))

    def send(self, provider_id: str) -> Accepted | None:
        """The accepted send (of a mail in parts: its first part) with this id."""
        with self._changed:
            return self._sends.get(provider_id)

    def wait_until(self, condition: Callable[[], bool], timeout: timedelta) -> bool:
        """Whether `condition` came true within `timeout`; it is asked again after every append.

        It is asked with no lock held, so it may itself send a request that appends.
        """
        end = monotonic() + timeout.total_seconds()
        while True:
            with self._changed:
                seen = self._appended
            if condition():
                return True
            with self._changed:
                self._changed.wait_for(lambda: self._appended != seen, max(end - monotonic(), 0))  # noqa: B023
            if monotonic() >= end:
                return condition()

    def close(self) -> None:
        with self._writing:
            self._store.close()

    def _write(self) -> None:
        with self._changed:
            lines, self._waiting = self._waiting, []
        error: sqlite3.Error | None = None
        try:
            self._store.execute("BEGIN IMMEDIATE")
            self._store.executemany("INSERT INTO entry (body) VALUES (?)", [(line.body,) for line in lines])
            self._store.execute("COMMIT")
        except sqlite3.Error as failure:
            error = failure
            with suppress(sqlite3.Error):
                self._store.execute("ROLLBACK")
        with self._changed:
            for line in lines:
                line.settled, line.error = True, error
                if error is None:
                    self._remember(line.entry)
            self._appended += len(lines)
            self._changed.notify_all()

    def _remember(self, entry: Entry) -> None:
        self._entries[type(entry)].append(entry)
        if isinstance(entry, StatusChange):
            self._status.setdefault(entry.provider_id, []).append(entry)
        if isinstance(entry, Accepted):
            self._sends.setdefault(entry.provider_id, entry)


def read(path: Path) -> tuple[Entry, ...]:
    """Everything in the store at `path`, oldest first, also while (or after) another process writes it."""
    with closing(sqlite3.connect(path)) as store:
        rows = store.execute("SELECT body FROM entry ORDER BY seq").fetchall()
    return tuple(decode(json.loads(body)) for (body,) in rows)
