"""`escalate show --watch`: the page goes on until it ends, in place on a terminal, as snapshots in a pipe."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from escalation.cli.doors import Client, Doors
from escalation.cli.watching import screen, watch
from escalation.core.vocabulary import Phase
from escalation.wire.outcomes import NotFound, Unreachable
from tests.edge.cli.terminal import KNOWN, NOW, VIEW, RememberingClient, Terminal

TAKEN = replace(VIEW, phase=Phase.ACTIVE, status="Active", owner="dora", sequence=8)
OVER = replace(VIEW, phase=Phase.CLOSED, status="Closed", sequence=9)


def test_a_pipe_gets_a_page_for_every_new_state(terminal: Terminal) -> None:
    """Without control characters; it ends with the escalation."""
    terminal.client.later = [VIEW, TAKEN, TAKEN, OVER]

    said = terminal("show", KNOWN, "--watch")

    heads = [line for line in said.out.splitlines() if line.startswith("INC-1 ")]
    assert (said.exit, said.err, "\x1b" in said.out) == (0, "", False)
    assert [head.split("  ")[-1] for head in heads] == ["In Transfer", "Active", "Closed"]


def test_a_pipe_of_json_has_a_line_for_every_new_state(terminal: Terminal) -> None:
    """For a program that reads line by line."""
    terminal.client.later = [TAKEN, OVER]

    lines = terminal("show", KNOWN, "--watch", "--json").out.splitlines()

    assert [json.loads(line)["sequence"] for line in lines] == [7, 8, 9]


def test_the_engine_is_asked_less_often_than_the_page_is_drawn(terminal: Terminal) -> None:
    """Every two seconds unless told otherwise; a second passes between two pages."""
    terminal.client.later = [TAKEN, OVER]

    terminal("show", KNOWN, "--watch", "--every", "5s")

    assert set(terminal.pauses) == {timedelta(seconds=1)}
    assert len(terminal.pauses) >= 10
    assert terminal.client.looks == 3


def test_ctrl_c_is_a_good_end(terminal: Terminal) -> None:
    """Exit 0, nothing said."""
    terminal.client.later = [KeyboardInterrupt()]

    said = terminal("show", KNOWN, "--watch")

    assert (said.exit, said.err) == (0, "")


def test_an_engine_that_goes_away_is_waited_for(terminal: Terminal) -> None:
    """What is shown may be old, and says so, once."""
    terminal.client.later = [Unreachable("no answer within 15 s"), Unreachable("no answer within 15 s"), OVER]

    said = terminal("show", KNOWN, "--watch")

    assert said.exit == 0
    assert said.err == "escalate: this may be old: no answer within 15 s\n"


def test_an_escalation_that_is_gone_ends_the_watch(terminal: Terminal) -> None:
    """By retention, for example."""
    terminal.client.later = [NotFound(KNOWN)]

    said = terminal("show", KNOWN, "--watch")

    assert (said.exit, "no such escalation" in said.err) == (2, True)


@pytest.mark.parametrize("every", ["0s", "999999h", "2h", "often", ""])
def test_how_often_is_bounded(terminal: Terminal, every: str) -> None:
    """From a second to an hour; nothing is asked before."""
    said = terminal("show", KNOWN, "--watch", "--every", every)

    assert (said.exit, terminal.client.looks, len(said.err.splitlines())) == (2, 0, 1)


@pytest.mark.parametrize("every", ["1s", "1h"])
def test_the_bounds_themselves_are_fine(terminal: Terminal, every: str) -> None:
    """An escalation that has ended is shown once."""
    terminal.client.shown = OVER

    assert terminal("show", KNOWN, "--watch", "--every", every).exit == 0
    assert terminal.client.looks == 1


async def test_a_terminal_is_drawn_in_place() -> None:
    """Clocks move between two answers; the last page stays, and the cursor is given back."""
    client, shown = RememberingClient(later=[TAKEN, OVER]), io.StringIO()
    seconds: list[timedelta] = []

    async def connect() -> Client:
        return client

    terminal = Terminal()
    outside = Doors(connect, lambda: terminal.log, lambda: NOW, pause=terminal.pause)

    def now() -> datetime:
        seconds.append(timedelta(seconds=1))
        return NOW + len(seconds) * timedelta(seconds=1)

    console = Console(file=shown, force_terminal=True, width=120, height=60)
    with screen(console, now, UTC) as draw:
        await watch(outside, KNOWN, timedelta(seconds=2), draw)

    text = shown.getvalue()
    assert "in 1m29s" in text
    assert "in 1m28s" in text
    assert text.count("Ctrl-C ends") >= 4
    assert text.index("\x1b[?25l") < text.index("\x1b[?25h")
    assert text.rstrip().endswith("\x1b[?25h")


def test_a_view_that_may_be_old_is_marked_on_a_terminal() -> None:
    """In red, under the page."""
    shown = io.StringIO()
    with screen(Console(file=shown, force_terminal=True, width=120, height=60), lambda: NOW, UTC) as draw:
        draw(VIEW, "no answer within 15 s")

    assert "this may be old: no answer within 15 s" in shown.getvalue()
