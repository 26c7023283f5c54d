"""`escalate play` as a process on the real engine: stopped by Ctrl-C, begun again, and every log holds."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from escalation.core.audit import verify
from escalation.core.vocabulary import Phase
from escalation.wire.entries import decode, kept
from tests.house.tree import ROOT
from tests.scenarios.agreements import agreement
from tests.scenarios.world import World

SLOW, FAST = "1200", "100000"  # ten minutes in half a second; a day in less than one
STATES = ("New", "Active", "Awaiting Vendor", "Active", "Resolved", "Active", "Resolved", "Closed")
SAID = ["acknowledge", "block", "unblock", "post_update", "resolve", "reopen", "post_update", "resolve", "confirm"]
FIRST_SAID = 3
# Minutes until each row. A day lies between the first ones and the others: at the slow pace nothing ends by itself.
MINUTES = (0, 10, 20, 30, *(24 * 60 + later for later in (40, 50, 60, 70)))
END_SECONDS = 20


def recorded(reference: str) -> str:
    """An incident whose second half lies a day after the first."""
    at = [f"{datetime(2016, 3, 1, 10, tzinfo=UTC) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}" for minutes in MINUTES]
    events = [
        {"at": when, "state": state, "group": "Group 1", "priority": 2} for when, state in zip(at, STATES, strict=True)
    ]
    return json.dumps({"id": reference, "opened_at": at[0], "priority_at_open": 2, "events": events}) + "\n"


TYPED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from escalation.cli import app; app()"
"""As at a terminal, also where whoever runs the tests has been told to ignore Ctrl-C."""


async def playing(world: World, file: Path, speed: str) -> Process:
    """The command, as a person types it."""
    ours = {
        "TEMPORAL_ADDRESS": world.engine.address,
        "ESCALATION_DATA_DIR": str(world.settings.data_dir),
        "ESCALATION_DIRECTORY_FILE": str(world.settings.directory_file),
        "ESCALATION_POLICY_DIR": str(world.settings.policy_dir),
    }
    command = (
        "-c",
        TYPED,
        "play",
        file,
        "--speed",
        speed,
        "--policy",
        "played",
        "--json",
    )
    return await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, env={**os.environ, **ours}, stdout=PIPE, stderr=PIPE
    )


async def ended(running: Process) -> list[dict[str, Any]]:
    """What it says until its end, which is a good one."""
    async with asyncio.timeout(END_SECONDS):
        out, err = await running.communicate()
    assert (running.returncode, err) == (0, b"")
    return [json.loads(line) for line in out.splitlines()]


async def test_a_play_that_is_stopped_goes_on_and_says_nothing_twice(world: World, tmp_path: Path) -> None:
    """Ctrl-C is exit 0; begun again, both end closed, each command is in the log once, and the logs hold."""
    world.agree("played", agreement("played"))
    references, file = (world.reference(), world.reference()), tmp_path / "recorded.jsonl"
    file.write_text("".join(recorded(reference) for reference in references))

    first = await playing(world, file, SLOW)
    assert first.stdout is not None
    async with asyncio.timeout(END_SECONDS):
        while json.loads(await first.stdout.readline())["row"] < FIRST_SAID:
            pass
    first.send_signal(signal.SIGINT)
    stopped = (await ended(first))[-1]
    last = (await ended(await playing(world, file, FAST)))[-1]

    assert (stopped["stopped"], stopped["opened"], stopped["ended"]) == (True, 2, 0)
    assert (last["stopped"], last["found"], last["opened"], last["refused"], last["ended"]) == (False, 2, 0, 0, 2)
    assert last["said"] + last["before"] == 2 * len(SAID)
    assert 0 < stopped["said"] <= last["before"] < 2 * len(SAID)
    for reference in references:
        assert (await world.desk.wait(reference)).phase is Phase.CLOSED
        rows = list(world.audit.entries(reference))
        spoken = [decode(row.body).command for row in rows]
        assert Counter(command.kind for command in spoken if hasattr(command, "by")) == Counter(["open", *SAID])
        assert verify(kept(row.body, row.digest) for row in rows).holds
