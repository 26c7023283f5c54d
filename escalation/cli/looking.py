"""The verbs that only look: one escalation, its timeline, its audit log and whether that holds."""

import json
from contextlib import suppress
from typing import Annotated

import typer

from escalation.cli.checking import Check, check, told
from escalation.cli.doors import Json, Kept, Ref, doors, run
from escalation.cli.failing import CheckFailed
from escalation.cli.instants import length
from escalation.cli.recalling import recall
from escalation.cli.speaking import page, plain, say, say_json
from escalation.cli.watching import EVERY, EVERY_MAX, EVERY_MIN, watched
from escalation.wire import requests
from escalation.wire.entries import UnreadableEntryError, decode
from escalation.wire.messages import View
from escalation.wire.outcomes import NotFound
from escalation.wire.requests import BadInput
from escalation.wire.telling import tell

Episode = Annotated[str | None, typer.Option(help="Only this episode.", show_default="all of them")]


At = Annotated[
    str | None,
    typer.Option(
        help="As it was then, from the audit log alone: 2026-03-01T17:00+01:00, 17:00 (today, here) or -2h.",
        metavar="TIME",
        show_default="now",
    ),
]
OfEpisode = Annotated[
    str | None, typer.Option("--episode", help="With --at: of this episode.", show_default="the one open then")
]
Watch = Annotated[bool, typer.Option("--watch", help="Go on showing it until it ends; Ctrl-C stops.")]
Every = Annotated[str, typer.Option(help="With --watch: how often the engine is asked.", metavar="DURATION")]


def show(
    ctx: typer.Context,
    ref: Ref,
    at: At = None,
    episode: OfEpisode = None,
    watch: Watch = False,
    every: Every = EVERY,
    as_json: Json = False,
) -> None:
    """How an escalation stands, or stood: who has it, and what comes next.

    In a pipe --watch writes a page whenever something has happened; with --json, a line.
    """
    found, outside = requests.reference(ref), doors(ctx)
    if watch and at is not None:
        raise BadInput("the past does not change; leave out --watch or --at")
    if episode is not None and at is None:
        raise BadInput("--episode goes with --at; the engine shows the latest episode only")
    if at is not None:
        recall(outside, found, at, episode, as_json=as_json)
        return
    if watch:
        often = length("--every", every, EVERY_MIN, EVERY_MAX)
        with suppress(KeyboardInterrupt):
            run(watched(outside, found, often, as_json=as_json))
        return

    async def looked() -> View:
        return await (await outside.connect()).view(found)

    view = run(looked())
    if as_json:
        say_json(view)
    else:
        say(*page(view, outside.now(), outside.zone))


def timeline(ctx: typer.Context, ref: Ref, as_json: Json = False) -> None:
    """The last 50 lines of what happened."""
    found, outside = requests.reference(ref), doors(ctx)

    async def looked() -> list[str]:
        return await (await outside.connect()).timeline(found)

    lines = run(looked())
    if as_json:
        say_json(lines)
    else:
        say(*lines)


def audit_show(ctx: typer.Context, ref: Ref, episode: Episode = None, as_json: Json = False) -> None:
    """The audit log, entry by entry. It is shown as it is kept: whether it holds, `audit verify` says."""
    found = requests.reference(ref)
    entries = list(doors(ctx).log().entries(found, episode))
    if not entries:
        raise BadInput(_empty(found, episode))
    if as_json:
        say_json([_as_json(entry) for entry in entries])
        return
    shown = None
    for entry in entries:
        if entry.episode != shown:
            shown = entry.episode
            say(f"{found} episode {shown}")
        say(f"  {_line(entry)}")


def audit_verify(ctx: typer.Context, ref: Ref, episode: Episode = None, as_json: Json = False) -> None:
    """Prove the log: chain, decisions, and the engine's word for its end. Exit 1 unless all of it holds.

    Every episode that the engine still has must be in the log, too. One that the engine has forgotten, by its
    retention, is missed only as long as something else names it.
    """
    found = requests.reference(ref)
    checks = run(_checks(ctx, found, episode))
    if as_json:
        say_json([{**plain(each), "proven": each.proven} for each in checks])
    else:
        say(*(told(found, each) for each in checks))
    if not all(each.proven for each in checks):
        raise CheckFailed


async def _checks(ctx: typer.Context, ref: str, episode: str | None) -> list[Check]:
    outside = doors(ctx)
    client = await outside.connect()
    log = outside.log()
    episodes = [episode] if episode is not None else list(log.episodes(ref))
    try:
        latest = (await client.head(ref)).episode
    except NotFound:
        if not episodes:
            raise BadInput(_empty(ref, episode)) from None
        latest = episodes[-1]
    if episode is None:
        # An episode that the store has lost altogether is the one that matters most, and it need not be the last.
        episodes = list(dict.fromkeys((*episodes, *await client.episodes(ref), latest)))
    return [await check(client, log, ref, each, outside.tail_within) for each in episodes]


def _line(entry: Kept) -> str:
    try:
        text = tell(decode(entry.body))
    except UnreadableEntryError as unreadable:
        text = f"#{entry.sequence} {unreadable}"
    return f"{entry.digest[:8]}  {text}"


def _as_json(entry: Kept) -> dict[str, object]:
    try:
        body = json.loads(entry.body)
    except ValueError:
        body = entry.body
    return {
        "reference": entry.reference,
        "episode": entry.episode,
        "sequence": entry.sequence,
        "digest": entry.digest,
        "recorded_at": entry.recorded_at.isoformat(),
        "entry": body,
    }


def _empty(ref: str, episode: str | None) -> str:
    which = "" if episode is None else f", episode {episode}"
    return f"{ref}{which}: the audit log has no entries; correct the reference, or set ESCALATION_AUDIT_URL"
