"""One text that takes several: what it may mean, what it takes, and the one line that comes back."""

from escalation.core.vocabulary import Message, Phase
from escalation.wire.outcomes import Unreachable
from tests.edge.gateway.door import Door, sid, view

NOT = "(somebody has them, they are over, or it is not confirmed)"


def opened(door: Door, *numbers: int) -> None:
    for number in numbers:
        door.opened(f"ESC-{number}", "amira", code=number)


def test_ack_all_takes_everything_that_was_asked(door: Door) -> None:
    """Each by its own escalation, under the message's id; the line names the codes."""
    opened(door, 10, 11, 12)

    assert door.sms("ack all", message_id="SM7") == "3 are yours: 10 11 12"
    assert sorted((ref, by, key) for ref, by, _, _, key in door.client.acks) == [
        (f"ESC-{number}", "amira", sid("SM7")) for number in (10, 11, 12)
    ]


def test_ack_all_leaves_alone_what_somebody_was_only_told_of(door: Door) -> None:
    """A lead who hears of fifty breaches does not own them by one word."""
    opened(door, 10)
    door.opened("ESC-11", "amira", code=11, message=Message.SITUATION)

    assert door.sms("ack all") == "1 are yours: 10"
    assert door.sms("ack 11 10", message_id="SM2") == "2 are yours: 10 11"


def test_what_is_named_is_taken_and_the_rest_is_said(door: Door) -> None:
    """A code that was never told, and one that somebody else has."""
    opened(door, 10, 11)
    door.client.views["ESC-11"] = view("ESC-11", Phase.ACTIVE, "bruno")

    assert door.sms("ack 10 11 99") == f"1 are yours: 10. Not yours: 11 99 {NOT}"
    assert door.sms("ack 11 99", message_id="SM2") == f"Not yours: 11 99 {NOT}"


def test_nothing_is_open(door: Door) -> None:
    """Then there is nothing to take."""
    assert door.sms("ack all") == "no open escalation"


def test_a_copy_sent_later_means_what_it_meant(door: Door) -> None:
    """Whatever is open by then: a text that was taken once takes nothing more."""
    opened(door, 10)
    door.sms("ack all", message_id="SM7")
    opened(door, 11)

    door.sms("ack all", message_id="SM7")
    assert [ref for ref, *_ in door.client.acks] == ["ESC-10"]


def test_an_engine_that_is_away_takes_none(door: Door) -> None:
    """Nobody must think that they have them."""
    opened(door, 10, 11)
    door.client.fails = Unreachable("no answer")

    assert door.sms("ack all") == f"Not yours: 10 11 {NOT}"
