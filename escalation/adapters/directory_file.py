"""The shape of a directory file: people, the roles they hold, on-call schedules, customers, and who decides for whom.

Each stands under an id that is no name.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, ValidationError

from escalation.core.vocabulary import Channel, Severity
from escalation.wire import schedule_file
from escalation.wire.faults import faults_of, some_of
from escalation.wire.quoting import shown
from escalation.wire.schedule_file import Instant, WrittenSchedule, Zone
from escalation.wire.written_words import Opening, Written, distinct, label_of, name_of
from escalation.wire.yaml_reader import Document, FaultyFileError, Path

EMAIL_CHARS_MAX = 254  # RFC 5321, 4.5.3.1.3: what fits into a path
ROLES_MAX = 50
ALIASES_MAX = 20
QUIETS_MAX = 7
AWAYS_MAX = 50
NAME_CHARS_MAX = 120
PEOPLE_MAX = 10_000
TEAMS_MAX = 1000
MEMBERS_MAX = 100
SCHEDULES_MAX = 500
DELEGATIONS_MAX = 1000
DELEGATION_MAX = timedelta(days=366)
"""Whoever decides for somebody for longer holds the role, and the directory should say that."""
ALL = "all"
LINE_MAX = 20
"""Steps of a reporting line that a circle is looked for in."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, without its rarer forms
_CHAT = re.compile(r"[UW][A-Z0-9]{2,20}")
_PHONE = re.compile(r"\+[1-9][0-9]{7,14}")  # ITU-T E.164: at most 15 digits, the first part of the country code


def _email(text: str) -> str:
    if len(text) > EMAIL_CHARS_MAX or _EMAIL.fullmatch(text) is None:
        raise ValueError(f'{text[:80]!r} is no mail address; write one such as "ana@support.example"')
    return text


def _phone(text: str) -> str:
    if _PHONE.fullmatch(text) is None:
        raise ValueError(
            f'{text[:80]!r} is no telephone number; write "+", country code and number, 8 to 15 digits in all,'
            ' without spaces, such as "+12025550100"'
        )
    return text


def _chat(text: str) -> str:
    if _CHAT.fullmatch(text) is None:
        raise ValueError(f'{text[:80]!r} is no Slack user; write the member id from their profile, such as "U024BE7LH"')
    return text


def _full_name(text: str) -> str:
    if not text.strip() or len(text) > NAME_CHARS_MAX or not text.isprintable():
        raise ValueError(f"{text[:80]!r} is no name to show; write one line of 1 to {NAME_CHARS_MAX} characters")
    return text


def _language(text: str) -> str:
    if _LANGUAGE.fullmatch(text) is None:
        raise ValueError(f"{text[:80]!r} is no language; write its code, such as en, de or de-AT")
    return text


@dataclass(frozen=True, slots=True)
class OnCallIn:
    """Whoever is on call in that schedule."""

    schedule: str


Holder = str | OnCallIn
"""Who holds a role: always the same person, or the one on call."""


def _holder(written: object) -> Holder:
    if isinstance(written, str):
        return written
    if isinstance(written, dict) and [*written] == ["schedule"] and isinstance(written["schedule"], str):
        return OnCallIn(written["schedule"])
    raise ValueError(f"{shown(written)} is nobody; write a person's id, or {{schedule: its id}}")


def _some_roles(written: object) -> tuple[str, ...] | None:
    if written == ALL:
        return None
    if isinstance(written, list) and 0 < len(written) <= ROLES_MAX and all(isinstance(role, str) for role in written):
        return tuple(dict.fromkeys(written))
    raise ValueError(f"{shown(written)} is no choice of roles; write {ALL}, or a list of 1 to {ROLES_MAX}")


Id = Annotated[str, AfterValidator(name_of)]
Email = Annotated[str, AfterValidator(_email)]
Chat = Annotated[str, AfterValidator(_chat)]
Phone = Annotated[str, AfterValidator(_phone)]
FullName = Annotated[str, AfterValidator(_full_name)]
Language = Annotated[str, AfterValidator(_language)]


class WrittenAway(Written):
    """Not to be asked from `since` until `until` (exclusive)."""

    since: Instant
    until: Instant
    why: Annotated[str, AfterValidator(label_of)]


class WrittenQuiet(Written):
    """When, by their own clock, nobody rings or texts them: from one time to the other, of every day or of some.

    Severities in `through` come through all the same, and SEV1 always does.
    """

    hours: Opening
    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7), distinct("day")] = WEEKDAYS
    through: Annotated[tuple[Severity, ...], distinct("severity")] = (Severity.SEV1,)

    def until(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When it ends, if it is quiet at that instant: after it, in that zone.

        The wall decides. An hour that it shows twice is quiet the first time; one that it skips ends at the latest when
        it would have.
        """
        local = at.astimezone(zone)
        for back in (0, 1):  # one that began yesterday may run past midnight
            day = local.date() - timedelta(days=back)
            midnight = datetime.combine(day, time())
            begin, end = (midnight + edge for edge in (self.hours.start, self.hours.end))
            ends = end.replace(tzinfo=zone)
            is_quiet = begin <= local.replace(tzinfo=None, fold=0) < end and at < ends.astimezone(UTC)
            if WEEKDAYS[day.weekday()] in self.days and is_quiet:
                return ends
        return None


class WrittenPerson(Written):
    name: FullName
    email: Email | None = None
    phone: Phone | None = None
    chat: Chat | None = None
    channels: tuple[Channel, ...] = tuple(Channel)
    roles: Annotated[tuple[Id, ...], Field(max_length=ROLES_MAX)] = ()
    aliases: Annotated[tuple[str, ...], Field(max_length=ALIASES_MAX)] = ()
    away: Annotated[tuple[WrittenAway, ...], Field(max_length=AWAYS_MAX)] = ()
    language: Language = "en"  # in which they are written to; English where there is no such translation
    zone: Zone = "UTC"  # whose wall clock they read, beside UTC
    level: Literal["L1", "L2", "L3", "L4"] | None = None  # of support
    reports_to: Id | None = None  # a person or a role: the next step of their reporting line
    quiet: Annotated[tuple[WrittenQuiet, ...], Field(max_length=QUIETS_MAX)] = ()

    def address(self, channel: Channel) -> str | None:
        """Where they are reached on that channel, allowed or not."""
        return {Channel.EMAIL: self.email, Channel.CHAT: self.chat}.get(channel, self.phone)

    def usable(self) -> tuple[Channel, ...]:
        """The channels that are allowed and have an address, in the order written."""
        return tuple(channel for channel in self.channels if self.address(channel))


class WrittenRole(Written):
    primary: Annotated[Holder, PlainValidator(_holder)]
    backup: Annotated[Holder | None, PlainValidator(_holder)] = None
    reports_to: Id | None = None  # a person or another role; left out: whoever its holder reports to

    @property
    def holders(self) -> tuple[Holder, ...]:
        """The primary, then the backup if there is one."""
        return (self.primary,) if self.backup is None else (self.primary, self.backup)


class WrittenTeam(Written):
    """People who are asked together (`everyone:TEAM`) or in turn (`round-robin:TEAM`)."""

    name: FullName
    members: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MEMBERS_MAX), distinct("person")]
    lead: Id | None = None  # a person or a role


class WrittenCustomer(Written):
    name: FullName
    contact: Id | None = None  # a person or a role who looks after them: `contact-of:CUSTOMER`
    contact_backup: Id | None = None
    email: Email | None = None
    language: Language = "en"
    zone: Zone = "UTC"


class WrittenDelegation(Written):
    """Whoever decides in somebody's place, from `since` until `until` (exclusive), with their roles or some of them.

    The roles stay with whoever holds them, and cannot be passed on.
    """

    by: Annotated[Id, Field(alias="from")]
    to: Id
    roles: Annotated[tuple[str, ...] | None, PlainValidator(_some_roles)]  # None: all
    since: Instant
    until: Instant
    reason: Annotated[str, AfterValidator(label_of)]

    def covers(self, role: str) -> bool:
        """Whether it is about that role, too."""
        return self.roles is None or role in self.roles

    def in_force(self, at: datetime) -> bool:
        """Whether it holds at that instant."""
        return self.since <= at < self.until


class WrittenDirectory(Written):
    people: Annotated[dict[Id, WrittenPerson], Field(max_length=PEOPLE_MAX)]
    roles: dict[Id, WrittenRole] = Field(default_factory=dict)
    teams: Annotated[dict[Id, WrittenTeam], Field(max_length=TEAMS_MAX)] = Field(default_factory=dict)
    customers: dict[Id, WrittenCustomer] = Field(default_factory=dict)
    schedules: dict[Id, WrittenSchedule] = Field(default_factory=dict)
    delegations: Annotated[tuple[WrittenDelegation, ...], Field(max_length=DELEGATIONS_MAX)] = ()


def written_in(document: Document) -> WrittenDirectory:
    """The directory that the file writes. Raises `FaultyFileError` with every fault, each on one line."""
    try:
        # As JSON, because strict pydantic takes words for enums and lists for tuples only from there.
        written = WrittenDirectory.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise FaultyFileError(faults_of(error, document)) from None
    faults = some_of(document.fault(path, what) for path, what in _contradictions(written))
    if faults:
        raise FaultyFileError(faults)
    return written


def _contradictions(written: WrittenDirectory) -> Iterator[tuple[Path, str]]:
    yield from _contradictions_of_roles(written)
    for customer in written.customers:
        if customer in written.people or customer in written.roles:
            yield ("customers", customer), "a person or role has the same id; rename one of them"
    if len(written.schedules) > SCHEDULES_MAX:
        yield ("schedules",), f"{len(written.schedules)} schedules, at most {SCHEDULES_MAX} are allowed; remove some"
    for name, schedule in written.schedules.items():
        if name in written.people or name in written.roles or name in written.customers:
            yield ("schedules", name), "a person, role or customer has the same id; rename one of them"
        for path, what in schedule_file.contradictions(schedule, written.people):
            yield ("schedules", name, *path), what
    yield from _contradictions_of_people(written)
    yield from _contradictions_of_lines(written)
    yield from _contradictions_of_delegations(written)


def _contradictions_of_roles(written: WrittenDirectory) -> Iterator[tuple[Path, str]]:
    for role, entry in written.roles.items():
        path: Path = ("roles", role)
        if role in written.people:
            yield path, "a person has the same id; rename one of them"
        for field, holder in zip(("primary", "backup"), entry.holders, strict=False):
            if isinstance(holder, OnCallIn):
                if holder.schedule not in written.schedules:
                    yield (
                        (*path, field),
                        f"no schedule is called {holder.schedule!r}; add it, or name one that is there",
                    )
            elif holder not in written.people:
                yield (*path, field), f"no person is called {holder!r}; add them, or name somebody known"
        if entry.primary == entry.backup:
            yield (*path, "backup"), "nobody is their own backup; name somebody else or leave it out"


def _contradictions_of_people(written: WrittenDirectory) -> Iterator[tuple[Path, str]]:
    ids = {*written.people, *written.roles, *written.customers}
    owner_of_phone: dict[str, str] = {}
    owner_of_chat: dict[str, str] = {}
    owner_of_alias: dict[str, str] = {}
    for person, entry in written.people.items():
        path: Path = ("people", person)
        if entry.phone is not None and owner_of_phone.setdefault(entry.phone, person) != person:
            what = f"{owner_of_phone[entry.phone]!r} has this number too; a reply would not say who it is from"
            yield (*path, "phone"), what
        if entry.chat is not None and owner_of_chat.setdefault(entry.chat, person) != person:
            what = f"{owner_of_chat[entry.chat]!r} has this Slack user too; a button would not say who pressed it"
            yield (*path, "chat"), what
        for alias in entry.aliases:
            if alias in ids or owner_of_alias.setdefault(alias, person) != person:
                yield (*path, "aliases"), f"{alias!r} is somebody's already; an alias belongs to one person"
        for number, away in enumerate(entry.away):
            if away.until <= away.since:
                yield (*path, "away", number, "until"), "it ends before it begins; put the two in order"


def _contradictions_of_lines(written: WrittenDirectory) -> Iterator[tuple[Path, str]]:
    """Teams, who leads and manages whom, and who looks after which customer."""
    taken = {*written.people, *written.roles, *written.customers, *written.schedules}
    named: list[tuple[Path, str | None]] = []
    for name, team in written.teams.items():
        path: Path = ("teams", name)
        if name in taken:
            yield path, "a person, role, schedule or customer has the same id; rename one of them"
        named.append(((*path, "lead"), team.lead))
        unknown = [place for place, person in enumerate(team.members) if person not in written.people]
        yield from (((*path, "members", place), "no person is called so; add them") for place in unknown)
    named += [(("people", person, "reports_to"), each.reports_to) for person, each in written.people.items()]
    named += [(("roles", role, "reports_to"), each.reports_to) for role, each in written.roles.items()]
    for customer, served in written.customers.items():
        named += [(("customers", customer, "contact"), served.contact)]
        named += [(("customers", customer, "contact_backup"), served.contact_backup)]
        if served.contact_backup is not None and served.contact_backup == served.contact:
            yield ("customers", customer, "contact_backup"), "nobody is their own backup; name somebody else"
    for path, who in named:
        if who is not None and who not in written.people and who not in written.roles:
            yield path, f"no person or role is called {who!r}; correct it, or add them"
    yield from _circles(written)


def _circles(written: WrittenDirectory) -> Iterator[tuple[Path, str]]:
    for person, each in written.people.items():
        line, above = [person], each.reports_to
        while above is not None and above in written.people and above not in line and len(line) < LINE_MAX:
            line.append(above)
            above = written.people[above].reports_to
        if above == person:
            yield ("people", person, "reports_to"), f"{' reports to '.join((*line, person))}; end the circle"


def _contradictions_of_delegations(written: WrittenDirectory) -> Iterator[tuple[Path, str]]:
    # Whether the delegator holds the role is asked when somebody decides: a role that is taken from them must not make
    # the file wrong, else the last good one, in which they hold it, would stay in force.
    known = {*written.roles, *(role for person in written.people.values() for role in person.roles)}
    for number, each in enumerate(written.delegations):
        path: Path = ("delegations", number)
        for field, person in (("from", each.by), ("to", each.to)):
            if person not in written.people:
                yield (*path, field), f"no person is called {person!r}; add them, or name somebody known"
        if each.by == each.to:
            yield (*path, "to"), "nobody decides in their own place; name somebody else"
        for role in each.roles or ():
            if role not in known:
                yield (*path, "roles"), f"no role is called {role!r}; correct it, or write {ALL}"
        if each.until <= each.since:
            yield (*path, "until"), "it ends before it begins; put the two in order"
        elif each.until - each.since > DELEGATION_MAX:
            what = f"at most {DELEGATION_MAX.days} days are allowed; end it earlier, or give the role itself"
            yield (*path, "until"), what
