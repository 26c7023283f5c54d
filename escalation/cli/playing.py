"""`escalate play`: a file of recorded incidents, played on any engine in real time, by the people of its directory."""

import asyncio
import json
import shlex
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from escalation.cli.doors import Client, Doors, doors, run
from escalation.cli.speaking import plain, say
from escalation.core.commands import Block, Instructable
from escalation.core.state import TERMINAL
from escalation.core.vocabulary import Channel
from escalation.drills.cast import NoCastError, cast_of
from escalation.drills.incidents import BadIncidentError, Incident, read
from escalation.drills.live import NAME, POLICY, Heard, Said, found, go_on, request_of
from escalation.drills.script import DEADLINES, WAITING, Cast, Script, script_of
from escalation.wire import requests
from escalation.wire.messages import Answer, View
from escalation.wire.outcomes import NotDone
from escalation.wire.requests import BadInput, EscalationRequest

SPEED = 60.0
SPEED_MIN, SPEED_MAX = 1.0, 100_000.0
LIMIT_MAX = 10_000
"""Incidents of one play; each is an escalation, and somebody is told of it."""
AT_ONCE = 8
"""Questions that the engine is asked at the same time."""
SOUGHT_MAX = 20
"""Incidents, the earliest first, among which one is sought that an earlier run has opened."""
NAP_MAX = timedelta(minutes=1)
"""The longest pause without a look at the clock: a machine that slept is late by no more."""
DIRECTORY = Path("examples/directory.yaml")
"""In development, from a checkout, when no directory is named."""
STEP_CHARS = 48


@dataclass
class Tally:
    """What became of a play so far. `ended` are escalations, by whatever end; `before` was said by an earlier run."""

    opened: int = 0
    found: int = 0
    said: int = 0
    before: int = 0
    refused: int = 0
    ended: int = 0

    def hear(self, said: Said) -> None:
        """Count it."""
        if said.refusal is not None:
            self.refused += 1
        elif said.row == 0:
            self.found, self.opened = self.found + said.before, self.opened + (not said.before)
        else:
            self.before, self.said = self.before + said.before, self.said + (not said.before)


@dataclass(frozen=True)
class Order:
    """What was asked for, and how to ask for it again."""

    file: Path
    speed: float
    limit: int | None
    policy: str
    name: str

    @property
    def again(self) -> str:
        """The command line that goes on."""
        limit = "" if self.limit is None else f" --limit {self.limit}"
        policy = "" if self.policy == POLICY else f" --policy {shlex.quote(self.policy)}"
        name = "" if self.name == NAME else f" --key {shlex.quote(self.name)}"
        return f"escalate play {shlex.quote(str(self.file))} --speed {self.speed:g}{limit}{policy}{name}"


def play(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON lines, one incident each; .gz is unpacked.", show_default=False)],
    speed: Annotated[
        float, typer.Option(help=f"{SPEED_MIN:g} is as recorded, {SPEED:g} an hour in a minute; to {SPEED_MAX:g}.")
    ] = SPEED,
    limit: Annotated[
        int | None, typer.Option(help=f"The first so many incidents, 1 to {LIMIT_MAX}.", show_default="all")
    ] = None,
    policy: Annotated[str, typer.Option(help="Open them under this agreement.")] = POLICY,
    key: Annotated[str, typer.Option(help="Name of the play; another name plays the file anew.")] = NAME,
    as_json: Annotated[
        bool, typer.Option("--json", help="A line of JSON for each thing said, and one for all.")
    ] = False,
) -> None:
    """Play recorded incidents in real time: the first opens now, the rest follow as they did then, scaled by --speed.

    A speed above 1 compresses people, not the policy's windows, which run in real time (`make demo` has virtual time).

    Ctrl-C ends it, and the same command goes on there: whatever is said has a key made of --key, incident and row.

    It began when its first escalation was opened, and keeps that time. The people of the directory are really told.
    """
    order, outside = _ordered(file, speed, limit, policy, key), doors(ctx)
    recorded = _recorded(order, _cast(policy, outside.now()))
    tally, stopped = Tally(), False
    with _stage(len(recorded), sum(len(one.moments) for one in recorded), tally, as_json=as_json) as heard:
        try:
            run(_play(outside, order, recorded, heard, tally))
        except KeyboardInterrupt:
            stopped = True
        except NotDone:
            if tally != Tally():
                _conclude(order, tally, stopped=True, as_json=as_json)
            raise
    _conclude(order, tally, stopped=stopped, as_json=as_json)


# --- Before anything is sent ------------------------------------------------------------------------------------------


def _ordered(file: Path, speed: float, limit: int | None, policy: str, name: str) -> Order:
    if not SPEED_MIN <= speed <= SPEED_MAX:
        raise BadInput(f"--speed is {speed:g}; give {SPEED_MIN:g} (as recorded) to {SPEED_MAX:g}")
    if limit is not None and not 1 <= limit <= LIMIT_MAX:
        raise BadInput(f"--limit is {limit}; give 1 to {LIMIT_MAX}")
    return Order(file, speed, limit, requests.name("--policy", policy), requests.name("--key", name))


def _cast(policy: str, now: datetime) -> Cast:
    """Who plays: the people on the routes of that agreement."""
    from escalation.adapters.directory import LIMITS, Directory, DirectoryDown
    from escalation.adapters.directory_file import written_in
    from escalation.adapters.policies import NoSuchPolicyError, PolicyShelf
    from escalation.adapters.settings import read_settings
    from escalation.wire.yaml_reader import read as read_yaml

    settings = read_settings()
    path = settings.directory_file or DIRECTORY
    try:
        directory = Directory.from_file(path)
        customers = tuple(written_in(read_yaml(path.read_bytes(), LIMITS)).customers)
        with TemporaryDirectory() as kept:  # good copies are the worker's to keep
            settles = {channel: settings.settle.of(channel) for channel in Channel}
            agreement = PolicyShelf(settings.policy_dir, Path(kept), settles).newest(policy, now)
        return cast_of(agreement, directory, customers, now)
    except DirectoryDown as down:
        raise BadInput(f"{down}; ESCALATION_DIRECTORY_FILE names it") from None
    except (NoSuchPolicyError, NoCastError) as wrong:
        raise BadInput(str(wrong.args[0])) from None


def _recorded(order: Order, cast: Cast) -> list[Script]:
    """The scripts at their recorded times, in order of opening, once all of what they say is within bounds."""
    scripts: dict[str, Script] = {}
    for incident in _incidents(order):
        script = script_of(incident, cast, incident.opened_at.replace(tzinfo=UTC))
        try:
            reference = request_of(script, order.policy, order.name).reference
            _check_states(script)
        except BadInput as wrong:
            raise BadInput(f"{order.file}: incident {incident.id[:40]!r}: {wrong}") from None
        if reference in scripts:
            raise BadInput(f"{order.file}: incident {incident.id!r} is there twice; leave one out")
        scripts[reference] = replace(script, reference=reference)
    if not scripts:
        raise BadInput(f"{order.file}: there is no incident in it; write one JSON object a line")
    return sorted(scripts.values(), key=lambda script: script.opening.at)


def _incidents(order: Order) -> list[Incident]:
    try:
        incidents = list(islice(read(order.file), order.limit or LIMIT_MAX + 1))
    except BadIncidentError as wrong:
        raise BadInput(f"{order.file}: {wrong}") from None
    except (UnicodeDecodeError, EOFError, zlib.error):
        raise BadInput(f"{order.file}: it is no UTF-8 text, or not all of its archive; convert it") from None
    except OSError as error:
        why = error.strerror or str(error)
        raise BadInput(f"{str(order.file)!r} cannot be read ({why}); name a file that can") from None
    if len(incidents) > LIMIT_MAX:
        raise BadInput(f"{order.file}: there are more than {LIMIT_MAX} incidents; play some of them with --limit")
    return incidents


def _check_states(script: Script) -> None:
    """Apart from the opening, states are the only words of the file that are said. Raises `BadInput`."""
    for moment in script.moments:
        if moment.state.startswith(WAITING):
            requests.checked(Block(moment.person, moment.state.removeprefix(WAITING)))
        else:
            requests.line("state", moment.state, chars_max=requests.NAME_CHARS_MAX)


# --- Playing ----------------------------------------------------------------------------------------------------------


async def _play(outside: Doors, order: Order, recorded: list[Script], heard: Heard, tally: Tally) -> None:
    """All of them at once, each at its own pace. Raises the first failure; the others are called off."""
    client = _OneOfFew(await outside.connect(), asyncio.Semaphore(AT_ONCE))
    first = recorded[0].opening.at
    start = await _start(client, order, recorded, outside.now())
    clock = _RealTime(outside)

    async def one(script: Script) -> None:
        phase = await go_on(client, clock, script, heard, order.name, order.policy)
        tally.ended += phase in TERMINAL

    try:
        async with asyncio.TaskGroup() as group:
            for script in recorded:
                group.create_task(one(scaled(script, order.speed, first, start, outside.now())))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _start(client: "_OneOfFew", order: Order, recorded: list[Script], now: datetime) -> datetime:
    """When the earliest incident was opened by an earlier run, as the escalations tell; `now` if none has been."""
    for script in recorded[:SOUGHT_MAX]:
        view = await found(client, script.reference, order.name)
        if view is not None:
            return view.opened_at - (script.opening.at - recorded[0].opening.at) / order.speed
    return now


def scaled(script: Script, speed: float, first: datetime, start: datetime, now: datetime) -> Script:
    """The script with `first` at `start` and everything after it so many times faster, but for the hard deadline."""

    def at(recorded: datetime) -> datetime:
        return start + (recorded - first) / speed

    opening = script.opening
    opens = at(opening.at)
    return replace(
        script,
        opening=replace(
            opening,
            at=opens,
            deadline=max(opens, now) + DEADLINES[opening.severity],
            description=f"Recorded {opening.at:%Y-%m-%d %H:%M}, played at {speed:g} times its speed.",
        ),
        moments=tuple(replace(moment, at=at(moment.at)) for moment in script.moments),
    )


@dataclass(frozen=True)
class _RealTime:
    """The clock of an engine whose time nobody can move."""

    outside: Doors

    def open_at(self, reference: str, at: datetime) -> None:
        """Real time comes by itself."""

    async def advance(self, reference: str, to: datetime) -> bool:  # noqa: ARG002  # time is the same for all
        """Wait until then. Whether it has ended, a look will tell."""
        while (left := to - self.outside.now()) > timedelta(0):
            await self.outside.pause(min(left, NAP_MAX))
        return True


@dataclass(frozen=True)
class _OneOfFew:
    """A client of which only so many questions are under way."""

    client: Client
    seats: asyncio.Semaphore

    async def start(self, request: EscalationRequest) -> Answer:
        async with self.seats:
            return await self.client.start(request)

    async def send(
        self, ref: str, command: Instructable, key: str | None = None, *, words: str | None = None
    ) -> Answer:
        async with self.seats:
            return await self.client.send(ref, command, key, words=words)

    async def view(self, ref: str) -> View:
        async with self.seats:
            return await self.client.view(ref)


# --- Showing ----------------------------------------------------------------------------------------------------------


@contextmanager
def _stage(incidents: int, rows: int, tally: Tally, *, as_json: bool) -> Iterator[Heard]:
    """Count and show what is said: a bar on a terminal, a line each in a pipe."""
    console = Console(file=sys.stdout, highlight=False)
    if as_json or not console.is_terminal:
        write = _write_json if as_json else _write_line

        def heard(said: Said) -> None:
            tally.hear(said)
            write(said)
            sys.stdout.flush()

        yield heard
        return
    with bar(console, incidents, rows) as draw:

        def drawn(said: Said) -> None:
            tally.hear(said)
            draw(said)

        yield drawn


@contextmanager
def bar(console: Console, incidents: int, rows: int) -> Iterator[Heard]:
    """All rows as one bar on a terminal, with the last thing said beside it; gone in the end."""
    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TextColumn("rows")
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"{incidents} incidents; Ctrl-C ends", total=rows)
        reached: dict[str, int] = {}

        def draw(said: Said) -> None:
            reached[said.reference] = said.row
            text = _line(said).ljust(STEP_CHARS)
            progress.update(task, description=text, completed=sum(reached.values()), refresh=True)

        progress.refresh()
        yield draw


def _line(said: Said) -> str:
    what = f"refused, {said.refusal.replace('_', ' ')}" if said.refusal is not None else ""
    what = what or ("said before" if said.before else "")
    kind = said.kind.replace("_", " ")
    return f"{said.reference} row {said.row} of {said.rows}: {kind}" + (f" ({what})" if what else "")


def _write_line(said: Said) -> None:
    say(_line(said))


def _write_json(said: Said) -> None:
    sys.stdout.write(json.dumps(plain(said), ensure_ascii=False) + "\n")


def _conclude(order: Order, tally: Tally, *, stopped: bool, as_json: bool) -> None:
    """The numbers, and what to type next."""
    if as_json:
        ended = {"stopped": stopped, **plain(tally), "again": order.again}
        sys.stdout.write(json.dumps(ended, ensure_ascii=False) + "\n")
        return
    table = Table("opened", "said", "refused", "closed", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    again = f" (+{tally.found} before)" if tally.found else ""
    said = f" (+{tally.before} before)" if tally.before else ""
    table.add_row(f"{tally.opened}{again}", f"{tally.said}{said}", str(tally.refused), str(tally.ended))
    Console(file=sys.stdout, highlight=False).print(table)
    if stopped:
        say(f"stopped; it goes on with: {order.again}")
    elif not tally.opened and not tally.said:
        say("all of it had been played; another --key plays it anew")
