"""Status callbacks: every receipt is kept once, and only what changes a decision reaches the workflow."""

import pytest

from escalation.adapters.ledger import State
from escalation.core.commands import ReportDelivery
from escalation.core.draft import dispatch_id
from escalation.core.vocabulary import Channel, Failure, Message, Outcome
from tests.edge.gateway.door import EPISODE, Door, view

PAGE = dispatch_id("ESC-1", EPISODE, 1, "amira", Channel.SMS)
CALL = dispatch_id("ESC-1", EPISODE, 2, "amira", Channel.VOICE)


@pytest.fixture
def paged(door: Door) -> Door:
    """A page that Twilio has accepted."""
    door.client.views["ESC-1"] = view("ESC-1")
    door.ledger.sent(door.claimed("ESC-1"), "SM1")
    return door


def status(door: Door, word: str, dispatch: str = PAGE, **fields: str) -> int:
    form = {"MessageSid": "SM1", "MessageStatus": word, **fields}
    return door.post(f"/twilio/status?d={dispatch}", form).status_code


def receipt_of(door: Door, dispatch: str = PAGE) -> str | None:
    row = door.ledger.get(dispatch)
    return None if row is None else row.receipt


def test_a_delivered_page_is_kept_and_told_to_nobody(paged: Door) -> None:
    """Good news changes no decision: only a human act does."""
    assert [status(paged, word) for word in ("sent", "delivered")] == [204, 204]
    assert receipt_of(paged) == "delivered"
    assert paged.client.facts == []


def test_a_status_only_moves_forward(paged: Door) -> None:
    """Callbacks overtake each other."""
    for word in ("delivered", "sent"):
        status(paged, word)

    assert receipt_of(paged) == "delivered"


def test_a_page_that_did_not_arrive_reaches_the_workflow_once(paged: Door) -> None:
    """So that the next channel is tried; a repeated callback changes nothing."""
    for _ in range(2):
        status(paged, "undelivered", ErrorCode="30005")

    fact = ReportDelivery(1, Outcome.FAILED, "SM1", Failure.DESTINATION, "30005", how="receipt")
    assert paged.client.facts == [("ESC-1", fact)]


def test_a_call_that_nobody_answered_reaches_the_workflow(paged: Door) -> None:
    """It was accepted, and reached nobody."""
    paged.ledger.sent(paged.claimed("ESC-1", number=2, channel=Channel.VOICE), "CA1")
    form = {"CallSid": "CA1", "CallStatus": "no-answer", "SequenceNumber": "3"}

    paged.post(f"/twilio/status?d={CALL}", form)

    fact = ReportDelivery(2, Outcome.FAILED, "CA1", Failure.DESTINATION_BUSY, None, how="receipt")
    assert paged.client.facts == [("ESC-1", fact)]


def test_a_failed_notice_changes_no_decision(door: Door) -> None:
    """It is kept in the ledger, where a report finds it."""
    door.client.views["ESC-1"] = view("ESC-1")
    door.ledger.sent(door.claimed("ESC-1", message=Message.SITUATION), "SM1")

    status(door, "failed")

    assert receipt_of(door) == "failed"
    assert door.client.facts == []


@pytest.mark.parametrize(
    ("word", "outcome", "failure"),
    [("sent", Outcome.ACCEPTED, None), ("failed", Outcome.FAILED, Failure.DESTINATION_BUSY)],
)
def test_a_receipt_settles_a_dispatch_in_doubt(
    door: Door, word: str, outcome: Outcome, failure: Failure | None
) -> None:
    """The connection was lost after the vendor had taken it: the vendor names the dispatch itself."""
    door.client.views["ESC-1"] = view("ESC-1")
    door.claimed("ESC-1")

    status(door, word)

    row = door.ledger.get(PAGE)
    assert row is not None
    assert (row.state, row.provider_id) == (State.SENT, "SM1")
    assert door.client.facts == [("ESC-1", ReportDelivery(1, outcome, "SM1", failure, None, how="receipt"))]


def test_a_receipt_of_an_earlier_episode_is_only_kept(door: Door) -> None:
    """Its numbers mean something else now."""
    door.client.views["ESC-1"] = view("ESC-1")
    old = dispatch_id("ESC-1", "episode0", 1, "amira", Channel.SMS)
    door.ledger.sent(door.claimed("ESC-1"), "SM0")

    status(door, "failed", dispatch=old)

    assert door.client.facts == []


def test_a_receipt_of_an_unknown_dispatch_is_kept(door: Door) -> None:
    """The ledger may have been unreachable when it was sent."""
    assert status(door, "failed", dispatch="nobody-knows") == 204


def test_a_workflow_that_is_gone_loses_no_receipt(door: Door) -> None:
    """The answer to Twilio does not depend on the engine."""
    door.ledger.sent(door.claimed("ESC-1"), "SM1")

    assert status(door, "failed") == 204
    assert receipt_of(door) == "failed"


def test_a_ledger_that_is_away_takes_nothing(paged: Door) -> None:
    """503: what cannot be kept is not confirmed."""
    with paged.store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE receipts")

    assert status(paged, "sent") == 503
