"""Going on: after a wait, another severity or another agreement, what was promised neither stops nor slips."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from escalation.core import clock as clocks
from escalation.core.clock import Gauge
from escalation.core.commands import AdoptPolicy, Block, ChangeSeverity, Elapse, PostUpdate, Resolve, Unblock
from escalation.core.hours import AtClose, DayRule, Days, Manner
from escalation.core.policy import Cadence, Chain, CustomerSegment, Policy, Target
from escalation.core.reckoning import Anchor, Fractions, Pausing, Reckoning
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Audience, ClockName, Edge, Severity
from tests.core.cases import (
    CHAINS,
    DAY,
    HOUR,
    MINUTE,
    OFFICE,
    POLICY,
    START,
    STEPS,
    TEXT,
    Story,
    active,
    opening,
    policy,
    window,
    with_terms,
)

SEV1, SEV2, SEV3, SEV4 = Severity
FRIDAY_EVENING = datetime(2025, 3, 14, 19, tzinfo=UTC)


def other(**changes: object) -> Policy:
    """Another version of the agreement."""
    return replace(POLICY, digest="22" * 32, version="2", **changes)  # type: ignore[arg-type]  # the test's own


def ahead(story: Story) -> set[ClockName]:
    return {clock.name for clock in story.state.clocks if clock.running}


def test_a_severity_changed_during_the_wait_brings_its_cadences_along() -> None:
    """SEV4 promised no words; raised to SEV1 while blocked, the same clocks run afterwards as without the wait."""
    bare = policy(house={"customer_floor": None})
    plain, waited = (active(opening(severity=SEV4, policy=bare)) for _ in range(2))
    waited.do(Block("ann", "the customer"))
    for story in (plain, waited):
        story.do(ChangeSeverity("ann", SEV1, "it spreads"))
    assert ahead(waited) == {ClockName.DEADLINE, ClockName.BLOCKED_REMINDER, ClockName.BLOCKED_LIMIT}

    waited.do(Unblock("ann", "they answered"))

    assert ahead(waited) == ahead(plain)
    assert {ClockName.CUSTOMER_UPDATE, ClockName.CHECK_IN, ClockName.SILENCE} <= ahead(waited)


def test_the_floor_stands_still_with_the_wait_whatever_the_severity() -> None:
    """Two hours had counted; raised during a wait of two days, 22 of the 24 are left, not none."""
    story = active(opening(severity=SEV4))
    story.wait(2 * HOUR - 5 * MINUTE)
    story.do(Block("ann", "the customer"))
    story.wait(2 * DAY)
    story.do(ChangeSeverity("ann", SEV3, "worse"))
    story.do(Unblock("ann", "they answered"))

    assert story.due(ClockName.CUSTOMER_UPDATE) == story.now + 22 * HOUR


@pytest.mark.parametrize(("steps", "asked"), [(STEPS[:1], "fay"), ((*STEPS, replace(STEPS[0], name="x")), "ann")])
def test_a_chain_of_another_length_keeps_its_way_to_the_fallback(steps: tuple[object, ...], asked: str) -> None:
    """A step that is gone counts as the last one; after it, or after one that was added, somebody is still asked."""
    story = Story()
    story.until(START + 31 * MINUTE)  # the third step is asked
    chains = (Chain("engineering", steps), *CHAINS[1:])  # type: ignore[arg-type]  # steps, all of them
    story.do(AdoptPolicy("sue", other(chains=chains), "reorganised"))
    story.take()
    story.wait(30 * MINUTE)

    assert asked in {contact for contact, _ in story.pages()}


def test_the_fallback_stays_the_fallback_in_a_longer_chain() -> None:
    """It has been asked: a chain that grew does not mistake it for a step."""
    story = Story()
    story.until(START + 61 * MINUTE)
    chains = (Chain("engineering", (*STEPS, replace(STEPS[0], name="fourth"))), *CHAINS[1:])
    story.do(AdoptPolicy("sue", other(chains=chains), "reorganised"))

    assert story.state.transfer.step == 4


def test_a_calendar_that_opens_too_little_for_a_window_is_refused() -> None:
    """Nothing could ever become due: the agreement is not adopted."""
    rare = replace(OFFICE, week=((window(9, 9.1),), (), (), (), (), (), ()))
    years = tuple(
        replace(c, steps=tuple(replace(s, window=200 * HOUR, calendar="office") for s in c.steps)) for c in CHAINS
    )
    story = Story(opening(policy=replace(POLICY, chains=years)))

    assert story.refused(AdoptPolicy("sue", other(calendars=(rare,)), "x")) is Refusal.CALENDAR_TOO_NARROW


def test_several_early_updates_keep_one_grid() -> None:
    """Five words within five minutes answer one turn: the next one ends where the second turn would have."""
    kept = replace(POLICY, reckoning=Reckoning(after_an_early_update=Anchor.GRID))
    kept = replace(kept, house=replace(kept.house, customer_floor=None))
    story = active(opening(policy=kept))
    for _ in range(5):
        story.do(PostUpdate("ann", Audience.CUSTOMER, TEXT))
        story.wait(MINUTE)

    assert story.due(ClockName.CUSTOMER_UPDATE) == START + 8 * HOUR


@pytest.mark.parametrize(
    ("days", "manner"),
    [(Days(1, DayRule.SAME_TIME), Manner()), (Days(1, DayRule.END), Manner(at_close=AtClose.NEXT_OPENING))],
)
def test_a_wait_outside_open_hours_moves_no_working_day(days: Days, manner: Manner) -> None:
    """Started on Friday evening, stood still for an hour of the weekend: due as it was."""
    gauge = Gauge(replace(OFFICE, manner=manner))
    clock = clocks.start(ClockName.RESOLUTION, 1, Target(timedelta(0), limit_days=days), FRIDAY_EVENING, gauge)
    again = clocks.resume(clocks.pause(clock, FRIDAY_EVENING + HOUR, gauge), FRIDAY_EVENING + 2 * HOUR, gauge)

    assert again.dues == clock.dues


def test_a_wait_in_open_hours_never_makes_a_working_day_earlier() -> None:
    """Stood still for all of Monday morning."""
    gauge, target = Gauge(OFFICE), Target(timedelta(0), limit_days=Days(1, DayRule.SAME_TIME))
    clock = clocks.start(ClockName.RESOLUTION, 1, target, FRIDAY_EVENING, gauge)
    monday = datetime(2025, 3, 17, 8, tzinfo=UTC)
    again = clocks.resume(clocks.pause(clock, monday, gauge), monday + 3 * HOUR, gauge)

    assert clock.limit_at is not None
    assert again.limit_at is not None
    assert again.limit_at >= clock.limit_at


def test_what_was_used_up_at_the_close_waits_for_the_opening_after_a_wait_too() -> None:
    """Where the agreement says so."""
    gauge = Gauge(replace(OFFICE, manner=Manner(at_close=AtClose.NEXT_OPENING)))
    clock = clocks.start(ClockName.RESOLUTION, 1, Target(10 * HOUR), START, gauge)
    close = START + DAY + 2 * HOUR  # seven hours on Monday, three on Tuesday
    lost = clocks.resume(clocks.pause(clock, START + HOUR, gauge), START + 6 * HOUR, gauge)
    paused = clocks.pause(lost, START + DAY + 7 * HOUR, gauge)

    assert clock.limit_at == close
    assert clocks.spent(paused, START + 2 * DAY, gauge) <= 10 * HOUR
    assert (
        clocks.retarget(
            paused, Target(clocks.spent(paused, START + 2 * DAY, gauge)), START + 2 * DAY, gauge, gauge
        ).dues
        == ()
    )
    night = START + DAY + 12 * HOUR
    exactly = clocks.retarget(paused, Target(clocks.spent(paused, night, gauge)), night, gauge, gauge)
    assert clocks.resume(exactly, night, gauge).limit_at == START + 2 * DAY - HOUR


def test_earlier_waits_count_when_the_newer_agreement_moves_dues_by_their_length() -> None:
    """Five hours stood still under the old one stay stood still under the new."""
    story = active()
    story.do(Block("ann", "x"))
    story.wait(5 * HOUR)
    story.do(Unblock("ann", "x"))
    due = story.due(ClockName.RESOLUTION)
    story.do(AdoptPolicy("sue", other(reckoning=Reckoning(pausing=Pausing.WALL)), "x"))

    assert story.due(ClockName.RESOLUTION) == due


def test_a_short_wait_does_not_swallow_the_only_warning() -> None:
    """A lead by the wall that is longer than the target warns half-way, a minute's pause or not."""
    gauge, target = Gauge(), Target(2 * HOUR, None, (8 * HOUR,), wall_leads=True)
    clock = clocks.start(ClockName.RESOLUTION, 1, target, START, gauge)
    again = clocks.resume(clocks.pause(clock, START + MINUTE, gauge), START + 2 * MINUTE, gauge)

    assert [(due.edge, due.at - START) for due in again.dues] == [
        (Edge.WARNING, HOUR + MINUTE),
        (Edge.LIMIT, 2 * HOUR + MINUTE),
    ]


def test_a_warning_that_waits_for_the_opening_survives_a_wait_in_the_night() -> None:
    """It had not come, so it is still to come."""
    gauge, target = Gauge(OFFICE), Target(16 * HOUR, None, (30 * HOUR,), "office", wall_leads=True, quiet=True)
    clock = clocks.start(ClockName.RESOLUTION, 1, target, START, gauge)
    night = START + 20 * HOUR
    again = clocks.resume(clocks.pause(clock, night, gauge), night + 10 * MINUTE, gauge)

    assert again.dues == clock.dues


@pytest.mark.parametrize("runs", [(), (ClockName.RESOLUTION, ClockName.DEADLINE)])
def test_what_runs_on_is_the_newer_agreements_choice(runs: tuple[ClockName, ...]) -> None:
    """Adopted during the wait, it holds at once."""
    story = active()
    story.do(Block("ann", "x"))
    house = replace(POLICY.house, runs_while_blocked=runs)
    story.do(AdoptPolicy("sue", other(house=house), "x"))

    assert ahead(story) == {*runs, ClockName.BLOCKED_REMINDER, ClockName.BLOCKED_LIMIT}


def test_cutting_seconds_reaches_no_deadline_and_no_inner_clock() -> None:
    """Only what is promised to customers is cut: the request's deadline is an instant, and telling goes on."""
    cut = replace(POLICY, reckoning=Reckoning(fractions=Fractions.MINUTES))
    opened = START + 45 * timedelta(seconds=1)
    story = Story(opening(policy=cut, deadline=opened + 30 * DAY), at=opened)

    assert story.due(ClockName.DEADLINE) == opened + 30 * DAY
    assert story.due(ClockName.ACKNOWLEDGEMENT) == opened + 10 * MINUTE
    assert story.due(ClockName.RESOLUTION) == START + 8 * HOUR
    story.outage(3 * MINUTE)
    story.do(Elapse())
    assert all(due.at > story.now for clock in story.state.clocks for due in clock.dues)


def test_the_last_warning_climbs_although_a_goal_lies_behind_it() -> None:
    """Four hours before the limit, two before the goal."""
    resolution = Target(8 * HOUR, 6 * HOUR, (4 * HOUR,), climbs=True)
    story = active(opening(policy=with_terms(SEV2, resolution=resolution, silence=None, check_in=None)))
    story.until(START + 4 * HOUR)

    assert story.state.transfer.step == 1


def test_two_targets_missed_at_once_ask_one_step() -> None:
    """Resolution and the request's deadline at the same instant: nobody is passed over."""
    story = active(opening(deadline=START + 8 * HOUR, policy=with_terms(SEV2, silence=None, check_in=None)))
    step = story.state.transfer.step
    story.until(START + 8 * HOUR)

    assert story.state.transfer.step == step + 1
    assert story.misses().count(ClockName.RESOLUTION) == story.misses().count(ClockName.DEADLINE) == 1


def test_a_deadline_no_calendar_knows_warns_by_the_hour() -> None:
    """Thirty years ahead nobody knows a holiday: its warning counts every hour."""
    story = Story(opening(severity=SEV3, deadline=START + 30 * 365 * DAY))

    assert [due.at for clock in story.state.clocks if clock.name is ClockName.DEADLINE for due in clock.dues] == [
        START + 30 * 365 * DAY - HOUR,
        START + 30 * 365 * DAY,
    ]


def test_a_lead_longer_than_a_calendar_ever_opens_counts_every_hour() -> None:
    """One hour a week: 600 of them lie further back than is looked."""
    weekly = replace(OFFICE, name="weekly", week=((window(9, 11),), (), (), (), (), (), ()))
    agreed = with_terms(SEV3, resolution=Target(HOUR, None, (2000 * HOUR,), "weekly"))
    story = Story(opening(severity=SEV3, policy=replace(agreed, calendars=(OFFICE, weekly))))

    clock = story.clock(ClockName.DEADLINE)
    assert clock is not None
    assert clock.target.leads == (2000 * HOUR,)


def test_an_overdue_turn_that_the_newer_terms_do_not_know_is_missed_once() -> None:
    """A breach raises the severity at the instant at which words were due: they are still owed, and then no more."""
    silent = with_terms(SEV1, customer_update=None)
    due = replace(POLICY.terms_of(SEV2), resolution=Target(4 * HOUR), check_in=None, silence=None)
    terms = tuple(due if t.severity is SEV2 else t for t in silent.terms)
    house = replace(POLICY.house, customer_floor=None)
    story = active(opening(policy=replace(POLICY, terms=terms, house=house)))
    story.until(START + 4 * HOUR)

    assert story.misses() == [ClockName.RESOLUTION, ClockName.CUSTOMER_UPDATE]
    assert story.clock(ClockName.CUSTOMER_UPDATE) is None


def test_an_agreement_lacks_no_severity_and_no_route_of_its_own() -> None:
    """Whoever asks for another one has a log that was forged."""
    with pytest.raises(LookupError):
        replace(POLICY, terms=()).terms_of(SEV1)
    with pytest.raises(LookupError):
        POLICY.route_of("nowhere")


def test_a_response_promised_by_a_newer_agreement_counts_by_its_calendar() -> None:
    """Opened on a Saturday and adopted then: an office minute lies on Monday, not behind us."""
    saturday = datetime(2025, 3, 15, 6, tzinfo=UTC)
    story = Story(opening(severity=SEV4, deadline=saturday + 30 * DAY), at=saturday)
    story.wait(2 * MINUTE)
    promised = with_terms(SEV4, response=Target(MINUTE, calendar="office"))
    story.do(AdoptPolicy("sue", replace(promised, digest="22" * 32), "new"))

    assert story.due(ClockName.RESPONSE) == datetime(2025, 3, 17, 8, 1, tzinfo=UTC)
    assert story.misses() == []


def test_a_response_that_is_no_longer_promised_goes_on_by_the_newer_calendar() -> None:
    """Four office hours, adopted on Saturday by an office that never closes: due four hours later."""
    saturday = datetime(2025, 3, 15, 6, tzinfo=UTC)
    story = Story(opening(severity=SEV3, deadline=saturday + 30 * DAY), at=saturday)
    always = replace(OFFICE, week=((window(0, 24),),) * 7)
    nothing = with_terms(SEV3, response=None)
    story.do(AdoptPolicy("sue", replace(nothing, digest="22" * 32, calendars=(always,)), "new"))

    assert story.due(ClockName.RESPONSE) == saturday + 4 * HOUR


def test_words_changed_in_an_agreement_postpone_no_turn() -> None:
    """Nothing that a cadence depends on is another: who was promised a word hears it then."""
    story = active()
    story.wait(HOUR)
    due = {clock.name: clock.dues for clock in story.state.clocks}
    story.do(AdoptPolicy("sue", other(), "a comma"))

    assert {clock.name: clock.dues for clock in story.state.clocks} == due


def test_another_agreement_starts_no_turn_after_the_fix() -> None:
    """Resolved: nothing is promised until it is reopened."""
    story = active()
    story.do(Resolve("ann"))
    busier = with_terms(SEV2, customer_update=Cadence(HOUR), war_room=Cadence(HOUR))
    story.do(AdoptPolicy("sue", replace(busier, digest="22" * 32), "busier"))

    assert {clock.name for clock in story.state.clocks} == {ClockName.RESOLUTION, ClockName.REOPEN_WINDOW}


def test_an_agreement_without_the_customers_segment_is_refused() -> None:
    """Its promises to that customer would be lost in silence."""
    vip = replace(POLICY, segments=(CustomerSegment("vip", 1),))
    story = Story(opening(policy=vip, segment="vip"))

    assert story.refused(AdoptPolicy("sue", other(), "plain")) is Refusal.UNKNOWN_SEGMENT
