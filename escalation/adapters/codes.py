"""Short codes for replies: "ack 42". Small, unique among open escalations, and at rest for a while when one ends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, delete, select

from escalation.adapters.store import LedgerDown, codes, insert_once, resting, transaction

FIRST_CODE = 10
"""One digit is too easily typed by accident."""
REST = timedelta(hours=24)
"""How long a code means nobody after the end: as long as a page, a link or a proof can still be answered."""
RESTING_MAX = 500
"""Codes that rest at a time: of more, those that have rested longest are allotted again, so that codes stay short."""
ROUNDS_MAX = 50
"""How often a code that somebody else took in the meantime is passed over before giving up."""


def _wall() -> datetime:
    return datetime.now(UTC)


class Codes:
    """Allots, finds and frees codes. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine, wall: Callable[[], datetime] = _wall) -> None:
        self._engine = engine
        self._wall = wall

    def allot(self, reference: str, episode: str) -> int:
        """The code of this escalation: the one it has, or the smallest from `FIRST_CODE` on that is free and rested."""
        for _ in range(ROUNDS_MAX):
            with transaction(self._engine) as connection:
                mine = self._of(connection, reference, episode)
                if mine is not None:
                    return mine
                free = _smallest_free(connection, self._wall() - REST)
            with transaction(self._engine) as connection:
                taken = connection.execute(
                    insert_once(self._engine, codes).values(
                        code=free, reference=reference, episode=episode, allotted_at=self._wall()
                    )
                )
            if taken.rowcount == 1:
                return free
        raise LedgerDown(f"no short code could be allotted in {ROUNDS_MAX} rounds; it is tried again")

    def release(self, reference: str, episode: str) -> None:
        """The escalation has ended: its code may be allotted again once it has rested. Nothing happens without one."""
        now = self._wall()
        with transaction(self._engine) as connection:
            # Write first: a transaction that begins by reading may find its lock taken and cannot wait for it.
            connection.execute(delete(resting).where(resting.c.since <= now - REST))
            mine = self._of(connection, reference, episode)
            if mine is None:
                return
            connection.execute(delete(resting).where(resting.c.code == mine))
            connection.execute(insert_once(self._engine, resting).values(code=mine, since=now))
            connection.execute(delete(codes).where(codes.c.reference == reference, codes.c.episode == episode))

    def open(self, code: int) -> tuple[str, str] | None:
        """Reference and episode of the open escalation with that code."""
        with transaction(self._engine) as connection:
            found = connection.execute(
                select(codes.c.reference, codes.c.episode).where(codes.c.code == code)
            ).one_or_none()
        return None if found is None else (found.reference, found.episode)

    def _of(self, connection: Connection, reference: str, episode: str) -> int | None:
        mine = select(codes.c.code).where(codes.c.reference == reference, codes.c.episode == episode)
        return connection.execute(mine).scalar_one_or_none()


def _smallest_free(connection: Connection, rested: datetime) -> int:
    at_rest = select(resting.c.code).where(resting.c.since > rested).order_by(resting.c.since.desc(), resting.c.code)
    taken = set(connection.execute(select(codes.c.code)).scalars())
    taken.update(connection.execute(at_rest.limit(RESTING_MAX)).scalars())
    free = FIRST_CODE
    while free in taken:
        free += 1
    return free
