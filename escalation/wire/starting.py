"""How an escalation is started: the workflow by its name, the reference as its id, never twice at once."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from escalation.wire import names
from escalation.wire.messages import Answer, Ending, Knock, Start
from escalation.wire.requests import EscalationRequest

_A_MOMENT = timedelta(milliseconds=100)


async def start_or_find(
    engine: Client, request: EscalationRequest, update: str, vouch: Callable[[Start], str] | None = None
) -> Answer:
    """What the opening says, of the escalation that this starts or finds running. `update` is the question's id.

    `vouch` makes the proof of who opens it.
    """
    operation = _opening(request, vouch)
    try:
        answer: Answer = await engine.execute_update_with_start_workflow(
            names.UPDATE_OPEN,
            Knock(request.episode),
            start_workflow_operation=operation,
            id=update,
            result_type=Answer,
        )
    except BaseException:
        # The SDK leaves the failure in the operation as well, and reports it as lost when nobody looks there.
        with suppress(BaseException):
            async with asyncio.timeout(_A_MOMENT.total_seconds()):
                await operation.workflow_handle()
        raise
    return answer


def _opening(request: EscalationRequest, vouch: Callable[[Start], str] | None) -> WithStartWorkflowOperation[Any, Any]:
    # Good for one attempt: the SDK refuses a second use.
    start = Start(
        reference=request.reference,
        episode=request.episode,
        ticket=request.ticket,
        by=request.by,
        by_machine=request.by_machine,
        route=request.route,
        severity=request.severity,
        ask=request.ask,
        title=request.title,
        description=request.description,
        customer=request.customer,
        deadline=request.deadline,
        policy=request.policy,
        restricted=request.restricted,
        segment=request.segment,
        linked_to=request.linked_to,
        customer_contact=request.customer_contact,
        attachments=request.attachments,
        severity_name=request.severity_name,
        triage=request.triaged,
        case=request.case,
        by_hand=request.by_hand,
    )
    if vouch is not None:
        start = replace(start, proof=vouch(start))
    # What the agreement or triage is yet to say is written by the workflow, as soon as it knows.
    attributes = [
        SearchAttributePair(key, value)
        for key, value in (
            (names.EPISODE, request.episode),
            (names.SEVERITY, request.severity.value if request.severity is not None else ""),
            (names.ROUTE, request.route),
            (names.CUSTOMER, request.customer),
        )
        if value
    ]
    return WithStartWorkflowOperation(
        names.WORKFLOW,
        start,
        id=request.reference,
        task_queue=names.TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        memo={names.MEMO_EPISODE: request.episode},
        search_attributes=TypedSearchAttributes(attributes),
        static_summary=f"{request.severity or request.severity_name or '?'} · {request.route or '?'} · {request.ask}",
        result_type=Ending,
    )
