"""How many hands it goes through: touches, hand-offs, ping-pongs and time in transfer, and when it is too much."""

from dataclasses import replace

import pytest

from escalation.core.commands import Acknowledge, HandOff, Reassign
from escalation.core.effects import Point
from escalation.core.vocabulary import Ask, Message, Topic
from tests.core.cases import MINUTE, Story, active, opening, policy

REASON = "stuck"


def passed(story: Story, *people: str) -> None:
    """From one owner to the next, each asked by name and accepting at once."""
    for person in people:
        story.do(Reassign(story.owner, person, REASON))
        story.do(Acknowledge(person))


def alarms(story: Story) -> list[tuple[str, Point]]:
    return [
        (notify.contact, point)
        for notify in story.sent
        if notify.message is Message.SITUATION
        for point in notify.brief.points
        if point.topic is Topic.TOUCHES
    ]


def test_each_person_who_has_owned_it_is_a_touch() -> None:
    """The sender, who keeps it until somebody accepts, is none; a second turn of the same person is none either."""
    story = Story()
    assert story.state.tally.touches == 0
    story.do(Acknowledge("ann"))
    passed(story, "zoe", "ann")

    assert (story.state.tally.touches, story.state.people.owners) == (2, ("ann", "zoe"))


def test_back_to_an_earlier_owner_is_a_ping_pong() -> None:
    """To somebody new it is none, and neither is taking one's own again."""
    story = active()
    passed(story, "zoe")
    assert story.state.tally.ping_pongs == 0
    passed(story, "ann", "zoe")
    assert story.state.tally.ping_pongs == 2
    story.do(Reassign("zoe", "kim", REASON))
    story.do(Acknowledge("zoe"))
    assert story.state.tally.ping_pongs == 2


def test_back_to_an_earlier_team_is_one_ping_pong_whoever_takes_it_there() -> None:
    """Engineering, Product, Engineering: counted when it is sent back, not again when ann takes it there."""
    story = active()
    story.do(HandOff("ann", "product", Ask.DECIDE, REASON))
    story.do(Acknowledge("pam"))
    assert story.state.tally == replace(story.state.tally, hand_offs=1, ping_pongs=0, touches=2)
    story.do(HandOff("pam", "engineering", Ask.FIX, REASON))
    story.do(Acknowledge("ann"))

    assert (story.state.tally.hand_offs, story.state.tally.ping_pongs, story.state.tally.touches) == (2, 1, 2)
    passed(story, "pam")
    assert story.state.tally.ping_pongs == 2


def test_another_route_of_the_same_team_is_no_ping_pong() -> None:
    """It never left the team."""
    story = active()
    story.do(HandOff("ann", "circling", Ask.INVESTIGATE, REASON))
    story.do(HandOff("ann", "engineering", Ask.FIX, REASON))

    assert (story.state.tally.hand_offs, story.state.tally.ping_pongs) == (2, 0)


def test_the_time_in_transfer_adds_up() -> None:
    """Each way counts from when it began to when somebody accepted."""
    story = active()
    story.do(Reassign("ann", "zoe", REASON))
    story.wait(3 * MINUTE)
    story.do(Acknowledge("zoe"))

    assert story.state.tally.in_transfer == 8 * MINUTE


def test_the_managers_hear_at_each_further_threshold() -> None:
    """At three people and at six, once each; not at four, and not when an earlier owner takes it back."""
    story = active(opening(policy=policy(house={"touches_alarm": 3})))
    passed(story, "p2")
    assert alarms(story) == []
    passed(story, "p3", "p4", "ann", "p3")
    assert alarms(story) == [("mia", Point(Topic.TOUCHES, "3"))]
    passed(story, "p5", "p6")
    assert alarms(story)[1:] == [("mia", Point(Topic.TOUCHES, "6"))]


@pytest.mark.parametrize("alarm", [None, 10])
def test_without_the_threshold_nobody_hears(alarm: int | None) -> None:
    """Switched off, or not reached."""
    story = active(opening(policy=policy(house={"touches_alarm": alarm})))
    passed(story, "p2", "p3", "p4")

    assert alarms(story) == []
