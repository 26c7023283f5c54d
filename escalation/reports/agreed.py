"""An agreement as reports read it: the frozen one that clocks follow, and beside it what its file says to people.

Clocks need no definitions, no matrix and no summary, so the frozen agreement has none. They are read from the file's
own text, which freezing has checked; a part that an agreement leaves out is empty here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from escalation.core.hours import Days
from escalation.core.policy import Cadence, Policy, Target, Terms
from escalation.core.vocabulary import Channel, Severity
from escalation.wire.durations import spell, spell_days
from escalation.wire.yaml_reader import Document, Path, Plain

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Agreed:
    """One agreement: frozen, and as written."""

    policy: Policy
    document: Document

    @property
    def title(self) -> str:
        """Its name and version."""
        return f"{self.policy.name} {self.policy.version}"

    def said(self, *path: str | int) -> Plain | None:
        """What the file says at a path; None where it says nothing."""
        found: Plain | None = self.document.value
        for part in path:
            if isinstance(found, dict) and isinstance(part, str):
                found = found.get(part)
            elif isinstance(found, list) and isinstance(part, int) and part < len(found):
                found = found[part]
            else:
                return None
        return found

    def word(self, *path: str | int) -> str:
        """What the file says at a path, on one line; "" where it says nothing."""
        found = self.said(*path)
        return "" if found is None or isinstance(found, list | dict) else " ".join(str(found).split())

    def sentences(self, *path: str | int) -> tuple[str, ...]:
        """The list of texts at a path, or the one text; empty where the file says nothing."""
        found = self.said(*path)
        if isinstance(found, list):
            return tuple(self.word(*path, place) for place in range(len(found)))
        return (self.word(*path),) if found is not None and not isinstance(found, dict) else ()

    def count(self, *path: str | int) -> int:
        """How many entries the list at a path has."""
        found = self.said(*path)
        return len(found) if isinstance(found, list) else 0


def length(amount: timedelta, days: Days | None = None) -> str:
    """A length as people read it: "8h", or the working days that it is written in."""
    return spell_days(days) if days is not None else spell(amount)


def target(promise: Target | None) -> str:
    """A promise as people read it: "8h (goal 4h), office hours"."""
    if promise is None:
        return NOTHING
    goal = ""
    if promise.goal is not None or promise.goal_days is not None:
        goal = f" (goal {length(promise.goal or timedelta(0), promise.goal_days)})"
    return f"{length(promise.limit, promise.limit_days)}{goal}{_hours(promise.calendar)}"


def cadence(promise: Cadence | None) -> str:
    """A promise that repeats: "every 8h, office hours", or of working days "same time next business day"."""
    if promise is None:
        return NOTHING
    every = "" if promise.every_days is not None else "every "
    return f"{every}{length(promise.every, promise.every_days)}{_hours(promise.calendar)}"


def warnings(promise: Target | None) -> str:
    """When people are warned before a limit."""
    if promise is None or not promise.leads:
        return NOTHING
    return f"{', '.join(spell(lead) for lead in promise.leads)} before"


def channels(terms: Terms) -> str:
    """How people of a severity are paged, in order."""
    reach = (f"{each.channel}{f' after {spell(each.after)}' if each.after else ''}" for each in terms.reach)
    return ", ".join(reach)


def promises(policy: Policy) -> Iterator[tuple[Path, Severity, str, Target]]:
    """Every target with an end: where it stands, its severity, and what people call it."""
    for terms in policy.terms:
        for name, promise in (("response", terms.response), ("resolution", terms.resolution)):
            if promise is not None:
                yield ("terms", terms.severity, name), terms.severity, name, promise
    for route in policy.routes:
        for tier in route.promises:
            for name, promise in (("response", tier.response), ("resolution", tier.resolution)):
                if promise is not None:
                    yield (
                        ("routes", route.name, "promises", tier.severity, name),
                        tier.severity,
                        f"{route.name}’s {name}",
                        promise,
                    )


def cadences(terms: Terms) -> Iterator[tuple[str, Cadence]]:
    """The promises of a severity that repeat, with their names in the file."""
    named = (
        ("check_in", terms.check_in),
        ("customer_update", terms.customer_update),
        ("stakeholder_update", terms.stakeholder_update),
        ("war_room", terms.war_room),
    )
    for name, promise in named:
        if promise is not None:
            yield name, promise


def interrupts(terms: Terms) -> bool:
    """Whether somebody who is paged notices it without looking."""
    return any(each.channel in (Channel.SMS, Channel.VOICE) for each in terms.reach)


def _hours(calendar: str) -> str:
    return f", {calendar} hours" if calendar else ""
