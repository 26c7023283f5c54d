"""Lists on the real engine's index: what is found, in which order, and with how few questions."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import (
    Client,
    CountWorkflowsInput,
    DescribeWorkflowInput,
    Interceptor,
    ListWorkflowsInput,
    OutboundInterceptor,
    QueryWorkflowInput,
    WorkflowExecutionAsyncIterator,
    WorkflowExecutionCount,
    WorkflowExecutionDescription,
)
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from escalation.client import BadInput, EscalationClient
from escalation.core.vocabulary import Phase, Severity
from escalation.standins.engine import Engine
from escalation.wire import names
from escalation.wire.listing import Filter, Listing, Part
from escalation.wire.reading import read

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)  # the index compares what it is told, not its own clock
HOUR = timedelta(hours=1)

# Reference: severity, phase, owner, hours until something is due, missed. No worker: nothing changes them.
KNOWN: dict[str, tuple[str, str | None, str, int | None, bool]] = {
    "INC-1": ("SEV2", "active", "rosa", -1, True),
    "INC-2": ("SEV1", "blocked", "o'hara", 3, False),
    "INC-3": ("SEV1", "in_transfer", "rosa", 2, False),
    "INC-4": ("SEV1", "closed", "rosa", None, True),  # settling: it still runs
    "INC-5": ("SEV4", None, "", None, False),  # about to open
    "INC-6": ("SEV3", "active", "rosa", 1, False),  # terminated below
    "EU-7": ("SEV2", "active", "emil", None, False),
}


class Counting(Interceptor):
    """Counts the questions to the engine."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002  # the SDK's name
        asked = self.asked

        class Outbound(OutboundInterceptor):
            def list_workflows(self, input: ListWorkflowsInput) -> WorkflowExecutionAsyncIterator:  # noqa: A002  # as above
                asked["list"] += 1
                return super().list_workflows(input)

            async def count_workflows(self, input: CountWorkflowsInput) -> WorkflowExecutionCount:  # noqa: A002  # as above
                asked["count"] += 1
                return await super().count_workflows(input)

            async def describe_workflow(self, input: DescribeWorkflowInput) -> WorkflowExecutionDescription:  # noqa: A002  # as above
                asked["describe"] += 1
                return await super().describe_workflow(input)

            async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002, ANN401  # as above
                asked["query"] += 1
                return await super().query_workflow(input)

        return Outbound(next)


async def begin(
    engine: Client,
    ref: str,
    severity: str,
    phase: str | None,
    owner: str,
    due: int | None,
    missed: bool,  # noqa: FBT001
) -> None:
    shown: dict[SearchAttributeKey[Any], Any] = {
        names.SEVERITY: severity,
        names.ROUTE: "l2-engineering",
        names.CUSTOMER: "acme",
        names.EPISODE: "e1",
        names.PHASE: phase,
        names.TEAM: None if phase is None else "Engineering",
        names.OWNER: owner or None,
        names.NEXT_DUE: None if due is None else NOW + due * HOUR,
        names.BREACHED: missed,
    }
    pairs = [SearchAttributePair(key, value) for key, value in shown.items() if value is not None]
    await engine.start_workflow(
        names.WORKFLOW, id=ref, task_queue="nobody", search_attributes=TypedSearchAttributes(pairs)
    )


async def indexed(engine: Client, expected: dict[str, int]) -> None:
    """Return once the index shows so many of each status; every turn is a question to the engine."""
    for status, number in expected.items():
        while (await engine.count_workflows(f"ExecutionStatus = '{status}'")).count != number:
            pass


@pytest.fixture(scope="module")
async def engine() -> AsyncIterator[Client]:
    async with Engine() as server:
        client = await server.connect()
        for ref, shown in KNOWN.items():
            await begin(client, ref, *shown)
        await client.get_workflow_handle("INC-6").terminate("by an operator")
        await client.start_workflow("Another", id="INC-0", task_queue="nobody")
        await indexed(client, {"Running": len(KNOWN), "Terminated": 1})
        yield client


@pytest.fixture
def client(engine: Client) -> EscalationClient:
    return EscalationClient(engine)


def references(found: Listing) -> list[str]:
    return [row.reference for row in found.rows]


async def test_open_escalations_come_worst_and_most_urgent_first(client: EscalationClient) -> None:
    """Whatever is about to open counts; what has ended, was ended from outside or is something else does not."""
    found = await client.list_(Filter())

    assert references(found) == ["INC-3", "INC-2", "INC-1", "EU-7", "INC-5"]
    assert found.following is None


async def test_a_row_has_all_that_the_index_knows(client: EscalationClient) -> None:
    """And nothing that would need another question."""
    first, *_, last = (await client.list_(Filter())).rows

    assert (first.phase, first.severity, first.owner, first.team) == (
        Phase.IN_TRANSFER, Severity.SEV1, "rosa", "Engineering"
    )  # fmt: skip
    assert (first.route, first.customer, first.episode, first.next_due) == (
        "l2-engineering", "acme", "e1", NOW + 2 * HOUR
    )  # fmt: skip
    assert (last.phase, last.owner, last.team, last.next_due, last.ended) == (None, None, None, None, False)


async def test_ended_ones_come_when_they_are_asked_for(client: EscalationClient) -> None:
    """Behind the open ones; what was stopped from outside is marked."""
    found = await client.list_(Filter(ended_too=True))

    assert references(found) == ["INC-3", "INC-2", "INC-1", "EU-7", "INC-5", "INC-4", "INC-6"]
    assert [(row.ended, row.stopped) for row in found.rows[-3:]] == [(False, False), (True, False), (True, True)]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (Filter(phases=(Phase.BLOCKED, Phase.IN_TRANSFER)), ["INC-3", "INC-2"]),
        (Filter(phases=(Phase.CLOSED,)), ["INC-4"]),
        (Filter(phases=(Phase.ACTIVE, Phase.CLOSED)), ["INC-1", "EU-7", "INC-4"]),
        (Filter(severities=(Severity.SEV2, Severity.SEV4)), ["INC-1", "EU-7", "INC-5"]),
        (Filter(owners=("o'hara",)), ["INC-2"]),
        (Filter(owners=("emil", "rosa")), ["INC-3", "INC-1", "EU-7"]),
        (Filter(teams=("Engineering",), prefix="eu"), ["EU-7"]),
        (Filter(customers=("acme",), routes=("l2-engineering",), breached=True), ["INC-1"]),
        (Filter(overdue_at=NOW), ["INC-1"]),
        (Filter(overdue_at=NOW - HOUR), []),
        (Filter(teams=("Nobody",)), []),
        (Filter(prefix="INC_"), []),
    ],
    ids=[
        "phases",
        "an end",
        "open and ended",
        "severities",
        "an apostrophe",
        "owners",
        "team and beginning",
        "missed",
        "overdue",
        "not overdue",
        "nobody",
        "no wildcard",
    ],
)
async def test_every_condition_holds(client: EscalationClient, which: Filter, expected: list[str]) -> None:
    """And of its values any one."""
    assert references(await client.list_(which)) == expected


async def test_parts_of_a_list_make_up_the_whole(client: EscalationClient) -> None:
    """In the same order, none twice, whatever their size."""
    which = Filter(ended_too=True)
    whole = references(await client.list_(which))
    for limit in (1, 2, 3, len(whole)):
        seen, token = [], None
        while True:
            part = await client.list_(which, Part(limit, token))
            assert len(part.rows) <= limit
            seen += references(part)
            if (token := part.following) is None:
                break
        assert seen == whole


async def test_a_list_asks_as_often_as_there_are_severities(engine: Client) -> None:
    """However many rows there are: nothing is asked about a row."""
    counting = Counting()
    counted = Client(engine.service_client, data_converter=engine.data_converter, interceptors=[counting])

    await EscalationClient(counted).list_(Filter())

    assert counting.asked == {"list": len(Severity)}


async def test_a_list_of_too_many_is_refused(engine: Client) -> None:
    """Cutting it off would hide the most urgent ones: the index is in no order."""
    assert len((await read(engine, Filter(severities=(Severity.SEV1,)), Part(), rows_max=2)).rows) == 2
    with pytest.raises(BadInput, match="more than 1 SEV1 escalations match; narrow it"):
        await read(engine, Filter(), Part(), rows_max=1)
