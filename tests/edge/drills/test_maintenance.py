"""A rehearsal obeys the windows of maintenance, and the proof of a log wants them in it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.audit import Kept
from escalation.core.effects import Notify
from escalation.core.lull import MaintenanceWindow
from escalation.core.vocabulary import ClockName, Message
from escalation.drills.proof import Differs, prove
from escalation.drills.pure import Played, Stage, rehearse
from tests.edge.drills.samples import log_of, script, stage

TOLD = script((60 * 24, "Active", "Group 3"))
BEGUN = TOLD.opening.at
WINDOW = MaintenanceWindow("move", BEGUN, BEGUN + timedelta(hours=2), "it moves", "dana", (TOLD.opening.route,))


def staged(*windows: MaintenanceWindow) -> Stage:
    return replace(stage(), maintenance=windows)


def first_page(played: Played) -> timedelta:
    """How long after the opening somebody was paged."""
    return next(
        sealed.entry.at - BEGUN
        for sealed in played.log
        for effect in sealed.entry.effects
        if isinstance(effect, Notify) and effect.message is Message.PAGE
    )


@pytest.mark.parametrize("sealed", [True, False])
def test_a_rehearsed_opening_in_a_window_pages_nobody_before_its_end(*, sealed: bool) -> None:
    """With and without a log; a window that is over, or about another route, holds nothing back."""
    past = replace(WINDOW, since=BEGUN - timedelta(hours=2), until=BEGUN)
    elsewhere = replace(WINDOW, routes=("nowhere",))
    told = [
        first_page(rehearse(TOLD, staged(*windows), fires_max=12, sealed=sealed))
        for windows in ((WINDOW,), (past, elsewhere), ())
    ]
    assert told == [timedelta(hours=2), timedelta(0), timedelta(0)]


def test_the_customers_clocks_of_a_rehearsal_are_the_same_with_and_without() -> None:
    """Resolution and hard deadline, to the second, two hours on."""
    with_it, without = (rehearse(TOLD, staged(*windows), fires_max=1) for windows in ((WINDOW,), ()))

    def due(played: Played) -> list[object]:
        names = (ClockName.RESOLUTION, ClockName.DEADLINE)
        clocks = played.log[0].entry.clocks
        return [clock.due for clock in clocks if clock.name in names]

    assert due(with_it) == due(without) != []


def test_a_log_that_leaves_the_window_out_is_no_log_of_that_play() -> None:
    """And one that has it is proven, entry for entry."""
    honest, forged = (rehearse(TOLD, staged(*windows), fires_max=3) for windows in ((WINDOW,), ()))
    kept: list[Kept] = log_of(honest)
    assert prove(honest.script, staged(WINDOW), kept).entries == len(kept)
    with pytest.raises(Differs, match="entry 1"):
        prove(forged.script, staged(WINDOW), log_of(forged))
