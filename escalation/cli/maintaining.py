"""`escalate maintenance`: the windows in which what is opened tells nobody until they end."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from escalation.cli.doors import Doors, Json, doors
from escalation.cli.failing import CheckFailed
from escalation.cli.readying import agreements
from escalation.cli.speaking import away, plain, row, say, say_json, when
from escalation.core.lull import MaintenanceWindow
from escalation.wire import requests
from escalation.wire.maintenance_file import read_windows
from escalation.wire.requests import BadInput
from escalation.wire.yaml_reader import BYTES_MAX, FaultyFileError

app = typer.Typer(help="Look at the windows of maintenance: what is opened in one tells nobody until it ends.")
File = Annotated[Path | None, typer.Option("--file", help="Of this file.", show_default="the worker’s")]
EDGES = {"in force": "ends", "coming": "begins", "over": "ended"}
STYLES = {"in force": "magenta", "coming": "", "over": "dim"}


@app.command("list")
def list_(
    ctx: typer.Context,
    ended: Annotated[bool, typer.Option("--all", help="Those that are over as well.")] = False,
    at: Annotated[
        str | None, typer.Option(help="As of that instant: 2026-03-01T17:00+01:00.", metavar="TIME", show_default="now")
    ] = None,
    file: File = None,
    as_json: Json = False,
) -> None:
    """The windows in force and to come: until when, what about, who wrote it and why."""
    outside = doors(ctx)
    now = outside.now() if at is None else requests.instant("--at", at)
    try:
        found = [window for window in _windows(file) if ended or window.until > now]
    except FaultyFileError as faulty:
        raise BadInput(f"the file is wrong ({faulty.faults[0]}); see escalate maintenance check") from None
    if as_json:
        say_json({"windows": [{**plain(window), "stands": stands(window, now)} for window in found]})
    elif found:
        for window in found:
            say(*_lines(window, now, outside))
    else:
        say("no maintenance is in force or to come")


@app.command()
def check(ctx: typer.Context, file: File = None, as_json: Json = False) -> None:
    """What is wrong with the file, and names in it that no agreement knows. Exit 1 when the file would be refused."""
    try:
        windows = _windows(file)
    except FaultyFileError as faulty:
        if as_json:
            say_json({"good": False, "faults": [str(fault) for fault in faulty.faults], "warnings": []})
        else:
            say(*(Text(str(fault), "red") for fault in faulty.faults))
        raise CheckFailed from None
    warnings = list(_unknown(windows, doors(ctx)))
    if as_json:
        say_json({"good": True, "faults": [], "warnings": warnings})
        return
    say(*(Text("warning: ", "yellow").append(each, "not bold default") for each in warnings))
    say(f"{len(windows)} windows, all of them good")


def stands(window: MaintenanceWindow, now: datetime) -> str:
    """Whether it is over, in force or to come."""
    if window.until <= now:
        return "over"
    return "in force" if window.since <= now else "coming"


def _windows(file: Path | None) -> tuple[MaintenanceWindow, ...]:
    """Those of the file, or of the worker's; none where there is no file. Raises `FaultyFileError` and `BadInput`."""
    from escalation.adapters.settings import read_settings

    path = file or read_settings().maintenance_file
    if path is None:
        raise BadInput("no maintenance file is named; set ESCALATION_MAINTENANCE_FILE, or give --file")
    try:
        with path.open("rb") as opened:
            return read_windows(opened.read(BYTES_MAX + 1))
    except OSError as error:
        raise BadInput(f"{str(path)!r} cannot be read ({error.strerror or error}); name a file that can") from None


def _lines(window: MaintenanceWindow, now: datetime, outside: Doors) -> Iterator[Text]:
    state = stands(window, now)
    edge, at = EDGES[state], window.since if state == "coming" else window.until
    yield Text(f"{window.name}  ", "bold").append(f"{state}, {edge} {away(at, now)}", STYLES[state])
    yield row("from", when(window.since, outside.zone))
    yield row("until", when(window.until, outside.zone))
    yield row("about", about(window))
    yield row("by", f"{window.by}: {window.reason}")


def about(window: MaintenanceWindow) -> str:
    """What it is about, in words: "routes to-engineering; customers acme, globex"."""
    named = {"routes": window.routes, "customers": window.customers, "segments": window.segments}
    return "; ".join(f"{what} {', '.join(names)}" for what, names in named.items() if names) or "everything"


def _unknown(windows: Sequence[MaintenanceWindow], outside: Doors) -> Iterator[str]:
    """Names that would make a window be about nothing."""
    agreed, _ = agreements(None, outside)
    known = {
        "route": {route.name for each in agreed for route in each.policy.routes},
        "segment": {segment.name for each in agreed for segment in each.policy.segments},
    }
    for window in windows:
        for what, names in (("route", window.routes), ("segment", window.segments)):
            for name in names:
                if name not in known[what]:
                    yield f"{window.name}: no agreement has a {what} {name!r}"
