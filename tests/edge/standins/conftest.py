"""A fresh set of stand-ins for each test, and the real clients on them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from escalation.standins.server import Standins
from tests.edge.standins.vendors import Receiver, receiver, sendgrid_at, twilio_at


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
def standins() -> Iterator[Standins]:
    with Standins() as here:
        here.callbacks(gap=timedelta(0))
        yield here


@pytest.fixture
def sendgrid(standins: Standins) -> Any:  # noqa: ANN401 - the vendor ships no types
    return sendgrid_at(standins)


@pytest.fixture
def twilio(standins: Standins) -> Any:  # noqa: ANN401 - the vendor ships no types
    return twilio_at(standins)


@pytest.fixture
def webhooks() -> Iterator[Receiver]:
    with receiver() as here:
        yield here
