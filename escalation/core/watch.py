"""Watching the one who works on it: check-ins, and how long silence is borne."""

from datetime import datetime

from escalation.core.draft import Draft
from escalation.core.policy import Cadence, Target
from escalation.core.vocabulary import ClockName, Phase


def start_watch(draft: Draft) -> None:
    """The owner's clocks begin anew, by the terms in force now."""
    start_check_ins(draft)
    heard_from_owner(draft, draft.people.owner)


def start_check_ins(draft: Draft, began: datetime | None = None) -> None:
    """The next check-in is due a turn from now, or from where the turn `began`; none where the terms ask for none."""
    cadence = draft.terms.check_in
    if cadence is None:
        draft.stop_clock(ClockName.CHECK_IN)
    else:
        draft.start_clock(ClockName.CHECK_IN, turn_of(cadence), began=began)


def heard_from_owner(draft: Draft, person: str) -> None:
    """An act of the owner starts the watch for silence anew; what was asked for earlier is no act of now."""
    if draft.phase is not Phase.ACTIVE or person != draft.people.owner or draft.agreed:
        return
    silence = draft.silence
    if silence is None:
        draft.stop_clock(ClockName.SILENCE)
    else:
        draft.start_clock(ClockName.SILENCE, Target(silence))


def turn_of(cadence: Cadence) -> Target:
    """One turn of a cadence, as the target of a clock."""
    leads = (cadence.lead,) if cadence.lead else ()
    return Target(cadence.every, None, leads, cadence.calendar, cadence.every_days)
