"""What the sources ask of triage, item by item: each sentence is a box, a number or a word that leads there."""

from datetime import timedelta

import pytest

from escalation.core.case_facts import CaseFacts, UrgencyClass
from escalation.core.conditions import Ticked
from escalation.core.money import Money
from escalation.core.triage import Assessment, Bypass, triage
from escalation.core.vocabulary import Severity
from escalation.wire.triage_rules import freeze
from escalation.wire.yaml_reader import read
from tests.wire.test_triage_file import NOW, RULES, TEXT, judged, yes

IMMEDIATE, STANDARD, OPTIONAL = UrgencyClass.IMMEDIATE, UrgencyClass.STANDARD, UrgencyClass.OPTIONAL
LATE = {"due_at": NOW - timedelta(seconds=1)}
SEV2 = Severity.SEV2
BOXES = [
    (rule.id, question)
    for rule in RULES.rules
    for asked in rule.when
    if isinstance(asked, Ticked) and len(rule.when) == 1
    for question in sorted(asked.questions)
]


@pytest.mark.parametrize(
    ("route", "found"),
    [
        ("l1-to-l2", yes("deeper-investigation")),
        ("l1-to-l2", yes("specialist-question")),
        ("l2-to-engineering", yes("bug-needs-code")),
        ("l2-to-engineering", yes("infrastructure")),
        ("l2-to-engineering", yes("database-inspection")),
        ("l2-to-product", yes("missing-feature")),
        ("l2-to-product", yes("design-decision")),
        ("l2-to-product", yes("workflow-mismatch")),
        ("l2-to-product", yes("competing-priorities")),
        ("any-to-security", yes("data-exposure")),
        ("any-to-security", yes("vulnerability")),
        ("any-to-security", yes("compliance-risk")),
        ("any-to-leadership", yes("account-at-risk")),
        ("any-to-leadership", judged(segment="strategic-partner", **LATE)),
        ("any-to-leadership", yes("cross-functional-decision")),
        ("any-to-leadership", yes("policy-exception")),
        ("any-to-leadership", yes("media-or-pr")),
        ("any-to-legal", yes("legal-threat")),  # legal risk has a destination of its own here
        ("any-to-finance", yes("billing-issue")),
        ("any-to-customer-success", yes("contract-dispute")),
    ],
)
def test_each_route_is_taken_for_what_it_is_for(route: str, found: Assessment) -> None:
    """Source: the five routes and their triggers; Legal, Finance and Customer Success are destinations like them."""
    assert found.route == route


@pytest.mark.parametrize(
    ("urgency", "found"),
    [
        *((IMMEDIATE, yes(each)) for each in ("security-breach", "data-loss", "outage", "legal-threat")),
        *((IMMEDIATE, yes(each)) for each in ("severe-dissatisfaction", "media-or-pr")),
        (STANDARD, judged(opened_at=NOW - timedelta(hours=24))),
        (STANDARD, yes("beyond-expertise")),
        (STANDARD, yes("bug-needs-code")),
        (STANDARD, yes("missing-feature", segment="enterprise")),
        (STANDARD, yes("customer-asks-for-management")),
        *((OPTIONAL, yes(each)) for each in ("specialist-question", "unusual-use")),
        *((OPTIONAL, yes(each)) for each in ("process-suggestion", "second-opinion")),
    ],
)
def test_each_item_of_the_three_classes_is_of_its_class(urgency: UrgencyClass, found: Assessment) -> None:
    """Source: the procedures' six, six and four items; a billing dispute is beneath, for it needs an amount."""
    assert found.urgency is urgency


@pytest.mark.parametrize(
    ("rule", "known", "urgency"),
    [
        ("unresolved-2h", {"opened_at": NOW - timedelta(hours=2)}, STANDARD),
        ("attempts", {"attempts": 3}, STANDARD),
        ("promise-near-15m", {"due_at": NOW + timedelta(minutes=15)}, STANDARD),
        ("billing-dispute", {"dispute": Money(1000001, "EUR"), "yes": frozenset({"billing-issue"})}, STANDARD),
    ],
)
def test_what_a_source_wants_otherwise_stands_there_to_be_chosen(
    rule: str, known: dict[str, object], urgency: UrgencyClass
) -> None:
    """Two hours instead of twenty-four, attempts, a quarter of an hour, a flat amount: silent until it is active."""
    head, found, rest = TEXT.partition(f"  - id: {rule}\n")
    assert found
    chosen, _ = freeze(read((head + found + rest.replace("    active: false\n", "", 1)).encode()))
    case = CaseFacts(**known)  # type: ignore[arg-type]  # the test writes the fields of the facts

    assert rule not in {each.id for each in judged(**known).fired}
    fired = {each.id: each for each in triage(case, chosen, NOW).fired}
    assert fired[rule].urgency is urgency


@pytest.mark.parametrize("segment", ["enterprise", "vip", "strategic-partner"])
def test_key_accounts_go_to_level_two_at_once(segment: str) -> None:
    """With any reason at all, and noticed sooner; nobody else is."""
    silent = {"last_activity_at": NOW - timedelta(minutes=30)}
    enterprise = judged(segment=segment, **silent)

    assert (enterprise.decided_by, enterprise.bypass) == ("inactive-enterprise", Bypass.FIRST_LEVEL)
    assert yes("beyond-expertise", segment=segment).bypass is Bypass.FIRST_LEVEL
    assert yes("beyond-expertise", segment="standard").bypass is Bypass.NONE
    assert judged(segment="standard", **silent).decided_by == ""


@pytest.mark.parametrize(
    ("question", "severity"),
    [("core-function-broken", SEV2), ("login-failures", SEV2), ("payments-failing", Severity.SEV1)],
)
def test_what_names_a_severity_is_of_it(question: str, severity: Severity) -> None:
    assert yes(question).severity is severity


@pytest.mark.parametrize(("rule", "question"), BOXES)
def test_every_box_fires_its_rule(rule: str, question: str) -> None:
    """Ticked alone, whatever else the rule asks about."""
    assert rule in {each.id for each in yes(question).fired}
