"""The vendors' own examples of signatures pass, nothing beside them does, and a key is replaced without a gap."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from escalation.gateway.signed import MailSignatures, Signatures
from escalation.standins.keys import public_key, signed

# Twilio's page on securing requests.
TWILIO_URL, TWILIO_TOKEN = "https://mycompany.com", "12345"
TWILIO_FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
TWILIO_SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="

# The test of SendGrid's own packages.
SENDGRID_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpV"
    "KS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
SENDGRID_SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
SENDGRID_TIMESTAMP = "1600112502"
SENDGRID_EVENTS = [
    {
        "email": "hello@world.com",
        "event": "dropped",
        "reason": "Bounced Address",
        "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
        "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
        "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
        "timestamp": 1600112492,
    }
]
SENDGRID_BODY = (json.dumps(SENDGRID_EVENTS, sort_keys=True, separators=(",", ":")) + "\r\n").encode()
THEN = datetime.fromtimestamp(1600112502, UTC)


def form_read(*tokens: str, body: bytes | None = None, signature: str = TWILIO_SIGNATURE) -> bool:
    given = urlencode(TWILIO_FORM).encode() if body is None else body
    found = Signatures(TWILIO_URL, tokens).read("/myapp.php", "foo=1&bar=2", given, signature)
    return found is not None and dict(found) == TWILIO_FORM


def mail_signed(*keys: str, body: bytes = SENDGRID_BODY, timestamp: str = SENDGRID_TIMESTAMP) -> bool:
    return MailSignatures(keys, lambda: THEN).signed(body, SENDGRID_SIGNATURE, timestamp)


def test_twilios_example_is_read() -> None:
    """With its token, and with no other one."""
    assert form_read(TWILIO_TOKEN)
    assert not form_read("12346")
    assert not form_read(TWILIO_TOKEN, body=urlencode(TWILIO_FORM | {"Digits": "1235"}).encode())


def test_sendgrids_example_is_read() -> None:
    """To the byte: its line end is signed with it, and so is the instant."""
    assert mail_signed(SENDGRID_KEY)
    assert not mail_signed(public_key())
    assert not mail_signed(SENDGRID_KEY, body=SENDGRID_BODY.strip())
    assert not mail_signed(SENDGRID_KEY, timestamp="1600112503")


def test_a_token_is_replaced_without_a_gap() -> None:
    """While both are configured both are good; when the old one is gone it is worth nothing."""
    assert form_read("new", TWILIO_TOKEN)
    assert form_read(TWILIO_TOKEN, "new")
    assert not form_read("new", "newer")


def test_a_key_is_replaced_without_a_gap() -> None:
    """As for tokens."""
    assert mail_signed(public_key(2), SENDGRID_KEY)
    assert not mail_signed(public_key(2), public_key(3))


def test_without_a_key_no_mail_is_believed() -> None:
    """An account that does not sign its events is asked instead."""
    assert not mail_signed()


def test_signatures_without_a_token_are_refused() -> None:
    """An empty one would be a key that everybody knows."""
    for tokens in ((), ("",), ("good", "")):
        with pytest.raises(ValueError, match="none may be empty"):
            Signatures(TWILIO_URL, tokens)


@pytest.mark.parametrize("key", ["", "no base64!", "AAAA", "a" * 4000])
def test_a_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    """By its place in the list."""
    with pytest.raises(ValueError, match="webhook key 2 is no public key") as refused:
        MailSignatures([SENDGRID_KEY, key], lambda: THEN)

    assert len(str(refused.value)) < 120


@pytest.mark.parametrize(
    "timestamp", [None, "", "0", "-600112502", "+600112502", "16001125020", "160011250 ", "1600112502.0", "١٦٠٠١١٢٥٠٢"]
)
def test_an_instant_is_ten_digits(timestamp: str | None) -> None:
    """Whatever else is refused before anything is computed; no digit can wander between it and the body."""
    verifier = MailSignatures([public_key()], lambda: datetime.now(UTC))
    headers = signed(b"[]", timestamp or "")

    assert not verifier.signed(b"[]", headers["X-Twilio-Email-Event-Webhook-Signature"], timestamp)


def test_a_signature_of_any_other_shape_is_none() -> None:
    """Too long, not base64, no pair of numbers."""
    verifier = MailSignatures([SENDGRID_KEY], lambda: THEN + timedelta(minutes=1))
    for signature in (None, "", "A" * 201, "é", SENDGRID_SIGNATURE + "\n", "AAAA", SENDGRID_SIGNATURE[:-4]):
        assert not verifier.signed(SENDGRID_BODY, signature, SENDGRID_TIMESTAMP)
