"""Telling inside one step: who is told when and how, and who is told instead when a message does not arrive.

A step tells one audience or several at once: its contact, and whoever it names as well. Each audience has its own
rungs, the contact's channels and then the backup's. A page that fails, or of which no receipt comes, is made up for
within its audience: by the same contact's next channel, else by the backup. The step has nobody left when no audience
has.
"""

from datetime import datetime, timedelta

from escalation.core.draft import WRITTEN, Draft
from escalation.core.effects import Notify
from escalation.core.facts import Found
from escalation.core.policy import Target
from escalation.core.post import Sent
from escalation.core.state import Rung
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, ClockName, Message, Outcome, Phase

_NOTHING = timedelta(0)


def plan(
    draft: Draft, found: tuple[Found, ...], backup_after: timedelta | None, *, last_resort: bool
) -> tuple[Rung, ...]:
    """Who is told when: each primary by the severity's channels, then the backup; nobody twice on one channel.

    What is known not to work is left out, unless this is the `last_resort`: there it is tried all the same.
    """
    rungs: list[Rung] = []
    dead = () if last_resort else draft.people.post.dead
    for audience, one in enumerate(found):
        primary = _rungs(draft, one.contact, one.channels, dead, _NOTHING, audience)
        after = backup_after if primary else _NOTHING
        rungs += [*primary, *_rungs(draft, one.backup, one.backup_channels, dead, after, audience)]
    rungs.sort(key=lambda rung: (rung.after is None, rung.after or _NOTHING))
    once: dict[tuple[str, Channel], Rung] = {}
    for rung in rungs:
        once.setdefault((rung.contact, rung.channel), rung)
    return tuple(once.values())


def tell_until_later(draft: Draft) -> None:
    """Tell every rung whose time has come; set the clock for the next."""
    while (at := next_telling(draft)) is not None and at <= draft.now:
        _tell(draft, draft.transfer.rungs[0])
    _await_next_rung(draft)


def tell_unreached(draft: Draft) -> None:
    """Whoever of an audience is next, where nobody of it stands: at once."""
    for audience in dict.fromkeys(rung.audience for rung in draft.transfer.rungs):
        if not standing(draft, audience):
            _tell(draft, next(rung for rung in draft.transfer.rungs if rung.audience == audience))


def make_up_for(draft: Draft, sent: Sent, *, replaced: bool) -> bool:
    """Tell the next of that page's audience at once; False when the step has nobody left to tell.

    A rung in reserve, and the next one of a page that was `replaced` before, wait until nobody else of the audience
    stands.
    """
    rungs = [rung for rung in draft.transfer.rungs if rung.audience == sent.audience]
    following = next((rung for rung in rungs if rung.contact == sent.contact), rungs[0] if rungs else None)
    if following is not None:
        others = [number for number in standing(draft, sent.audience) if number != sent.number]
        if not (others and (replaced or following.after is None)):
            draft.stop_clock(ClockName.TELL)
            _tell(draft, following)
            _await_next_rung(draft)
        return True
    return bool(draft.transfer.rungs or standing(draft))


def tell_otherwise(draft: Draft, number: int) -> None:
    """A page waits to be told with others: its contact is told on their next channel at once, where they have one.

    Nobody else is asked for it earlier: should no receipt come in time, the page counts as silent like any other.
    """
    sent, transfer = draft.people.post.of(number), draft.transfer
    if sent is None or number not in transfer.pages or draft.phase is not Phase.IN_TRANSFER:
        return
    theirs = [rung for rung in transfer.rungs if (rung.audience, rung.contact) == (sent.audience, sent.contact)]
    if theirs:
        draft.stop_clock(ClockName.TELL)
        _tell(draft, theirs[0])
        _await_next_rung(draft)


def window_over(draft: Draft) -> bool:
    """Whether the step's time ends in this very decision: the next one is asked, and nobody is told for this one."""
    window = draft.clock(ClockName.ACKNOWLEDGEMENT)
    return window is not None and window.due is not None and window.due <= draft.now


def hears(draft: Draft) -> bool:
    """Whether a provider took a page of this visit that has neither failed nor been silent for too long."""
    taken = [draft.people.post.of(number) for number in standing(draft)]
    return any(one is not None and one.outcome in (Outcome.ACCEPTED, Outcome.DELIVERED) for one in taken)


def standing(draft: Draft, audience: int | None = None) -> list[int]:
    """The pages of this visit, to an audience or to anybody, that have neither failed nor been silent for too long."""
    known = [one for one in draft.people.post.sent if audience in (None, one.audience) and not one.silent]
    return [one.number for one in known if one.number in draft.transfer.pages]


def next_telling(draft: Draft) -> datetime | None:
    """When the next rung's time comes; None when there is none left but a reserve."""
    after = draft.transfer.rungs[0].after if draft.transfer.rungs else None
    return None if after is None else (draft.transfer.began or draft.now) + after


def tell_again(draft: Draft, sent: Sent) -> None:
    """The one retry of a page, on the same channel, for the step that it was sent in."""
    number = draft.notify(sent.contact, sent.channel, Message.PAGE)
    if sent.visit == draft.transfer.visit:
        draft.transfer = replace(draft.transfer, pages=(*draft.transfer.pages, number))
    _keep(draft, sent.audience, sent.visit, again=True)


def heard_on(draft: Draft, contact: str) -> Channel:
    """Where somebody who was paged hears what became of it: the written channel of the last page, else the notices'."""
    pages = [one for one in draft.people.post.sent if one.contact == contact and one.message is Message.PAGE]
    for page in reversed(pages):
        if page.channel in (*WRITTEN, Channel.CHAT) and page.outcome in (Outcome.ACCEPTED, Outcome.DELIVERED):
            return page.channel
    return draft.manner.notice


def strike(draft: Draft, contact: str, channel: Channel) -> None:
    """Nobody is told on a channel that does not work."""
    left = tuple(rung for rung in draft.transfer.rungs if (rung.contact, rung.channel) != (contact, channel))
    draft.transfer = replace(draft.transfer, rungs=left)


def _rungs(
    draft: Draft,
    contact: str | None,
    channels: tuple[Channel, ...],
    dead: tuple[tuple[str, Channel], ...],
    offset: timedelta | None,
    audience: int,
) -> list[Rung]:
    """The severity's channels that the contact has; if none of them, every channel the contact has.

    Where one of them is dead, the next takes its place in time. Without an offset they are a reserve.
    """
    if contact is None:
        return []
    allowed = [channel for channel in channels if draft.allows(channel)]
    usable = [channel for channel in allowed if (contact, channel) not in dead]
    reaches = [reach for reach in draft.manner.reach if reach.channel in usable]
    early = reaches[0].after if reaches and len(usable) < len(allowed) else _NOTHING
    planned = [
        Rung(None if offset is None else offset + reach.after - early, contact, reach.channel, audience)
        for reach in reaches
    ]
    return planned or [Rung(offset, contact, channel, audience) for channel in usable]


def _tell(draft: Draft, rung: Rung) -> None:
    transfer = draft.transfer
    number = draft.notify(rung.contact, rung.channel, Message.PAGE)
    asked = transfer.asked if rung.contact in transfer.asked else (*transfer.asked, rung.contact)
    rungs = tuple(one for one in transfer.rungs if one is not rung)
    draft.transfer = replace(transfer, rungs=rungs, pages=(*transfer.pages, number), asked=asked)
    _keep(draft, rung.audience, transfer.visit)


def _keep(draft: Draft, audience: int, visit: int, *, again: bool = False) -> None:
    page = draft.effects[-1]
    assert isinstance(page, Notify)  # just asked for
    sent = Sent(
        page.number, page.dispatch, page.contact, page.channel, page.message, draft.now, visit, audience, again=again
    )
    draft.people = replace(draft.people, post=draft.people.post.kept(sent))


def _await_next_rung(draft: Draft) -> None:
    at = next_telling(draft)
    if at is not None:
        draft.start_clock(ClockName.TELL, Target(max(at - draft.now, _NOTHING)), cycle=draft.transfer.visit)
