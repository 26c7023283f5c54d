"""Asking the engine until it answers: what passes is asked again, within a bound; the rest is said in our words."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from escalation.wire.names import NOT_OPEN
from escalation.wire.outcomes import NotDone, NotFound, Unreachable
from escalation.wire.requests import BadInput

PASSING = frozenset(
    {
        RPCStatusCode.ABORTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.FAILED_PRECONDITION,  # a workflow task has failed, or no worker has asked for work lately
        RPCStatusCode.INTERNAL,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.UNKNOWN,
    }
)

LINGERS = timedelta(seconds=2)
"""How long one question waits at the engine for a worker; then it is asked anew. A worker takes longer to start than
that. One that waited while a worker came, began a task and died would show the next worker that lost task as its own.
"""

# The server's own words.
_ENDED_FIRST = "AcceptedUpdateCompletedWorkflow"
_NOT_SEEN = "UnprocessedUpdate"

T = TypeVar("T")


class AgainError(Exception):
    """Something moved while it was asked: ask once more."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an answer is waited for: a look, a command, a start (which may wait for an earlier one to close)."""

    connect: timedelta = timedelta(seconds=10)
    look: timedelta = timedelta(seconds=15)
    command: timedelta = timedelta(seconds=30)
    start: timedelta = timedelta(seconds=90)
    first_pause: timedelta = timedelta(milliseconds=100)
    longest_pause: timedelta = timedelta(seconds=2)


async def persist(once: Callable[[], Awaitable[T]], bound: timedelta, patience: Patience, ref: str) -> T:
    """The answer of `once`, asked again with growing pauses while what hinders it passes.

    Whatever `once` asks must be safe to repeat. Raises `Unreachable` after `bound`, or at once for what does not pass.
    """
    loop = asyncio.get_running_loop()
    end, pause, why = loop.time() + bound.total_seconds(), patience.first_pause, "no answer"
    while (left := end - loop.time()) > 0:
        try:
            async with asyncio.timeout(left):
                return await once()
        except RPCError as error:
            if error.status not in PASSING:
                raise translated(error, ref) from None
            why = error.message
        except WorkflowQueryFailedError as error:
            if str(error).endswith(NOT_OPEN):
                raise NotFound(ref, str(error)) from None
            why = str(error)  # of a worker that was not ready for it, which says nothing of the escalation
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
            # The SDK turns a cancellation into this error: whoever cancelled the caller must not be kept waiting.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from None
        except AgainError:
            why = "it keeps changing"
        await asyncio.sleep(min(pause.total_seconds(), max(end - loop.time(), 0)))
        pause = min(pause * 2, patience.longest_pause)
    raise Unreachable(
        f"{ref}: no answer within {bound.total_seconds():g} s ({why}); it may still arrive: repeat it with the same key"
    )


def translated(error: RPCError, ref: str) -> NotDone:
    """An error of the engine that will not pass, in our words."""
    if error.status is RPCStatusCode.NOT_FOUND:
        return NotFound(ref)
    return Unreachable(f"{ref}: the engine answers {error.status.name}: {error.message}; ask its operator")


def ended_first(error: WorkflowUpdateFailedError) -> bool:
    """Whether the workflow ended before it had answered."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == _ENDED_FIRST


def not_taken(error: WorkflowUpdateFailedError) -> BadInput | AgainError:
    """A validator found it malformed: nothing was recorded. Or a task that was to bring it ended without: ask again.

    The second befalls updates that arrive while workers are killed or started.
    """
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == _NOT_SEEN:
        return AgainError()
    return BadInput(cause.message if isinstance(cause, ApplicationError) else str(cause).splitlines()[0])
