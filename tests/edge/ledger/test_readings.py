"""What each word of a vendor means: every row of the lists, and every list's default."""

from collections.abc import Mapping

import pytest

from escalation.adapters.receipts import (
    CLASSIFICATIONS,
    DROPS,
    MACHINE,
    NO_KEY,
    OTHER,
    RANKS,
    SMS_CODES,
    Reading,
    mail_word,
    rank,
    read,
)
from escalation.core.vocabulary import Channel, Failure, Outcome

BUSY, NEVER, LIMITED = Failure.DESTINATION_BUSY, Failure.DESTINATION, Failure.RATE_LIMITED
CONTENT, OURS = Failure.CONTENT, Failure.CONFIGURATION


@pytest.mark.parametrize(
    ("codes", "failure", "alarming"),
    [
        ("30003 30008 30017 30410 30500 30020 30021 30450 30036", BUSY, False),
        ("30004 30005 30006 21211 21614", NEVER, False),
        ("21610", Failure.OPTED_OUT, False),
        ("30001 30022 30023 30027", LIMITED, False),
        ("30007 30019", CONTENT, True),
        ("30002 30018 30024 30032 30033 30034 30035", OURS, True),
        ("39999", BUSY, True),  # the default
    ],
)
@pytest.mark.parametrize("status", ["undelivered", "failed"])
def test_every_code_of_a_status_callback_has_its_failure(
    codes: str,
    failure: Failure,
    alarming: bool,  # noqa: FBT001  # a column of the table
    status: str,
) -> None:
    """`undelivered` fails over as `failed` does; an operator hears of what no retry mends, and of the unknown."""
    found = {code: read(Channel.SMS, status, code) for code in codes.split()}

    assert {(one.outcome, one.failure, one.alarming) for one in found.values()} == {(Outcome.FAILED, failure, alarming)}
    assert {code for code, one in found.items() if one.capped} == set(codes.split()) & {"30023", "30027"}


def test_the_list_of_codes_holds_no_row_that_is_not_tested_here() -> None:
    """A new row needs a line above."""
    assert len(SMS_CODES) == 9 + 6 + 4 + 2 + 7
    assert len(DROPS) == 7


@pytest.mark.parametrize(
    ("channel", "status", "expected"),
    [
        (Channel.SMS, "delivered", Reading(Outcome.DELIVERED)),
        (Channel.SMS, "read", Reading(Outcome.DELIVERED)),
        (Channel.SMS, "sent", Reading(Outcome.ACCEPTED)),
        (Channel.SMS, "undelivered", Reading(Outcome.FAILED, BUSY)),
        (Channel.SMS, "failed", Reading(Outcome.FAILED, BUSY)),
        (Channel.SMS, "canceled", Reading(Outcome.FAILED, BUSY)),
        (Channel.VOICE, "ringing", Reading(Outcome.ACCEPTED)),
        (Channel.VOICE, "completed", Reading(Outcome.DELIVERED, code=NO_KEY)),
        (Channel.VOICE, "busy", Reading(Outcome.FAILED, BUSY)),
        (Channel.VOICE, "no-answer", Reading(Outcome.FAILED, BUSY)),
        (Channel.VOICE, "failed", Reading(Outcome.FAILED, BUSY)),
        (Channel.VOICE, "canceled", Reading(Outcome.FAILED, BUSY)),
    ],
)
def test_every_word_of_twilio_is_read_for_what_it_is(channel: Channel, status: str, expected: Reading) -> None:
    """`sent` is not delivered, and a completed call is no acknowledgement."""
    assert read(channel, status, None) == expected


@pytest.mark.parametrize(
    ("answered_by", "outcome"),
    [
        ("human", Outcome.DELIVERED),
        ("unknown", Outcome.DELIVERED),
        (None, Outcome.DELIVERED),
        ("machine_start", Outcome.FAILED),
        ("machine_end_beep", Outcome.FAILED),
        ("fax", Outcome.FAILED),
    ],
)
def test_a_machine_that_picked_up_heard_nothing(answered_by: str | None, outcome: Outcome) -> None:
    """It cannot press a key; an unknown voice is taken for a person's. What was kept once is read the same again."""
    found = read(Channel.VOICE, "completed", None, answered_by)

    assert found.outcome is outcome
    assert read(Channel.VOICE, "completed", found.code) == found
    assert found.code == (MACHINE if outcome is Outcome.FAILED else NO_KEY)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"event": "processed"}, Reading(Outcome.ACCEPTED)),
        ({"event": "deferred", "reason": "ann@example.org is full"}, Reading(Outcome.ACCEPTED)),
        ({"event": "delivered"}, Reading(Outcome.DELIVERED)),
        ({"event": "bounce", "type": "bounce"}, Reading(Outcome.FAILED, NEVER)),
        ({"event": "bounce", "type": "blocked"}, Reading(Outcome.FAILED, BUSY)),
        ({"event": "bounce", "bounce_type": "blocked"}, Reading(Outcome.FAILED, BUSY)),
        (
            {"event": "bounce", "bounce_classification": "Invalid Address"},
            Reading(Outcome.FAILED, NEVER, "Invalid Address"),
        ),
        ({"event": "dropped", "reason": "Bounced Address"}, Reading(Outcome.FAILED, NEVER, "Bounced Address")),
        (
            {"event": "dropped", "reason": "Unsubscribed Address"},
            Reading(Outcome.FAILED, NEVER, "Unsubscribed Address"),
        ),
        (
            {"event": "dropped", "reason": "Spam Reporting Address"},
            Reading(Outcome.FAILED, NEVER, "Spam Reporting Address"),
        ),
        ({"event": "dropped", "reason": "Invalid"}, Reading(Outcome.FAILED, NEVER, "Invalid")),
        (
            {"event": "dropped", "reason": "Spam Content"},
            Reading(Outcome.FAILED, CONTENT, "Spam Content", alarming=True),
        ),
        (
            {"event": "dropped", "reason": "Invalid SMTPAPI header"},
            Reading(Outcome.FAILED, CONTENT, "Invalid SMTPAPI header", alarming=True),
        ),
        (
            {"event": "dropped", "reason": "Recipient List over Package Quota"},
            Reading(Outcome.FAILED, OURS, "Recipient List over Package Quota", alarming=True),
        ),
        ({"event": "dropped", "reason": "ann@example.org"}, Reading(Outcome.FAILED, NEVER, OTHER, alarming=True)),
        ({"event": "spamreport"}, Reading(Outcome.FAILED, NEVER, alarming=True)),
        ({"event": "unsubscribe"}, Reading(Outcome.FAILED, NEVER, alarming=True)),
        ({"event": "group_unsubscribe"}, Reading(Outcome.FAILED, NEVER, alarming=True)),
        ({"event": "open"}, Reading(Outcome.ACCEPTED)),
        ({"event": "click"}, Reading(Outcome.ACCEPTED)),
        ({"event": "teleported"}, Reading(Outcome.ACCEPTED)),
        ({"event": 7}, Reading(Outcome.ACCEPTED)),
        ({}, Reading(Outcome.ACCEPTED)),
    ],
)
def test_every_event_of_sendgrid_is_read_for_what_it_is(event: Mapping[str, object], expected: Reading) -> None:
    """No server's own words become a code: they may hold the address."""
    word, code = mail_word(event)

    assert read(Channel.EMAIL, word, code) == expected


@pytest.mark.parametrize("classified", sorted(CLASSIFICATIONS))
def test_every_classification_of_a_bounce_is_kept(classified: str) -> None:
    """For people who look why."""
    assert mail_word({"event": "bounce", "bounce_classification": classified}) == ("bounce", classified)


def test_a_word_that_no_vendor_had_moves_nothing() -> None:
    """Vendors add statuses; an unknown one never overtakes a known one."""
    assert rank("teleported") == 0 < rank("queued")
    assert min(RANKS.values()) == 1
