"""Asking what became of an accepted dispatch, when no receipt came: nothing is assumed, and it is asked once."""

from collections.abc import Callable

import pytest
from temporalio.exceptions import ApplicationError

from activities.reconcile import Reconciler
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import Claim, Order
from escalation.adapters.receipts import Receipt
from escalation.adapters.sending import News, Status, Trail, Unclear
from escalation.core.effects import LookUpReceipt
from escalation.core.facts import ReportDelivery
from escalation.core.vocabulary import Channel, Failure, Message, Outcome
from tests.edge.samples import NOW
from tests.edge.sending.fakes import ATTEMPTS_MAX, Book, FragileLedger, Vendor, run
from workflows.ports import Follow

Build = Callable[[Vendor], Reconciler]


def follow(channel: Channel = Channel.SMS, provider_id: str | None = "SM1", contact: str = "primary") -> Follow:
    return Follow(LookUpReceipt(9, "d-1", contact, channel, provider_id, NOW, of=7), at=NOW)


@pytest.fixture
def sent(ledger: FragileLedger) -> FragileLedger:
    """A page that Twilio has accepted."""
    claim = ledger.claim(Order("d-1", "ESC-1", "primary", Channel.SMS, Message.PAGE, NOW, "1", 7))
    assert isinstance(claim, Claim)
    ledger.sent(claim, "SM1")
    return ledger


@pytest.mark.parametrize(
    ("news", "told"),
    [
        (Status("delivered"), ReportDelivery(7, Outcome.DELIVERED, "SM1", how="poll")),
        (Status("sent"), ReportDelivery(7, Outcome.ACCEPTED, "SM1", code="sent", how="poll")),
        (Status("queued"), ReportDelivery(7, Outcome.ACCEPTED, "SM1", code="queued", how="poll")),
        (
            Status("undelivered", "30005"),
            ReportDelivery(7, Outcome.FAILED, "SM1", Failure.DESTINATION, "30005", how="poll"),
        ),
    ],
)
def test_the_vendors_word_is_told_and_kept(
    reconciler: Build, sent: FragileLedger, inbox: Inbox, news: News, told: ReportDelivery
) -> None:
    """As the number of the message itself; `sent` is no news. Nothing is owed for it a second time."""
    vendor = Vendor(news=news)

    assert run(reconciler(vendor).look_up_receipt, follow()) == told

    assert vendor.followed == [Trail("SM1", Channel.SMS, "+491701234567", NOW, NOW)]
    row = sent.get("d-1")
    assert row is not None
    assert isinstance(news, Status)
    assert (row.receipt, row.receipt_code) == (news.word, news.code)
    assert inbox.owed(10) == ()


@pytest.mark.parametrize(("status", "outcome"), [("delivered", Outcome.DELIVERED), ("undelivered", Outcome.FAILED)])
def test_a_receipt_that_is_here_already_is_told_without_asking(
    reconciler: Build, sent: FragileLedger, inbox: Inbox, status: str, outcome: Outcome
) -> None:
    """The gateway has it, and could not tell the workflow yet."""
    inbox.receive(Receipt("k", "d-1", status, NOW, provider_id="SM1"))
    vendor = Vendor()

    assert run(reconciler(vendor).look_up_receipt, follow()).outcome is outcome
    assert vendor.followed == []


def test_a_machine_that_picked_up_is_remembered(reconciler: Build, ledger: FragileLedger) -> None:
    """The second answer is the same as the first, from the ledger alone."""
    claim = ledger.claim(Order("d-1", "ESC-1", "primary", Channel.VOICE, Message.PAGE, NOW, "1", 7))
    assert isinstance(claim, Claim)
    ledger.sent(claim, "CA1")
    vendor = Vendor(news=Status("completed", answered_by="machine_start"))
    asked = follow(Channel.VOICE, "CA1")

    first, second = (run(reconciler(vendor).look_up_receipt, asked) for _ in range(2))

    assert first == second == ReportDelivery(7, Outcome.FAILED, "CA1", Failure.DESTINATION_BUSY, "machine", how="poll")
    assert len(vendor.followed) == 1


def test_a_vendor_that_cannot_be_asked_is_asked_again_and_then_is_no_news(
    reconciler: Build, sent: FragileLedger
) -> None:
    """The rules decide what silence means."""
    act = reconciler(Vendor(news=Unclear("http_503"))).look_up_receipt
    with pytest.raises(ApplicationError) as again:
        run(act, follow())

    assert again.value.type == "Unclear"
    assert run(act, follow(), attempt=ATTEMPTS_MAX) == ReportDelivery(
        7, Outcome.ACCEPTED, "SM1", code="http_503", how="poll"
    )


def test_a_page_that_went_out_unledgered_is_followed_by_the_rules_own_id(reconciler: Build) -> None:
    """It has no row; what the workflow remembers is enough."""
    vendor = Vendor(news=Status("delivered"))

    assert run(reconciler(vendor).look_up_receipt, follow()).outcome is Outcome.DELIVERED


def test_a_ledger_that_is_away_stops_no_question(reconciler: Build, sent: FragileLedger) -> None:
    """The provider knows more than the ledger does."""
    sent.down = frozenset({"get"})

    assert run(reconciler(Vendor(news=Status("delivered"))).look_up_receipt, follow()).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(("provider_id", "address", "why"), [(None, True, "no_id"), ("SM1", False, "no_address")])
def test_what_cannot_be_asked_for_is_no_news(
    reconciler: Build,
    book: Book,
    provider_id: str | None,
    address: bool,  # noqa: FBT001  # a column of the table
    why: str,
) -> None:
    """And says which part is missing."""
    if not address:
        book.addresses.clear()

    report = run(reconciler(Vendor()).look_up_receipt, follow(provider_id=provider_id))

    assert (report.outcome, report.code) == (Outcome.ACCEPTED, why)
