"""Standing still: pauses of every shape, and what becomes of warnings and of the breach meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.clock import EVERY_HOUR, Clock, Gauge, count_pause, fire, pause, resume, retarget, spent, start
from escalation.core.commands import Block, Elapse, Unblock
from escalation.core.policy import Policy, Target
from escalation.core.reckoning import EarlierPauses, Pausing, Reckoning, Retiming, ShortTarget
from escalation.core.vocabulary import ClockName, Edge, Phase, Severity
from tests.core.cases import DAY, HOUR, MINUTE, OFFICE, SMS, START, TERMS, Story, active, opening, policy

RESOLUTION, DEADLINE, RESPONSE = ClockName.RESOLUTION, ClockName.DEADLINE, ClockName.RESPONSE
IN_OFFICE = Gauge(OFFICE)
BY_WALL = Gauge(OFFICE, Reckoning(pausing=Pausing.WALL))
NOTHING = timedelta(0)
GAUGES = [EVERY_HOUR, IN_OFFICE, BY_WALL]
NAMES = ["every hour", "office", "by the wall"]


def begun(limit: timedelta, gauge: Gauge, *leads: timedelta, at: datetime = START) -> Clock:
    return start(RESOLUTION, 1, Target(limit, None, leads), at, gauge)


def over(clock: Clock, since: timedelta, until: timedelta, gauge: Gauge) -> Clock:
    """Paused between two times after the start of the story."""
    return resume(pause(clock, START + since, gauge), START + until, gauge)


@pytest.mark.parametrize("gauge", GAUGES, ids=NAMES)
def test_t10_a_pause_of_no_length_moves_nothing(gauge: Gauge) -> None:
    """Nor do many of them, at the start, in between, and one instant before the limit."""
    clock = begun(6 * HOUR, gauge)
    due = clock.limit_at
    for since in (NOTHING, HOUR, HOUR, 5 * HOUR, 6 * HOUR - timedelta(microseconds=1)):
        clock = over(clock, since, since, gauge)

    assert clock.limit_at == due


@pytest.mark.parametrize("gauge", GAUGES, ids=NAMES)
def test_t10_a_pause_within_a_pause_is_part_of_it(gauge: Gauge) -> None:
    """Paused twice and resumed once; the second resume finds it running. An hour passed, four are left at 15:00."""
    clock = begun(5 * HOUR, gauge)
    clock = pause(pause(clock, START + HOUR, gauge), START + 2 * HOUR, gauge)
    clock = resume(resume(clock, START + 3 * HOUR, gauge), START + 4 * HOUR, gauge)

    assert clock.limit_at == START + 7 * HOUR
    assert spent(clock, START + 5 * HOUR, gauge) == 3 * HOUR


def test_t10_two_parties_waited_for_at_once_are_one_wait() -> None:
    """A second block while it waits is refused, so that no second unblock is owed."""
    story = active()
    story.until(START + HOUR)
    story.do(Block("ann", "logs"))
    assert story.refused(Block("ann", "the vendor")) is not None
    story.wait(HOUR)
    story.do(Unblock("ann", "logs came"))

    assert story.due(RESOLUTION) == START + 9 * HOUR


@pytest.mark.parametrize("gauge", [EVERY_HOUR, IN_OFFICE], ids=NAMES[:2])
def test_t10_instants_out_of_order_never_count_backwards(gauge: Gauge) -> None:
    """A pause before the clock began, and a resume before its pause: no time is taken back, none is lost."""
    clock = begun(6 * HOUR, gauge)
    early = pause(clock, START - HOUR, gauge)
    assert spent(early, START, gauge) == NOTHING
    paused = pause(clock, START + 2 * HOUR, gauge)
    back_to_front = resume(paused, START + HOUR, gauge)

    assert spent(back_to_front, START + 2 * HOUR, gauge) == 2 * HOUR
    assert back_to_front.segments[-1].start == START + 2 * HOUR


def test_t10_a_pause_without_end_is_never_due() -> None:
    """Not after ten years; and nothing more is counted."""
    clock = pause(begun(6 * HOUR, IN_OFFICE), START + HOUR, IN_OFFICE)

    assert (clock.due, clock.limit_at) == (None, None)
    assert spent(clock, START + 3650 * DAY, IN_OFFICE) == HOUR


@pytest.mark.parametrize(("gauge", "due"), [(IN_OFFICE, 22), (BY_WALL, 24)], ids=NAMES[1:])
def test_t10_a_pause_before_the_first_opening(gauge: Gauge, due: int) -> None:
    """Begun on Sunday evening, waited for two hours before dawn: six office hours from 09:00 on Monday."""
    evening = START - 15 * HOUR  # 19:00 in Berlin
    clock = begun(6 * HOUR, gauge, at=evening)
    clock = resume(pause(clock, evening + 7 * HOUR, gauge), evening + 9 * HOUR, gauge)

    assert clock.limit_at == evening + (due - 2) * HOUR


def test_t10_a_pause_over_closed_time_adds_nothing() -> None:
    """From closing time to opening time, over a week end and Good Friday as well."""
    clock = begun(40 * HOUR, IN_OFFICE)
    night = over(clock, 7 * HOUR, 23 * HOUR, IN_OFFICE)
    long_night = over(clock, 4 * DAY + 7 * HOUR, 6 * DAY + 23 * HOUR, IN_OFFICE)

    assert night.limit_at == long_night.limit_at == clock.limit_at


@pytest.mark.parametrize(
    ("since", "missed"),
    [
        (8 * HOUR - timedelta(microseconds=1), []),
        (8 * HOUR, [RESOLUTION]),
        (8 * HOUR + timedelta(microseconds=1), [RESOLUTION]),
    ],
    ids=["just before", "at", "just after"],
)
def test_t10_a_pause_at_the_instant_of_the_breach(since: timedelta, missed: list[ClockName]) -> None:
    """What is due fires before the command is judged: only an earlier pause stops it, until it goes on."""
    story = steady()
    story.now = START + since
    story.do(Block("ann", "logs"))
    assert story.misses() == missed
    story.wait(HOUR)
    assert story.misses() == missed
    story.do(Unblock("ann", "they came"))
    story.wait(timedelta(microseconds=1))

    assert story.misses() == [RESOLUTION]


MOMENTS = st.lists(st.integers(0, 40 * 60), min_size=1, max_size=8)


@pytest.mark.parametrize("gauge", GAUGES, ids=NAMES)
@given(minutes=MOMENTS)
def test_t10_what_is_spent_lies_between_nothing_and_the_time_that_passed(gauge: Gauge, minutes: list[int]) -> None:
    """Whatever pauses come: it never outruns the wall; it shrinks only where pauses are taken off by their length."""
    clock, seen = begun(10 * HOUR, gauge), []
    for number, minute in enumerate(sorted(minutes)):
        now = START + minute * MINUTE
        clock = (pause, resume)[number % 2](clock, now, gauge)
        seen.append((now - START, spent(clock, now, gauge)))

    assert all(NOTHING <= counted <= passed for passed, counted in seen)
    grows = all(before <= after for (_, before), (_, after) in pairwise(seen))
    assert grows or gauge is BY_WALL


# --- warnings --------------------------------------------------------------------------------------------------------


def steady(target: Target | None = None, **house: object) -> Story:
    """Ann works on a P2 that promises eight hours and warns an hour before; nothing else happens."""
    return active(opening(policy=resolving(target or Target(8 * HOUR, None, (HOUR,)), **house)))


def resolving(target: Target, **house: object) -> Policy:
    quiet_house: dict[str, object] = {
        "raise_severity_on_breach": False,
        "reassign_on_breach": False,
        "customer_floor": None,
        "breach_cycles": 1,
        "blocked_limit": None,
        "blocked_reminder": None,
    }
    terms = tuple(
        replace(t, resolution=target, silence=None, check_in=None, customer_update=None)
        if t.severity is Severity.SEV2
        else t
        for t in TERMS
    )
    return replace(policy(house=quiet_house | house), terms=terms)


def fired(story: Story, name: ClockName = RESOLUTION) -> list[tuple[Edge, timedelta]]:
    """Which edges fired, and when they were due."""
    return [(f.edge, f.at - START) for d in story.decisions for f in d.sealed.entry.fired if f.clock is name]


def test_t11_warning_and_breach_move_with_the_pause() -> None:
    """Waited from the sixth to the tenth hour: both come four hours later, and none while it waits."""
    story = steady()
    story.until(START + 6 * HOUR)
    story.do(Block("ann", "logs"))
    story.until(START + 10 * HOUR)
    assert fired(story) == []
    story.do(Unblock("ann", "they came"))
    story.until(START + DAY)

    assert fired(story) == [(Edge.WARNING, 11 * HOUR), (Edge.LIMIT, 12 * HOUR)]


def test_t11_a_pause_after_the_warning_does_not_repeat_it() -> None:
    """It was said after seven hours of work, and stays said; the breach moves."""
    story = steady()
    story.until(START + 7.5 * HOUR)
    story.do(Block("ann", "logs"))
    story.until(START + 20 * HOUR)
    story.do(Unblock("ann", "they came"))
    story.until(START + DAY)

    assert fired(story) == [(Edge.WARNING, 7 * HOUR), (Edge.LIMIT, 20.5 * HOUR)]


@pytest.mark.parametrize(("hours", "again"), [(2, True), (20, False)])
def test_t11_a_warning_is_repeated_where_the_limit_has_moved_past_its_lead_again(hours: int, *, again: bool) -> None:
    """Two hours by the wall, told at 15:00 for 17:00. Resumed at 18:00 it is due on the next day at 10:00: told anew.

    Resumed on the next day at noon it is due an hour later: whoever was told knows it.
    """
    clock = start(RESOLUTION, 1, Target(7 * HOUR, None, (2 * HOUR,), wall_leads=True), START, IN_OFFICE)
    warning, clock = fire(clock)
    assert (warning.edge, warning.at) == (Edge.WARNING, START + 5 * HOUR)
    clock = over(clock, 6 * HOUR, (6 + hours) * HOUR, IN_OFFICE)

    assert [due.edge for due in clock.dues] == ([Edge.WARNING] if again else []) + [Edge.LIMIT]


def test_t11_the_deadline_runs_on_unless_the_agreement_says_otherwise() -> None:
    """Somebody outside set it; a policy may let it wait, and may let the resolution run on."""
    hard, soft = steady(), steady(runs_while_blocked=(RESOLUTION,))
    for story in (hard, soft):
        story.do(Block("ann", "logs"))

    assert (hard.due(DEADLINE), hard.due(RESOLUTION)) == (START + 30 * DAY, None)
    assert (soft.due(DEADLINE), soft.due(RESOLUTION)) == (None, START + 8 * HOUR)
    soft.until(START + 9 * HOUR)
    assert soft.misses() == [RESOLUTION]
    soft.do(Unblock("ann", "they came"))
    assert soft.due(DEADLINE) == START + 30 * DAY + 9 * HOUR - 5 * MINUTE


LONG_LEAD = Target(HOUR, None, (2 * HOUR,))


@pytest.mark.parametrize(
    ("short", "target", "expected"),
    [
        (ShortTarget.HALFWAY, LONG_LEAD, [30 * MINUTE]),
        (ShortTarget.START, LONG_LEAD, [NOTHING]),
        (ShortTarget.NEVER, LONG_LEAD, []),
        (ShortTarget.HALFWAY, replace(LONG_LEAD, goal=20 * MINUTE), [20 * MINUTE]),
        (ShortTarget.START, replace(LONG_LEAD, goal=20 * MINUTE), [NOTHING, 20 * MINUTE]),
        (ShortTarget.NEVER, replace(LONG_LEAD, goal=20 * MINUTE), [20 * MINUTE]),
    ],
)
@pytest.mark.parametrize("wall", [False, True], ids=["open", "wall"])
def test_t18_a_lead_longer_than_the_target(
    short: ShortTarget, target: Target, expected: list[timedelta], *, wall: bool
) -> None:
    """The warning comes half-way or at the goal, at once, or never: one word of the agreement."""
    gauge = Gauge(None, Reckoning(short_target=short))
    clock = start(RESPONSE, 1, replace(target, wall_leads=wall), START, gauge)

    assert [due.at - START for due in clock.dues] == [*expected, HOUR]


@pytest.mark.parametrize(
    ("wall", "quiet", "warned"),
    [
        (False, False, 7 * HOUR),  # an open hour before 10:00 on Tuesday: 17:00 on Monday, as it closes
        (True, False, 23 * HOUR),  # 09:00
        (False, True, 23 * HOUR),  # what would come at 17:00, when it is closed, comes at the opening
    ],
)
def test_t18_a_lead_in_open_or_in_wall_time(wall: bool, quiet: bool, warned: timedelta) -> None:  # noqa: FBT001  # a row
    """Eight office hours from 10:00, warned of an hour before."""
    clock = start(RESOLUTION, 1, Target(8 * HOUR, None, (HOUR,), wall_leads=wall, quiet=quiet), START, IN_OFFICE)

    assert [due.at - START for due in clock.dues] == [warned, DAY]


@pytest.mark.parametrize(("quiet", "warned"), [(False, 14 * HOUR), (True, 23 * HOUR)], ids=["sent", "moved"])
def test_t18_a_warning_in_closed_hours_is_sent_or_waits_for_the_opening(warned: timedelta, *, quiet: bool) -> None:
    """Ten hours before 10:00 by the wall is midnight: a severity may disturb, or wait until nine."""
    target = Target(8 * HOUR, None, (10 * HOUR,), wall_leads=True, quiet=quiet)

    assert [due.at - START for due in start(RESOLUTION, 1, target, START, IN_OFFICE).dues] == [warned, DAY]


def test_t18_a_warning_that_could_wait_only_past_the_limit_is_sent() -> None:
    """Due at the close of the day, warned an hour of wall time before an opening that comes later: it stays."""
    target = Target(DAY, None, (HOUR,), quiet=True)
    clock = start(RESOLUTION, 1, target, START + 8 * HOUR, Gauge(OFFICE))
    late = replace(target, limit=15 * HOUR, wall_leads=True)
    moved = retarget(clock, late, START + 8 * HOUR, IN_OFFICE, EVERY_HOUR)

    assert [due.edge for due in moved.dues] == [Edge.WARNING, Edge.LIMIT]
    assert moved.dues[0].at == START + 8 * HOUR + 14 * HOUR


def test_t18_after_an_outage_over_warning_and_breach_only_the_breach_is_told_and_it_is_late() -> None:
    """Both fire, in order, with the instants at which they were due; the entry's own instant says how late."""
    story = steady()
    story.outage(10 * HOUR)
    decision = story.do(Elapse())

    assert fired(story) == [(Edge.WARNING, 7 * HOUR), (Edge.LIMIT, 8 * HOUR)]
    assert decision.sealed.entry.at - START == 10 * HOUR + 5 * MINUTE
    assert [miss.due for miss in story.state.tally.misses] == [START + 8 * HOUR]


CLIMBS = Target(8 * HOUR, None, (2 * HOUR, HOUR), climbs=True)


def test_the_last_warning_asks_the_next_step_where_the_agreement_says_so() -> None:
    """Before the breach, not after it; the first of two warnings only warns."""
    story = steady(CLIMBS)
    story.until(START + 6.5 * HOUR)
    assert (story.phase, story.pages()) == (Phase.ACTIVE, [])
    story.until(START + 7 * HOUR)

    assert (story.phase, story.owner, story.misses()) == (Phase.IN_TRANSFER, "ann", [])
    assert story.pages() == [("lee", SMS)]


def test_nobody_is_asked_by_a_warning_while_it_waits() -> None:
    """Where the resolution runs on during a wait, its warning only warns."""
    story = steady(CLIMBS, runs_while_blocked=(RESOLUTION,))
    story.do(Block("ann", "logs"))
    story.until(START + 7.5 * HOUR)

    assert (story.phase, story.pages()) == (Phase.BLOCKED, [])
    assert [edge for edge, _ in fired(story)] == [Edge.WARNING, Edge.WARNING]


# --- pauses by the wall ----------------------------------------------------------------------------------------------


def test_pauses_by_the_wall_move_every_edge_by_their_length() -> None:
    """Two waits of two hours and of one, the second after the warning: said once, due three hours later."""
    clock = begun(6 * HOUR, BY_WALL, HOUR)
    clock = over(clock, HOUR, 3 * HOUR, BY_WALL)
    assert [due.at - START for due in clock.dues] == [7 * HOUR, 8 * HOUR]
    _, clock = fire(clock)
    clock = over(clock, 7.5 * HOUR, 8.5 * HOUR, BY_WALL)

    assert [(due.edge, due.at - START) for due in clock.dues] == [(Edge.LIMIT, 9 * HOUR)]
    assert clock.moved == 3 * HOUR


def test_pauses_by_the_wall_survive_another_target_unless_they_are_dropped() -> None:
    """An hour was waited: four hours of target end five after the start, or four."""
    for earlier, due in ((EarlierPauses.KEPT, 5 * HOUR), (EarlierPauses.DROPPED, 4 * HOUR)):
        gauge = Gauge(OFFICE, Reckoning(pausing=Pausing.WALL, earlier_pauses=earlier))
        clock = over(begun(6 * HOUR, gauge), HOUR, 2 * HOUR, gauge)
        assert retarget(clock, Target(4 * HOUR), START + 3 * HOUR, gauge, gauge).limit_at == START + due


def test_a_pause_that_is_counted_after_all() -> None:
    """As if it had gone on; a clock that runs has no pause to count."""
    clock = begun(6 * HOUR, EVERY_HOUR)
    waiting = pause(clock, START + HOUR, EVERY_HOUR)

    assert spent(count_pause(waiting, START + 4 * HOUR, EVERY_HOUR), START + DAY, EVERY_HOUR) == 4 * HOUR
    assert not count_pause(waiting, START + 4 * HOUR, EVERY_HOUR).running
    assert count_pause(clock, START + 4 * HOUR, EVERY_HOUR) == clock


def test_a_reset_while_it_waits_begins_anew_when_it_goes_on() -> None:
    """Edges that had fired come again: it is another target's turn."""
    clock = fire(begun(6 * HOUR, EVERY_HOUR, 5 * HOUR))[1]
    waiting = pause(clock, START + 2 * HOUR, EVERY_HOUR)
    anew = retarget(waiting, Target(3 * HOUR, None, (HOUR,)), START + 3 * HOUR, EVERY_HOUR, EVERY_HOUR, Retiming.RESET)
    assert (anew.dues, anew.fired, anew.running) == ((), (), False)

    assert [due.at - START for due in resume(anew, START + 5 * HOUR, EVERY_HOUR).dues] == [7 * HOUR, 8 * HOUR]
