"""The verbs about agreements. What they need is loaded when one is used: the other verbs start without it."""

from pathlib import Path
from typing import Annotated

import typer

from escalation.cli.doors import By, Json, Key, Reason, Ref, doors

Which = Annotated[
    str, typer.Argument(help="An agreement’s name, or a file: with .yaml at its end.", metavar="NAME|FILE")
]
People = Annotated[Path | None, typer.Option("--directory", help="Also look up every contact in this directory file.")]

app = typer.Typer(help="Look at agreements, put them in force, and move what is open to another one.")


@app.command()
def check(
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(help="Agreements: YAML files, or names.", metavar="FILE...")],
    directory: People = None,
    as_json: Json = False,
) -> None:
    """Whether agreements can be used, and what is probably not meant. Exit 1 when a fault or an error is found.

    A fault refuses the file. Else each finding is an error (a promise that cannot be kept, a person who cannot be
    told), a warning (most likely a mistake) or a note. In JSON one file is an object, several are a list.
    """
    from escalation.cli import agreeing

    agreeing.check(doors(ctx), files, directory, as_json=as_json)


@app.command()
def show(
    ctx: typer.Context,
    which: Which = "default",
    as_markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown.")] = False,
    as_json: Json = False,
) -> None:
    """The escalation matrix, who plays which part, what is promised, and who is asked in turn."""
    from escalation.cli import agreeing

    agreeing.show(doors(ctx), which, as_markdown=as_markdown, as_json=as_json)


@app.command()
def diff(
    ctx: typer.Context,
    before: Annotated[str, typer.Argument(help="The agreement as it was: a name or a file.", metavar="BEFORE")],
    after: Annotated[str, typer.Argument(help="The agreement as it is to be.", metavar="AFTER")],
    as_json: Json = False,
) -> None:
    """What changes for whom, one sentence for each difference."""
    from escalation.cli import agreeing

    agreeing.diff(doors(ctx), before, after, as_json=as_json)


@app.command()
def agreement(
    ctx: typer.Context,
    which: Which = "default",
    html: Annotated[bool, typer.Option("--html", help="As an HTML page.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write it into this file.")] = None,
) -> None:
    """The document that teams agree on, one or two pages: as Markdown, or as HTML."""
    from escalation.cli import agreeing

    agreeing.agreement(doors(ctx), which, out, html=html)


@app.command()
def migrate(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    to: Annotated[
        str | None, typer.Option(help="The agreement’s name; with --preview a file as well. Default: its own, newest.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only say what would move: from the audit log, nobody is asked.")
    ] = False,
    reason: Reason = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Move an open escalation to another agreement, or to the newest version of its own; its log says so.

    Time that was counted stays counted, unless the agreement says otherwise; every deadline that moves is listed.
    """
    from escalation.cli import migrating

    if preview:
        migrating.look_ahead(doors(ctx), ref, by, to, as_json=as_json)
    else:
        migrating.migrate(doors(ctx), ref, by, to, reason, key, as_json=as_json)


@app.command()
def publish(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The agreement, a YAML file.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the change.", show_default=False)],
    directory: People = None,
    as_json: Json = False,
) -> None:
    """Put an agreement in force for what is opened from now on, and record who, when, why and what differs.

    It is checked first; a faulty one changes nothing. What is open keeps its agreement until it is migrated.
    """
    from escalation.cli import agreeing

    agreeing.publish(doors(ctx), file, by, reason, directory, as_json=as_json)


@app.command()
def log(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Only this agreement.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """What was put in force when, by whom and why; exit 1 when the journal does not hold."""
    from escalation.cli import agreeing

    agreeing.log(doors(ctx), name, as_json=as_json)
