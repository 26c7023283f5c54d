"""Waiting is cheap: a year of it leaves little more in a history than the day it began."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from activities.composition import compose
from escalation.client import EscalationClient
from escalation.core.vocabulary import Ask, Phase, Severity
from escalation.drills.virtual import VirtualEngine
from escalation.standins.server import Standins
from escalation.wire.messages import View
from escalation.wire.requests import EscalationRequest
from tests.scenarios.agreements import NONE, agreement
from tests.scenarios.world import GRACE, settings_in
from worker import build_workers

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("virtual")]

YEAR = timedelta(days=365)
MONTH = timedelta(days=30)
DEADLINE = timedelta(hours=20)
EVENTS_OF_A_YEAR_MAX = 50
# The timer fires (1), and a task (3) writes the next due instant (1), the next timer (1), an entry (3) and a mail (3).
# Each of the two comes back in a task of its own (6), and the mail's answer is an entry (3), which comes back, too (3).
EVENTS_OF_A_REMINDER_MAX = 24
REMINDERS = 4
# What only virtual time writes, for each of its jumps.
OF_VIRTUAL_TIME = frozenset({"workflow_execution_options_updated", "workflow_execution_time_skipping_transitioned"})


class Desk:
    """A support desk in virtual time."""

    def __init__(self, engine: VirtualEngine, standins: Standins, agreements: Path) -> None:
        self.client = EscalationClient(engine.client)
        self._engine = engine
        self._standins = standins
        self._agreements = agreements

    async def opens(self, reference: str, deadline: timedelta, **house: str) -> None:
        """An escalation is opened, and everything that this asks for has been done."""
        (self._agreements / f"{reference.lower()}.yaml").write_text(agreement(reference.lower(), house=house))
        await self.client.start(
            EscalationRequest(
                ticket=reference,
                title="Payments fail",
                description="Every card payment fails since noon.",
                route="to-engineering",
                severity=Severity.SEV3,
                ask=Ask.FIX,
                customer="acme",
                deadline=datetime.now(UTC) + deadline,
                by="agent",
                key="first",
                policy=reference.lower(),
            )
        )
        await self._engine.advance(reference, await self._engine.now(reference))

    async def blocks(self, reference: str) -> datetime:
        """It waits for the customer; gives the instant from which it does."""
        await self.client.block(reference, by="agent", waiting_for="the customer's log files")
        await self._engine.advance(reference, await self._engine.now(reference))
        return await self._engine.now(reference)

    async def passes(self, reference: str, to: datetime) -> View:
        """Time passes; gives how it stands then."""
        assert await self._engine.advance(reference, to), f"{reference} is over"
        return await self.client.view(reference)

    async def events(self, reference: str) -> int:
        """How much its history holds, which is one run here, without what only virtual time writes."""
        history = await self._engine.client.get_workflow_handle(reference).fetch_history()
        kinds = [str(event.WhichOneof("attributes")).removesuffix("_event_attributes") for event in history.events]
        assert kinds[0] == "workflow_execution_started"
        assert not history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
        return sum(kind not in OF_VIRTUAL_TIME for kind in kinds)

    def reminders(self, reference: str) -> list[str]:
        """The mails in which the customer was asked again."""
        mails = [send.body or "" for send in self._standins.outbox() if reference in (send.body or "")]
        return [mail for mail in mails if "are waiting for a word from you" in mail]


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk of its own: engine, stand-ins and workers."""
    folder = tmp_path_factory.mktemp("year")
    (folder / "agreements").mkdir()
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(VirtualEngine())
        standins = stack.enter_context(Standins(store=folder / "standins.db"))
        standins.callbacks(enabled=False)
        acts = compose(settings_in(folder, standins.base_url))
        for worker in build_workers(engine.client, acts, graceful_shutdown_timeout=GRACE):
            await stack.enter_async_context(worker)
        yield Desk(engine, standins, folder / "agreements")


async def test_a_year_of_waiting_writes_next_to_nothing(desk: Desk) -> None:
    """From the command that blocks it, reminders and limit off: nobody polls, nothing is armed again and again."""
    await desk.opens("YEAR-1", 2 * YEAR, blocked_reminder=NONE, blocked_limit=NONE)
    before = await desk.events("YEAR-1")

    view = await desk.passes("YEAR-1", await desk.blocks("YEAR-1") + YEAR)

    assert view.phase is Phase.BLOCKED
    assert view.next_due == view.deadline
    assert await desk.events("YEAR-1") - before <= EVENTS_OF_A_YEAR_MAX


async def test_when_nothing_is_due_any_more_nothing_is_written(desk: Desk) -> None:
    """The hard deadline does not wait with us. Once it is missed and told, there is no timer left."""
    await desk.opens("YEAR-2", DEADLINE, blocked_reminder=NONE, blocked_limit=NONE)
    told = await desk.blocks("YEAR-2") + 2 * DEADLINE
    assert (await desk.passes("YEAR-2", told)).next_due is None
    before = await desk.events("YEAR-2")

    view = await desk.passes("YEAR-2", told + YEAR)

    assert (view.phase, view.breaches) == (Phase.BLOCKED, 1)
    assert await desk.events("YEAR-2") == before


async def test_a_reminder_writes_a_handful_of_events(desk: Desk) -> None:
    """The timer, the decision, the mail, its answer, and the next timer; the same for each."""
    await desk.opens("REMINDED-1", 2 * YEAR, blocked_reminder="720h", blocked_limit=NONE)
    since = await desk.blocks("REMINDED-1")
    # The timer that was armed before is left to fire, and the one for the reminder is armed then.
    await desk.passes("REMINDED-1", since + DEADLINE)
    counts = [await desk.events("REMINDED-1")]
    for number in range(1, REMINDERS + 1):
        await desk.passes("REMINDED-1", since + number * MONTH)
        counts.append(await desk.events("REMINDED-1"))

    assert len(desk.reminders("REMINDED-1")) == REMINDERS
    assert max(after - before for before, after in pairwise(counts)) <= EVENTS_OF_A_REMINDER_MAX
