"""Before an escalation: the form of a route is printed, and a filled one is judged without opening anything."""

import json
from pathlib import Path

import pytest

from escalation.wire.document_check import DOCUMENT_BYTES_MAX
from tests.edge.cli.terminal import NOW, Terminal

OWN = """version: "1"
every: []
packages:
  to-night-shift:
    receiver: Night shift
    asks: [fix]
    needs:
      - {part: goal, why: nobody can be asked at night, source: ours}
"""


@pytest.fixture
def filled(terminal: Terminal, tmp_path: Path) -> Path:
    """A document for Engineering that may be sent."""
    file = tmp_path / "export.yaml"
    file.write_text(terminal("template", "l2-to-engineering", "--sample").out, "utf-8")
    return file


def test_the_form_of_a_route_is_printed(terminal: Terminal) -> None:
    """Empty, with help; standard output holds the file and nothing else."""
    said = terminal("template", "any-to-security")

    assert (said.exit, said.err) == (0, "")
    assert said.out.startswith("# Escalation to Security. It takes one ask: investigate, fix, decide.\n")
    assert '\nroute: "any-to-security"\n' in said.out


def test_a_form_may_be_printed_as_json_schema(terminal: Terminal) -> None:
    """For editors and programs: the receiver's needs are in it."""
    schema = json.loads(terminal("template", "any-to-security", "--json").out)

    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"properties": {"route": {"const": "any-to-security"}}} in schema["allOf"]


def test_a_route_without_a_package_is_answered_with_those_that_have_one(terminal: Terminal) -> None:
    """Bad input, in one line."""
    said = terminal("template", "l2-to-nowhere")

    assert (said.exit, said.out) == (2, "")
    assert said.err.startswith("escalate: no package is written for route 'l2-to-nowhere'; name one of l1-to-l2, ")


def test_a_filled_form_is_ready_to_send(terminal: Terminal, filled: Path) -> None:
    """Nothing is opened."""
    said = terminal("check", str(filled))

    assert (said.exit, said.out, said.err) == (0, f"{filled}: ready to send to Engineering\n", "")
    assert terminal.client.started == []


def test_advice_does_not_hold_a_document_back(terminal: Terminal, filled: Path) -> None:
    """It stands below the verdict."""
    filled.write_text(filled.read_text("utf-8").replace("Nobody can export", "Many cannot export"), "utf-8")

    said = terminal("check", str(filled))

    assert said.exit == 0
    first, second = said.out.splitlines()
    assert first.endswith("ready to send to Engineering")
    assert second.startswith(f"{filled}: advice: impact.effect (line ")
    assert second.endswith("'many' is no number; write how many")


def test_everything_missing_or_wrong_has_a_line(terminal: Terminal, filled: Path) -> None:
    """Exit 1: path, line, what, and why the receiver needs it."""
    text = (
        filled.read_text("utf-8").replace("customers: 14", "customers: many").replace('ask: "investigate"', 'ask: ""')
    )
    filled.write_text(text, "utf-8")
    lines = text.splitlines()
    customers, ask = (lines.index(line) + 1 for line in ("    customers: many", '  ask: ""'))

    said = terminal("check", str(filled))

    many = f"{filled}: impact.breadth.customers (line {customers}): 'many' is no number; write how many customers"
    reason = "investigate, fix and decide are different requests with different owners"
    assert (said.exit, said.err) == (1, "")
    assert said.out.splitlines() == [many, f"{filled}: request.ask (line {ask}): this is missing; {reason}"]


def test_the_verdict_in_json_has_path_line_and_sentence(terminal: Terminal, filled: Path) -> None:
    """Good or bad, in the same form."""
    good = json.loads(terminal("check", str(filled), "--json").out)
    filled.write_text('version: "1"\nroute: any-to-security\n', "utf-8")
    said = terminal("check", str(filled), "--json")
    bad = json.loads(said.out)

    assert good == {"file": str(filled), "ready": True, "receiver": "Engineering", "faults": [], "lints": []}
    assert (said.exit, bad["ready"], bad["receiver"]) == (1, False, "Security")
    assert bad["faults"][0] == {
        "path": "title", "line": 1, "what": "this is missing; the receiver sorts the queue by this one line",
    }  # fmt: skip


def test_a_document_may_come_from_standard_input(terminal: Terminal, filled: Path) -> None:
    """As `-`, in JSON, too."""
    said = terminal("check", "-", typed=filled.read_bytes())

    assert (said.exit, said.out) == (0, "-: ready to send to Engineering\n")
    assert terminal("check", "-", typed='{"version": "1", "route": "l1-to-l2", "title": null}').exit == 1


def test_the_deadline_is_held_against_the_clock(terminal: Terminal, filled: Path) -> None:
    """What was in time once may be so no more."""
    deadline = f'deadline: "{NOW.isoformat()}"'
    text = filled.read_text("utf-8")
    filled.write_text(
        "\n".join(f"  {deadline}" if "deadline:" in line else line for line in text.splitlines()), "utf-8"
    )

    said = terminal("check", str(filled))

    assert said.exit == 1
    assert "has passed; write an instant that is to come" in said.out


def test_a_house_may_ask_for_other_things(terminal: Terminal, tmp_path: Path) -> None:
    """With a file of its own, for the form and for the check."""
    own, document = tmp_path / "own.yaml", tmp_path / "document.yaml"
    own.write_text(OWN, "utf-8")
    document.write_text(terminal("template", "to-night-shift", "--packages", str(own)).out, "utf-8")

    said = terminal("check", str(document), "--packages", str(own))

    assert said.exit == 1
    assert said.out.endswith("this is missing; nobody can be asked at night\n")
    assert said.out.count("\n") == 1
    document.write_text(terminal("template", "to-night-shift", "--sample", "--packages", str(own)).out, "utf-8")
    assert terminal("check", str(document), "--packages", str(own)).out.endswith("ready to send to Night shift\n")


@pytest.mark.parametrize("verb", [("check", "gone.yaml"), ("template", "l1-to-l2", "--packages", "gone.yaml")])
def test_a_file_that_cannot_be_read_is_named(terminal: Terminal, tmp_path: Path, verb: tuple[str, ...]) -> None:
    """Bad input, in one line."""
    said = terminal(*(str(tmp_path / part) if part.endswith(".yaml") else part for part in verb))

    assert said.exit == 2
    assert "gone.yaml' cannot be read (No such file or directory); name a file that can" in said.err


def test_a_packages_file_that_is_wrong_is_told_apart_from_a_wrong_document(terminal: Terminal, filled: Path) -> None:
    """It is bad input, not a verdict."""
    own = filled.with_name("own.yaml")
    own.write_text(OWN.replace("goal", "gaol"), "utf-8")

    said = terminal("check", str(filled), "--packages", str(own))

    assert (said.exit, said.out) == (2, "")
    assert "the document has no part 'gaol'" in said.err


def test_no_more_is_read_than_is_needed_to_see_that_it_is_too_much(terminal: Terminal, filled: Path) -> None:
    """One byte beyond the bound."""
    filled.write_bytes(filled.read_bytes() + b"\n" * DOCUMENT_BYTES_MAX)

    said = terminal("check", str(filled))

    assert said.exit == 1
    assert f"the file has {DOCUMENT_BYTES_MAX + 1} bytes, at most {DOCUMENT_BYTES_MAX} are read" in said.out


def test_a_filled_form_opens_an_escalation(terminal: Terminal, filled: Path) -> None:
    """Title, severity, ask, deadline and route are the form's; the story is its page."""
    said = terminal("open", "INC-9", "--by", "amira", "--customer", "acme", "--from", str(filled), "--segment", "vip")

    assert (said.exit, said.out) == (0, "INC-9: in transfer (entry 1 of its log)\n")
    request = terminal.client.started[0]
    assert (request.route, request.customer, request.segment, request.by) == (
        "l2-to-engineering",
        "acme",
        "vip",
        "amira",
    )
    assert request.description.startswith(f"# ESCALATION - {request.title} - Ticket #INC-9")


def test_a_form_that_is_contradicted_opens_nothing(terminal: Terminal, filled: Path) -> None:
    """One of the two would be ignored, and nobody could tell which."""
    said = terminal("open", "INC-9", "--by", "amira", "--customer", "acme", "--from", str(filled), "--severity", "P1")

    assert (said.exit, terminal.client.started) == (2, [])
    assert "the form says severity already" in said.err


def test_a_form_that_is_not_ready_opens_nothing(terminal: Terminal, tmp_path: Path) -> None:
    """Everything that is missing is told, as by `check`."""
    file = tmp_path / "empty.yaml"
    file.write_text(terminal("template", "any-to-security").out, "utf-8")

    said = terminal("open", "INC-9", "--by", "amira", "--customer", "acme", "--from", str(file))

    assert (said.exit, terminal.client.started) == (2, [])
    assert "request.deadline" in said.err
