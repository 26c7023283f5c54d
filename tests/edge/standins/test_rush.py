"""The measurement of a rush runs; how fast it is, is judged by people, on a quiet machine."""

import json
from pathlib import Path

import pytest

from tests.bench import rush
from tests.edge.standins.vendors import Receiver


def test_a_small_rush_is_accepted_to_the_last_send(tmp_path: Path, webhooks: Receiver) -> None:
    """Every recipient on both channels, each status posted."""
    with rush.playing(tmp_path, webhooks) as standins:
        lap = rush.rush(standins, webhooks, 5)
        kept = standins.outbox()

    assert (lap.sends, lap.accepted, lap.callbacks >= 10) == (10, 10, True)
    assert len({send.dispatch for send in kept}) == 10


def test_the_figures_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON for a program."""
    assert rush.main(["--recipients", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accepted"] == 4
