"""What a process of ours says to its operator: for eyes on a terminal, an object a line for programs in a pipe."""

import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime

# An act that fails, is asked again, and says something of its own, as the engine's SDK has it say that.
ACT = """
import logging
from temporalio import activity
from temporalio.testing import ActivityEnvironment
from activities.attempts import unanswered
from escalation.adapters import logs

@activity.defn
def act(secret):
    logging.getLogger("escalation.gateway").error("Zoë")
    unanswered("LedgerDown", "d-1")
    try:
        1 / 0
    except ZeroDivisionError:
        activity.logger.warning("it broke", exc_info=True)

logs.set_up()
ActivityEnvironment().run(act, "her words")
"""


def test_in_a_pipe_every_line_is_an_object() -> None:
    """With its instant in UTC and what it is about. A traceback is part of its line, without anybody's words."""
    ran = subprocess.run([sys.executable, "-c", ACT], capture_output=True, text=True, check=True)

    other, waits, broke = (json.loads(line) for line in ran.stderr.splitlines())
    assert datetime.fromisoformat(other["timestamp"]).tzinfo == UTC
    assert (other["level"], other["logger"], other["event"]) == ("error", "escalation.gateway", "Zoë")
    assert waits["event"] == "LedgerDown: another attempt at d-1"
    assert (waits["level"], waits["workflow_id"], waits["attempt"]) == ("warning", "test", 1)
    assert broke["event"] == "it broke"
    assert broke["exception"].endswith("ZeroDivisionError: division by zero")
    assert ran.stdout == ""


def test_on_a_terminal_it_is_for_eyes() -> None:
    """In colour, a traceback below its line; never the values of variables, which may be somebody's words."""
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", ACT], stderr=theirs, check=True)
    os.close(theirs)
    seen = os.read(ours, 100_000).decode()
    os.close(ours)

    assert "\x1b[" in seen
    assert "LedgerDown: another attempt at d-1" in seen
    assert "ZeroDivisionError: division by zero" in seen
    assert "her words" not in seen
    assert "temporal_activity" not in seen
