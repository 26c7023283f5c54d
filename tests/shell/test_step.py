"""The measurement of one large step runs; how fast it is, is judged by people, on a quiet machine."""

from pathlib import Path

import pytest

from tests.bench.step import step


@pytest.mark.engine
@pytest.mark.xdist_group("bench")
@pytest.mark.timeout(240)  # about twenty seconds here
async def test_a_small_step_is_accepted_to_the_last_send(tmp_path: Path) -> None:
    """Every recipient on both channels, each once, through engine, acts and ledger."""
    lap = await step(tmp_path, 10)

    assert (lap.sends, lap.accepted, lap.taken) == (20, 20, 20)
