"""The gateway as vendors meet it: a real HTTP server on loopback, called by the public address that they were told."""

import asyncio
import socket
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import uvicorn
from temporalio.client import Client

from escalation.adapters.chat_account import chat_of
from escalation.adapters.chat_places import ChatPlaces
from escalation.adapters.directory import Directory
from escalation.adapters.inbox import Inbox
from escalation.adapters.sendgrid import SendGrid
from escalation.adapters.settings import Settings
from escalation.adapters.slack import SlackApi
from escalation.adapters.slack_desk import Desk
from escalation.adapters.store import open_store
from escalation.adapters.ways import Tokens, WaysBack
from escalation.client import EscalationClient
from escalation.gateway.app import create_app
from escalation.gateway.mail_answers import MailAnswers
from escalation.gateway.told import Told
from escalation.wire.payloads import DATA_CONVERTER
from escalation.wire.proof import Signer

PUBLIC = "https://escalations.example"
"""What vendors sign. Nothing answers there; the stand-ins deliver to the door instead."""

REPLIES = "replies.example"
"""Whose mail SendGrid hands to the door."""


@dataclass
class Door:
    """Served from a thread of its own while entered."""

    settings: Settings
    engine_address: str

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._serving: uvicorn.Server | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="door", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._serving is not None:
            self._serving.should_exit = True
        self._thread.join()
        self._listener.close()

    async def _serve(self) -> None:
        settings = self.settings
        assert settings.directory_file is not None
        engine = await Client.connect(self.engine_address, data_converter=DATA_CONVERTER)
        store = open_store(settings.ledger_url, settings.ledger_timeout)
        ways = WaysBack(Tokens(settings.signing_key.get_secret_value()), settings.public_url, settings.reply_domain)
        app = create_app(
            settings,
            inbox=Inbox(store),
            told=Told(store),
            directory=Directory.from_file(settings.directory_file),
            client=EscalationClient(engine, signer=Signer(settings.signing_key.get_secret_value())),
            answerer=MailAnswers(SendGrid(settings.vendors().mail), settings.mail_from_name, ways),
            desk=Desk(SlackApi(account), ChatPlaces(store)) if (account := chat_of(settings)) is not None else None,
        )
        self._serving = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
        await self._serving.serve(sockets=[self._listener])
        store.dispose()
