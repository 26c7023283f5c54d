"""What each clock of an escalation went through, entry by entry: its stretches, its causes, and its turns."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from escalation.core.clock import Clock, Gauge, Segment, gauge_of
from escalation.core.commands import AdoptPolicy
from escalation.core.entry import Entry
from escalation.core.explaining import Part, Timing, opened, recomputed
from escalation.core.hours import Calendar
from escalation.core.policy import Policy
from escalation.core.reckoning import Pausing, Retiming
from escalation.core.state import Escalation
from escalation.core.vocabulary import ClockName, Edge
from escalation.reports.origins import origin

# Turns that are over and still told, the latest ones; the log has them all.
TURNS_MAX = 200
# What one clock went through and is still told, the latest of it; its stretches tell the rest.
MARKS_MAX = 200
PROMISES = (ClockName.RESPONSE, ClockName.RESOLUTION)
MISSABLE = (*PROMISES, ClockName.DEADLINE, ClockName.CHECK_IN, ClockName.CUSTOMER_UPDATE)
# Commands that keep a promise when they end its turn.
KEEPING = ("acknowledge", "resolve", "post_update", "confirm_severity")
ANSWERING = ("approve", "reject")  # what ends an approval's turn in time, and no promise
FACTS = ("severity", "route", "policy", "owner", "left_alone")
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Cause:
    """The entry because of which something happened to a clock; `passed` are edges that fired in it."""

    sequence: int
    at: datetime
    command: str
    by: str
    reason: str
    changes: tuple[str, ...]
    passed: tuple[str, ...]

    def __str__(self) -> str:
        """In words: 'entry 5, change severity by ann: "it got worse" (severity SEV3 → SEV1)'."""
        who = f" by {self.by}" if self.by else ""
        why = f': "{self.reason}"' if self.reason else ""
        facts = ", ".join((*self.passed, *self.changes))
        return f"entry {self.sequence}, {self.command.replace('_', ' ')}{who}{why}" + (f" ({facts})" if facts else "")


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened to a clock: started, paused, resumed, retargeted, or an edge that passed."""

    at: datetime
    what: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that is over. `fate`: kept, missed, withdrawn (missed, but the act had come in time), passed or ended."""

    name: ClockName
    cycle: int
    began: datetime
    ended: datetime
    fate: str
    limit_at: datetime | None  # None when it stood still
    overtaken: bool
    source: str
    cause: Cause


@dataclass
class Life:
    """What a clock has been through so far."""

    clock: Clock
    parts: tuple[Part, ...]
    timing: Timing
    source: str
    marks: list[Mark] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def began(self) -> datetime:
        """When it began to count."""
        return self.parts[0].start

    def differences(self) -> tuple[str, ...]:
        """What the stretches say and the log does not: nothing, unless one of the two is wrong."""
        return (*self.faults, *recomputed(self.clock, self.parts, self.timing))


class History:
    """Follows the states that a log leads to, and keeps what each clock went through."""

    def __init__(self) -> None:
        self.lives: dict[tuple[ClockName, int], Life] = {}
        self.turns: list[Turn] = []  # the latest `TURNS_MAX`
        self.turns_before = 0

    def take(self, before: Escalation | None, after: Escalation, entry: Entry) -> None:
        """One decision more: the state before it, the state after it, and what was written."""
        cause = cause_of(entry)
        was = {(clock.name, clock.cycle): clock for clock in before.clocks} if before is not None else {}
        now = {(clock.name, clock.cycle): clock for clock in after.clocks}
        for key in [key for key in self.lives if key not in now]:
            self._end(self.lives.pop(key), before, after, cause, entry)
        for key, clock in now.items():
            old = was.get(key)
            if old is clock:
                continue
            if old is None or before is None or _anew(old, clock):
                if key in self.lives:
                    self._end(self.lives[key], before, after, cause, entry)
                self.lives[key] = _chosen(
                    [_born(clock, each, after, entry, cause) for each in _rulings(before, after, entry)]
                )
            else:
                step = _Step(self.lives[key], old, clock, before, after, entry, cause)
                self.lives[key] = _chosen([_changed(step, each) for each in _rulings(before, after, entry)])

    def _end(self, life: Life, before: Escalation | None, after: Escalation, cause: Cause, entry: Entry) -> None:
        clock = life.clock
        fired = [each for each in entry.fired if (each.clock, each.cycle) == (clock.name, clock.cycle)]
        marks = [mark.at for mark in life.marks if mark.what == f"{Edge.LIMIT} passed"]
        marks += [each.at for each in fired if each.edge is Edge.LIMIT]
        fate = "ended"
        if marks:
            fate = "missed" if clock.name in MISSABLE else "passed"
            withdrew = before is not None and after.tally.withdrawn > before.tally.withdrawn
            if withdrew and (clock.name, clock.cycle) not in {(m.clock, m.cycle) for m in after.tally.misses}:
                fate = "withdrawn"
        elif cause.command in (ANSWERING if clock.name is ClockName.APPROVAL else KEEPING) and entry.refusal is None:
            fate = "kept"
        limit_at = marks[-1] if marks else clock.limit_at
        self.turns.append(
            Turn(clock.name, clock.cycle, life.began, entry.at, fate, limit_at, clock.overtaken, life.source, cause)
        )
        if len(self.turns) > TURNS_MAX:
            self.turns_before += 1
            del self.turns[0]


def cause_of(entry: Entry) -> Cause:
    """Who did what, and why, in this entry."""
    command = entry.command
    texts = (getattr(command, name, "") for name in ("reason", "waiting_for", "evidence"))
    return Cause(
        entry.sequence,
        entry.at,
        command.kind,
        getattr(command, "by", ""),
        next((text for text in texts if isinstance(text, str) and text), ""),
        tuple(f"{each.field} {each.before or '–'} → {each.after}" for each in entry.changes if each.field in FACTS),
        tuple(f"{each.clock} {each.edge} passed" for each in entry.fired),
    )


# --- inside ----------------------------------------------------------------------------------------------------------


def _anew(old: Clock, clock: Clock) -> bool:
    """Whether it is another clock under the same name: started again, or reset by another target."""
    restarted = len(clock.segments) == 1 and clock.running and (clock.target != old.target or not old.running)
    return clock.segments[0].start != old.segments[0].start or restarted


@dataclass(frozen=True, slots=True)
class _Step:
    """One clock in one entry: before and after."""

    life: Life
    old: Clock
    clock: Clock
    before: Escalation
    after: Escalation
    entry: Entry
    cause: Cause

    @property
    def done(self) -> tuple[str, ...]:
        """What was done in this entry: its command, and whatever had waited for a yes until then."""
        waited = {each.number for each in self.before.approvals if each.decided is None}
        held = [each.held for each in self.after.approvals if each.number in waited and each.decided is not None]
        return (self.cause.command, *(each.kind for each in held if each is not None))

    @property
    def retargeted(self) -> bool:
        """Whether another target, or another calendar under the same one, was given to it."""
        old, clock = self.old, self.clock
        if clock.target != old.target:
            return True
        if old.running and clock.running:
            # Another agreement may count the same stretches by another manner: then only the dues differ.
            adopted = self.before.policy is not self.after.policy and clock.dues != old.dues
            return clock.segments != old.segments or adopted
        if old.running is clock.running:
            return clock.segments != old.segments and self.cause.command not in {"resolve", "reopen"}
        return clock.running and "hand_off" in self.done and clock.segments[:-1] != old.segments


def _rulings(before: Escalation | None, after: Escalation, entry: Entry) -> tuple[Policy, ...]:
    """The agreements that may have timed a clock last: two, when edges fired and then another one was adopted."""
    if before is not None and before.policy is not after.policy and entry.fired:
        return after.policy, before.policy
    return (after.policy,)


def _chosen(found: list[Life]) -> Life:
    return next((life for life in found if not life.differences()), found[0])


def _born(clock: Clock, policy: Policy, after: Escalation, entry: Entry, cause: Cause) -> Life:
    gauge = gauge_of(policy, clock.target)
    parts = tuple(_part(segment, [gauge.calendar], gauge.calendar, policy.calendars) for segment in clock.segments)
    first = len(clock.segments) == 1
    overtaking = not first and _mode(clock, policy, entry) is Retiming.RETROACTIVE
    timing = Timing(gauge.instant(clock.name, entry.at), gauge, first, overtaking)
    life = Life(clock, parts, timing, origin(clock, after))
    _mark(life, life.began, "started", cause)
    if not first and clock.running:
        _mark(life, entry.at, "retargeted", cause)
    if not clock.running and not clock.missed:
        _mark(life, entry.at, "paused", cause)
    _mark_fired(life, entry, cause)
    return life


def _changed(step: _Step, policy: Policy) -> Life:
    """A clock that went on: what happened to it in this entry, and which calendar counts each of its segments."""
    old, clock, entry = step.old, step.clock, step.entry
    life = replace(step.life, clock=clock, marks=[*step.life.marks], faults=[*step.life.faults])
    _mark_fired(life, entry, step.cause)
    retargeted = step.retargeted
    mode = _mode(clock, policy, entry) if retargeted else Retiming.FORWARD
    by_new, by_old = policy.calendar(clock.target.calendar), step.before.policy.calendar(old.target.calendar)
    recount = retargeted and mode is Retiming.RETROACTIVE
    expected = [by_new] if recount else [by_old] if retargeted else [by_new]
    others = (*step.before.policy.calendars, *step.after.policy.calendars) if entry.fired or retargeted else ()
    known = {} if recount else {(part.start, part.end, part.counted): part for part in life.parts}
    if retargeted:
        known = {key: part for key, part in known.items() if part.end is not None}
    life.parts = tuple(
        known.get((each.start, each.end, each.counted)) or _part(each, expected, by_new, others)
        for each in clock.segments
    )
    resumed = clock.running and not old.running
    if clock.running and (retargeted or resumed):
        gauge = Gauge(by_new, policy.reckoning)
        at, warned = gauge.instant(clock.name, entry.at), Edge.WARNING in clock.fired
        # What stood still when it got its target is late only from the moment it counts again.
        life.timing = Timing(
            at, gauge, first=False, overtaking=recount and (clock.overtaken or not resumed), warned=warned
        )
        if not retargeted and gauge.reckoning.pausing is Pausing.WALL:
            _check_moved(life, old.moved, clock)
    if resumed:
        _mark(life, entry.at, "resumed", step.cause)
    elif not old.running and old.segments != clock.segments and not retargeted:
        _mark(life, entry.at, "pause counted after all", step.cause)
    if retargeted:
        _mark(life, entry.at, f"retargeted, {mode}", step.cause)
        life.source = origin(clock, step.after)
    if not clock.running and old.running:
        _mark(life, entry.at, "paused", step.cause)
    return life


def _mode(clock: Clock, policy: Policy, entry: Entry) -> Retiming:
    """How another target was taken; clocks that keep theirs only take another calendar for what is left."""
    if clock.name not in PROMISES:
        return Retiming.FORWARD
    adopted = (
        isinstance(entry.command, AdoptPolicy)
        and entry.refusal is None
        and entry.command.policy.digest == policy.digest
    )
    return policy.reckoning.on_policy_change if adopted else policy.reckoning.on_severity_change


def _part(
    segment: Segment, expected: list[Calendar | None], by_now: Calendar | None, others: tuple[Calendar, ...]
) -> Part:
    """A segment with the calendar that counted it.

    Several things may have happened in one entry, each under another target: then it is looked for among `others`.
    """
    if segment.end is None:
        return Part(segment.start, None, _NOTHING, by_now)
    candidates = (*expected, *others, None) if others else expected
    for calendar in candidates:
        if opened(calendar, segment.start, segment.end) == segment.counted:
            return Part(segment.start, segment.end, segment.counted, calendar)
    return Part(segment.start, segment.end, segment.counted, expected[0])


def _check_moved(life: Life, before: timedelta, clock: Clock) -> None:
    paused = clock.segments[-2]
    moved = before + max(life.timing.at - (paused.end or paused.start), _NOTHING)
    if moved != clock.moved:
        life.faults.append(f"{clock.name} {clock.cycle}: pauses moved it by {moved}; the log says {clock.moved}")


def _mark_fired(life: Life, entry: Entry, cause: Cause) -> None:
    for each in entry.fired:
        if (each.clock, each.cycle) == (life.clock.name, life.clock.cycle):
            _mark(life, each.at, f"{each.edge} passed", cause)


def _mark(life: Life, at: datetime, what: str, cause: Cause) -> None:
    life.marks.append(Mark(at, what, cause))
    del life.marks[:-MARKS_MAX]
