"""Thousands of made-up organisations: the core says of every move what an oracle says that knows nothing of it.

`python -m tests.bench.approvals` tries as many more as it is asked for.
"""

from collections import Counter
from itertools import islice

import pytest

from tests.bench import approvals
from tests.core.approvals_compared import compared
from tests.core.organisations import organisations

SEEDS = range(8)
ORGANISATIONS_OF_A_SEED = 250
# Each way to say no, and each way to end, is met at least this often by every seed: an oracle that is never asked
# agrees with everything.
MET_AT_LEAST = 3
REFUSALS = (
    "ended",
    "own_request",
    "not_an_approver",
    "authority_unknown",
    "unverified",
    "reason_missing",
    "unknown_approval",
    "which_approval",
    "nothing_to_approve",
    "already_decided",
    "already_voted",
    "above_limit",
    "above_every_limit",
    "may_not_break_glass",
    "approval_pending",
    "no_approval_terms",
    "deadline_passed",
    "no_change",
)
ENDS = ("approved", "approved by break-glass", "rejected", "expired", "withdrawn", "overtaken", "asked")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_core_answers_as_the_oracle_does(seed: int) -> None:
    """Accepted or which refusal, who is asked, decided how, when and by whom: the same after every move.

    With aliases, lent authority in chains and both ways, limits, quorums, break-glass and instants around expiries.
    No own yes, no decision twice, none after the expiry.
    """
    tally: Counter[str] = Counter()
    lives = islice(organisations(seed), ORGANISATIONS_OF_A_SEED)

    assert [found for life in lives if (found := compared(*life, tally)) is not None] == []
    assert {word: tally[word] for word in (*REFUSALS, *ENDS) if tally[word] < MET_AT_LEAST} == {}


def test_the_longer_run_says_what_it_met(capsys: pytest.CaptureFixture[str]) -> None:
    """The seed and the count stand in its output; a disagreement would be its exit."""
    assert approvals.main(["--organisations", "20", "--each", "10"]) == 0

    assert "20 of 20 organisations agree" in capsys.readouterr().out
