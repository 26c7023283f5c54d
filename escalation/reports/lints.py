"""What is allowed in an agreement and probably not meant: each finding with its place, and what to do about it.

Loading refuses what cannot work. Here stands what works and disappoints: a step that nobody reaches, a promise that
nobody counts at night, a contact whom nobody knows. An *error* is a promise that cannot be kept or a person who cannot
be told; a *warning* is most likely a mistake; a *note* is worth knowing. What each one means: `policy check --help`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from escalation.core import hours
from escalation.core.clock import gauge_of, limit_of
from escalation.core.hours import Calendar, NeverOpenError
from escalation.core.policy import Cadence, Chain, Policy, Route, Step, Target, Terms
from escalation.core.reckoning import ShortTarget
from escalation.core.vocabulary import Severity
from escalation.reports import coverage
from escalation.reports.agreed import Agreed, cadences, interrupts, length, promises
from escalation.reports.approvers import lints_of_approvals
from escalation.reports.people import Directory, lints_of_people
from escalation.reports.remarks import Level, Remark
from escalation.wire.durations import spell

_NOTHING = timedelta(0)
_DEGRADES = {
    ShortTarget.HALFWAY: "it comes at the goal or, without one, half-way",
    ShortTarget.START: "it comes at once, with the page itself",
    ShortTarget.NEVER: "it never comes",
}


class Name(StrEnum):
    """What lints are called."""

    UNUSED_CHAIN = "unused_chain"
    LATE_STEP = "late_step"
    SHORT_STEP = "short_step"
    NO_BACKUP = "no_backup"
    NO_CHANNEL = "no_channel"
    NO_CLOCK = "no_clock"
    INTERNAL_NOT_FASTER = "internal_not_faster"
    UNCOVERED_HOURS = "uncovered_hours"
    LATE_WARNING = "late_warning"
    NO_FALLBACK = "no_fallback"
    BREACH_ACTION_OFF = "breach_action_off"
    SLOWER_THAN_FLOOR = "slower_than_floor"
    UPSIDE_DOWN = "upside_down"


@dataclass(frozen=True, slots=True)
class Lint:
    """One finding. `line` is where in the file, `advice` the next step."""

    level: Level
    name: str
    path: str
    line: int
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.level}: {self.path} (line {self.line}): {self.what}; {self.advice}"


def lints(agreed: Agreed, at: datetime, directory: Directory | None = None) -> tuple[Lint, ...]:
    """Every finding, errors first and then in the order of the file. `at` begins the year whose hours are looked at."""
    policy = agreed.policy
    found = [
        *_lints_of_chains(policy, at),
        *_lints_of_terms(policy),
        *_lints_of_targets(policy, at),
        *_lints_of_order(policy, at),
        *_lints_of_house(policy),
        *coverage.lints_of_hours(policy, at, Name.UNCOVERED_HOURS),
        *lints_of_approvals(policy),
        *lints_of_people(agreed, at, directory),
    ]
    placed = [_placed(agreed, remark) for remark in found]
    return tuple(sorted(placed, key=lambda lint: (list(Level).index(lint.level), lint.line, lint.name)))


def _placed(agreed: Agreed, remark: Remark) -> Lint:
    fault = agreed.document.fault(remark.path, remark.what)
    return Lint(remark.level, remark.name, fault.path, fault.line, remark.what, remark.advice)


# --- Chains -----------------------------------------------------------------------------------------------------------


def _lints_of_chains(policy: Policy, at: datetime) -> Iterator[Remark]:
    for chain in policy.chains:
        used = [route for route in policy.routes if route.chain == chain.name]
        if not used:
            what, advice = "no route leads to this chain", "name it in a route, or remove it"
            yield Remark(Level.WARNING, Name.UNUSED_CHAIN, ("chains", chain.name), what, advice)
        yield from _lints_of_backups(chain)
        for place, step in enumerate(chain.steps):
            yield from _short_step(policy, chain, place, step)
        yield from _late_steps(policy, chain, used, at)


def _lints_of_backups(chain: Chain) -> Iterator[Remark]:
    bare = [step.name for step in chain.steps if step.backup_after is None]
    if len(bare) == len(chain.steps):
        what = "no step asks its backup before its window is over"
        advice = "give a step `backup_after`: the one it names may be asleep"
        yield Remark(Level.WARNING, Name.NO_BACKUP, ("chains", chain.name), what, advice)
    if len(chain.steps) == 1 and not chain.repeats:
        what = "it has one step and never starts again"
        advice = "add a step or `repeats`; the fallback contact is asked already after the first window"
        yield Remark(Level.WARNING, Name.NO_BACKUP, ("chains", chain.name), what, advice)


def _short_step(policy: Policy, chain: Chain, place: int, step: Step) -> Iterator[Remark]:
    """Channels, of the one who is asked or of the backup, that a window closes before they are used."""
    if step.window_days is not None:
        return
    for backup, begins in ((False, _NOTHING), (True, step.backup_after)):
        if begins is None:
            continue
        late = [
            f"{terms.severity}’s {reach.channel} after {spell(begins + reach.after)}"
            for terms in policy.terms
            for reach in terms.reach
            if begins + reach.after >= step.window
        ]
        if late:
            whose = "its backup is" if backup else "its contact is"
            what = f"the window of {spell(step.window)} ends before {whose} told by {', '.join(late)}"
            level = Level.WARNING if backup else Level.ERROR
            path = ("chains", chain.name, "steps", place, "window")
            yield Remark(level, Name.SHORT_STEP, path, what, "lengthen the window, or use the channel earlier")


def _late_steps(policy: Policy, chain: Chain, used: list[Route], at: datetime) -> Iterator[Remark]:
    """Steps that are asked only after the resolution's limit, when a breach has moved the work on already."""
    late: dict[int, list[Severity]] = {}
    for terms in policy.terms if used else ():
        promised = [tier.resolution for route in used if (tier := route.promise(terms.severity)) and tier.resolution]
        resolution = max([terms.resolution, *promised], key=lambda promise: promise.limit)
        began = _opening(policy, resolution.calendar, at)
        limit = _due(policy, resolution, began)
        asked: datetime | None = began
        for place, step in enumerate(chain.steps):
            if asked is None or limit is None:
                break
            if asked >= limit:
                late.setdefault(place, []).append(terms.severity)
            asked = _due(policy, Target(step.window, calendar=step.calendar, limit_days=step.window_days), asked)
    for place, severities in late.items():
        everywhere = len(severities) == len(Severity)
        what = f"it is asked only after the resolution of {', '.join(severities)} is missed"
        yield Remark(
            Level.WARNING if everywhere else Level.NOTE,
            Name.LATE_STEP,
            ("chains", chain.name, "steps", place),
            what,
            "shorten the windows before it, or remove it" if everywhere else "shorten the windows before it",
        )


# --- Severities -------------------------------------------------------------------------------------------------------


def _lints_of_terms(policy: Policy) -> Iterator[Remark]:
    for terms in policy.terms:
        path = ("terms", terms.severity)
        if terms.severity is Severity.SEV1 and not interrupts(terms):
            what = "nobody is rung or texted at this severity"
            yield Remark(Level.WARNING, Name.NO_CHANNEL, (*path, "reach"), what, "add sms or voice: mail wakes nobody")
        if terms.response is None:
            what, advice = "no first response is promised", "add `response`: nobody notices when it is taken late"
            yield Remark(Level.WARNING, Name.NO_CLOCK, path, what, advice)
        if not [*cadences(terms)]:
            what, advice = "nobody is asked for progress, inside or for the customer", "add `check_in`"
            yield Remark(Level.WARNING, Name.NO_CLOCK, path, what, advice)
        yield from _floor(policy, terms)
        yield from _internal(terms)


def _floor(policy: Policy, terms: Terms) -> Iterator[Remark]:
    floor, update = policy.house.customer_floor, terms.customer_update
    if floor is None:
        if update is None:
            what = "the customer is promised no word, and no floor makes up for it"
            yield Remark(
                Level.WARNING, Name.NO_CLOCK, ("terms", terms.severity), what,
                "add `customer_update`, or `house.customer_floor`",
            )  # fmt: skip
    elif update is not None and (update.every > floor or update.every_days is not None):
        every = length(update.every, update.every_days)
        what = f"customers are to hear every {every}, and the floor makes it {spell(floor)}"
        path = ("terms", terms.severity, "customer_update")
        yield Remark(Level.NOTE, Name.SLOWER_THAN_FLOOR, path, what, "shorten the turn, if the floor is not meant")


def _internal(terms: Terms) -> Iterator[Remark]:
    check_in, update = terms.check_in, terms.customer_update
    if check_in is None or update is None or check_in.calendar != update.calendar:
        return
    if check_in.every_days is None and update.every_days is None and check_in.every > update.every:
        what = f"the receiver is asked every {spell(check_in.every)}, the customer told every {spell(update.every)}"
        path = ("terms", terms.severity, "check_in")
        advice = "ask inside at least as often: there is nothing new to tell otherwise"
        yield Remark(Level.WARNING, Name.INTERNAL_NOT_FASTER, path, what, advice)


# --- Targets ----------------------------------------------------------------------------------------------------------


def _lints_of_targets(policy: Policy, at: datetime) -> Iterator[Remark]:
    bare: dict[tuple[str | int, ...], list[str]] = {}
    for path, _, name, promise in promises(policy):
        began = _opening(policy, promise.calendar, at)
        if promise.goal is None and promise.goal_days is None:
            bare.setdefault(path[:-1], []).append(f"{name} ({_limit(promise)})")
        elif _slow_goal(policy, promise, began):
            goal = length(promise.goal or _NOTHING, promise.goal_days)
            what = f"the goal {goal} is not before the customer’s {_limit(promise)}"
            yield Remark(Level.ERROR, Name.INTERNAL_NOT_FASTER, (*path, "goal"), what, "shorten the goal")
        yield from _late_leads(policy, path, promise, began)
    for path, names in bare.items():
        what = f"no goal for {', '.join(names)}: inside, nothing is due before the customer’s limit"
        advice = "add a goal, or `house.internal_factor`: what is promised inside must be faster"
        yield Remark(Level.NOTE, Name.INTERNAL_NOT_FASTER, path, what, advice)


def _slow_goal(policy: Policy, promise: Target, began: datetime) -> bool:
    goal = Target(promise.goal or _NOTHING, calendar=promise.calendar, limit_days=promise.goal_days)
    inside, outside = _due(policy, goal, began), _due(policy, promise, began)
    return inside is not None and outside is not None and inside >= outside


def _late_leads(policy: Policy, path: tuple[str | int, ...], promise: Target, began: datetime) -> Iterator[Remark]:
    """Leads that do not fit before the limit: the warning would have to come before the clock starts."""
    limit = _due(policy, promise, began)
    if limit is None:
        return
    calendar = policy.calendar(promise.calendar)
    whole = limit - began if promise.wall_leads else hours.between(calendar, began, limit)
    for place, lead in enumerate(promise.leads):
        if lead >= whole:
            manner = policy.reckoning.short_target
            what = f"a warning {spell(lead)} before a limit of {_limit(promise)} cannot come in time"
            level = Level.WARNING if manner is ShortTarget.NEVER else Level.NOTE
            advice = f"shorten the lead; as it stands, {_DEGRADES[manner]}"
            yield Remark(level, Name.LATE_WARNING, (*path, "leads", place), what, advice)


# --- Order ------------------------------------------------------------------------------------------------------------


def _lints_of_order(policy: Policy, at: datetime) -> Iterator[Remark]:
    """A severity that is served better than a worse one, both counted from one opening."""
    for worse, milder in pairwise(policy.terms):
        for name in ("response", "resolution", "check_in", "customer_update", "stakeholder_update"):
            first, second = _as_target(getattr(worse, name)), _as_target(getattr(milder, name))
            if second is None:
                continue
            path = ("terms", worse.severity, name)
            if first is None:
                what = f"{milder.severity} is promised it ({_limit(second)}), the worse {worse.severity} is not"
                yield Remark(Level.WARNING, Name.UPSIDE_DOWN, path, what, f"promise it to {worse.severity} as well")
                continue
            began = _opening(policy, first.calendar, _opening(policy, second.calendar, at))
            slow, fast = _due(policy, first, began), _due(policy, second, began)
            if slow is not None and fast is not None and slow > fast:
                what = f"{worse.severity} gets {_limit(first)}, the milder {milder.severity} gets {_limit(second)}"
                advice = f"give {worse.severity} the shorter one"
                yield Remark(Level.WARNING, Name.UPSIDE_DOWN, path, what, advice)


def _as_target(promise: Target | Cadence | None) -> Target | None:
    if isinstance(promise, Cadence):
        return Target(promise.every, calendar=promise.calendar, limit_days=promise.every_days)
    return promise


# --- House ------------------------------------------------------------------------------------------------------------


def _lints_of_house(policy: Policy) -> Iterator[Remark]:
    house = policy.house
    for name, on in (
        ("reassign_on_breach", house.reassign_on_breach),
        ("raise_severity_on_breach", house.raise_severity_on_breach),
        ("mark_on_breach", house.mark_on_breach),
    ):
        if not on:
            what = f"a breach does not {_BREACH_ACTIONS[name]}"
            yield Remark(
                Level.NOTE, Name.BREACH_ACTION_OFF, ("house", name), what, "switch it on, if that is not meant"
            )
    last = {chain.steps[-1].contact for chain in policy.chains}
    if last == {house.fallback}:
        what = f"{house.fallback} is the last one whom every chain asks, and the fallback as well"
        advice = "name somebody else: who did not answer then will not answer now"
        yield Remark(Level.WARNING, Name.NO_FALLBACK, ("house", "fallback"), what, advice)


_BREACH_ACTIONS = {
    "reassign_on_breach": "ask the next step",
    "raise_severity_on_breach": "raise the severity",
    "mark_on_breach": "mark the ticket",
}


# --- inside -----------------------------------------------------------------------------------------------------------


def _limit(promise: Target) -> str:
    return length(promise.limit, promise.limit_days)


def _opening(policy: Policy, calendar: str, at: datetime) -> datetime:
    """A fair beginning: the calendar's next opening."""
    found: Calendar | None = policy.calendar(calendar)
    try:
        return hours.next_opening(found, at)
    except NeverOpenError:
        return at


def _due(policy: Policy, promise: Target, began: datetime) -> datetime | None:
    """When the limit is reached; None when the calendar is not open for that long within the horizon."""
    try:
        return limit_of(promise, began, gauge_of(policy, promise))
    except NeverOpenError:
        return None
