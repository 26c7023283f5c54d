"""A recorded life for every scenario: which there are, which there must be, and whether today's code goes on with them.

`python -m tests.histories.scenarios` says what is missing, what is left over and what does not replay; exit 1 if
anything. With files (of lives or of stories) it replays those. `--list` tells of every scenario where its life is
kept, or why it has none. `--record` plays all scenarios on the real engine and writes their lives anew; with what
pytest is to select (`tests/scenarios/test_moves.py -k blocked`), only those. When that may be done, and what the commit
must say then, is told in docs/how-to/change-a-workflow.md.
"""

import asyncio
import re
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from escalation.wire.payloads import DATA_CONVERTER
from tests.histories.recorded import FOLDER, LIVES, leave, lives, name_of, read_all
from workflows.escalation import EscalationWorkflow

ROOT = FOLDER.parents[1]
ROOM = "tests/scenarios"
COMMAND = "python -m tests.histories.scenarios"
PAGE = "docs/how-to/change-a-workflow.md"
# Two scenarios at once keep two cores busy. They record themselves after their end, which takes time of its own.
PLAYED = ("-n", "2", "--dist", "loadgroup", "-q", "-o", "timeout=300", "-p", "tests.histories.recording")

NO_ENGINE = "plays without an engine"
"""Why a scenario that is not marked `engine` has no life; so this need not be said of each."""
WITHOUT = {
    "bad_input/a_malformed_request_is_never_sent": "the client refuses it, the engine hears of nothing",
    "bad_input/a_request_without_a_deadline_is_never_sent": "the client refuses it, the engine hears of nothing",
    "bad_input/an_unknown_reference_is_not_found": "asks after what nobody has opened",
    "demo/a_message_past_the_ledger_is_caught": "the demo's first act once more, and a message that no workflow sent",
    "demo/an_interrupted_demo_leaves_nothing_behind": "the beginning of the demo's first act once more",
    "dialogue_away/after_a_night_without_workers_only_the_step_of_now_is_told": "in a world of its own",
    "play/an_engine_that_is_not_entered_says_so": "asks for a client of an engine that does not run",
    "war_room/a_status_is_pinned_every_fifteen_minutes": "plays in virtual time, in a world of its own",
}
"""Scenarios that are marked `engine` and open no escalation of their own, without their cases; and why."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A test of the room, a case by itself. `test` is how pytest is asked for it."""

    test: str
    life: str
    engine: bool

    @classmethod
    def of(cls, item: pytest.Item) -> Self:
        """As it was collected. Its id would not do: with several test processes, a group's name is added to it."""
        room, name = item.path.stem.removeprefix("test_"), _plain(item.name)
        return cls(
            f"{ROOM}/{item.path.name}::{item.name}", f"{room}/{name}", item.get_closest_marker("engine") is not None
        )

    @property
    def without(self) -> str | None:
        """Why it has no life; None where it must have one."""
        if not self.engine:
            return NO_ENGINE
        test, _, _ = self.test.partition("[")
        _, _, name = test.partition("::")
        room, _, _ = self.life.partition("/")
        return WITHOUT.get(f"{room}/{_plain(name)}")

    @property
    def path(self) -> Path:
        """Where its life is kept."""
        return LIVES / f"{self.life}.xz"


def collected() -> list[Scenario]:
    """Every scenario that there is; none is played."""
    found = _Collected()
    options = ("--collect-only", "-p", "no:terminal", "-p", "no:cacheprovider")
    code = pytest.main(
        [*options, "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), str(ROOT / ROOM)], [found]
    )
    if code != pytest.ExitCode.OK:
        raise SystemExit(f"the scenarios cannot be collected; see: python -m pytest --collect-only {ROOM}")
    return found.scenarios


def gaps(scenarios: Iterable[Scenario], kept: Iterable[str]) -> list[str]:
    """What is missing, what has the name of another, what is left over: a line for each kind. `kept` names lives."""
    there = set(kept)
    played = [scenario for scenario in scenarios if not scenario.without]
    counted = Counter(scenario.life for scenario in played)
    missing = [scenario for scenario in played if scenario.life not in there]
    shared = [scenario.test for scenario in played if counted[scenario.life] > 1]
    left = [f"{LIVES.name}/{life}.xz" for life in sorted(there - counted.keys())]
    rooms = sorted({scenario.test.partition("::")[0] for scenario in missing})
    found = {
        "no recorded history": (
            [scenario.test for scenario in missing],
            f"record: {COMMAND} --record {' '.join(rooms)}",
        ),
        "one file for several": (shared, "name them otherwise"),
        "of no scenario that opens an escalation": (left, "delete"),
    }
    return [f"{fault}: {_first(names)}; {advice}" for fault, (names, advice) in found.items() if names]


async def faults(paths: Iterable[Path]) -> list[str]:
    """What today's code would do otherwise than it was recorded, a line for each run that does not replay."""
    replayer = Replayer(workflows=[EscalationWorkflow], data_converter=DATA_CONVERTER)
    names: dict[str, str] = {}

    async def runs() -> AsyncIterator[WorkflowHistory]:
        for path in paths:
            for history in read_all(path):
                names[history.run_id] = f"{name_of(path)}: {history.workflow_id}"
                yield history

    async with replayer.workflow_replay_iterator(runs()) as replayed:
        return [
            f"{names[each.history.run_id]}: {str(each.replay_failure).splitlines()[0]}"
            async for each in replayed
            if each.replay_failure is not None
        ]


def record(selected: list[str]) -> int:
    """Play scenarios, all or those selected, and keep what the engine recorded. Gives pytest's exit code."""
    where = [] if any(word.startswith(ROOM) for word in selected) else [ROOM]
    command = [sys.executable, "-m", "pytest", *PLAYED, *where, *selected]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code == 0 and not selected:
        expected = {scenario.path for scenario in collected() if not scenario.without}
        for path in set(lives()) - expected:
            path.unlink()
    return code


def listed(scenarios: Iterable[Scenario]) -> Iterator[str]:
    """Where each scenario's life is kept, or why it has none."""
    for scenario in scenarios:
        kept = f"{_size(scenario.path)} bytes" if scenario.path.exists() else "missing"
        where = f"none: {scenario.without}" if scenario.without else f"{LIVES.name}/{scenario.life}.xz: {kept}"
        yield f"{scenario.test}: {where}"


def main(arguments: list[str]) -> int:
    """The command. Gives the exit code."""
    match arguments:
        case ["--record", *selected]:
            code = record(selected)
            return code or main([])
        case ["--list"]:
            scenarios = collected()
            sys.stdout.writelines(f"{line}\n" for line in listed(scenarios))
            wrong = gaps(scenarios, map(name_of, lives()))
        case []:
            scenarios = collected()
            wrong = [*gaps(scenarios, map(name_of, lives())), *_stuck(lives())]
            without, size = sum(scenario.without is not None for scenario in scenarios), sum(map(_size, lives()))
            sys.stdout.write(f"{len(lives())} lives, {size} bytes; {without} scenarios have none (--list says why)\n")
        case _:
            wrong = _stuck(map(Path, arguments))
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


def _stuck(paths: Iterable[Path]) -> list[str]:
    found = asyncio.run(faults(paths))
    return [*found, f"running escalations would be stuck; plan the patch ({PAGE})"] if found else []


def _size(path: Path) -> int:
    return path.stat().st_size


def _first(names: list[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


class _Collected:
    """A plugin that keeps what was collected."""

    def __init__(self) -> None:
        self.scenarios: list[Scenario] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.scenarios = [Scenario.of(item) for item in session.items]


def _plain(name: str) -> str:
    """A test's name as a file's name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name.removeprefix("test_")).strip("_")


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
