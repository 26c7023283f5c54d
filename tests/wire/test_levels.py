"""The levels of an agreement as its file writes them, and as each source has them."""

import re
from functools import lru_cache
from typing import Any

import pytest

from escalation.core.money import Money
from escalation.core.policy import Level, Policy
from escalation.core.vocabulary import ApprovalKind, Severity
from escalation.wire.policy import freeze
from escalation.wire.policy_notes import LEVELS_MAX
from escalation.wire.yaml_reader import FaultyFileError, read
from tests.wire.test_policy_agreement import AT, FULL, SETTLES, faults, frozen
from tests.wire.test_shipped_policies import text_of, written

MODEL = FULL.replace('window: "15m", backup', 'level: l2, window: "15m", backup').replace(
    "contact: senior,", "contact: senior, level: l3,"
) + """\
levels:
  l1: {label: Level 1, who: Front line, authority: [Restart services], when: [First contact], how: Take it up}
  l2: {label: Level 2, who: Specialists}
  l3: {label: Level 3, who: Engineering}
"""  # fmt: skip
MODELS = ("table-a-agreement", "table-c-matrix", "table-d-tiers", "table-h-procedures")


@lru_cache(maxsize=8)
def filled(name: str) -> Policy:
    """A shipped agreement; what its source leaves open is four hours."""
    return freeze(read(re.sub(r": required\b", ': "4h"', text_of(name)).encode()), AT, SETTLES)


def test_levels_are_frozen_in_their_order_and_steps_name_theirs() -> None:
    """What people read of a level stays in the file."""
    policy = frozen(MODEL)

    assert policy.levels == (Level("l1", "Level 1"), Level("l2", "Level 2"), Level("l3", "Level 3"))
    assert [step.level for step in policy.chain("l2").steps] == ["l2", "l3"]
    assert frozen(FULL).levels == ()
    assert [step.level for step in frozen(FULL).chain("l2").steps] == ["", ""]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("level: l3", "level: l9", "chains.l2.steps[1].level (line 61): no level is called 'l9'; known are l1, l2, l3"),
        ("level: l3, ", "", "chains.l2.steps[1].level (line 61): other steps of this chain name their level"),
        ("level: l3", "level: l1", "chains.l2.steps[1].level (line 61): 'l1' is below 'l2' of a step above"),
        ("label: Level 2", "label: LEVEL 1", "levels.l2.label (line 90): level 'l1' is called 'LEVEL 1' too"),
        ("label: Level 3", "label: L2", "levels.l3.label (line 91): level 'l2' is called 'L2' too"),
        ("who: Engineering", "how: Mail", "levels.l3.who (line 91): this field is missing"),
        ("how: Take", "where: Take", "levels.l1.where (line 89): there is no such field"),
    ],
)
def test_a_model_that_contradicts_itself_is_refused(old: str, new: str, fault: str) -> None:
    """With its place, and what to write instead."""
    assert MODEL.count(old) == 1, old

    found = faults(MODEL.replace(old, new))

    assert len(found) == 1, found
    assert fault in found[0]


@pytest.mark.parametrize("more", [0, 1])
def test_there_are_so_many_levels_and_no_more(more: int) -> None:
    rows = (f"  z{number}: {{label: Z{number}, who: Somebody}}\n" for number in range(LEVELS_MAX - 3 + more))
    source = MODEL + "".join(rows)

    if more:
        with pytest.raises(FaultyFileError, match="levels"):
            frozen(source)
    else:
        assert len(frozen(source).levels) == LEVELS_MAX


# --- the models of the sources ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "who"),
    [
        (
            "table-a-agreement",
            ["Front-line support", "Technical specialists", "Engineering specialists", "Management and externals"],
        ),
        (
            "table-c-matrix",
            [
                "Self-service, from the knowledge base or a chat bot",
                "Frontline support",
                "Technical specialists and Customer Success",
                "Engineering and subject matter experts",
            ],
        ),
        (
            "table-d-tiers",
            [
                "Frontline support",
                "Technical specialists",
                "Senior engineers, developers of the product, subject matter experts",
            ],
        ),
        ("table-h-procedures", ["Senior support agent", "Team lead or manager", "Technical team", "Executive team"]),
    ],
)
def test_each_source_has_its_own_levels(name: str, who: list[str]) -> None:
    """Four models to choose from, the lowest first."""
    assert [level["who"] for level in written(name)["levels"].values()] == who


@pytest.mark.parametrize(
    ("name", "chain", "levels"),
    [
        ("table-a-agreement", "engineering", ["l3", "l3", "l4"]),
        ("table-c-matrix", "engineering", ["l3", "l3", "l3"]),
        ("table-d-tiers", "l1", ["l1", "l2"]),
        ("table-d-tiers", "l2", ["l2", "l2", "l2", "l3"]),
        ("table-d-tiers", "l3", ["l3", "l3", "l3"]),
        ("table-h-procedures", "levels", ["senior-agent", "lead", "technical", "executive"]),
        ("table-h-procedures", "executive", ["executive"]),
    ],
)
def test_the_chains_of_a_model_climb_its_levels(name: str, chain: str, levels: list[str]) -> None:
    """In one source the lead stands below the technical team, in the others above or beside it."""
    assert [step.level for step in filled(name).chain(chain).steps] == levels


def test_every_level_says_what_it_may_decide_or_when_and_how_it_is_asked() -> None:
    """As much as its source does: authority in three of them, the way to each level in the fourth."""

    def said(name: str, field: str) -> dict[str, Any]:
        return {level: there[field] for level, there in written(name)["levels"].items() if field in there}

    assert list(said("table-a-agreement", "authority")) == ["l1", "l2", "l3", "l4"]
    assert said("table-a-agreement", "authority")["l4"] == ["Approve more resources", "Override policies"]
    assert list(said("table-d-tiers", "when")) == ["l1", "l2", "l3"]
    assert said("table-h-procedures", "how") == {
        "senior-agent": "Assign the ticket to the queue of senior agents",
        "lead": "Tag the manager in the ticket",
        "technical": "Create a technical ticket",
        "executive": "Mail the executive with URGENT in the subject",
    }
    assert list(said("table-h-procedures", "when")) == ["senior-agent", "lead", "technical", "executive"]


# --- who may decide --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("default", [("l2-lead", 250_00), ("support-manager", 2500_00), ("support-director", 25_000_00)]),
        ("table-c-matrix", [("customer-desk", 100_00), ("support-manager", 2500_00)]),
    ],
)
def test_a_higher_level_may_refund_more(name: str, limits: list[tuple[str, int]]) -> None:
    """Each is asked only for what is beyond those before; the limits hold in both currencies."""
    spend = filled(name).approval(ApprovalKind.SPEND)

    assert spend is not None
    assert list(spend.approvers) == [role for role, _ in limits]
    for currency in ("EUR", "USD"):
        found = [(each.role, each.limit) for each in spend.limits if each.limit.currency == currency]
        assert found == [(role, Money(minor, currency)) for role, minor in limits]
    assert [minor for _, minor in limits] == sorted(minor for _, minor in limits)


@pytest.mark.parametrize("name", ["default", "table-c-matrix"])
def test_each_severity_says_who_decides_and_who_does_what(name: str) -> None:
    """The matrix of three teams: a part for each of them, the notification, and whose word it is in the end."""
    roles = written(name)["responsibilities"]

    assert {severity: roles[severity]["authority"] for severity in roles} == {
        Severity.SEV1: "Incident commander",
        Severity.SEV2: "Support lead",
        Severity.SEV3: "Product manager",
        Severity.SEV4: "Product manager",
    }
    assert [roles[severity]["support"] for severity in Severity] == [
        "Intake and hourly communication with the customer",
        "Triage and evidence",
        "Standard queue",
        "Documentation and feedback loop",
    ]
    assert [roles[severity]["success"] for severity in Severity] == [
        "Direct outreach to VIP stakeholders",
        "Watches sentiment, updates account health",
        "Periodic update in business reviews",
        "Logged as voice of the customer",
    ]
    assert [roles[severity]["engineering"] for severity in Severity] == [
        "Incident commander, immediate fix",
        "Senior engineer, same-day resolution",
        "Product engineer, backlog or next sprint",
        "Product design, future roadmap",
    ]
