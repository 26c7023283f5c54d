"""What another version of an agreement changes, and for whom: one sentence for each difference.

Every field of the frozen agreement is compared, so that nothing changes in silence: what has no words of its own here
is told by its name in the file. What the file says to people alone (definitions, matrix, summary) is compared as it is
written.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from typing import Any

from escalation.core.hours import Calendar, Days, Window
from escalation.core.money import Money
from escalation.core.policy import Cadence, Chain, Policy, Route, Step, Target, Terms
from escalation.core.vocabulary import Severity
from escalation.reports.agreed import NOTHING, Agreed, cadence, channels, length, target
from escalation.wire.amounts import money
from escalation.wire.durations import spell
from escalation.wire.yaml_reader import Plain

DATES_SHOWN_MAX = 5
_PROMISES = (
    ("response", "the receiving teams"),
    ("resolution", "the receiving teams"),
    ("check_in", "the owner"),
    ("customer_update", "the customer"),
    ("stakeholder_update", "stakeholders"),
    ("war_room", "the war room"),
)
_PAPER_OF_TERMS = ("definition", "escalate_after", "engage_within")
_PAPER_OF_ROUTES = ("from", "triggers")
_PAPER = ("summary", "matrix", "responsibilities", "review", "levels")


@dataclass(frozen=True, slots=True)
class Difference:
    """One change: of what, from what to what, and what it means for whom ("" where the change says it all)."""

    group: str  # "SEV2", "route l2-to-engineering", "chain l2", "calendar office", "house", ...
    what: str
    meaning: str = ""

    def __str__(self) -> str:
        return f"{self.group} {self.what}" + (f": {self.meaning}" if self.meaning else "")


def differences(before: Agreed, after: Agreed) -> tuple[Difference, ...]:
    """Every change from one agreement to another, in the order of the file's parts."""
    old, new = before.policy, after.policy
    found = [
        *_changed("agreement", _plainly(old, ("name", "version")), _plainly(new, ("name", "version"))),
        *_of_severities(old, new),
        *_of_routes(old, new),
        *_of_chains(old, new),
        *_of_calendars(old, new),
        *_of_named("segment", old.segments, new.segments, "name"),
        *_of_levels(old, new),
        *_of_named("approval", old.approvals, new.approvals, "kind"),
        *_of_named("settle", old.settles, new.settles, "channel"),
        *_changed("house", _plainly(old.house), _plainly(new.house)),
        *_changed("reckoning", _plainly(old.reckoning), _plainly(new.reckoning)),
        *_changed("triage", _plainly(old.triage), _plainly(new.triage)),
        *_of_paper(before, after),
    ]
    return tuple(found)


# --- Severities -------------------------------------------------------------------------------------------------------


def _of_severities(old: Policy, new: Policy) -> Iterator[Difference]:
    for level in Severity:
        before, after = old.terms_of(level), new.terms_of(level)
        for name, audience in _PROMISES:
            who = _teams(new, level, name) if name in ("response", "resolution") else audience
            one, other = getattr(before, name), getattr(after, name)
            yield from _of_promise(level, name.replace("_", " "), one, other, who)
        if before.reach != after.reach:
            what = f"channels: {channels(before)} -> {channels(after)}"
            yield Difference(level, what, "for everybody who is paged")
        shown = {name for name, _ in _PROMISES} | {"reach"}
        yield from _changed(level, _plainly(before, without=shown), _plainly(after, without=shown))


def _of_promise(
    group: str, name: str, before: Target | Cadence | None, after: Target | Cadence | None, who: str
) -> Iterator[Difference]:
    if before == after:
        return
    if before is None or after is None:
        meaning = f"promised now, for {who}" if before is None else f"no longer promised, for {who}"
        yield Difference(group, f"{name}: {_spelled(before)} -> {_spelled(after)}", meaning)
        return
    one, other = _pace(before), _pace(after)
    if one != other or before.calendar != after.calendar:
        yield Difference(group, f"{name}: {_spelled(before)} -> {_spelled(after)}", _tempo(before, after, who))
    shown = {"limit", "goal", "limit_days", "goal_days", "every", "every_days", "calendar"}
    lists = _plainly(before, without=shown), _plainly(after, without=shown)
    for difference in _changed(group, *lists):
        yield Difference(group, f"{name} {difference.what}", difference.meaning)


def _tempo(before: Target | Cadence, after: Target | Cadence, who: str) -> str:
    """Whether it became faster; what two calendars or working days do to it depends on the day, so nothing is said."""
    if before.calendar != after.calendar:
        hours = f"{after.calendar} hours" if after.calendar else "every hour"
        return f"counted by {hours} for {who}"
    one, other = _pace(before), _pace(after)
    if one[1] is not None or other[1] is not None or one[0] == other[0]:
        return f"changed for {who}"
    return f"{'faster' if other[0] < one[0] else 'slower'} for {who}"


def _pace(promise: Target | Cadence) -> tuple[timedelta, Days | None, timedelta | None, Days | None]:
    if isinstance(promise, Cadence):
        return promise.every, promise.every_days, None, None
    return promise.limit, promise.limit_days, promise.goal, promise.goal_days


def _spelled(promise: Target | Cadence | None) -> str:
    return cadence(promise) if isinstance(promise, Cadence) else target(promise)


def _teams(policy: Policy, level: Severity, name: str) -> str:
    """The teams that this promise binds: those whose route promises nothing of its own."""
    teams = []
    for route in policy.routes:
        tier = route.promise(level)
        own = getattr(tier, name) if tier is not None else None
        if own is None:
            teams.append(route.team)
    return ", ".join(dict.fromkeys(teams)) or "nobody: every route has its own"


# --- Routes, chains, calendars ----------------------------------------------------------------------------------------


def _of_routes(old: Policy, new: Policy) -> Iterator[Difference]:
    yield from _gone_and_new("route", [route.name for route in old.routes], [route.name for route in new.routes])
    for after in new.routes:
        before = old.route(after.name)
        if before is None or before == after:
            continue
        group = f"route {after.name}"
        without = {"promises"}
        for each in _changed(group, _plainly(before, without=without), _plainly(after, without=without)):
            yield Difference(group, each.what, f"for {after.team}")
        for level in Severity:
            yield from _of_tier(group, level, before, after)


def _of_tier(group: str, level: Severity, before: Route, after: Route) -> Iterator[Difference]:
    one, other = before.promise(level), after.promise(level)
    for name in ("response", "resolution"):
        promised = getattr(one, name, None), getattr(other, name, None)
        yield from _of_promise(group, f"{level} {name}", *promised, after.team)


def _of_chains(old: Policy, new: Policy) -> Iterator[Difference]:
    known = {chain.name: chain for chain in old.chains}
    yield from _gone_and_new("chain", [*known], [chain.name for chain in new.chains])
    for after in new.chains:
        before = known.get(after.name)
        if before is None or before == after:
            continue
        group = f"chain {after.name}"
        yield from _changed(group, _plainly(before, without={"steps"}), _plainly(after, without={"steps"}))
        yield from _of_steps(group, before, after)


def _of_steps(group: str, before: Chain, after: Chain) -> Iterator[Difference]:
    one, other = [step.name for step in before.steps], [step.name for step in after.steps]
    for name in one:
        if name not in other:
            yield Difference(group, f"step {name} is gone", f"{_step(before, name).contact} is no longer asked")
    for place, step in enumerate(after.steps):
        if step.name not in one:
            what = f"step {step.name} is new, as number {place + 1}"
            window = length(step.window, step.window_days)
            yield Difference(group, what, f"{step.contact} is asked and has {window}")
            continue
        earlier = _step(before, step.name)
        if earlier.window != step.window or earlier.window_days != step.window_days:
            windows = f"{length(earlier.window, earlier.window_days)} -> {length(step.window, step.window_days)}"
            yield Difference(group, f"step {step.name} window: {windows}", f"time to answer for {step.contact}")
        without = {"window", "window_days"}
        for each in _changed(group, _plainly(earlier, without=without), _plainly(step, without=without)):
            yield Difference(group, f"step {step.name} {each.what}")
    kept = [name for name in other if name in one]
    if kept != [name for name in one if name in other]:
        yield Difference(group, f"order of steps: {', '.join(one)} -> {', '.join(other)}")


def _of_levels(old: Policy, new: Policy) -> Iterator[Difference]:
    yield from _of_named("level", old.levels, new.levels, "name")
    one, other = [level.name for level in old.levels], [level.name for level in new.levels]
    if [name for name in other if name in one] != [name for name in one if name in other]:
        yield Difference("levels", f"order: {', '.join(one)} -> {', '.join(other)}", "the lowest first")


def _step(chain: Chain, name: str) -> Step:
    return next(step for step in chain.steps if step.name == name)


def _of_calendars(old: Policy, new: Policy) -> Iterator[Difference]:
    yield from _gone_and_new("calendar", [each.name for each in old.calendars], [each.name for each in new.calendars])
    for after in new.calendars:
        before = old.calendar(after.name)
        if before is None:
            continue
        group = f"calendar {after.name}"
        # The zone's instants follow from its name and from when the agreement was frozen: no difference of the text.
        without = {"week", "exceptions", "shifts"}
        yield from _changed(group, _plainly(before, without=without), _plainly(after, without=without))
        if before.week != after.week:
            yield Difference(group, f"week: {_week(before)} -> {_week(after)}", _counting(new, after.name))
        yield from _of_exceptions(group, before, after)


def _of_exceptions(group: str, before: Calendar, after: Calendar) -> Iterator[Difference]:
    one, other = ({each.day: each for each in calendar.exceptions} for calendar in (before, after))
    both = sorted({*one, *other})
    for word, days in (
        ("no longer special", [day for day in both if day in one and day not in other]),
        ("special now", [day for day in both if day in other and day not in one]),
        ("other hours on", [day for day in both if day in one and day in other and one[day] != other[day]]),
    ):
        if days:
            shown = ", ".join(day.isoformat() for day in days[:DATES_SHOWN_MAX])
            more = f" and {len(days) - DATES_SHOWN_MAX} more" if len(days) > DATES_SHOWN_MAX else ""
            yield Difference(group, f"{word}: {shown}{more}")


def _counting(policy: Policy, name: str) -> str:
    """Who counts by a calendar."""
    users = [chain.name for chain in policy.chains if any(step.calendar == name for step in chain.steps)]
    levels = [terms.severity for terms in policy.terms if name in _named(terms)]
    return f"counted by {', '.join([*levels, *(f'chain {user}' for user in users)])}" if levels or users else ""


def _named(terms: Terms) -> set[str]:
    promised = (getattr(terms, name) for name, _ in _PROMISES)
    return {promise.calendar for promise in promised if promise is not None}


# --- What is said to people -------------------------------------------------------------------------------------------


def _of_paper(before: Agreed, after: Agreed) -> Iterator[Difference]:
    for level in Severity:
        for name in _PAPER_OF_TERMS:
            yield from _written(level, name, before.said("terms", level, name), after.said("terms", level, name))
    for route in after.policy.routes:
        for name in _PAPER_OF_ROUTES:
            path = ("routes", route.name, name)
            yield from _written(f"route {route.name}", name, before.said(*path), after.said(*path))
    for name in _PAPER:
        yield from _written("document", name, before.said(name), after.said(name))


def _written(group: str, name: str, before: Plain | None, after: Plain | None) -> Iterator[Difference]:
    if before != after:
        word = "is new" if before is None else "is gone" if after is None else "is worded anew"
        yield Difference(group, f"{name.replace('_', ' ')} {word}", "for people; no clock follows it")


# --- inside -----------------------------------------------------------------------------------------------------------


def _gone_and_new(kind: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Difference]:
    for name in before:
        if name not in after:
            yield Difference(f"{kind} {name}", "is gone")
    for name in after:
        if name not in before:
            yield Difference(f"{kind} {name}", "is new")


def _of_named(kind: str, before: Iterable[Any], after: Iterable[Any], key: str) -> Iterator[Difference]:
    one, other = ({str(getattr(each, key)): each for each in these} for these in (before, after))
    yield from _gone_and_new(kind, [*one], [*other])
    for name, each in other.items():
        if name in one:
            yield from _changed(f"{kind} {name}", _plainly(one[name]), _plainly(each))


def _changed(group: str, before: dict[str, str], after: dict[str, str]) -> Iterator[Difference]:
    for name, value in after.items():
        if before[name] != value:
            yield Difference(group, f"{name.replace('_', ' ')}: {before[name]} -> {value}")


def _plainly(whole: Any, only: tuple[str, ...] = (), without: Iterable[str] = ()) -> dict[str, str]:  # noqa: ANN401
    """The fields of a part of an agreement, by name, as text."""
    names = only or tuple(field.name for field in fields(whole) if field.name not in without)
    return {name: _shown(getattr(whole, name)) for name in names}


def _shown(value: object) -> str:
    match value:
        case None | () | "":
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return spell(value)
        case Money():
            return money(value)
        case Days():
            return length(timedelta(0), value)
        case tuple():
            return ", ".join(_shown(each) for each in value)
        case _ if is_dataclass(value):
            return "; ".join(f"{name} {shown}" for name, shown in _plainly(value).items())
        case _:
            return str(value)


def _week(calendar: Calendar) -> str:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    opened = (
        f"{day} {'+'.join(map(_clock, windows))}" for day, windows in zip(days, calendar.week, strict=True) if windows
    )
    return ", ".join(opened) or "never open"


def _clock(window: Window) -> str:
    def wall(at: timedelta) -> str:
        minutes = at // timedelta(minutes=1)
        return f"{minutes // 60 % 24 if minutes > 24 * 60 else minutes // 60:02d}:{minutes % 60:02d}"

    return f"{wall(window.start)}-{wall(window.end)}"
