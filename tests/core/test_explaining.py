"""Why a clock says what it says: stretches with their reasons, and what differs when one of the two is wrong."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from escalation.core import clock as clocks
from escalation.core.clock import Due, Gauge
from escalation.core.explaining import (
    REASONS_MAX,
    RUN_MAX,
    Kind,
    Part,
    Stretch,
    Timing,
    changes_within,
    folded,
    opened,
    reached,
    recomputed,
    stretches,
    why_closed,
)
from escalation.core.hours import AtClose, Calendar, DayRule, Days, ExceptionDay, Manner, NeverOpenError, add
from escalation.core.policy import Target
from escalation.core.reckoning import Pausing, Reckoning, Retiming, ShortTarget
from escalation.core.vocabulary import ClockName, Edge
from tests.core.cases import DAY, HOUR, MINUTE, OFFICE, START, window

NAME = ClockName.RESOLUTION
OPEN_LATE = Gauge(replace(OFFICE, manner=Manner(AtClose.NEXT_OPENING)))
NEVER = replace(OFFICE, name="never", week=((),) * 7)
HALF_DAY = replace(OFFICE, exceptions=(ExceptionDay(date(2025, 3, 10), (window(9, 13),), "Carnival"),))


def local(day: int, hour: int, month: int = 3) -> datetime:
    """An hour of a day in Berlin, in winter."""
    return datetime(2025, month, day, hour - 1, tzinfo=UTC)


# --- Stretches --------------------------------------------------------------------------------------------------------


def test_stretches_say_what_counted_and_why_not() -> None:
    """A Friday with a pause, a weekend, and a Monday: without a gap, with what had been counted."""
    parts = (
        Part(local(14, 9), local(14, 12), 3 * HOUR, OFFICE),
        Part(local(14, 14), None, timedelta(0), OFFICE),
    )

    assert stretches(parts, local(17, 11)) == (
        Stretch(Kind.OPEN, local(14, 9), local(14, 12), 3 * HOUR),
        Stretch(Kind.PAUSED, local(14, 12), local(14, 14), 3 * HOUR),
        Stretch(Kind.OPEN, local(14, 14), local(14, 17), 6 * HOUR),
        Stretch(Kind.CLOSED, local(14, 17), local(17, 9), 6 * HOUR, ("outside 09:00-17:00", "Saturday", "Sunday")),
        Stretch(Kind.OPEN, local(17, 9), local(17, 11), 8 * HOUR),
    )


def test_a_paused_clock_is_paused_until_now() -> None:
    """Its last part has an end; what lies ahead of the instant is left out."""
    ran = Part(START, START + HOUR, HOUR, None)
    later = Part(START + DAY, None, timedelta(0), None)

    assert stretches((ran, later), START + 2 * HOUR) == (
        Stretch(Kind.OPEN, START, START + HOUR, HOUR),
        Stretch(Kind.PAUSED, START + HOUR, START + 2 * HOUR, HOUR),
    )
    assert stretches((later,), START) == ()
    assert stretches((ran,), START + HOUR)[-1].kind is Kind.OPEN


@pytest.mark.parametrize(
    ("calendar", "start", "end", "why"),
    [
        (OFFICE, local(17, 22, 4), local(18, 12, 4), ("outside 09:00-17:00", "holiday: Good Friday")),
        (HALF_DAY, local(10, 14), local(10, 18), ("outside 09:00-13:00 (Carnival)",)),
        (replace(OFFICE, week=((window(22, 30),),) * 7), local(10, 8), local(10, 9), ("outside 22:00-06:00",)),
        (NEVER, local(10, 8), local(10, 9), ("Monday",)),
        (OFFICE, local(30, 1), local(30, 9), ("Sunday", "clock change: 1h00m forward")),
        (OFFICE, local(26, 1, 10), local(26, 9, 10), ("Sunday", "clock change: 1h00m back")),
    ],
)
def test_every_reason_has_its_words(calendar: Calendar, start: datetime, end: datetime, why: tuple[str, ...]) -> None:
    """Weekday, hours, holiday, half-day, night, and the clocks being changed."""
    assert why_closed(calendar, start, end) == why


def test_reasons_are_bounded() -> None:
    """A long shutdown of many names says how many more there are."""
    days = tuple(ExceptionDay(date(2025, 3, 1 + day), (), f"day {day}") for day in range(REASONS_MAX + 2))
    closed = replace(OFFICE, exceptions=days)

    assert len(why_closed(closed, local(1, 9), local(REASONS_MAX, 9))) == REASONS_MAX
    found = why_closed(closed, local(1, 9), local(REASONS_MAX + 1, 9))
    assert (len(found), found[-1]) == (REASONS_MAX, "and 2 reasons more")
    assert changes_within(OFFICE, local(1, 9), local(2, 9)) == ()


def test_many_stretches_are_folded() -> None:
    """Long runs first, then the middle of what is left; the ends stay, and the count is told."""
    year = stretches((Part(START, None, timedelta(0), OFFICE),), START + 365 * DAY)
    short = folded(year, 100)
    paused = tuple(Stretch(Kind.PAUSED, START, START, HOUR) for _ in range(20))

    assert len(short) == RUN_MAX
    assert (short[0], short[-1], short[RUN_MAX // 2].kind) == (year[0], year[-1], Kind.FOLDED)
    assert "open" in short[RUN_MAX // 2].why[0]
    assert "closed" in short[RUN_MAX // 2].why[0]
    assert folded(paused, 20) == paused
    assert (len(folded(paused, 19)), folded(paused, 3)[1].why) == (19, ("more: 18 paused",))


def test_a_walk_ends_where_the_arithmetic_does() -> None:
    """`add` steps over weeks; the walk does not. A calendar that never opens is at fault in both."""
    for amount in (timedelta(0), MINUTE, 8 * HOUR, 300 * HOUR):
        for calendar in (None, OFFICE, OPEN_LATE.calendar):
            assert reached(calendar, START, amount) == add(calendar, START, amount)
    assert opened(OFFICE, START, START) == opened(NEVER, START, START + DAY) == timedelta(0)
    with pytest.raises(NeverOpenError, match="'never' opens too little"):
        reached(NEVER, START, HOUR)


# --- Worked out again -------------------------------------------------------------------------------------------------

TARGETS = (
    Target(8 * HOUR, 4 * HOUR, (HOUR, 30 * MINUTE), "office"),
    Target(HOUR, 2 * HOUR, (2 * HOUR,), "office"),
    Target(HOUR, 30 * MINUTE, (2 * HOUR,), "office"),
    Target(40 * HOUR, None, (HOUR, 100 * HOUR), "office", wall_leads=True, quiet=True),
    Target(40 * HOUR, None, (20 * HOUR, 300 * HOUR), "office", wall_leads=True),
    Target(timedelta(0), None, (HOUR,), "office", limit_days=Days(2, DayRule.END)),
    Target(timedelta(0), timedelta(0), (), "office"),
)


@pytest.mark.parametrize("short", ShortTarget)
@pytest.mark.parametrize("pausing", Pausing)
@pytest.mark.parametrize("target", TARGETS)
def test_a_clock_that_is_right_has_no_differences(target: Target, pausing: Pausing, short: ShortTarget) -> None:
    """Started, paused and resumed, in every way of pausing and of warning."""
    gauge = Gauge(OFFICE, Reckoning(pausing=pausing, short_target=short))
    clock = clocks.start(NAME, 1, target, START, gauge)
    part = Part(START, None, timedelta(0), OFFICE)
    paused = clocks.pause(clock, START + 30 * MINUTE, gauge)
    ended = replace(part, end=START + 30 * MINUTE, counted=30 * MINUTE)
    resumed = clocks.resume(paused, START + HOUR, gauge)
    again = Part(START + HOUR, None, timedelta(0), OFFICE)
    fired = replace(resumed, fired=tuple(Edge))

    assert recomputed(clock, (part,), Timing(START, gauge)) == ()
    assert recomputed(paused, (ended,), Timing(START, gauge)) == ()
    assert recomputed(fired, (ended, again), Timing(START + HOUR, gauge, first=False)) == ()
    evening = START + 8 * HOUR
    late = clocks.start(NAME, 1, target, evening, gauge)
    late = clocks.resume(clocks.pause(late, evening + HOUR, gauge), evening + 2 * HOUR, gauge)
    parts = (Part(evening, evening + HOUR, timedelta(0), OFFICE), Part(evening + 2 * HOUR, None, timedelta(0), OFFICE))
    assert recomputed(late, parts, Timing(evening + 2 * HOUR, gauge, first=False)) == ()


def test_what_was_used_up_at_a_close_may_wait_for_the_opening() -> None:
    """An hour used of an hour, found at night: due in the morning where the agreement says so."""
    morning = replace(OFFICE, manner=Manner(at_close=AtClose.NEXT_OPENING))
    gauge, night = Gauge(morning), START + 10 * HOUR
    paused = clocks.pause(clocks.start(NAME, 1, Target(2 * HOUR), START, gauge), START + HOUR, gauge)
    exactly = clocks.resume(clocks.retarget(paused, Target(HOUR), night, gauge, gauge), night, gauge)
    parts = (Part(START, START + HOUR, HOUR, morning), Part(night, None, timedelta(0), morning))

    assert exactly.limit_at == START + 23 * HOUR
    assert recomputed(exactly, parts, Timing(night, gauge, first=False)) == ()


@pytest.mark.parametrize(("limit", "ran"), [(HOUR, 2 * HOUR), (3 * HOUR, 4 * HOUR), (9 * HOUR, 4 * HOUR)])
def test_a_target_that_counts_from_the_start_is_found_in_the_past(limit: timedelta, ran: timedelta) -> None:
    """Retroactive: the limit lies where the stretches had reached it, in the first one or in a later one."""
    gauge = Gauge(OFFICE)
    clock = clocks.start(NAME, 1, Target(40 * HOUR, None, (), "office"), START, gauge)
    clock = clocks.resume(clocks.pause(clock, START + 2 * HOUR, gauge), START + 3 * HOUR, gauge)
    at = START + 3 * HOUR + ran - 2 * HOUR
    clock = clocks.retarget(clock, Target(limit, None, (), "office"), at, gauge, gauge, Retiming.RETROACTIVE)
    parts = (
        Part(START, START + 2 * HOUR, 2 * HOUR, OFFICE),
        Part(START + 3 * HOUR, at, ran - 2 * HOUR, OFFICE),
        Part(at, None, timedelta(0), OFFICE),
    )

    assert recomputed(clock, parts, Timing(at, gauge, first=False, overtaking=True)) == ()


def test_what_differs_is_told() -> None:
    """A stretch that counts otherwise, a due elsewhere, an edge too many, and one that vanished."""
    gauge = Gauge(OFFICE)
    clock = clocks.start(NAME, 1, TARGETS[0], START, gauge)
    part, timing = Part(START, None, timedelta(0), OFFICE), Timing(START, gauge)
    wrong = replace(clock, dues=tuple(replace(due, at=due.at + MINUTE) for due in clock.dues))
    vanished = replace(clock, dues=clock.dues[1:])
    more = replace(clock, dues=(Due(START, Edge.WARNING, timedelta(0)), *clock.dues))
    ended = Part(START, START + HOUR, 2 * HOUR, OFFICE)

    assert recomputed(clocks.pause(clock, START + HOUR, gauge), (ended,), timing) == (
        "resolution 1: 2025-03-10T09:00:00+00:00 to 2025-03-10T10:00:00+00:00 counts 1:00:00; the log says 2:00:00",
    )
    assert len(recomputed(wrong, (part,), timing)) == 4
    assert recomputed(vanished, (part,), timing)[0].endswith("has neither passed nor is it ahead")
    assert recomputed(more, (part,), timing)[-1] == "resolution 1: 4 edges lie ahead; the log has 5"


def test_a_warning_by_the_wall_that_has_passed_is_not_ahead_again() -> None:
    """An hour and a half before the limit has gone by when the clock is taken up again."""
    gauge, target = Gauge(), Target(2 * HOUR, None, (90 * MINUTE,), wall_leads=True)
    clock = clocks.pause(clocks.start(NAME, 1, target, START, gauge), START + 45 * MINUTE, gauge)
    again = clocks.resume(clock, START + HOUR, gauge)
    parts = (Part(START, START + 45 * MINUTE, 45 * MINUTE, None), Part(START + HOUR, None, timedelta(0), None))

    assert [due.edge for due in again.dues] == [Edge.LIMIT]
    assert recomputed(again, parts, Timing(START + HOUR, gauge, first=False)) == ()
