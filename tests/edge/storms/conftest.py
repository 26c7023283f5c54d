"""One ledger in a file with limits, a provider that is told what to answer, and somebody who plays the engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from activities.stores import Answers
from tests.edge.sending.fakes import Vendor
from tests.edge.storms.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Makes a desk; all of them share one ledger, as the lives of one worker after another do."""
    made: list[Desk] = []

    def one(
        vendor: Vendor | None = None,
        limits: str = "sms=4/15m email=8/15m notices=6/15m",
        answers: Answers | None = None,
    ) -> Desk:
        made.append(Desk(tmp_path, vendor or Vendor(), limits, answers=answers))
        return made[-1]

    yield one
    for each in made:
        each.store.dispose()
