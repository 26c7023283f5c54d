"""A queue for each vendor and for calls: who is asked where, how fast, and with whose threads."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.worker import Worker

from activities.composition import compose, paces
from escalation.core.effects import LookUpReceipt, Notify, Reconcile
from escalation.core.vocabulary import Channel, Message, Severity
from escalation.standins.engine import Engine
from escalation.wire.names import CHAT_QUEUE, EMAIL_QUEUE, TASK_QUEUE, TWILIO_QUEUE, VOICE_QUEUE
from tests.edge.samples import NOW, notify
from tests.scenarios.dialogue import until
from tests.scenarios.world import world_in
from worker import ACTS_AT_ONCE, build_workers
from workflows import options

SEND = timedelta(seconds=45)
BACKLOG = "backlog"
# A queue is kept in parts, each of which is fair by itself; one worker alone would take one part after the other.
ONE_PART = [
    word
    for name in ("Read", "Write")
    for word in ("--dynamic-config-value", f"matching.numTaskqueue{name}Partitions=1")
]


@pytest.mark.parametrize(
    ("channel", "sends", "asks"),
    [
        (Channel.EMAIL, EMAIL_QUEUE, EMAIL_QUEUE),
        (Channel.SMS, TWILIO_QUEUE, TWILIO_QUEUE),
        (Channel.VOICE, VOICE_QUEUE, TWILIO_QUEUE),
        (Channel.CHAT, CHAT_QUEUE, CHAT_QUEUE),
    ],
)
def test_every_channel_has_its_queue(channel: Channel, sends: str, asks: str) -> None:
    """To ask about a call costs no dialling, so it takes no call's turn."""
    effects: list[tuple[Notify | Reconcile | LookUpReceipt, str]] = [
        (notify(channel=channel), sends),
        (Reconcile(2, "d-1", "primary", channel, NOW), asks),
        (LookUpReceipt(3, "d-1", "primary", channel, "SM1", NOW, of=1), asks),
    ]
    for effect, queue in effects:
        assert options.of(effect, (Severity.SEV1, "acme"), SEND)["task_queue"] == queue


def test_the_worse_goes_first() -> None:
    """The engine is told the severity of the escalation, and a customer by a digest."""
    ranks = [options.of(notify(), (severity, "acme"), SEND)["priority"].priority_key for severity in Severity]

    assert ranks == sorted(set(ranks))
    turns = {
        options.of(notify(), (Severity.SEV2, name), SEND)["priority"].fairness_key for name in ("acme", "Zoë & Söhne")
    }
    assert {len(turn) for turn in turns} == {options.TURN_CHARS}
    assert len(turns) == len({"acme", "Zoë & Söhne"})


@workflow.defn(name="Backlog", sandboxed=False)
class Backlog:
    """Asks for all of these at once, in this order, while nobody serves the queue."""

    @workflow.run
    async def run(self, asked: list[tuple[str, Severity]]) -> None:
        """Ends when all are served."""
        acts = []
        for customer, severity in asked:
            chosen = options.of(notify(), (severity, customer), SEND) | {"task_queue": BACKLOG}
            acts.append(workflow.start_activity("serve", customer, **chosen))
        await asyncio.gather(*acts)


@pytest.mark.engine
async def test_a_customer_with_much_to_tell_does_not_keep_the_others_waiting() -> None:
    """On the real engine: whoever comes last with a few is served among the first many of another; a SEV1 before."""
    served: list[str] = []

    @activity.defn(name="serve")
    async def serve(customer: str) -> None:
        served.append(customer)

    asked = [("large", Severity.SEV2)] * 120 + [("small", Severity.SEV2)] * 6 + [("grave", Severity.SEV1)] * 2
    async with Engine(flags=ONE_PART) as engine:
        client = await engine.connect()
        async with Worker(client, task_queue="backlog-asks", workflows=[Backlog]):
            backlog = await client.start_workflow(Backlog.run, asked, id="backlog", task_queue="backlog-asks")

            async def all_asked() -> bool:
                return len((await backlog.describe()).raw_description.pending_activities) == len(asked)

            await until(all_asked, lambda: "they were never asked for")
            async with Worker(client, task_queue=BACKLOG, activities=[serve], max_concurrent_activities=1):
                await backlog.result()

    places = {who: [place for place, each in enumerate(served) if each == who] for who in ("small", "grave")}
    # In the order in which they were asked for they would end at 126 and 128.
    assert max(places["small"]) < 40, places
    assert max(places["grave"]) < 10, places


@pytest.mark.parametrize(
    ("message", "attempts"),
    [(Message.PAGE, options.SEND_ATTEMPTS), (Message.SITUATION, options.NOTICE_ATTEMPTS)],
)
def test_a_page_is_answered_for_soon_and_a_notice_outlives_a_rate_limit(message: Message, attempts: int) -> None:
    """Eight attempts with pauses of 1, 2, 4 … 60 s are two minutes."""
    chosen = options.of(notify(message=message), (Severity.SEV1, "acme"), SEND)

    assert chosen["retry_policy"].maximum_attempts == attempts
    assert chosen["retry_policy"].maximum_interval == timedelta(seconds=60)


async def test_each_queue_has_its_limit_at_the_server_and_its_own_threads(tmp_path: Path) -> None:
    """One call a second, of all workers together; our own stores have no limit. Every queue that is named is served."""
    async with world_in(tmp_path, workers=False) as world:
        settings = world.settings.model_copy(update={"email_per_second": 40.0})
        built = build_workers(world.client, compose(settings), paces(settings))
    workers = {worker.task_queue: config(worker) for worker in built}

    limits = {queue: found.get("max_task_queue_activities_per_second") for queue, found in workers.items()}
    assert limits == {TASK_QUEUE: None, EMAIL_QUEUE: 40.0, TWILIO_QUEUE: 50.0, VOICE_QUEUE: 1.0, CHAT_QUEUE: 1.0}
    assert {found["max_concurrent_activities"] for found in workers.values()} == {ACTS_AT_ONCE}
    assert len({id(found["activity_executor"]) for found in workers.values()}) == len(workers)
    assert {*options.QUEUES.values(), *options.LOOKUP_QUEUES.values()} <= set(workers)


def config(worker: Worker) -> dict[str, Any]:
    """What a worker was built with."""
    return dict(worker.config())
