"""The `record` activity: what may be tried again is, what may not is an alarm."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.record import Recorder
from escalation.adapters.audit_store import AuditDown, AuditStore
from escalation.adapters.migrating import upgrade
from workflows import ports

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WALL = datetime(2026, 11, 23, 9, 0, 7, tzinfo=UTC)


def page(body: str, digest: str | None = None) -> ports.Page:
    """The first entry of a log."""
    return ports.Page("ESC-1", "one", 1, NOW, "0" * 64, digest or hashlib.sha256(body.encode()).hexdigest(), body)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AuditStore]:
    url = f"sqlite:///{tmp_path / 'audit.db'}"
    upgrade(url, "audit")
    opened = AuditStore(url)
    yield opened
    opened.close()


def test_an_entry_is_kept_once_with_the_stores_own_time(store: AuditStore) -> None:
    """The deed has the name that the workflow calls, and may be done twice."""
    recorder = Recorder(store, wall=lambda: WALL)
    for _ in range(2):
        ActivityEnvironment().run(recorder.record, page("text"))

    assert [(kept.body, kept.at, kept.recorded_at) for kept in store.entries("ESC-1")] == [("text", NOW, WALL)]
    names = [activity._Definition.must_from_callable(deed).name for deed in (recorder.record, ports.record)]  # noqa: SLF001  # no public way
    assert names == ["record", "record"]


@pytest.mark.parametrize(
    ("bad", "kind"), [(page("other"), "AuditConflict"), (page("text", digest="0" * 64), "AuditRefused")]
)
def test_what_another_attempt_cannot_cure_is_not_tried_again(store: AuditStore, bad: ports.Page, kind: str) -> None:
    """It reaches people under its own name."""
    recorder = Recorder(store)
    recorder.record(page("text"))

    with pytest.raises(ApplicationError) as caught:
        ActivityEnvironment().run(recorder.record, bad)
    assert (caught.value.type, caught.value.non_retryable) == (kind, True)


def test_a_store_that_is_down_is_tried_again(tmp_path: Path) -> None:
    """A database without its tables: somebody is still setting up."""
    (tmp_path / "audit.db").touch()
    store = AuditStore(f"sqlite:///{tmp_path / 'audit.db'}")
    with pytest.raises(AuditDown):
        Recorder(store).record(page("text"))
    store.close()
