"""The verbs about on-call schedules: who is asked now, who is next, a calendar, and the gaps.

All of it is read from the directory file that a worker reads; nothing is sent, and no engine is asked.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from escalation.cli.doors import Doors, Json, doors
from escalation.cli.failing import CheckFailed
from escalation.cli.speaking import away, plain, row, say, say_json, when
from escalation.core import whom
from escalation.core.effects import FindContacts
from escalation.core.schedules import EXPAND_MAX, OnCall, Schedule, Turn, expand, people_of
from escalation.core.schedules import who as on_call
from escalation.wire import requests
from escalation.wire.requests import BadInput

if TYPE_CHECKING:
    from escalation.adapters.directory import Directory
    from escalation.reports.gaps import Gap

DIRECTORY = Path("examples/directory.yaml")
"""In development, from a checkout, when no directory is named."""
WEEKS_MAX = 53
DAYS_MAX = 366
AWAY_MAX = timedelta(days=3660)
TURNS_SHOWN = 5
CELL_LINES_MAX = 8
NAMES_SHOWN = 20
WIDE = 120
"""Columns of a calendar where nobody says how wide the terminal is."""
DAY, WEEK_DAYS = timedelta(days=1), 7
NOBODY = "nobody"
NO_ROLES = "the directory has no roles, so a step can ask nobody by one"
COLOURS = ("green", "cyan", "magenta", "yellow", "blue", "bright_green", "bright_cyan", "bright_magenta")

app = typer.Typer(help="Look at who is on call, and when nobody is.")
File = Annotated[Path | None, typer.Option("--directory", help="Of this directory file.", show_default="the worker’s")]
Named = Annotated[str, typer.Argument(help="A role that a schedule fills, or a schedule.", metavar="ROLE|SCHEDULE")]


@app.command()
def who(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            help="A role, a schedule, or what else a step may ask: everyone:TEAM, manager-of:WHO, contact-of:CUSTOMER.",
            metavar="[ROLE|SCHEDULE|…]",
            show_default="every role",
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="At that instant: 2026-03-01T17:00+01:00.", metavar="TIME", show_default="now")
    ] = None,
    directory: File = None,
    as_json: Json = False,
) -> None:
    """Who would be asked, until when, and why it is them."""
    outside, people = doors(ctx), directory_named(directory)
    instant = outside.now() if at is None else requests.instant("--at", at)
    if abs(instant - outside.now()) > AWAY_MAX:
        raise BadInput(f"--at {at} is too far away; ask for an instant within {AWAY_MAX.days} days from now")
    names = people.roles() if name is None else (name,)
    answers = [answer for each in names for answer in _answers(people, each, instant)]
    if as_json:
        say_json({"at": plain(instant), "answers": [plain(each) for each in answers]})
        return
    if not names:
        say(NO_ROLES)
    elif name is None or len(answers) > 1:
        width = max(len(each) for each in names)
        say(*(_in_one_line(answer, width, outside) for answer in answers))
    else:
        say(*_on_a_page(answers[0], instant, outside))


@app.command("next")
def next_(ctx: typer.Context, name: Named, directory: File = None, as_json: Json = False) -> None:
    """The next hand-overs: who comes after whom, and when."""
    outside, people = doors(ctx), directory_named(directory)
    now = outside.now()
    schedule = _schedule(people, name, now)
    turns = _people_in_turn(expand(schedule, now, now + EXPAND_MAX))[: TURNS_SHOWN + 1]
    if as_json:
        say_json({"schedule": schedule.name, "turns": [_as_json(turn) for turn in turns]})
        return
    first, *following = turns
    say(Text(f"{schedule.name}: {_person(first)}", "bold").append(", by " + first.place.by if first.place.by else ""))
    if not following:
        say(f"no hand-over within {EXPAND_MAX.days} days")
    for turn in following:
        say(f"  {when(turn.start, outside.zone)}, {away(turn.start, now)}: {_person(turn)}")


@app.command()
def show(
    ctx: typer.Context,
    name: Named,
    weeks: Annotated[int, typer.Option(help="How many weeks, this one included.", min=1, max=WEEKS_MAX)] = 4,
    directory: File = None,
    as_json: Json = False,
) -> None:
    """A schedule as a calendar, in your zone, from Monday of this week on."""
    outside, people = doors(ctx), directory_named(directory)
    now = outside.now()
    schedule = _schedule(people, name, now)
    today = now.astimezone(outside.zone).date()
    monday = today - today.weekday() * DAY
    midnights = [_midnight(monday + number * DAY, outside) for number in range(weeks * WEEK_DAYS + 1)]
    turns = expand(schedule, midnights[0], midnights[-1])
    if as_json:
        say_json({"schedule": schedule.name, "zone": schedule.zone, "turns": [_as_json(turn) for turn in turns]})
        return
    here = f"{now.astimezone(outside.zone):%Z}"
    say(Text(schedule.name, "bold").append(f", kept in {schedule.zone}, shown in {here}", "not bold"))
    console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else WIDE)
    console.print(_calendar(schedule, turns, midnights, outside))
    usual = {layer.name for layer in schedule.layers}
    say(*(_line(turn, outside) for turn in turns if turn.place.by not in usual or turn.place.skipped))


@app.command()
def gaps(
    ctx: typer.Context,
    days: Annotated[int, typer.Option(help="How far ahead.", min=1, max=DAYS_MAX)] = 90,
    directory: File = None,
    as_json: Json = False,
) -> None:
    """When a role has nobody, or only its backup. Exit 1 when somebody would be looked for in vain."""
    from escalation.reports.gaps import gaps as gaps_of

    outside, people = doors(ctx), directory_named(directory)
    now = outside.now()
    found = [gap for role in people.roles() for gap in gaps_of(people, role, now, now + days * DAY)]
    found.sort(key=lambda gap: (gap.start, gap.role))
    if as_json:
        say_json({"since": plain(now), "until": plain(now + days * DAY), "gaps": [plain(gap) for gap in found]})
    elif found:
        say(*(_gap(gap, outside) for gap in found))
    elif not people.roles():
        say(NO_ROLES)
    else:
        say(f"every role has somebody at every instant of the next {days} days")
    if any(gap.backup is None for gap in found):
        raise CheckFailed


@app.command()
def check(
    ctx: typer.Context,
    days: Annotated[int, typer.Option(help="How far ahead.", min=1, max=DAYS_MAX)] = 90,
    policies: Annotated[
        list[str] | None, typer.Option("--policy", help="This agreement.", show_default="all in force")
    ] = None,
    directory: File = None,
    as_json: Json = False,
) -> None:
    """Whether every role and every step of the agreements has somebody, and never only one. Exit 1 on errors."""
    from escalation.cli.readying import agreements, say_findings
    from escalation.reports.readiness import of_on_call

    outside, people = doors(ctx), directory_named(directory)
    now = outside.now()
    agreed, left_out = agreements(policies, outside)
    found = of_on_call(people, agreed, now, now + days * DAY)
    otherwise = f"every role and every step has somebody in the next {days} days"
    say_findings(found, otherwise, as_json=as_json, left_out=left_out)


# --- reading ---------------------------------------------------------------------------------------------------------


def directory_named(path: Path | None) -> "Directory":
    from escalation.adapters.directory import Directory, DirectoryDown, directory_of
    from escalation.adapters.settings import read_settings

    try:
        return Directory.from_file(path) if path is not None else directory_of(read_settings(), DIRECTORY)
    except DirectoryDown as down:
        raise BadInput(f"{down}; name it with --directory or ESCALATION_DIRECTORY_FILE") from None


def _known(people: "Directory", name: str) -> str:
    known = (*people.roles(), *people.schedules())
    if name in known:
        return name
    raise BadInput(f"no role or schedule is called {requests.name('the name', name)!r}; {_listed(known)}")


def _schedule(people: "Directory", name: str, at: datetime) -> Schedule:
    found = people.schedule(_known(people, name), at)
    if found is None:
        raise BadInput(f"no schedule fills the role {name!r}; {_listed(people.schedules())}")
    return found


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"known are {', '.join(names[:NAMES_SHOWN])}{more}" if names else "the directory has none"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step that asks for that name would get; `until` is the schedule's, if one fills the role."""

    name: str
    contact: str | None
    backup: str | None
    schedule: str | None
    until: datetime | None
    why: str


def _answers(people: "Directory", name: str, at: datetime) -> list[Answer]:
    """One, or one for each who is asked at once. Whose turn it is only workers know: the first of a list is said."""
    from escalation.adapters.asking import Asking

    form, rest = whom.parted(name)
    if form not in whom.FORMS:
        return [_answer(people, _known(people, name), at)]
    if whom.placed(name, "", "") != name:
        raise BadInput(f"{name} depends on the escalation; write an id in place of {whom.OWNER} or {whom.CUSTOMER}")
    requests.name(f"what follows {form}:", rest)
    found = Asking(people).behind(FindContacts(0, "step", (name,)), at)
    return [Answer(name, each.contact, each.backup, None, None, each.why) for each in found]


def _answer(people: "Directory", name: str, at: datetime) -> Answer:
    schedule = people.schedule(name, at)
    state = on_call(schedule, at) if schedule is not None else None
    filled = schedule.name if schedule is not None else None
    until = state.until if state is not None else None
    if name in people.roles():
        found = people.find(name, at)
        return Answer(name, found.contact, found.backup, filled, until, found.why)
    return Answer(name, state.person if state is not None else None, None, filled, until, _why(state))


def _why(state: OnCall | None) -> str:
    if state is None:
        return ""
    skipped = (f"{each.person}: away until {each.until.isoformat()} ({each.why})" for each in state.place.skipped)
    return "; ".join(part for part in (state.place.by, *skipped) if part) or "it is nobody's turn"


def _people_in_turn(turns: Sequence[Turn]) -> list[Turn]:
    """Turns as people see them: the same person twice in a row is one, whatever the reason."""
    found: list[Turn] = []
    for turn in turns:
        if found and found[-1].place.person == turn.place.person:
            found[-1] = replace(found[-1], end=turn.end)
        else:
            found.append(turn)
    return found


def _midnight(day: date, outside: Doors) -> datetime:
    """The instant at which a day begins where the viewer is."""
    naive = datetime.combine(day, time())  # it gets the viewer's zone next, also where that is None
    local = naive.astimezone() if outside.zone is None else naive.replace(tzinfo=outside.zone)
    return local.astimezone(UTC)


# --- saying ----------------------------------------------------------------------------------------------------------


def _in_one_line(answer: Answer, width: int, outside: Doors) -> Text:
    line = Text(f"{answer.name:<{width}}  ").append(*_asked(answer))
    if answer.until is not None:
        line.append(f", until {when(answer.until, outside.zone)}", "dim")
    if answer.contact is None and answer.why:
        line.append(f" ({answer.why})", "dim")
    return line


def _on_a_page(answer: Answer, at: datetime, outside: Doors) -> list[Text]:
    lines = [Text(f"{answer.name}: ", "bold").append(*_asked(answer)), row("at", when(at, outside.zone))]
    if answer.schedule is not None:
        until = when(answer.until, outside.zone) if answer.until is not None else "no change is in sight"
        lines += [row("schedule", answer.schedule), row("until", until)]
    return [*lines, row("why", answer.why or "the role is always theirs")]


def _asked(answer: Answer) -> tuple[str, str]:
    if answer.contact is not None:
        return answer.contact + (f", backup {answer.backup}" if answer.backup else ""), "green"
    return (f"backup {answer.backup}", "yellow") if answer.backup else (NOBODY, "bold red")


def _person(turn: Turn) -> str:
    return turn.place.person or NOBODY


def _line(turn: Turn, outside: Doors) -> Text:
    skipped = (f"{each.person} is away ({each.why})" for each in turn.place.skipped)
    why = "; ".join(part for part in (turn.place.by, *skipped) if part)
    text = f"{when(turn.start, outside.zone)} to {when(turn.end, outside.zone)}: {_person(turn)}"
    return Text(text, "" if turn.place.person else "red").append(f" ({why})" if why else "", "dim")


def _gap(gap: "Gap", outside: Doors) -> Text:
    instead = f"backup {gap.backup}" if gap.backup else NOBODY
    text = f"{gap.role}: {instead} from {when(gap.start, outside.zone)} to {when(gap.end, outside.zone)}"
    return Text(text, "yellow" if gap.backup else "bold red").append(f" ({gap.why})", "dim not bold")


def _calendar(schedule: Schedule, turns: Sequence[Turn], midnights: Sequence[datetime], outside: Doors) -> Grid:
    """A row for each week, a column for each day: who has it as it begins, and each hand-over with its time."""
    colours = dict(zip(sorted(people_of(schedule)), cycle(COLOURS), strict=False))
    seen = _people_in_turn(turns)
    grid = Grid(*(f"{midnight.astimezone(outside.zone):%a}" for midnight in midnights[:WEEK_DAYS]), show_lines=True)
    days = [_day(seen, start, end, colours, outside) for start, end in pairwise(midnights)]
    for number in range(0, len(days), WEEK_DAYS):
        grid.add_row(*days[number : number + WEEK_DAYS])
    return grid


def _day(turns: Sequence[Turn], start: datetime, end: datetime, colours: dict[str, str], outside: Doors) -> Text:
    local = start.astimezone(outside.zone)
    cell = Text(f"{local.day} {local:%b}", "dim")
    shown = [turn for turn in turns if turn.start < end and turn.end > start]
    for turn in shown[:CELL_LINES_MAX]:
        begins = f"{turn.start.astimezone(outside.zone):%H:%M} " if turn.start > start else ""
        cell.append(f"\n{begins}", "dim").append(_person(turn), f"not dim {colours.get(_person(turn), 'red')}")
    if len(shown) > CELL_LINES_MAX:
        cell.append(f"\n{len(shown) - CELL_LINES_MAX} more", "dim")
    return cell


def _as_json(turn: Turn) -> dict[str, object]:
    return {
        "start": plain(turn.start), "end": plain(turn.end), "person": turn.place.person, "by": turn.place.by,
        "skipped": [plain(each) for each in turn.place.skipped],
    }  # fmt: skip
