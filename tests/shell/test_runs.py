"""Making way: a run that has grown long hands over to the next one, and nobody outside can tell."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from escalation.core.entry import Fired
from escalation.core.vocabulary import Audience, Phase
from escalation.wire.messages import Answer
from tests.scenarios.dialogue import Story
from tests.scenarios.world import HTTP, World, world_in
from workflows.escalation import TIMELINE_LINES

# The server suggests a new run at event 60 instead of 4096.
SHORT_RUNS = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=60")
LATE = timedelta(seconds=2)


@pytest.fixture(scope="module")
async def short_lived(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world whose runs are short."""
    async with world_in(tmp_path_factory.mktemp("short"), flags=SHORT_RUNS) as here:
        yield here


async def test_nothing_is_lost_doubled_or_late_when_a_run_makes_way(short_lived: World) -> None:
    """Commands, a hanging send and a due are on their way; answers and the timeline survive."""
    story = Story(short_lived)
    desk, ref = short_lived.desk, story.reference
    story.agrees(windows=("6s", "30m", "30m"))
    short_lived.standins.callbacks(enabled=False)
    short_lived.standins.fail("sms", "accept_then_hang", to=story.number_of("primary"), delay=HTTP * 2)
    opened = await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    keys = [f"note-{number}" for number in range(40)]
    answers: dict[str, Answer] = {}
    for wave in range(0, len(keys), 8):
        asked = [desk.note(ref, by="agent", text=key, key=key) for key in keys[wave : wave + 8]]
        answers |= dict(zip(keys[wave : wave + 8], await asyncio.gather(*asked), strict=True))
    await story.phone("primary").is_called(ref)
    await story.phone("second").gets_sms("SEV1")
    await story.reply(story.number_of("second"), "ack {code}")
    await story.stands(owner="second")
    await story.phone("primary").gets_sms("Taken by Sue Second")
    await desk.post_update(ref, by="second", audience=Audience.CUSTOMER, text="Found.")
    await story.mailbox("acme").gets("Found.")

    for key in keys:
        assert await desk.note(ref, by="agent", text=key, key=key) == answers[key]
    assert await desk.start(story.request()) == opened
    assert len(await desk.timeline(ref)) == TIMELINE_LINES
    assert len(await story.histories()) > 1
    log = await story.is_called_off("primary", "second")
    noted = [entry.sequence for entry in log if entry.command.kind == "add_note"]
    assert sorted(answer.sequence for answer in answers.values()) == noted
    fired: list[tuple[Fired, timedelta]] = [(fired, entry.at - fired.at) for entry in log for fired in entry.fired]
    assert [late for _, late in fired if late > LATE] == []
    assert log[-1].sequence == (await story.world.desk.wait(ref)).sequence
    assert (await story.view()).phase is Phase.CANCELLED
    await story.leaves()


async def test_a_run_that_makes_way_keeps_its_promises(short_lived: World) -> None:
    """Clocks go on with the instants that they had: a window that began in one run ends in another, once."""
    story = Story(short_lived)
    story.agrees(windows=("4s", "30m", "30m"))
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    due = (await story.view()).next_due
    for number in range(12):
        await short_lived.desk.note(story.reference, by="agent", text=f"note {number}")

    async with asyncio.timeout(20):
        while len(await story.histories()) == 1:
            await short_lived.desk.note(story.reference, by="agent", text="one more")
    assert (await story.view()).next_due == due
    await story.phone("second").gets_sms("SEV1")

    log = await story.is_called_off("primary", "second")
    assert [fired.at for entry in log for fired in entry.fired] == [due]
    await story.leaves()
