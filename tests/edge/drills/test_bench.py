"""The measurement of whole files runs, counts what the rules count, and says what is wrong with a file in one line."""

from pathlib import Path

import pytest

from tests.bench.incidents import main
from tests.edge.drills.samples import SAMPLE


def test_a_file_is_played_on_the_core_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """With a log and without, and both count the same."""
    assert main(["--pure", str(SAMPLE), "--limit", "8", "--fires", "3"]) == 0

    bare, whole = capsys.readouterr().out.splitlines()
    assert bare.startswith("8 incidents, at most 3 fires each, without a log: ")
    assert bare.partition(";")[2] == whole.partition(";")[2]


def test_a_file_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2 and one line."""
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}\n")

    assert main([str(bad)]) == 2
    said = "line 1 is no incident: 'events' is missing; correct it or leave it out"
    assert capsys.readouterr().err == f"incidents: {bad}: {said}\n"
    assert main([str(tmp_path / "none.jsonl")]) == 2
