"""Which open escalations somebody was told about: what a reply by SMS may name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from escalation.adapters.store import codes, dispatches, insert_once, receipts, transaction

OPEN_MAX = 50
"""More open escalations than that are not told to one person at once."""
_REACHED = ("intent", "sent")
"""An intent may have been delivered although nobody knows; what failed was not."""


@dataclass(frozen=True, slots=True)
class OpenCode:
    """The short code of an open escalation."""

    code: int
    reference: str
    episode: str


class Told:
    """Reads ledger and codes together. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_for(self, contact: str) -> tuple[OpenCode, ...]:
        """The open escalations that this contact was told about, lowest code first."""
        query = (
            select(codes.c.code, codes.c.reference, codes.c.episode)
            .join(
                dispatches,
                (dispatches.c.reference == codes.c.reference) & (dispatches.c.episode == codes.c.episode),
            )
            .where(dispatches.c.contact == contact, dispatches.c.state.in_(_REACHED))
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
