"""The ledger of dispatches: an intent before the call, the outcome after it: nobody is told twice or not at all.

    new ──claim──▶ intent ──▶ sent(provider id, how)
     ▲        │       │  └──▶ failed(class, code)
     └── release ─────┘       (surely not sent: may be claimed again)
     └── absent ──────┘       (looked up after the settle window, and not there)
              └──▶ bundled    (beyond what one person gets: told with others, in a message that is a dispatch itself)

Neither provider has an idempotency key for sends, so an `intent` without an outcome is never resent blindly: only a
look-up or a receipt closes it. Each claim has a fence, and whoever lost it cannot free or fail the row any more; an
acceptance is recorded whatever the fence, because it is a fact.

When the rules give a dispatch up after their last look-up, nobody closes its row: it stays an intent, for people to see
and for a late receipt. It is in nobody's way: an open list is closed by `Bundles.give_up`, and an open call is a rival
only to those near it (`activities.reconcile.RIVALS_WITHIN`).
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, and_, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from escalation.adapters.holding_back import held_back, reason
from escalation.adapters.ledger_rows import Row, State, read_row, row_of
from escalation.adapters.store import LedgerDown, bundled, dispatches, insert_once, transaction
from escalation.adapters.throttles import Throttles
from escalation.core.effects import Notify
from escalation.core.vocabulary import Channel, Failure, Message

__all__ = [
    "Acceptance", "AlreadyFailed", "AlreadySent", "Claim", "Ledger", "LedgerDown", "Order", "Row", "State",
    "Unfinished", "Waiting", "row_of",
]  # fmt: skip

FRESHNESS = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Order:
    """What is claimed: one message to one contact on one channel. `at` is workflow time.

    With its `effect` it may be held back to be told with others; without, it is claimed in any case.
    """

    dispatch: str
    reference: str
    contact: str
    channel: Channel
    message: Message
    at: datetime
    episode: str
    number: int  # of the effect, by which the rules know it; a dispatch sent again has a new one
    effect: Notify | None = None
    claimed_at: datetime | None = None  # when it was this attempt's turn; None: `at`


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to post once. `claimed` is a reading of this machine's uptime, in seconds."""

    dispatch: str
    fence: int
    claimed: float

    @property
    def first(self) -> bool:
        """Whether the ledger had never heard of that dispatch."""
        return self.fence == 1


@dataclass(frozen=True, slots=True)
class AlreadySent:
    """An earlier attempt, a receipt or a look-up has settled it."""

    provider_id: str | None
    how: str


@dataclass(frozen=True, slots=True)
class AlreadyFailed:
    """It has failed for good; another try needs another dispatch."""

    failure: Failure
    code: str | None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An earlier attempt may have posted it: look before anything is resent."""

    fence: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """It is told with others, soon; `why` names the limit that was met."""

    why: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a vendor's yes changed. `closed`: the dispatch was open until now. `second`: the vendor holds it twice."""

    closed: bool = False
    second: bool = False


def uptime() -> float:
    """Seconds since some fixed instant, counting suspension where the system can (Linux), never set back."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _wall() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """The operations on the ledger, each one short transaction. `LedgerDown` when the store does not answer in time."""

    def __init__(
        self,
        engine: Engine,
        *,
        freshness: timedelta = FRESHNESS,
        uptime: Callable[[], float] = uptime,
        wall: Callable[[], datetime] = _wall,
        throttles: Throttles | None = None,
    ) -> None:
        self._engine = engine
        self._freshness = freshness
        self._uptime = uptime
        self._wall = wall
        self._throttles = throttles

    # --- Sending ------------------------------------------------------------------------------------------------------

    def claim(self, order: Order) -> Claim | AlreadySent | AlreadyFailed | Unfinished | Waiting:
        """Commit the intent to send, durably, unless the dispatch is settled or another attempt has claimed it.

        Beyond what this person gets by itself it is committed to wait instead, in the same transaction.
        """
        claimed = self._uptime()
        with transaction(self._engine) as connection:
            fence = self._intend(connection, order)
            if fence is not None:
                why = held_back(connection, self._engine, self._throttles, order.effect, order.at)
                return Claim(order.dispatch, fence, claimed) if why is None else Waiting(why)
            row = row_of(connection, order.dispatch)
            assert row is not None  # noqa: S101  # the insert has found it
            if row.state is State.BUNDLED:
                return Waiting(reason(connection, order.dispatch, order.number))
        if row.state is State.SENT:
            return AlreadySent(row.provider_id, row.how or "sent")
        if row.state is State.FAILED:
            return AlreadyFailed(row.failure or Failure.CONFIGURATION, row.code)
        return Unfinished(row.fence)

    def claim_bundle(self, order: Order, members: Iterable[str]) -> Claim | None:
        """Commit the intent to tell these in one message; None when one of them is told otherwise by now."""
        claimed, wanted = self._uptime(), list(members)
        with transaction(self._engine) as connection:
            free = and_(bundled.c.dispatch.in_(wanted), bundled.c.bundle.is_(None))
            taken = connection.execute(update(bundled).where(free).values(bundle=order.dispatch))
            # One alone is told under its own name: its own row, which waits, is claimed then.
            fence = self._intend(connection, order, State.BUNDLED) if taken.rowcount == len(wanted) else None
            if fence is None:
                connection.rollback()
                return None
            return Claim(order.dispatch, fence, claimed)

    def withdraw(self, dispatch: str, failure: Failure | None, code: str | None) -> bool:
        """Take back what waits to be told with others: it fails, or without a failure is new again.

        False when a message tells it by now.
        """
        with transaction(self._engine) as connection:
            waits = and_(bundled.c.dispatch == dispatch, bundled.c.bundle.is_(None))
            if connection.execute(delete(bundled).where(waits)).rowcount == 0:
                return False
            state = State.NEW if failure is None else State.FAILED
            values = {"state": state, "failure": failure, "code": code}
            connection.execute(update(dispatches).where(dispatches.c.dispatch == dispatch).values(**values))
            return True

    def fresh(self, claim: Claim) -> bool:
        """Whether the intent is young enough to be posted: a worker that was paused must not post late."""
        return self._uptime() - claim.claimed < self._freshness.total_seconds()

    def sent(self, claim: Claim, provider_id: str, how: str = "sent") -> bool:
        """Record an acceptance, whatever became of the fence. True when this is a second acceptance of the dispatch."""
        return self._accepted(claim.dispatch, provider_id, how).second

    def failed(self, claim: Claim, failure: Failure, code: str | None) -> bool:
        """Record that it failed for good. False when the claim is not ours any more: then nothing is recorded."""
        return self._leave_intent(claim.dispatch, claim.fence, state=State.FAILED, failure=failure, code=code)

    def release(self, claim: Claim) -> bool:
        """Surely not sent: whoever comes next may claim it. False when the claim is not ours any more."""
        return self._leave_intent(claim.dispatch, claim.fence, state=State.NEW)

    def unledgered(self, order: Order, provider_id: str) -> None:
        """Record afterwards what went out while the ledger could not be reached.

        A claim that was committed while its answer came too late has left an intent: that is settled by it.
        """
        with transaction(self._engine) as connection:
            inserted = connection.execute(
                insert_once(self._engine, dispatches).values(
                    **_identity(order), state=State.SENT, fence=0, provider_id=provider_id, how="unledgered"
                )
            )
        if inserted.rowcount == 0:
            self._accepted(order.dispatch, provider_id, "unledgered")

    # --- Closing what is ambiguous ------------------------------------------------------------------------------------

    def absent(self, dispatch: str, fence: int) -> bool:
        """The provider never got it: free the intent with that fence for another claim. False when it has moved on."""
        return self._leave_intent(dispatch, fence, state=State.NEW)

    def adopt(self, dispatch: str, fence: int, provider_id: str) -> bool:
        """A look-up found it: it counts as sent. False when it has moved on, or another dispatch holds that id."""
        try:
            return self._leave_intent(dispatch, fence, state=State.SENT, provider_id=provider_id, how="lookup")
        except IntegrityError:
            return False

    # --- Reading ------------------------------------------------------------------------------------------------------

    def get(self, dispatch: str) -> Row | None:
        """The row of a dispatch, or None when none was ever claimed."""
        found = self._select(dispatches.c.dispatch == dispatch)
        return found[0] if found else None

    def rows(self, reference: str | None = None) -> tuple[Row, ...]:
        """Every dispatch of an escalation (None: of all), in the order in which they were ordered."""
        return self._select(*([] if reference is None else [dispatches.c.reference == reference]))

    def unfinished(self, channel: Channel) -> tuple[Row, ...]:
        """The open intents of a channel, oldest first: each may or may not have reached its provider."""
        rows = self._select(dispatches.c.channel == channel, dispatches.c.state == State.INTENT)
        return tuple(sorted(rows, key=lambda row: (row.intent_at or row.ordered_at, row.dispatch)))

    def taken(self, provider_ids: Iterable[str]) -> frozenset[str]:
        """Which of these ids already belong to a dispatch."""
        wanted = list(provider_ids)
        with transaction(self._engine) as connection:
            return frozenset(
                found
                for column in (dispatches.c.provider_id, dispatches.c.second_provider_id)
                for found in connection.execute(select(column).where(column.in_(wanted))).scalars()
            )

    # --- Inside -------------------------------------------------------------------------------------------------------

    def _intend(self, connection: Connection, order: Order, free: State = State.NEW) -> int | None:
        """The fence of a new intent; None when the dispatch is neither unknown nor in that state."""
        inserted = connection.execute(
            insert_once(self._engine, dispatches).values(
                **_identity(order), state=State.INTENT, fence=1, intent_at=self._wall()
            )
        )
        if inserted.rowcount == 1:
            return 1
        return connection.execute(
            update(dispatches)
            .where(dispatches.c.dispatch == order.dispatch, dispatches.c.state == free)
            .values(
                state=State.INTENT,
                fence=dispatches.c.fence + 1,
                ordered_at=order.at if free is State.BUNDLED else dispatches.c.ordered_at,
                intent_at=self._wall(),
                claimed_at=order.claimed_at or order.at,
                doubted_at=None,
                number=order.number,
            )
            .returning(dispatches.c.fence)
        ).scalar_one_or_none()

    def _accepted(self, dispatch: str, provider_id: str, how: str) -> Acceptance:
        for given in (provider_id, None):
            try:
                with transaction(self._engine) as connection:
                    return record_acceptance(connection, dispatch, given, how)
            except IntegrityError:
                # The vendor gave one id to two dispatches. The acceptance counts; the id stays where it was first.
                continue
        raise AssertionError("without an id there is nothing that could be taken")

    def _leave_intent(self, dispatch: str, fence: int, **values: object) -> bool:
        ours = and_(dispatches.c.dispatch == dispatch, dispatches.c.fence == fence, dispatches.c.state == State.INTENT)
        with transaction(self._engine) as connection:
            return connection.execute(update(dispatches).where(ours).values(**values)).rowcount == 1

    def _select(self, *conditions: object) -> tuple[Row, ...]:
        query = select(dispatches).order_by(dispatches.c.ordered_at, dispatches.c.dispatch)
        with transaction(self._engine) as connection:
            found = connection.execute(query.where(*conditions)).mappings().all()  # type: ignore[arg-type]  # column expressions
        return tuple(read_row(row) for row in found)


def record_acceptance(connection: Connection, dispatch: str, provider_id: str | None, how: str) -> Acceptance:
    """Write down a vendor's yes inside a transaction. `IntegrityError` when another dispatch has that id."""
    columns = dispatches.c
    opened = connection.execute(
        update(dispatches)
        .where(columns.dispatch == dispatch, columns.state != State.SENT)
        .values(state=State.SENT, provider_id=provider_id, how=how, failure=None, code=None)
    )
    if opened.rowcount == 1:
        return Acceptance(closed=True)
    if provider_id is None:
        return Acceptance()
    connection.execute(
        update(dispatches)
        .where(columns.dispatch == dispatch, columns.provider_id.is_(None))
        .values(provider_id=provider_id)
    )
    known = columns.second_provider_id == provider_id
    another = connection.execute(
        update(dispatches)
        .where(columns.dispatch == dispatch, columns.provider_id != provider_id, ~func.coalesce(known, False))
        .values(second_provider_id=provider_id)
    )
    return Acceptance(second=another.rowcount == 1)


def _identity(order: Order) -> dict[str, object]:
    return {
        "dispatch": order.dispatch,
        "reference": order.reference,
        "contact": order.contact,
        "channel": order.channel,
        "message": order.message,
        "ordered_at": order.at,
        "claimed_at": order.claimed_at or order.at,
        "episode": order.episode,
        "number": order.number,
    }
