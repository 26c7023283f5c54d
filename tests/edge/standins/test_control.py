"""The control API, through its own client and by hand."""

import json
from datetime import timedelta
from typing import Any

import pytest

from escalation.standins import outgoing
from escalation.standins.control import CONTROL_BYTES_MAX
from escalation.standins.remote import RemoteStandins
from escalation.standins.server import Standins
from tests.edge.standins.vendors import OURS, PHONE, TIMEOUT, Receiver, mail, refusal, text

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def remote(standins: Standins) -> RemoteStandins:
    return RemoteStandins(standins.base_url)


def test_the_remote_side_sees_what_the_local_side_sees(
    standins: Standins,
    remote: RemoteStandins,
    sendgrid: Any,  # noqa: ANN401
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """Value for value, of every kind."""
    remote.deliver(inbound_url=f"{webhooks.base_url}/inbound")
    sendgrid.send(mail())
    text(twilio, status_callback=f"{webhooks.base_url}/status")
    webhooks.wait_for(2)
    refusal(lambda: text(twilio, body=""))
    posted = remote.reply_sms(PHONE, "ack 42")
    body = b'{"status": "Open", "key": "k"}'
    outgoing.send("PUT", f"{standins.base_url}/tickets/T-1", body, JSON, TIMEOUT)
    assert standins.wait_until(lambda: len(standins.posted()) == 3)

    assert posted in remote.posted()
    assert remote.outbox() == standins.outbox()
    assert remote.outbox("email") == standins.outbox("email")
    assert remote.refused() == standins.refused()
    assert remote.posted() == standins.posted()
    assert remote.inbound() == standins.inbound()
    assert remote.tickets() == standins.tickets()


def test_the_remote_side_tells_what_the_local_side_tells(
    standins: Standins,
    remote: RemoteStandins,
    twilio: Any,  # noqa: ANN401
) -> None:
    """Faults with all their fields, outcomes, lag, callbacks."""
    remote.fail("sms", "status", 2, to=PHONE, status=503, delay=timedelta(seconds=2), reset=timedelta(seconds=9))
    (fault,) = standins.faults()
    remote.clear_faults()
    remote.expect("sms", "failed", error_code=30006)
    remote.callbacks(enabled=False, gap=timedelta(0))
    sid = text(twilio).sid
    remote.lag("sms", timedelta(minutes=1))

    assert (fault.times, fault.to, fault.status) == (2, PHONE, 503)
    assert (fault.delay, fault.reset) == (timedelta(seconds=2), timedelta(seconds=9))
    assert standins.faults() == []
    assert standins.wait_until(lambda: twilio.messages(sid).fetch().error_code == 30006)
    assert twilio.messages.list() == []
    assert standins.webhooks.callbacks.enabled is False


def test_what_the_local_side_refuses_the_remote_side_refuses_alike(remote: RemoteStandins) -> None:
    """The same line, as the same exception."""
    with pytest.raises(ValueError, match="times is 0; it must be between 1 and"):
        remote.fail("sms", "status", 0)
    with pytest.raises(ValueError, match="no inbound URL is set"):
        remote.reply_sms(PHONE, "ack", OURS)


def test_waiting_from_afar_is_bounded(remote: RemoteStandins) -> None:
    """It answers, rather than hang or raise."""
    assert not remote.wait_until(lambda: False, timedelta(milliseconds=60))
    assert remote.wait_until(lambda: remote.outbox() == [])


@pytest.mark.parametrize(
    ("path", "raw", "headers", "status", "why"),
    [
        ("faults", b"{}", JSON, 400, "missing"),
        ("faults", b"{", JSON, 400, "Expecting"),
        ("faults", b"[]", JSON, 400, "JSON object"),
        ("faults", b'{"channel":"sms","kind":"status","often":1}', JSON, 400, "often"),
        ("faults", b'{"channel":"sms","kind":"status","times":"3"}', JSON, 400, "not supported"),
        ("faults", b'{"channel":"sms","kind":"status","delay_seconds":"3"}', JSON, 400, "must be a number"),
        ("faults", b"{}", {"Content-Type": "text/plain"}, 400, "must be JSON"),
        ("faults", b" " * (CONTROL_BYTES_MAX + 1), JSON, 400, f"over {CONTROL_BYTES_MAX} bytes"),
        ("fault", b"{}", JSON, 404, "there are callbacks, calls, chat, delivery, faults"),
    ],
)
def test_a_malformed_command_is_answered_in_one_line(
    standins: Standins, path: str, raw: bytes, headers: dict[str, str], status: int, why: str
) -> None:
    """400 or 404, never 500."""
    answer = outgoing.send("POST", f"{standins.base_url}/control/{path}", raw, headers, TIMEOUT)

    assert (answer.status, standins.faults()) == (status, [])
    assert why in json.loads(answer.body)["error"]


def test_waiting_faults_can_be_listed(standins: Standins) -> None:
    """For a person who wonders why a send fails."""
    standins.fail("sms", "accept_then_hang", delay=timedelta(seconds=3))

    answer = outgoing.send("GET", f"{standins.base_url}/control/faults", None, {}, TIMEOUT)

    assert json.loads(answer.body)[0]["delay"] == 3.0


@pytest.mark.parametrize("path", ["/", "/outbox.json", "/control/faults", "/reply"])
@pytest.mark.parametrize("header", [{"Host": "rebound.example"}, {"Origin": "https://evil.example"}])
def test_a_foreign_web_page_can_neither_read_nor_steer(standins: Standins, path: str, header: dict[str, str]) -> None:
    """A browser on this machine also shows other people's pages."""
    method = "POST" if path == "/reply" else "GET"

    answer = outgoing.send(method, standins.base_url + path, b"", header, TIMEOUT)

    assert answer.status == 403


def test_an_unknown_address_is_not_found(standins: Standins) -> None:
    """In one line, as JSON."""
    answer = outgoing.send("GET", f"{standins.base_url}/nowhere", None, {}, TIMEOUT)

    assert (answer.status, json.loads(answer.body)) == (404, {"error": "GET /nowhere: 404"})


def test_health_answers(standins: Standins) -> None:
    """For whoever waits for the process."""
    answer = outgoing.send("GET", f"{standins.base_url}/health", None, {}, TIMEOUT)

    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok"})
