"""The commands of the workflow are under lock: whoever changes them has thought of the escalations that run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.histories import fingerprint
from tests.histories.guards import ADVICE

NOW = fingerprint.current()


def test_the_workflow_issues_the_commands_that_are_locked() -> None:
    """Where, which, with what, and under which terms."""
    assert fingerprint.faults() == [], ADVICE["commands"]


def test_every_way_to_issue_a_command_is_seen() -> None:
    """By the module's name, by its own, nested, over several lines; other calls are not."""
    source = """
async def outer(self):
    async def inner():
        await workflow.sleep(
            5,
            summary="a pause",
        )
    await asyncio.sleep(1)
    workflow.logger.info("no command")
    self.sleep(2)
    return workflow.patched("new")

class Act:
    def method(self):
        continue_as_new(1)
"""
    assert fingerprint.commands({"a.py": source}) == [
        'a.py outer.inner: workflow.sleep(5, summary="a pause")',
        "a.py outer: asyncio.sleep(1)",
        'a.py outer: workflow.patched("new")',
        "a.py Act.method: continue_as_new(1)",
    ]


@pytest.mark.parametrize(
    ("section", "change", "said"),
    [
        ("commands", lambda lines: lines[1:], "commands: not in the lock: "),
        ("commands", lambda lines: [*lines, lines[-1]], "commands: no longer: "),
        ("commands", lambda lines: lines[::-1], "commands: the same, in another order"),
        ("terms", lambda lines: [line.replace("seconds=5", "seconds=6") for line in lines], "terms: no longer: "),
        ("ports", lambda lines: lines[:0], "ports: not in the lock: "),
    ],
)
def test_a_lock_that_says_otherwise_is_noticed(
    section: str,
    change: Callable[[list[str]], list[str]],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """One more, one less, another order, other terms."""
    other = tmp_path / "commands.lock.json"
    other.write_text(json.dumps({**NOW, section: change(NOW[section])}))
    monkeypatch.setattr(fingerprint, "LOCK", other)

    assert any(line.startswith(said) for line in fingerprint.faults())
