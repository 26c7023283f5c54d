"""The agreement as operators write it, checked and frozen into `core.policy.Policy`.

Field names are those of `core/policy.py`; terms, routes, chains, calendars and settles are mappings by name. The file
is judged whole: one wrong field refuses it, and every fault is one line `path (line N): what, limit, next step`. Shape
comes first (types, unknown and missing fields, bounds); what fields say about each other is judged once they have one.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from pydantic import ValidationError

from escalation.core.hours import HORIZON_DAYS, Calendar, ExceptionDay, Window
from escalation.core.policy import (
    ApprovalTerms,
    Cadence,
    Chain,
    House,
    Policy,
    Reach,
    Route,
    Settle,
    Step,
    Target,
    Terms,
)
from escalation.core.vocabulary import Channel, Severity
from escalation.wire import zones
from escalation.wire.durations import spell as spell_duration
from escalation.wire.faults import faults_of
from escalation.wire.policy_file import (
    WrittenApproval,
    WrittenCadence,
    WrittenCalendar,
    WrittenPolicy,
    WrittenReach,
    WrittenTarget,
    WrittenTerms,
)
from escalation.wire.yaml_reader import Document, FaultyFileError, Path


def freeze(document: Document, at: datetime, settles: Mapping[Channel, timedelta]) -> Policy:
    """The agreement that `document` writes, with its zones resolved for 20 years from `at` (aware).

    `settles` gives the settle windows of channels that the file leaves out. Raises `FaultyFileError`.
    """
    written = _shaped(document)
    faults = tuple(document.fault(path, what) for path, what in _contradictions(written, settles))
    if faults:
        raise FaultyFileError(faults)
    return Policy(
        name=written.name,
        version=written.version,
        digest=document.digest,
        terms=tuple(_terms(severity, written.terms[severity]) for severity in Severity),
        routes=tuple(
            Route(name, route.team, route.chain, route.asks, _approval(route.approval))
            for name, route in written.routes.items()
        ),
        chains=tuple(
            Chain(
                name,
                tuple(Step(s.name, s.contact, s.window, s.backup_after, s.calendar) for s in chain.steps),
                chain.repeats,
            )
            for name, chain in written.chains.items()
        ),
        calendars=tuple(_calendar(name, calendar, at) for name, calendar in written.calendars.items()),
        settles=tuple(_settle(channel, written, settles) for channel in Channel),
        house=House(**dict(written.house)),
    )


def _shaped(document: Document) -> WrittenPolicy:
    try:
        # As JSON, because strict pydantic takes words for enums and lists for tuples only from there.
        return WrittenPolicy.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise FaultyFileError(faults_of(error, document)) from None


def _contradictions(written: WrittenPolicy, settles: Mapping[Channel, timedelta]) -> Iterator[tuple[Path, str]]:
    """What no single field can know, in the order of the file's parts."""
    for severity in Severity:
        if severity not in written.terms:
            yield ("terms",), f"{severity} is missing; a policy promises something for each of {', '.join(Severity)}"
    for severity, terms in written.terms.items():
        yield from _contradictions_of_terms(("terms", severity), terms)
    for name, route in written.routes.items():
        if route.chain not in written.chains:
            yield ("routes", name, "chain"), f"no chain is called {route.chain!r}; {_known(written.chains)}"
    yield from _contradictions_of_chains(written)
    for name, calendar in written.calendars.items():
        yield from _contradictions_of_calendar(("calendars", name), calendar)
    yield from _contradictions_of_promises(written)
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


def _contradictions_of_terms(path: Path, terms: WrittenTerms) -> Iterator[tuple[Path, str]]:
    yield from _contradictions_of_reach((*path, "reach"), terms.reach)
    targets = (("resolution", terms.resolution), ("response", terms.response))
    for name, target in targets:
        if target is not None and target.goal is not None and target.goal >= target.limit:
            goal, limit = spell_duration(target.goal), spell_duration(target.limit)
            yield (*path, name, "goal"), f"the goal {goal} is not before the limit {limit}; shorten it or leave it out"
    for name, cadence in (("check_in", terms.check_in), ("customer_update", terms.customer_update)):
        if cadence is not None and cadence.lead >= cadence.every:
            lead, every = spell_duration(cadence.lead), spell_duration(cadence.every)
            yield (*path, name, "lead"), f"the lead {lead} is not shorter than the turn {every}; shorten it"


def _contradictions_of_reach(path: Path, reach: tuple[WrittenReach, ...]) -> Iterator[tuple[Path, str]]:
    if reach[0].after:
        yield (*path, 0, "after"), "the first channel is used at once; write 0s or leave `after` out"
    for number in range(1, len(reach)):
        if reach[number].after < reach[number - 1].after:
            yield (*path, number, "after"), "it comes before the entry above; put the channels in order of `after`"
        if reach[number] in reach[:number]:
            yield (*path, number), "the same channel at the same time stands above; keep one of them"


def _contradictions_of_chains(written: WrittenPolicy) -> Iterator[tuple[Path, str]]:
    for name, chain in written.chains.items():
        for number, step in enumerate(chain.steps):
            path: Path = ("chains", name, "steps", number)
            if step.name in {earlier.name for earlier in chain.steps[:number]}:
                yield (*path, "name"), f"a step above is called {step.name!r} too; rename one of them"
            if step.backup_after is not None and step.backup_after >= step.window:
                after, window = spell_duration(step.backup_after), spell_duration(step.window)
                yield (*path, "backup_after"), f"the backup is told after {after}, but the step ends after {window}"


def _contradictions_of_calendar(path: Path, calendar: WrittenCalendar) -> Iterator[tuple[Path, str]]:
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


def _contradictions_of_promises(written: WrittenPolicy) -> Iterator[tuple[Path, str]]:
    """Every length that a calendar counts: the calendar exists, and opens for that long within the horizon."""
    for path, name, length in _counted(written):
        if not name:
            continue
        if name not in written.calendars:
            yield (*path, "calendar"), f"no calendar is called {name!r}; {_known(written.calendars)}"
            continue
        calendar = written.calendars[name]
        if not any(calendar.week.days().values()):
            continue  # blamed as a calendar already
        needed = zones.days_needed(length, tuple(calendar.week.days().values()), _exceptions(calendar))
        if needed > HORIZON_DAYS:
            what = f"{spell_duration(length)} of calendar {name!r} may take {needed} days, at most {HORIZON_DAYS} are"
            yield (*path, "calendar"), f"{what} looked at; shorten the time or open the calendar longer"


def _counted(written: WrittenPolicy) -> Iterator[tuple[Path, str, timedelta]]:
    for severity, terms in written.terms.items():
        for name, target in (("resolution", terms.resolution), ("response", terms.response)):
            if target is not None:
                yield ("terms", severity, name), target.calendar, target.limit
        for name, cadence in (("check_in", terms.check_in), ("customer_update", terms.customer_update)):
            if cadence is not None:
                yield ("terms", severity, name), cadence.calendar, cadence.every
    for name, chain in written.chains.items():
        for number, step in enumerate(chain.steps):
            yield ("chains", name, "steps", number), step.calendar, step.window


def _known(names: Mapping[str, object]) -> str:
    return f"known are {', '.join(sorted(names))}" if names else "there are none yet, so add it"


def _clock(window: Window) -> str:
    return str(window.start)[:-3].zfill(5)


def _terms(severity: Severity, written: WrittenTerms) -> Terms:
    return Terms(
        severity=severity,
        label=written.label,
        reach=tuple(Reach(reach.channel, reach.after) for reach in written.reach),
        notice=written.notice,
        resolution=_target(written.resolution),
        response=_target(written.response) if written.response else None,
        check_in=_cadence(written.check_in) if written.check_in else None,
        customer_update=_cadence(written.customer_update) if written.customer_update else None,
        silence=written.silence,
    )


def _target(written: WrittenTarget) -> Target:
    return Target(written.limit, written.goal, tuple(sorted(written.leads, reverse=True)), written.calendar)


def _cadence(written: WrittenCadence) -> Cadence:
    return Cadence(written.every, written.lead, written.calendar)


def _approval(written: WrittenApproval | None) -> ApprovalTerms | None:
    return ApprovalTerms(written.approvers, written.expiry, written.on_expiry) if written else None


def _settle(channel: Channel, written: WrittenPolicy, settles: Mapping[Channel, timedelta]) -> Settle:
    there = written.settles.get(channel)
    window = there.window if there and there.window else settles[channel]
    return Settle(channel, window, resend=there.resend if there else True)


def _calendar(name: str, written: WrittenCalendar, at: datetime) -> Calendar:
    return Calendar(
        name=name,
        zone=written.zone,
        week=tuple(tuple(sorted(day, key=_start)) for day in written.week.days().values()),
        shifts=zones.shifts(written.zone, at),
        exceptions=tuple(sorted(_exceptions(written), key=lambda exception: exception.day)),
    )


def _exceptions(written: WrittenCalendar) -> tuple[ExceptionDay, ...]:
    return tuple(ExceptionDay(e.day, tuple(sorted(e.windows, key=_start)), e.label) for e in written.exceptions)


def _start(window: Window) -> timedelta:
    return window.start
