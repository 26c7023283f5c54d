"""Everything that the demo runs on: engine, stand-ins, gateway and workers, in a temporary folder, on this machine."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from types import MappingProxyType

from activities.composition import compose
from escalation.adapters.audit_store import AuditStore
from escalation.adapters.directory import Directory
from escalation.adapters.ledger import Ledger
from escalation.adapters.settings import Settings, read_settings
from escalation.adapters.store import open_store
from escalation.client import EscalationClient
from escalation.standins import outgoing
from escalation.standins.engine import Engine, free_port
from escalation.standins.server import Standins
from escalation.wire.proof import Signer
from worker import build_workers

CHECKOUT = Path(__file__).parents[1]
PUBLIC_URL = "https://escalations.support.example"
"""What the providers call and sign; the stand-ins connect to the gateway's real address instead."""
SCENE_MAX = timedelta(seconds=20)
"""How long anything in the story is waited for."""
GATEWAY_START_MAX = timedelta(seconds=30)
STOP_MAX = timedelta(seconds=5)
EXIT_PAUSE = timedelta(milliseconds=100)
"""The engine's SDK can crash an interpreter that exits within milliseconds of a server's shutdown."""
LOOK_EVERY = timedelta(milliseconds=50)
HTTP_OK = 200
LOOPBACK = "127.0.0.1,localhost"

# Windows in which a person can watch a lost answer being found again. The order is what production needs as well: a
# look-up comes only when an attempt that is still on its way must have ended.
PATIENCE = {
    "HTTP_TIMEOUT": "2",
    "INTENT_FRESHNESS": "2",
    "SEND_TIMEOUT": "9",
    "SETTLE_SMS": "5",
    "SETTLE_VOICE": "5",
    "SETTLE_EMAIL": "5",
}


class StoryError(RuntimeError):
    """The story did not go on: what was waited for did not happen. One line."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The parts, running."""

    settings: Settings
    standins: Standins
    client: EscalationClient
    directory: Directory
    ledger: Ledger
    audit: AuditStore
    gateway: str  # where it really listens


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """All parts, started; ended and removed again on the way out, however that is taken."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.sleep, EXIT_PAUSE.total_seconds())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="escalation-demo-")))
        engine = await stack.enter_async_context(Engine())
        gateway = f"http://127.0.0.1:{free_port()}"
        standins = stack.enter_context(
            Standins(
                store=folder / "standins.db",
                inbound_url=f"{PUBLIC_URL}/twilio/sms",
                public_url=PUBLIC_URL,
                deliver_to=gateway,
            )
        )
        stack.enter_context(environment(folder, standins.base_url, engine.address))
        settings = read_settings()
        acts = compose(settings)
        await stack.enter_async_context(_gateway(gateway, folder))
        connection = await engine.connect()
        for worker in build_workers(connection, acts, graceful_shutdown_timeout=STOP_MAX):
            await stack.enter_async_context(worker)
        signer = Signer(settings.signing_key.get_secret_value())
        yield Stage(
            settings=settings,
            standins=standins,
            client=EscalationClient(connection, signer=signer),
            directory=Directory.from_file(settings.directory_file or Path()),
            ledger=Ledger(open_store(settings.ledger_url, settings.ledger_timeout)),
            audit=AuditStore(settings.audit_url),
            gateway=gateway,
        )


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str, bound: timedelta = SCENE_MAX) -> None:
    """Go on once it holds. Raises `StoryError`, naming what was waited for."""
    try:
        async with asyncio.timeout(bound.total_seconds()):
            # What is waited for lies in other processes and in files: it can only be looked at.
            while not (found if isinstance(found := holds(), bool) else await found):  # noqa: ASYNC110  # as above
                await asyncio.sleep(LOOK_EVERY.total_seconds())
    except TimeoutError:
        raise StoryError(f"within {bound.total_seconds():.0f} s it did not happen that {what}") from None


@contextmanager
def environment(
    folder: Path, standins: str, engine: str, patience: Mapping[str, str] = MappingProxyType(PATIENCE)
) -> Iterator[None]:
    """The settings of this run and no others: an account that is configured on this machine is never written to."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("ESCALATION_", "TEMPORAL_"))]:
        del os.environ[name]
    # A proxy of this machine cannot reach the machine itself.
    never = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), LOOPBACK)))
    os.environ |= {
        "NO_PROXY": never,
        "no_proxy": never,
        "TEMPORAL_ADDRESS": engine,
        "TEMPORAL_CONFIG_FILE": str(folder / "none.toml"),
        "ESCALATION_DATA_DIR": str(folder),
        "ESCALATION_DIRECTORY_FILE": str(Path(__file__).with_name("directory.yaml")),
        "ESCALATION_STANDINS_URL": standins,
        "ESCALATION_PUBLIC_URL": PUBLIC_URL,
        **{f"ESCALATION_{name}": seconds for name, seconds in patience.items()},
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


@asynccontextmanager
async def _gateway(address: str, folder: Path) -> AsyncIterator[None]:
    """The gateway as a process of its own, as in production; it reads the same environment."""
    log = folder / "gateway.log"
    command = [sys.executable, "-m", "escalation.gateway", "--port", address.rpartition(":")[2]]
    with log.open("wb") as lines:
        child = subprocess.Popen(command, cwd=CHECKOUT, stdout=lines, stderr=lines, start_new_session=True)  # noqa: ASYNC220, S603
    try:
        await until(lambda: child.poll() is not None or _answers(address), "the gateway opened", GATEWAY_START_MAX)
        if child.poll() is not None:
            raise StoryError(f"the gateway did not start: {log.read_text().strip() or child.returncode}")
        yield
    finally:
        child.terminate()
        try:
            await asyncio.to_thread(child.wait, STOP_MAX.total_seconds())
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _answers(address: str) -> bool:
    try:
        return outgoing.send("GET", f"{address}/health", None, {}, STOP_MAX).status == HTTP_OK
    except (OSError, HTTPException):
        return False
