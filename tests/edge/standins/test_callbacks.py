"""What the stand-ins post to us: signed status callbacks and inbound SMS."""

import threading
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from escalation.standins.later import Later
from escalation.standins.lifecycle import GAP_MAX
from escalation.standins.mail_events import key_of
from escalation.standins.outcomes import RULES_MAX
from escalation.standins.server import Standins
from escalation.standins.webhooks import COPIES_MAX, Delivery
from tests.edge.standins.vendors import OURS, PHONE, Received, Receiver, mail, refusal, text

PUBLIC = "https://escalations.example.com/hooks"


def is_signed(standins: Standins, one: Received, url: str) -> bool:
    """What a receiver does with the vendor's own validator."""
    return bool(RequestValidator(standins.auth_token).validate(url, one.form, one.signature))


def test_the_signer_passes_the_vendors_own_example() -> None:
    """Twilio's documentation gives this request, token and signature (docs: webhooks security)."""
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }

    with Standins(auth_token="12345") as standins:
        signature = standins.webhooks.sign("https://mycompany.com/myapp.php?foo=1&bar=2", form)

    assert signature == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_an_sms_reports_sent_then_delivered(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """Each status is posted once, in order, to the URL with its query, signed for that URL."""
    url = f"{webhooks.base_url}/twilio/status?d=d-1"

    message = text(twilio, status_callback=url)

    got = webhooks.wait_for(2)
    assert [one.form["MessageStatus"] for one in got] == ["sent", "delivered"]
    assert {one.form["MessageSid"] for one in got} == {message.sid}
    assert {one.path for one in got} == {"/twilio/status?d=d-1"}
    assert all(is_signed(standins, one, url) for one in got)
    assert not any("ErrorCode" in one.form for one in got)


def test_with_no_gap_and_nobody_told_a_life_is_over_when_the_send_is_answered(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    sendgrid: Any,  # noqa: ANN401
) -> None:
    """For whoever lets hours pass in no time: there is nothing to wait for."""
    standins.callbacks(enabled=False, gap=timedelta(0))

    message = text(twilio)
    sendgrid.send(mail("ada@example.com"))

    ended = [standins.journal.status(key_of(send)) for send in standins.outbox()]
    assert [one.status for one in ended if one is not None] == ["delivered", "delivered"]
    assert message.sid == standins.outbox()[0].provider_id


@pytest.mark.parametrize(
    ("ends", "statuses", "code"),
    [("undelivered", ["sent", "undelivered"], "30005"), ("failed", ["failed"], "30005"), ("sent", ["sent"], None)],
)
def test_an_sms_ends_as_told(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
    ends: str,
    statuses: list[str],
    code: str | None,
) -> None:
    """Failures carry their error code; a carrier that never sends a receipt leaves `sent` as the last word."""
    standins.expect("sms", ends, to=PHONE, error_code=30005)

    text(twilio, status_callback=f"{webhooks.base_url}/status")

    got = webhooks.wait_for(len(statuses))
    assert [one.form["MessageStatus"] for one in got] == statuses
    assert got[-1].form.get("ErrorCode") == code


def test_the_newest_rule_for_a_recipient_wins(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """And others keep the older one."""
    standins.expect("sms", "failed")
    standins.expect("sms", "sent", to=PHONE)

    text(twilio, status_callback=f"{webhooks.base_url}/status")
    webhooks.wait_for(1)
    text(twilio, to="+14155550101", status_callback=f"{webhooks.base_url}/status")

    assert [one.form["MessageStatus"] for one in webhooks.wait_for(2)] == ["sent", "failed"]


@pytest.mark.parametrize(
    ("ends", "statuses"),
    [
        ("no-answer", ["initiated", "ringing", "no-answer"]),
        ("completed", ["initiated", "ringing", "in-progress", "completed"]),
        ("busy", ["initiated", "ringing", "busy"]),
        ("failed", ["initiated", "failed"]),
    ],
)
def test_a_call_reports_the_events_it_was_asked_for(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
    ends: str,
    statuses: list[str],
) -> None:
    """With rising sequence numbers; however it ends is reported as the `completed` event."""
    standins.expect("voice", ends)
    url = f"{webhooks.base_url}/status?d=d-2"

    twilio.calls.create(
        to=PHONE,
        from_=OURS,
        twiml="<Response><Say>Down</Say></Response>",
        status_callback=url,
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )

    got = webhooks.wait_for(len(statuses))
    assert [one.form["CallStatus"] for one in got] == statuses
    assert [one.form["SequenceNumber"] for one in got] == [str(number) for number in range(len(statuses))]
    assert all(is_signed(standins, one, url) for one in got)


def test_a_call_reports_only_its_end_unless_asked_for_more(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """As Twilio does by default; and a phone that nobody holds is not picked up."""
    base = webhooks.base_url

    placed = twilio.calls.create(to=PHONE, from_=OURS, url=f"{base}/voice", status_callback=f"{base}/status")

    assert [one.form["CallStatus"] for one in webhooks.wait_for(1)] == ["no-answer"]
    assert twilio.calls(placed.sid).fetch().status == "no-answer"


def test_a_silent_send_stays_queued(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """Nothing is posted, and a fetch knows no more."""
    standins.expect("sms", "silent")
    quiet = text(twilio, status_callback=f"{webhooks.base_url}/quiet")
    standins.expect("sms", "sent")
    text(twilio, status_callback=f"{webhooks.base_url}/loud")

    assert [one.path for one in webhooks.wait_for(1)] == ["/loud"]
    assert twilio.messages(quiet.sid).fetch().status == "queued"


def test_callbacks_can_be_lost_while_the_send_goes_on(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """Twilio's callbacks are not durable: the fetch still tells."""
    standins.callbacks(enabled=False)

    message = text(twilio, status_callback=f"{webhooks.base_url}/status")

    assert standins.wait_until(lambda: twilio.messages(message.sid).fetch().status == "delivered")
    assert (webhooks.got, standins.posted()) == ([], [])


def test_callbacks_can_be_duplicated(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """Each as often as told, with the same token, as a vendor that retries."""
    standins.callbacks(copies=2)

    text(twilio, status_callback=f"{webhooks.base_url}/status")

    assert [one.form["MessageStatus"] for one in webhooks.wait_for(4)] == ["sent", "sent", "delivered", "delivered"]


def test_an_accepted_send_whose_answer_was_dropped_still_calls_back(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """So the first callback, with the dispatch in its query, can settle what the sender does not know."""
    standins.fail("sms", "accept_then_drop")

    with pytest.raises(OSError, match="Connection aborted"):
        text(twilio, status_callback=f"{webhooks.base_url}/status?d=d-9")

    assert parse_qs(urlsplit(webhooks.wait_for(1)[0].path).query) == {"d": ["d-9"]}


def test_signatures_cover_the_public_url_while_the_connection_goes_elsewhere(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """As behind a reverse proxy; a fragment is neither signed nor sent."""
    standins.deliver(public_url=PUBLIC, deliver_to=f"{webhooks.base_url}/inner/")

    text(twilio, status_callback=f"{PUBLIC}/status?d=d-1#rc=3")

    one = webhooks.wait_for(1)[0]
    assert one.path == "/inner/status?d=d-1"
    assert is_signed(standins, one, f"{PUBLIC}/status?d=d-1")


def test_nothing_is_posted_off_this_machine_unless_told_where(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """A public address without a local one is an error that is remembered, not a request on the network."""
    text(twilio, status_callback=f"{PUBLIC}/status")

    assert standins.wait_until(lambda: len(standins.posted()) == 2)
    assert all(one.answered is None and "not on this machine" in str(one.failure) for one in standins.posted())


@pytest.mark.parametrize(
    "url", [f"{PUBLIC}x/status", "https://escalations.example.com", "https://other.example/hooks/a"]
)
def test_only_urls_below_the_public_one_are_rerouted(url: str) -> None:
    """A shared prefix of characters is not a shared address."""
    delivery = Delivery(public_url=PUBLIC, deliver_to="http://127.0.0.1:1")

    with pytest.raises(ValueError, match="not on this machine"):
        delivery.target(url)


def test_only_http_is_spoken(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """A wrong `deliver_to` is remembered as the reason."""
    standins.deliver(public_url=PUBLIC, deliver_to="ftp://127.0.0.1")

    text(twilio, status_callback=f"{PUBLIC}/status")

    assert standins.wait_until(lambda: bool(standins.posted()))
    assert "no http(s) address" in str(standins.posted()[0].failure)


def test_a_refused_callback_is_remembered(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """Nobody listens: the status goes on, and why nobody heard of it can be read."""
    message = text(twilio, status_callback="http://127.0.0.1:9/status")

    assert standins.wait_until(lambda: len(standins.posted()) == 2)
    assert "refused" in str(standins.posted()[0].failure)
    assert twilio.messages(message.sid).fetch().status == "delivered"


def test_a_reply_is_posted_signed_to_the_inbound_url(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """To the number that last texted the person; the answer is in what is returned."""
    url = f"{webhooks.base_url}/twilio/inbound"
    standins.deliver(inbound_url=url)
    text(twilio)

    posted = standins.reply_sms(PHONE, "ack 42")

    (one,) = [got for got in webhooks.got if got.path == "/twilio/inbound"]
    assert (one.form["From"], one.form["To"], one.form["Body"]) == (PHONE, OURS, "ack 42")
    assert one.form["MessageSid"] == posted.provider_id == standins.inbound()[0].provider_id
    assert (posted.kind, posted.answered, posted.failure) == ("inbound", 204, None)
    assert is_signed(standins, one, url)


def test_a_reply_that_cannot_be_posted_is_refused_in_one_line(standins: Standins) -> None:
    """What, the limit, the next step."""
    with pytest.raises(ValueError, match=r"no inbound URL is set; .* call deliver"):
        standins.reply_sms(PHONE, "ack 42")
    standins.deliver(inbound_url="http://127.0.0.1:9/inbound")
    with pytest.raises(ValueError, match="never got an SMS from us"):
        standins.reply_sms(PHONE, "ack 42")
    with pytest.raises(ValueError, match="length of the body is 1601; it must be between 0 and 1600"):
        standins.reply_sms(PHONE, "x" * 1601, OURS)
    assert standins.inbound() == []


@pytest.mark.parametrize("word", ["STOP", " stop ", "Cancel"])
def test_a_stop_word_bars_later_messages_until_a_start_word(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
    word: str,
) -> None:
    """21610, as Twilio answers on its own; other recipients and calls are not barred."""
    standins.deliver(inbound_url=f"{webhooks.base_url}/inbound")
    text(twilio)

    standins.reply_sms(PHONE, word)
    standins.reply_sms(PHONE, "what is this?")
    barred = refusal(lambda: text(twilio))
    text(twilio, to="+14155550101")
    standins.reply_sms(PHONE, "START")

    assert barred == (400, 21610)
    assert text(twilio).status == "queued"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda here: here.callbacks(copies=0), id="no copy"),
        pytest.param(lambda here: here.callbacks(copies=COPIES_MAX + 1), id="too many copies"),
        pytest.param(lambda here: here.callbacks(gap=GAP_MAX + timedelta(seconds=1)), id="gap too long"),
        pytest.param(lambda here: here.expect("sms", "no-answer"), id="a call's end for an SMS"),
        pytest.param(lambda here: here.expect("voice", "delivered"), id="an SMS's end for a call"),
        pytest.param(lambda here: here.expect("email", "undelivered"), id="an SMS's end for a mail"),
        pytest.param(lambda here: here.expect("voice", "machine", answered_by="robot"), id="nobody of that kind"),
        pytest.param(lambda here: here.callbacks(seed=-1), id="no seed"),
        pytest.param(lambda here: here.callbacks(loss=1.1), id="more than all"),
        pytest.param(lambda here: here.keys(event_key=0), id="no key"),
    ],
)
def test_settings_that_make_no_sense_are_refused(standins: Standins, wrong: Any) -> None:  # noqa: ANN401
    """As a `ValueError` in one line."""
    with pytest.raises(ValueError, match=r"must be between|is unknown; choose one of"):
        wrong(standins)


def test_outcomes_are_bounded(standins: Standins) -> None:
    """A script gone wild is stopped."""
    for _ in range(RULES_MAX):
        standins.expect("sms", "sent")

    with pytest.raises(ValueError, match="start a fresh stand-in"):
        standins.expect("sms", "sent")


def test_an_act_that_fails_does_not_stop_the_next(caplog: pytest.LogCaptureFixture) -> None:
    """The failure is logged with its traceback."""
    later, ran = Later(workers=1), threading.Event()

    later.after(timedelta(0), lambda: _wait(None))  # type: ignore[arg-type]  # meant to fail
    later.after(timedelta(0), ran.set)

    assert ran.wait(10)
    later.close()
    assert "an act of the stand-ins failed" in caplog.text


def test_acts_that_are_due_later_are_bounded_and_end_with_close() -> None:
    """Beyond the bound, and after the end, an act is not taken; one that was waiting never runs."""
    later, gate, ran = Later(workers=1, waiting_max=2), threading.Event(), threading.Event()

    taken = [later.after(timedelta(0), lambda: _wait(gate)), later.after(timedelta(hours=1), ran.set)]
    beyond = later.after(timedelta(0), ran.set)
    gate.set()
    later.close()

    assert (taken, beyond, later.after(timedelta(0), ran.set)) == ([True, True], False, False)
    assert not ran.is_set()


def _wait(gate: threading.Event) -> None:
    gate.wait(10)
