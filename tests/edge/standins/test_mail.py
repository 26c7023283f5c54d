"""The stand-in for SendGrid's mail/send, driven by the real client."""

import json
from typing import Any

import pytest
from python_http_client.exceptions import BadRequestsError, HTTPError, UnauthorizedError

from escalation.standins import outgoing
from escalation.standins.email_rules import CUSTOM_ARGS_BYTES_MAX, MAIL_BYTES_MAX, RECIPIENTS_MAX, RESERVED_HEADERS
from escalation.standins.server import Standins
from tests.edge.standins.vendors import TIMEOUT, mail


def refused(sendgrid: Any, body: dict[str, Any]) -> dict[str, str]:  # noqa: ANN401 - the vendor ships no types
    """What is wrong with each field, in SendGrid's own error body."""
    with pytest.raises(BadRequestsError) as caught:
        sendgrid.send(body)
    return {error["field"]: error["message"] for error in json.loads(caught.value.body)["errors"]}


def to(*people: dict[str, Any], **fields: object) -> dict[str, Any]:
    return {"personalizations": [{"to": list(people), **fields}]}


def test_accepted_mail_is_answered_with_202_and_an_id_and_kept(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """Every part of the mail that a test or a person wants to see is in the outbox, under the id that was answered."""
    answer = sendgrid.send(mail("ada@example.com", dispatch="d-7"))

    (kept,) = standins.outbox()
    assert (answer.status_code, answer.body) == (202, b"")
    assert kept.provider_id == answer.headers["X-Message-Id"]
    assert len(kept.provider_id) == 22
    assert (kept.channel, kept.to, kept.sender) == ("email", "ada@example.com", "support@example.com")
    assert (kept.subject, kept.body, kept.html) == ("[E42] SEV1: checkout is down", "Down.", "<p>Down.</p>")
    assert (kept.dispatch, kept.escalation_at) == ("d-7", None)


def test_each_personalization_is_a_send_of_its_own(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """One request may hold several dispatches; they share the id and are told apart by their custom arguments."""
    parts = [
        {"to": [{"email": f"{name}@example.com"}], "custom_args": {"esc_dispatch": f"d-{name}"}} for name in ("a", "b")
    ]

    sendgrid.send(mail(personalizations=parts))

    assert [(send.to, send.dispatch, send.part) for send in standins.outbox()] == [
        ("a@example.com", "d-a", 0),
        ("b@example.com", "d-b", 1),
    ]
    assert len({send.provider_id for send in standins.outbox()}) == 1


def test_the_senders_clock_is_kept_from_its_header(standins: Standins) -> None:
    """The instant that an activity works for travels in a header; the stand-in keeps it as sent."""
    headers = {
        "Authorization": "Bearer k",
        "Content-Type": "application/json",
        "X-Escalation-At": "2026-03-01T10:00:00Z",
    }

    answer = outgoing.send("POST", f"{standins.base_url}/v3/mail/send", json.dumps(mail()).encode(), headers, TIMEOUT)

    assert (answer.status, standins.outbox()[0].escalation_at) == (202, "2026-03-01T10:00:00Z")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"from": {"name": "no address"}}, "from.email", id="contract: from without address"),
        pytest.param(to({"email": "nobody"}), "personalizations.0.to.0.email", id="contract: bad address"),
        pytest.param({"categories": [f"c{n}" for n in range(11)]}, "categories", id="contract: 11 categories"),
        pytest.param({"custom_args": {"esc_dispatch": "d"}}, "custom_args", id="contract: message-level custom_args"),
        pytest.param({"categories": ["a", "a"]}, "categories", id="contract: a category twice"),
        pytest.param({"categories": ["c" * 256]}, "categories.0", id="contract: a long category"),
        pytest.param({"personalizations": []}, "personalizations", id="no personalization"),
        pytest.param(
            {"reply_to": {"email": "a@b.example"}, "reply_to_list": [{"email": "a@b.example"}]},
            "reply_to_list",
            id="two ways to reply",
        ),
        pytest.param(
            {"reply_to": {"email": "a@b.example", "name": "A\r\nBcc: x"}}, "reply_to.name", id="CRLF to reply"
        ),
        pytest.param(
            {"attachments": [{"content": "no base64", "filename": "a"}]}, "attachments.0.content", id="attachment"
        ),
        pytest.param(
            {"personalizations": [{"to": [{"email": "a@b.example"}], "custom_args": {"event": "x"}}]},
            "personalizations.0.custom_args.event",
            id="a custom argument that hides the event's own",
        ),
        pytest.param(to(), "personalizations.0.to", id="nobody to send to"),
        pytest.param({"subject": None}, "subject", id="null subject"),
        pytest.param({"content": []}, "content", id="no content"),
        pytest.param(
            {"content": [{"type": "text/html", "value": "x"}, {"type": "text/plain", "value": "x"}]},
            "content",
            id="html before text",
        ),
        pytest.param(
            {"content": [{"type": "text/plain", "value": "x"}, {"type": "text/plain", "value": "y"}]},
            "content",
            id="text twice",
        ),
        pytest.param({"subjekt": "x"}, "subjekt", id="misspelt field"),
        pytest.param(
            to({"email": "a@b.example", "nick": "A"}), "personalizations.0.to.0.nick", id="unknown inner field"
        ),
        pytest.param({"subject": "a\r\nBcc: b@example.com"}, "subject", id="line break in subject"),
        pytest.param({"from": {"email": "a@b.example", "name": "a\nb"}}, "from.name", id="line break in sender's name"),
        pytest.param(
            to({"email": "a@b.example", "name": "a\nb"}), "personalizations.0.to.name", id="line break in name"
        ),
        pytest.param(to({"email": "a@b.example", "name": "B, A"}), "personalizations.0.to.name", id="comma in name"),
        pytest.param(
            to({"email": "a@b.example", "name": "B; A"}), "personalizations.0.to.name", id="semicolon in name"
        ),
        pytest.param({"headers": {"X-A": "b\r\nTo: c"}}, "headers.X-A", id="line break in header"),
        pytest.param({"headers": {"X-A": 1}}, "headers.X-A", id="header that is no text"),
        pytest.param(
            to({"email": "a@b.example"}, cc=[{"email": "A@b.example"}]), "personalizations.0.cc", id="recipient twice"
        ),
        pytest.param(
            to({"email": "a@b.example"}, custom_args={"n": 1}),
            "personalizations.0.custom_args.n",
            id="custom argument that is no text",
        ),
        pytest.param({"from": {"email": "zoë@example.com"}}, "from.email", id="unicode in from"),
    ],
)
def test_mail_that_sendgrid_refuses_is_refused_and_not_kept(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    change: dict[str, Any],
    field: str,
) -> None:
    """Each rule of the contract, and of the documentation beside it, names the field at fault; nothing is accepted."""
    errors = refused(sendgrid, mail(**change))

    assert field in errors
    assert standins.outbox() == []
    (kept,) = standins.refused()
    assert (kept.channel, kept.status) == ("email", 400)
    assert field in kept.reason


@pytest.mark.parametrize("header", sorted(RESERVED_HEADERS))
def test_reserved_headers_cannot_be_set(sendgrid: Any, header: str) -> None:  # noqa: ANN401
    """Upper and lower case alike, in the mail and in a personalization."""
    part = {"to": [{"email": "a@b.example"}], "headers": {header.upper(): "x"}}

    errors = refused(sendgrid, mail(headers={header: "x"}, personalizations=[part]))

    assert set(errors) == {f"headers.{header}", f"personalizations.0.headers.{header.upper()}"}


@pytest.mark.parametrize("missing", ["subject", "content"])
def test_subject_and_content_are_required_unless_a_template_has_them(
    standins: Standins,
    sendgrid: Any,  # noqa: ANN401
    missing: str,
) -> None:
    """The contract requires neither; the API does."""
    bare = {name: value for name, value in mail().items() if name != missing}

    errors = refused(sendgrid, bare)
    sendgrid.send({**bare, "template_id": "d-0"})

    assert set(errors) == {missing}
    assert len(standins.outbox()) == 1


def test_a_subject_in_every_personalization_is_enough(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """And it wins over the mail's own."""
    bare = {name: value for name, value in mail().items() if name != "subject"}

    sendgrid.send({**bare, "personalizations": [{"to": [{"email": "a@b.example"}], "subject": "Mine"}]})

    assert standins.outbox()[0].subject == "Mine"


def test_recipients_are_bounded(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """One thousand over all personalizations pass, one more does not."""
    parts = [{"to": [{"email": f"p{n}@b.example"}]} for n in range(RECIPIENTS_MAX)]

    sendgrid.send(mail(personalizations=parts))
    two = [{"to": [{"email": "p0@b.example"}, {"email": "extra@b.example"}]}, *parts[1:]]
    errors = refused(sendgrid, mail(personalizations=two))

    assert set(errors) == {"personalizations"}
    assert len(standins.outbox()) == RECIPIENTS_MAX


def test_custom_arguments_are_bounded_in_bytes(sendgrid: Any) -> None:  # noqa: ANN401
    """The limit counts the JSON of all of them, in UTF-8."""
    frame = len(json.dumps({"a": ""}))
    fits = "é" * ((CUSTOM_ARGS_BYTES_MAX - frame) // 2)

    sendgrid.send(mail(**to({"email": "a@b.example"}, custom_args={"a": fits})))
    errors = refused(sendgrid, mail(**to({"email": "a@b.example"}, custom_args={"a": fits + "é"})))

    assert set(errors) == {"personalizations.0.custom_args"}


def test_mail_over_30_mb_is_answered_with_413(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """As the vendor does, with its error body; nothing is kept."""
    huge = "x" * MAIL_BYTES_MAX

    with pytest.raises(HTTPError) as caught:
        sendgrid.send(mail(content=[{"type": "text/plain", "value": huge}]))

    assert caught.value.status_code == 413
    assert "30 MB" in json.loads(caught.value.body)["errors"][0]["message"]
    assert standins.outbox() == []


def test_without_a_key_nothing_is_accepted(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """A missing key is answered as SendGrid does, nulls included."""
    sendgrid.client.request_headers["Authorization"] = "Bearer "

    with pytest.raises(UnauthorizedError) as caught:
        sendgrid.send(mail())

    (error,) = json.loads(caught.value.body)["errors"]
    assert (error["field"], error["help"]) == (None, None)
    assert standins.outbox() == []


def test_sandbox_mode_answers_200_and_sends_nothing(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """So a smoke check that leaves it on can be told from a real send."""
    answer = sendgrid.send(mail(mail_settings={"sandbox_mode": {"enable": True}}))

    assert (answer.status_code, standins.outbox()) == (200, [])
    assert "X-Message-Id" not in answer.headers


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'"text"'])
def test_a_body_that_is_no_json_object_is_a_bad_request(standins: Standins, raw: bytes) -> None:
    """Never a failure of the stand-in itself."""
    headers = {"Authorization": "Bearer k", "Content-Type": "application/json"}

    answer = outgoing.send("POST", f"{standins.base_url}/v3/mail/send", raw, headers, TIMEOUT)

    assert answer.status == 400
    assert json.loads(answer.body)["errors"]


def test_wrong_path_and_method_are_answered_in_sendgrids_words(standins: Standins) -> None:
    """404 and 405 carry the vendor's error body."""
    answers = [
        outgoing.send(method, standins.base_url + path, None, {}, TIMEOUT)
        for method, path in (("POST", "/v3/mail/sent"), ("GET", "/v3/mail/send"))
    ]

    assert [answer.status for answer in answers] == [404, 405]
    assert all(json.loads(answer.body)["errors"] for answer in answers)
