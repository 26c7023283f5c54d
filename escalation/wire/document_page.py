"""The document as people read it: one Markdown page in the order of the form, and the request that carries it.

Source: the mail of the escalation procedures ("ESCALATION - [brief description] - Ticket #[number]", priority,
customer, ticket) around the sections of the escalation document. What was left open is left out; "none" is said.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from escalation.wire.amounts import money
from escalation.wire.document import (
    Attachment,
    Communication,
    Context,
    Dispute,
    EscalationDocument,
    Finding,
    Impact,
    Intervention,
    Reproduction,
    UseCase,
)
from escalation.wire.document_case import case_of
from escalation.wire.document_fields import WrittenMoney
from escalation.wire.durations import spell
from escalation.wire.requests import BadInput, EscalationRequest

_KIB = 1024


def request_of(
    document: EscalationDocument, *, ticket: str, customer: str, by: str, key: str, policy: str
) -> EscalationRequest:
    """The start that hands this document over, its page as the description. Raises `BadInput` for what is missing.

    Only what every start needs is looked for; whether the receiver's package is complete is `check`'s to say.
    """
    told = told_of(document, ticket=ticket, customer=customer)
    lines = [f"{name} is missing; every escalation has one" for name, value in told.items() if value is None]
    if lines:
        raise BadInput(*lines)
    return EscalationRequest.model_validate(
        {**told, "ticket": ticket, "customer": customer, "by": by, "key": key, "policy": policy}
    )


def told_of(document: EscalationDocument, *, ticket: str, customer: str) -> dict[str, Any]:
    """What the document says of an escalation, as far as a start needs it; None for what it leaves open."""
    request = document.request
    return {
        "title": document.title,
        "severity": document.severity,
        "ask": request.ask if request is not None else None,
        "deadline": request.deadline if request is not None else None,
        "route": document.route,
        "restricted": bool(document.restricted),
        "description": body_of(document, ticket=ticket, customer=customer),
        "case": case_of(document),
    }


def subject_of(document: EscalationDocument, ticket: str) -> str:
    """One line that says what it is about."""
    return f"ESCALATION - {document.title or 'untitled'} - Ticket #{ticket.removeprefix('#')}"


def body_of(document: EscalationDocument, *, ticket: str, customer: str) -> str:
    """The whole page, in Markdown."""
    sections = (
        ("Business impact", _impact(document.impact)),
        ("Narrative", _prose(document.narrative)),
        ("Reproduction", _reproduction(document.reproduction)),
        ("Actions taken", _actions(document)),
        ("Customer communication", _communication(document.communication)),
        ("Request", _request(document)),
        ("Attachments", _attachments(document.attachments)),
        ("Context", _context(document.context, document.goal)),
        ("Product", _product(document.product)),
        ("Security", _security(document.security)),
        ("Leadership", _leadership(document.leadership)),
        ("Dispute", _dispute(document.dispute)),
    )
    page = [f"# {subject_of(document, ticket)}", "", *_head(document, ticket, customer)]
    for title, lines in sections:
        found = list(lines)
        if found:
            page += ["", f"## {title}", "", *found]
    return "\n".join(page) + "\n"


def _head(document: EscalationDocument, ticket: str, customer: str) -> Iterator[str]:
    yield from _row("Priority", document.severity)
    yield from _row("Customer", customer)
    yield from _row("Ticket", f"#{ticket.removeprefix('#')}")
    yield from _row("Routed to", document.route)
    yield from _row("Nature", document.nature)
    if document.restricted:
        yield from _row("Restricted", "only for those who need to know")
    if document.reported is not None:
        yield from _row("Reported by", document.reported.by)
        yield from _row("Reported at", _when(document.reported.at))
        waited = document.reported.in_queue
        yield from _row("Time in queue", spell(waited) if waited is not None else None)


def _impact(impact: Impact | None) -> Iterator[str]:
    if impact is None:
        return
    if impact.breadth is not None:
        breadth = impact.breadth
        yield from _row("Affected customers", breadth.customers)
        yield from _row("Share of all customers", _unit(breadth.share_percent, "%"))
        yield from _row("Affected end users", breadth.users)
        yield from _row("Among them", ", ".join(breadth.names or ()) or None)
        yield from _row("Growing", _yes(breadth.growing))
    yield from _row("Operational effect", impact.effect)
    if impact.depth is not None:
        yield from _row("Fully blocked", _unit(impact.depth.blocked, " customers"))
        yield from _row("Workaround", impact.depth.workaround)
    if impact.duration is not None:
        yield from _row("Since", _when(impact.duration.since))
        yield from _row("Critical at", _when(impact.duration.critical_at))
    if impact.revenue is not None:
        yield from _row("Revenue exposure", _money(impact.revenue.exposure))
        yield from _row("Deals waiting", impact.revenue.deals)
        yield from _row("Deals worth", _money(impact.revenue.deals_worth))
    if impact.reputation is not None:
        yield from _row("Public posts and enquiries", impact.reputation.posts)
        yield from _row("Reference accounts", impact.reputation.reference_accounts)
    yield from _row("SLA position", impact.sla.replace("_", " ").capitalize() if impact.sla is not None else None)
    if impact.contractual is not None:
        yield from _row("Contract terms violated", impact.contractual.terms_violated)
        yield from _row("Contractual penalties", _money(impact.contractual.penalty))


def _reproduction(found: Reproduction | None) -> Iterator[str]:
    if found is None:
        return
    yield from _row("Baseline", found.baseline)
    if found.steps is not None:
        yield "- Steps:"
        yield from (f"  {number}. {step}" for number, step in enumerate(found.steps, start=1))
    yield from _list("Inputs", found.inputs)
    yield from _row("Expected", found.expected)
    yield from _row("Observed", found.observed)
    yield from _row("Environment", found.environment)
    if found.frequency is not None:
        failed, tried = found.frequency.failed, found.frequency.tried
        if failed is not None:
            yield from _row("Frequency", f"failed {failed} times" + ("" if tried is None else f" out of {tried}"))
        yield from _row("Condition", found.frequency.condition)
    yield from _list("Evidence", found.evidence)
    yield from _list("Ruled out", found.eliminations)


def _actions(document: EscalationDocument) -> Iterator[str]:
    if document.actions == ():
        yield "None."
    for number, each in enumerate(document.actions or (), start=1):
        done = _joined(_when(each.at), each.did)
        yield f"{number}. {done} → {each.outcome}"


def _communication(found: Communication | None) -> Iterator[str]:
    if found is None:
        return
    yield from _row("Last update", _joined(_when(found.updated_at), found.update))
    yield from _row("Customer expects", found.expectation)
    promised = found.commitments
    yield from _list("Promised", None if promised is None else [f"{_when(each.by)}: {each.what}" for each in promised])
    yield from _row("Further-escalation risk", found.risk)


def _request(document: EscalationDocument) -> Iterator[str]:
    if document.request is not None:
        ask = document.request.ask
        yield from _row("Ask", _joined(ask.replace("_", " ") if ask is not None else None, document.request.what))
        yield from _row("Hard deadline", _when(document.request.deadline))


def _attachments(found: tuple[Attachment, ...] | None) -> Iterator[str]:
    if found == ():
        yield "None."
    for each in found or ():
        size = f"{each.bytes} B" if each.bytes < _KIB else f"{each.bytes / _KIB:.0f} KiB"
        yield f"- {each.name} ({each.media_type}, {size}, {each.visibility}): {each.at} · sha256 {each.sha256}"


def _context(found: Context | None, goal: str | None) -> Iterator[str]:
    yield from _row("Customer’s goal", goal)
    if found is not None:
        yield from _row("Customer", found.customer)
        yield from _list("Tickets", found.tickets)
        yield from _list("Links", found.links)
        yield from _list("Internal threads", found.threads)


def _product(found: UseCase | None) -> Iterator[str]:
    if found is None:
        return
    yield from _prose(found.story)
    if found.requests is not None:
        over = "" if found.over_days is None else f" over {found.over_days} days"
        yield from _row("Requested", f"{found.requests} times{over}")
    yield from _row("Competition", found.competition)
    yield from _row("Deals that depend on it", found.deals)


def _security(found: Finding | None) -> Iterator[str]:
    if found is None:
        return
    yield from _list("Observations", found.observations)
    yield from _list("Affected", found.affected)
    yield from _list("Contained so far", found.containment)
    yield from _row("Urgency", found.urgency)


def _leadership(found: Intervention | None) -> Iterator[str]:
    if found is None:
        return
    yield from _prose(found.context)
    yield from _row("Decision", found.decision)
    yield from _list("Options", found.options)


def _dispute(found: Dispute | None) -> Iterator[str]:
    if found is None:
        return
    yield from _row("Claim", found.claim)
    yield from _row("Amount", _money(found.amount))
    yield from _list("Papers", found.papers)


def _row(label: str, value: object | None) -> Iterator[str]:
    if value is not None:
        yield f"- {label}: {value}"


def _list(label: str, lines: Iterable[str] | None) -> Iterator[str]:
    if lines is None:
        return
    found = list(lines)
    yield f"- {label}:" if found else f"- {label}: none"
    yield from (f"  - {each}" for each in found)


def _prose(text: str | None) -> Iterator[str]:
    # A line that begins with "#" would pass for a section of the form.
    for each in (text or "").splitlines():
        yield f"\\{each}" if each.startswith("#") else each


def _when(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _money(amount: WrittenMoney | None) -> str | None:
    return None if amount is None else money(amount.value)


def _yes(given: bool | None) -> str | None:  # noqa: FBT001  # a field of the form
    return None if given is None else "yes" if given else "no"


def _unit(number: int | None, unit: str) -> str | None:
    return None if number is None else f"{number}{unit}"


def _joined(*parts: str | None) -> str | None:
    return ": ".join(part for part in parts if part is not None) or None
