"""The verbs that only look: one escalation, its timeline, its audit log and whether that holds."""

import json
from typing import Annotated

import typer

from escalation.cli.checking import Check, check, told
from escalation.cli.doors import Json, Kept, Ref, doors, run
from escalation.cli.failing import CheckFailed
from escalation.cli.speaking import page, plain, say, say_json
from escalation.wire import requests
from escalation.wire.entries import UnreadableEntryError, decode
from escalation.wire.messages import View
from escalation.wire.outcomes import NotFound
from escalation.wire.requests import BadInput
from escalation.wire.telling import tell

Episode = Annotated[str | None, typer.Option(help="Only this episode.", show_default="all of them")]


def show(ctx: typer.Context, ref: Ref, as_json: Json = False) -> None:
    """How an escalation stands: who has it, and what comes next."""
    found, outside = requests.reference(ref), doors(ctx)

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
    """Prove the log: chain, decisions, and the engine's word for its end. Exit 1 unless all of it holds."""
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
    else:
        # An episode that the store has lost altogether is the one that matters most.
        if episode is None and latest not in episodes:
            episodes.append(latest)
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
