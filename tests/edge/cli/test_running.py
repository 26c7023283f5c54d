"""The verbs for operators."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from escalation.cli.failing import extra, spoken
from escalation.wire.requests import BadInput
from tests.edge.cli.terminal import Terminal

DEFAULT = str(files("escalation") / "policies" / "default.yaml")


def test_a_good_agreement_is_said_to_be_good(terminal: Terminal) -> None:
    """With its name and version; in JSON as well."""
    said = terminal("policy", "check", DEFAULT)

    assert said.exit == 0
    assert f"{DEFAULT}: policy default " in said.out
    assert json.loads(terminal("policy", "check", DEFAULT, "--json").out)["good"] is True


def test_every_fault_of_an_agreement_is_a_line(terminal: Terminal, tmp_path: Path) -> None:
    """With the file, the path and the line; exit 1."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: default\nverzion: '1'\n")

    said = terminal("policy", "check", str(bad))

    assert (said.exit, said.err) == (1, "")
    assert f"{bad}: verzion (line 2): there is no such field here" in said.out
    assert json.loads(terminal("policy", "check", str(bad), "--json").out)["faults"] != []


def test_an_agreement_that_is_not_there_is_bad_input(terminal: Terminal, tmp_path: Path) -> None:
    """Exit 2: nothing was checked."""
    said = terminal("policy", "check", str(tmp_path / "none.yaml"))

    assert (said.exit, "cannot be read (No such file or directory)" in said.err) == (2, True)


def test_both_databases_are_upgraded(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice does no harm."""
    monkeypatch.setenv("ESCALATION_DATA_DIR", str(tmp_path))

    assert [terminal("db", "upgrade").out for _ in range(2)] == ["ledger: up to date\naudit: up to date\n"] * 2
    assert {"ledger.db", "audit.db"} <= {path.name for path in tmp_path.iterdir()}


def test_a_wrong_setting_is_one_line(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the variable; exit 2."""
    monkeypatch.setenv("ESCALATION_PUBLIC_URL", "ftp://door.example")

    said = terminal("db", "upgrade")

    assert (said.exit, said.err.count("\n")) == (2, 1)
    assert "ESCALATION_PUBLIC_URL" in said.err


def test_a_missing_part_says_how_to_get_it() -> None:
    """A base install runs the rest."""
    with (
        pytest.raises(BadInput, match=r"this needs 'fastapi', .*pip install 'escalation-pipeline\[gateway\]'"),
        extra("gateway"),
    ):
        raise ModuleNotFoundError("No module named 'fastapi'", name="fastapi")


def test_a_missing_module_of_ours_is_a_fault_of_ours() -> None:
    """Nothing that an install would cure."""
    with pytest.raises(ModuleNotFoundError), extra("gateway"):
        raise ModuleNotFoundError("No module named 'escalation.nothing'", name="escalation.nothing")


def test_a_missing_audit_log_is_a_failure_in_one_line(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the file."""
    monkeypatch.setenv("ESCALATION_DATA_DIR", str(tmp_path))
    from escalation.cli.doors import audit_log  # noqa: PLC0415  # with these settings

    with pytest.raises(Exception, match="there is no audit log at") as missing:
        audit_log()

    assert spoken(missing.value)[1] == 1
