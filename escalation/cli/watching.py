"""`escalate show --watch`: one escalation, again and again, until it ends or somebody has seen enough.

On a terminal the page is drawn in place every second, so that its clocks move; the engine is asked less often. In a
pipe a page (or a line of JSON) is written whenever the log has grown, without control characters.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from escalation.cli.doors import Doors
from escalation.cli.speaking import ENDED, page, plain, say
from escalation.wire.messages import View
from escalation.wire.outcomes import Unreachable

TICK = timedelta(seconds=1)
EVERY = "2s"
EVERY_MIN, EVERY_MAX = TICK, timedelta(hours=1)

Draw = Callable[[View, str | None], None]
"""Show a view; the text says why it may be old."""


async def watch(outside: Doors, ref: str, every: timedelta, draw: Draw) -> None:
    """Draw it every second and ask for it every so often, until it has ended. An engine that is away is waited for.

    Raises what the first look raises; later `Unreachable` is shown with the last view.
    """
    client = await outside.connect()
    view, trouble, waited = await client.view(ref), None, timedelta(0)
    looking: asyncio.Task[View] | None = None
    try:
        while True:
            draw(view, trouble)
            if view.phase in ENDED:
                return
            await outside.pause(TICK)
            waited += TICK
            if looking is None and waited >= every:
                looking, waited = asyncio.create_task(client.view(ref)), timedelta(0)
            if looking is not None and looking.done():
                view, trouble, looking = *_seen(looking, view), None
    finally:
        if looking is not None:
            looking.cancel()


def _seen(looking: "asyncio.Task[View]", before: View) -> tuple[View, str | None]:
    try:
        return looking.result(), None
    except Unreachable as away:
        return before, str(away)


@contextmanager
def screen(console: Console, now: Callable[[], datetime], zone: tzinfo | None) -> Iterator[Draw]:
    """A terminal on which the page is drawn in place; the last one stays."""
    with Live(console=console, auto_refresh=False) as live:

        def draw(view: View, trouble: str | None) -> None:
            lines = page(view, now(), zone)
            if trouble is not None:
                lines += [Text(), Text(f"this may be old: {trouble}", "red")]
            elif view.phase not in ENDED:
                lines += [Text(), Text("watching; Ctrl-C ends", "dim")]
            live.update(Group(*lines), refresh=True)

        yield draw


def paper(now: Callable[[], datetime], zone: tzinfo | None, *, as_json: bool) -> Draw:
    """A pipe, to which every new state is written once."""
    written: list[tuple[int, str | None]] = []

    def draw(view: View, trouble: str | None) -> None:
        seen = (view.sequence, trouble)
        if written and written[-1] == seen:
            return
        first = not written
        written[:] = [seen]
        if trouble is not None:
            sys.stderr.write(f"escalate: this may be old: {trouble}\n")
        elif as_json:
            sys.stdout.write(json.dumps(plain(view), ensure_ascii=False) + "\n")
        else:
            say(*([] if first else [""]), *page(view, now(), zone))
        sys.stdout.flush()

    return draw


async def watched(outside: Doors, ref: str, every: timedelta, *, as_json: bool) -> None:
    """Watch on whatever standard output is."""
    console = Console(file=sys.stdout, highlight=False)
    if as_json or not console.is_terminal:
        await watch(outside, ref, every, paper(outside.now, outside.zone, as_json=as_json))
        return
    with screen(console, outside.now, outside.zone) as draw:
        await watch(outside, ref, every, draw)
