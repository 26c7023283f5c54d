"""The directory: who holds a role now, how people are reached, what names they go by. One file, read when it changes.

A new file that is wrong changes nothing: the last good one stays in force, and one log line says so. A file that
cannot be read at all is `DirectoryDown`, because nobody can say then who holds which role.

A role may be held by whoever is on call in a schedule. Who that is depends on the instant, which the caller gives.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from escalation.adapters.directory_file import OnCallIn, WrittenPerson
from escalation.adapters.directory_people import (
    Asked,
    People,
    asked,
    delegated,
    found_of,
    members_of,
    one_above,
    people_behind,
    person_at,
    roles_at,
    with_delegate,
)
from escalation.adapters.directory_source import (
    LIMITS,
    DirectoryDown,
    Mirror,
    Version,
    calendars_of,
    people_from,
    version_of,
)
from escalation.adapters.sending import Reader
from escalation.adapters.settings import Settings
from escalation.core import whom
from escalation.core.facts import Found
from escalation.core.schedules import Schedule, expand, place_at
from escalation.core.standing import Standing
from escalation.core.vocabulary import Channel, Severity
from escalation.wire.yaml_reader import FaultyFileError

__all__ = ["LIMITS", "Directory", "DirectoryDown", "directory_of"]
EVERYONE_MAX = 50
"""Who is asked at once; the rest of a larger list is named, not asked."""

_log = logging.getLogger(__name__)


class Directory:
    """Answers about people. Safe to call from threads. Every method raises `DirectoryDown` when it cannot be asked."""

    def __init__(self, path: Path, people: People, mirror: Mirror | None = None) -> None:
        self._path = path
        self._people = people
        self._mirror = mirror
        self._files = (path, *calendars_of(path, people.written))
        self._seen = self._versions()
        self._lock = threading.Lock()
        self._told: Callable[[str, int], None] | None = None

    @classmethod
    def from_file(cls, path: Path) -> "Directory":
        """The directory in that file. Raises `FaultyFileError` when it is wrong, `DirectoryDown` when unreadable."""
        version_of(path)
        return cls(path, people_from(path))

    @classmethod
    def from_address(cls, mirror: Mirror) -> "Directory":
        """The directory behind an address, or the last good copy of it. Raises as `from_file`."""
        mirror.refresh()
        return cls(mirror.path, people_from(mirror.path), mirror)

    def tell_changes(self, told: Callable[[str, int], None]) -> None:
        """Let `told` hear the digest, and how many people there are, of what is in force now and of each change."""
        self._told = told
        told(self._people.digest, len(self._people.written.people))

    @property
    def stale_since(self) -> datetime | None:
        """Since when the address that it comes from cannot be asked; None: it can, or it is a file."""
        return self._mirror.stale_since if self._mirror is not None else None

    def find(self, name: str, at: datetime) -> Found:
        """Who is behind a role or a person's id at `at`, and on which channels. A role brings its backup along.

        Nobody there, or nobody reachable, is an answer too: no contact, and why. Of somebody on call it says until
        when, and who was skipped; a backup who is the same person at that instant is none.
        """
        now = self._now()
        form, rest = whom.parted(name)
        if form:
            return self._find_form(now, name, form, rest, at)
        role = now.written.roles.get(name)
        person = now.person_of_name.get(name)
        if role is not None:
            first = asked(now, role.primary, at)
            second = asked(now, role.backup, at) if role.backup is not None else None
            return found_of(name, first, second)
        if person is not None:
            return found_of(name, asked(now, person, at), None)
        return Found(name, None, why="nobody is known by that name")

    def members(self, name: str, at: datetime) -> tuple[Found, ...]:
        """Everybody of a team or schedule, each with their own channels, in the order of the file.

        Of a list that is longer than `EVERYONE_MAX` the first ones.
        """
        now = self._now()
        return tuple(found_of(each, asked(now, each, at), None) for each in members_of(now, name)[:EVERYONE_MAX])

    def quiet_until(self, person: str, severity: Severity | None, at: datetime) -> datetime | None:
        """Until when nobody rings or texts that person for that severity, in their own zone; None: they may."""
        entry = self._now().written.people.get(person)
        if entry is None or severity is Severity.SEV1:
            return None
        zone = ZoneInfo(entry.zone)
        found = [each.until(at, zone) for each in entry.quiet if severity not in each.through]
        return max((until for until in found if until is not None), default=None)

    def people(self) -> dict[str, WrittenPerson]:
        """Everybody, by id."""
        return dict(self._now().written.people)

    def holders(self, role: str) -> tuple[str | None, ...]:
        """The primary, then the backup if there is one; None is whoever is on call then."""
        held = self._now().written.roles[role].holders
        return tuple(None if isinstance(each, OnCallIn) else each for each in held)

    def digest(self) -> str:
        """SHA-256 (hex) of what is in force."""
        return self._now().digest

    def teams(self) -> tuple[str, ...]:
        """Every team, in the order of the file."""
        return tuple(self._now().written.teams)

    def find_approver(self, name: str, at: datetime) -> Found:
        """Who is asked for a yes in that role at `at`: as `find`, but first whoever its holder has delegated it to.

        The holder, or else the role's backup, is the backup then. Of several delegates the first in the file is asked.
        """
        now, found = self._now(), self.find(name, at)
        role = now.written.roles.get(name)
        holder = person_at(now, role.primary, at) if role is not None else None
        for each in now.written.delegations:
            if each.by == holder and each.covers(name) and each.in_force(at):
                chosen = asked(now, each.to, at)
                if chosen.channels:
                    return with_delegate(found, each, chosen.channels)
        return found

    def standing(self, by: str, at: datetime) -> Standing:
        """Who `by` is: the person's id, every role they hold or stand in for at `at`, and their other names.

        A role that a schedule fills is held by whoever is on call then. Somebody unknown is themselves, without roles.
        What others hold at `at` and have delegated to them for that instant stands beside it, under those others.
        """
        now = self._now()
        person = now.person_of_name.get(by)
        if person is None:
            return Standing(person=by)
        return Standing(
            person=person,
            roles=roles_at(now, person, at),
            aliases=now.written.people[person].aliases,
            delegated=tuple(delegated(now, person, at)),
        )

    def address(self, contact: str, channel: Channel, at: datetime | None = None) -> str | None:
        """Where that contact is reached: a mail address, or a number in E.164. None when they have none or want none.

        Customers have mail only. A role is reached through whoever holds it first and has that channel; without the
        instant, only through those who always hold it.
        """
        now = self._now()
        customer = now.written.customers.get(contact)
        if customer is not None:
            return customer.email if channel is Channel.EMAIL else None
        person = next((p for p in people_behind(now, contact, at) if channel in p.usable()), None)
        if person is None:
            return None
        return person.address(channel)

    def is_customer(self, contact: str) -> bool:
        """Whether that id is a customer's."""
        return contact in self._now().written.customers

    def name(self, contact: str, at: datetime | None = None) -> str | None:
        """What to call that person or customer in a message; None when nobody is known by that id.

        A role is called as its holder, as in `address`.
        """
        now = self._now()
        customer = now.written.customers.get(contact)
        known = customer or next(iter(people_behind(now, contact, at)), None)
        return known.name if known else None

    def reader(self, contact: str, at: datetime) -> Reader:
        """How that person or customer reads, and which roles a person holds. A role reads as its holder."""
        now = self._now()
        customer = now.written.customers.get(contact)
        known = customer or next(iter(people_behind(now, contact, at)), None)
        person = now.person_of_name.get(contact)
        roles = frozenset({contact} & set(now.written.roles)) if person is None else roles_at(now, person, at)
        return Reader(known.language, known.zone, frozenset(roles)) if known else Reader()

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

    def reached(self, role: str, at: datetime) -> bool:
        """Whether the role's primary can be asked at that instant: as `find`, many times as fast."""
        now = self._now()
        holder = now.written.roles[role].primary
        if isinstance(holder, OnCallIn):
            person = place_at(now.schedule(holder.schedule, at), at).person
            return person is not None and bool(now.written.people[person].usable())
        return bool(asked(now, holder, at).channels)

    def changes(self, role: str, since: datetime, until: datetime) -> tuple[datetime, ...]:
        """The instants in [since, until) at which the answer for a role may change, in order, beginning with `since`.

        Raises ValueError for more than a schedule is expanded for at once.
        """
        now, found = self._now(), {since}
        for holder in now.written.roles[role].holders:
            if isinstance(holder, OnCallIn):
                found |= {turn.start for turn in expand(now.schedule(holder.schedule, since), since, until)}
            else:
                away = now.away.get(holder, ())
                found |= {edge for each in away for edge in (each.since, each.until) if since < edge < until}
        return tuple(sorted(found))

    def contact_of_phone(self, number: str) -> str | None:
        """The person whose number (E.164) this is; None when it is nobody's."""
        return self._now().person_of_phone.get(number)

    def contact_of_chat(self, user: str) -> str | None:
        """The person whose Slack user this is; None when it is nobody's."""
        people = self._now().written.people
        return next((person for person, entry in people.items() if entry.chat == user), None)

    def _find_form(self, now: People, name: str, form: str, rest: str, at: datetime) -> Found:
        """Who is behind a name that is not one person's or role's."""
        if form == whom.LINE_OF:
            above, why = one_above(now, rest, at)
            found = self.find(above, at) if above is not None else Found(name, None)
            return Found(
                name, found.contact, found.channels, found.backup, found.backup_channels,
                "; ".join(part for part in (why, found.why) if part),
            )  # fmt: skip
        if form == whom.CONTACT_OF:
            served = now.written.customers.get(rest)
            if served is None or served.contact is None:
                return Found(name, None, why=f"{rest} has no contact of its own")
            backup = served.contact_backup
            behind = self._one(now, backup, at) if backup is not None else None
            return found_of(name, self._one(now, served.contact, at), behind)
        listed = self.members(rest, at)
        there = [each for each in listed if each.contact is not None]
        if not there:
            why = "; ".join(each.why for each in listed) or f"no team or schedule is called {rest}"
            return Found(name, None, why=why)
        first, second = there[0], there[1] if len(there) > 1 else Found(name, None)
        return Found(name, first.contact, first.channels, second.contact, second.channels, f"the first of {rest}")

    def _one(self, now: People, name: str, at: datetime) -> Asked:
        """A person, or whoever holds a role, or stands in for them."""
        if name not in now.written.roles:
            return asked(now, name, at)
        found = self.find(name, at)
        if found.contact is None and found.backup is not None:
            return Asked(found.backup, found.backup_channels, found.why)
        return Asked(found.contact, found.channels, found.why)

    def _versions(self) -> tuple[Version, ...]:
        return tuple(version_of(each) for each in self._files)

    def _now(self) -> People:
        """The content in force: read again when the file has changed, once for each change."""
        with self._lock:
            if self._mirror is not None:
                self._mirror.refresh()
            version = self._versions()
            if version != self._seen:
                try:
                    self._people = people_from(self._path)
                except FaultyFileError as error:
                    first, more = error.faults[0], len(error.faults) - 1
                    _log.error(
                        "directory %s is wrong, the last good one stays in force: %s%s",
                        self._path,
                        first,
                        f" (and {more} more)" if more else "",
                    )
                else:
                    self._files = (self._path, *calendars_of(self._path, self._people.written))
                    if self._told is not None:
                        self._told(self._people.digest, len(self._people.written.people))
                self._seen = version
            return self._people


def directory_of(settings: Settings, otherwise: Path) -> Directory:
    """The directory that the settings name, or the file `otherwise`. Raises as `Directory.from_file`."""
    if settings.directory_url is None:
        return Directory.from_file(settings.directory_file or otherwise)
    token = settings.directory_token.get_secret_value() if settings.directory_token is not None else None
    return Directory.from_address(Mirror(settings.directory_url, settings.data_dir / "directory", token))
