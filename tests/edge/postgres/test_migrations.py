"""Every revision, one after the other, in production's database and in the file of one machine."""

from collections.abc import Callable, Iterator
from itertools import count, pairwise
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, create_engine, inspect, text

from escalation.adapters import audit_store, store
from escalation.adapters.migrating import upgrade
from tests.house.tree import ROOT

METADATA = {"ledger": store.metadata, "audit": audit_store.metadata}
KEPT = (
    "INSERT INTO dispatches (dispatch, reference, contact, channel, message, state, fence, ordered_at, episode, number)"
    " VALUES ('d-1', 'ESC-1', 'ana', 'sms', 'page', 'intent', 1, '2026-01-01T00:00:00.000000Z', 'one', 1)"
)
READ = "SELECT dispatch, contact, state, fence, ordered_at FROM dispatches"


@pytest.fixture(params=["postgresql", "sqlite"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Make an empty database for a tree, and say its address."""
    if request.param == "postgresql":
        made: Callable[[str], str] = request.getfixturevalue("empty")
        return made
    numbers = count(1)
    return lambda tree: f"sqlite:///{tmp_path / tree}-{next(numbers)}.db"


@pytest.fixture
def engine(address: Callable[[str], str], tree: str) -> Iterator[Engine]:
    opened = create_engine(address(tree))
    yield opened
    opened.dispose()


def config(tree: str, connection: Connection | None = None) -> Config:
    """What Alembic is told, as the product tells it."""
    made = Config()
    made.set_main_option("script_location", str(ROOT / "escalation" / "migrations" / tree))
    made.attributes["connection"] = connection
    return made


def revisions(tree: str) -> list[str]:
    """Every revision, the first one first."""
    scripts = ScriptDirectory.from_config(config(tree))
    return [each.revision for each in reversed(list(scripts.walk_revisions()))]


def to(engine: Engine, tree: str, revision: str, *, down: bool = False) -> None:
    """Go there, in one transaction."""
    with engine.begin() as connection:
        move = command.downgrade if down else command.upgrade
        move(config(tree, connection), revision)


def schema(engine: Engine) -> dict[str, set[str]]:
    """Every table but Alembic's own, with its columns and indexes."""
    seen = inspect(engine)
    names = [name for name in seen.get_table_names() if not name.endswith("version")]
    return {
        name: {
            *(f"{column['name']} {column['type']!s} {column['nullable']}" for column in seen.get_columns(name)),
            *(f"index {index['name']}" for index in seen.get_indexes(name)),
        }
        for name in names
    }


def different(engine: Engine, tree: str) -> list[object]:
    """How the database differs from what the program believes of it."""
    table = "audit_version" if tree == "audit" else "alembic_version"
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": table})
        metadata: MetaData = METADATA[tree]
        return list(compare_metadata(context, metadata))


@pytest.mark.parametrize("tree", ["ledger", "audit"])
def test_every_revision_leads_to_the_next_and_back(engine: Engine, tree: str) -> None:
    """Step by step up, down to the first, and up again: the same schemas both times, and the last is the program's.

    The first is not undone: nobody takes an audit log away by going back one revision too far.
    """
    steps, seen = revisions(tree), {}
    for revision in steps:
        to(engine, tree, revision)
        seen[revision] = schema(engine)
    assert different(engine, tree) == []

    for before, revision in reversed(list(pairwise(steps))):
        to(engine, tree, before, down=True)
        assert schema(engine) == seen[before], f"undoing {revision}"
    to(engine, tree, "head")
    assert schema(engine) == seen[steps[-1]]


@pytest.mark.parametrize("tree", ["ledger"])
def test_what_is_on_its_way_survives_every_revision(engine: Engine, tree: str) -> None:
    """An intent of the first schema is still there, as it was, in each that follows."""
    first, *later = revisions(tree)
    to(engine, tree, first)
    with engine.begin() as connection:
        connection.execute(text(KEPT))
        kept = connection.execute(text(READ)).all()
    for revision in later:
        to(engine, tree, revision)
        with engine.connect() as connection:
            assert connection.execute(text(READ)).all() == kept, revision


@pytest.mark.parametrize("tree", ["ledger", "audit"])
def test_the_program_upgrades_from_any_revision(address: Callable[[str], str], tree: str) -> None:
    """As a worker does when it starts, whatever it finds; and once more changes nothing."""
    for revision in ("base", *revisions(tree)):
        where = address(tree)
        opened = create_engine(where)
        if revision != "base":
            to(opened, tree, revision)
        opened.dispose()
        for _ in range(2):
            upgrade(where, tree)
        opened = create_engine(where)
        assert different(opened, tree) == []
        opened.dispose()
