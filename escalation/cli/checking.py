"""Proving a log: what the store keeps, made again from the first entry on, against the head in the engine.

Two sources, one verdict. Without the engine's word a log that holds is still not proven: its end could be missing.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from escalation.cli.doors import Client, Kept, Log
from escalation.core import audit
from escalation.core.entry import Entry
from escalation.wire.entries import UnreadableEntryError, kept_in
from escalation.wire.outcomes import Head, NotDone

LOOK_EVERY = timedelta(milliseconds=250)


@dataclass(frozen=True, slots=True)
class Check:
    """What came of checking one episode. `head` None: the engine did not vouch for it, and `unwitnessed` says why."""

    episode: str
    entries: int
    digest: str
    head: Head | None
    fault: str | None = None
    sequence: int | None = None  # of the first bad entry
    unwitnessed: str | None = None

    @property
    def proven(self) -> bool:
        """Whether every entry holds and the engine says that it is the whole log."""
        return self.fault is None and self.head is not None


async def check(client: Client, log: Log, ref: str, episode: str, patience: timedelta) -> Check:
    """Check one episode of a log. Entries of a running one may be on their way to the store, at most for `patience`."""
    head, unwitnessed = None, None
    try:
        head = await client.head(ref, episode)
    except NotDone as why:
        unwitnessed = str(why)
    rows = list(log.entries(ref, episode))
    loop = asyncio.get_running_loop()
    end = loop.time() + patience.total_seconds()
    while _lags(rows, head) and loop.time() < end:
        await asyncio.sleep(min(LOOK_EVERY, patience).total_seconds())
        rows = list(log.entries(ref, episode))
    if head is not None and not head.ended and len(rows) > head.sequence:
        # Decided meanwhile, or never: entries are read before the engine is asked again, so it knows all true ones.
        try:
            head = await client.head(ref, episode)
        except NotDone as why:
            head, unwitnessed = None, str(why)
    return _witnessed(_derived(rows, ref, episode), head, unwitnessed)


def _lags(rows: list[Kept], head: Head | None) -> bool:
    """Whether entries that are decided may not be written yet; they may arrive in any order."""
    if head is None or head.ended:
        return False
    return not set(range(1, head.sequence + 1)) <= {row.sequence for row in rows}


@dataclass(frozen=True, slots=True)
class _Derived:
    """A log made again: the verdict, and the digest of every entry that was read."""

    check: Check
    digests: tuple[str, ...]


def _derived(entries: Iterable[Kept], ref: str, episode: str) -> _Derived:
    digests: list[str] = []

    def read() -> Iterator[audit.Kept]:
        for entry in entries:
            found = kept_in(ref, episode, entry.body, entry.digest)
            _filed(entry, found.entry)
            digests.append(entry.digest)
            yield found

    try:
        verdict = audit.verify(read())
    except UnreadableEntryError as unreadable:
        count = len(digests)
        last = digests[-1] if digests else ""
        return _Derived(Check(episode, count, last, None, str(unreadable), count + 1), tuple(digests))
    check = Check(episode, verdict.entries, verdict.head, None, verdict.fault, verdict.sequence)
    return _Derived(check, tuple(digests))


def _filed(row: Kept, entry: Entry) -> None:
    """Refuse a row whose columns say otherwise than its text: they decide what a reader of the table finds, and when.

    When it was recorded is the store's own word; no text has it, so nothing here proves it.
    """
    columns = {
        "sequence": (row.sequence, entry.sequence),
        "at": (row.at, entry.at),
        "previous": (row.previous, entry.previous),
    }
    wrong = [name for name, (column, said) in columns.items() if column != said]
    if wrong:
        raise UnreadableEntryError(f"the store's columns say otherwise than its text: {', '.join(wrong)}")


def _witnessed(derived: _Derived, head: Head | None, unwitnessed: str | None) -> Check:
    """The verdict, held against the engine's head."""
    found = replace(derived.check, head=head, unwitnessed=unwitnessed)
    if found.fault is not None or head is None:
        return found
    if head.conflicts:
        first = head.conflicts[0]
        return replace(found, fault="the store was found to keep another entry than was decided", sequence=first)
    if found.entries < head.sequence:
        missing = f"entries {found.entries + 1} to {head.sequence} are not in the store"
        return replace(found, fault=missing, sequence=found.entries + 1)
    if found.entries > head.sequence:
        beyond = "after its end" if head.ended else "beyond what the engine has decided"
        return replace(found, fault=f"the log goes on {beyond}", sequence=head.sequence + 1)
    if not head.digest:
        return replace(found, head=None, unwitnessed="the engine's result names no digest")
    if derived.digests[head.sequence - 1] != head.digest:
        ours = derived.digests[head.sequence - 1][:12]
        return replace(found, fault=f"the engine has {head.digest[:12]} here, not {ours}", sequence=head.sequence)
    return found


def told(ref: str, found: Check) -> str:
    """The verdict in one line."""
    where = f"{ref} episode {found.episode}"
    if found.fault is not None:
        return f"{where}: entry {found.sequence} does not hold: {found.fault}"
    if found.head is None:
        return f"{where}: {found.entries} entries hold, but nothing vouches for the end: {found.unwitnessed}"
    source = "the workflow's result" if found.head.ended else "the running workflow"
    return f"{where}: all {found.entries} entries hold; head {found.digest[:12]} agrees with {source}"
