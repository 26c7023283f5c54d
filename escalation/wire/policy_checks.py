"""What the fields of a policy file say about each other: each contradiction with its path, in the order of its part."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from escalation.core.hours import HORIZON_DAYS, DayRule, ExceptionDay, Window
from escalation.core.vocabulary import Channel, Severity
from escalation.wire import zones
from escalation.wire.approval_terms import contradictions_of
from escalation.wire.durations import Length, spell
from escalation.wire.policy_file import (
    WrittenCadence,
    WrittenCalendar,
    WrittenPolicy,
    WrittenReach,
    WrittenTarget,
    WrittenTerms,
)
from escalation.wire.quoting import shown
from escalation.wire.yaml_reader import Path

# All calendars together; a policy travels with every escalation that it was opened under.
EXCEPTIONS_OF_ALL_MAX = 4000

Mistake = tuple[Path, str]
Exceptions = Mapping[str, tuple[ExceptionDay, ...]]


def contradictions(
    written: WrittenPolicy, exceptions: Exceptions, settles: Mapping[Channel, timedelta]
) -> Iterator[Mistake]:
    """What no single field can know. `exceptions` are the dated days of every calendar, `settles` the worker's."""
    for severity in Severity:
        if severity not in written.terms:
            yield ("terms",), f"{severity} is missing; a policy promises something for each of {', '.join(Severity)}"
    for severity, terms in written.terms.items():
        yield from _of_terms(("terms", severity), terms, written)
    yield from _of_names(written)
    yield from _of_routes(written)
    yield from _of_approvals(written)
    yield from _of_chains(written)
    yield from _of_levels(written)
    for name, calendar in written.calendars.items():
        yield from _of_calendar(("calendars", name), calendar)
    if sum(len(days) for days in exceptions.values()) > EXCEPTIONS_OF_ALL_MAX:
        yield ("calendars",), f"more than {EXCEPTIONS_OF_ALL_MAX} closed days in all; name fewer countries or files"
    yield from _of_lengths(written, exceptions)
    yield from _of_settles(written, settles)
    for number, case in enumerate(written.matrix):
        if case.route not in written.routes:
            yield ("matrix", number, "route"), f"no route is called {shown(case.route)}; {_known(written.routes)}"


# They go out by themselves: there is nothing to ask for before.
ROUNDS = ("stakeholder_update", "war_room")


def _of_terms(path: Path, terms: WrittenTerms, written: WrittenPolicy) -> Iterator[Mistake]:
    yield from _of_reach((*path, "reach"), terms.reach)
    for name, target in (("resolution", terms.resolution), ("response", terms.response)):
        if target is not None:
            yield from _of_target((*path, name), target)
    for name, cadence in _cadences(terms):
        if name in ROUNDS and cadence.lead:
            yield (*path, name, "lead"), "a round goes out by itself, nobody is asked before; leave the lead out"
        elif cadence.every.days is None and cadence.lead >= cadence.every.time:
            lead, every = spell(cadence.lead), cadence.every
            yield (*path, name, "lead"), f"the lead {lead} is not shorter than the turn {every}; shorten it"
    if terms.stakeholder_update is not None and not written.house.stakeholders:
        yield (*path, "stakeholder_update"), "nobody would hear it; name who does in house.stakeholders"


def _cadences(terms: WrittenTerms) -> Iterator[tuple[str, WrittenCadence]]:
    for name, cadence in (
        ("check_in", terms.check_in),
        ("customer_update", terms.customer_update),
        ("stakeholder_update", terms.stakeholder_update),
        ("war_room", terms.war_room),
    ):
        if cadence is not None:
            yield name, cadence


def _of_approvals(written: WrittenPolicy) -> Iterator[Mistake]:
    for name, route in written.routes.items():
        if route.approval is not None:
            yield from contradictions_of(("routes", name, "approval"), route.approval)
    for kind, approval in written.approvals.kinds():
        yield from contradictions_of(("approvals", kind), approval)


def _of_reach(path: Path, reach: tuple[WrittenReach, ...]) -> Iterator[Mistake]:
    if reach[0].after:
        yield (*path, 0, "after"), "the first channel is used at once; write 0s or leave `after` out"
    for number in range(1, len(reach)):
        if reach[number].after < reach[number - 1].after:
            yield (*path, number, "after"), "it comes before the entry above; put the channels in order of `after`"
        if reach[number] in reach[:number]:
            yield (*path, number), "the same channel at the same time stands above; keep one of them"


def _of_target(path: Path, target: WrittenTarget) -> Iterator[Mistake]:
    if target.goal is not None and _not_before(target.goal, target.limit):
        what = f"the goal {target.goal} is not before the limit {target.limit}; shorten it or leave it out"
        yield (*path, "goal"), what
    if target.closed_hours == "wait" and not target.calendar:
        yield (*path, "closed_hours"), "without a calendar no hour is closed; name one or leave this out"


def _not_before(goal: Length, limit: Length) -> bool:
    """Whether a goal never comes before its limit. Hours and days of one calendar are compared when a clock starts."""
    if goal.days is None and limit.days is None:
        return goal.time >= limit.time
    if goal.days is None or limit.days is None:
        return False
    return (goal.days.count, goal.days.rule is DayRule.END) >= (limit.days.count, limit.days.rule is DayRule.END)


def _of_names(written: WrittenPolicy) -> Iterator[Mistake]:
    """Whatever people call a severity names one of them."""
    owners: dict[str, str] = {severity.casefold(): severity for severity in Severity}
    for severity, terms in written.terms.items():
        names: list[tuple[Path, str]] = [(("terms", severity, "label"), terms.label)]
        names += [(("terms", severity, "aliases", number), alias) for number, alias in enumerate(terms.aliases)]
        for path, name in names:
            owner = owners.setdefault(name.casefold(), severity)
            if owner != severity:
                yield path, f"{owner} is called {shown(name)} too; a name means one severity, so keep one of them"
        if len({alias.casefold() for alias in terms.aliases}) < len(terms.aliases):
            yield ("terms", severity, "aliases"), "the same alias stands here twice; keep one of them"


def _of_routes(written: WrittenPolicy) -> Iterator[Mistake]:
    for name, route in written.routes.items():
        path: Path = ("routes", name)
        if route.chain not in written.chains:
            yield (*path, "chain"), f"no chain is called {shown(route.chain)}; {_known(written.chains)}"
        for severity, promise in route.promises.items():
            targets = [("resolution", promise.resolution), ("response", promise.response)]
            for kind, target in targets:
                if target is not None:
                    yield from _of_target((*path, "promises", severity, kind), target)
            if not any(target for _, target in targets):
                yield (*path, "promises", severity), "nothing is promised here; write a response or a resolution"


def _of_chains(written: WrittenPolicy) -> Iterator[Mistake]:
    for name, chain in written.chains.items():
        for number, step in enumerate(chain.steps):
            path: Path = ("chains", name, "steps", number)
            if step.name in {earlier.name for earlier in chain.steps[:number]}:
                yield (*path, "name"), f"a step above is called {step.name!r} too; rename one of them"
            if step.backup_after is not None and step.window.days is None and step.backup_after >= step.window.time:
                after = spell(step.backup_after)
                what = f"the backup is told after {after}, but the step ends after {step.window}; tell it earlier"
                yield (*path, "backup_after"), what


def _of_levels(written: WrittenPolicy) -> Iterator[Mistake]:
    """What a level is called means one of them; a chain that names levels climbs them, with every step."""
    owners = {name: name for name in written.levels}
    for name, level in written.levels.items():
        owner = owners.setdefault(level.label.casefold(), name)
        if owner != name:
            yield ("levels", name, "label"), f"level {owner!r} is called {shown(level.label)} too; rename one of them"
    ranks = {name: rank for rank, name in enumerate(written.levels)}
    for chain_name, chain in written.chains.items():
        below: str | None = None
        for number, step in enumerate(chain.steps):
            path: Path = ("chains", chain_name, "steps", number, "level")
            if step.level is None:
                if any(other.level is not None for other in chain.steps):
                    yield path, "other steps of this chain name their level; name one here too"
            elif step.level not in ranks:
                yield path, f"no level is called {shown(step.level)}; {_known(written.levels)}"
            elif below is not None and ranks[step.level] < ranks[below]:
                yield path, f"{step.level!r} is below {below!r} of a step above; put the steps in the order of levels"
            else:
                below = step.level


def _of_calendar(path: Path, calendar: WrittenCalendar) -> Iterator[Mistake]:
    try:
        zones.zone(calendar.zone)
    except ValueError as error:
        yield (*path, "zone"), str(error)
    days = calendar.week.days()
    if not any(days.values()):
        yield (*path, "week"), "the calendar never opens; give at least one weekday an opening"
    names = tuple(days)
    for day, window in zones.overlaps(tuple(days.values())):
        yield (*path, "week", names[day]), f"the opening at {_clock(window)} begins before another ends; join them"
    seen: set[object] = set()
    for number, exception in enumerate(calendar.exceptions):
        if exception.day in seen:
            yield (*path, "exceptions", number, "day"), f"{exception.day} stands here twice; keep one of them"
        seen.add(exception.day)
        alone: list[tuple[Window, ...]] = [exception.windows, *[()] * 6]
        for _, window in zones.overlaps(alone):
            where = (*path, "exceptions", number, "windows")
            yield where, f"the opening at {_clock(window)} begins before another ends; join them"


def _of_lengths(written: WrittenPolicy, exceptions: Exceptions) -> Iterator[Mistake]:
    """Every length that a calendar counts: the calendar exists, and opens for that long within the horizon."""
    for path, field, name, length in _counted(written):
        if not name:
            if length.needs_calendar:
                yield (*path, field), f'"{length}" counts the hours of a calendar; name one in `calendar`'
            continue
        if name not in written.calendars:
            yield (*path, "calendar"), f"no calendar is called {shown(name)}; {_known(written.calendars)}"
            continue
        week = tuple(written.calendars[name].week.days().values())
        if not any(week):
            continue  # blamed as a calendar already
        needed = _days_needed(length)(week, exceptions[name])
        if needed > HORIZON_DAYS:
            what = f"{length} of calendar {name!r} may take {needed} days, at most {HORIZON_DAYS} are"
            yield (*path, "calendar"), f"{what} looked at; shorten the time or open the calendar longer"


def _days_needed(length: Length) -> Callable[[tuple[tuple[Window, ...], ...], tuple[ExceptionDay, ...]], int]:
    if length.days is None:
        return lambda week, closed: zones.days_needed(length.time, week, closed)
    days = length.days
    return lambda week, closed: zones.days_needed_for(days, week, closed)


def _counted(written: WrittenPolicy) -> Iterator[tuple[Path, str, str, Length]]:
    """Where a length stands, in which field, in which calendar it counts, and how long it is."""
    for severity, terms in written.terms.items():
        path: Path = ("terms", severity)
        yield from _counted_of(path, terms.resolution, terms.response)
        for name, cadence in _cadences(terms):
            yield (*path, name), "every", cadence.calendar, cadence.every
    for route_name, route in written.routes.items():
        for severity, promise in route.promises.items():
            yield from _counted_of(("routes", route_name, "promises", severity), promise.resolution, promise.response)
    for chain_name, chain in written.chains.items():
        for number, step in enumerate(chain.steps):
            yield ("chains", chain_name, "steps", number), "window", step.calendar, step.window


def _counted_of(
    path: Path, resolution: WrittenTarget | None, response: WrittenTarget | None
) -> Iterator[tuple[Path, str, str, Length]]:
    for name, target in (("resolution", resolution), ("response", response)):
        if target is not None:
            yield (*path, name), "limit", target.calendar, target.limit
            if target.goal is not None and target.goal.needs_calendar and not target.calendar:
                yield (*path, name), "goal", "", target.goal


def _of_settles(written: WrittenPolicy, settles: Mapping[Channel, timedelta]) -> Iterator[Mistake]:
    for channel in Channel:
        settle = written.settles.get(channel)
        if (settle is None or settle.window is None) and channel not in settles:
            yield ("settles",), f"{channel} has no settle window, here or in the worker's settings; add one"
        elif settle is not None and settle.window is not None and settle.window < settles.get(channel, settle.window):
            least = settles[channel].total_seconds()
            short = f"{settle.window.total_seconds():g} s is shorter than the worker's {least:g} s"
            yield (
                ("settles", channel, "window"),
                f"{short}, within which a message may still show up; write at least that",
            )


def _known(names: Mapping[str, object]) -> str:
    return f"known are {', '.join(sorted(names))}" if names else "there are none yet, so add it"


def _clock(window: Window) -> str:
    return str(window.start)[:-3].zfill(5)
