"""Every way an escalation ends, and the way back."""

from escalation.core import clock as clocks
from escalation.core.cadence import start_customer_updates
from escalation.core.catching_up import keep_afterwards
from escalation.core.chain import leave_transfer, take_over
from escalation.core.clock import Clock, Due
from escalation.core.commands import Cancel, Confirm, DeEscalate, Reopen, Resolve
from escalation.core.draft import Draft
from escalation.core.effects import Point
from escalation.core.holding import holds, leave_undecided
from escalation.core.lifting import lift
from escalation.core.linking import tell_links
from escalation.core.policy import Target
from escalation.core.reckoning import OpenPause, Reopening
from escalation.core.refusals import Refusal
from escalation.core.rounds import start_rounds
from escalation.core.targets import start_deadline
from escalation.core.values import replace
from escalation.core.vocabulary import ApprovalKind, ClockName, Message, Phase, Topic
from escalation.core.watch import start_watch

# The target stands still, in case it is reopened; approvals and the looking up of dispatches go on.
KEPT_WHEN_RESOLVED = (ClockName.APPROVAL, ClockName.RESOLUTION, ClockName.RECONCILE)


def resolve(draft: Draft, command: Resolve) -> None:
    """A fix is declared. Whoever resolves what nobody had taken is recorded as having taken it, and the others hear.

    The resolution target stands still, in case it is reopened; the customer is asked; the reopen window runs.
    """
    taken = draft.phase is not Phase.IN_TRANSFER and draft.transfer.returns_to is not Phase.IN_TRANSFER
    if not taken and command.by == draft.case.customer:
        draft.refuse(Refusal.CUSTOMER_CANNOT_OWN, by=command.by)
        return
    if not taken:
        take_over(draft, command.by)
    lift(draft)
    draft.phase = Phase.RESOLVED
    draft.transfer = replace(draft.transfer, returns_to=None)
    draft.stop_clock(*(name for name in ClockName if name not in KEPT_WHEN_RESOLVED))
    if draft.policy.reckoning.open_pause is OpenPause.COUNTED:
        _count_pause(draft)
    draft.pause_clocks()
    draft.start_clock(ClockName.REOPEN_WINDOW, Target(draft.policy.house.reopen_window))
    draft.note = command.text
    draft.tell_customer(Message.CUSTOMER_RESOLUTION, command.text)


def confirm(draft: Draft, command: Confirm) -> None:
    """The customer agrees. Where an end needs somebody's yes it waits for that, or for the end of the reopen window."""
    if not holds(draft, command, draft.policy.approval(ApprovalKind.DE_ESCALATE)):
        end(draft, Phase.CLOSED)


def window_ended(draft: Draft, _clock: Clock, _due: Due) -> None:
    """Nobody objected within the reopen window."""
    end(draft, Phase.CLOSED)


def reopen(draft: Draft, command: Reopen) -> None:
    """Not fixed after all: back to its owner, with as much of the target as the agreement leaves."""
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
        return
    draft.stop_clock(ClockName.REOPEN_WINDOW)
    draft.phase = Phase.ACTIVE
    draft.tally = replace(draft.tally, reopens=draft.tally.reopens + 1)
    _take_up_resolution(draft)
    start_deadline(draft)
    start_customer_updates(draft)
    start_rounds(draft)
    start_watch(draft)
    draft.notice(Point(Topic.REOPENED, draft.people.owner), draft.people.owner, draft.people.customer_contact)


def _take_up_resolution(draft: Draft) -> None:
    mode = draft.policy.reckoning.on_reopen
    if mode is Reopening.FRESH:
        draft.start_clock(ClockName.RESOLUTION, draft.resolution)
    elif mode is Reopening.TOTAL:
        _count_pause(draft)
    draft.resume_clocks()


def _count_pause(draft: Draft) -> None:
    """The time in which the resolution target stood still until now counts after all."""
    clock = draft.clock(ClockName.RESOLUTION)
    assert clock is not None  # it starts with the opening and is kept until the end
    draft.put_clock(clocks.count_pause(clock, draft.now, draft.gauge(clock.target)))


def de_escalate(draft: Draft, command: DeEscalate) -> None:
    """Return it to a named person at a named lower level: receiver, ticket, customer and findings, all at once.

    Where the agreement follows a model of levels, the level is one of them.
    """
    if not command.to.strip() or not command.level.strip():
        draft.refuse(Refusal.REASON_MISSING, to=command.to, level=command.level)
        return
    if command.to == draft.case.customer:
        draft.refuse(Refusal.CUSTOMER_CANNOT_OWN, to=command.to)
        return
    levels = draft.policy.levels
    if levels and draft.policy.level(command.level) is None:
        known = ", ".join(level.label for level in levels)
        draft.refuse(Refusal.UNKNOWN_LEVEL, level=command.level, known=known)
        return
    if holds(draft, command, draft.policy.approval(ApprovalKind.DE_ESCALATE)):
        return
    draft.note = command.findings
    draft.people = replace(draft.people, owner=command.to)
    end(draft, Phase.DE_ESCALATED)


def cancel(draft: Draft, command: Cancel) -> None:
    """It should not have been opened: an end like any other, so where those need somebody's yes, this one does."""
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif not holds(draft, command, draft.policy.approval(ApprovalKind.DE_ESCALATE)):
        end(draft, Phase.CANCELLED)


def end(draft: Draft, phase: Phase) -> None:
    """Final: no clock is left but the looking up of dispatches, and everyone who was told hears how it ended."""
    lift(draft)
    leave_transfer(draft)
    draft.phase = phase
    draft.stop_clock(*(name for name in ClockName if name is not ClockName.RECONCILE))
    keep_afterwards(draft)
    leave_undecided(draft)
    audience = dict.fromkeys((*draft.people.told, draft.people.owner, draft.people.customer_contact))
    for contact in audience:
        returned = phase is Phase.DE_ESCALATED and contact == draft.people.owner
        draft.notify(
            contact,
            draft.manner.notice,
            Message.RETURNED if returned else Message.CLOSING,
            text=draft.note if returned else None,
        )
    draft.tell_customer(Message.CUSTOMER_CLOSING)
    tell_links(draft)
