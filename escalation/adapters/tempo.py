"""How fast each vendor is asked, and how soon its lists can be trusted."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from escalation.core.vocabulary import Channel

PACE_MAX = 1000.0
"""More acts in a second than any account allows: a slip of the keyboard."""

Pace = Annotated[float, Field(gt=0, le=PACE_MAX)]


@dataclass(frozen=True, slots=True)
class SettleWindows:
    """How long after an ambiguous send the provider's own list can be trusted."""

    sms: timedelta
    voice: timedelta
    email: timedelta
    chat: timedelta = timedelta(seconds=60)

    def of(self, channel: Channel) -> timedelta:
        """The window of one channel."""
        window: timedelta = getattr(self, channel.value)
        return window


@dataclass(frozen=True, slots=True)
class Paces:
    """The most acts in a second on each vendor's queue, of all workers together: the engine's server keeps to it."""

    email: float
    phone: float  # texts, and every look-up of texts and calls
    voice: float
    chat: float = 1.0
