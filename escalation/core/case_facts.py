"""What is known of a case when it is triaged. Everything may be unknown; what is given is a number or an answer.

Source of the dimensions: escalation document and routes, "Quantifying Business Impact": measured, never adjectives.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from escalation.core.money import Money
from escalation.core.vocabulary import Severity
from escalation.core.wording import TEXT_CHARS_MAX, Feeling, Found, Wording, tokens_of


class UrgencyClass(StrEnum):
    """How soon a case must leave support, soonest first. Source: escalation procedures, "When to Escalate"."""

    IMMEDIATE = "immediate"
    STANDARD = "standard"
    OPTIONAL = "optional"


class Workaround(StrEnum):
    """How far the customer is helped meanwhile. Source: matrix, intake form with a dropdown for it."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


class Measure(StrEnum):
    """Numbers that a rule or a weight may ask for."""

    USERS_PERCENT = "users_percent"  # users affected of all users; exact, never rounded before it is compared
    USERS = "users"
    CUSTOMERS = "customers"
    SLOWDOWN_PERCENT = "slowdown_percent"
    DIP_PERCENT = "dip_percent"  # of performance, as monitoring measures it
    REPORTS = "reports"  # independent ones of the same symptom
    ATTEMPTS = "attempts"  # to solve it
    CRITICAL_ISSUES = "critical_issues"  # that this account had before


class Span(StrEnum):
    """Times until now that a rule or a weight may ask for."""

    OPEN = "open"  # since the ticket was opened
    INACTIVE = "inactive"  # since anybody did something
    UNCLAIMED = "unclaimed"  # since the next level could have grabbed it
    LASTED = "lasted"  # since the problem began


class Trait(StrEnum):
    """What a case is one of."""

    SEGMENT = "segment"
    WORKAROUND = "workaround"
    PRIORITY = "priority"  # that the ticket has now


class Purse(StrEnum):
    """Amounts of money that a rule or a weight may ask for."""

    DISPUTE = "dispute"
    REVENUE = "revenue"  # of the account in a year


@dataclass(frozen=True, slots=True)
class Manual:
    """A person escalates, whatever the rules see. The reason is kept; route, urgency and severity may be proposed."""

    by: str
    reason: str
    route: str = ""
    urgency: UrgencyClass | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """One case. None and "" are *unknown*; a question in neither `yes` nor `no` was not answered."""

    text: str = ""
    language: str = ""
    segment: str = ""
    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    users: int | None = None
    users_total: int | None = None
    customers: int | None = None
    slowdown_percent: int | None = None
    dip_percent: int | None = None
    reports: int | None = None
    attempts: int | None = None
    critical_issues: int | None = None
    workaround: Workaround | None = None
    priority: Severity | None = None
    opened_at: datetime | None = None
    last_activity_at: datetime | None = None
    unclaimed_since: datetime | None = None
    began_at: datetime | None = None
    due_at: datetime | None = None  # the next promise to the customer
    dispute: Money | None = None
    revenue: Money | None = None
    impact: int | None = None  # 1 high to 3 low, where an intake form already says so
    urgency: int | None = None  # likewise
    manual: Manual | None = None


def _users_percent(facts: CaseFacts) -> Fraction | None:
    if facts.users is None or facts.users_total is None or facts.users_total <= 0:
        return None
    return Fraction(100 * facts.users, facts.users_total)


MEASURED: Mapping[Measure, Callable[[CaseFacts], Fraction | int | None]] = {
    Measure.USERS_PERCENT: _users_percent,
    Measure.USERS: lambda facts: facts.users,
    Measure.CUSTOMERS: lambda facts: facts.customers,
    Measure.SLOWDOWN_PERCENT: lambda facts: facts.slowdown_percent,
    Measure.DIP_PERCENT: lambda facts: facts.dip_percent,
    Measure.REPORTS: lambda facts: facts.reports,
    Measure.ATTEMPTS: lambda facts: facts.attempts,
    Measure.CRITICAL_ISSUES: lambda facts: facts.critical_issues,
}
FACTS_OF: Mapping[str, str] = {
    Measure.USERS_PERCENT: "users_total",
    Span.OPEN: "opened_at",
    Span.INACTIVE: "last_activity_at",
    Span.UNCLAIMED: "unclaimed_since",
    Span.LASTED: "began_at",
}
"""The field to fill for what is not known, where it has another name."""
_SINCE: Mapping[Span, Callable[[CaseFacts], datetime | None]] = {
    Span.OPEN: lambda facts: facts.opened_at,
    Span.INACTIVE: lambda facts: facts.last_activity_at,
    Span.UNCLAIMED: lambda facts: facts.unclaimed_since,
    Span.LASTED: lambda facts: facts.began_at,
}
_TRAITS: Mapping[Trait, Callable[[CaseFacts], str | None]] = {
    Trait.SEGMENT: lambda facts: facts.segment or None,
    Trait.WORKAROUND: lambda facts: facts.workaround,
    Trait.PRIORITY: lambda facts: facts.priority,
}


@dataclass(frozen=True)
class Reading:
    """One case at one instant, in the words of one rule book. The text is read when the first rule asks for it."""

    facts: CaseFacts
    now: datetime
    wording: Wording
    _kept: dict[str, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    def number(self, measure: Measure) -> Fraction | int | None:
        """The number that was measured; None when it was not."""
        return MEASURED[measure](self.facts)

    def span(self, span: Span) -> timedelta | None:
        """How long it has been, never less than nothing; None when the beginning is unknown."""
        since = _SINCE[span](self.facts)
        return None if since is None else max(self.now - since, timedelta(0))

    @property
    def left(self) -> timedelta | None:
        """Time until the next promise to the customer, below nothing once it is missed; None when it is unknown."""
        return None if self.facts.due_at is None else self.facts.due_at - self.now

    def trait(self, trait: Trait) -> str | None:
        """What the case is; None when nobody said."""
        return _TRAITS[trait](self.facts)

    def money(self, purse: Purse) -> Money | None:
        """The amount; None when it is unknown."""
        return self.facts.dispute if purse is Purse.DISPUTE else self.facts.revenue

    @property
    def said(self) -> dict[str, Found]:
        """What the text says, by vocabulary."""
        found = self._kept.get("said")
        if not isinstance(found, dict):
            found = self._kept["said"] = self.wording.read(self._tokens, self.facts.language)
        return found

    @property
    def feeling(self) -> Feeling:
        """How the text feels."""
        found = self._kept.get("feeling")
        if not isinstance(found, Feeling):
            found = self._kept["feeling"] = self.wording.feel(self._tokens, self.facts.language)
        return found

    @property
    def cut(self) -> bool:
        """Whether there is more text than is read."""
        return len(self.facts.text) > TEXT_CHARS_MAX

    @property
    def _tokens(self) -> list[str]:
        found = self._kept.get("tokens")
        if not isinstance(found, list):
            found = self._kept["tokens"] = tokens_of(self.facts.text)
        return found
