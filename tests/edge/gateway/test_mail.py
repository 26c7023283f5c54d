"""Replies by mail: whose count, what they mean, and what comes back."""

import json

import pytest

from escalation.adapters.directory import Directory, DirectoryDown
from escalation.adapters.ways import LASTS, TOKEN_CHARS, Purpose, Tokens, WaysBack
from escalation.core.vocabulary import Channel, Message, Phase
from escalation.gateway.acting import PASSIVE_MAX
from escalation.gateway.mail import MAIL_BYTES_MAX
from escalation.gateway.mail_answers import MailAnswers
from escalation.gateway.told import Told
from escalation.wire.outcomes import Unreachable
from tests.edge.gateway.door import AMIRA_MAIL, NOW, PUBLIC, REPLIES, Door, view
from tests.edge.sending.fakes import Vendor

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
    """SPF fails, and no signature of the domain makes up for it. What nobody vouches for is answered by nobody."""
    door.mail("ack", address, SPF="fail")
    assert (door.client.acks, door.answers.written) == ([], [])

    door.mail("ack", address, SPF="fail", dkim="{@support.example : pass}")
    assert len(door.client.acks) == 1


@pytest.mark.parametrize(
    ("spf", "dkim", "envelope", "counts"),
    [
        ("pass", "none", "amira@support.example", True),
        ("Pass", "none", "bounce@mail.support.example", True),
        ("pass", "{@evil.example : pass}", "amira@example", False),
        ("pass", "none", "x@evil.example", False),
        ("pass", "none", "x@evilsupport.example", False),
        ("pass", "none", "x@support.example.evil.test", False),
        ("softfail", "none", "amira@support.example", False),
        ("none", "none", "amira@support.example", False),
        ("", "", "amira@support.example", False),
        ("fail", "{@evil.example : pass}", "amira@support.example", False),
        ("fail", "{@support.example : fail}", "amira@support.example", False),
        ("fail", "{@evil.example : pass, @support.example : fail}", "amira@support.example", False),
        ("fail", "{@evil.example : fail, @Support.example : pass}", "x@evil.example", True),
        ("fail", "{@mail.support.example : pass}", "x@evil.example", True),
        ("fail", "pass", "amira@support.example", False),
    ],
)
def test_the_domain_of_the_sender_must_vouch_for_it(
    door: Door,
    address: str,
    spf: str,
    dkim: str,
    envelope: str,
    counts: bool,  # noqa: FBT001  # a column of the table
) -> None:
    """Both pass for anybody's own domain: what passed must be the one that stands in the From line, or near it."""
    door.mail("ack", address, SPF=spf, dkim=dkim, envelope=json.dumps({"to": [address], "from": envelope}))

    assert bool(door.client.acks) is counts


def test_a_domain_that_vouches_for_nothing_is_said_to_the_operator(
    door: Door, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody has set up their mail so that no reply of theirs counts; a stranger's forgery is no line at all."""
    door.mail("ack", address, SPF="none")
    door.mail("ack", address, "bruno@support.example", SPF="none")

    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "ESC-1: a reply by mail counts for nothing: neither SPF nor DKIM vouches for it"
    ]


@pytest.mark.parametrize("charset", ["idna", "undefined", "a\0b", "\ud800"])
def test_a_strangers_charset_is_no_error_of_ours(door: Door, charset: str) -> None:
    """SendGrid would bring such a mail again for three days."""
    answered = door.mail("hello", f"anybody@{REPLIES}", "x@evil.example", charsets=json.dumps({"text": charset}))

    assert answered.status_code == 204


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


@pytest.mark.parametrize("message", [Message.ACKNOWLEDGED, Message.SITUATION, Message.CHECK_IN, Message.CLOSING])
@pytest.mark.parametrize("word", ["ack", "close"])
def test_a_word_in_answer_to_a_notice_does_nothing(door: Door, message: Message, word: str) -> None:
    """A mail that asks for nothing is no page: "ack" may mean "I have read it". With the number it counts."""
    door.opened("ESC-1", "amira", code=10)
    to = reply_address(door.paged(channel=Channel.EMAIL, message=message))

    door.mail(word, to)
    assert (door.client.acks, door.client.done) == ([], [])
    assert door.answers.written[0][2] == f"You were told, and not asked. If you mean it, reply {word} 10."

    door.mail(f"{word} 10", to)
    assert len(door.client.acks) + len(door.client.done) == 1


def asked_how_it_goes(door: Door) -> str:
    """Amira owns it; where her answer to a check-in goes."""
    door.opened("ESC-1", "amira", code=10)
    door.client.views["ESC-1"] = view("ESC-1", Phase.ACTIVE, "amira")
    return reply_address(door.paged(channel=Channel.EMAIL, message=Message.CHECK_IN))


@pytest.mark.parametrize(
    "fields", [{}, {"html": "<div>No change yet.</div><div>We wait for the disk.</div><hr>Reply"}], ids=["text", "html"]
)
def test_a_sentence_answers_a_check_in(door: Door, fields: dict[str, str]) -> None:
    """As its mail promises: everything above the quote, to the inside alone, once."""
    said = "No change yet.\nWe wait for the disk."
    text = None if fields else f"\0\u202e{said}\r\n\r\nOn Monday we wrote:\r\n> How is it going?"
    asked = asked_how_it_goes(door)
    for _ in range(2):
        door.mail(text, asked, **fields)

    ((verb, ref, by, words, _),) = door.client.done
    assert (verb, ref, by, words) == ("update internal", "ESC-1", "amira", said)
    assert door.answers.written[0][2] == "ESC-1: your words are in its log"


def test_only_the_owner_answers_a_check_in(door: Door) -> None:
    """Else the one who has it now would not be asked; and a mail without a word says nothing."""
    asked = asked_how_it_goes(door)
    door.mail("> How is it going?", asked)
    door.client.views["ESC-1"] = view("ESC-1", Phase.ACTIVE, "bruno")
    door.mail("It works again.", asked)

    assert door.client.done == []
    assert [words for *_, words in door.answers.written] == [
        "Not understood. To take it, reply ack 10.", "ESC-1: you are not the one who is asked now",
    ]  # fmt: skip


def test_an_answer_of_ours_can_be_replied_to_itself(door: Door) -> None:
    """It asks for a reply; that must reach us as if the page had been answered."""
    post = Vendor()
    dispatch = door.paged(channel=Channel.EMAIL)
    sent = Told(door.store).sent(dispatch)
    assert sent is not None
    MailAnswers(post, "Support", WaysBack(TOKENS, PUBLIC, REPLIES)).write(AMIRA_MAIL, sent, "reply ack 10", "en", NOW)

    assert post.sent[0].reply_to == reply_address(dispatch)


def test_a_word_in_answer_to_a_notice_of_what_is_over_hears_so(door: Door) -> None:
    """Its number is gone, so none can be asked for."""
    door.mail("ack", reply_address(door.paged(channel=Channel.EMAIL, message=Message.CLOSING)))

    assert (door.client.acks, door.answers.written[0][2]) == ([], "no open escalation")


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


def test_a_directory_that_is_away_lets_the_mail_come_again(
    door: Door, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who wrote it is not known for a moment; nobody must lose what they took."""
    with monkeypatch.context() as away:
        away.setattr(Directory, "address", _away)
        assert door.mail("ack", address).status_code == 503
        assert door.mail("ack", f"reply+{'a' * TOKEN_CHARS}@{REPLIES}").status_code == 204

    assert door.mail("ack", address).status_code == 204
    assert len(door.client.acks) == 1


def _away(*_: object) -> None:
    raise DirectoryDown("people.yaml cannot be read")


@pytest.mark.parametrize("text", [None, " \r\n"])
def test_a_mail_that_is_all_html_is_read(door: Door, address: str, text: str | None) -> None:
    """Some programs send no text, and SendGrid then posts none."""
    html = "<html><head><title>esc</title></head><body><div>Ack 10</div><blockquote>Reply esc 10</blockquote></body>"
    door.mail(text, address, html=html)

    assert ([ref for ref, *_ in door.client.acks], door.client.done) == (["ESC-1"], [])


def test_a_mail_that_has_both_is_read_as_text(door: Door, address: str) -> None:
    """One of them counts."""
    door.mail("thanks", address, html="<p>ack</p>")

    assert door.client.acks == []


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
