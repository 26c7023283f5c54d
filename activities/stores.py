"""What an act of telling somebody looks up and keeps, as far as it knows these places."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from activities.settling import Asked
from escalation.adapters.asking import QuietHours, hushed_at
from escalation.adapters.pauses import Pause
from escalation.adapters.sending import Script
from escalation.adapters.ways import WaysBack
from escalation.core.effects import Notify
from escalation.core.facts import ReportDelivery
from escalation.core.vocabulary import Channel


class WordStore(Protocol):
    """Where words are kept. Raises `LedgerDown` when it does not answer."""

    def read(self, text: str) -> str | None:
        """The words of a text id, or None."""


class PauseStore(Protocol):
    """Which channels a vendor has closed for now. Raises `LedgerDown` when it does not answer."""

    def at(self, channel: Channel, at: datetime) -> Pause | None:
        """The pause that `at` falls into."""

    def close(self, channel: Channel, until: datetime, code: str) -> None:
        """Close a channel."""


class ScriptStore(Protocol):
    """Where the gateway finds what a call says. Raises `LedgerDown` when it does not answer."""

    def keep(self, dispatch: str, script: Script) -> None:
        """Keep it under that dispatch."""


class OptOutStore(Protocol):
    """Who has turned which channel off. Raises `LedgerDown` when it does not answer."""

    def off(self, contact: str) -> frozenset[Channel]:
        """The channels that nothing is sent to that contact on."""
        ...


@dataclass(frozen=True, slots=True)
class Answers:
    """How a message is answered: the addresses that it carries, what a call asks us for, what nobody wants and when."""

    ways: WaysBack = field(default_factory=WaysBack)
    scripts: ScriptStore | None = None
    optouts: OptOutStore | None = None
    quiet: QuietHours | None = None
    asked: Asked | None = None

    @property
    def linked(self) -> frozenset[Channel]:
        """The channels whose messages carry the address of their page."""
        return frozenset({Channel.EMAIL, Channel.SMS} if self.ways.sms_links else {Channel.EMAIL})

    def hushed(self, effect: Notify, at: datetime) -> ReportDelivery | None:
        """What is answered instead of ringing in somebody's quiet hours. Who cannot be asked about is told."""
        try:
            return hushed_at(self.quiet, effect, at) if self.quiet is not None else None
        except Exception:  # noqa: BLE001  # whatever a directory raises: the send asks it again, and waits for it
            return None
