"""The shape of a directory file: people, the roles they hold, on-call schedules, and customers.

Each stands under an id that is no name.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator, ValidationError

from escalation.core.vocabulary import Channel
from escalation.wire import schedule_file
from escalation.wire.faults import faults_of, some_of
from escalation.wire.quoting import shown
from escalation.wire.schedule_file import Instant, WrittenSchedule
from escalation.wire.written_words import Written, label_of, name_of
from escalation.wire.yaml_reader import Document, FaultyFileError, Path

EMAIL_CHARS_MAX = 254  # RFC 5321, 4.5.3.1.3: what fits into a path
ROLES_MAX = 50
ALIASES_MAX = 20
AWAYS_MAX = 50
NAME_CHARS_MAX = 120
SCHEDULES_MAX = 500

_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
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


def _full_name(text: str) -> str:
    if not text.strip() or len(text) > NAME_CHARS_MAX or not text.isprintable():
        raise ValueError(f"{text[:80]!r} is no name to show; write one line of 1 to {NAME_CHARS_MAX} characters")
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


Id = Annotated[str, AfterValidator(name_of)]
Email = Annotated[str, AfterValidator(_email)]
Phone = Annotated[str, AfterValidator(_phone)]
FullName = Annotated[str, AfterValidator(_full_name)]


class WrittenAway(Written):
    """Not to be asked from `since` until `until` (exclusive)."""

    since: Instant
    until: Instant
    why: Annotated[str, AfterValidator(label_of)]


class WrittenPerson(Written):
    name: FullName
    email: Email | None = None
    phone: Phone | None = None
    channels: tuple[Channel, ...] = tuple(Channel)
    roles: Annotated[tuple[Id, ...], Field(max_length=ROLES_MAX)] = ()
    aliases: Annotated[tuple[str, ...], Field(max_length=ALIASES_MAX)] = ()
    away: Annotated[tuple[WrittenAway, ...], Field(max_length=AWAYS_MAX)] = ()

    def usable(self) -> tuple[Channel, ...]:
        """The channels that are allowed and have an address, in the order written."""
        return tuple(channel for channel in self.channels if (self.email if channel is Channel.EMAIL else self.phone))


class WrittenRole(Written):
    primary: Annotated[Holder, PlainValidator(_holder)]
    backup: Annotated[Holder | None, PlainValidator(_holder)] = None

    @property
    def holders(self) -> tuple[Holder, ...]:
        """The primary, then the backup if there is one."""
        return (self.primary,) if self.backup is None else (self.primary, self.backup)


class WrittenCustomer(Written):
    name: FullName
    email: Email | None = None


class WrittenDirectory(Written):
    people: dict[Id, WrittenPerson]
    roles: dict[Id, WrittenRole] = Field(default_factory=dict)
    customers: dict[Id, WrittenCustomer] = Field(default_factory=dict)
    schedules: dict[Id, WrittenSchedule] = Field(default_factory=dict)


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
    owner_of_alias: dict[str, str] = {}
    for person, entry in written.people.items():
        path: Path = ("people", person)
        if entry.phone is not None and owner_of_phone.setdefault(entry.phone, person) != person:
            what = f"{owner_of_phone[entry.phone]!r} has this number too; a reply would not say who it is from"
            yield (*path, "phone"), what
        for alias in entry.aliases:
            if alias in ids or owner_of_alias.setdefault(alias, person) != person:
                yield (*path, "aliases"), f"{alias!r} is somebody's already; an alias belongs to one person"
        for number, away in enumerate(entry.away):
            if away.until <= away.since:
                yield (*path, "away", number, "until"), "it ends before it begins; put the two in order"
