"""What a calendar promises: odd windows, holidays, zones, clock changes, and bounded work.

The numbers in the names are those of `docs/clock-tests.md`, here and in the modules beside this one.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalation.core.clock import Gauge, limit_of
from escalation.core.commands import AdoptPolicy
from escalation.core.hours import (
    HORIZON_DAYS,
    Calendar,
    ExceptionDay,
    NeverOpenError,
    Shift,
    Window,
    add,
    back,
    between,
    next_opening,
)
from escalation.core.vocabulary import ClockName, Severity
from escalation.wire.zones import shifts
from tests.core.cases import DAY, HOUR, MINUTE, OFFICE, POLICY, START, Story, opening, shifts_of, window

SEV3 = Severity.SEV3
RESOLUTION = ClockName.RESOLUTION
NOTHING = timedelta(0)
# How many days a calendar is asked about while a target of a year is worked out, of which it has more than 360.
YEAR_DAYS_MAX = 250
asked: list[date] = []


class Counting(Calendar):
    """Keeps count of the days it is asked about."""

    __slots__ = ()

    def windows_on(self, day: date) -> tuple[Window, ...]:
        asked.append(day)
        return Calendar.windows_on(self, day)


@pytest.fixture(autouse=True)
def nothing_asked() -> Iterator[None]:
    asked.clear()
    yield
    asked.clear()


def counting(week: tuple[tuple[Window, ...], ...], zone: str, *dates: ExceptionDay) -> Calendar:
    return Counting("counted", zone, week, shifts(zone, START), dates)


def closed(day: date) -> ExceptionDay:
    return ExceptionDay(day, (), "holiday")


@pytest.mark.parametrize("ask", [add, back])
def test_t1_no_open_time_ends_in_bounded_work(ask: Callable[[Calendar, datetime, timedelta], datetime]) -> None:
    """A calendar without hours is refused where policies are read; here it says so, and never goes round in circles."""
    never = counting(((),) * 7, "Europe/Berlin")

    with pytest.raises(NeverOpenError, match="opens too little for 1:00:00"):
        ask(never, START, HOUR)
    assert len(asked) < 2 * HORIZON_DAYS
    asked.clear()
    assert between(never, START, START + 20 * HORIZON_DAYS * DAY) == NOTHING
    assert len(asked) < HORIZON_DAYS


@pytest.mark.parametrize(
    ("windows", "open_time"),
    [
        ((window(9, 12), window(11, 17)), 8 * HOUR),  # what overlaps counts once
        ((window(9, 12), window(9, 17), window(10, 11)), 8 * HOUR),  # one in the other
        ((window(9, 13), window(13, 17)), 8 * HOUR),  # touching
        ((window(22, 30),), 8 * HOUR),  # until 06:00
        ((window(18, 24),), 6 * HOUR),
        ((window(0, 24),), 24 * HOUR),
        ((window(0, 6), window(22, 30)), 8 * HOUR),  # the night's end overlaps the next morning
        ((window(12, 36),), 24 * HOUR),  # noon to noon
    ],
)
def test_t2_odd_windows(windows: tuple[Window, ...], open_time: timedelta) -> None:
    """Overlapping, touching, overnight, until 24:00: the same every day, for a day and for a year."""
    every_day = Calendar("odd", "UTC", (windows,) * 7, (Shift(START - 400 * DAY, NOTHING),))
    noon = START + 3 * HOUR

    for days in (1, 6, 8, 90, 365):
        assert between(every_day, noon, noon + days * DAY) == days * open_time
        assert between(every_day, noon, add(every_day, noon, days * open_time)) == days * open_time
        assert between(every_day, back(every_day, noon, days * open_time), noon) == days * open_time


HOLIDAYS = tuple(closed(date(year, month, 1)) for year in range(2025, 2036) for month in (1, 5, 11))


@pytest.mark.parametrize(
    "calendar",
    [
        counting(OFFICE.week, "Europe/Berlin"),
        counting(OFFICE.week, "Europe/Berlin", *HOLIDAYS),
        counting(OFFICE.week, "Africa/Casablanca", *HOLIDAYS),
        counting(((window(9, 10),), *((),) * 6), "UTC", *HOLIDAYS),
        counting(((window(22, 30),),) * 7, "Australia/Lord_Howe"),
    ],
    ids=["office", "with holidays", "four clock changes a year", "an hour a week", "nights"],
)
def test_t3_a_target_of_a_year_and_more_costs_bounded_work(calendar: Calendar) -> None:
    """Counted in days looked at, so that no machine is too slow: most weeks are stepped over, each at once."""
    weekly = between(calendar, START, START + 7 * DAY)
    for years in (1, 3, 8):
        asked.clear()
        due = add(calendar, START, years * 50 * weekly)
        assert len(asked) <= years * YEAR_DAYS_MAX
        asked.clear()
        assert between(calendar, START, due) == years * 50 * weekly
        assert len(asked) <= years * YEAR_DAYS_MAX
        assert due - START > years * 340 * DAY


def test_t3_an_ordinary_target_looks_at_a_few_days() -> None:
    """However many holidays are kept, eight office hours ask about the days around them."""
    assert add(counting(OFFICE.week, "Europe/Berlin", *HOLIDAYS), START, 8 * HOUR) == START + DAY
    assert len(asked) < 10


@pytest.mark.parametrize(
    ("dates", "start", "due"),
    [
        # a Monday off: from Friday noon on, eight hours end on Tuesday
        ((closed(date(2025, 6, 9)),), "2025-06-06T10:00", "2025-06-10T10:00"),
        # a holiday that spans the end of a week
        (
            tuple(closed(date(2025, 6, day)) for day in range(6, 10)),
            "2025-06-05T10:00",
            "2025-06-10T10:00",
        ),
        # a holiday on a Sunday changes nothing
        ((closed(date(2025, 6, 8)),), "2025-06-06T10:00", "2025-06-09T10:00"),
        # a half-day, until noon
        ((ExceptionDay(date(2025, 6, 9), (window(9, 12),), "half"),), "2025-06-06T10:00", "2025-06-09T10:00"),
        ((ExceptionDay(date(2025, 6, 9), (window(9, 11),), "half"),), "2025-06-06T10:00", "2025-06-10T08:00"),
        # a Sunday that is worked
        ((ExceptionDay(date(2025, 6, 8), (window(10, 14),), "sale"),), "2025-06-06T10:00", "2025-06-08T11:00"),
    ],
    ids=["monday off", "long week end", "sunday off", "half-day", "shorter half-day", "open sunday"],
)
def test_t5_dates_with_other_hours(dates: tuple[ExceptionDay, ...], start: str, due: str) -> None:
    """Eight office hours from Friday noon in Berlin."""
    began = datetime.fromisoformat(f"{start}+00:00")

    assert add(replace(OFFICE, exceptions=dates), began, 8 * HOUR) == datetime.fromisoformat(f"{due}+00:00")


def test_t5_a_holiday_list_that_is_replaced_on_the_way() -> None:
    """The escalation keeps the list it was opened with; another agreement's list counts from its adoption on."""
    story = Story(opening(severity=SEV3))
    due = story.due(RESOLUTION)
    assert due == START + 3 * DAY  # 24 office hours: 7 on Monday, 8, 8 and one on Thursday
    newer = replace(OFFICE, exceptions=(closed(date(2025, 3, 10)), closed(date(2025, 3, 12))))
    story.until(START + DAY)
    story.do(AdoptPolicy("sue", replace(POLICY, digest="22" * 32, calendars=(newer,)), "holidays announced"))

    # The Wednesday is lost; the Monday that is behind us stays counted as it was.
    assert story.due(RESOLUTION) == due + DAY


@pytest.mark.parametrize("viewer", ["Asia/Tokyo", "America/New_York", "Pacific/Chatham"])
def test_t6_only_the_calendars_zone_counts(viewer: str) -> None:
    """Opened on a machine of another zone, for an account of a third: one instant, and the same log."""
    here, there = Story(opening(severity=SEV3)), Story(opening(severity=SEV3), at=START.astimezone(ZoneInfo(viewer)))

    assert there.due(RESOLUTION) == here.due(RESOLUTION)
    assert there.state.head == here.state.head


@pytest.mark.parametrize("machine", ["Asia/Tokyo", "America/New_York", "Pacific/Apia"])
def test_t7_the_machines_own_zone_changes_nothing(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is moved to another zone decides the same, to the byte."""
    before, frozen = Story(opening(severity=SEV3)), shifts_of(OFFICE.zone, START, START + 400 * DAY)
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        after = Story(opening(severity=SEV3))
        assert (after.due(RESOLUTION), after.state.head) == (before.due(RESOLUTION), before.state.head)
        assert shifts_of.__wrapped__(OFFICE.zone, START, START + 400 * DAY) == frozen
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("zone", "start", "due"),
    [
        ("Europe/Berlin", "2025-03-30T00:30", "2025-03-30T05:30"),  # 01:30 to 07:30 on the wall
        ("Europe/Berlin", "2025-10-26T00:30", "2025-10-26T05:30"),
        ("America/New_York", "2025-03-09T06:30", "2025-03-09T11:30"),
        ("America/New_York", "2025-11-02T05:30", "2025-11-02T10:30"),
        ("Australia/Lord_Howe", "2025-04-05T14:45", "2025-04-05T19:45"),
        ("Australia/Lord_Howe", "2025-10-04T15:15", "2025-10-04T20:15"),
        ("America/Sao_Paulo", "2018-11-04T02:30", "2018-11-04T07:30"),
        ("America/Sao_Paulo", "2018-02-18T01:30", "2018-02-18T06:30"),
        ("Asia/Kathmandu", "2025-03-30T00:30", "2025-03-30T05:30"),
    ],
)
def test_t8_five_hours_are_five_hours_across_a_clock_change(zone: str, start: str, due: str) -> None:
    """In spring and autumn, by an hour and by half of one, with and without a midnight."""
    began = datetime.fromisoformat(f"{start}+00:00")
    always = Calendar("always", zone, ((window(0, 24),),) * 7, shifts_of(zone, began - 300 * DAY, began + 300 * DAY))

    assert add(always, began, 5 * HOUR) == datetime.fromisoformat(f"{due}+00:00")


@pytest.mark.parametrize(("fold", "due"), [(0, "2025-10-26T01:30"), (1, "2025-10-27T01:30")])
def test_t8_a_start_in_either_half_of_the_repeated_hour(fold: int, due: str) -> None:
    """02:30 comes twice; open from 02:00 to 03:00, from the first one on 90 minutes are left, from the second 30."""
    began = datetime(2025, 10, 26, 2, 30, fold=fold, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    calendar = replace(OFFICE, week=((window(2, 3),),) * 7, exceptions=())

    assert next_opening(calendar, began) == began
    assert add(calendar, began, HOUR) == datetime.fromisoformat(f"{due}+00:00")


@pytest.mark.parametrize(
    ("window_", "day", "counted"),
    [
        (window(1.5, 2.5), date(2025, 3, 30), 30 * MINUTE),  # it closes in the gap: at the change
        (window(2.5, 3.5), date(2025, 3, 30), 30 * MINUTE),  # it opens in the gap: after the change
        (window(1.5, 2.5), date(2025, 10, 26), 90 * MINUTE),  # 02:00 to 02:30 comes twice
        (window(2.5, 3.5), date(2025, 10, 26), 90 * MINUTE),
    ],
)
def test_t8_a_window_edge_in_the_gap_and_in_the_fold(window_: Window, day: date, counted: timedelta) -> None:
    """The instants that show such a time are open, as many as there are."""
    calendar = replace(OFFICE, week=((window_,),) * 7, exceptions=())
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)

    assert between(calendar, midnight, midnight + 12 * HOUR) == counted


def test_t9_another_time_zone_database_moves_nothing_by_itself() -> None:
    """The zone's offsets are part of the agreement: a new rule reaches a running clock by an audited command alone."""
    office = replace(OFFICE, exceptions=())
    abolished = replace(office, shifts=office.shifts[:1])  # no more summer time
    late = datetime(2025, 3, 28, 9, tzinfo=UTC)  # the Friday before it
    story = Story(
        opening(severity=SEV3, policy=replace(POLICY, calendars=(office,)), deadline=late + 30 * DAY), at=late
    )
    due = story.due(RESOLUTION)
    assert due == limit_of(story.state.policy.terms_of(SEV3).resolution, late, Gauge(office))
    story.until(late + 2 * DAY)
    assert story.due(RESOLUTION) == due

    decision = story.do(AdoptPolicy("sue", replace(POLICY, digest="22" * 32, calendars=(abolished,)), "new tzdata"))

    assert story.due(RESOLUTION) == due + HOUR
    assert ("policy", "1", "1") in [(c.field, c.before, c.after) for c in decision.sealed.entry.changes]
