"""The frozen agreement: what an escalation was opened under, and keeps until a command says otherwise.

Everything here is plain data that an activity has already resolved (zones to offsets, durations to `timedelta`),
so that rules need no file, no zone database and no network. The YAML that operators write is read in `wire/policy.py`.
"""

from dataclasses import dataclass
from datetime import timedelta

from escalation.core.hours import Calendar
from escalation.core.vocabulary import Ask, Channel, Severity


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: warn at each lead before the limit and at the goal, breach at the limit; open time of a calendar."""

    limit: timedelta
    goal: timedelta | None = None
    leads: tuple[timedelta, ...] = ()
    calendar: str = ""  # "" counts every hour


@dataclass(frozen=True, slots=True)
class Cadence:
    """A promise that repeats: somebody is asked `lead` before each turn, and the turn is missed at its end."""

    every: timedelta
    lead: timedelta = timedelta(0)
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """One channel of a step's plan, `after` the contact's turn began."""

    channel: Channel
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one severity promises."""

    severity: Severity
    label: str  # how people call it: "P1", "Critical"
    reach: tuple[Reach, ...]  # at least one, ordered by `after`
    notice: Channel  # for notices that are no page
    resolution: Target
    response: Target | None
    check_in: Cadence | None
    customer_update: Cadence | None
    silence: timedelta | None  # acknowledged, then no act of the owner for this long


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of people. `contact` names a role or a person; who that is now is looked up when the step begins."""

    name: str
    contact: str
    window: timedelta  # to acknowledge, counted in `calendar`
    backup_after: timedelta | None  # when the backup is told too; None: only when the primary cannot be reached
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps in order. After the last one it starts again `repeats` times, then the fallback contact is told."""

    name: str
    steps: tuple[Step, ...]
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class ApprovalTerms:
    """Who must agree before the escalation starts. `approvers` are roles, asked one after the other."""

    approvers: tuple[str, ...]
    expiry: timedelta  # for each approver
    on_expiry: str  # "reject" or "open"


@dataclass(frozen=True, slots=True)
class Route:
    """From where to where, and along which chain."""

    name: str
    team: str
    chain: str
    asks: tuple[Ask, ...]  # what may be asked of this receiver
    approval: ApprovalTerms | None = None


@dataclass(frozen=True, slots=True)
class Settle:
    """How long after an ambiguous send the provider's own list can be trusted, and what an absent one means."""

    channel: Channel
    window: timedelta
    resend: bool  # False: a person decides


@dataclass(frozen=True, slots=True)
class House:
    """Terms that do not depend on the severity."""

    managers: str  # role told of warnings and breaches
    executive: str  # role told when a SEV1 breaches
    fallback: str  # contact told when a chain reaches nobody
    customer_contact: str  # speaks with the customer when a machine opened the escalation
    fallback_window: timedelta
    reopen_window: timedelta
    customer_floor: timedelta | None  # the longest a customer goes without a word
    blocked_reminder: timedelta | None
    blocked_limit: timedelta | None
    occurred_at_bound: timedelta  # how far back a late fact may reach
    breach_cycles: int  # how often a resolution target starts again after a breach
    raise_severity_on_breach: bool
    reassign_on_breach: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the agreement. `digest` is the SHA-256 of the source; `stale` says that a kept copy was used."""

    name: str
    version: str
    digest: str
    terms: tuple[Terms, ...]
    routes: tuple[Route, ...]
    chains: tuple[Chain, ...]
    calendars: tuple[Calendar, ...]
    settles: tuple[Settle, ...]
    house: House
    stale: bool = False

    def terms_of(self, severity: Severity) -> Terms:
        """The promises of a severity; a policy always has all four."""
        return next(terms for terms in self.terms if terms.severity is severity)

    def route(self, name: str) -> Route | None:
        """The route of that name, or None."""
        return next((route for route in self.routes if route.name == name), None)

    def route_of(self, name: str) -> Route:
        """The route of a name that is known to be one of this policy's."""
        return next(route for route in self.routes if route.name == name)

    def chain(self, name: str) -> Chain:
        """The chain of that name; a checked policy has every chain that its routes name."""
        return next(chain for chain in self.chains if chain.name == name)

    def calendar(self, name: str) -> Calendar | None:
        """The calendar of that name; None for "", which counts every hour."""
        return next((calendar for calendar in self.calendars if calendar.name == name), None)

    def settle(self, channel: Channel) -> Settle:
        """When and how an ambiguous dispatch on that channel is looked up."""
        return next(settle for settle in self.settles if settle.channel is channel)
