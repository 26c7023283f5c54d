"""One ledger in a file, and everything around it told what to do."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from activities.notify import Notifier
from activities.reconcile import Reconciler
from escalation.adapters.chat_places import ChatPlaces
from escalation.adapters.inbox import Inbox
from escalation.adapters.migrating import upgrade
from escalation.adapters.pauses import Pauses
from escalation.adapters.rendering import Renderer
from escalation.adapters.sending import Provider
from escalation.adapters.store import open_store
from tests.edge.sending.fakes import Book, FragileLedger, Uptime, WordsKept


@pytest.fixture
def uptime() -> Uptime:
    return Uptime()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    upgrade(url)
    engine = open_store(url, timedelta(seconds=2))
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(store: Engine, uptime: Uptime) -> FragileLedger:
    return FragileLedger(store, uptime=uptime)


@pytest.fixture
def inbox(store: Engine) -> Inbox:
    return Inbox(store)


@pytest.fixture
def pauses(store: Engine) -> Pauses:
    return Pauses(store)


@pytest.fixture
def places(store: Engine) -> ChatPlaces:
    return ChatPlaces(store)


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def texts() -> WordsKept:
    return WordsKept()


@pytest.fixture
def notifier(ledger: FragileLedger, book: Book, texts: WordsKept, pauses: Pauses) -> Callable[[Provider], Notifier]:
    """A notifier whose every channel goes to that provider."""
    renderer = Renderer()

    def made(vendor: Provider) -> Notifier:
        return Notifier(
            ledger=ledger, texts=texts, book=book, renderer=renderer, mail=vendor, phone=vendor, pauses=pauses
        )

    return made


@pytest.fixture
def reconciler(ledger: FragileLedger, inbox: Inbox, book: Book) -> Callable[[Provider], Reconciler]:
    """Likewise for looking up."""
    return lambda vendor: Reconciler(ledger=ledger, inbox=inbox, book=book, mail=vendor, phone=vendor)
