"""Every scenario that opens an escalation has a recorded life, and today's code goes on with each of them."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from tests.histories import scenarios
from tests.histories.recorded import FOLDER, lives, name_of, plain, read, read_all, write_life
from tests.histories.scenarios import NO_ENGINE, ROOM, WITHOUT, Scenario

LIVES = lives()
GOLDEN = FOLDER / "main_line.json.gz"
BYTES_MAX = 2_500_000
"""Of all files: every recording is kept by git for good."""
RAISE = Scenario("tests/scenarios/test_moves.py::test_a_raise", "moves/a_raise", engine=True)
UP = Scenario("tests/scenarios/test_up.py::test_up", "up/up", engine=True)


@pytest.mark.parametrize("life", LIVES, ids=name_of)
async def test_todays_code_goes_on_with_the_life_of_a_scenario(life: Path) -> None:
    """All of its runs, ended or not, ask for the same commands in the same order."""
    assert await scenarios.faults([life]) == [], scenarios.PAGE


def test_every_scenario_that_opens_an_escalation_has_a_recorded_life() -> None:
    """And no life is left over. The scenarios are collected in another interpreter; none is played."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.histories.scenarios", "--list"],
        cwd=scenarios.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    assert len(ran.stdout.splitlines()) > len(LIVES) > 0


def test_all_lives_together_stay_small() -> None:
    """In one file each, compressed."""
    assert sum(life.stat().st_size for life in LIVES) <= BYTES_MAX


RECORD = f"record: python -m tests.histories.scenarios --record {ROOM}"


@pytest.mark.parametrize(
    ("there", "kept", "said"),
    [
        ([RAISE], ["moves/a_raise"], None),
        ([RAISE], [], f"no recorded history: {RAISE.test}; {RECORD}/test_moves.py"),
        ([RAISE, UP], [], f"no recorded history: {RAISE.test} and 1 more; {RECORD}/test_moves.py {ROOM}/test_up.py"),
        ([], ["moves/a_raise"], "of no scenario that opens an escalation: lives/moves/a_raise.xz; delete"),
        (
            [replace(RAISE, test="a[raise]"), RAISE],
            ["moves/a_raise"],
            "one file for several: a[raise] and 1 more; name them otherwise",
        ),
        ([replace(RAISE, engine=False)], [], None),
    ],
    ids=["complete", "one missing", "two missing", "left over", "one name for two", "plays without an engine"],
)
def test_a_scenario_without_a_life_and_a_life_without_a_scenario_are_noticed(
    there: list[Scenario], kept: list[str], said: str | None
) -> None:
    """One line, which ends in what to do."""
    assert scenarios.gaps(there, kept) == ([] if said is None else [said])


def test_a_scenario_says_why_it_has_no_life() -> None:
    """All its cases for the same reason; one that opens an escalation has none to give."""
    (room_and_name, why), *_ = WITHOUT.items()
    room, _, name = room_and_name.partition("/")
    case = Scenario(f"tests/scenarios/test_{room}.py::test_{name}[a case]", f"{room_and_name}_a_case", engine=True)

    assert (case.without, RAISE.without) == (why, None)
    assert replace(RAISE, engine=False).without == NO_ENGINE


async def test_a_life_that_went_otherwise_is_noticed(tmp_path: Path) -> None:
    """Of several runs in a file the one with another act is named, and only that."""
    same, altered = read(GOLDEN), read(FOLDER / "handed_around.json.gz")
    first = next(event for event in altered.events if event.HasField("activity_task_scheduled_event_attributes"))
    first.activity_task_scheduled_event_attributes.activity_type.name = "another"
    life = tmp_path / "moves" / "altered.xz"
    write_life(life, [same, altered])

    (fault,) = await scenarios.faults([life])

    assert fault.startswith("moves/altered: CASE-")
    assert "Nondeterminism" in fault


def test_a_life_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """The same bytes for the same histories, and every event; of the machine and its folders nothing is kept."""
    history = read(GOLDEN)
    life, again = tmp_path / "a" / "life.xz", tmp_path / "b" / "life.xz"
    write_life(life, [history, history])
    found = read_all(life)
    write_life(again, found)

    assert [(each.workflow_id, each.events) for each in found] == [("CASE-1", history.events)] * 2
    assert life.read_bytes() == again.read_bytes()


def test_a_life_names_neither_the_machine_nor_its_folders() -> None:
    """Who worked on it and where its code lies is nobody's business, and no replay's."""
    failed = '{"failure": {"message": "it broke", "stackTrace": "File \\"/a/b.py\\""}, "identity": "7@ann"}'
    told = f'{{"events": [{{"eventId": "1", "activityTaskFailedEventAttributes": {failed}}}]}}'
    words = plain(WorkflowHistory.from_json("CASE-1", told))

    assert ("it broke" in words, "recorder" in words) == (True, True)
    assert ("b.py" in words, "ann" in words) == (False, False)
