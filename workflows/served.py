"""Every workflow that a worker serves, and how it runs them."""

from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from escalation.core.policy import Policy
from escalation.wire.messages import Instruction, LateFact, Start
from escalation.wire.payloads import prepare
from workflows import ports
from workflows.bundle import BundleWorkflow
from workflows.escalation import EscalationWorkflow
from workflows.in_step import InStep
from workflows.readiness import ReadinessWorkflow

WORKFLOWS = (EscalationWorkflow, ReadinessWorkflow, BundleWorkflow)


def runner() -> WorkflowRunner:
    """One for each worker. The types that take long to get to know are known by then."""
    prepare(Start, Policy, ports.Admitted, Instruction, LateFact)
    return InStep(SandboxedWorkflowRunner())
