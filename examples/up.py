"""`make up` and `make down`: the parts, kept running on this machine, for development and for looking around.

The Temporal server with its pages, the stand-ins with their outbox, the worker and the gateway, each a process of its
own that listens on loopback only. What they know is kept in the data directory (`ESCALATION_DATA_DIR`, else `var`):
after `make down`, or after a kill of everything, `make up` goes on with all that was open. No vendor's account is used,
whatever this machine's environment says.
"""

import argparse
import asyncio
import fcntl
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from escalation.adapters.settings import SettingsError, read_settings
from escalation.client import EscalationClient, NotDone
from escalation.standins import outgoing
from escalation.standins.engine import Engine, EngineFailedError
from escalation.wire.messages import View
from escalation.wire.names import SEARCH_ATTRIBUTES, TASK_QUEUE
from escalation.wire.payloads import DATA_CONVERTER
from escalation.wire.proof import Signer
from examples.parts import (
    CHECKOUT,
    GATEWAY,
    LOOK_EVERY,
    LOOPBACK,
    MIGRATIONS,
    STANDINS,
    WORKER,
    Part,
    Ports,
    SiteError,
    runnable,
)
from examples.residents import settled_in

START_MAX = timedelta(seconds=60)
"""How long any part may take until it answers; a slow machine needs about ten seconds."""
ASK_MAX = timedelta(seconds=5)
STOP_MAX = timedelta(seconds=20)
WORKER_STOP_MAX = timedelta(seconds=75)
"""The worker lets sends that have begun come to their end, up to a minute."""
STICKY = timedelta(seconds=2)
"""How long the engine waits for a worker that was killed before it asks the new one."""
EXIT_PAUSE = timedelta(milliseconds=100)
"""The engine's SDK can crash an interpreter that exits within milliseconds of its last call."""
HTTP_OK = 200

OWN = ("DIRECTORY_FILE", "POLICY_DIR", "SIGNING_KEY", "COMMITMENT_KEY")
"""Settings of this machine that the parts keep: none of them can reach anybody."""


@dataclass(frozen=True, slots=True)
class Site:
    """One data directory and what runs on it."""

    folder: Path
    ports: Ports

    @property
    def engine(self) -> Engine:
        """The engine as it is started here: by its command line alone."""
        return Engine(self.folder / "engine.db", port=self.ports.engine, ui_port=self.ports.pages)

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.ports.engine}"

    @property
    def pages(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.pages}"

    @property
    def outbox(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.outbox}"

    @property
    def gateway(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.gateway}"

    def parts(self) -> tuple[Part, ...]:
        """In the order in which they are started; they are stopped the other way round."""
        ports, folder = self.ports, self.folder
        standins = (
            *STANDINS, "--port", str(ports.outbox), "--store", str(folder / "standins.db"),
            "--inbound-url", f"{self.gateway}/twilio/sms", "--events-url", f"{self.gateway}/sendgrid/events",
            "--parse-url", f"{self.gateway}/sendgrid/inbound", "--slack-url", f"{self.gateway}/slack",
            "--phones", "ring", "--public-url", self.gateway, "--deliver-to", self.gateway,
        )  # fmt: skip
        gateway = (*GATEWAY, "--port", str(ports.gateway))
        served = {"engine": ports.engine, "pages": ports.pages}
        return (
            Part("engine", tuple(self.engine.command()), served, folder, STOP_MAX),
            Part("standins", runnable(standins), {"outbox": ports.outbox}, folder, STOP_MAX),
            Part("worker", runnable(WORKER), {}, folder, WORKER_STOP_MAX),
            Part("gateway", runnable(gateway), {"gateway": ports.gateway}, folder, STOP_MAX),
        )

    def environment(self) -> dict[str, str]:
        """What the parts are told: this site, and nothing that could reach a vendor or another engine."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ESCALATION_", "TEMPORAL_")) or name in {f"ESCALATION_{own}" for own in OWN}
        }
        never = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), LOOPBACK)))
        return {
            "ESCALATION_REPLY_DOMAIN": "replies.support.example",
            "ESCALATION_DIRECTORY_FILE": str(CHECKOUT / "examples" / "directory.yaml"),
            **kept,
            "NO_PROXY": never,
            "no_proxy": never,
            "PYTHONUNBUFFERED": "1",
            "TEMPORAL_ADDRESS": self.address,
            "TEMPORAL_CONFIG_FILE": str(self.folder / "none.toml"),
            "ESCALATION_DATA_DIR": str(self.folder),
            "ESCALATION_STANDINS_URL": self.outbox,
            "ESCALATION_PUBLIC_URL": self.gateway,
            "ESCALATION_STICKY_TIMEOUT": str(STICKY.total_seconds()),
        }

    def client(self, connection: Client) -> EscalationClient:
        """A client that the worker believes."""
        key = read_settings(standins_url=self.outbox).signing_key.get_secret_value()
        return EscalationClient(connection, signer=Signer(key))


async def up(site: Site) -> None:
    """Start what does not run, wait until everything answers, see that the escalations are there, and say so."""
    parts = site.parts()
    missing = [part for part in parts if part.pid() is None]
    if len(missing) < len(parts) and site.ports != Ports.kept(_ports_file(site.folder)):
        raise SiteError("it is up on other ports; first: make down")
    for part in missing:
        part.refuse_taken_ports()
    site.ports.keep(_ports_file(site.folder))
    if missing:
        say(f"starting {', '.join(part.name for part in missing)} …")
    try:
        connection = await _started(site, parts, missing)
        views = await settled_in(site.client(connection))
    except BaseException:
        for part in reversed(missing):
            part.stop()
        raise
    say("up" if missing else "it is up already", *_addresses(site), *_open_now(views), *_to_try(site, views))


async def _started(site: Site, parts: tuple[Part, ...], missing: list[Part]) -> Client:
    engine, standins, worker, gateway = parts
    environment = site.environment()
    if engine in missing:
        await _first_boot(site)
    for part in (engine, standins):
        part.start(environment)
    if worker in missing:
        await _migrated(environment)
    await _until(engine, lambda: _engine_answers(site))
    await _until(engine, lambda: _answers(site.pages))
    await _until(standins, lambda: _answers(f"{site.outbox}/health"))
    connection = await Client.connect(site.address, data_converter=DATA_CONVERTER)
    worker.start(environment)
    gateway.start(environment)
    await _until(worker, lambda: _polls(connection, worker))
    await _until(gateway, lambda: _answers(f"{site.gateway}/health"))
    return connection


async def _first_boot(site: Site) -> None:
    """Make the engine's file under another name: a kill in the middle leaves nothing that looks like a whole one."""
    store = site.folder / "engine.db"
    if store.exists():
        return
    made = site.folder / "engine.db.new"
    for left in site.folder.glob(f"{made.name}*"):
        left.unlink()
    async with Engine(made):
        pass
    # The server leaves its last writes in a log beside the file; they belong into it before it is moved.
    with sqlite3.connect(made) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    made.rename(store)


async def _migrated(environment: dict[str, str]) -> None:
    command = runnable(MIGRATIONS)
    child = await asyncio.create_subprocess_exec(
        *command, cwd=CHECKOUT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await child.communicate()
    if child.returncode != 0:
        raise SiteError(f"the databases cannot be upgraded: {said.decode(errors='replace').strip().splitlines()[-1]}")


async def _until(part: Part, answers: Callable[[], Awaitable[bool]]) -> None:
    """Go on once it answers. Raises `SiteError` when it ends instead, or when it takes too long."""
    try:
        async with asyncio.timeout(START_MAX.total_seconds()):
            while not await answers():
                if part.pid() is None:
                    raise SiteError(f"{part.name} did not start: {part.last_words()} (its log: {part.log})")
                await asyncio.sleep(LOOK_EVERY.total_seconds())
    except TimeoutError:
        waited = f"{START_MAX.total_seconds():.0f} s"
        raise SiteError(f"{part.name} does not answer within {waited}: {part.last_words()} ({part.log})") from None


async def _engine_answers(site: Site) -> bool:
    """It knows our search attributes, the last thing that it learns when it starts."""
    try:
        client = await Client.connect(site.address)
        await client.count_workflows(f"{SEARCH_ATTRIBUTES[0].name} = 'none'")
    except (RPCError, RuntimeError):
        return False
    return True


async def _answers(url: str) -> bool:
    try:
        return (await asyncio.to_thread(outgoing.send, "GET", url, None, {}, ASK_MAX)).status == HTTP_OK
    except (OSError, HTTPException):
        return False


async def _polls(connection: Client, worker: Part) -> bool:
    """This very worker asks for tasks: the engine also remembers those that were killed a moment ago."""
    found = await connection.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=connection.namespace,
            task_queue=TaskQueue(name=TASK_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return any(poller.identity == f"{worker.pid()}@{socket.gethostname()}" for poller in found.pollers)


def down(site: Site) -> None:
    """End every part; what is open stays open in the data directory."""
    running = [part for part in reversed(site.parts()) if part.pid() is not None]
    for part in running:
        if not part.stop():
            say(f"{part.name} did not end within {part.stop_max.total_seconds():.0f} s and was killed")
    say(f"down; everything that was open goes on with: make up (kept in {shown(site.folder)})" if running else
        "nothing is up")  # fmt: skip


# --- What is said -----------------------------------------------------------------------------------------------------


def say(*lines: str) -> None:
    """Lines for whoever started this, at once."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def shown(folder: Path) -> str:
    """The folder as it is shortest, seen from the checkout."""
    return str(folder.relative_to(CHECKOUT) if folder.is_relative_to(CHECKOUT) else folder)


def _addresses(site: Site) -> Iterator[str]:
    yield f"for development: everything listens on {LOOPBACK} only, and tells nobody but the outbox"
    yield f"  outbox          {site.outbox}   what people and the customer were sent"
    yield f"  Temporal pages  {site.pages}   each escalation as a workflow"
    yield f"  Temporal        {site.address}"
    yield f"  gateway         {site.gateway}   /health, callbacks, replies by SMS"
    yield f"  logs            {shown(site.folder)}/log   (everything is kept in {shown(site.folder)})"


def _open_now(views: list[View]) -> Iterator[str]:
    yield "escalations to look at:"
    for view in views:
        phase = view.phase.replace("_", " ")
        yield f"  {view.reference}  {phase:<17}  {view.severity}  {view.route}, owner {view.owner}"


def _to_try(site: Site, views: list[View]) -> Iterator[str]:
    yield "to try, in this folder:"
    yield "  . .venv/bin/activate"
    if site.ports.engine != Ports().engine:
        yield f"  export TEMPORAL_ADDRESS={site.address}"
    if site.folder != CHECKOUT / "var":
        yield f"  export ESCALATION_DATA_DIR={site.folder}"
    asked = next((view for view in views if view.asked), views[0])
    yield f"  escalate show {asked.reference}"
    yield f"  escalate ack {asked.reference} --by {asked.asked or asked.owner}"
    yield f"  escalate audit verify {asked.reference}"
    yield "  make down"


# --- The command ------------------------------------------------------------------------------------------------------


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else brings this site up or down in the meantime."""
    (folder / "run").mkdir(parents=True, exist_ok=True)
    with (folder / "run" / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SiteError("another 'make up' or 'make down' is at work here; wait until it has ended") from None
        yield


def _ports_file(folder: Path) -> Path:
    return folder / "run" / "ports.json"


async def _until_stopped(site: Site) -> None:
    """As `up`; Ctrl-C or SIGTERM ends what it has started."""
    task = asyncio.ensure_future(up(site))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, lambda: task.cancelling() or task.cancel())
    try:
        await task
    finally:
        await asyncio.sleep(EXIT_PAUSE.total_seconds())


def main() -> int:
    """0: as asked. 1: a part did not start or end. 2: an option or a setting is wrong. 130: interrupted."""
    asked = _parser().parse_args()
    given = {field.name: port for field in fields(Ports) if (port := getattr(asked, field.name)) is not None}
    try:
        folder = (CHECKOUT / read_settings(standins_url=f"http://{LOOPBACK}").data_dir).resolve()
        with alone(folder):
            site = Site(folder, replace(Ports.kept(_ports_file(folder)), **given))
            site.ports.refuse_same()
            if asked.down:
                down(site)
            else:
                asyncio.run(_until_stopped(site))
    except asyncio.CancelledError:
        return _failed("interrupted; what it had started has ended", 130)
    except SettingsError as error:
        return _failed(str(error), 2)
    except (SiteError, NotDone, EngineFailedError, OSError) as error:
        return _failed(str(error), 1)
    return 0


def _failed(line: str, code: int) -> int:
    sys.stderr.write(f"up: {line}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Keep the parts running on this machine, or end them.")
    parser.add_argument("--down", action="store_true", help="end them; everything stays open in the data directory")
    for field in fields(Ports):
        parser.add_argument(
            f"--{field.name}", type=int, metavar="PORT", help=f"TCP port (else that of last time, or {field.default})"
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
