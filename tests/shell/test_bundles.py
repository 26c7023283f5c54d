"""The small workflow that tells what waits: it sleeps, tells, looks again and ends; the escalation's own goes on."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, Worker

from escalation.adapters.throttles import GATHERED
from escalation.core.vocabulary import Channel, Severity
from escalation.standins.engine import Engine
from escalation.wire.names import BUNDLE_WORKFLOW, SIGNAL_GATHER, TASK_QUEUE, TWILIO_QUEUE
from tests.edge.samples import NOW
from tests.scenarios.dialogue import Story
from tests.scenarios.world import world_in
from workflows.bundle import NEWS_WAITS, BundleWorkflow
from workflows.ports import Gather, Gathered

ORDER = Gather("ann", Channel.SMS, NOW)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Engine() as engine:
        yield await engine.connect()


class Looks:
    """Answers each look with the next thing it was given; remembers for which instants it was asked."""

    def __init__(self, *answers: timedelta | None) -> None:
        self.answers = list(answers)
        self.asked: list[Gather] = []

    @activity.defn(name="send_bundle")
    async def send_bundle(self, order: Gather) -> Gathered:
        self.asked.append(order)
        wait = self.answers.pop(0) if self.answers else None
        return Gathered(wake=None if wait is None else order.at + wait)


async def test_it_looks_again_when_it_is_told_to_and_ends_when_nothing_waits(client: Client) -> None:
    """Three looks with a pause of a second between two of them; a replay makes the same story."""
    looks = Looks(timedelta(seconds=1), timedelta(0), None)
    telling = Worker(client, task_queue=TWILIO_QUEUE, activities=[looks.send_bundle])
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[BundleWorkflow]), telling:
        handle = await client.start_workflow(
            BUNDLE_WORKFLOW, ORDER, id="bundle ann sms", task_queue=TASK_QUEUE,
            start_signal=SIGNAL_GATHER, start_signal_args=[NOW],
        )  # fmt: skip
        await handle.result()

    instants = [order.at for order in looks.asked]
    assert len(instants) in {3, 4}  # the signal that started it may have come during the last look
    assert instants[1] - instants[0] >= timedelta(seconds=1)
    replayer = Replayer(workflows=[BundleWorkflow], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(await handle.fetch_history())


async def test_what_comes_while_it_looks_is_looked_for_once_more(client: Client) -> None:
    """A signal during the last look starts another one; it speaks for whoever is further in virtual time."""
    looks = Looks()
    telling = Worker(client, task_queue=TWILIO_QUEUE, activities=[looks.send_bundle])
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[BundleWorkflow]):
        handle = await client.start_workflow(BUNDLE_WORKFLOW, ORDER, id="bundle ann sms", task_queue=TASK_QUEUE)
        ahead = NOW + timedelta(days=3650)
        async for event in handle.fetch_history_events(wait_new_event=True):
            if event.HasField("activity_task_scheduled_event_attributes"):
                break
        await handle.signal(SIGNAL_GATHER, ahead)
        async with telling:
            await handle.result()

    assert len(looks.asked) == 2
    assert looks.asked[1].at >= ahead


async def test_what_comes_while_it_sleeps_wakes_it(client: Client) -> None:
    """What waits may have to wait for the morning, and what comes may not; a replay makes the same story."""
    looks = Looks(timedelta(hours=9), None)
    telling = Worker(client, task_queue=TWILIO_QUEUE, activities=[looks.send_bundle])
    async with Worker(client, task_queue=TASK_QUEUE, workflows=[BundleWorkflow]), telling:
        handle = await client.start_workflow(BUNDLE_WORKFLOW, ORDER, id="bundle ann sms", task_queue=TASK_QUEUE)
        async for event in handle.fetch_history_events(wait_new_event=True):
            if event.HasField("timer_started_event_attributes"):
                break
        morning = looks.asked[0].at + timedelta(hours=9)
        await handle.signal(SIGNAL_GATHER, morning - timedelta(seconds=2))  # by its clock it is nearly that late
        await handle.result()

    assert len(looks.asked) == 2
    assert looks.asked[1].at - morning < timedelta(minutes=1)
    replayer = Replayer(workflows=[BundleWorkflow], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(await handle.fetch_history())


def test_what_wakes_it_is_gathered_for_as_long_as_what_waits() -> None:
    """In a storm something comes all the time, and each look is an act."""
    assert NEWS_WAITS == GATHERED


@pytest.mark.engine
async def test_a_page_beyond_the_limit_is_told_otherwise_at_once_and_in_a_message_later(tmp_path: Path) -> None:
    """The log says that it waits and why, the contact is called instead, and the text follows after the gathering."""
    async with world_in(tmp_path, throttles="sms=2/15m voice=10/15m") as world:
        first, second = Story(world), Story(world)
        second.patience = timedelta(seconds=90)
        for story in (first, second):
            story.agrees()
            await story.opens(severity=Severity.SEV2)
            await story.phone("primary").gets_sms(story.reference) if story is first else None
        await second.phone("primary").is_called()

        bundle = world.client.get_workflow_handle("bundle primary sms")
        assert (await bundle.describe()).status is WorkflowExecutionStatus.RUNNING
        assert any("(bundled, sms 2/15m)" in line for line in await world.desk.timeline(second.reference))
        await second.phone("primary").gets_sms(second.reference)
        await bundle.result()  # nothing waits any more
        for story in (first, second):
            await world.client.get_workflow_handle(story.reference).terminate()
            story.over = True
