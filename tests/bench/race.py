"""The standard lifecycle on the real engine, ours against the bare twin, in turns: both meet the same machine."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor, Worker

from activities.composition import compose
from escalation.adapters.settings import read_settings
from escalation.core.commands import Acknowledge, Confirm, Instructable, PostUpdate, Resolve
from escalation.core.effects import Notify
from escalation.core.vocabulary import Ask, Audience, Message, Phase, Severity
from escalation.standins.engine import Engine, free_port
from escalation.standins.remote import RemoteStandins
from escalation.wire import names
from escalation.wire.messages import Answer, Ending, Instruction, Knock, Start
from tests.bench import agreements
from tests.bench.twin import BARE, BARE_WITH_FACTS, BareTwin, BareTwinWithFacts
from worker import ACTS_AT_ONCE, build_workers

OURS = names.WORKFLOW
KINDS = (OURS, BARE, BARE_WITH_FACTS)
PAGES = 4  # two contacts on two channels
PATIENCE = timedelta(seconds=60)
START_PATIENCE = timedelta(seconds=30)
TWIN_QUEUE = "twins"
OWNER = "team-0-first.primary"


@dataclass
class Lap:
    """Some lifecycles of one kind, all at once."""

    lifecycles: int
    wall: timedelta
    processor: timedelta  # of this process: worker and players


@dataclass
class Tally:
    """What one kind needed. `acts` and `events` are those of one lifecycle: the median of those looked at."""

    kind: str
    laps: list[Lap] = field(default_factory=list)
    events: int = 0
    by_type: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        """Lifecycles per second: the median lap, so that one disturbed lap does not count."""
        return median(lap.lifecycles / lap.wall.total_seconds() for lap in self.laps)

    @property
    def processor_each(self) -> timedelta:
        """Processor time of one lifecycle in the worker's process."""
        return timedelta(seconds=median(lap.processor.total_seconds() / lap.lifecycles for lap in self.laps))


class Pages(Interceptor):
    """Sees the worker's sends, so that a player can wait until its contacts have been told."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()
        self._changed = asyncio.Condition()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  # the SDK's
        return _Watched(next, self)

    async def sent(self, reference: str) -> None:
        """One more page of that escalation is out."""
        async with self._changed:
            self._told[reference] += 1
            self._changed.notify_all()

    async def all_out(self, reference: str) -> None:
        """Return once everybody has been told; `TimeoutError` after `PATIENCE`."""
        async with asyncio.timeout(PATIENCE.total_seconds()), self._changed:
            await self._changed.wait_for(lambda: self._told[reference] >= PAGES)


class _Watched(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, pages: Pages) -> None:
        super().__init__(following)
        self._pages = pages

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401  # the SDK's own signature
        answer = await super().execute_activity(input)
        effect = getattr(input.args[0], "effect", None)
        if isinstance(effect, Notify) and effect.message is Message.PAGE:
            await self._pages.sent(effect.brief.reference)
        return answer


@dataclass(frozen=True)
class Track:
    """Where the laps are run."""

    client: Client
    pages: Pages


@asynccontextmanager
async def track(folder: Path) -> AsyncIterator[Track]:
    """The engine and the stand-ins as processes of their own, their stores in memory, and the workers in this one."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(Engine())
        port = free_port()
        command = (sys.executable, "-m", "escalation.standins", "--port", str(port))
        standins = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        stack.push_async_callback(_stopped, standins)
        remote = RemoteStandins(f"http://127.0.0.1:{port}")
        await asyncio.to_thread(remote.wait_until, lambda: _answers(remote), START_PATIENCE)
        settings = read_settings(
            throttles="off",  # a few people are told of very many escalations
            standins_url=remote.base_url,
            data_dir=folder,
            policy_dir=agreements.write(folder / "agreements"),
            directory_file=agreements.write_directory(folder / "directory.yaml"),
        )
        client, pages, acts = await engine.connect(), Pages(), compose(settings)
        for worker in build_workers(client, acts, interceptors=[pages]):
            await stack.enter_async_context(worker)
        twins = Worker(
            client,
            task_queue=TWIN_QUEUE,
            workflows=[BareTwin, BareTwinWithFacts],
            activities=acts[names.TASK_QUEUE],
            activity_executor=stack.enter_context(ThreadPoolExecutor(ACTS_AT_ONCE)),
            interceptors=[pages],
            max_concurrent_activities=ACTS_AT_ONCE,
        )
        await stack.enter_async_context(twins)
        yield Track(client, pages)


async def _stopped(child: asyncio.subprocess.Process) -> None:
    child.terminate()
    await child.wait()


def _answers(standins: RemoteStandins) -> bool:
    try:
        standins.outbox()
    except OSError:
        return False
    return True


async def race(track: Track, *, laps: int, at_once: int) -> list[Tally]:
    """Laps of each kind in turn, after one lap of each that does not count."""
    tallies = [Tally(kind) for kind in KINDS]
    for number in range(laps + 1):
        for tally in tallies:
            references = [f"{tally.kind.upper()}-{number}-{place}" for place in range(at_once)]
            lap = await _lap(track, tally.kind, references)
            if number > 0:
                tally.laps.append(lap)
            if number == laps:
                await _look(track, tally, references)
    return tallies


async def _lap(track: Track, kind: str, references: list[str]) -> Lap:
    began, burnt = perf_counter(), process_time()
    await asyncio.gather(*(live(track, kind, reference) for reference in references))
    wall, processor = perf_counter() - began, process_time() - burnt
    return Lap(len(references), timedelta(seconds=wall), timedelta(seconds=processor))


async def live(track: Track, kind: str, reference: str) -> None:
    """One standard lifecycle: open, two contacts told on two channels, ack, customer update, resolve, confirm."""
    handle = await _opened(track.client, kind, reference)
    await track.pages.all_out(reference)
    await _say(handle, Acknowledge(OWNER))
    await _say(handle, PostUpdate(OWNER, Audience.CUSTOMER), "We have found the cause and are working on a fix.")
    await _say(handle, Resolve(OWNER), "The fix is out.")
    await _say(handle, Confirm(agreements.SENDER))
    ending = await asyncio.wait_for(handle.result(), PATIENCE.total_seconds())
    if ending.phase is not Phase.CLOSED:
        raise RuntimeError(f"{reference} ended as {ending.phase}, not closed")


async def _opened(client: Client, kind: str, reference: str) -> WorkflowHandle[Any, Ending]:
    start = Start(
        reference=reference,
        episode="episode-1",
        ticket=reference,
        by=agreements.SENDER,
        by_machine=False,
        route=agreements.ROUTE,
        severity=Severity.SEV1,
        ask=Ask.FIX,
        title="Payments fail with error 500",
        description="Since 09:12 UTC every payment of this customer is refused. " * 5,
        customer=agreements.CUSTOMER,
        deadline=datetime.now(UTC) + timedelta(days=2),
        policy=agreements.AT_ONCE,
    )
    operation: WithStartWorkflowOperation[Any, Ending] = WithStartWorkflowOperation(
        kind,
        start,
        id=reference,
        task_queue=names.TASK_QUEUE if kind == OURS else TWIN_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        result_type=Ending,
    )
    await client.execute_update_with_start_workflow(
        names.UPDATE_OPEN, Knock(start.episode), start_workflow_operation=operation, result_type=Answer
    )
    return await operation.workflow_handle()


async def _say(handle: WorkflowHandle[Any, Ending], command: Instructable, words: str | None = None) -> None:
    instruction = Instruction(command=command, words=words)
    answer = await handle.execute_update(names.UPDATE_COMMAND, instruction, result_type=Answer)
    if answer.refusal is not None:
        raise RuntimeError(f"{handle.id}: {command.kind} was refused: {answer.refusal}")


async def _look(track: Track, tally: Tally, references: list[str]) -> None:
    """Count what the histories of a lap hold, and keep the median one."""
    counted = [await _counted(track.client, reference) for reference in references]
    counted.sort(key=lambda pair: pair[0].total())
    tally.by_type, tally.acts = counted[len(counted) // 2]
    tally.events = tally.by_type.total()


async def _counted(client: Client, reference: str) -> tuple[Counter[str], Counter[str]]:
    types: Counter[str] = Counter()
    acts: Counter[str] = Counter()
    async for event in client.get_workflow_handle(reference).fetch_history_events():
        kind = event.WhichOneof("attributes") or "none"
        types[kind.removesuffix("_event_attributes")] += 1
        if event.HasField("activity_task_scheduled_event_attributes"):
            acts[event.activity_task_scheduled_event_attributes.activity_type.name] += 1
    return types, acts


def throughput(ours: Tally, twin: Tally) -> float:
    """Ours over the twin: the median over pairs of laps that followed each other, so that both met the same machine."""
    pairs = zip(ours.laps, twin.laps, strict=True)
    return median((one.lifecycles / other.lifecycles) * (other.wall / one.wall) for one, other in pairs)


def same_work(ours: Tally, twin: Tally) -> bool:
    """Whether both sent as many messages and wrote as many notes: only then may they be compared."""
    return all(ours.acts[act] == twin.acts[act] for act in ("notify", "write_ticket", "admit", "inquire"))
