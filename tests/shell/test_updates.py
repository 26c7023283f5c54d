"""Commands as updates: each judged once, in order, whoever repeats it and whatever is on its way."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from escalation.adapters.codes import Codes
from escalation.adapters.ledger import State
from escalation.adapters.store import open_store
from escalation.client import NotFound, Refused
from escalation.core.commands import AddNote, Cancel
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Phase
from escalation.wire import names
from escalation.wire.messages import Adoption, Answer, Instruction
from tests.scenarios.dialogue import Story, until
from tests.scenarios.test_delivery import writing_locked
from workflows.facts import WORDS_CHARS_MAX


async def updates(story: Story) -> int:
    """How many updates the history has taken in. (What else is on its way to it does not matter here.)"""
    history = await story.handle().fetch_history()
    return sum(event.HasField("workflow_execution_update_accepted_event_attributes") for event in history.events)


async def starts(story: Story) -> bool:
    """Whether its run has begun, and is not open yet."""
    try:
        await story.view()
    except NotFound as error:
        return "is not open" in str(error)
    return False


async def test_a_command_under_the_same_key_is_judged_once(story: Story) -> None:
    """At once or later, the answer is the first one; the log has one entry."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    twice = await asyncio.gather(*(desk.note(ref, by="agent", text="once", key="k-1") for _ in range(2)))
    await desk.note(ref, by="agent", text="another", key="k-2")
    again = await desk.note(ref, by="agent", text="once", key="k-1")

    assert twice == [again, again]
    log = await story.is_called_off("primary")
    assert sum(isinstance(entry.command, AddNote) for entry in log) == 2


async def test_a_refusal_under_the_same_key_stays_a_refusal(story: Story) -> None:
    """Although the phase allows it by now: whoever changed their mind asks under another key."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    for _ in range(2):
        with pytest.raises(Refused):
            await desk.confirm(ref, by="agent", key="too-early")
        await story.reply(story.number_of("primary"), "ack {code}")
        await story.stands(phase=Phase.ACTIVE)

    log = await story.is_called_off("primary")
    assert [entry.refusal for entry in log if entry.command.kind == "confirm"] == [Refusal.NOT_IN_THIS_PHASE]


@pytest.mark.parametrize(
    "malformed",
    [
        Instruction(),
        Instruction(command=AddNote("agent"), adopt=Adoption("agent", "default", "newer")),
        Instruction(command=AddNote("agent"), words="x" * (WORDS_CHARS_MAX + 1)),
    ],
    ids=["nothing", "two things", "too many words"],
)
async def test_what_is_malformed_leaves_no_trace(story: Story, malformed: Instruction) -> None:
    """Not even in the history."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    before = await updates(story)

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await story.handle().execute_update(names.UPDATE_COMMAND, malformed, result_type=Answer)

    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "Malformed"
    assert await updates(story) == before
    await story.is_called_off("primary")
    assert await updates(story) == before + 1


async def test_words_at_the_limit_are_kept(story: Story) -> None:
    """One more would be refused."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    instruction = Instruction(command=AddNote("agent"), words="x" * WORDS_CHARS_MAX)

    answer: Answer = await story.handle().execute_update(names.UPDATE_COMMAND, instruction, result_type=Answer)

    assert answer.refusal is None
    await story.is_called_off("primary")


async def test_a_command_waits_for_the_opening(story: Story) -> None:
    """The stores are locked while it opens: nothing can be seen yet, and what is said meanwhile is heard after it."""
    desk, ref = story.world.desk, story.reference
    with writing_locked(story.world.settings.ledger_url):
        opened = asyncio.create_task(story.opens(customer_hears=False))
        await until(lambda: starts(story), lambda: "it never started")
        raised = asyncio.create_task(desk.raise_(ref, by="agent", reason="it burns"))

    assert (await opened).sequence == 1
    assert (await raised).sequence > 1
    await story.mailbox("acme").gets("We have escalated")
    await story.phone("second").gets_sms("SEV1")
    story.tolerates("sms", "primary", times=1)  # told before the raise, or not any more
    await story.is_called_off("second")


async def test_a_cancel_request_of_the_engine_is_a_command_like_any_other(story: Story) -> None:
    """An operator presses "cancel": everybody hears, and the log says who."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.stands(told=("primary",))

    await story.handle().cancel()

    for person in ("primary", "agent"):
        await story.mailbox(person).gets("It was cancelled")
    await story.mailbox("acme").gets("our last message")
    log = await story.ends(Phase.CANCELLED)
    cancel = next(entry.command for entry in log if isinstance(entry.command, Cancel))
    assert cancel.by == "operator"


async def test_a_cancel_request_during_the_opening_leaves_no_short_code_behind(story: Story) -> None:
    """It opens first and is cancelled then, by the log: nothing that was allotted by then stays nobody's."""
    desk, ref, url = story.world.desk, story.reference, story.world.settings.ledger_url
    with writing_locked(url):
        opened = asyncio.create_task(story.opens(customer_hears=False))
        await until(lambda: starts(story), lambda: "it never started")
        await story.handle().cancel()
    await opened

    await story.mailbox("agent").gets("It was cancelled")
    for words in ("We have escalated", "our last message"):
        await story.mailbox("acme").gets(words)
    log = await story.ends(Phase.CANCELLED)
    cancel = next(entry.command for entry in log if isinstance(entry.command, Cancel))
    assert (cancel.by, cancel.reason) == ("operator", "cancelled in the engine")
    code = (await desk.view(ref)).code
    assert code is not None
    engine = open_store(url, story.world.settings.ledger_timeout)
    assert Codes(engine).open(code) is None
    engine.dispose()


async def test_view_and_timeline_can_be_read_to_the_end_and_after(story: Story) -> None:
    """The timeline has one line for each entry, in order."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    view = await story.stands(phase=Phase.IN_TRANSFER, told=("primary",))
    assert (view.reference, view.episode, view.asked, view.team) == (
        story.reference,
        story.request().episode,
        "primary",
        "Engineering",
    )
    log = await story.is_called_off("primary")

    lines = await story.world.desk.timeline(story.reference)

    assert [line.split()[1] for line in lines] == [f"#{entry.sequence}" for entry in log]
    assert (await story.view()).phase is Phase.CANCELLED


@pytest.mark.parametrize("key", ["opening", "said opening"])
async def test_no_key_is_taken_for_the_openings_answer(story: Story, key: str) -> None:
    """Whatever a caller calls it, a command is judged."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    assert (await desk.note(ref, by="agent", text="judged", key=key)).sequence > 1
    await story.is_called_off("primary")


@pytest.mark.parametrize(
    "command",
    [
        {"kind": "acknowledge", "by": "a", "occurred_at": "2026-01-01T00:00:00"},
        {"kind": "acknowledge", "by": "a", "occurred_at": "0001-01-01T00:00:00+14:00"},
        {"kind": "decline", "by": "a", "reason": "x" * 1_100_000},
    ],
)
async def test_what_no_log_can_hold_is_not_taken(story: Story, command: dict[str, str]) -> None:
    """It leaves no trace, and the escalation goes on."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    with pytest.raises(WorkflowUpdateFailedError):
        await story.handle().execute_update(names.UPDATE_COMMAND, {"command": command}, result_type=Answer)
    await story.is_called_off("primary")


async def test_facts_from_a_caller_are_dropped(story: Story) -> None:
    """Only the workflow says where words are: another case's cannot be named."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    command = {"kind": "post_update", "by": "a", "audience": "customer", "text": {"id": "another", "commitment": ""}}
    answer = await story.handle().execute_update(names.UPDATE_COMMAND, {"command": command}, result_type=Answer)
    assert answer.refusal is Refusal.TEXT_MISSING
    await story.is_called_off("primary")


async def test_words_that_cannot_be_kept_do_not_resolve(story: Story) -> None:
    """Else the customer would hear that it is solved, without what was said."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    async def ledgered() -> bool:
        rows = story.world.ledger.rows(ref)
        return len(rows) == 2 and all(row.state is State.SENT for row in rows)

    await until(ledgered, lambda: "the customer's mail and the page are not in the ledger")
    with writing_locked(story.world.settings.ledger_url), pytest.raises(Exception, match="could not be kept"):
        await desk.resolve(ref, by="agent", text="switch replaced")
    await story.is_called_off("primary")
