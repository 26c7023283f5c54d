"""The inbox of receipts: kept first, in one transaction with all that follows, and told to the workflow later.

What a receipt changes (a dispatch in doubt is settled, its status moves on, a channel is closed for now) and what the
workflow has yet to hear of it are committed together with the receipt itself. So a process that dies at any point
afterwards loses nothing: what is owed is in the table, and the next forwarder finds it there.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy import Row as SqlRow
from sqlalchemy.exc import IntegrityError

from escalation.adapters.bundles import members_of
from escalation.adapters.failpoints import Failpoints
from escalation.adapters.holding_back import TOGETHER
from escalation.adapters.ledger import Acceptance, Row, State, record_acceptance, row_of
from escalation.adapters.pauses import close
from escalation.adapters.receipts import Reading, Receipt, cap_ends, rank, read
from escalation.adapters.store import dispatches, insert_once, receipts, transaction
from escalation.core.facts import TOLD_TWICE
from escalation.core.vocabulary import Channel, Failure, Message, Outcome

AWAITED = frozenset({Message.PAGE})
"""Messages whose arrival the rules wait for. Of any other one only the bad news is told."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a receipt changed. `repeated`: seen before. `second`: the vendor holds the message twice.

    `alarming`: an operator must hear, and of which `code`. `owed`: what the workflow will be told.
    """

    repeated: bool = False
    advanced: bool = False
    closed: bool = False
    second: bool = False
    alarming: bool = False
    code: str | None = None
    owed: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """A fact that a workflow has yet to hear. `key` is the receipt's."""

    key: str
    reference: str
    episode: str
    number: int
    outcome: Outcome
    provider_id: str | None
    failure: Failure | None
    code: str | None
    received_at: datetime


class Inbox:
    """Keeps receipts. `LedgerDown` when the store does not answer in time: then nothing of a receipt is kept."""

    def __init__(self, engine: Engine, failpoints: Failpoints | None = None) -> None:
        self._engine = engine
        self._failpoints = failpoints or Failpoints()

    def receive(self, receipt: Receipt, *, telling: bool = True) -> Received:
        """Keep a receipt once, with everything that follows. Not `telling`: whoever asked for it tells it himself."""
        self._failpoints.reach("before_receipt")
        try:
            received = self._receive(receipt, receipt.provider_id, telling=telling)
        except IntegrityError:
            # The vendor gave one id to two dispatches. What is said of this one counts; the id stays where it was.
            received = self._receive(receipt, None, telling=telling)
        self._failpoints.reach("after_receipt")
        return received

    def owed(self, limit: int, skipped: int = 0) -> tuple[Owed, ...]:
        """What workflows have yet to hear, oldest first, without the first few."""
        columns = dispatches.c
        its = (columns.reference, columns.episode, columns.number, columns.channel, columns.second_provider_id)
        query = (
            select(receipts, *its)
            .join(dispatches, dispatches.c.dispatch == receipts.c.dispatch)
            .where(receipts.c.owed.is_not(None))
            .order_by(receipts.c.received_at, receipts.c.key)
            .limit(limit)
            .offset(skipped)
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        return tuple(_owed_of(row) for row in rows)

    def told(self, key: str, at: datetime) -> None:
        """The workflow has heard, or is gone."""
        self._failpoints.reach("after_telling")
        with transaction(self._engine) as connection:
            connection.execute(update(receipts).where(receipts.c.key == key).values(owed=None, told_at=at))

    def _receive(self, receipt: Receipt, provider_id: str | None, *, telling: bool) -> Received:
        with transaction(self._engine) as connection:
            kept = connection.execute(
                insert_once(self._engine, receipts).values(
                    key=receipt.key,
                    dispatch=receipt.dispatch,
                    provider_id=receipt.provider_id,
                    status=receipt.status,
                    code=receipt.code,
                    payload=json.dumps(dict(receipt.payload), sort_keys=True),
                    received_at=receipt.received_at,
                )
            )
            if kept.rowcount == 0:
                return Received(repeated=True)
            row = row_of(connection, receipt.dispatch)
            if row is None:
                return Received()  # it may belong to a page that went out while the ledger was down
            members = members_of(connection, receipt.dispatch)
            received = self._apply(connection, receipt, provider_id, row, telling=telling and not members)
            found = received.closed and row.state is State.FAILED  # it had been given up as a doubt
            owed = [self._pass_on(connection, receipt, member, telling=telling, found=found) for member in members]
            return replace(received, owed=next(filter(None, owed), None)) if members else received

    def _pass_on(
        self, connection: Connection, receipt: Receipt, member: str, *, telling: bool, found: bool
    ) -> Outcome | None:
        """What is said of a message that told several is said of each: each workflow hears of its own.

        `found`: each had failed with it, and is sent with it after all.
        """
        own = replace(receipt, key=f"{receipt.key} {member}", dispatch=member, provider_id=None)
        connection.execute(
            insert_once(self._engine, receipts).values(
                key=own.key, dispatch=member, status=own.status, code=own.code,
                payload=json.dumps(dict(own.payload), sort_keys=True), received_at=own.received_at,
            )
        )  # fmt: skip
        row = row_of(connection, member)
        if row is None:
            return None
        if found := found and row.state is State.FAILED:
            told = {"state": State.SENT, "how": TOGETHER, "failure": None, "code": None}
            connection.execute(update(dispatches).where(dispatches.c.dispatch == member).values(**told))
        return self._apply(connection, own, None, row, telling=telling, found=found).owed

    def _apply(
        self,
        connection: Connection,
        receipt: Receipt,
        provider_id: str | None,
        row: Row,
        *,
        telling: bool,
        found: bool = False,
    ) -> Received:
        named = receipt.provider_id is not None  # only what the vendor knows by an id has it surely taken on
        news = row.state is not State.SENT or row.provider_id != provider_id  # else the send itself has recorded it
        accepted = (
            record_acceptance(connection, row.dispatch, provider_id, "receipt") if named and news else Acceptance()
        )
        reading = read(row.channel, receipt.status, receipt.code, receipt.payload.get("AnsweredBy"))
        moved = connection.execute(
            update(dispatches)
            .where(dispatches.c.dispatch == receipt.dispatch, dispatches.c.receipt_rank < rank(receipt.status))
            .values(receipt=receipt.status, receipt_code=reading.code, receipt_rank=rank(receipt.status))
        )
        closed, advanced = accepted.closed or found, moved.rowcount == 1
        owed = _owed(row, reading, closed=closed, advanced=advanced) if telling else None
        if telling and accepted.second:
            owed = owed or Outcome.ACCEPTED  # told twice: nobody can mend it, and the log says so
        if owed is not None:
            connection.execute(update(receipts).where(receipts.c.key == receipt.key).values(owed=owed))
        if reading.capped:
            close(connection, self._engine, row.channel, cap_ends(receipt.received_at), reading.code or "capped")
        return Received(
            advanced=advanced,
            closed=closed,
            second=accepted.second,
            alarming=reading.alarming and advanced,
            code=reading.code,
            owed=owed,
        )


def _owed_of(row: SqlRow[Any]) -> Owed:
    reading = read(Channel(row.channel), row.status, row.code, json.loads(row.payload).get("AnsweredBy"))
    outcome = Outcome(row.owed)
    twice = outcome is not Outcome.FAILED and row.provider_id is not None and row.provider_id == row.second_provider_id
    return Owed(
        key=row.key,
        reference=row.reference,
        episode=row.episode,
        number=row.number,
        outcome=outcome,
        provider_id=row.provider_id,
        failure=reading.failure,
        code=TOLD_TWICE if twice else reading.code,
        received_at=row.received_at,
    )


def _owed(row: Row, reading: Reading, *, closed: bool, advanced: bool) -> Outcome | None:
    """What the workflow must hear: bad news, the arrival of what is waited for, the end of a doubt; None: nothing."""
    if not closed and not advanced:
        return None  # late, or older than what is known
    if reading.outcome is Outcome.FAILED:
        return Outcome.FAILED
    if reading.outcome is Outcome.DELIVERED and (closed or row.message in AWAITED):
        return Outcome.DELIVERED
    return Outcome.ACCEPTED if closed else None
