"""The directory: who holds a role now, how people are reached, what names they go by. One file, read when it changes.

A new file that is wrong changes nothing: the last good one stays in force, and one log line says so. A file that
cannot be read at all is `DirectoryDown`, because nobody can say then who holds which role.

A role may be held by whoever is on call in a schedule. Who that is depends on the instant, which the caller gives.
"""

import logging
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from escalation.adapters.directory_file import Holder, OnCallIn, WrittenDirectory, WrittenPerson, written_in
from escalation.core.commands import Found, Standing
from escalation.core.schedules import Absence, Schedule, expand, people_of, who
from escalation.core.vocabulary import Channel
from escalation.wire.schedule_file import freeze
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
    roles_of: dict[str, tuple[str, ...]]  # held at every instant
    away: dict[str, tuple[Absence, ...]]
    on_call_roles: tuple[str, ...]  # those that somebody holds by a schedule
    frozen: dict[tuple[str, int], Schedule] = field(default_factory=dict)

    def schedule(self, name: str, at: datetime) -> Schedule:
        """That schedule, for questions around `at`: frozen once for each year that is asked about."""
        key = (name, at.astimezone(UTC).year)
        if key not in self.frozen:
            self.frozen[key] = freeze(name, self.written.schedules[name], self.away, at)
        return self.frozen[key]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whoever holds a role at an instant, how they are reached (empty: not at all), and what there is to say."""

    person: str | None
    channels: tuple[Channel, ...]
    why: str
    by_schedule: bool = False


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

        Nobody there, or nobody reachable, is an answer too: no contact, and why. Of somebody on call it says until
        when, and who was skipped; a backup who is the same person at that instant is none.
        """
        now = self._now()
        role = now.written.roles.get(name)
        person = now.person_of_name.get(name)
        if role is not None:
            first = _asked(now, role.primary, at)
            second = _asked(now, role.backup, at) if role.backup is not None else None
            return _found(name, first, second)
        if person is not None:
            return _found(name, _asked(now, person, at), None)
        return Found(name, None, why="nobody is known by that name")

    def standing(self, by: str, at: datetime) -> Standing:
        """Who `by` is: the person's id, every role they hold or stand in for at `at`, and their other names.

        A role that a schedule fills is held by whoever is on call then. Somebody unknown is themselves, without roles.
        """
        now = self._now()
        person = now.person_of_name.get(by)
        if person is None:
            return Standing(person=by)
        on_call = (role for role in now.on_call_roles if _holds(now, role, person, at))
        roles = tuple(dict.fromkeys((*now.roles_of[person], *on_call)))
        return Standing(person=person, roles=roles, aliases=now.written.people[person].aliases)

    def address(self, contact: str, channel: Channel, at: datetime | None = None) -> str | None:
        """Where that contact is reached: a mail address, or a number in E.164. None when they have none or want none.

        Customers have mail only. A role is reached through whoever holds it first and has that channel; without the
        instant, only through those who always hold it.
        """
        now = self._now()
        customer = now.written.customers.get(contact)
        if customer is not None:
            return customer.email if channel is Channel.EMAIL else None
        person = next((p for p in _people_behind(now, contact, at) if channel in p.channels), None)
        if person is None:
            return None
        return person.email if channel is Channel.EMAIL else person.phone

    def is_customer(self, contact: str) -> bool:
        """Whether that id is a customer's."""
        return contact in self._now().written.customers

    def name(self, contact: str, at: datetime | None = None) -> str | None:
        """What to call that person or customer in a message; None when nobody is known by that id.

        A role is called as its holder, as in `address`.
        """
        now = self._now()
        customer = now.written.customers.get(contact)
        known = customer or next(iter(_people_behind(now, contact, at)), None)
        return known.name if known else None

    def roles(self) -> tuple[str, ...]:
        """Every role, in the order of the file."""
        return tuple(self._now().written.roles)

    def schedules(self) -> tuple[str, ...]:
        """Every schedule, in the order of the file."""
        return tuple(self._now().written.schedules)

    def schedule(self, name: str, at: datetime) -> Schedule | None:
        """The schedule of that id, or the one that fills the role of that id, frozen for questions around `at`."""
        now = self._now()
        role = now.written.roles.get(name)
        holders = role.holders if role is not None else ()
        named = next((holder.schedule for holder in holders if isinstance(holder, OnCallIn)), name)
        return now.schedule(named, at) if named in now.written.schedules else None

    def changes(self, role: str, since: datetime, until: datetime) -> tuple[datetime, ...]:
        """The instants in [since, until) at which the answer for a role may change, in order, beginning with `since`.

        Raises ValueError for more than a schedule is expanded for at once.
        """
        now, found = self._now(), {since}
        for holder in now.written.roles[role].holders:
            if isinstance(holder, OnCallIn):
                found |= {turn.start for turn in expand(now.schedule(holder.schedule, since), since, until)}
            else:
                away = now.away[holder]
                found |= {edge for each in away for edge in (each.since, each.until) if since < edge < until}
        return tuple(sorted(found))

    def contact_of_phone(self, number: str) -> str | None:
        """The person whose number (E.164) this is; None when it is nobody's."""
        return self._now().person_of_phone.get(number)

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


def _found(name: str, first: _Asked, second: _Asked | None) -> Found:
    said = [first.why]
    if second is not None and second.channels and second.person == first.person:
        said.append(f"backup {second.person}: is the same person")
        second = None
    elif second is not None and second.why:
        said.append(f"backup {second.why}")
    elif second is not None and first.by_schedule and not first.channels:
        said.append(f"backup {second.person} is asked")
    return Found(
        name=name,
        contact=first.person if first.channels else None,
        channels=first.channels,
        backup=second.person if second is not None and second.channels else None,
        backup_channels=second.channels if second is not None else (),
        why="; ".join(part for part in said if part),
    )


def _asked(now: _People, holder: Holder, at: datetime) -> _Asked:
    if isinstance(holder, OnCallIn):
        return _on_call(now, holder.schedule, at)
    person = now.written.people[holder]
    for away in person.away:
        if away.since <= at < away.until:
            return _Asked(holder, (), f"{holder}: away until {away.until.isoformat()} ({away.why})")
    usable = person.usable()
    return _Asked(holder, usable, "" if usable else f"{holder}: has no address on an allowed channel")


def _on_call(now: _People, name: str, at: datetime) -> _Asked:
    schedule = now.schedule(name, at)
    found, zone = who(schedule, at), ZoneInfo(schedule.zone)
    until = f" until {_when(found.until, zone)}" if found.until is not None else ""
    skipped = "".join(
        f"; {each.person}: away until {_when(each.until, zone)} ({each.why})" for each in found.place.skipped
    )
    if found.person is None:
        return _Asked(None, (), f"nobody is on call{until} ({name}){skipped}", by_schedule=True)
    usable = now.written.people[found.person].usable()
    if usable:
        why = f"on call{until} ({name}, {found.place.by}){skipped}"
    else:
        why = f"{found.person}: has no address on an allowed channel, and is on call{until} ({name}, {found.place.by})"
    return _Asked(found.person, usable, why, by_schedule=True)


def _when(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M %Z}"


def _people_behind(now: _People, contact: str, at: datetime | None) -> list[WrittenPerson]:
    """The person of that id or alias; for a role its primary, then its backup."""
    role = now.written.roles.get(contact)
    people: list[str | None] = [now.person_of_name.get(contact)]
    if role is not None:
        people = [_person(now, holder, at) for holder in role.holders]
    return [now.written.people[person] for person in people if person is not None]


def _person(now: _People, holder: Holder, at: datetime | None) -> str | None:
    if not isinstance(holder, OnCallIn):
        return holder
    return who(now.schedule(holder.schedule, at), at).person if at is not None else None


def _holds(now: _People, role: str, person: str, at: datetime) -> bool:
    """Whether that person is on call for the role; nobody is looked up who is not in its schedule."""
    return any(
        person in people_of(schedule) and who(schedule, at).person == person
        for holder in now.written.roles[role].holders
        if isinstance(holder, OnCallIn)
        for schedule in (now.schedule(holder.schedule, at),)
    )


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
    return _People(
        written=written,
        person_of_name=names,
        person_of_phone=phones,
        roles_of={person: _roles(written, person) for person in written.people},
        away={person: _absences(entry) for person, entry in written.people.items()},
        on_call_roles=tuple(
            role for role, held in written.roles.items() if any(isinstance(each, OnCallIn) for each in held.holders)
        ),
    )


def _absences(person: WrittenPerson) -> tuple[Absence, ...]:
    return tuple(Absence(each.since.astimezone(UTC), each.until.astimezone(UTC), each.why) for each in person.away)


def _roles(written: WrittenDirectory, person: str) -> tuple[str, ...]:
    held = (role for role, holders in written.roles.items() if person in holders.holders)
    return tuple(dict.fromkeys((*written.people[person].roles, *held)))
