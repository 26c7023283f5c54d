"""The typed client on the real engine: what it sends, what it repeats, and what it says when it cannot."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from escalation.client import (
    BadInput,
    Ended,
    EscalationClient,
    EscalationRequest,
    NotFound,
    Patience,
    Refused,
    Unreachable,
)
from escalation.core.commands import Approve, Reject
from escalation.core.facts import ReportDelivery
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import ApprovalKind, Ask, Audience, DeEscalationReason, Outcome, Phase, Severity
from escalation.standins.engine import Engine, free_port
from escalation.wire import names
from escalation.wire.messages import Instruction
from escalation.wire.proof import Signer, claim_of
from tests.edge.client.twin import DIGEST, Twin

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHORT = Patience(
    connect=timedelta(seconds=2), look=timedelta(seconds=1), command=timedelta(seconds=1), start=timedelta(seconds=1)
)


@pytest.fixture(scope="module")
async def engine() -> AsyncIterator[Client]:
    async with Engine() as server:
        yield await server.connect()


@pytest.fixture
async def worker(engine: Client) -> AsyncIterator[Worker]:
    async with Worker(engine, task_queue=names.TASK_QUEUE, workflows=[Twin]) as running:
        yield running


@pytest.fixture
def client(engine: Client) -> EscalationClient:
    return EscalationClient(engine)


def request(ref: str | None = None, key: str = "first", **changed: str) -> EscalationRequest:
    given: dict[str, Any] = {
        "ticket": ref or f"INC-{uuid4().hex[:10].upper()}",
        "title": "Checkout is down",
        "route": "l2-engineering",
        "severity": "P1",
        "ask": "fix",
        "customer": "acme",
        "deadline": NOW + timedelta(days=1),
        "by": "rosa",
        "key": key,
    }
    return EscalationRequest.model_validate({**given, **changed})


# --- Starting ---------------------------------------------------------------------------------------------------------


async def test_a_start_opens_the_escalation(client: EscalationClient, engine: Client, worker: Worker) -> None:
    """Under its reference, with the episode in memo and index, and a summary for the engine's own pages."""
    asked = request()

    answer = await client.start(asked)

    described = await engine.get_workflow_handle(asked.reference).describe()
    assert (answer.reference, answer.episode, answer.sequence) == (asked.reference, asked.episode, 1)
    assert await described.memo_value(names.MEMO_EPISODE) == asked.episode
    assert described.typed_search_attributes[names.EPISODE] == asked.episode
    assert await described.static_summary() == "SEV1 · l2-engineering · fix"


async def test_the_same_key_starts_nothing_new(client: EscalationClient, worker: Worker) -> None:
    """A caller that lost the answer asks again and gets it."""
    asked = request()

    assert await client.start(asked) == await client.start(asked)


async def test_the_same_key_returns_its_escalation_when_it_has_ended(client: EscalationClient, worker: Worker) -> None:
    """The answer is the ending's: nothing is opened."""
    asked = request()
    await client.start(asked)
    await client.cancel(asked.reference, by="rosa", reason="mistake")
    await client.wait(asked.reference)

    again = await client.start(asked)

    assert (again.episode, again.phase, again.sequence) == (asked.episode, Phase.CANCELLED, 2)


async def test_another_key_is_refused_while_the_escalation_runs(client: EscalationClient, worker: Worker) -> None:
    """One running escalation for each ticket."""
    asked = request()
    await client.start(asked)

    with pytest.raises(Refused) as refused:
        await client.start(request(asked.reference, "second"))

    assert refused.value.reason is Refusal.ALREADY_OPEN


async def test_another_key_opens_the_next_episode(client: EscalationClient, engine: Client, worker: Worker) -> None:
    """And the first key still finds the first episode, by the index."""
    first = request()
    second = request(first.reference, "second")
    await client.start(first)
    await client.cancel(first.reference, by="rosa", reason="mistake")
    await client.wait(first.reference)

    answer = await client.start(second)
    await indexed(engine, first)
    earlier = await client.start(first)

    assert answer.episode == second.episode
    assert (earlier.episode, earlier.phase) == (first.episode, Phase.CANCELLED)
    assert (await client.head(first.reference, first.episode)).ended
    while await client.episodes(first.reference) != (first.episode, second.episode):
        """The index shows the second one in a moment; every turn is a question to the engine."""
    assert await client.episodes("never-opened") == ()


async def test_a_start_waits_for_an_escalation_that_is_still_closing(client: EscalationClient, worker: Worker) -> None:
    """It has ended, but settles its messages; the next episode opens when it has."""
    first = request()
    second = request(first.reference, "second")
    await client.start(first)
    await client.block(first.reference, by="rosa", waiting_for="the customer")
    starting = asyncio.create_task(client.start(second))

    await client.report_fact(first.reference, ReportDelivery(3, Outcome.ACCEPTED))

    assert (await starting).episode == second.episode


async def test_a_start_whose_policy_cannot_be_used_may_be_repeated(client: EscalationClient, worker: Worker) -> None:
    """Nothing was opened; with the policy in order the same key opens it."""
    broken = request(policy="missing")

    with pytest.raises(BadInput, match="policy 'missing' cannot be used"):
        await client.start(broken)
    with pytest.raises(Ended):
        await client.wait(broken.reference)
    answer = await client.start(request(broken.reference))

    assert answer.episode == broken.episode


# --- Commands ---------------------------------------------------------------------------------------------------------

EVERY_COMMAND: list[tuple[str, dict[str, Any]]] = [
    ("acknowledge", {}),
    ("post_update", {"audience": Audience.CUSTOMER, "text": "We found it."}),
    ("confirm_severity", {"severity": Severity.SEV2, "evidence": "logs"}),
    ("change_severity", {"severity": Severity.SEV2, "reason": "calmer"}),
    ("reassign", {"to": "emeka", "reason": "knows it"}),
    ("hand_off", {"route": "l2-product", "ask": Ask.DECIDE, "reason": "not a defect"}),
    ("raise_", {"reason": "stuck"}),
    ("unblock", {"reason": "answered"}),
    ("snooze", {"until": datetime(2027, 3, 1, tzinfo=UTC), "reason": "on a train"}),
    ("unsnooze", {"reason": "back"}),
    ("resolve", {"text": "Fixed."}),
    ("confirm", {}),
    ("reopen", {"reason": "not fixed"}),
    ("de_escalate", {"reason": DeEscalationReason.HOW_TO, "to": "amira", "level": "L2", "findings": "docs"}),
    ("note", {"text": "seen before"}),
    ("request_approval", {"matter": ApprovalKind.SPEND, "amount": "250.00 EUR", "reason": "a licence"}),
    ("extend_deadline", {"deadline": datetime(2027, 3, 1, tzinfo=UTC), "reason": "they agreed"}),
    ("approve", {"reason": "go", "approval": 1, "break_glass": True}),
    ("reject", {"reason": "no", "approval": 2}),
    ("adopt_policy", {"policy": "demo", "reason": "new agreement"}),
]


async def test_every_command_is_answered(client: EscalationClient, worker: Worker) -> None:
    """One update each, in the order in which they were given."""
    asked = request()
    await client.start(asked)

    answers = [
        await getattr(client, method)(asked.reference, by="amira", **given, key=method)
        for method, given in EVERY_COMMAND
    ]

    heard = [line.split(" ")[0] for line in await client.timeline(asked.reference)]
    assert [answer.sequence for answer in answers] == list(range(2, len(EVERY_COMMAND) + 2))
    assert heard == [method.rstrip("_").replace("adopt_policy", "adopt").replace("note", "add_note")
                     for method, _ in EVERY_COMMAND]  # fmt: skip


async def test_a_command_with_the_same_key_counts_once(client: EscalationClient, worker: Worker) -> None:
    """Repeated by an integration, or by the client itself."""
    asked = request()
    await client.start(asked)

    first = await client.acknowledge(asked.reference, by="amira", key="once")
    second = await client.acknowledge(asked.reference, by="amira", key="once")

    assert first == second
    assert len(await client.timeline(asked.reference)) == 1


async def test_a_refusal_is_raised_with_its_facts(client: EscalationClient, worker: Worker) -> None:
    """So that nobody takes a no for a yes."""
    asked = request()
    await client.start(asked)

    with pytest.raises(Refused, match=r"refused, not asked \(asked amira\)") as refused:
        await client.decline(asked.reference, by="noor", reason="busy")

    assert (refused.value.reason, refused.value.facts) == (Refusal.NOT_ASKED, {"asked": "amira"})


async def test_what_a_validator_rejects_is_bad_input(client: EscalationClient, worker: Worker) -> None:
    """It left no trace."""
    asked = request()
    await client.start(asked)

    with pytest.raises(BadInput, match="exactly one of command and adopt"):
        await client.note(asked.reference, by="amira", text="malformed")


async def test_a_command_after_the_end_says_how_it_ended(client: EscalationClient, worker: Worker) -> None:
    """But the command that ended it gets its own answer again."""
    asked = request()
    await client.start(asked)
    ended = await client.cancel(asked.reference, by="rosa", reason="mistake", key="the end")
    await client.wait(asked.reference)

    with pytest.raises(Ended, match="is cancelled") as over:
        await client.acknowledge(asked.reference, by="amira")

    assert over.value.ending is not None
    assert await client.cancel(asked.reference, by="rosa", reason="mistake", key="the end") == ended


async def test_an_unknown_reference_is_not_found(client: EscalationClient, worker: Worker) -> None:
    """By every door."""
    with pytest.raises(NotFound, match="NOT-THERE: no such escalation"):
        await client.acknowledge("not-there", by="amira")
    with pytest.raises(NotFound):
        await client.timeline("not-there")
    with pytest.raises(NotFound):
        await client.signal("not-there", Approve("maya", "go"))
    with pytest.raises(NotFound):
        await client.head("not-there")
    with pytest.raises(NotFound):
        await client.wait("not-there")


async def test_a_view_of_what_never_opened_is_not_found(client: EscalationClient, worker: Worker) -> None:
    """The workflow says why."""
    asked = request()
    await client.start(asked)

    with pytest.raises(NotFound, match="is not open"):
        await client.view(asked.reference)


async def test_what_is_said_carries_a_proof(engine: Client, worker: Worker) -> None:
    """Of the person, the escalation and the command; by update and by signal."""
    signer = Signer("a key of the command line")
    client = EscalationClient(engine, signer=signer, now=lambda: NOW)
    asked = request()
    await client.start(asked)

    await client.approve(asked.reference, by="maya", reason="go")
    await client.signal(asked.reference, Reject("maya", "no"))

    heard = await client.timeline(asked.reference)
    claims = [
        claim_of(asked.reference, asked.episode, Instruction(command))
        for command in (Approve("maya", "go"), Reject("maya", "no"))
    ]
    proofs = [line.split(" ")[-1] for line in heard]
    assert [signer.verify(*pair) for pair in proven(proofs, claims)] == [True, True]


def proven(proofs: list[str], claims: list[str]) -> list[tuple[str, str, str, datetime, timedelta]]:
    return [(proof, "maya", claim, NOW, timedelta(0)) for proof, claim in zip(proofs, claims, strict=True)]


async def test_the_head_of_an_ended_log_comes_from_the_result(client: EscalationClient, worker: Worker) -> None:
    """A second source for whoever verifies the log; an unknown episode is not found."""
    asked = request()
    await client.start(asked)
    await client.cancel(asked.reference, by="rosa", reason="mistake")
    await client.wait(asked.reference)

    head = await client.head(asked.reference)

    assert (head.episode, head.sequence, head.digest, head.ended) == (asked.episode, 2, DIGEST, True)
    with pytest.raises(NotFound, match="no record of episode 0123"):
        await client.head(asked.reference, "0123")


# --- Patience ---------------------------------------------------------------------------------------------------------


async def test_without_a_worker_every_wait_ends(engine: Client) -> None:
    """And says that it may still arrive."""
    client = EscalationClient(engine, patience=SHORT)

    with pytest.raises(Unreachable, match="no answer within 1 s"):
        await client.start(request())
    with pytest.raises(Unreachable, match="repeat it with the same key"):
        await client.acknowledge(await started(engine), by="amira")


async def test_a_command_waits_for_a_worker_that_comes_back(engine: Client, client: EscalationClient) -> None:
    """Sent once, answered when the worker is there; asked again under the same key it is the same command."""
    ref = await started(engine)
    waiting = asyncio.create_task(client.acknowledge(ref, by="amira", key="patient"))

    async with Worker(engine, task_queue=names.TASK_QUEUE, workflows=[Twin]):
        answer = await waiting
        heard = await client.timeline(ref)

    assert answer.sequence == 2
    assert len(heard) == 1


async def test_a_cancelled_caller_is_let_go(engine: Client, client: EscalationClient) -> None:
    """The SDK hides cancellation in an error of its own; the client does not take it for a hiccup."""
    waiting = asyncio.create_task(client.acknowledge(await started(engine), by="amira"))
    await asyncio.wait([waiting], timeout=0.2)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_no_engine_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its address and the next step."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")

    with pytest.raises(
        Unreachable, match=r"no engine at 127\.0\.0\.1:\d+ .*start it or set TEMPORAL_ADDRESS"
    ) as failed:
        await EscalationClient.connect(patience=SHORT)

    assert "\n" not in str(failed.value)


async def test_the_environment_says_where_the_engine_is(
    engine: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for every other program that uses the SDK."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", engine.service_client.config.target_host)
    client = await EscalationClient.connect()

    assert (await client.start(request())).sequence == 1


def test_a_client_needs_no_vendor() -> None:
    """An integration installs the package without extras."""
    found = subprocess.run(
        [sys.executable, "-c", "import sys, escalation.client; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert not {"twilio", "sendgrid", "fastapi", "sqlalchemy", "typer", "jinja2"} & set(found.stdout.split())


# --- inside -----------------------------------------------------------------------------------------------------------


async def started(engine: Client) -> str:
    """An escalation that no worker has looked at yet."""
    asked = request()
    with pytest.raises(Unreachable):
        await EscalationClient(engine, patience=SHORT).start(asked)
    return asked.reference


async def indexed(engine: Client, asked: EscalationRequest) -> None:
    """Return once the engine's index shows the ended episode; every turn is a question to the engine."""
    query = f"{names.EPISODE.name} = '{asked.episode}' AND CloseTime IS NOT NULL"
    while (await engine.count_workflows(query)).count == 0:
        pass
