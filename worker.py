"""The composition root: settings → acts → workers, connected to an engine. `python worker.py --dev` brings its own."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.worker import Worker

from activities.composition import Acts, compose, paces
from escalation.adapters import logs
from escalation.adapters.settings import Settings, read_settings
from escalation.wire.names import TASK_QUEUE
from escalation.wire.payloads import DATA_CONVERTER
from workflows.served import WORKFLOWS, runner

ACTS_AT_ONCE = 20  # on each queue, and threads for them
GRACE = timedelta(seconds=60)  # a send that has begun may end: longer than any start-to-close


def build_workers(
    client: Client,
    acts: Acts,
    pace: Mapping[str, float] | None = None,
    **options: Any,  # noqa: ANN401  # of `Worker`
) -> list[Worker]:
    """One worker for each queue, with threads of its own; the first runs the workflows too. Tests build theirs here.

    `pace` is the most acts in a second of a queue, kept by the engine's server, however many workers there are.
    """
    return [
        Worker(
            client,
            task_queue=queue,
            workflows=WORKFLOWS if queue == TASK_QUEUE else (),
            activities=served,
            activity_executor=ThreadPoolExecutor(ACTS_AT_ONCE, thread_name_prefix=queue),
            max_concurrent_activities=ACTS_AT_ONCE,
            max_task_queue_activities_per_second=(pace or {}).get(queue),
            workflow_runner=runner(),
            **{"graceful_shutdown_timeout": GRACE, **options},
        )
        for queue, served in acts.items()
    ]


async def serve(*, dev: bool) -> None:
    """Work until told to stop; what has begun may end."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        settings, client = await (surroundings(stack) if dev else connected())
        options = {"sticky_queue_schedule_to_start_timeout": settings.sticky_timeout}
        for worker in build_workers(client, compose(settings), paces(settings), **options):
            await stack.enter_async_context(worker)
        say("working")
        await stop.wait()


def say(line: str) -> None:
    """One line for whoever started this, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def connected() -> tuple[Settings, Client]:
    """What the environment says: ESCALATION_… for us, TEMPORAL_… for the engine."""
    config = ClientConfig.load_client_connect_config()
    return read_settings(), await Client.connect(**config, data_converter=DATA_CONVERTER)


async def surroundings(stack: AsyncExitStack) -> tuple[Settings, Client]:
    """The embedded engine and the stand-ins, kept in the data directory, on loopback."""
    from escalation.standins.engine import Engine  # noqa: PLC0415  # an extra that production leaves out
    from escalation.standins.server import Standins  # noqa: PLC0415

    folder = read_settings(standins_url="http://127.0.0.1:8025").data_dir
    folder.mkdir(parents=True, exist_ok=True)
    engine = await stack.enter_async_context(Engine(folder / "engine.db", port=7233, ui_port=8233))
    standins = stack.enter_context(Standins(port=8025, store=folder / "standins.db"))
    say(f"engine {engine.address}, its pages http://127.0.0.1:8233, outbox {standins.base_url}")
    return read_settings(standins_url=standins.base_url), await engine.connect()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run the workers of the escalation pipeline.")
    parser.add_argument("--dev", action="store_true", help="bring the embedded engine and the stand-ins along")
    logs.set_up()
    try:
        asyncio.run(serve(dev=parser.parse_args().dev))
    except (ValueError, OSError, RuntimeError) as error:  # what the surroundings get wrong: one line, no traceback
        sys.exit(f"worker: {error}")
