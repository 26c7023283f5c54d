"""Keeps a run in step with the engine: what has happened is seen in a workflow task, never while a query is answered.

A query that waits for a worker is handed out with all that has happened by then, also with what no workflow task has
brought yet (temporalio 1.35). The SDK then wakes the run at once, by the clock of its last task, and keeps the result:
a timer seems to fire before it is due, the next task sends commands that no replay will ever issue again, and the run
is stuck for good. So such a wake is refused. Whoever asked asks again, and the task wakes the run in time.

One such wake looks like any other: a task that a worker had begun when it died, shown to the next worker by a question
that has waited for both of them. So that there is none, no question waits that long (`escalation.wire.asking.LINGERS`).
"""

from typing import Any

from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

AHEAD = "asked before the engine has told what happened since; ask again"


class InStep(WorkflowRunner):
    """Runs workflows as another runner does, but refuses a wake ahead of its task."""

    def __init__(self, runner: WorkflowRunner) -> None:
        self._runner = runner

    def prepare_workflow(self, defn: Any) -> None:  # noqa: ANN401  # the SDK's own
        """See the SDK."""
        self._runner.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(self, types: Any) -> None:  # noqa: ANN401
        """See the SDK."""
        self._runner.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """See the SDK."""
        return Run(self._runner.create_instance(det))


class Run(WorkflowInstance):
    """One run; everything but `activate` is passed on. The SDK's own types are not public, hence `Any`."""

    def __init__(self, instance: WorkflowInstance) -> None:
        self._instance = instance
        self._task: tuple[int, int] | None = None  # when the last task began, in nanoseconds, and the history's bytes
        self._length = 0  # events by then

    def activate(self, act: Any) -> Any:  # noqa: ANN401
        """Wake the run, or refuse to: the SDK then fails the query, forgets the run, and builds it anew for its task.

        Every task has an instant and a size of its own, so more events at the same instant came with a query alone.
        """
        task = (act.timestamp.ToNanoseconds(), act.history_size_bytes)
        asked = any(job.HasField("query_workflow") for job in act.jobs)
        if task == self._task and act.history_length > self._length and not asked:
            refused = WorkflowActivationCompletion()
            refused.failed.failure.message = AHEAD
            return refused
        if not asked:
            self._task, self._length = task, act.history_length
        return self._instance.activate(act)

    def get_serialization_context(self, command_info: Any) -> Any:  # noqa: ANN401
        """See the SDK."""
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:  # noqa: ANN401
        """See the SDK."""
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Any:  # noqa: ANN401
        """See the SDK."""
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        """See the SDK."""
        return self._instance.get_thread_id()
