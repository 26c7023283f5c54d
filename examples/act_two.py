"""The second act: incidents that really happened, weeks of them in seconds, on the same engine with virtual time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from escalation.core.vocabulary import Message
from escalation.drills.incidents import read
from escalation.drills.live import Progress as Step
from escalation.drills.summary import Summary
from examples.checks import Check
from examples.incidents import SAMPLE
from examples.rehearsal import Rehearsal, Result, rehearsing

INCIDENTS = 20
"""Those of the sample of which most rows come to be played."""
FIRES_MAX = 8
"""How often the clocks of each may fire. Left alone, one escalation would warn and page for weeks."""
PAGES_SHOWN_MAX = 2
STEP_CHARS = 44
TIME_MAX = timedelta(seconds=85)
INTRODUCTION = (
    f"{INCIDENTS} incidents under the default policy, whose windows are minutes and hours, each moved by whole weeks",
    "into the future. Their rows are played as the people's commands, at their own times. Each is called off once its",
    f"clocks have fired {FIRES_MAX} times: left alone, an escalation goes on to warn and to page.",
)
COLUMNS = {
    "incident": "left",
    "asked first\n+ minutes": "left",
    "others\ntold": "right",
    "taken\n+ minutes": "left",
    "warn-\nings": "right",
    "brea-\nches": "right",
    "in\ntransfer": "right",
    "tou-\nches": "right",
    "mo-\nved": "right",
    "reop-\nened": "right",
    "outcome": "left",
}


async def act_two(console: Console) -> Check:
    """Play them, show what became of each, and judge every log."""
    console.print()
    console.print(Rule(Text("Second act · Real incidents in virtual time", style="bold"), align="left", style="dim"))
    for line in INTRODUCTION:
        console.print(line, highlight=False, soft_wrap=True)
    began = monotonic()
    async with rehearsing() as rehearsal:
        results = await _played(console, rehearsal)
    console.print(table(results))
    return judged(results, timedelta(seconds=monotonic() - began))


async def _played(console: Console, rehearsal: Rehearsal) -> list[Result]:
    plans = rehearsal.planned(list(read(SAMPLE)), FIRES_MAX)
    plans = sorted(plans, key=lambda plan: len(plan.script.moments), reverse=True)[:INCIDENTS]
    with _progress(console, len(plans)) as progress:
        task = progress.add_task("", total=len(plans))

        def told(step: Step) -> None:
            progress.update(
                task, description=f"{step.reference} row {step.rows} of {step.of} {step.said}".ljust(STEP_CHARS)
            )

        return await rehearsal.perform_all(plans, told, lambda _result: progress.advance(task))


@contextmanager
def _progress(console: Console, count: int) -> Iterator[Progress]:
    """A bar on a terminal; one line in a pipe."""
    if not console.is_terminal:
        console.print(f"Playing {count} incidents …")
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress


def table(results: Sequence[Result]) -> Table:
    """One row for each incident."""
    made = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    for name, side in COLUMNS.items():
        made.add_column(name, justify="right" if side == "right" else "left", no_wrap=True)
    for result in results:
        made.add_row(*_row(result))
    return made


def _row(result: Result) -> Iterator[str]:
    summary = result.summary
    pages = _pages(summary)
    shown = ", ".join(f"{name} {_minutes(after)}" for name, after in pages[:PAGES_SHOWN_MAX])
    yield summary.reference
    yield shown + (f" +{len(pages) - PAGES_SHOWN_MAX}" if len(pages) > PAGES_SHOWN_MAX else "")
    yield str(len({told.contact for told in summary.told} - {name for name, _ in pages}))
    yield ("nobody" if summary.acknowledged is None else f"{summary.acknowledged_by} {_minutes(summary.acknowledged)}")
    yield from (str(number) for number in (summary.warnings, summary.breaches))
    yield _span(summary.in_transfer)
    yield from (str(number) for number in (summary.touches, summary.hand_offs, summary.reopens))
    yield (
        f"cut at {_span(summary.lasted)}"
        if result.cut
        else f"{summary.outcome.replace('_', '-')} {_span(summary.lasted)}"
    )


def _pages(summary: Summary) -> list[tuple[str, timedelta]]:
    """Who was asked to take it, and when first."""
    first: dict[str, timedelta] = {}
    for told in summary.told:
        if told.message is Message.PAGE:
            first.setdefault(told.contact, told.at - summary.opened_at)
    return list(first.items())


def _minutes(span: timedelta) -> str:
    return f"+{span // timedelta(minutes=1)}"


def _span(span: timedelta) -> str:
    if span >= timedelta(days=2):
        return f"{span.days} d"
    hours, minutes = divmod(span // timedelta(minutes=1), 60)
    return f"{hours} h {minutes:02} m" if hours else f"{minutes} m"


def judged(results: Sequence[Result], took: timedelta) -> Check:
    """What must hold of the second act, as one verdict."""
    faults = [fault for result in results for fault in result.faults]
    if len(results) != INCIDENTS:
        faults.append(f"{len(results)} incidents were played, not {INCIDENTS}")
    if took > TIME_MAX:
        faults.append(f"it took {took.total_seconds():.0f} s, at most {TIME_MAX.total_seconds():.0f} s are allowed")
    entries = sum(result.summary.entries for result in results)
    moved = sum(result.summary.hand_offs for result in results)
    reopened = sum(result.summary.reopens for result in results)
    late = max((result.late for result in results), default=timedelta(0)).total_seconds()
    found = (
        f"{len(results)} incidents, {entries} entries in {took.total_seconds():.0f} s: each log verifies and is, byte"
        f" for byte, what the core alone writes at these instants (at most {late:.1f} s late); {moved} moves and"
        f" {reopened} reopenings as in the rows; no workflow task failed"
    )
    return Check("second act", not faults, faults[0] if faults else found)
