"""How clocks go on where engines disagree. Every choice is a word of the agreement; the defaults are ours.

What a calendar counts is chosen with the calendar (`hours.Manner`); here is what happens to a clock that waits, is
given another target, or is taken up again.
"""

from enum import StrEnum

from escalation.core.values import dataclass


class Retiming(StrEnum):
    """What another target does to a clock that has run already."""

    FORWARD = "forward"  # what was counted stays as it was counted; what is left is measured anew
    RETROACTIVE = "retroactive"  # as if the new target and its calendar had been in force from the start
    RESET = "reset"  # the whole new target, from now


class Reopening(StrEnum):
    """What is left of the resolution target when a resolved escalation is reopened."""

    CONTINUE = "continue"  # the time that was left
    FRESH = "fresh"  # the whole target again
    TOTAL = "total"  # as if it had never been resolved


class Anchor(StrEnum):
    """Where the next turn of a cadence begins."""

    GRID = "grid"  # where the last one would have ended
    ANEW = "anew"  # at what happened


class ShortTarget(StrEnum):
    """What becomes of a warning whose lead is longer than the target."""

    HALFWAY = "halfway"  # it comes at the goal or, without one, half-way
    START = "start"  # it comes at once
    NEVER = "never"


class Fractions(StrEnum):
    """How exactly the instants of a clock are kept."""

    EXACT = "exact"
    MINUTES = "minutes"  # seconds are cut off


class Pausing(StrEnum):
    """What a pause moves."""

    OPEN = "open"  # due moves by the open time of the pause: one outside the hours moves nothing
    WALL = "wall"  # due moves by the length of the pause


class EarlierPauses(StrEnum):
    """Whether pauses from before another target still count as pauses."""

    KEPT = "kept"
    DROPPED = "dropped"


class OpenPause(StrEnum):
    """What becomes of a pause that is still open when it is resolved."""

    SUBTRACTED = "subtracted"
    COUNTED = "counted"  # as if it had not been one


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The choices of one agreement."""

    on_severity_change: Retiming = Retiming.FORWARD
    on_policy_change: Retiming = Retiming.FORWARD
    on_reopen: Reopening = Reopening.CONTINUE
    after_a_miss: Anchor = Anchor.GRID
    after_an_early_update: Anchor = Anchor.ANEW
    short_target: ShortTarget = ShortTarget.HALFWAY
    fractions: Fractions = Fractions.EXACT
    pausing: Pausing = Pausing.OPEN
    earlier_pauses: EarlierPauses = EarlierPauses.KEPT
    open_pause: OpenPause = OpenPause.SUBTRACTED


OURS = Reckoning()
