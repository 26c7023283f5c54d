"""The keys that the stand-in for SendGrid signs with. They are derived from small numbers and guard nothing.

Event webhooks and parsed mail are signed alike: ECDSA on P-256 with SHA-256 over the timestamp and the raw body, as
SendGrid's signed event webhook has it; the public key is shown as the base64 of its DER form, as on the vendor's page.
"""

import base64
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from escalation.standins.faults import within

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
NUMBER_MAX = 1_000


@cache
def _private(number: int) -> ec.EllipticCurvePrivateKey:
    within("the number of a key", number, 1, NUMBER_MAX)
    return ec.derive_private_key(number + 2**64, ec.SECP256R1())


def public_key(number: int = 1) -> str:
    """The public key with that number, for the receiver's settings; raises `ValueError` for a number out of bounds."""
    return base64.b64encode(
        _private(number).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


def signed(body: bytes, timestamp: str, number: int = 1) -> dict[str, str]:
    """The two headers that vouch for `body` at `timestamp` (seconds since 1970)."""
    signature = _private(number).sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: timestamp}
