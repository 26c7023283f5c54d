"""Who hears who has it now, and who is left in peace: the others who were asked, and whoever had it until then."""

from collections.abc import Iterator

import pytest

from escalation.core.commands import (
    Acknowledge,
    Approve,
    Block,
    Command,
    Confirm,
    Decline,
    HandOff,
    Raise,
    Reassign,
    Resolve,
)
from escalation.core.effects import FindContacts, Notify
from escalation.core.policy import Cadence
from escalation.core.receipts import RETRY_AFTER
from escalation.core.vocabulary import Ask, Channel, ClockName, Failure, Message, Outcome, Phase, Severity, Topic
from tests.core.cases import EMAIL, HOUR, MINUTE, SMS, TEXT, VOICE, Story, active, opening, standing, with_terms
from tests.core.watched import last_page, receipt, watching

WHY = "because"
TAKEN = Message.ACKNOWLEDGED
# What becomes of it, and who takes it then.
MOVES = (Raise("mia", WHY), Reassign("mia", "lee", WHY), HandOff("mia", "product", Ask.DECIDE, WHY))
CUSTOMER_TOLD = ("customer-7", Message.CUSTOMER_RESOLUTION, EMAIL)


def told_who(story: Story) -> list[tuple[str, Channel]]:
    """Who was told who has it, since the last look."""
    return [(contact, channel) for contact, message, channel in story.take() if message is TAKEN]


def kind(command: object) -> str:
    return getattr(command, "kind", str(command))


# --- solved before anybody had taken it ------------------------------------------------------------------------------


@pytest.mark.parametrize("waits", [False, True], ids=["asked", "waiting"])
def test_whoever_was_asked_hears_at_once_when_somebody_solves_it(*, waits: bool) -> None:
    """Not only at the end, days later. It reads as taken: that is what the buttons of their page are settled by."""
    story = watching()
    if waits:
        story.do(Block("sue", "logs"))
    story.do(Resolve("zoe", TEXT))

    (word,) = (notify for notify in story.asked(Notify) if notify.message is TAKEN)
    assert (word.contact, word.channel, word.brief.owner, word.brief.phase) == ("ann", SMS, "zoe", Phase.ACTIVE)
    assert story.phase is Phase.RESOLVED
    assert story.take() == [("ann", TAKEN, SMS), CUSTOMER_TOLD]


def test_whoever_solves_what_they_were_asked_is_told_nothing_of_it() -> None:
    """Only the others: bob was asked as well."""
    story = Story()
    story.wait(6 * MINUTE)
    story.take()
    story.do(Resolve("ann", TEXT))

    assert story.take() == [("bob", TAKEN, SMS), CUSTOMER_TOLD]


def test_a_fix_of_what_somebody_has_taken_tells_the_customer_alone() -> None:
    """Everybody has heard that ann has it, and she has it still."""
    story = active()
    story.do(Resolve("kim", TEXT))

    assert story.take() == [CUSTOMER_TOLD]


def test_they_hear_once_who_has_it_and_once_how_it_ended() -> None:
    """The two words say two things."""
    story = Story()
    story.do(Resolve("zoe", TEXT))
    story.do(Confirm("sue"))

    assert [message for contact, message, _ in story.take() if contact == "ann"] == [
        Message.PAGE,
        TAKEN,
        Message.CLOSING,
    ]


# --- taken from somebody ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", MOVES, ids=kind)
@pytest.mark.parametrize("taking", [Acknowledge("kim"), Resolve("kim", TEXT)], ids=kind)
def test_whoever_had_it_hears_who_has_it_now(command: Command, taking: Command) -> None:
    """Mia passed it on, not ann: she works on it until she hears otherwise."""
    story = active()
    story.do(command)
    asked = [contact for contact, _ in story.pages()]
    story.do(taking)

    assert told_who(story) == [("ann", SMS), *((contact, SMS) for contact in asked)]


@pytest.mark.parametrize("clock", [ClockName.SILENCE, ClockName.RESOLUTION])
def test_whoever_lost_it_by_the_clock_hears_who_has_it_now(clock: ClockName) -> None:
    """Silent for too long, or a promise was broken: time passed it on."""
    quiet = with_terms(Severity.SEV2, silence=3 * HOUR if clock is ClockName.SILENCE else None)
    story = active(opening(policy=quiet))
    due = story.due(clock)
    assert due is not None
    story.until(due)
    assert (story.phase, story.owner) == (Phase.IN_TRANSFER, "ann")
    story.take()
    story.do(Acknowledge("lee"))

    assert told_who(story) == [("ann", SMS)]


def test_whoever_had_it_and_was_never_paged_hears_as_notices_go() -> None:
    """Zoe took it unasked. She also hears how it ends: she has been told now."""
    story = Story()
    story.do(Acknowledge("zoe"))
    story.do(Raise("mia", WHY))
    story.take()
    story.do(Acknowledge("lee"))

    assert told_who(story) == [("zoe", EMAIL)]
    assert "zoe" in story.state.people.told


@pytest.mark.parametrize(
    "command",
    [Raise("ann", WHY), Reassign("ann", "lee", WHY), HandOff("ann", "product", Ask.DECIDE, WHY)],
    ids=kind,
)
def test_who_passes_it_on_themselves_does_not_hear_who_has_it(command: Command) -> None:
    """They know. The same act by somebody else is told to them: see above."""
    story = active()
    story.do(command)
    asked = [contact for contact, _ in story.pages()]
    story.do(Acknowledge(asked[0]))

    assert told_who(story) == []


def test_who_takes_it_back_hears_nothing_of_it() -> None:
    """Raised by mia, and ann answers first: the lead hears that it is hers."""
    story = active()
    story.do(Raise("mia", WHY))
    story.take()
    story.do(Acknowledge("ann"))

    assert told_who(story) == [("lee", SMS)]


@pytest.mark.parametrize(("by", "hears"), [("mia", [("zoe", EMAIL)]), ("zoe", [])])
def test_who_asked_for_a_hand_off_that_needed_a_yes_has_passed_it_on(by: str, hears: list[tuple[str, Channel]]) -> None:
    """It is done when somebody says yes, but it was asked for by one of them; it may wait for the customer as well."""
    story = Story()
    story.do(Acknowledge("zoe"))
    story.do(Block("zoe", "logs"))
    story.do(HandOff(by, "leadership", Ask.DECIDE, WHY))
    story.do(Approve("sam", WHY, standing("sam", "support-lead")))
    assert story.phase is Phase.IN_TRANSFER
    story.take()
    story.do(Acknowledge("kim"))

    assert [told for told in told_who(story) if told[0] == "zoe"] == hears


def test_the_sender_is_not_told_who_takes_it() -> None:
    """She never took it herself: to hand it over was her own act, whoever raised it then."""
    story = Story()
    story.do(Raise("mia", WHY))
    story.take()
    story.do(Acknowledge("lee"))

    assert told_who(story) == [("ann", SMS)]


# --- left in peace ---------------------------------------------------------------------------------------------------


def busy(story: Story, contact: str, channel: Channel) -> None:
    """The telephone that was rung is engaged."""
    story.do(receipt(story, Outcome.FAILED, of=(contact, channel), failure=Failure.DESTINATION_BUSY))


def rung(story: Story) -> list[tuple[str, Channel]]:
    """Who is paged in the time in which whoever was busy would be tried again."""
    story.take()
    story.wait(RETRY_AFTER)
    return story.pages()


def with_two_engaged() -> Story:
    """Ann was busy on both channels, so bob was told, and is busy too."""
    story = watching()
    for channel in (SMS, VOICE):
        busy(story, "ann", channel)
    busy(story, "bob", SMS)
    return story


def test_who_says_not_me_is_not_tried_again() -> None:
    """Nobody is rung for what they have said no to. Whoever has said nothing is tried as ever."""
    story = with_two_engaged()
    story.do(Decline("bob", WHY))

    assert sorted(rung(story)) == [("ann", SMS), ("ann", VOICE)]


@pytest.mark.parametrize("command", [*MOVES[1:], Acknowledge("kim"), Resolve("kim", TEXT)], ids=kind)
def test_nobody_is_tried_again_once_others_have_it_or_are_asked_instead(command: Command) -> None:
    """Another team, or a named person; somebody has taken it, or solved it."""
    story = with_two_engaged()
    story.do(command)

    assert ClockName.RETRY not in {clock.name for clock in story.state.clocks}
    assert [who for who, _ in rung(story) if who in ("ann", "bob")] == []


@pytest.mark.parametrize("command", [Decline("ann", WHY), *MOVES], ids=kind)
def test_who_is_found_busy_for_a_step_that_is_over_is_not_tried_again(command: Command) -> None:
    """The receipt came late: ann may have said no by then, or others are asked instead."""
    story = watching()
    story.do(command)
    busy(story, "ann", SMS)

    assert rung(story) == []


def test_the_same_receipt_in_time_is_followed_by_a_second_try() -> None:
    """Nothing else keeps it from being made."""
    story = watching()
    busy(story, "ann", SMS)
    story.accept(last_page(story, "ann", VOICE))

    assert ("ann", SMS) in rung(story)


# --- reminded of the war room ----------------------------------------------------------------------------------------

ROOM = with_terms(Severity.SEV1, war_room=Cadence(14 * MINUTE))


def reminded(story: Story) -> Iterator[tuple[str, ...]]:
    """For each status that was due, whose turn it was to write it."""
    for decision in story.decisions:
        for effect in decision.effects:
            if isinstance(effect, FindContacts) and any(point.topic is Topic.WAR_ROOM for point in effect.points):
                yield effect.names


@pytest.mark.parametrize("taker", ["ann", "lee", "zoe"], ids=["asked before", "asked last", "never asked"])
def test_whoever_has_it_is_reminded_of_the_room_and_not_who_was_asked_last(taker: str) -> None:
    """The lead is asked when it is taken: by her, by whoever was asked before her, or by somebody else."""
    story = Story(opening(policy=ROOM, severity=Severity.SEV1))
    story.wait(11 * MINUTE)
    assert story.state.transfer.asked == ("lee",)
    story.do(Acknowledge(taker))
    story.wait(5 * MINUTE)

    assert list(reminded(story)) == [(taker, "sue")]


def test_while_nobody_has_it_those_who_are_asked_are_reminded_of_the_room() -> None:
    """And of those who were asked before, nobody."""
    story = Story(opening(policy=ROOM, severity=Severity.SEV1))
    story.wait(14 * MINUTE)

    assert list(reminded(story)) == [("lee", "sue")]


def test_while_nobody_can_be_asked_the_sender_is_reminded_of_the_room() -> None:
    """It is hers until somebody takes it; she hears once, as the customer's contact too."""
    story = Story(opening(policy=ROOM, severity=Severity.SEV1), obedient=False)
    story.wait(14 * MINUTE)

    assert list(reminded(story)) == [("sue",)]
