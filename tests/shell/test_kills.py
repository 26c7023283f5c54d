"""A worker may die at any moment: nobody is told twice or not at all, and nothing that was promised is forgotten."""

from pathlib import Path

import pytest

from tests.bench.chaos import Outcome, Plan, campaign

SEED, KILLS = 7, 10
# Every part once, and two points of a send: a worker, one after its post, the engine, one before it, the gateway.
FEW_SEED, FEW = 167, 5


def judge(outcome: Outcome, kills: int) -> None:
    """Nothing is wrong, every kill struck, and the people got somewhere."""
    assert outcome.holds, "\n".join(outcome.lines())
    assert outcome.kills.total() == kills
    assert outcome.kills["by itself"] == 0
    assert outcome.findings.escalations >= 3
    assert outcome.findings.sends > 0


@pytest.mark.engine
@pytest.mark.xdist_group("kills")
@pytest.mark.timeout(480)  # most of a minute here; a machine under load takes longer, and waits are bounded
async def test_a_kill_of_every_part_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """Each dispatch in the logs is accepted exactly once and none outside them; logs verify and every history replays.

    `make long` does ten kills, `make chaos` three hundred.
    """
    judge(await campaign(Plan(FEW_SEED, kills=FEW, at_once=3), tmp_path), FEW)


@pytest.mark.engine
@pytest.mark.long
@pytest.mark.xdist_group("kills")
@pytest.mark.timeout(900)  # about ninety seconds here, four minutes where six others are busy
async def test_ten_kills_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    """The same with worker, gateway and engine dying at random moments and at named points."""
    judge(await campaign(Plan(SEED, kills=KILLS, at_once=3), tmp_path), KILLS)
