"""What became of a page after a provider had taken it: delivered, failed, or nothing heard for too long.

A receipt may come early, late, twice, out of order, or never. `delivered` is final: a failure that is reported after it
changes nothing, and one that was reported before it is taken back. Only a mail may still be sent back by a server that
had taken it. A page without a receipt is looked up half-way, and at the end of the agreement's time somebody else is
told, whatever the lookup will say.
"""

from datetime import timedelta

from escalation.core import clock as clocks
from escalation.core.catching_up import LATER, try_later
from escalation.core.chain import page_arrived, page_failed
from escalation.core.clock import Clock, Due
from escalation.core.draft import Draft, stale_warning
from escalation.core.effects import LookUpReceipt, Point
from escalation.core.facts import ReportDelivery
from escalation.core.policy import Target
from escalation.core.post import Sent
from escalation.core.rungs import strike, tell_again, window_over
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, ClockName, Failure, Message, Outcome, Phase, Topic

# Whoever was busy may answer soon; one more try, on the same channel.
RETRY_AFTER = timedelta(minutes=3)
# A receipt that has not come by this part of the time it may take is looked up.
LOOKED_UP_AFTER = 0.5
HOPELESS = (Failure.DESTINATION, Failure.NO_ADDRESS)
OURS_TO_MEND = (Failure.CONFIGURATION, Failure.CONTENT)


def await_receipt(draft: Draft, sent: Sent) -> None:
    """A provider took a page of the step that is being asked: from now on its receipt is waited for."""
    silent_after = draft.policy.settle(sent.channel).silent_after
    if silent_after is not None and draft.transfer.since is not None and sent.number in draft.transfer.pages:
        _start(draft, ClockName.RECEIPT, Target(silent_after, silent_after * LOOKED_UP_AFTER), sent.number)


def receipt_wanted(draft: Draft, clock: Clock, due: Due) -> None:
    """No receipt yet: ask the provider, while there is time."""
    if not stale_warning(clock, due.edge, draft.now):
        _look_up(draft, clock.cycle)


def receipt_missing(draft: Draft, clock: Clock, _due: Due) -> None:
    """No receipt in time: the page counts as silent and the next is told at once; the provider is asked once more."""
    del draft.clocks[clock.name, clock.cycle]
    _look_up(draft, clock.cycle)
    sent = draft.people.post.of(clock.cycle)
    if sent is not None and not window_over(draft):
        _remember(draft, replace(sent, silent=True))
        page_failed(draft, sent.number, surely=False)


def retry_due(draft: Draft, clock: Clock, _due: Due) -> None:
    """Once more for whoever was busy, unless they were told on that channel since, or it will never work."""
    del draft.clocks[clock.name, clock.cycle]
    sent, post = draft.people.post.of(clock.cycle), draft.people.post
    if sent is None or (sent.contact, sent.channel) in post.dead:
        return
    later = [one for one in post.sent if one.number > sent.number and one.message is Message.PAGE]
    if not any((one.contact, one.channel) == (sent.contact, sent.channel) for one in later):
        tell_again(draft, sent)


def looked_up(draft: Draft, number: int) -> bool:
    """Settle the lookup of that dispatch's receipt; False when nobody had asked for one."""
    for errand in draft.errands:
        if isinstance(errand.effect, LookUpReceipt) and errand.effect.of == number:
            draft.errands = tuple(other for other in draft.errands if other is not errand)
            return True
    return False


def receipt_came(draft: Draft, command: ReportDelivery) -> bool:
    """Take a receipt for what a provider had taken; False when it says nothing new."""
    sent = draft.people.post.of(command.number)
    if sent is None or command.outcome not in (Outcome.DELIVERED, Outcome.FAILED):
        return False
    if sent.outcome is command.outcome or (sent.outcome is Outcome.DELIVERED and sent.channel is not Channel.EMAIL):
        return False
    if command.outcome is Outcome.DELIVERED:
        delivered(draft, sent)
    elif sent.message is Message.PAGE:
        failed(draft, sent, command.failure, command.code)
    else:
        draft.people = replace(draft.people, post=draft.people.post.without(sent))
        note_failure(draft, sent.contact, sent.channel, command.failure, command.code)
        tell_failure(draft, sent.message)
    return True


def delivered(draft: Draft, sent: Sent) -> None:
    """It came to the device or the mailbox. Nobody has read it yet, and nothing is acknowledged by it."""
    _drop(draft, ClockName.RECEIPT, sent.number)
    _drop(draft, ClockName.RETRY, sent.number)
    post = draft.people.post.living(sent.contact, sent.channel)
    if sent.message is not Message.PAGE:
        draft.people = replace(draft.people, post=post.without(sent))
        return
    draft.people = replace(draft.people, post=post.kept(replace(sent, outcome=Outcome.DELIVERED, silent=False)))
    if sent.visit == draft.transfer.visit and sent.number not in draft.transfer.pages:
        draft.transfer = replace(draft.transfer, pages=(*draft.transfer.pages, sent.number))
    page_arrived(draft, sent.contact, sent.since)


def failed(draft: Draft, sent: Sent, failure: Failure | None, code: str | None, *, replaced: bool = False) -> None:
    """A page did not arrive: the next is told at once; whoever is only busy is tried once more later.

    Not for a step that is over by then: they may have said "not me", or others may have been asked instead.
    """
    _drop(draft, ClockName.RECEIPT, sent.number)
    _remember(draft, replace(sent, outcome=Outcome.FAILED))
    note_failure(draft, sent.contact, sent.channel, failure, code)
    asked = draft.transfer.since is not None and sent.visit == draft.transfer.visit
    if failure is Failure.DESTINATION_BUSY and not sent.again and asked:
        _start(draft, ClockName.RETRY, Target(RETRY_AFTER), sent.number)
    elif failure in LATER and draft.transfer.since is not None:
        try_later(draft)
    page_failed(draft, sent.number, surely=True, replaced=replaced or sent.silent)


def note_failure(draft: Draft, contact: str, channel: Channel, failure: Failure | None, code: str | None) -> None:
    """Remember a destination that will not work; tell the managers once of what an operator must mend."""
    post = draft.people.post
    if failure in HOPELESS:
        draft.people = replace(draft.people, post=post.buried(contact, channel))
        strike(draft, contact, channel)
    elif failure in OURS_TO_MEND and not draft.ended:
        alarm = f"{channel} {code}" if code else channel.value
        if alarm not in post.alarms:
            draft.people = replace(draft.people, post=post.alarmed(alarm))
            draft.notice(Point(Topic.CHANNEL_DOWN, alarm), draft.policy.house.managers)


def tell_failure(draft: Draft, message: Message) -> None:
    """Owed words did not arrive: whoever can still say them hears of it."""
    point = Point(Topic.MESSAGE_FAILED, message)
    draft.notice(point, draft.people.customer_contact, draft.policy.house.managers)


def _look_up(draft: Draft, number: int) -> None:
    sent = draft.people.post.of(number)
    if sent is not None:
        asked = draft.next_number()
        draft.ask(
            LookUpReceipt(asked, sent.dispatch, sent.contact, sent.channel, sent.provider_id, sent.since, sent.number)
        )


def _start(draft: Draft, name: ClockName, target: Target, number: int) -> None:
    """A clock of one page. While nobody is chased it stands still."""
    draft.start_clock(name, target, cycle=number)
    if draft.phase is Phase.BLOCKED:
        clock = draft.clocks[name, number]
        draft.put_clock(clocks.pause(clock, draft.now))


def _drop(draft: Draft, name: ClockName, number: int) -> None:
    draft.clocks.pop((name, number), None)


def _remember(draft: Draft, sent: Sent) -> None:
    draft.people = replace(draft.people, post=draft.people.post.kept(sent))
