"""Whose turn it is in a list that is asked one after the other: whoever has waited longest.

Every asking is counted, so that all workers give the turns out in one order, and the same asking gets the same answer
however often it is made.
"""

from collections.abc import Sequence

from sqlalchemy import Engine, delete, func, select

from escalation.adapters.store import insert_once, transaction, turns

TURNS_KEPT = 1000
"""Of each list. Whoever was not asked for longer than that goes first."""
TURNS_END = 2**31 - 1
TRIES_MAX = 20
"""How often a number that another worker took at the same instant is drawn anew."""


class Turns:
    """Reads and writes them. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, listed: str, key: str, there: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        """The number of this turn, and everybody who is there, whoever has waited longest first.

        Who was never asked goes before all others, in the order given. The same `key` gets the same number, and whoever
        got it first, if they are still there. Raises ValueError when nobody is there, or nobody else lets this one in.
        """
        if not there:
            raise ValueError(f"nobody of {listed!r} is there; look before you ask whose turn it is")
        for _ in range(TRIES_MAX):
            with transaction(self._engine) as connection:
                taken = connection.execute(
                    select(turns.c.number, turns.c.person).where(turns.c.list == listed, turns.c.key == key)
                ).one_or_none()
                before = TURNS_END if taken is None else taken.number
                latest = (
                    select(turns.c.person, func.max(turns.c.number))
                    .where(turns.c.list == listed, turns.c.number < before)
                    .group_by(turns.c.person)
                )
                last = {row[0]: row[1] for row in connection.execute(latest)}
            order = sorted(there, key=lambda person: last.get(person, 0))
            if taken is not None:
                return taken.number, _first(taken.person, order)
            number = max(last.values(), default=0) + 1
            row = {"list": listed, "number": number, "key": key, "person": order[0]}
            with transaction(self._engine) as connection:
                added = connection.execute(insert_once(self._engine, turns).values(row))
                connection.execute(delete(turns).where(turns.c.list == listed, turns.c.number <= number - TURNS_KEPT))
            if added.rowcount == 1:
                return number, tuple(order)
        raise ValueError(f"the turns of {listed!r} are taken by others all the time; try again")


def _first(person: str, order: Sequence[str]) -> tuple[str, ...]:
    return (*(each for each in order if each == person), *(each for each in order if each != person))
