"""Clocks in the life of an escalation: reopening, reassigning, turns, rounds, and the word about the severity."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from escalation.core.commands import (
    Acknowledge,
    AddNote,
    Block,
    ChangeSeverity,
    Command,
    ConfirmSeverity,
    Elapse,
    HandOff,
    PostUpdate,
    Reassign,
    Reopen,
    Resolve,
    Unblock,
)
from escalation.core.effects import FindContacts
from escalation.core.facts import ReportTicket
from escalation.core.policy import Cadence, Confirmation, Policy, Target
from escalation.core.reckoning import Anchor, Reckoning, Reopening
from escalation.core.state import Miss
from escalation.core.vocabulary import Ask, Audience, ClockName, Handover, Message, Phase, Severity, Topic
from tests.core.cases import DAY, HOUR, MINUTE, POLICY, START, TERMS, TEXT, Story, active, opening, policy

SEV1, SEV2, SEV3, _ = Severity
RESOLUTION, RESPONSE, ACK = ClockName.RESOLUTION, ClockName.RESPONSE, ClockName.ACKNOWLEDGEMENT
CUSTOMER, CHECK_IN = ClockName.CUSTOMER_UPDATE, ClockName.CHECK_IN
STAKEHOLDERS, WAR_ROOM, CONFIRMATION = ClockName.STAKEHOLDER_UPDATE, ClockName.WAR_ROOM, ClockName.CONFIRMATION
CALM = {"raise_severity_on_breach": False, "reassign_on_breach": False, "customer_floor": None, "breach_cycles": 1}
TICK = timedelta(microseconds=1)


def agreement(reckoning: Reckoning | None = None, *, house: dict[str, object] | None = None, **terms: object) -> Policy:
    """Nothing runs but what a test promises, the same for every severity; P2 resolves in eight hours."""
    bare: dict[str, object] = {"check_in": None, "customer_update": None, "silence": None, "response": None}
    promised = tuple(
        replace(t, **bare | {"resolution": Target(8 * HOUR)} | terms)  # type: ignore[arg-type]  # names are the test's
        for t in TERMS
    )
    return replace(policy(house=CALM | (house or {})), terms=promised, reckoning=reckoning or POLICY.reckoning)


def looked_at(story: Story, topic: Topic) -> list[tuple[datetime, tuple[str, ...]]]:
    """When somebody was to hear of that topic, and who."""
    return [
        (d.sealed.entry.at, e.names)
        for d in story.decisions
        for e in d.effects
        if isinstance(e, FindContacts) and topic in {point.topic for point in e.points}
    ]


# --- reopening -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "left"),
    [(Reopening.CONTINUE, 6 * HOUR), (Reopening.FRESH, 8 * HOUR), (Reopening.TOTAL, 5 * HOUR)],
)
def test_t14_a_reopening_continues_begins_afresh_or_counts_in_total(mode: Reopening, left: timedelta) -> None:
    """Resolved after two hours of eight, reopened an hour later."""
    story = active(opening(policy=agreement(Reckoning(on_reopen=mode))))
    story.until(START + 2 * HOUR)
    story.do(Resolve("ann"))
    story.wait(HOUR)
    story.do(Reopen("sue", "it is back"))

    assert story.due(RESOLUTION) == story.now + left


def test_t14_in_total_an_old_reopening_breaches_at_once() -> None:
    """A day later nothing of eight hours is left."""
    story = active(opening(policy=agreement(Reckoning(on_reopen=Reopening.TOTAL))))
    story.until(START + 2 * HOUR)
    story.do(Resolve("ann"))
    story.wait(DAY)
    story.do(Reopen("sue", "it is back"))
    story.wait(TICK)

    assert story.misses() == [RESOLUTION]


@pytest.mark.parametrize(("mode", "misses"), [(Reopening.CONTINUE, 1), (Reopening.FRESH, 2), (Reopening.TOTAL, 1)])
def test_t14_a_reopening_after_the_breach(mode: Reopening, misses: int) -> None:
    """What was missed stays missed; afresh, the next turn can be missed as well, under its own number."""
    story = active(opening(policy=agreement(Reckoning(on_reopen=mode))))
    story.until(START + 9 * HOUR)
    story.do(Resolve("ann"))
    story.do(Reopen("sue", "it is back"))
    story.wait(DAY)

    assert [(miss.clock, miss.cycle) for miss in story.state.tally.misses] == [
        (RESOLUTION, number + 1) for number in range(misses)
    ]


def test_t14_reopenings_are_counted_and_keep_who_it_is() -> None:
    """Within the window it is the same escalation: reference, episode, owner and contact stay."""
    story = active()
    before = story.state
    for number in (1, 2, 3):
        story.do(Resolve("ann"))
        story.wait(2 * DAY - HOUR)
        story.do(Reopen("sue", "it is back"))
        assert story.state.tally.reopens == number

    assert (story.state.case, story.owner) == (before.case, before.people.owner)
    assert story.state.people.customer_contact == before.people.customer_contact


# --- who works on it -------------------------------------------------------------------------------------------------

MOVES: list[Command] = [
    Reassign("ann", "kim", "knows it"),
    HandOff("ann", "product", Ask.DECIDE, "a design question"),
]


@pytest.mark.parametrize("move", MOVES, ids=["reassign", "hand off"])
def test_t15_the_customers_clocks_do_not_notice_who_works_on_it(move: Command) -> None:
    """First response, resolution, deadline and the customer's turn stay; the window to acknowledge begins anew."""
    story = active()
    story.wait(HOUR / 2)
    names = (RESOLUTION, RESPONSE, ClockName.DEADLINE, CUSTOMER)
    before = [story.due(name) for name in names]
    story.do(move)

    assert [story.due(name) for name in names] == before
    assert story.due(ACK) is not None


def test_t15_each_receiver_has_its_own_window_and_every_way_is_counted() -> None:
    """To and fro between two teams: three hand-offs, their windows, and the time on the way as a sum."""
    story = active()
    for number, (route, ask, window) in enumerate(
        [("product", Ask.DECIDE, 2 * HOUR), ("engineering", Ask.FIX, 10 * MINUTE), ("product", Ask.DECIDE, 2 * HOUR)]
    ):
        story.wait(20 * MINUTE)
        story.do(HandOff(story.owner, route, ask, "not ours"))
        assert story.due(ACK) == story.now + window
        story.wait(5 * MINUTE)
        story.do(Acknowledge(f"taker-{number}"))

    assert story.state.tally.hand_offs == 3
    assert story.state.tally.in_transfer == 4 * 5 * MINUTE


# --- every turn is missed once ---------------------------------------------------------------------------------------


def test_t16_each_turn_is_numbered_and_missed_once_however_often_time_is_looked_at() -> None:
    """Three turns of eight hours; looking again and again at the same instant finds nothing more."""
    story = active(opening(policy=agreement(house={"breach_cycles": 3})))
    for _ in range(40):
        story.wait(HOUR)
        for _ in range(3):
            story.do(Elapse())

    assert story.state.tally.misses == tuple(
        Miss(RESOLUTION, number, START + number * 8 * HOUR) for number in (1, 2, 3)
    )


@pytest.mark.parametrize(("early", "missed"), [(TICK, []), (timedelta(0), [RESOLUTION]), (-TICK, [RESOLUTION])])
def test_t16_a_late_fix_is_a_breach_to_the_microsecond(early: timedelta, missed: list[ClockName]) -> None:
    """Compared in whole microseconds; a fix that comes at the due instant, and was not vouched for earlier, is late."""
    story = active(opening(policy=agreement()))
    story.now = START + 8 * HOUR - early
    story.do(Resolve("ann"))

    assert story.misses() == missed


# --- words -----------------------------------------------------------------------------------------------------------

TURNS: dict[str, Any] = {
    "customer_update": Cadence(4 * HOUR),
    "check_in": Cadence(4 * HOUR),
    "resolution": Target(90 * DAY),
}


@pytest.mark.parametrize(
    ("command", "customer", "check_in"),
    [
        (PostUpdate("ann", Audience.CUSTOMER, TEXT), True, False),
        (PostUpdate("ann", Audience.INTERNAL, TEXT), False, True),
        (AddNote("ann", TEXT), False, False),
        (ReportTicket(1, written=True), False, False),
        (Elapse(), False, False),
    ],
    ids=["to the customer", "inside", "a note", "a receipt", "time"],
)
def test_t17_which_words_begin_the_next_turn(command: Command, *, customer: bool, check_in: bool) -> None:
    """Public words the customer's, progress inside the check-in's; notes and what machines say begin none."""
    story = active(opening(policy=agreement(**TURNS)))
    began = START + 5 * MINUTE
    story.until(START + HOUR)
    story.do(command)

    assert story.due(CUSTOMER) == (START + 5 * HOUR if customer else START + 4 * HOUR)
    assert story.due(CHECK_IN) == (START + 5 * HOUR if check_in else began + 4 * HOUR)


@pytest.mark.parametrize(("anchor", "due"), [(Anchor.ANEW, 5), (Anchor.GRID, 8)])
def test_t17_an_early_update_begins_the_turn_anew_or_keeps_the_grid(anchor: Anchor, due: int) -> None:
    """Words after one hour of four: the next are owed four hours from now, or at the end of the next turn."""
    story = active(opening(policy=agreement(Reckoning(after_an_early_update=anchor), **TURNS)))
    story.until(START + HOUR)
    story.do(PostUpdate("sue", Audience.CUSTOMER, TEXT))

    assert story.due(CUSTOMER) == START + due * HOUR


@pytest.mark.parametrize(("anchor", "due"), [(Anchor.ANEW, 25), (Anchor.GRID, 24)])
def test_t17_after_a_miss_the_turns_keep_the_grid_or_begin_anew(anchor: Anchor, due: int) -> None:
    """Nobody looked for 21 hours: missed once, one message, and one next turn, on the grid or four hours from now."""
    story = active(opening(policy=agreement(Reckoning(after_a_miss=anchor), **TURNS | {"check_in": None})))
    story.outage(START + 21 * HOUR - story.now)
    story.do(Elapse())

    heard = [message for who, message, _ in story.take() if who == "customer-7"]
    assert (heard, story.misses()) == ([Message.CUSTOMER_NO_NEWS], [CUSTOMER])
    assert story.due(CUSTOMER) == START + due * HOUR


@pytest.mark.parametrize("anchor", Anchor)
def test_t17_an_update_while_it_waits_begins_a_turn_that_stands_still(anchor: Anchor) -> None:
    """Four hours are owed once it goes on: a turn that stands still has no grid to keep."""
    story = active(opening(policy=agreement(Reckoning(after_an_early_update=anchor), **TURNS)))
    story.do(Block("ann", "logs"))
    story.wait(HOUR)
    story.do(PostUpdate("sue", Audience.CUSTOMER, TEXT))
    assert story.due(CUSTOMER) is None
    story.wait(HOUR)
    story.do(Unblock("ann", "they came"))

    assert story.due(CUSTOMER) == story.now + 4 * HOUR


def test_t17_another_severity_begins_the_turns_anew() -> None:
    """With its own length, from the change on."""
    plain = agreement(**TURNS)
    terms = tuple(replace(t, customer_update=Cadence(HOUR)) if t.severity is SEV1 else t for t in plain.terms)
    story = active(opening(policy=replace(plain, terms=terms)))
    story.until(START + 2 * HOUR)
    story.do(ChangeSeverity("ann", SEV1, "it spreads"))

    assert story.due(CUSTOMER) == START + 3 * HOUR


# --- rounds ----------------------------------------------------------------------------------------------------------

ROUNDS: dict[str, Any] = {"stakeholder_update": Cadence(30 * MINUTE), "war_room": Cadence(15 * MINUTE)}


def rounds(reckoning: Reckoning | None = None) -> Policy:
    return agreement(reckoning, house={"stakeholders": ("head of support", "sales")}, **ROUNDS)


def test_rounds_go_out_on_their_own() -> None:
    """The people inside every half-hour; whoever works on it and whoever speaks with the customer every quarter."""
    story = active(opening(policy=rounds()))
    story.until(START + HOUR)

    assert [at for at, _ in looked_at(story, Topic.STATUS)] == [START + 30 * MINUTE, START + HOUR]
    assert [at for at, _ in looked_at(story, Topic.WAR_ROOM)] == [START + n * 15 * MINUTE for n in (1, 2, 3, 4)]
    assert {"head of support", "sales"} <= {who for who, message, _ in story.take() if message is Message.SITUATION}
    assert story.misses() == []


def test_a_round_that_nobody_saw_goes_out_once() -> None:
    """After an outage of hours: one of each, and the next on the grid."""
    story = active(opening(policy=rounds()))
    story.outage(START + 6 * HOUR + 5 * MINUTE - story.now)
    story.do(Elapse())

    assert len(looked_at(story, Topic.STATUS)) == len(looked_at(story, Topic.WAR_ROOM)) == 1
    assert story.due(STAKEHOLDERS) == START + 6.5 * HOUR
    assert story.due(WAR_ROOM) == START + 6.25 * HOUR


def test_rounds_stand_still_while_it_waits_and_end_with_the_fix() -> None:
    """Ten minutes of a quarter had passed; resolved there is nothing to tell until it is reopened."""
    story = active(opening(policy=rounds()))
    story.until(START + 10 * MINUTE)
    story.do(Block("ann", "logs"))
    assert (story.due(STAKEHOLDERS), story.due(WAR_ROOM)) == (None, None)
    story.wait(HOUR)
    story.do(Unblock("ann", "they came"))
    assert (story.due(STAKEHOLDERS), story.due(WAR_ROOM)) == (story.now + 20 * MINUTE, story.now + 5 * MINUTE)
    story.do(Resolve("ann"))
    assert (story.clock(STAKEHOLDERS), story.clock(WAR_ROOM)) == (None, None)
    story.do(Reopen("sue", "it is back"))
    assert story.due(WAR_ROOM) == story.now + 15 * MINUTE


def test_rounds_follow_the_severity() -> None:
    """A P1 has a war room, a P3 has none."""
    plain = rounds()
    terms = tuple(replace(t, war_room=None) if t.severity is SEV3 else t for t in plain.terms)
    story = active(opening(severity=SEV1, policy=replace(plain, terms=terms)))
    story.do(ChangeSeverity("ann", SEV3, "workaround"))
    assert (story.clock(WAR_ROOM), story.due(STAKEHOLDERS)) == (None, story.now + 30 * MINUTE)
    story.do(ChangeSeverity("ann", SEV1, "it failed"))

    assert story.due(WAR_ROOM) == story.now + 15 * MINUTE


def test_a_round_that_the_newer_severity_does_not_know_ends() -> None:
    """The severity changed during the wait: only what it promises goes on afterwards."""
    plain = rounds()
    terms = tuple(replace(t, war_room=None) if t.severity is SEV3 else t for t in plain.terms)
    story = active(opening(policy=replace(plain, terms=terms)))
    story.do(Block("ann", "logs"))
    story.do(ChangeSeverity("ann", SEV3, "workaround"))
    story.do(Unblock("ann", "they came"))
    story.wait(HOUR)

    assert looked_at(story, Topic.WAR_ROOM) == []
    assert story.clock(WAR_ROOM) is None


# --- the receiving team's word about the severity --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "lapses"), [(Handover.HAND_OVER, START + 10 * MINUTE), (Handover.ACKNOWLEDGEMENT, START + 15 * MINUTE)]
)
def test_silence_about_the_severity_leaves_it_standing_unconfirmed(since: Handover, lapses: datetime) -> None:
    """Ten minutes from the hand-over, or from the acknowledgement at five past; a later word still counts."""
    story = active(opening(policy=agreement(confirmation=Confirmation(10 * MINUTE, since))))
    assert story.due(CONFIRMATION) == lapses
    story.until(lapses - TICK)
    assert not story.state.grade.unconfirmed
    story.until(lapses)

    grade = story.state.grade
    assert (grade.level, grade.confirmed, grade.unconfirmed) == (SEV2, False, True)
    assert story.misses() == []
    story.do(ConfirmSeverity("ann", SEV2, "40 % of users"))
    grade = story.state.grade
    assert (grade.confirmed, grade.unconfirmed) == (True, False)


def test_a_word_in_time_ends_the_wait_for_it() -> None:
    """Adjusting is a word as well."""
    story = active(opening(policy=agreement(confirmation=Confirmation(10 * MINUTE, Handover.ACKNOWLEDGEMENT))))
    story.do(ConfirmSeverity("ann", SEV3, "one customer"))
    assert story.clock(CONFIRMATION) is None
    story.wait(DAY)

    assert (story.severity, story.state.grade.confirmed, story.state.grade.unconfirmed) == (SEV3, True, False)
    assert story.phase is Phase.ACTIVE


# --- once, and by people only ----------------------------------------------------------------------------------------


def test_t19_deciding_again_asks_for_the_same_dispatches() -> None:
    """A decision that is made twice, by a retry or a replay, names every message alike: ledger and vendor see one."""
    first, again = Story(), Story()
    for story in (first, again):
        story.until(START + 9 * HOUR)

    names = [sent.dispatch for sent in first.sent]
    assert names == [sent.dispatch for sent in again.sent]
    assert len(names) == len(set(names))


def test_t19_whatever_comes_due_at_once_is_told_to_each_person_once() -> None:
    """After an outage of days: response, resolution, turns and rounds are over; one notice per person says it all."""
    everything = agreement(**TURNS | ROUNDS | {"resolution": Target(8 * HOUR), "response": Target(HOUR)})
    story = Story(opening(policy=replace(everything, house=replace(everything.house, stakeholders=("managers",)))))
    story.wait(MINUTE)
    story.take()
    story.outage(3 * DAY)
    story.do(Elapse())

    heard = [who for who, message, _ in story.take() if message is Message.SITUATION]
    assert len(story.misses()) >= 3
    assert sorted(heard) == sorted(set(heard))


def test_t21_only_people_stop_the_clock_of_the_first_response() -> None:
    """Pages that were delivered, a ticket that was written, contacts that were found: none of them is an answer."""
    story = Story()
    due = story.due(RESPONSE)
    story.wait(9 * MINUTE)

    assert (story.due(RESPONSE), story.phase) == (due, Phase.IN_TRANSFER)
    story.do(Acknowledge("ann"))
    assert (story.due(RESPONSE), story.phase) == (None, Phase.ACTIVE)
