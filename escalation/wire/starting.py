"""How an escalation is started: the workflow by its name, the reference as its id, never twice at once."""

from typing import Any

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from escalation.wire import names
from escalation.wire.messages import Ending, Start
from escalation.wire.requests import EscalationRequest


def opening(request: EscalationRequest) -> WithStartWorkflowOperation[Any, Any]:
    """Start the escalation, or find the one that runs. Good for one attempt, as the SDK wants it."""
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
    )
    attributes = (
        SearchAttributePair(names.EPISODE, request.episode),
        SearchAttributePair(names.SEVERITY, request.severity.value),
        SearchAttributePair(names.ROUTE, request.route),
        SearchAttributePair(names.CUSTOMER, request.customer),
    )
    return WithStartWorkflowOperation(
        names.WORKFLOW,
        start,
        id=request.reference,
        task_queue=names.TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        memo={names.MEMO_EPISODE: request.episode},
        search_attributes=TypedSearchAttributes(attributes),
        static_summary=f"{request.severity} · {request.route} · {request.ask}",
        result_type=Ending,
    )
