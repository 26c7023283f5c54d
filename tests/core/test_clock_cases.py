"""What other engines' public test suites and manuals expect of a clock, case by case, with its source beside it.

The cases are in `clock_cases.json`; what its fields mean stands at its top.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from escalation.core.clock import Clock, Gauge, pause, resume, retarget, spent, start
from escalation.core.hours import Calendar, DayRule, Days, ExceptionDay, Window, add, after_days, back, between
from escalation.core.hours import next_opening as opening_after
from escalation.core.policy import Target
from escalation.core.reckoning import Retiming
from escalation.core.vocabulary import ClockName, Edge
from tests.core.cases import DAY, HOUR, MINUTE, shifts_of

WRITTEN = json.loads((Path(__file__).parent / "clock_cases.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = WRITTEN["cases"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COUNTS = {
    "deadline": 72,
    "elapsed": 33,
    "next_open": 7,
    "level": 7,
    "business_days": 6,
    "metric": 3,
    "percent": 2,
}
YEARS = range(2005, 2037)
RESOLUTION = ClockName.RESOLUTION


def each(kind: str) -> pytest.MarkDecorator:
    found = [case for case in CASES if case["kind"] == kind]
    return pytest.mark.parametrize("case", found, ids=[case["id"] for case in found])


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def window(written: str) -> Window:
    start, end = (
        int(hours) * HOUR + int(minutes) * MINUTE for hours, minutes in (edge.split(":") for edge in written.split("-"))
    )
    return Window(start, end)


def windows(written: Sequence[str]) -> tuple[Window, ...]:
    return tuple(window(one) for one in written)


@cache
def calendar(name: str, year: int) -> Calendar:
    """The calendar of that name, for instants around a year."""
    written = WRITTEN["calendars"][name]
    zone, every_year = written["zone"], written.get("closed_every_year", ())
    exceptions: dict[date, tuple[Window, ...]] = {date.fromisoformat(day): () for day in written.get("closed", ())}
    exceptions |= {date.fromisoformat(f"{any_year}-{day}"): () for any_year in YEARS for day in every_year}
    exceptions |= {date.fromisoformat(day): windows(hours) for day, hours in written.get("dates", {}).items()}
    return Calendar(
        name,
        zone,
        tuple(windows(written["week"].get(day, ())) for day in WEEKDAYS),
        shifts_of(zone, datetime(year - 1, 1, 1, tzinfo=UTC), datetime(year + 4, 1, 1, tzinfo=UTC)),
        tuple(ExceptionDay(day, hours, "") for day, hours in sorted(exceptions.items())),
    )


def calendar_of(case: dict[str, Any]) -> Calendar:
    return calendar(case["calendar"], at(case["start"]).year)


def with_pauses(clock: Clock, case: dict[str, Any], gauge: Gauge) -> Clock:
    for begins, ends in case.get("pauses", ()):
        clock = resume(pause(clock, at(begins), gauge), at(ends), gauge)
    return clock


@pytest.mark.parametrize("kind", COUNTS)
def test_no_case_is_lost(kind: str) -> None:
    """Each has its own name and its source, and its kind a test below."""
    assert sum(case["kind"] == kind for case in CASES) == COUNTS[kind]
    assert len({case["id"] for case in CASES}) == len(CASES) == sum(COUNTS.values())
    assert all(case["source"] for case in CASES)


@each("deadline")
def test_a_target_is_due_when_it_is_used_up(case: dict[str, Any]) -> None:
    """Open time of the calendar, without the pauses."""
    gauge, target = Gauge(calendar_of(case)), Target(case["target_minutes"] * MINUTE)
    if "calendar_before" in case:
        gauge = Gauge(calendar(case["calendar_before"], at(case["start"]).year))
    clock = with_pauses(start(RESOLUTION, 1, target, at(case["start"]), gauge), case, gauge)

    assert clock.limit_at == at(case.get("due_before", case["due"]))


@each("deadline")
def test_what_is_left_at_due_is_nothing(case: dict[str, Any]) -> None:
    """And a second earlier it was a second: the answer at the due instant is the target itself."""
    gauge, target = Gauge(calendar_of(case)), case["target_minutes"] * MINUTE
    clock = with_pauses(start(RESOLUTION, 1, Target(target), at(case["start"]), gauge), case, gauge)
    due, second = at(case["due"]), timedelta(seconds=1)

    assert spent(clock, due, gauge) == target
    assert spent(clock, due - second, gauge) == target - second
    assert spent(clock, due + HOUR, gauge) >= target


@pytest.mark.parametrize("changed_after", [timedelta(0), 17 * HOUR], ids=["before both dues", "after the new due"])
def test_a_calendar_that_is_edited_counts_from_the_start_where_that_is_the_rule(changed_after: timedelta) -> None:
    """The opening moved from 08:00 to 04:00: due moves as far, into the past when it is edited later than that."""
    (case,) = [case for case in CASES if "calendar_before" in case]
    old = Gauge(calendar(case["calendar_before"], at(case["start"]).year))
    new, target = Gauge(calendar_of(case)), Target(case["target_minutes"] * MINUTE)
    clock = start(RESOLUTION, 1, target, at(case["start"]), old)

    moved = retarget(clock, target, at(case["start"]) + changed_after, old, new, Retiming.RETROACTIVE)

    assert moved.limit_at == at(case["due"])
    assert moved.overtaken is bool(changed_after)


@each("elapsed")
def test_the_time_between_two_instants(case: dict[str, Any]) -> None:
    """By the calendar alone, and by a clock that was paused."""
    gauge, until = Gauge(calendar_of(case)), at(case["end"])
    clock = with_pauses(start(RESOLUTION, 1, Target(DAY), at(case["start"]), gauge), case, gauge)
    expected = timedelta(seconds=case["elapsed_seconds"])

    assert spent(clock, until, gauge) == expected
    if "pauses" not in case:
        assert between(gauge.calendar, at(case["start"]), until) == expected


@each("next_open")
def test_the_first_open_instant(case: dict[str, Any]) -> None:
    """At once where it is open."""
    assert opening_after(calendar_of(case), at(case["start"])) == at(case["due"])


@each("level")
def test_so_much_open_time_before_or_after_an_instant(case: dict[str, Any]) -> None:
    """A lead in open time, and a level that follows a breach."""
    offset = case["offset_minutes"] * MINUTE
    found = (
        back(calendar_of(case), at(case["start"]), -offset)
        if offset < timedelta(0)
        else add(calendar_of(case), at(case["start"]), offset)
    )

    assert found == at(case["due"])


@each("business_days")
def test_so_many_working_days(case: dict[str, Any]) -> None:
    """As an instant, and as the limit of a clock."""
    days = Days(case["days"], DayRule(case["rule"]))
    target = Target(timedelta(0), limit_days=days)

    assert after_days(calendar_of(case), at(case["start"]), days) == at(case["due"])
    assert start(RESOLUTION, 1, target, at(case["start"]), Gauge(calendar_of(case))).limit_at == at(case["due"])


@each("metric")
def test_how_long_a_message_waits_for_its_answer(case: dict[str, Any]) -> None:
    """A turn begins with the customer's first unanswered message, and ends with the answer."""
    gauge, target = Gauge(calendar_of(case)), Target(case["target_minutes"] * MINUTE)
    expected = {at(point["after"]): point for point in case["checkpoints"]}
    waiting: Clock | None = None
    worst, turns = timedelta(0), 0
    for message in case["messages"]:
        now = at(message["at"])
        if message["from"] == "customer" and waiting is None:
            turns += 1
            waiting = start(ClockName.RESPONSE, turns, target, now, gauge)
        elif message["from"] == "agent" and waiting is not None:
            worst, waiting = max(worst, spent(pause(waiting, now, gauge), now, gauge)), None
        point = expected.pop(now, None)
        if point is not None:
            due = waiting.limit_at if waiting is not None else None
            assert due == (at(point["due"]) if point["due"] else None)
            assert worst == point.get("worst_minutes", worst // MINUTE) * MINUTE
    assert not expected


@each("percent")
def test_when_a_share_of_the_target_is_used_up(case: dict[str, Any]) -> None:
    """As an instant, and as the goal of a clock, where a warning is sent."""
    whole, calendar_here = case["target_minutes"] * MINUTE, calendar_of(case)
    share = whole * case["percent"] / 100
    clock = start(RESOLUTION, 1, Target(whole, share), at(case["start"]), Gauge(calendar_here))

    assert add(calendar_here, at(case["start"]), share) == at(case["due"])
    assert (clock.dues[0].edge, clock.dues[0].at) == (Edge.GOAL, at(case["due"]))
