"""After an outage: one word per person about how it stands, and nothing that came too late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.catching_up import CATCH_UP_AFTER, CATCH_UPS_MAX
from escalation.core.commands import Acknowledge, Cancel, PostUpdate
from escalation.core.decide import Decision
from escalation.core.effects import Effect, Notify, Point
from escalation.core.facts import ReportDelivery
from escalation.core.post import OWED_MAX, POINTS_MAX, Post
from escalation.core.state import next_due
from escalation.core.vocabulary import Audience, ClockName, Failure, Message, Outcome, Severity, Topic
from tests.core.cases import EMAIL, HOUR, MINUTE, SMS, START, TEXT, VOICE, Story, opening

LATE = (Failure.UNREACHABLE, Failure.RATE_LIMITED)
SECOND = timedelta(seconds=1)


class Outage(Story):
    """A world in which no mail gets through while it is `down`; or only none to one person, `whom`."""

    down: Failure | None = Failure.UNREACHABLE
    whom: str | None = None

    def answer(self, effect: Effect) -> Decision:
        """As the world does, but for mail."""
        lost = isinstance(effect, Notify) and effect.channel is EMAIL and self.whom in (None, effect.contact)
        if self.down is not None and lost:
            return self.do(ReportDelivery(effect.number, Outcome.FAILED, failure=self.down))
        return super().answer(effect)


class FullMailbox(Outage):
    """Only mia's."""

    whom = "mia"


def taken(failure: Failure = Failure.UNREACHABLE) -> Outage:
    """Ann owns a SEV1, and mail has been down since the opening."""
    story = Outage(opening(severity=Severity.SEV1))
    story.down = failure
    story.wait(MINUTE)
    story.do(Acknowledge("ann"))
    story.take()
    return story


def told(story: Story) -> dict[str, list[list[tuple[Topic, str]]]]:
    """What each person was sent in one message since the last look."""
    sent, story.sent = story.sent, []
    found: dict[str, list[list[tuple[Topic, str]]]] = {}
    for notify in sent:
        if notify.message is Message.SITUATION:
            said = [(point.topic, point.about) for point in notify.brief.points]
            found.setdefault(notify.contact, []).append(said)
    return found


@pytest.mark.parametrize("failure", LATE)
def test_what_could_not_be_told_is_told_in_one_message_when_the_provider_is_back(failure: Failure) -> None:
    """Several notices were lost; the first message that the provider takes brings one to everybody who is owed any."""
    story = taken(failure)
    story.wait(60 * MINUTE)
    assert len(told(story)["mia"]) > 1
    story.down = None
    story.wait(20 * MINUTE)

    first = told(story)["mia"][0]
    assert len(first) == len(set(first)) > 1
    assert story.state.people.post.owed == ()


def test_nobody_is_warned_of_what_has_happened() -> None:
    """The warning about the resolution was lost, and the target is missed by now: only that is told."""
    story = taken()
    story.until(START + HOUR + SECOND)
    told(story)
    owed = next(one for one in story.state.people.post.owed if one.contact == "mia")
    assert Topic.TARGET_NEAR in {point.topic for point in owed.points}
    story.outage(2 * HOUR)
    story.until(story.now)
    story.down = None
    story.wait(CATCH_UP_AFTER * 2**CATCH_UPS_MAX)

    assert Topic.TARGET_NEAR not in {topic for topic, _ in told(story)["mia"][0]}
    assert story.state.tally.skipped > 0


def test_a_warning_that_is_stale_by_now_is_not_told_at_all() -> None:
    """It was all that was owed: nothing is sent, and that is counted."""
    story, lost = one_owed()
    post = replace(story.state.people.post, owed=())
    near = Point(Topic.TARGET_NEAR, ClockName.RESOLUTION, story.now - SECOND)
    story.suppose(people=replace(story.state.people, post=post.owing("mia", EMAIL, (near,))))
    story.accept(mailed(story))

    assert ("mia", Message.SITUATION, EMAIL) not in story.take()
    assert (story.state.tally.skipped, lost.contact) == (1, "mia")


def test_the_log_shows_how_much_was_skipped() -> None:
    """As a change of the entry that told the rest."""
    story = taken()
    story.until(START + HOUR + SECOND)
    story.outage(2 * HOUR)
    story.until(story.now)
    story.down = None
    story.wait(CATCH_UP_AFTER * 2**CATCH_UPS_MAX)

    changes = [change for d in story.decisions for change in d.sealed.entry.changes if change.field == "skipped"]
    assert changes[-1].after == str(story.state.tally.skipped)


def one_owed() -> tuple[Story, Notify]:
    """A notice to mia could not be sent; from now on the test answers itself."""
    story = FullMailbox(opening(severity=Severity.SEV1))
    story.do(Acknowledge("ann"))
    while not story.state.people.post.owed:
        story.until(next_due(story.state) or story.now)
    story.obedient = False
    lost = next(n for n in reversed(story.sent) if n.contact == "mia")
    story.take()
    return story, lost


def mailed(story: Story) -> Notify:
    """Some mail that is on its way."""
    story.do(PostUpdate("sue", Audience.CUSTOMER, TEXT))
    return next(n for n in story.asked(Notify) if n.message is Message.CUSTOMER_UPDATE)


def test_what_is_owed_is_tried_again_ever_later_and_a_bounded_number_of_times() -> None:
    """Each wait is twice the one before; after the last, only a provider that takes anything brings it up again."""
    story, lost = one_owed()
    waits = []
    for _ in range(CATCH_UPS_MAX):
        began, clock = story.now, story.clock(ClockName.CATCH_UP)
        assert clock is not None
        assert clock.due is not None
        story.until(clock.due)
        waits.append(story.now - began)
        again = next(n for n in story.asked(Notify) if n.contact == "mia" and n.brief.points == lost.brief.points)
        story.do(ReportDelivery(again.number, Outcome.FAILED, failure=Failure.UNREACHABLE))
    assert waits == [CATCH_UP_AFTER * 2**n for n in range(CATCH_UPS_MAX)]
    assert story.clock(ClockName.CATCH_UP) is None
    assert [one.contact for one in story.state.people.post.owed] == ["mia"]

    story.take()
    story.accept(mailed(story))
    assert ("mia", Message.SITUATION, EMAIL) in story.take()
    assert story.state.people.post.tries == 0


def test_a_provider_of_another_channel_brings_nothing_up() -> None:
    """That SMS works says nothing about mail."""
    story, _ = one_owed()
    owed = story.state.people.post.owing("zoe", SMS, (Point(Topic.STATUS, "ann"),))
    story.suppose(people=replace(story.state.people, post=owed))
    story.accept(mailed(story))

    assert [n.contact for n in story.sent if n.message is Message.SITUATION] == ["mia"]
    assert [one.contact for one in story.state.people.post.owed] == ["zoe"]
    assert story.clock(ClockName.CATCH_UP) is not None


def test_what_works_elsewhere_makes_no_endless_tries() -> None:
    """Mail works all the time and SMS never: the words on SMS are tried as often as ever, and no more."""
    story, _ = one_owed()
    post = replace(Post(), tries=story.state.people.post.tries).owing("zoe", SMS, (Point(Topic.STATUS, "ann"),))
    story.suppose(people=replace(story.state.people, post=post))
    tried = 0
    while (clock := story.clock(ClockName.CATCH_UP)) is not None and tried <= CATCH_UPS_MAX:
        assert clock.due is not None
        story.until(clock.due)
        again = next(n for n in story.asked(Notify) if n.contact == "zoe")
        story.do(ReportDelivery(again.number, Outcome.FAILED, failure=Failure.UNREACHABLE))
        story.accept(mailed(story))
        tried += 1

    assert tried == CATCH_UPS_MAX
    assert [one.contact for one in story.state.people.post.owed] == ["zoe"]


def test_who_took_it_is_owed_too() -> None:
    """Bob was called, and the word that ann has taken it was lost: he hears how it stands."""
    story = Story(opening(), obedient=False)
    story.find()
    story.accept()
    story.do(Acknowledge("bob"))
    word = next(n for n in story.asked(Notify) if n.message is Message.ACKNOWLEDGED)
    story.do(ReportDelivery(word.number, Outcome.FAILED, failure=Failure.RATE_LIMITED))

    (owed,) = story.state.people.post.owed
    assert (owed.contact, owed.channel, owed.points) == ("ann", SMS, (Point(Topic.STATUS, "bob"),))


def test_nothing_is_owed_any_more_once_it_is_over() -> None:
    """The closing notice says all there is to say; what fails after it is in the log."""
    story, _ = one_owed()
    story.do(Cancel("sue", "a mistake"))
    story.take()
    notices = [n for n in story.asked(Notify) if n.contact == "mia"]
    for notify in story.asked(Notify):
        story.accept(notify)
    assert (story.take(), notices) == ([], [])


def test_a_closing_notice_that_failed_is_owed_to_nobody() -> None:
    """It is over: what fails after it is in the log."""
    story = Story(opening(), obedient=False)
    story.do(Cancel("sue", "a mistake"))
    closing = next(n for n in story.asked(Notify) if n.message is Message.CLOSING)
    story.do(ReportDelivery(closing.number, Outcome.FAILED, failure=Failure.UNREACHABLE))

    assert (story.state.people.post.owed, story.clock(ClockName.CATCH_UP)) == ((), None)


def test_a_notice_that_failed_when_it_was_over_is_owed_to_nobody() -> None:
    """It was on its way when it ended."""
    story = Story(opening(), obedient=False)
    story.find()
    story.accept()
    story.do(Acknowledge("bob"))
    word = next(n for n in story.asked(Notify) if n.message is Message.ACKNOWLEDGED)
    story.do(Cancel("sue", "a mistake"))
    story.do(ReportDelivery(word.number, Outcome.FAILED, failure=Failure.UNREACHABLE))

    assert story.state.people.post.owed == ()


def test_a_notice_that_cannot_be_mailed_is_written_otherwise() -> None:
    """The address bounces: an SMS now, and every later notice too."""
    story, _ = one_owed()
    post = story.state.people.post
    story.suppose(people=replace(story.state.people, post=post.buried("mia", EMAIL)))
    story.accept(mailed(story))

    assert ("mia", Message.SITUATION, SMS) in story.take()


@pytest.mark.parametrize("failure", [Failure.DESTINATION, Failure.NO_ADDRESS, Failure.CONFIGURATION, Failure.CONTENT])
def test_a_channel_that_is_of_no_use_is_left_for_another_once(failure: Failure) -> None:
    """Mail, then SMS, then nothing: nobody is called for a notice."""
    story = Story(opening(), obedient=False)
    story.find()
    story.accept()
    story.wait(2 * MINUTE)
    story.accept()
    story.do(Acknowledge("bob"))
    story.take()
    story.do(Cancel("sue", "a mistake"))
    tried = []
    while left := [n for n in story.asked(Notify) if n.contact == "ann" and n.message is Message.CLOSING]:
        tried += [n.channel for n in left]
        story.do(ReportDelivery(left[0].number, Outcome.FAILED, failure=failure))

    assert tried == [EMAIL, SMS]


def test_what_is_left_when_nothing_works_is_the_channel_that_was_chosen() -> None:
    """It will fail, and that is in the log."""
    post = Post().buried("ann", EMAIL).buried("ann", SMS).buried("ann", VOICE)
    story = Story(opening(), obedient=False)
    story.find()
    story.accept()
    story.suppose(people=replace(story.state.people, post=replace(post, sent=story.state.people.post.sent)))
    story.take()
    story.do(Acknowledge("bob"))

    assert story.take() == [("ann", Message.ACKNOWLEDGED, SMS)]


class Blackout(Story):
    """No provider takes anything before `back`."""

    back = START + 8 * MINUTE

    def answer(self, effect: Effect) -> Decision:
        """As the world does, once it is back."""
        if isinstance(effect, Notify) and self.now < self.back:
            return self.do(ReportDelivery(effect.number, Outcome.FAILED, failure=Failure.UNREACHABLE))
        return super().answer(effect)


class LastingBlackout(Blackout):
    """It is never back."""

    back = START + 1000 * HOUR


def test_after_a_blackout_the_chain_is_climbed_again() -> None:
    """Nobody was told, of no step: the first one is asked as soon as it is tried again, and not the fallback alone."""
    story = Blackout(opening(severity=Severity.SEV1))
    assert story.state.tally.nobody_told
    story.take()
    story.until(START + CATCH_UP_AFTER - SECOND)
    assert story.pages() == []
    story.until(START + CATCH_UP_AFTER)

    sent = story.take()
    assert [(who, how) for who, message, how in sent if message is Message.PAGE] == [("ann", SMS)]
    assert sorted(who for who, message, _ in sent if message is Message.SITUATION) == ["mia", "sue"]
    assert (story.state.tally.nobody_told, story.state.transfer.step) == (False, 0)
    assert story.state.people.post.tries == 0


def test_a_blackout_that_lasts_is_tried_a_bounded_number_of_times() -> None:
    """The chain after each catching up; the fallback by itself, window by window."""
    story = LastingBlackout(opening(severity=Severity.SEV1))
    began = story.state.transfer.visit
    story.take()
    story.until(START + CATCH_UP_AFTER * 2**CATCH_UPS_MAX)

    firsts = [page for page in story.pages() if page == ("ann", SMS)]
    assert len(firsts) == CATCH_UPS_MAX
    assert story.state.transfer.visit > began
    assert story.clock(ClockName.CATCH_UP) is None


def test_what_is_owed_is_bounded() -> None:
    """People, and points for each; the latest are kept."""
    post = Post()
    for number in range(OWED_MAX + 1):
        post = post.owing(f"person-{number}", EMAIL, (Point(Topic.STATUS, "ann"),))
    assert (len(post.owed), post.owed[0].contact) == (OWED_MAX, "person-1")
    for number in range(POINTS_MAX + 1):
        post = post.owing("person-1", EMAIL, (Point(Topic.STATUS, f"{number}"),))

    assert (len(post.owed), len(post.owed[-1].points)) == (OWED_MAX, POINTS_MAX)
    assert post.owed[-1].points[-1].about == str(POINTS_MAX)
