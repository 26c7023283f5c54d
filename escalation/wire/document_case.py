"""What a filled escalation document says of the case, as triage knows facts: its numbers, and what follows from them.

Only what the form states is taken over: a number above nothing answers a question with yes; a no is only what the form
asks as yes or no.
"""

from collections.abc import Iterator

from escalation.core.case_facts import CaseFacts
from escalation.wire.document import EscalationDocument, Impact
from escalation.wire.document_fields import Nature

_BY_NATURE = {
    Nature.DEFECT: "bug-needs-code",
    Nature.INFRASTRUCTURE: "infrastructure",
    Nature.GAP: "missing-feature",
    Nature.INCIDENT: "security-breach",
    Nature.RELATIONSHIP: "account-at-risk",
    Nature.QUESTION: "specialist-question",
}
"""The question of triage that the kind of trouble answers with yes; a dispute says by itself what it is about."""


def case_of(document: EscalationDocument) -> CaseFacts:
    """The facts of the case. The exposed revenue counts as the revenue that is at stake."""
    impact = document.impact or Impact()
    breadth, depth, duration, revenue = impact.breadth, impact.depth, impact.duration, impact.revenue
    promised = document.communication.commitments if document.communication is not None else None
    exposure = revenue.exposure if revenue is not None else None
    dispute = document.dispute.amount if document.dispute is not None else None
    growing = breadth.growing if breadth is not None else None
    return CaseFacts(
        text="\n".join(filter(None, (document.title, document.narrative, document.goal, impact.effect))),
        yes=frozenset(_answered(document, impact)),
        no=frozenset({"users-growing"} if growing is False else ()),
        users=breadth.users if breadth is not None else None,
        customers=breadth.customers if breadth is not None else None,
        attempts=len(document.actions) if document.actions is not None else None,
        workaround=depth.workaround if depth is not None else None,
        began_at=duration.since if duration is not None else None,
        due_at=min((each.by for each in promised), default=None) if promised is not None else None,
        dispute=dispute.value if dispute is not None else None,
        revenue=exposure.value if exposure is not None else None,
    )


def _answered(document: EscalationDocument, impact: Impact) -> Iterator[str]:
    """The questions that the form answers with yes."""
    if document.nature in _BY_NATURE:
        yield _BY_NATURE[document.nature]
    if impact.breadth is not None and impact.breadth.growing:
        yield "users-growing"
    if impact.depth is not None and impact.depth.blocked:
        yield "fully-blocked"
    reputation, contract = impact.reputation, impact.contractual
    if reputation is not None and reputation.posts:
        yield "media-or-pr"
    if reputation is not None and reputation.reference_accounts:
        yield "reference-account"
    if contract is not None and (contract.terms_violated or (contract.penalty is not None and contract.penalty.minor)):
        yield "penalties"
