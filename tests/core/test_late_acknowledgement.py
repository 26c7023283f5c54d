"""An act that happened in time and was heard of late: what counts is when it happened, if somebody vouches for it."""

from datetime import datetime, timedelta

import pytest

from escalation.core.commands import Acknowledge
from escalation.core.effects import FindContacts
from escalation.core.vocabulary import ClockName, Phase, Topic
from tests.core.cases import HOUR, MINUTE, START, Story, standing

TICK = timedelta(microseconds=1)
RESPONSE_DUE = START + HOUR


def late(at: datetime | None, **changes: object) -> Acknowledge:
    """Ann's act at that instant, as a verified gateway saw it."""
    return Acknowledge("ann", "sms", at, standing("ann", **changes))


def test_an_act_in_time_takes_back_what_seemed_late() -> None:
    """The window ended, the lead was asked, then the reply came in: the lapse is taken from the counts."""
    story = Story()
    story.wait(12 * MINUTE)
    assert story.state.tally.lapses == 1

    story.do(late(START + 9 * MINUTE))

    tally = story.state.tally
    assert (tally.lapses, tally.withdrawn, story.state.transfer.lapses) == (0, 1, ())


def test_a_response_met_in_time_is_not_missed() -> None:
    """The target was counted as missed; the act had happened a minute before."""
    story = Story()
    story.until(RESPONSE_DUE + 5 * MINUTE)
    assert story.misses() == [ClockName.RESPONSE]

    story.do(late(RESPONSE_DUE - MINUTE))

    assert (story.misses(), story.state.tally.withdrawn) == ([], 1)


@pytest.mark.parametrize(("after", "missed"), [(-TICK, 0), (timedelta(0), 0), (TICK, 1)])
def test_a_tie_is_met(after: timedelta, missed: int) -> None:
    """At the very instant of the limit the act counts as in time, although the limit fires first."""
    story = Story()
    story.until(RESPONSE_DUE - TICK)
    story.outage(TICK + after)
    story.do(Acknowledge("ann"))

    assert len(story.misses()) == missed
    assert story.phase is Phase.ACTIVE


def test_a_tie_tells_nobody_of_a_breach_that_was_none() -> None:
    """What the limit had prepared to say is not said."""
    story = Story()
    story.until(RESPONSE_DUE - TICK)
    story.outage(TICK)

    decision = story.do(Acknowledge("fay"))

    topics = [p.topic for e in decision.effects if isinstance(e, FindContacts) for p in e.points]
    assert topics == [Topic.NOBODY_ANSWERED]  # the last window ended at the same instant


@pytest.mark.parametrize(
    ("occurred_at", "counts"),
    [
        (RESPONSE_DUE, True),
        (RESPONSE_DUE - MINUTE, True),  # exactly as far back as the policy allows
        (RESPONSE_DUE - MINUTE - TICK, False),
        (START - MINUTE, False),  # before there was anything to take
        (RESPONSE_DUE + 2 * HOUR, False),  # not yet
        (None, False),
    ],
)
def test_an_instant_is_believed_only_within_its_bound(occurred_at: datetime | None, *, counts: bool) -> None:
    """Between the opening and now, at most an hour ago; else the act counts as of now."""
    story = Story()
    story.until(RESPONSE_DUE + 59 * MINUTE)
    story.do(late(occurred_at))

    assert (story.misses() == []) is counts


def test_an_instant_is_believed_only_from_a_verified_gateway() -> None:
    """A claim without proof acknowledges as of now."""
    for standing_changes in ({"verified": False}, {"verified": False, "trusted_claims": True}):
        story = Story()
        story.until(RESPONSE_DUE + MINUTE)
        story.do(late(RESPONSE_DUE, **standing_changes))
        assert (story.owner, story.misses()) == ("ann", [ClockName.RESPONSE])


def test_only_those_who_were_asked_then_take_a_lapse_back() -> None:
    """Zoe was never asked in the window that lapsed: it stays counted."""
    story = Story()
    story.wait(12 * MINUTE)
    story.do(Acknowledge("zoe", "sms", START + 9 * MINUTE, standing("zoe")))

    assert (story.owner, story.state.tally.lapses, story.state.tally.withdrawn) == ("zoe", 1, 0)
