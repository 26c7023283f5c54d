"""`python -m tests.bench.outage`: every vendor is away for a while under many open escalations; then check everything.

A vendor that is away refuses connections. Time is compressed: the waits of the agreement are seconds, those between the
attempts of an act a tenth of what the worker asks for, and the vendors' pace is ten times faster. Everything else is as
it runs: the engine, the workflows, the acts on the vendors' own packages, and the stand-ins in a process of their own.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from temporalio.worker import (
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from activities.composition import compose, paces
from escalation.adapters.audit_store import AuditStore
from escalation.adapters.settings import read_settings
from escalation.client import BadInput, EscalationClient, Patience, Refused
from escalation.core.commands import Acknowledge
from escalation.core.effects import FindContacts, Notify
from escalation.core.entry import Entry
from escalation.core.facts import ReportDelivery
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Audience, Channel, Failure, Message, Outcome
from escalation.wire.entries import kept
from tests.bench import agreements
from tests.bench.oracle import Findings, Oracle
from tests.bench.site import SETTINGS, Site, pause_before_exit
from tests.scenarios.dialogue import Unexpected, until
from worker import build_workers

ESCALATIONS = 200
AWAY = timedelta(seconds=450)
SMALL_AWAY = timedelta(seconds=45)
PACE = 10
"""How many times longer the agreement's waits are than with a few escalations: what one machine can keep up with."""
FASTER = 10
"""How many times shorter the waits between attempts are; an account dials so many calls a second instead of one."""
LOOK_EVERY = timedelta(milliseconds=500)
PROGRESS_EVERY = timedelta(seconds=30)
AT_ONCE = 5
TRIES = 5
EVENTS_PER_RUN = 10_000
# Nobody is killed here, and one machine does everything: an act waits for its turn longer than where workers die.
PATIENT = {
    **SETTINGS,
    "HTTP_TIMEOUT": "2",
    "SEND_TIMEOUT": "20",
    "INTENT_FRESHNESS": "5",
    "SETTLE_SMS": "8",
    "SETTLE_VOICE": "8",
    "SETTLE_EMAIL": "8",
}
# Two hundred share one worker here, and the machine with whoever else is busy: these bounds only end what never would.
PATIENCE = Patience(command=timedelta(minutes=10), start=timedelta(minutes=10), look=timedelta(minutes=2))
QUIET = timedelta(minutes=10)
SETTLED = timedelta(seconds=10)
GRACE = timedelta(seconds=5)


class Compressed(Interceptor):
    """Every act of a workflow is tried again sooner than it asks for."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002  # the SDK's name
        """See the SDK."""
        return _In


class _In(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Out(outbound))


class _Out(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:  # noqa: A002
        policy = input.retry_policy
        if policy is not None:
            first, longest = policy.initial_interval, policy.maximum_interval or policy.initial_interval * 100
            input.retry_policy = replace(
                policy, initial_interval=first / FASTER, maximum_interval=max(first, longest) / FASTER
            )
        return super().start_activity(input)


@dataclass
class Outcomes:
    """What became of everybody."""

    escalations: int
    findings: Findings
    lost: int = 0  # dispatches that were given up while nobody could be reached
    went_on: int = 0  # pages whose failure was followed by somebody else, or another channel, in the same entry
    notices: int = 0  # messages that brought what was owed
    points: int = 0  # words in them
    skipped: int = 0  # words that were not worth telling any more
    seconds: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong, somebody else was tried at once, and several words owed became one message."""
        return not self.findings.faults and self.went_on > 0 and self.points > self.notices > 0

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield f"{self.escalations} escalations, vendors away for {self.seconds['away']} s"
        yield f"  {self.lost} dispatches lost; {self.went_on} pages followed by the next in the same entry"
        yield f"  {self.notices} notices afterwards, with {self.points} points; {self.skipped} stale ones skipped"
        found = self.findings
        yield f"  {found.sends} sends accepted, {found.runs} runs replayed, {found.entries} entries"
        yield from (f"  FAULT {fault}" for fault in self.findings.faults)


class Outage:
    """One of them, from the openings to the books."""

    def __init__(self, site: Site, count: int, away: timedelta) -> None:
        self._site = site
        self._away = away
        self._desk = EscalationClient(site.client, patience=PATIENCE)
        self._references = [f"AWAY-{number}" for number in range(count)]
        self._room = asyncio.Semaphore(AT_ONCE)
        self._began = monotonic()

    async def play(self) -> Outcomes:
        """Open, pull the plug, wait, put it back, end everything, examine."""
        await self._each("opened", self._opens)
        await self._each("told", self._is_told)
        began = datetime.now(UTC)
        await self._site.stop_vendors()
        self._say("vendors away")
        await self._each("taken, which nobody hears of", self._is_taken, self._references[::2])

        async def over() -> bool:
            return datetime.now(UTC) >= began + self._away

        await until(over, lambda: "time stands still", self._away * 2)
        ended = datetime.now(UTC)
        await self._site.start_vendors()
        self._say("vendors back")
        await self._each("spoken for", self._speaks)
        await self._each("quiet", self._is_quiet)
        endings = dict(zip(self._references, await self._each("ended", self._ends), strict=True))
        oracle = Oracle(self._site.client, self._site.audit_url, self._site.ledger_url, self._site.oracle)
        outcomes = Outcomes(len(self._references), await oracle.examine(endings))
        outcomes.seconds["away"] = round((ended - began).total_seconds())
        store = AuditStore(self._site.audit_url)
        for ref in self._references:
            judge(ref, [kept(row.body, row.digest).entry for row in store.entries(ref)], began, outcomes)
        store.close()
        return outcomes

    async def _each(
        self, done: str, act: Callable[[str], Awaitable[Any]], references: Sequence[str] | None = None
    ) -> list[Any]:
        wanted, count = references or self._references, 0
        shown = monotonic()

        async def one(reference: str) -> Any:  # noqa: ANN401  # of the act
            nonlocal count, shown
            async with self._room:
                result = await act(reference)
            count += 1
            if count == len(wanted) or monotonic() >= shown + PROGRESS_EVERY.total_seconds():
                shown = monotonic()
                self._say(f"{count} of {len(wanted)} {done}")
            return result

        return await asyncio.gather(*(one(ref) for ref in wanted))

    def _say(self, what: str) -> None:
        print(f"  {monotonic() - self._began:4.0f} s: {what}", file=sys.stderr, flush=True)

    async def _opens(self, ref: str) -> None:
        number = int(ref.rsplit("-", 1)[1])
        asked = agreements.asked_of(ref, number % agreements.TEAMS, agreements.IN_AN_OUTAGE)
        for left in reversed(range(TRIES)):
            try:
                await self._desk.start(asked)
            except BadInput:  # the one worker is too busy with all the others to read the agreement in time
                if not left:
                    raise
            else:
                return

    async def _is_told(self, ref: str) -> None:
        await self._until(ref, lambda view: bool(view.told))

    async def _is_taken(self, ref: str) -> None:
        await self._desk.acknowledge(ref, by=self._owner(ref), key=f"{ref}-ack")

    async def _speaks(self, ref: str) -> None:
        """Words to the customer: the first mail that the provider takes again."""
        view = await self._desk.view(ref)
        who = view.owner or view.customer_contact
        outside = Audience.CUSTOMER
        await self._words(
            lambda key: self._desk.post_update(ref, by=who, audience=outside, text="We are on it.", key=key),
            f"{ref}-said",
        )

    async def _is_quiet(self, ref: str) -> None:
        """What was owed by mail is told; what is owed by telephone waits for a text, or is said at the end."""
        with suppress(Unexpected):
            await self._until(ref, lambda view: not any(clock.name == "catch_up" for clock in view.clocks), SETTLED)

    async def _ends(self, ref: str) -> Any:  # noqa: ANN401  # an ending
        if int(ref.rsplit("-", 1)[1]) % 2:
            await self._desk.acknowledge(ref, by=self._owner(ref), key=f"{ref}-ack")
        owner = self._owner(ref)
        await self._words(lambda key: self._desk.resolve(ref, by=owner, text="It is fixed.", key=key), f"{ref}-fix")
        await self._desk.confirm(ref, by=agreements.SENDER, key=f"{ref}-yes")
        return await asyncio.wait_for(self._desk.wait(ref), QUIET.total_seconds())

    async def _words(self, say: Callable[[str], Awaitable[Any]], key: str) -> None:
        """A store that is too busy to keep the words has them said again, under another key."""
        for number in range(TRIES):
            try:
                await say(f"{key}-{number}")
            except (BadInput, Refused) as no:
                if number == TRIES - 1 or (isinstance(no, Refused) and no.reason is not Refusal.TEXT_MISSING):
                    raise
            else:
                return

    async def _until(self, ref: str, holds: Callable[[Any], bool], within: timedelta = QUIET) -> None:
        seen: list[Any] = []

        async def there() -> bool:
            seen[:] = [await self._desk.view(ref)]
            return holds(seen[0])

        await until(there, lambda: f"{ref}: {seen}", within, LOOK_EVERY)

    def _owner(self, ref: str) -> str:
        return f"team-{int(ref.rsplit('-', 1)[1]) % agreements.TEAMS}-first.primary"


def judge(ref: str, log: Sequence[Entry], since: datetime, found: Outcomes) -> None:
    """What one log says of the outage that began then; every fault is added to the findings."""
    faults, sent = found.findings.faults, dict[int, Notify]()
    pending, taken = set[str](), False  # whom nobody was told instead of, while nobody had taken it
    step = 0  # the number of the look-up by which the latest step began
    for entry in log:
        step = max(
            [step, *(one.number for one in entry.effects if isinstance(one, FindContacts) and one.purpose == "step")]
        )
        pages = [effect for effect in entry.effects if isinstance(effect, Notify)]
        sent |= {effect.number: effect for effect in pages}
        command = entry.command
        taken = taken or (isinstance(command, Acknowledge) and entry.refusal is None)
        if isinstance(command, ReportDelivery) and entry.refusal is None and command.failure is Failure.UNREACHABLE:
            lost = sent[command.number]
            found.lost += 1
            if lost.message is Message.PAGE and lost.channel is Channel.SMS:
                nexts = [one for one in pages if one.message is Message.PAGE]
                asked = any(one.contact == lost.contact and one.channel is Channel.VOICE for one in sent.values())
                found.went_on += bool(nexts)
                if not (taken or nexts or asked or entry.fired or step > lost.number):  # its step is over
                    pending.add(f"{ref}: #{entry.sequence}: the page to {lost.contact} was lost, and nobody was told")
        told = Counter(one.contact for one in pages if one.message is Message.SITUATION and one.brief.points)
        faults += [f"{ref}: #{entry.sequence} tells {who} {times} times" for who, times in told.items() if times > 1]
        if entry.at > since and isinstance(command, ReportDelivery) and command.outcome is Outcome.ACCEPTED and told:
            found.notices += len(told)
            found.points += sum(len(one.brief.points) for one in pages if one.message is Message.SITUATION)
        found.skipped += sum(
            int(change.after or 0) - int(change.before or 0) for change in entry.changes if change.field == "skipped"
        )
    faults += sorted(pending)


async def outage(folder: Path, count: int, away: timedelta, pace: float) -> Outcomes:
    """Everything in that folder. `pace` stretches the agreement's waits."""
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(Site(folder, events_per_run=EVENTS_PER_RUN, settings=PATIENT))
        (folder / "agreements" / f"{agreements.IN_AN_OUTAGE}.yaml").write_text(
            json.dumps(agreements.in_an_outage(pace)), "utf-8"
        )
        settings = read_settings(
            standins_url=site.standins.base_url,
            data_dir=folder,
            directory_file=folder / "directory.yaml",
            policy_dir=folder / "agreements",
            public_url=site.door,
            voice_per_second=FASTER,
            **{name.lower(): value for name, value in PATIENT.items()},
        )
        await site.start_gateway()
        options: dict[str, Any] = {"interceptors": [Compressed()], "graceful_shutdown_timeout": GRACE}
        for worker in build_workers(site.client, compose(settings), paces(settings), **options):
            await stack.enter_async_context(worker)
        return await Outage(site, count, away).play()


def main(arguments: Sequence[str] | None = None) -> int:
    """Play it and print what was found. Exit 1 when anything is wrong; the folder is then kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.outage", description=__doc__)
    parser.add_argument("--escalations", type=int, default=ESCALATIONS, help="open at once (default %(default)s)")
    parser.add_argument("--away", type=float, default=AWAY.total_seconds(), help="seconds (default %(default)s)")
    parser.add_argument("--pace", type=float, default=PACE, help="how many times longer the waits are than in the test")
    asked = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="outage-"))
    outcomes = asyncio.run(outage(folder, asked.escalations, timedelta(seconds=asked.away), asked.pace))
    print("\n".join(outcomes.lines()), flush=True)
    if outcomes.holds:
        shutil.rmtree(folder)
    else:
        print(f"  witnesses: {folder}")
    pause_before_exit()
    return 0 if outcomes.holds else 1


if __name__ == "__main__":
    sys.exit(main())
