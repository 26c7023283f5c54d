"""What a run asks of the engine, wake by wake: as its history holds it, and as today's code would ask for it.

A replay compares types and order only. Here is the rest: durations, queues, timeouts, retries, inputs, answers.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import Payload, RetryPolicy
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

from escalation.wire.payloads import DATA_CONVERTER
from workflows.escalation import EscalationWorkflow

OWN = "own"  # the queue of the workflow itself


@dataclass(frozen=True, slots=True)
class Issued:
    """One command: when the wake began that issued it (UTC), what it is, its terms, what it hands over.

    `kind` is an activity's type, or one of: start timer, cancel timer, attributes, answer, make way, end.
    """

    at: datetime
    kind: str
    terms: dict[str, Any]
    input: Any = None
    summary: str = ""


def in_history(history: WorkflowHistory) -> list[Issued]:
    """Every command that the history holds, in order."""
    started = history.events[0].workflow_execution_started_event_attributes
    wakes: dict[int, datetime] = {}
    found = []
    for event in history.events:
        if event.HasField("workflow_task_started_event_attributes"):
            wakes[event.event_id] = instant(event.event_time)
        elif event.HasField("workflow_task_completed_event_attributes"):
            wakes[event.event_id] = wakes[event.workflow_task_completed_event_attributes.started_event_id]
        else:
            issued = _of_event(event, wakes, started.task_queue.name)
            if issued is not None:
                found.append(issued)
    return found


async def today(history: WorkflowHistory) -> list[Issued]:
    """Every command that today's code issues where the history was recorded. Raises when a replay would."""
    runner = _Listening()
    replayer = Replayer(workflows=[EscalationWorkflow], data_converter=DATA_CONVERTER, workflow_runner=runner)
    await replayer.replay_workflow(history)
    return runner.heard


def instant(stamp: Timestamp) -> datetime:
    """As the workflow reads it: microseconds, UTC."""
    return stamp.ToDatetime(tzinfo=UTC)


# --- Out of a history -------------------------------------------------------------------------------------------------


def _of_event(event: HistoryEvent, wakes: dict[int, datetime], own: str) -> Issued | None:
    summary = _text(event.user_metadata.summary) if event.user_metadata.HasField("summary") else ""
    found = getattr(event, str(event.WhichOneof("attributes")))
    at = wakes.get(getattr(found, "workflow_task_completed_event_id", 0), instant(event.event_time))
    match event.WhichOneof("attributes"):
        case "activity_task_scheduled_event_attributes":
            queue = OWN if found.task_queue.name == own else found.task_queue.name
            return Issued(at, found.activity_type.name, _terms(found, queue), _each(found.input.payloads), summary)
        case "timer_started_event_attributes":
            terms = {"timer": found.timer_id, "for": span(found.start_to_fire_timeout)}
            return Issued(at, "start timer", terms, summary=summary)
        case "timer_canceled_event_attributes":
            return Issued(at, "cancel timer", {"timer": found.timer_id})
        case "upsert_workflow_search_attributes_event_attributes":
            return Issued(at, "attributes", {}, _fields(found.search_attributes.indexed_fields))
        case "workflow_execution_update_completed_event_attributes":
            # The event does not name its task; an answer comes in the wake before it.
            return Issued(max(wakes.values()), "answer", {}, _each(found.outcome.success.payloads))
        case "workflow_execution_completed_event_attributes":
            return Issued(at, "end", {}, _each(found.result.payloads))
        case "workflow_execution_continued_as_new_event_attributes":
            return Issued(at, "make way", {}, _each(found.input.payloads))
        case _:
            return None


# --- Out of today's code ----------------------------------------------------------------------------------------------


class _Listening(WorkflowRunner):
    """Runs workflows as usual and writes down what they issue."""

    def __init__(self) -> None:
        self.heard: list[Issued] = []
        self._runner = UnsandboxedWorkflowRunner()

    def prepare_workflow(self, defn: Any) -> None:  # noqa: ANN401  # the SDK's own
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Heard(self._runner.create_instance(det), self.heard)


class _Heard(WorkflowInstance):
    """One run; everything but `activate` is passed on. The SDK's own types are not public, hence `Any`."""

    def __init__(self, instance: WorkflowInstance, heard: list[Issued]) -> None:
        self._instance = instance
        self._heard = heard

    def activate(self, act: Any) -> Any:  # noqa: ANN401
        completion = self._instance.activate(act)
        at = instant(act.timestamp)
        own = self._instance.get_info().task_queue
        self._heard.extend(_of_commands(completion.successful.commands, at, own))
        return completion

    def get_serialization_context(self, command_info: Any) -> Any:  # noqa: ANN401
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:  # noqa: ANN401
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Any:  # noqa: ANN401
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()


def _of_commands(commands: Any, at: datetime, own: str) -> Iterator[Issued]:  # noqa: ANN401  # protobufs of the SDK
    for command in commands:
        kind = command.WhichOneof("variant")
        found = getattr(command, kind)
        summary = _text(command.user_metadata.summary) if command.user_metadata.HasField("summary") else ""
        match kind:
            case "schedule_activity":
                queue = OWN if found.task_queue == own else found.task_queue
                yield Issued(at, found.activity_type, _terms(found, queue), _each(found.arguments), summary)
            case "start_timer":
                terms = {"timer": str(found.seq), "for": span(found.start_to_fire_timeout)}
                yield Issued(at, "start timer", terms, summary=summary)
            case "cancel_timer":
                yield Issued(at, "cancel timer", {"timer": str(found.seq)})
            case "upsert_workflow_search_attributes":
                yield Issued(at, "attributes", {}, _fields(found.search_attributes.indexed_fields))
            case "update_response":
                if found.WhichOneof("response") == "completed":
                    yield Issued(at, "answer", {}, _each([found.completed]))
            case "complete_workflow_execution":
                yield Issued(at, "end", {}, _each([found.result]))
            case "continue_as_new_workflow_execution":
                yield Issued(at, "make way", {}, _each(found.arguments))
            case _:
                yield Issued(at, str(kind), {})


# --- Both -------------------------------------------------------------------------------------------------------------


def _terms(found: Any, queue: str) -> dict[str, Any]:  # noqa: ANN401  # a command and an event have the same fields
    close, start = span(found.schedule_to_close_timeout), span(found.schedule_to_start_timeout)
    return {
        "queue": queue,
        "attempt": span(found.start_to_close_timeout),
        "in all": close,
        # Where none is asked for, the engine writes down the limit for the whole.
        "to start": timedelta(0) if start == close else start,
        "heartbeat": span(found.heartbeat_timeout),
        "retry": _retry(found.retry_policy),
        "priority": found.priority.priority_key,
        "turn": found.priority.fairness_key,
    }


def _retry(policy: RetryPolicy) -> str:
    first, most = span(policy.initial_interval), span(policy.maximum_interval)
    times = f", {policy.maximum_attempts} times" if policy.maximum_attempts else ""
    never = f", never {' '.join(policy.non_retryable_error_types)}" if policy.non_retryable_error_types else ""
    return f"{first.total_seconds():g}s×{policy.backoff_coefficient:g}≤{most.total_seconds():g}s{times}{never}"


def span(duration: Duration) -> timedelta:
    """How long; nothing where none is given."""
    return duration.ToTimedelta()


def _each(payloads: Any) -> list[Any]:  # noqa: ANN401  # a repeated field of payloads
    return [json.loads(payload.data or b"null") for payload in payloads]


def _fields(found: Any) -> dict[str, Any]:  # noqa: ANN401  # a map of payloads
    return {key: json.loads(found[key].data or b"null") for key in sorted(found)}


def _text(payload: Payload) -> str:
    return str(json.loads(payload.data))
