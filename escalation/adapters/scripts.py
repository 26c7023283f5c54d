"""What a call says: kept when it is made, and given to the one call in which it is said.

A vendor is told an address of ours and nothing of the words. They are kept as they were decided, in the listener's
language, because whoever answers the vendor later must not depend on anything but this store.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Engine, select, update

from escalation.adapters.sending import Script
from escalation.adapters.store import insert_once, scripts, transaction


def _wall() -> datetime:
    return datetime.now(UTC)


class Scripts:
    """Keeps and gives them. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine, wall: Callable[[], datetime] = _wall) -> None:
        self._engine = engine
        self._wall = wall

    def keep(self, dispatch: str, script: Script) -> None:
        """What the call of that dispatch will say. The first words stay: another attempt finds its own."""
        with transaction(self._engine) as connection:
            connection.execute(
                insert_once(self._engine, scripts).values(
                    dispatch=dispatch, words=script.words, language=script.language, kept_at=self._wall()
                )
            )

    def read(self, dispatch: str) -> Script | None:
        """What that dispatch says, whoever asks."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(scripts).where(scripts.c.dispatch == dispatch)).one_or_none()
        return None if row is None else Script(row.words, row.language)

    def said_in(self, dispatch: str, call: str) -> Script | None:
        """What that call has to say; None when nothing was kept, or another call says it already."""
        with transaction(self._engine) as connection:
            connection.execute(
                update(scripts).where(scripts.c.dispatch == dispatch, scripts.c.call.is_(None)).values(call=call)
            )
            row = connection.execute(
                select(scripts).where(scripts.c.dispatch == dispatch, scripts.c.call == call)
            ).one_or_none()
        return None if row is None else Script(row.words, row.language)
