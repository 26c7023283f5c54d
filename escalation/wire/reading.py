"""Reading a list from the engine's index.

The index sorts by nothing that people care about, and every row that it gives carries all that a list shows. So each
stratum (open before ended, worst severity first) is read whole, in pages of the engine, and sorted here: at most
`STRATUM_ROWS_MAX` of one severity, and never a query for a row. A token names the last row that was given, not a
number of rows, so what comes and goes between two parts of a list neither hides nor repeats others.
"""

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from escalation.core.state import TERMINAL
from escalation.core.vocabulary import Phase
from escalation.wire import names
from escalation.wire.listing import (
    Filter,
    Listing,
    Part,
    Row,
    Stratum,
    checked,
    checked_part,
    height,
    place,
    place_of,
    query_of,
    strata,
    token,
)
from escalation.wire.requests import BadInput

ENGINE_PAGE_ROWS = 1000  # the most that a server gives at once
STRATUM_ROWS_MAX = 5000


async def read(engine: Client, which: Filter, part: Part, rows_max: int = STRATUM_ROWS_MAX) -> Listing:
    """One part of the list. Raises `BadInput` for a filter, limit or token that cannot be, or for too many rows."""
    which, part = checked(which), checked_part(part)
    last = None if part.after is None else place_of(part.after, which)
    found: list[Row] = []
    for stratum in strata(which):
        if last is not None and height(stratum) < last[:2]:
            continue
        rows = sorted(await _rows(engine, which, stratum, rows_max), key=place)
        found += [row for row in rows if last is None or place(row) > last]
        if len(found) > part.limit:
            shown = found[: part.limit]
            return Listing(tuple(shown), token(shown[-1], which))
    return Listing(tuple(found))


async def _rows(engine: Client, which: Filter, stratum: Stratum, rows_max: int) -> list[Row]:
    query = query_of(which, stratum)
    found = engine.list_workflows(query, page_size=min(ENGINE_PAGE_ROWS, rows_max + 1), limit=rows_max + 1)
    rows = [_row(execution, stratum) async for execution in found]
    if len(rows) > rows_max:
        raise BadInput(
            f"more than {rows_max} {stratum.severity} escalations match; narrow it by team, route, customer, owner or "
            "the beginning of the reference"
        )
    return rows


def _row(execution: WorkflowExecution, stratum: Stratum) -> Row:
    shown = execution.typed_search_attributes
    phase = shown.get(names.PHASE)
    # The workflow itself ends in a phase that is final, or refused at the opening; all else was done to it.
    by_itself = execution.status in {WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED}
    return Row(
        reference=execution.id,
        episode=shown.get(names.EPISODE, ""),
        phase=None if phase is None else Phase(phase),
        severity=stratum.severity,
        route=shown.get(names.ROUTE, ""),
        team=shown.get(names.TEAM),
        customer=shown.get(names.CUSTOMER, ""),
        owner=shown.get(names.OWNER),
        next_due=None if stratum.ended else shown.get(names.NEXT_DUE),
        breached=shown.get(names.BREACHED, False),
        ended=stratum.ended,
        stopped=not by_itself and phase not in TERMINAL,
        left_alone_until=None if stratum.ended else shown.get(names.LEFT_ALONE),
    )
