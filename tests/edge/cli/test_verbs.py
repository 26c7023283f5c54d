"""The verbs that change something: what each one sends, and the one line when it cannot."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from escalation.core import commands
from escalation.core.commands import Instructable
from escalation.core.vocabulary import Ask, Audience, DeEscalationReason, Severity
from escalation.wire.outcomes import Ended, Unreachable
from escalation.wire.requests import WORDS_BYTES_MAX
from tests.edge.cli.terminal import KNOWN, NOW, Terminal

OPEN = ["open", "INC-9", "--title", "Checkout is down", "--route", "l2-engineering", "--severity", "Critical",
        "--ask", "fix", "--customer", "acme", "--deadline", "2026-03-02T09:00+01:00"]  # fmt: skip

VERBS: list[tuple[list[str], Instructable, str | None]] = [
    (["ack"], commands.Acknowledge("amira"), None),
    (["decline", "--reason", "ill"], commands.Decline("amira", "ill"), None),
    (["update", "Found it.", "--customer"], commands.PostUpdate("amira", Audience.CUSTOMER), "Found it."),
    (["update", "Found it.", "--internal"], commands.PostUpdate("amira", Audience.INTERNAL), "Found it."),
    (["severity", "p2", "--reason", "calm"], commands.ChangeSeverity("amira", Severity.SEV2, "calm"), None),
    (
        ["confirm-severity", "High", "--evidence", "logs"],
        commands.ConfirmSeverity("amira", Severity.SEV2, "logs"),
        None,
    ),
    (["approve", "--by", "maya", "--reason", "go"], commands.Approve("maya", "go"), None),
    (["reject", "--by", "noor", "--reason", "no"], commands.Reject("noor", "no"), None),
    (["reassign", "--to", "emeka", "--reason", "r"], commands.Reassign("amira", "emeka", "r"), None),
    (
        ["handoff", "--route", "l2-product", "--ask", "decide", "--reason", "r"],
        commands.HandOff("amira", "l2-product", Ask.DECIDE, "r"),
        None,
    ),
    (["raise", "--reason", "stuck"], commands.Raise("amira", "stuck"), None),
    (["block", "--waiting-for", "the customer"], commands.Block("amira", "the customer"), None),
    (["unblock", "--reason", "answered"], commands.Unblock("amira", "answered"), None),
    (
        ["snooze", "--until", "2h", "--reason", "on a train"],
        commands.Snooze("amira", NOW + timedelta(hours=2), "on a train"),
        None,
    ),
    (["unsnooze", "--reason", "back"], commands.Unsnooze("amira", "back"), None),
    (["unsnooze"], commands.Unsnooze("amira"), None),
    (
        ["deescalate", "--reason", "how_to", "--to", "bruno", "--level", "L2", "--findings", "docs"],
        commands.DeEscalate("amira", DeEscalationReason.HOW_TO, "bruno", "L2"),
        "docs",
    ),
    (["resolve", "--text", "Fixed."], commands.Resolve("amira"), "Fixed."),
    (["resolve"], commands.Resolve("amira"), None),
    (["confirm"], commands.Confirm("amira"), None),
    (["reopen", "--reason", "again"], commands.Reopen("amira", "again"), None),
    (["note", "seen before"], commands.AddNote("amira"), "seen before"),
    (["cancel", "--reason", "mistake"], commands.Cancel("amira", "mistake"), None),
]


@pytest.mark.parametrize(
    ("typed", "command", "words"), VERBS, ids=lambda value: value[0] if type(value) is list else ""
)
def test_each_verb_sends_its_command(
    terminal: Terminal, typed: list[str], command: Instructable, words: str | None
) -> None:
    """By the person who types it, under the key that was given."""
    said = terminal(typed[0], KNOWN.lower(), *typed[1:], "--key", "k1")

    assert (said.exit, said.out, said.err) == (0, "INC-1: active (entry 8 of its log)\n", "")
    assert terminal.client.sent == [(KNOWN, command, "k1", words)]


def test_open_starts_an_escalation(terminal: Terminal, tmp_path: Path) -> None:
    """The reference is the ticket's; the story comes from a file."""
    story = tmp_path / "story.txt"
    story.write_text("Every card is refused.")

    said = terminal(*OPEN, "--description", str(story), "--key", "k1", "--restricted", "--machine")

    request = terminal.client.started[0]
    assert (said.exit, said.out) == (0, "INC-9: in transfer (entry 1 of its log)\n")
    assert (request.severity_name, request.ask, request.by, request.key) == ("Critical", Ask.FIX, "amira", "k1")
    assert (request.restricted, request.by_machine) == (True, True)
    assert request.deadline == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert request.description == "Every card is refused."


@pytest.mark.parametrize(
    ("typed", "hours"), [("8h", 8), ("18:00", 4.5)], ids=["so long from now", "a time of today, here"]
)
def test_a_deadline_may_be_typed_as_people_say_it(terminal: Terminal, typed: str, hours: float) -> None:
    """The request carries the instant."""
    terminal(*OPEN[:-1], typed)

    assert terminal.client.started[0].deadline == NOW + timedelta(hours=hours)


def test_without_a_key_every_open_has_its_own(terminal: Terminal) -> None:
    """Typing it twice asks twice: the rules refuse the second while the first runs."""
    terminal(*OPEN)
    terminal(*OPEN)

    first, second = terminal.client.started
    assert first.key != second.key


def test_answers_come_in_json(terminal: Terminal) -> None:
    """For scripts."""
    assert '"reference": "INC-1"' in terminal("ack", KNOWN, "--json").out


def test_an_approval_may_go_by_signal(terminal: Terminal) -> None:
    """It is not answered; the line says where to look."""
    said = terminal("approve", KNOWN, "--by", "maya", "--reason", "go", "--signal")

    assert terminal.client.signals == [(KNOWN, commands.Approve("maya", "go"))]
    assert said.out == "INC-1: sent; read what came of it with: escalate timeline INC-1\n"


def test_words_may_come_from_standard_input(terminal: Terminal) -> None:
    """A dash stands for it."""
    terminal("note", KNOWN, "-", typed="two\nlines")

    assert terminal.client.sent[0][3] == "two\nlines"


# --- What goes wrong --------------------------------------------------------------------------------------------------

WRONG = [
    (["severity", KNOWN, "SEV9"], "severity 'SEV9' is unknown; write one of SEV1, SEV2, SEV3, SEV4"),
    ([*OPEN[:-2]], "deadline is missing; give one with a time zone"),
    ([*OPEN[:-1], "2026-03-02T09:00"], "deadline 2026-03-02T09:00:00 has no time zone; add one"),
    (["open", "INC/9", *OPEN[2:]], "ticket 'INC/9' is no reference; use letters, digits, '.', '_' and '-'"),
    (["ack", "not-there"], "NOT-THERE: no such escalation"),
    (["show", "INC 1"], "reference 'INC 1' is no reference"),
    (["update", KNOWN, "x"], "an update has one audience; say either --customer or --internal"),
    (["update", KNOWN, "x", "--customer", "--internal"], "an update has one audience"),
    (["raise", KNOWN, "--reason", "a\nb"], "reason 'a\\nb' holds '\\n'; write one line"),
    (["reassign", KNOWN], "Missing option '--to'"),
    (["handoff", KNOWN, "--route", "x", "--ask", "fly"], "'fly' is not one of"),
    (["reassing", KNOWN], "No such command 'reassing'. Did you mean 'reassign'"),
    (["open", "INC-9", "--description", "/not/there"], "'/not/there' cannot be read (No such file or directory)"),
    (["audit"], "Missing command"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "line"), WRONG, ids=lambda value: " ".join(value)[:30] if type(value) is list else ""
)
def test_bad_input_is_one_line_and_exit_2(terminal: Terminal, typed: list[str], line: str) -> None:
    """What, the limit, the next step; nothing was sent."""
    said = terminal(*typed)

    assert (said.exit, said.out) == (2, "")
    assert said.err.startswith("escalate: ")
    assert line in said.err
    assert said.err.count("\n") == 1
    assert (terminal.client.sent, terminal.client.started) == ([], [])


def test_every_mistake_of_a_start_has_its_line(terminal: Terminal) -> None:
    """Nobody corrects them one by one."""
    said = terminal("open", "INC-9", "--severity", "P9", "--customer", "Acme\r\nBcc: all", "--title", "x" * 201)

    assert said.exit == 2
    assert [line.split(" ")[1] for line in said.err.splitlines()] == [
        "title", "route", "severity", "ask", "customer", "deadline"
    ]  # fmt: skip
    assert "customer 'Acme\\r\\nBcc: all' holds '\\r'; write one line without control characters" in said.err


@pytest.mark.parametrize(
    ("size", "status"), [(WORDS_BYTES_MAX, 0), (WORDS_BYTES_MAX + 1, 2), (3_000_000, 2)], ids=["most", "more", "3 MB"]
)
def test_a_description_has_a_bound(terminal: Terminal, size: int, status: int) -> None:
    """It is not even read to its end."""
    said = terminal(*OPEN, "--description", "-", typed="x" * size)

    assert said.exit == status
    assert ("holds more than 65536 bytes; shorten it" in said.err) is (status == 2)
    assert len(terminal.client.started) == (status == 0)


def test_what_is_no_text_is_said(terminal: Terminal) -> None:
    """Not guessed."""
    assert "standard input is no UTF-8 text" in terminal("note", KNOWN, "-", typed=b"\xff\xfe").err


def test_a_wrong_approver_is_refused(terminal: Terminal) -> None:
    """Exit 1: the input was good, the answer is no."""
    said = terminal("approve", KNOWN, "--reason", "mine")

    assert (said.exit, said.out) == (1, "")
    assert said.err == "escalate: INC-1: refused, not an approver (approvers support-manager)\n"


@pytest.mark.parametrize("error", [Ended(KNOWN, None), Unreachable("INC-1: no answer within 30 s")])
def test_what_could_not_be_done_is_one_line(terminal: Terminal, error: Exception) -> None:
    """Exit 1."""
    terminal.client.fails = error

    said = terminal("ack", KNOWN)

    assert (said.exit, said.err) == (1, f"escalate: {error}\n")


def test_a_fault_of_ours_is_one_line_too(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The traceback goes where the line says."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    terminal.client.fails = ZeroDivisionError("division by zero")

    said = terminal("ack", KNOWN)

    (kept,) = tmp_path.iterdir()
    assert (said.exit, said.err) == (
        1,
        f"escalate: ZeroDivisionError: a fault of this program; the details are in {kept}\n",
    )
    assert "division by zero" in kept.read_text()
