"""What another agreement may not take away from an open escalation: the yes that something needs.

Nobody has to agree to an adoption, so it must not be a way around those who have to agree to something else.
"""

from escalation.core.policy import ApprovalTerms, Policy, Route
from escalation.core.values import replace
from escalation.core.vocabulary import ApprovalKind


def no_looser(before: Policy, after: Policy) -> Policy:
    """The agreement `after`, with the terms of `before` wherever its own would ask for less, or for nobody's yes."""
    kinds = dict.fromkeys(terms.kind for terms in (*after.approvals, *before.approvals))
    approvals = tuple(found for kind in kinds if (found := _of_kind(before, after, kind)) is not None)
    routes = tuple(_of_route(before, route) for route in after.routes)
    return replace(after, approvals=approvals, routes=routes)


def _of_kind(before: Policy, after: Policy, kind: ApprovalKind) -> ApprovalTerms | None:
    return _stricter(before.approval(kind), after.approval(kind))


def _of_route(before: Policy, route: Route) -> Route:
    known = before.route(route.name)
    return route if known is None else replace(route, approval=_stricter(known.approval, route.approval))


def _stricter(before: ApprovalTerms | None, after: ApprovalTerms | None) -> ApprovalTerms | None:
    """What is asked for from now on: what comes after, unless that lets more people do more, or fewer of them."""
    if before is None:
        return after
    return before if after is None or _looser(before, after) else after


def _looser(before: ApprovalTerms, after: ApprovalTerms) -> bool:
    more_people = not set(before.approvers).issuperset(after.approvers)
    more_glass = not set(before.break_glass).issuperset(after.break_glass)
    more_money = any(each.limit.minor > (before.limit_of(each.role, each.limit.currency) or 0) for each in after.limits)
    silence = after.on_expiry == "open" and before.on_expiry != "open"
    return more_people or more_glass or more_money or silence or after.quorum < before.quorum
