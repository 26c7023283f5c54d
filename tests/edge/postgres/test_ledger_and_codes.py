"""The ledger in production's database: one claim, one outcome, one code, whoever asks at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine

from escalation.adapters.codes import FIRST_CODE, REST, Codes
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import AlreadyFailed, AlreadySent, Claim, Ledger, Order, State, Unfinished
from escalation.adapters.pauses import Pauses
from escalation.adapters.receipts import Receipt
from escalation.adapters.store import open_store
from escalation.core.vocabulary import Channel, Failure, Message, Outcome
from tests.edge.samples import NOW

AT_ONCE = 8


def order(dispatch: str = "d-1") -> Order:
    return Order(
        dispatch=dispatch, reference="ESC-1", contact="primary", channel=Channel.SMS, message=Message.PAGE, at=NOW,
        episode="one", number=1,
    )  # fmt: skip


@pytest.fixture
def engine(database: Callable[[str], str]) -> Iterator[Engine]:
    opened = open_store(database("ledger"), timedelta(seconds=2))
    yield opened
    opened.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)


def claimed(ledger: Ledger, dispatch: str = "d-1") -> Claim:
    claim = ledger.claim(order(dispatch))
    assert isinstance(claim, Claim)
    return claim


def test_of_many_claims_at_once_one_may_post(ledger: Ledger) -> None:
    """The others must look first."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(ledger.claim, [order()] * AT_ONCE))

    assert sum(isinstance(answer, Claim) for answer in answers) == 1
    assert answers.count(Unfinished(1)) == AT_ONCE - 1


def test_a_claim_is_settled_once(ledger: Ledger) -> None:
    """Sent, failed or free again; each says so to whoever asks next."""
    ledger.sent(claimed(ledger, "d-1"), "SM1")
    ledger.failed(claimed(ledger, "d-2"), Failure.DESTINATION, "21211")
    first = claimed(ledger, "d-3")
    assert ledger.release(first)

    assert ledger.claim(order("d-1")) == AlreadySent("SM1", "sent")
    assert ledger.claim(order("d-2")) == AlreadyFailed(Failure.DESTINATION, "21211")
    assert claimed(ledger, "d-3").fence == first.fence + 1
    assert not ledger.release(first)


def test_an_id_that_belongs_to_another_dispatch_is_not_adopted(ledger: Ledger) -> None:
    """The unique index says so, and the transaction before it is not spoilt."""
    ledger.sent(claimed(ledger, "d-1"), "SM1")
    fence = claimed(ledger, "d-2").fence

    assert not ledger.adopt("d-2", fence, "SM1")
    assert ledger.adopt("d-2", fence, "SM2")
    assert ledger.taken(["SM1", "SM2", "SM3"]) == {"SM1", "SM2"}


def test_a_receipt_is_kept_once_and_closes_an_open_intent(ledger: Ledger, engine: Engine) -> None:
    """Copies of it, at once, change nothing more."""
    claimed(ledger)
    receipt = Receipt("key", "d-1", "delivered", NOW, provider_id="SM1")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(Inbox(engine).receive, [receipt] * AT_ONCE))

    assert sorted(answer.repeated for answer in answers) == [False] + [True] * (AT_ONCE - 1)
    (row,) = ledger.rows("ESC-1")
    assert (row.state, row.provider_id, row.receipt) == (State.SENT, "SM1", "delivered")
    assert [owed.outcome for owed in Inbox(engine).owed(AT_ONCE)] == [Outcome.DELIVERED]


def test_a_channel_is_closed_until_the_latest_instant(engine: Engine) -> None:
    """A shorter pause never opens it earlier."""
    pauses = Pauses(engine)
    for minutes in (5, 60, 1):
        pauses.close(Channel.SMS, NOW + timedelta(minutes=minutes), "30023")

    assert pauses.at(Channel.SMS, NOW + timedelta(minutes=59)) is not None
    assert pauses.at(Channel.SMS, NOW + timedelta(minutes=60)) is None


def test_codes_are_small_and_nobody_shares_one(engine: Engine) -> None:
    """Many openings at once; a second question gets the same answer, and a freed code rests."""
    codes = Codes(engine)
    references = [f"ESC-{number}" for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        allotted = list(pool.map(partial(codes.allot, episode="one"), references))

    assert sorted(allotted) == list(range(FIRST_CODE, FIRST_CODE + AT_ONCE))
    assert codes.allot(references[0], "one") == allotted[0]
    codes.release(references[3], "one")
    codes.release(references[3], "one")
    assert codes.allot("ESC-new", "one") == FIRST_CODE + AT_ONCE
    later = Codes(engine, lambda: datetime.now(UTC) + REST)
    assert later.allot("ESC-late", "one") == allotted[3]


def test_one_escalation_that_asks_at_once_gets_one_code(engine: Engine) -> None:
    """As an activity that is tried again while its first attempt still runs."""
    codes = Codes(engine)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(codes.allot, ["ESC-1"] * AT_ONCE, ["one"] * AT_ONCE)) == {FIRST_CODE}
