"""What holds for every room of tests: how many random cases, and who may open a socket."""

import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).parent

ROOMS_WITHOUT_SOCKETS = ("core", "wire")
"""Rooms whose subjects are pure: a socket opened there is a mistake in the subject."""

EXIT_PAUSE_SECONDS = 0.1
"""The engine's SDK crashes an interpreter that exits within milliseconds of a server's shutdown (0.02 was enough)."""

# Cases are derived from the test itself, so that a run can be repeated; machines are slow at times, so no deadline.
settings.register_profile("many", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("few", parent=settings.get_profile("many"), max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "many"))


def room(path: Path) -> str:
    """Name of the room under `tests/` that holds the file; empty for a file of no room."""
    parts = path.relative_to(HERE).parts if path.is_relative_to(HERE) else ()
    return parts[0] if len(parts) > 1 else ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if room(item.path) in ROOMS_WITHOUT_SOCKETS:
            item.add_marker(pytest.mark.disable_socket)


def pytest_unconfigure() -> None:
    if "temporalio" in sys.modules:
        time.sleep(EXIT_PAUSE_SECONDS)
