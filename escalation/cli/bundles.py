"""`escalate bundles`: what waits to be told to whom, because they were told much already."""

from typing import TYPE_CHECKING, Annotated

import typer

from escalation.cli.doors import Json, doors
from escalation.cli.failing import extra
from escalation.cli.speaking import away, say, say_json

if TYPE_CHECKING:
    from escalation.adapters.bundles import Waits


def bundles(
    ctx: typer.Context,
    person: Annotated[str | None, typer.Argument(help="Of this person alone.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """What waits to be told in one message, by person and channel, the oldest first; it goes out by itself."""
    found = [one for one in _waiting() if person in {None, one.contact}]
    if as_json:
        say_json({"waiting": found})
    elif not found:
        say("nothing waits to be told")
    now = doors(ctx).now()
    for one in () if as_json else found:
        channel, since = f"by {one.channel}", away(one.since, now)
        say(f"{one.contact:<24} {channel:<9} {one.count:>4} waiting, {one.worst} the gravest, the first {since}")


def _waiting() -> "tuple[Waits, ...]":
    with extra("worker"):
        from escalation.adapters.bundles import Bundles
        from escalation.adapters.ledger import Ledger
        from escalation.adapters.settings import read_settings
        from escalation.adapters.store import open_store
    settings = read_settings()
    store = open_store(settings.ledger_url, settings.ledger_timeout)
    try:
        return Bundles(store, Ledger(store), settings.limits).all_waiting()
    finally:
        store.dispose()
