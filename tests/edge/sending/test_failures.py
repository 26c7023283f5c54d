"""Failure classes: every row of the tables, every family's default, every way in which a network breaks."""

import http.client
import socket
import ssl
from datetime import timedelta
from urllib.error import URLError

import pytest
from python_http_client.exceptions import BadRequestsError, HTTPError
from requests.exceptions import ChunkedEncodingError, ConnectTimeout, ReadTimeout
from requests.exceptions import ConnectionError as RequestsConnectionError
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
)
from urllib3.exceptions import SSLError as UrllibSSLError

from activities.failures import (
    BACKOFF_MAX,
    JITTER,
    RATE_DELAY_MAX,
    RATE_DELAY_MIN,
    REPORTED,
    SENDGRID_STATUS,
    TWILIO_CODES,
    FailureClass,
    classify,
    rate_delay,
)
from escalation.adapters import sendgrid, twilio
from escalation.adapters.sending import Answered, Broken

SAFE, AMBIGUOUS, CONFIG = FailureClass.SAFE_RETRY, FailureClass.AMBIGUOUS, FailureClass.CONFIG
PERMANENT, CONTENT, RATE = FailureClass.DEST_PERMANENT, FailureClass.CONTENT, FailureClass.RATE_LIMITED


def judged(answer: Answered | Broken) -> FailureClass:
    return classify(answer, "d-1", 1).failure_class


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((400, 413), CONTENT),
        ((401, 403, 404, 405, 406, 415, 451), CONFIG),
        ((429,), RATE),
        ((408, 500, 502, 503, 504), AMBIGUOUS),
        ((200, 202, 204, 302), AMBIGUOUS),  # anything but the exact success
        ((409, 418, 422), CONFIG),  # refused, in a way nobody has seen yet
        ((599,), AMBIGUOUS),
    ],
)
def test_every_status_of_sendgrid_has_its_class(statuses: tuple[int, ...], expected: FailureClass) -> None:
    """As its error page says; success is exact, so a success that is not is no success."""
    assert {judged(Answered("sendgrid", status)) for status in statuses} == {expected}


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("20003 20005 20006 20008 10001 30002", CONFIG),
        ("21212 21603 21606 21659 21660 21703 21704 21705 21709 21210", CONFIG),
        ("21408 21215 21609 21205 21402 21608 21219", CONFIG),
        ("21211 21614 21635 21612 21217 21214 21202 21216", PERMANENT),
        ("21610", FailureClass.OPTED_OUT),
        ("21602 21605 21617 21618 21620 90007 21624", CONTENT),
        ("20429 21611 14107", RATE),
        ("20500 20503", AMBIGUOUS),
        ("21999", PERMANENT),  # families
        ("20999", CONFIG),
        ("12345", CONFIG),
    ],
)
def test_every_code_of_twilio_has_its_class(codes: str, expected: FailureClass) -> None:
    """As its error dictionary says; an unknown code falls to its family."""
    assert {judged(Answered("twilio", 400, code)) for code in codes.split()} == {expected}


def test_the_tables_hold_no_row_that_is_not_tested_here() -> None:
    """A new row needs a line above."""
    assert len(TWILIO_CODES) == 6 + 10 + 7 + 9 + 7 + 3 + 2
    assert len(SENDGRID_STATUS) == 15


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (429, "21610", RATE),  # "never processed and always safe to retry"
        (429, None, RATE),
        (500, "21211", AMBIGUOUS),  # "not idempotent"
        (503, None, AMBIGUOUS),
        (408, None, AMBIGUOUS),
        (302, None, AMBIGUOUS),
        (401, None, CONFIG),
        (404, None, CONFIG),
    ],
)
def test_the_status_of_twilio_goes_before_its_code(status: int, code: str | None, expected: FailureClass) -> None:
    """What it says about having been processed matters more than why."""
    assert judged(Answered("twilio", status, code)) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (URLError(ConnectionRefusedError(111, "refused")), SAFE),
        (URLError(socket.gaierror(-2, "unknown name")), SAFE),
        (URLError(TimeoutError("connect")), SAFE),
        (URLError(ssl.SSLError(1, "handshake")), SAFE),
        (TimeoutError("read"), AMBIGUOUS),
        (http.client.RemoteDisconnected("closed"), AMBIGUOUS),
        (ConnectionResetError(104, "reset"), AMBIGUOUS),
        (http.client.IncompleteRead(b"half"), AMBIGUOUS),
        (RuntimeError("who knows"), AMBIGUOUS),
        (BadRequestsError(400, "Bad Request", b"to: ann@example.org", {}), CONTENT),
        (HTTPError(502, "Bad Gateway", b"", {}), AMBIGUOUS),
    ],
)
def test_how_sendgrids_package_breaks(error: Exception, expected: FailureClass) -> None:
    """Only what was never fully written is safe to repeat; no word of the exception goes on."""
    answer = sendgrid.read_failure(error)

    assert judged(answer) is expected
    assert "ann@example.org" not in repr(answer)


def _exhausted(reason: Exception) -> RequestsConnectionError:
    return RequestsConnectionError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type]  # no pool is needed to fail


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (_exhausted(NewConnectionError(None, "refused")), SAFE),  # type: ignore[arg-type]  # as above
        (_exhausted(NameResolutionError("api", None, socket.gaierror())), SAFE),  # type: ignore[arg-type]  # as above
        (_exhausted(ConnectTimeoutError("slow")), SAFE),
        (_exhausted(UrllibSSLError("handshake")), SAFE),
        (ConnectTimeout("slow"), SAFE),
        (RequestsConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))), AMBIGUOUS),
        (_exhausted(ProtocolError("closed")), AMBIGUOUS),
        (ReadTimeout("read"), AMBIGUOUS),
        (ChunkedEncodingError("half"), AMBIGUOUS),
        (RequestsConnectionError(), AMBIGUOUS),
        (ValueError("no JSON"), AMBIGUOUS),
        (TwilioException("who knows"), AMBIGUOUS),
        (TwilioRestException(400, "/", "+49301234567", 21211), PERMANENT),
        (TwilioRestException(401, "/", "", 401), CONFIG),  # the package repeats the status when there is no code
        (TwilioServiceException("about:blank", "Gone", 503, 20503), AMBIGUOUS),
    ],
)
def test_how_twilios_package_breaks(error: Exception, expected: FailureClass) -> None:
    """One exception covers "never connected" and "lost the answer"; the reason inside tells them apart."""
    answer = twilio.read_failure(error)

    assert judged(answer) is expected
    assert "+49301234567" not in repr(answer)


def test_everything_but_an_ambiguity_can_be_reported() -> None:
    """The rules know a word for each class."""
    assert set(REPORTED) == set(FailureClass) - {FailureClass.AMBIGUOUS}


def test_a_vendors_own_pause_is_kept_between_the_bounds() -> None:
    """At least a second, at most five minutes, and a little later than asked, never earlier."""
    asked = timedelta(seconds=20)

    assert asked <= rate_delay(asked, "d-1", 1) <= asked * (1 + JITTER)
    assert rate_delay(timedelta(0), "d-1", 1) >= RATE_DELAY_MIN
    assert rate_delay(timedelta(hours=1), "d-1", 1) == RATE_DELAY_MAX


def test_without_one_the_pause_doubles_up_to_its_limit() -> None:
    """1, 2, 4 … 60 s."""
    floor = [min(timedelta(seconds=2**number), BACKOFF_MAX) for number in range(9)]
    delays = [rate_delay(None, "d-1", number + 1) for number in range(9)]

    assert all(low <= delay <= low * (1 + JITTER) for low, delay in zip(floor, delays, strict=True))


def test_two_dispatches_do_not_return_together() -> None:
    """The jitter comes from the dispatch, so it differs between them and is the same in a replay."""
    delays = {rate_delay(timedelta(seconds=10), f"d-{number}", 1) for number in range(20)}

    assert len(delays) > 10
