"""`python -m escalation.gateway`: the inbound door as a process of its own."""

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from sqlalchemy import Engine

from escalation.adapters import logs
from escalation.adapters.chat_account import chat_of
from escalation.adapters.chat_places import ChatPlaces
from escalation.adapters.directory import DirectoryDown, directory_of
from escalation.adapters.failpoints import Failpoints
from escalation.adapters.inbox import Inbox
from escalation.adapters.phrasing import TemplateFault
from escalation.adapters.sendgrid import SendGrid
from escalation.adapters.settings import Settings, SettingsError, read_settings
from escalation.adapters.slack import SlackApi
from escalation.adapters.slack_desk import Desk
from escalation.adapters.store import open_store
from escalation.adapters.ways import Tokens, WaysBack
from escalation.client import BadInput, EscalationClient, NotDone
from escalation.gateway.app import create_app
from escalation.gateway.mail_answers import MailAnswers
from escalation.gateway.told import Told
from escalation.wire.proof import Signer
from escalation.wire.yaml_reader import FaultyFileError

HOST, PORT = "127.0.0.1", 8026
DIRECTORY = Path("examples/directory.yaml")
"""In development, from a checkout, when no directory is named."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT (which exit 0). One line, and 2 for a wrong setting, 1 when the engine is away."""
    asked = _parser().parse_args(arguments)
    logs.set_up()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)  # uvicorn ends politely, then raises the signal once more
    try:
        settings = settled(read_settings(), asked.port)
        with socket.create_server((asked.host, asked.port)) as listener:
            asyncio.run(_serve(settings, listener))
    except (SettingsError, FaultyFileError, DirectoryDown, BadInput, TemplateFault) as error:
        return _fail(str(error).splitlines()[0], 2)
    except OSError as error:
        return _fail(f"{asked.host}:{asked.port}: {os.strerror(error.errno or 0)}; choose another address or port", 2)
    except NotDone as error:
        return _fail(str(error), 1)
    return 0


def settled(settings: Settings, port: int) -> Settings:
    """The settings with what a development machine may leave out; production must say it all."""
    if settings.production and settings.public_url is None:
        raise SettingsError("ESCALATION_PUBLIC_URL is not set; production needs it")
    return settings.model_copy(
        update={
            "public_url": settings.public_url or f"http://{HOST}:{port}",
            "directory_file": settings.directory_file or DIRECTORY,
        }
    )


async def _serve(settings: Settings, listener: socket.socket) -> None:
    client = await EscalationClient.connect(signer=Signer(settings.signing_key.get_secret_value()))
    store = open_store(settings.ledger_url, settings.ledger_timeout)
    app = create_app(
        settings,
        inbox=Inbox(store, Failpoints(settings.failpoint)),
        told=Told(store),
        directory=directory_of(settings, DIRECTORY),
        client=client,
        answerer=_answerer(settings),
        desk=_desk(settings, store),
    )
    # No access log: its lines would hold dispatch ids and, from a misdirected request, anything.
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    sys.stdout.write(f"gateway on http://{':'.join(map(str, listener.getsockname()[:2]))}, as {settings.public_url}\n")
    sys.stdout.flush()
    telling = asyncio.create_task(app.state.forwarder.run())
    try:
        await server.serve(sockets=[listener])
    finally:
        telling.cancel()


def _desk(settings: Settings, store: Engine) -> Desk | None:
    """The chat, where there is one."""
    account = chat_of(settings)
    return Desk(SlackApi(account), ChatPlaces(store)) if account is not None else None


def _answerer(settings: Settings) -> MailAnswers | None:
    """Who writes back to whoever replies by mail, where that is possible."""
    if not settings.reply_domain:
        return None
    ways = WaysBack(Tokens(settings.signing_key.get_secret_value()), settings.public_url, settings.reply_domain)
    return MailAnswers(SendGrid(settings.vendors().mail), settings.mail_from_name, ways)


def _stop(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def _fail(line: str, code: int) -> int:
    sys.stderr.write(f"gateway: {line}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m escalation.gateway", description=__doc__)
    parser.add_argument("--host", default=HOST, help="address to listen on (default %(default)s: this machine only)")
    parser.add_argument("--port", type=int, default=PORT, help="TCP port (default %(default)s)")
    return parser


if __name__ == "__main__":
    try:
        code = main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    sys.stderr.flush()
    os._exit(code)  # the engine's SDK aborts an interpreter that tears down while its threads let go
