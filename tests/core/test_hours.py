"""Business time against a walk of instants: clock changes, odd windows, and calendars that never open."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.core.hours import (
    HORIZON_DAYS,
    Calendar,
    ExceptionDay,
    NeverOpenError,
    Span,
    Window,
    add,
    between,
    spans,
)
from tests.core.cases import DAY, HOUR, MINUTE, OFFICE, START, shifts_of, window

# Instants around which something happens to the clocks (Kathmandu: nothing ever does, at an odd offset).
CHANGES = [
    ("Europe/Berlin", datetime(2025, 3, 30, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2025, 10, 26, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2025, 3, 9, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2025, 11, 2, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2025, 4, 5, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2025, 10, 4, 15, 30, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 18, 2, tzinfo=UTC)),  # midnight comes twice
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),  # midnight does not exist
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),  # falls back into the day before
    ("Asia/Kathmandu", datetime(2025, 6, 15, 12, tzinfo=UTC)),
]
WALK_DAYS = 4  # before and after the change
WALK_MINUTES = 2 * WALK_DAYS * 24 * 60


@cache
def walk(zone: str, around: datetime) -> list[datetime]:
    """The wall time of every minute around the change."""
    first, local = around - WALK_DAYS * DAY, ZoneInfo(zone)
    return [(first + n * MINUTE).astimezone(local).replace(tzinfo=None) for n in range(WALK_MINUTES)]


def opened(calendar: Calendar, wall: datetime) -> bool:
    """Whether a wall time lies in a window of its own day or of the day before."""
    for days_ago in (0, 1):
        day = wall.date() - days_ago * DAY
        since = wall - datetime.combine(day, time())
        if any(w.start <= since < w.end for w in calendar.windows_on(day)):
            return True
    return False


def calendar_of(zone: str, around: datetime, week: tuple[tuple[Window, ...], ...], *dates: ExceptionDay) -> Calendar:
    shifts = shifts_of(zone, around - 400 * DAY, around + 400 * DAY)
    return Calendar("walked", zone, week, shifts, dates)


def minutes_window(start: int, length: int) -> Window:
    return Window(start * MINUTE, (start + length) * MINUTE)


WINDOWS = st.lists(st.builds(minutes_window, st.integers(0, 1439), st.integers(1, 1440)), max_size=3).map(
    lambda windows: tuple(sorted(windows, key=lambda w: w.start))
)
WEEKS = st.tuples(*[WINDOWS] * 7)


@settings(max_examples=80)
@given(
    change=st.sampled_from(CHANGES),
    week=WEEKS,
    exception=WINDOWS,
    start=st.integers(0, WALK_MINUTES // 2),
    length=st.integers(0, WALK_MINUTES // 2 - 1),
)
def test_open_time_is_what_a_walk_of_instants_counts(
    change: tuple[str, datetime],
    week: tuple[tuple[Window, ...], ...],
    exception: tuple[Window, ...],
    start: int,
    length: int,
) -> None:
    """Overlapping, touching and overnight windows, an exception on the day of the change: minute by minute the same.

    And `add` is its inverse: the first instant by which as much open time has passed.
    """
    zone, around = change
    walls, first = walk(zone, around), around - WALK_DAYS * DAY
    calendar = calendar_of(zone, around, week, ExceptionDay(walls[WALK_MINUTES // 2].date(), exception, "odd"))
    opens = [opened(calendar, wall) for wall in walls[start : start + length]]
    since, until = first + start * MINUTE, first + (start + length) * MINUTE

    counted = between(calendar, since, until)

    assert counted == sum(opens) * MINUTE
    if counted:
        last = max(n for n, is_open in enumerate(opens) if is_open) + 1
        assert add(calendar, since, counted) == since + last * MINUTE


@pytest.mark.parametrize(("zone", "around"), CHANGES)
def test_a_day_that_is_always_open_counts_physical_time(zone: str, around: datetime) -> None:
    """A 23-hour day has 23 hours and a 25-hour day 25, on both sides of the change and across it."""
    calendar = calendar_of(zone, around, (((window(0, 24)),),) * 7)

    for hours in (-30, -1, 0, 1):
        since = around + hours * HOUR
        assert add(calendar, since, 40 * HOUR) == since + 40 * HOUR
        assert between(calendar, since, since + 40 * HOUR) == 40 * HOUR


def berlin(*windows: Window) -> Calendar:
    return replace(OFFICE, week=(windows,) * 7, exceptions=())


@pytest.mark.parametrize(
    ("night", "opens", "length"),
    [
        (date(2025, 3, 29), 22, 7 * HOUR),  # 22:00 to 06:00 with an hour that does not exist
        (date(2025, 10, 25), 22, 9 * HOUR),  # with an hour that comes twice
        (date(2025, 6, 1), 22, 8 * HOUR),
    ],
)
def test_a_night_shift_is_as_long_as_the_night(night: date, opens: int, length: timedelta) -> None:
    """Begun in the evening, it runs out in the morning, clock change or not."""
    calendar = berlin(window(opens, 30))
    since = datetime.combine(night, time(opens), ZoneInfo("Europe/Berlin")).astimezone(UTC)

    assert between(calendar, since, since + length) == between(calendar, since, since + 12 * HOUR) == length


def test_a_window_in_the_missing_hour_has_no_instant() -> None:
    """02:15 to 02:45 does not happen on the day the clocks go forward; it happens twice when they go back."""
    calendar = berlin(window(2.25, 2.75))
    spring, autumn = datetime(2025, 3, 30, tzinfo=UTC), datetime(2025, 10, 26, tzinfo=UTC)

    assert between(calendar, spring, spring + DAY) == timedelta(0)
    assert between(calendar, autumn - HOUR, autumn + 23 * HOUR) == HOUR


def test_an_edge_in_the_missing_hour_means_the_instants_that_exist() -> None:
    """Open from 02:30 on: the first instant after the gap is 03:00."""
    calendar = berlin(window(2.5, 5))
    spring = datetime(2025, 3, 30, tzinfo=UTC)

    assert next(spans(calendar, spring)) == Span(spring + HOUR, spring + 3 * HOUR, 2 * HOUR)


def test_what_is_used_up_at_closing_time_is_due_at_the_close() -> None:
    """And one microsecond more waits for the next opening."""
    close, tick = START + 7 * HOUR, timedelta(microseconds=1)

    assert add(OFFICE, START, 7 * HOUR) == close
    assert add(OFFICE, START, 7 * HOUR + tick) == close + 16 * HOUR + tick


def test_friday_evening_resumes_on_monday() -> None:
    """16:45 on a Friday has fifteen minutes left."""
    friday = datetime(2025, 3, 14, 15, 45, tzinfo=UTC)

    assert add(OFFICE, friday, HOUR) == datetime(2025, 3, 17, 8, 45, tzinfo=UTC)


def test_an_exception_replaces_the_windows_of_its_date() -> None:
    """Good Friday is closed; the same Friday of another year is not."""
    good_friday = datetime(2025, 4, 18, tzinfo=UTC)

    assert between(OFFICE, good_friday, good_friday + DAY) == timedelta(0)
    assert between(OFFICE, good_friday - 7 * DAY, good_friday - 6 * DAY) == 8 * HOUR


@pytest.mark.parametrize("calendar", [None, OFFICE])
def test_nothing_to_count_is_nothing(calendar: Calendar | None) -> None:
    """No amount is due at once, open or not; an end before its start counts nothing."""
    sunday = datetime(2025, 3, 9, tzinfo=UTC)

    assert add(calendar, sunday, timedelta(0)) == sunday
    assert between(calendar, sunday, sunday) == timedelta(0)
    assert between(calendar, sunday, sunday - DAY) == timedelta(0)


def test_without_a_calendar_every_hour_counts() -> None:
    assert add(None, START, DAY) == START + DAY
    assert between(None, START, START + DAY) == DAY


def test_a_calendar_that_never_opens_says_so() -> None:
    """Bounded work, and a message that names calendar, amount and instant."""
    closed = replace(OFFICE, week=((),) * 7)

    with pytest.raises(NeverOpenError, match=r"'office' opens too little for 1:00:00 after 2025-03-10T09:00:00\+00:00"):
        add(closed, START, HOUR)
    assert between(closed, START, START + 3 * HORIZON_DAYS * DAY) == timedelta(0)


def test_the_search_ends_at_its_horizon() -> None:
    """One hour a week: what fits into the horizon is found, an hour more is not."""
    weekly = Calendar("weekly", "UTC", ((window(9, 10),), (), (), (), (), (), ()), OFFICE.shifts[:1])
    weeks = HORIZON_DAYS // 7 + 1

    assert add(weekly, START - DAY, weeks * HOUR) <= START - DAY + HORIZON_DAYS * DAY
    with pytest.raises(NeverOpenError):
        add(weekly, START - DAY, (weeks + 1) * HOUR)


def test_long_targets_of_an_open_calendar_stay_within_the_horizon() -> None:
    """The last instant that is looked at is the horizon itself."""
    always = Calendar("always", "UTC", ((window(0, 24),),) * 7, OFFICE.shifts[:1])

    assert add(always, START, HORIZON_DAYS * DAY) == START + HORIZON_DAYS * DAY
    with pytest.raises(NeverOpenError):
        add(always, START, HORIZON_DAYS * DAY + MINUTE)
