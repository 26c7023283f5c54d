"""The verbs before an escalation: print the form of a route, and judge a filled one without opening anything."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from escalation.cli.beside import handed
from escalation.cli.doors import Json, doors
from escalation.cli.failing import CheckFailed
from escalation.cli.feeding import fed
from escalation.cli.speaking import say, say_json
from escalation.wire.requests import BadInput

if TYPE_CHECKING:
    from escalation.core.case_facts import CaseFacts
    from escalation.wire.document import EscalationDocument
    from escalation.wire.packages import Packages

Own = Annotated[
    Path | None,
    typer.Option("--packages", help="What each receiver needs, a YAML file of your own.", show_default=False),
]


def template(
    ctx: typer.Context,
    route: Annotated[str, typer.Argument(help="Where the escalation shall go.", show_default=False)],
    filled: Annotated[bool, typer.Option("--sample", help="Filled with an invented example.")] = False,
    packages: Own = None,
    as_json: Annotated[bool, typer.Option("--json", help="The JSON Schema of the filled form instead.")] = False,
) -> None:
    """Print the form of a route: every field with its help, and what the receiver cannot do without."""
    from escalation.wire.document_form import sample, schema_of
    from escalation.wire.document_form import template as form

    known = _packages(packages)
    package = known.of(route)
    if package is None:
        raise BadInput(f"no package is written for route {route!r}; name one of {', '.join(known.routes)}")
    if as_json:
        say_json(schema_of(package))
    else:
        sys.stdout.write(sample(package, doors(ctx).now()) if filled else form(package))


def told_by(ctx: typer.Context, file: Path, ticket: str, customer: str, besides: set[str]) -> dict[str, Any]:
    """What a filled form says of an escalation, as far as a start needs it. Raises `BadInput` unless it can be sent.

    `besides` names what was given on the command line as well: a form that is contradicted is refused.
    """
    from escalation.wire import document_check
    from escalation.wire.document_check import DOCUMENT_BYTES_MAX
    from escalation.wire.document_page import told_of

    if besides:
        raise BadInput(f"the form says {', '.join(sorted(besides))} already; leave it out or change the form")
    verdict = document_check.check(fed(file, DOCUMENT_BYTES_MAX), _packages(None), doors(ctx).now())
    if verdict.document is None or not verdict.ready:
        raise BadInput(*map(str, verdict.faults))
    told = told_of(verdict.document, ticket=ticket, customer=customer)
    return {**told, "attachments": handed(ctx, verdict.document, file)}


def case_in(file: Path) -> "CaseFacts":
    """What a file says of a case; whether the rules know its answers is judged with them. Raises `BadInput`."""
    from escalation.wire.case_file import read_case
    from escalation.wire.yaml_reader import BYTES_MAX, FaultyFileError

    try:
        return read_case(fed(file, BYTES_MAX))
    except FaultyFileError as faulty:
        raise BadInput(*(f"{file}: {fault}" for fault in faulty.faults)) from None


def document_in(file: Path | str, now: datetime) -> "EscalationDocument":
    """A filled form, complete or not, as long as nothing in it is wrong. Raises `BadInput`."""
    from escalation.wire import document_check
    from escalation.wire.document_check import DOCUMENT_BYTES_MAX

    verdict = document_check.check(fed(file, DOCUMENT_BYTES_MAX), _packages(None), now)
    if verdict.document is None:
        raise BadInput(*(f"{file}: {fault}" for fault in verdict.faults))
    return verdict.document


def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The escalation document, YAML or JSON; '-' reads standard input.")],
    packages: Own = None,
    as_json: Json = False,
) -> None:
    """Whether a document can be sent: all that is wrong or missing, each with its line. Exit 1 when anything is."""
    from escalation.wire import document_check
    from escalation.wire.document_check import DOCUMENT_BYTES_MAX

    verdict = document_check.check(fed(file, DOCUMENT_BYTES_MAX), _packages(packages), doors(ctx).now())
    if as_json:
        receiver = verdict.package.receiver if verdict.package is not None else None
        answer = {"file": str(file), "ready": verdict.ready, "receiver": receiver}
        say_json({**answer, "faults": list(verdict.faults), "lints": list(verdict.lints)})
    elif verdict.ready and verdict.package is not None:
        say(f"{file}: ready to send to {verdict.package.receiver}")
    if not as_json:
        say(*(f"{file}: {fault}" for fault in verdict.faults), *(f"{file}: advice: {lint}" for lint in verdict.lints))
    if not verdict.ready:
        raise CheckFailed


def _packages(own: Path | None) -> "Packages":
    from escalation.wire.packages import read_packages, shipped
    from escalation.wire.yaml_reader import BYTES_MAX

    return shipped() if own is None else read_packages(fed(own, BYTES_MAX))
