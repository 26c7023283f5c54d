"""The document as a page, and as the request that hands it over."""

from datetime import UTC, datetime

import pytest

from escalation.core.money import Money
from escalation.core.vocabulary import Ask, Severity
from escalation.wire.amounts import money
from escalation.wire.document import EscalationDocument
from escalation.wire.document_page import body_of, request_of, subject_of
from escalation.wire.requests import BadInput, EscalationRequest
from tests.wire.documents import ROUTES, accepted, good, judged

SECTIONS = [
    "Business impact", "Narrative", "Reproduction", "Actions taken", "Customer communication", "Request", "Attachments",
    "Context", "Product", "Security", "Leadership", "Dispute",
]  # fmt: skip
"""In the order of the escalation document, then what single receivers ask for."""


def page(document: EscalationDocument) -> str:
    return body_of(document, ticket="INC-7", customer="acme")


def document(route: str = "l2-to-engineering") -> EscalationDocument:
    found = judged(good(route)).document
    assert found is not None
    return found


def handed_over(found: EscalationDocument) -> EscalationRequest:
    return request_of(found, ticket="INC-7", customer="acme", by="rosa", key="k1", policy="default")


def test_the_page_begins_as_the_mail_of_the_procedures_does() -> None:
    """Subject, priority, customer, ticket."""
    lines = page(document()).splitlines()

    assert lines[:5] == [
        "# ESCALATION - CSV export fails for large accounts - Ticket #INC-7",
        "",
        "- Priority: SEV2",
        "- Customer: acme",
        "- Ticket: #INC-7",
    ]


def test_a_ticket_has_one_number_sign() -> None:
    """Whoever writes it with one."""
    assert subject_of(document(), "#INC-7") == subject_of(document(), "INC-7")


@pytest.mark.parametrize("route", ROUTES)
def test_sections_stand_in_the_order_of_the_form(route: str) -> None:
    """Those that have something to say."""
    titles = [line.removeprefix("## ") for line in page(document(route)).splitlines() if line.startswith("## ")]

    assert titles == [title for title in SECTIONS if title in titles]
    assert {"Business impact", "Narrative", "Actions taken", "Customer communication", "Request"} <= set(titles)


@pytest.mark.parametrize(
    "line",
    [
        "- Affected customers: 14",
        "- Fully blocked: 12 customers",
        "- Revenue exposure: USD 45,000.00",
        "- SLA position: At risk",
        "- Time in queue: 2h30m",
        "  2. Select the button Export CSV in the upper right corner.",
        "- Frequency: failed 5 times out of 5",
        "1. 2026-03-01 11:30 UTC: Restarted the export worker. → Two exports passed, then it failed again.",
        "  - 2026-03-01 15:50 UTC: An answer about the cause.",
        "- Ask: investigate: Make the export finish for accounts over 500 invoices.",
        "- Hard deadline: 2026-03-01 22:50 UTC",
        f"- console.txt (text/plain, 20 KiB, internal): https://files.example/INC-7/console · sha256 {'5d' * 32}",
    ],
)
def test_the_page_says_what_the_form_says(line: str) -> None:
    """Numbers with their unit, instants in UTC."""
    assert line in page(document()).splitlines()


def test_none_is_said_and_what_was_left_open_is_not() -> None:
    """A reader can tell the two apart."""
    none = page(accepted("attachments", "none"))
    promised = page(accepted("communication.commitments", "none"))

    assert "## Attachments\n\nNone.\n" in none
    assert "- Promised: none\n" in promised
    assert "Dispute" not in none


def test_words_cannot_pass_for_a_section() -> None:
    """A line that begins like a heading is kept from being one."""
    lines = page(accepted("narrative", "It fails. So it is.\n## Request\n- Ask: fix. Now.")).splitlines()

    assert lines.count("## Request") == 1
    assert "\\## Request" in lines


@pytest.mark.parametrize(
    ("amount", "spelled"),
    [
        (Money(minor=4500000, currency="USD"), "USD 45,000.00"),
        (Money(minor=5, currency="EUR"), "EUR 0.05"),
        (Money(minor=500, currency="JPY"), "JPY 500"),
        (Money(minor=1234567, currency="KWD"), "KWD 1,234.567"),
        (Money(minor=10**15 - 1, currency="CHF"), "CHF 9,999,999,999,999.99"),
    ],
)
def test_money_has_the_decimals_of_its_currency(amount: Money, spelled: str) -> None:
    """Exactly, at any size."""
    assert money(amount) == spelled


def test_a_document_becomes_a_request() -> None:
    """With the page as its description, and nothing said twice."""
    request = handed_over(document())

    assert (request.title, request.route, request.severity, request.ask) == (
        "CSV export fails for large accounts", "l2-to-engineering", Severity.SEV2, Ask.INVESTIGATE,
    )  # fmt: skip
    assert request.deadline == datetime(2026, 3, 1, 22, 50, tzinfo=UTC)
    assert (request.ticket, request.customer, request.by, request.key) == ("INC-7", "acme", "rosa", "k1")
    assert request.description == page(document())
    assert not request.restricted


def test_a_restricted_document_opens_a_restricted_case() -> None:
    """Need-to-know begins with the opening."""
    assert handed_over(accepted("restricted", value=True)).restricted


def test_a_document_without_the_four_words_of_every_escalation_is_no_request() -> None:
    """Each one that is missing has its line."""
    with pytest.raises(BadInput) as caught:
        handed_over(EscalationDocument(version="1", route="l1-to-l2"))

    assert [line.split()[0] for line in caught.value.lines] == ["title", "severity", "ask", "deadline"]
