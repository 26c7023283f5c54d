"""Small enough to read at one sitting: functions, modules, and the two files that must not grow."""

import pytest

from tests.house import rules, tree
from tests.house.tree import Module


def function_of(lines: int) -> Module:
    return Module("escalation/core/sample.py", "def sample():\n" + "    call()\n" * (lines - 1))


def test_no_function_is_longer_than_sixty_lines() -> None:
    """Everywhere, tests included."""
    assert [line for module in tree.modules() for line in rules.long_functions(module)] == []


@pytest.mark.parametrize("tests", [False, True], ids=["shipped", "tests"])
def test_nearly_every_function_fits_on_a_screen(tests: bool) -> None:  # noqa: FBT001 - a parameter of the test, not an option
    """Of the code that is shipped, and of the tests, 95 of 100 functions have at most 40 lines."""
    lengths = [
        lines for module in tree.modules() if module.is_test is tests for _, lines in rules.function_lengths(module)
    ]

    assert rules.percentile_95(lengths) <= rules.FUNCTION_LINES_P95_MAX


def test_no_module_is_longer_than_its_limit() -> None:
    """400 lines; 500 for a module of tests, whose rows are its content."""
    found = []
    for module in tree.modules():
        lines_max = rules.TEST_MODULE_LINES_MAX if module.is_test else rules.MODULE_LINES_MAX
        found += rules.long_module(module, lines_max)

    assert found == []


def test_the_composition_root_stays_small() -> None:
    """Who composes does not decide."""
    found = [
        rules.long_module(module, rules.WORKER_LINES_MAX) for module in tree.modules() if module.path == "worker.py"
    ]

    assert found == [[]]


def test_the_look_up_never_grows() -> None:
    """`decide.py` may get rows, and no more logic."""
    path = "escalation/core/decide.py"
    lines = [rules.lines_beside_tables(module) for module in tree.modules() if module.path == path]

    assert len(lines) == 1
    assert lines[0] <= rules.DECIDE_LINES_BESIDE_TABLES_MAX


def test_rows_of_a_table_are_not_counted() -> None:
    """Only dicts at the top level are tables."""
    text = "RULES: dict[str, str] = {\n    'a': 'b',\n}\n\n\ndef decide():\n    rows = {\n        1: 2,\n    }\n"

    assert rules.lines_beside_tables(Module("escalation/core/decide.py", text)) == 6


@pytest.mark.parametrize(("lines", "violations"), [(60, 0), (61, 1)])
def test_the_rule_on_functions_fails_just_above_its_limit(lines: int, violations: int) -> None:
    """At the limit it passes."""
    assert len(rules.long_functions(function_of(lines))) == violations


@pytest.mark.parametrize(("lines", "violations"), [(400, 0), (401, 1)])
def test_the_rule_on_modules_fails_just_above_its_limit(lines: int, violations: int) -> None:
    """At the limit it passes."""
    module = Module("escalation/sample.py", "call()\n" * lines)

    assert len(rules.long_module(module, rules.MODULE_LINES_MAX)) == violations


@pytest.mark.parametrize(("short", "long", "percentile"), [(95, 5, 1), (94, 6, 50), (0, 1, 50), (0, 0, 0)])
def test_the_percentile_is_what_95_of_100_keep(short: int, long: int, percentile: int) -> None:
    """Five long functions in a hundred are borne, the sixth is not."""
    assert rules.percentile_95([1] * short + [50] * long) == percentile
