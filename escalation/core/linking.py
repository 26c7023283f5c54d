"""A second party beside the first: each its own escalation, and each knows of the other.

Only the first speaks with the customer. A hand-off moves the work; this leaves it where it is.
"""

from collections.abc import Iterable

from escalation.core.beside import LINKS_MAX, Link, Linked
from escalation.core.draft import Draft
from escalation.core.effects import Point, TellLinked
from escalation.core.facts import ReportLinked
from escalation.core.refusals import Refusal
from escalation.core.values import replace
from escalation.core.vocabulary import Phase, Topic


def link(draft: Draft, command: Link) -> None:
    """Another one was opened beside this: kept, and told to whoever owns this and whoever speaks with the customer.

    It hears who that is now: it was opened with whoever it was when somebody last looked here.
    """
    case = draft.case
    if not command.reason.strip():
        draft.refuse(Refusal.REASON_MISSING)
    elif case.linked_to is not None:
        draft.refuse(Refusal.LINKED_ITSELF, first=case.linked_to.reference)
    elif not command.to.startswith(f"{case.reference}."):
        draft.refuse(Refusal.NOT_LINKED, to=command.to, wanted=f"{case.reference}.2 or the like")
    elif any((known.reference, known.episode) == (command.to, command.episode) for known in case.links):
        draft.refuse(Refusal.NO_CHANGE, to=command.to)
    elif len(case.links) >= LINKS_MAX:
        draft.refuse(Refusal.TOO_MANY, linked=str(len(case.links)), limit=str(LINKS_MAX))
    else:
        new = Linked(command.to, command.episode)
        draft.case = replace(case, links=(*case.links, new))
        tell_links(draft, (new,))
        draft.notice(Point(Topic.LINKED, command.to), draft.people.owner, draft.people.customer_contact)


def report_linked(draft: Draft, command: ReportLinked) -> None:
    """What the other one says of itself. The first one's customer contact is the contact here; an end is told inside.

    It comes from outside: somebody must have vouched for it.
    """
    case, name = draft.case, (command.reference, command.episode)
    if command.standing is None or not (command.standing.verified or command.standing.trusted_claims):
        draft.refuse(Refusal.UNVERIFIED, reference=command.reference)
        return
    other = next((known for known in _all(draft) if (known.reference, known.episode) == name), None)
    if other is None:
        draft.refuse(Refusal.NOT_LINKED, reference=command.reference, episode=command.episode)
        return
    newer = command.number >= other.heard
    if other is case.linked_to and command.customer_contact and newer:
        draft.people = replace(draft.people, customer_contact=command.customer_contact)
    _keep(draft, other, replace(other, heard=max(other.heard, command.number)), command.phase)


def found_over(draft: Draft, reference: str, episode: str, phase: Phase | None) -> None:
    """Whoever was to be told turned out to be over: known from now on, so that nobody takes it for open."""
    other = next((known for known in _all(draft) if (known.reference, known.episode) == (reference, episode)), None)
    if other is not None and phase is not None:
        _keep(draft, other, other, phase)


def tell_links(draft: Draft, others: Iterable[Linked] | None = None) -> None:
    """Tell those that are still open how this one stands: all of them, or only `others`."""
    case = draft.case
    phase = draft.phase if draft.ended else None
    for other in _all(draft) if others is None else others:
        if other.phase is None:
            number, contact = draft.next_number(), draft.people.customer_contact
            draft.ask(TellLinked(number, other.reference, other.episode, case.reference, case.episode, contact, phase))


def _keep(draft: Draft, other: Linked, heard: Linked, ended: Phase | None) -> None:
    """Remember what is known of another one; owner and customer contact hear of its end, once."""
    case, now = draft.case, replace(heard, phase=other.phase or ended)
    first = now if case.linked_to is other else case.linked_to
    draft.case = replace(case, linked_to=first, links=tuple([now if known is other else known for known in case.links]))
    if ended is not None and other.phase is None:
        about = Point(Topic.LINKED_ENDED, f"{other.reference} {ended}")
        draft.notice(about, draft.people.owner, draft.people.customer_contact)


def _all(draft: Draft) -> tuple[Linked, ...]:
    first = draft.case.linked_to
    return draft.case.links if first is None else (first, *draft.case.links)
