"""The tree holds what the design names, and nothing in it belongs to somebody's machine."""

import os
import re
import stat

import pytest

from tests.house import rules, tree
from tests.house.tree import ROOT, Module

TOP = frozenset(
    {
        ".ci", ".dockerignore", ".editorconfig", ".gitattributes", ".gitignore", "CHANGELOG.md", "Dockerfile",
        "LICENSE", "Makefile", "README.md", "activities", "docker-compose.yml", "docs", "escalation", "examples",
        "pyproject.toml", "requirements", "tests", "worker.py", "workflows",
    }
)  # fmt: skip
ROOMS_OF_TESTS = frozenset({"bench", "browser", "core", "edge", "histories", "house", "scenarios", "shell", "wire"})
CODE = re.compile(r"\.(?:py|toml|sh|ya?ml|sql|html|txt)$|(?:^|/)(?:Makefile|Dockerfile|run)$")


def found_in_texts(pattern: re.Pattern[str], why: str) -> list[str]:
    return [line for text in tree.texts() for line in rules.matching_lines(text, pattern, why)]


def test_the_top_level_holds_only_what_the_design_names() -> None:
    """A new room at the top is a decision, and is written there."""
    assert {name.split("/")[0] for name in tree.files()} - TOP == set()


def test_the_rooms_of_tests_are_known_and_shadow_nothing() -> None:
    """A room named like a package of the application would hide it."""
    rooms = {name.split("/")[1] for name in tree.files() if name.startswith("tests/") and name.count("/") > 1}

    assert rooms - ROOMS_OF_TESTS == set()
    assert ROOMS_OF_TESTS & {"activities", "escalation", "examples", "workflows"} == set()


@pytest.mark.parametrize("package", ["activities", "workflows"])
def test_the_applications_packages_win_over_installed_ones(package: str) -> None:
    """Published libraries own a top-level `workflows`; only a regular package found first hides them."""
    assert (ROOT / package / "__init__.py").is_file()


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    """A checkout works wherever it is put."""
    assert found_in_texts(rules.PLACES, "this place exists on one machine only") == []


def test_no_file_says_where_packages_come_from() -> None:
    """The lock files hold names, versions and hashes; the index is the machine's own choice."""
    assert found_in_texts(rules.REGISTRIES, "the package index is configured on the machine") == []


def test_no_code_is_left_undone() -> None:
    """What is to be done is an issue, not a comment."""
    code = [text for text in tree.texts() if CODE.search(text.path)]

    assert code
    assert [line for text in code for line in rules.matching_lines(text, rules.LEFT_UNDONE, "file an issue")] == []


def test_every_locked_package_has_a_version_and_a_hash() -> None:
    """What is installed is what was tested, to the byte."""
    for name in ("build", "dev", "runtime"):
        entries = re.split(r"\n(?=\S)", (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").strip())
        assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_ci_runs_the_same_command_as_everybody() -> None:
    """The script is executable and ends in `make test`."""
    script = ROOT / ".ci" / "run"

    assert script.stat().st_mode & stat.S_IXUSR
    assert os.access(script, os.X_OK)
    assert script.read_text("utf-8").rstrip().endswith("\nmake test")


@pytest.mark.parametrize(
    ("pattern", "bad"),
    [
        (rules.PLACES, "cd /wor" + "k/main"),
        (rules.PLACES, "see /hom" + "e/ann/notes"),
        (rules.PLACES, "open('../shar" + "ed/cases.json')"),
        (rules.PLACES, "/tm" + "p/build/x"),
        (rules.REGISTRIES, "--inde" + "x-url http://example.test"),
        (rules.REGISTRIES, "--extra-inde" + "x-url http://example.test"),
        (rules.REGISTRIES, "https://pyp" + "i.org/simple/"),
        (rules.REGISTRIES, "https://file" + "s.pythonhosted.org/packages/x"),
        (rules.LEFT_UNDONE, "# TOD" + "O: later"),
        (rules.LEFT_UNDONE, "# FIXM" + "E"),
    ],
)
def test_each_pattern_finds_its_bad_sample(pattern: re.Pattern[str], bad: str) -> None:
    """One violation, with its line."""
    found = rules.matching_lines(Module("docs/sample.md", f"fine\n{bad}\n"), pattern, "why")

    assert [line.split(": ")[0] for line in found] == ["docs/sample.md:2"]


@pytest.mark.parametrize(
    "fine",
    [
        "workflows/escalation.py",
        "/workflows/",
        "activities/work",
        "--no-emit-index-url",
        "shares/",
        "https://x.test/work",
    ],
)
def test_the_patterns_leave_other_text_alone(fine: str) -> None:
    """Words that only look like them."""
    module = Module("docs/sample.md", fine)

    assert [rules.matching_lines(module, pattern, "why") for pattern in (rules.PLACES, rules.REGISTRIES)] == [[], []]
