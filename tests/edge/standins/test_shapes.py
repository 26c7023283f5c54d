"""The shortcut past the full judge: it may never pass what the contract refuses."""

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from escalation.standins import contract, shapes
from escalation.standins.board import ACCOUNT_SID
from escalation.standins.phone_api import ACCOUNT_PATH
from tests.edge.standins.vendors import OURS, PHONE, mail

SEND = "/v3/mail/send"
MESSAGES = f"{ACCOUNT_PATH}/Messages.json"
ODD = ["", "x", "a@b.c", "\ufffd", "1", "true", 1, True, None, [], {}, [1], {"email": "x"}, -1, 1e400]
VALUES = st.sampled_from(ODD)
MAIL = contract.load("sendgrid_mail_v3.json")
PHONES = contract.load("twilio_api_v2010.json")
SMS_FIELDS = ["To", "From", "Body", "ValidityPeriod", "SmartEncoded", "MessagingServiceSid", "ContentRetention", "X"]
SMS_VALUES = ["", PHONE, "x", "1", "yes", "true", "MG" + "0" * 32, "MG", "retain", "discard", "1.5"]


def posted(path: str, body: bytes, kind: str, scheme: str = "Bearer") -> Request:
    builder = EnvironBuilder(path, method="POST", data=body, content_type=kind)
    builder.headers["Authorization"] = f"{scheme} x"
    return Request(builder.get_environ())


def mail_request(body: dict[str, Any]) -> Request:
    return posted(SEND, json.dumps(body).encode(), contract.JSON)


def form_request(pairs: list[tuple[str, str]]) -> Request:
    path = MESSAGES.replace("{AccountSid}", ACCOUNT_SID)
    request = posted(path, urlencode(pairs).encode(), contract.FORM, "Basic")
    request.get_data()
    return request


def places(node: object) -> list[tuple[Any, Any]]:
    """Every (container, key) of a body."""
    if isinstance(node, dict):
        return [(node, key) for key in node] + [place for child in node.values() for place in places(child)]
    if isinstance(node, list):
        return [(node, index) for index in range(len(node))] + [place for child in node for place in places(child)]
    return []


@given(st.data())
def test_a_mail_gets_the_verdict_of_the_full_judge(cases: st.DataObject) -> None:
    """However a good mail was altered, and whatever was passed before it."""
    MAIL.json_objections(mail_request(mail()), SEND, mail())
    body = mail(categories=["escalation"], headers={"X-A": "b"}, send_at=1)
    for _ in range(cases.draw(st.integers(1, 2))):
        holder, key = cases.draw(st.sampled_from(places(body)))
        holder[key] = cases.draw(VALUES)

    found, unknown = MAIL.json_objections(mail_request(body), SEND, body)

    assert found == MAIL.request_objections(mail_request(body))
    assert unknown == MAIL.unknown_fields(SEND, contract.JSON, body)


@given(st.lists(st.tuples(st.sampled_from(SMS_FIELDS), st.sampled_from(SMS_VALUES)), max_size=5))
def test_a_form_gets_the_verdict_of_the_full_judge(pairs: list[tuple[str, str]]) -> None:
    """Repeated and empty fields included."""
    PHONES.form_objections(form_request([("To", PHONE), ("From", OURS), ("Body", "x")]), MESSAGES)

    found, unknown = PHONES.form_objections(form_request(pairs), MESSAGES)

    assert found == PHONES.request_objections(form_request(pairs))
    assert unknown == PHONES.unknown_fields(MESSAGES, contract.FORM, dict(pairs))


def test_a_second_body_of_a_shape_is_not_judged_again() -> None:
    """Other people and other words have the same shape; another set of fields has not."""
    first, second = mail("ada@example.com", subject="A"), mail("grace@example.com", subject="B", dispatch="d-2")
    schema = MAIL.body_schema(SEND, contract.JSON)

    one, other, longer = (shapes.of(schema, body, MAIL.resolve) for body in (first, second, mail(batch_id="b")))

    assert one == other != longer


def test_the_oldest_shape_is_forgotten_at_the_bound() -> None:
    """So that a sender of endless variety cannot fill the memory."""
    known = shapes.Known(2)
    for shape in ("a", "b", "c"):
        known.add(shape)

    assert ["a" in known, "b" in known, "c" in known] == [False, True, True]
