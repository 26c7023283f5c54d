"""The door of every test here."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from escalation.adapters.directory import Directory
from escalation.adapters.ledger import Ledger
from escalation.adapters.migrating import upgrade
from escalation.adapters.settings import read_settings
from escalation.adapters.store import open_store
from escalation.gateway.app import create_app
from escalation.gateway.told import Told
from tests.edge.gateway.door import DIRECTORY, NOW, PUBLIC, Door, RememberingClient


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    settings = read_settings(data_dir=tmp_path, public_url=PUBLIC)
    upgrade(settings.ledger_url)
    store = open_store(settings.ledger_url, timedelta(seconds=2))
    ledger, client = Ledger(store), RememberingClient()
    app = create_app(
        settings,
        ledger=ledger,
        told=Told(store),
        directory=Directory.from_file(DIRECTORY),
        client=client,
        now=lambda: NOW,
    )
    with TestClient(app) as http:
        yield Door(http, client, ledger, store)
    store.dispose()
