"""The decider itself: what is due fires first, in order, bounded, once; and the same arguments give the same bytes."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from escalation.core.clock import RANK
from escalation.core.commands import Acknowledge, Elapse, PostUpdate
from escalation.core.decide import FIRES_MAX, decide
from escalation.core.effects import Notify, Reconcile
from escalation.core.policy import Target
from escalation.core.state import next_due
from escalation.core.vocabulary import Audience, ClockName, Message, Severity
from tests.core.cases import DAY, HOUR, MINUTE, START, TEXT, Story, active, opening, with_terms

BEYOND = 3


def test_more_than_the_bound_fires_in_the_next_call() -> None:
    """Fifty of fifty-three lookups now, three then; meanwhile the state says that it is due already."""
    story = Story(obedient=False)
    for _ in range(FIRES_MAX + BEYOND):
        story.do(PostUpdate("sue", Audience.CUSTOMER, TEXT))
    for effect in [e for e in story.asked(Notify) if e.message is Message.CUSTOMER_UPDATE]:
        story.doubt(effect)
    story.suppose(clocks=tuple(clock for clock in story.state.clocks if clock.name is ClockName.RECONCILE))
    story.outage(10 * MINUTE)

    first, second = story.do(Elapse()), story.do(Elapse())

    assert [len(d.sealed.entry.fired) for d in (first, second)] == [FIRES_MAX, BEYOND]
    assert first.state is not None
    assert next_due(first.state) == story.now
    assert len(story.asked(Reconcile)) == FIRES_MAX + BEYOND


def test_what_is_due_together_fires_by_rank() -> None:
    """Response and acknowledgement end in the same instant: the window first, then the targets in their order."""
    agreement = with_terms(Severity.SEV2, response=Target(10 * MINUTE), resolution=Target(10 * MINUTE))
    story = Story(opening(policy=agreement, deadline=START + 10 * MINUTE), obedient=False)
    story.outage(10 * MINUTE)
    fired = [f.clock for f in story.do(Elapse()).sealed.entry.fired if f.at == story.now]

    assert fired == sorted(fired, key=RANK.__getitem__)
    assert fired == [ClockName.ACKNOWLEDGEMENT, ClockName.RESPONSE, ClockName.RESOLUTION, ClockName.DEADLINE]


def test_what_is_due_earlier_fires_earlier_whatever_its_rank() -> None:
    """A response missed before the window ended."""
    agreement = with_terms(Severity.SEV2, response=Target(9 * MINUTE))
    story = Story(opening(policy=agreement), obedient=False)
    story.outage(10 * MINUTE)
    fired = story.do(Elapse()).sealed.entry.fired

    assert [f.clock for f in fired] == [ClockName.RESPONSE, ClockName.ACKNOWLEDGEMENT]


def test_an_edge_that_firing_brings_about_waits_for_the_next_call() -> None:
    """The deadline raises the severity, whose resolution target is over already: due now, missed in the next call."""
    story = active(opening(deadline=START + 3 * HOUR - MINUTE))
    story.obedient = False
    story.outage(START + 3 * HOUR - MINUTE - story.now)
    story.do(Elapse())
    assert (story.misses()[-1], next_due(story.state)) == (ClockName.DEADLINE, story.now)
    story.do(Elapse())

    assert story.misses()[-1] is ClockName.RESOLUTION


def test_what_is_due_fires_before_the_command_is_judged() -> None:
    """The window ended while nobody looked: the entry of the acknowledgement says so."""
    story = Story()
    story.outage(11 * MINUTE)
    entry = story.do(Acknowledge("zoe")).sealed.entry

    assert ClockName.ACKNOWLEDGEMENT in [f.clock for f in entry.fired]
    assert entry.refusal is None


def test_the_same_arguments_give_the_same_bytes() -> None:
    """Twice, and whatever zone the instant is written in."""
    story = active()
    now = story.now + HOUR
    once = decide(story.state, Acknowledge("bob"), now)
    again = decide(story.state, Acknowledge("bob"), now)
    elsewhere = decide(story.state, Acknowledge("bob"), now.astimezone(ZoneInfo("Asia/Kathmandu")))

    assert once == again == elsewhere
    assert once.sealed.body == elsewhere.sealed.body


def test_nothing_is_due_when_no_clock_runs() -> None:
    """An ended escalation sleeps for good."""
    story = active()
    story.suppose(clocks=())

    assert next_due(story.state) is None
    assert next_due(replace(story.state, clocks=active().state.clocks)) is not None
    story.wait(timedelta(days=1) + DAY)
    assert story.decisions[-1].sealed.entry.at < story.now
