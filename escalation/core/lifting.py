"""The end of a lull. What waited is told when the decision is sealed: see `leaving_alone.py`."""

from escalation.core.clock import Clock
from escalation.core.draft import Draft
from escalation.core.values import replace
from escalation.core.vocabulary import ClockName, LullKind


def lift(draft: Draft, *, only: LullKind | None = None) -> None:
    """People are told again, and the clocks that chase them count again; nothing happens where nobody was lulled.

    `only` ends that kind, and leaves another as it is.
    """
    lull = draft.people.lull
    if lull is None or only not in (None, lull.kind):
        return
    draft.people = replace(draft.people, lull=None)
    draft.lifted = lull
    draft.stop_clock(ClockName.LULL)
    draft.resume_clocks(lull.still)


def keeps_nudge(draft: Draft, clock: Clock) -> bool:
    """Whether words for the customer are asked for later: in a maintenance, and of an owner who has snoozed."""
    lull = draft.people.lull
    if lull is None or not (lull.kind is LullKind.MAINTENANCE or draft.people.owner == draft.people.customer_contact):
        return False
    draft.people = replace(draft.people, lull=replace(lull, nudge=clock.cycle))
    return True
