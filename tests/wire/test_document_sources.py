"""What the sources want in an escalation on paper, phrase by phrase, and in whose form it stands."""

from collections.abc import Iterable

import pytest

from escalation.wire.document_form import template
from escalation.wire.document_page import body_of
from escalation.wire.yaml_reader import read
from tests.wire.documents import ROUTES, judged, package, written
from tests.wire.test_document_form import leaves

L2, ENGINEERING, PRODUCT, SECURITY, LEADERSHIP, *_ = ROUTES


def asked(route: str) -> set[str]:
    """Every field of that route's form."""
    return {path for path, _ in leaves(read(template(package(route)).encode()).value)}


def mandatory(route: str) -> set[str]:
    """What that route's receiver cannot do without, whatever kind of trouble it is."""
    return {need.part for need in package(route).needs if need.when is None}


def in_every_form(paths: Iterable[str]) -> list[str]:
    """Those that some route's form leaves out."""
    return [f"{route}: {path}" for route in ROUTES for path in paths if path not in asked(route)]


def test_every_form_asks_for_the_fields_of_the_escalation_document() -> None:
    """From the title to the attachments; who reported it, when, and how long it waited."""
    fields = {
        "title", "severity", "route", "narrative",
        "impact.breadth.customers", "impact.breadth.names", "impact.effect", "impact.revenue.exposure.minor",
        "impact.sla",
        "actions.did", "actions.outcome",
        "communication.updated_at", "communication.update", "communication.expectation", "communication.risk",
        "request.ask", "request.what", "request.deadline",
        "attachments.name", "context.tickets", "context.threads",
        "reported.by", "reported.at", "reported.in_queue",
    }  # fmt: skip

    assert in_every_form(fields) == []


def test_engineering_is_told_how_to_see_it() -> None:
    """The steps, what should happen, what happens, and where."""
    fields = {f"reproduction.{each}" for each in ("steps", "expected", "observed", "environment")}

    assert fields <= asked(ENGINEERING)


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("is the number growing", "impact.breadth.growing"),
        ("when does it become critical", "impact.duration.critical_at"),
        ("are pipeline deals at risk", "impact.revenue.deals"),
        ("is a reference account involved", "impact.reputation.reference_accounts"),
        ("do contractual penalties apply", "impact.contractual.penalty.minor"),
        ("customers by name, where relevant", "impact.breadth.names"),
        ("internal discussion threads", "context.threads"),
        ("the goal of the customer", "goal"),
        ("promises of a time that the customer has", "communication.commitments.by"),
    ],
)
def test_what_is_often_forgotten_is_asked_in_every_form(wanted: str, path: str) -> None:
    assert in_every_form([path]) == [], wanted


@pytest.mark.parametrize(
    ("route", "parts"),
    [
        (L2, {"narrative", "actions", "context.customer"}),
        (
            ENGINEERING,
            {"reproduction.environment", "attachments", "impact.effect", "communication.commitments"},
        ),
        (PRODUCT, {"product.story", "impact.effect", "product.requests"}),
        (SECURITY, {f"security.{each}" for each in ("observations", "affected", "containment", "urgency")}),
        (
            LEADERSHIP,
            {
                "leadership.context",
                "impact.revenue.exposure",
                "actions",
                "leadership.decision",
                "request.deadline",
            },
        ),
    ],
)
def test_a_package_holds_what_its_route_lists(route: str, parts: set[str]) -> None:
    """The contents that the source names for each of the five; competition only where it is known."""
    assert parts - mandatory(route) == set()
    assert "product.competition" in asked(PRODUCT)


def test_the_hand_over_holds_the_checklist_of_six() -> None:
    """Description, steps taken, account, evidence, impact, and what the customer expects by when."""
    checklist = {
        "narrative", "actions.did", "context.customer", "attachments.at", "impact.effect", "communication.expectation",
    }  # fmt: skip

    assert in_every_form(checklist) == []


@pytest.mark.parametrize(
    ("at", "line"),
    [
        ("2026-03-01T09:40+01:00", "1. 2026-03-01 08:40 UTC: Restarted it. → Nothing."),
        ("", "1. Restarted it. → Nothing."),
    ],
)
def test_the_actions_are_a_timeline_where_their_instants_are_known(at: str, line: str) -> None:
    """A blank is a field left open, here as everywhere."""
    found = judged(written("actions", [{"did": "Restarted it.", "outcome": "Nothing.", "at": at}]))

    assert found.document is not None
    assert line in body_of(found.document, ticket="INC-7", customer="acme").splitlines()
