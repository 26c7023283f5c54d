"""Words that are no pages, once they have failed, come back, or turn out never to have left.

What asks something of somebody goes out on another channel at once. A notice whose provider is only away is owed, and
told as things stand by then. Nothing is told whose time is over; how much that was is counted.
"""

from datetime import timedelta

from escalation.core.catching_up import LATER, NOTICES, owe, owed_besides, said_afterwards, skip
from escalation.core.draft import WRITTEN, Draft
from escalation.core.effects import Notify
from escalation.core.facts import ReportDelivery
from escalation.core.policy import Target
from escalation.core.post import Sent, Word, word_of
from escalation.core.receipts import HOPELESS, OURS_TO_MEND, note_failure, tell_failure
from escalation.core.state import Errand
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, ClockName, Failure, Message, Outcome

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
# A provider's yes to one of these is followed as well: what comes back is told elsewhere.
FOLLOWED = (*NOTICES, Message.CHECK_IN)
# Once it is over, the closing notice stands for these.
OVERTAKEN = (*FOLLOWED, Message.UPDATE_WANTED)


def came_back(draft: Draft, sent: Sent | None, command: ReportDelivery) -> bool:
    """A notice that a provider had taken did not arrive: it is told elsewhere. False when this says nothing of one."""
    if sent is None or sent.message not in FOLLOWED or command.outcome is not Outcome.FAILED:
        return False
    draft.people = replace(draft.people, post=draft.people.post.without(sent))
    word = Word(sent.contact, sent.channel, sent.message, sent.points)
    told_otherwise(draft, word, command.failure, command.code)
    return True


def told_otherwise(draft: Draft, word: Word, failure: Failure | None, code: str | None) -> None:
    """A word that is no page did not arrive: it goes out on another channel, or is told of, or told later."""
    note_failure(draft, word.contact, word.channel, failure, code)
    other = _other_channel(draft, word, failure)
    if other is not None:
        draft.notify(word.contact, other, word.message, text=word.text, points=word.points, approval=word.approval)
    elif word.message in OWED and not draft.ended:
        tell_failure(draft, word.message)
    elif failure in LATER and word.message in (*NOTICES, Message.RETURNED):
        owe(draft, word)
    elif failure is None and word.message in NOTICES:
        skip(draft, max(len(word.points), 1))  # in doubt for good


def _other_channel(draft: Draft, word: Word, failure: Failure | None) -> Channel | None:
    """Where a written word is tried next when its channel is of no use: each once, the severity's own first.

    Where a provider is only away, a notice waits for it; what asks something of somebody, or ends it, does not wait.
    """
    chat = (Channel.CHAT,) if word.channel is Channel.CHAT else ()
    tried = tuple(dict.fromkeys((*chat, draft.manner.notice, *WRITTEN)))
    afterwards = said_afterwards(draft, word)
    if word.contact == draft.case.customer or word.channel not in tried:
        return None
    if draft.ended and word.message in OVERTAKEN and not afterwards:
        return None
    away = failure in LATER and (afterwards or word.message not in NOTICES)
    if not away and failure not in (*HOPELESS, *OURS_TO_MEND, Failure.OPTED_OUT) and not afterwards:
        return None
    following = tried[tried.index(word.channel) + 1 :]
    return next((other for other in following if (word.contact, other) not in draft.people.post.dead), None)


def overtaken(draft: Draft, effect: Notify) -> bool:
    """Whether what it says is settled by now: it is over, or somebody else has it."""
    if effect.message is Message.ACKNOWLEDGED and effect.brief.owner != draft.people.owner:
        return True
    return draft.ended and effect.message in (*OVERTAKEN, Message.APPROVAL)


def told_anew(draft: Draft, errand: Errand, effect: Notify) -> None:
    """A notice is told as things stand by now, with whatever else that person is owed: in one message.

    With others in doubt, it is owed until the last of them is settled; these are looked up now, since that works.
    """
    word, doubts = word_of(effect), _doubts(draft, effect)
    if draft.ended and not said_afterwards(draft, word):
        skip(draft, max(len(word.points), 1))
    elif doubts:
        owe(draft, word)
        for doubt in doubts:
            if draft.clocks.pop((ClockName.RECONCILE, doubt.effect.number), None) is not None:
                draft.start_clock(ClockName.RECONCILE, Target(_NOW), cycle=doubt.effect.number)
    else:
        points = owed_besides(draft, word)
        if points:
            draft.ask(replace(effect, number=draft.next_number(), brief=draft.brief(points)), again=errand)


def _doubts(draft: Draft, effect: Notify) -> list[Errand]:
    """The notices to that person on that channel of which nobody knows."""
    wanted = (effect.contact, effect.channel, effect.message)
    return [
        one
        for one in draft.errands
        if one.ambiguous
        and isinstance(one.effect, Notify)
        and (one.effect.contact, one.effect.channel, one.effect.message) == wanted
    ]
