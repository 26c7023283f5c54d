"""`escalate explain`: why every clock of an escalation says what it says, told by the audit log alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

import typer
from rich.text import Text

from escalation.cli.doors import Json, Ref, doors
from escalation.cli.failing import CheckFailed
from escalation.cli.instants import past_instant
from escalation.cli.looking import At, OfEpisode
from escalation.cli.recalling import chosen, page_of, past_as_json, refuse_unopened
from escalation.cli.speaking import away, clock_name, plain, row, say, say_json, when
from escalation.core.explaining import WEEKDAYS, Kind, Stretch, folded
from escalation.core.hours import Days
from escalation.reports.explanation import Explained
from escalation.reports.explanation import explain as explained
from escalation.reports.lives import MISSABLE, Turn
from escalation.wire import requests
from escalation.wire.durations import spell

# Stretches of one clock on a page; the middle of more is folded into one line.
STRETCHES_SHOWN_MAX = 24
# Stretches of one clock in JSON; a year of nights and days is less.
STRETCHES_TOLD_MAX = 1000
# What happened to one clock, and turns that are over, on a page: the latest. JSON has more of them.
MARKS_SHOWN_MAX = 12
TURNS_SHOWN_MAX = 12
_STYLES = {Kind.OPEN: "green", Kind.CLOSED: "dim", Kind.PAUSED: "magenta", Kind.FOLDED: "dim"}


def explain(ctx: typer.Context, ref: Ref, at: At = None, episode: OfEpisode = None, as_json: Json = False) -> None:
    """Why every clock says what it says: its target, what counted and what did not, and why it is due then.

    The audit log is decided again, and every due is worked out a second time. Exit 1 when the two differ.
    """
    found, outside = requests.reference(ref), doors(ctx)
    now = outside.now()
    instant = past_instant(at, now, outside.zone) if at is not None else now
    episode, log = chosen(outside.log(), found, instant, episode)
    explanation = explained(log, instant)
    refuse_unopened(found, log, explanation.past, outside.zone)
    if as_json:
        told = {
            **past_as_json(found, episode, explanation.past),
            "clocks": [_as_json(clock) for clock in explanation.clocks],
            "turns": [{**plain(turn), "because": str(turn.cause)} for turn in explanation.turns],
            "turns_before": explanation.turns_before,
            "differences": list(explanation.differences),
        }
        say_json(told)
    else:
        say(*page_of(found, episode, log, explanation.past, now, outside.zone))
        for clock in explanation.clocks:
            say(Text(), *_clock(clock, instant, outside.zone))
        say(*_turns(explanation.turns, explanation.turns_before, outside.zone))
        say(Text(), *_verdict(explanation.differences, len(explanation.clocks)))
    if explanation.differences or explanation.past.fault is not None:
        raise CheckFailed


def because(clock: Explained, zone: tzinfo | None) -> str:
    """Why the due is what it is, in one sentence."""
    whole = (
        f"{spell(clock.target.limit)}{f' of calendar {clock.calendar}' if clock.calendar else ', every hour counts'}"
    )
    if clock.overtaken:
        whole += ", and another target had put the limit into the past"
    if clock.limit_passed is not None:
        return f"{whole}: the limit passed {_on(clock.limit_passed, zone)}"
    so_far = f"{whole}, {spell(clock.counted)} counted"
    if clock.paused:
        so_far += f", {spell(clock.paused)} paused"
    if clock.moved:
        so_far += f" (pauses have moved it by {spell(clock.moved)})"
    if not clock.ahead:
        return f"{so_far}: {spell(clock.left)} remain, and it stands still"
    return f"{so_far}, so {spell(clock.left)} remain: due {_on(clock.ahead[-1].at, zone)}"


def _clock(clock: Explained, at: datetime, zone: tzinfo | None) -> list[Text]:
    head = Text(f"{clock_name(clock.name)}, turn {clock.cycle}: ", "bold").append(
        clock.state, {"running": "green", "paused": "magenta"}.get(clock.state, "red")
    )
    lines = [head, row("target", _target(clock)), row("from", clock.source), row("because", because(clock, zone))]
    marks = clock.marks[-MARKS_SHOWN_MAX:]
    if len(marks) < len(clock.marks):
        lines.append(row("", f"… {len(clock.marks) - len(marks)} earlier events"))
    lines += [row("", f"{mark.what} {when(mark.at, zone)}: {mark.cause}") for mark in marks]
    lines += [_stretch(each, zone) for each in folded(clock.stretches, STRETCHES_SHOWN_MAX)]
    lines += [row("ahead", f"{due.edge} {when(due.at, zone)}, {away(due.at, at)}") for due in clock.ahead]
    return [*lines, *(Text(f"the log differs: {each}", "bold red") for each in clock.differences)]


def _target(clock: Explained) -> str:
    target = clock.target
    calendar = f"of calendar {clock.calendar} ({clock.zone})" if clock.calendar else "round the clock"
    said = [f"{spell(target.limit)} {calendar}"]
    if target.limit_days is not None:
        said.append(_days(target.limit_days))
    if target.goal is not None:
        said.append(f"goal {spell(target.goal)}")
    said += [f"warning {spell(lead)} before{' by the wall' if target.wall_leads else ''}" for lead in target.leads]
    return ", ".join(said)


def _days(days: Days) -> str:
    return f"{days.count} working day{'' if days.count == 1 else 's'}, {days.rule.replace('_', ' ')}"


def _stretch(stretch: Stretch, zone: tzinfo | None) -> Text:
    why = f"  {', '.join(stretch.why)}" if stretch.why else ""
    between = f"{when(stretch.start, zone)} → {when(stretch.end, zone)}"
    return Text(f"  {stretch.kind:<8} ", _STYLES[stretch.kind]).append(
        f"{between}  {spell(stretch.counted)} counted by then{why}", "not dim"
    )


def _turns(turns: tuple[Turn, ...], before: int, zone: tzinfo | None) -> Iterator[Text]:
    """The latest turns of promises that are over."""
    promised = [turn for turn in turns if turn.name in MISSABLE]
    shown = promised[-TURNS_SHOWN_MAX:]
    if shown:
        yield Text()
        yield Text("turns that are over", "bold")
    if hidden := len(promised) - len(shown) + before:
        yield row("", f"… {hidden} earlier ones; --json and the log have more")
    for turn in shown:
        limit = f", limit {when(turn.limit_at, zone)}" if turn.limit_at is not None else ""
        late = ", retroactive" if turn.overtaken else ""
        yield Text(
            f"  {clock_name(turn.name)} {turn.cycle}: {turn.fate}{late}{limit}; "
            f"began {when(turn.began, zone)}, over {when(turn.ended, zone)} by {turn.cause}",
            "red" if turn.fate == "missed" else "",
        )


def _verdict(differences: tuple[str, ...], count: int) -> Iterator[Text]:
    if differences:
        yield Text(f"{len(differences)} differences between the stretches and the log", "bold red")
    else:
        yield row("checked", f"every due of {count} clocks was worked out again from its stretches: none differs")


def _on(at: datetime, zone: tzinfo | None) -> str:
    return f"{WEEKDAYS[at.astimezone(zone).weekday()]} {when(at, zone)}"


def _as_json(clock: Explained) -> dict[str, object]:
    short = replace(clock, stretches=folded(clock.stretches, STRETCHES_TOLD_MAX))
    left: timedelta = clock.left
    told: dict[str, object] = plain(short)
    return {
        **told,
        "stretches_folded": len(clock.stretches) - len(short.stretches),
        "left": plain(left),
        "due": plain(clock.ahead[-1].at) if clock.ahead else None,
        "because": because(clock, UTC),
    }
