"""The stand-ins as a server: `with Standins() as standins:`, or `python -m escalation.standins` on its own."""

import logging
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from werkzeug.serving import WSGIRequestHandler, make_server

from escalation.standins.app import App
from escalation.standins.board import ACCOUNT_SID, AUTH_TOKEN, Board

HOST = "127.0.0.1"
BACKLOG = 128
IDLE_SECONDS = 60.0
"""How long a connection may keep a thread without sending or taking a byte."""

STOP_POLL_SECONDS = 0.05
"""How often the server looks whether it should stop."""

LOG = logging.getLogger(__name__)


class Standins(Board):
    """Local SendGrid, Twilio and ticket system on one port of the loopback, served from daemon threads while entered.

    Another `host` is for containers, whose network ends at their own machine.
    `store` is a SQLite file that outlives the process (None: memory); a fresh instance on the same file goes on where
    the last one stopped, except for faults, settings, and callbacks that were not yet due. `port=0` takes a free one.
    Raises `OSError` when the port is taken and `sqlite3.Error` when the store is no store.
    """

    def __init__(  # noqa: PLR0913 - one name per setting; all are optional
        self,
        port: int = 0,
        store: Path | str | None = None,
        *,
        host: str = HOST,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        inbound_url: str | None = None,
        public_url: str | None = None,
        deliver_to: str | None = None,
        events_url: str | None = None,
        parse_url: str | None = None,
        slack_url: str | None = None,
    ) -> None:
        with socket.create_server((host, port), backlog=BACKLOG) as listener:
            super().__init__(
                store,
                account_sid=account_sid,
                auth_token=auth_token,
                inbound_url=inbound_url,
                public_url=public_url,
                deliver_to=deliver_to,
                events_url=events_url,
                parse_url=parse_url,
                slack_url=slack_url,
            )
            self.port: int = listener.getsockname()[1]
            # Given a port that is taken, werkzeug would end the whole program; given a socket, it cannot fail.
            fd = listener.fileno()
            self._server = make_server(host, self.port, App(self), threaded=True, request_handler=_Handler, fd=fd)
        self.base_url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_SECONDS,), name="standins", daemon=True
        )

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port, let go of hanging requests, stop callbacks, close the store. May be called once."""
        self.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Handler(WSGIRequestHandler):
    timeout = IDLE_SECONDS

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:  # noqa: ARG002 - werkzeug's
        """Close without an answer; werkzeug would otherwise wait for the next request on the connection."""
        self.close_connection = True

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002, ARG002 - werkzeug's own signature
        LOG.debug(message, *args)
