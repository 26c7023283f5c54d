"""Which open escalations somebody was told about: what a reply by SMS may name."""

from dataclasses import dataclass

from sqlalchemy import Engine, select

from escalation.adapters.store import codes, dispatches, transaction

OPEN_MAX = 50
"""More open escalations than that are not told to one person at once."""
_REACHED = ("intent", "sent")
"""An intent may have been delivered although nobody knows; what failed was not."""


@dataclass(frozen=True, slots=True)
class OpenCode:
    """The short code of an open escalation."""

    code: int
    reference: str


class Told:
    """Reads ledger and codes together. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_for(self, contact: str) -> tuple[OpenCode, ...]:
        """The open escalations that this contact was told about, lowest code first."""
        query = (
            select(codes.c.code, codes.c.reference)
            .join(dispatches, dispatches.c.reference == codes.c.reference)
            .where(dispatches.c.contact == contact, dispatches.c.state.in_(_REACHED))
            .distinct()
            .order_by(codes.c.code)
            .limit(OPEN_MAX)
        )
        with transaction(self._engine) as connection:
            return tuple(OpenCode(row.code, row.reference) for row in connection.execute(query))
