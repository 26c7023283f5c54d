"""Every row of the vendors' error tables, through the real packages: what they answer is what the rules are told.

The stand-ins answer in the vendors' own shapes; what no HTTP server can do is done by a bare socket.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Self

import pytest

from activities.failures import SENDGRID_STATUS, TWILIO_CODES, FailureClass, classify
from escalation.adapters.receipts import SMS_CODES, read
from escalation.adapters.sendgrid import SendGrid
from escalation.adapters.sending import Accepted, Answered, Attempt, Broken, Provider, Status, Trail, Unclear
from escalation.adapters.settings import Vendors, read_settings
from escalation.adapters.twilio import Twilio
from escalation.core.vocabulary import Channel, Failure, Outcome
from escalation.standins.server import Standins
from tests.edge.samples import NOW
from tests.edge.sending.test_vendors import ADDRESS, chat_at, outgoing

SAFE, AMBIGUOUS, CONFIG = FailureClass.SAFE_RETRY, FailureClass.AMBIGUOUS, FailureClass.CONFIG
PERMANENT, CONTENT, RATE = FailureClass.DEST_PERMANENT, FailureClass.CONTENT, FailureClass.RATE_LIMITED
TIMEOUT = timedelta(seconds=1)
SENDGRID_ROWS = [
    *((status, CONTENT) for status in (400, 413)),
    *((status, CONFIG) for status in (401, 403, 404, 405, 406, 415, 451)),
    (429, RATE),
    *((status, AMBIGUOUS) for status in (408, 500, 502, 503, 504)),
    *((status, CONFIG) for status in (409, 410, 422)),  # defaults
    *((status, AMBIGUOUS) for status in (302, 507, 599)),
]
TWILIO_ROWS = [
    *((code, CONFIG) for code in (20003, 20005, 20006, 20008, 10001, 30002)),
    *((code, CONFIG) for code in (21212, 21603, 21606, 21659, 21660, 21703, 21704, 21705, 21709, 21210)),
    *((code, CONFIG) for code in (21408, 21215, 21609, 21205, 21402, 21608, 21219)),
    *((code, PERMANENT) for code in (21211, 21614, 21635, 21612, 21217, 21214, 21202, 21216)),
    (21610, FailureClass.OPTED_OUT),
    *((code, CONTENT) for code in (21602, 21605, 21617, 21618, 21620, 90007, 21624)),
    *((code, RATE) for code in (20429, 21611, 14107)),
    *((code, AMBIGUOUS) for code in (20500, 20503)),
    (21999, PERMANENT),  # defaults
    (20999, CONFIG),
    (63038, CONFIG),
]
UNKNOWN = {21999, 20999, 63038}


@pytest.fixture(scope="module")
def standins() -> Iterator[Standins]:
    with Standins() as standins:
        standins.callbacks(enabled=False, gap=timedelta(0))
        yield standins


def vendors_at(url: str) -> Vendors:
    times = {"http_timeout": TIMEOUT, "intent_freshness": TIMEOUT}
    return read_settings(
        standins_url=url,
        public_url="http://127.0.0.1:1",
        **times,
        **dict.fromkeys(("settle_sms", "settle_voice", "settle_email"), timedelta(seconds=5)),
    ).vendors()


@cache
def provider_at(url: str, channel: Channel) -> Provider:
    vendors = vendors_at(url)
    if channel is Channel.CHAT:
        return chat_at(url)
    return SendGrid(vendors.mail) if channel is Channel.EMAIL else Twilio(vendors.phone)


def judged(attempt: Attempt) -> FailureClass:
    assert isinstance(attempt, Answered | Broken)
    return classify(attempt, "d-1", 1).failure_class


def test_every_row_of_the_tables_is_below() -> None:
    """A row that is added without a line here is not tested."""
    assert {status for status, _ in SENDGRID_ROWS} >= set(SENDGRID_STATUS)
    assert {str(code) for code, _ in TWILIO_ROWS} == set(TWILIO_CODES) | {str(code) for code in UNKNOWN}


@pytest.mark.parametrize(("status", "expected"), SENDGRID_ROWS)
def test_a_status_of_sendgrid_is_read_through_its_package(
    standins: Standins, status: int, expected: FailureClass
) -> None:
    """Class, code for people, and whether an operator hears of it."""
    standins.fail("email", "status", status=status)
    answer = provider_at(standins.base_url, Channel.EMAIL).send(outgoing(Channel.EMAIL))

    assert isinstance(answer, Answered)
    verdict = classify(answer, "d-1", 1)
    assert (verdict.failure_class, verdict.code) == (expected, f"http_{status}")
    assert verdict.alarming is (expected in {CONFIG, CONTENT})


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VOICE])
@pytest.mark.parametrize(("code", "expected"), TWILIO_ROWS)
def test_a_code_of_twilio_is_read_through_its_package(
    standins: Standins, channel: Channel, code: int, expected: FailureClass
) -> None:
    """As for SendGrid; a code that no row knows falls to its family, and an operator hears of it."""
    standins.fail(channel.value, "reject", code=code)
    answer = provider_at(standins.base_url, channel).send(outgoing(channel))

    assert isinstance(answer, Answered)
    verdict = classify(answer, "d-1", 1)
    assert (verdict.failure_class, verdict.code) == (expected, str(code))
    assert verdict.alarming is (expected in {CONFIG, CONTENT} or code in UNKNOWN)


@pytest.mark.parametrize(("code", "failure"), sorted(SMS_CODES.items()))
def test_a_code_that_comes_later_is_read_through_the_package(standins: Standins, code: str, failure: Failure) -> None:
    """Fetched by the message's id, as when no callback came: `undelivered` with its code."""
    to = f"+4917{int(code):08d}"
    standins.expect("sms", "undelivered", to=to, error_code=int(code))
    phone = provider_at(standins.base_url, Channel.SMS)
    accepted = phone.send(replace(outgoing(Channel.SMS), to=to))
    assert isinstance(accepted, Accepted)
    trail = Trail(accepted.provider_id, Channel.SMS, to, NOW, NOW)
    assert standins.wait_until(lambda: phone.follow(trail) == Status("undelivered", code))

    found = read(Channel.SMS, "undelivered", code)
    assert (found.outcome, found.failure) == (Outcome.FAILED, failure)


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [("completed", Outcome.DELIVERED), ("busy", Outcome.FAILED), ("failed", Outcome.FAILED)],
)
def test_how_a_call_ended_is_read_through_the_package(standins: Standins, ends: str, outcome: Outcome) -> None:
    """Nobody pressed a key."""
    to = {"completed": "+491700000001", "busy": "+491700000002", "failed": "+491700000003"}[ends]
    standins.expect("voice", ends, to=to)
    phone = provider_at(standins.base_url, Channel.VOICE)
    accepted = phone.send(replace(outgoing(Channel.VOICE), to=to))
    assert isinstance(accepted, Accepted)
    trail = Trail(accepted.provider_id, Channel.VOICE, to, NOW, NOW)

    def over() -> bool:
        news = phone.follow(trail)
        return isinstance(news, Status) and news.word == ends

    assert standins.wait_until(over)
    assert read(Channel.VOICE, ends, None).outcome is outcome


def test_what_became_of_a_mail_is_read_from_its_log(standins: Standins) -> None:
    """By the id that the send was answered with."""
    mail = provider_at(standins.base_url, Channel.EMAIL)
    accepted = mail.send(outgoing(Channel.EMAIL))
    assert isinstance(accepted, Accepted)
    trail = Trail(accepted.provider_id, Channel.EMAIL, ADDRESS[Channel.EMAIL], NOW, NOW)
    assert standins.wait_until(lambda: mail.follow(trail) == Status("delivered"))

    assert mail.follow(replace(trail, provider_id="of-somebody-else")) == Unclear("not_listed")


@pytest.mark.parametrize("channel", list(Channel))
def test_a_question_that_fails_is_no_news(standins: Standins, channel: Channel) -> None:
    """Neither good nor bad."""
    provider = provider_at(standins.base_url, channel)
    accepted = provider.send(outgoing(channel))
    assert isinstance(accepted, Accepted)
    trail = Trail(accepted.provider_id, channel, ADDRESS[channel], datetime.now(UTC), NOW)
    standins.fail(channel.value, "status", status=503, on="lookup")

    assert provider.follow(trail) == Unclear("http_503")


# --- networks --------------------------------------------------------------------------------------------------------


class Wire:
    """A server that answers each request with these bytes and hangs up."""

    def __init__(self, answer: bytes, *, resets: bool = False) -> None:
        self._answer, self._resets = answer, resets
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(5)
            received = b""
            while not _whole(received):
                received += connection.recv(65536)
            connection.sendall(self._answer)
            if self._resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def _whole(received: bytes) -> bool:
    head, found, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(found) and (not lengths or len(body) >= int(lengths[0].split(b":")[1]))


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize(
    "wire",
    [
        lambda: Wire(b""),
        lambda: Wire(b"", resets=True),
        lambda: Wire(b"HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{"),
        lambda: Wire(b"no HTTP at all\r\n\r\n"),
    ],
    ids=["hung up", "reset", "half an answer", "no answer"],
)
def test_an_answer_that_is_lost_is_ambiguous(wire: Callable[[], Wire], channel: Channel) -> None:
    """The request was written: it may have been taken on."""
    with wire() as server:
        assert judged(provider_at(server.url, channel).send(outgoing(channel))) is AMBIGUOUS


@pytest.mark.parametrize("channel", list(Channel))
def test_a_handshake_that_fails_is_a_safe_retry(standins: Standins, channel: Channel) -> None:
    """Nothing was written yet."""
    url = standins.base_url.replace("http://", "https://")

    assert judged(provider_at(url, channel).send(outgoing(channel))) is SAFE


@pytest.mark.parametrize("channel", list(Channel))
def test_a_name_that_nobody_has_is_a_safe_retry(channel: Channel) -> None:
    """As for a handshake."""
    assert judged(provider_at("http://nobody.invalid", channel).send(outgoing(channel))) is SAFE


@pytest.mark.parametrize("channel", list(Channel))
def test_a_connection_that_is_not_made_in_time_is_a_safe_retry(channel: Channel) -> None:
    """A listener whose queue is full answers no further one."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)  # noqa: FBT003  # the signature of the socket module
                one.connect_ex(listener.getsockname())
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            assert judged(provider_at(url, channel).send(outgoing(channel))) is SAFE
        finally:
            for one in waiting:
                one.close()
