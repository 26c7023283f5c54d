"""The frozen agreement: what an escalation was opened under, and keeps until a command says otherwise.

Everything here is plain data that an activity has already resolved (zones to offsets, durations to `timedelta`),
so that rules need no file, no zone database and no network. The YAML that operators write is read in `wire/policy.py`.
"""

from datetime import timedelta

from escalation.core.hours import Calendar, Days
from escalation.core.money import Money
from escalation.core.reckoning import OURS, Reckoning
from escalation.core.values import dataclass
from escalation.core.vocabulary import ApprovalKind, Ask, Channel, ClockName, Handover, Severity, TriageMode

# How long after an ambiguous send a provider's list can be trusted, where the agreement knows nothing of the channel.
UNSETTLED = timedelta(minutes=2)
# How far ahead a snooze may end, where the agreement does not say.
SNOOZE_MAX = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: warn at each lead before the limit and at the goal, breach at the limit; open time of a calendar.

    In `days`, a limit or goal is worked out when the clock starts; the length beside it says nothing until then.
    """

    limit: timedelta
    goal: timedelta | None = None
    leads: tuple[timedelta, ...] = ()
    calendar: str = ""  # "" counts every hour
    limit_days: Days | None = None
    goal_days: Days | None = None
    wall_leads: bool = False  # leads count every hour, whatever the calendar
    quiet: bool = False  # a warning that would come in closed hours waits for the next opening before the limit
    climbs: bool = False  # the last warning asks the next step as well


@dataclass(frozen=True, slots=True)
class Cadence:
    """A promise that repeats: somebody is asked `lead` before each turn, and the turn is missed at its end."""

    every: timedelta
    lead: timedelta = timedelta(0)
    calendar: str = ""
    every_days: Days | None = None  # as in `Target`


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How long the receiving team has to confirm or adjust the severity, and from when on."""

    window: timedelta
    since: Handover


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
    aliases: tuple[str, ...] = ()  # other names that people and ticket systems use
    stakeholder_update: Cadence | None = None
    war_room: Cadence | None = None
    confirmation: Confirmation | None = None
    room: bool = False  # the war room is opened in the chat, and its status pinned there


@dataclass(frozen=True, slots=True)
class Also:
    """Somebody told at the same instant as a step's contact: a role or a person, for these severities."""

    contact: str
    severities: tuple[Severity, ...] = ()  # empty: every severity


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of people. `contact` names a role or a person; who that is now is looked up when the step begins."""

    name: str
    contact: str
    window: timedelta  # to acknowledge, counted in `calendar`
    backup_after: timedelta | None  # when the backup is told too; None: only when the primary cannot be reached
    calendar: str = ""
    window_days: Days | None = None  # as in `Target`
    also: tuple[Also, ...] = ()  # told with the page, as addressees in their own right
    level: str = ""  # of the policy's model; along a chain it never falls; "": the model places no step of it


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the model that an agreement follows."""

    name: str
    label: str  # how people call it: "L2", "Tier 1", "Technical team"


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps in order. After the last one it starts again `repeats` times, then the fallback contact is told."""

    name: str
    steps: tuple[Step, ...]
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class SpendLimit:
    """The most that holders of a role may decide, in one currency; they decide nothing in any other."""

    role: str
    limit: Money


@dataclass(frozen=True, slots=True)
class ApprovalTerms:
    """Who must agree to something. `approvers` are roles, asked one after the other, `quorum` of them at a time."""

    approvers: tuple[str, ...]
    expiry: timedelta  # for each asking
    on_expiry: str  # "reject"; "open" counts as a yes, where a route is concerned
    quorum: int = 1  # as many people must say yes, each on an authority of their own
    limits: tuple[SpendLimit, ...] = ()  # for money
    break_glass: tuple[str, ...] = ()  # roles that may do it at once; it is told loudly, and reviewed
    kind: ApprovalKind = ApprovalKind.ESCALATE_TO_LEADERSHIP

    def limit_of(self, role: str, currency: str) -> int | None:
        """The most that role may decide in that currency, in its smallest units; None: nothing at all."""
        found = [each.limit.minor for each in self.limits if each.role == role and each.limit.currency == currency]
        return max(found, default=None)


@dataclass(frozen=True, slots=True)
class TierPromise:
    """What a receiving tier promises for one severity, instead of the severity's own terms; None: the severity's."""

    severity: Severity
    response: Target | None = None
    resolution: Target | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """From where to where, and along which chain."""

    name: str
    team: str
    chain: str
    asks: tuple[Ask, ...]  # what may be asked of this receiver
    approval: ApprovalTerms | None = None
    promises: tuple[TierPromise, ...] = ()

    def promise(self, severity: Severity) -> TierPromise | None:
        """What this tier promises for a severity, where it differs from the severity's terms."""
        return next((promise for promise in self.promises if promise.severity is severity), None)


@dataclass(frozen=True, slots=True)
class CustomerSegment:
    """A kind of customer: `weight` severities up run their clocks; `silence` and `customer_contact` replace others."""

    name: str
    weight: int = 0
    customer_contact: str | None = None  # the dedicated person
    silence: timedelta | None = None
    customer_contact_backup: str | None = None


@dataclass(frozen=True, slots=True)
class Settle:
    """How long after an ambiguous send the provider's own list can be trusted, and what an absent one means."""

    channel: Channel
    window: timedelta
    resend: bool  # False: a person decides
    silent_after: timedelta | None = None  # accepted, then no receipt for this long: the next is told; None: no matter


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
    mark_on_breach: bool = True  # the status reads "Escalation"
    stakeholders: tuple[str, ...] = ()  # roles that hear the stakeholder updates
    runs_while_blocked: tuple[ClockName, ...] = (ClockName.DEADLINE,)
    customer_contact_backup: str | None = None  # None: `customer_contact` stands in for whoever speaks
    touches_alarm: int | None = None  # the managers hear at each multiple of so many owners
    snooze_max: timedelta = SNOOZE_MAX  # how far ahead a snooze may end


@dataclass(frozen=True, slots=True)
class TriageTerms:
    """What an opening makes of triage, and by which rules it is judged; the rules themselves are not in the log."""

    mode: TriageMode = TriageMode.OFF
    rules: str = ""
    version: str = ""
    digest: str = ""


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
    segments: tuple[CustomerSegment, ...] = ()
    reckoning: Reckoning = OURS
    stale: bool = False
    approvals: tuple[ApprovalTerms, ...] = ()  # at most one of a kind; what a route starts with is the route's
    triage: TriageTerms = TriageTerms()
    levels: tuple[Level, ...] = ()  # the lowest first; none: people call them as they like

    def terms_of(self, severity: Severity) -> Terms:
        """The promises of a severity; a policy always has all four."""
        for terms in self.terms:
            if terms.severity is severity:
                return terms
        raise LookupError(severity)

    def segment(self, name: str) -> CustomerSegment | None:
        """The customer segment of that name, or None."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def level(self, called: str) -> Level | None:
        """The level that is called so, by its name or its label in any case; None: the model has no such one."""
        wanted = called.strip().casefold()
        return next((level for level in self.levels if wanted in (level.name, level.label.casefold())), None)

    def approval(self, kind: ApprovalKind) -> ApprovalTerms | None:
        """Who must agree to that; None: nobody."""
        return next((terms for terms in self.approvals if terms.kind is kind), None)

    def route(self, name: str) -> Route | None:
        """The route of that name, or None."""
        return next((route for route in self.routes if route.name == name), None)

    def route_of(self, name: str) -> Route:
        """The route of a name that is known to be one of this policy's."""
        for route in self.routes:
            if route.name == name:
                return route
        raise LookupError(name)

    def chain(self, name: str) -> Chain:
        """The chain of that name; a checked policy has every chain that its routes name."""
        return next(chain for chain in self.chains if chain.name == name)

    def calendar(self, name: str) -> Calendar | None:
        """The calendar of that name; None for "", which counts every hour."""
        return next((calendar for calendar in self.calendars if calendar.name == name), None)

    def settle(self, channel: Channel) -> Settle:
        """When and how an ambiguous dispatch on that channel is looked up. An agreement may be older than a channel."""
        otherwise = Settle(channel, UNSETTLED, resend=True)
        return next((settle for settle in self.settles if settle.channel is channel), otherwise)
