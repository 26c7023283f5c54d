"""What a rule may ask: each condition at its edge, and what it says when the fact is not known."""

from datetime import timedelta

import pytest

from escalation.core.case_facts import CaseFacts, Manual, Measure, Purse, Reading, Span, Trait, Workaround
from escalation.core.conditions import (
    Above,
    Among,
    Answer,
    AtLeast,
    ByHand,
    Condition,
    Costs,
    DueWithin,
    Feels,
    Known,
    Longer,
    Missed,
    Says,
    Ticked,
    all_of,
    lasting,
)
from escalation.core.money import Money
from escalation.core.vocabulary import Severity
from tests.core.triage_samples import NOW, WORDING

YES, NO, UNKNOWN = Known
TEN_PERCENT = Above(Measure.USERS_PERCENT, 10)
HOUR = timedelta(hours=1)


def judged(condition: Condition, case: CaseFacts) -> Answer:
    return condition.judge(Reading(case, NOW, WORDING))


@pytest.mark.parametrize(
    ("condition", "case", "known"),
    [
        (Ticked(("a", "b")), CaseFacts(yes=frozenset("b")), YES),
        (Ticked(("a", "b")), CaseFacts(no=frozenset("b")), NO),
        (TEN_PERCENT, CaseFacts(users=10, users_total=100), NO),
        (TEN_PERCENT, CaseFacts(users=1001, users_total=10_000), YES),
        (TEN_PERCENT, CaseFacts(users=1), UNKNOWN),
        (TEN_PERCENT, CaseFacts(users_total=1), UNKNOWN),
        (TEN_PERCENT, CaseFacts(users=1, users_total=0), UNKNOWN),
        (AtLeast(Measure.REPORTS, 3), CaseFacts(reports=2), NO),
        (AtLeast(Measure.REPORTS, 3), CaseFacts(reports=3), YES),
        (AtLeast(Measure.REPORTS, 3), CaseFacts(), UNKNOWN),
        (Longer(Span.OPEN, HOUR), CaseFacts(opened_at=NOW - HOUR), YES),
        (Longer(Span.OPEN, HOUR), CaseFacts(opened_at=NOW - HOUR + timedelta(microseconds=1)), NO),
        (Longer(Span.UNCLAIMED, HOUR), CaseFacts(unclaimed_since=NOW + HOUR), NO),
        (Longer(Span.INACTIVE, HOUR), CaseFacts(last_activity_at=NOW - 2 * HOUR), YES),
        (Longer(Span.LASTED, HOUR), CaseFacts(), UNKNOWN),
        (DueWithin(HOUR), CaseFacts(due_at=NOW + HOUR), YES),
        (DueWithin(HOUR), CaseFacts(due_at=NOW + HOUR + timedelta(microseconds=1)), NO),
        (DueWithin(HOUR), CaseFacts(due_at=NOW - HOUR), YES),
        (DueWithin(HOUR), CaseFacts(), UNKNOWN),
        (Missed(), CaseFacts(due_at=NOW), NO),
        (Missed(), CaseFacts(due_at=NOW - timedelta(microseconds=1)), YES),
        (Missed(), CaseFacts(), UNKNOWN),
        (Among(Trait.SEGMENT, ("vip",)), CaseFacts(segment="vip"), YES),
        (Among(Trait.SEGMENT, ("vip",)), CaseFacts(segment="other"), NO),
        (Among(Trait.SEGMENT, ("vip",)), CaseFacts(), UNKNOWN),
        (Among(Trait.WORKAROUND, ("none",)), CaseFacts(workaround=Workaround.NONE), YES),
        (Among(Trait.PRIORITY, ("SEV1", "SEV2")), CaseFacts(priority=Severity.SEV2), YES),
        (Says("outage"), CaseFacts(text="outages"), YES),
        (Says("outage"), CaseFacts(text="outrage"), NO),
        (Feels(-14), CaseFacts(text="bad"), YES),
        (Feels(-15), CaseFacts(text="bad"), NO),
        (ByHand(), CaseFacts(manual=Manual("rosa", "why")), YES),
        (ByHand(), CaseFacts(), NO),
    ],
)
def test_a_condition_holds_exactly_from_its_edge(condition: Condition, case: CaseFacts, known: Known) -> None:
    """Yes carries the evidence, unknown the fact that is wanted."""
    answer = judged(condition, case)

    assert answer.known is known
    assert (bool(answer.evidence), bool(answer.wants)) == (known is YES, known is UNKNOWN)


@pytest.mark.parametrize(
    ("purse", "amount", "known"),
    [(Purse.DISPUTE, 99, NO), (Purse.DISPUTE, 100, NO), (Purse.DISPUTE, 101, YES), (Purse.REVENUE, 100, YES),
     (Purse.REVENUE, 99, NO)],
)  # fmt: skip
def test_a_dispute_is_over_its_limit_and_a_revenue_reaches_it(purse: Purse, amount: int, known: Known) -> None:
    """In whole cents, of the same currency."""
    money = Money(amount, "EUR")
    case = CaseFacts(dispute=money) if purse is Purse.DISPUTE else CaseFacts(revenue=money)

    assert judged(Costs(purse, (Money(5, "USD"), Money(100, "EUR"))), case).known is known


def test_no_money_is_exchanged() -> None:
    """An amount in a currency without a limit is not known to be over it."""
    condition = Costs(Purse.DISPUTE, (Money(5, "USD"), Money(100, "EUR")))

    assert judged(condition, CaseFacts(dispute=Money(10**9, "JPY"))).wants == "dispute in EUR or USD"
    assert judged(condition, CaseFacts()).wants == "dispute"


@pytest.mark.parametrize(
    ("condition", "case", "evidence"),
    [
        (TEN_PERCENT, CaseFacts(users=1, users_total=3), "users percent 33.3, more than 10"),
        (TEN_PERCENT, CaseFacts(users=1, users_total=2), "users percent 50, more than 10"),
        (Says("outage"), CaseFacts(text="outage"), "the text says 'outage'"),
        (Says("outage"), CaseFacts(text="Ausfall, outage"), "the text says 'Ausfall', and 1 more of its kind"),
        (Feels(-10), CaseFacts(text="bad"), "the text feels -14 of 100, at most -10: 'bad'"),
        (Feels(50), CaseFacts(text="good"), "the text feels 14 of 100, at most 50: no word in particular"),
        (Missed(), CaseFacts(due_at=NOW - 90 * timedelta(minutes=1)), "a promise was due 1h 30m ago"),
        (DueWithin(HOUR), CaseFacts(due_at=NOW), "a promise is due in 0m, within 1h"),
        (Longer(Span.OPEN, HOUR), CaseFacts(opened_at=NOW - 25 * HOUR), "open for 25h, at least 1h"),
    ],
)
def test_the_evidence_is_a_sentence_with_the_numbers(condition: Condition, case: CaseFacts, evidence: str) -> None:
    """Cut to one decimal, although it was compared exactly."""
    assert judged(condition, case).evidence == evidence


def test_all_conditions_of_a_rule_must_hold() -> None:
    """One that does not hold settles it, whatever is unknown; else the first unknown fact is wanted."""
    reading = Reading(CaseFacts(reports=3), NOW, WORDING)
    holds, fails = AtLeast(Measure.REPORTS, 3), AtLeast(Measure.REPORTS, 4)

    assert all_of((TEN_PERCENT, fails), reading).known is NO
    assert all_of((holds, TEN_PERCENT, Missed()), reading).wants == "users_total"
    assert all_of((holds, holds), reading).evidence.count("reports 3") == 2


@pytest.mark.parametrize(
    ("length", "text"),
    [(timedelta(0), "0m"), (timedelta(seconds=59), "0m"), (timedelta(minutes=61), "1h 1m"), (timedelta(days=2), "48h")],
)
def test_lengths_are_told_in_hours_and_minutes(length: timedelta, text: str) -> None:
    """Seconds are left out."""
    assert lasting(length) == text


@pytest.mark.parametrize("measure", Measure)
def test_every_measure_can_be_asked_for(measure: Measure) -> None:
    """A number that was not measured is not zero."""
    assert judged(AtLeast(measure, 0), CaseFacts()).known is UNKNOWN


def test_a_text_is_read_once_for_all_rules() -> None:
    """However many ask for its words or its feeling."""
    reading = Reading(CaseFacts(text="bad outage"), NOW, WORDING)

    assert reading.said is reading.said
    assert reading.feeling is reading.feeling
