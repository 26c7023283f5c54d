"""Recorded incidents on the real engine in virtual time: weeks in seconds, and the log is the one of the core alone."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from escalation.core.entry import Entry
from escalation.core.vocabulary import Phase
from escalation.drills.incidents import read
from escalation.drills.live import Progress, episode, play, request_of
from escalation.drills.pure import Played
from escalation.drills.virtual import StuckError, VirtualEngine
from escalation.wire.entries import decode
from examples.incidents import SAMPLE
from examples.rehearsal import Rehearsal, rehearsing

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("virtual")]

# One that is worked on and closed, one that is moved and reopened, one that waits for weeks.
PLAYED = ("INC0007157", "INC0014246", "INC0002000")
FIRES_MAX = 6
EVENTS_PER_RUN = 150
MANY_WEEKS = timedelta(weeks=30)


@pytest.fixture(scope="module")
async def rehearsal() -> AsyncIterator[Rehearsal]:
    """An engine that asks for a new run often, so that virtual time has to follow."""
    async with rehearsing([f"limit.historyCount.suggestContinueAsNew={EVENTS_PER_RUN}"]) as running:
        yield running


def planned(rehearsal: Rehearsal, reference: str, fires_max: int = FIRES_MAX) -> Played:
    return next(p for p in rehearsal.planned(list(read(SAMPLE)), fires_max) if p.script.reference == reference)


def spoken(log: list[Entry]) -> list[tuple[str, str]]:
    """What people said, and what was answered."""
    return [(entry.command.kind, entry.refusal or "") for entry in log if hasattr(entry.command, "by")]


def messages(log: list[Entry]) -> Counter[tuple[str, str, str]]:
    """Who was told what; a situation may be told in one message or in two, if its reasons came milliseconds apart."""
    told = [effect for entry in log for effect in entry.effects if effect.kind == "notify"]
    return Counter((e.message, e.contact, e.channel) for e in told if e.message != "situation")


@pytest.mark.parametrize("reference", PLAYED)
async def test_an_engines_log_is_that_of_the_core_alone(rehearsal: Rehearsal, reference: str) -> None:
    """It verifies, is the same to the byte at the same instants, and counts what is in the rows; no task failed.

    Played without an engine, the same is said and the same people are told the same, by instants that differ by
    milliseconds.
    """
    plan, steps = planned(rehearsal, reference), list[Progress]()
    result = await rehearsal.perform(plan, steps.append)
    log = [decode(entry.body) for entry in rehearsal.audit.entries(reference, episode(reference))]
    alone = [sealed.entry for sealed in plan.log]

    assert result.faults == ()
    assert result.summary.outcome is plan.state.phase
    assert (spoken(log), messages(log)) == (spoken(alone), messages(alone))
    assert (steps[0].said, steps[-1].rows <= len(plan.script.moments)) == ("open", True)


async def test_virtual_time_follows_into_the_next_run(rehearsal: Rehearsal) -> None:
    """More fires than one run's history may hold, in one advance; nothing is lost, doubled or late."""
    plan = planned(rehearsal, "INC0003663", fires_max=20)
    result = await rehearsal.perform(plan, lambda _step: None)
    first = await rehearsal.engine.client.get_workflow_handle(plan.script.reference).describe()

    assert result.faults == ()
    assert first.raw_description.workflow_execution_info.first_run_id != first.run_id


async def test_whoever_plays_it_twice_says_nothing_twice(rehearsal: Rehearsal) -> None:
    """Everything said carries the key of its place; what has ended stays as it is."""
    plan = planned(rehearsal, "INC0006791")
    await rehearsal.perform(plan, lambda _step: None)
    before = [entry.digest for entry in rehearsal.audit.entries(plan.script.reference)]
    await play(rehearsal.client, rehearsal.engine, plan.script, lambda _step: None)

    assert [entry.digest for entry in rehearsal.audit.entries(plan.script.reference)] == before


async def test_each_escalation_has_a_clock_of_its_own_that_only_goes_forward(rehearsal: Rehearsal) -> None:
    """One is opened weeks ahead and advanced by weeks; another that is opened now stays in the present."""
    ahead, here = planned(rehearsal, "INC0008147"), planned(rehearsal, "INC0012070")
    opens = ahead.script.opening.at
    rehearsal.engine.open_at(ahead.script.reference, opens)
    await rehearsal.client.start(request_of(ahead.script))
    await rehearsal.client.start(request_of(here.script))
    view = await rehearsal.client.view(ahead.script.reference)

    assert timedelta(0) <= view.opened_at - opens < timedelta(seconds=30)
    assert await rehearsal.engine.advance(ahead.script.reference, opens + timedelta(hours=1))
    reached = await rehearsal.engine.now(ahead.script.reference)
    assert reached >= opens + timedelta(hours=1)
    assert await rehearsal.engine.advance(ahead.script.reference, opens), (
        "an instant that has passed is reached at once"
    )
    assert await rehearsal.engine.now(here.script.reference) < datetime.now(UTC) + timedelta(minutes=1)
    for script in (ahead.script, here.script):
        await rehearsal.client.cancel(script.reference, by=script.opening.by, reason="The test is over.")


async def test_what_has_ended_is_not_advanced(rehearsal: Rehearsal) -> None:
    """Whoever advances it learns that it is over, and how, not that time has passed."""
    plan = planned(rehearsal, "INC0028818")
    result = await rehearsal.perform(plan, lambda _step: None)

    assert result.summary.outcome in (Phase.CLOSED, Phase.CANCELLED)
    assert not await rehearsal.engine.advance(plan.script.reference, plan.script.opening.at + MANY_WEEKS)


async def test_an_engine_that_is_not_entered_says_so() -> None:
    """Its client exists only inside the block."""
    with pytest.raises(RuntimeError, match="only inside"):
        _ = VirtualEngine().client
    assert issubclass(StuckError, RuntimeError)
