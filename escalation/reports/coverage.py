"""Hours at which no promise counts: a calendar is shut, and nothing round the clock makes up for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalation.core.hours import Calendar, spans
from escalation.core.policy import Policy, Terms
from escalation.core.vocabulary import Severity
from escalation.reports.agreed import cadences
from escalation.reports.remarks import Level, Remark

LOOKED_AHEAD = timedelta(days=366)
GAP_WORTH_A_WARNING = timedelta(days=5)
"""Longer than a weekend with a holiday at each end: nobody plans for that."""
URGENT = (Severity.SEV1, Severity.SEV2)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time in which all of some calendars are shut."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.end - self.start


def longest_gap(calendars: tuple[Calendar, ...], at: datetime) -> Gap | None:
    """The longest time in the year after `at` at which none of the calendars is open; None when one always is."""
    end = at + LOOKED_AHEAD
    opened = sorted(
        (span.start, span.end) for calendar in calendars for span in _until(calendar, at, end) if span.start < span.end
    )
    longest, reached = None, at
    for start, close in [*opened, (end, end)]:
        if start > reached and (longest is None or start - reached > longest.length):
            longest = Gap(reached, start)
        reached = max(reached, close)
    return longest


def lints_of_hours(policy: Policy, at: datetime, name: str) -> Iterator[Remark]:
    """Severities and chains at which, at some hour of the next year, nothing counts. `name` is the lint's own."""
    for terms in policy.terms:
        yield from _remarks(policy, _calendars_of(terms), at, name, ("terms", terms.severity), terms.severity)
    for chain in policy.chains:
        named = frozenset(step.calendar for step in chain.steps)
        yield from _remarks(policy, named, at, name, ("chains", chain.name), None)


def _remarks(
    policy: Policy, named: frozenset[str], at: datetime, name: str, path: tuple[str, ...], severity: Severity | None
) -> Iterator[Remark]:
    if "" in named or not named:
        return  # something counts every hour
    gap = longest_gap(tuple(found for each in sorted(named) if (found := policy.calendar(each)) is not None), at)
    if gap is None:
        return
    counted = "no window of it counts" if severity is None else "none of its promises counts"
    shut = f"for up to {_hours(gap.length)}, from {gap.start:%Y-%m-%d %H:%M} to {gap.end:%Y-%m-%d %H:%M} UTC"
    urgent = severity in URGENT or gap.length > GAP_WORTH_A_WARNING
    yield Remark(
        Level.WARNING if urgent else Level.NOTE, name, path, f"{counted} {shut} ({', '.join(sorted(named))} hours)",
        "let one of them count every hour, if somebody is there",
    )  # fmt: skip


def _calendars_of(terms: Terms) -> frozenset[str]:
    """The calendars by which a severity's promises count; "" is every hour."""
    targets = (terms.response, terms.resolution)
    named = {promise.calendar for promise in targets if promise is not None}
    return frozenset(named | {promise.calendar for _, promise in cadences(terms)})


def _until(calendar: Calendar, at: datetime, end: datetime) -> Iterator[Gap]:
    for span in spans(calendar, at):
        if span.start >= end:
            return
        yield Gap(span.start, min(span.end, end))


def _hours(amount: timedelta) -> str:
    return f"{amount.total_seconds() / 3600:g} hours"
