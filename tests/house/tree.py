"""The checkout as the house rules see it: its files, their text and their syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

MADE_BY_TOOLS = frozenset(
    {
        ".coverage", ".git", ".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache",
        ".venv", "__pycache__", "build", "dist", "var",
    }
)  # fmt: skip
"""What is passed over when git is not there to say what belongs to the project (an unpacked archive)."""

SHIPPED = ("activities", "escalation", "examples", "worker.py", "workflows")
"""Everything that runs in production or in the demo; the tests are the rest."""


@dataclass(frozen=True)
class Module:
    """A Python file: where it is (relative to the top, POSIX form) and what it says."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/")

    def inside(self, *rooms: str) -> bool:
        """Whether the file lies in one of the rooms (or is one of them: `worker.py`)."""
        return any(self.path == room or self.path.startswith(f"{room}/") for room in rooms)


def files() -> list[str]:
    """Every file of the project, committed or about to be; never what `.gitignore` names."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout.split("\0")  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        listed = list(_walk(ROOT))
    return sorted(name for name in listed if name and (ROOT / name).is_file())


def _walk(folder: Path) -> Iterator[str]:
    for entry in sorted(folder.iterdir()):
        if entry.name in MADE_BY_TOOLS or entry.name.startswith(".coverage"):
            continue
        if entry.is_dir():
            yield from _walk(entry)
        else:
            yield entry.relative_to(ROOT).as_posix()


def modules() -> list[Module]:
    return [Module(name, (ROOT / name).read_text("utf-8")) for name in files() if name.endswith(".py")]


def shipped() -> list[Module]:
    return [module for module in modules() if module.inside(*SHIPPED)]


def texts() -> list[Module]:
    """Every file that is text, as it is; pictures and archives are passed over."""
    found = []
    for name in files():
        try:
            found.append(Module(name, (ROOT / name).read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    return found
