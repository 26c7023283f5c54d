"""Which attachments nobody needs any more, told by the audit log: pure, and on the safe side wherever it is unclear."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from escalation.core.state import TERMINAL

# Any digest that an entry names, as its text has it: too many is safe, one too few is not.
_NAMED = re.compile(r'"digest":"([0-9a-f]{64})"')


class Row(Protocol):
    """An entry as a store keeps it."""

    @property
    def reference(self) -> str: ...
    @property
    def episode(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def body(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Uses:
    """Files that a log names: those of escalations that are open, and when the last user of each other one ended."""

    of_open: frozenset[str]
    ended_at: Mapping[str, datetime]


def uses(rows: Iterable[Row]) -> Uses:
    """What every escalation of a log uses. One whose end is not in the log is open, whatever else is known of it.

    What comes in after an end moves it on, so that nothing goes while a message is on its way.
    """
    named: dict[tuple[str, str], set[str]] = {}
    ended: set[tuple[str, str]] = set()
    last: dict[tuple[str, str], datetime] = {}
    for row in rows:
        which = (row.reference, row.episode)
        named.setdefault(which, set()).update(_NAMED.findall(row.body))
        last[which] = max(row.at, last.get(which, row.at))
        if _ends(row.body):
            ended.add(which)
    of_open = frozenset(digest for which, digests in named.items() if which not in ended for digest in digests)
    ended_at: dict[str, datetime] = {}
    for which in ended:
        for digest in named[which]:
            ended_at[digest] = max(last[which], ended_at.get(digest, last[which]))
    return Uses(of_open, ended_at)


def unneeded(kept: Mapping[str, datetime], used: Uses, before: datetime) -> list[str]:
    """The files, in order, that no open escalation names, whose last user ended before that, kept before that too.

    What no log names counts from when it was kept: it may have been refused, or its entry is on its way.
    """
    return sorted(
        digest
        for digest, at in kept.items()
        if digest not in used.of_open and at < before and used.ended_at.get(digest, at) < before
    )


def _ends(body: str) -> bool:
    """Whether that decision ended the escalation, or refused to open it."""
    try:
        entry = json.loads(body)
        phases = [change["after"] for change in entry["changes"] if change["field"] == "phase"]
        never_opened = entry["sequence"] == 1 and entry["refusal"] is not None
    except (KeyError, TypeError, ValueError):
        return False
    return never_opened or any(phase in TERMINAL for phase in phases)
