"""Which attempt of an act this is, and how it asks for another one."""

from datetime import datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

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


def moved_on(at: datetime) -> datetime:
    """That instant, by which an act was asked for, and how long ago that was when it was this attempt's turn.

    By the engine's own time: attempts before, and how long it has waited for a worker.
    """
    of_this = activity.info()
    return at + max(of_this.started_time - of_this.scheduled_time, timedelta(0))


def spare(spent_seconds: float) -> timedelta:
    """How long an act may still begin what nobody waits for: in the first half of its time. The rest is for its end."""
    allowed = activity.info().start_to_close_timeout or timedelta(0)
    return allowed / 2 - timedelta(seconds=spent_seconds)


def again(kind: str, code: str, delay: timedelta | None = None) -> ApplicationError:
    """The error that asks the engine for another attempt. It names a class and a code, never a person's words.

    Whoever raises it has told why in one line. To the SDK it is benign: it would add a traceback to each, and a vendor
    that is away for an hour would fill the log with them.
    """
    return ApplicationError(code, type=kind, next_retry_delay=delay, category=ApplicationErrorCategory.BENIGN)


def unanswered(who: str, about: str) -> ApplicationError:
    """The same where a store or the directory could not be asked about a dispatch, a note or a list."""
    activity.logger.warning("%s: another attempt at %s", who, about)
    return again(who, about)
