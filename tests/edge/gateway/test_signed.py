"""Only Twilio is heard: everything else is 403 or 413, and never an error of ours."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest
from fastapi import HTTPException, Request
from starlette.types import Message

from escalation.adapters.inbox import Inbox
from escalation.adapters.sending import Reader
from escalation.adapters.settings import SettingsError, read_settings
from escalation.gateway.app import create_app
from escalation.gateway.mail import READ_WITHIN
from escalation.gateway.signed import BODY_BYTES_MAX, BODY_WITHIN, FIELDS_MAX, bounded
from tests.edge.gateway.door import PUBLIC, Door, sid

FORM = {"MessageSid": sid("SM1"), "From": "+12025550100", "Body": "ack 10"}
PATHS = ["/twilio/sms", "/twilio/status?d=x"]


def test_the_signature_covers_the_public_address(door: Door) -> None:
    """Not the one that the request came by, which anybody may choose."""
    assert door.post("/twilio/sms", FORM).status_code != 403
    assert door.post("/twilio/sms", FORM, signed_for="http://testserver/twilio/sms").status_code == 403


def test_the_signature_covers_the_query(door: Door) -> None:
    """A receipt of one dispatch cannot be turned into another's."""
    form = {"MessageSid": sid("SM1"), "MessageStatus": "failed"}

    assert door.post("/twilio/status?d=mine", form).status_code == 204
    assert door.post("/twilio/status?d=yours", form, signed_for=f"{PUBLIC}/twilio/status?d=mine").status_code == 403


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"MessageSid=SM1", {}),
        (b"MessageSid=SM1", {"X-Twilio-Signature": ""}),
        (b"MessageSid=SM1", {"X-Twilio-Signature": "Zm9yZ2Vk"}),
        (b"MessageSid=SM1", {"X-Twilio-Signature": "\u00e9\u00e8"}),
        (b"", {"X-Twilio-Signature": "Zm9yZ2Vk"}),
        (b"\xff\xfe\x00", {"X-Twilio-Signature": "Zm9yZ2Vk"}),
        (b"Body=%ff%fe", {"X-Twilio-Signature": "Zm9yZ2Vk"}),
        (b"no form at all", {"X-Twilio-Signature": "Zm9yZ2Vk"}),
        (b'{"MessageSid": "SM1"}', {"X-Twilio-Signature": "Zm9yZ2Vk", "Content-Type": "application/json"}),
        (b"&".join(b"a=1" for _ in range(FIELDS_MAX + 1)), {"X-Twilio-Signature": "Zm9yZ2Vk"}),
    ],
    ids=["none", "empty", "forged", "letters", "no body", "bytes", "broken text", "words", "json", "fields"],
)
def test_whatever_is_not_twilios_is_forbidden(door: Door, path: str, body: bytes, headers: Mapping[str, str]) -> None:
    """And hears no reason."""
    answered = door.http.post(path, content=body, headers={k: v.encode("latin-1") for k, v in headers.items()})  # type: ignore[arg-type]  # bytes are fine on the wire

    assert answered.status_code == 403


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/twilio/sms", {"From": "+12025550100", "Body": "ack"}),
        ("/twilio/sms", {"MessageSid": sid("SM1"), "Body": "ack"}),
        ("/twilio/sms", {"MessageSid": "S" * 201, "From": "+12025550100"}),
        ("/twilio/sms", {"MessageSid": sid("SM1") + "NumMedia0", "From": "+12025550100", "Body": "ack"}),
        ("/twilio/sms", {"MessageSid": sid("SM1"), "From": "+12025550100", "SmsStatus": "receivedBodyack"}),
        ("/twilio/status", {"MessageSid": sid("SM1"), "MessageStatus": "sent"}),
        ("/twilio/status?d=x", {"MessageStatus": "sent"}),
        ("/twilio/status?d=x", {"MessageSid": sid("SM1")}),
        ("/twilio/status?d=x", {"MessageSid": sid("SM1"), "MessageStatus": "s" * 201}),
    ],
)
def test_a_signed_form_that_says_nothing_is_forbidden(door: Door, path: str, form: Mapping[str, str]) -> None:
    """Twilio always names the message and its status."""
    assert door.post(path, form).status_code == 403


@pytest.mark.parametrize(("size", "status"), [(BODY_BYTES_MAX, 200), (BODY_BYTES_MAX + 1, 413)])
def test_a_body_has_a_bound(door: Door, size: int, status: int) -> None:
    """The largest that is read, and one byte more."""
    door.opened("ESC-1", "amira", code=10)
    rest = size - len(f"MessageSid={sid('SM1')}&From=%2B12025550100&Body=")

    answered = door.post("/twilio/sms", {"MessageSid": sid("SM1"), "From": "+12025550100", "Body": "x" * rest})

    assert answered.status_code == status


async def test_a_body_that_does_not_end_is_given_up() -> None:
    """Whoever sends a byte now and then would keep a connection, and its memory, for ever: nothing is signed yet."""
    parts = iter([{"type": "http.request", "body": b"x", "more_body": True}] * 3)

    async def receive() -> Message:
        if (part := next(parts, None)) is None:
            await asyncio.Event().wait()
        return part or {}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(HTTPException) as refused:
        await asyncio.wait_for(bounded(request, 10, timedelta(milliseconds=20)), 5)

    assert refused.value.status_code == 408


def test_a_mail_is_given_up_before_any_body_is() -> None:
    """So that it is answered 503, and comes again: what is answered 408 SendGrid forgets."""
    assert READ_WITHIN < BODY_WITHIN


def test_health_is_open(door: Door) -> None:
    """For whoever watches the process; nothing else is published."""
    assert door.http.get("/health").json() == {"status": "ok"}
    assert [door.http.get(path).status_code for path in ("/", "/docs", "/openapi.json")] == [404, 404, 404]


def test_without_a_public_address_there_is_no_door(door: Door) -> None:
    """What is not known cannot be verified."""
    with pytest.raises(SettingsError, match="ESCALATION_PUBLIC_URL is not set"):
        create_app(
            read_settings(), inbox=Inbox(door.store), told=NobodyWasTold(), directory=NoDirectory(), client=door.client
        )


def test_production_needs_the_vendors_token(door: Door) -> None:
    """The stand-in's is no secret."""
    settings = read_settings(
        environment="production",
        signing_key="s" * 32,
        commitment_key="c" * 32,
        public_url="https://door.example",
        directory_file="people.yaml",
    )

    with pytest.raises(SettingsError, match="ESCALATION_TWILIO_AUTH_TOKEN is not set"):
        create_app(settings, inbox=Inbox(door.store), told=NobodyWasTold(), directory=NoDirectory(), client=door.client)


class NobodyWasTold:
    def open_for(self, contact: str, *, asked: bool = False) -> tuple[()]:
        return ()

    def all_meant(self, message_id: str, codes: object, at: object) -> tuple[()]:
        return ()

    def meant(self, message_id: str, code: object, at: object) -> bool:
        return False

    def turned(self, message_id: str, contact: str, at: object, *, off: bool) -> bool:
        return False

    def page_of(self, contact: str, reference: str, episode: str) -> None:
        return None

    def sent(self, dispatch: str) -> None:
        return None

    def script(self, dispatch: str, call: str) -> None:
        return None

    def title(self, reference: str, episode: str) -> None:
        return None


class NoDirectory:
    def contact_of_phone(self, number: str) -> None:
        return None

    def contact_of_chat(self, member: str) -> None:
        return None

    def address(self, contact: str, channel: object, at: object = None) -> None:
        return None

    def reader(self, contact: str, at: object) -> Reader:
        return Reader()

    def name(self, contact: str) -> None:
        return None
