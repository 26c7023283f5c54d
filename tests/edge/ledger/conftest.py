"""A ledger in a file of its own, with a clock that the test moves."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from escalation.adapters.ledger import Ledger
from escalation.adapters.migrating import upgrade
from escalation.adapters.store import open_store
from tests.edge.samples import NOW


class Uptime:
    """Seconds since the machine started, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'var' / 'ledger.db'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    upgrade(url)
    engine = open_store(url, timedelta(seconds=0.3))
    yield engine
    engine.dispose()


@pytest.fixture
def uptime() -> Uptime:
    return Uptime()


@pytest.fixture
def ledger(engine: Engine, uptime: Uptime) -> Ledger:
    return Ledger(engine, freshness=timedelta(seconds=5), uptime=uptime, wall=lambda: NOW)
