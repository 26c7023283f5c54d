"""Pages name the tests that hold what they say: every row has some, every one of them exists, no row is forgotten."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from tests.house.tree import ROOT

DOCS = ROOT / "docs"
_ROW = re.compile(r"^\| ([A-Z]?\d+) \|(.*)\|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@dataclass(frozen=True)
class Page:
    """A page of `docs`, its rows in order, and those that say why they need no test."""

    file: str
    rows: tuple[str, ...]
    excused: frozenset[str] = frozenset()

    def text(self) -> str:
        """What it says."""
        return (DOCS / self.file).read_text("utf-8")


def numbered(*ranges: range) -> tuple[str, ...]:
    """Rows that are called by their number."""
    return tuple(str(number) for numbers in ranges for number in numbers)


CLOCKS = Page(
    "clock-tests.md", (*(f"T{number}" for number in range(1, 23)), *(f"D{number}" for number in range(1, 10)))
)
REQUIREMENTS = Page(
    "requirements.md", numbered(range(1, 34), range(54, 56), range(58, 63), range(74, 79))
)  # fmt: skip
DELIVERY = Page(
    "delivery-tests.md",
    (*numbered(range(1, 21), range(27, 38), range(45, 51), range(56, 64)), *(f"K{number}" for number in range(10))),
    excused=frozenset({"17"}),
)
TOLD = Page(
    "who-is-told-tests.md",
    (
        *("4", "5", "6", "9", "10", "11", "12", "13", "18", "21", "25", "26"),
        *numbered(range(36, 41), range(51, 52)),
        *(f"W{number}" for number in range(1, 11)),
    ),
)
PAGES = (CLOCKS, REQUIREMENTS, DELIVERY, TOLD)


def named(page: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each row with the tests that it names: file and function."""
    for row, text in _ROW.findall(page):
        yield row, _TEST.findall(text)


def missing(page: str, excused: frozenset[str] = frozenset()) -> list[str]:
    """One line for each test that does not exist, and for each row that names none and says no reason."""
    found = [f"{row} names no test" for row, tests in named(page) if not tests and row not in excused]
    for row, tests in named(page):
        found += [f"{row}: there is no {path}::{name}" for path, name in tests if name not in _functions(path)]
    return found


@cache
def _functions(path: str) -> frozenset[str]:
    file = ROOT / path
    tree = ast.parse(file.read_text("utf-8")) if file.is_file() else ast.Module([], [])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.file)
def test_every_test_of_a_page_exists(page: Page) -> None:
    """Renaming one is not forgotten there."""
    assert missing(page.text(), page.excused) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.file)
def test_every_row_is_there_once_and_in_order(page: Page) -> None:
    """Twenty-two ways in which clocks go wrong and nine questions; what is asked of intake, by number."""
    assert [row for row, _ in named(page.text())] == list(page.rows)


def test_every_page_that_names_tests_is_one_of_these() -> None:
    """In a table, so that its rows are checked."""
    naming = {file.name for file in DOCS.glob("*.md") if any(tests for _, tests in named(file.read_text("utf-8")))}

    assert naming == {page.file for page in PAGES}


def test_every_numbered_test_is_on_the_page() -> None:
    """A test that carries the number of a row about clocks is named in that row."""
    listed = {(row.lower(), name) for row, tests in named(CLOCKS.text()) for _, name in tests}
    carrying = {
        (name.split("_")[1], name)
        for file in (ROOT / "tests" / "core").glob("test_*.py")
        for name in _functions(file.relative_to(ROOT).as_posix())
        if re.match(r"test_[td]\d+_", name)
    }

    assert carrying - listed == set()


@pytest.mark.parametrize(
    "row",
    [
        "| T1 | words | `tests/core/test_hours.py::test_that_is_not_there` |",
        "| 7 | words | `tests/core/test_nowhere.py::test_it` |",
        "| K1 | words | |",
    ],
)
def test_the_rule_finds_a_row_that_proves_nothing(row: str) -> None:
    """A test that was renamed, a file that was moved, a row without a test."""
    assert len(missing(row)) == 1


def test_a_row_that_says_why_needs_no_test() -> None:
    """But what it names must exist all the same."""
    assert missing("| 9 | no pager is ours to test | |", frozenset({"9"})) == []
    assert len(missing("| 9 | no | `tests/core/test_hours.py::test_gone` |", frozenset({"9"}))) == 1
