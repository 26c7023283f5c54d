"""Playing many recorded incidents on the real engine in virtual time, and judging each log that this leaves behind."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from activities.composition import compose
from escalation.adapters.audit_store import AuditStore
from escalation.adapters.directory import Directory
from escalation.adapters.policies import PolicyShelf
from escalation.adapters.settings import read_settings
from escalation.client import EscalationClient
from escalation.core.audit import Kept, verify
from escalation.core.vocabulary import Channel
from escalation.drills.cast import cast_of
from escalation.drills.incidents import Incident
from escalation.drills.live import POLICY, Told, end, episode, play
from escalation.drills.proof import Differs, prove
from escalation.drills.pure import Played, Stage, rehearse
from escalation.drills.script import Cast, script_of
from escalation.drills.summary import Summary, summarised
from escalation.drills.virtual import VirtualEngine
from escalation.standins.server import Standins
from escalation.wire.entries import kept
from examples.stage import STOP_MAX, environment
from worker import build_workers

DIRECTORY = Path(__file__).with_name("directory.yaml")
CUSTOMERS = ("acme", "globex", "initech")
AT_ONCE = 5
"""Escalations played at the same time: enough to keep two cores busy; with more, each is served later."""
HEAD_START = timedelta(minutes=5)
"""Between now and the earliest opening: whatever is opened must still lie ahead when its turn comes."""
LASTS_MAX = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one play. `faults` is empty when everything holds; `late` is by how much the engine was."""

    summary: Summary
    fires: int
    cut: bool
    late: timedelta
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The parts, running."""

    engine: VirtualEngine
    client: EscalationClient
    audit: AuditStore
    stage: Stage
    cast: Cast
    now: datetime

    def planned(self, incidents: Sequence[Incident], fires_max: int) -> list[Played]:
        """Each incident on the core alone: what there is to say to it until its clocks have fired that often."""
        after = self.now + HEAD_START
        scripts = (script_of(incident, self.cast, after) for incident in incidents)
        return [rehearse(script, self.stage, fires_max=fires_max) for script in scripts]

    async def perform(self, plan: Played, told: Told) -> Result:
        """One of them on the engine, to its end, and its log judged."""
        script = plan.script
        await play(self.client, self.engine, script, told)
        ending = await end(self.client, self.engine, script, script.opening.at + LASTS_MAX)
        entries = self.audit.entries(script.reference, episode(script.reference))
        log = tuple(kept(entry.body, entry.digest) for entry in entries)
        verdict, late, faults = verify(log), timedelta(0), []
        if not verdict.holds or verdict.state is None:
            raise Differs(f"{script.reference}, entry {verdict.sequence}: {verdict.fault or 'there is no log'}")
        if (ending.sequence, ending.digest) != (len(log), verdict.head):
            faults.append(f"the log ends at entry {len(log)}, the engine's word is {ending.sequence}")
        try:
            late = prove(script, self.stage, log).late
        except Differs as differs:
            faults.append(str(differs))
        summary = summarised((one.entry for one in log), verdict.state)
        counted, there = (summary.hand_offs, summary.reopens), (script.reassignments, script.reopenings)
        if counted != there:
            faults.append(f"{counted} hand-offs and reopenings were counted, {there} are in the rows")
        failed = await task_failures(self.engine.client, script.reference)
        faults += [f"a workflow task failed: {failure}" for failure in failed]
        told_apart = [f"{script.reference}: {fault}" for fault in faults]
        return Result(summary, _fires(log), plan.cut, late, tuple(told_apart))

    async def perform_all(self, plans: Sequence[Played], told: Told, done: Callable[[Result], None]) -> list[Result]:
        """All of them, `AT_ONCE` at a time; the results in the order of the plans."""
        seats = asyncio.Semaphore(AT_ONCE)

        async def one(plan: Played) -> Result:
            async with seats:
                result = await self.perform(plan, told)
            done(result)
            return result

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(plan)) for plan in plans]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None  # the first one tells why; the others were called off
        return [task.result() for task in tasks]


@asynccontextmanager
async def rehearsing(flags: Sequence[str] = ()) -> AsyncIterator[Rehearsal]:
    """Engine, stand-ins and workers in a temporary folder; all of it gone again on the way out."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="escalation-play-")))
        engine = await stack.enter_async_context(VirtualEngine(flags))
        standins = stack.enter_context(Standins(store=folder / "standins.db"))
        standins.callbacks(enabled=False, gap=timedelta(0))  # hours pass in no time: a life must be over by then
        # Each incident is rehearsed as if it were alone; what people can bear is counted over all of them.
        stack.enter_context(environment(folder, standins.base_url, engine.address, {"THROTTLES": "off"}))
        settings = read_settings()
        for worker in build_workers(engine.client, compose(settings), graceful_shutdown_timeout=STOP_MAX):
            await stack.enter_async_context(worker)
        audit = AuditStore(settings.audit_url)
        stack.callback(audit.close)
        directory, now = Directory.from_file(DIRECTORY), datetime.now(UTC)
        settles = {channel: settings.settle.of(channel) for channel in Channel}
        policy = PolicyShelf(settings.policy_dir, folder / "plans", settles).newest(POLICY, now)
        yield Rehearsal(
            engine=engine,
            client=EscalationClient(engine.client),
            audit=audit,
            stage=Stage(policy, directory, episode),
            cast=cast_of(policy, directory, CUSTOMERS, now),
            now=now,
        )


async def task_failures(client: Client, reference: str) -> list[str]:
    """Every workflow task that failed, over all runs of its latest episode."""
    description = await client.get_workflow_handle(reference).describe()
    run: str | None = description.raw_description.workflow_execution_info.first_run_id
    failures = []
    while run:
        following = None
        async for event in client.get_workflow_handle(reference, run_id=run).fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                failures.append(event.workflow_task_failed_event_attributes.failure.message)
            elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
                following = event.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
        run = following
    return failures


def _fires(log: Sequence[Kept]) -> int:
    return sum(one.entry.command.kind == "elapse" for one in log)
