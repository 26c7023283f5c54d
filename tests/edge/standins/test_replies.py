"""What people send back: texts with Twilio's own words for stop, start and help, and answers to mail."""

import json
from datetime import timedelta
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from escalation.standins import keys
from escalation.standins.journal import VendorText
from escalation.standins.letters import MAIL_CHARS_MAX
from escalation.standins.server import Standins
from tests.edge.standins.test_events import is_signed
from tests.edge.standins.vendors import OURS, PHONE, Received, Receiver, mail, refusal, text


def form_of(one: Received) -> dict[str, str]:
    """The multipart form as an ordinary server reads it."""
    builder = EnvironBuilder(method="POST", data=one.body, content_type=one.headers["Content-Type"])
    return Request(builder.get_environ()).form.to_dict()


@pytest.mark.parametrize(
    ("word", "kind", "barred"),
    [("stop", "STOP", True), (" Quit ", "STOP", True), ("START", "START", False), ("Info", "HELP", False)],
)
def test_a_word_of_twilios_is_answered_by_twilio_and_told_to_us(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
    word: str,
    kind: str,
    barred: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """With `OptOutType`, so that we do not answer twice."""
    standins.deliver(inbound_url=f"{webhooks.base_url}/inbound")
    text(twilio)

    standins.reply_sms(PHONE, word)

    assert webhooks.at("/inbound")[0].form["OptOutType"] == kind
    (answer,) = standins.journal.entries(VendorText)
    assert (answer.sender, answer.to) == (OURS, PHONE)
    if barred:
        assert refusal(lambda: text(twilio)) == (400, 21610)
    else:
        assert text(twilio).status == "queued"


def test_who_stopped_already_is_not_answered_again(standins: Standins, webhooks: Receiver) -> None:
    """And a sentence with the word in it is a sentence."""
    standins.deliver(inbound_url=f"{webhooks.base_url}/inbound")
    for body in ("STOP", "STOP", "please stop"):
        standins.reply_sms(PHONE, body, OURS)

    assert len(standins.journal.entries(VendorText)) == 1
    assert [one.form.get("OptOutType") for one in webhooks.at("/inbound")] == ["STOP", "STOP", None]


def test_a_stop_word_to_a_messaging_service_bars_the_service(
    standins: Standins,
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """Its first status is `accepted`, for no number has been chosen yet."""
    standins.deliver(inbound_url=f"{webhooks.base_url}/inbound")
    service = "MG" + "0" * 32
    first = text(twilio, from_=None, messaging_service_sid=service)

    standins.reply_sms(PHONE, "STOP")

    assert first.status == "accepted"
    assert webhooks.at("/inbound")[0].form["MessagingServiceSid"] == service
    assert refusal(lambda: text(twilio, from_=None, messaging_service_sid=service)) == (400, 21610)


def test_an_answered_mail_is_posted_parsed_and_signed(standins: Standins, sendgrid: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """To the reply address, in the thread of the mail it answers, its text quoted."""
    standins.deliver(parse_url=f"{webhooks.base_url}/parse")
    root = "<esc-42.root@example.com>"
    sendgrid.send(mail(reply_to={"email": "reply+abc@in.example.com"}, headers={"References": root}))
    sent = standins.outbox("email")[0]

    posted = standins.reply_mail(sent.provider_id, "ack")

    (one,) = webhooks.at("/parse")
    form = form_of(one)
    assert (posted.kind, posted.answered) == ("parse", 204)
    assert is_signed(one, standins.keys())
    assert (form["from"], form["to"]) == ("ada@example.com", "reply+abc@in.example.com")
    assert json.loads(form["envelope"]) == {"to": ["reply+abc@in.example.com"], "from": "ada@example.com"}
    assert form["text"].startswith("ack\n")
    assert "> Down." in form["text"]
    headers = BytesParser(policy=HTTP).parsebytes(form["headers"].encode(), headersonly=True)
    assert headers["References"].split() == [root, f"<{sent.provider_id}@standins>"]
    assert (form["SPF"], form["attachments"], headers["Auto-Submitted"]) == ("pass", "0", None)


def test_a_mail_may_have_only_an_html_part(standins: Standins, sendgrid: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """Then no text is posted, and what is quoted stands in the HTML as well; what was typed is no markup."""
    standins.deliver(parse_url=f"{webhooks.base_url}/parse")
    sendgrid.send(mail())

    standins.reply_mail(standins.outbox("email")[0].provider_id, "ack <b>", html=True)

    form = form_of(webhooks.at("/parse")[0])
    assert "text" not in form
    assert form["html"].startswith("<html><body><div>ack &lt;b&gt;</div>")
    assert "<blockquote><pre>Down." in form["html"]


def test_an_out_of_office_note_says_that_it_is_one(standins: Standins, sendgrid: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """So that a loop can be seen before it begins."""
    standins.deliver(parse_url=f"{webhooks.base_url}/parse")
    sendgrid.send(mail())

    standins.reply_mail(standins.outbox("email")[0].provider_id, "I am away", automatic=True)

    assert "Auto-Submitted: auto-replied\n" in form_of(webhooks.at("/parse")[0])["headers"]


@pytest.mark.parametrize(("status", "times"), [(500, 2), (404, 1)])
def test_our_fault_is_retried_and_a_refusal_is_not(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    webhooks: Receiver,
    status: int,
    times: int,
) -> None:
    """SendGrid drops a mail for good at 4xx, and repeats it unchanged at 5xx."""
    standins.deliver(parse_url=f"{webhooks.base_url}/parse")
    sendgrid.send(mail())
    webhooks.status = status
    standins.reply_mail(standins.outbox("email")[0].provider_id, "ack")

    if times > 1:
        first, second = webhooks.wait_at("/parse", times)[:2]
        assert first.headers[keys.SIGNATURE] == second.headers[keys.SIGNATURE]
    else:
        assert not standins.wait_until(lambda: len(webhooks.at("/parse")) > 1, timedelta(milliseconds=400))


def test_an_answer_that_cannot_be_posted_is_refused_in_one_line(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """What, the limit, the next step."""
    sendgrid.send(mail())
    sent = standins.outbox("email")[0].provider_id
    with pytest.raises(ValueError, match=r"no parse URL is set; .* call deliver"):
        standins.reply_mail(sent, "ack")
    standins.deliver(parse_url="http://127.0.0.1:9/parse")
    for wrong, why in (
        (("unknown", "ack", None), "no mail 'unknown' was accepted"),
        ((sent, "x" * (MAIL_CHARS_MAX + 1), None), "must be between 0 and 100000"),
        ((sent, "ack", "a@b\r\nBcc: c@d"), "sender holds a line break"),
    ):
        with pytest.raises(ValueError, match=why):
            standins.reply_mail(wrong[0], wrong[1], sender=wrong[2])
    assert standins.inbound_mail() == []
