"""The impact score: whole numbers from versioned weights, and what it could be if all were known."""

from datetime import timedelta

import pytest

from escalation.core.case_facts import CaseFacts, Reading, Workaround
from escalation.core.money import Money
from escalation.core.scoring import POINTS_MAX, WEIGHTS_SUM, Score, score
from tests.core.triage_samples import NOW, WEIGHTS, WORDING

WORST = CaseFacts(
    users=100,
    users_total=100,
    yes=frozenset({"blocked", "press"}),
    workaround=Workaround.NONE,
    began_at=NOW - timedelta(hours=2),
    revenue=Money(500, "EUR"),
    due_at=NOW - timedelta(seconds=1),
)


def scored(case: CaseFacts) -> Score:
    return score(WEIGHTS, "7", Reading(case, NOW, WORDING))


def test_the_worst_case_scores_a_hundred() -> None:
    """Every dimension at its most."""
    found = scored(WORST)

    assert (found.points, found.at_most, found.version) == (100, 100, "7")
    assert sum(part.weight for part in found.parts) == WEIGHTS_SUM


def test_what_nobody_measured_counts_nothing_and_is_said() -> None:
    """A box that is not ticked is a no, and counts as measured."""
    found = scored(CaseFacts())

    assert (found.points, found.at_most) == (0, 75)
    assert [part.points for part in found.parts] == [None, 0, None, None, 0, None]
    assert found.parts[0].wants == ("users_total", "users")


@pytest.mark.parametrize(
    ("case", "points", "at_most"),
    [
        (CaseFacts(users=100), 20, 75),  # 50 of 40 %, and the share could make it 100
        (CaseFacts(users=11, users_total=100), 24, 59),
        (CaseFacts(yes=frozenset({"blocked"})), 10, 95),
        (CaseFacts(yes=frozenset({"blocked"}), workaround=Workaround.FULL), 10, 85),
    ],
)
def test_a_dimension_is_worth_the_best_gauge_that_holds(case: CaseFacts, points: int, at_most: int) -> None:
    """And could be worth the best one that nobody can judge yet."""
    found = scored(case)

    assert (found.points, found.at_most) == (points, at_most)
    assert 0 <= found.points <= found.at_most <= POINTS_MAX


def test_parts_say_why() -> None:
    """The evidence of the gauge, or that there is nothing of it, or that nobody measured."""
    found = scored(CaseFacts(users=60, users_total=100))

    assert found.parts[0].because == "users percent 60, more than 50"
    assert (found.parts[1].because, found.parts[2].because) == ("nothing of it", "not measured")
