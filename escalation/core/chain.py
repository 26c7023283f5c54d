"""Finding somebody who takes it: the chain of steps, its windows, and every way to move the work."""

from datetime import datetime, timedelta

from escalation.core import whom
from escalation.core.clock import Clock, Due
from escalation.core.commands import Acknowledge, Decline, HandOff, Raise, Reassign
from escalation.core.draft import NAMES_MAX, Draft
from escalation.core.effects import Point
from escalation.core.facts import ReportContacts
from escalation.core.holding import holds
from escalation.core.lifting import lift
from escalation.core.policy import Chain, Step, Target
from escalation.core.refusals import Refusal
from escalation.core.rungs import (
    heard_on,
    hears,
    make_up_for,
    plan,
    standing,
    tell_unreached,
    tell_until_later,
    window_over,
)
from escalation.core.severity import await_confirmation, retarget_promises
from escalation.core.state import Lapse
from escalation.core.touches import handed_to, taken_by, taken_from
from escalation.core.values import replace
from escalation.core.vocabulary import ClockName, Handover, LullKind, Message, Phase, Topic
from escalation.core.watch import start_watch

# Lapsed steps that a late acknowledgement can still be told apart from; older ones count as lapsed for good.
LAPSES_MAX = 20
# How often a fallback contact that no message reached is tried.
FALLBACK_TRIES_MAX = 20
_NOTHING = timedelta(0)


def begin_transfer(
    draft: Draft, *, by: str | None = None, step: int = 0, named: str | None = None, keep_chain: bool = False
) -> None:
    """Put the work in transfer and begin a step of the chain, or ask a named person instead."""
    lift(draft, only=LullKind.SNOOZE)
    draft.stop_clock(ClockName.CHECK_IN, ClockName.SILENCE)
    taken_from(draft, by)
    if not keep_chain:
        await_confirmation(draft, Handover.HAND_OVER)
        draft.transfer = replace(draft.transfer, round=0, heard_in_chain=False)
    draft.phase = Phase.IN_TRANSFER
    draft.transfer = replace(draft.transfer, since=draft.transfer.since or draft.now, returns_to=None)
    _begin_step(draft, step, named)


def leave_transfer(draft: Draft) -> None:
    """The way ends: stop telling, and add the time it took."""
    draft.stop_clock(ClockName.TELL, ClockName.ACKNOWLEDGEMENT, ClockName.RECEIPT, ClockName.RETRY)
    if draft.transfer.since is not None:
        taken = draft.tally.in_transfer + (draft.now - draft.transfer.since)
        draft.tally = replace(draft.tally, in_transfer=taken)
    draft.transfer = replace(draft.transfer, since=None, rungs=(), lookup=None, paged=(), lapses=(), returned=False)


def next_step(draft: Draft) -> None:
    """On to the next step; after the last one the chain starts again, as often as the policy allows, then the fallback.

    A round in which no message reached anybody is not repeated: the fallback is told at once.
    """
    transfer, chain = draft.transfer, _chain(draft)
    following = transfer.step + 1
    if following < len(chain.steps):
        _begin_step(draft, following)
    elif transfer.step < len(chain.steps) and transfer.round < chain.repeats and transfer.heard_in_chain:
        draft.transfer = replace(transfer, round=transfer.round + 1)
        _begin_step(draft, 0)
    else:
        _reach_the_end(draft)


def at_top(draft: Draft) -> bool:
    """Whether the fallback contact is already the one asked."""
    return draft.transfer.step >= len(_chain(draft).steps)


def reported_contacts(draft: Draft, command: ReportContacts) -> None:
    """Who a step's contact is now: plan the telling, or go on at once when nobody can be reached."""
    rungs = plan(draft, command.found, _backup_after(draft), last_resort=at_top(draft))
    draft.transfer = replace(draft.transfer, lookup=None, rungs=rungs, began=draft.now)
    if draft.phase is Phase.BLOCKED or draft.people.lull is not None:
        return  # nobody is chased while we wait; `resume_telling` tells them
    if rungs:
        tell_until_later(draft)
    else:
        _step_reached_nobody(draft)


def tell_elapsed(draft: Draft, _clock: Clock, _due: Due) -> None:
    """The next rung's time has come; after an outage the step's own may be over as well."""
    draft.stop_clock(ClockName.TELL)
    if not window_over(draft):
        tell_until_later(draft)


def window_elapsed(draft: Draft, _clock: Clock, due: Due) -> None:
    """Nobody acknowledged in time."""
    lapses = (*draft.transfer.lapses, Lapse(due.at, draft.transfer.asked))[-LAPSES_MAX:]
    draft.transfer = replace(draft.transfer, lapses=lapses)
    draft.tally = replace(draft.tally, lapses=draft.tally.lapses + 1)
    next_step(draft)


def owner_silent(draft: Draft, _clock: Clock, due: Due) -> None:
    """Acknowledged, then nothing: the next step is asked, and the silent owner hears of it."""
    draft.notice(Point(Topic.OWNER_SILENT, draft.people.owner, due.at), draft.people.owner, draft.policy.house.managers)
    raise_to_next(draft)


def resume_telling(draft: Draft) -> None:
    """Back from waiting: the plan goes on where it stood; whoever could not be told meanwhile is told now."""
    transfer, tell = draft.transfer, draft.clock(ClockName.TELL)
    if transfer.lookup is not None:
        return  # the answer is still to come
    told = standing(draft)
    if transfer.rungs:
        at = tell.due if told and tell is not None else None
        began = (at or draft.now) - (transfer.rungs[0].after or _NOTHING)
        draft.transfer = replace(transfer, began=began)
        draft.stop_clock(ClockName.TELL)
        tell_unreached(draft)
        tell_until_later(draft)
    elif not told:
        _step_reached_nobody(draft)


def begin_again(draft: Draft) -> None:
    """The step that is asked, from its beginning: who that is now is looked up anew."""
    _begin_step(draft, draft.transfer.step, draft.transfer.named)


def ask_again(draft: Draft) -> None:
    """A provider may be back: where nobody at all was told, the chain is climbed from its first step."""
    told = draft.transfer.rungs or standing(draft)
    if draft.phase is Phase.IN_TRANSFER and draft.tally.nobody_told and at_top(draft) and not told:
        _begin_step(draft, 0)


def page_failed(draft: Draft, number: int, *, surely: bool, replaced: bool = False) -> None:
    """A page did not go through (`surely`), or may not have: whoever is next in this visit is told at once.

    A page that was `replaced` before, when it was in doubt or silent, is not made up for twice while others stand.
    """
    sent = draft.people.post.of(number)
    if sent is None or number not in draft.transfer.pages:
        return
    if surely:
        left = tuple(n for n in draft.transfer.pages if n != number)
        draft.transfer = replace(draft.transfer, pages=left)
    draft.transfer = replace(draft.transfer, heard=hears(draft))
    chased = draft.phase is Phase.IN_TRANSFER and draft.people.lull is None
    if chased and not make_up_for(draft, sent, replaced=replaced):
        _step_reached_nobody(draft)


def page_arrived(draft: Draft, contact: str, since: datetime) -> None:
    """A provider took or delivered a page, of this visit or an earlier one. One of an earlier way asks nobody now."""
    draft.told(contact)
    if draft.tally.nobody_told:
        draft.tally = replace(draft.tally, nobody_told=False)
    if draft.people.post.tries:
        draft.people = replace(draft.people, post=replace(draft.people.post, tries=0))
    transfer = draft.transfer
    if transfer.since is not None and since >= transfer.since:
        paged = transfer.paged if contact in transfer.paged else (*transfer.paged, contact)
        draft.transfer = replace(transfer, paged=paged[-NAMES_MAX:], heard=hears(draft), heard_in_chain=True)


# --- commands --------------------------------------------------------------------------------------------------------


def acknowledge(draft: Draft, command: Acknowledge) -> None:
    """Whoever acknowledges becomes the owner: see `take_over`.

    An act that a verified gateway saw earlier counts at that instant: a window or a response target that lapsed in
    between is taken back from the counts. A tie is met in time.
    """
    if command.by == draft.case.customer:
        draft.refuse(Refusal.CUSTOMER_CANNOT_OWN, by=command.by)
        return
    acted = acted_at(draft, command)
    _withdraw_lapses(draft, acted, command.by)
    take_over(draft, command.by)


def take_over(draft: Draft, person: str) -> None:
    """A new owner: the chain stops, whoever else was paged or had it until now hears, and they are watched."""
    others = [name for name in draft.transfer.paged if name != person]
    lift(draft)
    taken_by(draft, person)
    draft.people = replace(draft.people, post=draft.people.post.taken_by(person))
    leave_transfer(draft)
    draft.stop_clock(ClockName.RESPONSE)
    draft.phase = Phase.ACTIVE
    draft.tally = replace(draft.tally, escalated=False)
    start_watch(draft)
    await_confirmation(draft, Handover.ACKNOWLEDGEMENT)
    for name in others:
        draft.notify(name, heard_on(draft, name), Message.ACKNOWLEDGED)


def decline(draft: Draft, command: Decline) -> None:
    """Somebody who was asked says "not me": the next step is asked at once, and they are not tried again."""
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif command.by not in draft.transfer.asked:
        draft.refuse(Refusal.NOT_ASKED, asked=", ".join(draft.transfer.asked))
    else:
        lift(draft)
        for page in draft.people.post.sent:
            if page.contact == command.by:
                draft.clocks.pop((ClockName.RETRY, page.number), None)
        next_step(draft)


def reassign(draft: Draft, command: Reassign) -> None:
    """Ask a named person; if they let their window pass, the chain goes on from where it was."""
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif command.to == draft.case.customer:
        draft.refuse(Refusal.CUSTOMER_CANNOT_OWN, to=command.to)
    elif command.to == draft.people.owner and draft.phase is Phase.ACTIVE:
        draft.refuse(Refusal.NO_CHANGE, owner=command.to)
    else:
        lift(draft)
        draft.stop_clock(ClockName.RETRY)
        draft.tally = replace(draft.tally, hand_offs=draft.tally.hand_offs + 1)
        begin_transfer(draft, by=command.by, step=draft.transfer.step, named=command.to, keep_chain=True)


def hand_off(draft: Draft, command: HandOff) -> None:
    """Sideways: another route's receiver, from the first step of its chain."""
    route = draft.policy.route(command.route)
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif route is None:
        draft.refuse(Refusal.UNKNOWN_ROUTE, route=command.route, known=", ".join(r.name for r in draft.policy.routes))
    elif command.ask not in route.asks:
        draft.refuse(Refusal.ASK_NOT_FOR_ROUTE, ask=command.ask, allowed=", ".join(route.asks))
    elif holds(draft, command, route.approval):
        return
    else:
        if draft.phase is Phase.BLOCKED:
            draft.stop_clock(ClockName.BLOCKED_REMINDER, ClockName.BLOCKED_LIMIT)
            draft.resume_clocks()
        lift(draft)
        draft.stop_clock(ClockName.RETRY)
        handed_to(draft, route)
        tiers = draft.route.promises or route.promises
        draft.transfer = replace(draft.transfer, route=route.name, ask=command.ask, lapses=())
        if tiers:
            retarget_promises(draft, draft.policy, draft.policy.reckoning.on_severity_change)
        begin_transfer(draft, by=command.by)


def raise_(draft: Draft, command: Raise) -> None:
    """Upwards: the next level of the chain, the next step where none is higher, or the fallback after the last."""
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif command.page is not None and not _asks_now(draft, command.page):
        draft.refuse(Refusal.STEP_OVER, step=step_name(draft))
    elif at_top(draft):
        draft.refuse(Refusal.TOP_OF_CHAIN, step=step_name(draft))
    else:
        lift(draft)
        begin_transfer(draft, by=command.by, step=_above(draft), keep_chain=True)


def raise_to_next(draft: Draft) -> None:
    """The next step of the chain is asked; at its end the fallback contact, again if need be."""
    begin_transfer(draft, step=min(draft.transfer.step + 1, len(_chain(draft).steps)), keep_chain=True)


def step_name(draft: Draft) -> str:
    """What the step is called."""
    if draft.transfer.named is not None:
        return draft.transfer.named
    return "fallback" if at_top(draft) else _chain(draft).steps[draft.transfer.step].name


def acted_at(draft: Draft, command: Acknowledge) -> datetime:
    """When the act happened: vouched for by a verified gateway, within the policy's bound, else now."""
    vouched = command.standing is not None and command.standing.verified
    if command.occurred_at is None or not vouched:
        return draft.now
    earliest = max(draft.case.opened_at, draft.now - draft.policy.house.occurred_at_bound)
    return command.occurred_at if earliest <= command.occurred_at <= draft.now else draft.now


# --- inside ----------------------------------------------------------------------------------------------------------


def _asks_now(draft: Draft, dispatch: str) -> bool:
    """Whether that page is of the step that is being asked, or of the last one that was, since somebody took it."""
    pages = [one for one in draft.people.post.sent if one.dispatch == dispatch and one.message is Message.PAGE]
    return any(one.visit == draft.transfer.visit for one in pages)


def _chain(draft: Draft) -> Chain:
    return draft.policy.chain(draft.route.chain)


def _above(draft: Draft) -> int:
    """The first step of a higher level than the one that is asked; where there is none, the step that follows."""
    step, steps = draft.transfer.step, _chain(draft).steps
    higher = (place for place in range(step + 1, len(steps)) if steps[place].level != steps[step].level)
    return next(higher, step + 1)


def _begin_step(draft: Draft, index: int, named: str | None = None) -> None:
    draft.stop_clock(ClockName.TELL, ClockName.RECEIPT)
    steps = _chain(draft).steps
    window, names = _asked(draft, steps, index, named)
    draft.start_clock(ClockName.ACKNOWLEDGEMENT, window)
    lookup = draft.find("step", names) if draft.people.lull is None else None  # then `begin_again` does it
    draft.transfer = replace(
        draft.transfer,
        step=index,
        named=named,
        visit=draft.transfer.visit + 1,
        lookup=lookup,
        began=None,
        rungs=(),
        asked=(),
        pages=(),
        heard=False,
    )


def _asked(draft: Draft, steps: tuple[Step, ...], index: int, named: str | None) -> tuple[Target, tuple[str, ...]]:
    """The window and the names to look up, for a step and whoever it tells as well, a named person or the fallback."""
    house = draft.policy.house
    if index >= len(steps):
        return Target(house.fallback_window), (named or house.fallback,)
    step = steps[index]
    window = Target(step.window, calendar=step.calendar, limit_days=step.window_days)
    also = [one.contact for one in step.also if not one.severities or draft.grade.level in one.severities]
    if named is not None:
        return window, (named,)
    names = (whom.placed(name, draft.people.owner, draft.case.customer) for name in (step.contact, *also))
    return window, tuple(dict.fromkeys(names))


def _backup_after(draft: Draft) -> timedelta | None:
    """When the step's backups are told too; the fallback's is a reserve."""
    return None if at_top(draft) else _chain(draft).steps[draft.transfer.step].backup_after


def _step_reached_nobody(draft: Draft) -> None:
    """No time is spent on a step that can tell nobody."""
    if at_top(draft) and draft.transfer.named is None:
        if not draft.tally.nobody_told:
            draft.notice(Point(Topic.NOBODY_TOLD, step_name(draft)), draft.policy.house.managers)
        draft.tally = replace(draft.tally, nobody_told=True)  # its window runs: then it is tried again
    else:
        next_step(draft)


def _reach_the_end(draft: Draft) -> None:
    """The chain is at its end: the fallback contact is told; then the managers know and the targets go on.

    A fallback that could not be told is tried again after its window, a bounded number of times.
    """
    house = draft.policy.house
    chain_length = len(_chain(draft).steps)
    if draft.transfer.step >= chain_length:
        if not draft.transfer.heard and draft.transfer.round < FALLBACK_TRIES_MAX:
            draft.transfer = replace(draft.transfer, round=draft.transfer.round + 1)
            _begin_step(draft, chain_length)
            return
        draft.stop_clock(ClockName.TELL, ClockName.ACKNOWLEDGEMENT)
        draft.notice(Point(Topic.NOBODY_ANSWERED, "fallback"), house.managers)
        return
    nobody = not draft.transfer.heard_in_chain
    draft.tally = replace(draft.tally, nobody_told=draft.tally.nobody_told or nobody)
    topic = Topic.NOBODY_TOLD if nobody else Topic.NOBODY_ANSWERED
    draft.notice(Point(topic, draft.route.chain), house.managers)
    _begin_step(draft, chain_length)


def _withdraw_lapses(draft: Draft, acted: datetime, person: str) -> None:
    """Take back what only seemed late."""
    in_time = [lapse for lapse in draft.transfer.lapses if person in lapse.asked and acted <= lapse.due]
    misses = [m for m in draft.tally.misses if m.clock is ClockName.RESPONSE and acted <= m.due]
    if in_time or misses:
        draft.unsay(*(Point(Topic.TARGET_MISSED, miss.clock, miss.due) for miss in misses))
        draft.tally = replace(
            draft.tally,
            lapses=draft.tally.lapses - len(in_time),
            misses=tuple(miss for miss in draft.tally.misses if miss not in misses),
            withdrawn=draft.tally.withdrawn + len(in_time) + len(misses),
        )
