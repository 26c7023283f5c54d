"""`escalate customers`: who needs a look, twenty minutes twice a day, before they ask for more.

Source: the internal escalation agreement, on support managers who watch what customers go through.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from escalation.cli.doors import Json, doors, run
from escalation.cli.listing import PIPE_COLUMNS, at_in
from escalation.cli.speaking import away, plain, say, say_json
from escalation.core.vocabulary import Phase, Severity
from escalation.wire.listing import LIMIT_MAX, Filter, Listing, Part, Row

CUSTOMERS = 20
CUSTOMERS_MAX = 200
REFERENCES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Watched:
    """What one customer goes through now: open escalations, worst first in `references`."""

    customer: str
    worst: Severity
    open: int
    missed: int  # of a response, resolution or deadline
    overdue: int  # something was due and is not done
    unowned: int  # in transfer or awaiting approval
    waiting: int  # for the customer's own answer
    next_due: datetime | None
    references: tuple[str, ...]

    @property
    def rank(self) -> tuple[int, int, str, int, str]:
        """Missed promises first, then what is late, then the worst severity, then how many."""
        return -self.missed, -self.overdue, self.worst, -self.open, self.customer


def customers(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=CUSTOMERS_MAX)] = CUSTOMERS,
    as_json: Json = False,
) -> None:
    """Customers with open escalations, those who need a look first: missed promises, lateness, severity, number.

    It reads the 1,000 worst open escalations of the engine's index, which follows by a second or so.
    """
    outside = doors(ctx)
    now = outside.now()

    async def listed() -> Listing:
        return await (await outside.connect()).list_(Filter(), Part(LIMIT_MAX))

    found = run(listed())
    ranked = watched(found.rows, now)
    if as_json:
        say_json({"customers": [plain(each) for each in ranked[:limit]], "whole": found.following is None})
    elif not ranked:
        say("no escalation is open")
    else:
        _show(ranked[:limit], now, outside.zone)
        if found.following is not None:
            say(Text(f"of the {LIMIT_MAX} worst escalations only; there are more", "dim"))


def watched(rows: Iterable[Row], now: datetime) -> list[Watched]:
    """One line for each customer, in the order in which they need a look."""
    each: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        each[row.customer].append(row)
    return sorted((_watched(customer, theirs, now) for customer, theirs in each.items()), key=lambda one: one.rank)


def _watched(customer: str, rows: list[Row], now: datetime) -> Watched:
    dues = [row.next_due for row in rows if row.next_due is not None]
    return Watched(
        customer=customer,
        worst=min(row.severity for row in rows),
        open=len(rows),
        missed=sum(row.breached for row in rows),
        overdue=sum(due < now for due in dues),
        unowned=sum(row.phase in {Phase.IN_TRANSFER, Phase.AWAITING_APPROVAL, None} for row in rows),
        waiting=sum(row.phase is Phase.BLOCKED for row in rows),
        next_due=min(dues, default=None),
        references=tuple(row.reference for row in rows),
    )


def _show(ranked: list[Watched], now: datetime, zone: tzinfo | None) -> None:
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console = Console(file=sys.stdout, highlight=False, width=PIPE_COLUMNS)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("customer", "worst", "open", "missed", "late", "nobody’s", "blocked", "next due", "escalations"):
        table.add_column(title, overflow="fold")
    for each in ranked:
        more = len(each.references) - REFERENCES_SHOWN
        shown = ", ".join(each.references[:REFERENCES_SHOWN]) + (f", {more} more" if more > 0 else "")
        due = "–" if each.next_due is None else f"{away(each.next_due, now)}, {at_in(each.next_due, now, zone)}"
        table.add_row(
            Text(each.customer, "bold"),
            Text(each.worst),
            Text(str(each.open)),
            Text(str(each.missed), "red" if each.missed else "dim"),
            Text(str(each.overdue), "bold red" if each.overdue else "dim"),
            Text(str(each.unowned), "yellow" if each.unowned else "dim"),
            Text(str(each.waiting), "dim"),
            Text(due),
            Text(shown),
        )
    console.print(table)
