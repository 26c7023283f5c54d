"""The fold is the truth: the log, decided again, leads to exactly what the workflow holds, at every instant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.client import WorkflowHistory

from escalation.core.audit import fold
from escalation.core.entry import Entry
from escalation.core.state import Escalation
from escalation.core.vocabulary import Ask, Phase
from escalation.reports.past import Log, past, read
from escalation.wire.listing import Filter, Row
from escalation.wire.messages import Start, View
from escalation.wire.payloads import DATA_CONVERTER
from escalation.wire.views import view_of
from tests.scenarios.dialogue import Story, until
from tests.scenarios.world import World, world_in
from tests.shell.test_runs import SHORT_RUNS

PATIENCE = 20.0


@pytest.fixture(scope="module")
async def short_lived(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world whose runs are short."""
    async with world_in(tmp_path_factory.mktemp("fold"), flags=SHORT_RUNS) as here:
        yield here


def log_of(story: Story) -> Log:
    """What the store keeps, and nothing else."""
    episode = story.request().episode
    return read(story.world.audit.entries(story.reference, episode), story.reference, episode)


def state_after(entries: list[Entry], sequence: int) -> Escalation:
    """The fold up to an entry."""
    found = fold(entries[:sequence])
    assert found is not None
    return found


async def carried(history: WorkflowHistory) -> Escalation | None:
    """The state that a run was started with, as the engine keeps it."""
    started = history.events[0].workflow_execution_started_event_attributes
    (start,) = await DATA_CONVERTER.decode(started.input.payloads, [Start])
    return start.carried.state if start.carried is not None else None


async def test_the_fold_is_what_the_workflow_holds(story: Story) -> None:
    """Taken, blocked, handed off, resolved, reopened, cancelled: each look at it shows view and digest of the fold."""
    desk, ref = story.world.desk, story.reference
    seen: list[View] = []

    async def look() -> None:
        seen.append(await story.view())

    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await look()
    await story.phone("primary").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE, owner="primary")
    await look()
    await desk.block(ref, by="primary", waiting_for="a log file")
    await look()
    await desk.unblock(ref, by="primary", reason="it came")
    await desk.hand_off(ref, by="primary", route="to-product", ask=Ask.DECIDE, reason="a question of price")
    await story.phone("planner").gets_sms("SEV1").replies("ack {code}")
    await story.stands(owner="planner")
    await look()
    await desk.resolve(ref, by="planner", text="The price is right.")
    await story.mailbox("acme").gets("The price is right.")
    await look()
    await desk.reopen(ref, by="agent", reason="it is not")
    for person in ("planner", "agent"):
        await story.mailbox(person).gets("it is open again")
    await look()
    log = await story.is_called_off("primary", "planner")
    await look()

    assert {view.phase for view in seen} >= {
        Phase.IN_TRANSFER, Phase.ACTIVE, Phase.BLOCKED, Phase.RESOLVED, Phase.CANCELLED
    }  # fmt: skip
    kept = log_of(story)
    for view in seen:
        assert view_of(state_after(log, view.sequence)) == view
        at = log[view.sequence - 1].at
        latest = max(entry.sequence for entry in log if entry.at <= at)
        found = past(kept, at)
        assert (found.fault, found.state) == (None, state_after(log, latest))
    whole = past(kept, log[-1].at)
    assert (whole.view, whole.digest, whole.state) == (seen[-1], seen[-1].digest, fold(log))


async def test_the_fold_is_what_one_run_hands_to_the_next(short_lived: World) -> None:
    """The whole state, field by field: continue-as-new carries what the log leads to, and goes on from there."""
    story = Story(short_lived)
    story.agrees()
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.stands(owner="primary")
    async with _noting_into_another_run(story):
        await short_lived.desk.block(story.reference, by="primary", waiting_for="a log file")
    log = await story.is_called_off("primary")

    states = [state for history in await story.histories() if (state := await carried(history)) is not None]
    assert states
    for state in states:
        assert state == state_after(log, state.head.sequence)
        assert log[state.head.sequence].previous == state.head.digest
    ended = past(log_of(story), log[-1].at)
    assert (ended.view, ended.fault) == (await story.view(), None)
    await story.leaves()


async def test_a_list_shows_what_the_view_shows(short_lived: World) -> None:
    """Across runs there is one row; once ended, it is listed only with the ended ones."""
    story = Story(short_lived)
    story.agrees()
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.stands(owner="primary")
    async with _noting_into_another_run(story):
        pass
    view = await story.view()
    row = await _listed(story, Filter(prefix=story.reference), owner=view.owner, next_due=view.next_due)
    await story.is_called_off("primary")
    over = await _listed(story, Filter(prefix=story.reference, ended_too=True), phase=Phase.CANCELLED)

    assert (row.phase, row.severity, row.route, row.team, row.customer, row.owner, row.next_due) == (
        view.phase, view.severity, view.route, view.team, view.customer, view.owner, view.next_due
    )  # fmt: skip
    assert (row.episode, row.breached, row.ended, row.stopped) == (view.episode, False, False, False)
    assert (over.ended, over.stopped, over.next_due) == (True, False, None)
    assert (await short_lived.desk.list_(Filter(prefix=story.reference))).rows == ()
    await story.leaves()


# --- inside -----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _noting_into_another_run(story: Story) -> AsyncIterator[None]:
    """Notes are taken until the run has made way, and some more after what is done meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while len(await story.histories()) == 1:
            await story.world.desk.note(story.reference, by="agent", text="one more")
    yield
    await story.world.desk.note(story.reference, by="agent", text="in the next run")


async def _listed(story: Story, which: Filter, **expected: object) -> Row:
    """The one row of the story, once the index shows it so."""
    found: list[Row] = []

    async def shown() -> bool:
        found[:] = (await story.world.desk.list_(which)).rows
        return len(found) == 1 and all(getattr(found[0], name) == value for name, value in expected.items())

    await until(shown, lambda: f"the list never showed {story.reference} once with {expected}: {found}")
    return found[0]
