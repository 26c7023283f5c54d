"""Status callbacks: every receipt is kept once, and only what changes a decision reaches the workflow."""

import pytest

from escalation.adapters.ledger import State
from escalation.core.draft import dispatch_id
from escalation.core.facts import ReportDelivery
from escalation.core.vocabulary import Channel, Failure, Message, Outcome
from tests.edge.gateway.door import EPISODE, Door, sid, view

SM0, SM1, CA1 = sid("SM0"), sid("SM1"), sid("CA1")
PAGE = dispatch_id("ESC-1", EPISODE, 1, "amira", Channel.SMS)
CALL = dispatch_id("ESC-1", EPISODE, 2, "amira", Channel.VOICE)


@pytest.fixture
def paged(door: Door) -> Door:
    """A page that Twilio has accepted."""
    door.client.views["ESC-1"] = view("ESC-1")
    door.ledger.sent(door.claimed("ESC-1"), SM1)
    return door


def status(door: Door, word: str, dispatch: str = PAGE, **fields: str) -> int:
    form = {"MessageSid": SM1, "MessageStatus": word, **fields}
    return door.post(f"/twilio/status?d={dispatch}", form).status_code


def receipt_of(door: Door, dispatch: str = PAGE) -> str | None:
    row = door.ledger.get(dispatch)
    return None if row is None else row.receipt


def test_a_page_that_arrived_reaches_the_workflow(paged: Door) -> None:
    """It stops waiting for a receipt. `sent` is not delivered, so of that it hears nothing."""
    assert [status(paged, word) for word in ("sent", "delivered")] == [204, 204]
    assert receipt_of(paged) == "delivered"
    assert paged.client.facts == [("ESC-1", ReportDelivery(1, Outcome.DELIVERED, SM1, how="receipt"))]


def test_a_status_only_moves_forward(paged: Door) -> None:
    """Callbacks overtake each other."""
    for word in ("delivered", "sent"):
        status(paged, word)

    assert receipt_of(paged) == "delivered"


def test_a_page_that_did_not_arrive_reaches_the_workflow_once(paged: Door) -> None:
    """So that the next channel is tried; a repeated callback changes nothing."""
    for _ in range(2):
        status(paged, "undelivered", ErrorCode="30005")

    fact = ReportDelivery(1, Outcome.FAILED, SM1, Failure.DESTINATION, "30005", how="receipt")
    assert paged.client.facts == [("ESC-1", fact)]


def test_a_call_that_nobody_answered_reaches_the_workflow(paged: Door) -> None:
    """It was accepted, and reached nobody."""
    paged.ledger.sent(paged.claimed("ESC-1", number=2, channel=Channel.VOICE), CA1)
    form = {"CallSid": CA1, "CallStatus": "no-answer", "SequenceNumber": "3"}

    paged.post(f"/twilio/status?d={CALL}", form)

    fact = ReportDelivery(2, Outcome.FAILED, CA1, Failure.DESTINATION_BUSY, None, how="receipt")
    assert paged.client.facts == [("ESC-1", fact)]


@pytest.mark.parametrize(("word", "told"), [("failed", [Outcome.FAILED]), ("delivered", [])])
def test_of_a_notice_only_bad_news_is_told(door: Door, word: str, told: list[Outcome]) -> None:
    """Nobody waits for its arrival; that is in the ledger, where a report finds it."""
    door.client.views["ESC-1"] = view("ESC-1")
    door.ledger.sent(door.claimed("ESC-1", message=Message.SITUATION), SM1)

    status(door, word)

    assert receipt_of(door) == word
    assert [fact.outcome for _, fact in door.client.facts if isinstance(fact, ReportDelivery)] == told


def test_a_completed_call_is_delivered_and_no_acknowledgement(paged: Door) -> None:
    """Nobody pressed a key; somebody or something picked up."""
    paged.ledger.sent(paged.claimed("ESC-1", number=2, channel=Channel.VOICE), CA1)

    paged.post(f"/twilio/status?d={CALL}", {"CallSid": CA1, "CallStatus": "completed", "SequenceNumber": "3"})

    fact = ReportDelivery(2, Outcome.DELIVERED, CA1, None, "no_key", how="receipt")
    assert paged.client.facts == [("ESC-1", fact)]
    assert paged.client.acks == []


def test_a_repetition_under_another_token_is_the_same_callback(paged: Door) -> None:
    """The token is not signed: a replay that carries the next one's must not swallow that one."""
    token = {"I-Twilio-Idempotency-Token": f"{SM1}-delivered"}
    form = {"MessageSid": SM1, "MessageStatus": "sent"}
    for headers in ({}, token):
        paged.post(f"/twilio/status?d={PAGE}", form, headers=headers)
    paged.post(f"/twilio/status?d={PAGE}", {"MessageSid": SM1, "MessageStatus": "delivered"}, headers=token)

    assert receipt_of(paged) == "delivered"
    assert len(paged.client.facts) == 1


def test_what_only_an_operator_can_mend_is_said_in_one_line(paged: Door, caplog: pytest.LogCaptureFixture) -> None:
    """A sender that is not registered fails every message, not this one."""
    status(paged, "failed", ErrorCode="30034")

    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        f"an operator must look: dispatch {PAGE} is failed, code 30034"
    ]


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
    assert (row.state, row.provider_id) == (State.SENT, SM1)
    assert door.client.facts == [("ESC-1", ReportDelivery(1, outcome, SM1, failure, None, how="receipt"))]


def test_a_receipt_of_an_earlier_episode_is_only_kept(door: Door) -> None:
    """Its numbers mean something else now."""
    door.client.views["ESC-1"] = view("ESC-1")
    old = dispatch_id("ESC-1", "episode0", 1, "amira", Channel.SMS)
    door.ledger.sent(door.claimed("ESC-1"), SM0)

    status(door, "failed", dispatch=old)

    assert door.client.facts == []


def test_a_receipt_of_an_unknown_dispatch_is_kept(door: Door) -> None:
    """The ledger may have been unreachable when it was sent."""
    assert status(door, "failed", dispatch="nobody-knows") == 204


def test_a_workflow_that_is_gone_loses_no_receipt(door: Door) -> None:
    """The answer to Twilio does not depend on the engine."""
    door.ledger.sent(door.claimed("ESC-1"), SM1)

    assert status(door, "failed") == 204
    assert receipt_of(door) == "failed"


def test_a_ledger_that_is_away_takes_nothing(paged: Door) -> None:
    """503: what cannot be kept is not confirmed."""
    with paged.store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE receipts")

    assert status(paged, "sent") == 503
