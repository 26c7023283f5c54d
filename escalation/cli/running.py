"""The verbs for operators: run the door or the stand-ins, upgrade the databases."""

from typing import Annotated

import typer

from escalation.cli.failing import extra
from escalation.cli.speaking import say


def gateway(
    host: Annotated[str, typer.Option(help="Address to listen on; the default is this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port.")] = 8026,
) -> None:
    """Run the inbound door for Twilio's callbacks and SMS replies."""
    with extra("gateway"):
        from escalation.gateway.__main__ import main

    raise typer.Exit(main(["--host", host, "--port", str(port)]))


def standins(ctx: typer.Context) -> None:
    """Run the local stand-ins for SendGrid, Twilio and the ticket system; see: escalate standins -- --help."""
    with extra("standins"):
        from escalation.standins.__main__ import main

    raise typer.Exit(main(ctx.args))


def db_upgrade() -> None:
    """Bring both databases, ledger and audit log, to the newest schema."""
    from escalation.adapters.settings import read_settings

    with extra("worker"):
        from escalation.adapters.migrating import upgrade

    settings = read_settings()
    for tree, url in (("ledger", settings.ledger_url), ("audit", settings.audit_url)):
        upgrade(url, tree)
        say(f"{tree}: up to date")
