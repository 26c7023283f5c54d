"""The outbox page for people."""

import json
import xml.etree.ElementTree as ET
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode

from escalation.standins import outgoing
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
    """With its language, a title, and one heading for each kind."""
    status, _, source = ask(standins)
    page = Page(source)

    assert status == 200
    assert page.named("html") == [{"lang": "en"}]
    assert [tag for tag in page.tags if tag in {"h1", "h2"}] == ["h1", *["h2"] * 5]
    assert page.text.count("None yet.") == 5


def test_everything_that_was_sent_is_shown(standins: Standins, sendgrid: Any, twilio: Any) -> None:  # noqa: ANN401
    """Mail with both parts, text messages by number, calls with their script."""
    standins.expect("voice", "silent")
    sendgrid.send(mail("ada@example.com", dispatch="d-mail"))
    text(twilio, dispatch="d-sms")
    twilio.calls.create(to=PHONE, from_=OURS, twiml="<Response><Say>Down</Say></Response>")

    page = Page(ask(standins)[2])

    for shown in ("ada@example.com", "[E42] SEV1: checkout is down", "d-mail", PHONE, "d-sms", "<Say>Down</Say>"):
        assert shown in page.text
    (frame,) = page.named("iframe")
    assert (frame["sandbox"], frame["srcdoc"]) == ("", "<p>Down.</p>")
    assert frame["title"]


def test_what_was_received_is_text_and_never_markup(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    twilio: Any,  # noqa: ANN401
    webhooks: Receiver,
) -> None:
    """From every place that a sender or a person can fill; mail HTML stays inside its sandboxed frame."""
    standins.deliver(inbound_url=f"{webhooks.base_url}/inbound")
    sendgrid.send(
        mail(
            dispatch=HOSTILE,
            subject=HOSTILE,
            content=[{"type": "text/plain", "value": HOSTILE}, {"type": "text/html", "value": HOSTILE}],
        )
    )
    text(twilio, body=HOSTILE, dispatch="d")
    standins.reply_sms(PHONE, HOSTILE)
    twilio.calls.create(to=PHONE, from_=OURS, url=f"http://127.0.0.1:9/?{HOSTILE}")
    note = json.dumps({"text": HOSTILE, "key": "k"}).encode()
    kind = {"Content-Type": "application/json"}
    outgoing.send("POST", f"{standins.base_url}/tickets/{quote(HOSTILE.replace('/', ''))}/notes", note, kind, TIMEOUT)
    refusal(lambda: text(twilio, to=HOSTILE))

    status, headers, source = ask(standins, f"/?{urlencode({'notice': HOSTILE})}")
    page = Page(source)

    assert (status, page.named("script")) == (200, [])
    assert page.text.count("alert(1)") >= 8
    assert [frame["srcdoc"] for frame in page.named("iframe")] == [HOSTILE]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


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


def test_without_an_inbound_url_the_page_says_so(standins: Standins, twilio: Any) -> None:  # noqa: ANN401
    """Rather than offer a box that cannot work; a reply posted anyway is answered on the page."""
    text(twilio)

    page = Page(ask(standins)[2])
    _, headers, _ = ask(standins, "/reply", {"sender": PHONE, "to": OURS, "body": "ack"})

    assert page.named("form") == []
    assert "Replies are off" in page.text
    assert "no inbound URL is set" in Page(ask(standins, headers["Location"])[2]).text


def test_an_incomplete_reply_is_a_bad_request(standins: Standins) -> None:
    """Not a failure of the page."""
    assert ask(standins, "/reply", {"sender": PHONE})[0] == 400


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
