"""STOP and START: the carrier's own words turn texts off and on, once for each message."""

import pytest

from escalation.adapters.optouts import OptOuts
from escalation.core.vocabulary import Channel
from tests.edge.gateway.door import AMIRA, NOBODY, Door, sid


def text(door: Door, body: str, message: str, *, kind: str | None = None, sender: str = AMIRA) -> None:
    """The person writes; there is never an answer of ours."""
    form = {"MessageSid": sid(message), "From": sender, "Body": body}
    answered = door.post("/twilio/sms", form if kind is None else {**form, "OptOutType": kind})
    assert (answered.status_code, answered.text) == (204, "")


def off(door: Door, contact: str = "amira") -> frozenset[Channel]:
    return OptOuts(door.store).off(contact)


def test_a_stop_turns_texts_off_and_a_start_on(door: Door) -> None:
    """For that person alone; calls and mails stay."""
    text(door, "STOP", "SM1", kind="STOP")
    assert (off(door), off(door, "bruno")) == (frozenset({Channel.SMS}), frozenset())

    text(door, "START", "SM2", kind="START")
    assert off(door) == frozenset()


@pytest.mark.parametrize(("stop", "start"), [("stop", "unstop"), ("End.", "yes"), (" QUIT ", "Start")])
def test_the_words_count_without_the_carriers_mark(door: Door, stop: str, start: str) -> None:
    """Twilio marks them only where its advanced handling is switched on."""
    text(door, stop, "SM1")
    assert off(door) == {Channel.SMS}

    text(door, start, "SM2")
    assert off(door) == frozenset()


def test_each_message_counts_once(door: Door) -> None:
    """A STOP that is posted again after a START is an old one."""
    text(door, "STOP", "SM1", kind="STOP")
    text(door, "START", "SM2", kind="START")
    text(door, "STOP", "SM1", kind="STOP")

    assert off(door) == frozenset()


def test_everything_that_the_person_is_in_is_told_once(door: Door) -> None:
    """A note in the log of each open escalation, when it is news."""
    door.opened("ESC-1", "amira", code=10)
    door.opened("ESC-2", "amira", code=11)
    door.opened("ESC-3", "bruno", code=12)

    for message in ("SM1", "SM1", "SM2"):
        text(door, "STOP", message, kind="STOP")

    noted = [(verb, ref, by, words) for verb, ref, by, words, _ in door.client.done]
    said = "amira has turned texts off (STOP): calls and mails are used instead"
    assert noted == [("note", "ESC-1", "amira", said), ("note", "ESC-2", "amira", said)]


def test_help_changes_nothing(door: Door) -> None:
    """The carrier answers it."""
    text(door, "HELP", "SM1", kind="HELP")

    assert off(door) == frozenset()


def test_an_unknown_number_changes_nothing(door: Door) -> None:
    """It is nobody's."""
    text(door, "STOP", "SM1", kind="STOP", sender=NOBODY)

    with door.store.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM optouts").scalar_one() == 0


def test_a_store_that_is_away_lets_the_word_come_again(door: Door) -> None:
    """The carrier refuses texts meanwhile, so nobody is written to."""
    with door.store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE optouts")

    form = {"MessageSid": sid("SM1"), "From": AMIRA, "Body": "STOP", "OptOutType": "STOP"}
    assert door.post("/twilio/sms", form).status_code == 503
