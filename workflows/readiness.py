"""The weekly look at who is there: one act, asked for by a schedule of the engine."""

from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from escalation.wire.names import READINESS_WORKFLOW
    from escalation.wire.readiness import ReadinessOrder, ReadinessTold
    from workflows import ports

LOOK = timedelta(minutes=2)  # ten thousand people are looked at within one
TRIES_MAX = 5  # a letter that was not taken is offered again; the next week brings another one


@workflow.defn(name=READINESS_WORKFLOW)
class ReadinessWorkflow:
    """Ends as soon as somebody has been written to, or nobody could be."""

    @workflow.run
    async def run(self, order: ReadinessOrder) -> ReadinessTold:
        """Look, and tell."""
        return await workflow.execute_activity(
            ports.tell_readiness,
            replace(order, at=workflow.now()),
            start_to_close_timeout=LOOK,
            retry_policy=RetryPolicy(maximum_attempts=TRIES_MAX),
        )
