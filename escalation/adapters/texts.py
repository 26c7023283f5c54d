"""The content store: words that people wrote, kept apart from the log, which holds only an id and a commitment."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import SecretStr
from sqlalchemy import Engine, select

from escalation.adapters.store import insert_once, texts, transaction
from escalation.core.effects import Text, text_id


def _wall() -> datetime:
    return datetime.now(UTC)


class Texts:
    """Keeps words and gives them back. `LedgerDown` when the store does not answer in time."""

    def __init__(self, engine: Engine, commitment_key: SecretStr, wall: Callable[[], datetime] = _wall) -> None:
        self._engine = engine
        self._key = commitment_key.get_secret_value().encode()
        self._wall = wall

    def keep(self, reference: str, episode: str, key: str, words: str) -> Text:
        """Keep `words` under (reference, episode, key). The first words under a key stay: a retry finds its own."""
        name = text_id(reference, episode, key)
        with transaction(self._engine) as connection:
            connection.execute(
                insert_once(self._engine, texts).values(
                    id=name,
                    reference=reference,
                    episode=episode,
                    key=key,
                    words=words,
                    commitment=self.commitment(words),
                    kept_at=self._wall(),
                )
            )
            commitment = connection.execute(select(texts.c.commitment).where(texts.c.id == name)).scalar_one()
        return Text(id=name, commitment=commitment)

    def read(self, text: str) -> str | None:
        """The words of a text id; None when there are none (they were erased, or never kept)."""
        with transaction(self._engine) as connection:
            return connection.execute(select(texts.c.words).where(texts.c.id == text)).scalar_one_or_none()

    def commitment(self, words: str) -> str:
        """HMAC-SHA256 of the words in hex: it proves them to whoever has the key, and cannot be guessed without."""
        return hmac.new(self._key, words.encode(), hashlib.sha256).hexdigest()
