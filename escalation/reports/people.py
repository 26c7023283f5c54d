"""Whether the people whom an agreement names are there: known, reachable, and allowed to do what is asked of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from escalation.core import whom
from escalation.core.facts import Found
from escalation.core.policy import Policy, Route, Step
from escalation.core.vocabulary import Channel
from escalation.reports.agreed import Agreed
from escalation.reports.approvers import approvals
from escalation.reports.remarks import Level, Remark
from escalation.wire.yaml_reader import Path

UNREACHABLE, MAY_NOT_APPROVE, NO_BACKUP, NO_FALLBACK = (
    "unreachable_contact",
    "may_not_approve",
    "no_backup",
    "no_fallback",
)


class Directory(Protocol):
    """Who is behind a name now."""

    def find(self, name: str, at: datetime) -> Found: ...


def lints_of_people(agreed: Agreed, at: datetime, directory: Directory | None) -> Iterator[Remark]:
    """Contacts as far as the agreement alone can tell; with a directory, as far as it knows them."""
    yield from _approvers(agreed.policy)
    if directory is None:
        return
    known: dict[str, Found] = {}
    for path, name in _contacts(agreed):
        found = known.setdefault(name, _found(directory, name, at))
        yield from _contact(path, name, found)
    yield from _channels(agreed.policy, known)
    yield from _approving_people(agreed.policy, known)


def _found(directory: Directory, name: str, at: datetime) -> Found:
    """Who is behind it; whoever depends on an escalation's own owner or customer is taken for reachable."""
    if whom.placed(name, "", "") != name:
        return Found(name, name, tuple(Channel), name, tuple(Channel))
    return directory.find(name, at)


def _approvers(policy: Policy) -> Iterator[Remark]:
    """Whoever opens or receives an escalation may not be the one who says yes to it."""
    own = {segment.customer_contact for segment in policy.segments} | {policy.house.customer_contact}
    for route in policy.routes:
        for path, role in _asked_by(route):
            first = policy.chain(route.chain).steps[0]
            if role in own:
                what = f"{role} speaks with the customer for the sender, and nobody approves their own request"
                yield Remark(Level.ERROR, MAY_NOT_APPROVE, path, what, "name another role")
            elif role == first.contact:
                what = f"{role} is the first whom the approved escalation asks"
                yield Remark(Level.WARNING, MAY_NOT_APPROVE, path, what, "let another role approve what it receives")


def _asked_by(route: Route) -> Iterator[tuple[Path, str]]:
    """The approvers of a route, and where each stands."""
    for place, role in enumerate(route.approval.approvers if route.approval is not None else ()):
        yield ("routes", route.name, "approval", "approvers", place), role


def _asked(path: Path, step: Step) -> Iterator[tuple[Path, str]]:
    yield (*path, "contact"), step.contact
    for place, one in enumerate(step.also):
        yield (*path, "also", place, "contact"), one.contact


def _contacts(agreed: Agreed) -> Iterator[tuple[Path, str]]:
    policy, house = agreed.policy, agreed.policy.house
    yield ("house", "fallback"), house.fallback
    yield ("house", "managers"), house.managers
    yield ("house", "executive"), house.executive
    yield ("house", "customer_contact"), house.customer_contact
    for place, name in enumerate(house.stakeholders):
        yield ("house", "stakeholders", place), name
    for segment in policy.segments:
        if segment.customer_contact is not None:
            yield ("segments", segment.name, "customer_contact"), segment.customer_contact
    for chain in policy.chains:
        for place, step in enumerate(chain.steps):
            yield from _asked(("chains", chain.name, "steps", place), step)
    for path, terms in approvals(policy):
        for field, roles in (("approvers", terms.approvers), ("break_glass", terms.break_glass)):
            yield from (((*path, field, place), role) for place, role in enumerate(roles))
    for place in range(agreed.count("matrix")):
        if name := agreed.word("matrix", place, "contact"):
            yield ("matrix", place, "contact"), name


def _contact(path: Path, name: str, found: Found) -> Iterator[Remark]:
    reached = found.contact is not None or found.backup is not None
    if not reached:
        paper = path[0] == "matrix"  # the matrix is for reading: nobody is asked because of it
        is_fallback = path == ("house", "fallback")
        what = f"{name} cannot be reached: {found.why or 'nobody is known by that name'}"
        if is_fallback:
            what = f"{what}; when a chain reaches nobody, nobody is left"
        yield Remark(
            Level.WARNING if paper else Level.ERROR,
            NO_FALLBACK if is_fallback else UNREACHABLE,
            path,
            what,
            "correct the name, or add them to the directory with an address",
        )
    elif found.backup is None and path[0] == "chains":
        what, advice = f"{name} has no backup who can be reached", "give the role a backup in the directory"
        yield Remark(Level.WARNING, NO_BACKUP, path, what, advice)


def _channels(policy: Policy, known: dict[str, Found]) -> Iterator[Remark]:
    """People whom a severity can reach on none of its channels."""
    for chain in policy.chains:
        for place, step in enumerate(chain.steps):
            found = known[step.contact]
            usable = {*found.channels, *found.backup_channels}
            deaf = [
                terms.severity
                for terms in policy.terms
                if usable and not usable & {each.channel for each in terms.reach}
            ]
            if deaf:
                what = f"{step.contact} has none of the channels of {', '.join(deaf)}"
                path = ("chains", chain.name, "steps", place, "contact")
                yield Remark(Level.ERROR, UNREACHABLE, path, what, "add an address, or a channel to the severity")


def _approving_people(policy: Policy, known: dict[str, Found]) -> Iterator[Remark]:
    """The same person under two roles."""
    desk = known[policy.house.customer_contact]
    opening = {person for person in (desk.contact, desk.backup) if person is not None}
    for route in policy.routes:
        for path, role in _asked_by(route):
            approving = {person for person in (known[role].contact, known[role].backup) if person is not None}
            if approving and approving <= opening and role != policy.house.customer_contact:
                what = f"{role} is {', '.join(sorted(approving))}, who also speaks with the customer for the sender"
                yield Remark(Level.ERROR, MAY_NOT_APPROVE, path, what, "let somebody else hold the role")
