"""Words that are no pages, once they have failed, come back, or turn out never to have left.

What asks something of somebody goes out on another channel at once. A notice whose provider is only away is owed, and
told as things stand by then. Nothing is told whose time is over; how much that was is counted.
"""

from datetime import timedelta

from escalation.core.catching_up import LATER, NOTICES, drop, owe, owed_besides, said_afterwards, tell_on
from escalation.core.draft import WRITTEN, Draft
from escalation.core.effects import Notify
from escalation.core.facts import ReportDelivery
from escalation.core.policy import Target
from escalation.core.post import FOLLOWED, Sent, Word, word_of
from escalation.core.receipts import HOPELESS, OURS_TO_MEND, note_failure, tell_failure
from escalation.core.state import Errand
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, ClockName, Failure, Message, Outcome, Phase

_NOW = timedelta(0)
# A failed message of these kinds is told to somebody; a failed notice about a failure is only in the log.
OWED = (
    Message.APPROVAL,
    Message.UPDATE_WANTED,
    Message.CUSTOMER_OPENING,
    Message.CUSTOMER_UPDATE,
    Message.CUSTOMER_NO_NEWS,
    Message.CUSTOMER_REMINDER,
    Message.CUSTOMER_RESOLUTION,
)


def came_back(draft: Draft, sent: Sent | None, command: ReportDelivery) -> bool:
    """A notice that a provider had taken did not arrive: it is told elsewhere. False when this says nothing of one."""
    if sent is None or sent.message not in FOLLOWED or command.outcome is not Outcome.FAILED:
        return False
    draft.people = replace(draft.people, post=draft.people.post.without(sent))
    word = Word(sent.contact, sent.channel, sent.message, sent.points, tried=sent.tried)
    told_otherwise(draft, word, command.failure, command.code, was_taken=True)
    return True


def told_otherwise(
    draft: Draft, word: Word, failure: Failure | None, code: str | None, *, was_taken: bool = False
) -> None:
    """A word that is no page did not arrive: it goes out on another channel, or is told of, or told later."""
    note_failure(draft, word.contact, word.channel, failure, code)
    late = overtaken(draft, word)
    other = None if late else _other_channel(draft, word, failure, was_taken=was_taken)
    if other is not None:
        tell_on(draft, word, other)
    elif word.message in OWED:
        if not draft.ended:
            tell_failure(draft, word.message)
    elif not late and _waits(draft, word, failure, was_taken=was_taken):
        owe(draft, word)
    elif word.message in FOLLOWED:
        drop(draft, word)


def _other_channel(draft: Draft, word: Word, failure: Failure | None, *, was_taken: bool) -> Channel | None:
    """Where a written word is tried next when its channel is of no use: each once, the severity's own first.

    Where a provider is only away, a notice waits for it; what asks something of somebody, or ends it, does not wait.
    """
    written = dict.fromkeys((draft.manner.notice, *WRITTEN))
    if word.contact == draft.case.customer or word.channel not in (Channel.CHAT, *written):
        return None
    away = failure in LATER and word.message not in NOTICES
    useless = failure in (*HOPELESS, *OURS_TO_MEND, Failure.OPTED_OUT)
    if not (was_taken or away or useless or said_afterwards(draft, word)):
        return None
    return next((one for one in written if one not in (*word.tried, word.channel) and _works(draft, word, one)), None)


def _works(draft: Draft, word: Word, channel: Channel) -> bool:
    return draft.allows(channel) and (word.contact, channel) not in draft.people.post.dead


def _waits(draft: Draft, word: Word, failure: Failure | None, *, was_taken: bool) -> bool:
    """Whether it is tried later: a notice whose provider is away, and what no closing notice says, while any works."""
    if word.message is Message.RETURNED or said_afterwards(draft, word):
        return any(_works(draft, word, one) for one in WRITTEN)
    return failure in LATER and word.message in NOTICES and not was_taken


def overtaken(draft: Draft, word: Word) -> bool:
    """Whether nobody needs it any more: it is over, or others have it, or have been asked."""
    match word.message:
        case Message.CHECK_IN:
            return draft.phase is not Phase.ACTIVE or word.contact != draft.people.owner
        case Message.ACKNOWLEDGED:
            return draft.phase not in (Phase.ACTIVE, Phase.RESOLVED) or word.contact == draft.people.owner
        case Message.SITUATION:
            return draft.ended and not said_afterwards(draft, word)
        case Message.UPDATE_WANTED | Message.APPROVAL:
            return draft.ended
        case _:
            return False


def told_anew(draft: Draft, errand: Errand, effect: Notify) -> None:
    """A notice is told as things stand by now, with whatever else that person is owed: in one message.

    With others in doubt, it is owed until the last of them is settled; these are looked up now, since that works.
    """
    word, doubts = word_of(effect), _doubts(draft, effect)
    if doubts:
        owe(draft, word)
        for doubt in doubts:
            if draft.clocks.pop((ClockName.RECONCILE, doubt.effect.number), None) is not None:
                draft.start_clock(ClockName.RECONCILE, Target(_NOW), cycle=doubt.effect.number)
    else:
        points = owed_besides(draft, word)
        if points:
            draft.ask(replace(effect, number=draft.next_number(), brief=draft.brief(points)), again=errand)


def _doubts(draft: Draft, effect: Notify) -> list[Errand]:
    """The notices to that person on that channel of which nobody knows although they have been looked up.

    One whose first look-up is still to come may be on its way: it is told by itself, should it never have left.
    """
    wanted = (effect.contact, effect.channel, effect.message)
    return [
        one
        for one in draft.errands
        if one.ambiguous
        and one.lookups
        and isinstance(one.effect, Notify)
        and (one.effect.contact, one.effect.channel, one.effect.message) == wanted
    ]
