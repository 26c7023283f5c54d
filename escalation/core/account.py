"""What is known of the customer's account, and what of it a case takes over. What the case itself says goes first."""

from datetime import date, timedelta
from enum import StrEnum

from escalation.core.case_facts import CaseFacts
from escalation.core.money import Money
from escalation.core.values import dataclass
from escalation.core.vocabulary import Severity

REFERENCE_QUESTION = "reference-account"
"""The question of triage that an account's flag answers."""


class Flag(StrEnum):
    """What makes an account special. The first two are kinds of customer as well, ahead of the account's tier.

    Source: ticket escalation process, VIPs and strategic partners; routes, reference accounts.
    """

    VIP = "vip"
    STRATEGIC = "strategic-partner"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class ContractTarget:
    """What the account's contract promises for a severity: time to resolve, every hour counted."""

    severity: Severity
    resolution: timedelta


@dataclass(frozen=True, slots=True)
class Account:
    """One customer's account. "" and None are unknown. `revenue` is that of a year, `critical_issues` those so far."""

    customer: str
    tier: str = ""  # a kind of customer, as agreements name segments
    plan: str = ""
    revenue: Money | None = None
    critical_issues: int | None = None
    flags: tuple[Flag, ...] = ()
    renewal: date | None = None
    targets: tuple[ContractTarget, ...] = ()
    contact: str = ""  # the person who speaks with this customer

    @property
    def segments(self) -> tuple[str, ...]:
        """The kinds of customer that this account is one of, the weightiest first."""
        return (*(flag for flag in (Flag.VIP, Flag.STRATEGIC) if flag in self.flags), *filter(None, (self.tier,)))


def told(account: Account) -> str:
    """The account in one line, without amounts: the line goes into the log."""
    parts = [
        ", ".join(account.segments),
        f"plan {account.plan}" if account.plan else "",
        f"critical issues so far: {account.critical_issues}" if account.critical_issues is not None else "",
        "reference" if Flag.REFERENCE in account.flags else "",
        f"renews on {account.renewal.isoformat()}" if account.renewal else "",
    ]
    return "; ".join(filter(None, parts)) or "nothing but its name"


def segment_among(known: frozenset[str], named: str, account: Account | None) -> str:
    """The kind of customer: as `named`, else the account's first that is among the `known`; "" when there is none."""
    if named or account is None:
        return named
    return next((segment for segment in account.segments if segment in known), "")


def with_account(case: CaseFacts, account: Account) -> dict[str, object]:
    """The facts that the case leaves open and the account knows, by their field.

    The contract's target makes a promise when it is known when the ticket was opened and what priority it has.
    """
    found: dict[str, object] = {}
    if case.revenue is None and account.revenue is not None:
        found["revenue"] = account.revenue
    if case.critical_issues is None and account.critical_issues is not None:
        found["critical_issues"] = account.critical_issues
    if Flag.REFERENCE in account.flags and REFERENCE_QUESTION not in case.no:
        found["yes"] = case.yes | {REFERENCE_QUESTION}
    target = next((target for target in account.targets if target.severity is case.priority), None)
    if case.due_at is None and case.opened_at is not None and target is not None:
        found["due_at"] = case.opened_at + target.resolution
    return found
