"""The system that knows accounts: one for each customer, as somebody puts it there; gone with the process.

Whoever asks must show a bearer token, any at all: a request that forgets it in production would not be noticed here.
"""

import json
import threading
from http import HTTPStatus

from werkzeug.wrappers import Request, Response

ACCOUNTS_MAX = 1000
CUSTOMER_CHARS_MAX = 64
_SCHEME = "Bearer "


class AccountApi:
    """Answers `GET /accounts/CUSTOMER`; `/control/accounts/CUSTOMER` puts an account there, or takes it away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accounts: dict[str, object] = {}

    def show(self, request: Request, customer: str) -> Response:
        """The account, as it was put there."""
        if not request.headers.get("Authorization", "").removeprefix(_SCHEME).strip():
            return _json(HTTPStatus.UNAUTHORIZED, {"error": "a bearer token is missing"})
        with self._lock:
            found = self._accounts.get(customer)
        if found is None:
            return _json(HTTPStatus.NOT_FOUND, {"error": f"no account {customer!r}"})
        return _json(HTTPStatus.OK, found)

    def put(self, request: Request, customer: str) -> Response:
        """Keep the JSON object of the body; what is in it is for whoever asks to judge."""
        try:
            account = json.loads(request.get_data())
        except ValueError:
            account = None
        if not isinstance(account, dict):
            return _json(HTTPStatus.BAD_REQUEST, {"error": "the body must be a JSON object: the account"})
        with self._lock:
            if len(self._accounts) >= ACCOUNTS_MAX and customer not in self._accounts:
                return _json(HTTPStatus.INSUFFICIENT_STORAGE, {"error": f"at most {ACCOUNTS_MAX} accounts are kept"})
            self._accounts[customer] = account
        return _json(HTTPStatus.OK, account)

    def remove(self, _request: Request, customer: str) -> Response:
        """Forget it; nothing happens when there is none."""
        with self._lock:
            self._accounts.pop(customer, None)
        return _json(HTTPStatus.OK, {})


def _json(status: HTTPStatus, body: object) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
