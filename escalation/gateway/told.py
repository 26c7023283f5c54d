"""What the gateway looks up of what was told: what a reply may name, whom a token speaks for, what a call says."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from escalation.adapters.ledger import row_of
from escalation.adapters.optouts import OptOuts
from escalation.adapters.scripts import Scripts
from escalation.adapters.sending import Script
from escalation.adapters.store import codes, dispatches, insert_once, receipts, texts, transaction
from escalation.core.effects import text_id
from escalation.core.vocabulary import Channel, Message

OPEN_MAX = 50
"""More open escalations than that are not told to one person at once."""
TITLE = "title"
"""The key under which an escalation's title is kept."""
_REACHED = ("intent", "sent")
"""An intent may have been delivered although nobody knows; what failed was not."""


@dataclass(frozen=True, slots=True)
class OpenCode:
    """The short code of an open escalation."""

    code: int
    reference: str
    episode: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a dispatch told, to whom, and when it was decided."""

    dispatch: str
    reference: str
    episode: str
    contact: str
    message: Message
    at: datetime


class Told:
    """Reads ledger, codes, words and scripts together. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._scripts = Scripts(engine)
        self._optouts = OptOuts(engine)

    def open_for(self, contact: str, *, asked: bool = False) -> tuple[OpenCode, ...]:
        """The open escalations that this contact was told about, or `asked` to take, lowest code first."""
        query = (
            select(codes.c.code, codes.c.reference, codes.c.episode)
            .join(
                dispatches,
                (dispatches.c.reference == codes.c.reference) & (dispatches.c.episode == codes.c.episode),
            )
            .where(dispatches.c.contact == contact, dispatches.c.state.in_(_REACHED))
            .where(dispatches.c.message.in_([Message.PAGE] if asked else list(Message)))
            .distinct()
            .order_by(codes.c.code)
            .limit(OPEN_MAX)
        )
        with transaction(self._engine) as connection:
            return tuple(OpenCode(row.code, row.reference, row.episode) for row in connection.execute(query))

    def meant(self, message_id: str, code: OpenCode, at: datetime) -> bool:
        """Whether that SMS speaks of this episode: what it meant when it first came is kept before anything is done.

        Its signature carries no time and codes are allotted again, so a copy sent later must not mean another one.
        """
        key, meaning = f"sms {message_id}", f"{code.reference} {code.episode}"
        with transaction(self._engine) as connection:
            connection.execute(
                insert_once(self._engine, receipts).values(
                    key=key, dispatch=meaning, status="reply", payload="{}", received_at=at
                )
            )
            kept = connection.execute(select(receipts.c.dispatch).where(receipts.c.key == key)).scalar_one()
        return bool(kept == meaning)

    def all_meant(self, message_id: str, codes: tuple[OpenCode, ...], at: datetime) -> tuple[OpenCode, ...]:
        """The episodes that this SMS speaks of: those that it meant when it first came, as `meant` keeps one."""
        written = json.dumps([[one.code, one.reference, one.episode] for one in codes])
        key = f"sms {message_id}"
        with transaction(self._engine) as connection:
            connection.execute(
                insert_once(self._engine, receipts).values(
                    key=key, dispatch="several", status="reply", payload=written, received_at=at
                )
            )
            kept = connection.execute(select(receipts.c.payload).where(receipts.c.key == key)).scalar_one()
        return tuple(OpenCode(*one) for one in json.loads(kept))

    def sent(self, dispatch: str) -> Sent | None:
        """What that dispatch told, and to whom; None for one that nobody knows."""
        with transaction(self._engine) as connection:
            row = row_of(connection, dispatch)
        if row is None:
            return None
        return Sent(row.dispatch, row.reference, row.episode, row.contact, row.message, row.ordered_at)

    def page_of(self, contact: str, reference: str, episode: str) -> str | None:
        """The dispatch by which this contact was last asked to take it; None when they were only told of it."""
        columns = dispatches.c
        theirs = (columns.contact == contact, columns.reference == reference, columns.episode == episode)
        query = select(columns.dispatch).where(*theirs, columns.message == Message.PAGE, columns.state.in_(_REACHED))
        with transaction(self._engine) as connection:
            return connection.execute(query.order_by(columns.number.desc()).limit(1)).scalar_one_or_none()

    def title(self, reference: str, episode: str) -> str | None:
        """The title; None when it was never kept, or is erased."""
        query = select(texts.c.words).where(texts.c.id == text_id(reference, episode, TITLE))
        with transaction(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def script(self, dispatch: str, call: str) -> Script | None:
        """What that call has to say; None when another call says it, or nothing was kept."""
        return self._scripts.said_in(dispatch, call)

    def turned(self, message_id: str, contact: str, at: datetime, *, off: bool) -> bool:
        """Texts to that contact are off, or on again. True when that is news; the same message is news once."""
        return self._optouts.say(message_id, contact, Channel.SMS, off=off, at=at)
