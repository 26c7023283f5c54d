"""A schedule as written: what it means when it is frozen, and every fault with its place."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from escalation.core.hours import DAY, WEEK, Window
from escalation.core.schedules import Absence, expand, reached, who
from escalation.wire.schedule_file import (
    LAYERS_MAX,
    OVERRIDES_MAX,
    PEOPLE_MAX,
    PERIOD_MAX,
    SWAPS_MAX,
    WINDOWS_MAX,
    WrittenLayer,
    WrittenSchedule,
    contradictions,
    freeze,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = ("ana", "ben", "cleo")
LAYER: dict[str, Any] = {
    "name": "days", "people": ["ana", "ben"], "every": "weekly", "start": "2026-03-02", "hand_over": "08:00",
}  # fmt: skip
HOUR = timedelta(hours=1)


def read(**changed: Any) -> WrittenSchedule:  # noqa: ANN401  # what a file may hold
    """A schedule of one layer, with other fields."""
    fields = {"zone": "Europe/Berlin", "layers": [LAYER], **changed}
    return WrittenSchedule.model_validate_json(json.dumps(fields))


def with_layer(**changed: Any) -> WrittenSchedule:  # noqa: ANN401  # what a file may hold
    """A schedule whose layer has other fields."""
    return read(layers=[LAYER | changed])


def turn(since: str, until: str, who: str) -> dict[str, str]:
    return {"since": f"2026-03-{since}:00Z", "until": f"2026-03-{until}:00Z", "who": who}


def faults(written: WrittenSchedule) -> list[tuple[str, str]]:
    return [(".".join(map(str, path)), what) for path, what in contradictions(written, PEOPLE)]


@pytest.mark.parametrize(
    ("every", "period"),
    [
        ("daily", DAY),
        ("weekly", WEEK),
        ("monthly", None),
        ("1 hour", HOUR),
        ("12 hours", 12 * HOUR),
        ("3 days", 3 * DAY),
        ("2 weeks", 2 * WEEK),
        (f"{PERIOD_MAX.days} days", PERIOD_MAX),
    ],
)
def test_a_turn_is_as_long_as_it_says(every: str, period: timedelta | None) -> None:
    """In words or as a number of hours, days or weeks."""
    assert with_layer(every=every).layers[0].every == period


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"every": "fortnightly"}, "'fortnightly' is no turn; write daily, weekly, monthly, or such as"),
        ({"every": "0 hours"}, '\'0 hours\' is no turn; it lasts "1 hour" to "366 days"'),
        ({"every": "367 days"}, "'367 days' is no turn"),
        ({"every": 7}, "7 is no turn"),
        ({"hand_over": "8:00"}, '\'8:00\' is no time of day; write "00:00" to "23:59"'),
        ({"hand_over": "24:00"}, "'24:00' is no time of day"),
        ({"day": "someday"}, "'someday' is no day; write a weekday such as monday"),
        ({"day": 32}, "32 is no day"),
        ({"day": 0}, "0 is no day"),
        ({"day": True}, "True is no day"),
        ({"start": "2026-02-30"}, "is no date"),
        ({"zone": "Mars/Olympus"}, "is no time zone of the IANA database"),
        ({"people": []}, "at least 1 item"),
        ({"people": ["ana", "ana"]}, "the same person stands here twice"),
        ({"people": [f"p{n}" for n in range(PEOPLE_MAX + 1)]}, f"at most {PEOPLE_MAX} items"),
        ({"windows": [{"days": ["funday"], "hours": "09:00-17:00"}]}, "Input should be 'monday'"),
        ({"windows": [{"days": [], "hours": "09:00-17:00"}]}, "at least 1 item"),
        ({"windows": [{"days": ["monday"], "hours": "09:00-17:00"}] * (WINDOWS_MAX + 1)}, f"at most {WINDOWS_MAX}"),
    ],
)
def test_a_layer_that_cannot_be_read_is_refused(changed: dict[str, Any], sentence: str) -> None:
    """With a sentence that says what to write."""
    with pytest.raises(ValidationError) as caught:
        with_layer(**changed)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"layers": [LAYER] * (LAYERS_MAX + 1)}, f"at most {LAYERS_MAX} items"),
        ({"overrides": [turn("03T08:00", "03T09:00", "ana") | {"why": "x"}] * (OVERRIDES_MAX + 1)}, "at most 200"),
        (
            {"swaps": [{"one": turn("03T08:00", "03T09:00", "ana"), "other": turn("04T08:00", "04T09:00", "ben"),
                        "why": "x"}] * (SWAPS_MAX + 1)},
            "at most 100 items",
        ),
        ({"overrides": [{"since": "2026-03-03T08:00", "until": "2026-03-03T09:00Z", "who": "ana", "why": "x"}]},
         "is no instant; write date, time and offset"),
        ({"ical": "x"}, "is no iCal file beside the directory"),
        ({"rota": "x"}, "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_schedule_that_cannot_be_read_is_refused(changed: dict[str, Any], what: str) -> None:
    """Bounds, instants without a zone, and fields that nobody reads."""
    with pytest.raises(ValidationError, match=what):
        read(**changed)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (with_layer(day="monday"), []),
        (with_layer(day="tuesday"),
         [("layers.0.start", "2026-03-02 is a monday, and hand-overs are on tuesday; correct one of them")]),
        (with_layer(day="monday", every="3 days"),
         [("layers.0.day", "only turns of weeks keep to a weekday; write `every: weekly`, or leave monday out")]),
        (with_layer(day="monday", every="2 weeks"), []),
        (with_layer(day=2),
         [("layers.0.day", "only monthly turns keep to a day of the month; write `every: monthly`, or remove 2")]),
        (with_layer(day=2, every="monthly"), []),
        (with_layer(day=31, every="monthly", start="2026-02-28"), []),
        (with_layer(day=31, every="monthly"),
         [("layers.0.start", "the first hand-over of that month is on its day 31; correct `start` or `day`")]),
        (with_layer(people=["ana", "zoe"]),
         [("layers.0.people.1", "no person is called 'zoe'; add them, or name somebody known")]),
        (read(layers=[LAYER, LAYER]),
         [("layers.1.name", "another layer is called 'days'; the log could not tell them apart")]),
        (with_layer(windows=[{"days": ["weekdays"], "hours": "22:00-08:00"},
                             {"days": ["tuesday"], "hours": "07:00-09:00"}]),
         [("layers.0.windows", "two windows overlap on tuesday; let one begin where the other ends")]),
        (read(holidays=[{"day": "2026-12-25", "label": "one"}, {"day": "2026-12-25", "label": "two"}]),
         [("holidays.1.day", "2026-12-25 is a holiday already; keep one of them")]),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_fault_with_its_place(written: WrittenSchedule, found: list[tuple[str, str]]) -> None:
    """Every one of them, and none where none is."""
    assert faults(written) == found


def test_overrides_and_swaps_may_not_overlap() -> None:
    """Touching ones may; an early long one is measured against all that follow."""
    written = read(
        overrides=[
            turn("03T08:00", "05T08:00", "ana") | {"why": "a"},
            turn("03T09:00", "03T10:00", "zoe") | {"why": "b"},
            turn("05T08:00", "05T08:00", "ben") | {"why": "c"},
        ],
        swaps=[{"one": turn("04T08:00", "04T09:00", "ben"), "other": turn("06T08:00", "06T09:00", "ben"), "why": "d"}],
    )

    taken = "ana stands in until 2026-03-05T08:00:00+00:00; end that one first"
    assert faults(written) == [
        ("overrides.1.who", "no person is called 'zoe'; add them, or name somebody known"),
        ("overrides.2.until", "it ends before it begins; put the two in order"),
        ("overrides.1.since", taken),
        ("swaps.0.one.since", taken),
        ("swaps.0.other.who", "nobody swaps with themselves; name the other person"),
    ]


def test_a_swap_is_two_overrides() -> None:
    """Each takes a turn of the other's, and the log says that it was a swap."""
    swap = {"one": turn("09T07:00", "10T07:00", "ana"), "other": turn("03T07:00", "04T07:00", "ben"), "why": "theatre"}
    found = freeze(
        "l2", read(swaps=[swap], overrides=[turn("05T07:00", "05T08:00", "cleo") | {"why": "doctor"}]), {}, AT
    )

    turns = expand(found, datetime(2026, 3, 2, 7, tzinfo=UTC), datetime(2026, 3, 11, 7, tzinfo=UTC))
    assert [(f"{each.start:%d}", each.place.person, each.place.by) for each in turns] == [
        ("02", "ana", "days"), ("03", "ben", "swap: theatre"), ("04", "ana", "days"),
        ("05", "cleo", "override: doctor"), ("05", "ana", "days"),
        ("09", "ana", "swap: theatre"), ("10", "ben", "days"),
    ]  # fmt: skip


def test_windows_are_spread_over_the_week_and_holidays() -> None:
    """A holiday has its own; without one it has nobody."""
    windows = [
        {"days": ["weekdays"], "hours": "18:00-24:00"},
        {"days": ["weekends", "holidays"], "hours": "00:00-24:00"},
        {"days": ["monday"], "hours": "06:00-08:00"},
    ]
    found = freeze("l2", read(layers=[LAYER | {"windows": windows}], holidays=[HOLIDAY]), {}, AT)
    hours = found.layers[0].hours
    assert hours is not None

    evening, day = Window(18 * HOUR, DAY), Window(0 * HOUR, DAY)
    assert hours.week == ((Window(6 * HOUR, 8 * HOUR), evening), *[(evening,)] * 4, (day,), (day,))
    assert [(each.day, each.windows, each.label) for each in hours.exceptions] == [
        (date(2026, 12, 25), (day,), "Christmas")
    ]


HOLIDAY = {"day": "2026-12-25", "label": "Christmas"}


def test_a_layer_may_keep_another_zone() -> None:
    """Its hand-overs and windows are by that zone's wall."""
    found = freeze("l2", with_layer(zone="Asia/Kathmandu"), {}, AT)

    assert reached(found.layers[0].shifts, found.layers[0].rotation.hand_over(0)) == datetime(
        2026, 3, 2, 2, 15, tzinfo=UTC
    )


def test_only_those_are_known_as_away_who_can_be_on_call() -> None:
    """A schedule of few carries nothing about thousands."""
    gone = (Absence(AT, AT + 2 * DAY, "vacation"),)
    found = freeze("l2", read(), {"ana": gone, "zoe": gone}, AT)

    assert found.absences == {"ana": gone, "ben": ()}
    assert who(found, datetime(2026, 3, 2, 7, tzinfo=UTC)).person is None


def test_the_years_that_are_asked_about_give_one_answer() -> None:
    """A schedule that began long ago is on the same turn whichever year it was frozen in."""
    layer = WrittenLayer.model_validate_json(json.dumps(LAYER | {"start": "2001-01-01", "day": "monday"}))
    written = read().model_copy(update={"layers": (layer,)})
    at = datetime(2026, 7, 1, tzinfo=UTC)

    assert len({who(freeze("l2", written, {}, at + n * 100 * DAY), at) for n in range(-3, 4)}) == 1
