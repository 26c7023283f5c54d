"""The chat and the war room: who is told there, what the room shows and when; a restricted case has neither."""

from dataclasses import replace

import pytest

from escalation.core.commands import Acknowledge, AdoptPolicy, ChangeSeverity, Raise, Resolve
from escalation.core.effects import FindContacts, Notify, ShowRoom
from escalation.core.facts import Found, ReportDelivery, ReportRoom
from escalation.core.policy import Cadence, Policy, Reach, Settle
from escalation.core.refusals import Refusal
from escalation.core.room import PEOPLE_MAX
from escalation.core.vocabulary import Channel, ClockName, Failure, Message, Outcome, Phase, Severity
from tests.core.cases import ALL, EMAIL, MINUTE, POLICY, SMS, Story, active, opening, with_terms

CHAT = Channel.CHAT
EVERY = (*ALL, CHAT)
PEOPLE = {"on-call": Found("on-call", "ann", EVERY, "bob", EVERY), "lead": Found("lead", "lee", EVERY)}
IN_CHAT = with_terms(Severity.SEV1, reach=(Reach(CHAT), Reach(SMS)), notice=CHAT)
ROOM = with_terms(Severity.SEV1, war_room=Cadence(15 * MINUTE), room=True)


def worst(policy: Policy, **changes: object) -> Story:
    return Story(opening(policy=policy, severity=Severity.SEV1, **changes), directory=PEOPLE)


def shown(story: Story) -> list[ShowRoom]:
    return [e for d in story.decisions for e in d.effects if isinstance(e, ShowRoom)]


def told(story: Story) -> list[Notify]:
    return [e for d in story.decisions for e in d.effects if isinstance(e, Notify)]


# --- the chat --------------------------------------------------------------------------------------------------------


def test_whoever_has_a_chat_is_paged_there_and_the_others_by_what_they_have() -> None:
    """The agreement names the chat for everybody."""
    assert worst(IN_CHAT).pages() == [("ann", CHAT), ("ann", SMS)]
    assert Story(opening(policy=IN_CHAT, severity=Severity.SEV1)).pages() == [("ann", SMS)]


def test_who_took_it_is_told_where_the_page_was_heard() -> None:
    """In the thread of the page."""
    story = worst(with_terms(Severity.SEV1, reach=(Reach(CHAT),)))
    story.take()
    story.do(Acknowledge("lee"))

    assert story.take() == [("ann", Message.ACKNOWLEDGED, CHAT)]


def test_a_restricted_case_uses_no_chat() -> None:
    """Neither for pages nor for notices, whatever the agreement names; whoever has nothing else is not told."""
    story = worst(IN_CHAT, restricted=True)
    story.wait(20 * MINUTE)
    story.do(Acknowledge("ann"))
    story.do(Resolve("ann"))
    story.wait(30 * MINUTE)

    assert told(story)
    assert CHAT not in {effect.channel for effect in told(story)}
    only = {"on-call": Found("on-call", "ann", (CHAT,), "bob", (CHAT, EMAIL))}
    hidden = Story(opening(policy=IN_CHAT, severity=Severity.SEV1, restricted=True), directory=only)
    assert hidden.pages() == [("bob", EMAIL)]


def test_a_restricted_notice_goes_by_another_way_although_mail_is_dead() -> None:
    """SMS is the next to write on; with both dead it is mail that is tried, and never the chat."""
    story = active(opening(policy=IN_CHAT, severity=Severity.SEV1, restricted=True))
    post = story.state.people.post.buried("ann", EMAIL)
    story.suppose(people=replace(story.state.people, post=post))
    story.wait(30 * MINUTE)
    to_ann = [(effect.channel) for effect in told(story) if effect.contact == "ann"]
    assert set(to_ann) <= {SMS, Channel.VOICE, EMAIL}
    post = post.buried("ann", SMS)
    story.suppose(people=replace(story.state.people, post=post))
    story.take()
    story.wait(45 * MINUTE)

    assert CHAT not in {channel for _, _, channel in story.take()}


def test_an_agreement_older_than_the_chat_settles_it_all_the_same() -> None:
    """Its frozen copy names no such channel; a doubt is looked up after two minutes and sent again."""
    old = replace(POLICY, settles=tuple(settle for settle in POLICY.settles if settle.channel is not CHAT))

    assert old.settle(CHAT) == Settle(CHAT, 2 * MINUTE, resend=True)


def test_a_chat_that_fails_goes_on_to_mail() -> None:
    """A notice whose channel an operator must mend is told on another one."""
    story = active(opening(policy=IN_CHAT, severity=Severity.SEV1), directory=PEOPLE, obedient=False)
    story.sent.clear()
    story.wait(15 * MINUTE)
    notice = next((e for e in story.sent if e.channel is CHAT), None)
    assert notice is not None
    story.do(ReportDelivery(notice.number, Outcome.FAILED, failure=Failure.CONFIGURATION, code="invalid_auth"))

    assert (story.sent[-1].contact, story.sent[-1].channel) == (notice.contact, EMAIL)


# --- raising from a page ---------------------------------------------------------------------------------------------


def test_a_page_raises_only_while_its_step_is_asked() -> None:
    """Two people press Raise on the pages of one step: the chain goes up one step, not two."""
    story = worst(IN_CHAT)
    page = next(effect for effect in told(story) if effect.message is Message.PAGE)
    story.do(Raise("ann", "too hard", page.dispatch))
    assert story.state.transfer.step == 1

    assert story.refused(Raise("bob", "too hard", page.dispatch)) is Refusal.STEP_OVER
    assert story.refused(Raise("bob", "too hard", "no-such-dispatch")) is Refusal.STEP_OVER
    story.do(Raise("bob", "too hard"))
    assert story.state.transfer.step == 2


# --- the war room ----------------------------------------------------------------------------------------------------


def test_the_room_opens_with_the_escalation_and_shows_every_round() -> None:
    """Each status says when the next is due; the scribes take turns."""
    story = worst(ROOM)
    first, asked = shown(story)
    assert (asked.people, asked.until) == (("sue", "ann"), first.until)
    assert (first.commander, first.round, first.until) == ("sue", 1, story.now + 15 * MINUTE)
    story.do(Acknowledge("ann"))
    story.wait(46 * MINUTE)

    rounds = [effect for effect in shown(story) if effect.commander == "ann"]
    assert sorted({effect.round for effect in rounds}) == [1, 2, 3, 4]
    assert len({effect.scribe for effect in rounds}) > 1
    assert all(effect.scribe != "ann" for effect in rounds)
    assert len({effect.key for effect in rounds}) == len(rounds)
    assert "customer-7" not in first.people


def test_the_room_shows_who_takes_it_and_how_it_ends() -> None:
    """At once, not at the next round; after the end no status is due."""
    story = worst(ROOM)
    story.do(Acknowledge("ann"))
    story.do(Resolve("ann"))
    story.wait(80 * 60 * MINUTE)

    assert story.phase is Phase.CLOSED
    last = shown(story)[-1]
    assert (last.brief.phase, last.until) == (Phase.CLOSED, None)
    assert not story.state.people.post.room
    assert not story.state.errands


@pytest.mark.parametrize("severity", [Severity.SEV2, Severity.SEV4])
def test_only_where_the_agreement_opens_one_there_is_a_room(severity: Severity) -> None:
    """A SEV1 under it, and whatever becomes one."""
    story = Story(opening(policy=ROOM, severity=severity), directory=PEOPLE)
    assert shown(story) == []
    story.do(ChangeSeverity("ann", Severity.SEV1, "worse"))
    opened = len(shown(story))
    assert opened > 0
    story.do(ChangeSeverity("ann", Severity.SEV2, "better"))
    assert len(shown(story)) == opened + 1
    story.wait(60 * MINUTE)

    assert len(shown(story)) == opened + 1
    assert story.clock(ClockName.WAR_ROOM) is None


def test_a_cadence_alone_opens_no_room() -> None:
    """The reminder to write a status is older than the room, and does without a chat."""
    story = worst(with_terms(Severity.SEV1, war_room=Cadence(15 * MINUTE)))
    story.wait(16 * MINUTE)

    assert shown(story) == []


def test_a_restricted_case_has_no_room() -> None:
    """Nobody reads along who has not been asked."""
    story = worst(ROOM, restricted=True)
    story.wait(60 * MINUTE)

    assert shown(story) == []


def test_another_agreement_may_open_a_room() -> None:
    """From then on."""
    story = worst(POLICY)
    story.do(AdoptPolicy("mia", replace(ROOM, digest="another", version="2"), "as agreed"))

    assert len(shown(story)) == 1


def test_a_room_that_is_not_shown_is_in_the_log_and_holds_up_nothing() -> None:
    """And a report about nothing is refused."""
    story = Story(opening(policy=ROOM, severity=Severity.SEV1), obedient=False)
    (effect,) = story.asked(ShowRoom)
    story.do(ReportRoom(effect.number, shown=False, error="no_chat"))

    assert story.asked(ShowRoom) == []
    assert story.refused(ReportRoom(effect.number, shown=True)) is Refusal.UNKNOWN_EFFECT
    assert story.refused(ReportRoom(story.asked(FindContacts)[0].number, shown=True)) is Refusal.UNKNOWN_EFFECT


def test_a_room_of_one_has_them_as_its_scribe_and_of_many_it_has_a_bound() -> None:
    """Everybody told may look; so many are asked in."""
    story = worst(ROOM)
    assert story.owner == story.state.people.customer_contact == "sue"
    crowd = tuple(f"person-{number}" for number in range(PEOPLE_MAX + 5))
    story.suppose(people=replace(story.state.people, told=crowd))
    story.wait(15 * MINUTE)

    assert len(shown(story)[-1].people) == PEOPLE_MAX
    alone = Story(opening(policy=ROOM, severity=Severity.SEV1), obedient=False)
    assert (alone.asked(ShowRoom)[0].people, alone.asked(ShowRoom)[0].scribe) == (("sue",), "sue")
