"""Looking up an ambiguous dispatch: adopt only what is surely ours, free only what is surely absent."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.reconcile import RIVALS_WITHIN, Reconciler
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import Claim, Order, Row, State
from escalation.adapters.receipts import Receipt
from escalation.adapters.sending import Seen, Sighting, Unclear, Unseen
from escalation.core.effects import Reconcile
from escalation.core.vocabulary import Channel, Failure, Message, Reconciled
from tests.edge.samples import NOW
from tests.edge.sending.fakes import ATTEMPTS_MAX, Book, FragileLedger, Vendor, run
from workflows.ports import Look

RECEIPT = Receipt("k1", "d-1", "queued", NOW, provider_id="SM1")
Build = Callable[[Vendor], Reconciler]


def look(dispatch: str = "d-1", channel: Channel = Channel.SMS, contact: str = "primary") -> Look:
    return Look(Reconcile(number=9, dispatch=dispatch, contact=contact, channel=channel, since=NOW), at=NOW)


def claim(
    ledger: FragileLedger,
    dispatch: str = "d-1",
    channel: Channel = Channel.SMS,
    contact: str = "primary",
    at: datetime = NOW,
) -> Claim:
    claimed = ledger.claim(Order(dispatch, "ESC-1", contact, channel, Message.PAGE, at, "1", 1))
    assert isinstance(claimed, Claim)
    return claimed


def row(ledger: FragileLedger, dispatch: str = "d-1") -> Row:
    found = ledger.get(dispatch)
    assert found is not None
    return found


def test_what_the_provider_has_is_adopted(reconciler: Build, ledger: FragileLedger) -> None:
    """It counts as sent, under the provider's id."""
    claim(ledger)
    report = run(reconciler(Vendor(sighting=Seen("SM5"))).reconcile, look())

    assert (report.result, report.provider_id, report.number) == (Reconciled.ADOPTED, "SM5", 9)
    assert (row(ledger).state, row(ledger).how) == (State.SENT, "lookup")


def test_what_the_provider_never_got_is_freed(reconciler: Build, ledger: FragileLedger) -> None:
    """The same dispatch may be claimed again."""
    claim(ledger)

    assert run(reconciler(Vendor(sighting=Unseen())).reconcile, look()).result is Reconciled.ABSENT
    assert row(ledger).state is State.NEW


def test_an_answer_that_proves_nothing_changes_nothing(reconciler: Build, ledger: FragileLedger) -> None:
    """The intent stays open, and the reason is named."""
    claim(ledger)
    report = run(reconciler(Vendor(sighting=Unclear("http_503"))).reconcile, look())

    assert (report.result, report.how) == (Reconciled.UNKNOWN, "http_503")
    assert row(ledger).state is State.INTENT


def test_a_settled_row_answers_without_asking_the_provider(
    reconciler: Build, ledger: FragileLedger, inbox: Inbox
) -> None:
    """A receipt was quicker."""
    claim(ledger)
    inbox.receive(RECEIPT)
    vendor = Vendor()
    report = run(reconciler(vendor).reconcile, look())

    assert (report.result, report.provider_id, report.how) == (Reconciled.ADOPTED, "SM1", "receipt")
    assert vendor.asked == []


@pytest.mark.parametrize("end", ["released", "failed"])
def test_a_row_that_is_surely_not_sent_is_absent(reconciler: Build, ledger: FragileLedger, end: str) -> None:
    """Sending it again is safe: a freed one is sent, a failed one says so."""
    claimed = claim(ledger)
    if end == "released":
        ledger.release(claimed)
    else:
        ledger.failed(claimed, Failure.CONTENT, None)

    assert run(reconciler(Vendor()).reconcile, look()).result is Reconciled.ABSENT


@pytest.mark.parametrize(("sighting", "result"), [(Seen("SM1"), Reconciled.ADOPTED), (Unseen(), Reconciled.ABSENT)])
def test_a_page_that_went_out_unledgered_is_looked_up_too(
    reconciler: Build, sighting: Sighting, result: Reconciled
) -> None:
    """It has no row; its mark is in the message all the same."""
    assert run(reconciler(Vendor(sighting=sighting)).reconcile, look()).result is result


def test_one_call_is_not_adopted_by_two_dispatches(reconciler: Build, ledger: FragileLedger) -> None:
    """The second one learns nothing from it and stays open."""
    claim(ledger, "d-1", Channel.VOICE)
    claim(ledger, "d-2", Channel.VOICE)
    act = reconciler(Vendor(sighting=Seen("CA1"))).reconcile

    assert run(act, look("d-1", Channel.VOICE)).result is Reconciled.ADOPTED
    assert run(act, look("d-2", Channel.VOICE)).result is Reconciled.UNKNOWN
    assert row(ledger, "d-2").state is State.INTENT


def test_rivals_for_a_call_are_counted_by_telephone(reconciler: Build, ledger: FragileLedger, book: Book) -> None:
    """Two people share a telephone, a third does not; the place is the rank in time."""
    book.addresses["shared", Channel.VOICE] = book.addresses["primary", Channel.VOICE]
    for dispatch, contact in (("d-0", "shared"), ("d-1", "primary"), ("d-2", "backup")):
        claim(ledger, dispatch, Channel.VOICE, contact)
    vendor = Vendor(sighting=Unclear("rivals"))
    run(reconciler(vendor).reconcile, look("d-1", Channel.VOICE))

    (question,) = vendor.asked
    assert (question.rivals, question.place) == (2, 1)


@pytest.mark.parametrize(("earlier", "rivals"), [(timedelta(0), 2), (timedelta(microseconds=1), 1)])
def test_an_intent_that_was_claimed_long_before_is_no_rival(
    reconciler: Build, ledger: FragileLedger, earlier: timedelta, rivals: int
) -> None:
    """Nobody may ever close it, and no call of today is its own. The limit itself still counts, and so does a later."""
    claim(ledger, "d-0", Channel.VOICE, at=NOW - RIVALS_WITHIN - earlier)
    claim(ledger, "d-1", Channel.VOICE)
    claim(ledger, "d-2", Channel.VOICE, at=NOW + timedelta(days=1))
    vendor = Vendor(sighting=Unclear("rivals"))
    run(reconciler(vendor).reconcile, look("d-1", Channel.VOICE))

    (question,) = vendor.asked
    assert (question.rivals, question.place) == (rivals + 1, rivals - 1)


def test_an_intent_that_was_claimed_again_is_a_rival_since_then(reconciler: Build, ledger: FragileLedger) -> None:
    """When it was ordered says nothing about its last call."""
    earlier = claim(ledger, "d-0", Channel.VOICE, at=NOW - RIVALS_WITHIN * 2)
    ledger.absent("d-0", earlier.fence)
    claim(ledger, "d-0", Channel.VOICE)
    claim(ledger, "d-1", Channel.VOICE)
    vendor = Vendor(sighting=Unclear("rivals"))
    run(reconciler(vendor).reconcile, look("d-1", Channel.VOICE))

    assert vendor.asked[0].rivals == 2


def test_a_contact_whose_address_is_gone_cannot_be_looked_up(
    reconciler: Build, ledger: FragileLedger, book: Book
) -> None:
    """Unknown, whether the directory is silent or has forgotten."""
    claim(ledger)
    book.down = True
    assert run(reconciler(Vendor()).reconcile, look()).result is Reconciled.UNKNOWN
    book.down = False
    book.addresses.clear()
    assert run(reconciler(Vendor()).reconcile, look()).how == "no_address"


def test_an_unreachable_ledger_is_tried_again_then_unknown(reconciler: Build, ledger: FragileLedger) -> None:
    """Without it nothing may be freed."""
    ledger.down = frozenset({"get"})
    act = reconciler(Vendor()).reconcile
    with pytest.raises(ApplicationError) as again:
        run(act, look())

    assert again.value.type == "LedgerDown"
    assert run(act, look(), attempt=ATTEMPTS_MAX).result is Reconciled.UNKNOWN


def test_an_intent_that_moved_on_during_the_look_up_has_the_last_word(
    reconciler: Build, ledger: FragileLedger, inbox: Inbox
) -> None:
    """A receipt arrives while the provider's list is read."""
    claim(ledger)

    class Slow(Vendor):
        def look(self, question: object) -> Sighting:
            inbox.receive(RECEIPT)
            return Unseen()

    report = run(reconciler(Slow()).reconcile, look())
    assert (report.result, report.provider_id) == (Reconciled.ADOPTED, "SM1")
