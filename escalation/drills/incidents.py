"""Recorded incidents, as they lie in a file: one JSON object a line, times without zone and exact to the minute.

What a record is good for. The rows of `events` are an excerpt, not a full trail: numbers are missing, a few rows are
out of time order or carry the state -100, some incidents show nothing but their end. What a file says about the end
apart from its rows (`resolved_at`, `closed_at`, the counts) was filled in afterwards, so nothing is played from it.
"""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

LINE_CHARS_MAX = 1024 * 1024
EVENTS_MAX = 1000
"""Rows of one incident; what no recorded one comes near."""
PRIORITIES = range(1, 5)
_SHOWN_CHARS_MAX = 40


class BadIncidentError(ValueError):
    """A line that is no incident. One line of text: where, what, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Event:
    """One logged row. `at` has no zone; `group` and `assignee` are who had it then, None where nobody wrote it."""

    at: datetime
    state: str
    group: str | None
    assignee: str | None
    priority: int


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. `priority` is the one at its opening, 1 (critical) to 4 (low); `events` keep the file's order."""

    id: str
    opened_at: datetime
    priority: int
    about: str
    caller: str | None
    events: tuple[Event, ...]


def read(path: Path) -> Iterator[Incident]:
    """Every incident of a file, in its order; a name that ends in .gz is unpacked. Blank lines are passed over.

    Raises `BadIncidentError` and `OSError`.
    """
    packed = path.suffix == ".gz"
    with gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8") as lines:
        yield from parsed(lines)


def parsed(lines: Iterable[str]) -> Iterator[Incident]:
    """The incidents that these lines tell. Raises `BadIncidentError`, naming the line."""
    for number, line in enumerate(lines, start=1):
        if len(line) > LINE_CHARS_MAX:
            raise BadIncidentError(f"line {number} has more than {LINE_CHARS_MAX} characters; split the incident")
        if not line.strip():
            continue
        try:
            yield _incident(json.loads(line))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error).splitlines()[0]
            raise BadIncidentError(f"line {number} is no incident: {why}; correct it or leave it out") from None


def _incident(row: dict[str, Any]) -> Incident:
    if len(row["events"]) > EVENTS_MAX:
        raise ValueError(f"it has {len(row['events'])} events, at most {EVENTS_MAX} are allowed")
    words = (row.get("category"), row.get("subcategory"), row.get("symptom"))
    return Incident(
        id=str(row["id"]),
        opened_at=_naive(row["opened_at"]),
        priority=_priority(row["priority_at_open"]),
        about=", ".join(word for word in words if word) or "nobody said what",
        caller=row.get("caller"),
        events=tuple(_event(event) for event in row["events"]),
    )


def _event(row: dict[str, Any]) -> Event:
    return Event(
        at=_naive(row["at"]),
        state=str(row["state"]),
        group=row.get("group"),
        assignee=row.get("assignee"),
        priority=_priority(row["priority"]),
    )


def _naive(written: str) -> datetime:
    found = datetime.fromisoformat(written)
    if found.tzinfo is not None:
        raise ValueError(f"the time {written[:_SHOWN_CHARS_MAX]!r} has a zone; leave it out")
    return found


def _priority(written: object) -> int:
    if type(written) is not int or written not in PRIORITIES:
        raise ValueError(f"the priority {str(written)[:_SHOWN_CHARS_MAX]!r} is none; write 1 to 4")
    return written
