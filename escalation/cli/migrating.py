"""`escalate policy migrate`: an open escalation moves to another agreement, or says first what that would do."""

import asyncio
from datetime import timedelta

from rich.text import Text

from escalation.cli.agreeing import found, is_file
from escalation.cli.doors import Doors, run
from escalation.cli.failing import CheckFailed
from escalation.cli.speaking import answered, clock_name, plain, say, say_json, when
from escalation.core.policy import Policy
from escalation.reports.migration import Move, Preview, moved_by, preview
from escalation.reports.past import Log, past, read
from escalation.wire import requests
from escalation.wire.durations import spell
from escalation.wire.messages import Answer
from escalation.wire.requests import BadInput

LOOK_EVERY = timedelta(milliseconds=250)


def migrate(outside: Doors, ref: str, by: str, to: str | None, reason: str, key: str | None, *, as_json: bool) -> None:
    """Ask the engine for it, and say what moved."""
    ref = requests.reference(ref)
    if to is not None and is_file(to):
        raise BadInput("workers find an agreement by its name; publish the file first, then migrate to its name")
    if not reason.strip():
        raise BadInput("moving an escalation to another agreement needs a reason; say it with --reason")
    name = to if to is not None else _name_in(_log(outside, ref), outside, ref)
    answer, moves = run(_adopted(outside, ref, by, name, reason, key))
    if as_json:
        say_json({**plain(answer), "moves": None if moves is None else [_as_json(move) for move in moves]})
        return
    say(answered(answer))
    if moves is None:
        say(f"what it moved is not in the audit log yet; read it with: escalate explain {ref}")
    else:
        say(*_lines(moves, outside))


def look_ahead(outside: Doors, ref: str, by: str, to: str | None, *, as_json: bool) -> None:
    """Say what would move. Raises `CheckFailed`, once all is said, when nothing would because it would be refused."""
    ref = requests.reference(ref)
    log = _log(outside, ref)
    policy = found(to if to is not None else _name_in(log, outside, ref), outside).policy
    seen = preview(log, policy, by, outside.now())
    if seen is None:
        raise BadInput(f"{ref} is not open by its audit log; correct the reference")
    if as_json:
        fields = {"reference": ref, "from": seen.version, "to": f"{policy.name} {policy.version}", **plain(seen)}
        say_json({**fields, "moves": [_as_json(move) for move in seen.moves], "facts": dict(seen.facts)})
    else:
        say(*_page(ref, policy, seen, outside))
    if seen.refusal is not None or seen.fault is not None:
        raise CheckFailed


async def _adopted(
    outside: Doors, ref: str, by: str, name: str, reason: str, key: str | None
) -> tuple[Answer, tuple[Move, ...] | None]:
    """Ask the engine; then read in the log what it moved, once the entry has arrived, at most `tail_within` later."""
    client = await outside.connect()
    answer = await client.adopt_policy(ref, by=by, policy=name, reason=reason, key=key)
    loop = asyncio.get_running_loop()
    end = loop.time() + outside.tail_within.total_seconds()
    store = outside.log()
    while True:
        moves = moved_by(read(store.entries(ref, answer.episode), ref, answer.episode), answer.sequence)
        if moves is not None or loop.time() >= end:
            return answer, moves
        await outside.pause(LOOK_EVERY)


def _page(ref: str, policy: Policy, seen: Preview, outside: Doors) -> list[Text]:
    if seen.fault is not None:
        return [Text(f"{ref}: {seen.fault}; prove it with: escalate audit verify {ref}", "bold red")]
    head = Text(f"{ref}: {seen.version} -> {policy.name} {policy.version} ({policy.digest[:12]})", "bold")
    if seen.refusal is not None:
        facts = ", ".join(f"{name} {value}" for name, value in seen.facts)
        return [head, Text(f"it would be refused: {seen.refusal.replace('_', ' ')} ({facts})", "red")]
    note = [Text("it waits and its clocks stand still; told as if it were taken up now")] if seen.waiting else []
    return [head, *note, *_lines(seen.moves, outside)]


def _lines(moves: tuple[Move, ...], outside: Doors) -> list[Text]:
    if not moves:
        return [Text("no deadline moves")]
    width = max(len(_called(move)) for move in moves)
    return [_line(move, width, outside) for move in moves]


def _line(move: Move, width: int, outside: Doors) -> Text:
    name = f"  {_called(move):<{width}}  "
    if move.after is None:
        return Text(f"{name}{_instant(move, outside)} -> not due any more", "yellow")
    text = Text(f"{name}{_instant(move, outside)} -> {when(move.after, outside.zone)}")
    if move.after <= outside.now():
        text.append(", which is now", "bold red")
    return text if move.difference is None else text.append(f", {_distance(move.difference)}")


def _instant(move: Move, outside: Doors) -> str:
    return when(move.before, outside.zone) if move.before is not None else "not due"


def _distance(difference: timedelta) -> str:
    return f"{spell(abs(difference))} {'later' if difference > timedelta(0) else 'earlier'}"


def _called(move: Move) -> str:
    turn = f" {move.cycle}" if move.cycle > 1 else ""
    return f"{clock_name(move.clock)}{turn} {move.edge}"


def _as_json(move: Move) -> dict[str, object]:
    seconds = move.difference.total_seconds() if move.difference is not None else None
    return {**plain(move), "difference_seconds": seconds}


def _name_in(log: Log, outside: Doors, ref: str) -> str:
    """The agreement that is in force by the log."""
    state = past(log, outside.now()).state
    if state is None:
        raise BadInput(f"{ref} is not open by its audit log; name the agreement with --to")
    return state.policy.name


def _log(outside: Doors, ref: str) -> Log:
    """The latest episode's."""
    store = outside.log()
    episodes = store.episodes(ref)
    if not episodes:
        raise BadInput(f"{ref}: the audit log has no entries; correct the reference, or set ESCALATION_AUDIT_URL")
    return read(store.entries(ref, episodes[-1]), ref, episodes[-1])
