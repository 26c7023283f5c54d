"""The directory: who holds a role now, how people are reached, what names they go by. One file, read when it changes.

A new file that is wrong changes nothing: the last good one stays in force, and one log line says so. A file that
cannot be read at all is `DirectoryDown`, because nobody can say then who holds which role.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from escalation.adapters.directory_file import WrittenDirectory, WrittenPerson, written_in
from escalation.core.commands import Found, Standing
from escalation.core.vocabulary import Channel
from escalation.wire.yaml_reader import FaultyFileError, Limits, read

LIMITS = Limits(size_bytes=1024 * 1024, nodes=50_000)

_log = logging.getLogger(__name__)


class DirectoryDown(Exception):
    """The directory cannot be asked."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What tells one state of the file from the next without reading it."""

    modified_ns: int
    size_bytes: int
    inode: int


@dataclass(frozen=True, slots=True)
class _People:
    """The file's content with the look-ups that are made most."""

    written: WrittenDirectory
    person_of_name: dict[str, str]
    person_of_phone: dict[str, str]
    roles_of: dict[str, tuple[str, ...]]


class Directory:
    """Answers about people. Safe to call from threads. Every method raises `DirectoryDown` when it cannot be asked."""

    def __init__(self, path: Path, version: _Version, people: _People) -> None:
        self._path = path
        self._seen = version
        self._people = people
        self._lock = threading.Lock()

    @classmethod
    def from_file(cls, path: Path) -> "Directory":
        """The directory in that file. Raises `FaultyFileError` when it is wrong, `DirectoryDown` when unreadable."""
        return cls(path, _version(path), _read(path))

    def find(self, name: str, at: datetime) -> Found:
        """Who is behind a role or a person's id at `at`, and on which channels. A role brings its backup along.

        Nobody there, or nobody reachable, is an answer too: no contact, and why.
        """
        now = self._now()
        role = now.written.roles.get(name)
        if role is None:
            return self._found(now, name, now.person_of_name.get(name), None, at)
        return self._found(now, name, role.primary, role.backup, at)

    def standing(self, by: str) -> Standing:
        """Who `by` is: the person's id, every role they hold or stand in for, and the other names they go by.

        Somebody unknown is themselves, without roles.
        """
        now = self._now()
        person = now.person_of_name.get(by)
        if person is None:
            return Standing(person=by)
        return Standing(person=person, roles=now.roles_of[person], aliases=now.written.people[person].aliases)

    def address(self, contact: str, channel: Channel) -> str | None:
        """Where that contact is reached: a mail address, or a number in E.164. None when they have none or want none.

        Customers have mail only. A role is reached through whoever holds it first and has that channel.
        """
        now = self._now()
        customer = now.written.customers.get(contact)
        if customer is not None:
            return customer.email if channel is Channel.EMAIL else None
        person = next((p for p in self._people_behind(now, contact) if channel in p.channels), None)
        if person is None:
            return None
        return person.email if channel is Channel.EMAIL else person.phone

    def is_customer(self, contact: str) -> bool:
        """Whether that id is a customer's."""
        return contact in self._now().written.customers

    def name(self, contact: str) -> str | None:
        """What to call that person or customer in a message; None when nobody is known by that id."""
        now = self._now()
        customer = now.written.customers.get(contact)
        known = customer or next(iter(self._people_behind(now, contact)), None)
        return known.name if known else None

    def contact_of_phone(self, number: str) -> str | None:
        """The person whose number (E.164) this is; None when it is nobody's."""
        return self._now().person_of_phone.get(number)

    @staticmethod
    def _people_behind(now: _People, contact: str) -> list[WrittenPerson]:
        """The person of that id or alias; for a role its primary, then its backup."""
        role = now.written.roles.get(contact)
        names = (role.primary, role.backup) if role is not None else (contact,)
        people = (now.person_of_name.get(name) for name in names if name is not None)
        return [now.written.people[person] for person in people if person is not None]

    @staticmethod
    def _found(now: _People, name: str, primary: str | None, backup: str | None, at: datetime) -> Found:
        if primary is None:
            return Found(name, None, why="nobody is known by that name")
        channels, why = _reachable(now.written.people[primary], at)
        second, second_why = _reachable(now.written.people[backup], at) if backup else ((), "")
        if backup and not second:
            why = "; ".join(part for part in (why, f"backup {backup}: {second_why}") if part)
        return Found(
            name=name,
            contact=primary if channels else None,
            channels=channels,
            backup=backup if second else None,
            backup_channels=second,
            why=f"{primary}: {why}" if why and not channels else why,
        )

    def _now(self) -> _People:
        """The content in force: read again when the file has changed, once for each change."""
        with self._lock:
            version = _version(self._path)
            if version != self._seen:
                try:
                    self._people = _read(self._path)
                except FaultyFileError as error:
                    first, more = error.faults[0], len(error.faults) - 1
                    _log.error(
                        "directory %s is wrong, the last good one stays in force: %s%s",
                        self._path,
                        first,
                        f" (and {more} more)" if more else "",
                    )
                self._seen = version
            return self._people


def _reachable(person: WrittenPerson, at: datetime) -> tuple[tuple[Channel, ...], str]:
    for away in person.away:
        if away.since <= at < away.until:
            return (), f"away until {away.until.isoformat()} ({away.why})"
    return person.usable(), "" if person.usable() else "has no address on an allowed channel"


def _version(path: Path) -> _Version:
    try:
        status = path.stat()
    except OSError as error:
        raise DirectoryDown(f"directory {str(path)!r} cannot be read ({error.strerror}); correct the path") from error
    return _Version(status.st_mtime_ns, status.st_size, status.st_ino)


def _read(path: Path) -> _People:
    try:
        with path.open("rb") as file:
            source = file.read(LIMITS.size_bytes + 1)
    except OSError as error:
        raise DirectoryDown(f"directory {str(path)!r} cannot be read ({error.strerror}); correct the path") from error
    written = written_in(read(source, LIMITS))
    names = {person: person for person in written.people}
    for person, entry in written.people.items():
        names |= dict.fromkeys(entry.aliases, person)
    phones = {entry.phone: person for person, entry in written.people.items() if entry.phone}
    return _People(written, names, phones, {person: _roles(written, person) for person in written.people})


def _roles(written: WrittenDirectory, person: str) -> tuple[str, ...]:
    held = (role for role, holders in written.roles.items() if person in {holders.primary, holders.backup})
    return tuple(dict.fromkeys((*written.people[person].roles, *held)))
