"""From the inbox to the workflow: a gateway that dies in between, or an engine that is away, loses nothing."""

from datetime import datetime, timedelta

import pytest

from escalation.adapters.inbox import Inbox
from escalation.adapters.receipts import Receipt
from escalation.core.draft import dispatch_id
from escalation.core.facts import Fact, ReportDelivery
from escalation.core.vocabulary import Channel, Outcome
from escalation.gateway import forwarding
from escalation.gateway.forwarding import OWED_FOR, Forwarder
from escalation.wire.messages import View
from escalation.wire.outcomes import Ended, Unreachable
from tests.edge.gateway.door import EPISODE, NOW, Door, RememberingClient, view


class Engine(RememberingClient):
    """An engine that some escalations, or all, cannot be reached in."""

    def __init__(self) -> None:
        super().__init__()
        self.away: set[str] = set()

    async def view(self, ref: str) -> View:
        if ref in self.away:
            raise Unreachable(f"{ref}: no answer")
        return await super().view(ref)

    async def report_fact(self, ref: str, fact: Fact) -> None:
        if self.fails is not None:
            raise self.fails
        await super().report_fact(ref, fact)


@pytest.fixture
def inbox(door: Door) -> Inbox:
    return Inbox(door.store)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def forwarder(inbox: Inbox, engine: Engine) -> Forwarder:
    return Forwarder(inbox, engine, lambda: NOW)


def owe(door: Door, inbox: Inbox, engine: Engine, ref: str, at: datetime = NOW) -> str:
    """A page that arrived, of which the workflow has not heard."""
    engine.views[ref] = view(ref)
    door.ledger.sent(door.claimed(ref), f"SM{ref}")
    dispatch = dispatch_id(ref, EPISODE, 1, "amira", Channel.SMS)
    inbox.receive(Receipt(f"k{ref}", dispatch, "delivered", at, provider_id=f"SM{ref}"))
    return dispatch


async def test_what_a_killed_gateway_still_owed_is_told_by_the_next(
    door: Door, inbox: Inbox, engine: Engine, forwarder: Forwarder
) -> None:
    """The receipt was kept and answered; nobody had told the workflow yet. Once, and never again."""
    owe(door, inbox, engine, "ESC-1")

    assert [await forwarder.forward(), await forwarder.forward()] == [1, 0]
    assert engine.facts == [("ESC-1", ReportDelivery(1, Outcome.DELIVERED, "SMESC-1", how="receipt"))]


async def test_an_engine_that_is_away_is_asked_again_later(
    door: Door, inbox: Inbox, engine: Engine, forwarder: Forwarder
) -> None:
    """Nothing is dropped meanwhile."""
    owe(door, inbox, engine, "ESC-1")
    engine.away.add("ESC-1")

    assert await forwarder.forward() == 0
    engine.away.clear()
    assert await forwarder.forward() == 1


async def test_one_that_cannot_be_told_holds_up_nobody(
    door: Door, inbox: Inbox, engine: Engine, forwarder: Forwarder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when a whole look at the inbox shows little else."""
    monkeypatch.setattr(forwarding, "BATCH", 2)
    for number in range(5):
        owe(door, inbox, engine, f"ESC-{number}", NOW + timedelta(seconds=number))
    engine.away |= {"ESC-0", "ESC-2"}

    assert await forwarder.forward() == 3
    assert sorted(ref for ref, _ in engine.facts) == ["ESC-1", "ESC-3", "ESC-4"]
    assert [owed.reference for owed in inbox.owed(10)] == ["ESC-0", "ESC-2"]


@pytest.mark.parametrize("end", ["never opened", "ended", "another episode"])
async def test_a_workflow_that_is_gone_is_owed_nothing(
    door: Door, inbox: Inbox, engine: Engine, forwarder: Forwarder, end: str
) -> None:
    """The receipt stays in the ledger."""
    owe(door, inbox, engine, "ESC-1")
    if end == "never opened":
        engine.views.clear()
    elif end == "ended":
        engine.fails = Ended("ESC-1", None)
    else:
        object.__setattr__(engine.views["ESC-1"], "episode", "episode2")

    await forwarder.forward()

    assert inbox.owed(10) == ()
    assert engine.facts == []


@pytest.mark.parametrize(("late", "owed"), [(timedelta(0), 1), (timedelta(microseconds=1), 0)])
async def test_after_three_days_nobody_decides_by_it(
    door: Door, inbox: Inbox, engine: Engine, late: timedelta, owed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It is given up, loudly."""
    owe(door, inbox, engine, "ESC-1")
    engine.away.add("ESC-1")

    await Forwarder(inbox, engine, lambda: NOW + OWED_FOR + late).forward()

    assert len(inbox.owed(10)) == owed
    assert any("given up" in record.message for record in caplog.records) is (owed == 0)


async def test_an_inbox_that_is_away_is_looked_into_again(
    door: Door, inbox: Inbox, engine: Engine, forwarder: Forwarder
) -> None:
    """The task goes on."""
    owe(door, inbox, engine, "ESC-1")
    with door.store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE receipts RENAME TO gone")
    assert await forwarder.forward() == 0
    with door.store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO receipts")

    assert await forwarder.forward() == 1
