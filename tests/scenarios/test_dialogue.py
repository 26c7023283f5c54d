"""A dialogue holds people to their lines: one send too many fails it, one too few does, and so does a silent end."""

import pytest

from escalation.core.vocabulary import Phase
from tests.scenarios.dialogue import LOOK_EVERY, PATIENCE, Story, Unexpected


async def test_a_send_that_nobody_expected_fails_the_scenario(story: Story) -> None:
    """The primary was told, and the scenario does not say so. Said afterwards, everything holds."""
    await story.opens()
    await story.log_reads("dispatch", "accepted", "4")

    with pytest.raises(Unexpected, match=r"nobody expected .*sms to \+12025550101"):
        await story.is_called_off("primary")

    await story.phone("primary").gets_sms("SEV1")
    await story.ends(Phase.CANCELLED)


async def test_a_send_that_never_comes_fails_the_scenario(story: Story) -> None:
    """The complaint says what came instead."""
    await story.opens()
    await story.stands(told=("primary",))
    story.patience = LOOK_EVERY

    with pytest.raises(Unexpected, match=r"no sms to .* with .*'SEV4'.*unclaimed are .*SEV1"):
        await story.phone("primary").gets_sms("SEV4")

    story.patience = PATIENCE
    await story.phone("primary").gets_sms("SEV1")
    await story.is_called_off("primary")


async def test_the_same_send_is_not_expected_twice(story: Story) -> None:
    """Each line claims a send of its own."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    story.patience = LOOK_EVERY

    with pytest.raises(Unexpected, match="no sms"):
        await story.phone("primary").gets_sms("SEV1")

    story.patience = PATIENCE
    await story.is_called_off("primary")


async def test_a_ticket_that_never_reads_so_fails_the_scenario(story: Story) -> None:
    """A status counts once, in its order."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.ticket().reads("In Transfer")
    story.patience = LOOK_EVERY

    with pytest.raises(Unexpected, match="never read 'In Transfer'"):
        await story.ticket().reads("In Transfer")

    story.patience = PATIENCE
    await story.is_called_off("primary")


async def test_a_line_that_is_never_awaited_fails_the_scenario(story: Story) -> None:
    """Otherwise it would be a promise that nobody checks."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    forgotten = story.mailbox("second").gets("anything")

    with pytest.raises(AssertionError, match="never awaited"):
        await story.is_called_off("primary")

    story.scripts.remove(forgotten)
    await story.ends(Phase.CANCELLED)
