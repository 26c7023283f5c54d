"""Every way the stand-ins can be told to fail, as the real clients feel it."""

import time
from datetime import timedelta
from typing import Any
from urllib.error import URLError

import pytest
import requests
from python_http_client.exceptions import ForbiddenError, HTTPError, TooManyRequestsError
from twilio.base.exceptions import TwilioRestException

from escalation.standins.faults import DELAY_MAX, QUEUE_MAX, STATUS_MAX, STATUS_MIN, TIMES_MAX, Fault, Faults
from escalation.standins.server import Standins
from tests.edge.standins.vendors import OURS, PHONE, mail, refusal, sendgrid_at, text, twilio_at

SHORT = 0.3
"""Seconds that a client waits here before it gives up."""
LONG = timedelta(seconds=30)
"""Longer than any test waits: what ends a hang is the client's own timeout or the end of the stand-ins."""


def test_accept_then_drop_leaves_the_client_in_doubt_and_the_send_accepted(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    twilio: Any,  # noqa: ANN401
) -> None:
    """The case that makes a naive retry page somebody twice: the clients see a broken connection, the outbox has it."""
    standins.fail("sms", "accept_then_drop")
    standins.fail("email", "accept_then_drop")

    with pytest.raises(requests.exceptions.ConnectionError):
        text(twilio, dispatch="d-1")
    with pytest.raises((ConnectionError, URLError)):
        sendgrid.send(mail(dispatch="d-2"))

    assert [send.dispatch for send in standins.outbox()] == ["d-1", "d-2"]
    assert twilio.messages.list(to=PHONE)[0].sid == standins.outbox("sms")[0].provider_id
    assert text(twilio).status == "queued"


def test_a_redirect_takes_nothing_on_and_looks_like_success_to_who_follows(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    twilio: Any,  # noqa: ANN401
) -> None:
    """SendGrid's package follows and turns the POST into a GET; Twilio's does not follow."""
    standins.fail("email", "redirect")
    standins.fail("sms", "redirect", status=307)

    answered = sendgrid.send(mail())

    assert (answered.status_code, answered.headers.get("X-Message-Id")) == (200, None)
    with pytest.raises(TwilioRestException) as refused:
        text(twilio)
    assert refused.value.status == 307
    assert standins.outbox() == []


def test_a_truncated_answer_hides_an_accepted_send(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """Its length was promised, so the client sees a broken connection."""
    standins.fail("sms", "truncated")

    with pytest.raises(requests.exceptions.RequestException):
        text(twilio, dispatch="d-1")

    assert [send.dispatch for send in standins.outbox()] == ["d-1"]


def test_drop_before_accept_looks_the_same_and_nothing_was_accepted(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    twilio: Any,  # noqa: ANN401
) -> None:
    """From the client's side the two cannot be told apart; only a lookup can."""
    standins.fail("voice", "drop_before_accept")
    standins.fail("email", "drop_before_accept")

    with pytest.raises(requests.exceptions.ConnectionError):
        twilio.calls.create(to=PHONE, from_=OURS, url="http://127.0.0.1:9/voice")
    with pytest.raises((ConnectionError, URLError)):
        sendgrid.send(mail())

    assert standins.outbox() == []
    assert [(one.channel, one.status, one.reason) for one in standins.refused()] == [
        ("voice", None, "drop_before_accept"),
        ("email", None, "drop_before_accept"),
    ]


def test_accept_then_hang_outlives_the_clients_patience(standins: Standins) -> None:
    """Accepted; the client's read timeout strikes first. A hang never keeps the stand-ins from stopping."""
    standins.fail("sms", "accept_then_hang", delay=LONG)
    standins.fail("email", "accept_then_hang", delay=LONG)

    with pytest.raises(requests.exceptions.ReadTimeout):
        text(twilio_at(standins, timeout=SHORT))
    with pytest.raises(TimeoutError):
        sendgrid_at(standins, timeout=SHORT).send(mail())

    assert [send.channel for send in standins.outbox()] == ["sms", "email"]


def test_a_hang_shorter_than_the_clients_patience_is_answered(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """A slow vendor is not a broken one."""
    standins.fail("sms", "accept_then_hang", delay=timedelta(seconds=SHORT))
    begun = time.monotonic()

    assert text(twilio).status == "queued"
    assert time.monotonic() - begun >= SHORT


def test_slow_drip_passes_a_socket_timeout_that_the_whole_exceeds(standins: Standins) -> None:
    """A client's timeout bounds each read, not the answer: it still succeeds, long after its timeout."""
    standins.fail("sms", "slow_drip", delay=timedelta(seconds=3 * SHORT))
    begun = time.monotonic()

    message = text(twilio_at(standins, timeout=SHORT))

    assert time.monotonic() - begun > 2 * SHORT
    assert message.sid == standins.outbox()[0].provider_id


@pytest.mark.parametrize("status", [500, 502, 503])
def test_error_after_accept_hides_an_accepted_send_behind_an_error(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    twilio: Any,  # noqa: ANN401
    status: int,
) -> None:
    """A 5xx does not say that nothing happened."""
    standins.fail("sms", "error_after_accept", status=status)
    standins.fail("email", "error_after_accept", status=status)

    assert refusal(lambda: text(twilio))[0] == status
    with pytest.raises(HTTPError) as caught:
        sendgrid.send(mail())

    assert caught.value.status_code == status
    assert len(standins.outbox()) == 2


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (500, 20500), (503, 20503), (502, 20500)])
def test_a_status_carries_the_code_that_twilio_gives_it(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    status: int,
    code: int,
) -> None:
    """Not accepted; the real client reads both."""
    standins.fail("sms", "status", status=status)

    assert refusal(lambda: text(twilio)) == (status, code)
    assert standins.outbox() == []


def test_too_many_requests_tells_sendgrids_client_when_to_come_back(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """`X-RateLimit-Reset` is the epoch second at which to try again."""
    standins.fail("email", "status", status=429, reset=timedelta(seconds=100))

    with pytest.raises(TooManyRequestsError) as caught:
        sendgrid.send(mail())

    assert caught.value.headers["X-RateLimit-Remaining"] == "0"
    assert 90 < int(caught.value.headers["X-RateLimit-Reset"]) - time.time() <= 100
    assert standins.outbox() == []


def test_reject_answers_with_the_vendors_own_error(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    twilio: Any,  # noqa: ANN401
) -> None:
    """Twilio's codes, known or not; SendGrid's HTTP statuses."""
    for code in (21610, 30003):
        standins.fail("sms", "reject", code=code)
    standins.fail("email", "reject", code=403)

    assert refusal(lambda: text(twilio)) == (400, 21610)
    assert refusal(lambda: text(twilio)) == (400, 30003)
    with pytest.raises(ForbiddenError):
        sendgrid.send(mail())
    assert standins.outbox() == []


def test_a_fault_strikes_its_recipient_its_channel_and_its_times_only(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """Others go through, and afterwards it is used up."""
    standins.fail("sms", "status", 2, to=PHONE, status=503)

    text(twilio, to="+14155550101")
    twilio.calls.create(to=PHONE, from_=OURS, url="http://127.0.0.1:9/voice")
    first, second = refusal(lambda: text(twilio)), refusal(lambda: text(twilio))
    text(twilio)

    assert first == second == (503, 20503)
    assert len(standins.outbox()) == 3
    assert standins.faults() == []


def test_an_invalid_request_uses_no_fault_up(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """So that a script of faults cannot slip out of step with the sends it is meant for."""
    standins.fail("sms", "status", status=503)

    assert refusal(lambda: text(twilio, body="")) == (400, 21602)
    assert refusal(lambda: text(twilio)) == (503, 20503)


def test_lookups_fail_apart_from_sends(standins: Standins, sendgrid: Any, twilio: Any) -> None:  # noqa: ANN401
    """A lookup that cannot be had is not a lookup that found nothing."""
    standins.fail("sms", "status", status=500, on="lookup")
    standins.fail("email", "drop_before_accept", on="lookup")
    text(twilio)
    sendgrid.send(mail())

    assert refusal(lambda: twilio.messages.list(to=PHONE)) == (500, 20500)
    with pytest.raises((ConnectionError, URLError)):
        sendgrid.client.logs.post(request_body={"query": ""})
    assert len(twilio.messages.list(to=PHONE)) == 1


def test_faults_can_be_cleared(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """What was queued no longer strikes."""
    standins.fail("sms", "status", TIMES_MAX)
    standins.clear_faults()

    assert text(twilio).status == "queued"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"channel": "fax"}, "channel 'fax' is unknown"),
        ({"kind": "explode"}, "kind 'explode' is unknown"),
        ({"on": "fetch"}, "on 'fetch' is unknown"),
        ({"times": 0}, "times is 0; it must be between 1"),
        ({"times": TIMES_MAX + 1}, f"between 1 and {TIMES_MAX}"),
        ({"status": STATUS_MIN - 1}, f"between {STATUS_MIN} and"),
        ({"status": STATUS_MAX + 1}, f"and {STATUS_MAX}"),
        ({"delay": DELAY_MAX + timedelta(seconds=1)}, "delay is 0:02:01; it must be between"),
        ({"kind": "reject"}, "needs a code"),
        ({"kind": "reject", "code": 21610, "on": "lookup"}, "a lookup can only suffer"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_in_one_line(fields: dict[str, Any], why: str) -> None:
    """What, the limit, the next step."""
    with pytest.raises(ValueError, match=why) as caught:
        Fault(**{"channel": "sms", "kind": "status", **fields})

    assert "\n" not in str(caught.value)


def test_the_edges_of_a_fault_are_allowed() -> None:
    """Every bound itself is inside."""
    Fault("sms", "accept_then_hang", TIMES_MAX, delay=DELAY_MAX, status=STATUS_MAX)
    Fault("sms", "status", 1, delay=timedelta(0), status=STATUS_MIN)


def test_the_queue_of_faults_is_bounded() -> None:
    """A script gone wild is stopped."""
    faults = Faults()
    for _ in range(QUEUE_MAX):
        faults.add(Fault("sms", "status"))

    with pytest.raises(ValueError, match="clear them first"):
        faults.add(Fault("sms", "status"))
