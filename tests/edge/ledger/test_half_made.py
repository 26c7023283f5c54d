"""An upgrade that is cut short leaves nothing: the next one begins where it began."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from escalation.adapters.migrating import upgrade


def test_an_upgrade_that_fails_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    """SQLite, too: tables made before the failure are gone, and once its cause is gone the upgrade goes through."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE texts (in_the_way INTEGER)"))

    with pytest.raises(OperationalError, match="already exists"):
        upgrade(url)
    assert inspect(engine).get_table_names() == ["texts"]

    with engine.begin() as connection:
        connection.execute(text("DROP TABLE texts"))
    upgrade(url)
    assert {"codes", "dispatches", "receipts", "texts"} <= set(inspect(engine).get_table_names())
    engine.dispose()
