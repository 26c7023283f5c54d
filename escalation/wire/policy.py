"""The agreement as operators write it, checked and frozen into `core.policy.Policy`.

Field names are those of `core/policy.py`; terms, routes, chains, calendars and settles are mappings by name. The file
is judged whole: one wrong field refuses it, and every fault is one line `path (line N): what, limit, next step`. Shape
comes first (types, unknown and missing fields, bounds); what fields say about each other is judged once they have one.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import ValidationError

from escalation.core.hours import Calendar, ExceptionDay, Manner, Window
from escalation.core.policy import (
    Also,
    Cadence,
    Chain,
    Confirmation,
    CustomerSegment,
    House,
    Level,
    Policy,
    Reach,
    Route,
    Settle,
    Step,
    Target,
    Terms,
    TierPromise,
)
from escalation.core.reckoning import Reckoning
from escalation.core.vocabulary import Channel, ClockName, Severity
from escalation.wire import holidays_of, zones
from escalation.wire.faults import faults_of, some_of
from escalation.wire.policy_checks import Mistake, contradictions
from escalation.wire.policy_file import (
    WrittenCadence,
    WrittenCalendar,
    WrittenChain,
    WrittenHouse,
    WrittenPolicy,
    WrittenRoute,
    WrittenTarget,
    WrittenTerms,
)
from escalation.wire.triage_terms import OFF, ruling_of
from escalation.wire.yaml_reader import Document, FaultyFileError, Path

# Gives the bytes of a file that a policy names, by its path below the policy's folder; OSError when it cannot be read.
ReadBeside = Callable[[str], bytes]


def freeze(
    document: Document, at: datetime, settles: Mapping[Channel, timedelta], beside: ReadBeside | None = None
) -> Policy:
    """The agreement that `document` writes, with its zones resolved for 20 years from `at` (aware), holidays for 10.

    `settles` gives the settle windows of channels that the file leaves out; `beside` the iCal files that it names,
    which the policy's digest covers too. Raises `FaultyFileError`.
    """
    written = read_policy(document)
    dated = _dated(written, at, beside)
    mistakes = [*contradictions(written, dated.exceptions, settles), *dated.mistakes]
    if mistakes:
        raise FaultyFileError(some_of(document.fault(path, what) for path, what in mistakes))
    house = written.house
    return Policy(
        name=written.name,
        version=written.version,
        digest=dated.digest_with(document.digest),
        terms=tuple(_terms(severity, written.terms[severity], house.internal_factor) for severity in Severity),
        routes=tuple(_route(name, route, house.internal_factor) for name, route in written.routes.items()),
        chains=tuple(_chain(name, chain) for name, chain in written.chains.items()),
        calendars=tuple(
            _calendar(name, calendar, dated.exceptions[name], at) for name, calendar in written.calendars.items()
        ),
        settles=tuple(_settle(channel, written, settles) for channel in Channel),
        house=_house(house),
        segments=tuple(
            CustomerSegment(
                name, segment.weight, segment.customer_contact, segment.silence, segment.customer_contact_backup
            )
            for name, segment in written.segments.items()
        ),
        approvals=tuple(approval.terms(kind) for kind, approval in written.approvals.kinds()),
        reckoning=Reckoning(**dict(written.reckoning)),
        triage=ruling_of(document, written.routes).terms if written.triage is not None else OFF,
        levels=tuple(Level(name, level.label) for name, level in written.levels.items()),
    )


def read_policy(document: Document) -> WrittenPolicy:
    """The agreement as it is written, with what only people read; what its fields say about each other is unchecked.

    Raises `FaultyFileError`.
    """
    try:
        # As JSON, because strict pydantic takes words for enums and lists for tuples only from there.
        return WrittenPolicy.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise FaultyFileError(faults_of(error, document)) from None


# --- dated days -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Dated:
    """The exceptions of every calendar by date, what was wrong with them, and the files that they came from."""

    exceptions: Mapping[str, tuple[ExceptionDay, ...]]
    mistakes: tuple[Mistake, ...]
    sources: Mapping[str, bytes]

    def digest_with(self, digest: str) -> str:
        """The digest of the policy's own file where it is alone, else of all its files; SHA-256, hex."""
        if not self.sources:
            return digest
        parts = [digest, *(f"{path}={hashlib.sha256(text).hexdigest()}" for path, text in sorted(self.sources.items()))]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _dated(written: WrittenPolicy, at: datetime, beside: ReadBeside | None) -> _Dated:
    exceptions: dict[str, tuple[ExceptionDay, ...]] = {}
    mistakes: list[Mistake] = []
    sources: dict[str, bytes] = {}
    for name, calendar in written.calendars.items():
        days = {day.day: day for day in _written_exceptions(calendar)}
        path: Path = ("calendars", name)
        if calendar.holidays is not None:
            try:
                found = holidays_of.country_days(calendar.holidays, at)
                days = {**{day.day: day for day in found}, **days}
            except ValueError as error:
                mistakes.append(((*path, "holidays"), str(error)))
        if calendar.ical is not None:
            try:
                sources[calendar.ical] = _source(calendar.ical, beside)
                found = holidays_of.ical_days(sources[calendar.ical], at, calendar.zone)
                days = {**{day.day: day for day in found}, **days}
            except ValueError as error:
                mistakes.append(((*path, "ical"), str(error)))
        exceptions[name] = tuple(days[day] for day in sorted(days))
    return _Dated(exceptions, tuple(mistakes), sources)


def _source(path: str, beside: ReadBeside | None) -> bytes:
    if beside is None:
        raise ValueError(f"{path!r} cannot be read: the policy was given without its folder; give the file itself")
    try:
        return beside(path)
    except OSError as error:
        raise ValueError(f"{path!r} cannot be read ({error.strerror}); put it beside the policy") from None


def _written_exceptions(written: WrittenCalendar) -> Iterator[ExceptionDay]:
    return (ExceptionDay(e.day, tuple(sorted(e.windows, key=_start)), e.label) for e in written.exceptions)


def _start(window: Window) -> timedelta:
    return window.start


# --- the parts of a policy --------------------------------------------------------------------------------------------


def _terms(severity: Severity, written: WrittenTerms, factor: Decimal | None) -> Terms:
    confirmation = written.confirmation
    return Terms(
        severity=severity,
        label=written.label,
        reach=tuple(Reach(reach.channel, reach.after) for reach in written.reach),
        notice=written.notice,
        resolution=_target(written.resolution, factor),
        response=_target(written.response, factor) if written.response else None,
        check_in=_cadence(written.check_in),
        customer_update=_cadence(written.customer_update),
        silence=written.silence,
        aliases=written.aliases,
        stakeholder_update=_cadence(written.stakeholder_update),
        war_room=_cadence(written.war_room),
        confirmation=Confirmation(confirmation.window, confirmation.since) if confirmation else None,
        room=written.war_room is not None and written.war_room.in_chat,
    )


def _target(written: WrittenTarget, factor: Decimal | None) -> Target:
    limit, goal = written.limit, written.goal
    return Target(
        limit=limit.time,
        goal=_internal(written, factor) if goal is None else goal.time,
        leads=tuple(sorted(written.leads, reverse=True)),
        calendar=written.calendar,
        limit_days=limit.days,
        goal_days=goal.days if goal is not None else None,
        wall_leads=written.lead_time == "wall",
        quiet=written.closed_hours == "wait",
        climbs=written.climbs,
    )


def _internal(written: WrittenTarget, factor: Decimal | None) -> timedelta | None:
    """Internal targets are always faster than the customer's, unless a target says that it has no goal."""
    if factor is None or written.limit.days is not None or "goal" in written.model_fields_set:
        return None
    seconds = int(int(written.limit.time.total_seconds()) * factor)
    return timedelta(seconds=seconds) if seconds else None


def _cadence(written: WrittenCadence | None) -> Cadence | None:
    if written is None:
        return None
    return Cadence(written.every.time, written.lead, written.calendar, written.every.days)


def _route(name: str, written: WrittenRoute, factor: Decimal | None) -> Route:
    promises = tuple(
        TierPromise(
            severity,
            _target(promise.response, factor) if promise.response else None,
            _target(promise.resolution, factor) if promise.resolution else None,
        )
        for severity, promise in written.promises.items()
    )
    approval = written.approval.terms(written.approval.kind) if written.approval else None
    return Route(name, written.team, written.chain, written.asks, approval, promises)


def _chain(name: str, written: WrittenChain) -> Chain:
    steps = tuple(
        Step(
            step.name,
            step.contact,
            step.window.time,
            step.backup_after,
            step.calendar,
            step.window.days,
            tuple(Also(one.contact, one.severities) for one in step.also),
            step.level or "",
        )
        for step in written.steps
    )
    return Chain(name, steps, written.repeats)


def _calendar(name: str, written: WrittenCalendar, exceptions: tuple[ExceptionDay, ...], at: datetime) -> Calendar:
    return Calendar(
        name=name,
        zone=written.zone,
        week=tuple(tuple(sorted(day, key=_start)) for day in written.week.days().values()),
        shifts=zones.shifts(written.zone, at),
        exceptions=exceptions,
        manner=Manner(written.at_close, written.long_day, written.skipped_edge),
    )


def _settle(channel: Channel, written: WrittenPolicy, settles: Mapping[Channel, timedelta]) -> Settle:
    there = written.settles.get(channel)
    window = there.window if there and there.window else settles[channel]
    if there is None:
        return Settle(channel, window, resend=True)
    return Settle(channel, window, resend=there.resend, silent_after=there.silent_after)


def _house(written: WrittenHouse) -> House:
    fields = {name: value for name, value in written if name != "internal_factor"}
    fields["runs_while_blocked"] = tuple(ClockName(name) for name in written.runs_while_blocked)
    return House(**fields)
