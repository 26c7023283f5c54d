"""One ledger in a file, and everything around it told what to do."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from activities.notify import Notifier
from activities.reconcile import Reconciler
from escalation.adapters.migrating import upgrade
from escalation.adapters.rendering import Renderer
from escalation.adapters.sending import Provider
from escalation.adapters.store import open_store
from tests.edge.sending.fakes import Book, FragileLedger, Uptime, WordsKept


@pytest.fixture
def uptime() -> Uptime:
    return Uptime()


@pytest.fixture
def ledger(tmp_path: Path, uptime: Uptime) -> Iterator[FragileLedger]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    upgrade(url)
    engine = open_store(url, timedelta(seconds=2))
    yield FragileLedger(engine, uptime=uptime)
    engine.dispose()


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def texts() -> WordsKept:
    return WordsKept()


@pytest.fixture
def notifier(ledger: FragileLedger, book: Book, texts: WordsKept) -> Callable[[Provider], Notifier]:
    """A notifier whose every channel goes to that provider."""
    renderer = Renderer()

    def made(vendor: Provider) -> Notifier:
        return Notifier(ledger=ledger, texts=texts, book=book, renderer=renderer, mail=vendor, phone=vendor)

    return made


@pytest.fixture
def reconciler(ledger: FragileLedger, book: Book) -> Callable[[Provider], Reconciler]:
    """Likewise for looking up."""
    return lambda vendor: Reconciler(ledger=ledger, book=book, mail=vendor, phone=vendor)
