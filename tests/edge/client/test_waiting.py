"""How long whoever asks or waits does so while the engine, or every worker, is away."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from escalation.client import EscalationClient, NotFound, Patience
from escalation.core.vocabulary import Phase
from escalation.wire.asking import LINGERS
from escalation.wire.messages import Answer, Ending

ENDING = Ending("T-1", "1", Phase.CLOSED, 7, "digest", None, ())
ANSWER = Answer("T-1", "1", 7, Phase.ACTIVE, None, {})
QUICK = replace(Patience(), longest_pause=timedelta(milliseconds=1))


@dataclass
class Engine:
    """An engine that fails with each of these before it answers."""

    fails: list[RPCStatusCode] = field(default_factory=list)
    waited: list[timedelta] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)

    def get_workflow_handle(self, *_: Any, **__: Any) -> "Engine":  # noqa: ANN401  # the SDK's own
        return self

    async def query(self, _: str, *, rpc_timeout: timedelta, **__: Any) -> list[str]:  # noqa: ANN401
        self.waited.append(rpc_timeout)
        if self.fails:
            raise RPCError("timeout expired", self.fails.pop(0), b"")
        return ["1 open"]

    async def execute_update(self, _: str, __: object, *, id: str, **___: Any) -> Answer:  # noqa: A002, ANN401
        self.updates.append(id)
        if self.fails:
            cause = ApplicationError("it wasn't processed by worker", type="UnprocessedUpdate", non_retryable=True)
            self.fails.pop(0)
            raise WorkflowUpdateFailedError(cause)
        return ANSWER

    async def result(self) -> Ending:
        if self.fails:
            raise RPCError("transport error", self.fails.pop(0), b"")
        return ENDING


def client(*fails: RPCStatusCode) -> EscalationClient:
    return EscalationClient(cast("Client", Engine(list(fails))), patience=QUICK)


async def test_an_engine_that_starts_anew_is_waited_for() -> None:
    """A connection that breaks says nothing of the escalation."""
    assert await client(RPCStatusCode.UNKNOWN, RPCStatusCode.UNAVAILABLE).wait("T-1") == ENDING


async def test_what_is_not_there_is_not_waited_for() -> None:
    """Nothing mends that."""
    with pytest.raises(NotFound):
        await client(RPCStatusCode.UNAVAILABLE, RPCStatusCode.NOT_FOUND).wait("T-1")


async def test_a_question_does_not_wait_at_the_engine_for_long() -> None:
    """It is asked anew instead: no worker that comes later finds an old question beside the task of a dead one."""
    engine = Engine([RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED])

    assert await EscalationClient(cast("Client", engine), patience=QUICK).timeline("T-1") == ["1 open"]
    assert engine.waited == [LINGERS] * 3


async def test_a_command_that_no_task_has_brought_is_said_again() -> None:
    """Under the same key: the engine refused it because the worker that was to take it died first."""
    engine = Engine([RPCStatusCode.UNAVAILABLE] * 2)

    answer = await EscalationClient(cast("Client", engine), patience=QUICK).acknowledge("T-1", by="amira", key="k-1")

    assert answer == ANSWER
    assert len(engine.updates) == 3
    assert len(set(engine.updates)) == 1


async def test_whoever_has_less_time_does_not_wait_longer() -> None:
    """The caller's own patience is the bound."""
    engine, hasty = Engine(), replace(QUICK, look=LINGERS / 2)

    await EscalationClient(cast("Client", engine), patience=hasty).timeline("T-1")

    assert engine.waited == [LINGERS / 2]
