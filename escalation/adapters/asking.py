"""Who is asked behind a name, with what people and the house want taken into account: one rule for work and for play.

The directory says who is there. Channels that a person has not verified, or is quiet on, are left out, so that the next
one is tried at once; the answer says which, and why. What a person has turned off by STOP is not left out here: its
send fails, and the next channel is tried then (`OptOuts`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from escalation.adapters.ledger_down import LedgerDown
from escalation.core import whom
from escalation.core.effects import FindContacts, Notify
from escalation.core.facts import Found, ReportDelivery
from escalation.core.quiet import HUSHED, RINGING, SILENT, hushed, said_of
from escalation.core.values import replace
from escalation.core.vocabulary import Channel, Severity

Channels = tuple[Channel, ...]

ASKS = frozenset({"step", "contact"})
"""Purposes that ask for something now: whoever is quiet is passed over, and the backup is asked."""


class QuietHours(Protocol):
    """When people are not rung, and what they have besides. It may raise whatever a directory raises."""

    def quiet_until(self, person: str, severity: Severity | None, at: datetime) -> datetime | None:
        """Until when nothing rings for that person, in their own zone; None: it may."""
        ...

    def address(self, contact: str, channel: Channel, at: datetime | None = None) -> str | None:
        """Where they are reached at that instant, if they are."""
        ...


class People(QuietHours, Protocol):
    """Who there is: `escalation.adapters.directory.Directory`, or one that remembers its answers."""

    def find(self, name: str, at: datetime) -> Found:
        """Who is behind a role or a name."""
        ...

    def find_approver(self, name: str, at: datetime) -> Found:
        """Who is asked for a yes in that role."""
        ...

    def members(self, name: str, at: datetime) -> tuple[Found, ...]:
        """Everybody of a list, in its order."""
        ...


class Turns(Protocol):
    """Whose turn it is in a list; it may raise `LedgerDown`."""

    def take(self, listed: str, key: str, there: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        """The number of the turn, and everybody, whoever has waited longest first."""
        ...


class Verified(Protocol):
    """Which addresses a person has shown to be theirs; it may raise `LedgerDown`."""

    def verified(self, contact: str, channel: Channel, address: str) -> bool:
        """Whether that address is."""
        ...


@dataclass(frozen=True, slots=True)
class Wishes:
    """What people and the house want, beside the directory. What is left out is not asked."""

    turns: Turns | None = None
    verified: Verified | None = None  # given: nobody is told where they have not shown that they read


NO_WISHES = Wishes()


def hushed_at(hours: QuietHours, effect: Notify, at: datetime) -> ReportDelivery | None:
    """What is answered instead of ringing in somebody's quiet hours; None: ring."""
    if effect.channel not in RINGING or effect.message not in HUSHED:
        return None
    until = hours.quiet_until(effect.contact, effect.brief.severity, at)
    silent = tuple(each for each in SILENT if hours.address(effect.contact, each, at) is not None)
    return hushed(effect, until, silent)


class Asking:
    """Asks the directory, and leaves out what people do not want. A store that is down changes nothing for them."""

    def __init__(self, people: People, wishes: Wishes = NO_WISHES) -> None:
        self._people = people
        self._wishes = wishes

    def behind(
        self, effect: FindContacts, at: datetime, severity: Severity | None = None, whose: str = ""
    ) -> tuple[Found, ...]:
        """Everybody whom the effect's names stand for, as of `at`; for an escalation of that severity.

        `whose` tells this escalation's askings from all others, so that the same asking gets the same turn. Only a
        directory that cannot be asked raises.
        """
        one = _One(self._people, self._wishes, effect, at, severity, whose)
        return tuple(each for name in effect.names for each in one.behind(name))


@dataclass(frozen=True, slots=True)
class _One:
    """One asking."""

    people: People
    wishes: Wishes
    effect: FindContacts
    at: datetime
    severity: Severity | None
    whose: str

    def behind(self, name: str) -> tuple[Found, ...]:
        form, rest = whom.parted(name)
        if self.effect.purpose == "approval":
            return (self._willing(self.people.find_approver(name, self.at)),)
        if form not in {whom.EVERYONE, whom.ROUND_ROBIN}:
            return (self._willing(self.people.find(name, self.at)),)
        listed = tuple(self._willing(each) for each in self.people.members(rest, self.at))
        there = tuple(each for each in listed if each.contact is not None and each.channels)
        away = tuple(each.why for each in listed if each not in there)
        if not there:
            why = "; ".join(filter(None, away)) or self.people.find(name, self.at).why
            return (Found(name, None, why=why),)
        if form == whom.EVERYONE:
            return tuple(replace(each, name=name, why=_said([f"one of {rest}", each.why])) for each in there)
        return (self._turn(name, rest, there, away),)

    def _turn(self, name: str, listed: str, there: tuple[Found, ...], away: tuple[str, ...]) -> Found:
        """Whoever has waited longest, and the next one as backup."""
        by_id = {each.contact: each for each in there if each.contact is not None}
        ids, said = tuple(by_id), f"the first of {listed}, because the turns cannot be counted now"
        if self.wishes.turns is not None:
            try:
                number, ids = self.wishes.turns.take(listed, self._key(), ids)
                said = f"turn {number} of {listed}"
            except LedgerDown:
                pass  # a page is not held up for fairness
        first, second = by_id[ids[0]], by_id[ids[1]] if len(ids) > 1 else Found(name, None)
        why = _said([said, *away])
        return Found(name, first.contact, first.channels, second.contact, second.channels, why)

    def _key(self) -> str:
        """What tells one asking from every other, and stays the same when it is made again."""
        return f"{self.whose} {self.effect.number} {self.at.isoformat()}"[-400:]

    def _willing(self, found: Found) -> Found:
        """The channels that these people want now, so that the next one is tried first."""
        channels, said = self._wanted(found.contact, found.channels)
        backup_channels, backup_said = self._wanted(found.backup, found.backup_channels)
        if not said and not backup_said:
            return found
        why = _said([found.why, *said, *backup_said])
        return replace(found, channels=channels, backup_channels=backup_channels, why=why)

    def _wanted(self, contact: str | None, channels: Channels) -> tuple[Channels, tuple[str, ...]]:
        if contact is None or not channels:
            return channels, ()
        unverified = frozenset(each for each in channels if not self._is_verified(contact, each))
        quiet_until = self.people.quiet_until(contact, self.severity, self.at)
        quiet = RINGING if quiet_until is not None else frozenset()
        if self.effect.purpose not in ASKS and not {*channels} - unverified - quiet:
            quiet = frozenset()  # a notice that could be told nowhere else waits where it is sent, and is not lost
        said = []
        for gone, why in (
            (unverified, "has not verified"),
            (quiet, f"is quiet {said_of(quiet_until)} on" if quiet_until is not None else ""),
        ):
            if hit := [channel for channel in channels if channel in gone]:
                said.append(f"{contact}: {why} {', '.join(sorted(hit))}")
        return tuple(each for each in channels if each not in unverified | quiet), tuple(said)

    def _is_verified(self, contact: str, channel: Channel) -> bool:
        address = self.people.address(contact, channel) if self.wishes.verified is not None else None
        if self.wishes.verified is None or address is None:
            return True
        try:
            return self.wishes.verified.verified(contact, channel, address)
        except LedgerDown:
            return True  # better somebody who may not read it than nobody


def _said(parts: Iterable[str]) -> str:
    return "; ".join(part for part in parts if part)
