"""The terminal of every test here."""

import pytest

from tests.edge.cli.terminal import Terminal


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()
