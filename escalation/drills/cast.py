"""Who plays whom, from an agreement and a directory: the people of a route are those whom its chain would ask."""

from collections.abc import Sequence
from datetime import datetime

from escalation.adapters.asking import Asking
from escalation.core import whom
from escalation.core.effects import FindContacts
from escalation.core.policy import Policy
from escalation.drills.pure import Company
from escalation.drills.script import ASK, Cast

ROUTES_MAX = 3
"""Routes that groups stand for: the first ones of the agreement that take such an ask without an approval."""


class NoCastError(ValueError):
    """Nobody is there to play. One line."""


def cast_of(policy: Policy, company: Company, customers: Sequence[str], at: datetime) -> Cast:
    """The cast, as of an instant. Raises `NoCastError` when a route has nobody or there is no customer."""
    routes = [route for route in policy.routes if route.approval is None and ASK in route.asks][:ROUTES_MAX]
    opener = company.find(policy.house.customer_contact, at).contact
    before = (opener or "", customers[0] if customers else "")
    people = {route.name: _people(policy, company, route.chain, at, *before) for route in routes}
    empty = next((route for route, found in people.items() if not found), None)
    if empty is not None or not people:
        raise NoCastError(f"policy {policy.name!r}: nobody is on route {empty!r}; complete the directory")
    if opener is None or not customers:
        missing = "a customer" if opener else f"{policy.house.customer_contact!r}"
        raise NoCastError(f"{missing} is missing in the directory; add it there")
    return Cast(opener, tuple(customers), people)


def _people(policy: Policy, company: Company, chain: str, at: datetime, opener: str, customer: str) -> tuple[str, ...]:
    """Everybody whom the chain would ask first, and their backups, while the opener owns it."""
    steps = policy.chain(chain).steps
    asked = tuple(name for step in steps for name in (step.contact, *(also.contact for also in step.also)))
    names = tuple(whom.placed(name, opener, customer) for name in asked)
    found = Asking(company).behind(FindContacts(0, "step", names), at)
    return tuple(dict.fromkeys(name for one in found for name in (one.contact, one.backup) if name is not None))
