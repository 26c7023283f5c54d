"""The core's clocks against a walk of instants: thousands of made-up agreements, zones, pauses and targets.

`python -m tests.bench.clocks` tries as many more as it is asked for.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from escalation.core.hours import (
    AtClose,
    LongDay,
    Manner,
    NeverOpenError,
    SkippedEdge,
    add,
    back,
    between,
    next_opening,
)
from tests.bench import clocks
from tests.core.brute_force import (
    CHANGES,
    DAY,
    HOUR,
    MINUTE,
    NIGHT,
    NOTHING,
    OFFICE,
    OVERLAPPING,
    SECOND,
    WALKED_AFTER,
    WEEK,
    WHOLE,
    Case,
    Hours,
    Walk,
    cases,
)
from tests.core.compared import calendar_of, difference, reckoned, walked

# More seeds, more cases: each run of the longer target takes another.
SEEDS = range(10)
CASES_OF_A_SEED = 250
UNCHANGING = {"Asia/Kathmandu", "Asia/Kolkata", "UTC"}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_core_answers_as_a_walk_of_instants_does(seed: int) -> None:
    """When a target with pauses is due, how much was spent, and what `add`, `back` and `between` say: the same.

    At offsets of 30 and 45 minutes, where midnights vanish or come twice, from within both folds, with window edges
    that do not exist, shifts over midnight, holidays and half-days.
    """
    found = [difference(case) for case in islice(cases(seed), CASES_OF_A_SEED)]

    assert [line for line in found if line] == []


@pytest.mark.parametrize(
    "manner",
    [
        Manner(at_close=AtClose.NEXT_OPENING),
        Manner(long_day=LongDay.WALL),
        Manner(skipped_edge=SkippedEdge.SHIFTED),
    ],
    ids=["next opening", "wall", "shifted"],
)
def test_the_walk_tells_other_manners_of_counting_from_ours(manner: Manner) -> None:
    """A comparison that could not fail would prove nothing: the cases meet every place where engines disagree."""
    tried = list(islice(cases(0), CASES_OF_A_SEED))

    assert any(reckoned(case, manner) != walked(case) for case in tried)


def test_the_cases_are_what_they_are_meant_to_be() -> None:
    """Every zone, starts inside both folds, pauses of no length, targets used up at a close, dates without hours."""
    tried = list(islice(cases(0), 2_000))
    local = [case.start.astimezone(ZoneInfo(case.hours.zone)) for case in tried]
    twice = [wall for wall in local if wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()]

    assert {case.hours.zone for case in tried} == {zone for zone, _ in CHANGES}
    assert {wall.fold for wall in twice} == {0, 1}
    assert any(paused == resumed for case in tried for paused, resumed in case.pauses)
    assert any(not windows for case in tried for _, windows in case.hours.dates)
    assert any(closes > 1440 for case in tried for windows in case.hours.week for _, closes in windows)
    assert any(case.target == NOTHING for case in tried)
    assert any(walked(case).due.second for case in tried)


@pytest.mark.parametrize(("zone", "around"), CHANGES)
def test_the_zones_do_what_their_list_says(zone: str, around: datetime) -> None:
    """At that very minute the clock is changed, or never."""
    there = ZoneInfo(zone)
    changed = (around - MINUTE).astimezone(there).utcoffset() != around.astimezone(there).utcoffset()

    assert changed is (zone not in UNCHANGING)


# --- the walk itself -------------------------------------------------------------------------------------------------


def asked_of_each_second(hours: Hours, since: datetime, until: datetime) -> timedelta:
    """Counted without any table: is what the wall shows between two edges of its day, or of the one before?"""
    there, opened = ZoneInfo(hours.zone), 0
    for number in range(int((until - since).total_seconds())):
        wall = (since + number * SECOND).astimezone(there).replace(tzinfo=None)
        for day in (wall.date(), wall.date() - DAY):
            shown = wall - datetime.combine(day, time())
            if any(opens * MINUTE <= shown < closes * MINUTE for opens, closes in hours.on(day)):
                opened += 1
                break
    return opened * SECOND


@pytest.mark.parametrize("seed", range(100, 106))
def test_the_walk_counts_as_asking_each_second_does(seed: int) -> None:
    """Minutes are fine enough: no zone of today and no window has seconds."""
    case = next(cases(seed))
    since = case.around - 3 * HOUR
    walk = Walk(case.hours, since, since + 6 * HOUR)

    assert walk.counted(since + SECOND, since + 5 * HOUR) == asked_of_each_second(
        case.hours, since + SECOND, since + 5 * HOUR
    )


def test_a_zone_with_odd_seconds_is_counted_to_the_second() -> None:
    """Amsterdam was 19 minutes and 32 seconds ahead until 1937, and then for three years 20 minutes."""
    around = datetime(1937, 6, 30, 22, 40, 28, tzinfo=UTC)
    hours = Hours("Europe/Amsterdam", (((0, 5), (1, 1440)),) * 7, ((date(1937, 7, 1), ((0, 2), (10, 30))),))
    since = around - 2 * HOUR
    walk = Walk(hours, since, since + 4 * HOUR, SECOND)
    case = Case(hours, around, since + SECOND, since + 3 * HOUR, 2 * HOUR, ())

    assert between(calendar_of(hours, around), case.start, case.until) == walk.counted(case.start, case.until)
    assert add(calendar_of(hours, around), case.start, case.target) == walk.reached(case.start, case.target)


def test_a_walk_that_is_too_short_says_so() -> None:
    """It never makes up an answer."""
    since = datetime(2025, 6, 2, tzinfo=UTC)
    walk = Walk(Hours("UTC", (OFFICE,) * 7), since, since + DAY)

    for ask in (walk.reached, walk.back):
        with pytest.raises(LookupError, match="too short"):
            ask(since, 9 * HOUR)


@pytest.mark.parametrize("arguments", [["--cases", "0"], ["--each", "-1"]])
def test_the_longer_target_refuses_to_try_nothing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Nought compared would be nought different."""
    with pytest.raises(SystemExit):
        clocks.main(arguments)
    assert "is too few; write 1 or more" in capsys.readouterr().err


def test_the_longer_target_says_what_it_tried(capsys: pytest.CaptureFixture[str]) -> None:
    """Its seed, how far it is, and how many agreed."""
    assert clocks.main(["--cases", "40", "--seed", "7", "--each", "20"]) == 0
    said = capsys.readouterr().out.splitlines()

    assert said[0] == "seed 7, 40 cases"
    assert [line.split(",")[0].strip() for line in said[1:3]] == ["20 tried", "40 tried"]
    assert said[3].startswith("40 of 40 agree, 0 differ; ")


# --- weeks and months ------------------------------------------------------------------------------------------------

FAR = [
    ("Europe/Berlin", datetime(2025, 3, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2025, 9, 10, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2025, 2, 10, tzinfo=UTC)),  # forward and back within six weeks
    ("Pacific/Apia", datetime(2011, 12, 1, tzinfo=UTC)),
]
SHAPES = {
    "office": (OFFICE,) * 5 + ((), ()),
    "night": (NIGHT,) * 7,
    "overlapping": (OVERLAPPING, NIGHT, WHOLE) * 2 + ((),),
}
WEEKS = 10


@pytest.mark.parametrize("week", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("zone", "first"), FAR, ids=[zone for zone, _ in FAR])
def test_weeks_that_are_stepped_over_count_as_if_they_had_been_walked(
    zone: str, first: datetime, week: tuple[tuple[tuple[int, int], ...], ...]
) -> None:
    """A holiday and a change of the clock on the way; from every day on, to every week."""
    holiday = (first + 30 * DAY).date()
    hours = Hours(zone, week, ((holiday, ()), (holiday + 9 * DAY, OFFICE)))
    calendar, walk = calendar_of(hours, first), Walk(hours, first, first + (WEEKS + 2) * WEEK)

    for day in range(0, 14, 3):
        since = first + day * DAY + 7 * HOUR + 31 * MINUTE
        for weeks in range(1, WEEKS):
            until = since + weeks * WEEK + 5 * HOUR
            amount = walk.counted(since, until)
            assert between(calendar, since, until) == amount
            assert add(calendar, since, amount) == walk.reached(since, amount)
            assert back(calendar, until, amount) == walk.back(until, amount)


def test_a_week_without_hours_is_passed_over() -> None:
    """Nothing is open until the one date that has hours; without it the core says that it never opens."""
    first = datetime(2025, 6, 2, tzinfo=UTC)
    hours = Hours("UTC", ((),) * 7, ((date(2025, 6, 9), OFFICE),))
    calendar, walk = calendar_of(hours, first), Walk(hours, first, first + WALKED_AFTER)

    assert next_opening(calendar, first) == walk.opening(first) == datetime(2025, 6, 9, 9, tzinfo=UTC)
    assert add(calendar, first, HOUR) == walk.reached(first, HOUR)
    with pytest.raises(NeverOpenError):
        next_opening(replace(calendar, exceptions=()), first)
