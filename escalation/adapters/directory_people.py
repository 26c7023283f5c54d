"""What a directory file says, with the look-ups that are made most: who holds a role at an instant, and how they hear.

A role may be held by whoever is on call in a schedule. Who that is depends on the instant, which the caller gives.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from escalation.adapters.directory_file import (
    Holder,
    OnCallIn,
    WrittenDelegation,
    WrittenDirectory,
    WrittenPerson,
)
from escalation.core import whom
from escalation.core.facts import Found
from escalation.core.schedules import Absence, Override, Schedule, people_of, who
from escalation.core.standing import Delegated
from escalation.core.vocabulary import Channel
from escalation.wire.schedule_file import freeze

YEAR_IS_PLAIN = timedelta(days=300)
"""How far ahead a date without its year is understood."""


@dataclass(frozen=True, slots=True)
class People:
    """The file's content with the look-ups that are made most."""

    written: WrittenDirectory
    digest: str  # SHA-256 of the file
    person_of_name: dict[str, str]
    person_of_phone: dict[str, str]
    roles_of: dict[str, tuple[str, ...]]  # held at every instant
    away: dict[str, tuple[Absence, ...]]
    on_call_roles: tuple[str, ...]  # those that somebody holds by a schedule
    delegations_to: dict[str, list[WrittenDelegation]]
    feeds: Mapping[str, tuple[Override, ...]] = field(default_factory=dict)
    frozen: dict[tuple[str, int], Schedule] = field(default_factory=dict)

    def schedule(self, name: str, at: datetime) -> Schedule:
        """That schedule, for questions around `at`: frozen once for each year that is asked about."""
        key = (name, at.astimezone(UTC).year)
        if key not in self.frozen:
            year = datetime(key[1], 1, 1, tzinfo=UTC)  # the same for all, so that a zone's rules are read once
            self.frozen[key] = freeze(name, self.written.schedules[name], self.away, year, self.feeds.get(name, ()))
        return self.frozen[key]

    def turns_by_file(self, name: str) -> tuple[str, ...]:
        """Whoever a calendar file gives a turn in that schedule."""
        return tuple(dict.fromkeys(event.person for event in self.feeds.get(name, ())))


@dataclass(frozen=True, slots=True)
class Asked:
    """Whoever holds a role at an instant, how they are reached (empty: not at all), and what there is to say."""

    person: str | None
    channels: tuple[Channel, ...]
    why: str
    by_schedule: bool = False


def found_of(name: str, first: Asked, second: Asked | None) -> Found:
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


def with_delegate(found: Found, delegation: WrittenDelegation, channels: tuple[Channel, ...]) -> Found:
    behind = ((found.contact, found.channels), (found.backup, found.backup_channels))
    backup, backup_channels = next((each for each in behind if each[0] not in {None, delegation.to}), (None, ()))
    said = f"{delegation.to} decides for {delegation.by} until {delegation.until.isoformat()}"
    why = "; ".join(part for part in (said, found.why) if part)
    return Found(found.name, delegation.to, channels, backup, backup_channels, why)


def asked(now: People, holder: Holder, at: datetime) -> Asked:
    if isinstance(holder, OnCallIn):
        return _on_call(now, holder.schedule, at)
    person = now.written.people[holder]
    for away in person.away:
        if away.since <= at < away.until:
            return Asked(holder, (), f"{holder}: away until {away.until.isoformat()} ({away.why})")
    usable = person.usable()
    return Asked(holder, usable, "" if usable else f"{holder}: has no address on an allowed channel")


def _on_call(now: People, name: str, at: datetime) -> Asked:
    schedule = now.schedule(name, at)
    found, zone = who(schedule, at), ZoneInfo(schedule.zone)
    until = f" until {_when(found.until, zone, at)}" if found.until is not None else ""
    skipped = "".join(
        f"; {each.person}: away until {_when(each.until, zone, at)} ({each.why})" for each in found.place.skipped
    )
    if found.person is None:
        return Asked(None, (), f"nobody is on call{until} ({name}){skipped}", by_schedule=True)
    usable = now.written.people[found.person].usable()
    if usable:
        why = f"on call{until} ({name}, {found.place.by}){skipped}"
    else:
        why = f"{found.person}: has no address on an allowed channel, and is on call{until} ({name}, {found.place.by})"
    return Asked(found.person, usable, why, by_schedule=True)


def _when(instant: datetime, zone: ZoneInfo, at: datetime) -> str:
    """As people say it; with the year where it is not plain which one is meant."""
    local = instant.astimezone(zone)
    year = f" {local.year}" if instant - at > YEAR_IS_PLAIN else ""
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M %Z}"


def people_behind(now: People, contact: str, at: datetime | None) -> list[WrittenPerson]:
    """The person of that id or alias; for a role its primary, then its backup, and so for a customer's contact."""
    form, rest = whom.parted(contact)
    if form == whom.CONTACT_OF and rest in now.written.customers:
        served = now.written.customers[rest]
        return [
            person
            for name in (served.contact, served.contact_backup)
            if name is not None
            for person in people_behind(now, name, at)
        ]
    role = now.written.roles.get(contact)
    people: list[str | None] = [now.person_of_name.get(contact)]
    if role is not None:
        people = [person_at(now, holder, at) for holder in role.holders]
    return [now.written.people[person] for person in people if person is not None]


def person_at(now: People, holder: Holder, at: datetime | None) -> str | None:
    if not isinstance(holder, OnCallIn):
        return holder
    return who(now.schedule(holder.schedule, at), at).person if at is not None else None


def _holds(now: People, role: str, person: str, at: datetime) -> bool:
    """Whether that person is on call for the role; nobody is looked up who is not in its schedule."""
    return any(
        person in people_of(schedule) and who(schedule, at).person == person
        for holder in now.written.roles[role].holders
        if isinstance(holder, OnCallIn)
        for schedule in (now.schedule(holder.schedule, at),)
    )


def roles_at(now: People, person: str, at: datetime) -> tuple[str, ...]:
    """Every role that the person holds or stands in for by themselves, by no delegation."""
    on_call = (role for role in now.on_call_roles if _holds(now, role, person, at))
    return tuple(dict.fromkeys((*now.roles_of[person], *on_call)))


def delegated(now: People, person: str, at: datetime) -> Iterator[Delegated]:
    """What each delegator holds at `at` and has delegated to that person; nothing that was delegated to them."""
    given: dict[str, set[str]] = {}
    for each in now.delegations_to.get(person, ()):
        if each.in_force(at):
            chosen = roles_at(now, each.by, at) if each.roles is None else each.roles
            given.setdefault(each.by, set()).update(chosen)
    for delegator, roles in given.items():
        held = tuple(role for role in roles_at(now, delegator, at) if role in roles)
        if held:
            yield Delegated(delegator, (delegator, *now.written.people[delegator].aliases), held)


def one_above(now: People, contact: str, at: datetime) -> tuple[str | None, str]:
    """The person or role above that contact in the reporting line, and why; None when nobody is, and why not.

    A role has a manager of its own, or its holder's; a list has its lead, or the manager of whoever is on call.
    """
    form, rest = whom.parted(contact)
    if form == whom.LINE_OF:
        below, why = one_above(now, rest, at)
        return (None, why) if below is None else one_above(now, below, at)
    team, role = now.written.teams.get(rest), now.written.roles.get(rest)
    if form and team is not None:
        return (team.lead, f"leads {rest}") if team.lead else (None, f"{rest} has no lead")
    if role is not None and role.reports_to is not None:
        return role.reports_to, f"manager of {rest}"
    holders: list[Holder] = list(role.holders) if role is not None else []
    if rest in now.written.schedules:
        holders = [OnCallIn(rest)]
    people = [person_at(now, each, at) for each in holders] or [now.person_of_name.get(rest)]
    person = next((each for each in people if each is not None), None)
    if person is None:
        return None, f"nobody is behind {rest}, so nobody is their manager"
    boss = now.written.people[person].reports_to
    return (boss, f"manager of {person}") if boss is not None else (None, f"{person} reports to nobody")


def members_of(now: People, name: str) -> tuple[str, ...]:
    """Everybody of a team, or all who can be on call in a schedule, in the order of the file; none for another name."""
    team = now.written.teams.get(name)
    if team is not None:
        return team.members
    schedule = now.written.schedules.get(name)
    if schedule is None:
        return ()
    listed = (person for layer in schedule.layers for person in layer.people)
    return tuple(dict.fromkeys((*listed, *now.turns_by_file(name))))


def people_in(written: WrittenDirectory, digest: str, feeds: Mapping[str, tuple[Override, ...]]) -> People:
    """The look-ups of a directory. `feeds` are the turns that calendar files give its schedules."""
    names = {person: person for person in written.people}
    roles: dict[str, dict[str, None]] = {person: dict.fromkeys(each.roles) for person, each in written.people.items()}
    for person, entry in written.people.items():
        names |= dict.fromkeys(entry.aliases, person)
    for role, held in written.roles.items():
        for holder in held.holders:
            if isinstance(holder, str):
                roles[holder][role] = None
    for customer, served in written.customers.items():
        for contact in (served.contact, served.contact_backup):
            if contact in roles:
                roles[contact][f"{whom.CONTACT_OF}:{customer}"] = None
    delegations_to: dict[str, list[WrittenDelegation]] = {}
    for each in written.delegations:
        delegations_to.setdefault(each.to, []).append(each)
    return People(
        written=written,
        digest=digest,
        person_of_name=names,
        person_of_phone={entry.phone: person for person, entry in written.people.items() if entry.phone},
        roles_of={person: tuple(held) for person, held in roles.items()},
        away={person: _absences(entry) for person, entry in written.people.items() if entry.away},
        on_call_roles=tuple(
            role for role, held in written.roles.items() if any(isinstance(each, OnCallIn) for each in held.holders)
        ),
        delegations_to=delegations_to,
        feeds=feeds,
    )


def _absences(person: WrittenPerson) -> tuple[Absence, ...]:
    return tuple(Absence(each.since.astimezone(UTC), each.until.astimezone(UTC), each.why) for each in person.away)
