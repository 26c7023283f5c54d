"""One escalation of a ticket at a time: the key says which one is meant."""

import pytest

from escalation.client import Ended, Refused
from escalation.core.refusals import Refusal
from tests.scenarios.dialogue import Story


async def test_the_same_key_is_the_same_escalation(story: Story) -> None:
    """However often it is started: nobody is told again."""
    first = await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    assert await story.world.desk.start(story.request()) == first

    await story.is_called_off("primary")
    ended = await story.world.desk.start(story.request())
    assert (ended.reference, ended.episode) == (first.reference, first.episode)


async def test_another_key_is_refused_while_one_runs(story: Story) -> None:
    """The refusal names the episode that runs."""
    first = await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    with pytest.raises(Refused) as refused:
        await story.world.desk.start(story.request(key="second"))

    assert refused.value.reason is Refusal.ALREADY_OPEN
    assert refused.value.facts == {"episode": first.episode}
    await story.is_called_off("primary")


async def test_another_key_opens_the_next_episode_once_the_last_has_ended(story: Story) -> None:
    """With a log of its own; the first key still means the first episode, and commands go to the second."""
    desk, ref = story.world.desk, story.reference
    first = await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.is_called_off("primary")
    with pytest.raises(Ended):
        await desk.acknowledge(ref, by="primary")

    second = await story.opens(key="second")
    await story.phone("primary").gets_sms("SEV1")
    assert second.episode != first.episode
    assert story.world.audit.episodes(ref) == (first.episode, second.episode)
    await story.is_called_off("primary")

    for key, answer in (("first", first), ("second", second)):
        found = await desk.start(story.request(key=key))
        assert found.episode == answer.episode
