"""When nobody is behind a role, or only its backup: from the same answers that a step of a chain gets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Protocol

from escalation.core.facts import Found


class Directory(Protocol):
    """Who is behind a role at an instant, and at which instants that may change."""

    def find(self, name: str, at: datetime) -> Found: ...
    def reached(self, role: str, at: datetime) -> bool: ...
    def changes(self, role: str, since: datetime, until: datetime) -> tuple[datetime, ...]: ...


@dataclass(frozen=True, slots=True)
class Gap:
    """From `start` until `end` (exclusive) the role's primary cannot be asked; `backup` None: nobody can."""

    role: str
    start: datetime
    end: datetime
    backup: str | None
    why: str


def gaps(directory: Directory, role: str, since: datetime, until: datetime) -> tuple[Gap, ...]:
    """Every gap of a role from `since` until `until`, in order; who stands in or why may differ from one to the next.

    Raises ValueError for a stretch longer than schedules are expanded at once.
    """
    found: list[Gap] = []
    for gap in _gaps(directory, role, since, until):
        if found and found[-1].end == gap.start and found[-1].backup == gap.backup:
            found[-1] = replace(found[-1], end=gap.end)
        else:
            found.append(gap)
    return tuple(found)


def _gaps(directory: Directory, role: str, since: datetime, until: datetime) -> Iterator[Gap]:
    for start, end in pairwise((*directory.changes(role, since, until), until)):
        if directory.reached(role, start):
            continue
        asked = directory.find(role, start)
        if asked.contact is None:
            yield Gap(role, start, end, asked.backup, asked.why)
