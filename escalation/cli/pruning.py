"""`escalate prune`: delete the attachments of what ended long ago."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import typer

from escalation.cli.beside import spoken
from escalation.cli.doors import Json, Kept, Log, doors
from escalation.cli.speaking import say, say_json
from escalation.reports.retention import unneeded, uses
from escalation.wire.requests import BadInput

# Below, a file may go while its escalation's last entries are still being written; above, no calendar begins so early.
KEPT_DAYS_MIN, KEPT_DAYS_MAX = 1, 36_500
PAGE = 1000  # references read at a time


def prune(
    ctx: typer.Context,
    days: Annotated[
        int | None,
        typer.Option(help="Keep files so long after the end.", show_default="ESCALATION_ATTACHMENTS_KEPT_DAYS"),
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Really delete them; otherwise it only says which.")] = False,
    as_json: Json = False,
) -> None:
    """Delete the attachments of escalations that ended long ago. What an open one names is never deleted.

    The audit log says who uses which file. A file that no log names goes as long after it was last kept.
    """
    outside = doors(ctx)
    before = outside.now() - timedelta(days=_kept_days(days))
    with spoken():
        files = outside.keeping().files
        kept = files.kept()  # before the log is read: what is attached meanwhile is not in this list, or was kept anew
        used = uses(_rows(outside.log()))
        if kept and not (used.of_open or used.ended_at):
            raise BadInput("the audit log names nothing at all; set ESCALATION_AUDIT_URL to the log of these files")
        going = unneeded(kept, used, before)
        gone = {digest: files.remove(digest, before) for digest in going} if delete else {}
    removed = {digest: size for digest, size in gone.items() if size}
    if as_json:
        say_json({"files": len(kept), "unneeded": going, "deleted": list(removed)})
    elif delete:
        say(f"{len(removed)} of {len(kept)} files deleted, {sum(removed.values())} bytes")
    else:
        again = "; delete them with: escalate prune --delete" if going else ""
        say(*going, f"{len(going)} of {len(kept)} files are needed by nothing that ended after {before.date()}{again}")


def _kept_days(given: int | None) -> int:
    from escalation.adapters.settings import read_settings  # what is not needed is not loaded

    days = read_settings().attachments_kept_days if given is None else given
    if not KEPT_DAYS_MIN <= days <= KEPT_DAYS_MAX:
        raise BadInput(f"days is {days}; keep files {KEPT_DAYS_MIN} to {KEPT_DAYS_MAX} days after the end")
    return days


def _rows(log: Log) -> Iterator[Kept]:
    after = ""
    while references := log.references(PAGE, after):
        for reference in references:
            yield from log.entries(reference)
        after = references[-1]
