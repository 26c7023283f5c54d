"""Replies by mail: whose count, what they mean, and what comes back."""

import pytest

from escalation.adapters.ways import LASTS, Purpose, Tokens, WaysBack
from escalation.core.vocabulary import Channel
from escalation.gateway.acting import PASSIVE_MAX
from escalation.gateway.mail import MAIL_BYTES_MAX
from escalation.wire.outcomes import Unreachable
from tests.edge.gateway.door import AMIRA_MAIL, NOW, PUBLIC, REPLIES, Door

KEY = "development-only-key-that-production-refuses"
TOKENS = Tokens(KEY)


@pytest.fixture
def address(door: Door) -> str:
    """Where Amira's answer to a mail about an open escalation goes."""
    door.opened("ESC-1", "amira", code=10)
    return reply_address(door.paged(channel=Channel.EMAIL))


def reply_address(dispatch: str) -> str:
    found = WaysBack(TOKENS, PUBLIC, REPLIES).reply_to(dispatch)
    assert found is not None
    return found


@pytest.mark.parametrize("text", ["ack", "Ack!", "ack 10", "\r\nACK #10\r\n\r\nOn Mon, we wrote:\r\n> Reply ack 10"])
def test_the_first_line_acknowledges(door: Door, address: str, text: str) -> None:
    """The token says which escalation; a code is allowed. What is quoted does not count."""
    assert door.mail(text, address).status_code == 204

    ((ref, by, via, at, _),) = door.client.acks
    assert (ref, by, via, at) == ("ESC-1", "amira", "email", NOW)
    assert door.answers.written == [(AMIRA_MAIL, "ESC-1", "ESC-1 is yours")]


@pytest.mark.parametrize(("text", "verb"), [("esc", "raise"), ("close 10", "resolve")])
def test_the_grammar_is_that_of_texts(door: Door, address: str, text: str, verb: str) -> None:
    """One to learn."""
    door.mail(text, address)

    assert [done[:3] for done in door.client.done] == [(verb, "ESC-1", "amira")]


def test_the_same_mail_acts_once(door: Door, address: str) -> None:
    """SendGrid brings it again until it is taken; its message id is the key."""
    door.mail("ack", address)
    door.mail("ack", address)
    door.mail("ack", address, headers="Message-ID: <2@support.example>")

    assert len(door.client.acks) == 1


def test_capitals_of_the_address_do_not_matter(door: Door, address: str) -> None:
    """Some mail servers change them."""
    door.mail("ack", address.upper())

    assert len(door.client.acks) == 1


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied",
        "auto-submitted: auto-generated; owner",
        "Precedence: bulk",
        "Precedence: list",
        "X-Auto-Response-Suppress: All",
        "List-Id: <all.support.example>",
        "Return-Path: <>",
    ],
)
def test_what_a_machine_wrote_counts_for_nothing(door: Door, address: str, headers: str) -> None:
    """An absence note quotes us and acknowledges nothing, and nobody answers it."""
    assert door.mail("ack", address, headers=f"Subject: away\r\n{headers}\r\nMessage-ID: <1@x>").status_code == 204
    assert (door.client.acks, door.answers.written) == ([], [])


@pytest.mark.parametrize("sender", ["mailer-daemon@x.example", "bruno@support.example", "amira@elsewhere.example", ""])
def test_another_sender_counts_for_nothing(door: Door, address: str, sender: str) -> None:
    """Whoever a mail was passed on to does not speak for the person who got it, and learns nothing."""
    assert door.mail("ack", address, sender=sender).status_code == 204
    assert (door.client.acks, door.answers.written) == ([], [])


def test_a_sender_whose_server_denies_it_counts_for_nothing(door: Door, address: str) -> None:
    """SPF fails, and no signature of the domain makes up for it."""
    door.mail("ack", address, SPF="fail")
    assert door.client.acks == []

    door.mail("ack", address, SPF="fail", dkim="{@support.example : pass}")
    assert len(door.client.acks) == 1


def test_an_address_without_our_token_counts_for_nothing(door: Door, address: str) -> None:
    """Another purpose, another domain, a letter more or less, another key."""
    dispatch = door.paged(channel=Channel.EMAIL, number=8)
    others = [
        f"reply+{TOKENS.made(Purpose.PAGE, dispatch)}@{REPLIES}",
        f"reply+{Tokens('another').made(Purpose.MAIL, dispatch)}@{REPLIES}",
        f"reply+{TOKENS.made(Purpose.MAIL, dispatch)}@other.example",
        address.replace("@", "a@"),
        f"reply+@{REPLIES}",
        f"amira@{REPLIES}",
    ]

    assert [door.mail("ack", other).status_code for other in others] == [204] * len(others)
    assert (door.client.acks, door.answers.written) == ([], [])


def test_a_token_ages(door: Door, address: str) -> None:
    """At the limit it is good, and not a moment later."""
    door.clock.at = NOW + LASTS
    door.mail("ack", address)
    assert len(door.client.acks) == 1

    door.clock.at = NOW + LASTS * 1.001
    door.mail("esc", address)
    assert door.client.done == []


def test_another_code_is_no_escalation_of_this_mail(door: Door, address: str) -> None:
    """A person who answers the wrong mail hears so, and nothing is taken."""
    door.mail("ack 11", address)

    assert (door.client.acks, door.answers.written[0][2]) == ([], "no open escalation 11")


def test_a_reply_that_says_nothing_is_explained_a_few_times(door: Door, address: str) -> None:
    """Then there is silence."""
    for _ in range(PASSIVE_MAX + 1):
        door.mail("thanks", address)

    assert [words for *_, words in door.answers.written] == ["Not understood. To take it, reply ack 10."] * PASSIVE_MAX


def test_an_engine_that_is_away_is_said(door: Door, address: str) -> None:
    """Nobody must think that they have it."""
    door.client.fails = Unreachable("no answer")

    door.mail("ack", address)

    assert "not confirmed" in door.answers.written[0][2]


def test_a_store_that_is_away_lets_the_mail_come_again(door: Door, address: str) -> None:
    """SendGrid keeps what is answered 5xx."""
    with door.store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE codes")

    assert door.mail("ack", address).status_code == 503


def test_an_unsigned_mail_is_refused(door: Door, address: str) -> None:
    """With no signature it is not even read."""
    signed = {"X-Twilio-Email-Event-Webhook-Signature": "x", "X-Twilio-Email-Event-Webhook-Timestamp": "1772366400"}

    for headers in ({}, signed):
        assert door.http.post("/sendgrid/inbound", content=b"x", headers=headers).status_code == 403
    assert address


def test_a_mail_that_is_too_large_is_refused(door: Door, address: str) -> None:
    """Its attachments would fill our memory."""
    assert door.mail("ack", address, attachment1="x" * MAIL_BYTES_MAX).status_code == 413
    assert door.client.acks == []


def test_attachments_are_passed_over(door: Door, address: str) -> None:
    """A picture in a signature is no reason to lose a reply."""
    door.mail("ack", address, attachment1="\x00\xff" * 100_000)

    assert len(door.client.acks) == 1
