"""Who may import whom: every contract is kept, and every contract has been seen to fail."""

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house import tree
from tests.house.tree import ROOT

PACKAGES = ("activities", "escalation", "workflows")


@dataclass(frozen=True)
class Violation:
    """A line that, added at the end of a file (made if missing), breaks the contract and nothing else is needed."""

    contract: str
    path: str
    line: str


VIOLATIONS = [
    Violation("application", "workflows/violation.py", "import activities"),
    Violation("application", "escalation/core/violation.py", "import workflows"),
    Violation("rooms", "escalation/core/violation.py", "import escalation.wire"),
    Violation("rooms", "escalation/adapters/violation.py", "import escalation.standins"),
    Violation("rooms", "escalation/a_room_of_its_own.py", ""),
    Violation("core", "escalation/core/violation.py", "import pydantic"),
    Violation("core", "escalation/core/violation.py", "import temporalio.workflow"),
    Violation("ports", "activities/violation.py", "import workflows.escalation"),
    Violation("durable", "workflows/violation.py", "import escalation.adapters"),
    Violation("replayable", "workflows/violation.py", "import sqlalchemy"),
    Violation("client", "escalation/client/door.py", "import twilio.rest"),
    Violation("vendors", "activities/violation.py", "import sendgrid"),
    Violation("root", "escalation/wire/violation.py", "import worker"),
]


def contracts() -> dict[str, str]:
    """Names by id, as `pyproject.toml` has them."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        table = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract["name"] for contract in table}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the modules that the contracts are about; a violation may be written into it."""
    for module in tree.modules():
        if module.inside(*PACKAGES):
            copy = tmp_path / module.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(module.text, "utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(checkout: Path) -> subprocess.CompletedProcess[str]:
    # The working directory comes first on the path, so that the copy is checked and not the checkout.
    command = "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--no-logo"],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"COLUMNS": "250", "PATH": "/usr/bin:/bin"},
    )


def test_every_contract_is_kept(checkout: Path) -> None:
    """The copy passes as it is, so that a violation alone explains a failure."""
    checked = lint_imports(checkout)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_contract_has_a_violation() -> None:
    """A contract that nobody has seen to fail may have been misspelt."""
    assert {violation.contract for violation in VIOLATIONS} == set(contracts())


@pytest.mark.parametrize(
    "violation", VIOLATIONS, ids=lambda violation: f"{violation.contract}: {violation.line or violation.path}"
)
def test_a_contract_names_its_violation(violation: Violation, checkout: Path) -> None:
    """One line breaks it, and the report names the contract and the file."""
    with (checkout / violation.path).open("a", encoding="utf-8") as file:
        file.write(f"\n{violation.line}\n")

    checked = lint_imports(checkout)

    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert f"{contracts()[violation.contract]} BROKEN" in checked.stdout
    assert Path(violation.path).stem in checked.stdout
