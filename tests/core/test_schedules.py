"""Who is on call, against a clock on the wall: turns, layers, overrides, absences, and nights when clocks change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from escalation.core.hours import Calendar, ExceptionDay, Shift, Window
from escalation.core.schedules import (
    EXPAND_MAX,
    LOOKS_MAX,
    Absence,
    Layer,
    Override,
    Place,
    Rotation,
    Schedule,
    Skipped,
    Turn,
    expand,
    people_of,
    place_at,
    reached,
    who,
)
from tests.core.cases import DAY, HOUR, MINUTE, shifts_of, window

# Instants around which something happens to the clocks.
CHANGES = [
    ("Europe/Berlin", datetime(2025, 3, 30, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2025, 10, 26, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2025, 4, 5, 15, tzinfo=UTC)),  # by half an hour
    ("Australia/Lord_Howe", datetime(2025, 10, 4, 15, 30, tzinfo=UTC)),
    ("Pacific/Chatham", datetime(2025, 9, 27, 14, tzinfo=UTC)),  # at +12:45
    ("Pacific/Chatham", datetime(2025, 4, 5, 14, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),  # back into the day before
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),  # midnight does not exist
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a whole day does not exist
    ("Asia/Kathmandu", datetime(2025, 6, 15, 12, tzinfo=UTC)),  # nothing, at +05:45
]
BERLIN = "Europe/Berlin"
MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)  # 08:00 in Berlin
NAMES = ("ana", "ben", "cleo", "dan")


@cache
def shifts_around(zone: str, at: datetime) -> tuple[Shift, ...]:
    return shifts_of(zone, at - 400 * DAY, at + 800 * DAY)


def layer(
    every: timedelta | None,
    *people: str,
    start: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC),
    day: int = 1,
    name: str = "days",
    zone: str = BERLIN,
    week: Sequence[Sequence[Window]] | None = None,
    holidays: tuple[ExceptionDay, ...] = (),
) -> Layer:
    """A layer in Berlin, of which the first hand-over is on Monday, 2 March 2026 at 08:00 there."""
    shifts = shifts_around(zone, start)
    hours = Calendar(name, zone, tuple(map(tuple, week)), shifts, holidays) if week is not None else None
    return Layer(name, people, Rotation(start, every, day), shifts, hours)


def schedule(*layers: Layer, overrides: tuple[Override, ...] = (), **away: tuple[Absence, ...]) -> Schedule:
    return Schedule("l2", BERLIN, layers, overrides, away)


WEEKLY = layer(7 * DAY, "ana", "ben", "cleo")
BELOW = layer(7 * DAY, "dan", name="below")


# --- turns -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "people"),
    [(HOUR, "ab"), (12 * HOUR, "abc"), (DAY, "abcd"), (3 * DAY, "ab"), (7 * DAY, "abc"), (14 * DAY, "ab")],
)
def test_a_turn_begins_where_the_one_before_ends(every: timedelta, people: str) -> None:
    """At the very microsecond, and after the last the first one is on call again."""
    found = schedule(layer(every, *people, start=datetime(2026, 6, 1, 8, tzinfo=UTC)))
    turns = range(len(people) + 1)
    start = datetime(2026, 6, 1, 6, tzinfo=UTC)  # no clock is changed in the weeks after it

    assert [who(found, start + n * every).person for n in turns] == [people[n % len(people)] for n in turns]
    assert [place_at(found, start + n * every) for n in turns] == [who(found, start + n * every).place for n in turns]
    before = [who(found, start + (n + 1) * every - timedelta(microseconds=1)) for n in turns]
    assert [each.person for each in before] == [people[n % len(people)] for n in turns]
    assert [each.until for each in before] == [start + (n + 1) * every for n in turns]


def test_nobody_is_on_call_before_the_first_hand_over() -> None:
    """And the answer says when it is."""
    found = who(schedule(WEEKLY), MONDAY - timedelta(microseconds=1))

    assert (found.person, found.until, found.place) == (None, MONDAY, Place(None, ""))


def test_monthly_turns_keep_their_day_or_the_last_of_the_month() -> None:
    """From the 31st: February does not move March, and a year ends."""
    start = datetime(2025, 10, 31, 8, tzinfo=UTC)
    turns = expand(schedule(layer(None, "ana", "ben", start=start, day=31)), start - DAY, start + 150 * DAY)

    assert [f"{turn.start:%m-%d %H:%M}" for turn in turns[1:]] == [
        "10-31 07:00", "11-30 07:00", "12-31 07:00", "01-31 07:00", "02-28 07:00",
    ]  # fmt: skip
    assert [turn.place.person for turn in turns] == [None, "ana", "ben", "ana", "ben", "ana"]


def test_one_person_has_it_without_an_end() -> None:
    """No hand-over to themselves is counted."""
    assert who(schedule(layer(HOUR, "ana")), MONDAY).until is None
    assert expand(schedule(layer(HOUR, "ana")), MONDAY, MONDAY + DAY) == (
        Turn(MONDAY, MONDAY + DAY, Place("ana", "days")),
    )


# --- hand-overs and the clocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("Europe/Berlin", "2025-03-30 02:30", "2025-03-30 01:00"),  # skipped: at the change
        ("Europe/Berlin", "2025-03-30 03:00", "2025-03-30 01:00"),
        ("Europe/Berlin", "2025-03-30 03:01", "2025-03-30 01:01"),
        ("Europe/Berlin", "2025-10-26 02:30", "2025-10-26 00:30"),  # repeated: the first time
        ("Europe/Berlin", "2025-10-26 03:00", "2025-10-26 02:00"),
        ("Australia/Lord_Howe", "2025-10-05 02:15", "2025-10-04 15:30"),
        ("Australia/Lord_Howe", "2025-04-06 01:45", "2025-04-05 14:45"),
        ("Pacific/Chatham", "2025-09-28 03:00", "2025-09-27 14:00"),
        ("Pacific/Chatham", "2025-04-06 03:00", "2025-04-05 13:15"),
        ("America/St_Johns", "2010-11-06 23:30", "2010-11-07 02:00"),
        ("America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04 03:00"),
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"),
        ("Asia/Kathmandu", "2025-06-15 08:00", "2025-06-15 02:15"),
        ("America/New_York", "2025-03-09 02:00", "2025-03-09 07:00"),
        ("America/New_York", "2025-11-02 01:00", "2025-11-02 05:00"),
    ],
)
def test_a_hand_over_is_when_the_wall_has_come_as_far(zone: str, wall: str, instant: str) -> None:
    """A skipped one is at the change, a repeated one at its first occurrence, and one answer comes of both ways."""
    first, expected = (datetime.fromisoformat(f"{text}Z") for text in (wall, instant))
    daily = layer(DAY, "ana", "ben", start=first - 4 * DAY, zone=zone)

    assert reached(daily.shifts, first) == expected
    tick = timedelta(microseconds=1)
    assert [who(schedule(daily), at).person for at in (expected - tick, expected)] == ["ben", "ana"]
    assert who(schedule(daily), expected - tick).until == expected


def test_hourly_turns_in_a_night_with_a_change() -> None:
    """By the wall: in spring one turn never comes, in autumn one lasts two hours."""
    spring, autumn = datetime(2025, 3, 29, 23, tzinfo=UTC), datetime(2025, 10, 25, 22, tzinfo=UTC)
    hourly = layer(HOUR, "ana", "ben", "cleo", "dan", start=datetime(2025, 3, 30, tzinfo=UTC))
    later = layer(HOUR, "ana", "ben", "cleo", "dan", start=datetime(2025, 10, 26, tzinfo=UTC))

    def hours(found: Layer, since: datetime) -> list[tuple[str | None, float]]:
        turns = expand(schedule(found), since, since + 4 * HOUR)
        return [(turn.place.person, (turn.end - turn.start) / HOUR) for turn in turns]

    assert hours(hourly, spring) == [("ana", 1), ("ben", 1), ("dan", 1), ("ana", 1)]
    assert hours(later, autumn) == [("ana", 1), ("ben", 1), ("cleo", 2)]


# --- layers, windows, overrides, absences ----------------------------------------------------------------------------


def test_a_layer_with_windows_leaves_the_rest_to_the_one_below() -> None:
    """Weekends go to others, and the weeks' turns go on counting beneath them."""
    weekend: list[list[Window]] = [[]] * 5 + [[window(0, 24)]] * 2
    found = schedule(layer(7 * DAY, "dan", name="weekends", week=weekend), layer(DAY, "ana", "ben", name="weeks"))
    turns = expand(found, MONDAY + 3 * DAY, MONDAY + 7 * DAY)

    assert [(f"{turn.start:%a %H:%M}", turn.place.person, turn.place.by) for turn in turns] == [
        ("Thu 07:00", "ben", "weeks"), ("Fri 07:00", "ana", "weeks"), ("Fri 23:00", "dan", "weekends"),
        ("Sun 23:00", "ana", "weeks"),
    ]  # fmt: skip


def test_a_night_layer_runs_past_midnight_and_a_holiday_has_its_own_windows() -> None:
    """A holiday replaces what begins on it; the night before runs out."""
    nights = [[window(22, 30)]] * 7
    holiday = ExceptionDay(date(2026, 3, 4), (window(12, 13),), "a day")
    found = schedule(layer(DAY, "ana", name="nights", week=nights, holidays=(holiday,)))

    turns = expand(found, MONDAY + DAY, MONDAY + 4 * DAY)
    assert [f"{turn.start:%a %H:%M}-{turn.end:%a %H:%M}" for turn in turns if turn.place.person] == [
        "Tue 21:00-Wed 05:00", "Wed 11:00-Wed 12:00", "Thu 21:00-Fri 05:00",
    ]  # fmt: skip


def test_a_window_that_is_rare_is_found_again() -> None:
    """Holidays alone, further away than one look: the answer is the same from any distance."""
    far = ExceptionDay(date(2026, 7, 1), (window(9, 17),), "a day")
    found = schedule(layer(DAY, "ana", week=[[]] * 7, holidays=(far,)))

    assert who(found, MONDAY).until == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_each_is_on_call_in_their_own_daytime() -> None:
    """Layers may keep different zones: the sun is followed."""
    office = [[window(8, 16)]] * 7
    zones = {"ana": "Asia/Tokyo", "ben": BERLIN, "cleo": "America/Los_Angeles"}
    found = schedule(*(layer(DAY, name, zone=zone, week=office, name=zone) for name, zone in zones.items()))

    hours = [who(found, datetime(2026, 3, 10, hour, tzinfo=UTC)).person for hour in (0, 6, 7, 14, 15, 23)]
    assert hours == ["ana", "ana", "ben", "ben", "cleo", "ana"]


def test_an_override_goes_before_every_layer() -> None:
    """From its first instant on, until its last one."""
    instead = Override(MONDAY + DAY, MONDAY + 2 * DAY, "dan", "override: theatre")
    turns = expand(schedule(WEEKLY, overrides=(instead,)), MONDAY, MONDAY + 7 * DAY)

    assert turns == (
        Turn(MONDAY, instead.since, Place("ana", "days")),
        Turn(instead.since, instead.until, Place("dan", "override: theatre")),
        Turn(instead.until, MONDAY + 7 * DAY, Place("ana", "days")),
    )
    assert who(schedule(WEEKLY, overrides=(instead,)), MONDAY).until == instead.since


def test_somebody_away_is_skipped_with_the_reason() -> None:
    """The layer below stands in, not the next in their rotation; without one it is nobody."""
    absence = Absence(MONDAY, MONDAY + 2 * DAY, "vacation")
    skipped = (Skipped("ana", absence.until, "vacation"),)

    assert who(schedule(WEEKLY, BELOW, ana=(absence,)), MONDAY).place == Place("dan", "below", skipped)
    alone = who(schedule(WEEKLY, ana=(absence,)), MONDAY)
    assert (alone.place, alone.until) == (Place(None, "", skipped), absence.until)


def test_somebody_away_cannot_stand_in_either() -> None:
    """An override does not call anybody back from vacation, and nobody is skipped twice."""
    absences = (Absence(MONDAY, MONDAY + DAY, "ill"), Absence(MONDAY, MONDAY + 3 * DAY, "vacation"))
    instead = Override(MONDAY, MONDAY + 2 * DAY, "ana", "override: swap")
    found = schedule(WEEKLY, BELOW, overrides=(instead,), ana=absences)

    assert who(found, MONDAY).place == Place("dan", "below", (Skipped("ana", MONDAY + 3 * DAY, "vacation"),))
    assert who(found, MONDAY).until == MONDAY + 3 * DAY


def test_everybody_who_can_be_on_call_is_named() -> None:
    """By turns and by overrides."""
    instead = Override(MONDAY, MONDAY + DAY, "eve", "override: x")

    assert people_of(schedule(WEEKLY, BELOW, overrides=(instead,))) == {"ana", "ben", "cleo", "dan", "eve"}


def test_looking_ahead_and_expanding_are_bounded() -> None:
    """Turns that all fall to the same person are looked through so far; a longer expansion is refused."""
    away = (Absence(MONDAY, MONDAY + 900 * DAY, "gone"),)
    found = schedule(layer(HOUR, "ana", "ben"), layer(DAY, "cleo", name="below"), ana=away, ben=away)

    assert who(found, MONDAY).until == MONDAY + (LOOKS_MAX + 1) * HOUR
    assert expand(schedule(BELOW), MONDAY, MONDAY + EXPAND_MAX)[-1].end == MONDAY + EXPAND_MAX
    with pytest.raises(ValueError, match=r"too long to expand; ask for at most 400 days"):
        expand(schedule(BELOW), MONDAY, MONDAY + EXPAND_MAX + timedelta(microseconds=1))


# --- properties ------------------------------------------------------------------------------------------------------

AROUND = 8  # days before and after the change


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    """Any schedule in a zone whose clock is changed in its middle, to the minute."""
    zone, change = draw(st.sampled_from(CHANGES))
    shifts = shifts_around(zone, change)
    days = st.integers(-40, 4)
    layers = []
    for number in range(draw(st.integers(1, 3))):
        midnight = datetime(change.year, change.month, change.day, tzinfo=UTC) + draw(days) * DAY
        first = midnight + draw(st.integers(0, 1439)) * MINUTE
        every = draw(st.sampled_from([HOUR, 6 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY, None]))
        people = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
        hours = Calendar("h", zone, draw(WEEKS), shifts, ()) if draw(st.booleans()) else None
        layers.append(Layer(f"layer {number}", tuple(people), Rotation(first, every, first.day), shifts, hours))
    overrides = tuple(
        Override(change + since * DAY, change + (since + length) * DAY, draw(st.sampled_from(NAMES)), "override: x")
        for since, length in draw(
            st.lists(st.tuples(st.integers(-8, 6), st.just(1)), max_size=2, unique=True).map(sorted)
        )
    )
    away = {
        name: (Absence(change - draw(st.integers(0, 9)) * 7 * HOUR, change + draw(st.integers(1, 90)) * HOUR, "away"),)
        for name in draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
    }
    return Schedule("any", zone, tuple(layers), overrides, away), change


def minutes_window(start: int, length: int) -> Window:
    return Window(start * MINUTE, (start + length) * MINUTE)


WINDOWS = st.lists(st.builds(minutes_window, st.integers(0, 1439), st.integers(1, 1440)), max_size=2).map(
    lambda windows: tuple(sorted(windows, key=lambda each: each.start))
)
WEEKS = st.tuples(*[WINDOWS] * 7)


def furthest(shifts: tuple[Shift, ...], at: datetime) -> datetime:
    """How far the clock on the wall has ever come by a whole minute."""
    seen = [at + [each for each in shifts if each.at <= at][-1].offset]
    seen += [after.at + before.offset - MINUTE for before, after in pairwise(shifts) if at - 2 * DAY < after.at <= at]
    return max(seen)


def on_call_by_the_wall(found: Schedule, at: datetime) -> str | None:
    """The definition, without arithmetic: count the hand-overs that the wall has shown."""

    def free(person: str) -> bool:
        return not any(each.since <= at < each.until for each in found.absences.get(person, ()))

    for override in found.overrides:
        if override.since <= at < override.until and free(override.person):
            return override.person
    for each in found.layers:
        wall = furthest(each.shifts, at)
        begun = 0
        while each.rotation.hand_over(begun) <= wall:
            begun += 1
        if begun and opened(each.hours, wall) and free(person := each.people[(begun - 1) % len(each.people)]):
            return person
    return None


def opened(hours: Calendar | None, wall: datetime) -> bool:
    if hours is None:
        return True
    midnight = datetime(wall.year, wall.month, wall.day, tzinfo=UTC)
    days = (midnight - n * DAY for n in range(3))
    return any(day + w.start <= wall < day + w.end for day in days for w in hours.windows_on(day.date()))


@settings(max_examples=150, deadline=None)
@given(schedules(), st.integers(-AROUND * 1440, AROUND * 1440))
def test_who_is_on_call_is_whom_the_wall_says(drawn: tuple[Schedule, datetime], minutes: int) -> None:
    """In any minute around a change, in any zone."""
    found, change = drawn

    assert who(found, change + minutes * MINUTE).person == on_call_by_the_wall(found, change + minutes * MINUTE)


@settings(max_examples=60, deadline=None)
@given(schedules(), st.integers(-AROUND * 1440, AROUND * 1440), st.integers(1, 5 * 1440))
def test_any_window_is_the_slice_of_the_full_expansion(
    drawn: tuple[Schedule, datetime], minutes: int, length: int
) -> None:
    """However it is asked, the answer is one; and its turns touch, so one person is on call at a time."""
    found, change = drawn
    since = change + minutes * MINUTE
    until = since + length * MINUTE
    full = expand(found, change - 2 * AROUND * DAY, change + 2 * AROUND * DAY)

    cut = (replace(turn, start=max(turn.start, since), end=min(turn.end, until)) for turn in full)
    assert expand(found, since, until) == tuple(turn for turn in cut if turn.start < turn.end)
    assert all(before.end == after.start and before.place != after.place for before, after in pairwise(full))


@settings(max_examples=60, deadline=None)
@given(schedules(), st.integers(-AROUND * 1440, AROUND * 1440))
def test_there_is_no_gap_unless_the_definition_has_one(drawn: tuple[Schedule, datetime], minutes: int) -> None:
    """A layer without windows has somebody at every instant from its first hand-over on, and so has the schedule."""
    found, change = drawn
    whole = next((each for each in found.layers if each.hours is None), None)
    assume(whole is not None)
    assert whole is not None
    begun = max(reached(whole.shifts, whole.rotation.hand_over(0)), change + minutes * MINUTE)

    turns = expand(replace(found, absences={}), begun, begun + 9 * DAY)
    assert [turn for turn in turns if turn.place.person is None] == []


@settings(max_examples=60, deadline=None)
@given(schedules(), st.integers(-AROUND * 1440, AROUND * 1440))
def test_an_answer_holds_until_it_says(drawn: tuple[Schedule, datetime], minutes: int) -> None:
    """The same person up to that instant, and another from it on."""
    found, change = drawn
    at = change + minutes * MINUTE
    answer = who(found, at)
    until = min(answer.until or at + 9 * DAY, at + 9 * DAY)

    assert {turn.place.person for turn in expand(found, at, until)} == {answer.person}
    if answer.until is not None:
        assert who(found, answer.until).person != answer.person
