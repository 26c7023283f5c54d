"""Quiet hours: what rings waits for their end, or goes where nothing rings; what cannot wait does not."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalation.core.commands import Acknowledge, Block, Cancel, PostUpdate
from escalation.core.decide import Decision
from escalation.core.effects import Effect, Notify, Point
from escalation.core.facts import ReportDelivery
from escalation.core.post import Owing, Post
from escalation.core.quiet import HUSHED, RINGING, WAITING, hushed, said_of
from escalation.core.vocabulary import Audience, Channel, ClockName, Failure, Message, Outcome, Phase, Severity, Topic
from tests.core.cases import EMAIL, HOUR, MINUTE, SMS, START, TEXT, VOICE, Story, opening, with_terms

BERLIN = ZoneInfo("Europe/Berlin")
MORNING = datetime(2026, 11, 24, 7, 0, tzinfo=BERLIN)
NIGHT_ENDS = START + 5 * HOUR
CHAT = Channel.CHAT
POINT = (Point(Topic.STATUS, "ann"),)


def notice(message: Message = Message.SITUATION, channel: Channel = SMS, *, restricted: bool = False) -> Notify:
    """Something to tell ann."""
    sent = next(each for each in Story(opening()).sent if each.message is Message.PAGE)
    brief = replace(sent.brief, restricted=restricted)
    return replace(sent, message=message, channel=channel, brief=brief)


@pytest.mark.parametrize("message", sorted(Message))
@pytest.mark.parametrize("channel", sorted(Channel))
def test_only_what_rings_and_keeps_is_held_back(message: Message, channel: Channel) -> None:
    """Pages, approvals and wishes for words ring, as do a check-in and the last word where nothing else is left."""
    waits = hushed(notice(message, channel), MORNING, ())
    moves = hushed(notice(message, channel), MORNING, (EMAIL,))

    assert (waits is not None) is (channel in RINGING and message in WAITING)
    assert (moves is not None) is (channel in RINGING and message in HUSHED)
    assert hushed(notice(message, channel), None, (EMAIL,)) is None


def test_a_word_after_the_end_does_not_wait_for_the_morning() -> None:
    """Nothing would be there to tell it then: it goes where nothing rings, or rings."""
    sent = notice()
    late = replace(sent, brief=replace(sent.brief, phase=Phase.CANCELLED))
    answer = hushed(late, MORNING, (EMAIL,))

    assert answer is not None
    assert answer.instead is EMAIL
    assert hushed(late, MORNING, ()) is None


@pytest.mark.parametrize(
    ("silent", "restricted", "instead"),
    [
        ((EMAIL, CHAT), False, EMAIL),
        ((CHAT,), False, CHAT),
        ((CHAT,), True, None),
        ((CHAT, EMAIL), True, EMAIL),
        ((), False, None),
    ],
)
def test_it_goes_by_mail_else_by_chat_unless_the_case_is_restricted(
    silent: tuple[Channel, ...], instead: Channel | None, *, restricted: bool
) -> None:
    """And the answer says until when, by the person's own clock."""
    sent = notice(restricted=restricted)

    assert hushed(sent, MORNING, silent) == ReportDelivery(
        sent.number, Outcome.FAILED, failure=Failure.QUIET, code="until 07:00 CET", until=MORNING, instead=instead
    )
    assert said_of(MORNING.replace(month=7)) == "until 07:00 CEST"


class Night(Story):
    """A world in which mia sleeps until `NIGHT_ENDS`, and has the `silent` channels."""

    silent: tuple[Channel, ...] = ()

    def answer(self, effect: Effect) -> Decision:
        """As the world does, but for what would wake mia."""
        if isinstance(effect, Notify) and effect.contact == "mia" and self.now < NIGHT_ENDS:
            quiet = hushed(effect, NIGHT_ENDS, self.silent)
            if quiet is not None:
                return self.do(quiet)
        return super().answer(effect)


def asleep(*silent: Channel) -> Night:
    """Ann owns a SEV1 whose notices go by SMS, and things go wrong: mia, who is told of them, sleeps."""
    story = Night(opening(severity=Severity.SEV1, policy=with_terms(Severity.SEV1, notice=SMS)))
    story.silent = silent
    story.wait(MINUTE)
    story.do(Acknowledge("ann"))
    story.take()
    return story


def to_mia(story: Story) -> list[Notify]:
    """What mia was sent since the last look, whether or not it rang."""
    sent, story.sent = story.sent, []
    return [each for each in sent if each.contact == "mia"]


def kept(story: Story) -> list[Owing]:
    """What is kept from mia for the morning."""
    return [one for one in story.state.people.post.owed if one.contact == "mia"]


def test_what_was_kept_from_somebody_is_told_in_one_message_in_the_morning() -> None:
    """At the very end of their quiet hours, and not before."""
    story = asleep()
    story.until(NIGHT_ENDS - timedelta(microseconds=1))
    (owed,) = kept(story)
    assert (len(owed.points) > 1, owed.until, story.due(ClockName.QUIET)) == (True, NIGHT_ENDS, NIGHT_ENDS)
    to_mia(story)
    story.until(NIGHT_ENDS)

    told = to_mia(story)[0]
    said = [(point.topic, point.about) for point in told.brief.points]
    known = {(point.topic, point.about) for point in owed.points if point.topic is not Topic.TARGET_NEAR}
    assert (told.message, told.channel, set(said), len(said)) == (Message.SITUATION, SMS, known, len(known))
    assert (kept(story), story.clock(ClockName.QUIET)) == ([], None)


def test_where_nothing_rings_they_are_told_at_once() -> None:
    """Each word once by mail, and nothing is awaited."""
    story = asleep(EMAIL)
    story.until(NIGHT_ENDS - MINUTE)
    told = to_mia(story)

    by = {channel: [each.brief.points for each in told if each.channel is channel] for channel in (SMS, EMAIL)}
    assert by[EMAIL] == by[SMS] != []
    assert (kept(story), story.clock(ClockName.QUIET)) == ([], None)


def test_where_the_mail_is_known_not_to_work_they_are_told_in_the_morning() -> None:
    """It would come back to the telephone, and round again."""
    story = asleep(EMAIL)
    story.suppose(people=replace(story.state.people, post=story.state.people.post.buried("mia", EMAIL)))
    story.until(NIGHT_ENDS - MINUTE)

    assert {each.channel for each in to_mia(story)} == {SMS}
    assert kept(story)


def answered(story: Story, message: Message, instead: Channel | None) -> None:
    """Something of that kind to mia is answered so in the night."""
    number = story.state.head.effects
    effect = replace(notice(message), number=number, contact="mia")
    errand = replace(story.state.awaited.errands[0], effect=effect, held=False)
    story.suppose(awaited=replace(story.state.awaited, errands=(errand,)))
    story.do(ReportDelivery(number, Outcome.FAILED, failure=Failure.QUIET, until=NIGHT_ENDS, instead=instead))


@pytest.mark.parametrize(("message", "count"), [(Message.CHECK_IN, 0), (Message.ACKNOWLEDGED, 1)])
def test_of_what_cannot_be_told_only_notices_are_kept(message: Message, count: int) -> None:
    """A check-in whose mail is dead is counted: the next turn asks again. Who has taken it is still news."""
    story = asleep()
    story.obedient = False
    story.do(PostUpdate("sue", Audience.CUSTOMER, TEXT))
    story.suppose(people=replace(story.state.people, post=story.state.people.post.buried("mia", EMAIL)))
    answered(story, message, EMAIL)

    assert len(kept(story)) == count
    assert story.state.tally.skipped == 1 - count
    assert to_mia(story) == []


def test_the_night_ends_while_the_escalation_is_blocked() -> None:
    """Nobody is chased then, but what was kept is still told."""
    story = asleep()
    story.until(NIGHT_ENDS - HOUR)
    assert kept(story)
    story.do(Block("ann", "waiting for the customer"))
    to_mia(story)
    story.until(NIGHT_ENDS)

    assert (len(to_mia(story)), kept(story)) == (1, [])


def test_a_provider_that_works_again_wakes_nobody() -> None:
    """Whoever is owed words because of an outage hears them; a sleeper does not, then or when it is tried again."""
    story = asleep()
    story.until(NIGHT_ENDS - HOUR)
    sleeping = kept(story)
    story.suppose(people=replace(story.state.people, post=story.state.people.post.owing("ann", SMS, POINT)))
    story.obedient = False
    story.do(PostUpdate("sue", Audience.CUSTOMER, TEXT))
    waiting = replace(notice(), number=story.state.head.effects)
    errand = replace(story.state.awaited.errands[0], effect=waiting)
    story.suppose(awaited=replace(story.state.awaited, errands=(errand,)))
    story.take()
    story.do(ReportDelivery(waiting.number, Outcome.ACCEPTED))

    assert story.take() == [("ann", Message.SITUATION, SMS)]
    assert list(story.state.people.post.owed) == sleeping


def test_once_it_is_over_nothing_is_told_in_the_morning() -> None:
    """The closing notice has said all there is to say; one that came too late is not kept either."""
    story = asleep()
    story.until(NIGHT_ENDS - HOUR)
    assert kept(story)
    story.obedient = False
    story.do(Cancel("sue", "it was a mistake"))
    before = kept(story)
    answered(story, Message.SITUATION, None)

    assert (kept(story), story.clock(ClockName.QUIET)) == (before, None)


def test_the_latest_word_says_until_when() -> None:
    """One time for each person and channel."""
    post = Post().owing("mia", SMS, POINT, MORNING).owing("mia", VOICE, POINT, MORNING).owing("mia", VOICE, POINT)

    assert {(one.channel, one.until) for one in post.owed} == {(SMS, MORNING), (VOICE, None)}


def test_two_sleepers_are_woken_each_in_their_own_morning() -> None:
    """The first end is awaited first, then the next."""
    story = asleep()
    story.until(NIGHT_ENDS - HOUR)
    later = NIGHT_ENDS + HOUR
    post = story.state.people.post.owing("ann", SMS, POINT, later)
    story.suppose(people=replace(story.state.people, post=post))
    story.until(NIGHT_ENDS)
    assert (kept(story), story.due(ClockName.QUIET)) == ([], later)
    story.take()
    story.until(later)

    assert ("ann", Message.SITUATION, SMS) in story.take()
    assert story.state.people.post.owed == ()
