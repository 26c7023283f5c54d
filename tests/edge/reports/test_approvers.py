"""Approvals in the reports: what the linter finds, what the agreement's page says, what another version changes."""

import pytest

from escalation.reports.agreement import in_markdown
from escalation.reports.lints import Lint, lints
from escalation.reports.policy_diff import differences
from tests.edge.reports.agreements import AT, agreed, changed

GOOD = """\
approvals:
  deadline_extension: { approvers: [support-manager, support-director], expiry: "2h", quorum: 2 }
  severity_downgrade: { approvers: [support-manager], expiry: "30m", break_glass: [incident-commander] }
  spend:
    approvers: [l2-lead, support-manager]
    expiry: "1h"
    limits: { l2-lead: 500 EUR, support-manager: [2500 EUR] }
calendars:
"""


def with_approvals(old: str = "", new: str = "") -> tuple[str, str]:
    """The agreement's change that brings approvals, themselves changed."""
    assert GOOD.count(old) == 1 or not old
    return "calendars:\n", GOOD.replace(old, new) if old else GOOD


def found(old: str, new: str) -> list[Lint]:
    """What is found beyond what the good ones have."""
    before = {str(lint) for lint in lints(changed(with_approvals()), AT)}
    return [lint for lint in lints(changed(with_approvals(old, new)), AT) if str(lint) not in before]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "break_glass: [incident-commander]",
            "break_glass: [incident-commander, support-manager]",
            ("glass_is_no_glass", "approvals.severity_downgrade.break_glass[1]", "may do it without an approval"),
        ),
        (
            "support-manager: [2500 EUR]",
            "support-manager: [500 EUR]",
            ("limits_do_not_climb", "approvals.spend.limits.support-manager", "may decide no more in EUR"),
        ),
        (
            "support-manager: [2500 EUR]",
            "support-manager: [2500 USD]",
            ("limits_do_not_climb", "approvals.spend.limits.support-manager", "may decide nothing in EUR"),
        ),
    ],
)
def test_what_works_and_disappoints_is_found(old: str, new: str, expected: tuple[str, str, str]) -> None:
    """As a warning, with its name, its place and what is so."""
    (lint,) = found(old, new)
    name, path, what = expected

    assert (lint.level, lint.name, lint.path) == ("warning", name, path)
    assert what in lint.what


def test_a_quorum_that_no_currency_has_is_found() -> None:
    """Two must agree to dollars, and one may."""
    lines = found(
        'expiry: "1h"\n    limits: { l2-lead: 500 EUR, support-manager: [2500 EUR] }',
        'expiry: "1h"\n    quorum: 2\n    limits: { l2-lead: 500 EUR, support-manager: [2500 EUR, 3 USD] }',
    )

    (lint,) = [lint for lint in lines if lint.path == "approvals.spend.quorum"]
    assert lint.what == "2 must agree to what is up to USD 3.00, and 1 may"


def test_a_way_to_security_that_waits_for_a_yes_is_found() -> None:
    """Security skips every tier, from any level; any other team may have its approval."""
    (lint,) = [
        each for each in lints(changed(("team: Engineering", "team: Security team")), AT)
        if each.name == "security_waits"
    ]  # fmt: skip

    assert (lint.level, lint.path) == ("warning", "routes.l2-to-engineering.approval")
    assert lint.what == "what goes to Security team waits for a yes of support-manager"
    assert "security_waits" not in {each.name for each in lints(agreed(), AT)}


def test_the_agreements_page_says_whose_yes_is_needed() -> None:
    """In a sentence each, for people who sign it; routes first."""
    page = in_markdown(changed(with_approvals()))

    for sentence in (
        "l2-to-engineering needs a yes of support-manager; without an answer within 1h, it starts all the same",
        "A later deadline needs a yes of each of 2 among support-manager, support-director; without an answer within",
        "support-manager; incident-commander may break the glass; without an answer within 30m",
        "To spend money needs a yes of l2-lead, then support-manager; without an answer within 1h, it is rejected",
        " (l2-lead decides up to EUR 500.00; support-manager decides up to EUR 2,500.00)",
    ):
        assert sentence in page.replace("\\", "")


def test_another_version_says_what_becomes_different() -> None:
    """A limit with its amount; a kind that is new."""
    before, after = changed(with_approvals()), changed(with_approvals("[2500 EUR]", "[3000 EUR]"))

    (line,) = [str(each) for each in differences(before, after)]
    assert "approval spend limits" in line
    assert "EUR 2,500.00" in line
    assert "EUR 3,000.00" in line
    assert any("approval spend" in str(each) for each in differences(agreed(), before))
