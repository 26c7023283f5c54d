"""The verbs of approvals: ask, say yes, say no; and how open ones look on a page."""

from typing import Annotated

import typer

from escalation.cli.doors import By, Json, Key, Reason, Ref, doors, run
from escalation.cli.instants import COMING, coming_instant
from escalation.cli.sending import send
from escalation.cli.speaking import say
from escalation.core import commands
from escalation.core.vocabulary import ApprovalKind
from escalation.wire import requests

Signal = Annotated[bool, typer.Option("--signal", help="Send it as a signal: no answer, the log has it.")]
Which = Annotated[
    int | None, typer.Option("--approval", help="Its number, when several are open.", show_default="the only one")
]


def approve(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    reason: Reason = "",
    approval: Which = None,
    break_glass: Annotated[
        bool,
        typer.Option(
            "--break-glass", help="Do it at once, for those who may: it is told loudly, and reviewed afterwards."
        ),
    ] = False,
    signal: Signal = False,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Say yes to what awaits approval."""
    decision = commands.Approve(by, reason, approval=approval, break_glass=break_glass)
    _decide(ctx, ref, decision, key, signal=signal, as_json=as_json)


def reject(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    reason: Reason = "",
    approval: Which = None,
    signal: Signal = False,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Say no to what awaits approval, or take back what you asked for."""
    _decide(ctx, ref, commands.Reject(by, reason, approval=approval), key, signal=signal, as_json=as_json)


def request_approval(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    kind: Annotated[ApprovalKind, typer.Option(help="spend or policy_exception; anything else asks when it is done.")],
    amount: Annotated[str | None, typer.Option(help='For spend: "500.00 EUR".', show_default=False)] = None,
    reason: Reason = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Ask for money, or for an exception from the policy."""
    wanted = None if amount is None else requests.amount("amount", amount)
    send(ctx, ref, commands.RequestApproval(by, kind, reason, wanted), key, as_json=as_json)


def extend_deadline(
    ctx: typer.Context,
    ref: Ref,
    when: Annotated[str, typer.Argument(help=f"The new hard deadline: {COMING}.", show_default=False)],
    by: By,
    reason: Reason = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Move the hard deadline; a later one may need a yes."""
    outside = doors(ctx)
    deadline = coming_instant("deadline", when, outside.now(), outside.zone)
    send(ctx, ref, commands.ExtendDeadline(by, deadline, reason), key, as_json=as_json)


def _decide(
    ctx: typer.Context,
    ref: str,
    decision: commands.Approve | commands.Reject,
    key: str | None,
    *,
    signal: bool,
    as_json: bool,
) -> None:
    if not signal:
        send(ctx, ref, decision, key, as_json=as_json)
        return
    requests.checked(decision)
    found = requests.reference(ref)

    async def signalled() -> None:
        await (await doors(ctx).connect()).signal(found, decision)

    run(signalled())
    say(f"{found}: sent; read what came of it with: escalate timeline {found}")
