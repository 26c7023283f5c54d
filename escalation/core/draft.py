"""The local draft that a rule works on. It is sealed once, into a Decision, and nobody keeps it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from escalation.core import clock as clocks
from escalation.core.clock import Clock
from escalation.core.commands import Command
from escalation.core.effects import Brief, Effect, FindContacts, Notify, Point, Text, WriteTicket
from escalation.core.entry import Change, ClockNote, Entry, Fired, Sealed
from escalation.core.hours import Calendar
from escalation.core.policy import Route, Target, Terms
from escalation.core.refusals import Refusal
from escalation.core.state import TERMINAL, Errand, Escalation, Head, Miss, Transfer
from escalation.core.vocabulary import Channel, ClockName, Edge, Message, Phase

# Names that are kept of everyone told or ever owner; beyond it the log still has them all.
NAMES_MAX = 200
# Missed limits that are kept in state; beyond it the log still has them all.
MISSES_MAX = 200
STATUS = {
    Phase.AWAITING_APPROVAL: "Awaiting approval",
    Phase.IN_TRANSFER: "In Transfer",
    Phase.ACTIVE: "Active",
    Phase.BLOCKED: "Blocked",
    Phase.RESOLVED: "Resolved",
    Phase.CLOSED: "Closed",
    Phase.DE_ESCALATED: "De-escalated",
    Phase.REJECTED: "Rejected",
    Phase.CANCELLED: "Cancelled",
}


def dispatch_id(reference: str, episode: str, number: int, contact: str, channel: Channel) -> str:
    """The name of one dispatch for ledger and vendors: the same whenever the same decision is made again."""
    text = f"{reference}\n{episode}\n{number}\n{contact}\n{channel.value}"
    return blake2b(text.encode(), digest_size=10).hexdigest()


def status_of(phase: Phase, *, escalated: bool) -> str:
    """What the ticket shows."""
    return "Escalation" if escalated and phase in (Phase.IN_TRANSFER, Phase.ACTIVE) else STATUS[phase]


class Draft:
    """A state being changed at `now`, with the effects asked for so far. Rules alter it; `decide` seals it."""

    __slots__ = (
        "case",
        "clocks",
        "effects",
        "errands",
        "fired",
        "grade",
        "head",
        "note",
        "now",
        "people",
        "phase",
        "points",
        "policy",
        "refusal",
        "refusal_facts",
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
        self.errands = state.errands
        self.tally = state.tally
        self.head = state.head
        self.now = now
        self.effects: list[Effect] = []
        self.fired: list[tuple[Clock, clocks.Due]] = []
        self.points: dict[str, list[Point]] = {}  # name -> what it is to be told, flushed into one lookup
        self.note: Text | None = None  # words that go along into the ticket
        self.refusal: Refusal | None = None
        self.refusal_facts: dict[str, str] = {}

    # --- reading -----------------------------------------------------------------------------------------------------

    @property
    def terms(self) -> Terms:
        """What the severity of this moment promises."""
        return self.policy.terms_of(self.grade.level)

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

    def calendar(self, name: str) -> Calendar | None:
        """The policy's calendar of that name; None counts every hour."""
        return self.policy.calendar(name)

    # --- saying no ---------------------------------------------------------------------------------------------------

    def refuse(self, refusal: Refusal, **facts: str) -> None:
        """Say no. Call it before anything is changed."""
        self.refusal = refusal
        self.refusal_facts = facts

    # --- clocks ------------------------------------------------------------------------------------------------------

    def start_clock(self, name: ClockName, target: Target, *, cycle: int | None = None) -> None:
        """Start a clock now, as its next turn; an earlier turn of that name is dropped."""
        last = self.clock(name)
        if cycle is None:
            cycle = last.cycle + 1 if last is not None else 1
            self.stop_clock(name)
        self.put_clock(clocks.start(name, cycle, target, self.now, self.calendar(target.calendar)))

    def put_clock(self, clock: Clock) -> None:
        """Keep a clock as it is now."""
        self.clocks[clock.name, clock.cycle] = clock

    def stop_clock(self, *names: ClockName) -> None:
        """Drop clocks: what they counted stays in the log."""
        for key in [key for key in self.clocks if key[0] in names]:
            del self.clocks[key]

    def pause_clocks(self, *, besides: Iterable[ClockName] = ()) -> None:
        """Time stands still, except for the named ones and for looking up dispatches."""
        spared = {*besides, ClockName.RECONCILE}
        for clock in list(self.clocks.values()):
            if clock.name not in spared:
                self.put_clock(clocks.pause(clock, self.now, self.calendar(clock.target.calendar)))

    def resume_clocks(self) -> None:
        """Time counts again for every paused clock."""
        for clock in list(self.clocks.values()):
            self.put_clock(clocks.resume(clock, self.now, self.calendar(clock.target.calendar)))

    def missed(self, clock: Clock, due: datetime) -> None:
        """Count a limit that was passed."""
        misses = (*self.tally.misses, Miss(clock.name, clock.cycle, due))[-MISSES_MAX:]
        self.tally = replace(self.tally, misses=misses)

    # --- effects -----------------------------------------------------------------------------------------------------

    def next_number(self) -> int:
        """The number of the next effect. Numbers are never used twice in an episode."""
        self.head = Head(self.head.sequence, self.head.digest, self.head.effects + 1)
        return self.head.effects

    def ask(self, effect: Effect, *, again: Errand | None = None) -> None:
        """Ask the world for something, and remember that its answer is awaited; `again` is what this repeats."""
        self.effects.append(effect)
        errand = Errand(effect, self.now) if again is None else Errand(effect, again.since, lookups=again.lookups + 1)
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
    ) -> int:
        """Send one message to one contact on one channel; answers the effect's number."""
        number = self.next_number()
        name = dispatch or dispatch_id(self.case.reference, self.case.episode, number, contact, channel)
        self.ask(Notify(number, name, contact, channel, message, self.brief(points), text))
        return number

    def tell_customer(self, message: Message, text: Text | None = None) -> None:
        """Write to the customer, unless the case is restricted to those who need to know."""
        if not self.case.restricted:
            self.notify(self.case.customer, Channel.EMAIL, message, text=text)

    def find(self, purpose: str, names: tuple[str, ...], points: tuple[Point, ...] = ()) -> int:
        """Ask who is behind these names now; answers the effect's number."""
        number = self.next_number()
        self.ask(FindContacts(number, purpose, names, points))  # type: ignore[arg-type]  # three literals, all ours
        return number

    def notice(self, point: Point, *names: str) -> None:
        """Something to tell these roles or people: collected, so that each hears once per decision."""
        for name in names:
            points = self.points.setdefault(name, [])
            if point not in points:
                points.append(point)

    def unsay(self, *points: Point) -> None:
        """Take back something that was collected in this decision: it turned out not to be so."""
        left = {name: [point for point in found if point not in points] for name, found in self.points.items()}
        self.points = {name: found for name, found in left.items() if found}

    def write_ticket(self) -> None:
        """Bring the ticket up to date."""
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

        Once it is over, the closing notice says all there is to say.
        """
        if self.points and not self.ended:
            points = tuple(dict.fromkeys(point for found in self.points.values() for point in found))
            self.find("notice", tuple(self.points), points)
            self.points = {}

    def told(self, contact: str) -> None:
        """Remember that a provider took a message for that contact."""
        if contact != self.case.customer and contact not in self.people.told:
            self.people = replace(self.people, told=(*self.people.told, contact)[-NAMES_MAX:])

    def brief(self, points: tuple[Point, ...] = ()) -> Brief:
        """The facts that messages may tell, as of now."""
        route = self.route
        return Brief(
            reference=self.case.reference,
            episode=self.case.episode,
            ticket=self.case.ticket,
            code=self.case.code,
            title=self.case.title,
            phase=self.phase,
            severity=self.grade.level,
            label=self.terms.label,
            route=route.name,
            team=route.team,
            ask=self.transfer.ask,
            owner=self.people.owner,
            deadline=self.case.deadline,
            acknowledge_by=self._limit(ClockName.ACKNOWLEDGEMENT),
            next_update_by=self._limit(ClockName.CUSTOMER_UPDATE),
            resolve_by=self._limit(ClockName.RESOLUTION),
            points=points,
            restricted=self.case.restricted,
        )

    # --- sealing -----------------------------------------------------------------------------------------------------

    def entry(self, before: Escalation, command: Command) -> Entry:
        """This draft as the next entry of the log."""
        return Entry(
            reference=self.case.reference,
            episode=self.case.episode,
            sequence=before.head.sequence + 1,
            at=self.now,
            command=command,
            fired=tuple(Fired(clock.name, clock.cycle, due.edge, due.at) for clock, due in self.fired),
            changes=tuple(self._changes(before)),
            clocks=tuple([_note(clock) for clock in self.clocks.values()]),
            effects=tuple(self.effects),
            refusal=self.refusal,
            facts=self.refusal_facts,
            previous=before.head.digest,
        )

    def finish(self, sealed: Sealed) -> Escalation:
        """The state after. The draft must not be used again."""
        return Escalation(
            case=self.case,
            policy=self.policy,
            phase=self.phase,
            grade=self.grade,
            people=self.people,
            transfer=self.transfer,
            clocks=tuple(self.clocks.values()),
            errands=self.errands,
            tally=self.tally,
            head=Head(sealed.entry.sequence, sealed.digest, self.head.effects),
        )

    def _changes(self, before: Escalation) -> Iterator[Change]:
        opened = before.head.sequence == 0 and self.refusal is None
        if before.phase is not self.phase or opened:
            yield Change("phase", before.phase if before.head.sequence else "", self.phase)
        if before.grade is not self.grade:
            yield from _changed("severity", before.grade.level, self.grade.level)
            yield from _changed("severity_confirmed", str(before.grade.confirmed), str(self.grade.confirmed))
        if before.people is not self.people:
            yield from _changed("owner", before.people.owner, self.people.owner)
        if before.transfer is not self.transfer:
            yield from _changed("route", before.transfer.route, self.transfer.route)
            yield from _changed("step", _place(before.transfer), _place(self.transfer))
        if before.tally is not self.tally:
            yield from _changed("missed", str(len(before.tally.misses)), str(len(self.tally.misses)))
            yield from _changed("withdrawn", str(before.tally.withdrawn), str(self.tally.withdrawn))
            yield from _changed("nobody_told", str(before.tally.nobody_told), str(self.tally.nobody_told))
        if before.policy is not self.policy:
            yield Change("policy", before.policy.version, self.policy.version)

    def _limit(self, name: ClockName) -> datetime | None:
        clock = self.clock(name)
        return clock.limit_at if clock is not None else None


def _changed(field: str, before: str, after: str) -> Iterator[Change]:
    if before != after:
        yield Change(field, before, after)


def _place(transfer: Transfer) -> str:
    """Round and step as people count them, or the person asked by name."""
    return transfer.named or f"{transfer.round + 1}.{transfer.step + 1}"


def _note(clock: Clock) -> ClockNote:
    if not clock.dues:
        return ClockNote(clock.name, clock.cycle, None, None)
    first = clock.dues[0]
    return ClockNote(clock.name, clock.cycle, first.at, first.edge)


def fire_due(draft: Draft, clock: Clock) -> None:
    """Mark the next edge of a clock as fired, before anything else happens because of it."""
    due, fired = clocks.fire(clock)
    draft.put_clock(fired)
    draft.fired.append((clock, due))


def stale_warning(clock: Clock, edge: Edge, now: datetime) -> bool:
    """A warning whose limit has passed as well: nobody is warned of what has happened."""
    return edge is not Edge.LIMIT and clock.limit_at is not None and clock.limit_at <= now
