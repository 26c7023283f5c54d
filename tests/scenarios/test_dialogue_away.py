"""Nobody works for a while: what came due meanwhile is told once, as it stands, and nothing that is over."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.composition import compose
from tests.scenarios.dialogue import Story, until
from tests.scenarios.world import GRACE, World, world_in
from worker import build_workers

WINDOW = timedelta(seconds=6)


async def working(world: World) -> AsyncExitStack:
    """Workers, until the stack is closed."""
    stack = AsyncExitStack()
    for worker in build_workers(world.client, compose(world.settings), graceful_shutdown_timeout=GRACE):
        await stack.enter_async_context(worker)
    return stack


@pytest.mark.engine
@pytest.mark.xdist_group("away")
async def test_after_a_night_without_workers_only_the_step_of_now_is_told(tmp_path: Path) -> None:
    """A call, a backup and a whole step came due meanwhile: the next step hears once, nobody of the first again."""
    async with world_in(tmp_path, workers=False) as world:
        story = Story(world)
        story.agrees(windows=(f"{WINDOW.seconds}s", "30m", "30m"), voice_after="4s", backup_after="5s")
        workers = await working(world)
        await story.opens()
        await story.phone("primary").gets_sms("SEV1")
        await story.stands(told=("primary",))
        opened = (await story.view()).opened_at
        await workers.aclose()

        async def over() -> bool:
            return datetime.now(UTC) > opened + WINDOW * 1.5

        await until(over, lambda: "time stands still")
        async with await working(world):
            await story.phone("second").gets_sms("SEV1").replies("ack {code}")
            await story.phone("primary").gets_sms("Taken by Sue Second")
            log = await story.is_called_off("primary", "second")

        fired = [(each.clock, each.edge) for entry in log for each in entry.fired]
        assert len(fired) == len(set(fired)) > 0
