"""`escalate bundles`: what waits for whom, as the ledger knows it."""

import json
from pathlib import Path

import pytest

from escalation.core.vocabulary import Severity
from tests.edge.cli.terminal import NOW, Terminal
from tests.edge.sending.fakes import Vendor
from tests.edge.storms.desk import Desk, told


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A ledger of this machine in which something waits."""
    monkeypatch.setenv("ESCALATION_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    return Desk(tmp_path, Vendor(), "sms=1/15m")


def test_nothing_waits(terminal: Terminal, ledger: Desk) -> None:
    """One line says so; a program gets an empty list."""
    assert terminal("bundles").out == "nothing waits to be told\n"
    assert json.loads(terminal("bundles", "--json").out) == {"waiting": []}
    assert ledger.bundles.all_waiting() == ()


def test_what_waits_is_said_by_person_and_channel(terminal: Terminal, ledger: Desk) -> None:
    """How much, the gravest, since when; of one person alone where that is asked."""
    for number, severity in ((9, Severity.SEV4), (10, Severity.SEV3), (11, Severity.SEV2)):
        ledger.say(told(number, severity=severity), NOW)
    (line,) = terminal("bundles", "primary").out.splitlines()

    assert line.split()[:9] == ["primary", "by", "sms", "2", "waiting,", "SEV2", "the", "gravest,", "the"]
    assert terminal("bundles", "nobody").out == "nothing waits to be told\n"
    (one,) = json.loads(terminal("bundles", "--json").out)["waiting"]
    assert (one["contact"], one["channel"], one["count"], one["worst"]) == ("primary", "sms", 2, "SEV2")


def test_a_ledger_that_is_not_there_is_one_line(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no traceback."""
    monkeypatch.setenv("ESCALATION_LEDGER_URL", "sqlite:////nowhere/at/all/ledger.db")
    said = terminal("bundles")

    assert (said.exit, said.out) == (1, "")
    assert said.err == "escalate: the ledger cannot be reached (OperationalError); it is tried again\n"
