"""What waits to be told to one person in one message: when it may go, in which order, and how it ended.

The message is a dispatch like any other: intent, provider, outcome. What it tells follows it, in one transaction with
what the workflows of those escalations are owed. Rows of a message that is on its way belong to it until it has ended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, func, select, update

from escalation.adapters.holding_back import BUNDLE_REFERENCE, EFFECT, TOGETHER, messages_to
from escalation.adapters.ledger import Claim, Ledger, Order, Row, State
from escalation.adapters.receipts import rank
from escalation.adapters.store import bundled, dispatches, insert_once, receipts, transaction
from escalation.adapters.throttles import GATHERED, Throttles, opens_at
from escalation.core.effects import Notify
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, Failure, Message, Outcome

SPACED = timedelta(minutes=3)
"""A digest in which nobody is asked for anything follows the message before it after that time at the earliest."""
LISTED_MAX = 500
"""Of what waits for one person, so much is looked at at a time."""
IN_DOUBT = "in_doubt"
"""The code of a message of which nobody could find out whether it was taken."""
LOST: dict[Channel, str] = {
    Channel.SMS: "failed", Channel.VOICE: "failed", Channel.EMAIL: "blocked", Channel.CHAT: "deleted"
}  # fmt: skip
"""The vendors' words for what did not arrive and may be tried another way."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to be told; `why` it waits."""

    effect: Notify
    ordered_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A message that is claimed and has not ended. `free`: it was surely not sent, so it may be claimed again.

    `since` is when it was first claimed: a look-up reaches back to there, however often it was claimed after that.
    """

    dispatch: str
    since: datetime
    free: bool
    entries: tuple[Entry, ...]
    fence: int


@dataclass(frozen=True, slots=True)
class Waits:
    """How much waits for one person on one channel, and since when; `worst` names the gravest severity."""

    contact: str
    channel: Channel
    count: int
    since: datetime
    worst: str


class Bundles:
    """Reads and writes them. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine, ledger: Ledger, throttles: Throttles) -> None:
        self._engine = engine
        self._ledger = ledger
        self._throttles = throttles

    def waiting(self, contact: str, channel: Channel) -> tuple[Entry, ...]:
        """What is in no message yet, in the order in which it is to be told."""
        query = (
            select(bundled)
            .join(dispatches, dispatches.c.dispatch == bundled.c.dispatch)
            .where(bundled.c.contact == contact, bundled.c.channel == channel, bundled.c.bundle.is_(None))
            .where(dispatches.c.state == State.BUNDLED)  # a receipt may have said that it was taken after all
            .order_by(bundled.c.ordered_at, bundled.c.dispatch)
            .limit(LISTED_MAX)
        )
        with transaction(self._engine) as connection:
            return in_order(_entry(row) for row in connection.execute(query).mappings())

    def unfinished(self, contact: str, channel: Channel) -> Unfinished | None:
        """The message to that person that is claimed, and nobody knows yet whether it was taken."""
        query = (
            select(
                bundled, dispatches.c.state.label("stands"), dispatches.c.ordered_at.label("begun"), dispatches.c.fence
            )
            .join(dispatches, dispatches.c.dispatch == bundled.c.bundle)
            .where(bundled.c.contact == contact, bundled.c.channel == channel)
            .where(dispatches.c.state.in_((State.INTENT, State.NEW)))
            .order_by(bundled.c.bundle)
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        if not rows:
            return None
        first = rows[0]
        entries = in_order(_entry(row) for row in rows if row["bundle"] == first["bundle"])
        return Unfinished(first["bundle"], first["begun"], first["stands"] == State.NEW, entries, first["fence"])

    def left_over(self, contact: str, channel: Channel) -> tuple[str, ...]:
        """Messages that have ended, while what they tell was not marked: a worker died in between."""
        columns = bundled.c
        members = dispatches.alias()
        query = (
            select(columns.bundle)
            .join(members, members.c.dispatch == columns.dispatch)
            .join(dispatches, dispatches.c.dispatch == columns.bundle)
            .where(columns.contact == contact, columns.channel == channel, members.c.state == State.BUNDLED)
            .where(dispatches.c.state.in_((State.SENT, State.FAILED)))
            .distinct()
        )
        with transaction(self._engine) as connection:
            return tuple(connection.execute(query).scalars())

    def due(self, entries: Sequence[Entry], contact: str, channel: Channel, at: datetime) -> datetime:
        """When these may be told: gathered for a while, within the limit, and digests not one after the other."""
        due = min(entry.ordered_at for entry in entries) + GATHERED
        limit = self._throttles.of(channel)
        with transaction(self._engine) as connection:
            sent = messages_to(connection, contact, channel, at, limit) if limit is not None else []
            before = _last_list(connection, contact, channel)
        if before is not None and not any(entry.effect.message is Message.PAGE for entry in entries):
            due = max(due, before + SPACED)
        return max(due, opens_at(limit, sent, at))

    def claim(self, entries: Sequence[Entry], at: datetime) -> Claim | None:
        """Commit the intent to tell them in one message; None when one of them is told otherwise by now."""
        order = order_of(together(entries), at)
        return self._ledger.claim_bundle(order, [entry.effect.dispatch for entry in entries])

    def claim_again(self, effect: Notify, at: datetime) -> Claim | None:
        """As `claim`, for a message that was claimed before and surely not sent."""
        claim = self._ledger.claim(order_of(effect, at))
        return claim if isinstance(claim, Claim) else None

    def take_back(self, dispatch: str) -> bool:
        """What a message would have told waits again, for another one; False when it is not free any more."""
        free = (dispatches.c.dispatch == dispatch, dispatches.c.state == State.NEW)
        with transaction(self._engine) as connection:
            if connection.execute(update(dispatches).where(*free).values(state=State.BUNDLED)).rowcount == 0:
                return False
            connection.execute(update(bundled).where(bundled.c.bundle == dispatch).values(bundle=None))
            return True

    def doubted(self, message: Unfinished, at: datetime) -> datetime:
        """When this claim of it was first seen to be in doubt: at this instant, unless it was before."""
        columns = dispatches.c
        open_claim = _claim_of(message)
        with transaction(self._engine) as connection:
            connection.execute(
                update(dispatches).where(*open_claim, columns.doubted_at.is_(None)).values(doubted_at=at)
            )
            return connection.execute(select(columns.doubted_at).where(*open_claim)).scalar_one_or_none() or at

    def give_up(self, message: Unfinished) -> bool:
        """Nobody will ever know whether it was taken: it counts as failed. False when its claim has moved on."""
        lost = {"state": State.FAILED, "failure": Failure.UNREACHABLE, "code": IN_DOUBT}
        with transaction(self._engine) as connection:
            return connection.execute(update(dispatches).where(*_claim_of(message)).values(**lost)).rowcount == 1

    def message(self, dispatch: str) -> Row | None:
        """How that message stands."""
        return self._ledger.get(dispatch)

    def told(self, dispatch: str) -> None:
        """The message was taken: whatever it tells is sent with it."""
        with transaction(self._engine) as connection:
            _members_end(connection, dispatch, state=State.SENT, how=TOGETHER)

    def failed(self, dispatch: str, failure: Failure, code: str | None, at: datetime) -> None:
        """The message will not be taken: each workflow is owed the bad news, as if a receipt had brought it."""
        with transaction(self._engine) as connection:
            found = connection.execute(select(bundled).where(bundled.c.bundle == dispatch)).mappings().all()
            for row in found:
                word = LOST[Channel(row["channel"])]
                connection.execute(
                    insert_once(self._engine, receipts).values(
                        key=f"{dispatch} {row['dispatch']}", dispatch=row["dispatch"], status=word, code=None,
                        payload="{}", received_at=at, owed=Outcome.FAILED,
                    )
                )  # fmt: skip
                connection.execute(
                    update(dispatches)
                    .where(
                        dispatches.c.dispatch == row["dispatch"], dispatches.c.state.in_((State.BUNDLED, State.FAILED))
                    )
                    .values(receipt=word, receipt_rank=rank(word))
                )
            _members_end(connection, dispatch, state=State.FAILED, failure=failure, code=code)

    def all_waiting(self) -> tuple[Waits, ...]:
        """What waits for whom, oldest first."""
        query = (
            select(bundled.c.contact, bundled.c.channel, bundled.c.ordered_at, bundled.c.effect)
            .join(dispatches, dispatches.c.dispatch == bundled.c.dispatch)
            .where(dispatches.c.state == State.BUNDLED)
            .order_by(bundled.c.ordered_at)
        )
        found: dict[tuple[str, Channel], Waits] = {}
        with transaction(self._engine) as connection:
            for row in connection.execute(query):
                key, severity = (row.contact, Channel(row.channel)), EFFECT.validate_json(row.effect).brief.severity
                known = found.get(key) or Waits(*key, 0, row.ordered_at, severity)
                found[key] = replace(known, count=known.count + 1, worst=min(known.worst, severity))
        return tuple(found.values())


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Worst severity first; within it the customers take turns, and each one's newest goes first.

    So the newest SEV1 is always the first of all, and no customer's tenth stands before another one's first.
    """
    newest = sorted(entries, key=_age)[::-1]
    turns: dict[tuple[str, str], int] = {}
    ranked: list[tuple[str, int, int]] = []
    for place, entry in enumerate(newest):
        brief = entry.effect.brief
        turn = turns[brief.severity, brief.customer] = turns.get((brief.severity, brief.customer), -1) + 1
        ranked.append((brief.severity, turn, place))
    return tuple(newest[place] for *_, place in sorted(ranked))


def together(entries: Sequence[Entry]) -> Notify:
    """The one message that tells them: its id follows from what it tells. One alone is told as itself."""
    if len(entries) == 1:
        return entries[0].effect
    names = "\n".join(sorted(entry.effect.dispatch for entry in entries))
    dispatch = blake2b(f"bundle\n{names}".encode(), digest_size=10).hexdigest()
    worst = min(entries, key=lambda entry: entry.effect.brief.severity).effect
    brief = replace(worst.brief, reference=BUNDLE_REFERENCE, episode=dispatch, code=None, points=(), approval=None)
    return replace(worst, number=0, dispatch=dispatch, message=Message.SITUATION, brief=brief, text=None)


def order_of(effect: Notify, at: datetime) -> Order:
    """What is claimed for a message; it is never held back a second time."""
    brief = effect.brief
    return Order(
        effect.dispatch, brief.reference, effect.contact, effect.channel, effect.message, at, brief.episode,
        effect.number,
    )  # fmt: skip


def members_of(connection: Connection, dispatch: str) -> tuple[str, ...]:
    """The other dispatches that this one tells."""
    others = select(bundled.c.dispatch).where(bundled.c.bundle == dispatch, bundled.c.dispatch != dispatch)
    return tuple(connection.execute(others).scalars())


def _claim_of(message: Unfinished) -> tuple[ColumnElement[bool], ...]:
    columns = dispatches.c
    return columns.dispatch == message.dispatch, columns.fence == message.fence, columns.state == State.INTENT


def _last_list(connection: Connection, contact: str, channel: Channel) -> datetime | None:
    columns = dispatches.c
    found = connection.execute(
        select(func.max(columns.ordered_at)).where(
            columns.contact == contact,
            columns.channel == channel,
            columns.reference == BUNDLE_REFERENCE,
            columns.state.in_((State.INTENT, State.SENT)),
        )
    ).scalar_one_or_none()
    return found if found is None or isinstance(found, datetime) else datetime.fromisoformat(str(found))


def _members_end(connection: Connection, dispatch: str, **values: object) -> None:
    members = select(bundled.c.dispatch).where(bundled.c.bundle == dispatch)
    ours = (dispatches.c.dispatch.in_(members), dispatches.c.state == State.BUNDLED)
    connection.execute(update(dispatches).where(*ours).values(**values))


def _age(entry: Entry) -> tuple[datetime, int, int, str]:
    """Of two at the same instant the one whose short code came later is newer."""
    effect = entry.effect
    return entry.ordered_at, effect.brief.code or 0, effect.number, effect.dispatch


def _entry(row: RowMapping) -> Entry:
    return Entry(EFFECT.validate_json(row["effect"]), row["ordered_at"], row["why"])
