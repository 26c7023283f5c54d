"""Approvals that work and disappoint: a yes that cannot come, glass that is no glass, limits that climb nowhere."""

from collections.abc import Iterator
from itertools import pairwise

from escalation.core.policy import ApprovalTerms, Policy
from escalation.reports.remarks import Level, Remark
from escalation.wire.amounts import money
from escalation.wire.yaml_reader import Path

LIMITS, GLASS, HELD_UP = "limits_do_not_climb", "glass_is_no_glass", "security_waits"


def lints_of_approvals(policy: Policy) -> Iterator[Remark]:
    """Every approval of an agreement, of its routes and of what people do."""
    for path, terms in approvals(policy):
        yield from _of_glass(path, terms)
        yield from _of_limits(path, terms)
    yield from _of_security(policy)


def approvals(policy: Policy) -> Iterator[tuple[Path, ApprovalTerms]]:
    """Every yes that is asked for, and where the agreement says so."""
    for route in policy.routes:
        if route.approval is not None:
            yield ("routes", route.name, "approval"), route.approval
    for terms in policy.approvals:
        yield ("approvals", terms.kind), terms


def _of_security(policy: Policy) -> Iterator[Remark]:
    """A route to Security that waits for a yes. Source: routes, Security skips every tier, from any level, at once."""
    for route in policy.routes:
        if route.approval is not None and "security" in f"{route.name} {route.team}".casefold():
            what = f"what goes to {route.team} waits for a yes of {route.approval.approvers[0]}"
            advice = "leave the approval out: security is escalated at once, from any level"
            yield Remark(Level.WARNING, HELD_UP, ("routes", route.name, "approval"), what, advice)


def _of_glass(path: Path, terms: ApprovalTerms) -> Iterator[Remark]:
    for place, role in enumerate(terms.break_glass):
        if role in terms.approvers:
            what = f"{role} may approve it and may do it without an approval"
            advice = "let another role break the glass: whoever reviews it must be somebody else"
            yield Remark(Level.WARNING, GLASS, (*path, "break_glass", place), what, advice)


def _of_limits(path: Path, terms: ApprovalTerms) -> Iterator[Remark]:
    """An approver who is asked after another and may decide no more than they; and one who has another currency."""
    for currency in dict.fromkeys(each.limit.currency for each in terms.limits):
        for before, after in pairwise(terms.approvers):
            first, second = terms.limit_of(before, currency), terms.limit_of(after, currency)
            if first is not None and (second or 0) <= first:
                may = "nothing" if second is None else "no more"
                what = f"{after} is asked after {before} and may decide {may} in {currency}"
                yield Remark(
                    Level.WARNING, LIMITS, (*path, "limits", after), what, "raise the limit, or turn them round"
                )
        able = [role for role in terms.approvers if terms.limit_of(role, currency) is not None]
        most = max((each.limit for each in terms.limits if each.limit.currency == currency), key=lambda m: m.minor)
        if len(able) < terms.quorum:
            what = f"{terms.quorum} must agree to what is up to {money(most)}, and {len(able)} may"
            yield Remark(Level.WARNING, LIMITS, (*path, "quorum"), what, "give more approvers a limit in that currency")
