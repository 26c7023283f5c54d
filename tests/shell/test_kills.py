"""A worker may die at any moment: nobody is told twice or not at all, and nothing that was promised is forgotten."""

from pathlib import Path

import pytest

from tests.bench.chaos import Plan, campaign

# Every part: a worker at two moments, as it starts, and at each point of a send; a gateway at a moment and at a point
# of a receipt; the engine.
SEED, KILLS = 468, 10


@pytest.mark.engine
@pytest.mark.xdist_group("kills")
@pytest.mark.timeout(900)  # about two minutes here, four where others are busy; its waits are bounded
async def test_ten_kills_of_every_part_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    """Each dispatch in the logs is accepted exactly once and none outside them; logs verify and every history replays.

    `make chaos` does three hundred.
    """
    outcome = await campaign(Plan(SEED, kills=KILLS, at_once=3), tmp_path)

    assert outcome.holds, "\n".join(outcome.lines())
    assert outcome.kills.total() == KILLS
    assert outcome.kills["by itself"] == 0
    assert outcome.findings.escalations >= 3  # the people got somewhere
    assert outcome.findings.sends > 0
