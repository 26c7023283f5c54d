"""The sample of real incidents: what happened to each, as it was logged. Source and licence: `README.md` beside it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

SAMPLE = Path(__file__).with_name("incidents.jsonl")


@dataclass(frozen=True, slots=True)
class Event:
    """One logged update. `at` carries no zone and is exact to the minute."""

    at: datetime
    state: str
    group: str | None


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident: when it was opened, how bad it was at the end, and its updates in order."""

    id: str
    opened_at: datetime
    priority: int
    category: str | None
    subcategory: str | None
    contact_type: str | None
    location: str | None
    events: tuple[Event, ...]

    @property
    def moves(self) -> tuple[Event, ...]:
        """The events at which another group had it than before; the first group is no move."""
        pairs = zip(self.events, self.events[1:], strict=False)
        return tuple(after for before, after in pairs if before.group != after.group)

    @property
    def taken(self) -> bool:
        """Whether anybody is recorded as having worked on it."""
        return any(event.state == "Active" for event in self.events)

    @property
    def lasted(self) -> timedelta | None:
        """From the opening to the first resolution; None when there was none."""
        resolved = next((event.at for event in self.events if event.state == "Resolved"), None)
        return None if resolved is None else resolved - self.opened_at


def incidents(path: Path = SAMPLE) -> Iterator[Incident]:
    """Every incident of the file, in its order."""
    for line in path.read_text("utf-8").splitlines():
        yield _incident(json.loads(line))


def incident(number: str) -> Incident:
    """The incident of that number. Raises `LookupError`, naming those that there are."""
    found = {one.id: one for one in incidents()}
    if number not in found:
        raise LookupError(f"incident {number!r} is not in the sample; take one of {', '.join(found)}")
    return found[number]


def _incident(row: dict[str, object]) -> Incident:
    events = row["events"]
    assert isinstance(events, list)  # noqa: S101  # the file is ours
    return Incident(
        id=str(row["id"]),
        opened_at=datetime.fromisoformat(str(row["opened_at"])),
        priority=int(str(row["priority"])),
        category=_word(row["category"]),
        subcategory=_word(row["subcategory"]),
        contact_type=_word(row["contact_type"]),
        location=_word(row["location"]),
        events=tuple(Event(datetime.fromisoformat(each["at"]), each["state"], each["group"]) for each in events),
    )


def _word(value: object) -> str | None:
    return None if value is None else str(value)
