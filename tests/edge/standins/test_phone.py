"""The stand-in for Twilio's Messages and Calls, driven by the real client."""

import json
from typing import Any

import pytest

from escalation.standins import outgoing, phone_rules
from escalation.standins.phone_api import TEST_ACCOUNT_SID
from escalation.standins.phone_rules import (
    BODY_CHARS_MAX,
    MAGIC,
    MAGIC_FROM,
    RING_SECONDS_MAX,
    TWIML_CHARS_MAX,
    VALIDITY_SECONDS_MAX,
)
from escalation.standins.server import Standins
from tests.edge.standins.vendors import OURS, PHONE, TIMEOUT, refusal, text, twilio_at

TWIML = "<Response><Say>Checkout is down. Press 4.</Say></Response>"


def call(client: Any, **fields: object) -> Any:  # noqa: ANN401 - the vendor ships no types
    """Place a call through the real client."""
    return client.calls.create(**{"to": PHONE, "from_": OURS, "twiml": TWIML, **fields})


def test_an_accepted_sms_is_queued_and_kept(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """What was sent is in the outbox under the id that the sender was told, with the dispatch of the callback URL."""
    standins.expect("sms", "silent")

    message = text(twilio, dispatch="d-3", validity_period=90)

    (kept,) = standins.outbox()
    assert (message.status, message.error_code, message.date_sent) == ("queued", None, None)
    assert kept.provider_id == message.sid
    assert (kept.channel, kept.to, kept.sender) == ("sms", PHONE, OURS)
    assert (kept.body, kept.dispatch) == ("[E42.1] SEV1: checkout is down", "d-3")


def test_an_accepted_call_is_queued_and_kept(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """Repeated event keys arrive as a list, and the script is kept."""
    standins.expect("voice", "silent")
    events = ["initiated", "ringing", "answered", "completed"]
    callback = "http://127.0.0.1:9/status?d=d-4"

    placed = call(twilio, status_callback=callback, status_callback_event=events, timeout=25)

    (kept,) = standins.outbox("voice")
    assert (placed.status, placed.sid, placed.start_time) == ("queued", kept.provider_id, None)
    assert (kept.twiml, kept.dispatch, kept.callback_events) == (TWIML, "d-4", tuple(events))


def test_a_call_may_carry_its_dispatch_in_the_url_of_its_script(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """When there is no status callback, the script's URL tells."""
    twilio.calls.create(to=PHONE, from_=OURS, url="http://127.0.0.1:9/voice?d=d-5")

    assert standins.outbox()[0].dispatch == "d-5"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"to": ""}, (400, 21604), id="no recipient"),
        pytest.param({"to": "5550100"}, (400, 21211), id="recipient not E.164"),
        pytest.param({"to": "+0155501001"}, (400, 21211), id="country code 0"),
        pytest.param({"from_": ""}, (400, 21603), id="no sender"),
        pytest.param({"from_": "No Such Sender!"}, (400, 21212), id="bad sender"),
        pytest.param({"body": ""}, (400, 21602), id="no body"),
        pytest.param({"body": "x" * (BODY_CHARS_MAX + 1)}, (400, 21617), id="body too long"),
        pytest.param({"validity_period": 0}, (400, 21624), id="validity 0"),
        pytest.param({"validity_period": VALIDITY_SECONDS_MAX + 1}, (400, 21624), id="validity too long"),
        pytest.param({"validity_period": "soon"}, (400, 20001), id="contract: validity no number"),
        pytest.param({"messaging_service_sid": "MG1"}, (400, 20001), id="contract: bad service id"),
        pytest.param({"status_callback": "status"}, (400, 21609), id="callback not absolute"),
        pytest.param({"status_callback": "http://a.example:port/"}, (400, 21609), id="bad port in callback"),
        pytest.param({"status_callback": "http://a_b.example/"}, (400, 21609), id="underscore in callback host"),
        pytest.param({"from_": "+15005550001"}, (400, 21212), id="magic: invalid sender"),
        pytest.param({"from_": "+15005550007"}, (400, 21606), id="magic: sender not ours"),
        pytest.param({"from_": "+15005550008"}, (429, 21611), id="magic: sender's queue is full"),
        pytest.param({"to": "+15005550001"}, (400, 21211), id="magic: invalid"),
        pytest.param({"to": "+15005550002"}, (400, 21612), id="magic: not routable"),
        pytest.param({"to": "+15005550003"}, (403, 21408), id="magic: no permission"),
        pytest.param({"to": "+15005550004"}, (400, 21610), id="magic: opted out"),
        pytest.param({"to": "+15005550009"}, (400, 21614), id="magic: not mobile"),
    ],
)
def test_an_sms_that_twilio_refuses_is_refused_with_its_code(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    fields: dict[str, object],
    expected: tuple[int, int],
) -> None:
    """Contract, documented rules and the magic numbers; the real client reads the error, and nothing is accepted."""
    assert refusal(lambda: twilio.messages.create(**{"to": PHONE, "from_": OURS, "body": "x", **fields})) == expected
    assert standins.outbox() == []
    assert standins.refused()[0].reason.startswith(str(expected[1]))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"to": ""}, (400, 21201), id="no recipient"),
        pytest.param({"to": "sip:ada"}, (400, 21211), id="recipient not E.164"),
        pytest.param({"from_": ""}, (400, 21213), id="no caller"),
        pytest.param({"from_": "ESCALATE"}, (400, 21212), id="caller not E.164"),
        pytest.param({"twiml": ""}, (400, 21205), id="nothing to say"),
        pytest.param({"url": "voice"}, (400, 21205), id="script not absolute"),
        pytest.param({"status_callback": "status"}, (400, 21205), id="callback not absolute"),
        pytest.param({"timeout": 0}, (400, 20001), id="rings for no time"),
        pytest.param({"timeout": RING_SECONDS_MAX + 1}, (400, 20001), id="rings too long"),
        pytest.param({"method": "PUT"}, (400, 20001), id="contract: method"),
        pytest.param({"status_callback_method": "GET"}, (400, 20001), id="callbacks are posted only"),
        pytest.param({"twiml": "<Response><Say>a & b</Say></Response>"}, (400, 20001), id="script is no XML"),
        pytest.param({"twiml": "<Response>\x01</Response>"}, (400, 20001), id="control character in script"),
        pytest.param({"twiml": "<Say>hi</Say>"}, (400, 20001), id="script without Response"),
        pytest.param({"twiml": TWIML + " " * TWIML_CHARS_MAX}, (400, 20001), id="script too long"),
        pytest.param({"from_": "+15005550001"}, (400, 21212), id="magic: invalid caller"),
        pytest.param({"to": "+15005550001"}, (400, 21217), id="magic: invalid"),
        pytest.param({"to": "+15005550002"}, (400, 21214), id="magic: not reachable"),
        pytest.param({"to": "+15005550003"}, (403, 21215), id="magic: no permission"),
        pytest.param({"to": "+15005550004"}, (400, 21216), id="magic: blocked"),
    ],
)
def test_a_call_that_twilio_refuses_is_refused_with_its_code(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    fields: dict[str, object],
    expected: tuple[int, int],
) -> None:
    """As for messages."""
    assert refusal(lambda: call(twilio, **fields)) == expected
    assert standins.outbox() == []


def test_limits_themselves_are_still_accepted(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """Each bound at its edge, and the magic number that always works."""
    text(twilio, body="x" * BODY_CHARS_MAX, validity_period=VALIDITY_SECONDS_MAX, from_="+15005550006")
    text(twilio, body="x", validity_period=1)
    call(twilio, timeout=RING_SECONDS_MAX, twiml=TWIML.ljust(TWIML_CHARS_MAX))
    call(twilio, timeout=1)

    assert len(standins.outbox()) == 4


def test_a_messaging_service_may_stand_in_for_the_sender(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """As production prefers it."""
    service = "MG" + "a" * 32

    message = twilio.messages.create(to=PHONE, messaging_service_sid=service, body="x")

    assert (message.messaging_service_sid, message.from_, standins.outbox()[0].sender) == (service, None, service)


def test_a_parameter_that_the_contract_does_not_name_is_refused(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """The client is newer than the contract; what is not in it is not relied on."""
    assert refusal(lambda: text(twilio, message_intent="alerts")) == (400, 20001)


@pytest.mark.parametrize("token", ["wrong", "x" * 32])
def test_wrong_credentials_are_refused(standins: Standins, token: str) -> None:
    """As Twilio does: 401 and 20003."""
    client = twilio_at(standins, token=token)

    assert refusal(lambda: text(client)) == (401, 20003)
    assert refusal(lambda: client.messages.list(limit=1)) == (401, 20003)
    assert standins.outbox() == []


def test_without_credentials_nothing_is_read_or_written(standins: Standins) -> None:
    """Garbage in the header included."""
    path = f"{standins.base_url}/2010-04-01/Accounts/{standins.account_sid}/Messages.json"

    answers = [
        outgoing.send("GET", path, None, headers, TIMEOUT)
        for headers in (
            {},
            {"Authorization": "Basic \xff"},
            {"Authorization": "Basic YQ=="},
            {"Authorization": "Bearer a"},
        )
    ]

    assert [answer.status for answer in answers] == [401] * 4


def test_errors_have_twilios_shape(standins: Standins) -> None:
    """Code, message, a link, and the status again."""
    answer = outgoing.send("POST", f"{standins.base_url}/2010-04-01/Accounts/AC0/Messages.json", b"", {}, TIMEOUT)

    assert json.loads(answer.body) == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


def test_every_code_that_a_rule_can_give_has_a_status_and_a_text() -> None:
    """The table is complete for the rules and the magic numbers."""
    tables = (
        phone_rules.SMS_MAGIC_FROM,
        phone_rules.SMS_MAGIC_TO,
        phone_rules.VOICE_MAGIC_FROM,
        phone_rules.VOICE_MAGIC_TO,
        phone_rules.STATUS_CODES,
    )

    assert {code for table in tables for code in table.values()} <= set(phone_rules.ERRORS)


def test_test_credentials_judge_and_send_nothing(standins: Standins) -> None:
    """Only the magic sender may send; what was sent cannot be looked up (docs: test credentials)."""
    tested = twilio_at(standins, account=TEST_ACCOUNT_SID)

    sms = text(tested, from_=MAGIC_FROM)
    call = tested.calls.create(to=PHONE, from_=MAGIC_FROM, twiml="<Response/>")

    assert (sms.status, call.status, standins.outbox()) == ("queued", "queued", [])
    assert refusal(lambda: text(tested)) == (400, 21606)
    assert refusal(lambda: tested.calls.create(to=PHONE, from_=OURS, twiml="<Response/>")) == (400, 21210)
    assert refusal(lambda: text(tested, from_=MAGIC_FROM, to=f"{MAGIC}9")) == (400, 21614)
    assert refusal(lambda: tested.messages(sms.sid).fetch()) == (403, 20008)
    assert refusal(tested.calls.list) == (403, 20008)
