"""A queue for each vendor and for calls: who is asked where, how fast, and with whose threads."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.worker import Worker

from activities.composition import compose, paces
from escalation.core.effects import LookUpReceipt, Notify, Reconcile
from escalation.core.vocabulary import Channel, Message, Severity
from escalation.wire.names import CHAT_QUEUE, EMAIL_QUEUE, TASK_QUEUE, TWILIO_QUEUE, VOICE_QUEUE
from tests.edge.samples import NOW, notify
from tests.scenarios.world import world_in
from worker import ACTS_AT_ONCE, build_workers
from workflows import options

SEND = timedelta(seconds=45)


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
        assert options.of(effect, Severity.SEV1, SEND)["task_queue"] == queue


def test_the_worse_goes_first() -> None:
    """The engine hands out what is waiting in a queue by the severity of the escalation."""
    ranks = [options.of(notify(), severity, SEND)["priority"].priority_key for severity in Severity]

    assert ranks == sorted(set(ranks))


@pytest.mark.parametrize(
    ("message", "attempts"),
    [(Message.PAGE, options.SEND_ATTEMPTS), (Message.SITUATION, options.NOTICE_ATTEMPTS)],
)
def test_a_page_is_answered_for_soon_and_a_notice_outlives_a_rate_limit(message: Message, attempts: int) -> None:
    """Eight attempts with pauses of 1, 2, 4 … 60 s are two minutes."""
    chosen = options.of(notify(message=message), Severity.SEV1, SEND)

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
