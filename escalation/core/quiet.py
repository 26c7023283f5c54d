"""Quiet hours: nothing rings then. What a message does instead, its sender asks here.

A page is planned around them (see `find_contacts`): it goes by mail or chat, or to the backup. A notice goes by mail or
chat too, and waits for the end of the quiet hours where somebody has neither. What asks a person for something, and the
last word of all, does not wait: it rings where nothing else is left. SEV1, and what a person lets through, rings.
"""

from datetime import UTC, datetime

from escalation.core.effects import Notify
from escalation.core.facts import ReportDelivery
from escalation.core.state import TERMINAL
from escalation.core.vocabulary import Channel, Failure, Message, Outcome

RINGING = frozenset({Channel.SMS, Channel.VOICE})
"""What wakes somebody."""
SILENT = (Channel.EMAIL, Channel.CHAT)
"""What waits until it is looked at, in the order in which it is tried."""
WAITING = frozenset({Message.SITUATION, Message.ACKNOWLEDGED})
"""Notices that nobody is asked anything by: they keep until the morning, while it is open."""
HUSHED = WAITING | {Message.CHECK_IN, Message.CLOSING}
"""What goes to a silent channel instead, where there is one."""


def said_of(until: datetime) -> str:
    """Until when, by that person's own clock."""
    return f"until {until:%H:%M %Z}"


def hushed(effect: Notify, until: datetime | None, silent: tuple[Channel, ...]) -> ReportDelivery | None:
    """What is answered instead of sending; None: send it.

    `until` (in the person's own zone) is when their quiet hours end, None outside of them; `silent` are the channels of
    `SILENT` that they have.
    """
    if until is None or effect.channel not in RINGING or effect.message not in HUSHED:
        return None
    allowed = (each for each in SILENT if each in silent and not (effect.brief.restricted and each is Channel.CHAT))
    instead = next(allowed, None)
    keeps = effect.message in WAITING and effect.brief.phase not in TERMINAL  # nothing stays open for a notice
    if instead is None and not keeps:
        return None
    code, over = said_of(until), until.astimezone(UTC)
    return ReportDelivery(effect.number, Outcome.FAILED, failure=Failure.QUIET, code=code, until=over, instead=instead)
