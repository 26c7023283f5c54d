"""The door of every test here."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from escalation.adapters.directory import Directory
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import Ledger
from escalation.adapters.migrating import upgrade
from escalation.adapters.settings import read_settings
from escalation.adapters.store import open_store
from escalation.gateway.app import create_app
from escalation.gateway.told import Told
from tests.edge.gateway.door import DIRECTORY, PUBLIC, REPLIES, Answers, Clock, Door, RememberingClient


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    yield from opened(tmp_path, DIRECTORY)


@pytest.fixture
def german_door(tmp_path: Path) -> Iterator[Door]:
    """Amira reads German, in Berlin."""
    people = tmp_path / "directory.yaml"
    named = "    name: Amira Haddad\n"
    written = DIRECTORY.read_text("utf-8").replace(named, f"{named}    language: de\n    zone: Europe/Berlin\n")
    people.write_text(written, "utf-8")
    yield from opened(tmp_path, people)


def opened(tmp_path: Path, people: Path) -> Iterator[Door]:
    settings = read_settings(data_dir=tmp_path, public_url=PUBLIC, reply_domain=REPLIES)
    upgrade(settings.ledger_url)
    store = open_store(settings.ledger_url, timedelta(seconds=2))
    ledger, client, answers, clock = Ledger(store), RememberingClient(), Answers(), Clock()
    app = create_app(
        settings,
        inbox=Inbox(store),
        told=Told(store),
        directory=Directory.from_file(people),
        client=client,
        answerer=answers,
        now=clock.now,
    )
    with TestClient(app) as http:
        yield Door(http, client, ledger, store, answers, clock)
    store.dispose()
