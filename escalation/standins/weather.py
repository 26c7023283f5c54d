"""What befalls webhooks on their way: loss, duplication, reordering and delay, all settled by a seed.

The fate of a webhook follows from the seed and from what it says (whom it was for, which status), never from the order
in which threads come to post it. So a run with the same seed and the same sends meets the same weather.
"""

import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from escalation.standins.faults import within

DELAY_MAX = timedelta(minutes=5)
SEED_MAX = 2**63


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one webhook."""

    lost: bool
    twice: bool
    held: bool
    delay: timedelta


@dataclass(frozen=True, slots=True)
class Weather:
    """Shares between 0 and 1 of webhooks that are lost, doubled, or held back until the next one has passed them."""

    seed: int = 0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay: timedelta = timedelta(0)
    """Each is late by up to this much."""

    def __post_init__(self) -> None:
        for name in ("loss", "duplicate", "reorder"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be between 0 and 1")
        within("seed", self.seed, 0, SEED_MAX)
        within("delay", self.delay, timedelta(0), DELAY_MAX)

    def fate(self, *webhook: str) -> Fate:
        """What happens to the webhook with these words, each time the same."""
        digest = hashlib.sha256("\n".join((str(self.seed), *webhook)).encode()).digest()
        lost, twice, held, late = (int.from_bytes(digest[at : at + 8]) / 2**64 for at in range(0, 32, 8))
        return Fate(lost < self.loss, twice < self.duplicate, held < self.reorder, self.delay * late)


class Held:
    """Webhooks held back, by the send that they are about. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Callable[[], object]]] = defaultdict(list)

    def hold(self, about: str, post: Callable[[], object]) -> None:
        with self._lock:
            self._waiting[about].append(post)

    def release(self, about: str) -> list[Callable[[], object]]:
        """Those that waited, the latest first; they wait no longer."""
        with self._lock:
            return self._waiting.pop(about, [])[::-1]
