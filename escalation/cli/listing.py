"""`escalate list`: many escalations in a table, from the engine's index alone."""

import sys
from datetime import datetime, tzinfo
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from escalation.cli.doors import Json, doors, run
from escalation.cli.speaking import STYLES, away, plain, say, say_json
from escalation.core.vocabulary import Phase
from escalation.wire import requests
from escalation.wire.listing import LIMIT, LIMIT_MAX, Filter, Listing, Part, Row, checked, checked_part
from escalation.wire.requests import BadInput

PIPE_COLUMNS = 500
"""Width of the table where nobody looks: enough for every value, so that nothing is cut."""

NARROW_COLUMNS = 100
"""A terminal with fewer leaves the last column out rather than break names in two."""
TITLES = ("escalation", "sev", "stands", "next due", "at", "owner", "team", "customer")
WHOLE = 5
"""So many columns are never broken: references, words and times."""

Names = list[str] | None


def list_(
    ctx: typer.Context,
    phase: Annotated[
        Names, typer.Option(help="In this phase; ended ones as well: active, in_transfer, closed…")
    ] = None,
    severity: Annotated[Names, typer.Option(help="SEV1 to SEV4, P1 to P4, or Critical to Low.")] = None,
    route: Annotated[Names, typer.Option(help="On this route.")] = None,
    team: Annotated[Names, typer.Option(help="With this team.")] = None,
    customer: Annotated[Names, typer.Option(help="Of this customer.")] = None,
    owner: Annotated[Names, typer.Option(help="Owned by this person.")] = None,
    reference: Annotated[str, typer.Option(help="References that begin so.", metavar="PREFIX")] = "",
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Something was due and is not done: see the worker.")
    ] = False,
    breached: Annotated[
        bool, typer.Option("--breached", help="A response, resolution or deadline was missed.")
    ] = False,
    ended: Annotated[bool, typer.Option("--all", help="Those that have ended as well.")] = False,
    limit: Annotated[int, typer.Option(help=f"At most so many, 1 to {LIMIT_MAX}.")] = LIMIT,
    after: Annotated[str | None, typer.Option(help="Go on behind a list: its token.", metavar="TOKEN")] = None,
    as_json: Json = False,
) -> None:
    """Many escalations: without options the open ones, worst and most urgent first.

    Options may be repeated: any value of one will do, but every option must hold.

    It is read from the engine's index, which follows by a second or so; escalate show is exact.
    """
    outside, part = doors(ctx), checked_part(Part(limit, after))
    now = outside.now()
    which = checked(
        Filter(
            phases=tuple(_phase(written) for written in phase or ()),
            severities=tuple(requests.severity(written) for written in severity or ()),
            routes=tuple(route or ()),
            teams=tuple(team or ()),
            customers=tuple(customer or ()),
            owners=tuple(owner or ()),
            prefix=reference,
            breached=breached,
            overdue_at=now if overdue else None,
            ended_too=ended,
        )
    )

    async def listed() -> Listing:
        return await (await outside.connect()).list_(which, part)

    found = run(listed())
    if as_json:
        say_json({"escalations": [_as_json(row, now) for row in found.rows], "following": found.following})
    elif found.rows:
        _show(found, now, outside.zone)
    else:
        none = "no escalations match" if which != Filter() else "no escalation is open"
        say(none + (" behind that token" if after else ""))


def _phase(written: str) -> Phase:
    try:
        return Phase(written.strip().lower().replace(" ", "_").replace("-", "_"))
    except ValueError:
        raise BadInput(f"phase {written!r} is unknown; write one of {', '.join(Phase)}") from None


def _as_json(row: Row, now: datetime) -> dict[str, object]:
    return {**plain(row), "standing": standing(row), "overdue": _late(row, now)}


def _show(found: Listing, now: datetime, zone: tzinfo | None) -> None:
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console = Console(file=sys.stdout, highlight=False, width=PIPE_COLUMNS)
    console.print(table_of(found.rows, now, zone, console.width))
    if found.following is not None:
        say(Text(f"{len(found.rows)} shown, there are more: --limit {LIMIT_MAX}, or --after {found.following}", "dim"))


def table_of(rows: tuple[Row, ...], now: datetime, zone: tzinfo | None, columns: int) -> Table:
    """The rows as a table for a page of that width."""
    shown = len(TITLES) if columns >= NARROW_COLUMNS else len(TITLES) - 1
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, title in enumerate(TITLES[:shown]):
        header = f"{title} ({now.astimezone(zone):%Z})" if title == "at" else title
        table.add_column(header, overflow="fold", no_wrap=place < WHOLE)
    for row in rows:
        table.add_row(*_cells(row, now, zone)[:shown])
    return table


def _cells(row: Row, now: datetime, zone: tzinfo | None) -> tuple[Text, ...]:
    stands = Text(standing(row), "dim" if row.ended or row.phase is None else STYLES.get(row.phase, ""))
    if row.left_alone_until is not None:
        stands.append(", left alone", "magenta")
    if row.breached:
        stands.append(", missed", "red")
    due = Text("–" if row.next_due is None else away(row.next_due, now), "bold red" if _late(row, now) else "")
    return (
        Text(row.reference, "bold"),
        Text(row.severity),
        stands,
        due,
        Text("" if row.next_due is None else at_in(row.next_due, now, zone)),
        Text(row.owner or "–"),
        Text(row.team or row.route),
        Text(row.customer),
    )


def at_in(due: datetime, now: datetime, zone: tzinfo | None) -> str:
    """The time of day, with the date if it is another one, and with the zone if its clocks have changed by then."""
    local, here = due.astimezone(zone), now.astimezone(zone)
    text = f"{local:%H:%M}" if local.date() == here.date() else f"{local:%Y-%m-%d %H:%M}"
    return text if local.tzname() == here.tzname() else f"{text} {local:%Z}"


def standing(row: Row) -> str:
    """How it stands in a word or two."""
    if row.stopped:
        return "stopped" if row.phase is None else f"stopped, was {row.phase.replace('_', ' ')}"
    if row.phase is None:
        return "never opened" if row.ended else "opening"
    return row.phase.replace("_", " ")


def _late(row: Row, now: datetime) -> bool:
    return row.next_due is not None and row.next_due < now
