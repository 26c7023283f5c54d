"""Money is weighed by the sum: what was agreed to and what is asked for count together, within one escalation."""

from dataclasses import replace

import pytest

from escalation.core.commands import Approve, RequestApproval
from escalation.core.money import Money, facts_of, sum_of, with_sum
from escalation.core.refusals import Refusal
from escalation.core.state import Approval
from escalation.core.vocabulary import ApprovalKind
from tests.core.approval_stories import NO, SAM, SPEND, VIC, YES, only, taken
from tests.core.cases import Story, standing

LEADS_LIMIT, HIGHEST_LIMIT = 50_000, 500_000


def eur(minor: int) -> RequestApproval:
    """Asked for by ann, whose lead sam may decide 500.00 and whose vice president vic 5,000.00."""
    return replace(SPEND, amount=Money(minor, "EUR"))


def last(story: Story) -> Approval:
    return story.state.approvals[-1]


@pytest.mark.parametrize("decided", [True, False], ids=["given", "still asked for"])
@pytest.mark.parametrize(
    ("second", "asked"),
    [(LEADS_LIMIT - 49_900, "support-lead"), (LEADS_LIMIT - 49_899, "vp")],
    ids=["at it", "over it"],
)
def test_several_just_under_a_limit_need_the_yes_of_their_sum(second: int, asked: str, *, decided: bool) -> None:
    """At the limit itself the sum is the lead's, one cent more is not; whether the first is decided makes no odds."""
    story = taken()
    story.do(eur(49_900))
    if decided:
        story.do(YES)
    story.do(eur(second))

    assert last(story).asked == (asked,)
    assert last(story).total == Money(49_900 + second, "EUR")


def test_the_lead_hears_that_the_sum_is_more_than_they_may_decide() -> None:
    """The refusal names amount, sum and limit, and the one who is asked reads both."""
    story = taken()
    story.do(eur(49_900))
    story.do(YES)
    story.take()
    story.do(eur(200))

    (sent,) = story.sent
    assert sent.brief.approval is not None
    assert (sent.contact, sent.brief.approval.amount) == ("vic", Money(200, "EUR"))
    assert sent.brief.approval.total == Money(50_100, "EUR")
    assert story.refused(Approve("sam", "agreed", SAM)) is Refusal.ABOVE_LIMIT
    facts = {"limit": "50000", "amount": "200", "currency": "EUR", "total": "50100"}
    assert story.decisions[-1].sealed.entry.facts == facts
    story.do(Approve("vic", "agreed", VIC))

    assert story.state.tally.spent == (Money(50_100, "EUR"),)


def test_nobody_can_be_asked_for_a_sum_above_every_limit() -> None:
    """The highest limit holds for all that is spent, however small its pieces."""
    story = taken()
    story.do(eur(HIGHEST_LIMIT - 100))
    story.do(Approve("vic", "agreed", VIC))

    assert story.refused(eur(101)) is Refusal.ABOVE_EVERY_LIMIT
    facts = {"amount": "101", "currency": "EUR", "total": "500001", "limit": "500000"}
    assert story.decisions[-1].sealed.entry.facts == facts
    assert story.do(eur(100)).sealed.entry.refusal is None


def test_what_was_refused_or_is_another_currency_is_not_in_the_sum() -> None:
    """Amounts are never converted, and a no spends nothing."""
    story = taken()
    story.do(eur(49_900))
    story.do(NO)
    story.do(eur(49_900))

    assert (last(story).asked, last(story).total) == (("support-lead",), None)
    assert with_sum((Money(5, "EUR"),), Money(7, "CHF")) == (Money(7, "CHF"), Money(5, "EUR"))
    assert sum_of((Money(5, "EUR"), Money(7, "CHF"), Money(1, "EUR")), "EUR") == Money(6, "EUR")
    assert facts_of(Money(5, "EUR"), Money(5, "EUR")) == facts_of(Money(5, "EUR"), None)


def test_what_was_spent_by_break_glass_counts_as_well() -> None:
    """It lifts the limit of this one, not of the next."""
    terms = tuple(
        replace(each, break_glass=("duty",)) if each.kind is ApprovalKind.SPEND else each
        for each in taken().state.policy.approvals
    )
    story = taken(agreement=replace(taken().state.policy, approvals=terms))
    story.do(eur(49_900))
    story.do(Approve("dan", "it is on fire", standing("dan", "duty"), break_glass=True))
    story.do(eur(200))

    assert last(story).asked == ("vp",)


def test_the_sum_outlives_the_approvals_that_are_remembered() -> None:
    """Twenty decided ones are kept; the sum is of all that there were."""
    story = taken()
    for _ in range(25):
        story.do(eur(1_000))
        story.do(YES)

    assert len(story.state.approvals) < 25
    assert story.state.tally.spent == (Money(25_000, "EUR"),)
    story.do(eur(25_001))
    assert last(story).asked == ("vp",)


def test_one_alone_is_weighed_by_itself() -> None:
    """As it was before anything was summed: no total is told."""
    story = taken()
    story.do(eur(100))

    assert (only(story).total, only(story).weighed) == (None, Money(100, "EUR"))
