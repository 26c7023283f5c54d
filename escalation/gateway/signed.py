"""The vendors' requests to us: bounded, signed, and read exactly once.

Twilio's signature covers the URL as Twilio called it, so it is checked on the configured public URL and never on what
the request says about itself. SendGrid's covers an instant and the raw bytes of the body. Both are checked before
anything is parsed for its meaning, and against every key that is accepted at the time: while a key is being replaced,
the old and the new one are good. The algorithms are pinned; a header that names another one is not believed.
"""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from fastapi import HTTPException, Request, status
from twilio.request_validator import HMAC_SHA1, RequestValidator

BODY_BYTES_MAX = 64 * 1024
BODY_WITHIN = timedelta(seconds=30)
"""How long a body may take: nobody who is not the vendor may keep a connection open by sending a byte now and then."""
FIELDS_MAX = 200
SIGNATURE = "X-Twilio-Signature"

MAIL_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
MAIL_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
EVENTS_BYTES_MAX = 2 * 1024 * 1024
"""SendGrid ends a batch at 768 KB."""
EVENTS_MAX = 5_000
EVENTS_AGE_MAX = timedelta(hours=25)
"""SendGrid brings a batch that was not taken again for 24 hours, and may do so under its first signature."""
EVENTS_AHEAD_MAX = timedelta(minutes=5)
"""How far its clock may be ahead of ours."""
SIGNATURE_CHARS_MAX = 200
SECONDS_DIGITS = 10


_AS_WRITTEN = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*")


class Form(Mapping[str, str]):
    """A form's fields; a name that came several times reads as its first value."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> str:
        return self._values[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def getlist(self, name: str) -> list[str]:
        """Every value of that name; Twilio's validator asks by this method."""
        return self._values[name]


class Signatures:
    """Reads what Twilio signed with any of the tokens, and nothing else."""

    def __init__(self, public_url: str, tokens: Sequence[str]) -> None:
        if not tokens or not all(tokens):
            raise ValueError("signatures need at least one token, and none may be empty")
        self._public_url = public_url
        self._validators = [RequestValidator(token) for token in tokens]

    async def form(self, request: Request) -> Form:
        """The signed form. Answers 413 beyond `BODY_BYTES_MAX`, and 403 for whatever is not Twilio's, never 500."""
        body = await bounded(request, BODY_BYTES_MAX)
        form = self.read(*called(request), body, request.headers.get(SIGNATURE))
        if form is None:
            raise forbidden()
        return form

    def read(self, path: str, query: str, body: bytes, signature: str | None) -> Form | None:
        """The form, when that signature is one of ours for this address and these bytes; else None. Never raises."""
        if not signature or not signature.isascii():
            return None  # the validator would crash
        if not _AS_WRITTEN.fullmatch(path) or not _AS_WRITTEN.fullmatch(query):
            return None  # a fragment would not be signed, and what cannot stand in an address was not called
        try:
            text = body.decode()
            pairs = parse_qsl(
                text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=FIELDS_MAX
            )
            url = self._public_url + path + (f"?{query}" if query else "")
            form = Form(pairs)
            # All of them are asked, so that the time it takes says nothing about which one is right.
            signed = [validator.validate(url, form, signature, HMAC_SHA1) for validator in self._validators]
        except (ValueError, TypeError):  # broken text, too many fields, an impossible port, half a character
            return None
        return form if any(signed) else None


class MailSignatures:
    """Reads what SendGrid signed with any of the keys, and nothing else. Without a key nothing is believed."""

    def __init__(self, keys: Sequence[str], now: Callable[[], datetime]) -> None:
        """`keys` as SendGrid shows them: base64 of DER. `ValueError`, naming no key, for one that is none."""
        self._keys = [_public_key(key, number) for number, key in enumerate(keys, start=1)]
        self._now = now

    async def body(self, request: Request, bytes_max: int = EVENTS_BYTES_MAX) -> bytes:
        """The signed bytes. Answers 413 beyond `bytes_max`, and 403 for whatever is not SendGrid's, never 500."""
        body = await bounded(request, bytes_max)
        if not self.signed(body, request.headers.get(MAIL_SIGNATURE), request.headers.get(MAIL_TIMESTAMP)):
            raise forbidden()
        return body

    async def events(self, request: Request) -> list[Mapping[str, object]]:
        """The events of a signed batch."""
        found = read_events(await self.body(request))
        if found is None:
            raise forbidden()
        return found

    def signed(self, body: bytes, signature: str | None, timestamp: str | None) -> bool:
        """Whether one of the keys has signed these bytes at that instant, not too long ago. Never raises."""
        made = _instant(timestamp)
        if made is None or timestamp is None or not signature or len(signature) > SIGNATURE_CHARS_MAX:
            return False
        if not -EVENTS_AHEAD_MAX <= self._now() - made <= EVENTS_AGE_MAX:
            return False
        try:
            proof = base64.b64decode(signature, validate=True)
        except (ValueError, binascii.Error):
            return False
        return any(_vouches(key, proof, timestamp.encode() + body) for key in self._keys)


def read_events(body: bytes) -> list[Mapping[str, object]] | None:
    """The events of a batch; None for anything but a JSON array of at most `EVENTS_MAX` objects. Never raises."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or len(found) > EVENTS_MAX or not all(isinstance(one, dict) for one in found):
        return None
    return found


def moved(form: Form, names: Iterable[str]) -> bool:
    """Whether a boundary was moved so that a field is gone that we read: "ErrorCode=30005" made "ErrorCode3=0005".

    Twilio signs names and values, sorted, without anything between them, so such a form bears the same signature; the
    name that is gone still stands somewhere in what was signed. (Found by tests/edge/gateway/mutants.py.)
    """
    together = "".join(name + "".join(form.getlist(name)) for name in sorted(form))
    return any(name in together for name in names if name not in form)


def forbidden() -> HTTPException:
    """What everybody is told who is not the vendor: nothing about why."""
    return HTTPException(status.HTTP_403_FORBIDDEN)


def called(request: Request) -> tuple[str, str]:
    """Path and query as they were written. The Host header plays no part: it may be anything, and may not parse."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope.get("query_string", b"")
    return path.split(b"?")[0].decode("latin-1"), query.decode("latin-1")


async def bounded(request: Request, bytes_max: int, within: timedelta = BODY_WITHIN) -> bytes:
    """The body; 413 as soon as it is longer, and 408 when it is not there in time."""
    body = bytearray()
    try:
        async with asyncio.timeout(within.total_seconds()):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise HTTPException(status.HTTP_413_CONTENT_TOO_LARGE)
    except TimeoutError:
        raise HTTPException(status.HTTP_408_REQUEST_TIMEOUT) from None
    return bytes(body)


def _public_key(text: str, number: int) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError(f"webhook key {number} is no public key of SendGrid; copy it from its page as it is")  # noqa: TRY004  # one kind of error for every bad key
    return key


def _instant(timestamp: str | None) -> datetime | None:
    """Seconds since 1970, in exactly ten digits: no sign, no space, nothing that could belong to the body."""
    if timestamp is None or len(timestamp) != SECONDS_DIGITS or not (timestamp.isascii() and timestamp.isdigit()):
        return None
    return datetime.fromtimestamp(int(timestamp), UTC)


def _vouches(key: ec.EllipticCurvePublicKey, proof: bytes, signed: bytes) -> bool:
    try:
        key.verify(proof, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
