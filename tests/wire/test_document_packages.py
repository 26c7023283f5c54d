"""What each receiver needs: every mandatory part is missed by its name, with the reason, and nothing else is."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

import escalation
from escalation.core.vocabulary import Ask, Channel
from escalation.wire.packages import NEEDS_MAX, Missing, Need, missing, read_packages, shipped
from escalation.wire.policy import freeze
from escalation.wire.policy_file import ROUTES_MAX
from escalation.wire.yaml_reader import FaultyFileError, read
from tests.wire.documents import ENGINEERING, NOW, ROUTES, accepted, faults, good, judged, package, written

NEEDS = [(route, need) for route in ROUTES for need in package(route).needs]

OWN = """version: "1"
every:
  - {part: title, why: it is the first thing seen, source: ours}
packages:
  to-night-shift:
    receiver: Night shift
    asks: [fix]
    needs:
      - {part: goal, why: nobody can be asked at night, source: ours}
"""


def refused(source: str) -> tuple[str, ...]:
    with pytest.raises(FaultyFileError) as caught:
        read_packages(source.encode())
    return tuple(str(fault) for fault in caught.value.faults)


@pytest.mark.parametrize(("route", "need"), NEEDS, ids=[f"{route}-{need.part}" for route, need in NEEDS])
def test_each_mandatory_part_is_missed_with_its_reason(route: str, need: Need) -> None:
    """That part alone, in a document that is complete otherwise."""
    assert faults(need.part, None, route) == (f"{need.part}: this is missing; {need.why}",)


def test_the_five_routes_and_the_three_destinations_have_a_package() -> None:
    """A house may write more of them."""
    assert ROUTES == (
        "l1-to-l2", "l2-to-engineering", "l2-to-product", "any-to-security", "any-to-leadership",
        "any-to-customer-success", "any-to-finance", "any-to-legal",
    )  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_a_deadline_is_mandatory_on_every_route(route: str) -> None:
    """Urgency without a time is ambiguous. So are an escalation without a title, a severity or an ask."""
    always = {need.part for need in package(route).needs if need.when is None}

    assert {"title", "severity", "request.ask", "request.deadline"} <= always


def test_engineering_needs_the_seven_rules_of_a_reproduction_for_a_defect() -> None:
    """Baseline, exact actions, literal inputs, environment, frequency, evidence, eliminations."""
    rules = ("baseline", "steps", "inputs", "environment", "frequency", "evidence", "eliminations")
    document = written("reproduction", None)

    missed = {fault.path.split(".")[1] for fault in judged(document).faults}
    assert {*rules, "expected", "observed"} == missed


def test_an_outage_needs_no_reproduction() -> None:
    """Only the environment it happens in."""
    document = {**good(), "nature": "infrastructure"}
    document["reproduction"] = {"environment": "EU region, version 4.12"}

    assert judged(document).ready


def test_the_nature_is_understood_in_any_spelling_before_anything_else_is() -> None:
    """So what a defect needs is told together with the mistakes."""
    document = {**good(), "nature": "Defect", "colour": "red"}
    del document["reproduction"]["steps"]

    assert {fault.path for fault in judged(document).faults} == {"colour", "reproduction.steps"}


def test_leadership_needs_context_revenue_actions_one_decision_and_a_deadline() -> None:
    """The business context is told, and its impact is measured."""
    parts = {need.part for need in package("any-to-leadership").needs}

    assert {
        "leadership.context", "leadership.decision", "impact.revenue.exposure", "actions", "request.deadline",
    } <= parts  # fmt: skip


def test_security_needs_little() -> None:
    """It goes out at once, from any level: what was seen, who is affected, what was contained, how urgent it is."""
    own = [need.part for need in package("any-to-security").needs if need.part.startswith("security")]

    assert own == ["security.observations", "security.affected", "security.containment", "security.urgency"]
    assert len(package("any-to-security").needs) == min(len(package(route).needs) for route in ROUTES)


def test_missing_parts_of_a_document_are_listed_at_once() -> None:
    """In the order of the package; an answer of none is an answer."""
    document = accepted("attachments", "none", "l1-to-l2")

    found = missing(document, package())

    assert Missing("impact.sla", "a promise that is broken already outranks one at risk") not in found
    assert [each.path for each in found if each.path.startswith("reproduction")] == [
        need.part for need in package().needs if need.part.startswith("reproduction")
    ]
    assert "attachments" not in {each.path for each in found}
    assert str(found[0]) == "reproduction.environment: this is missing; most faults show in one environment only"


def test_the_default_agreement_takes_the_same_asks() -> None:
    """On every route that both know: what is checked here is what the opening judges."""
    source = (Path(escalation.__file__).parent / "policies" / "default.yaml").read_bytes()
    settles = {channel: timedelta(seconds=60) for channel in Channel}
    routes = freeze(read(source), NOW, settles).routes

    both = {route.name: route.asks for route in routes if route.name in ROUTES}
    assert {name: set(asks) for name, asks in both.items()} == {name: set(package(name).asks) for name in both}
    assert len(both) >= 5


def test_each_ask_has_its_owners() -> None:
    """An exception is not Engineering's to approve."""
    assert shipped().taking(Ask.APPROVE_EXCEPTION) == ("any-to-leadership", "any-to-finance", "any-to-legal")
    assert ENGINEERING in shipped().taking(Ask.FIX)
    assert ENGINEERING not in shipped().taking(Ask.DECIDE)


def test_every_reason_is_one_sentence_of_a_receiver() -> None:
    """It follows "this is missing; " and stands before a full stop."""
    reasons = [need.why for _, need in NEEDS]

    assert [why for why in reasons if why.endswith(".") or not re.match(r"[a-z]|L2|Product", why)] == []


def test_a_house_may_write_its_own() -> None:
    """What every receiver needs stands first."""
    own = read_packages(OWN.encode()).of("to-night-shift")

    assert own is not None
    assert (own.receiver, own.asks) == ("Night shift", (Ask.FIX,))
    assert [need.part for need in own.needs] == ["title", "goal"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("part: goal", "part: gaol",
         ("packages.to-night-shift.needs[0].part (line 9): the document has no part 'gaol'; name one by its path, such"
          " as reproduction.steps")),
        ("part: goal", "part: actions.did", None),
        ("part: goal", "part: title",
         "packages.to-night-shift.needs[0].part (line 9): title is needed twice; keep one of them"),
        ("[fix]", "[fly]", None),
        ("[fix]", "[]", None),
        ("source: ours}\n", "source: hearsay}\n", None),
        ('version: "1"', 'version: "2"', None),
    ],
)  # fmt: skip
def test_a_packages_file_that_is_wrong_is_refused(old: str, new: str, fault: str | None) -> None:
    """With the line and what to write instead."""
    found = refused(OWN.replace(old, new))

    assert found
    assert fault is None or found == (fault,)


def test_a_package_has_so_many_needs_and_a_file_so_many_packages() -> None:
    """At the edge, and one beyond."""
    need = "      - {part: goal, why: x, source: ours}\n"
    head = OWN.partition("      - ")[0]
    package_lines = "  route-{}: {{receiver: R, asks: [fix], needs: []}}\n"
    top = OWN.partition("  to-night")[0]

    assert refused(head + need * NEEDS_MAX)[0].endswith("goal is needed twice; keep one of them")
    assert f"at most {NEEDS_MAX} are allowed" in refused(head + need * (NEEDS_MAX + 1))[0]
    most = read_packages((top + "".join(package_lines.format(n) for n in range(ROUTES_MAX))).encode())
    assert len(most.routes) == ROUTES_MAX
    assert f"at most {ROUTES_MAX}" in refused(top + "".join(package_lines.format(n) for n in range(ROUTES_MAX + 1)))[0]
