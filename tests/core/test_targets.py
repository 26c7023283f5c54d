"""Promises with an end: warned of, missed, and what a breach sets in motion."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.commands import Acknowledge, Elapse
from escalation.core.effects import FindContacts, Point
from escalation.core.vocabulary import Ask, ClockName, Message, Phase, Severity, Topic
from tests.core.cases import DAY, EMAIL, HOUR, MINUTE, SMS, START, Story, active, opening, policy

SECOND = timedelta(seconds=1)
RESOLUTION, DEADLINE = ClockName.RESOLUTION, ClockName.DEADLINE


def told(story: Story) -> list[tuple[Topic, str]]:
    """What the situations since the last look are about, each lookup once."""
    return [
        (point.topic, point.about)
        for decision in story.decisions
        for effect in decision.effects
        if isinstance(effect, FindContacts)
        for point in effect.points
        if point.topic in (Topic.TARGET_NEAR, Topic.TARGET_MISSED)
    ]


def patient(**house: object) -> Story:
    """Ann works on it and is never called silent."""
    agreement = policy(house=house)
    terms = tuple(replace(t, silence=None, check_in=None, customer_update=None) for t in agreement.terms)
    return active(opening(policy=replace(agreement, terms=terms)))


@pytest.mark.parametrize(
    ("severity", "warnings"),
    [(Severity.SEV1, [60, 90]), (Severity.SEV2, [4 * 60, 7 * 60 + 30])],
    ids=["two leads", "goal and lead"],
)
def test_warnings_come_at_the_goal_and_at_each_lead(severity: Severity, warnings: list[int]) -> None:
    """To the managers and to whoever must act, once each, with the instant of the limit."""
    story = Story(opening(severity=severity))
    story.until(START + warnings[-1] * MINUTE)

    lookups = [
        (d.sealed.entry.at, e.names)
        for d in story.decisions
        for e in d.effects
        if isinstance(e, FindContacts) and Point(Topic.TARGET_NEAR, RESOLUTION, story.due(RESOLUTION)) in e.points
    ]
    assert lookups == [(START + m * MINUTE, ("managers", "sue")) for m in warnings]


def test_a_missed_response_is_counted_and_told() -> None:
    """Nobody at the receiving level within the hour: no third thing happens, the chain is climbing already."""
    story = Story()
    story.until(START + HOUR - SECOND)
    assert story.misses() == []
    story.until(START + HOUR)

    assert story.misses() == [ClockName.RESPONSE]
    assert (Topic.TARGET_MISSED, "response") in told(story)
    assert (story.severity, story.state.tally.escalated) == (Severity.SEV2, False)


def test_a_breach_does_three_things_at_once() -> None:
    """One severity up, the next step asked, the status "Escalation"; the owner stays until somebody accepts."""
    story = patient()
    story.until(START + 8 * HOUR - SECOND)
    assert (story.severity, story.phase, story.misses()) == (Severity.SEV2, Phase.ACTIVE, [])
    story.take()

    story.until(START + 8 * HOUR)

    assert (story.severity, story.phase, story.owner) == (Severity.SEV1, Phase.IN_TRANSFER, "ann")
    assert (story.state.tally.escalated, story.statuses[-1]) == (True, "Escalation")
    heard = story.take()
    assert ("lee", Message.PAGE, SMS) in heard
    assert [who for who, message, _ in heard if message is Message.SITUATION] == ["mia", "ann"]
    story.do(Acknowledge("lee"))
    assert (story.statuses[-1], story.state.grade.initial) == ("Active", Severity.SEV2)


def test_a_breach_of_the_worst_severity_tells_the_executive() -> None:
    """It stays SEV1."""
    story = active(opening(severity=Severity.SEV1))
    story.until(START + 2 * HOUR)

    assert (story.severity, story.misses().count(RESOLUTION)) == (Severity.SEV1, 1)
    assert ("eve", Message.SITUATION, EMAIL) in story.take()


@pytest.mark.parametrize("raises", [True, False])
def test_raising_the_severity_can_be_switched_off(*, raises: bool) -> None:
    """The other two things happen all the same."""
    story = patient(raise_severity_on_breach=raises)
    story.until(START + 8 * HOUR)

    assert story.severity is (Severity.SEV1 if raises else Severity.SEV2)
    assert (story.phase, story.statuses[-1]) == (Phase.IN_TRANSFER, "Escalation")


def test_whoever_plays_two_parts_is_named_once() -> None:
    """The desk that owns it is the managers' desk as well: one name, one point."""
    story = Story(opening(by="monitor", by_machine=True, policy=policy(house={"customer_contact": "managers"})))
    story.until(START + HOUR)

    lookups = [e for e in story.decisions[-1].effects if isinstance(e, FindContacts)]
    assert [e.names for d in story.decisions for e in d.effects if isinstance(e, FindContacts)][-1] == ("managers",)
    assert all(len(e.points) == len(set(e.points)) for e in lookups)


def test_reassigning_can_be_switched_off() -> None:
    """The owner keeps working; severity and status change."""
    story = patient(reassign_on_breach=False)
    story.until(START + 8 * HOUR)

    assert (story.phase, story.severity, story.statuses[-1]) == (Phase.ACTIVE, Severity.SEV1, "Escalation")


@pytest.mark.parametrize("cycles", [1, 3])
def test_a_missed_resolution_starts_its_next_turn_a_bounded_number_of_times(cycles: int) -> None:
    """Each turn is missed once; after the last one nothing is left to miss."""
    story = patient(breach_cycles=cycles)
    story.wait(30 * DAY - HOUR)

    assert [miss.cycle for miss in story.state.tally.misses if miss.clock is RESOLUTION] == list(range(1, cycles + 1))


def test_what_a_breach_raises_is_not_missed_in_the_same_call() -> None:
    """After an outage of two days the new turn starts at the present."""
    story = patient()
    story.outage(2 * DAY)
    story.do(Elapse())

    assert story.misses().count(RESOLUTION) == 1
    assert story.due(RESOLUTION) == story.now + 2 * HOUR


def test_nobody_is_warned_of_what_has_happened() -> None:
    """After an outage only the breach is told, and it says when it was due."""
    story = patient()
    before = len(told(story))
    story.outage(9 * HOUR)
    decision = story.do(Elapse())

    assert told(story)[before:] == [(Topic.TARGET_MISSED, "resolution")]
    assert [f.at for f in decision.sealed.entry.fired] == [
        START + 4 * HOUR,
        START + 7.5 * HOUR,
        START + 8 * HOUR,
    ]
    assert decision.sealed.entry.at == START + 9 * HOUR + 5 * MINUTE


def test_the_requests_own_deadline_is_warned_of_and_missed_like_a_target() -> None:
    """With the resolution's leads, by the wall clock, and once."""
    story = active(opening(deadline=START + 3 * HOUR, policy=policy(house={"raise_severity_on_breach": False})))
    story.until(START + 3 * HOUR)

    assert (Topic.TARGET_NEAR, "deadline") in told(story)
    assert (story.misses().count(DEADLINE), story.clock(DEADLINE) is not None) == (1, True)
    assert story.due(DEADLINE) is None


def test_targets_run_while_an_approval_is_awaited() -> None:
    """The customer does not care who has to agree: raised and marked, but there is no step to ask yet."""
    story = Story(opening(route="leadership", ask=Ask.DECIDE, deadline=START + 30 * MINUTE))
    story.until(START + 30 * MINUTE)

    assert DEADLINE in story.misses()
    assert (story.phase, story.severity) == (Phase.AWAITING_APPROVAL, Severity.SEV1)
    assert story.state.tally.escalated
