"""The outbox page for people."""

import json
import xml.etree.ElementTree as ET
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from escalation.standins import outgoing
from escalation.standins.page import MAIL_POLICY, POLICY
from escalation.standins.server import Standins
from tests.edge.standins.vendors import OURS, PHONE, TIMEOUT, TIMEOUT_SECONDS, Receiver, mail, refusal, text

HOSTILE = """<script>alert(1)</script>"'&"""


class Page:
    """A page that is well-formed XML besides HTML, so that a tag left open or an unescaped sign cannot hide."""

    def __init__(self, source: str) -> None:
        self._root = ET.fromstring(source)  # noqa: S314 - the project's own page
        self.text = "".join(self._root.itertext())
        self.tags = [element.tag for element in self._root.iter()]

    def named(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of that name."""
        return [element.attrib for element in self._root.iter(tag)]


def ask(standins: Standins, path: str = "/", form: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
    connection = HTTPConnection("127.0.0.1", standins.port, timeout=TIMEOUT_SECONDS)
    try:
        body = urlencode(form) if form else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection.request("POST" if form else "GET", path, body, headers)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read().decode()
    finally:
        connection.close()


def test_an_empty_outbox_is_a_page(standins: Standins) -> None:
    """With its language, a title, one heading for each kind, and links to them."""
    status, headers, source = ask(standins)
    page = Page(source)

    assert status == 200
    assert page.named("html") == [{"lang": "en"}]
    assert [tag for tag in page.tags if tag in {"h1", "h2"}] == ["h1", *["h2"] * 7]
    assert page.text.count("None yet.") == 6
    assert headers["Content-Security-Policy"] == POLICY
    assert {one["src"] for one in page.named("script")} == {"/assets/outbox.js"}


def test_everything_that_was_sent_is_shown(standins: Standins, sendgrid: Any, twilio: Any) -> None:  # noqa: ANN401
    """Mail with its text, its HTML behind an address and its headers, texts by number, calls with their script."""
    standins.expect("voice", "silent")
    sendgrid.send(mail("ada@example.com", dispatch="d-mail", headers={"X-Kind": "first"}))
    text(twilio, dispatch="d-sms")
    twilio.calls.create(to=PHONE, from_=OURS, twiml="<Response><Say>Down</Say></Response>")

    page = Page(ask(standins)[2])

    for shown in ("ada@example.com", "[E42] SEV1: checkout is down", "d-mail", PHONE, "d-sms", "<Say>Down</Say>"):
        assert shown in page.text
    assert "X-Kind: first" in page.text
    (frame,) = page.named("iframe")
    status, headers, source = ask(standins, frame["src"])
    assert (frame["sandbox"], bool(frame["title"]), status, source) == ("", True, 200, "<p>Down.</p>")
    assert headers["Content-Security-Policy"] == MAIL_POLICY
    assert ask(standins, "/mail/unknown")[0] == 404


def test_what_was_received_is_text_and_never_markup(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """From every place that a sender or a person can fill."""
    standins.deliver(inbound_url=f"{webhooks.base_url}/inbound", parse_url=f"{webhooks.base_url}/parse")
    content = [{"type": "text/plain", "value": HOSTILE}, {"type": "text/html", "value": HOSTILE}]
    headers = {"References": f"<{HOSTILE}>", "X-Hostile": HOSTILE}
    sendgrid.send(mail(dispatch=HOSTILE, subject=f"[ESC-1] {HOSTILE}", content=content, headers=headers))
    standins.reply_mail(standins.outbox("email")[0].provider_id, HOSTILE)
    text(twilio, body=HOSTILE, dispatch="d")
    standins.reply_sms(PHONE, HOSTILE)
    standins.expect("voice", "completed")
    twilio.calls.create(to=PHONE, from_=OURS, url=f"http://127.0.0.1:9/?{HOSTILE}")
    note = json.dumps({"text": HOSTILE, "key": "k"}).encode()
    kind = {"Content-Type": "application/json"}
    outgoing.send("POST", f"{standins.base_url}/tickets/{quote(HOSTILE.replace('/', ''))}/notes", note, kind, TIMEOUT)
    refusal(lambda: text(twilio, to=HOSTILE))
    assert standins.wait_until(lambda: standins.on_line() == ())

    words = dict.fromkeys(("notice", "escalation", "contact", "channel"), HOSTILE)
    status, _, source = ask(standins, f"/?{urlencode({'notice': HOSTILE})}")
    page = Page(source)

    assert (status, len(page.named("script"))) == (200, 1)
    assert page.text.count("alert(1)") >= 10
    assert not any(name.startswith("on") for tag in set(page.tags) for one in page.named(tag) for name in one)
    assert len(Page(ask(standins, f"/?{urlencode(words)}")[2]).named("script")) == 1


def test_a_reply_from_the_page_is_an_inbound_sms(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """The box under a thread posts it; the page then says how it was answered, and shows it in the thread."""
    standins.deliver(inbound_url=f"{webhooks.base_url}/inbound")
    text(twilio, status_callback=f"{webhooks.base_url}/status")
    webhooks.wait_for(2)
    inputs = {one["name"]: one.get("value", "") for one in Page(ask(standins)[2]).named("input")}

    status, headers, _ = ask(standins, "/reply", {"sender": inputs["sender"], "to": inputs["to"], "body": "ack 42"})
    page = Page(ask(standins, headers["Location"])[2])

    assert status == 303
    assert webhooks.wait_for(3)[-1].form["Body"] == "ack 42"
    assert "Reply posted, answered 204" in page.text
    assert "They replied" in page.text


def test_an_answer_to_a_mail_from_the_page_is_posted_parsed(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """The page shows it under the mail."""
    standins.deliver(parse_url=f"{webhooks.base_url}/parse")
    sendgrid.send(mail())
    (box,) = [one for one in Page(ask(standins)[2]).named("input") if one["name"] == "mail"]

    _, headers, _ = ask(standins, "/letter", {"mail": box["value"], "text": "on my way"})
    page = Page(ask(standins, headers["Location"])[2])

    assert len(webhooks.at("/parse")) == 1
    assert "Answer posted, answered 204" in page.text
    assert "ada@example.com answered to support@example.com" in page.text


def test_a_call_is_taken_on_the_page(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """It rings, is answered, takes keys and tells what was said; what makes no sense is answered on the page."""
    assert ask(standins, "/phones", {"phones": "ring"})[0] == 303
    action = f"{webhooks.base_url}/keys"
    script = f'<Response><Gather action="{action}" numDigits="1" timeout="9"><Say>Press</Say></Gather></Response>'
    sid = twilio.calls.create(to=PHONE, from_=OURS, twiml=script).sid
    webhooks.answers = {"/keys": "<Response><Say>Thank you</Say></Response>"}
    assert standins.wait_until(lambda: "Ringing:" in ask(standins)[2])

    ask(standins, "/call", {"sid": sid, "act": "answer"})
    assert standins.wait_until(lambda: "waits for keys" in ask(standins)[2])
    pad = [one["value"] for one in Page(ask(standins)[2]).named("button") if one.get("name") == "keys"]
    ask(standins, "/call", {"sid": sid, "act": "press", "keys": "4"})
    assert standins.wait_until(lambda: standins.on_line() == ())
    late = ask(standins, "/call", {"sid": sid, "act": "hang_up"})[1]["Location"]

    assert "".join(pad) == "123456789*0#"
    assert webhooks.at("/keys")[0].form["Digits"] == "4"
    assert "Thank you" in Page(ask(standins)[2]).text
    assert "Not done: no call" in Page(ask(standins, late)[2]).text


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ({"escalation": "esc-42"}, ["one down", "Down E S C 4 2", "[ESC-42]"], ["two down", "[ESC-7]"]),
        ({"contact": PHONE}, ["one down", "Down E S C 4 2"], ["[ESC-42]", "two down"]),
        ({"channel": "sms"}, ["one down", "two down"], ["Down E S C", "Ticket"]),
        ({"escalation": "ESC-42", "channel": "email"}, ["[ESC-42]"], ["one down", "[ESC-7]"]),
    ],
)
def test_the_page_can_be_narrowed(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    twilio: Any,  # noqa: ANN401
    query: dict[str, str],
    shown: list[str],
    hidden: list[str],
) -> None:
    """By escalation (spelt ones too), contact and kind; what can be chosen is offered."""
    text(twilio, body="ESC-42: one down")
    text(twilio, to="+14155550101", body="ESC-7: two down")
    twilio.calls.create(to=PHONE, from_=OURS, twiml="<Response><Say>Down E S C 4 2</Say></Response>")
    for name in ("ESC-42", "ESC-7"):
        sendgrid.send(mail(subject=f"[{name}] down"))

    page = ask(standins, f"/?{urlencode(query)}")[2]
    main = page[page.index("<main") :]

    assert all(one in Page(page).text for one in shown)
    assert not [one for one in hidden if one in main]
    assert "ESC-7" in [one.get("value") for one in Page(page).named("option")]


def test_mails_of_one_escalation_are_one_thread(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """Joined by the root that they refer to, whatever their subjects say."""
    for subject in ("[ESC-1] down", "[ESC-1] up"):
        sendgrid.send(mail(subject=subject, headers={"References": "<esc-1.root@x>"}))
    sendgrid.send(mail(subject="[ESC-2] down", headers={"References": "<esc-2.root@x>"}))

    threads = [one for one in Page(ask(standins)[2]).named("article") if one["id"].startswith("thread-")]

    assert len(threads) == 2


def test_without_an_inbound_url_the_page_says_so(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """Rather than offer a box that cannot work; a reply posted anyway is answered on the page."""
    text(twilio)

    page = Page(ask(standins)[2])
    _, headers, _ = ask(standins, "/reply", {"sender": PHONE, "to": OURS, "body": "ack"})

    assert [form["action"] for form in page.named("form")] == ["/", "/phones"]
    assert "Replies are off" in page.text
    assert "no inbound URL is set" in Page(ask(standins, headers["Location"])[2]).text


@pytest.mark.parametrize(
    ("path", "form"), [("/reply", "sender"), ("/letter", "mail"), ("/call", "sid"), ("/phones", "x")]
)
def test_an_incomplete_form_is_a_bad_request(standins: Standins, path: str, form: str) -> None:
    """Not a failure of the page."""
    assert ask(standins, path, {form: PHONE})[0] == 400


@pytest.mark.parametrize("path", ["/", "/mail/x", "/outbox.json"])
def test_a_rebound_name_sees_nothing(standins: Standins, path: str) -> None:
    """A foreign page that points its own name at this machine must not read the outbox."""
    answer = outgoing.send("GET", standins.base_url + path, None, {"Host": "evil.example"}, TIMEOUT)

    assert answer.status == 403


def test_every_field_and_frame_has_a_name(standins: Standins, sendgrid: Any, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """Fields stand in labels, frames and lists are named, ids are there once, buttons say what they do."""
    standins.deliver(inbound_url=f"{webhooks.base_url}/inbound", parse_url=f"{webhooks.base_url}/parse")
    standins.expect("voice", "rings")
    sendgrid.send(mail())
    text(twilio)
    twilio.calls.create(to=PHONE, from_=OURS, twiml="<Response/>")
    assert standins.wait_until(lambda: "Ringing:" in ask(standins)[2])

    root = ET.fromstring(ask(standins)[2])  # noqa: S314 - the project's own page
    labelled = {id(field) for label in root.iter("label") for field in label.iter()}
    fields = [one for tag in ("input", "textarea", "select") for one in root.iter(tag) if one.get("type") != "hidden"]
    ids = [one.get("id") for one in root.iter() if one.get("id")]

    assert all(id(field) in labelled for field in fields)
    assert len(set(ids)) == len(ids)
    assert all("".join(button.itertext()) for button in root.iter("button"))
    assert all(frame.get("title") for frame in root.iter("iframe"))


def test_a_thread_holds_both_sides_in_order(standins: Standins, twilio: Any, webhooks: Receiver) -> None:  # noqa: ANN401
    """One thread for each number, not one for each message."""
    standins.deliver(inbound_url=f"{webhooks.base_url}/inbound")
    standins.callbacks(gap=timedelta(0))
    text(twilio, body="first")
    standins.reply_sms(PHONE, "second")
    text(twilio, body="third")

    page = Page(ask(standins)[2])

    assert page.text.count(f"Reply as {PHONE}") == 1
    assert page.text.index("first") < page.text.index("second") < page.text.index("third")
