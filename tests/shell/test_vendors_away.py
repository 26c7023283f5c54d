"""Every vendor is away: no workflow fails, the next channel is tried at once, and afterwards each hears once."""

from pathlib import Path

import pytest

from tests.bench.outage import SMALL_AWAY, outage


@pytest.mark.engine
@pytest.mark.long
@pytest.mark.xdist_group("outage")
@pytest.mark.timeout(480)  # about a minute and a half here
async def test_an_outage_of_every_vendor_loses_nobody(tmp_path: Path) -> None:
    """Twenty escalations are open; `make outage` does it with two hundred.

    Every log verifies, every history replays, and what vendors took on, ledger and log agree.
    """
    outcomes = await outage(tmp_path, 20, SMALL_AWAY, pace=1)

    assert outcomes.findings.faults == [], "\n".join(outcomes.lines())
    assert outcomes.lost > outcomes.went_on > 0
    assert outcomes.points > outcomes.notices > 0  # several words owed, one message
    assert outcomes.skipped > 0
