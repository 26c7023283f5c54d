"""A length of time is what a person wrote, with its unit, or a sentence."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.hours import DayRule, Days, Window
from escalation.wire.durations import (
    BUSINESS_DAYS_MAX,
    DURATION_MAX,
    Length,
    duration,
    length,
    spell,
    spell_days,
    window,
)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0s", 0), ("90s", 90), ("15m", 900), ("2h", 7200), ("1h30m", 5400), ("1h0m5s", 3605), ("8784h", 31_622_400)],
)
def test_units_add_up(written: str, seconds: int) -> None:
    """Hours, minutes and seconds, in this order, each at most once."""
    assert duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "written", ["", "15", "15 m", "m", "-5m", "1.5h", "30m1h", "5M", "PT5M", "٣m", 15, True, None, ["5m"]]
)
def test_a_length_without_a_plain_unit_is_refused(written: object) -> None:
    """The sentence shows how to write one."""
    with pytest.raises(ValueError, match="no duration; write hours, minutes and seconds such as"):
        duration(written)


@pytest.mark.parametrize("written", ["1d", "2 days", "3bd", "1w", "1 month"])
def test_a_bare_day_is_refused(written: str) -> None:
    """It may mean 24 hours, one working day or the same time tomorrow."""
    with pytest.raises(ValueError, match="may mean several things; write hours"):
        duration(written)


def test_a_year_is_the_longest_promise() -> None:
    """One second more is refused."""
    assert duration("8784h0m0s") == DURATION_MAX
    with pytest.raises(ValueError, match="longer than 8784h"):
        duration("8784h1s")


@given(
    st.timedeltas(min_value=timedelta(0), max_value=DURATION_MAX).map(
        lambda length: length - length % timedelta(seconds=1)
    )
)
def test_a_spelled_length_reads_back(length: timedelta) -> None:
    """Messages show lengths the way files write them."""
    assert duration(spell(length)) == length


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [("09:00-17:00", 9, 17), ("00:00-24:00", 0, 24), ("22:00-06:00", 22, 30), ("12:00-00:00", 12, 24)],
)
def test_an_opening_may_pass_midnight(written: str, start: int, end: int) -> None:
    """An end at or before the start lies on the next day."""
    assert window(written) == Window(timedelta(hours=start), timedelta(hours=end))


@pytest.mark.parametrize(
    "written",
    [
        "9:00-17:00",
        "09:00",
        "09:00–17:00",
        "09:60-17:00",
        "24:00-25:00",
        "09:00-24:01",
        "09:00-09:00",
        "00:00-00:00",
        9,
    ],
)
def test_an_impossible_opening_is_refused(written: object) -> None:
    """Each with a sentence that shows a possible one."""
    with pytest.raises(ValueError, match=r"\d\d:\d\d"):
        window(written)


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("end of same business day", Days(0, DayRule.END)),
        ("end of 1st business day", Days(1, DayRule.END)),
        ("end of 3rd business day", Days(3, DayRule.END)),
        ("end of 11th business day", Days(11, DayRule.END)),
        ("end of 22nd business day", Days(22, DayRule.END)),
        ("end of 366th business day", Days(BUSINESS_DAYS_MAX, DayRule.END)),
        ("same time next business day", Days(1, DayRule.SAME_TIME)),
        ("same time 3 business days later", Days(3, DayRule.SAME_TIME)),
    ],
)
def test_working_days_are_given_in_words_that_mean_one_thing(written: str, days: Days) -> None:
    """And are spelled the same way."""
    assert length(written) == Length(timedelta(0), days)
    assert str(length(written)) == spell_days(days) == written


@pytest.mark.parametrize(("written", "hours"), [("1 business hour", 1), ("8 business hours", 8)])
def test_business_hours_are_hours_of_a_calendar(written: str, hours: int) -> None:
    """As a plain length is where a calendar is named, but they may not stand without one."""
    assert length(written) == Length(timedelta(hours=hours), business=True)
    assert length(written).needs_calendar
    assert not length(f"{hours}h").needs_calendar


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1d", 'may mean several things; write hours such as "24h", or "8 business hours"'),
        ("2 business days", "may mean several things"),
        ("next business day", "is no length in working days; write for example"),
        ("end of 3th business day", 'is mistyped; write "end of 3rd business day"'),
        ("end of 0th business day", 'counts no day; write "end of same business day"'),
        ("same time 0 business days later", "counts no day"),
        ("end of 367th business day", "is longer than 366 business days; shorten it"),
        ("8785 business hours", "is longer than 8784h; shorten it"),
        ("End of 1st business day", "is no length in working days"),
        ("15 m", "is no duration"),
        (15, "15 is no duration"),
    ],
)
def test_an_unclear_number_of_days_is_refused(written: object, said: str) -> None:
    """With a sentence that shows the clear ways to say it."""
    with pytest.raises(ValueError, match=re.escape(said)):
        length(written)
