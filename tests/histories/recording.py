"""A plugin of pytest that keeps what the engine recorded of each scenario that passes: `scenarios.py` plays with it."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime

import pytest
from rich.console import Console
from temporalio.client import Client, WorkflowExecution, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from escalation.standins.engine import Engine
from escalation.wire.payloads import DATA_CONVERTER
from examples.demo import INCIDENT, Follower, Play, played
from examples.incidents import incident
from examples.rehearsal import Rehearsal
from examples.stage import staged
from examples.story import Story as Told
from examples.up import Site
from tests.histories.recorded import write_life
from tests.histories.scenarios import ROOM, ROOT, Scenario
from tests.scenarios.dialogue import until
from tests.scenarios.stage import PASSED
from tests.scenarios.world import World

TAKEN = pytest.StashKey[set[str]]()
"""Runs of which it is known whose they are: scenarios of one process share a world."""


@pytest.fixture(autouse=True)
async def _life(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Set up before a test's other fixtures, and so taken down after them: what is there then is its whole life."""
    yield
    item: pytest.Function = request.node
    scenario = Scenario.of(item)
    passed = item.stash.get(PASSED, False)
    if not (scenario.engine and item.path.is_relative_to(ROOT / ROOM)) or (not passed and scenario.life in ELSEWHERE):
        return
    found = await _recorded(item, scenario)
    if not passed:
        return  # what it has left in the world is its own, and none of the next one's
    if scenario.without:
        assert not found, f"{scenario.test} opens an escalation after all: take it out of WITHOUT"
        return
    assert found, f"{scenario.test} opens no escalation: say why, in WITHOUT"
    write_life(scenario.path, found)


async def _recorded(item: pytest.Function, scenario: Scenario) -> list[WorkflowHistory]:
    """What became of every escalation that was opened since the test before, run by run."""
    if scenario.life in ELSEWHERE:
        return await ELSEWHERE[scenario.life]()
    taken = item.session.stash.setdefault(TAKEN, set())
    found: list[WorkflowHistory] = []
    for place in item.funcargs.values():
        match place:
            case World():
                found += await _new(place.client, taken, place.references)
            case Rehearsal():
                found += await _new(place.engine.client, taken)
            case Site():
                async with Engine(place.folder / "engine.db") as engine:
                    found += await _new(await engine.connect(), taken)
            case _:
                pass
    return found


async def _new(client: Client, taken: set[str], references: Iterable[str] = ()) -> list[WorkflowHistory]:
    """The histories of all runs that are not taken yet, in the order of their beginning. They are taken then."""
    listed: list[WorkflowExecution] = []

    async def complete() -> bool:
        listed[:] = [run async for run in client.list_workflows()]
        newest = {await _newest(client, reference) for reference in {*references, *(run.id for run in listed)}}
        return newest <= {None, *(run.run_id for run in listed)}

    # The list comes a little after the workflows.
    await until(complete, lambda: f"the engine does not list all runs of {references}")
    new = sorted((run for run in listed if run.run_id not in taken), key=_begun)
    taken.update(run.run_id for run in new)
    return [await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history() for run in new]


async def _newest(client: Client, reference: str) -> str | None:
    """The last run of an escalation; None where it was never opened. Asked of the workflow itself, not of the list."""
    try:
        return (await client.get_workflow_handle(reference).describe()).run_id
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise


def _begun(run: WorkflowExecution) -> tuple[datetime, str]:
    return run.start_time, run.run_id


async def _first_act() -> list[WorkflowHistory]:
    """The demo's life. The demo itself is another process, and its engine ends with it; so it is played here."""
    console = Console(quiet=True)
    async with staged() as stage:
        story, found = Told(console), incident(INCIDENT)
        follower = Follower(stage, story, found.id)
        async with follower.following():
            await played(Play(stage, story, found), story, follower)
        client = await Client.connect(os.environ["TEMPORAL_ADDRESS"], data_converter=DATA_CONVERTER)
        return await _new(client, set(), [found.id])


ELSEWHERE: dict[str, Callable[[], Awaitable[list[WorkflowHistory]]]] = {
    "demo/the_demo_runs_to_its_end_and_every_check_holds": _first_act,
}
"""Lives that are not to be had from the test itself, and where they come from."""
