"""Nine questions to which engines give different answers: ours is the default, theirs has a name.

The cases, and who answers how, are facts from public test suites, manuals and issues; each docstring names them.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from escalation.core.clock import Clock, Gauge, count_pause, limit_of, pause, resume, retarget, spent, start
from escalation.core.commands import Block, Reopen, Resolve, Unblock
from escalation.core.hours import (
    AtClose,
    Calendar,
    DayRule,
    Days,
    LongDay,
    Manner,
    NeverOpenError,
    SkippedEdge,
    Window,
    add,
    after_days,
    between,
    next_opening,
)
from escalation.core.policy import Target
from escalation.core.reckoning import EarlierPauses, Fractions, OpenPause, Pausing, Reckoning, Retiming
from escalation.core.vocabulary import ClockName, Edge, Severity
from tests.core.cases import HOUR, MINUTE, START, active, opening, policy, shifts_of, window, with_terms

RESOLUTION = ClockName.RESOLUTION
SHUT: tuple[Window, ...] = ()


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def week(zone: str, year: int, days: tuple[tuple[Window, ...], ...], manner: Manner | None = None) -> Calendar:
    shifts = shifts_of(zone, datetime(year - 1, 1, 1, tzinfo=UTC), datetime(year + 1, 12, 31, tzinfo=UTC))
    return Calendar("written", zone, days, shifts, manner=manner or Manner())


def weekdays(zone: str, year: int, opens: float, closes: float, manner: Manner | None = None) -> Calendar:
    return week(zone, year, ((window(opens, closes),),) * 5 + (SHUT, SHUT), manner)


def daily(zone: str, year: int, opens: float, closes: float, manner: Manner | None = None) -> Calendar:
    return week(zone, year, ((window(opens, closes),),) * 7, manner)


def paused(clock: Clock, since: str, until: str, gauge: Gauge) -> Clock:
    return resume(pause(clock, at(since), gauge), at(until), gauge)


def test_our_answers_are_the_defaults() -> None:
    """An agreement that says nothing gets these."""
    assert Manner() == Manner(AtClose.CLOSE, LongDay.PHYSICAL, SkippedEdge.INSTANTS)
    ours = Reckoning()
    assert (ours.fractions, ours.pausing, ours.earlier_pauses) == (Fractions.EXACT, Pausing.OPEN, EarlierPauses.KEPT)
    assert (ours.on_severity_change, ours.on_policy_change) == (Retiming.FORWARD, Retiming.FORWARD)
    assert ours.open_pause is OpenPause.SUBTRACTED


@pytest.mark.parametrize(
    ("manner", "due"),
    [
        (Manner(), "2013-06-04T16:00:00+00:00"),
        (Manner(at_close=AtClose.NEXT_OPENING), "2013-06-05T07:00:00+00:00"),
    ],
    ids=["at the close", "at the next opening"],
)
def test_d1_what_is_used_up_at_closing_time(manner: Manner, due: str) -> None:
    """At the close: zammad until 2018, frappe, erpnext, libredesk, chatwoot. At the next opening: zammad since.

    Source: zammad test/unit/ticket_sla_test.rb@0d1d865, spec/models/ticket/escalation_examples.rb@1aa4e68.
    """
    gauge = Gauge(daily("Europe/Berlin", 2013, 9, 18, manner))
    clock = start(RESOLUTION, 1, Target(2 * HOUR), at("2013-06-04T09:00:00+00:00"), gauge)

    assert paused(clock, "2013-06-04T10:00:00+00:00", "2013-06-04T15:00:00+00:00", gauge).limit_at == at(due)


@pytest.mark.parametrize(
    ("fractions", "due"),
    [(Fractions.EXACT, "2016-11-09T09:26:36+00:00"), (Fractions.MINUTES, "2016-11-09T09:26:00+00:00")],
)
def test_d2_seconds(fractions: Fractions, due: str) -> None:
    """Kept, or cut off as by zammad, which stores instants to the minute.

    Source: zammad spec/models/ticket/escalation_examples.rb@1aa4e68.
    """
    gauge = Gauge(weekdays("Europe/Berlin", 2016, 8, 20), Reckoning(fractions=fractions))

    assert start(RESOLUTION, 1, Target(20 * HOUR), at("2016-11-07T13:26:36+00:00"), gauge).limit_at == at(due)


@pytest.mark.parametrize(
    ("long_day", "counted"), [(LongDay.PHYSICAL, timedelta(seconds=90_000)), (LongDay.WALL, timedelta(seconds=86_400))]
)
def test_d3_a_day_of_twenty_five_hours(long_day: LongDay, counted: timedelta) -> None:
    """The time that passes: znuny, otobo. What the wall shows: working_hours.

    Source: working_hours spec/working_hours/computation_spec.rb@27946fa; znuny
    scripts/test/DateTime/DeltaWorkingTime.t@29c22cc.
    """
    sundays = week("Europe/Paris", 2020, (SHUT,) * 6 + ((window(0, 24),),), Manner(long_day=long_day))
    since, until = at("2020-10-24T22:00:00+00:00"), at("2020-10-25T23:00:00+00:00")

    assert between(sundays, since, until) == counted
    assert add(sundays, since, counted) == until


@pytest.mark.parametrize(("long_day", "counted"), [(LongDay.PHYSICAL, 23 * HOUR), (LongDay.WALL, 24 * HOUR)])
def test_d3_a_day_of_twenty_three_hours(long_day: LongDay, counted: timedelta) -> None:
    """By the wall, the hour that was skipped counts at once."""
    sundays = week("Europe/Paris", 2020, (SHUT,) * 6 + ((window(0, 24),),), Manner(long_day=long_day))
    since, skipped, until = (
        at("2020-03-28T23:00:00+00:00"),
        at("2020-03-29T01:00:00+00:00"),
        at("2020-03-29T22:00:00+00:00"),
    )

    assert between(sundays, since, until) == counted
    assert add(sundays, since, counted) == until
    assert add(sundays, since, 2.5 * HOUR) == skipped + (30 * MINUTE if long_day is LongDay.PHYSICAL else 0 * HOUR)


@pytest.mark.parametrize(
    ("skipped_edge", "opening"),
    [
        (SkippedEdge.INSTANTS, "2006-04-02T03:00:00-07:00"),
        (SkippedEdge.SHIFTED, "2006-04-03T09:00:00-07:00"),
    ],
)
def test_d4_a_window_edge_that_was_skipped(skipped_edge: SkippedEdge, opening: str) -> None:
    """02:30 to 03:15 on a day without 02:30: what exists of it is open from 03:00; biz moves the edge to 03:30.

    Source: zendesk/biz spec/periods/after_spec.rb@dddeea6.
    """
    days = ((window(9, 17),), SHUT, SHUT, SHUT, SHUT, SHUT, (window(2.5, 3.25),))
    calendar = week("America/Los_Angeles", 2006, days, Manner(skipped_edge=skipped_edge))

    assert next_opening(calendar, at("2006-04-02T00:00:00-08:00")) == at(opening)


@pytest.mark.parametrize(
    ("pausing", "due"),
    [(Pausing.OPEN, "2020-03-04T16:00:00+00:00"), (Pausing.WALL, "2020-03-04T16:45:00+00:00")],
)
def test_d5_a_pause_outside_open_hours(pausing: Pausing, due: str) -> None:
    """It moves nothing: glpi since 10.0.8, frappe helpdesk since 2449. By its own length: erpnext.

    Source: erpnext erpnext/support/doctype/issue/test_issue.py@0287768; glpi pull 14937; frappe/helpdesk pull 2449.
    """
    gauge = Gauge(daily("UTC", 2020, 10, 18), Reckoning(pausing=pausing))
    clock = start(RESOLUTION, 1, Target(6 * HOUR), at("2020-03-04T04:00:00+00:00"), gauge)

    assert paused(clock, "2020-03-04T04:15:00+00:00", "2020-03-04T05:00:00+00:00", gauge).limit_at == at(due)


@pytest.mark.parametrize(
    ("mode", "seconds"), [(Retiming.FORWARD, 57_608), (Retiming.RETROACTIVE, 41_408)], ids=["cumulative", "last only"]
)
def test_d6_a_calendar_that_changed_on_the_way(mode: Retiming, seconds: int) -> None:
    """Each part by its own calendar: fivetran's dbt_zendesk. All of it by the last one: Zendesk.

    Source: fivetran/dbt_zendesk DECISIONLOG.md@d4a8aa3.
    """
    chicago = Gauge(daily("America/Chicago", 2020, 7, 21))
    angeles = Gauge(weekdays("America/Los_Angeles", 2020, 8, 17.5))
    target = Target(40 * HOUR)
    clock = start(RESOLUTION, 1, target, at("2020-09-29T17:01:38+00:00"), chicago)

    changed = retarget(clock, target, at("2020-09-30T19:01:25+00:00"), chicago, angeles, mode)

    assert spent(changed, at("2020-09-30T19:01:46+00:00"), angeles) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("target", "due"),
    [
        (Target(timedelta(0), limit_days=Days(1, DayRule.SAME_TIME)), "2025-04-29T10:00:00+00:00"),
        (Target(8 * HOUR), "2025-04-29T10:00:00+00:00"),
        (Target(timedelta(0), limit_days=Days(1, DayRule.END)), "2025-04-29T17:00:00+00:00"),
        (Target(24 * HOUR), "2025-05-01T10:00:00+00:00"),
    ],
    ids=["same time next business day", "8 business hours", "end of 1st business day", "24 business hours"],
)
def test_d7_one_business_day(target: Target, due: str) -> None:
    """Four meanings, four ways to write it; a bare "1d" is refused where policies are read.

    Source: biz, glpi (same time, end); freshdesk until 2026 (8 hours) and since (24 hours), with intercom.
    """
    gauge, began = Gauge(weekdays("UTC", 2025, 9, 17)), at("2025-04-28T10:00:00+00:00")

    assert start(RESOLUTION, 1, target, began, gauge).limit_at == limit_of(target, began, gauge) == at(due)


@pytest.mark.parametrize(
    ("count", "rule", "began", "due"),
    [
        (0, DayRule.END, "2025-04-28T10:00", "2025-04-28T17:00"),
        (0, DayRule.END, "2025-04-28T17:00", "2025-04-29T17:00"),  # that day is over at its close
        (0, DayRule.END, "2025-04-26T10:00", "2025-04-28T17:00"),  # a Saturday is no working day
        (1, DayRule.END, "2025-04-25T18:00", "2025-04-28T17:00"),  # Friday after closing still began on Friday
        (3, DayRule.END, "2025-04-24T10:00", "2025-04-29T17:00"),
        (1, DayRule.SAME_TIME, "2025-04-25T08:00", "2025-04-28T09:00"),  # too early there: the opening after it
        (1, DayRule.SAME_TIME, "2025-04-28T18:30", "2025-04-30T09:00"),  # too late there: likewise
        (0, DayRule.SAME_TIME, "2025-04-28T10:00", "2025-04-28T10:00"),
    ],
)
def test_d7_working_days_from_odd_hours(count: int, rule: DayRule, began: str, due: str) -> None:
    """The day it started counts as none, whatever the hour."""
    calendar = weekdays("UTC", 2025, 9, 17)

    assert after_days(calendar, at(f"{began}+00:00"), Days(count, rule)) == at(f"{due}+00:00")


def test_d7_a_day_of_overlapping_windows_ends_with_the_last_of_them() -> None:
    """Whichever begins first."""
    calendar = week("UTC", 2025, ((window(9, 17), window(10, 11)),) * 7)

    assert after_days(calendar, at("2025-04-28T10:00+00:00"), Days(0, DayRule.END)) == at("2025-04-28T17:00+00:00")


def test_d7_a_goal_in_working_days_is_passed_on_the_way_to_the_limit() -> None:
    """Of "1 to 3 business days": a warning at the end of the first, the breach at the end of the third, or later."""
    gauge, began = Gauge(weekdays("UTC", 2025, 9, 17)), at("2025-04-28T10:00:00+00:00")
    goal, limit = Days(1, DayRule.END), Days(3, DayRule.END)

    for target, due in (
        (Target(timedelta(0), limit_days=limit, goal_days=goal), "2025-05-01T17:00"),
        (Target(32 * HOUR, goal_days=goal), "2025-05-02T10:00"),
    ):
        dues = start(RESOLUTION, 1, target, began, gauge).dues
        assert [(one.edge, one.at) for one in dues] == [
            (Edge.GOAL, at("2025-04-29T17:00+00:00")),
            (Edge.LIMIT, at(f"{due}+00:00")),
        ]


def test_d7_working_days_of_a_calendar_that_has_none() -> None:
    """It says so, with the number and the start."""
    with pytest.raises(NeverOpenError, match=r"'written' opens too little for 2 days after 2025-04-28T10:00:00\+00:00"):
        after_days(week("UTC", 2025, (SHUT,) * 7), at("2025-04-28T10:00:00+00:00"), Days(2, DayRule.END))


@pytest.mark.parametrize(
    ("earlier", "due"),
    [(EarlierPauses.KEPT, "2034-08-17T08:10:00+00:00"), (EarlierPauses.DROPPED, "2034-08-16T19:00:00+00:00")],
)
@pytest.mark.parametrize("mode", [Retiming.FORWARD, Retiming.RETROACTIVE])
def test_d8_pauses_from_before_another_target(earlier: EarlierPauses, due: str, mode: Retiming) -> None:
    """Ten minutes were waited before the priority changed; glpi forgot them until 16383.

    Source: glpi tests/functional/SLMTest.php@13f6502, issues 6902 and 15605, pull 16383.
    """
    gauge = Gauge(weekdays("UTC", 2034, 8, 19), Reckoning(earlier_pauses=earlier))
    clock = start(RESOLUTION, 1, Target(8 * HOUR), at("2034-08-16T13:00:00+00:00"), gauge)
    clock = paused(clock, "2034-08-16T13:00:00+00:00", "2034-08-16T13:10:00+00:00", gauge)

    assert retarget(clock, Target(6 * HOUR), at("2034-08-16T13:30:00+00:00"), gauge, gauge, mode).limit_at == at(due)


@pytest.mark.parametrize(("open_pause", "seconds"), [(OpenPause.SUBTRACTED, 1_800), (OpenPause.COUNTED, 5_400)])
def test_d9_a_pause_that_is_open_when_it_is_resolved(open_pause: OpenPause, seconds: int) -> None:
    """Half an hour of work, then an hour of waiting; frappe lost the wait.

    Source: frappe/helpdesk pull 3776.
    """
    gauge = Gauge(weekdays("UTC", 2026, 10, 18), Reckoning(open_pause=open_pause))
    waiting = pause(
        start(RESOLUTION, 1, Target(6 * HOUR), at("2026-11-23T12:00:00+00:00"), gauge),
        at("2026-11-23T12:30:00+00:00"),
        gauge,
    )
    resolved = at("2026-11-23T13:30:00+00:00")
    if open_pause is OpenPause.COUNTED:
        waiting = count_pause(waiting, resolved, gauge)

    assert spent(waiting, resolved, gauge) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("open_pause", "left"), [(OpenPause.SUBTRACTED, 6 * HOUR), (OpenPause.COUNTED, 5 * HOUR)])
def test_d9_in_the_life_of_an_escalation(open_pause: OpenPause, left: timedelta) -> None:
    """Two hours of eight were worked, one was waited; reopened, it goes on with what is left."""
    story = active(opening(policy=replace(policy(), reckoning=Reckoning(open_pause=open_pause))))
    story.until(START + 2 * HOUR)
    story.do(Block("ann", "logs"))
    story.wait(HOUR)
    story.do(Resolve("ann"))
    story.wait(HOUR)
    story.do(Reopen("sue", "it is back"))

    assert story.due(RESOLUTION) == story.now + left


@pytest.mark.parametrize(("pausing", "moved"), [(Pausing.OPEN, 0 * HOUR), (Pausing.WALL, 10 * HOUR)])
def test_d5_in_the_life_of_an_escalation(pausing: Pausing, moved: timedelta) -> None:
    """From Monday 17:00 in Berlin to Tuesday 03:00 nobody works anyway."""
    agreement = replace(with_terms(Severity.SEV3, silence=None), reckoning=Reckoning(pausing=pausing))
    story = active(opening(severity=Severity.SEV3, policy=agreement))
    due = story.due(RESOLUTION)
    assert due is not None
    story.until(START + 7 * HOUR)
    story.do(Block("ann", "logs"))
    story.wait(10 * HOUR)
    story.do(Unblock("ann", "they came"))

    assert story.due(RESOLUTION) == due + moved
