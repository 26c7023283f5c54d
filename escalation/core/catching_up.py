"""After an outage: what could not be told is told in one message, as it stands by then."""

from datetime import timedelta

from escalation.core.chain import ask_again
from escalation.core.clock import Clock, Due
from escalation.core.draft import Draft
from escalation.core.effects import Notify, Point
from escalation.core.policy import Target
from escalation.core.post import Owing
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, ClockName, Failure, Message, Topic

# When what is owed is tried again, each time after twice the wait; later only when a provider has taken anything.
CATCH_UP_AFTER = timedelta(minutes=10)
CATCH_UPS_MAX = 6
# The provider is away, or wants less of us: the same words may arrive later.
LATER = (Failure.UNREACHABLE, Failure.RATE_LIMITED)
NOTICES = (Message.SITUATION, Message.ACKNOWLEDGED)


def owe(draft: Draft, effect: Notify) -> None:
    """Remember a notice that could not be sent. Once it is over, the closing notice says all there is to say."""
    if draft.ended:
        return
    points = effect.brief.points or (Point(Topic.STATUS, draft.people.owner),)
    post = draft.people.post.owing(effect.contact, effect.channel, points)
    draft.people = replace(draft.people, post=post)
    try_later(draft)


def try_later(draft: Draft) -> None:
    """A provider is away: look again after a while, a bounded number of times."""
    tries = draft.people.post.tries
    if draft.clock(ClockName.CATCH_UP) is None and tries < CATCH_UPS_MAX:
        draft.start_clock(ClockName.CATCH_UP, Target(CATCH_UP_AFTER * 2**tries))


def channel_works(draft: Draft, channel: Channel) -> None:
    """A provider took a message on that channel: whoever is owed words on it hears them now."""
    post = draft.people.post
    if post.owed and not draft.ended:
        owed = tuple(one for one in post.owed if one.channel is channel)
        _tell(draft, owed)
        if not draft.people.post.owed:  # what works says nothing about another channel: its tries stay counted
            draft.people = replace(draft.people, post=replace(draft.people.post, tries=0))
            draft.stop_clock(ClockName.CATCH_UP)


def catch_up(draft: Draft, clock: Clock, _due: Due) -> None:
    """Try everything that is owed, and the chain anew if nobody of it could be told."""
    del draft.clocks[clock.name, clock.cycle]
    post = draft.people.post
    draft.people = replace(draft.people, post=replace(post, tries=post.tries + 1))
    _tell(draft, post.owed)
    ask_again(draft)


def _tell(draft: Draft, owed: tuple[Owing, ...]) -> None:
    post = draft.people.post
    draft.people = replace(draft.people, post=replace(post, owed=tuple(one for one in post.owed if one not in owed)))
    for one in owed:
        points = _fresh(draft, one.points)
        skipped = len(one.points) - len(points)
        draft.tally = replace(draft.tally, skipped=draft.tally.skipped + skipped)
        if points:
            draft.notify(one.contact, one.channel, Message.SITUATION, points=points)


def _fresh(draft: Draft, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The latest word on each thing; nobody is warned of what has happened."""
    latest = {(point.topic, point.about): point for point in points}
    return tuple(
        point
        for point in latest.values()
        if point.topic is not Topic.TARGET_NEAR or point.due is None or point.due > draft.now
    )
