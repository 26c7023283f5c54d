"""Promises that repeat: check-ins with the owner, and words to the customer."""

from datetime import datetime, timedelta

from escalation.core import clock as clocks
from escalation.core.clock import Clock, Due
from escalation.core.commands import PostUpdate
from escalation.core.contact import ask_contact
from escalation.core.draft import Draft, stale_warning
from escalation.core.effects import Point
from escalation.core.lifting import keeps_nudge, lift
from escalation.core.policy import Target
from escalation.core.reckoning import Anchor
from escalation.core.refusals import Refusal
from escalation.core.values import replace
from escalation.core.vocabulary import Audience, ClockName, LullKind, Message, Phase, Topic
from escalation.core.watch import heard_from_owner, start_check_ins, turn_of

# Turns that are stepped over after an outage before the grid is given up and begins anew at the present.
TURNS_SKIPPED_MAX = 1000


def post_update(draft: Draft, command: PostUpdate) -> None:
    """Progress: inside, it answers the check-in; to the customer it is sent, and the next turn starts from now.

    While everything waits, the new turn stands still as the old one did.
    """
    if command.text is None:
        draft.refuse(Refusal.TEXT_MISSING)
        return
    if command.audience is Audience.CUSTOMER and draft.case.linked_to is not None:
        draft.refuse(Refusal.FIRST_SPEAKS, first=draft.case.linked_to.reference)
        return
    if command.audience is Audience.CUSTOMER:
        if draft.clock(ClockName.CUSTOMER_UPDATE) is not None:
            start_customer_updates(draft, early=True)
            _stand_still(draft, ClockName.CUSTOMER_UPDATE)
        draft.tell_customer(Message.CUSTOMER_UPDATE, command.text)
    elif draft.clock(ClockName.CHECK_IN) is not None:
        start_check_ins(draft, _begins(draft, ClockName.CHECK_IN))
        _stand_still(draft, ClockName.CHECK_IN)
    heard_from_owner(draft, command.by)


def start_customer_updates(draft: Draft, *, heard: bool = True, early: bool = False) -> None:
    """The next word to the customer is due a turn from now, or when the floor says so, whichever is earlier.

    Unless the customer has `heard` something now, the floor counts from the last word, and a turn that is over already
    is left to be missed. After an `early` update the turn may keep the grid. Beside an escalation that speaks with the
    customer, nothing is promised to them.
    """
    if draft.case.linked_to is not None:
        return
    last = draft.clock(ClockName.CUSTOMER_UPDATE)
    if not heard and last is not None and last.limit_at is not None and last.limit_at <= draft.now:
        return
    since = draft.now if heard or last is None else _last_word(draft, last)
    began = _begins(draft, ClockName.CUSTOMER_UPDATE) if early else draft.now
    turn = _customer_turn(draft, began, last.cycle + 1 if last is not None else 1, since)
    draft.stop_clock(ClockName.CUSTOMER_UPDATE)
    if turn is not None:
        draft.put_clock(turn)


def _last_word(draft: Draft, turn: Clock) -> datetime:
    """From when on the floor counts: the customer's last word; while it stands still, as far back as it had counted."""
    began = turn.segments[0].start
    waited = began - (turn.heard or began)
    if turn.running:
        return began - waited
    return draft.now - clocks.spent(turn, draft.now, draft.gauge(turn.target)) - waited


def _begins(draft: Draft, name: ClockName) -> datetime:
    """Where the turn after an early update begins: now, or where the turn that it answers would have ended.

    A turn that lies ahead was answered already: it keeps its beginning.
    """
    clock = draft.clock(name)
    if clock is not None and clock.segments[-1].start > draft.now:
        return clock.segments[-1].start
    end = clock.limit_at if clock is not None else None
    keeps = draft.policy.reckoning.after_an_early_update is Anchor.GRID
    return end if keeps and end is not None and end > draft.now else draft.now


def _stand_still(draft: Draft, name: ClockName) -> None:
    clock = draft.clock(name)
    if draft.phase is Phase.BLOCKED and clock is not None and name not in draft.policy.house.runs_while_blocked:
        draft.put_clock(clocks.pause(clock, draft.now, draft.gauge(clock.target)))


def check_in_wanted(draft: Draft, clock: Clock, due: Due) -> None:
    """Ask the owner how it goes."""
    if not stale_warning(clock, due.edge, draft.now):
        draft.notify(draft.people.owner, draft.manner.notice, Message.CHECK_IN)


def check_in_missed(draft: Draft, clock: Clock, due: Due) -> None:
    """No progress was told inside: the managers hear, once; the turns keep their grid."""
    draft.missed(clock, due.at)
    draft.notice(Point(Topic.CHECK_IN_MISSED, draft.people.owner, due.at), draft.policy.house.managers)
    cadence = draft.terms.check_in
    assert cadence is not None  # terms without one stop the clock
    target = turn_of(cadence)
    began = next_turn_began(draft, due.at, target)
    draft.put_clock(_turn(draft, ClockName.CHECK_IN, clock.cycle + 1, target, began))
    del draft.clocks[clock.name, clock.cycle]


def update_wanted(draft: Draft, clock: Clock, due: Due) -> None:
    """Ask the customer contact for words, while there is still time."""
    if not stale_warning(clock, due.edge, draft.now) and not keeps_nudge(draft, clock):
        ask_contact(draft)


def update_missed(draft: Draft, clock: Clock, due: Due) -> None:
    """The customer heard nothing in time: say inside who owed it, and send the no-news update outside, once."""
    draft.missed(clock, due.at)
    contact = draft.people.customer_contact
    draft.notice(Point(Topic.UPDATE_MISSED, contact, due.at), contact, draft.policy.house.managers)
    began = next_turn_began(draft, due.at, clock.target)
    turn = _customer_turn(draft, began, clock.cycle + 1, began)
    del draft.clocks[clock.name, clock.cycle]
    if turn is not None:
        draft.put_clock(turn)
    draft.tell_customer(Message.CUSTOMER_NO_NEWS)
    lift(draft, only=LullKind.SNOOZE)


def _customer_turn(draft: Draft, began: datetime, cycle: int, heard: datetime) -> Clock | None:
    """The turn that began then: by the severity's cadence, or by the floor since `heard` when that comes first."""
    cadence, floor = draft.terms.customer_update, draft.policy.house.customer_floor
    lead = cadence.lead if cadence is not None else timedelta(0)
    targets = []
    if cadence is not None:
        targets.append(turn_of(cadence))
    if floor is not None:
        targets.append(Target(max(floor - (began - heard), timedelta(0)), None, (lead,) if lead else ()))
    turns = [_turn(draft, ClockName.CUSTOMER_UPDATE, cycle, target, began) for target in targets]
    first = min(turns, key=_limit_at, default=None)
    if first is not None and began < draft.now and _limit_at(first) <= draft.now:
        return _customer_turn(draft, draft.now, cycle, draft.now)  # the grid lies behind us: begin at the present
    if first is not None and heard < began:
        return replace(first, heard=heard)
    return first


def _limit_at(turn: Clock) -> datetime:
    return turn.dues[-1].at


def _turn(draft: Draft, name: ClockName, cycle: int, target: Target, began: datetime) -> Clock:
    return clocks.start(name, cycle, target, began, draft.gauge(target))


def next_turn_began(draft: Draft, due: datetime, target: Target) -> datetime:
    """Where the turn after one that was missed, or served, at `due` began.

    Anew, or on the grid: where the turn that lies around now began, counting whole turns; bounded.
    """
    if draft.policy.reckoning.after_a_miss is Anchor.ANEW:
        return draft.now
    gauge, began = draft.gauge(target), due
    for _ in range(TURNS_SKIPPED_MAX):
        following = clocks.limit_of(target, began, gauge)
        if following > draft.now:
            return began
        began = following
    return draft.now
