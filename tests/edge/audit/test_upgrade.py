"""The audit log's schema is made once, however many processes start at the same moment."""

import sqlite3
import subprocess
import sys
from pathlib import Path

STARTERS = 4
PROGRAM = "import sys; from escalation.adapters.migrating import upgrade; upgrade(sys.argv[1], 'audit')"


def test_processes_that_start_together_make_one_schema(tmp_path: Path) -> None:
    """One works, the others wait for it, and all of them succeed."""
    path = tmp_path / "new" / "audit.db"
    starters = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, f"sqlite:///{path}"], stderr=subprocess.PIPE)
        for _ in range(STARTERS)
    ]

    assert [(starter.communicate()[1], starter.returncode) for starter in starters] == [(b"", 0)] * STARTERS
    connection = sqlite3.connect(path)
    try:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name").fetchall()
        versions = connection.execute("SELECT version_num FROM audit_version").fetchall()
    finally:
        connection.close()
    assert triggers == [("entries_no_delete",), ("entries_no_replace",), ("entries_no_update",)]
    assert len(versions) == 1
