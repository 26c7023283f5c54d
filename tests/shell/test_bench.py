"""The bench runs and prints; what it measures is judged by people, on a quiet machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.engine
@pytest.mark.xdist_group("bench")
def test_the_bench_runs_and_compares_equal_work() -> None:
    """A few seconds of everything: every figure is there, and the twin did the same sends and notes as ours."""
    command = (sys.executable, "-m", "tests.bench", "--short", "--json")

    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    measured = json.loads(ran.stdout)

    assert [(row["of"], row["sealed"]) for row in measured["decisions"]] == [
        ("mixed", False),
        ("mixed", True),
        ("every hour", False),
        ("office hours", False),
    ]
    assert all(row["per_second"] > 0 for row in measured["decisions"])
    assert [row["same_work"] for row in measured["lifecycles"]] == [True, True, True]
    assert all(row["events"] > 0 and row["per_second"] > 0 for row in measured["lifecycles"])
