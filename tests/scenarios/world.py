"""Everything that a scenario plays in: the real engine, the real acts and vendor packages, and the local stand-ins."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine as Store
from sqlalchemy import delete
from temporalio.client import Client

from activities.composition import compose
from escalation.adapters.audit_store import AuditStore
from escalation.adapters.ledger import Ledger
from escalation.adapters.scripts import Scripts
from escalation.adapters.settings import Environment, Settings, read_settings
from escalation.adapters.store import open_store, pauses, transaction
from escalation.client import EscalationClient
from escalation.standins.board import ACCOUNT_SID, AUTH_TOKEN
from escalation.standins.engine import Engine
from escalation.standins.server import Standins
from escalation.wire.proof import Signer
from tests.scenarios.company import DIRECTORY, Change, lay
from tests.scenarios.door import PUBLIC, REPLIES, Door
from worker import build_workers

# What a send that begins may take in a test. A provider that hangs longer than `HTTP` is in doubt; `SETTLE` later it
# is looked up (at least the intent's freshness and a socket timeout).
HTTP = timedelta(seconds=1.5)
FRESH = timedelta(seconds=1)
SETTLE = timedelta(seconds=2.5)
SEND = timedelta(seconds=8)
GRACE = timedelta(seconds=5)


@dataclass
class World:
    """The parts, running. `desk` is the client whose claims nobody proves; `signing` vouches for whoever speaks."""

    engine: Engine
    client: Client
    standins: Standins
    settings: Settings
    audit: AuditStore
    ledger: Ledger
    desk: EscalationClient
    signing: EscalationClient
    scripts: Scripts  # what calls say
    door: str  # where the gateway really is
    store: Store  # the ledger's
    references: list[str] = field(default_factory=list)  # that were given away, in this order

    def reference(self) -> str:
        """A reference that no other test in this world has."""
        self.references.append(f"CASE-{len(self.references) + 1}")
        return self.references[-1]

    def reopen_channels(self) -> None:
        """Forget which channels a vendor has closed: that is the whole installation's, and outlives an escalation."""
        with transaction(self.store) as connection:
            connection.execute(delete(pauses))

    def agree(self, name: str, text: str) -> None:
        """Lay an agreement on the shelf, or another version of it."""
        assert self.settings.policy_dir is not None
        (self.settings.policy_dir / f"{name}.yaml").write_text(text)

    def maintain(self, **windows: dict[str, Any]) -> None:
        """Let these be the windows of maintenance, and no others."""
        assert self.settings.maintenance_file is not None
        self.settings.maintenance_file.write_text(json.dumps({"windows": windows}))

    def staffed(self, *changes: Change) -> None:
        """Let the directory be the scenarios' own with these changes; only in a world that has one of its own."""
        assert self.settings.directory_file not in {None, DIRECTORY}
        lay(Path(str(self.settings.directory_file)), *changes)


@asynccontextmanager
async def world_in(
    folder: Path,
    *,
    flags: tuple[str, ...] = (),
    production: bool = False,
    workers: bool = True,
    directory: Path = DIRECTORY,
    throttles: str = "off",
    **worker_options: Any,  # noqa: ANN401  # of `Worker`
) -> AsyncIterator[World]:
    """A world of its own in `folder`. `production` believes no claim without proof, and still tells only stand-ins."""
    agreements = folder / "agreements"
    agreements.mkdir()
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(Engine(flags=flags))
        standins = stack.enter_context(Standins(store=folder / "standins.db"))
        standins.callbacks(gap=timedelta(0))
        standins.expect("voice", "completed")  # heard, which is no acknowledgement
        settings = settings_in(folder, standins.base_url, production=production, directory=directory)
        # The same few people are told of a hundred stories at once: no limit, unless a story is about that.
        settings = settings.model_copy(update={"throttles": throttles})
        client = await engine.connect()
        acts = compose(settings)
        if workers:
            options: dict[str, Any] = {
                "graceful_shutdown_timeout": GRACE,
                "workflow_failure_exception_types": [Exception],
                **worker_options,
            }
            for worker in build_workers(client, acts, **options):
                await stack.enter_async_context(worker)
        door = stack.enter_context(Door(settings, engine.address))
        standins.chat_with(slack_url=f"{PUBLIC}/slack")
        standins.deliver(
            inbound_url=f"{PUBLIC}/twilio/sms",
            public_url=PUBLIC,
            deliver_to=door.url,
            parse_url=f"{PUBLIC}/sendgrid/inbound",
        )
        audit = AuditStore(settings.audit_url)
        stack.callback(audit.close)
        store = open_store(settings.ledger_url, settings.ledger_timeout)
        stack.callback(store.dispose)
        signer = Signer(settings.signing_key.get_secret_value())
        yield World(
            engine=engine,
            client=client,
            standins=standins,
            settings=settings,
            audit=audit,
            ledger=Ledger(store),
            desk=EscalationClient(client),
            signing=EscalationClient(client, signer=signer),
            scripts=Scripts(store),
            door=door.url,
            store=store,
        )


def settings_in(folder: Path, standins_url: str, *, production: bool = False, directory: Path = DIRECTORY) -> Settings:
    """The settings of a world in `folder`."""
    maintenance = folder / "maintenance.yaml"
    maintenance.write_text(json.dumps({"windows": {}}))
    settings = read_settings(
        standins_url=standins_url,
        twilio_base_url=standins_url,
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=SecretStr(AUTH_TOKEN),
        data_dir=folder,
        directory_file=directory,
        policy_dir=folder / "agreements",
        maintenance_file=maintenance,
        public_url=PUBLIC,
        reply_domain=REPLIES,
        http_timeout=HTTP,
        intent_freshness=FRESH,
        send_timeout=SEND,
        ledger_timeout=timedelta(seconds=0.5),
        settle_sms=SETTLE,
        settle_voice=SETTLE,
        settle_email=SETTLE,
        settle_chat=SETTLE,
        bridge_url="https://meet.example/war-room",
    )
    if not production:
        return settings
    # Checked as development, which may talk to stand-ins; what production does differently is then switched on. There
    # is no chat then: production posts to Slack itself or nowhere.
    bases = dict.fromkeys(("sendgrid_base_url", "ticket_base_url"), standins_url)
    return settings.model_copy(update={"environment": Environment.PRODUCTION, "standins_url": None, **bases})
