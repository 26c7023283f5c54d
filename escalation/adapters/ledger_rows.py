"""How one dispatch stands: its row in the ledger, as everybody reads it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, select

from escalation.adapters.store import dispatches
from escalation.core.vocabulary import Channel, Failure, Message


class State(StrEnum):
    """Where a dispatch stands."""

    NEW = "new"
    INTENT = "intent"
    SENT = "sent"
    FAILED = "failed"
    BUNDLED = "bundled"


@dataclass(frozen=True, slots=True)
class Row:
    """One dispatch as the ledger knows it. `intent_at` is recorded for people; nothing is decided by it.

    `ordered_at` is when it was first claimed, `claimed_at` when last, both in workflow time.
    """

    dispatch: str
    reference: str
    contact: str
    channel: Channel
    message: Message
    state: State
    fence: int
    ordered_at: datetime
    episode: str
    number: int
    intent_at: datetime | None
    provider_id: str | None
    second_provider_id: str | None
    how: str | None
    failure: Failure | None
    code: str | None
    receipt: str | None
    receipt_code: str | None = None
    claimed_at: datetime | None = None


def row_of(connection: Connection, dispatch: str) -> Row | None:
    """The row of a dispatch inside a transaction."""
    found = connection.execute(select(dispatches).where(dispatches.c.dispatch == dispatch)).mappings().one_or_none()
    return None if found is None else read_row(found)


def read_row(row: RowMapping) -> Row:
    """One dispatch, as its columns tell it."""
    return Row(
        dispatch=row["dispatch"],
        reference=row["reference"],
        contact=row["contact"],
        channel=Channel(row["channel"]),
        message=Message(row["message"]),
        state=State(row["state"]),
        fence=row["fence"],
        ordered_at=row["ordered_at"],
        episode=row["episode"],
        number=row["number"],
        intent_at=row["intent_at"],
        provider_id=row["provider_id"],
        second_provider_id=row["second_provider_id"],
        how=row["how"],
        failure=None if row["failure"] is None else Failure(row["failure"]),
        code=row["code"],
        receipt=row["receipt"],
        receipt_code=row["receipt_code"],
        claimed_at=row["claimed_at"],
    )
