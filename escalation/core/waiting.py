"""Waiting for the customer or a third party: nobody is chased, the clocks stand still, the customer is reminded."""

from escalation.core.chain import begin_again, resume_telling
from escalation.core.clock import Clock, Due
from escalation.core.closing import end
from escalation.core.commands import Block, Unblock
from escalation.core.draft import Draft
from escalation.core.lifting import lift
from escalation.core.policy import Target
from escalation.core.refusals import Refusal
from escalation.core.severity import stand_still
from escalation.core.values import replace
from escalation.core.vocabulary import ClockName, Message, Phase
from escalation.core.watch import heard_from_owner


def block(draft: Draft, command: Block) -> None:
    """Stand still. Windows, targets and cadences pause, but for what the agreement lets run on.

    Ours is the hard deadline: an instant that somebody outside set does not wait with us.
    """
    if not command.waiting_for.strip():
        draft.refuse(Refusal.REASON_MISSING)
        return
    house = draft.policy.house
    lift(draft)
    stand_still(draft)
    draft.transfer = replace(draft.transfer, returns_to=draft.phase)
    draft.phase = Phase.BLOCKED
    if house.blocked_reminder is not None:
        draft.start_clock(ClockName.BLOCKED_REMINDER, Target(house.blocked_reminder))
    if house.blocked_limit is not None:
        draft.start_clock(ClockName.BLOCKED_LIMIT, Target(house.blocked_limit))


def unblock(draft: Draft, command: Unblock) -> None:
    """Back to where it was, with the time that was left."""
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
        return
    draft.stop_clock(ClockName.BLOCKED_REMINDER, ClockName.BLOCKED_LIMIT)
    draft.phase = draft.transfer.returns_to or Phase.ACTIVE
    draft.transfer = replace(draft.transfer, returns_to=None)
    draft.resume_clocks()
    if draft.phase is Phase.IN_TRANSFER:
        # It was blocked while people were left alone: nobody has been looked up yet.
        unasked = draft.transfer.began is None and draft.transfer.lookup is None
        (begin_again if unasked else resume_telling)(draft)
    heard_from_owner(draft, command.by)


def reminder_due(draft: Draft, clock: Clock, _due: Due) -> None:
    """The customer is asked again."""
    draft.start_clock(ClockName.BLOCKED_REMINDER, clock.target)
    draft.tell_customer(Message.CUSTOMER_REMINDER)


def waited_too_long(draft: Draft, _clock: Clock, _due: Due) -> None:
    """No reply for as long as the policy waits: the ticket returns to its customer contact for want of information."""
    draft.people = replace(draft.people, owner=draft.people.customer_contact)
    end(draft, Phase.DE_ESCALATED)
