"""Every verb under its name. The names are stable: people and scripts have learned them."""

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer

from escalation.cli import (
    approving,
    beside,
    bundles,
    customers,
    digesting,
    documents,
    explaining,
    listing,
    looking,
    maintaining,
    oncall,
    playing,
    policy,
    pruning,
    readying,
    running,
    testing,
    triaging,
    verbs,
)
from escalation.cli.failing import OneLine


class Program(typer.Typer):
    """The command as a process: it leaves at once."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # as Typer has it
        """Run and exit. The engine's SDK aborts an interpreter that tears down while its threads let go."""
        try:
            super().__call__(*arguments, **options)
        except SystemExit as end:
            leave(end.code if isinstance(end.code, int) else 0)


def leave(code: int) -> NoReturn:
    """End this process with that code, without the interpreter's own farewell; what was said is out by then."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


app = Program(
    cls=OneLine,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def escalate(
    ctx: typer.Context, version: Annotated[bool, typer.Option("--version", help="Say the version and exit.")] = False
) -> None:
    """Open, steer and look at escalations; prove their logs."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("escalation-pipeline"))
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


_VERBS: dict[str, Callable[..., None]] = {
    "triage": triaging.triage,
    "template": documents.template,
    "check": documents.check,
    "open": verbs.open_,
    "ack": verbs.ack,
    "decline": verbs.decline,
    "update": verbs.update,
    "severity": verbs.severity,
    "confirm-severity": verbs.confirm_severity,
    "request-approval": approving.request_approval,
    "approve": approving.approve,
    "reject": approving.reject,
    "extend-deadline": approving.extend_deadline,
    "reassign": verbs.reassign,
    "handoff": verbs.handoff,
    "raise": verbs.raise_,
    "link": beside.link,
    "contact": beside.contact,
    "attach": beside.attach,
    "attachments": beside.attachments,
    "fetch": beside.fetch,
    "prune": pruning.prune,
    "block": verbs.block,
    "unblock": verbs.unblock,
    "snooze": verbs.snooze,
    "unsnooze": verbs.unsnooze,
    "deescalate": verbs.deescalate,
    "resolve": verbs.resolve,
    "confirm": verbs.confirm,
    "reopen": verbs.reopen,
    "note": verbs.note,
    "cancel": verbs.cancel,
    "list": listing.list_,
    "customers": customers.customers,
    "bundles": bundles.bundles,
    "show": looking.show,
    "explain": explaining.explain,
    "timeline": looking.timeline,
    "play": playing.play,
    "gateway": running.gateway,
    "send-test": testing.send_test,
}
for _name, _verb in _VERBS.items():
    app.command(_name)(_verb)
app.command("standins", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(running.standins)

audit = typer.Typer(help="Read and prove the audit log.")
audit.command("show")(looking.audit_show)
audit.command("verify")(looking.audit_verify)
app.add_typer(audit, name="audit")


def _group() -> None:
    """Typer gives the name of a group's only command away, unless the group has a callback."""


app.add_typer(policy.app, name="policy")
oncall.app.command("digest")(digesting.digest)
app.add_typer(oncall.app, name="oncall")
app.add_typer(readying.app, name="directory")
app.add_typer(maintaining.app, name="maintenance")

db = typer.Typer(help="Look after the databases.", callback=_group)
db.command("upgrade")(running.db_upgrade)
app.add_typer(db, name="db")
