"""Engine, stand-ins and worker as processes of their own, so that the worker can be killed and the others remember."""

import asyncio
import os
import signal
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from contextlib import AsyncExitStack, closing, suppress
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from temporalio.client import Client

from escalation.adapters.failpoints import Point
from escalation.standins.engine import Engine, free_port
from escalation.standins.remote import RemoteStandins
from tests.bench import agreements

ROOT = Path(__file__).parents[2]
START_PATIENCE = timedelta(seconds=60)
STOP_PATIENCE = timedelta(seconds=20)
EXIT_PAUSE_SECONDS = 0.1
"""The engine's SDK crashes an interpreter that exits within milliseconds of a server's shutdown."""
LAG = timedelta(milliseconds=300)  # of a provider's own list behind what it accepted

# Every wait that a kill can cost, shorter than the agreement's windows. The settle window must outlast the lag.
SETTINGS = {
    "HTTP_TIMEOUT": "1",
    "SEND_TIMEOUT": "5",
    "INTENT_FRESHNESS": "1",
    "SETTLE_SMS": "2.5",
    "SETTLE_VOICE": "2.5",
    "SETTLE_EMAIL": "2.5",
    "STICKY_TIMEOUT": "1",
    # Nobody listens there: what counts is that the vendor is told each dispatch's name, so that the oracle knows it.
    "PUBLIC_URL": "http://127.0.0.1:9",
}
# The engine's setting for workflow tasks, as JSON. A task that dies with several workers in a row is held back by the
# engine for longer and longer, so a worker must be given the time to replay what it finds: see `progresses`.
TASK_TIMEOUT = '"3s"'
POLL = timedelta(milliseconds=100)


class Site:
    """An async context manager; the worker runs only between `start_worker` and its death."""

    def __init__(self, folder: Path, *, events_per_run: int) -> None:
        """`events_per_run` is the length of history after which the engine asks for a new run."""
        self.folder = folder
        self._events_per_run = events_per_run
        self._stack = AsyncExitStack()
        self._worker: Process | None = None
        self._address = ""
        self.standins = RemoteStandins(f"http://127.0.0.1:{free_port()}")

    @property
    def oracle(self) -> Path:
        """The stand-ins' own record of what they accepted."""
        return self.folder / "standins.db"

    @property
    def audit_url(self) -> str:
        """The worker's audit log."""
        return f"sqlite:///{self.folder / 'audit.db'}"

    @property
    def ledger_url(self) -> str:
        """The worker's ledger."""
        return f"sqlite:///{self.folder / 'ledger.db'}"

    async def __aenter__(self) -> Self:
        agreements.write(self.folder / "agreements")
        agreements.write_directory(self.folder / "directory.yaml")
        wishes = {
            "history.defaultWorkflowTaskTimeout": TASK_TIMEOUT,
            "limit.historyCount.suggestContinueAsNew": str(self._events_per_run),
        }
        flags = [part for key, value in wishes.items() for part in ("--dynamic-config-value", f"{key}={value}")]
        engine = await self._stack.enter_async_context(Engine(self.folder / "engine.db", flags=flags))
        self._address = engine.address
        self.client: Client = await engine.connect()
        await self._start_standins()
        self._stack.push_async_callback(self.kill_worker)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def start_worker(self, failpoint: Point | None = None, *, wait: bool = True) -> Process:
        """`python worker.py` as anybody would start it; it works when this returns, unless nobody waits for that."""
        settings = {
            **SETTINGS,
            "DATA_DIR": str(self.folder),
            "DIRECTORY_FILE": str(self.folder / "directory.yaml"),
            "POLICY_DIR": str(self.folder / "agreements"),
            "STANDINS_URL": self.standins.base_url,
        }
        if failpoint is not None:
            settings["FAILPOINT"] = failpoint
        environment = {**os.environ, "TEMPORAL_ADDRESS": self._address, "PYTHONUNBUFFERED": "1"}
        environment |= {f"ESCALATION_{name}": value for name, value in settings.items()}
        with (self.folder / "worker.log").open("ab") as log:
            command = (sys.executable, "worker.py")
            self._worker = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, env=environment, stdout=PIPE, stderr=log
            )
        if wait:
            await asyncio.wait_for(_works(self._worker), START_PATIENCE.total_seconds())
        return self._worker

    async def kill_worker(self) -> None:
        """SIGKILL, and gone when this returns. Nothing happens when it is dead already."""
        worker, self._worker = self._worker, None
        if worker is not None:
            with suppress(ProcessLookupError):
                worker.send_signal(signal.SIGKILL)
            await worker.communicate()

    async def dies(self, within: timedelta) -> bool:
        """Whether the worker ends by itself within that time."""
        if self._worker is None:
            return True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._worker.wait(), within.total_seconds())
        return self._worker.returncode is not None

    async def progresses(self, entries: int, within: timedelta) -> bool:
        """Whether the log grows by so many entries within that time, the worker living."""
        before, end = self._entries(), time.monotonic() + within.total_seconds()
        while self._entries() < before + entries:
            if time.monotonic() >= end or await self.dies(POLL):
                return False
        return True

    def _entries(self) -> int:
        with closing(sqlite3.connect(self.folder / "audit.db", timeout=STOP_PATIENCE.total_seconds())) as store:
            return int(store.execute("SELECT count(*) FROM entries").fetchone()[0])

    async def _start_standins(self) -> None:
        port = self.standins.base_url.rsplit(":", 1)[1]
        command = (sys.executable, "-m", "escalation.standins", "--port", port, "--store", str(self.oracle))
        child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=STDOUT)
        self._stack.push_async_callback(_ended, child)
        assert child.stdout is not None  # it was asked for
        await asyncio.wait_for(child.stdout.readline(), START_PATIENCE.total_seconds())
        await asyncio.to_thread(self.standins.callbacks, enabled=False)
        for channel in ("sms", "voice", "email"):
            await asyncio.to_thread(self.standins.lag, channel, LAG)


def pause_before_exit() -> None:
    """For scripts that have used the engine: call it last."""
    time.sleep(EXIT_PAUSE_SECONDS)


async def _works(worker: Process) -> None:
    assert worker.stdout is not None  # it was asked for
    while line := await worker.stdout.readline():
        if line.strip() == b"working":
            return
    raise RuntimeError(f"the worker ended before it worked, exit {await worker.wait()}; see worker.log")


async def _ended(child: Process) -> None:
    child.terminate()
    try:
        await asyncio.wait_for(child.communicate(), STOP_PATIENCE.total_seconds())
    except TimeoutError:
        child.kill()
        await child.communicate()
