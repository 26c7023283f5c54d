"""A wrong change of each kind, made in a copy of the checkout, is caught by its guard. The copy itself passes."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.histories.recorded import LIVES, name_of
from tests.house.tree import ROOT

COPIED = ("escalation", "workflows", "tests/histories")
NO_SOURCE = shutil.ignore_patterns("__pycache__", "*.pyc")
LIFE = (LIVES / "approvals" / "a_managers_no_ends_it.xz").relative_to(ROOT)


@dataclass(frozen=True)
class Wrong:
    """A text that stands once in a file, what somebody makes of it, the guard, and what it must say."""

    path: str
    was: str
    becomes: str
    guard: str
    said: str


WRONG = {
    "timer": Wrong(
        "workflows/escalation.py", "max(due - workflow.now(),", "max(2 * (due - workflow.now()),", "transcripts",
        "transcripts: main_line: + ",
    ),
    "recipient": Wrong(
        "escalation/core/draft.py", "self.notify(self.case.customer,", "self.notify(self.people.owner,", "transcripts",
        "customer_opening to agent by email",
    ),
    "timeout": Wrong(
        "workflows/options.py", 'RECORD: Options = {\n    "start_to_close_timeout": timedelta(seconds=10)',
        'RECORD: Options = {\n    "start_to_close_timeout": timedelta(seconds=1)', "transcripts", "attempt 1s",
    ),
    "terms": Wrong(
        "workflows/options.py", "SEND_ATTEMPTS = 3", "SEND_ATTEMPTS = 4", "commands", "no longer: SEND_",
    ),
    "field": Wrong(
        "escalation/wire/messages.py", "    nobody_told: bool\n", "", "schemas",
        "schemas: breaks what is running: View.nobody_told is gone",
    ),
    "command": Wrong(
        "workflows/escalation.py", "        workflow.set_current_details(",
        "        self._go(workflow.sleep(1))\n        workflow.set_current_details(", "commands",
        "commands: commands: not in the lock: escalation.py EscalationWorkflow._publish: workflow.sleep(1)",
    ),
    "command, replayed": Wrong(
        "workflows/escalation.py", "        workflow.set_current_details(",
        "        self._go(workflow.sleep(1))\n        workflow.set_current_details(", "transcripts",
        "Nondeterminism",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the guards look at, taken as the truth: so whatever is found in a copy of it is the change."""
    folder = tmp_path_factory.mktemp("original")
    for part in COPIED:
        shutil.copytree(ROOT / part, folder / part, ignore=NO_SOURCE)
    # With it the copy is a package of its own; without, an installed checkout's `tests` would be found first.
    shutil.copy(ROOT / "tests" / "__init__.py", folder / "tests")
    for kept in (folder / "tests" / "histories").iterdir():
        # One history is enough, and quicker; what the checkout has locked is another test's business.
        if kept.suffix in {".gz", ".txt", ".json"} and kept.name != "main_line.json.gz":
            kept.unlink()
    shutil.rmtree(folder / LIVES.relative_to(ROOT))
    (folder / LIFE).parent.mkdir(parents=True)
    shutil.copy(ROOT / LIFE, folder / LIFE)
    assert guards(folder, "--write").returncode == 0
    return folder


@pytest.fixture
def checkout(original: Path, tmp_path: Path) -> Path:
    """A copy to make a change in."""
    shutil.copytree(original, tmp_path, ignore=NO_SOURCE, dirs_exist_ok=True)
    return tmp_path


def guards(checkout: Path, *named: str) -> subprocess.CompletedProcess[str]:
    """The command, in that checkout."""
    return ran_in(checkout, "tests.histories.guards", *named)


def ran_in(checkout: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A module as a command, in that checkout: its modules come first on the path."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_copy_without_a_change_passes(checkout: Path) -> None:
    """It is found to be what was taken as the truth."""
    ran, replayed = guards(checkout), ran_in(checkout, "tests.histories.scenarios", str(LIFE))

    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout + ran.stderr
    assert (replayed.returncode, replayed.stderr) == (0, "")


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_change_is_caught(wrong: Wrong, checkout: Path) -> None:
    """It says what is different, and what to do."""
    changed = checkout / wrong.path
    text = changed.read_text()
    assert text.count(wrong.was) == 1, "the change that this test makes is no change any more: adapt it"
    changed.write_text(text.replace(wrong.was, wrong.becomes))

    ran = guards(checkout, wrong.guard)

    assert ran.returncode == 1, ran.stderr
    assert wrong.said in ran.stdout
    assert ("Nondeterminism" in ran.stdout) is (wrong.said == "Nondeterminism"), "only more commands stop a replay"
    assert "docs/how-to/change-a-workflow.md" in ran.stdout


def test_a_scenarios_life_stops_at_a_command_more(checkout: Path) -> None:
    """It says which life, and what to do."""
    wrong = WRONG["command, replayed"]
    changed = checkout / wrong.path
    changed.write_text(changed.read_text().replace(wrong.was, wrong.becomes))

    ran = ran_in(checkout, "tests.histories.scenarios", str(LIFE))

    assert ran.returncode == 1, ran.stdout
    first, *_, last = ran.stderr.splitlines()
    assert first.startswith(f"{name_of(LIFE)}: CASE-")
    assert "Nondeterminism" in first
    assert "docs/how-to/change-a-workflow.md" in last


def test_what_is_taken_as_the_truth_passes(checkout: Path) -> None:
    """`--write` ends the complaint; the transcript then shows both what was recorded and what is issued today."""
    options = checkout / "workflows" / "options.py"
    options.write_text(options.read_text().replace("SEND_ATTEMPTS = 3", "SEND_ATTEMPTS = 4"))
    assert guards(checkout, "--write").returncode == 0

    assert guards(checkout).returncode == 0
    told = (checkout / "tests" / "histories" / "main_line.transcript.txt").read_text().splitlines()
    assert [line for line in told if line.startswith("- ") and "3 times" in line]
    assert [line for line in told if line.startswith("+ ") and "4 times" in line]


def test_a_break_is_not_taken_as_the_truth(checkout: Path) -> None:
    """Whoever means it deletes the lock file, which a review sees."""
    messages, lock = checkout / WRONG["field"].path, checkout / "tests" / "histories" / "schemas.lock.json"
    messages.write_text(messages.read_text().replace(WRONG["field"].was, ""))
    ran = guards(checkout, "--write", "schemas")

    assert (ran.returncode, "View.nobody_told is gone" in ran.stderr) == (1, True)
    lock.unlink()
    assert guards(checkout, "--write", "schemas").returncode == 0
    assert guards(checkout, "schemas").returncode == 0


def test_a_guard_that_there_is_not_is_named(checkout: Path) -> None:
    """One line."""
    ran = guards(checkout, "timers")

    assert (ran.returncode, ran.stderr) == (1, "guards: 'timers' is none of transcripts, commands, schemas\n")
