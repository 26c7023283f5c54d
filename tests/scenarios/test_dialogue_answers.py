"""What people text back: however they write it, whoever they are, and however late it comes."""

import asyncio

import pytest

from escalation.core.vocabulary import Phase
from tests.scenarios.agreements import SOON
from tests.scenarios.dialogue import Story

STRANGER = "+12025550199"


async def answered(story: Story, person: str, body: str) -> None:
    """They text it, whatever comes of it."""
    await story.reply(story.number_of(person), body)


@pytest.mark.parametrize("body", ["{code}a", " ACK  #{code} ", "a {code}", '"ack {code}"'])
async def test_an_answer_counts_however_it_is_written(story: Story, body: str) -> None:
    """People write in a hurry, and telephones write what they like."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies(body)

    await story.stands(phase=Phase.ACTIVE, owner="primary")
    await story.is_called_off("primary")


async def test_an_answer_that_comes_twice_counts_once(story: Story) -> None:
    """One entry, one owner, nobody is told twice."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}").replies("ack {code}")

    await story.stands(phase=Phase.ACTIVE, owner="primary", touches=1)
    await story.is_called_off("primary")


async def test_of_two_answers_at_once_one_wins_and_both_are_in_the_log(story: Story) -> None:
    """The other hears who has it, as everybody does who was asked."""
    story.agrees(also=("lead-on-call",))
    await story.opens()
    for person in ("primary", "third"):
        await story.phone(person).gets_sms("SEV1")

    await asyncio.gather(*(answered(story, person, "ack {code}") for person in ("primary", "third")))

    owner = (await story.stands(phase=Phase.ACTIVE)).owner
    (other,) = {"primary", "third"} - {owner}
    names = {"primary": "Pia Primary", "third": "Tim Third"}
    await story.phone(other).gets_sms(f"Taken by {names[owner]}")
    log = await story.is_called_off("primary", "third")
    assert sorted(entry.command.by for entry in log if entry.command.kind == "acknowledge") == ["primary", "third"]


async def test_an_answer_to_an_earlier_step_takes_it_and_the_next_one_hears(story: Story) -> None:
    """Late is better than never: nobody is asked a second time because of it."""
    story.agrees(windows=(SOON, "30m", "30m"))
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.phone("second").gets_sms("SEV1")

    await answered(story, "primary", "ack {code}")

    await story.stands(phase=Phase.ACTIVE, owner="primary")
    await story.phone("second").gets_sms("Taken by Pia Primary")
    await story.is_called_off("primary", "second")


async def test_an_answer_after_the_end_changes_nothing(story: Story) -> None:
    """It was called off; the text comes a moment later, and sends nothing."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    code = (await story.view()).code
    log = await story.is_called_off("primary")
    sent = len(story.world.standins.outbox())

    await answered(story, "primary", f"ack {code}")

    assert len(story.world.standins.outbox()) == sent
    assert (await story.view()).phase is Phase.CANCELLED
    assert not [entry for entry in log if entry.command.kind == "acknowledge"]


async def test_a_stranger_who_knows_the_code_takes_nothing(story: Story) -> None:
    """A number that nobody has gets nothing and does nothing; what somebody says who was not told does nothing."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    ours, text = story.world.settings.twilio_from, f"ack {(await story.view()).code}"
    for number, said in ((STRANGER, 204), (story.number_of("executive"), 200)):  # nothing, and a line
        assert (await asyncio.to_thread(story.world.standins.reply_sms, number, text, ours)).answered == said
    await answered(story, "primary", "well, thank you for telling me")

    await story.stands(phase=Phase.IN_TRANSFER, owner="agent")
    await story.phone("primary").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE, owner="primary")
    await story.is_called_off("primary")


async def test_a_call_that_was_heard_to_its_end_is_no_answer(story: Story) -> None:
    """`completed` says that somebody, or a machine, picked up; the backup is told as planned."""
    story.agrees(voice_after="2s", backup_after="4s")
    story.tolerates("voice", "backup", times=1)
    await story.opens()

    await story.phone("primary").gets_sms("SEV1").is_called(story.reference)
    await story.phone("backup").gets_sms("SEV1").replies("ack {code}")

    await story.stands(phase=Phase.ACTIVE, owner="backup")
    await story.phone("primary").gets_sms("Taken by Ben Backup")
    await story.is_called_off("primary", "backup")
