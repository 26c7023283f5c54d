"""Finding out who is asked now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from temporalio import activity

from escalation.adapters.directory import RINGING, Directory
from escalation.adapters.store import LedgerDown
from escalation.core import whom
from escalation.core.facts import Found, ReportContacts
from escalation.core.values import replace
from escalation.core.vocabulary import Channel
from workflows.ports import Find

Off = Callable[[str], frozenset[Channel]]
Channels = tuple[Channel, ...]


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

    off: Off | None = None  # the channels that a person has turned off
    turns: Turns | None = None
    verified: Verified | None = None  # given: nobody is told where they have not shown that they read


NO_WISHES = Wishes()


class Contacts:
    """Asks the directory, and leaves out what people do not want. A store that is down changes nothing for them."""

    def __init__(self, directory: Directory, wishes: Wishes = NO_WISHES) -> None:
        self._directory = directory
        self._wishes = wishes

    @activity.defn(name="find_contacts")
    def find_contacts(self, order: Find) -> ReportContacts:
        """Everybody that the effect names, as of `order.at`. Only a directory that cannot be asked raises."""
        found = tuple(each for name in order.effect.names for each in self._behind(name, order))
        return ReportContacts(number=order.effect.number, found=found)

    def _behind(self, name: str, order: Find) -> tuple[Found, ...]:
        form, rest = whom.parted(name)
        if order.effect.purpose == "approval":
            return (self._willing(self._directory.find_approver(name, order.at), order),)
        if form not in {whom.EVERYONE, whom.ROUND_ROBIN}:
            return (self._willing(self._directory.find(name, order.at), order),)
        listed = tuple(self._willing(each, order) for each in self._directory.members(rest, order.at))
        there = tuple(each for each in listed if each.contact is not None and each.channels)
        away = tuple(each.why for each in listed if each not in there)
        if not there:
            why = "; ".join(filter(None, away)) or self._directory.find(name, order.at).why
            return (Found(name, None, why=why),)
        if form == whom.EVERYONE:
            return tuple(replace(each, name=name, why=_said(f"one of {rest}", each.why)) for each in there)
        return (self._turn(name, rest, there, away, order),)

    def _turn(self, name: str, listed: str, there: tuple[Found, ...], away: tuple[str, ...], order: Find) -> Found:
        """Whoever has waited longest, and the next one as backup."""
        by_id = {each.contact: each for each in there if each.contact is not None}
        ids, said = tuple(by_id), f"the first of {listed}, because the turns cannot be counted now"
        if self._wishes.turns is not None:
            try:
                number, ids = self._wishes.turns.take(listed, _key(order), ids)
                said = f"turn {number} of {listed}"
            except LedgerDown:
                pass  # a page is not held up for fairness
        first, second = by_id[ids[0]], by_id[ids[1]] if len(ids) > 1 else Found(name, None)
        why = _said(said, *away)
        return Found(name, first.contact, first.channels, second.contact, second.channels, why)

    def _willing(self, found: Found, order: Find) -> Found:
        """The channels that these people want now, so that the next one is tried first."""
        channels, said = self._wanted(found.contact, found.channels, order)
        backup_channels, backup_said = self._wanted(found.backup, found.backup_channels, order)
        if not said and not backup_said:
            return found
        why = _said(found.why, *said, *backup_said)
        return replace(found, channels=channels, backup_channels=backup_channels, why=why)

    def _wanted(self, contact: str | None, channels: Channels, order: Find) -> tuple[Channels, tuple[str, ...]]:
        if contact is None or not channels:
            return channels, ()
        off = self._off(contact)
        unverified = frozenset(each for each in channels if not self._is_verified(contact, each))
        quiet_until = self._directory.quiet_until(contact, order.severity, order.at)
        quiet = RINGING if quiet_until is not None else frozenset()
        if order.effect.purpose != "step" and not {*channels} - off - unverified - quiet:
            quiet = frozenset()  # a notice that could be told nowhere else is not lost
        said = []
        for gone, why in (
            (off, "has turned off"),
            (unverified, "has not verified"),
            (quiet, f"is quiet until {quiet_until:%H:%M %Z} on" if quiet_until is not None else ""),
        ):
            if hit := [channel for channel in channels if channel in gone]:
                said.append(f"{contact}: {why} {', '.join(sorted(hit))}")
        return tuple(each for each in channels if each not in off | unverified | quiet), tuple(said)

    def _off(self, contact: str) -> frozenset[Channel]:
        if self._wishes.off is None:
            return frozenset()
        try:
            return self._wishes.off(contact)
        except LedgerDown:
            return frozenset()  # nobody waits for it: the carrier knows as well, and refuses

    def _is_verified(self, contact: str, channel: Channel) -> bool:
        address = self._directory.address(contact, channel) if self._wishes.verified is not None else None
        if self._wishes.verified is None or address is None:
            return True
        try:
            return self._wishes.verified.verified(contact, channel, address)
        except LedgerDown:
            return True  # better somebody who may not read it than nobody


def _key(order: Find) -> str:
    """What tells one asking from every other, and stays the same when it is made again."""
    workflow = activity.info().workflow_id if activity.in_activity() else ""
    return f"{workflow} {order.effect.number} {order.at.isoformat()}"[-400:]


def _said(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
