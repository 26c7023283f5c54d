"""After an outage, and after somebody's quiet hours: what was not told is told in one message, as it stands by then."""

from datetime import datetime, timedelta

from escalation.core.chain import ask_again
from escalation.core.clock import Clock, Due
from escalation.core.draft import SAID_AFTERWARDS, Draft
from escalation.core.effects import Point
from escalation.core.policy import Target
from escalation.core.post import Owing, Word
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, ClockName, Failure, Message, Topic

# When what is owed is tried again, each time after twice the wait; later only when a provider has taken anything.
CATCH_UP_AFTER = timedelta(minutes=10)
CATCH_UPS_MAX = 6
# Once it is over, fewer: until then nothing new is opened for the ticket.
LAST_TRIES_MAX = 3
# The provider is away, or wants less of us: the same words may arrive later.
LATER = (Failure.UNREACHABLE, Failure.RATE_LIMITED)
NOTICES = (Message.SITUATION, Message.ACKNOWLEDGED)


def owe(draft: Draft, word: Word) -> None:
    """Remember a notice that could not be sent. Once it is over, the closing notice says all but what is said
    afterwards, and that a ticket comes back: these are tried a few times more, and then counted as skipped.
    """
    points, channel = _points(draft, word), word.channel
    if draft.ended:
        if word.message is not Message.RETURNED:
            points = _afterwards(points)
        channel = draft.manner.notice  # every channel is tried again
        if draft.people.post.tries >= LAST_TRIES_MAX:
            skip(draft, len(points))
            points = ()
    if not points:
        return
    message = Message.RETURNED if word.message is Message.RETURNED else Message.SITUATION
    post = draft.people.post.owing(word.contact, channel, points, message=message, text=word.text)
    draft.people = replace(draft.people, post=post)
    try_later(draft)


def skip(draft: Draft, words: int) -> None:
    """So many words are not told any more; the log shows how many."""
    draft.tally = replace(draft.tally, skipped=draft.tally.skipped + words)


def drop(draft: Draft, word: Word) -> None:
    """All that it says is not told any more."""
    skip(draft, max(len(word.points), 1))


def hush(draft: Draft, word: Word, until: datetime, instead: Channel | None) -> None:
    """It would have rung in somebody's quiet hours: they are told where nothing rings, or when those are over.

    Not where it has failed before: it would come back from there, and round again. What the severity has changed to
    since is told by its own message. A word that does not keep is counted as skipped.
    """
    if instead is not None and instead not in word.tried and draft.usable(word.contact, instead) is instead:
        tell_on(draft, word, instead)
    elif word.message is Message.RETURNED:
        owe(draft, word)
    elif word.message in NOTICES and not draft.ended:
        post = draft.people.post.owing(word.contact, word.channel, _points(draft, word), until)
        draft.people = replace(draft.people, post=post)
        _await_morning(draft)
    else:
        skip(draft, 1)


def tell_on(draft: Draft, word: Word, channel: Channel) -> None:
    """The same words on another channel, which remember where they were tried."""
    draft.notify(
        word.contact,
        channel,
        word.message,
        text=word.text,
        points=word.points,
        approval=word.approval,
        tried=(*word.tried, word.channel),
    )


def quiet_over(draft: Draft, clock: Clock, _due: Due) -> None:
    """Whoever was quiet until now hears what was kept from them."""
    del draft.clocks[clock.name, clock.cycle]
    _tell(draft, tuple(one for one in draft.people.post.owed if one.until is not None and one.until <= draft.now))
    _await_morning(draft)


def said_afterwards(draft: Draft, word: Word) -> bool:
    """Whether these are words for which no closing notice stands, said once it is over: nobody waits for a provider."""
    return draft.ended and bool(_afterwards(word.points))


def owed_besides(draft: Draft, word: Word) -> tuple[Point, ...]:
    """What this word says by now, with whatever else that person is owed on its channel, which is owed no more."""
    post = draft.people.post
    theirs = [
        one
        for one in post.owed
        if (one.contact, one.channel, one.message) == (word.contact, word.channel, word.message) and one.until is None
    ]
    draft.people = replace(draft.people, post=post.paid(theirs))
    said = (*(point for one in theirs for point in one.points), *word.points)
    points = fresh(draft, said)
    skip(draft, len(said) - len(points))
    return points


def keep_afterwards(draft: Draft) -> None:
    """It is over: of what is owed, only what no closing notice says stays owed, and is tried a few times more."""
    post = draft.people.post
    kept = tuple(replace(one, points=said, until=None) for one in post.owed if (said := _afterwards(one.points)))
    draft.people = replace(draft.people, post=replace(post, owed=kept, tries=0))
    if kept:
        try_later(draft)


def try_later(draft: Draft) -> None:
    """A provider is away: look again after a while, a bounded number of times."""
    tries = draft.people.post.tries
    if draft.clock(ClockName.CATCH_UP) is None and tries < CATCH_UPS_MAX:
        draft.start_clock(ClockName.CATCH_UP, Target(CATCH_UP_AFTER * 2**tries))


def channel_works(draft: Draft, channel: Channel) -> None:
    """A provider took a message on that channel: whoever is owed words on it hears them now."""
    post = draft.people.post
    if post.owed:
        owed = tuple(one for one in post.owed if one.channel is channel and one.until is None)
        _tell(draft, owed)
        # What works says nothing about another channel: its tries stay counted.
        if all(one.until is not None for one in draft.people.post.owed):
            draft.people = replace(draft.people, post=replace(draft.people.post, tries=0))
            draft.stop_clock(ClockName.CATCH_UP)


def catch_up(draft: Draft, clock: Clock, _due: Due) -> None:
    """Try everything that is owed, and the chain anew if nobody of it could be told."""
    del draft.clocks[clock.name, clock.cycle]
    post = draft.people.post
    draft.people = replace(draft.people, post=replace(post, tries=post.tries + 1))
    _tell(draft, tuple(one for one in post.owed if one.until is None))
    ask_again(draft)


def _tell(draft: Draft, owed: tuple[Owing, ...]) -> None:
    draft.people = replace(draft.people, post=draft.people.post.paid(owed))
    for one in owed:
        points = fresh(draft, one.points)
        skip(draft, len(one.points) - len(points))
        if one.message is Message.RETURNED:
            draft.notify(one.contact, one.channel, one.message, text=one.text)
        elif points:
            draft.notify(one.contact, one.channel, one.message, points=points)


def _await_morning(draft: Draft) -> None:
    """Wait for the first end of anybody's quiet hours."""
    ends = [one.until for one in draft.people.post.owed if one.until is not None]
    if ends:
        draft.start_clock(ClockName.QUIET, Target(max(min(ends) - draft.now, timedelta(0))))


def _points(draft: Draft, word: Word) -> tuple[Point, ...]:
    """What it says; where that is only who has it, how it stands."""
    return word.points or (Point(Topic.STATUS, draft.people.owner),)


def _afterwards(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(point for point in points if point.topic in SAID_AFTERWARDS)


def fresh(draft: Draft, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The latest word on each thing; nobody is warned of what has happened."""
    latest = {(point.topic, point.about): point for point in points}
    return tuple(
        point
        for point in latest.values()
        if point.topic is not Topic.TARGET_NEAR or point.due is None or point.due > draft.now
    )
