"""The histories that are kept here, read back."""

import gzip
from pathlib import Path

from temporalio.client import WorkflowHistory

FOLDER = Path(__file__).parent


def kept() -> list[Path]:
    """Every file with a recorded history, by name."""
    return sorted(FOLDER.glob("*.json.gz"))


def name_of(path: Path) -> str:
    """What a history is called: its file's name without the endings."""
    return path.name.split(".")[0]


def read(path: Path) -> WorkflowHistory:
    """The history in a file."""
    return WorkflowHistory.from_json(name_of(path), gzip.decompress(path.read_bytes()).decode())
