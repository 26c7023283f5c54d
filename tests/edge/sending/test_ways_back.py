"""What a message carries so that it can be answered, and what it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import SecretStr
from sqlalchemy import Engine

from activities.notify import Notifier
from activities.stores import Answers
from escalation.adapters.optouts import OptOuts
from escalation.adapters.rendering import Renderer
from escalation.adapters.scripts import Scripts
from escalation.adapters.sendgrid import mail
from escalation.adapters.sending import Letter, Outgoing, Script, ShortMessage
from escalation.adapters.settings import MailAccount, PhoneAccount, SettingsError, read_settings
from escalation.adapters.twilio import RING_SECONDS, Twilio
from escalation.adapters.ways import LASTS, REPLY, TOKEN_CHARS, Purpose, Tokens, WaysBack
from escalation.core.vocabulary import Channel, Failure, Message, Outcome, Severity
from tests.edge.samples import NOW, notify
from tests.edge.sending.fakes import Book, FragileLedger, Vendor, WordsKept, run
from workflows.ports import Send

TOKENS = Tokens("k" * 32)
WAYS = WaysBack(TOKENS, "https://door.example", "replies.example")
DISPATCH = "0123456789abcdef0123"
"""Of the kind that the rules give."""


@given(some.binary(min_size=10, max_size=10), some.sampled_from(Purpose))
def test_a_token_names_its_dispatch_for_one_purpose(raw: bytes, purpose: Purpose) -> None:
    """Written in small or large letters; never for another purpose or under another key."""
    dispatch, other = raw.hex(), next(each for each in Purpose if each is not purpose)
    token = TOKENS.made(purpose, dispatch)

    assert token is not None
    assert [TOKENS.dispatch(purpose, token), TOKENS.dispatch(purpose, token.upper())] == [dispatch, dispatch]
    assert [TOKENS.dispatch(other, token), Tokens("other").dispatch(purpose, token)] == [None, None]


@given(some.integers(0, TOKEN_CHARS - 1), some.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_changed_letter_makes_it_none(place: int, letter: str) -> None:
    """The last one too, although it has bits to spare."""
    token = str(TOKENS.made(Purpose.PAGE, DISPATCH))
    changed = token[:place] + letter + token[place + 1 :]

    assert (TOKENS.dispatch(Purpose.PAGE, changed) is not None) == (changed == token)


@given(some.text(max_size=60))
def test_no_text_is_an_error(text: str) -> None:
    """Whatever stands in an address."""
    assert TOKENS.dispatch(Purpose.PAGE, text) is None


def test_a_reply_address_fits_into_a_local_part() -> None:
    """64 characters, RFC 5321."""
    address = WAYS.reply_to(DISPATCH)

    assert address is not None
    assert len(address.partition("@")[0]) == len(REPLY) + TOKEN_CHARS <= 64
    assert timedelta(0) < LASTS


def test_what_is_not_set_up_is_not_offered() -> None:
    """Nor is a test message answered, which no escalation has decided."""
    nowhere = WaysBack(TOKENS)

    assert [nowhere.page(DISPATCH), nowhere.reply_to(DISPATCH), WAYS.page("send-test"), WAYS.reply_to("x")] == [
        None
    ] * 4


@pytest.fixture
def build(ledger: FragileLedger, book: Book, texts: WordsKept, store: Engine) -> Callable[..., Notifier]:
    """A notifier with every way back."""

    def made(vendor: Vendor, *, sms_links: bool = True) -> Notifier:
        ways = WaysBack(TOKENS, "https://door.example", "replies.example", sms_links=sms_links)
        return Notifier(
            ledger=ledger,
            texts=texts,
            book=book,
            renderer=Renderer(),
            mail=vendor,
            phone=vendor,
            answers=Answers(ways, Scripts(store), OptOuts(store)),
        )

    return made


def sent_by(notifier: Notifier, vendor: Vendor, channel: Channel, message: Message = Message.PAGE) -> Outgoing:
    """What the vendor was handed."""
    contact = "customer" if message.startswith("customer_") else "primary"
    run(notifier.notify, Send(notify(channel=channel, message=message, contact=contact, dispatch=DISPATCH), NOW))
    (outgoing,) = vendor.sent
    return outgoing


@pytest.mark.parametrize("message", [Message.PAGE, Message.APPROVAL])
def test_a_mail_that_asks_carries_its_page_and_its_reply_address(
    build: Callable[..., Notifier], message: Message
) -> None:
    """In both of its parts; the account's mail says where an answer goes."""
    vendor = Vendor()
    outgoing = sent_by(build(vendor), vendor, Channel.EMAIL, message)

    page = str(WAYS.page(DISPATCH))
    assert isinstance(outgoing.content, Letter)
    assert page in outgoing.content.text
    assert f'href="{page}"' in outgoing.content.html
    account = MailAccount(
        key=SecretStr("k"), host="http://127.0.0.1", sender="a@b.example", sender_name="A", root_domain="b.example",
        standin=True, timeout=timedelta(seconds=1),
    )  # fmt: skip
    assert mail(outgoing, outgoing.content, account)["reply_to"] == {"email": WAYS.reply_to(DISPATCH)}


def test_a_customers_mail_is_answered_to_people(build: Callable[..., Notifier]) -> None:
    """No page, no reply address of ours: a customer acknowledges nothing."""
    vendor = Vendor()
    outgoing = sent_by(build(vendor), vendor, Channel.EMAIL, Message.CUSTOMER_OPENING)

    assert isinstance(outgoing.content, Letter)
    assert "/a/" not in outgoing.content.text + outgoing.content.html
    assert outgoing.reply_to is None


@pytest.mark.parametrize("links", [True, False])
def test_a_text_carries_its_page_where_there_is_room(build: Callable[..., Notifier], links: bool) -> None:  # noqa: FBT001
    """Two segments at most, and the last line stays the last; not at all where links are switched off."""
    vendor = Vendor()
    outgoing = sent_by(build(vendor, sms_links=links), vendor, Channel.SMS)

    assert isinstance(outgoing.content, ShortMessage)
    assert (str(WAYS.page(DISPATCH)) in outgoing.content.body) == links
    assert "Reply ack 42" in outgoing.content.body.splitlines()[-1]
    assert len(outgoing.content.body) <= 320


def test_the_words_of_a_call_are_kept_before_it_is_made(build: Callable[..., Notifier], store: Engine) -> None:
    """It speaks of keys instead of texts, and says for whom it is."""
    vendor = Vendor()
    outgoing = sent_by(build(vendor), vendor, Channel.VOICE)

    assert isinstance(outgoing.content, Script)
    assert outgoing.content.kept
    assert "This is for Primary" in outgoing.content.words
    assert "SMS" not in outgoing.content.words
    assert Scripts(store).read(DISPATCH) == replace(outgoing.content, kept=False)


def test_a_call_whose_words_cannot_be_kept_is_told_them(build: Callable[..., Notifier], store: Engine) -> None:
    """It hears no keys, so it says how else to answer."""
    with store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE scripts")
    vendor = Vendor()
    outgoing = sent_by(build(vendor), vendor, Channel.VOICE)

    assert isinstance(outgoing.content, Script)
    assert not outgoing.content.kept
    assert "SMS" in outgoing.content.words


def test_the_words_of_a_call_are_said_in_one_call(store: Engine) -> None:
    """The first that asks; the first words stay."""
    scripts = Scripts(store)
    scripts.keep(DISPATCH, Script("one"))
    scripts.keep(DISPATCH, Script("two"))

    assert [scripts.said_in(DISPATCH, call) for call in ("CA1", "CA2", "CA1")] == [Script("one"), None, Script("one")]
    assert scripts.said_in("unknown", "CA1") is None


def test_a_text_to_whoever_has_turned_them_off_fails_at_once(build: Callable[..., Notifier], store: Engine) -> None:
    """So that the next channel is tried; nothing is posted. It is no dead address: they may write START."""
    OptOuts(store).say("SM1", "primary", Channel.SMS, off=True, at=NOW)
    vendor = Vendor()
    report = run(build(vendor).notify, Send(notify(dispatch=DISPATCH), NOW))

    assert (report.outcome, report.failure, report.code) == (Outcome.FAILED, Failure.OPTED_OUT, "opted_out")
    assert vendor.sent == []


def test_a_store_that_cannot_say_so_holds_up_nobody(build: Callable[..., Notifier], store: Engine) -> None:
    """The carrier knows it as well, and refuses."""
    with store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE optouts")
    vendor = Vendor()

    assert sent_by(build(vendor), vendor, Channel.SMS).channel is Channel.SMS


@pytest.mark.parametrize(
    ("kept", "calls_back", "script", "asks"),
    [
        (True, True, "https://door.example/twilio/voice", True),
        (False, True, "https://door.example/twilio/voice", False),
        (True, False, "https://door.example/twilio/voice", False),
        (True, True, None, False),
    ],
)
def test_a_call_asks_us_what_to_say_where_it_can(kept: bool, calls_back: bool, script: str | None, asks: bool) -> None:  # noqa: FBT001
    """And only then listens first whether a machine speaks; else it is told beforehand."""
    account = PhoneAccount(
        sid="AC1", token=SecretStr("t"), base_url="http://127.0.0.1:9", region=None, edge=None, sender="+15005550006",
        messaging_service=None, callback="https://door.example/twilio/status", standin=True,
        timeout=timedelta(seconds=1), script=script,
    )  # fmt: skip
    outgoing = Outgoing(
        dispatch=DISPATCH, reference="ESC-1", severity=Severity.SEV1, channel=Channel.VOICE, to="+491701234567",
        name=None, content=Script("words", kept=kept), at=NOW, lasts=timedelta(minutes=2), calls_back=calls_back,
    )  # fmt: skip
    assert isinstance(outgoing.content, Script)
    fields = Twilio(account).call_fields(outgoing, outgoing.content)

    assert fields["timeout"] == RING_SECONDS == 25
    assert (fields.get("url"), "twiml" in fields) == (f"{script}?d={DISPATCH}" if asks else None, not asks)
    assert fields.get("machine_detection") == ("Enable" if asks else None)


@pytest.mark.parametrize("domain", ["no domain", "a@b.example", "example", "-x.example", "x" * 201 + ".example"])
def test_a_reply_domain_is_a_domain(domain: str) -> None:
    """Or no reply would ever come."""
    with pytest.raises(SettingsError, match=r"ESCALATION_REPLY_DOMAIN: must be a domain"):
        read_settings(reply_domain=domain)

    assert read_settings(reply_domain="Replies.Example.com").reply_domain == "replies.example.com"
