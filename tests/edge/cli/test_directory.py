"""`escalate directory` and `escalate oncall check`: who is there, and who has shown that they read."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from escalation.adapters.directory import Directory
from escalation.adapters.directory_journal import DirectoryJournal
from escalation.adapters.migrating import upgrade
from escalation.adapters.settings import read_settings
from escalation.adapters.store import open_store
from escalation.core.vocabulary import Channel
from escalation.standins.server import Standins
from tests.edge.cli.terminal import Terminal

DIRECTORY = """\
people:
  ana: {name: Ana Silva, email: ana@support.example, phone: "+12025550101"}
  ben: {name: Ben Ode, email: ben@support.example}
  dan: {name: Dan Ek}
roles:
  lead: {primary: ana, backup: ben}
"""
EXAMPLE = Path(__file__).parents[3] / "examples" / "directory.yaml"


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The worker's own, as the settings name it."""
    path = tmp_path / "directory.yaml"
    path.write_text(DIRECTORY)
    monkeypatch.setenv("ESCALATION_DIRECTORY_FILE", str(path))
    monkeypatch.setenv("ESCALATION_DATA_DIR", str(tmp_path))
    return path


@pytest.fixture
def standins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standins]:
    with Standins() as standins:
        monkeypatch.setenv("ESCALATION_STANDINS_URL", standins.base_url)
        yield standins


def test_check_says_who_cannot_be_reached_and_who_has_not_verified(terminal: Terminal) -> None:
    """Worst first, a line each; warnings alone are exit 0."""
    said = terminal("directory", "check")
    assert said.exit == 0
    assert said.out.splitlines() == [
        "warning: ana: has not verified email, sms, voice; escalate directory verify ana email",
        "warning: ben: has one address only (email); add another: when it fails nothing is left",
        "warning: ben: has not verified email; escalate directory verify ben email",
        "warning: dan: has no address on an allowed channel; add an address, or allow the channel of one",
        "0 errors, 4 warnings",
    ]


def test_errors_are_exit_1_and_json_says_the_same(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody is told before they have verified, somebody who has not is told nowhere."""
    monkeypatch.setenv("ESCALATION_UNVERIFIED", "skip")
    said = terminal("directory", "check", "--json")
    found = json.loads(said.out)
    assert (said.exit, found["ready"]) == (1, False)
    assert [each["subject"] for each in found["findings"] if each["level"] == "error"] == ["ana", "ben"]


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_a_code_is_sent_and_taken_back(terminal: Terminal, standins: Standins, channel: Channel) -> None:
    """A wrong one is exit 1; the right one verifies that address, and check says so."""
    sent = terminal("directory", "verify", "ana", channel)
    (message,) = standins.outbox()
    assert (sent.exit, message.to) == (0, "ana@support.example" if channel is Channel.EMAIL else "+12025550101")
    code = re.search(r"pipeline is ([0-9]{6})", repr(message))
    assert code is not None
    wrong = "000000" if code[1] != "000000" else "000001"
    assert terminal("directory", "verify", "ana", channel, "--code", wrong).exit == 1
    assert terminal("directory", "verify", "ana", channel, "--code", code[1]).out == f"ana: {channel} is verified\n"
    left = {Channel.EMAIL: "sms, voice", Channel.SMS: "email"}[channel]
    assert f"ana: has not verified {left}" in terminal("directory", "check").out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [(("zoe", "email"), "no person is called 'zoe'"), (("dan", "sms"), "dan has no sms in the directory")],
)
def test_whom_no_code_can_be_sent_to_is_said(terminal: Terminal, arguments: tuple[str, ...], line: str) -> None:
    """One line, exit 2."""
    said = terminal("directory", "verify", *arguments)
    assert (said.exit, said.out) == (2, "")
    assert line in said.err


def test_changes_say_which_directory_was_in_force_when(terminal: Terminal, directory: Path) -> None:
    """As workers saw it; before the first one that is said too."""
    assert terminal("directory", "changes").out == "no worker has seen a directory yet\n"
    settings = read_settings()
    upgrade(settings.ledger_url, "ledger")
    found = Directory.from_file(directory)
    found.tell_changes(DirectoryJournal(open_store(settings.ledger_url, timedelta(seconds=5))).saw)
    assert f"{found.digest()[:12]}  3 people" in terminal("directory", "changes").out
    assert json.loads(terminal("directory", "changes", "--json").out)["changes"][0]["digest"] == found.digest()


def test_oncall_check_looks_at_steps_and_roles(terminal: Terminal) -> None:
    """A small directory does not staff the agreement: each step that tells nobody is an error, exit 1."""
    said = terminal("oncall", "check", "--policy", "default")
    assert said.exit == 1
    assert "error: default chains." in said.out
    whole = terminal("oncall", "check", "--policy", "default", "--directory", str(EXAMPLE))
    assert (whole.exit, whole.out) == (0, "every role and every step has somebody in the next 90 days\n")
    every = json.loads(terminal("oncall", "check", "--directory", str(EXAMPLE), "--json").out)
    assert (every["ready"], every["left_out"]) == (True, ["table-h-procedures"])


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "say one of --install, --now and --remove"),
        (("--install", "--now"), "say one of --install, --now and --remove"),
        (("--install", "--zone", "Nowhere"), "--zone"),
    ],
)
def test_a_digest_is_asked_for_in_one_way(terminal: Terminal, arguments: tuple[str, ...], line: str) -> None:
    """One line, exit 2, and no engine is asked."""
    said = terminal("oncall", "digest", *arguments)
    assert (said.exit, said.out) == (2, "")
    assert line in said.err
