"""A worker may die at any moment: nobody is told twice or not at all, and nothing that was promised is forgotten."""

from pathlib import Path

import pytest

from tests.bench.chaos import Plan, campaign

SEED = 7
KILLS = 10


@pytest.mark.engine
@pytest.mark.long
@pytest.mark.xdist_group("kills")
@pytest.mark.timeout(480)  # about ninety seconds here; a machine under load takes longer, and waits are bounded
async def test_ten_kills_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    """Each dispatch in the logs is accepted exactly once and none outside them; logs verify and every history replays.

    Worker, gateway and engine die, at random moments and at named points; `make chaos` does three hundred of it.
    """
    outcome = await campaign(Plan(SEED, kills=KILLS, at_once=3), tmp_path)

    assert outcome.findings.faults == [], "\n".join(outcome.lines())
    assert outcome.kills.total() == KILLS
    assert outcome.kills["by itself"] == 0
    assert outcome.findings.escalations >= 3
    assert outcome.findings.sends > 0
