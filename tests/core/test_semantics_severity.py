"""Another severity on the way: three modes, both directions, before and after the warning and the breach.

Opened at 07:00 in Berlin. A P2 promises eight hours round the clock, a P3 eight office hours (09:00 to 17:00), and
both warn an hour before; so the modes differ by what the two hours before nine are worth.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from escalation.core.clock import EVERY_HOUR, pause, resume, retarget, start
from escalation.core.commands import Block, ChangeSeverity, Elapse, Unblock
from escalation.core.effects import FindContacts
from escalation.core.policy import Policy, Target
from escalation.core.reckoning import Reckoning, Retiming
from escalation.core.state import Miss
from escalation.core.vocabulary import ClockName, Severity, Topic
from tests.core.cases import HOUR, MINUTE, START, TERMS, Story, active, opening, policy

SEV1, SEV2, SEV3, _ = Severity
RESOLUTION = ClockName.RESOLUTION
FORWARD, RETROACTIVE, RESET = Retiming.FORWARD, Retiming.RETROACTIVE, Retiming.RESET
SEVEN = START - 3 * HOUR  # 07:00 in Berlin
TARGETS = {
    SEV1: Target(2 * HOUR, None, (HOUR,)),
    SEV2: Target(8 * HOUR, None, (HOUR,)),
    SEV3: Target(8 * HOUR, None, (HOUR,), "office"),
}


def clocked(hours: int, minutes: int = 0, *, days: int = 0) -> datetime:
    """A time of day in Berlin, on the Monday of the story or later."""
    return datetime(2025, 3, 10 + days, tzinfo=UTC) + (hours - 1) * HOUR + minutes * MINUTE


def agreement(mode: Retiming, cycles: int = 1) -> Policy:
    terms = tuple(
        replace(t, resolution=TARGETS.get(t.severity, t.resolution), silence=None, check_in=None, customer_update=None)
        for t in TERMS
    )
    house: dict[str, object] = {
        "raise_severity_on_breach": False,
        "reassign_on_breach": False,
        "customer_floor": None,
        "breach_cycles": cycles,
    }
    return replace(policy(house=house), terms=terms, reckoning=Reckoning(on_severity_change=mode))


def worked(severity: Severity, mode: Retiming, **how: int) -> Story:
    return active(opening(severity=severity, policy=agreement(mode, **how)), at=SEVEN)


def warned(story: Story) -> list[datetime]:
    """When the managers were told that the resolution is near its limit."""
    return [
        decision.sealed.entry.at
        for decision in story.decisions
        for effect in decision.effects
        if isinstance(effect, FindContacts)
        for point in effect.points
        if (point.topic, point.about) == (Topic.TARGET_NEAR, RESOLUTION)
    ]


def missed(story: Story) -> list[Miss]:
    return [miss for miss in story.state.tally.misses if miss.clock is RESOLUTION]


ROWS = [
    # before the warning, at 11:00: four hours have passed, two of them in the office
    (SEV2, SEV3, clocked(11), FORWARD, clocked(15), [clocked(14)]),
    (SEV2, SEV3, clocked(11), RETROACTIVE, clocked(17), [clocked(16)]),
    (SEV2, SEV3, clocked(11), RESET, clocked(11, days=1), [clocked(10, days=1)]),
    (SEV3, SEV2, clocked(11), FORWARD, clocked(17), [clocked(16)]),
    (SEV3, SEV2, clocked(11), RETROACTIVE, clocked(15), [clocked(14)]),
    (SEV3, SEV2, clocked(11), RESET, clocked(19), [clocked(18)]),
    # after it; it is repeated only where the limit has moved more than the lead away again
    (SEV2, SEV3, clocked(14, 30), FORWARD, clocked(15), [clocked(14)]),
    (SEV2, SEV3, clocked(14, 30), RETROACTIVE, clocked(17), [clocked(14), clocked(16)]),
    (SEV2, SEV3, clocked(14, 30), RESET, clocked(14, 30, days=1), [clocked(14), clocked(13, 30, days=1)]),
    (SEV3, SEV2, clocked(16, 30), FORWARD, clocked(17), [clocked(16)]),
    (SEV3, SEV2, clocked(16, 30), RESET, clocked(24, 30), [clocked(16), clocked(23, 30)]),
]


@pytest.mark.parametrize(("begun", "changed", "when", "mode", "due", "warnings"), ROWS)
def test_t12_another_severity_before_its_breach(
    begun: Severity, changed: Severity, when: datetime, mode: Retiming, due: datetime, warnings: list[datetime]
) -> None:
    """When it is due then, when the managers are warned, and that it is missed once."""
    story = worked(begun, mode)
    story.until(when)
    story.do(ChangeSeverity("ann", changed, "seen anew"))
    assert story.due(RESOLUTION) == due

    story.until(due + 12 * HOUR)

    assert warned(story) == warnings
    assert missed(story) == [Miss(RESOLUTION, 1, due)]


@pytest.mark.parametrize(
    ("mode", "begun", "changed", "when", "due"),
    [
        # eight hours round the clock since 07:00 were over at 15:00
        (RETROACTIVE, SEV3, SEV2, clocked(16, 30), clocked(15)),
        # two hours of a P1 were over at 09:00; forward, nothing is left of what was counted until now
        (RETROACTIVE, SEV2, SEV1, clocked(12), clocked(9)),
        (FORWARD, SEV2, SEV1, clocked(12), clocked(12)),
    ],
)
def test_t12_a_limit_that_the_change_puts_into_the_past_is_missed_once_and_says_why(
    mode: Retiming, begun: Severity, changed: Severity, when: datetime, due: datetime
) -> None:
    """It fires at once, nobody is warned of it, and the miss is marked as overtaken by the new target."""
    story = worked(begun, mode)
    story.until(when)
    before = warned(story)
    story.do(ChangeSeverity("ann", changed, "it spreads"))
    story.until(when + 6 * HOUR)

    assert missed(story) == [Miss(RESOLUTION, 1, due, overtaken=True)]
    assert warned(story) == before


@pytest.mark.parametrize("mode", Retiming)
@pytest.mark.parametrize("changed", [SEV1, SEV3])
def test_t12_a_breach_stays_one_breach_whatever_comes_after(mode: Retiming, changed: Severity) -> None:
    """Missed at 15:00 as a P2; made worse or milder at 16:00 there is nothing left to miss."""
    story = worked(SEV2, mode)
    story.until(clocked(16))
    story.do(ChangeSeverity("ann", changed, "seen anew"))
    story.until(clocked(17, days=3))

    assert missed(story) == [Miss(RESOLUTION, 1, clocked(15))]


@pytest.mark.parametrize(("mode", "due"), [(FORWARD, clocked(17)), (RETROACTIVE, clocked(17)), (RESET, clocked(18))])
def test_t12_the_next_turn_after_a_breach_takes_the_new_target(mode: Retiming, due: datetime) -> None:
    """The second turn began at 15:00; its two hours as a P1 count from there, or from the change at 16:00."""
    story = worked(SEV2, mode, cycles=2)
    story.until(clocked(16))
    story.do(ChangeSeverity("ann", SEV1, "it spreads"))
    story.until(clocked(23))

    assert missed(story) == [Miss(RESOLUTION, 1, clocked(15)), Miss(RESOLUTION, 2, due)]


@pytest.mark.parametrize(("mode", "due"), [(FORWARD, clocked(17)), (RETROACTIVE, clocked(17)), (RESET, clocked(20))])
def test_t12_earlier_pauses_survive_a_change(mode: Retiming, due: datetime) -> None:
    """Two hours were waited from 08:00; the rest of eight, or eight anew, from 12:00."""
    story = worked(SEV2, mode)
    story.until(clocked(8))
    story.do(Block("ann", "logs"))
    story.until(clocked(10))
    story.do(Unblock("ann", "they came"))
    story.until(clocked(12))
    milder = replace(TARGETS[SEV2], leads=())
    terms = tuple(replace(t, resolution=milder) if t.severity is SEV3 else t for t in story.state.policy.terms)
    story.suppose(policy=replace(story.state.policy, terms=terms))
    story.do(ChangeSeverity("ann", SEV3, "workaround"))

    assert story.due(RESOLUTION) == due


@pytest.mark.parametrize(
    ("mode", "due"), [(FORWARD, clocked(15)), (RETROACTIVE, clocked(17)), (RESET, clocked(12, days=1))]
)
def test_t12_a_change_while_it_waits(mode: Retiming, due: datetime) -> None:
    """Changed at 11:00 and taken up again at once it is due as if it had not waited; reset at twelve, an hour is lost.

    Four hours were counted by then, or two in the office; the whole target after a reset.
    """
    story = worked(SEV2, mode)
    story.until(clocked(11))
    story.do(Block("ann", "logs"))
    story.do(ChangeSeverity("ann", SEV3, "workaround"))
    assert story.due(RESOLUTION) is None
    if mode is RESET:
        story.wait(HOUR)
    story.do(Unblock("ann", "they came"))

    assert story.due(RESOLUTION) == due


@pytest.mark.parametrize("mode", Retiming)
def test_t12_a_breach_during_an_outage_is_told_before_the_change_is_judged(mode: Retiming) -> None:
    """Nobody looked from 14:59 on; the change at 20:00 finds the miss of 15:00, without a warning or a second one."""
    story = worked(SEV2, mode)
    story.until(clocked(13))
    story.outage(7 * HOUR)
    story.do(ChangeSeverity("ann", SEV3, "workaround"))
    story.do(Elapse())

    assert missed(story) == [Miss(RESOLUTION, 1, clocked(15))]
    assert warned(story) == []


def test_t12_to_and_fro_is_as_if_nothing_had_happened() -> None:
    """Forward keeps what was counted, so two changes in the same moment move nothing."""
    story = worked(SEV2, FORWARD)
    story.until(clocked(12))
    story.do(ChangeSeverity("ann", SEV3, "workaround"))
    story.do(ChangeSeverity("ann", SEV2, "it failed"))

    assert story.due(RESOLUTION) == clocked(15)
    assert story.now - SEVEN == timedelta(hours=5)


def test_t12_a_limit_in_the_past_is_dated_by_what_was_counted_between_the_pauses() -> None:
    """An hour, a wait of one, three hours: three hours of target were over two hours after the wait."""
    clock = start(RESOLUTION, 1, Target(8 * HOUR), START)
    clock = resume(pause(clock, START + HOUR), START + 2 * HOUR)
    moved = retarget(clock, Target(3 * HOUR), START + 5 * HOUR, EVERY_HOUR, EVERY_HOUR, RETROACTIVE)

    assert (moved.limit_at, moved.overtaken) == (START + 4 * HOUR, True)
