"""The same escalation under other interpreters: hash seeds, a cold cache, and the worker as a process of its own."""

import asyncio
import gzip
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from tests.histories.goldens import main_line
from tests.house.tree import ROOT
from tests.scenarios.dialogue import Story
from tests.scenarios.world import World, world_in

pytestmark = pytest.mark.engine
STOP_SECONDS = 20


@contextmanager
def worker(world: World, seed: int) -> Iterator[None]:
    """`python worker.py` for that world, with a hash seed of its own."""
    settings = world.settings
    ours = {
        "TEMPORAL_ADDRESS": world.engine.address,
        "PYTHONHASHSEED": str(seed),
        "ESCALATION_DATA_DIR": str(settings.data_dir),
        "ESCALATION_DIRECTORY_FILE": str(settings.directory_file),
        "ESCALATION_POLICY_DIR": str(settings.policy_dir),
        "ESCALATION_PUBLIC_URL": str(settings.public_url),
        "ESCALATION_STANDINS_URL": world.standins.base_url,
    }
    started = subprocess.Popen(
        [sys.executable, "worker.py"], cwd=ROOT, env={**os.environ, **ours}, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        started.terminate()
        assert started.wait(STOP_SECONDS) == 0


def replays(path: Path, seed: int) -> subprocess.CompletedProcess[str]:
    """Replay a recorded history in an interpreter with that hash seed."""
    return subprocess.run(
        [sys.executable, "-m", "tests.histories.goldens", path],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=False,
    )


@asynccontextmanager
async def story_in(world: World) -> AsyncIterator[Story]:
    """A story in a world of its own."""
    story = Story(world)
    story.agrees()
    yield story
    await story.leaves()


async def test_the_order_of_a_set_decides_nothing(tmp_path: Path) -> None:
    """Played by a worker with one hash seed; interpreters with others replay what it did."""
    async with world_in(tmp_path, workers=False) as world, story_in(world) as story:
        with worker(world, seed=1):
            await main_line(story)
        (history,) = await story.histories()
    path = tmp_path / "played.json.gz"
    path.write_bytes(gzip.compress(history.to_json().encode()))

    replayed = await asyncio.gather(*(asyncio.to_thread(replays, path, seed) for seed in (2, 3)))

    assert [ran.returncode for ran in replayed] == [0, 0], [ran.stderr for ran in replayed]


async def test_a_worker_that_remembers_nothing_does_the_same(tmp_path: Path) -> None:
    """Without a cache every workflow task is a replay from the beginning."""
    async with world_in(tmp_path, max_cached_workflows=0) as world, story_in(world) as story:
        await main_line(story)
