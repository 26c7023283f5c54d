"""A zone's rules become instants that give the same local time as the zone itself."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.hours import DAY, HORIZON_DAYS, Window
from escalation.wire.zones import YEARS_AHEAD, days_needed, offset_at, overlaps, shifts, zone

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",  # its summer time is the standard one
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",  # shifts by half an hour
    "Africa/Casablanca",  # shifts around Ramadan
    "Asia/Kathmandu",
    "Pacific/Apia",
)
HOUR = timedelta(hours=1)


@given(
    st.sampled_from(ZONES),
    st.sampled_from([2011, 2018, 2026]),
    st.floats(min_value=-364, max_value=365.2 * YEARS_AHEAD),
)
def test_frozen_offsets_are_those_of_the_zone(name: str, year: int, days: float) -> None:
    """A year back and twenty years ahead, at any instant."""
    at = datetime(year, 6, 1, tzinfo=UTC)
    instant = at + timedelta(days=days)

    assert offset_at(shifts(name, at), instant) == instant.astimezone(ZoneInfo(name)).utcoffset()


@pytest.mark.parametrize("name", ZONES)
def test_a_shift_lies_on_the_very_second(name: str) -> None:
    """The offset is the old one a second before, and the new one from then on."""
    found = shifts(name, datetime(2018, 6, 1, tzinfo=UTC))

    assert [shift.at for shift in found] == sorted({shift.at for shift in found})
    for before, after in pairwise(found):
        assert (after.at - timedelta(seconds=1)).astimezone(ZoneInfo(name)).utcoffset() == before.offset
        assert after.at.astimezone(ZoneInfo(name)).utcoffset() == after.offset


def test_the_same_year_freezes_the_same_instants() -> None:
    """So one agreement is one value all year."""
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, tzinfo=UTC)

    assert shifts("Europe/Berlin", first) is shifts("Europe/Berlin", last)
    assert shifts("Europe/Berlin", first)[0].at <= first - timedelta(days=365)


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "Europe", "Europe/Berlin\0"]
)
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    """A zone's name is looked up among files, so odd ones must not get through."""
    with pytest.raises(ValueError, match="no time zone"):
        zone(name)


def week(**days: tuple[int, int]) -> list[list[Window]]:
    """A week with one opening a day, in hours."""
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return [[Window(days[name][0] * HOUR, days[name][1] * HOUR)] if name in days else [] for name in names]


def test_openings_overlap_across_midnight_and_across_the_week() -> None:
    """Touching ones do not."""
    assert list(overlaps(week(monday=(22, 30), tuesday=(6, 14)))) == []
    assert list(overlaps(week(monday=(22, 30), tuesday=(5, 14)))) == [(1, Window(5 * HOUR, 14 * HOUR))]
    assert list(overlaps(week(sunday=(22, 30), monday=(0, 8)))) == [(0, Window(0 * HOUR, 8 * HOUR))]


def test_a_calendar_that_never_opens_is_beyond_the_horizon() -> None:
    """As is one that opens too little for the promise."""
    assert days_needed(HOUR, week(), []) > HORIZON_DAYS
    assert days_needed(1000 * HOUR, week(monday=(9, 10)), []) > HORIZON_DAYS
    assert days_needed(400 * HOUR, week(monday=(9, 10)), []) <= HORIZON_DAYS
    assert days_needed(8 * HOUR, week(monday=(9, 17)), []) < 30 * DAY / DAY
