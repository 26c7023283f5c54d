"""`python -m tests.bench.step`: one step of 1,300 recipients, by SMS and by email, through engine, acts and ledger.

Everything as in production, with a worker, a gateway and the vendors as processes of their own: each message is an act
that the engine hands out at the pace of its queue, that claims its dispatch, renders, sends on the vendor's own package
and records; and each receipt comes back signed and is kept. Only the step is not an escalation's: a workflow for each
fifty people, as many as one role may hold, asks for all their messages at once.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from escalation.core.effects import Notify
    from escalation.core.facts import ReportDelivery
    from escalation.core.vocabulary import Channel, Outcome, Severity
    from tests.bench import agreements
    from tests.bench.rush import AIM, RECIPIENTS
    from tests.bench.site import Site, pause_before_exit
    from tests.edge.samples import notify
    from workflows import options, ports

QUEUE = "steps"
GROUP = 50
EVENTS_PER_RUN = 50_000
SEND_TIMEOUT = timedelta(seconds=45)
PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Asked:
    """People by their numbers, on one channel; `of` is a template of what each of them is told."""

    of: Notify
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Lap:
    """What came of it. Seconds run from the start of the workflows until their last answer."""

    sends: int
    accepted: int
    taken: int  # of different dispatches, by the vendors' own books
    seconds: float
    receipts: int
    processor: dict[str, float]

    @property
    def work(self) -> float:
        """Seconds of processor time of all parts together: what the time depends on where nobody else is busy."""
        return sum(self.processor.values())

    @property
    def share(self) -> float:
        """What part of the machine that was, in this time. Others who are busy make it small, and the time long."""
        return self.work / (self.seconds * (os.cpu_count() or 1))


@workflow.defn(name="Step")
class Step:
    """Tells everybody at once."""

    @workflow.run
    async def run(self, asked: Asked) -> int:
        """How many were accepted."""
        now = workflow.now()
        reports = await asyncio.gather(*(self._tell(asked.of, number, now) for number in range(asked.first, asked.end)))
        return sum(report.outcome is Outcome.ACCEPTED for report in reports)

    async def _tell(self, of: Notify, number: int, now: datetime) -> ReportDelivery:
        dispatch = f"{of.channel}-{number}"
        effect = replace(of, number=number, dispatch=dispatch, contact=f"person-{number}")
        how = options.of(effect, (Severity.SEV1, "acme"), SEND_TIMEOUT)
        return await workflow.execute_activity(ports.notify, ports.Send(effect, now), **how)


async def step(folder: Path, recipients: int) -> Lap:
    """Everything in that folder."""
    async with Site(folder, events_per_run=EVENTS_PER_RUN, settings={}) as site:
        write_directory(folder / "directory.yaml", recipients)
        await site.start_gateway()
        await site.start_worker()
        site.standins.callbacks(gap=timedelta(0))
        async with Worker(site.client, task_queue=QUEUE, workflows=[Step]):
            before, began = _processor(site), perf_counter()
            groups = [
                Asked(notify(channel=channel), first, min(first + GROUP, recipients))
                for first in range(0, recipients, GROUP)
                for channel in (Channel.SMS, Channel.EMAIL)
            ]
            counts = await asyncio.gather(*(_told(site.client, group) for group in groups))
            seconds, spent = perf_counter() - began, _processor(site)
        sends = site.standins.outbox()
        receipts = sum(posted.kind == "status" and posted.answered is not None for posted in site.standins.posted())
        used = {name: round(spent[name] - before.get(name, 0), 1) for name in spent}
        return Lap(2 * recipients, sum(counts), len({send.dispatch for send in sends}), seconds, receipts, used)


def _processor(site: Site) -> dict[str, float]:
    """Seconds of processor time so far, of every part and of whoever asks for the messages (the step's workflows)."""
    return {**site.processor(), "step": process_time()}


async def _told(client: Client, group: Asked) -> int:
    name = f"step-{group.of.channel}-{group.first}"
    return await client.execute_workflow(Step.run, group, id=name, task_queue=QUEUE)


def write_directory(file: Path, recipients: int) -> None:
    """Everybody with a telephone of their own, reserved for fiction, and a mailbox."""
    people = {
        f"person-{number}": {
            "name": f"Person {number}",
            "email": f"person-{number}@support.example",
            "phone": f"+1{202 + number // 10_000}55{number % 10_000:05d}",
            "channels": ["email", "sms"],
        }
        for number in range(recipients)
    }
    file.write_text(json.dumps({"people": people, "customers": {agreements.CUSTOMER: {"name": "Acme"}}}), "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit 1 when one was not accepted once, or it took longer than the aim."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.step", description=__doc__)
    parser.add_argument("--recipients", type=int, default=RECIPIENTS)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        lap = asyncio.run(asyncio.wait_for(step(Path(folder), asked.recipients), PATIENCE.total_seconds()))
    print(json.dumps(asdict(lap)) if asked.json else told(lap))
    pause_before_exit()
    return 0 if lap.accepted == lap.taken == lap.sends and lap.seconds <= AIM.total_seconds() else 1


def told(lap: Lap) -> str:
    """The figures in a sentence."""
    return (
        f"{lap.accepted} of {lap.sends} sends accepted in {lap.seconds:.1f} s ({lap.sends / lap.seconds:.0f}/s; aim: "
        f"{AIM.total_seconds():.0f} s) on {os.cpu_count()} cores, {lap.taken} dispatches at the vendors, "
        f"{lap.receipts} receipts by then\nprocessor seconds: "
        + ", ".join(f"{name} {seconds}" for name, seconds in lap.processor.items())
        + f"; in all {lap.work:.1f}, {lap.work / lap.sends * 1000:.0f} ms for each send: idle cores need "
        f"{lap.work / (os.cpu_count() or 1):.0f} s, and {lap.share:.0%} of these were ours"
    )


if __name__ == "__main__":
    sys.exit(main())
