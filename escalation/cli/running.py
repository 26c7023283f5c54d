"""The verbs for operators: run the door or the stand-ins, upgrade the databases, check an agreement."""

from pathlib import Path
from typing import Annotated

import typer

from escalation.cli.doors import Json, doors
from escalation.cli.failing import CheckFailed, extra
from escalation.cli.speaking import say, say_json
from escalation.core.vocabulary import Channel
from escalation.wire.requests import BadInput


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


def policy_check(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(help="The agreement, a YAML file.")], as_json: Json = False
) -> None:
    """Whether an agreement can be used; every fault is named with its line. Exit 1 when there is one."""
    from escalation.adapters.settings import read_settings
    from escalation.wire.policy import freeze
    from escalation.wire.yaml_reader import BYTES_MAX, FaultyFileError, read

    settles = {channel: read_settings().settle.of(channel) for channel in Channel}
    try:
        with file.open("rb") as opened:
            policy = freeze(read(opened.read(BYTES_MAX + 1)), doors(ctx).now(), settles)
    except OSError as error:
        raise BadInput(f"{str(file)!r} cannot be read ({error.strerror}); name a file that can") from None
    except FaultyFileError as faulty:
        faults = [str(fault) for fault in faulty.faults]
        if as_json:
            say_json({"file": str(file), "good": False, "faults": faults})
        else:
            say(*(f"{file}: {fault}" for fault in faults))
        raise CheckFailed from None
    if as_json:
        say_json({"file": str(file), "good": True, "policy": policy.name, "version": policy.version, "faults": []})
    else:
        say(f"{file}: policy {policy.name} {policy.version} is good ({len(policy.routes)} routes)")
