"""A transcript for people: what a run asked of the engine, line by line, and what today's code would ask instead.

Instants are told relative to the start, ids are numbered in the order in which they appear, and what is null, empty
or zero is left out: so two recordings of one story differ only where the story did. A line that today's code no longer
issues begins with `-`, one that it issues instead with `+`; all others were recorded so and are issued so today.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

from tests.histories import issued
from tests.histories.issued import Issued
from tests.histories.recorded import FOLDER, kept, name_of, read

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_ID = re.compile(r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:SM|CA)?[0-9a-f]{10,})\b")
# Of an entry's text only what was decided is told; that every byte of it is right, `against_core.py` shows.
_GIVEN = ("provider_id", "proof")  # another one in every recording
_TOLD_OF_ENTRY = ("command", "fired", "changes", "clocks", "refusal", "facts")


def path_of(history: Path) -> Path:
    """Where a history's transcript is kept."""
    return FOLDER / f"{name_of(history)}.transcript.txt"


async def of(history: WorkflowHistory) -> str:
    """The transcript of a history under today's code. Raises when a replay would."""
    telling = _Telling(issued.instant(history.events[0].event_time))
    recorded = [telling.line(each) for each in issued.in_history(history)]
    today = [telling.line(each) for each in await issued.today(history)]
    title = f"# {history.workflow_id}: what it issues, seconds after its start"
    return "\n".join([title, *_marked(recorded, today), ""])


async def faults(name: str | None = None) -> list[str]:
    """What differs between the kept transcripts and those of today's code; of one history, or of all."""
    found = []
    for path in kept():
        if name in (None, name_of(path)):
            kept_text = path_of(path).read_text() if path_of(path).exists() else ""
            try:
                found += _differences(name_of(path), kept_text, await of(read(path)))
            except Exception as error:  # noqa: BLE001  # whatever a replay raises: it is the finding
                found.append(f"{name_of(path)}: {str(error).splitlines()[0]}")
    return found


async def write() -> None:
    """Tell every history anew."""
    for path in kept():
        path_of(path).write_text(await of(read(path)))


def _differences(name: str, before: str, now: str) -> list[str]:
    lines = _marked(before.splitlines(), now.splitlines())
    return [f"{name}: {line}" for line in lines if not line.startswith("  ")]


def _marked(before: list[str], now: list[str]) -> Iterator[str]:
    for kind, start, end, since, until in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (f"  {line}" for line in before[start:end])
        else:
            yield from (f"- {line}" for line in before[start:end])
            yield from (f"+ {line}" for line in now[since:until])


class _Telling:
    """Tells one history: knows its start, and which ids it has met."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._ids: dict[str, str] = {}

    def line(self, each: Issued) -> str:
        """One command."""
        parts = [self._seconds(each.at), each.kind]
        parts += [f"{name} {_plain(value)}" for name, value in each.terms.items() if value]
        parts += [f"“{each.summary}”"] if each.summary else []
        given = [each.input] if each.kind == "attributes" else [_told(value) for value in each.input or []]
        parts += [_flat(value) for value in given if value]
        return self._plain("  ".join(parts))

    def _plain(self, text: str) -> str:
        relative = _INSTANT.sub(lambda found: self._seconds(datetime.fromisoformat(found[0])), text)
        return _ID.sub(lambda found: self._ids.setdefault(found[0], f"id{len(self._ids) + 1}"), relative)

    def _seconds(self, at: datetime) -> str:
        return f"{(at - self._start).total_seconds():+.3f}"


def _plain(value: object) -> str:
    return f"{value.total_seconds():g}s" if isinstance(value, timedelta) else str(value)


def _told(value: Any) -> Any:  # noqa: ANN401  # whatever JSON holds
    """The same without what is null or empty; a policy by its name, an entry's text by what it says."""
    if isinstance(value, list):
        return [_told(each) for each in value]
    if not isinstance(value, dict):
        return value
    if {"chains", "calendars", "routes"} <= value.keys():
        return f"{value['name']} {value['version']}"
    if isinstance(value.get("body"), str):
        entry = json.loads(value["body"])
        told = {name: _told(entry[name]) for name in _TOLD_OF_ENTRY if entry[name]}
        asks = [each["number"] for each in entry["effects"]]
        return {"sequence": value["sequence"], "at": value["at"], **told, **({"asks": asks} if asks else {})}
    said = {name: each for name, each in value.items() if each not in (None, [], {}, "", False)}
    return {name: "given" if name in _GIVEN else _told(each) for name, each in said.items()}


def _flat(value: Any) -> str:  # noqa: ANN401  # whatever JSON holds
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_flat(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flat, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value)
