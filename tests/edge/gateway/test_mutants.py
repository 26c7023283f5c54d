"""Nobody can change a callback: of 20,000 that were tampered with none is taken, and none is an error."""

import random
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from twilio.request_validator import RequestValidator

from tests.edge.gateway.door import Door, sid
from tests.edge.gateway.mutants import PUBLIC, TEXT, TOKEN, Callback, forged, mutant, originals, taken

COUNT = 20_000
AT_THE_DOOR = 300


SM1, CA1, SM3 = sid("SM1"), sid("CA1"), sid("SM3")


def called(original: Callback) -> str:
    """The address that is signed."""
    return PUBLIC + original.path + (f"?{original.query}" if original.query else "")


def moved_text(**over: str) -> str:
    """The text with those fields, and without any whose name and value stand in one of them now."""
    held = "".join(name + value for name, value in over.items())
    kept = {name: value for name, value in TEXT.items() if name not in over and name + value not in held}
    return urlencode({**kept, **over})


def test_what_the_vendors_send_is_taken() -> None:
    """Else nothing below would prove anything."""
    assert all(taken(original) for original in originals())


def test_no_tampered_callback_is_taken() -> None:
    """Both vendors', up to four edits each; the same bytes every time, so that a finding can be looked at."""
    real = originals()
    found = [callback for number in range(COUNT) if (callback := forged(number, real)) is not None]

    assert found == []


def test_the_mutants_are_really_changed() -> None:
    """Nearly all of them are refused, and not one in a hundred is taken for what it was."""
    real = originals()
    refused = sum(not taken(mutant(real[number % len(real)], random.Random(number))) for number in range(2_000))

    assert refused > 1_900


@pytest.mark.parametrize(
    ("number", "body"),
    [
        (0, f"MessageSid={SM1}&MessageStatus=undelivered&ErrorCode3=0005&To=%2B4917012345"),
        (0, f"MessageSid={SM1}&MessageStatus=undelivered&Error=Code30005&To=%2B4917012345"),
        (0, f"ErrorCode=30005MessageSid{SM1}&MessageStatus=undelivered&To=%2B4917012345"),
        (0, f"ErrorCode=30005&MessageSid={SM1}&MessageStatus=undeliveredTo%2B4917012345"),
        (2, f"CallSid={CA1}&CallStatus=completed&Seque=nceNu&mber=3TimestampSun%2C+1+Mar"),
        (3, moved_text(MessageSid=SM3 + "NumMedia0")),
        (3, moved_text(MessageSid=SM3 + "NumMedia0NumSegments1")),
        (3, moved_text(Body="ack 10From+12025550100")),
    ],
)
def test_a_boundary_that_wandered_is_seen(number: int, body: str) -> None:
    """Twilio signs names and values without a boundary: each of these bears the signature of the original."""
    original = originals()[number]
    form = dict(parse_qsl(body, keep_blank_values=True))
    signature = RequestValidator(TOKEN).compute_signature(called(original), form)

    assert signature == original.signature
    assert taken(original)
    assert not taken(replace(original, body=body.encode()))


@pytest.mark.parametrize("original", originals(), ids=lambda one: f"{one.path} {one.query}")
def test_a_tampered_callback_at_the_door_is_forbidden(door: Door, original: Callback) -> None:
    """Through the whole app, headers of any kind included: 403, and never an error of ours."""
    chance = random.Random(original.body)
    answers = set()
    for _ in range(AT_THE_DOOR // 4):
        tampered = _on_the_wire(mutant(original, chance))
        if taken(tampered):
            continue
        path = f"{original.path}?{quote(tampered.query, safe='=&')}" if original.vendor == "twilio" else original.path
        answers.add(
            door.http.post(path, content=tampered.body, headers=_headers(tampered)).status_code  # type: ignore[arg-type]  # bytes are fine on the wire
        )

    assert answers == {403}


def _on_the_wire(callback: Callback) -> Callback:
    """No server hands on a line end inside a header."""
    kept = str.maketrans("", "", "\r\n\0")
    return replace(callback, signature=callback.signature.translate(kept), timestamp=callback.timestamp.translate(kept))


def _headers(callback: Callback) -> Mapping[str, bytes]:
    names = (
        {"X-Twilio-Signature": callback.signature}
        if callback.vendor == "twilio"
        else {
            "X-Twilio-Email-Event-Webhook-Signature": callback.signature,
            "X-Twilio-Email-Event-Webhook-Timestamp": callback.timestamp,
        }
    )
    return {name: value.encode() for name, value in names.items()}
