"""Keeping the audit log."""

from collections.abc import Callable
from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from escalation.adapters.audit_store import AuditConflict, AuditRefused, AuditStore
from workflows.ports import Page


def _wall() -> datetime:
    return datetime.now(UTC)


class Recorder:
    """Writes entries. `wall` is the store's own clock: it dates the writing, and decides nothing."""

    def __init__(self, store: AuditStore, wall: Callable[[], datetime] = _wall) -> None:
        self._store = store
        self._wall = wall

    @activity.defn(name="record")
    def record(self, page: Page) -> None:
        """Keep one entry for good; the same one again changes nothing. A store that is down is tried again."""
        try:
            self._store.append(page, self._wall())
        except (AuditConflict, AuditRefused) as error:
            # Another attempt would bring the same entry: only a person can say which of the two is true.
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error
