"""A filled form as facts of triage: its numbers, and nothing that it does not say."""

from datetime import UTC, datetime

from escalation.core.case_facts import CaseFacts, Workaround
from escalation.core.money import Money
from escalation.wire.document import EscalationDocument
from escalation.wire.document_case import case_of
from escalation.wire.document_check import read_document
from escalation.wire.document_form import SAMPLED_AT, sample
from escalation.wire.packages import shipped


def document(**fields: object) -> EscalationDocument:
    return EscalationDocument.model_validate({"version": "1", "route": "l2-to-engineering", **fields})


def test_the_numbers_of_a_form_become_facts() -> None:
    """Of breadth, depth, duration and revenue, and the next promise to the customer."""
    found = case_of(
        document(
            title="Exports fail",
            nature="defect",
            impact={
                "breadth": {"customers": 14, "users": 900, "growing": True},
                "depth": {"blocked": 12, "workaround": "partial"},
                "duration": {"since": "2026-01-12T08:40+01:00"},
                "revenue": {"exposure": {"minor": 4500000, "currency": "USD"}},
                "reputation": {"posts": 1, "reference_accounts": 1},
                "contractual": {"terms_violated": 1},
            },
            actions=[{"did": "Restarted it.", "outcome": "Nothing."}],
            communication={
                "commitments": [
                    {"what": "A fix.", "by": "2026-01-12T18:00Z"},
                    {"what": "A word.", "by": "2026-01-12T14:00Z"},
                ]
            },
            dispute={"amount": {"minor": 5, "currency": "EUR"}},
        )
    )

    assert found == CaseFacts(
        text="Exports fail",
        yes=frozenset(
            {"bug-needs-code", "users-growing", "fully-blocked", "media-or-pr", "reference-account", "penalties"}
        ),
        users=900,
        customers=14,
        attempts=1,
        workaround=Workaround.PARTIAL,
        began_at=datetime(2026, 1, 12, 7, 40, tzinfo=UTC),
        due_at=datetime(2026, 1, 12, 14, tzinfo=UTC),
        dispute=Money(5, "EUR"),
        revenue=Money(4500000, "USD"),
    )


def test_what_a_form_leaves_open_stays_unknown() -> None:
    """And a number of nothing is no answer, but a no is one."""
    assert case_of(document()) == CaseFacts()
    assert case_of(document(nature="dispute")) == CaseFacts()
    nothing = {
        "breadth": {"growing": False},
        "depth": {"blocked": 0},
        "reputation": {"posts": 0, "reference_accounts": 0},
        "contractual": {"terms_violated": 0, "penalty": {"minor": 0, "currency": "EUR"}},
    }
    assert case_of(document(impact=nothing, communication={"commitments": "none"}, actions="none")) == CaseFacts(
        no=frozenset({"users-growing"}), attempts=0
    )


def test_the_sample_of_every_route_is_a_case() -> None:
    """Whatever the form asks for."""
    for route in shipped().routes:
        package = shipped().of(route)
        assert package is not None
        found = case_of(read_document(sample(package, SAMPLED_AT).encode(), shipped(), SAMPLED_AT))
        assert found.text
