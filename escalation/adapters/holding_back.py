"""Whether a dispatch goes out by itself or waits to be told with others: decided in the transaction of its intent.

A SEV1's first page to somebody always goes out, and takes nobody's place. What customers get, what a decision is
wanted for and what hands a ticket back is never held back either: it cannot be told in a line of a list.
"""

from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Engine, func, select, update

from escalation.adapters.store import bundled, dispatches, insert_once
from escalation.adapters.throttles import Limit, Throttles, counts
from escalation.core.effects import Notify
from escalation.core.vocabulary import Message, Severity

DIGESTED = frozenset(
    {Message.SITUATION, Message.ACKNOWLEDGED, Message.CHECK_IN, Message.UPDATE_WANTED, Message.CLOSING}
)
"""Notices: beyond their own limit they become a digest, on whatever channel."""
LISTED = DIGESTED | {Message.PAGE}
"""What can be told in a list."""
BUNDLE_REFERENCE = "BUNDLE"
"""What stands in the place of an escalation's reference where a message is about several."""
TOGETHER = "bundle"
"""How a dispatch was sent that was told with others; it counts as the one message that it was."""
EFFECT: TypeAdapter[Notify] = TypeAdapter(Notify)

_COUNTED = ("intent", "sent")


def held_back(
    connection: Connection, engine: Engine, throttles: Throttles | None, effect: Notify | None, at: datetime
) -> str | None:
    """Why the dispatch, whose intent was just written, waits; then it is written down as waiting. None: it goes out."""
    if throttles is None or effect is None or effect.message not in LISTED:
        return None
    limit, digest = throttles.of(effect.channel), throttles.notices if effect.message in DIGESTED else None
    if limit is None and digest is None:
        return None
    _alone(connection, effect)
    if _first_of_sev1(connection, effect):
        _set(connection, effect.dispatch, charged=0)
        return None
    why = _over(connection, effect, at, limit, digest)
    if why is None:
        return None
    _set(connection, effect.dispatch, state="bundled")
    connection.execute(
        insert_once(engine, bundled).values(
            dispatch=effect.dispatch, contact=effect.contact, channel=effect.channel, ordered_at=at, why=why,
            effect=EFFECT.dump_json(effect).decode(),
        )
    )  # fmt: skip
    return why


def reason(connection: Connection, dispatch: str, number: int) -> str:
    """Why that dispatch waits. From now on the rules know it by `number`. A list that was taken back waits as one."""
    _set(connection, dispatch, number=number)
    why = connection.execute(select(bundled.c.why).where(bundled.c.dispatch == dispatch)).scalar_one_or_none()
    return why or TOGETHER


def messages_to(connection: Connection, contact: str, channel: str, at: datetime, limit: Limit) -> list[datetime]:
    """When this person got, or may have got, what counts on this channel in the window around that instant."""
    columns = dispatches.c
    query = select(columns.ordered_at).where(*_counted(contact, channel, at, limit))
    found = connection.execute(query).scalars()
    return [one for one in found if counts(one, at, limit.per)]


def _over(
    connection: Connection, effect: Notify, at: datetime, limit: Limit | None, digest: Limit | None
) -> str | None:
    for name, one in ((effect.channel.value, limit), ("notices", digest)):
        if one is None:
            continue
        where = [*_counted(effect.contact, effect.channel, at, one), dispatches.c.dispatch != effect.dispatch]
        rows = connection.execute(
            select(dispatches.c.ordered_at, dispatches.c.reference, dispatches.c.message).where(*where)
        )
        sent = [row for row in rows if counts(row.ordered_at, at, one.per)]
        by_itself = [row for row in sent if row.reference != BUNDLE_REFERENCE]
        if one is digest:
            over = sum(row.message in DIGESTED for row in by_itself) >= one.most
        else:
            over = len(sent) >= one.most or len(by_itself) >= one.alone
        if over:
            return f"{name} {one}"
    return None


def _counted(contact: str, channel: str, at: datetime, limit: Limit) -> list[ColumnElement[bool]]:
    columns = dispatches.c
    return [
        columns.contact == contact,
        columns.channel == channel,
        columns.ordered_at > at - limit.per,
        columns.ordered_at < at + limit.per,
        columns.state.in_(_COUNTED),
        columns.charged == 1,
        columns.how.is_(None) | (columns.how != TOGETHER),
    ]


def _first_of_sev1(connection: Connection, effect: Notify) -> bool:
    """Whether no page of this SEV1 went out to this person beyond the limits before. One that failed was none."""
    if effect.message is not Message.PAGE or effect.brief.severity is not Severity.SEV1:
        return False
    columns = dispatches.c
    earlier = select(columns.dispatch).where(
        columns.reference == effect.brief.reference,
        columns.episode == effect.brief.episode,
        columns.contact == effect.contact,
        columns.message == Message.PAGE,
        columns.state.in_(_COUNTED),
        columns.charged == 0,
        columns.dispatch != effect.dispatch,
    )
    return connection.execute(earlier.limit(1)).scalar_one_or_none() is None


def _alone(connection: Connection, effect: Notify) -> None:
    """Until the end of this transaction nobody else counts this person's messages on this channel.

    SQLite has one writer, and the intent has been written already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{effect.contact} {effect.channel}"))))


def _set(connection: Connection, dispatch: str, **values: object) -> None:
    connection.execute(update(dispatches).where(dispatches.c.dispatch == dispatch).values(**values))
