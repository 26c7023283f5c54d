"""The ticket system over HTTP: a status and a note, each applied once for each key, so that a retry is harmless.

urllib3 because it is there (twilio's own transport stands on it), says exactly where a request broke, and retries
nothing unless told to.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from escalation.adapters.sending import AT_HEADER, Accepted, Answered, Attempt, Broken
from escalation.adapters.settings import TicketAccount

NOTE_CHARS_MAX = 32_000
STATUS_CHARS_MAX = 100
KEY_CHARS_MAX = 190


class TicketSystem:
    """Writes to tickets. Safe to call from many threads."""

    def __init__(self, account: TicketAccount) -> None:
        self._account = account
        seconds = account.timeout.total_seconds()
        self._pool = PoolManager(maxsize=20, retries=False, timeout=Timeout(connect=seconds, read=seconds))

    def write(self, ticket: str, status: str, note: str, key: str, at: datetime) -> Attempt:
        """Set the status, then add the note. `Accepted` when the system has both; it carries the key."""
        place = f"{self._account.base_url}/tickets/{quote(ticket, safe='')}"
        short_key = key[:KEY_CHARS_MAX]
        first = self._send("PUT", place, {"status": status[:STATUS_CHARS_MAX], "key": f"{short_key}/status"}, at)
        if not isinstance(first, Accepted):
            return first
        return self._send("POST", f"{place}/notes", {"text": note[:NOTE_CHARS_MAX], "key": f"{short_key}/note"}, at)

    def _send(self, method: str, url: str, body: Mapping[str, str], at: datetime) -> Attempt:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._account.standin:
            headers[AT_HEADER] = at.astimezone(UTC).isoformat()
        try:
            answer = self._pool.request(method, url, body=json.dumps(body).encode(), headers=headers, redirect=False)
        except (NewConnectionError, ConnectTimeoutError, SSLError) as error:
            return Broken("tickets", posted=False, why=type(error).__name__)
        except (HTTPError, OSError) as error:
            return Broken("tickets", posted=True, why=type(error).__name__)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return Accepted(body["key"])
        return Answered("tickets", answer.status, f"http_{answer.status}")
