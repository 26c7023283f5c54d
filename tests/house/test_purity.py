"""Time and chance come in as arguments, the core is pure, the look-up only looks up, and tests await conditions."""

import pytest

from tests.house import rules, tree
from tests.house.tree import Module

CORE = "escalation/core"

SLEEPS_ALLOWED = {
    "tests/bench/site.py:pause_before_exit": "as below, for the scripts that are no tests",
    "tests/scenarios/dialogue.py:until": "this is how a condition is awaited: a query has nobody who would call back",
    "tests/conftest.py:pytest_unconfigure": "there is no condition to await: the SDK's threads end unseen",
}
"""`path:function` of a sleep in the tests, and why no condition can be awaited there."""


def sample(text: str) -> Module:
    return Module(f"{CORE}/sample.py", text)


def test_the_core_is_pure() -> None:
    """It imports the pure part of the standard library, never waits, and reads neither clock nor chance."""
    core = [module for module in tree.modules() if module.inside(CORE)]

    assert core
    assert [line for module in core for line in rules.impure_imports(module)] == []
    assert [line for module in core for line in rules.waits(module)] == []
    assert [line for module in core for line in rules.clock_or_chance(module)] == []


def test_workflows_read_neither_clock_nor_chance() -> None:
    """A workflow that did would decide otherwise when it is replayed; the engine's own `workflow.now()` replays."""
    workflows = [module for module in tree.modules() if module.inside("workflows")]

    assert workflows
    assert [line for module in workflows for line in rules.clock_or_chance(module)] == []


def test_decide_only_looks_up() -> None:
    """No condition in it looks at a phase: that is a row of its table."""
    found = [module for module in tree.modules() if module.path == f"{CORE}/decide.py"]

    assert [module.path for module in found] == [f"{CORE}/decide.py"]
    assert rules.branches_on_phase(found[0]) == []


def test_no_test_sleeps_where_a_condition_can_be_awaited() -> None:
    """Every exception has its reason, and stands in code that exists."""
    modules = [module for module in tree.modules() if module.is_test]

    assert [line for module in modules for line in rules.sleeps(module, SLEEPS_ALLOWED)] == []
    assert {key.split(":")[0] for key in SLEEPS_ALLOWED} <= {module.path for module in modules}


@pytest.mark.parametrize(
    "text",
    [
        "import pydantic",
        "from temporalio import workflow",
        "import escalation.wire",
        "from . import chain",
        "import os",
        "def rule():\n    import zoneinfo",
    ],
)
def test_the_rule_finds_an_impure_import(text: str) -> None:
    """Third parties, other rooms, relative ones, and the impure part of the standard library, at any depth."""
    assert len(rules.impure_imports(sample(text))) == 1


@pytest.mark.parametrize(
    "text", ["import hashlib", "from escalation.core import clock", "from escalation.core.clock import Clock"]
)
def test_the_rule_passes_a_pure_import(text: str) -> None:
    """The core itself, and whatever only computes."""
    assert rules.impure_imports(sample(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "import random",
        "from time import monotonic",
        "now = datetime.now(UTC)",
        "now = datetime.datetime.utcnow()",
        "day = date.today()",
        "key = uuid.uuid4()",
        "key = uuid4()",
    ],
)
def test_the_rule_finds_clock_and_chance(text: str) -> None:
    """However they are spelt."""
    assert len(rules.clock_or_chance(sample(text))) == 1


@pytest.mark.parametrize("text", ["now = workflow.now()", "key = workflow.uuid4()", "key = uuid.uuid5(space, name)"])
def test_the_rule_passes_what_replays(text: str) -> None:
    """The engine's clock, and keys that are computed."""
    assert rules.clock_or_chance(sample(text)) == []


@pytest.mark.parametrize("text", ["async def rule(): ...", "async def rule():\n    await other()"])
def test_the_rule_finds_a_wait(text: str) -> None:
    """A core that could wait could be late."""
    assert rules.waits(sample(text))


@pytest.mark.parametrize(
    "text",
    [
        "if state.phase is Phase.CLOSED: close()",
        "rule = a if state.phase == 'closed' else b",
        "match state.phase:\n    case Phase.CLOSED: close()",
        "rules = [r for r in rules if r.phase is phase]",
        "while phase: step()",
        "if not (late and Phase.CLOSED is state.phase): close()",
        "if state.phase in (Phase.CLOSED, Phase.RESOLVED): close()",
    ],
)
def test_the_rule_finds_a_branch_on_the_phase(text: str) -> None:
    """In every form of a condition."""
    assert len(rules.branches_on_phase(sample(text))) == 1


@pytest.mark.parametrize(
    "text", ["rule = TABLE.get((state.phase, command.kind))", "if rule is None: refuse(state.phase)"]
)
def test_the_rule_passes_a_look_up(text: str) -> None:
    """The phase is a key, and a fact of a refusal."""
    assert rules.branches_on_phase(sample(text)) == []


def test_the_rule_finds_a_sleep_outside_of_the_function_that_may() -> None:
    """The exception is one function's, not its module's."""
    text = "import time\ndef may():\n    time.sleep(1)\nasync def may_not():\n    await asyncio.sleep(0)\n"

    found = rules.sleeps(sample(text), {f"{CORE}/sample.py:may": "a reason"})

    assert [line.split(": ")[0] for line in found] == [f"{CORE}/sample.py:5"]
