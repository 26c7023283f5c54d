"""One HTTP request without surprises: no proxy, no redirect, no retry, a socket timeout, a bounded answer."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
ANSWER_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def send(method: str, url: str, body: bytes | None, headers: Mapping[str, str], timeout: timedelta) -> Answer:
    """What the server at `url` answers; raises `OSError` or `http.client.HTTPException` when it does not.

    `timeout` bounds each socket operation.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OSError(f"{url!r} is no http(s) address")
    dial = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(dial(parts.hostname, parts.port, timeout=timeout.total_seconds())) as connection:
        connection.request(method, target, body, dict(headers))
        with connection.getresponse() as response:
            return Answer(response.status, response.read(ANSWER_BYTES_MAX))
