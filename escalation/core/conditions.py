"""What a rule or a weight asks of a case. An answer is yes with the evidence in words, no, or not known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from escalation.core.case_facts import FACTS_OF, Measure, Purse, Reading, Span, Trait
from escalation.core.money import Money

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_NOTHING = timedelta(0)
_DUE = "due_at"


class Known(StrEnum):
    """Whether a condition holds."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """`evidence` says why it holds; `wants` names the fact that is not known."""

    known: Known
    evidence: str = ""
    wants: str = ""


NO = Answer(Known.NO)


@lru_cache(maxsize=256)
def _unknown(wants: str) -> Answer:
    """One for each fact: a case about which little is known asks for it hundreds of times."""
    return Answer(Known.UNKNOWN, wants=FACTS_OF.get(wants, str(wants)))


@dataclass(frozen=True, slots=True)
class Ticked:
    """One of these questions was answered with yes. An unticked box is a no: nobody ticks fifty boxes."""

    questions: tuple[str, ...]

    def judge(self, reading: Reading) -> Answer:
        if reading.facts.yes.isdisjoint(self.questions):
            return NO
        ticked = (question for question in self.questions if question in reading.facts.yes)
        return Answer(Known.YES, f"answered yes: {', '.join(ticked)}")


@dataclass(frozen=True, slots=True)
class Above:
    """More than that much, exactly: 10 % of users is not more than 10 %."""

    measure: Measure
    limit: int

    def judge(self, reading: Reading) -> Answer:
        number = reading.number(self.measure)
        if number is None:
            return _unknown(self.measure)
        if number <= self.limit:
            return NO
        return Answer(Known.YES, f"{_named(self.measure, number)}, more than {self.limit}")


@dataclass(frozen=True, slots=True)
class AtLeast:
    """That much or more."""

    measure: Measure
    limit: int

    def judge(self, reading: Reading) -> Answer:
        number = reading.number(self.measure)
        if number is None:
            return _unknown(self.measure)
        if number < self.limit:
            return NO
        return Answer(Known.YES, f"{_named(self.measure, number)}, at least {self.limit}")


@dataclass(frozen=True, slots=True)
class Longer:
    """That long or longer. Physical time: opening hours are the clocks' business, once a case is escalated."""

    span: Span
    limit: timedelta

    def judge(self, reading: Reading) -> Answer:
        length = reading.span(self.span)
        if length is None:
            return _unknown(self.span)
        if length < self.limit:
            return NO
        return Answer(Known.YES, f"{self.span} for {lasting(length)}, at least {lasting(self.limit)}")


@dataclass(frozen=True, slots=True)
class DueWithin:
    """The next promise falls due within that time, or has been missed."""

    lead: timedelta

    def judge(self, reading: Reading) -> Answer:
        left = reading.left
        if left is None:
            return _unknown(_DUE)
        if left > self.lead:
            return NO
        if left < _NOTHING:
            return Answer(Known.YES, f"a promise was due {lasting(-left)} ago")
        return Answer(Known.YES, f"a promise is due in {lasting(left)}, within {lasting(self.lead)}")


@dataclass(frozen=True, slots=True)
class Missed:
    """The next promise was due and is not kept: in the instant itself it is still kept."""

    def judge(self, reading: Reading) -> Answer:
        left = reading.left
        if left is None:
            return _unknown(_DUE)
        return Answer(Known.YES, f"a promise was due {lasting(-left)} ago") if left < _NOTHING else NO


@dataclass(frozen=True, slots=True)
class Costs:
    """A dispute over the limit, or a yearly revenue of at least the limit, in the same currency (smallest unit).

    A currency without a limit is not known: nothing here exchanges money.
    """

    purse: Purse
    limits: tuple[Money, ...]

    def judge(self, reading: Reading) -> Answer:
        money = reading.money(self.purse)
        if money is None:
            return _unknown(self.purse)
        limit = next((limit.minor for limit in self.limits if limit.currency == money.currency), None)
        if limit is None:
            known = " or ".join(sorted(limit.currency for limit in self.limits))
            return _unknown(f"{self.purse} in {known}")
        told = f"{self.purse} {money.minor} {money.currency}"
        if self.purse is Purse.REVENUE:
            return Answer(Known.YES, f"{told}, at least {limit} (smallest unit)") if money.minor >= limit else NO
        return Answer(Known.YES, f"{told}, more than {limit} (smallest unit)") if money.minor > limit else NO


@dataclass(frozen=True, slots=True)
class Among:
    """The case is one of these."""

    trait: Trait
    values: tuple[str, ...]

    def judge(self, reading: Reading) -> Answer:
        value = reading.trait(self.trait)
        if value is None:
            return _unknown(self.trait)
        return Answer(Known.YES, f"{self.trait} is {value}") if value in self.values else NO


@dataclass(frozen=True, slots=True)
class Says:
    """The text holds a term of the vocabulary."""

    vocabulary: str

    def judge(self, reading: Reading) -> Answer:
        found = reading.said.get(self.vocabulary)
        if found is None:
            return NO
        more = "" if found.count == 1 else f", and {found.count - 1} more of its kind"
        return Answer(Known.YES, f"the text says {found.term!r}{more}")


@dataclass(frozen=True, slots=True)
class Feels:
    """The text feels that bad or worse (-100 is the worst)."""

    at_most: int

    def judge(self, reading: Reading) -> Answer:
        feeling = reading.feeling
        if feeling.score > self.at_most:
            return NO
        words = ", ".join(repr(word) for word in feeling.words) or "no word in particular"
        return Answer(Known.YES, f"the text feels {feeling.score} of 100, at most {self.at_most}: {words}")


@dataclass(frozen=True, slots=True)
class ByHand:
    """A person escalates it."""

    def judge(self, reading: Reading) -> Answer:
        manual = reading.facts.manual
        return NO if manual is None else Answer(Known.YES, f"{manual.by} escalates it: {manual.reason}")


Condition = Ticked | Above | AtLeast | Longer | DueWithin | Missed | Costs | Among | Says | Feels | ByHand


def all_of(conditions: Sequence[Condition], reading: Reading) -> Answer:
    """Yes when each holds; no as soon as one does not, whatever is unknown of the others."""
    unknown: Answer | None = None
    evidence = list[str]()
    for condition in conditions:
        answer = condition.judge(reading)
        if answer.known is Known.NO:
            return NO
        if answer.known is Known.UNKNOWN:
            unknown = unknown or answer
        else:
            evidence.append(answer.evidence)
    return unknown or Answer(Known.YES, "; ".join(evidence))


def lasting(length: timedelta) -> str:
    """Whole hours and minutes: "25h 10m"; seconds are left out."""
    hours, rest = divmod(length, _HOUR)
    minutes = rest // _MINUTE
    return " ".join(part for part in (f"{hours}h" * bool(hours), f"{minutes}m" * bool(minutes)) if part) or "0m"


def _named(measure: Measure, number: Fraction | int) -> str:
    """At most one decimal, cut; the comparison was exact."""
    whole, rest = divmod(number.numerator * 10 // number.denominator, 10)
    return f"{measure.replace('_', ' ')} {whole}.{rest}" if rest else f"{measure.replace('_', ' ')} {whole}"
