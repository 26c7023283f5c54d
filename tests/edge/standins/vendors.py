"""The real vendor clients, pointed at the stand-ins, and a receiver for what the stand-ins post back."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from sendgrid import SendGridAPIClient
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from escalation.standins.board import ACCOUNT_SID, AUTH_TOKEN
from escalation.standins.remote import RemoteStandins
from escalation.standins.server import Standins

API_KEY = "SG.anything"
PHONE = "+14155550100"
OURS = "+14155550199"
TIMEOUT_SECONDS = 5.0
TIMEOUT = timedelta(seconds=TIMEOUT_SECONDS)


class _Rewritten(TwilioHttpClient):  # type: ignore[misc]  # twilio ships no types
    """Sends every request to `base` instead of to Twilio's host."""

    def __init__(self, base: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._base = urlsplit(base)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the vendor's signature
        asked = urlsplit(url)
        here = urlunsplit((self._base.scheme, self._base.netloc, asked.path, asked.query, ""))
        return super().request(method, here, *args, **kwargs)


def twilio_at(
    standins: Standins | RemoteStandins,
    *,
    timeout: float = TIMEOUT_SECONDS,
    token: str | None = None,
    account: str = ACCOUNT_SID,
) -> Any:  # noqa: ANN401
    """The real Twilio client with the stand-ins' account."""
    http = _Rewritten(standins.base_url, timeout)
    return Client(account, token or AUTH_TOKEN, http_client=http)


def sendgrid_at(standins: Standins, *, timeout: float = TIMEOUT_SECONDS) -> Any:  # noqa: ANN401 - no types
    """The real SendGrid client."""
    client = SendGridAPIClient(API_KEY, host=standins.base_url)
    client.client.timeout = timeout
    return client


def mail(to: str = "ada@example.com", *, dispatch: str = "d-1", **fields: object) -> dict[str, Any]:
    """A body that SendGrid accepts."""
    return {
        "personalizations": [{"to": [{"email": to, "name": "Ada"}], "custom_args": {"esc_dispatch": dispatch}}],
        "from": {"email": "support@example.com", "name": "Support"},
        "subject": "[E42] SEV1: checkout is down",
        "content": [{"type": "text/plain", "value": "Down."}, {"type": "text/html", "value": "<p>Down.</p>"}],
        **fields,
    }


def text(client: Any, *, to: str = PHONE, dispatch: str = "d-1", **fields: object) -> Any:  # noqa: ANN401 - no types
    """Send an SMS through the real client."""
    callback = f"http://127.0.0.1:9/twilio/status?d={dispatch}"
    body = {"from_": OURS, "body": "[E42.1] SEV1: checkout is down", "status_callback": callback, **fields}
    return client.messages.create(to=to, **body)


def refusal(act: Any) -> tuple[int, int]:  # noqa: ANN401 - any call on the client
    """(HTTP status, Twilio code) that the call is refused with."""
    try:
        act()
    except TwilioRestException as error:
        return error.status, error.code
    except TwilioException as error:  # a refused list: the vendor's client raises this plain kind, with the response
        _, response = error.args
        body = json.loads(response.text)
        return response.status_code, body["code"]
    raise AssertionError("the call was not refused")


@dataclass
class Received:
    """A request that the stand-ins posted."""

    path: str
    form: dict[str, str]
    signature: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Receiver:
    """A real HTTP server on loopback that remembers what is posted to it; `answers` are bodies by path."""

    base_url: str = ""
    got: list[Received] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    status: int = 204
    answers: dict[str, str] = field(default_factory=dict)

    def at(self, path: str) -> list[Received]:
        """What was posted to that path."""
        with self.arrived:
            return [one for one in self.got if one.path.partition("?")[0] == path]

    def wait_at(self, path: str, count: int = 1, seconds: float = 10) -> list[Received]:
        """As `wait_for`, for one path."""
        with self.arrived:
            met = self.arrived.wait_for(lambda: len(self.at(path)) >= count, seconds)
            assert met, f"only {self.at(path)}"
        return self.at(path)

    def wait_for(self, count: int, seconds: float = 10) -> list[Received]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.got) >= count, seconds), f"only {self.got}"
            return list(self.got)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Listen on a free port until the block ends."""
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
            signature = self.headers.get("X-Twilio-Signature", "")
            said = here.answers.get(self.path.partition("?")[0])
            with here.arrived:
                here.got.append(Received(self.path, form, signature, body, dict(self.headers)))
                here.arrived.notify_all()
            self.send_response(here.status if said is None else 200)
            self.end_headers()
            self.wfile.write((said or "").encode())

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
