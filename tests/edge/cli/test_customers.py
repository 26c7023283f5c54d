"""`escalate customers`: who needs a look, from the open escalations alone."""

import json
from datetime import timedelta

from escalation.cli.customers import CUSTOMERS_MAX, watched
from escalation.core.vocabulary import Phase, Severity
from escalation.wire.listing import LIMIT_MAX, Filter, Listing, Part, Row
from tests.edge.cli.terminal import NOW, Terminal


def row(reference: str, customer: str, severity: Severity, phase: Phase | None, due: int, *, missed: bool) -> Row:
    """An open escalation with something due in so many minutes."""
    at = NOW + timedelta(minutes=due)
    return Row(reference, "e1", phase, severity, "r", "T", customer, None, at, breached=missed, ended=False)


ROWS = (
    row("INC-1", "calm", Severity.SEV1, Phase.ACTIVE, 30, missed=False),
    row("INC-2", "let-down", Severity.SEV3, Phase.IN_TRANSFER, 9, missed=True),
    row("INC-3", "late", Severity.SEV4, Phase.BLOCKED, -1, missed=False),
    row("INC-4", "many", Severity.SEV1, None, 60, missed=False),
    row("INC-5", "many", Severity.SEV2, Phase.AWAITING_APPROVAL, 50, missed=False),
    row("INC-6", "many", Severity.SEV2, Phase.ACTIVE, 40, missed=False),
    row("INC-7", "many", Severity.SEV2, Phase.ACTIVE, 70, missed=False),
)


def test_those_who_were_let_down_come_first() -> None:
    """A missed promise before lateness, lateness before severity, severity before number."""
    assert [each.customer for each in watched(ROWS, NOW)] == ["let-down", "late", "many", "calm"]


def test_what_a_customer_goes_through_is_counted() -> None:
    """Open, missed, late, nobody's, waiting for the customer, and what is due first."""
    (many,) = [each for each in watched(ROWS, NOW) if each.customer == "many"]

    assert (many.worst, many.open, many.missed, many.overdue, many.unowned, many.waiting) == ("SEV1", 4, 0, 0, 2, 0)
    assert many.next_due == NOW + timedelta(minutes=40)


def test_customers_are_a_table(terminal: Terminal) -> None:
    """The first three references, and how many more there are."""
    terminal.client.found = Listing(ROWS)

    said = terminal("customers", "--limit", "3")

    assert (said.exit, terminal.client.lists) == (0, [(Filter(), Part(LIMIT_MAX))])
    lines = said.out.splitlines()
    assert lines[1].split() == ["let-down", "SEV3", "1", "1", "0", "1", "0", "in", "9m,", "13:39", "INC-2"]
    assert [line.split()[0] for line in lines[1:]] == ["let-down", "late", "many"]
    assert lines[3].endswith("INC-4, INC-5, INC-6, 1 more")


def test_programs_read_it_and_know_whether_it_is_all(terminal: Terminal) -> None:
    """With every reference, and a word on what was left out."""
    terminal.client.found = Listing(ROWS, "t0ken")

    found = json.loads(terminal("customers", "--json").out)

    assert (found["whole"], len(found["customers"]), found["customers"][2]["references"]) == (
        False, 4, ["INC-4", "INC-5", "INC-6", "INC-7"],
    )  # fmt: skip
    assert terminal("customers").out.splitlines()[-1] == "of the 1000 worst escalations only; there are more"


def test_nobody_open_is_said(terminal: Terminal) -> None:
    """An empty table would leave doubt."""
    assert terminal("customers").out == "no escalation is open\n"


def test_a_limit_beyond_bounds_is_refused(terminal: Terminal) -> None:
    """One to two hundred customers."""
    said = terminal("customers", "--limit", str(CUSTOMERS_MAX + 1))

    assert (said.exit, terminal.client.lists) == (2, [])
