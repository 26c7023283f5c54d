"""Engine, stand-ins, worker and gateway as processes of their own, so that each can be killed while others go on."""

import asyncio
import os
import signal
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping
from contextlib import AsyncExitStack, closing, suppress
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

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
    "THROTTLES": "off",  # a few people are told of very many escalations
}
# The engine's settings for workflow tasks, as JSON. A task that dies with several workers in a row is held back for
# longer and longer, up to ten minutes by itself: here, where workers die all the time, for no more than some seconds.
TASK_TIMEOUT, HELD_BACK_MAX = '"3s"', '"5s"'
POLL = timedelta(milliseconds=100)
GAP = timedelta(milliseconds=100)  # between the statuses of one message
WEATHER: dict[str, Any] = {
    "loss": 0.1, "duplicate": 0.2, "reorder": 0.2, "delay": timedelta(seconds=1), "seed": 1,
}  # fmt: skip


class Site:
    """An async context manager; the worker runs only between `start_worker` and its death."""

    def __init__(self, folder: Path, *, events_per_run: int, settings: Mapping[str, str] = SETTINGS) -> None:
        """`events_per_run` is the length of history after which the engine asks for a new run."""
        self._settings = settings
        self.folder = folder
        self._events_per_run = events_per_run
        self._stack = AsyncExitStack()
        self._worker: Process | None = None
        self._gateway: Process | None = None
        self._vendors: Process | None = None
        self.door = f"http://127.0.0.1:{free_port()}"
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
        await self._start_engine(0)
        self.client: Client = await self._engine.connect()
        await self.start_vendors()
        for end in (self.stop_vendors, self.kill_gateway, self.kill_worker):
            self._stack.push_async_callback(end)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def start_worker(self, failpoint: Point | None = None, *, wait: bool = True) -> Process:
        """`python worker.py` as anybody would start it; it works when this returns, unless nobody waits for that."""
        self._worker = await self._started("worker", failpoint, "worker.py")
        if wait:
            await asyncio.wait_for(_says(self._worker, b"working"), START_PATIENCE.total_seconds())
        return self._worker

    async def start_gateway(self, failpoint: Point | None = None) -> Process:
        """`python -m escalation.gateway`, where the vendors deliver; it listens when this returns."""
        port = self.door.rsplit(":", 1)[1]
        self._gateway = await self._started("gateway", failpoint, "-m", "escalation.gateway", "--port", port)
        await asyncio.wait_for(_says(self._gateway, b"gateway on"), START_PATIENCE.total_seconds())
        return self._gateway

    async def kill_worker(self) -> None:
        """SIGKILL, and gone when this returns. Nothing happens when it is dead already."""
        worker, self._worker = self._worker, None
        await _killed(worker)

    async def kill_gateway(self) -> None:
        """The same for the gateway. What vendors deliver meanwhile finds nobody."""
        gateway, self._gateway = self._gateway, None
        await _killed(gateway)

    async def kill_engine(self) -> None:
        """SIGKILL to the engine, and another one on its store, at its address; it answers when this returns."""
        assert self._engine.child is not None  # it was started
        self._engine.child.kill()
        await asyncio.to_thread(self._engine.child.wait)
        await self._start_engine(self._engine.port)

    def processor(self) -> dict[str, float]:
        """Seconds of processor time that each living part has had so far. Linux only; elsewhere there is nothing."""
        parts = {
            "worker": self._worker,
            "gateway": self._gateway,
            "vendors": self._vendors,
            "engine": self._engine.child,
        }
        found = {}
        for name, child in parts.items():
            stat = Path(f"/proc/{child.pid}/stat") if child is not None else None
            if stat is not None and stat.is_file():
                user, system = stat.read_text().rsplit(")", 1)[1].split()[11:13]
                found[name] = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        return found

    async def dies(self, within: timedelta) -> bool:
        """Whether the worker ends by itself within that time."""
        return await _ends(self._worker, within)

    async def gateway_dies(self, within: timedelta) -> bool:
        """Whether the gateway ends by itself within that time."""
        return await _ends(self._gateway, within)

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

    async def start_vendors(self) -> None:
        """Every vendor, with what they took on before; what they say of it comes twice, late, in disorder, or never."""
        port = self.standins.base_url.rsplit(":", 1)[1]
        command = (sys.executable, "-m", "escalation.standins", "--port", port, "--store", str(self.oracle))
        self._vendors = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=STDOUT)
        assert self._vendors.stdout is not None  # it was asked for
        await asyncio.wait_for(self._vendors.stdout.readline(), START_PATIENCE.total_seconds())
        await asyncio.to_thread(self.standins.callbacks, gap=GAP, **WEATHER)
        await asyncio.to_thread(self.standins.deliver, events_url=f"{self.door}/sendgrid/events")
        await asyncio.to_thread(self.standins.expect, "voice", "completed")
        for channel in ("sms", "voice", "email"):
            await asyncio.to_thread(self.standins.lag, channel, LAG)

    async def stop_vendors(self) -> None:
        """Both vendors and the ticket system are away: nobody listens at their address."""
        vendors, self._vendors = self._vendors, None
        if vendors is not None:
            await _ended(vendors)

    async def _start_engine(self, port: int) -> None:
        wishes = {
            "history.defaultWorkflowTaskTimeout": TASK_TIMEOUT,
            "history.workflowTaskRetryMaxInterval": HELD_BACK_MAX,
            "limit.historyCount.suggestContinueAsNew": str(self._events_per_run),
        }
        flags = [part for key, value in wishes.items() for part in ("--dynamic-config-value", f"{key}={value}")]
        self._engine = Engine(self.folder / "engine.db", port=port, flags=flags)
        await self._stack.enter_async_context(self._engine)

    async def _started(self, name: str, failpoint: Point | None, *command: str) -> Process:
        """A process of ours with this site's settings; what it complains of is kept in a file."""
        settings = {
            **self._settings,
            "DATA_DIR": str(self.folder),
            "DIRECTORY_FILE": str(self.folder / "directory.yaml"),
            "POLICY_DIR": str(self.folder / "agreements"),
            "STANDINS_URL": self.standins.base_url,
            "PUBLIC_URL": self.door,
        }
        if failpoint is not None:
            settings["FAILPOINT"] = failpoint
        environment = {**os.environ, "TEMPORAL_ADDRESS": self._engine.address, "PYTHONUNBUFFERED": "1"}
        environment |= {f"ESCALATION_{setting}": value for setting, value in settings.items()}
        with (self.folder / f"{name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, *command), cwd=ROOT, env=environment, stdout=PIPE, stderr=log
            )


def pause_before_exit() -> None:
    """For scripts that have used the engine: call it last."""
    time.sleep(EXIT_PAUSE_SECONDS)


async def _says(child: Process, word: bytes) -> None:
    assert child.stdout is not None  # it was asked for
    while line := await child.stdout.readline():
        if line.startswith(word):
            return
    raise RuntimeError(f"it ended before it said {word.decode()!r}, exit {await child.wait()}; see its log")


async def _ends(child: Process | None, within: timedelta) -> bool:
    if child is None:
        return True
    with suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), within.total_seconds())
    return child.returncode is not None


async def _killed(child: Process | None) -> None:
    if child is not None:
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGKILL)
        await child.communicate()


async def _ended(child: Process) -> None:
    child.terminate()
    try:
        await asyncio.wait_for(child.communicate(), STOP_PATIENCE.total_seconds())
    except TimeoutError:
        child.kill()
        await child.communicate()
