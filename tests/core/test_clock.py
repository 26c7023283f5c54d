"""One clock for every deadline: its edges, standing still, and another target."""

from datetime import UTC, datetime, timedelta

import pytest

from escalation.core.clock import EVERY_HOUR, Clock, Gauge, fire, pause, resume, retarget, spent, start
from escalation.core.hours import Calendar
from escalation.core.policy import Target
from escalation.core.vocabulary import ClockName, Edge
from tests.core.cases import DAY, HOUR, MINUTE, OFFICE, START


def started(target: Target, calendar: Calendar | None = None, at: datetime = START) -> Clock:
    return start(ClockName.RESOLUTION, 1, target, at, Gauge(calendar))


def edges(clock: Clock) -> list[tuple[Edge, timedelta]]:
    """What is ahead, in time since the start of the story."""
    return [(due.edge, due.at - START) for due in clock.dues]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target(2 * HOUR), [(Edge.LIMIT, 2 * HOUR)]),
        (Target(2 * HOUR, HOUR), [(Edge.GOAL, HOUR), (Edge.LIMIT, 2 * HOUR)]),
        (
            Target(2 * HOUR, None, (HOUR, 30 * MINUTE)),
            [(Edge.WARNING, HOUR), (Edge.WARNING, 90 * MINUTE), (Edge.LIMIT, 2 * HOUR)],
        ),
        # a lead that the target is too short for warns at the goal, or half-way, once
        (Target(HOUR, 30 * MINUTE, (HOUR,)), [(Edge.GOAL, 30 * MINUTE), (Edge.LIMIT, HOUR)]),
        (
            Target(15 * MINUTE, None, (HOUR, 30 * MINUTE)),
            [(Edge.WARNING, 450 * MINUTE / 60), (Edge.LIMIT, 15 * MINUTE)],
        ),
        # a goal that is no earlier than the limit is none
        (Target(HOUR, HOUR, (HOUR,)), [(Edge.WARNING, 30 * MINUTE), (Edge.LIMIT, HOUR)]),
        # warning before goal before limit at the same instant
        (
            Target(HOUR, 30 * MINUTE, (30 * MINUTE, timedelta(0))),
            [(Edge.WARNING, 30 * MINUTE), (Edge.GOAL, 30 * MINUTE), (Edge.WARNING, HOUR), (Edge.LIMIT, HOUR)],
        ),
        (Target(timedelta(0)), [(Edge.LIMIT, timedelta(0))]),
    ],
)
def test_the_edges_of_a_target(target: Target, expected: list[tuple[Edge, timedelta]]) -> None:
    """Warnings at their leads, the goal, the limit; a lead longer than the target degrades."""
    assert edges(started(target)) == expected


def test_edges_are_counted_in_open_time() -> None:
    """Nine open hours from Monday 10:00 end on Tuesday at 11:00, and the warning an hour before."""
    clock = started(Target(8 * HOUR, None, (HOUR,)), OFFICE)

    assert edges(clock) == [(Edge.WARNING, 7 * HOUR), (Edge.LIMIT, 24 * HOUR)]


def test_firing_takes_the_edges_in_order() -> None:
    """The limit stays in sight until it has fired."""
    clock = started(Target(2 * HOUR, HOUR))
    goal, clock = fire(clock)

    assert (goal.edge, clock.due, clock.missed) == (Edge.GOAL, START + 2 * HOUR, False)
    assert clock.limit_at == START + 2 * HOUR
    limit, clock = fire(clock)
    assert (limit.edge, clock.due, clock.limit_at, clock.missed) == (Edge.LIMIT, None, None, True)


def test_time_stands_still_while_paused() -> None:
    """An hour used, a day paused: an hour is left. Edges passed before stay passed."""
    clock = fire(started(Target(2 * HOUR, None, (90 * MINUTE,))))[1]
    paused = pause(clock, START + HOUR, EVERY_HOUR)
    resumed = resume(paused, START + DAY, EVERY_HOUR)

    assert (paused.running, paused.due, paused.limit_at) == (False, None, None)
    assert edges(resumed) == [(Edge.LIMIT, DAY + HOUR)]
    assert spent(resumed, START + DAY + 30 * MINUTE, EVERY_HOUR) == 90 * MINUTE


def test_pausing_twice_is_pausing_once() -> None:
    """And resuming what runs changes nothing."""
    clock = started(Target(2 * HOUR))
    paused = pause(clock, START + HOUR, EVERY_HOUR)

    assert pause(paused, START + DAY, EVERY_HOUR) == paused
    assert resume(clock, START + HOUR, EVERY_HOUR) == clock


def test_a_pause_outside_open_hours_moves_nothing() -> None:
    """Paused for the night, in a calendar that sleeps at night."""
    clock = started(Target(10 * HOUR), OFFICE)
    night = pause(clock, START + 9 * HOUR, Gauge(OFFICE))

    assert edges(resume(night, START + 20 * HOUR, Gauge(OFFICE))) == edges(clock)


def test_a_pause_at_the_limit_leaves_the_limit_due() -> None:
    """Nothing is left, so it is due as soon as time counts again."""
    paused = pause(started(Target(HOUR)), START + HOUR, EVERY_HOUR)

    assert edges(resume(paused, START + DAY, EVERY_HOUR)) == [(Edge.LIMIT, DAY)]


def test_a_missed_clock_does_not_start_again() -> None:
    """Neither by resuming nor by another target."""
    missed = pause(fire(started(Target(HOUR)))[1], START + HOUR, EVERY_HOUR)

    assert resume(missed, START + DAY, EVERY_HOUR) == missed
    assert retarget(missed, Target(DAY), START + 2 * HOUR, EVERY_HOUR, EVERY_HOUR) == missed


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target(4 * HOUR, None, (HOUR,)), [(Edge.WARNING, 3 * HOUR), (Edge.LIMIT, 4 * HOUR)]),
        (Target(90 * MINUTE, HOUR), [(Edge.LIMIT, 90 * MINUTE)]),  # its goal lies in the past: skipped
        (Target(30 * MINUTE, None, (HOUR,)), [(Edge.LIMIT, HOUR)]),  # its limit does: due at once
    ],
)
def test_another_target_counts_from_the_same_start(target: Target, expected: list[tuple[Edge, timedelta]]) -> None:
    """An hour has passed, and stays passed."""
    clock = retarget(started(Target(2 * HOUR)), target, START + HOUR, EVERY_HOUR, EVERY_HOUR)

    assert edges(clock) == expected


def test_a_paused_clock_takes_its_new_target_when_it_resumes() -> None:
    """Until then nothing is due."""
    paused = pause(started(Target(2 * HOUR)), START + HOUR, EVERY_HOUR)
    moved = retarget(paused, Target(5 * HOUR), START + 2 * HOUR, EVERY_HOUR, EVERY_HOUR)

    assert edges(moved) == []
    assert edges(resume(moved, START + DAY, EVERY_HOUR)) == [(Edge.LIMIT, DAY + 4 * HOUR)]


def test_each_stretch_keeps_the_calendar_of_its_time() -> None:
    """A night counted round the clock, an office day, then round the clock again: 12 + 8 + 1 hours."""
    evening = datetime(2025, 3, 10, 20, tzinfo=UTC)
    clock = started(Target(40 * HOUR), None, evening)
    clock = retarget(clock, Target(40 * HOUR), evening + 12 * HOUR, EVERY_HOUR, Gauge(OFFICE))
    clock = retarget(clock, Target(40 * HOUR), evening + 24 * HOUR, Gauge(OFFICE), EVERY_HOUR)

    assert spent(clock, evening + 25 * HOUR, EVERY_HOUR) == 21 * HOUR
    assert clock.limit_at == evening + 24 * HOUR + 20 * HOUR
    paused = pause(clock, evening + 25 * HOUR, EVERY_HOUR)
    assert (
        spent(
            retarget(paused, Target(HOUR), evening + DAY, Gauge(OFFICE), Gauge(OFFICE)),
            evening + 9 * DAY,
            Gauge(OFFICE),
        )
        == 21 * HOUR
    )
