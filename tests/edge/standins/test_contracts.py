"""The vendors' contracts that the stand-ins judge by, and are judged by."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from escalation.standins import contract, outgoing
from escalation.standins.contracts import trim
from escalation.standins.server import Standins
from tests.edge.standins.vendors import API_KEY, OURS, PHONE, TIMEOUT, mail, text

FILES = {source.target: source for source in trim.SOURCES.values()}


def document(file: str) -> dict[str, Any]:
    found = resources.files("escalation.standins.contracts").joinpath(file).read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(found)
    return parsed


@pytest.mark.parametrize("file", FILES)
def test_a_contract_is_valid_openapi_and_names_its_source(file: str) -> None:
    """The shipped copy says which commit of which repository it was cut from, as does the page beside it."""
    shipped, source = document(file), FILES[file]
    page = resources.files("escalation.standins.contracts").joinpath("README.md").read_text(encoding="utf-8")

    validate(shipped)
    assert shipped["info"]["x-trimmed-from"]["commit"] == source.commit
    assert source.commit in page
    assert source.sha256 in page
    assert "MIT licence" in page


@pytest.mark.parametrize("file", FILES)
def test_a_contract_holds_what_is_referred_to_and_nothing_else(file: str) -> None:
    """Trimming it again changes nothing, and no component is left over."""
    shipped = document(file)
    used = set(trim.references(shipped))
    held = {(section, name) for section, parts in shipped["components"].items() for name in parts}

    assert trim.trim(shipped, FILES[file])["components"] == shipped["components"]
    assert {one for one in held if one[0] != "securitySchemes"} == used


def test_trimming_refuses_a_file_that_it_was_not_written_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with both digests; nothing is written."""
    (tmp_path / "other.json").write_text("{}")

    assert trim.main([str(tmp_path / "other.json"), "twilio"]) == 2
    assert "expected 99cae87a" in capsys.readouterr().err


def test_a_schema_keeps_its_limits_and_loses_its_prose() -> None:
    """Whatever decides a verdict survives; a property that is called `description` is not prose."""
    whole: dict[str, trim.Json] = {
        "openapi": "3.0.1",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/v3/mail/send": {
                "post": {
                    "summary": "s",
                    "responses": {"200": {"description": "ok"}, "400": {"$ref": "#/components/responses/B"}},
                }
            },
            "/other": {"get": {"$ref": "#/components/schemas/Unused"}},
        },
        "components": {
            "responses": {
                "B": {"description": "bad", "content": {"a/b": {"schema": {"$ref": "#/components/schemas/S"}}}}
            },
            "schemas": {
                "S": {
                    "type": "object",
                    "description": "prose",
                    "properties": {"description": {"type": "string", "maxLength": 3, "description": "prose", "x-y": 1}},
                },
                "Unused": {},
            },
            "securitySchemes": {"k": {"type": "http", "scheme": "basic", "description": "prose"}},
        },
    }

    cut = trim.trim(whole, trim.SOURCES["sendgrid"])

    assert cut["paths"] == {
        "/v3/mail/send": {
            "post": {"responses": {"200": {"description": "ok"}, "400": {"$ref": "#/components/responses/B"}}}
        }
    }
    assert cut["components"] == {
        "responses": {"B": {"description": "bad", "content": {"a/b": {"schema": {"$ref": "#/components/schemas/S"}}}}},
        "schemas": {"S": {"type": "object", "properties": {"description": {"type": "string", "maxLength": 3}}}},
        "securitySchemes": {"k": {"type": "http", "scheme": "basic"}},
    }


def judged(file: str, method: str, path: str, answer: outgoing.Answer) -> tuple[contract.Objection, ...]:
    """What the contract says of our answer to such a request."""
    bare, _, query = path.partition("?")
    request = Request(EnvironBuilder(path=bare, method=method, query_string=query).get_environ())
    kind = "application/json" if answer.body else None
    response = Response(answer.body, answer.status, content_type=kind)
    return contract.load(file).answer_objections(request, response)


@pytest.mark.parametrize("life", ["silent", "delivered", "undelivered"])
def test_twilio_answers_keep_the_contract(standins: Standins, twilio: Any, life: str) -> None:  # noqa: ANN401
    """Create, list and fetch of messages, at every stage of their life."""
    standins.expect("sms", life)
    sid = text(twilio).sid
    if life != "silent":
        assert standins.wait_until(lambda: twilio.messages(sid).fetch().status == life)
    _twilio_answers(standins, twilio, "Messages", sid, {"To": PHONE, "From": OURS, "Body": "x"})


@pytest.mark.parametrize("life", ["silent", "completed", "no-answer"])
def test_twilio_answers_for_calls_keep_the_contract(standins: Standins, twilio: Any, life: str) -> None:  # noqa: ANN401
    """As for messages."""
    standins.expect("voice", life)
    sid = twilio.calls.create(to=PHONE, from_=OURS, url="http://127.0.0.1:9/voice").sid
    if life != "silent":
        assert standins.wait_until(lambda: twilio.calls(sid).fetch().status == life)
    _twilio_answers(standins, twilio, "Calls", sid, {"To": PHONE, "From": OURS, "Url": "http://127.0.0.1:9/voice"})


def _twilio_answers(standins: Standins, twilio: Any, collection: str, sid: str, form: dict[str, str]) -> None:  # noqa: ANN401
    account = f"/2010-04-01/Accounts/{standins.account_sid}"
    many = f"{account}/{collection}.json"
    for method, path, fields in (
        ("POST", many, form),
        ("GET", many, None),
        ("GET", f"{many}?PageSize=1&Page=1", None),
        ("GET", f"{account}/{collection}/{sid}.json", None),
    ):
        got = twilio.request(method, f"https://api.twilio.com{path}", data=fields)
        answer = outgoing.Answer(got.status_code, got.text.encode())
        assert judged("twilio_api_v2010.json", method, path, answer) == (), (method, path)


def test_sendgrids_answers_keep_the_contract(standins: Standins) -> None:
    """Accepted and refused.

    The contract forgets that `field` and `help` may be null, as the live API sends them: nulls are left out first.
    """
    good, bad = json.dumps(mail()).encode(), b"{}"
    standins.fail("email", "error_after_accept")
    key = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
    statuses = []
    for raw, headers in ((good, key), (good, key), (bad, key), (good, {})):
        answer = outgoing.send("POST", f"{standins.base_url}/v3/mail/send", raw, headers, TIMEOUT)
        plain = json.loads(answer.body or b"{}").get("errors", [])
        plain = [{name: value for name, value in error.items() if value is not None} for error in plain]
        body = json.dumps({"errors": plain}).encode() if plain else b""
        assert judged("sendgrid_mail_v3.json", "POST", "/v3/mail/send", outgoing.Answer(answer.status, body)) == ()
        statuses.append(answer.status)

    assert statuses == [500, 202, 400, 401]


def test_the_contract_judges_answers_at_all() -> None:
    """A judge that never objects is worth nothing."""
    answer = outgoing.Answer(200, b'{"sid": "no sid"}')
    path = f"/2010-04-01/Accounts/{'AC' + '0' * 32}/Messages/{'SM' + '0' * 32}.json"

    assert [one.field for one in judged("twilio_api_v2010.json", "GET", path, answer)] == ["sid", "sid"]
