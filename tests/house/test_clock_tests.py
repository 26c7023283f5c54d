"""The page about clocks names tests: every row has some, every one of them exists, and no row is forgotten."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.tree import ROOT

PAGE = ROOT / "docs" / "clock-tests.md"
ROWS = [f"T{number}" for number in range(1, 23)] + [f"D{number}" for number in range(1, 10)]
_ROW = re.compile(r"^\| ([TD]\d+) \|(.*)\|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def named(page: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each row with the tests that it names: file and function."""
    for row, text in _ROW.findall(page):
        yield row, _TEST.findall(text)


def missing(page: str) -> list[str]:
    """One line for each test that does not exist, and for each row that names none."""
    found = [f"{row} names no test" for row, tests in named(page) if not tests]
    for row, tests in named(page):
        found += [f"{row}: there is no {path}::{name}" for path, name in tests if name not in _functions(path)]
    return found


def _functions(path: str) -> set[str]:
    file = ROOT / path
    tree = ast.parse(file.read_text("utf-8")) if file.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_of_the_page_exists() -> None:
    """Renaming one is not forgotten here."""
    assert missing(PAGE.read_text("utf-8")) == []


def test_every_row_is_there_once_and_in_order() -> None:
    """Twenty-two ways in which clocks go wrong, nine questions."""
    assert [row for row, _ in named(PAGE.read_text("utf-8"))] == ROWS


def test_every_numbered_test_is_on_the_page() -> None:
    """A test that carries a row's number is named in that row."""
    listed = {(row.lower(), name) for row, tests in named(PAGE.read_text("utf-8")) for _, name in tests}
    numbered = {
        (name.split("_")[1], name)
        for file in (ROOT / "tests" / "core").glob("test_*.py")
        for name in _functions(file.relative_to(ROOT).as_posix())
        if re.match(r"test_[td]\d+_", name)
    }

    assert numbered - listed == set()


@pytest.mark.parametrize(
    "row",
    [
        "| T1 | words | `tests/core/test_hours.py::test_that_is_not_there` |",
        "| T1 | words | `tests/core/test_nowhere.py::test_it` |",
        "| T1 | words | |",
    ],
)
def test_the_rule_finds_a_row_that_proves_nothing(row: str) -> None:
    """A test that was renamed, a file that was moved, a row without a test."""
    assert len(missing(row)) == 1
