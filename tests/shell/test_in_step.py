"""A run sees what has happened in its own tasks only, also when somebody asks about it while no worker lives."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHandle, WorkflowQueryFailedError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker, WorkflowInstance

from escalation.standins.engine import Engine
from escalation.wire.asking import Patience, persist
from escalation.wire.names import NOT_OPEN
from escalation.wire.outcomes import NotFound
from tests.scenarios.dialogue import until
from workflows.in_step import AHEAD, InStep, Run

QUEUE = "naps"
RUNS = 8
NAP = timedelta(seconds=1)
PATIENCE = timedelta(seconds=60)
BEGAN = datetime(2026, 11, 22, 10, 25, tzinfo=UTC)


@workflow.defn
class Napper:
    """Sleeps, then lies awake, and says when it woke up."""

    def __init__(self) -> None:
        self._woke: list[str] = []

    @workflow.run
    async def run(self) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: False, timeout=NAP)
        self._woke.append(workflow.now().isoformat())
        await workflow.wait_condition(lambda: False)

    @workflow.query
    def woke(self) -> list[str]:
        return self._woke


def runner() -> InStep:
    return InStep(UnsandboxedWorkflowRunner())


@pytest.mark.engine
async def test_a_question_that_waited_for_a_worker_wakes_nobody_early(tmp_path: Path) -> None:
    """Timers fire while no worker lives and somebody asks: each run wakes in its task, and its history replays."""

    async def woke(run: WorkflowHandle[Any, Any]) -> list[str]:
        async def once() -> list[str]:
            found: list[str] = await run.query(Napper.woke, rpc_timeout=PATIENCE)
            return found

        return await persist(once, PATIENCE, Patience(), run.id)

    async with Engine(tmp_path / "engine.db") as engine:
        client = await engine.connect()
        async with Worker(client, task_queue=QUEUE, workflows=[Napper], workflow_runner=runner()):
            runs = [await client.start_workflow(Napper.run, id=f"n-{n}", task_queue=QUEUE) for n in range(RUNS)]
            assert [await woke(run) for run in runs] == [[]] * RUNS
        questions = [asyncio.create_task(woke(run)) for run in runs]
        for run in runs:
            await until(partial(_has_fired, run), lambda: "no timer fires", PATIENCE)
        async with Worker(client, task_queue=QUEUE, workflows=[Napper], workflow_runner=runner()):
            await asyncio.gather(*questions)
            for run in runs:
                await until(partial(_is_up, woke, run), lambda: "it sleeps on", PATIENCE)
                (instant,) = await woke(run)
                assert datetime.fromisoformat(instant) >= (await _fired(run))[0]
                history = await run.fetch_history()
                await Replayer(workflows=[Napper], workflow_runner=runner()).replay_workflow(history)


async def _fired(run: WorkflowHandle[Any, Any]) -> list[datetime]:
    """When its timers have fired."""
    events = (await run.fetch_history()).events
    return [
        event.event_time.ToDatetime(tzinfo=UTC) for event in events if event.HasField("timer_fired_event_attributes")
    ]


async def _has_fired(run: WorkflowHandle[Any, Any]) -> bool:
    return bool(await _fired(run))


async def _is_up(
    woke: Callable[[WorkflowHandle[Any, Any]], Awaitable[list[str]]], run: WorkflowHandle[Any, Any]
) -> bool:
    return bool(await woke(run))


# --- wake by wake -----------------------------------------------------------------------------------------------------


@dataclass
class Woken(WorkflowInstance):
    """A run that only counts."""

    times: int = 0

    def activate(self, act: Any) -> Any:  # noqa: ANN401  # the SDK's own
        self.times += 1
        done = WorkflowActivationCompletion()
        done.successful.SetInParent()
        return done

    def get_serialization_context(self, command_info: Any) -> Any:  # noqa: ANN401
        return command_info

    def get_external_store_context(self, command_info: Any) -> Any:  # noqa: ANN401
        return command_info

    def get_info(self) -> Any:  # noqa: ANN401
        return "info"

    def get_thread_id(self) -> int | None:
        return 7


def wake(seconds: int, events: int, *jobs: str) -> WorkflowActivation:
    """A wake of the task that began then, with so many events behind it."""
    act = WorkflowActivation(history_length=events, history_size_bytes=100 * seconds)
    act.timestamp.FromDatetime(BEGAN + timedelta(seconds=seconds))
    for job in jobs:
        getattr(act.jobs.add(), job).SetInParent()
    return act


@pytest.mark.parametrize(
    ("second", "refused"),
    [
        (wake(1, 7, "fire_timer"), True),  # more has happened, and no task has begun since
        (wake(1, 7, "query_workflow"), False),  # a question changes nothing
        (wake(1, 3, "resolve_activity"), False),  # the same task once more: something it cancelled
        (wake(2, 8, "fire_timer"), False),  # a task of its own
    ],
)
def test_a_wake_ahead_of_its_task_is_refused(second: WorkflowActivation, refused: bool) -> None:  # noqa: FBT001
    """More events at the instant of the last task came with a question alone; they come again with their task."""
    inner = Woken()
    run = Run(inner)

    first, answer = run.activate(wake(1, 3, "initialize_workflow")), run.activate(second)

    assert not first.HasField("failed")
    assert answer.HasField("failed") is refused
    assert answer.failed.failure.message == (AHEAD if refused else "")
    assert inner.times == (1 if refused else 2)


def test_everything_else_is_passed_on() -> None:
    """The SDK asks a run for more than to wake."""
    run = Run(Woken())

    assert run.get_serialization_context(1) == run.get_external_store_context(1) == 1
    assert (run.get_info(), run.get_thread_id()) == ("info", 7)


async def test_a_question_that_no_worker_was_ready_for_is_asked_again() -> None:
    """It says nothing of the escalation: whoever took it for "not found" would drop what they had to tell."""
    asked: list[int] = []

    async def once() -> str:
        asked.append(1)
        if len(asked) == 1:
            raise WorkflowQueryFailedError(AHEAD)
        return "it stands well"

    assert await persist(once, PATIENCE, Patience(), "T-1") == "it stands well"


async def test_what_never_opened_is_not_found_at_once() -> None:
    """The workflow itself has said so."""

    async def once() -> None:
        raise WorkflowQueryFailedError(f"'T-1' {NOT_OPEN}")

    with pytest.raises(NotFound, match=NOT_OPEN):
        await persist(once, PATIENCE, Patience(), "T-1")
