"""What would ring in somebody's quiet hours: looked at again where it is sent, whoever asked for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.notify import Notifier
from activities.stores import Answers
from escalation.adapters.directory import Directory
from escalation.adapters.ledger import State
from escalation.adapters.rendering import Renderer
from escalation.core.facts import ReportDelivery
from escalation.core.vocabulary import Channel, Failure, Message, Outcome, Severity
from tests.edge.samples import notify
from tests.edge.sending.fakes import Book, FragileLedger, Vendor, WordsKept, run
from workflows.ports import Send

NIGHT = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)  # 03:30 in Berlin
MORNING = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
PEOPLE = """\
people:
  primary: {name: Pia, phone: "+491701234567", zone: Europe/Berlin, quiet: [{hours: "22:00-07:00", through: [SEV2]}]}
  reader:
    name: Rea
    phone: "+491701234568"
    email: reader@example.org
    zone: Europe/Berlin
    quiet: [{hours: "22:00-07:00"}]
"""
Telling = Callable[[Message, Severity, str, datetime], ReportDelivery]


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def act(ledger: FragileLedger, texts: WordsKept, vendor: Vendor, tmp_path: Path) -> Notifier:
    file = tmp_path / "directory.yaml"
    file.write_text(PEOPLE)
    hours = Answers(quiet=Directory.from_file(file))
    book = Book({("primary", Channel.SMS): "+491701234567", ("reader", Channel.SMS): "+491701234568"})
    return Notifier(
        ledger=ledger, texts=texts, book=book, renderer=Renderer(), mail=vendor, phone=vendor, answers=hours
    )


@pytest.fixture
def told(act: Notifier) -> Telling:
    """Tell somebody something by SMS."""

    def telling(message: Message, severity: Severity, contact: str, at: datetime) -> ReportDelivery:
        effect = notify(channel=Channel.SMS, message=message, contact=contact)
        return run(act.notify, Send(replace(effect, brief=replace(effect.brief, severity=severity)), at))

    return telling


def test_a_notice_is_not_sent_and_nothing_of_it_stays(told: Telling, vendor: Vendor, ledger: FragileLedger) -> None:
    """The answer says until when; no intent is left over that would have to be looked up."""
    answer = told(Message.SITUATION, Severity.SEV3, "primary", NIGHT)

    assert (answer.outcome, answer.failure) == (Outcome.FAILED, Failure.QUIET)
    assert (answer.code, answer.until, answer.instead) == ("until 07:00 CET", MORNING, None)
    assert vendor.sent == []
    row = ledger.get("d-1")
    assert row is None or row.state is not State.INTENT


def test_whoever_has_mail_is_told_there(told: Telling, vendor: Vendor) -> None:
    """A check-in as well; the last word too."""
    for message in (Message.SITUATION, Message.CHECK_IN, Message.CLOSING):
        assert told(message, Severity.SEV3, "reader", NIGHT).instead is Channel.EMAIL
    assert vendor.sent == []


@pytest.mark.parametrize(
    ("message", "severity", "at"),
    [
        (Message.SITUATION, Severity.SEV1, NIGHT),
        (Message.SITUATION, Severity.SEV2, NIGHT),
        (Message.SITUATION, Severity.SEV3, MORNING),
        (Message.PAGE, Severity.SEV3, NIGHT),
        (Message.CLOSING, Severity.SEV3, NIGHT),
    ],
)
def test_what_may_ring_is_sent(
    told: Telling, vendor: Vendor, message: Message, severity: Severity, at: datetime
) -> None:
    """The worst, what the person lets through, by day, and what cannot wait: a page was planned around the night."""
    assert told(message, severity, "primary", at).outcome is Outcome.ACCEPTED
    assert len(vendor.sent) == 1


def test_a_directory_that_cannot_be_asked_holds_nothing_back(act: Notifier, vendor: Vendor, tmp_path: Path) -> None:
    """Better rung in the night than not told."""
    (tmp_path / "directory.yaml").unlink()
    effect = notify(channel=Channel.SMS, message=Message.SITUATION, contact="primary")

    assert run(act.notify, Send(effect, NIGHT)).outcome is Outcome.ACCEPTED
    assert len(vendor.sent) == 1
