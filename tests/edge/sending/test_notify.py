"""Telling somebody: at most one post for each claim, always an answer, never a person's words in it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.notify import PAGE_WAIT_MAX, RECORD_TRIES, Notifier
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import FRESHNESS, Claim, Order, State
from escalation.adapters.receipts import Receipt
from escalation.adapters.sending import Accepted, Answered, Attempt, Broken, Letter, Outgoing, Script, ShortMessage
from escalation.core.effects import Text
from escalation.core.facts import TOLD_TWICE
from escalation.core.vocabulary import Channel, Failure, Message, Outcome
from tests.edge.samples import BRIEF, NOW, notify
from tests.edge.sending.fakes import ATTEMPTS_MAX, Book, FragileLedger, Uptime, Vendor, WordsKept, run
from workflows.ports import Send

Build = Callable[[Vendor], Notifier]
PAGE = Send(effect=notify(), at=NOW)
MAIL = Send(effect=notify(channel=Channel.EMAIL, message=Message.CUSTOMER_OPENING, contact="customer"), at=NOW)
MAIL_2 = Send(effect=notify(channel=Channel.EMAIL, message=Message.SITUATION, dispatch="d-2"), at=NOW)
SAFE = Broken("twilio", posted=False, why="NewConnectionError")
SLOW_DOWN = Answered("twilio", 429, "20429")


def state(ledger: FragileLedger) -> State:
    row = ledger.get("d-1")
    assert row is not None
    return row.state


def claim(ledger: FragileLedger, send: Send = PAGE) -> Claim:
    effect = send.effect
    claimed = ledger.claim(Order("d-1", "ESC-4711", effect.contact, effect.channel, effect.message, NOW, "1", 1))
    assert isinstance(claimed, Claim)
    return claimed


def test_an_accepted_message_is_recorded_with_its_id(notifier: Build, ledger: FragileLedger) -> None:
    """Once; a retried act finds it in the ledger and posts nothing."""
    vendor = Vendor(Accepted("SM9"))
    act = notifier(vendor).notify

    first, second = run(act, PAGE), run(act, PAGE, attempt=2)

    assert (first.outcome, first.provider_id, first.how, first.number) == (Outcome.ACCEPTED, "SM9", "sent", 7)
    assert (second.outcome, second.provider_id, second.how) == (Outcome.ACCEPTED, "SM9", "ledger")
    assert len(vendor.sent) == 1
    assert state(ledger) is State.SENT


@pytest.mark.parametrize(
    ("channel", "content", "address"),
    [
        (Channel.SMS, ShortMessage, "+491701234567"),
        (Channel.VOICE, Script, "+491701234567"),
        (Channel.EMAIL, Letter, "primary@example.org"),
    ],
)
def test_each_channel_gets_its_content_and_its_address(
    notifier: Build, channel: Channel, content: type, address: str
) -> None:
    """The address is looked up when it is sent, for the instant of the order."""
    vendor = Vendor()
    run(notifier(vendor).notify, Send(notify(channel=channel), NOW))

    (sent,) = vendor.sent
    assert isinstance(sent.content, content)
    assert (sent.to, sent.at, sent.dispatch) == (address, NOW, "d-1")


def test_people_are_called_by_their_names(notifier: Build) -> None:
    """Whoever has it is somebody whom the reader may want to call, not an id."""
    vendor = Vendor()
    run(notifier(vendor).notify, Send(notify(channel=Channel.SMS, message=Message.ACKNOWLEDGED), NOW))

    (sent,) = vendor.sent
    assert isinstance(sent.content, ShortMessage)
    assert f"Taken by {BRIEF.owner.title()}, thank you." in sent.content.body
    assert BRIEF.owner.title() != BRIEF.owner


def test_an_unfinished_intent_is_ambiguous_at_once(notifier: Build, ledger: FragileLedger) -> None:
    """The worker died somewhere between intent and record: nobody posts again before it was looked up."""
    vendor = Vendor()
    claim(ledger)

    report = run(notifier(vendor).notify, PAGE, attempt=2)

    assert report.outcome is Outcome.AMBIGUOUS
    assert vendor.sent == []


@pytest.mark.parametrize(
    "answer",
    [Broken("twilio", posted=True, why="ReadTimeout"), Answered("twilio", 500, "20500"), Answered("sendgrid", 200)],
)
def test_an_answer_that_proves_nothing_leaves_the_intent_open(
    notifier: Build, ledger: FragileLedger, answer: Attempt
) -> None:
    """Ambiguous is answered at once, so that the next channel starts while the window runs."""
    report = run(notifier(Vendor(answer)).notify, PAGE)

    assert (report.outcome, report.failure) == (Outcome.AMBIGUOUS, None)
    assert state(ledger) is State.INTENT


def test_a_bug_in_an_adapter_after_the_intent_is_ambiguous(notifier: Build) -> None:
    """Nobody knows how far it came."""
    assert run(notifier(Vendor(KeyError("+491701234567"))).notify, PAGE).outcome is Outcome.AMBIGUOUS


@pytest.mark.parametrize(
    ("answer", "failure", "code"),
    [
        (Answered("twilio", 400, "21211"), Failure.DESTINATION, "21211"),
        (Answered("twilio", 401, "20003"), Failure.CONFIGURATION, "20003"),
        (Answered("twilio", 400, "21617"), Failure.CONTENT, "21617"),
        (Answered("sendgrid", 400, "http_400"), Failure.CONTENT, "http_400"),
    ],
)
def test_a_final_no_is_reported_with_its_class(
    notifier: Build, ledger: FragileLedger, answer: Attempt, failure: Failure, code: str
) -> None:
    """On the first attempt: the next channel must not wait for retries that cannot help."""
    report = run(notifier(Vendor(answer)).notify, PAGE)

    assert (report.outcome, report.failure, report.code) == (Outcome.FAILED, failure, code)
    assert state(ledger) is State.FAILED


def test_what_surely_was_not_sent_is_tried_again(notifier: Build, ledger: FragileLedger) -> None:
    """The row is free again before the engine makes the next attempt."""
    act = notifier(Vendor(SAFE, Accepted("SM2"))).notify
    with pytest.raises(ApplicationError) as again:
        run(act, PAGE)

    assert (again.value.type, again.value.non_retryable) == ("safe_retry", False)
    assert state(ledger) is State.NEW
    assert run(act, PAGE, attempt=2).provider_id == "SM2"


def test_a_rate_limit_names_its_pause(notifier: Build, ledger: FragileLedger) -> None:
    """The engine waits, not the thread."""
    with pytest.raises(ApplicationError) as again:
        run(notifier(Vendor(Answered("twilio", 429, "20429", wait=timedelta(seconds=4)))).notify, PAGE)

    assert again.value.type == "rate_limited"
    assert again.value.next_retry_delay is not None
    assert timedelta(seconds=4) <= again.value.next_retry_delay <= timedelta(seconds=5)
    assert state(ledger) is State.NEW


def test_a_page_does_not_wait_for_a_long_pause(notifier: Build) -> None:
    """Another channel is tried instead; a notice does wait."""
    long = Answered("sendgrid", 429, wait=PAGE_WAIT_MAX + timedelta(seconds=1))
    report = run(notifier(Vendor(long)).notify, PAGE)

    assert (report.outcome, report.failure) == (Outcome.FAILED, Failure.RATE_LIMITED)
    with pytest.raises(ApplicationError):
        run(notifier(Vendor(long)).notify, Send(notify(message=Message.SITUATION, dispatch="d-2"), NOW))


@pytest.mark.parametrize(("answer", "failure"), [(SAFE, Failure.UNREACHABLE), (SLOW_DOWN, Failure.RATE_LIMITED)])
def test_the_last_attempt_answers_instead_of_raising(
    notifier: Build, ledger: FragileLedger, answer: Attempt, failure: Failure
) -> None:
    """Nobody waits for an error to be noticed."""
    ledger.release(claim(ledger))  # by the attempts before
    report = run(notifier(Vendor(answer)).notify, PAGE, attempt=ATTEMPTS_MAX)

    assert (report.outcome, report.failure) == (Outcome.FAILED, failure)
    assert state(ledger) is State.FAILED


def test_a_contact_without_an_address_fails_at_once(notifier: Build, ledger: FragileLedger) -> None:
    """It is in the ledger, so that it is not looked up again and again."""
    vendor = Vendor()
    report = run(notifier(vendor).notify, Send(notify(contact="backup"), NOW))

    assert (report.failure, report.code) == (Failure.NO_ADDRESS, "no_sms")
    assert state(ledger) is State.FAILED
    assert vendor.sent == []


def test_an_unreachable_directory_is_tried_again_and_tells_nothing(
    notifier: Build, book: Book, ledger: FragileLedger
) -> None:
    """Whatever it said stays out of the error; on the last attempt it is a failure."""
    book.down = True
    act = notifier(Vendor()).notify
    with pytest.raises(ApplicationError) as again:
        run(act, PAGE)

    assert str(again.value) == "safe_retry: directory_ConnectionError"
    assert state(ledger) is State.NEW
    assert run(act, PAGE, attempt=ATTEMPTS_MAX).failure is Failure.UNREACHABLE


def test_a_template_that_cannot_be_filled_fails_as_content(ledger: FragileLedger, notifier: Build) -> None:
    """A note for the ticket has no SMS; the fault names the template in the log, not in the report."""
    report = run(notifier(Vendor()).notify, Send(notify(message=Message.TICKET_STATUS), NOW))

    assert (report.outcome, report.failure, report.code) == (Outcome.FAILED, Failure.CONTENT, "template")


@pytest.mark.parametrize(
    ("contact", "message"),
    [("customer", Message.CLOSING), ("customer", Message.RETURNED), ("backup", "customer_closing")],
)
def test_what_is_written_inside_stays_inside(notifier: Build, contact: str, message: str) -> None:
    """A customer's id where a person was meant, or the reverse, has no address."""
    vendor = Vendor()
    sent = notify(channel=Channel.EMAIL, message=Message(message), contact=contact)

    assert run(notifier(vendor).notify, Send(sent, NOW)).failure is Failure.NO_ADDRESS
    assert vendor.sent == []


def test_a_customer_never_gets_a_message_with_a_hole(notifier: Build, texts: WordsKept) -> None:
    """An update without its words fails; with an unreachable store it waits."""
    update = Send(
        notify(channel=Channel.EMAIL, message=Message.CUSTOMER_UPDATE, contact="customer", text=Text("gone", "")), NOW
    )
    texts.down = True
    with pytest.raises(ApplicationError, match="texts_down"):
        run(notifier(Vendor()).notify, update)
    texts.down = False

    report = run(notifier(Vendor()).notify, update, attempt=2)
    assert (report.failure, report.code) == (Failure.CONTENT, "text_missing")


def test_a_page_goes_out_without_its_title(notifier: Build, texts: WordsKept) -> None:
    """The content store is down: somebody is needed all the same."""
    texts.down = True
    vendor = Vendor()

    assert run(notifier(vendor).notify, PAGE).outcome is Outcome.ACCEPTED
    assert isinstance(vendor.sent[0].content, ShortMessage)
    assert "title not available" in vendor.sent[0].content.body


def test_a_page_goes_out_unledgered_when_the_ledger_is_down(notifier: Build, ledger: FragileLedger) -> None:
    """Once, flagged, and written down as soon as the ledger is back."""
    ledger.down = frozenset({"claim"})
    report = run(notifier(Vendor()).notify, PAGE)

    assert (report.outcome, report.how) == (Outcome.ACCEPTED, "unledgered")
    assert state(ledger) is State.SENT


def test_a_second_attempt_never_goes_out_unledgered(notifier: Build, ledger: FragileLedger) -> None:
    """The first may have been heard; on the last one the doubt is said."""
    ledger.down = frozenset({"claim", "unledgered"})
    vendor = Vendor()
    with pytest.raises(ApplicationError) as again:
        run(notifier(vendor).notify, PAGE, attempt=2)

    assert again.value.type == "LedgerDown"
    assert run(notifier(vendor).notify, PAGE, attempt=ATTEMPTS_MAX).outcome is Outcome.AMBIGUOUS
    assert vendor.sent == []


def test_a_page_that_may_have_gone_out_unledgered_is_not_posted_again(notifier: Build, ledger: FragileLedger) -> None:
    """Its worker died before the engine heard of it, and the ledger never did: it is looked up, as any doubt."""
    ledger.down = frozenset({"claim", "unledgered"})
    vendor = Vendor()
    run(notifier(vendor).notify, PAGE)
    ledger.down = frozenset()
    report = run(notifier(vendor).notify, PAGE, attempt=2)

    assert (report.outcome, report.code, len(vendor.sent)) == (Outcome.AMBIGUOUS, "no_trace", 1)
    assert state(ledger) is State.INTENT
    assert run(notifier(vendor).notify, MAIL_2, attempt=2).outcome is Outcome.ACCEPTED  # nothing else goes unledgered


def test_other_mail_waits_for_the_ledger(notifier: Build, ledger: FragileLedger) -> None:
    """It is never sent twice; if the ledger stays away, the failure is said."""
    ledger.down = frozenset({"claim"})
    vendor = Vendor()
    with pytest.raises(ApplicationError) as again:
        run(notifier(vendor).notify, MAIL)

    assert again.value.type == "LedgerDown"
    assert run(notifier(vendor).notify, MAIL, attempt=ATTEMPTS_MAX).failure is Failure.UNREACHABLE
    assert vendor.sent == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Broken("twilio", posted=True, why="ReadTimeout"), Outcome.AMBIGUOUS),
        (Answered("twilio", 400, "21211"), Outcome.FAILED),
        (SAFE, Outcome.FAILED),
    ],
)
def test_an_unledgered_page_that_is_not_accepted_says_why(
    notifier: Build, ledger: FragileLedger, answer: Attempt, outcome: Outcome
) -> None:
    """A second unledgered try could repeat it, so there is none."""
    ledger.down = frozenset({"claim"})
    report = run(notifier(Vendor(answer)).notify, PAGE)

    assert (report.outcome, report.how) == (outcome, "unledgered")


def test_an_acceptance_that_cannot_be_recorded_is_still_one(notifier: Build, ledger: FragileLedger) -> None:
    """The answer goes to the rules; the row stays open for a receipt or a look-up."""
    ledger.down = frozenset({"sent"})

    assert run(notifier(Vendor()).notify, PAGE).outcome is Outcome.ACCEPTED
    assert state(ledger) is State.INTENT


def test_an_acceptance_waits_for_a_busy_ledger(notifier: Build, ledger: FragileLedger) -> None:
    """An open row would stand in the way of every later look-up of a call to the same telephone."""
    ledger.busy = RECORD_TRIES - 1

    assert run(notifier(Vendor()).notify, PAGE).outcome is Outcome.ACCEPTED
    assert state(ledger) is State.SENT


def test_a_row_that_cannot_be_freed_makes_the_next_attempt_ambiguous(notifier: Build, ledger: FragileLedger) -> None:
    """Slower, and safe."""
    ledger.down = frozenset({"release"})
    act = notifier(Vendor(SAFE)).notify
    with pytest.raises(ApplicationError):
        run(act, PAGE)

    assert run(act, PAGE, attempt=2).outcome is Outcome.AMBIGUOUS


def test_a_stale_intent_is_not_posted(ledger: FragileLedger, uptime: Uptime, notifier: Build) -> None:
    """The worker was paused between claim and call: it gives the row back instead of posting late."""
    uptime.step = FRESHNESS.total_seconds()
    vendor = Vendor()

    with pytest.raises(ApplicationError, match="stale_intent"):
        run(notifier(vendor).notify, PAGE)
    assert vendor.sent == []
    assert state(ledger) is State.NEW


def test_nothing_that_leaves_the_act_holds_an_address(notifier: Build, book: Book) -> None:
    """Reports and errors go into the engine's history, where they stay."""
    answers: list[Attempt] = [SAFE, Answered("twilio", 400, "21211")]
    for attempt, answer in enumerate(answers, start=1):
        try:
            left = repr(run(notifier(Vendor(answer)).notify, PAGE, attempt=attempt))
        except ApplicationError as error:
            left = repr(error)
        assert not any(address in left for address in book.addresses.values())


def test_a_second_acceptance_is_answered_as_one(notifier: Build, inbox: Inbox) -> None:
    """A receipt of an earlier copy comes while the later one is posted: the log of the escalation says so."""

    class Overtaken(Vendor):
        def send(self, outgoing: Outgoing) -> Attempt:
            inbox.receive(Receipt("k1", "d-1", "delivered", NOW, provider_id="SM0"))
            return super().send(outgoing)

    report = run(notifier(Overtaken(Accepted("SM1"))).notify, PAGE)

    assert (report.outcome, report.provider_id, report.code) == (Outcome.ACCEPTED, "SM1", TOLD_TWICE)
    assert run(notifier(Vendor()).notify, PAGE, attempt=2).code is None
