"""Leaving people alone for a while, and what is told when that is over.

An escalation that is opened in a window of maintenance tells nobody until the window ends; its customer's promises run
and are kept or missed as ever. A SEV1 is told at once, window or no window. An owner may snooze what chases them, for a
bounded time, but no SEV1 that nobody has taken yet. Whatever somebody does to move the work ends the lull at once; a
broken promise ends a snooze. See docs/decisions/0025.
"""

from escalation.core.canonical import instant
from escalation.core.catching_up import fresh
from escalation.core.chain import begin_again, resume_telling
from escalation.core.clock import Clock, Due
from escalation.core.commands import Open, Snooze, Unsnooze
from escalation.core.contact import ask_contact
from escalation.core.draft import Draft
from escalation.core.lifting import lift
from escalation.core.lull import REMINDERS, Lull, covering
from escalation.core.policy import Target
from escalation.core.refusals import Refusal
from escalation.core.values import replace
from escalation.core.vocabulary import ClockName, LullKind, Phase, Severity
from escalation.core.watch import heard_from_owner


def enter(draft: Draft, command: Open) -> None:
    """Opened in a window of maintenance: people are left alone until it ends. A SEV1 is never held back."""
    case = draft.case
    window = covering(command.maintenance, draft.transfer.route, case.customer, case.segment, draft.now)
    if window is not None and draft.grade.level is not Severity.SEV1:
        kind = LullKind.MAINTENANCE
        _begin(draft, Lull(kind, draft.now, window.until, window.by, window.reason, window.name))


def snooze(draft: Draft, command: Snooze) -> None:
    """Leave the owner alone until then; said again, it is another end. Customers' clocks go on."""
    lull, longest = draft.people.lull, draft.policy.house.snooze_max
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif command.until <= draft.now:
        draft.refuse(Refusal.ALREADY_PAST, until=instant(command.until), now=instant(draft.now))
    elif command.until > draft.now + longest:
        draft.refuse(Refusal.TOO_LONG, until=instant(command.until), at_most=instant(draft.now + longest))
    elif draft.grade.level is Severity.SEV1 and draft.phase is Phase.IN_TRANSFER:
        draft.refuse(Refusal.SEV1_WAITS, severity=draft.grade.level)
    elif lull is not None and (lull.kind is LullKind.MAINTENANCE or lull.until == command.until):
        draft.refuse(Refusal.NO_CHANGE, until=instant(lull.until), because=lull.why)
    else:
        before = lull or draft.lifted  # one that has ended in this very decision has told nobody yet
        draft.lifted = None
        begun = Lull(LullKind.SNOOZE, draft.now, command.until, command.by, command.reason)
        _begin(draft, replace(begun, held=before.held, nudge=before.nudge) if before is not None else begun)
        heard_from_owner(draft, command.by)


def unsnooze(draft: Draft, command: Unsnooze) -> None:
    """Tell people again, now: of a snooze, or of what was opened in a window of maintenance."""
    if draft.people.lull is None:
        draft.refuse(Refusal.NOT_LULLED)
    else:
        lift(draft)
        heard_from_owner(draft, command.by)


def lull_over(draft: Draft, _clock: Clock, _due: Due) -> None:
    """Its time is over."""
    lift(draft)


def go_on(draft: Draft) -> None:
    """After a lull that this decision has ended: say what waited, and tell whoever is asked to take it.

    Who that is, is looked up anew where nobody was told: a window may have lasted over a hand-over of turns.
    """
    lull, transfer = draft.lifted, draft.transfer
    if lull is None or draft.ended:
        return
    _tell_held(draft, lull)
    turn = draft.clock(ClockName.CUSTOMER_UPDATE)
    if lull.nudge and turn is not None and turn.cycle == lull.nudge:
        ask_contact(draft)
    if draft.phase is Phase.IN_TRANSFER and transfer.lookup is None:
        if transfer.asked:
            resume_telling(draft)
        else:
            begin_again(draft)


def _begin(draft: Draft, lull: Lull) -> None:
    draft.people = replace(draft.people, lull=lull)
    draft.start_clock(ClockName.LULL, Target(lull.until - draft.now))


def _tell_held(draft: Draft, lull: Lull) -> None:
    """What still matters: nobody is reminded of what was solved, or stands still, meanwhile."""
    reminded = draft.phase in (Phase.AWAITING_APPROVAL, Phase.IN_TRANSFER, Phase.ACTIVE)
    for one in lull.held:
        for point in fresh(draft, one.points):
            if reminded or point.topic not in REMINDERS:
                draft.notice(point, one.name)
