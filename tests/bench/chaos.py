"""`python -m tests.bench.chaos`: kill worker, gateway and engine, many times, while people use them; then check all.

Kills alternate: at a random moment, then at one of the named points around a send or a receipt. Before each, a vendor
is told to fail once; receipts come twice, late, in disorder or never. Everything random follows from the seed; the
machine's own timing does not, so a seed names a campaign and not a run.
"""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

from escalation.adapters.failpoints import POINTS, RECEIPT_POINTS, Point
from escalation.client import EscalationClient
from escalation.standins.faults import FaultKind
from escalation.standins.journal import Channel
from tests.bench.agreements import TEAMS
from tests.bench.oracle import Findings, Oracle
from tests.bench.people import PATIENCE, Crowd
from tests.bench.site import Site, pause_before_exit

KILLS = 300
AT_ONCE = 6
EVENTS_PER_RUN = 200
# A worker that is killed before it got anywhere measures the machine, not the design: it must first have written some
# entries, if there are any to write; then it lives for a random time.
PROGRESS_ENTRIES = 5
PROGRESS_PATIENCE = timedelta(seconds=8)
LIFE_SECONDS = (0.2, 3.0)
BOOT_SECONDS_MAX = 1.5
KILLED_IN_BOOT = 0.1  # the share of random moments that fall into the start of a worker
GATEWAYS, ENGINES = 0.2, 0.1  # the shares of random moments at which one of these dies, and no worker
POINT_PATIENCE = timedelta(seconds=15)
RECEIPT_PATIENCE = timedelta(seconds=8)
CONVERGENCE = timedelta(minutes=20)
PROGRESS_EVERY = 25  # kills

CHANNELS: tuple[Channel, ...] = ("sms", "voice", "email")
FAULTS: tuple[FaultKind, ...] = ("accept_then_drop", "error_after_accept", "drop_before_accept", "accept_then_drop")


@dataclass(frozen=True, slots=True)
class Plan:
    """One campaign."""

    seed: int
    kills: int = KILLS
    at_once: int = AT_ONCE
    events_per_run: int = EVENTS_PER_RUN


@dataclass
class Outcome:
    """What happened and what was found."""

    plan: Plan
    findings: Findings
    kills: Counter[str] = field(default_factory=Counter)
    commands: int = 0
    refusals: int = 0
    took: timedelta = timedelta(0)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings.faults

    def lines(self) -> Iterator[str]:
        """The report for people."""
        found, plan = self.findings, self.plan
        kills = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kills.items()))
        yield f"seed {plan.seed}: {self.kills.total()} kills ({kills}) in {self.took.total_seconds():.0f} s"
        yield f"  {found.escalations} escalations, {self.commands} commands ({self.refusals} refused)"
        yield f"  {found.entries} entries, the latest due served {found.latest.total_seconds():.1f} s late"
        yield (
            f"  {found.sends} sends accepted, {found.in_doubt} times in doubt, {found.failed} failed,"
            f" {found.dropped} no longer wanted"
        )
        yield f"  {found.runs} runs replayed, {found.events} events, {found.task_timeouts} workflow tasks timed out"
        yield from (f"  FAULT {fault}" for fault in found.faults)
        if found.faults:
            yield f"  again: python -m tests.bench.chaos --seed {plan.seed} --kills {plan.kills}"


async def campaign(plan: Plan, folder: Path) -> Outcome:
    """Play, kill, let it converge, examine. The folder keeps every witness."""
    began, loop = time.monotonic(), asyncio.get_running_loop()
    async with Site(folder, events_per_run=plan.events_per_run) as site:
        await site.start_gateway()
        await site.start_worker()
        crowd = Crowd(EscalationClient(site.client, patience=PATIENCE), plan.seed, plan.at_once)
        playing = loop.create_task(crowd.play())
        kills = await _kill(site, plan)
        await site.kill_worker()
        await site.start_worker()
        crowd.enough.set()
        await asyncio.wait_for(playing, CONVERGENCE.total_seconds())
        findings = await Oracle(site.client, site.audit_url, site.ledger_url, site.oracle).examine(crowd.endings)
        findings.faults = [*crowd.faults, *findings.faults]
    took = timedelta(seconds=time.monotonic() - began)
    return Outcome(plan, findings, kills, crowd.commands, crowd.refusals, took)


async def _kill(site: Site, plan: Plan) -> Counter[str]:
    """So many deaths. When this returns a worker may live; a gateway and the engine do."""
    chance, done = Random(f"{plan.seed} kills"), Counter[str]()
    points = _shuffled(chance)
    for number in range(plan.kills):
        fault, channel = chance.choice(FAULTS), chance.choice(CHANNELS)
        await asyncio.to_thread(site.standins.fail, channel, fault)
        if number % 2 == 1:
            done[await _kill_at_a_point(site, next(points))] += 1
        elif number > 0 and (share := chance.random()) < GATEWAYS + ENGINES:
            done[await _kill_another(site, chance, engine=share < ENGINES)] += 1
        else:
            done[await _kill_at_a_moment(site, chance, first=number == 0)] += 1
        if (number + 1) % PROGRESS_EVERY == 0:
            print(f"  {number + 1} of {plan.kills} kills", file=sys.stderr, flush=True)
    return done


def _shuffled(chance: Random) -> Iterator[Point]:
    while True:
        yield from chance.sample(POINTS, len(POINTS))


async def _kill_at_a_moment(site: Site, chance: Random, *, first: bool) -> str:
    in_boot = not first and chance.random() < KILLED_IN_BOOT
    life = chance.uniform(0, BOOT_SECONDS_MAX) if in_boot else chance.uniform(*LIFE_SECONDS)
    if not first:  # the first worker lives already
        await site.kill_worker()
        await site.start_worker(wait=not in_boot)
    if not in_boot:
        await site.progresses(PROGRESS_ENTRIES, PROGRESS_PATIENCE)
    return await _killed_after(site, life, "in boot" if in_boot else "at a moment")


async def _kill_another(site: Site, chance: Random, *, engine: bool) -> str:
    """The worker goes on without its engine, or without whoever tells it of receipts."""
    if await site.dies(timedelta(0)):
        await site.kill_worker()
        await site.start_worker()
    await site.dies(timedelta(seconds=chance.uniform(*LIFE_SECONDS)))
    if engine:
        await site.kill_engine()
        return "engine"
    await site.kill_gateway()
    await site.start_gateway()
    return "gateway"


async def _kill_at_a_receipt(site: Site, point: Point) -> str:
    if await site.dies(timedelta(0)):
        await site.kill_worker()
        await site.start_worker()
    await site.kill_gateway()
    await site.start_gateway(point)
    died = await site.gateway_dies(RECEIPT_PATIENCE)
    await site.kill_gateway()
    await site.start_gateway()
    return point if died else "gateway"


async def _kill_at_a_point(site: Site, point: Point) -> str:
    if point in RECEIPT_POINTS:
        return await _kill_at_a_receipt(site, point)
    await site.kill_worker()
    await site.start_worker(point)
    died = await site.dies(POINT_PATIENCE)
    await site.kill_worker()
    return point if died else "at a moment"


async def _killed_after(site: Site, life: float, kind: str) -> str:
    if await site.dies(timedelta(seconds=life)):
        kind = "by itself"
    await site.kill_worker()
    return kind


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print what they found. Exit 1 when anything is wrong; its folder is then kept."""
    asked = _parser().parse_args(arguments)
    seed = secrets.randbelow(1_000_000) if asked.seed is None else asked.seed
    wrong = 0
    for each in range(seed, seed + asked.campaigns):
        plan = Plan(each, asked.kills, asked.at_once, asked.events_per_run)
        print(f"seed {plan.seed}, {plan.kills} kills, {plan.at_once} escalations at once ...", flush=True)
        folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        outcome = asyncio.run(campaign(plan, folder))
        print("\n".join(outcome.lines()), flush=True)
        if outcome.holds:
            shutil.rmtree(folder)
        else:
            wrong += 1
            print(f"  witnesses: {folder}", flush=True)
    pause_before_exit()
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="of everything random (default: a new one, which is printed)")
    parser.add_argument("--kills", type=int, default=KILLS, help="in one campaign (default %(default)s)")
    parser.add_argument("--campaigns", type=int, default=1, help="with seeds that follow each other")
    parser.add_argument(
        "--at-once", type=int, choices=range(1, TEAMS + 1), default=AT_ONCE, help="escalations (default %(default)s)"
    )
    parser.add_argument(
        "--events-per-run", type=int, default=EVENTS_PER_RUN, help="then a new run is asked for (default %(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
