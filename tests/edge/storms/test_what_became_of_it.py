"""What becomes of a message that tells several becomes of each: receipts, failures, doubts, quiet hours."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.bundling import DOUBT_WINDOWS
from activities.orders import order_of
from escalation.adapters.ledger import Claim, State
from escalation.adapters.receipts import Receipt
from escalation.adapters.sending import Accepted, Answered, Broken, Seen, Unclear, Unseen
from escalation.adapters.throttles import GATHERED
from escalation.core.effects import LookUpReceipt, Notify, Reconcile
from escalation.core.vocabulary import Channel, Failure, Message, Outcome, Reconciled
from tests.edge.samples import NOW
from tests.edge.sending.fakes import Vendor, run
from tests.edge.storms.desk import SETTLE, Desk, told
from workflows.ports import Follow, Gather, Gathered, Look, Send

Make = Callable[..., Desk]
PAGE = Message.PAGE
THEN = NOW + GATHERED
REFUSED = Broken("twilio", posted=False, why="Refused")
LOST = Broken("twilio", posted=True, why="ReadTimeout")


def waiting(desk: Desk) -> tuple[Notify, Notify]:
    """Two pages that wait behind one that went out."""
    desk.say(told(9, message=PAGE))
    pair = told(10, message=PAGE), told(11, message=PAGE)
    assert all(desk.waits(effect) for effect in pair)
    return pair


def look(desk: Desk, at: object = THEN) -> object:
    """One look of the bundle's workflow."""
    return run(desk.bundling.send_bundle, Gather("primary", Channel.SMS, at))  # type: ignore[arg-type]  # an instant


def test_a_receipt_of_the_message_counts_for_each(desk: Make) -> None:
    """Every workflow hears of its own page; the same receipt a second time changes nothing."""
    one = desk(Vendor(Accepted("SM1"), Accepted("SM2")), "sms=2/15m")
    pair = waiting(one)
    one.play(NOW)
    (entry,) = {row.dispatch for row in one.ledger.rows("BUNDLE")}
    receipt = Receipt("r1", entry, "delivered", THEN, "SM2")

    assert one.inbox.receive(receipt).owed is Outcome.DELIVERED
    assert one.inbox.receive(receipt).repeated
    owed = one.inbox.owed(10)
    assert sorted((each.reference, each.number, each.outcome) for each in owed) == [
        ("ESC-10", 7, Outcome.DELIVERED),
        ("ESC-11", 7, Outcome.DELIVERED),
    ]
    assert [one.row(effect).receipt for effect in pair] == ["delivered"] * 2


def test_a_poll_finds_the_receipt_that_came_for_the_message(desk: Make) -> None:
    """Whoever asks what became of one of them is told what is known of the message."""
    one = desk(Vendor(Accepted("SM1"), Accepted("SM2")), "sms=2/15m")
    page, _ = waiting(one)
    one.play(NOW)
    (entry,) = {row.dispatch for row in one.ledger.rows("BUNDLE")}
    follow = Follow(LookUpReceipt(8, page.dispatch, "primary", Channel.SMS, None, NOW, 7), THEN)
    assert run(one.reconciler.look_up_receipt, follow).outcome is Outcome.ACCEPTED
    one.inbox.receive(Receipt("r1", entry, "undelivered", THEN, "SM2", code="30005"), telling=False)

    assert run(one.reconciler.look_up_receipt, follow).failure is Failure.DESTINATION


def test_a_message_that_is_refused_for_good_is_told_to_each_workflow(desk: Make) -> None:
    """As if a receipt had brought the bad news: their pages fail over."""
    one = desk(Vendor(Accepted("SM1"), Answered("twilio", 400, "21610")), "sms=2/15m")
    pair = waiting(one)
    one.play(NOW)

    assert [one.row(effect).state for effect in pair] == [State.FAILED] * 2
    owed = one.inbox.owed(10)
    assert sorted((each.reference, each.outcome, each.failure) for each in owed) == [
        ("ESC-10", Outcome.FAILED, Failure.DESTINATION_BUSY),
        ("ESC-11", Outcome.FAILED, Failure.DESTINATION_BUSY),
    ]


def test_one_alone_that_is_refused_for_good_is_told_to_its_workflow(desk: Make) -> None:
    """Its receipts come by themselves; a refusal has no receipt."""
    one = desk(Vendor(Accepted("SM1"), Answered("twilio", 400, "21610")), "sms=2/15m")
    one.say(told(9, message=PAGE))
    page = told(10, message=PAGE)
    assert one.waits(page)
    one.play(NOW)

    assert one.row(page).state is State.FAILED
    assert [(each.reference, each.outcome) for each in one.inbox.owed(10)] == [("ESC-10", Outcome.FAILED)]


def test_what_surely_was_not_sent_is_sent_by_the_next_attempt(desk: Make) -> None:
    """The same message, however often; nothing that came meanwhile joins it."""
    one = desk(vendor := Vendor(Accepted("SM1"), REFUSED), "sms=2/15m")
    pair = waiting(one)
    with pytest.raises(ApplicationError):
        look(one)
    assert one.waits(told(12, message=PAGE), THEN)
    assert one.play(THEN, until=THEN) == THEN

    first, second = (sent.dispatch for sent in vendor.sent[1:])
    assert first == second
    assert [one.row(effect).state for effect in pair] == [State.SENT] * 2
    assert one.row(told(12)).state is State.BUNDLED


@pytest.mark.parametrize("found", [Unclear("down"), None])
def test_a_doubt_is_settled_before_anything_is_said_again(desk: Make, found: Unclear | None) -> None:
    """Nobody knows whether it was taken: it is looked up after the settle window, again while the vendor is away."""
    vendor = Vendor(Accepted("SM1"), LOST, sighting=found)
    one = desk(vendor, "sms=2/15m")
    pair = waiting(one)
    settled = THEN + SETTLE[Channel.SMS]
    one.play(THEN, until=settled)

    assert len(vendor.asked) == 1
    if found is not None:
        assert len(vendor.sent) == 2
        vendor.sighting = Vendor().sighting
        one.play(settled + SETTLE[Channel.SMS])
    assert len(vendor.sent) == 3
    assert vendor.sent[1].dispatch == vendor.sent[2].dispatch
    assert [one.row(effect).state for effect in pair] == [State.SENT] * 2


def test_a_message_that_is_claimed_again_has_a_settle_window_of_its_own(desk: Make) -> None:
    """The vendor was away for longer than that, and its list shows nothing before the window has passed."""
    vendor = Vendor(Accepted("SM1"), REFUSED, LOST)
    one = desk(vendor, "sms=2/15m")
    waiting(one)
    with pytest.raises(ApplicationError):
        look(one)
    back = THEN + timedelta(minutes=5)
    run(one.bundling.send_bundle, Gather("primary", Channel.SMS, THEN), attempt=2)  # the engine repeats the order
    found = look(one, back)

    assert (found, vendor.asked) == (Gathered(back + SETTLE[Channel.SMS]), [])
    vendor.sighting = Seen("SM2")
    assert one.play(back) == back + SETTLE[Channel.SMS]
    (question,) = vendor.asked
    assert (len(vendor.sent), question.since) == (3, THEN)  # it may have been taken when it was first claimed


def test_a_look_goes_by_when_it_is_its_turn(desk: Make) -> None:
    """An order that was tried for hours, or waited for a worker, is none of hours ago."""
    one = desk(Vendor(Accepted("SM1"), LOST), "sms=2/15m")
    waiting(one)
    late = timedelta(hours=2)
    run(one.bundling.send_bundle, Gather("primary", Channel.SMS, THEN), attempt=9, waited=late)
    found = run(one.bundling.send_bundle, Gather("primary", Channel.SMS, THEN), attempt=10, waited=late)

    assert found == Gathered(THEN + late + SETTLE[Channel.SMS])


def test_a_doubt_that_nobody_can_settle_holds_up_only_so_much(desk: Make) -> None:
    """After its look-ups the message counts as failed and each workflow hears it; what came meanwhile is told."""
    vendor = Vendor(Accepted("SM1"), LOST, sighting=Unclear("http_403"))
    one = desk(vendor, "sms=2/15m")
    pair = waiting(one)
    last = THEN + SETTLE[Channel.SMS] * DOUBT_WINDOWS
    later = [told(number, message=PAGE) for number in (12, 13)]
    one.play(THEN, until=last - timedelta(microseconds=1))
    assert all(one.waits(effect, last) for effect in later)
    assert [one.row(effect).state for effect in pair] == [State.BUNDLED] * 2
    one.play(last)

    assert len(vendor.asked) == DOUBT_WINDOWS
    first, *_ = one.ledger.rows("BUNDLE")
    assert (first.state, first.code) == (State.FAILED, "in_doubt")
    assert sorted((each.reference, each.outcome) for each in one.inbox.owed(10)) == [
        ("ESC-10", Outcome.FAILED),
        ("ESC-11", Outcome.FAILED),
    ]
    assert [one.row(effect).state for effect in later] == [State.SENT] * 2
    assert one.ledger.unfinished(Channel.SMS) == ()


def test_each_claim_has_all_its_look_ups(desk: Make) -> None:
    """What could not be found out about the one before is not counted against it."""
    vendor = Vendor(Accepted("SM1"), LOST, LOST, sighting=Unclear("http_403"))
    one = desk(vendor, "sms=2/15m")
    pair = waiting(one)
    nearly = THEN + SETTLE[Channel.SMS] * (DOUBT_WINDOWS - 1)
    one.play(THEN, until=nearly)
    vendor.sighting = Unseen()
    one.play(nearly, until=nearly)  # it is not there: it is claimed again, and lost again
    vendor.sighting = Unclear("http_403")
    one.play(nearly + SETTLE[Channel.SMS], until=nearly + SETTLE[Channel.SMS] * (DOUBT_WINDOWS - 1))

    assert (len(vendor.sent), len(vendor.asked)) == (3, 2 * DOUBT_WINDOWS - 1)
    assert [one.row(effect).state for effect in pair] == [State.BUNDLED] * 2


def test_a_receipt_after_all_counts_for_each(desk: Make) -> None:
    """The message that was given up had been taken."""
    one = desk(Vendor(Accepted("SM1"), LOST, sighting=Unclear("http_403")), "sms=2/15m")
    pair = waiting(one)
    one.play(THEN)
    (message,) = one.ledger.rows("BUNDLE")
    one.inbox.receive(Receipt("r1", message.dispatch, "delivered", THEN, "SM2"))

    assert [(one.row(effect).state, one.row(effect).how) for effect in pair] == [(State.SENT, "bundle")] * 2
    assert sorted((each.reference, each.outcome) for each in one.inbox.owed(10) if each.key.startswith("r1")) == [
        ("ESC-10", Outcome.DELIVERED),
        ("ESC-11", Outcome.DELIVERED),
    ]


def test_what_waits_and_turns_out_to_be_told_waits_no_more(desk: Make) -> None:
    """It went out while the ledger could not be reached; the claim that nobody heard of had held it back."""
    one = desk(vendor := Vendor(), "sms=2/15m")
    page, _ = waiting(one)
    run(lambda send: one.ledger.unledgered(order_of(send), "SM9"), Send(page, NOW))
    one.play(NOW)

    assert (one.row(page).state, one.row(page).how) == (State.SENT, "unledgered")
    assert [sent.reference for sent in vendor.sent] == ["ESC-9", "ESC-11"]


def test_a_dispatch_that_waits_and_is_in_doubt_is_asked_for_again(desk: Make) -> None:
    """No worker answered for it: the rules ask again under another number, and it still waits once."""
    one = desk(vendor := Vendor(), "sms=2/15m")
    page, _ = waiting(one)
    found = run(one.reconciler.reconcile, Look(Reconcile(8, page.dispatch, "primary", Channel.SMS, NOW), NOW))
    assert found.result is Reconciled.ABSENT
    again = Notify(9, page.dispatch, page.contact, page.channel, page.message, page.brief)
    assert one.waits(again)

    assert one.row(page).number == 9
    assert len(one.bundles.waiting("primary", Channel.SMS)) == 2
    assert len(vendor.sent) == 1


def test_two_who_gather_the_same_make_one_message(desk: Make) -> None:
    """A worker that was thought dead is too late, whatever it read before."""
    one = desk(Vendor(), "sms=2/15m")
    waiting(one)
    seen = one.bundles.waiting("primary", Channel.SMS)

    assert isinstance(one.bundles.claim(seen, THEN), Claim)
    assert one.bundles.claim(seen, THEN) is None
    assert one.bundles.claim(seen[:1], THEN) is None
    assert one.row(seen[0].effect).state is State.BUNDLED


def test_a_directory_that_is_away_is_waited_for(desk: Make) -> None:
    """The message is free again, and goes out once somebody knows where to."""
    one = desk(Vendor(), "sms=2/15m")
    waiting(one)
    one.book.down = True
    with pytest.raises(ApplicationError, match="ConnectionError"):
        look(one)
    message = one.bundles.unfinished("primary", Channel.SMS)
    assert message is not None
    assert message.free

    one.book.down = False
    assert one.play(THEN) == THEN


def test_titles_that_cannot_be_read_hold_nothing_up(desk: Make) -> None:
    """The list goes out without them."""
    one = desk(vendor := Vendor(), "email=2/15m")
    for number in (9, 10, 11):
        one.say(told(number, message=PAGE, channel=Channel.EMAIL))
    one.texts.down = True
    one.play(NOW, channel=Channel.EMAIL)

    assert "(title not available)" in getattr(vendor.sent[-1].content, "text", "")


def test_a_call_and_a_chat_have_lists_of_their_own(desk: Make) -> None:
    """The same message wherever it goes; in the chat nobody is called by a title."""
    one = desk(vendor := Vendor(), "chat=2/15m")
    one.texts.words["title-id"] = "@here <b>"
    for number in (9, 10, 11):
        one.say(told(number, message=PAGE, channel=Channel.CHAT))
    one.play(NOW + timedelta(minutes=1), channel=Channel.CHAT)

    text = getattr(vendor.sent[-1].content, "text", "")
    assert "P2 ESC-11 (11): @\u2060here &lt;b&gt;. You are asked to fix it" in text
