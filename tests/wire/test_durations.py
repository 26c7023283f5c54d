"""A length of time is what a person wrote, with its unit, or a sentence."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.hours import Window
from escalation.wire.durations import DURATION_MAX, duration, spell, window


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
