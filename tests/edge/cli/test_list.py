"""`escalate list`: what a person types becomes a filter, and what is found becomes a table."""

import json
from datetime import UTC, timedelta

import pytest

from escalation.cli.listing import NARROW_COLUMNS, table_of
from escalation.core.vocabulary import Phase, Severity
from escalation.wire.listing import LIMIT, Filter, Listing, Part, Row
from tests.edge.cli.terminal import NOW, Terminal

LATE = Row(
    "INC-1", "e1", Phase.ACTIVE, Severity.SEV1, "l2-engineering", "Engineering", "acme", "rosa",
    NOW - timedelta(minutes=5), breached=True, ended=False,
)  # fmt: skip
FAR = Row(
    "INC-22", "e1", Phase.IN_TRANSFER, Severity.SEV2, "l2-product", "Product", "[b]ell[/b]", "emil",
    NOW + timedelta(days=40), breached=False, ended=False,
)  # fmt: skip
BEGINNING = Row("INC-3", "e1", None, Severity.SEV3, "l2-product", None, "acme", None, None, breached=False, ended=False)
STOPPED = Row(
    "INC-4", "e1", Phase.BLOCKED, Severity.SEV1, "l2-product", "Product", "acme", "emil", None, breached=False,
    ended=True, stopped=True,
)  # fmt: skip
NEVER = Row("INC-5", "e1", None, Severity.SEV1, "nowhere", None, "acme", None, None, breached=False, ended=True)

TABLE = """\
escalation  sev  stands               next due    at (CET)               owner  team         customer
INC-1       SEV1      active, missed       5m ago      13:25                  rosa   Engineering  acme
INC-22      SEV2      in transfer          in 40 days  2026-04-10 14:30 CEST  emil   Product      [b]ell[/b]
INC-3       SEV3      opening              –                                  –      l2-product   acme
INC-4       SEV1      stopped, was blocked –                                  emil   Product      acme
INC-5       SEV1      never opened         –                                  –      nowhere      acme
"""


def test_a_list_is_a_table(terminal: Terminal) -> None:
    """Due times relative and in the viewer's zone; values stand as they are; no colour where nobody looks."""
    terminal.client.found = Listing((LATE, FAR, BEGINNING, STOPPED, NEVER))

    said = terminal("list")

    assert said.exit == 0
    assert [line.split() for line in said.out.splitlines()] == [line.split() for line in TABLE.splitlines()]
    assert "\x1b" not in said.out


def test_a_narrow_terminal_leaves_the_last_column_out() -> None:
    """Rather than break names in two."""
    wide, narrow = (table_of((LATE,), NOW, UTC, NARROW_COLUMNS - less) for less in (0, 1))

    assert [str(column.header) for column in wide.columns][-2:] == ["team", "customer"]
    assert [str(column.header) for column in narrow.columns][-1] == "team"


def test_without_options_the_open_ones_are_listed(terminal: Terminal) -> None:
    """A page of them."""
    terminal("list")

    assert terminal.client.lists == [(Filter(), Part(LIMIT))]


def test_every_option_is_a_condition(terminal: Terminal) -> None:
    """Severities by any of their names, phases however they are spelled, several values of one option."""
    said = terminal(
        "list", "--phase", "In Transfer", "--phase", "de-escalated", "--severity", "critical", "--severity", "p2",
        "--route", "r", "--team", "Engineering", "--customer", "acme", "--owner", "rosa", "--owner", "emil",
        "--reference", "inc-", "--overdue", "--breached", "--all", "--limit", "7", "--after", "token",
    )  # fmt: skip

    ((which, part),) = terminal.client.lists
    assert said.exit == 0
    assert which == Filter(
        phases=(Phase.IN_TRANSFER, Phase.DE_ESCALATED), severities=(Severity.SEV1, Severity.SEV2), routes=("r",),
        teams=("Engineering",), customers=("acme",), owners=("rosa", "emil"), prefix="INC-", breached=True,
        overdue_at=NOW, ended_too=True,
    )  # fmt: skip
    assert part == Part(7, "token")


def test_an_empty_list_says_so(terminal: Terminal) -> None:
    """Nobody wonders whether the question was understood."""
    assert terminal("list").out == "no escalation is open\n"
    assert terminal("list", "--owner", "nobody").out == "no escalations match\n"
    assert terminal("list", "--after", "token").out == "no escalation is open behind that token\n"
    assert json.loads(terminal("list", "--json").out) == {"escalations": [], "following": None}


def test_a_cut_list_says_how_to_go_on(terminal: Terminal) -> None:
    """With the token that a program finds in the JSON."""
    terminal.client.found = Listing((LATE,), "t0ken")

    assert "1 shown, there are more: --limit 1000, or --after t0ken" in terminal("list", "--limit", "1").out
    found = json.loads(terminal("list", "--json").out)
    assert found["following"] == "t0ken"
    assert found["escalations"][0] == {
        "reference": "INC-1", "episode": "e1", "phase": "active", "severity": "SEV1", "route": "l2-engineering",
        "team": "Engineering", "customer": "acme", "owner": "rosa", "next_due": "2026-03-01T12:25:00Z",
        "breached": True, "ended": False, "stopped": False, "left_alone_until": None, "standing": "active",
            "overdue": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        (["--phase", "asleep"], "phase 'asleep' is unknown; write one of awaiting_approval, in_transfer"),
        (["--severity", "P9"], "severity 'P9' is unknown"),
        (["--owner", 'a"b'], "cannot be looked for"),
        (["--reference", "a'b"], "begins none"),
        (["--limit", "0"], "limit is 0; ask for 1 to 1000 escalations"),
        (["--limit", "1001"], "limit is 1001; ask for 1 to 1000 escalations"),
    ],
)
def test_what_cannot_be_listed_is_one_line(terminal: Terminal, typed: list[str], complaint: str) -> None:
    """Before anything is asked."""
    said = terminal("list", *typed)

    assert (said.exit, terminal.client.lists) == (2, [])
    assert len(said.err.splitlines()) == 1
    assert complaint in said.err


def test_help_says_that_the_index_lags(terminal: Terminal) -> None:
    """Whoever has just opened one may not see it yet."""
    assert "follows by a second or so" in terminal("list", "--help").out
