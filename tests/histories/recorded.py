"""The histories that are kept here, written and read back.

A story has a file for each run, in JSON. A life is what the engine recorded of one scenario, all runs in one file:
`lives/ROOM/NAME.xz`, in the form in which the engine's makers export histories, compressed.
"""

import gzip
import lzma
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from temporalio.api.export.v1 import WorkflowExecution, WorkflowExecutions
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

FOLDER = Path(__file__).parent
LIVES = FOLDER / "lives"
_MACHINE = re.compile(r'("(?:identity|name)": )"[0-9]+@[^"]*"')  # a worker, or the queue that is its own
_STACK = re.compile(
    r'("stackTrace": )"(?:[^"\\]|\\.)*"'
)  # names the folders of this machine; a replay does not read it


def kept() -> list[Path]:
    """Every file with a recorded history of a story, by name."""
    return sorted(FOLDER.glob("*.json.gz"))


def lives() -> list[Path]:
    """Every file with the recorded life of a scenario, by name."""
    return sorted(LIVES.glob("*/*.xz"))


def name_of(path: Path) -> str:
    """What a history is called: its file's name without the endings. A life is called by its room, too."""
    name = path.name.split(".")[0]
    return f"{path.parent.name}/{name}" if path.suffix == ".xz" else name


def read(path: Path) -> WorkflowHistory:
    """The history in a file of a story."""
    return WorkflowHistory.from_json(name_of(path), gzip.decompress(path.read_bytes()).decode())


def read_all(path: Path) -> list[WorkflowHistory]:
    """Every history in a file, of a story or of a scenario."""
    if path.suffix != ".xz":
        return [read(path)]
    found = []
    for each in WorkflowExecutions.FromString(lzma.decompress(path.read_bytes())).items:
        started = each.history.events[0].workflow_execution_started_event_attributes
        found.append(WorkflowHistory(started.workflow_id, list(each.history.events)))
    return found


def write_life(path: Path, histories: Iterable[WorkflowHistory]) -> None:
    """Keep what the engine recorded of a scenario. The same histories make the same bytes."""
    runs = [WorkflowHistory.from_json(each.workflow_id, plain(each)) for each in histories]
    packed = WorkflowExecutions(items=[WorkflowExecution(history=History(events=run.events)) for run in runs])
    path.parent.mkdir(parents=True, exist_ok=True)
    text = packed.SerializeToString(deterministic=True)
    path.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))


def plain(history: WorkflowHistory) -> str:
    """A history as JSON, without a word about this machine."""
    return _STACK.sub(r'\1""', _MACHINE.sub(r'\1"recorder"', history.to_json()))


def leave(code: int) -> NoReturn:
    """End this interpreter with an exit code, at once.

    One that first takes itself down is crashed now and then by the engine's SDK, whose threads outlive a replay that
    failed: the exit code would be that of the crash.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
