"""A message that was accepted and did not arrive is noticed, and somebody else is told."""

from escalation.core.vocabulary import Phase
from tests.scenarios.dialogue import Story

HASTY = {"sms": {"silent_after": "2s"}, "voice": {"silent_after": "2s"}}


async def test_an_sms_of_which_no_receipt_comes_is_followed_by_a_call(story: Story) -> None:
    """The carrier never says what became of it; the plan would call twenty minutes later."""
    story.agrees(settles=HASTY)
    story.world.standins.expect("sms", "sent", to=story.number_of("primary"))
    await story.opens()

    await story.phone("primary").gets_sms("SEV1").is_called(story.reference)

    await story.log_reads("receipt due", "page to primary by voice")
    await story.is_called_off("primary")


async def test_a_receipt_that_was_lost_on_its_way_is_looked_up(story: Story) -> None:
    """The SMS was delivered, and only our ears were deaf: nobody is called for nothing."""
    story.agrees(settles=HASTY)
    story.world.standins.callbacks(enabled=False)
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    await story.log_reads("delivered (poll)")

    log = await story.is_called_off("primary")
    assert not [fired for entry in log for fired in entry.fired if (fired.clock, fired.edge) == ("receipt", "limit")]


async def test_silence_goes_on_to_the_backup_and_then_to_the_next_step(story: Story) -> None:
    """Nobody's telephone says anything; every window is half an hour."""
    story.agrees(settles=HASTY)
    for person in ("primary", "backup"):
        story.world.standins.expect("sms", "silent", to=story.number_of(person))
        story.world.standins.expect("voice", "no-answer", to=story.number_of(person))
    await story.opens()

    await story.phone("primary").gets_sms("SEV1").is_called(story.reference)
    await story.phone("backup").gets_sms("SEV1").is_called(story.reference)
    await story.phone("second").gets_sms("SEV1").replies("ack {code}")

    await story.stands(phase=Phase.ACTIVE, owner="second")
    for person in ("primary", "backup"):
        await story.phone(person).gets_sms("Taken by Sue Second")
    await story.is_called_off("primary", "backup", "second")


async def test_two_who_are_told_at_once_are_both_asked(story: Story) -> None:
    """On-call and the third in line: either may take it, the other hears on the telephone."""
    story.agrees(also=("lead-on-call",))
    await story.opens()

    await story.phone("primary").gets_sms("SEV1")
    await story.phone("third").gets_sms("SEV1").replies("ack {code}")

    await story.phone("primary").gets_sms("Taken by Tim Third")
    await story.is_called_off("primary", "third")
