"""`escalate policy`: what people read and type about agreements."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from escalation.adapters.policy_journal import JOURNAL
from tests.edge.cli.terminal import Said, Terminal
from tests.edge.reports.agreements import TEXT

DIRECTORY = """\
people:
  ann: { name: Ann, email: ann@support.example, phone: "+12025550100", channels: [email, sms, voice] }
  bob: { name: Bob, email: bob@support.example, phone: "+12025550101", channels: [email, sms, voice] }
roles:
  engineering-on-call: { primary: ann, backup: bob }
  support-manager: { primary: ann }
  executive: { primary: ann }
  duty-manager: { primary: bob }
  customer-desk: { primary: bob }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of agreements that the settings name."""
    made = tmp_path / "policies"
    made.mkdir()
    monkeypatch.setenv("ESCALATION_POLICY_DIR", str(made))
    monkeypatch.setenv("ESCALATION_DATA_DIR", str(tmp_path / "var"))
    return made


@pytest.fixture
def write(tmp_path: Path) -> "Write":
    return Write(tmp_path)


class Write:
    """Writes the small agreement with pieces of its text exchanged; gives the file's name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *changes: tuple[str, str], name: str = "plain") -> str:
        text = TEXT
        for old, new in changes:
            text = text.replace(old, new, 1)
        path = self._folder / f"{name}.yaml"
        path.write_text(text)
        return str(path)


# --- check ------------------------------------------------------------------------------------------------------------


def test_findings_are_lines_and_only_errors_fail(terminal: Terminal, write: Write) -> None:
    """Each with its weight, its place, what is so and what to do; exit 1 for an error."""
    mild = terminal("policy", "check", write(("breach_cycles: 3", "breach_cycles: 3\n  mark_on_breach: false")))
    bad = terminal("policy", "check", write(("approvers: [support-manager]", "approvers: [customer-desk]")))

    assert mild.exit == 0
    assert ": note: house.mark_on_breach (line 13): a breach does not mark the ticket; switch it on, if" in mild.out
    assert mild.out.endswith("policy plain 1 is good (1 routes)\n")
    assert bad.exit == 1
    assert ": error: routes.l2-to-engineering.approval.approvers[0] (line " in bad.out
    assert "policy plain 1 can be loaded, and has errors" in bad.out


def test_a_directory_tells_whom_nobody_can_reach(terminal: Terminal, write: Write, tmp_path: Path) -> None:
    """Only when one is named; one that cannot be read is bad input."""
    (tmp_path / "people.yaml").write_text(DIRECTORY)
    said = terminal("policy", "check", write(), "--directory", str(tmp_path / "people.yaml"))

    assert said.exit == 1
    assert said.out.count(": error: ") == 1
    assert "engineering-lead cannot be reached: nobody is known by that name" in said.out
    assert terminal("policy", "check", write(), "--directory", "none.yaml").exit == 2


def test_several_files_are_checked_at_once(terminal: Terminal, write: Write) -> None:
    """One that is bad fails them all; in JSON they are a list."""
    bad = write(("breach_cycles: 3", "breach_cycles: many"), name="bad")
    said = terminal("policy", "check", write(), bad)
    found = json.loads(terminal("policy", "check", write(), bad, "--json").out)

    assert said.exit == 1
    assert f"{bad}: house.breach_cycles (line 12): " in said.out
    assert [each["good"] for each in found] == [True, False]
    assert (found[0]["lints"], len(found[1]["faults"])) == ([], 1)
    assert terminal("policy", "check", *["x.yaml"] * 101).exit == 2


@pytest.mark.parametrize("name", ["default", "demo"])
def test_agreements_that_are_used_without_being_chosen_have_no_error(terminal: Terminal, name: str) -> None:
    assert terminal("policy", "check", str(files("escalation") / "policies" / f"{name}.yaml")).exit == 0


# --- show, diff, agreement --------------------------------------------------------------------------------------------


def test_the_matrix_is_shown_in_tables(terminal: Terminal, write: Write) -> None:
    """For a terminal, as Markdown, and in JSON by column."""
    file = write()
    table = terminal("policy", "show", file)
    text = terminal("policy", "show", file, "--markdown").out
    found = json.loads(terminal("policy", "show", file, "--json").out)

    assert (table.exit, "Escalation matrix" in table.out, "Next Engineering Contact" in table.out) == (0, True, True)
    assert "| Issue Type | Severity | Current Owner | Escalation Time | Next Engineering Contact |" in text
    assert found["tables"][0]["rows"][0]["Next Engineering Contact"] == "Engineering: engineering-on-call"
    assert terminal("policy", "show").out.startswith("Agreement default ")


def test_a_difference_is_a_sentence(terminal: Terminal, write: Write) -> None:
    """Coloured by severity on a terminal; as fields in JSON; nothing is said to be nothing."""
    one, other = write(), write(('"8h", goal: "4h"', '"6h", goal: "3h"'), ('version: "1"', 'version: "2"'), name="new")
    said = terminal("policy", "diff", one, other)
    found = json.loads(terminal("policy", "diff", one, other, "--json").out)

    assert said.out.splitlines() == [
        "plain 1 -> plain 2",
        "agreement version: 1 -> 2",
        "SEV2 resolution: 8h (goal 4h) -> 6h (goal 3h): faster for Engineering",
    ]
    assert found["differences"][1]["meaning"] == "faster for Engineering"
    assert terminal("policy", "diff", one, one).out == "plain 1 and plain 1 promise the same\n"


def test_the_agreement_is_written_to_a_file_or_said(terminal: Terminal, write: Write, tmp_path: Path) -> None:
    """As Markdown or as HTML; a place that cannot be written is bad input."""
    file, out = write(), tmp_path / "agreement.html"
    said = terminal("policy", "agreement", file)
    written = terminal("policy", "agreement", file, "--html", "--out", str(out))

    assert said.out.startswith("# Escalation agreement: plain, version 1\n")
    assert (written.out, out.read_text().startswith("<!doctype html>")) == (f"{out}: agreement plain 1\n", True)
    assert terminal("policy", "agreement", file, "--out", str(tmp_path / "none" / "x")).exit == 2


@pytest.mark.parametrize("verb", [("show",), ("agreement",), ("diff", "default")])
def test_an_agreement_that_is_not_there_is_one_line(terminal: Terminal, verb: tuple[str, ...]) -> None:
    """A name as well as a file."""
    unknown, none = terminal("policy", *verb, "gone"), terminal("policy", *verb, "./gone.yaml")

    assert (unknown.exit, none.exit, len(unknown.err.splitlines()), len(none.err.splitlines())) == (2, 2, 1, 1)
    assert "no policy is called 'gone'; known are default, demo" in unknown.err
    assert "'gone.yaml' cannot be read (No such file or directory)" in none.err


# --- publish, log -----------------------------------------------------------------------------------------------------


def publish(terminal: Terminal, file: str, *more: str) -> Said:
    return terminal("policy", "publish", file, "--by", "maya", "--reason", "new quarter", *more)


def test_a_published_agreement_is_in_force_and_in_the_log(terminal: Terminal, write: Write, folder: Path) -> None:
    """Who, when, why, and what differs from the one before."""
    first = publish(terminal, write())
    second = publish(terminal, write(('version: "1"', 'version: "2"'), ('"8h", goal', '"6h", goal')))
    again = publish(terminal, write(('version: "1"', 'version: "2"'), ('"8h", goal', '"6h", goal')))
    log = terminal("policy", "log")

    assert first.out == "plain 1 is in force for what is opened from now on (entry 1 of its journal)\n"
    assert second.out.splitlines()[1:] == [
        "  agreement version: 1 -> 2",
        "  SEV2 resolution: 8h (goal 4h) -> 6h (goal 4h): faster for Engineering",
    ]
    assert "(entry 2 of its journal" in again.out
    assert (folder / "plain.yaml").read_text().count('version: "2"') == 1
    assert (log.exit, log.out.splitlines()[-1]) == (0, "2 entries, and every one of them holds")
    assert "#1 2026-03-01 13:30 CET (12:30Z)  plain 1, by maya: new quarter (" in log.out
    assert "#2 2026-03-01 13:30 CET (12:30Z)  plain 2, after 1, by maya: new quarter (" in log.out
    assert "     SEV2 resolution: 8h (goal 4h) -> 6h (goal 4h): faster for Engineering" in log.out
    assert terminal("policy", "check", "plain").exit == 0


def test_what_is_wrong_is_not_published(terminal: Terminal, write: Write, folder: Path) -> None:
    """A fault, a version that says something else already, no reason; the good one stays."""
    publish(terminal, write())
    faulty = publish(terminal, write(("breach_cycles: 3", "breach_cycles: many")))
    same = publish(terminal, write(('"8h", goal', '"6h", goal')))
    silent = terminal("policy", "publish", write(), "--by", "maya", "--reason", " ")

    assert [each.exit for each in (faulty, same, silent)] == [2, 2, 2]
    assert "house.breach_cycles (line 12)" in faulty.err
    assert "plain 1 is in force with another text; raise the version" in same.err
    assert "needs a reason" in silent.err
    assert (folder / "plain.yaml").read_text() == TEXT
    assert terminal("policy", "log").out.endswith("1 entries, and every one of them holds\n")


def test_the_log_tells_what_was_never_published(terminal: Terminal, write: Write, folder: Path) -> None:
    """And it can be asked for one agreement."""
    publish(terminal, write())
    (folder / "other.yaml").write_text(TEXT.replace("name: plain", "name: other"))
    found = json.loads(terminal("policy", "log", "--json").out)

    assert (found["holds"], [each["name"] for each in found["entries"]]) == (True, ["plain"])
    assert "was never published" in found["unpublished"]["other"]
    assert "other: version 1 (" in terminal("policy", "log", "other").out
    assert "#1" not in terminal("policy", "log", "other").out


def test_a_log_that_was_altered_fails(terminal: Terminal, write: Write, folder: Path) -> None:
    """Exit 1, with the first entry that does not hold."""
    publish(terminal, write())
    journal = folder / JOURNAL
    journal.write_text(journal.read_text().replace('"number":1', '"number":2'))
    said = terminal("policy", "log")

    assert said.exit == 1
    assert "the journal does not hold: line 1 says that it is number 2; only the 0 entries before it do" in said.out


def test_without_a_folder_there_is_nothing_to_publish_into(terminal: Terminal, write: Write) -> None:
    assert "ESCALATION_POLICY_DIR" in publish(terminal, write()).err
    assert "ESCALATION_POLICY_DIR" in terminal("policy", "log").err
