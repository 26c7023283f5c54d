"""What is asked of the weekly look at who is there, and what came of it."""

from dataclasses import dataclass
from datetime import datetime

DAYS_AHEAD = 90


@dataclass(frozen=True, slots=True)
class ReadinessOrder:
    """Look `days` ahead, and tell whoever holds the role `to`. `at` is set by the workflow."""

    to: str
    days: int = DAYS_AHEAD
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReadinessTold:
    """How many findings there were, and who was written to (empty: nobody could be)."""

    errors: int
    warnings: int
    told: tuple[str, ...]
