"""The inbox of receipts: each is kept once, together with all that follows from it and with what is owed."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from escalation.adapters.inbox import Inbox, Owed, Received
from escalation.adapters.ledger import AlreadySent, Claim, Ledger, LedgerDown, Order, Row, State
from escalation.adapters.pauses import Pauses
from escalation.adapters.receipts import Receipt, cap_ends
from escalation.core.facts import TOLD_TWICE
from escalation.core.vocabulary import Channel, Failure, Message, Outcome
from tests.edge.samples import NOW


@pytest.fixture
def inbox(engine: Engine) -> Inbox:
    return Inbox(engine)


def claimed(
    ledger: Ledger, dispatch: str = "d-1", channel: Channel = Channel.SMS, message: Message = Message.PAGE
) -> Claim:
    claim = ledger.claim(Order(dispatch, "ESC-1", "primary", channel, message, NOW, "1", 7))
    assert isinstance(claim, Claim)
    return claim


def receipt(
    key: str, status: str, provider_id: str | None = "SM1", dispatch: str = "d-1", code: str | None = None
) -> Receipt:
    return Receipt(key, dispatch, status, NOW, provider_id=provider_id, code=code)


def row(ledger: Ledger, dispatch: str = "d-1") -> Row:
    found = ledger.get(dispatch)
    assert found is not None
    return found


def test_a_receipt_closes_an_open_intent(ledger: Ledger, inbox: Inbox) -> None:
    """Accepted, then the worker died: the vendor's first callback names the dispatch."""
    claimed(ledger)

    assert inbox.receive(receipt("k1", "queued")) == Received(advanced=True, closed=True, owed=Outcome.ACCEPTED)
    assert ledger.claim(Order("d-1", "ESC-1", "primary", Channel.SMS, Message.PAGE, NOW, "1", 7)) == AlreadySent(
        "SM1", "receipt"
    )


def test_a_receipt_with_another_id_is_a_second_acceptance(ledger: Ledger, inbox: Inbox) -> None:
    """The vendor holds the message twice, and says so: the workflow is owed it, once, whatever more is said of it."""
    ledger.sent(claimed(ledger), "SM1")

    assert inbox.receive(receipt("k1", "sent", "SM2")) == Received(advanced=True, second=True, owed=Outcome.ACCEPTED)
    assert not inbox.receive(receipt("k2", "sent", "SM2")).second
    assert not inbox.receive(receipt("k3", "sent", "SM1")).second
    (owed,) = inbox.owed(10)
    assert (owed.outcome, owed.provider_id, owed.code) == (Outcome.ACCEPTED, "SM2", TOLD_TWICE)


def test_a_second_copy_that_fails_is_the_failure_of_a_message(ledger: Ledger, inbox: Inbox) -> None:
    """Its own code says why; that there were two is in the ledger."""
    ledger.sent(claimed(ledger), "SM1")

    assert inbox.receive(receipt("k1", "failed", "SM2")).second
    (owed,) = inbox.owed(10)
    assert (owed.outcome, owed.code) == (Outcome.FAILED, None)


def test_a_receipts_status_only_moves_forward(ledger: Ledger, inbox: Inbox) -> None:
    """Late and repeated ones are kept and change nothing."""
    ledger.sent(claimed(ledger), "SM1")
    moved = [
        inbox.receive(receipt(key, status)) for key, status in (("a", "sent"), ("b", "queued"), ("c", "delivered"))
    ]

    assert [one.advanced for one in moved] == [True, False, True]
    assert inbox.receive(receipt("c", "delivered")) == Received(repeated=True)
    assert row(ledger).receipt == "delivered"


def test_a_mail_may_come_back_after_it_was_taken(ledger: Ledger, inbox: Inbox) -> None:
    """A server takes it, and finds later that there is no such person; the other order changes nothing."""
    ledger.sent(claimed(ledger, channel=Channel.EMAIL), "m")
    told = [inbox.receive(receipt(word, word, "m")).owed for word in ("delivered", "bounce", "processed")]

    assert told == [Outcome.DELIVERED, Outcome.FAILED, None]


def test_a_receipt_of_an_unknown_dispatch_is_kept_and_closes_nothing(inbox: Inbox, engine: Engine) -> None:
    """It may belong to a page that went out while the ledger was down."""
    assert inbox.receive(receipt("k1", "sent", dispatch="never")) == Received()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM receipts")).scalar_one() == 1


def test_an_id_that_a_vendor_gave_twice_loses_no_receipt(ledger: Ledger, inbox: Inbox) -> None:
    """What is said of the second dispatch counts; the id stays where it was first."""
    ledger.sent(claimed(ledger, "d-1"), "SM1")
    claimed(ledger, "d-2")

    assert inbox.receive(receipt("k", "undelivered", "SM1", "d-2")).owed is Outcome.FAILED
    assert (row(ledger, "d-2").state, row(ledger, "d-2").provider_id) == (State.SENT, None)


def test_what_is_owed_stays_owed_until_it_is_told(ledger: Ledger, inbox: Inbox, engine: Engine) -> None:
    """A gateway that dies between the two leaves it to the next one."""
    ledger.sent(claimed(ledger), "SM1")
    inbox.receive(receipt("k1", "undelivered", code="30005"))
    owed = Owed("k1", "ESC-1", "1", 7, Outcome.FAILED, "SM1", Failure.DESTINATION, "30005", NOW)

    assert Inbox(engine).owed(10) == (owed,)
    assert inbox.owed(10, skipped=1) == ()
    inbox.told("k1", NOW)
    assert inbox.owed(10) == ()


def test_what_is_owed_is_told_oldest_first(ledger: Ledger, inbox: Inbox) -> None:
    """By when it came, in parts of a size."""
    for number, key in enumerate(("c", "a", "b")):
        ledger.sent(claimed(ledger, key), f"SM{key}")
        inbox.receive(Receipt(key, key, "delivered", NOW + timedelta(seconds=number), provider_id=f"SM{key}"))

    assert [owed.key for owed in inbox.owed(2)] == ["c", "a"]


@pytest.mark.parametrize(
    ("message", "status", "expected"),
    [
        (Message.PAGE, "delivered", Outcome.DELIVERED),
        (Message.PAGE, "sent", None),
        (Message.SITUATION, "delivered", None),
        (Message.SITUATION, "undelivered", Outcome.FAILED),
        (Message.PAGE, "teleported", None),
    ],
)
def test_the_workflow_hears_bad_news_and_the_arrival_of_what_it_waits_for(
    ledger: Ledger, inbox: Inbox, message: Message, status: str, expected: Outcome | None
) -> None:
    """`sent` is never taken for delivered."""
    ledger.sent(claimed(ledger, message=message), "SM1")

    assert inbox.receive(receipt("k", status)).owed is expected


def test_whoever_asked_tells_it_himself(ledger: Ledger, inbox: Inbox) -> None:
    """A status that was polled is kept, and the vendor's own word for it, later, is no news."""
    ledger.sent(claimed(ledger), "SM1")

    assert inbox.receive(receipt("poll", "delivered"), telling=False).advanced
    assert inbox.receive(receipt("k", "delivered")).owed is None
    assert inbox.owed(10) == ()


def test_a_daily_cap_closes_the_channel_until_the_vendors_midnight(
    ledger: Ledger, inbox: Inbox, engine: Engine
) -> None:
    """In its own time zone; the end itself is open again, and other channels are never closed."""
    ledger.sent(claimed(ledger), "SM1")
    inbox.receive(receipt("k", "failed", code="30023"))
    pauses, ends = Pauses(engine), cap_ends(NOW)

    assert pauses.at(Channel.SMS, ends - timedelta(microseconds=1)) is not None
    assert pauses.at(Channel.SMS, ends) is None
    assert pauses.at(Channel.VOICE, NOW) is None


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        (datetime(2026, 3, 8, 7, 59, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=UTC)),
        (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), datetime(2026, 3, 9, 7, tzinfo=UTC)),  # the day has 23 hours
        (datetime(2026, 11, 1, 12, 0, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)),  # and this one 25
    ],
)
def test_the_vendors_day_ends_at_its_own_midnight(at: datetime, ends: datetime) -> None:
    """Also on the two days on which its clocks change."""
    assert cap_ends(at) == ends


def test_a_locked_store_keeps_nothing_of_a_receipt(ledger: Ledger, inbox: Inbox, url: str) -> None:
    """Whoever brought it hears so, and brings it again."""
    claimed(ledger)
    holder = sqlite3.connect(url.removeprefix("sqlite:///"))
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(LedgerDown):
            inbox.receive(receipt("k", "sent"))
    finally:
        holder.close()
    assert not inbox.receive(receipt("k", "sent")).repeated
