"""What is remembered of messages on their way: what receipts said, which channels are of no use, what is still owed."""

from collections.abc import Iterable
from datetime import datetime

from escalation.core.effects import ApprovalBrief, Notify, Point, Text
from escalation.core.values import dataclass, replace
from escalation.core.vocabulary import Channel, Message, Outcome

# Words that inform or ask how it goes, and are told elsewhere when they come back.
FOLLOWED = (Message.SITUATION, Message.ACKNOWLEDGED, Message.CHECK_IN)
# Dispatches whose receipts still matter; a receipt for an older one changes nothing. Those are forgotten first.
SENT_MAX = 100
# Channels of contacts that are known to be of no use; an older one is found out again.
DEAD_MAX = 200
# Channels and codes that an operator has been told of; an older one is told again.
ALARMS_MAX = 50
# People who are owed a word, and points for each; the oldest points are in the log only.
OWED_MAX = 100
POINTS_MAX = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """One dispatch, and the best that is known of it. `outcome` is None until a provider has answered.

    A page says in which `visit` and to which `audience` of its step it went. `silent`: no receipt came in time, and
    somebody else was told for it. `again`: it is the one retry, which is not retried. `earlier` are the numbers under
    which the same dispatch was sent before. `answered`: whoever it asked took it before a provider's answer was known.
    `points` are what a notice said, and `tried` where it was tried before.
    """

    number: int
    dispatch: str
    contact: str
    channel: Channel
    message: Message
    since: datetime
    visit: int = 0
    audience: int = 0
    outcome: Outcome | None = None
    provider_id: str | None = None
    silent: bool = False
    again: bool = False
    earlier: tuple[int, ...] = ()
    answered: bool = False
    points: tuple[Point, ...] = ()
    tried: tuple[Channel, ...] = ()


@dataclass(frozen=True, slots=True)
class Owing:
    """What somebody could not be told on a channel: no provider of it could be reached, or they are quiet `until`."""

    contact: str
    channel: Channel
    points: tuple[Point, ...]
    until: datetime | None = None
    message: Message = Message.SITUATION
    text: Text | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody is told, or was told, on a channel: enough of it to tell it once more elsewhere, or later."""

    contact: str
    channel: Channel
    message: Message
    points: tuple[Point, ...] = ()
    text: Text | None = None
    approval: ApprovalBrief | None = None
    tried: tuple[Channel, ...] = ()  # before this channel


def word_of(effect: Notify, tried: tuple[Channel, ...] = ()) -> Word:
    """The words of a message."""
    brief = effect.brief
    return Word(effect.contact, effect.channel, effect.message, brief.points, effect.text, brief.approval, tried)


@dataclass(frozen=True, slots=True)
class Post:
    """The post room's memory. Every change answers with another one."""

    sent: tuple[Sent, ...] = ()
    dead: tuple[tuple[str, Channel], ...] = ()  # (contact, channel): the destination will not work
    alarms: tuple[str, ...] = ()
    owed: tuple[Owing, ...] = ()
    tries: int = 0  # to tell what is owed, since a provider took anything
    room: bool = False  # the war room shows it

    def of(self, number: int) -> Sent | None:
        """The dispatch that was sent under that number."""
        return next((one for one in self.sent if number == one.number or number in one.earlier), None)

    def kept(self, sent: Sent) -> "Post":
        """With that dispatch as it is now; the oldest is forgotten first."""
        if any(one.number == sent.number for one in self.sent):
            return replace(self, sent=tuple(sent if one.number == sent.number else one for one in self.sent))
        forgotten = None
        if len(self.sent) >= SENT_MAX:
            forgotten = next((one for one in self.sent if one.message in FOLLOWED), self.sent[0])
        return replace(self, sent=(*(one for one in self.sent if one is not forgotten), sent))

    def renumbered(self, old: int, new: int) -> "Post":
        """The same dispatch under another number: what was said of it so far is void."""
        return replace(
            self,
            sent=tuple(
                replace(one, number=new, earlier=(*one.earlier, old), outcome=None) if one.number == old else one
                for one in self.sent
            ),
        )

    def without(self, sent: Sent) -> "Post":
        """That dispatch is settled for good."""
        return replace(self, sent=tuple(one for one in self.sent if one.number != sent.number))

    def taken_by(self, person: str) -> "Post":
        """That person has taken it: pages to them of which no provider has answered yet have been answered."""
        return replace(
            self,
            sent=tuple(
                replace(one, answered=True) if one.contact == person and one.outcome is None else one
                for one in self.sent
            ),
        )

    def buried(self, contact: str, channel: Channel) -> "Post":
        """That channel of the contact will not work."""
        return replace(self, dead=(*self.living(contact, channel).dead, (contact, channel))[-DEAD_MAX:])

    def living(self, contact: str, channel: Channel) -> "Post":
        """It works after all."""
        return replace(self, dead=tuple(pair for pair in self.dead if pair != (contact, channel)))

    def alarmed(self, alarm: str) -> "Post":
        """An operator has been told of it."""
        return replace(self, alarms=(*self.alarms, alarm)[-ALARMS_MAX:])

    def paid(self, owed: Iterable[Owing]) -> "Post":
        """These are owed no more."""
        gone = tuple(owed)
        return replace(self, owed=tuple(one for one in self.owed if one not in gone))

    def owing(
        self,
        contact: str,
        channel: Channel,
        points: tuple[Point, ...],
        until: datetime | None = None,
        *,
        message: Message = Message.SITUATION,
        text: Text | None = None,
    ) -> "Post":
        """These points as well are still to be told to the contact, and not before `until`."""
        owed = {(one.contact, one.channel, one.message): one for one in self.owed}
        before = owed.pop((contact, channel, message), None)
        merged = tuple(dict.fromkeys((*(before.points if before is not None else ()), *points)))[-POINTS_MAX:]
        return replace(self, owed=(*owed.values(), Owing(contact, channel, merged, until, message, text))[-OWED_MAX:])
