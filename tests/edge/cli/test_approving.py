"""The verbs of approvals: what each one sends, what is said of what waits, and how it looks on the page."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from escalation.core import commands
from escalation.core.commands import Instructable
from escalation.core.money import Money
from escalation.core.vocabulary import ApprovalKind
from escalation.wire.messages import ApprovalView
from escalation.wire.outcomes import Unreachable
from tests.edge.cli.terminal import KNOWN, NOW, VIEW, RememberingClient, Terminal

SPEND = ApprovalView(
    number=2, kind=ApprovalKind.SPEND, word="asked", asked_by="amira", asked_at=NOW - timedelta(minutes=5),
    reason="a licence", about="", asked=("support-manager",), votes=(), quorum=1, due=NOW + timedelta(hours=4),
    amount=Money(50000, "EUR"),
)  # fmt: skip
VERBS: list[tuple[list[str], Instructable]] = [
    (["approve", "--by", "maya"], commands.Approve("maya", "go on")),
    (["approve", "--by", "maya", "--approval", "2"], commands.Approve("maya", "go on", approval=2)),
    (["approve", "--by", "maya", "--break-glass"], commands.Approve("maya", "go on", break_glass=True)),
    (["reject", "--by", "maya", "--approval", "2"], commands.Reject("maya", "go on", approval=2)),
    (
        ["request-approval", "--kind", "spend", "--amount", "500.00 EUR"],
        commands.RequestApproval("amira", ApprovalKind.SPEND, "go on", Money(50000, "EUR")),
    ),
    (
        ["request-approval", "--kind", "policy_exception"],
        commands.RequestApproval("amira", ApprovalKind.POLICY_EXCEPTION, "go on"),
    ),
    (
        ["extend-deadline", "2026-03-05T17:00+01:00"],
        commands.ExtendDeadline("amira", datetime(2026, 3, 5, 16, tzinfo=UTC), "go on"),
    ),
    (["extend-deadline", "8h"], commands.ExtendDeadline("amira", NOW + timedelta(hours=8), "go on")),
]


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(RememberingClient(shown=replace(VIEW, approvals=(SPEND,))))


@pytest.mark.parametrize(("typed", "command"), VERBS)
def test_every_verb_sends_its_command(terminal: Terminal, typed: list[str], command: Instructable) -> None:
    """With the reason that was typed."""
    said = terminal(typed[0], KNOWN, *typed[1:], "--reason", "go on")

    assert (said.exit, said.err) == (0, "")
    assert terminal.client.sent == [(KNOWN, command, None, None)]


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_signal_carries_the_same(terminal: Terminal, verb: str) -> None:
    """The number, and break-glass where there is such a thing."""
    more = ["--break-glass"] if verb == "approve" else []
    terminal(verb, KNOWN, "--by", "maya", "--reason", "go on", "--approval", "2", "--signal", *more)

    (sent,) = terminal.client.signals
    wanted = commands.Reject("maya", "go on", approval=2)
    assert sent == (KNOWN, commands.Approve("maya", "go on", approval=2, break_glass=True) if more else wanted)


@pytest.mark.parametrize(
    ("typed", "out"),
    [
        (
            ["severity", "SEV2"],
            (
                "INC-1: held: approval 2 asked of support-manager until 2026-03-01 17:30 CET (16:30Z);"
                " nothing changed yet (entry 8 of its log)\n"
            ),
        ),
        (
            ["request-approval", "--kind", "spend", "--amount", "500 EUR"],
            "INC-1: approval 2 asked of support-manager until 2026-03-01 17:30 CET (16:30Z) (entry 8 of its log)\n",
        ),
    ],
)
def test_what_waits_for_a_yes_says_so(terminal: Terminal, typed: list[str], out: str) -> None:
    """It was taken, so the exit code is 0; whose yes it waits for, and until when, is said."""
    terminal.client.facts = {"approval": "2"}

    said = terminal(typed[0], KNOWN, *typed[1:], "--reason", "calm")

    assert (said.exit, said.out, said.err) == (0, out, "")


def test_what_waits_is_said_although_nobody_can_be_named_any_more(terminal: Terminal) -> None:
    """It may be decided by the time it is looked for, and looking may fail: the command was taken all the same."""
    terminal.client.facts = {"approval": "7"}
    held = "INC-1: held: approval 7; nothing changed yet (entry 8 of its log)\n"
    assert terminal("severity", KNOWN, "SEV2", "--reason", "calm").out == held

    terminal.client.looks, terminal.client.later = 1, [Unreachable("no answer")]

    said = terminal("severity", KNOWN, "SEV2", "--reason", "calm")
    assert (said.exit, said.out, said.err) == (0, held, "")


def test_a_vote_says_how_it_stands(terminal: Terminal) -> None:
    """One of two has said yes."""
    terminal.client.facts = {"approval": "2", "stands": "1 of 2"}

    said = terminal("approve", KNOWN, "--by", "maya", "--reason", "go on")

    assert said.out == "INC-1: approval 2: 1 of 2; active (entry 8 of its log)\n"


def test_json_has_the_number(terminal: Terminal) -> None:
    """For scripts, without a second look."""
    terminal.client.facts = {"approval": "2"}

    said = terminal("severity", KNOWN, "SEV2", "--reason", "calm", "--json")

    assert json.loads(said.out)["facts"] == {"approval": "2"}
    assert terminal.client.looks == 0


PAGES = [
    (
        SPEND,
        (
            "  2  spending EUR 500.00, asked of support-manager; 0 of 1 said yes,"
            " until 2026-03-01 17:30 CET (16:30Z), in 4h\n"
            "     for amira, 5m ago: a licence\n"
            "     escalate approve INC-1 --approval 2 --reason …  (or reject)\n"
        ),
    ),
    (replace(SPEND, votes=("maya",), quorum=2), "; 1 of 2 said yes"),
    (replace(SPEND, review=True), "  2  review of spending EUR 500.00, done by break-glass, asked of support-manager,"),
    (replace(SPEND, asked=(), due=None, reason=""), ", asked of nobody yet; 0 of 1 said yes\n     for amira, 5m ago\n"),
    (replace(SPEND, kind=ApprovalKind.DE_ESCALATE, about="L1"), "  2  de-escalation to L1,"),
    (replace(SPEND, kind=ApprovalKind.SEVERITY_DOWNGRADE, about="SEV2"), "  2  severity SEV2,"),
    (replace(SPEND, kind=ApprovalKind.DEADLINE_EXTENSION, about="2026-03-05T16:00:00Z"), "  2  deadline 2026-03-05T16"),
    (replace(SPEND, kind=ApprovalKind.POLICY_EXCEPTION), "  2  policy exception,"),
    (replace(SPEND, kind=ApprovalKind.POLICY_EXCEPTION, about="to-cfo"), "  2  hand-off to to-cfo,"),
    (replace(SPEND, kind=ApprovalKind.ESCALATE_TO_LEADERSHIP, about="to-cfo"), "  2  hand-off to to-cfo,"),
    (replace(SPEND, kind=ApprovalKind.ESCALATE_TO_LEADERSHIP, opening=True), "  2  the escalation itself,"),
    (replace(SPEND, amount=None), "  2  spending, asked"),
]


@pytest.mark.parametrize(("approval", "text"), PAGES)
def test_the_page_shows_what_waits_for_a_yes(terminal: Terminal, approval: ApprovalView, text: str) -> None:
    """Who is asked, until when, how many have agreed, for whom, and how to answer."""
    terminal.client.shown = replace(VIEW, approvals=(approval,))

    said = terminal("show", KNOWN).out

    assert "\nwhat waits for a yes\n" in said
    assert text in said


def test_a_page_without_approvals_says_nothing_of_them(terminal: Terminal) -> None:
    """Most have none."""
    terminal.client.shown = VIEW

    assert "waits for a yes" not in terminal("show", KNOWN).out


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["approve", KNOWN, "--approval", "0"], "approval 0 does not exist; write its number, 1 to 9999"),
        (["approve", KNOWN, "--approval", "0", "--signal"], "approval 0 does not exist"),
        (["reject", KNOWN, "--approval", "10000"], "approval 10000 does not exist"),
        (["request-approval", KNOWN, "--kind", "spend", "--amount", "500"], "amount '500' is no amount; write digits"),
        (["request-approval", KNOWN, "--kind", "spend", "--amount", "0 EUR"], "amount '0 EUR' is no sum to ask for"),
        (["request-approval", KNOWN, "--kind", "beer"], "'beer' is not one of"),
        (["request-approval", KNOWN], "Missing option"),
        (["extend-deadline", KNOWN, "2026-03-05T17:00"], "deadline 2026-03-05T17:00:00 has no time zone"),
        (["extend-deadline", KNOWN, "tomorrow"], "deadline 'tomorrow' is no instant"),
    ],
)
def test_what_is_typed_wrong_is_one_line_and_nothing_is_sent(terminal: Terminal, typed: list[str], line: str) -> None:
    """Exit 2."""
    said = terminal(*typed)

    assert (said.exit, said.out, terminal.client.sent, terminal.client.signals) == (2, "", [], [])
    assert line in said.err
    assert said.err.count("\n") == 1
