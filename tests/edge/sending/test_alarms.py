"""What no retry mends: an operator hears, a closed channel is not asked, a refused callback address loses no page."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.failures import BLOCKED_FOR, CALLBACK_REFUSED
from activities.notify import Notifier
from escalation.adapters.ledger import LedgerDown, State
from escalation.adapters.pauses import Pause, Pauses
from escalation.adapters.sending import Accepted, Answered, Broken
from escalation.core.vocabulary import Channel, Failure, Message, Outcome
from tests.edge.samples import NOW, notify
from tests.edge.sending.fakes import FragileLedger, Vendor, run
from workflows.ports import Send

Build = Callable[[Vendor], Notifier]
PAGE = Send(notify(), NOW)
MAIL = Send(notify(channel=Channel.EMAIL, dispatch="d-2"), NOW)
NOTICE = Send(notify(channel=Channel.EMAIL, message=Message.SITUATION, dispatch="d-3"), NOW)
BLOCKED = Answered("sendgrid", 403, "http_403")


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The errors in the log, without what the engine adds to each."""
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    return [error.partition(" ({")[0] for error in errors]


@pytest.mark.parametrize("code", sorted(CALLBACK_REFUSED))
def test_a_message_whose_callback_address_is_refused_goes_out_without_one(
    notifier: Build, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The page matters more than hearing of it, which is asked for later. Somebody must mend the address anyhow."""
    vendor = Vendor(Answered("twilio", 400, code), Accepted("SM1"))

    report = run(notifier(vendor).notify, PAGE)

    assert (report.outcome, report.provider_id) == (Outcome.ACCEPTED, "SM1")
    assert [sent.calls_back for sent in vendor.sent] == [True, False]
    assert alarms(caplog) == [f"an operator must look: sms was refused as config, code {code} (dispatch d-1)"]


def test_without_a_callback_it_is_sent_once_more_and_no_third_time(notifier: Build, ledger: FragileLedger) -> None:
    """Some other address in it is wrong, then."""
    vendor = Vendor(*[Answered("twilio", 400, "21205")] * 2)

    report = run(notifier(vendor).notify, PAGE)

    assert (report.outcome, report.failure, len(vendor.sent)) == (Outcome.FAILED, Failure.CONFIGURATION, 2)


def test_an_answer_that_is_lost_the_second_time_is_ambiguous(notifier: Build, ledger: FragileLedger) -> None:
    """The first refusal proves nothing about the second message."""
    vendor = Vendor(Answered("twilio", 400, "21609"), Broken("twilio", posted=True, why="ReadTimeout"))

    assert run(notifier(vendor).notify, PAGE).outcome is Outcome.AMBIGUOUS
    row = ledger.get("d-1")
    assert row is not None
    assert row.state is State.INTENT


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answered("twilio", 401, "20003"), "sms was refused as config, code 20003"),
        (Answered("twilio", 400, "21617"), "sms was refused as content, code 21617"),
        (Answered("twilio", 400, "21999"), "sms was refused as dest_permanent, code 21999"),  # unknown
        (Answered("twilio", 400, "21211"), None),
        (Answered("twilio", 429, "20429"), None),
        (Broken("twilio", posted=True, why="ReadTimeout"), None),
    ],
)
def test_an_operator_hears_of_what_no_retry_mends(
    notifier: Build, answer: Answered | Broken, said: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """One line, with the vendor's own code; a wrong number is everyday business."""
    try:
        run(notifier(Vendor(answer)).notify, PAGE)
    except ApplicationError:
        assert said is None

    assert alarms(caplog) == ([] if said is None else [f"an operator must look: {said} (dispatch d-1)"])


def test_a_block_closes_mail_for_five_minutes(notifier: Build, pauses: Pauses) -> None:
    """Every further bad request would make it longer; SMS is not concerned."""
    run(notifier(Vendor(BLOCKED)).notify, MAIL)

    assert pauses.at(Channel.EMAIL, NOW + BLOCKED_FOR - timedelta(microseconds=1)) == Pause(
        NOW + BLOCKED_FOR, "http_403"
    )
    assert pauses.at(Channel.EMAIL, NOW + BLOCKED_FOR) is None
    assert pauses.at(Channel.SMS, NOW) is None


def test_a_page_on_a_closed_channel_fails_at_once(notifier: Build, pauses: Pauses, ledger: FragileLedger) -> None:
    """So that another channel is tried; the vendor is not asked."""
    pauses.close(Channel.SMS, NOW + timedelta(hours=9), "30023")
    vendor = Vendor()

    report = run(notifier(vendor).notify, PAGE)

    assert (report.outcome, report.failure, report.code) == (Outcome.FAILED, Failure.RATE_LIMITED, "paused_30023")
    assert vendor.sent == []


def test_anything_else_waits_for_the_channel_to_open(notifier: Build, pauses: Pauses, ledger: FragileLedger) -> None:
    """By the engine, not by a thread; nothing was sent, so the row is free."""
    pauses.close(Channel.EMAIL, NOW + timedelta(minutes=2), "http_403")
    with pytest.raises(ApplicationError) as again:
        run(notifier(Vendor()).notify, NOTICE)

    assert again.value.next_retry_delay == timedelta(minutes=2)
    row = ledger.get("d-3")
    assert row is not None
    assert row.state is State.NEW


def test_a_pause_that_cannot_be_read_stops_nothing(ledger: FragileLedger, notifier: Build) -> None:
    """Better one refused request than one page that is not tried."""

    class Away:
        def at(self, channel: Channel, at: object) -> Pause | None:
            raise LedgerDown("down")

        def close(self, channel: Channel, until: object, code: str) -> None:
            raise LedgerDown("down")

    vendor = Vendor(BLOCKED, Accepted("m1"))
    act = notifier(vendor)
    act._pauses = Away()  # noqa: SLF001  # the fixture builds it with a real one

    assert run(act.notify, MAIL).failure is Failure.CONFIGURATION
    assert run(act.notify, Send(notify(channel=Channel.EMAIL, dispatch="d-9"), NOW)).outcome is Outcome.ACCEPTED
