"""Escalations that run while the workflow is changed go on: what was recorded is replayed."""

from pathlib import Path

import pytest
from temporalio.workflow import NondeterminismError

from tests.histories.goldens import SHORT_STORIES, STORIES, replay
from tests.histories.recorded import kept, name_of, read

GOLDENS = kept()


@pytest.mark.parametrize("golden", GOLDENS, ids=name_of)
async def test_a_recorded_history_is_replayed(golden: Path) -> None:
    """The same commands in the same order. A change on purpose needs a patch, and a new recording beside the old."""
    await replay(read(golden))


def test_every_story_is_recorded() -> None:
    """A story without its file would be a promise that nobody checks."""
    recorded = {name_of(path) for path in GOLDENS}

    assert recorded >= {play.__name__ for play in STORIES}
    assert recorded >= {f"{play.__name__}_{run}" for play in SHORT_STORIES for run in (1, 2)}


async def test_a_history_of_another_workflow_is_noticed() -> None:
    """The replay can fail: without one of its activities the history is not ours."""
    history = read(GOLDENS[0])
    first = next(event for event in history.events if event.HasField("activity_task_scheduled_event_attributes"))
    first.activity_task_scheduled_event_attributes.activity_type.name = "another"

    with pytest.raises(NondeterminismError):
        await replay(history)
