"""Which attempt of an act this is, and how it asks for another one."""

from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

ATTEMPTS_DEFAULT = 3
"""How many attempts an act has when the engine does not say."""


def attempt() -> int:
    """The number of this attempt, from 1."""
    return activity.info().attempt


def is_last() -> bool:
    """Whether the engine will make no further attempt, so that the act must answer now. 0 attempts means no end."""
    policy = activity.info().retry_policy
    attempts_max = ATTEMPTS_DEFAULT if policy is None else policy.maximum_attempts
    return 0 < attempts_max <= activity.info().attempt


def elapsed() -> timedelta:
    """How long ago this act was asked for when this attempt of it was, both by the engine's own time."""
    of_this = activity.info()
    return max(of_this.current_attempt_scheduled_time - of_this.scheduled_time, timedelta(0))


def again(kind: str, code: str, delay: timedelta | None = None) -> ApplicationError:
    """The error that asks the engine for another attempt. It names a class and a code, never a person's words."""
    return ApplicationError(code, type=kind, next_retry_delay=delay)
