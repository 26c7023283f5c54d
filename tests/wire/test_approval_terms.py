"""Who must agree to what, as an agreement writes it: for routes, for what people do, and for money."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from pydantic import TypeAdapter

from escalation.core.commands import RequestApproval
from escalation.core.money import Money
from escalation.core.policy import ApprovalTerms, SpendLimit
from escalation.core.state import Approval, Held
from escalation.core.vocabulary import ApprovalKind
from escalation.wire.approval_terms import APPROVERS_MAX, LIMITS_MAX, QUORUM_MAX
from tests.wire.samples import sample
from tests.wire.test_policy import GOOD, faults, frozen, with_change

HOUR = timedelta(hours=1)
APPROVALS = """\
approvals:
  policy_exception: {approvers: [manager], expiry: "4h"}
  severity_downgrade: {approvers: [manager, director], expiry: "30m", quorum: 2, break_glass: [commander]}
  spend:
    approvers: [lead, manager]
    expiry: "1h"
    limits:
      lead: 500 EUR
      manager: ["2500.50 EUR", "USD 3000"]
"""
WITH = GOOD + APPROVALS


def test_what_is_written_is_what_the_rules_ask_for() -> None:
    """In the order of the kinds; silence is a no, and one yes is enough, unless it says otherwise."""
    exception, downgrade, spend = frozen(WITH).approvals

    assert exception == ApprovalTerms(("manager",), 4 * HOUR, "reject", kind=ApprovalKind.POLICY_EXCEPTION)
    assert downgrade == ApprovalTerms(
        ("manager", "director"), HOUR / 2, "reject", 2, (), ("commander",), ApprovalKind.SEVERITY_DOWNGRADE
    )
    assert spend.limits == (
        SpendLimit("lead", Money(50_000, "EUR")),
        SpendLimit("manager", Money(250_050, "EUR")),
        SpendLimit("manager", Money(300_000, "USD")),
    )
    assert (spend.limit_of("lead", "EUR"), spend.limit_of("lead", "USD")) == (50_000, None)


def test_an_agreement_need_not_name_any() -> None:
    """Then nobody's yes is needed, but for what a route says."""
    policy = frozen(GOOD)

    assert policy.approvals == ()
    assert policy.approval(ApprovalKind.SPEND) is None


def test_a_route_may_say_what_its_yes_is_for() -> None:
    """It is an escalation to leadership where it does not."""
    plain = frozen(GOOD).route_of("any-to-leadership").approval
    legal = frozen(with_change("on_expiry: open", "on_expiry: open, quorum: 1, kind: policy_exception"))
    approval = legal.route_of("any-to-leadership").approval

    assert plain is not None
    assert plain.kind is ApprovalKind.ESCALATE_TO_LEADERSHIP
    assert approval is not None
    assert approval.kind is ApprovalKind.POLICY_EXCEPTION


ROLES = ", ".join(f"role-{number}" for number in range(APPROVERS_MAX + 1))
MANY = ", ".join(f"1 {currency}" for currency in ("EUR", "USD", "GBP", "JPY", "CHF", "SEK"))
MISTAKES = [
    ("policy_exception: {", "hand_off: {", "approvals.hand_off (line 53): there is no such"),
    ("policy_exception: {", "escalate_to_leadership: {", "there is no such"),
    ('[manager], expiry: "4h"', '[manager], expiry: "4h", on_expiry: open', "approvals.policy_exception.on_expiry"),
    ('[manager], expiry: "4h"', "[manager]", "approvals.policy_exception.expiry (line 53): this field is missing"),
    ('[manager], expiry: "4h"', '[], expiry: "4h"', "at least 1 is needed"),
    ('[manager], expiry: "4h"', '[manager, manager], expiry: "4h"', "the same approver stands here twice"),
    ('[manager], expiry: "4h"', f'[{ROLES}], expiry: "4h"', f"at most {APPROVERS_MAX} are allowed"),
    ('[manager], expiry: "4h"', '[manager], expiry: "4h", limits: {manager: 1 EUR}', "there is no such"),
    ("quorum: 2", "quorum: 3", "approvals.severity_downgrade.quorum (line 54): 3 must agree, and 2 are asked"),
    ("quorum: 2", f"quorum: {QUORUM_MAX + 1}", f"{QUORUM_MAX + 1} is too large; write at most {QUORUM_MAX}"),
    ("quorum: 2", "quorum: 0", "0 is too small; write at least 1"),
    ("[commander]", "[commander, commander]", "the same role stands here twice"),
    ("[commander]", f"[{ROLES}]", f"at most {APPROVERS_MAX} are allowed"),
    ("      lead: 500 EUR\n", "", "approvals.spend.limits (line 58): 'lead' has no limit and may decide nothing"),
    (
        "lead: 500 EUR",
        "lead: 500 EUR\n      boss: 1 EUR",
        "approvals.spend.limits.boss (line 60): 'boss' approves nothing",
    ),
    ("lead: 500 EUR", "lead: [500 EUR, 600 EUR]", "approvals.spend.limits.lead[1] (line 59): EUR has a limit above"),
    ("lead: 500 EUR", "lead: []", "at least 1 is needed"),
    ("lead: 500 EUR", f"lead: [{MANY}]", f"6 entries, at most {LIMITS_MAX} are allowed"),
    ("lead: 500 EUR", "lead: 0 EUR", "'0 EUR' allows nothing"),
    ("lead: 500 EUR", "lead: 500", "is no amount"),
    ("lead: 500 EUR", "lead: 1.200,50 EUR", "is no amount"),
    ("lead: 500 EUR", "lead: 500.001 EUR", "has 3 decimals; EUR has at most 2 decimals"),
]


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES)
def test_a_mistake_is_one_line_with_its_place(old: str, new: str, said: str) -> None:
    """What is wrong, the limit, the next step."""
    assert WITH.count(old) == 1, old

    assert any(said in line for line in faults(WITH.replace(old, new)))


def test_a_routes_quorum_is_judged_as_well() -> None:
    """By the same rule."""
    (line,) = faults(with_change("on_expiry: open", "on_expiry: open, quorum: 2"))

    assert "routes.any-to-leadership.approval.quorum (line 34): 2 must agree, and 1 are asked" in line


@pytest.mark.parametrize("kind", get_args(Held), ids=lambda kind: kind.__name__)
def test_what_is_held_comes_back_as_what_it_was(kind: type) -> None:
    """From the state that an escalation carries from run to run."""
    approval = Approval(
        1, ApprovalKind.SPEND, "ann", datetime(2026, 11, 23, tzinfo=UTC), "r", sample(ApprovalTerms), held=sample(kind)
    )
    adapter = TypeAdapter(Approval)

    assert adapter.validate_json(adapter.dump_json(approval)) == approval
    assert isinstance(adapter.validate_json(adapter.dump_json(approval)).held, kind)


def test_an_amount_comes_back_to_the_cent() -> None:
    """Whole numbers all the way."""
    command = RequestApproval("ann", ApprovalKind.SPEND, "a refund", Money(10**15 - 1, "EUR"))
    adapter = TypeAdapter(RequestApproval)

    assert adapter.validate_json(adapter.dump_json(command)) == command
