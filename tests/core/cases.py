"""A small agreement and its people, and `Story`: a driver with which a test reads as a dialogue.

Nothing here decides. The agreement is small enough to know by heart: see `TERMS`, `CHAINS`, `ROUTES` and `HOUSE`.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from escalation.core.beside import ReportTold
from escalation.core.clock import Clock
from escalation.core.commands import Acknowledge, Command, Elapse, Open
from escalation.core.decide import Decision, decide
from escalation.core.effects import (
    Effect,
    FindContacts,
    LookUpReceipt,
    Notify,
    Reconcile,
    ShowRoom,
    TellLinked,
    Text,
    WriteTicket,
)
from escalation.core.facts import Found, ReportContacts, ReportDelivery, ReportReconciliation, ReportRoom, ReportTicket
from escalation.core.hours import Calendar, ExceptionDay, Shift, Window
from escalation.core.money import Money
from escalation.core.policy import (
    ApprovalTerms,
    Cadence,
    Chain,
    House,
    Policy,
    Reach,
    Route,
    Settle,
    SpendLimit,
    Step,
    Target,
    Terms,
)
from escalation.core.refusals import Refusal
from escalation.core.standing import Standing
from escalation.core.state import Escalation, next_due
from escalation.core.vocabulary import (
    ApprovalKind,
    Ask,
    Channel,
    ClockName,
    Message,
    Outcome,
    Phase,
    Reconciled,
    Severity,
)

E = TypeVar("E", bound=Effect)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EMAIL, SMS, VOICE = Channel.EMAIL, Channel.SMS, Channel.VOICE
ALL = (EMAIL, SMS, VOICE)
TEXT = Text("text-1", "ab" * 32)

# A Monday; 10:00 in Berlin, so the office is open.
START = datetime(2025, 3, 10, 9, tzinfo=UTC)
ZONES_UNTIL = datetime(2027, 1, 1, tzinfo=UTC)

# --- the agreement -------------------------------------------------------------------------------------------------


@cache
def shifts_of(zone: str, since: datetime, until: datetime) -> tuple[Shift, ...]:
    """The offsets of a zone as instants, to the second: found by looking at every day, then halving."""
    local = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta:
        return at.astimezone(local).utcoffset() or timedelta(0)

    found, at = [Shift(since, offset(since))], since
    while at < until:
        low, high = at, at + DAY
        if offset(high) != offset(low):
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // timedelta(seconds=2) * timedelta(seconds=1)
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append(Shift(high, offset(high)))
        at += DAY
    return tuple(found)


def window(opens: float, closes: float) -> Window:
    """Open between two hours of the day."""
    return Window(opens * HOUR, closes * HOUR)


OFFICE_DAY = (window(9, 17),)
OFFICE = Calendar(
    "office",
    "Europe/Berlin",
    (OFFICE_DAY,) * 5 + ((), ()),
    shifts_of("Europe/Berlin", datetime(2024, 1, 1, tzinfo=UTC), ZONES_UNTIL),
    (ExceptionDay(date(2025, 4, 18), (), "Good Friday"),),
)

TERMS = (
    Terms(
        Severity.SEV1,
        "P1",
        (Reach(SMS), Reach(VOICE, 2 * MINUTE)),
        EMAIL,
        Target(2 * HOUR, None, (HOUR, 30 * MINUTE)),
        Target(15 * MINUTE),
        Cadence(15 * MINUTE, 5 * MINUTE),
        Cadence(HOUR, 15 * MINUTE),
        30 * MINUTE,
    ),
    Terms(
        Severity.SEV2,
        "P2",
        (Reach(SMS), Reach(VOICE, 2 * MINUTE)),
        EMAIL,
        Target(8 * HOUR, 4 * HOUR, (30 * MINUTE,)),
        Target(HOUR),
        Cadence(2 * HOUR, 30 * MINUTE),
        Cadence(4 * HOUR, 30 * MINUTE),
        3 * HOUR,
    ),
    Terms(
        Severity.SEV3,
        "P3",
        (Reach(EMAIL),),
        EMAIL,
        Target(24 * HOUR, None, (HOUR,), "office"),
        Target(4 * HOUR, None, (), "office"),
        Cadence(8 * HOUR, HOUR, "office"),
        Cadence(16 * HOUR, HOUR, "office"),
        None,
    ),
    Terms(Severity.SEV4, "P4", (Reach(EMAIL),), EMAIL, Target(40 * HOUR, None, (), "office"), None, None, None, None),
)

STEPS = (
    Step("first", "on-call", 10 * MINUTE, 5 * MINUTE),
    Step("second", "lead", 20 * MINUTE, None),
    Step("third", "director", 30 * MINUTE, 10 * MINUTE),
)
CHAINS = (
    Chain("engineering", STEPS),
    Chain("circling", STEPS[:2], repeats=1),
    Chain("product", (Step("desk", "product-owner", 2 * HOUR, None, "office"),)),
)
YES_FIRST = ApprovalTerms(("support-lead", "vp"), HOUR, "reject")
ROUTES = (
    Route("engineering", "Engineering", "engineering", (Ask.INVESTIGATE, Ask.FIX)),
    Route("circling", "Engineering", "circling", (Ask.INVESTIGATE,)),
    Route("product", "Product", "product", (Ask.DECIDE,)),
    Route("leadership", "Leadership", "engineering", (Ask.DECIDE,), YES_FIRST),
    Route("lenient", "Leadership", "engineering", (Ask.DECIDE,), replace(YES_FIRST, on_expiry="open")),
)
HOUSE = House(
    managers="managers",
    executive="executive",
    fallback="fallback",
    customer_contact="desk",
    fallback_window=30 * MINUTE,
    reopen_window=2 * DAY,
    customer_floor=DAY,
    blocked_reminder=DAY,
    blocked_limit=5 * DAY,
    occurred_at_bound=HOUR,
    breach_cycles=3,
    raise_severity_on_breach=True,
    reassign_on_breach=True,
)
SETTLES = (
    Settle(EMAIL, 10 * MINUTE, resend=True),
    Settle(SMS, 2 * MINUTE, resend=True),
    Settle(VOICE, MINUTE, resend=False),
)
EXCEPTION = replace(YES_FIRST, kind=ApprovalKind.POLICY_EXCEPTION)
SPENDING = replace(
    YES_FIRST,
    kind=ApprovalKind.SPEND,
    limits=(SpendLimit("support-lead", Money(50_000, "EUR")), SpendLimit("vp", Money(500_000, "EUR"))),
    break_glass=("duty",),
)
POLICY = Policy(
    "standard", "1", "11" * 32, TERMS, ROUTES, CHAINS, (OFFICE,), SETTLES, HOUSE, approvals=(EXCEPTION, SPENDING)
)
# What people do and may then not do alone: the agreement of the tests on approvals.
HELD = tuple(
    replace(YES_FIRST, kind=kind, break_glass=("duty",))
    for kind in (ApprovalKind.DEADLINE_EXTENSION, ApprovalKind.SEVERITY_DOWNGRADE, ApprovalKind.DE_ESCALATE)
)
STRICT = replace(POLICY, approvals=(*POLICY.approvals, *HELD))


def policy(*, house: dict[str, object] | None = None, **changes: object) -> Policy:
    """The agreement with other terms; `house` changes some of the house's own."""
    changed = replace(HOUSE, **house or {})  # type: ignore[arg-type]  # the names and types are the test's own
    return replace(POLICY, house=changed, **changes)  # type: ignore[arg-type]  # as above


def with_terms(severity: Severity, **changes: object) -> Policy:
    """The agreement with other promises for one severity."""
    terms = tuple(
        replace(t, **changes) if t.severity is severity else t  # type: ignore[arg-type]  # as above
        for t in TERMS
    )
    return replace(POLICY, terms=terms)


def opening(**changes: object) -> Open:
    """A ticket that sue hands over to Engineering, due in a month."""
    plain = Open(
        reference="ESC-1",
        episode="1",
        ticket="T-1",
        by="sue",
        by_machine=False,
        route="engineering",
        severity=Severity.SEV2,
        ask=Ask.INVESTIGATE,
        title=TEXT,
        description=TEXT,
        customer="customer-7",
        deadline=START + 30 * DAY,
        policy=POLICY,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # as above


# --- the people ------------------------------------------------------------------------------------------------------

DIRECTORY = {
    found.name: found
    for found in (
        Found("on-call", "ann", ALL, "bob", ALL),
        Found("lead", "lee", ALL, "liz", ALL),
        Found("director", "dan", ALL, "deb", ALL),
        Found("product-owner", "pam", ALL),
        Found("fallback", "fay", ALL, "fin", ALL),
        Found("managers", "mia", ALL),
        Found("executive", "eve", ALL),
        Found("support-lead", "sam", ALL),
        Found("vp", "vic", ALL),
        Found("nobody", None),
    )
}


def standing(person: str, *roles: str, **changes: object) -> Standing:
    """What a healthy directory says about somebody whom the gateway has verified."""
    plain = Standing(person, roles, verified=True)
    return replace(plain, **changes)  # type: ignore[arg-type]  # as above


def brief_of(sent: Iterable[Notify]) -> list[tuple[str, Message, Channel]]:
    """Who is told what, and how."""
    return [(notify.contact, notify.message, notify.channel) for notify in sent]


class Story:
    """One escalation and the world around it, told step by step.

    An obedient world answers every effect at once: contacts as in `directory`, every dispatch accepted, every ticket
    written. Otherwise the test answers itself, and finds what was asked in `asked`.
    """

    def __init__(
        self,
        command: Open | None = None,
        *,
        at: datetime = START,
        obedient: bool = True,
        directory: dict[str, Found] | None = None,
        sealed: bool = False,
    ) -> None:
        self.directory = DIRECTORY | (directory or {})
        self.obedient = obedient
        self.sealed = sealed
        self.now = at
        self.decisions: list[Decision] = []
        self.sent: list[Notify] = []  # since the test last looked
        self._state: Escalation | None = None
        self.do(command or opening())

    @property
    def state(self) -> Escalation:
        assert self._state is not None
        return self._state

    @property
    def phase(self) -> Phase:
        return self.state.phase

    @property
    def owner(self) -> str:
        return self.state.people.owner

    @property
    def severity(self) -> Severity:
        return self.state.grade.level

    @property
    def statuses(self) -> list[str]:
        """What was written into the ticket, in order."""
        return [e.status for d in self.decisions for e in d.effects if isinstance(e, WriteTicket)]

    def do(self, command: Command) -> Decision:
        """The command arrives now."""
        decision = decide(self._state, command, self.now, sealed=self.sealed)
        self.decisions.append(decision)
        if decision.state is not None:
            self._state = decision.state
            assert decision.state.people.owner
            assert decision.state.people.customer_contact
        self.sent += [effect for effect in decision.effects if isinstance(effect, Notify)]
        if self.obedient:
            for effect in decision.effects:
                self.answer(effect)
        return decision

    def suppose(self, **changes: object) -> None:
        """Go on from a state that would take too long to bring about."""
        self._state = replace(self.state, **changes)  # type: ignore[arg-type]  # the names and types are the test's own

    def refused(self, command: Command) -> Refusal | None:
        """Why the command is refused now; it must change nothing else."""
        before = self.state
        decision = self.do(command)
        entry = decision.sealed.entry
        assert decision.effects == ()
        assert replace(self.state, head=before.head) == before
        assert self.state.head.sequence == before.head.sequence + 1
        return entry.refusal

    def until(self, at: datetime) -> None:
        """Time passes, and whatever becomes due happens in time."""
        while (due := next_due(self.state)) is not None and due <= at:
            assert len(self.decisions) < 20_000, f"goes round in circles at {due}"
            self.now = max(self.now, due)
            self.do(Elapse())
        self.now = at

    def wait(self, duration: timedelta) -> None:
        self.until(self.now + duration)

    def outage(self, duration: timedelta) -> None:
        """Time passes and nobody looks."""
        self.now += duration

    # --- the world's answers ---

    def answer(self, effect: Effect) -> Decision:
        match effect:
            case FindContacts():
                return self.find(effect)
            case Notify():
                return self.accept(effect)
            case WriteTicket():
                return self.do(ReportTicket(effect.number, written=True))
            case Reconcile():
                return self.do(ReportReconciliation(effect.number, Reconciled.ADOPTED))
            case TellLinked():
                return self.do(ReportTold(effect.number, told=True))
            case ShowRoom():
                return self.do(ReportRoom(effect.number, shown=True, room="warroom-sev1-03-10-2025"))
            case LookUpReceipt():
                return self.do(ReportDelivery(effect.of, Outcome.DELIVERED, how="poll"))

    def asked(self, kind: type[E]) -> list[E]:
        """What was asked and is not answered, in order."""
        return [errand.effect for errand in self.state.errands if isinstance(errand.effect, kind)]

    def find(self, effect: FindContacts | None = None, **changes: object) -> Decision:
        """Answer a lookup from the directory; the last one of a step or an approval unless told which."""
        effect = effect or next(e for e in reversed(self.asked(FindContacts)) if e.purpose != "notice")
        found = tuple(self.directory.get(name, Found(name, name, ALL)) for name in effect.names)
        return self.do(ReportContacts(effect.number, tuple(replace(f, **changes) for f in found)))  # type: ignore[arg-type]  # as above

    def report(self, effect: Notify | None, outcome: Outcome) -> Decision:
        effect = effect or next(e for e in reversed(self.asked(Notify)) if e.message is Message.PAGE)
        return self.do(ReportDelivery(effect.number, outcome))

    def accept(self, effect: Notify | None = None) -> Decision:
        """A provider takes the dispatch; the last page unless told which."""
        return self.report(effect, Outcome.ACCEPTED)

    def fail(self, effect: Notify | None = None) -> Decision:
        return self.report(effect, Outcome.FAILED)

    def doubt(self, effect: Notify | None = None) -> Decision:
        return self.report(effect, Outcome.AMBIGUOUS)

    # --- looking ---

    def take(self) -> list[tuple[str, Message, Channel]]:
        """Who was told what since the last look, and how."""
        sent, self.sent = self.sent, []
        return brief_of(sent)

    def pages(self) -> list[tuple[str, Channel]]:
        """Who was paged since the last look; everything else is forgotten."""
        return [(contact, channel) for contact, message, channel in self.take() if message is Message.PAGE]

    def clock(self, name: ClockName) -> Clock | None:
        return next((clock for clock in reversed(self.state.clocks) if clock.name is name), None)

    def due(self, name: ClockName) -> datetime | None:
        """When that clock reaches its limit; None when it is not kept, stands still or is spent."""
        clock = self.clock(name)
        return clock.limit_at if clock is not None else None

    def misses(self) -> list[ClockName]:
        return [miss.clock for miss in self.state.tally.misses]


def active(command: Open | None = None, **how: object) -> Story:
    """Taken by ann, five minutes after the opening; what was said before is forgotten."""
    story = Story(command, **how)  # type: ignore[arg-type]  # as above
    story.wait(5 * MINUTE)
    story.do(Acknowledge("ann"))
    story.take()
    return story
