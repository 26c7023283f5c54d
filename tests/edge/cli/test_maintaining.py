"""`escalate maintenance` and `escalate snooze`: what is silent, until when and why; instants as people type them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from escalation.cli.instants import coming_instant
from escalation.core.commands import Snooze
from escalation.core.vocabulary import Phase, Severity
from escalation.wire.listing import Listing, Row
from escalation.wire.requests import BadInput
from tests.edge.cli.terminal import KNOWN, NOW, VIEW, Said, Terminal
from tests.house.tree import ROOT

# NOW is Sunday, 1 March 2026, 13:30 in Berlin, where the viewer is.
FILE = """\
zone: Europe/Berlin
windows:
  db-move:
    since: "2026-03-01 12:00"
    until: "2026-03-01 18:00"
    reason: The database moves
    by: dana
    routes: [l2-engineering, nowhere]
    customers: [acme]
  rack:
    since: "2026-03-02 12:00"
    until: "2026-03-02 18:00"
    reason: The rack moves
    by: emeka
    everything: true
  done:
    since: "2026-02-20 12:00"
    until: "2026-02-20 18:00"
    reason: It moved
    by: dana
    segments: [gold]
"""
PAGE = """\
db-move  in force, ends in 4h30m
from       2026-03-01 12:00 CET (11:00Z)
until      2026-03-01 18:00 CET (17:00Z)
about      routes l2-engineering, nowhere; customers acme
by         dana: The database moves
rack  coming, begins in 22h30m
from       2026-03-02 12:00 CET (11:00Z)
until      2026-03-02 18:00 CET (17:00Z)
about      everything
by         emeka: The rack moves
"""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The worker's own, as the settings name it."""
    path = tmp_path / "maintenance.yaml"
    path.write_text(FILE)
    monkeypatch.setenv("ESCALATION_MAINTENANCE_FILE", str(path))
    return path


def maintenance(terminal: Terminal, *arguments: str) -> Said:
    return terminal("maintenance", *arguments)


def test_the_windows_in_force_and_to_come_are_listed(terminal: Terminal) -> None:
    """What about, until when, by whom and why; no colour where nobody looks."""
    said = maintenance(terminal, "list")

    assert (said.exit, said.err, said.out) == (0, "", PAGE)


def test_those_that_are_over_are_listed_when_asked_for(terminal: Terminal) -> None:
    """And as of any instant."""
    assert maintenance(terminal, "list", "--all").out.startswith("done  over, ended 8 days ago\n")
    late = maintenance(terminal, "list", "--at", "2026-03-03T12:00Z")
    assert late.out == "no maintenance is in force or to come\n"


def test_windows_in_json_have_every_field(terminal: Terminal) -> None:
    """Instants in ISO 8601, and how each stands."""
    found = json.loads(maintenance(terminal, "list", "--json", "--all").out)["windows"]

    assert [(window["name"], window["stands"]) for window in found] == [
        ("done", "over"), ("db-move", "in force"), ("rack", "coming"),
    ]  # fmt: skip
    assert (found[1]["since"], found[1]["by"]) == ("2026-03-01T11:00:00Z", "dana")


def test_a_good_file_is_said_to_be_good_with_names_that_no_agreement_knows(terminal: Terminal) -> None:
    """A window about a route that is not there would hold nothing back."""
    said = maintenance(terminal, "check")
    assert said.exit == 0
    assert "warning: db-move: no agreement has a route 'nowhere'\n" in said.out
    assert "warning: done: no agreement has a segment 'gold'\n" in said.out
    assert said.out.endswith("3 windows, all of them good\n")
    told = json.loads(maintenance(terminal, "check", "--json").out)
    assert told["good"]
    assert "db-move: no agreement has a route 'nowhere'" in told["warnings"]


def test_the_example_is_good_and_about_what_is_there(terminal: Terminal) -> None:
    """No name in it is unknown."""
    said = maintenance(terminal, "check", "--file", str(ROOT / "examples" / "maintenance.yaml"))
    assert (said.exit, said.out) == (0, "2 windows, all of them good\n")


def test_a_faulty_file_fails_the_check_with_every_fault(terminal: Terminal, file: Path) -> None:
    """Exit 1, a line each; a list of it is refused."""
    file.write_text("windows: {a: {since: now, until: now, reason: r, by: d}}")
    said = maintenance(terminal, "check")
    assert (said.exit, len(said.out.splitlines())) == (1, 2)
    assert said.out.startswith("windows.a.since (line 1): 'now' is no time; write such as")
    told = json.loads(maintenance(terminal, "check", "--json").out)
    assert (told["good"], len(told["faults"])) == (False, 2)
    listed = maintenance(terminal, "list")
    assert (listed.exit, listed.out) == (2, "")
    assert "escalate maintenance check" in listed.err


def test_a_file_that_is_not_there_is_one_line(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by nobody, or by a wrong name."""
    gone = maintenance(terminal, "list", "--file", str(tmp_path / "gone.yaml"))
    assert (gone.exit, gone.out) == (2, "")
    assert "cannot be read (No such file or directory); name a file that can" in gone.err
    monkeypatch.delenv("ESCALATION_MAINTENANCE_FILE")
    unnamed = maintenance(terminal, "check")
    assert unnamed.exit == 2
    assert "set ESCALATION_MAINTENANCE_FILE, or give --file" in unnamed.err


# --- snoozes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ("2h", NOW + timedelta(hours=2)),
        (" 90m ", NOW + timedelta(minutes=90)),
        ("17:00", datetime(2026, 3, 1, 16, tzinfo=UTC)),
        ("2026-03-02T08:00+01:00", datetime(2026, 3, 2, 7, tzinfo=UTC)),
    ],
)
def test_the_end_of_a_snooze_is_written_as_people_say_it(terminal: Terminal, typed: str, until: datetime) -> None:
    """So long from now, a time of today, or an instant with a zone."""
    said = terminal("snooze", KNOWN, "--until", typed, "--reason", "on a train", "--key", "k1")

    assert said.exit == 0
    assert terminal.client.sent == [(KNOWN, Snooze("amira", until, "on a train"), "k1", None)]


@pytest.mark.parametrize("typed", ["tomorrow", "2026-03-02T08:00", "", "2"])
def test_an_end_that_is_no_instant_is_one_line(terminal: Terminal, typed: str) -> None:
    """What is wrong, and how to write it; nothing is sent."""
    said = terminal("snooze", KNOWN, "--until", typed, "--reason", "x")

    assert (said.exit, said.out, terminal.client.sent) == (2, "", [])
    assert "write 17:00 (today, here) or 2h" in said.err


def test_a_length_that_leads_out_of_every_calendar_is_one_line() -> None:
    """Nothing overflows."""
    with pytest.raises(BadInput):
        coming_instant("until", "999999999h", NOW, UTC)


def test_what_is_left_alone_is_shown_on_its_page_and_in_the_list(terminal: Terminal) -> None:
    """Until when, by whom, and why."""
    until = NOW + timedelta(hours=2)
    terminal.client.shown = replace(
        VIEW, left_alone_until=until, left_alone_by="rosa", left_alone_why="snooze: on a train"
    )
    row = "left alone until 2026-03-01 15:30 CET (14:30Z), in 2h, by rosa; snooze: on a train"
    assert row in terminal("show", KNOWN).out
    terminal.client.found = Listing(
        (
            Row(
                KNOWN, "e1", Phase.ACTIVE, Severity.SEV2, "r", "T", "acme", "rosa", None, breached=True, ended=False,
                left_alone_until=until,
            ),
        )
    )  # fmt: skip
    assert "active, left alone, missed" in terminal("list").out
    assert json.loads(terminal("list", "--json").out)["escalations"][0]["left_alone_until"] == "2026-03-01T14:30:00Z"
