"""What a lint finds, before it is known on which line."""

from dataclasses import dataclass
from enum import StrEnum

from escalation.wire.yaml_reader import Path


class Level(StrEnum):
    """How bad a finding is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding at a path of the file: what is so, and the next step."""

    level: Level
    name: str
    path: Path
    what: str
    advice: str
