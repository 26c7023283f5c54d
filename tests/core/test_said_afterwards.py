"""The last words that no closing notice says: break-glass at the very end is told, or counted as skipped, before it
is settled.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.catching_up import CATCH_UP_AFTER, LAST_TRIES_MAX
from escalation.core.commands import Acknowledge, Approve, Cancel
from escalation.core.decide import Decision
from escalation.core.effects import Effect, Notify, Point
from escalation.core.facts import ReportDelivery
from escalation.core.vocabulary import Channel, ClockName, Failure, Message, Outcome, Severity, Topic
from tests.core.approval_stories import RETURN, taken
from tests.core.cases import EMAIL, SMS, Story, opening, standing

GLASS = Approve("dot", "the data centre burns", standing("dot", "duty"), break_glass=True)
SECOND = timedelta(seconds=1)
LOUD = (Topic.GLASS_BROKEN, Topic.REVIEW_OWED)


class Deaf(Story):
    """A world in which these channels are away."""

    away: tuple[Channel, ...] = ()
    failure = Failure.UNREACHABLE

    def answer(self, effect: Effect) -> Decision:
        """As the world does, but for what is away."""
        if isinstance(effect, Notify) and effect.channel in self.away:
            return self.do(ReportDelivery(effect.number, Outcome.FAILED, failure=self.failure))
        return super().answer(effect)


def ended(*away: Channel, failure: Failure = Failure.UNREACHABLE) -> Deaf:
    """Returned by break-glass while these channels are away."""
    calm = taken(Severity.SEV2)
    calm.do(RETURN)
    story = Deaf(opening())
    story.suppose(**{name: getattr(calm.state, name) for name in ("case", "policy", "phase", "grade", "people")})
    story.suppose(**{name: getattr(calm.state, name) for name in ("transfer", "clocks", "awaited", "tally", "head")})
    story.now, story.away, story.failure = calm.now, away, failure
    story.take()
    story.do(GLASS)
    assert story.state.ended
    return story


def loud(story: Story) -> list[tuple[str, Channel]]:
    """Who was sent the last words since the test last looked, and how."""
    sent, story.sent = story.sent, []
    return [
        (each.contact, each.channel)
        for each in sent
        if each.message is Message.SITUATION and any(point.topic in LOUD for point in each.brief.points)
    ]


def test_when_it_can_be_told_it_is_settled_at_once() -> None:
    """Nothing waits: the same as ever."""
    story = ended()

    assert {who for who, _ in loud(story)} >= {"eve", "mia"}
    assert story.state.settled


@pytest.mark.parametrize("failure", [Failure.UNREACHABLE, Failure.RATE_LIMITED])
def test_while_one_provider_is_away_another_tells_it_at_once(failure: Failure) -> None:
    """Nobody waits for mail to come back where an SMS can say it."""
    story = ended(EMAIL, failure=failure)

    said = loud(story)
    assert ("eve", EMAIL) in said
    assert ("eve", SMS) in said
    assert story.state.settled


def test_while_every_provider_is_away_it_is_not_settled_and_is_tried_again() -> None:
    """The first try that gets through tells everybody once."""
    story = ended(EMAIL, SMS)
    assert not story.state.settled
    assert story.state.people.post.owed
    loud(story)

    story.wait(CATCH_UP_AFTER - SECOND)
    assert loud(story) == []
    story.away = ()
    story.wait(SECOND)
    said = loud(story)
    assert {who for who, _ in said} >= {"eve", "mia"}
    assert len(said) == len({who for who, _ in said})
    assert story.state.settled


def test_what_can_never_be_told_is_counted_as_skipped_and_then_it_is_settled() -> None:
    """A few tries, each after twice the wait; the log's entry shows what was skipped."""
    story = ended(EMAIL, SMS)
    loud(story)
    tried = 0
    while (clock := story.clock(ClockName.CATCH_UP)) is not None and clock.due is not None:
        story.until(clock.due)
        tried += 1
        assert loud(story)

    assert tried == LAST_TRIES_MAX
    assert (story.state.settled, story.state.people.post.owed) == (True, ())
    assert story.state.tally.skipped > 0


def test_what_was_owed_before_the_end_is_kept_only_if_no_closing_notice_says_it() -> None:
    """A break-glass that nobody could be told of is not lost by the end; a warning is."""
    story = Story(opening(), obedient=False)
    story.do(Acknowledge("ann"))
    post = story.state.people.post.owing("mia", EMAIL, (Point(Topic.GLASS_BROKEN, "spend"), Point(Topic.STATUS, "ann")))
    post = post.owing("zoe", EMAIL, (Point(Topic.STATUS, "ann"),))
    story.suppose(people=replace(story.state.people, post=replace(post, tries=5)))
    story.do(Cancel("sue", "a mistake"))

    (kept,) = story.state.people.post.owed
    assert (kept.contact, kept.points, kept.until) == ("mia", (Point(Topic.GLASS_BROKEN, "spend"),), None)
    assert story.clock(ClockName.CATCH_UP) is not None
    story.take()
    story.accept(next(n for n in story.asked(Notify) if n.channel is EMAIL and n.message is Message.CLOSING))
    assert ("mia", Message.SITUATION, EMAIL) in story.take()
