"""Twilio's requests to us: bounded, signed, and read exactly once.

The signature covers the URL as Twilio called it, so it is checked on the configured public URL and never on what the
request says about itself. The algorithm is pinned; a header that names another one is not believed.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request, status
from twilio.request_validator import HMAC_SHA1, RequestValidator

BODY_BYTES_MAX = 64 * 1024
FIELDS_MAX = 200
SIGNATURE = "X-Twilio-Signature"


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
    """Reads what Twilio signed, and nothing else."""

    def __init__(self, public_url: str, token: str) -> None:
        self._public_url = public_url
        self._validator = RequestValidator(token)

    async def form(self, request: Request) -> Form:
        """The signed form. Answers 413 beyond `BODY_BYTES_MAX`, and 403 for whatever is not Twilio's, never 500."""
        body = await _bounded(request)
        try:
            text = body.decode()
            pairs = parse_qsl(
                text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=FIELDS_MAX
            )
        except ValueError:
            raise forbidden() from None
        form = Form(pairs)
        query = request.url.query
        url = self._public_url + request.url.path + (f"?{query}" if query else "")
        if not self._signed(url, form, request.headers.get(SIGNATURE)):
            raise forbidden()
        return form

    def _signed(self, url: str, form: Form, signature: str | None) -> bool:
        if not signature:
            return False  # the validator would crash
        try:
            return bool(self._validator.validate(url, form, signature, HMAC_SHA1))
        except (ValueError, TypeError):  # a URL with an impossible port, half a character
            return False


def forbidden() -> HTTPException:
    """What everybody is told who is not Twilio: nothing about why."""
    return HTTPException(status.HTTP_403_FORBIDDEN)


async def _bounded(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise HTTPException(status.HTTP_413_CONTENT_TOO_LARGE)
    return bytes(body)
