"""`escalate triage`: a page for people, JSON for programs, a line for each mistake."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from escalation.wire.requests import WORDS_BYTES_MAX
from tests.edge.cli.terminal import Terminal

CASE = """\
text: "Our invoices cannot be sent. This is unacceptable!"
segment: vip
answers: {core-function-broken: true, outcome-blocked: true, documented-fix: false}
workaround: none
revenue: {minor: 50000000, currency: USD}
"""

HEAD = """\
escalate, standard
because    core function broken: answered yes: core-function-broken (core-function-broken)
severity   SEV2, on the timeline of SEV1 (impact 1, urgency 2 of 1 to 3)
route      l2-to-engineering, past level 1
score      55 of 100, 93 at most, weights 1.0
  breadth        ? × 20 %  not measured
  depth        100 × 30 %  answered yes: outcome-blocked; workaround is none
  duration       ? × 10 %  not measured
  revenue      100 × 25 %  revenue 50000000 USD, at least 50000000 (smallest unit)
  reputation     0 ×  5 %  nothing of it
  contractual    0 × 10 %  nothing of it

fired
  core-function-broken: core function broken: answered yes: core-function-broken [technical, standard, SEV2; \
routes: high; agreement: log-in failures are SEV2]
"""


@pytest.fixture
def case(tmp_path: Path) -> str:
    file = tmp_path / "case.yaml"
    file.write_text(CASE, "utf-8")
    return str(file)


def test_an_assessment_is_a_page(terminal: Terminal, case: str) -> None:
    """What to do comes first; why, and what is missing, follow."""
    said = terminal("triage", case)

    assert (said.exit, said.err) == (0, "")
    assert said.out.startswith(HEAD)
    assert "  no: Does a documented fix or a known workaround solve it?\n" in said.out
    assert "  users_total (users-above-50, users-above-25, users-above-10 and 1 more)\n" in said.out


def test_an_assessment_in_json_has_every_field(terminal: Terminal, case: str) -> None:
    """For an integration."""
    found = json.loads(terminal("triage", case, "--json").out)

    assert (found["verdict"], found["decided_by"]) == ("escalate", "core-function-broken")
    assert (found["severity"], found["timeline"]) == ("SEV2", "SEV1")
    assert [part["dimension"] for part in found["score"]["parts"]][:2] == ["breadth", "depth"]


def test_words_alone_are_enough(terminal: Terminal) -> None:
    """From a file or from standard input, with the customer's segment where it is known."""
    assert terminal("triage", "-", "--text", typed="We had a security breach").out.startswith("escalate, immediate\n")
    assert terminal("triage", "-", "--text", typed="Thank you!").out.startswith("keep in support\n")
    assert "key account" in terminal("triage", "-", "--text", "--segment", "vip", typed="Thank you!").out


def test_a_case_that_the_checklist_keeps_says_so(terminal: Terminal) -> None:
    """The rule that it answers is shown as answered."""
    said = terminal("triage", "-", typed='{"answers": {"bug-needs-code": true, "documented-fix": true}}').out

    assert said.startswith("keep in support\nbecause    Does a documented fix")
    assert "; the checklist answers it\n" in said


def test_other_rules_can_be_tried(terminal: Terminal, case: str, tmp_path: Path) -> None:
    """A file of one's own, refused with its faults when it is wrong."""
    shipped = (files("escalation") / "triage" / "default.yaml").read_text("utf-8")
    ours, wrong = tmp_path / "ours.yaml", tmp_path / "wrong.yaml"
    ours.write_text(shipped.replace("name: default", "name: ours"), "utf-8")
    wrong.write_text(shipped.replace("weight: 20", "weight: 21"), "utf-8")

    assert "rules      ours 1, " in terminal("triage", case, "--rules", str(ours)).out
    said = terminal("triage", case, "--rules", str(wrong))
    assert (said.exit, said.out) == (2, "")
    assert "the weights sum up to 101; make them 100" in said.err


@pytest.mark.parametrize(
    ("arguments", "typed", "fault"),
    [
        (("-",), "urgent: true", "standard input: urgent (line 1): there is no such field here"),
        (("nowhere.yaml",), None, "'nowhere.yaml' cannot be read"),
        (("-", "--text", "--segment", "vpi"), "x", "'vpi' is no segment; known are"),
        (("-", "--segment", "vip"), "text: x", "--segment goes with --text"),
        (("-", "--text"), b"\xff", "the text is not UTF-8"),
        (("-", "--text"), "x" * (WORDS_BYTES_MAX + 1), f"at most {WORDS_BYTES_MAX} are allowed"),
    ],
)
def test_a_mistake_is_one_line(
    terminal: Terminal, arguments: tuple[str, ...], typed: str | bytes | None, fault: str
) -> None:
    """Exit 2, nothing on standard output."""
    said = terminal("triage", *arguments, typed=typed)

    assert (said.exit, said.out) == (2, "")
    assert said.err.startswith("escalate: ")
    assert fault in said.err
    assert len(said.err.splitlines()) == 1


FORM = """\
version: "1"
route: l2-to-engineering
title: Exports fail
nature: defect
impact: {breadth: {customers: 14}, depth: {blocked: 12, workaround: none}}
"""


def test_a_form_is_a_case(terminal: Terminal, tmp_path: Path) -> None:
    """Filled as far as it is; what is wrong in it is a line."""
    form, wrong = tmp_path / "form.yaml", tmp_path / "wrong.yaml"
    form.write_text(FORM, "utf-8")
    wrong.write_text(FORM.replace("14", "many"), "utf-8")

    said = terminal("triage", str(form), "--document", "--segment", "vip")

    assert said.out.startswith("escalate, standard\nbecause    a confirmed defect needs a change of the code")
    assert "answered yes: fully-blocked; workaround is none" in said.out
    assert "segment is vip" in said.out
    said = terminal("triage", str(wrong), "--document")
    assert (said.exit, said.out) == (2, "")
    assert "impact.breadth.customers (line 5): 'many' is no number; write how many customers" in said.err


def test_what_is_known_of_the_account_counts(
    terminal: Terminal, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a customer who is unknown, or an account that cannot be asked, the page says so."""
    accounts = tmp_path / "accounts.yaml"
    accounts.write_text("accounts: {acme: {tier: enterprise, critical_issues: 7}}", "utf-8")
    monkeypatch.setenv("ESCALATION_ACCOUNTS_FILE", str(accounts))

    said = terminal("triage", case, "--customer", "acme")
    assert "  history-of-critical-issues: " in said.out
    assert said.out.endswith("account    enterprise; critical issues so far: 7\n")
    assert "account    no account is kept for 'globex'" in terminal("triage", case, "--customer", "globex").out
    found = json.loads(terminal("triage", case, "--customer", "acme", "--json").out)
    assert (found["account"], found["verdict"]) == ("enterprise; critical issues so far: 7", "escalate")

    monkeypatch.setenv("ESCALATION_ACCOUNTS_FILE", str(tmp_path / "none.yaml"))
    assert "the file of accounts cannot be read" in terminal("triage", case, "--customer", "acme").err
    monkeypatch.delenv("ESCALATION_ACCOUNTS_FILE")
    monkeypatch.setenv("ESCALATION_ACCOUNTS_URL", "http://127.0.0.1:9")
    assert "account    the accounts cannot be asked (" in terminal("triage", case, "--customer", "acme").out


OPENS = ["open", "INC-9", "--title", "Down", "--ask", "fix", "--customer", "acme", "--deadline", "2026-03-02T09:00Z"]


def test_an_opening_may_leave_the_rest_to_triage(terminal: Terminal, case: str) -> None:
    """With what is known of the case, or with a reason for going on whatever triage says."""
    assert terminal(*OPENS, "--triage", "--case", case).exit == 0
    assert terminal(*OPENS, "--by-hand", "A pattern.").exit == 0

    first, second = terminal.client.started
    assert (first.triaged, first.route, first.severity) == (True, "", None)
    assert first.case is not None
    assert first.case.segment == "vip"
    assert (second.triaged, second.by_hand) == (True, "A pattern.")


def test_an_opening_without_triage_names_its_route_and_severity(terminal: Terminal, tmp_path: Path) -> None:
    """And facts of the case are checked before anything is sent."""
    said = terminal(*OPENS)
    assert (said.exit, said.err) == (
        2, "escalate: route is missing; give one\nescalate: severity is missing; give one\n"
    )  # fmt: skip
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("users: many", "utf-8")
    said = terminal(*OPENS, "--triage", "--case", str(wrong))
    assert (said.exit, "wrong.yaml: users (line 1)" in said.err) == (2, True)
    assert terminal.client.started == []
