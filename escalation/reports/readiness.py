"""Whether the people whom escalations need are there: reachable, on call at every instant, and not the only one.

Errors are what would tell nobody; warnings are one mishap away from it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from escalation.core.facts import Found
from escalation.core.quiet import RINGING
from escalation.core.schedules import Schedule, people_of
from escalation.core.vocabulary import Channel
from escalation.reports.agreed import Agreed
from escalation.reports.gaps import gaps
from escalation.reports.lints import lints
from escalation.reports.remarks import Level

GAPS_SHOWN = 3
"""Of each role; the rest is counted."""
# What the lints of an agreement say about people and times; the rest of them is the agreement's own affair.
_OF_PEOPLE = frozenset({"unreachable_contact", "no_backup", "no_fallback", "short_step", "no_channel"})


class Person(Protocol):
    """One of the directory."""

    @property
    def roles(self) -> tuple[str, ...]: ...
    def usable(self) -> tuple[Channel, ...]: ...
    def address(self, channel: Channel) -> str | None: ...


class Directory(Protocol):
    """Everybody, and who is behind a name when."""

    @property
    def stale_since(self) -> datetime | None: ...
    def find(self, name: str, at: datetime) -> Found: ...
    def reached(self, role: str, at: datetime) -> bool: ...
    def changes(self, role: str, since: datetime, until: datetime) -> tuple[datetime, ...]: ...
    def people(self) -> Mapping[str, Person]: ...
    def roles(self) -> tuple[str, ...]: ...
    def teams(self) -> tuple[str, ...]: ...
    def schedules(self) -> tuple[str, ...]: ...
    def schedule(self, name: str, at: datetime) -> Schedule | None: ...
    def holders(self, role: str) -> tuple[str | None, ...]: ...
    def members(self, name: str, at: datetime) -> tuple[Found, ...]: ...


IsVerified = Callable[[str, Channel, str], bool]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not ready, of whom, and the next step."""

    level: Level
    name: str
    subject: str
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.level}: {self.subject}: {self.what}; {self.advice}"


def of_people(
    directory: Directory, at: datetime, verified: IsVerified | None, *, must_verify: bool
) -> tuple[Finding, ...]:
    """Everybody whom something needs: can they be reached, by more than one way, and have they shown that they read?"""
    found: list[Finding] = []
    if directory.stale_since is not None:
        what = f"its address has not answered since {directory.stale_since.isoformat(timespec='seconds')}"
        advice = "mend the address; the last good copy is in force"
        found.append(Finding(Level.ERROR, "stale_directory", "the directory", what, advice))
    needed, on_call = _needed(directory, at)
    for person, entry in directory.people().items():
        found += _of_person(person, entry, person in needed, person in on_call)
        if verified is not None and person in needed:
            found += _unverified(person, entry, verified, must_verify=must_verify)
    for team in directory.teams():
        members = directory.members(team, at)
        if not any(each.contact is not None for each in members):
            what = f"nobody of it can be reached: {'; '.join(each.why for each in members)}"
            found.append(Finding(Level.ERROR, "empty_team", team, what, "add an address, or a member"))
    return _worst_first(found)


def of_on_call(
    directory: Directory, agreements: Sequence[Agreed], since: datetime, until: datetime
) -> tuple[Finding, ...]:
    """Whether every role and every step has somebody, from `since` until `until`, and never only one.

    Raises ValueError for a stretch longer than schedules are expanded at once.
    """
    found: list[Finding] = []
    for role in directory.roles():
        found += _gaps(directory, role, since, until)
        found += _alone(directory, role)
    for name in directory.schedules():
        schedule = directory.schedule(name, since)
        if schedule is not None and len(people_of(schedule)) == 1:
            only = next(iter(people_of(schedule)))
            what = f"{only} is the only one who takes turns in it"
            advice = "add somebody: nobody is awake and well every night"
            found.append(Finding(Level.WARNING, "single_person", name, what, advice))
    for agreed in agreements:
        found += _steps(directory, agreed, since)
    return _worst_first(found)


def _needed(directory: Directory, at: datetime) -> tuple[frozenset[str], frozenset[str]]:
    """Whoever holds a role or takes turns, and whoever takes turns."""
    on_call: set[str] = set()
    for name in directory.schedules():
        schedule = directory.schedule(name, at)
        on_call |= people_of(schedule) if schedule is not None else frozenset()
    holding = {holder for role in directory.roles() for holder in directory.holders(role) if holder is not None}
    in_teams = {each.name for team in directory.teams() for each in directory.members(team, at)}
    return frozenset(on_call | holding | in_teams), frozenset(on_call)


def _of_person(person: str, entry: Person, needed: bool, on_call: bool) -> Iterator[Finding]:  # noqa: FBT001
    usable = entry.usable()
    if not usable:
        level = Level.ERROR if needed else Level.WARNING
        advice = "add an address, or allow the channel of one"
        yield Finding(level, "unreachable", person, "has no address on an allowed channel", advice)
    elif on_call and not RINGING.intersection(usable):
        what = f"is on call and has only {', '.join(usable)}, which wakes nobody"
        yield Finding(Level.WARNING, "cannot_be_woken", person, what, "add a telephone number")
    elif needed and len({entry.address(channel) for channel in usable}) == 1:
        what, advice = f"has one address only ({', '.join(usable)})", "add another: when it fails nothing is left"
        yield Finding(Level.WARNING, "one_address", person, what, advice)


def _unverified(person: str, entry: Person, verified: IsVerified, *, must_verify: bool) -> Iterator[Finding]:
    usable = entry.usable()
    strange = [each for each in usable if not verified(person, each, entry.address(each) or "")]
    if not strange:
        return
    nothing_left = must_verify and len(strange) == len(usable)
    level = Level.ERROR if nothing_left else Level.WARNING
    what = f"has not verified {', '.join(strange)}" + (", and is told nowhere until then" if nothing_left else "")
    yield Finding(level, "unverified", person, what, f"escalate directory verify {person} {strange[0]}")


def _gaps(directory: Directory, role: str, since: datetime, until: datetime) -> Iterator[Finding]:
    found = gaps(directory, role, since, until)
    for nobody in (True, False):
        kind = [gap for gap in found if (gap.backup is None) is nobody]
        for gap in kind[:GAPS_SHOWN]:
            span = f"from {gap.start:%Y-%m-%d %H:%M} to {gap.end:%Y-%m-%d %H:%M} UTC"
            instead = "nobody can be asked" if nobody else f"only its backup {gap.backup} can be asked"
            level, name = (Level.ERROR, "nobody") if nobody else (Level.WARNING, "backup_only")
            yield Finding(level, name, role, f"{instead} {span} ({gap.why})", "fill it, or name a backup")
        if len(kind) > GAPS_SHOWN:
            level, name = (Level.ERROR, "nobody") if nobody else (Level.WARNING, "backup_only")
            what = f"{len(kind) - GAPS_SHOWN} more such gaps until {until:%Y-%m-%d}"
            yield Finding(level, name, role, what, "see them all with `escalate oncall gaps`")


def _alone(directory: Directory, role: str) -> Iterator[Finding]:
    holders = directory.holders(role)
    if len(holders) == 1:
        advice = "name a backup: a role with one person is lost with one telephone"
        yield Finding(Level.WARNING, "no_backup", role, "has no backup", advice)


def _steps(directory: Directory, agreed: Agreed, at: datetime) -> Iterator[Finding]:
    for lint in lints(agreed, at, directory):
        if lint.name in _OF_PEOPLE:
            yield Finding(lint.level, lint.name, f"{agreed.policy.name} {lint.path}", lint.what, lint.advice)
    for chain in agreed.policy.chains:
        behind = [directory.find(step.contact, at) for step in chain.steps]
        people = [{each.contact, each.backup} - {None} for each in behind]
        shared = set.intersection(*people) if len(people) > 1 else set()
        for person in sorted(str(each) for each in shared if all(found == {each} for found in people)):
            what = f"{person} is the only one whom any of its steps asks"
            advice = "put somebody else behind one of the steps"
            yield Finding(Level.ERROR, "single_point_of_failure", f"{agreed.policy.name} {chain.name}", what, advice)


def _worst_first(found: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda each: (list(Level).index(each.level), each.subject, each.name)))
