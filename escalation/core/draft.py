"""The local draft that a rule works on. It is sealed once, into a Decision, and nobody keeps it."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from hashlib import blake2b

from escalation.core import clock as clocks
from escalation.core.clock import Clock, Gauge
from escalation.core.effects import ApprovalBrief, Brief, Effect, FindContacts, Notify, Point, Text, WriteTicket
from escalation.core.entry import Sealed
from escalation.core.lull import Lull
from escalation.core.policy import CustomerSegment, Route, Target, Terms
from escalation.core.refusals import Refusal
from escalation.core.state import TERMINAL, Awaited, Errand, Escalation, Head, Miss
from escalation.core.status import status_of
from escalation.core.values import replace
from escalation.core.vocabulary import Ask, Channel, ClockName, Edge, Message, Severity, Topic

# Names that are kept of everyone told or ever owner; beyond it the log still has them all.
NAMES_MAX = 200
# Missed limits that are kept in state; beyond it the log still has them all.
MISSES_MAX = 200
# The clocks whose limits a message tells.
PROMISED = (ClockName.ACKNOWLEDGEMENT, ClockName.CUSTOMER_UPDATE, ClockName.RESOLUTION)
# Whoever may grant exceptions and is asked for nothing but these is leadership.
DECISIONS = frozenset({Ask.DECIDE, Ask.APPROVE_EXCEPTION})
# What must be told although it is over: of break-glass, that nobody has looked at it yet.
SAID_AFTERWARDS = frozenset({Topic.GLASS_BROKEN, Topic.REVIEW_OWED})
# How people are written to, where the channel that was chosen is of no use.
WRITTEN = (Channel.EMAIL, Channel.SMS)


def dispatch_id(reference: str, episode: str, number: int, contact: str, channel: Channel) -> str:
    """The name of one dispatch for ledger and vendors: the same whenever the same decision is made again."""
    text = f"{reference}\n{episode}\n{number}\n{contact}\n{channel.value}"
    return blake2b(text.encode(), digest_size=10).hexdigest()


class Draft:
    """A state being changed at `now`, with the effects asked for so far. Rules alter it; `decide` seals it."""

    __slots__ = (
        "agreed",
        "approvals",
        "briefed",
        "briefed_on",
        "case",
        "clocks",
        "effects",
        "errands",
        "facts",
        "fired",
        "grade",
        "lifted",
        "note",
        "now",
        "number",
        "people",
        "phase",
        "points",
        "policy",
        "refusal",
        "tally",
        "transfer",
    )

    def __init__(self, state: Escalation, now: datetime) -> None:
        self.case = state.case
        self.policy = state.policy
        self.phase = state.phase
        self.grade = state.grade
        self.people = state.people
        self.transfer = state.transfer
        self.clocks: dict[tuple[ClockName, int], Clock] = {(c.name, c.cycle): c for c in state.clocks}
        self.errands = state.awaited.errands
        self.approvals = state.awaited.approvals
        self.agreed = False  # what is done now has the yes that it needs
        self.tally = state.tally
        self.number = state.head.effects  # of the last effect
        self.now = now
        self.effects: list[Effect] = []
        self.briefed: Brief | None = None  # what `brief` said last, and on what facts
        self.briefed_on: tuple[object, ...] = ()
        self.fired: list[tuple[Clock, clocks.Due]] = []
        self.points: dict[str, list[Point]] = {}  # name -> what it is to be told, flushed into one lookup
        self.note: Text | None = None  # words that go along into the ticket
        self.lifted: Lull | None = None  # what ended in this decision: see `leaving_alone.py`
        self.refusal: Refusal | None = None
        self.facts: dict[str, str] = {}  # why it is refused, or which approval it waits for

    # --- reading -----------------------------------------------------------------------------------------------------

    @property
    def terms(self) -> Terms:
        """What is promised at this moment: a customer segment's weight runs the clocks of a worse severity."""
        return self.policy.terms_of(self.timeline)

    @property
    def timeline(self) -> Severity:
        """The severity whose clocks run."""
        level, segment = self.grade.level, self.segment
        for _ in range(segment.weight if segment is not None else 0):
            level = level.raised()
        return level

    @property
    def manner(self) -> Terms:
        """How people are told at this moment: by the severity itself, whoever the customer is."""
        return self.policy.terms_of(self.grade.level)

    @property
    def response(self) -> Target | None:
        """The first response that is promised: the receiving tier's own, where its route has one."""
        own = self.route.promise(self.timeline)
        return own.response if own is not None and own.response is not None else self.terms.response

    @property
    def resolution(self) -> Target:
        """The resolution that is promised: the receiving tier's own, where its route has one."""
        own = self.route.promise(self.timeline)
        return own.resolution if own is not None and own.resolution is not None else self.terms.resolution

    @property
    def silence(self) -> timedelta | None:
        """How long an owner may say nothing."""
        own = self.segment.silence if self.segment is not None else None
        return own if own is not None else self.terms.silence

    @property
    def segment(self) -> CustomerSegment | None:
        """The customer's segment, where the agreement names it."""
        return self.policy.segment(self.case.segment) if self.case.segment else None

    @property
    def route(self) -> Route:
        """The route of this moment."""
        return self.policy.route_of(self.transfer.route)

    @property
    def status(self) -> str:
        """What the ticket shows."""
        return status_of(self.phase, escalated=self.tally.escalated)

    @property
    def ended(self) -> bool:
        """Whether the phase is final."""
        return self.phase in TERMINAL

    def clock(self, name: ClockName) -> Clock | None:
        """The latest turn of that clock, if it is kept."""
        latest = None
        for (key, _), clock in self.clocks.items():
            if key is name:
                latest = clock
        return latest

    def gauge(self, target: Target) -> Gauge:
        """By what a clock with that target counts."""
        return clocks.gauge_of(self.policy, target)

    # --- saying no ---------------------------------------------------------------------------------------------------

    def refuse(self, refusal: Refusal, **facts: str) -> None:
        """Say no. Call it before anything is changed."""
        self.refusal = refusal
        self.facts = facts

    # --- clocks ------------------------------------------------------------------------------------------------------

    def start_clock(
        self, name: ClockName, target: Target, *, cycle: int | None = None, began: datetime | None = None
    ) -> None:
        """Start a clock now, or from where it `began`, as its next turn; an earlier turn of that name is dropped."""
        last = self.clock(name)
        if cycle is None:
            cycle = last.cycle + 1 if last is not None else 1
            self.stop_clock(name)
        self.put_clock(clocks.start(name, cycle, target, began or self.now, self.gauge(target)))

    def put_clock(self, clock: Clock) -> None:
        """Keep a clock as it is now."""
        self.clocks[clock.name, clock.cycle] = clock

    def stop_clock(self, *names: ClockName) -> None:
        """Drop clocks: what they counted stays in the log."""
        for key in [key for key in self.clocks if key[0] in names]:
            del self.clocks[key]

    def pause_clocks(self, *, besides: Iterable[ClockName] = ()) -> None:
        """Time stands still, except for the named ones, approvals, looking up dispatches, and somebody's night."""
        spared = {*besides, ClockName.APPROVAL, ClockName.RECONCILE, ClockName.QUIET}
        for clock in list(self.clocks.values()):
            if clock.name not in spared:
                self.put_clock(clocks.pause(clock, self.now, self.gauge(clock.target)))

    def resume_clocks(self, names: Collection[ClockName] = tuple(ClockName)) -> None:
        """Time counts again for the paused clocks of these names."""
        for clock in [kept for kept in self.clocks.values() if kept.name in names]:
            self.put_clock(clocks.resume(clock, self.now, self.gauge(clock.target)))

    def missed(self, clock: Clock, due: datetime) -> None:
        """Count a limit that was passed."""
        misses = (*self.tally.misses, Miss(clock.name, clock.cycle, due, clock.overtaken))[-MISSES_MAX:]
        self.tally = replace(self.tally, misses=misses)

    # --- effects -----------------------------------------------------------------------------------------------------

    def next_number(self) -> int:
        """The number of the next effect. Numbers are never used twice in an episode."""
        self.number += 1
        return self.number

    def ask(self, effect: Effect, *, again: Errand | None = None, tried: tuple[Channel, ...] = ()) -> None:
        """Ask the world for something, and remember that its answer is awaited; `again` is what this repeats."""
        self.effects.append(effect)
        errand = Errand(effect, self.now, tried=tried)
        if again is not None:
            errand = Errand(effect, again.since, lookups=again.lookups + 1, tried=again.tried)
        self.errands = (*self.errands, errand)

    def notify(
        self,
        contact: str,
        channel: Channel,
        message: Message,
        *,
        text: Text | None = None,
        points: tuple[Point, ...] = (),
        dispatch: str | None = None,
        approval: ApprovalBrief | None = None,
        tried: tuple[Channel, ...] = (),
    ) -> int:
        """Send one message to one contact on one channel; answers the effect's number.

        A channel that is known not to work for the contact is not tried again, but for pages: those are planned.
        """
        if message is not Message.PAGE and contact != self.case.customer:
            channel = self.usable(contact, channel)
        number = self.next_number()
        name = dispatch or dispatch_id(self.case.reference, self.case.episode, number, contact, channel)
        self.ask(Notify(number, name, contact, channel, message, self.brief(points, approval), text), tried=tried)
        return number

    def usable(self, contact: str, channel: Channel) -> Channel:
        """That channel, or another to write on, when it may not be used or is known not to work for the contact."""
        dead = self.people.post.dead
        if self.allows(channel) and (contact, channel) not in dead:
            return channel
        otherwise = channel if self.allows(channel) else WRITTEN[0]
        return next((other for other in WRITTEN if (contact, other) not in dead), otherwise)

    def allows(self, channel: Channel) -> bool:
        """Whether anything may be told there: a chat has readers whom nobody has asked, so no restricted case is."""
        return not (self.case.restricted and channel is Channel.CHAT)

    def tell_customer(self, message: Message, text: Text | None = None) -> None:
        """Write to the customer, unless the case is restricted to those who need to know, or beside one that writes."""
        if not self.case.restricted and self.case.linked_to is None:
            self.notify(self.case.customer, Channel.EMAIL, message, text=text)

    def find(self, purpose: str, names: tuple[str, ...], points: tuple[Point, ...] = ()) -> int:
        """Ask who is behind these names now; answers the effect's number."""
        number = self.next_number()
        self.ask(FindContacts(number, purpose, names, points))  # type: ignore[arg-type]  # three literals, all ours
        return number

    def notice(self, point: Point, *names: str) -> None:
        """Something to tell these roles or people: collected, so that each hears once per decision."""
        for name in names:
            lull = self.people.lull
            if lull is not None and lull.keeps(point.topic, owner=name == self.people.owner):
                self.people = replace(self.people, lull=lull.holding(name, point))
                continue
            points = self.points.setdefault(name, [])
            if point not in points:
                points.append(point)

    def unsay(self, *points: Point) -> None:
        """Take back something that was collected in this decision: it turned out not to be so."""
        left = {name: [point for point in found if point not in points] for name, found in self.points.items()}
        self.points = {name: found for name, found in left.items() if found}
        if self.people.lull is not None:
            self.people = replace(self.people, lull=self.people.lull.without(*points))

    def write_ticket(self) -> None:
        """Bring the ticket up to date. Beside another escalation it shows how that one stands."""
        if self.case.linked_to is not None:
            return
        number = self.next_number()
        key = f"{self.case.reference}.{self.case.episode}.{number}"
        effect = WriteTicket(number, self.case.ticket, key, self.status, self.brief(), self.note)
        if any(isinstance(errand.effect, WriteTicket) for errand in self.errands):
            self.errands = (*self.errands, Errand(effect, self.now, held=True))
        else:
            self.ask(effect)

    def write_held(self) -> None:
        """The ticket has answered: ask for the next write. One at a time, or a retry would undo a later status."""
        held = next((errand for errand in self.errands if errand.held), None)
        if held is not None:
            self.errands = tuple(replace(e, held=False) if e is held else e for e in self.errands)
            self.effects.append(held.effect)

    def flush(self) -> None:
        """Turn the collected notices into one lookup: whoever is behind several names hears once.

        Once it is over, the closing notice says all there is to say, but for what is `SAID_AFTERWARDS`.
        """
        if self.people.lull is not None:
            still = self.people.lull.still
            self.pause_clocks(besides=[name for name in ClockName if name not in still])
        if self.ended:
            said = {point for found in self.points.values() for point in found}
            self.unsay(*(point for point in said if point.topic not in SAID_AFTERWARDS))
        if self.points:
            points = tuple(dict.fromkeys(point for found in self.points.values() for point in found))
            self.find("notice", tuple(self.points), points)
            self.points = {}

    def told(self, contact: str) -> None:
        """Remember that a provider took a message for that contact."""
        if contact != self.case.customer and contact not in self.people.told:
            self.people = replace(self.people, told=(*self.people.told, contact)[-NAMES_MAX:])

    def brief(self, points: tuple[Point, ...] = (), approval: ApprovalBrief | None = None) -> Brief:
        """The facts that messages may tell, as of now: the very same object as long as they stay the same."""
        limits = {clock.name: clock.limit_at for clock in self.clocks.values() if clock.name in PROMISED}
        acknowledge_by = limits.get(ClockName.ACKNOWLEDGEMENT)
        next_update_by = limits.get(ClockName.CUSTOMER_UPDATE)
        resolve_by = limits.get(ClockName.RESOLUTION)
        manner, route, ask, owner = self.manner, self.route, self.transfer.ask, self.people.owner
        limits_at = (acknowledge_by, next_update_by, resolve_by, self.case.deadline)
        facts = (self.phase, manner, self.policy, route, ask, owner, limits_at, points, approval)
        if self.briefed is None or self.briefed_on != facts:
            self.briefed_on = facts
            self.briefed = Brief(
                reference=self.case.reference,
                episode=self.case.episode,
                ticket=self.case.ticket,
                code=self.case.code,
                title=self.case.title,
                phase=self.phase,
                severity=self.grade.level,
                label=manner.label,
                route=route.name,
                team=route.team,
                ask=ask,
                owner=owner,
                deadline=self.case.deadline,
                acknowledge_by=acknowledge_by,
                next_update_by=next_update_by,
                resolve_by=resolve_by,
                points=points,
                restricted=self.case.restricted,
                customer=self.case.customer,
                executive=self.policy.house.executive,
                decides=Ask.APPROVE_EXCEPTION in route.asks and DECISIONS.issuperset(route.asks),
                approval=approval,
            )
        return self.briefed

    # --- sealing -----------------------------------------------------------------------------------------------------

    def finish(self, sealed: Sealed) -> Escalation:
        """The state after. The draft must not be used again."""
        return Escalation(
            self.case,
            self.policy,
            self.phase,
            self.grade,
            self.people,
            self.transfer,
            tuple(self.clocks.values()),
            Awaited(self.errands, self.approvals),
            self.tally,
            Head(sealed.entry.sequence, sealed.digest, self.number),
        )


def fire_due(draft: Draft, clock: Clock) -> None:
    """Mark the next edge of a clock as fired, before anything else happens because of it."""
    due, fired = clocks.fire(clock)
    draft.put_clock(fired)
    draft.fired.append((clock, due))


def stale_warning(clock: Clock, edge: Edge, now: datetime) -> bool:
    """A warning whose limit has passed as well: nobody is warned of what has happened."""
    return edge is not Edge.LIMIT and clock.limit_at is not None and clock.limit_at <= now
