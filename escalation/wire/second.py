"""A second party beside an escalation: who is brought in, and the opening that this makes of the first one."""

from datetime import datetime
from typing import NamedTuple

from escalation.core.beside import Linked
from escalation.core.vocabulary import Ask, Severity
from escalation.wire import requests
from escalation.wire.messages import View
from escalation.wire.requests import BadInput, EscalationRequest


class SecondParty(NamedTuple):
    """Who is brought in beside the first, and for what. What is None is as in the first escalation.

    `reason` says why, and is the title unless there is one: `title` and `description` are words, kept apart.
    """

    route: str
    ask: Ask
    reason: str
    deadline: datetime | None = None
    severity: Severity | None = None
    title: str | None = None
    description: str = ""
    restricted: bool = False


def request_of(first: View, second: SecondParty, reference: str, *, by: str, key: str) -> EscalationRequest:
    """What is asked for when the second party is brought in under that reference. Raises `BadInput`."""
    title = second.title or second.reason
    if len(title) > requests.TITLE_CHARS_MAX and second.title is None:
        title = title[: requests.TITLE_CHARS_MAX - 1] + "…"
    if len(reference) > requests.REFERENCE_CHARS_MAX:
        raise BadInput(f"reference {reference!r} has over {requests.REFERENCE_CHARS_MAX} characters; link another")
    return EscalationRequest(
        ticket=first.ticket,
        title=title,
        description=second.description,
        route=second.route,
        severity=second.severity or first.severity,
        ask=second.ask,
        customer=first.customer,
        deadline=second.deadline or first.deadline,
        by=by,
        key=key,
        restricted=first.restricted or second.restricted,
        segment=first.segment,
        policy=first.policy,
        reference=reference,
        linked_to=Linked(first.reference, first.episode),
        customer_contact=first.customer_contact,
    )
