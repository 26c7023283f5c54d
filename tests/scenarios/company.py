"""A directory that a scenario may change while it plays: who holds which role, and who decides for whom."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from escalation.wire.yaml_reader import read

DIRECTORY = Path(__file__).with_name("directory.yaml")
MANAGERS = "support-managers"
Change = Callable[[dict[str, Any]], None]


def lay(path: Path, *changes: Change) -> Path:
    """Put the scenarios' directory there with these changes, at once as careful editors do."""
    written = read(DIRECTORY.read_bytes()).value
    assert isinstance(written, dict)
    for change in changes:
        change(written)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(written))
    new.replace(path)
    return path


def delegation(giver: str, to: str, *, ended: bool = False) -> Change:
    """Everything of theirs, for two days around now, or until an hour ago."""
    now = datetime.now(UTC)
    until = now - timedelta(hours=1) if ended else now + timedelta(days=1)

    def change(written: dict[str, Any]) -> None:
        entry = {"from": giver, "to": to, "roles": "all", "reason": "on leave"}
        entry |= {"since": (now - timedelta(days=1)).isoformat(), "until": until.isoformat()}
        written.setdefault("delegations", []).append(entry)

    return change


def nobody_left_to_ask(written: dict[str, Any]) -> None:
    """The managers' role is somebody else's from now on."""
    written["roles"][MANAGERS] = {"primary": "planner"}


def managers(count: int) -> Change:
    """So many people more hold the managers' role."""

    def change(written: dict[str, Any]) -> None:
        for number in range(1, count + 1):
            written["people"][f"manager-{number}"] = {"name": f"Manager {number}", "roles": [MANAGERS]}

    return change
