"""The verbs for what stands beside an escalation: a second party, files, and who speaks with the customer."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from escalation.cli.doors import By, Json, Key, Reason, Ref, doors, run
from escalation.cli.feeding import STDIN, fed
from escalation.cli.instants import COMING, coming_instant
from escalation.cli.sending import send, tell
from escalation.cli.speaking import say, say_json
from escalation.core.attaching import unreadable
from escalation.core.beside import FILE_BYTES_MAX, Attach, Attachment, ChangeContact
from escalation.core.vocabulary import Ask
from escalation.wire import requests
from escalation.wire.messages import Answer, HandedFile, View
from escalation.wire.outcomes import NotDone, Refused
from escalation.wire.requests import BadInput
from escalation.wire.second import SecondParty
from escalation.wire.views import knowing

if TYPE_CHECKING:
    from escalation.wire.document import EscalationDocument

DIGEST_CHARS_MIN = 6
SHOWN_CHARS = 12


def link(
    ctx: typer.Context,
    ref: Ref,
    by: By,
    route: Annotated[str, typer.Option(help="Who is brought in: a route of the policy.", show_default=False)],
    ask: Annotated[Ask, typer.Option(help="What they are asked to do.", show_default=False)],
    reason: Reason = "",
    deadline: Annotated[
        str | None, typer.Option(help=f"When it must be over: {COMING}.", show_default="the first one's")
    ] = None,
    severity: Annotated[str | None, typer.Option(help="SEV1 to SEV4.", show_default="the first one's")] = None,
    title: Annotated[str | None, typer.Option(help="One line.", show_default="the reason")] = None,
    description: Annotated[
        Path | None, typer.Option(help="File with the story, at most 64 KiB; '-' reads standard input.")
    ] = None,
    restricted: Annotated[bool, typer.Option("--restricted", help="Only for those who need to know.")] = False,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Bring a second party in beside an escalation: with its own reference, clocks and log. The first one goes on."""
    outside = doors(ctx)
    second = SecondParty(
        route=requests.name("route", route),
        ask=ask,
        reason=requests.line("reason", reason, chars_max=requests.REASON_CHARS_MAX),
        deadline=None if deadline is None else coming_instant("deadline", deadline, outside.now(), outside.zone),
        severity=None if severity is None else requests.severity(severity),
        title=title,
        description="" if description is None else _story(description),
        restricted=restricted,
    )
    found, named = requests.reference(ref), key or str(uuid4())

    async def linked() -> Answer:
        return await (await doors(ctx).connect()).link(found, second, by=by, key=named)

    tell(run(linked()), as_json=as_json)


def contact(
    ctx: typer.Context,
    ref: Ref,
    person: Annotated[str, typer.Argument(help="Who speaks with the customer from now on.", show_default=False)],
    by: By,
    reason: Reason = "",
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Hand the customer contact over. The work stays where it is."""
    send(ctx, ref, ChangeContact(by, person, reason), key, as_json=as_json)


def attach(
    ctx: typer.Context,
    ref: Ref,
    file: Annotated[Path, typer.Argument(help="At most 25 MiB; '-' reads standard input.", show_default=False)],
    by: By,
    name: Annotated[str | None, typer.Option(help="What to call it.", show_default="its own name")] = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Put a file beside an escalation: a log, a screenshot, a recording, a paper."""
    if name is None and str(file) == STDIN:
        raise BadInput("what comes from standard input has no name; give one with --name")
    found, outside, called = requests.reference(ref), doors(ctx), requests.file_name(name or file.name)
    content = fed(file, FILE_BYTES_MAX)

    async def attached() -> Answer:
        client = await outside.connect()
        await client.view(found)  # what belongs to no escalation is not kept
        with spoken():
            kept = outside.keeping().files.keep(content)
        command = Attach(by, kept.digest, kept.bytes, kept.media_type)
        return await client.send(found, command, key, words=called)

    tell(run(attached()), as_json=as_json)


def attachments(ctx: typer.Context, ref: Ref, by: By, as_json: Json = False) -> None:
    """The files beside an escalation; those of a restricted one are for the people who know of it."""
    view = _readable(ctx, ref, by)
    named = [(each, doors(ctx).keeping().words(each.name.id)) for each in view.attachments]
    if as_json:
        say_json(
            [
                {"digest": each.digest, "bytes": each.bytes, "media_type": each.media_type, "name": name}
                for each, name in named
            ]
        )
    elif not named:
        say(f"{view.reference}: no files")
    else:
        say(*(_line(each, name) for each, name in named))


def fetch(
    ctx: typer.Context,
    ref: Ref,
    digest: Annotated[str, typer.Argument(help="SHA-256, or at least its first 6 digits.", show_default=False)],
    to: Annotated[Path, typer.Option("--to", help="Where to write it; never over another file.", show_default=False)],
    by: By,
) -> None:
    """Read a file of an escalation, proved to be the one that was attached."""
    view = _readable(ctx, ref, by)
    found = _chosen(view, digest.strip().lower())
    with spoken():
        content = doors(ctx).keeping().files.read(found.digest)
    try:
        with to.open("xb") as written:
            written.write(content)
    except FileExistsError:
        raise BadInput(f"{str(to)!r} exists; name another file") from None
    except OSError as error:
        raise BadInput(f"{str(to)!r} cannot be written ({error.strerror}); name another file") from None
    say(f"{to}: {found.bytes} bytes, {found.media_type}")


def handed(ctx: typer.Context, document: "EscalationDocument", form: Path) -> tuple[HandedFile, ...]:
    """The files of a form that lie beside it, kept in the store; the others stay where the form says.

    One that is more restricted than its case stays where it lies, too; one that is listed twice is kept once. Raises
    `BadInput` for one that is not the file of the form: its digest differs, and nothing of it is kept.
    """
    found: dict[str, HandedFile] = {}
    for each in document.attachments or ():
        beside = form.parent.absolute() / each.name
        narrower = each.visibility == "restricted" and not document.restricted
        if str(form) == STDIN or narrower or not beside.is_file():
            continue
        content = fed(beside, FILE_BYTES_MAX)
        digest = sha256(content).hexdigest()
        if digest != each.sha256 and len(content) <= FILE_BYTES_MAX:
            raise BadInput(f"{str(beside)!r} has another SHA-256 ({digest}) than the form says; correct one of them")
        with spoken():
            kept = doors(ctx).keeping().files.keep(content)
        found.setdefault(kept.digest, HandedFile(each.name, kept.digest, kept.bytes, kept.media_type))
    return tuple(found.values())


@contextmanager
def spoken() -> Iterator[None]:
    """What the store says, as people meet it."""
    from escalation.adapters.attachments import Damaged, Missing, NotTaken, StoreDown

    try:
        yield
    except NotTaken as no:
        raise BadInput(str(no)) from None
    except (Damaged, Missing, StoreDown) as no:
        raise NotDone(str(no)) from None


# --- inside ----------------------------------------------------------------------------------------------------------


def _readable(ctx: typer.Context, ref: str, by: str) -> View:
    """The escalation, once `by` may read what belongs to it. Raises `Refused`."""
    found, outside = requests.reference(ref), doors(ctx)
    person = requests.name("by", by)

    async def looked() -> View:
        return await (await outside.connect()).view(found)

    view = run(looked())
    standing = outside.keeping().standing(person, outside.now())
    no = unreadable(standing, knowing(view), restricted=view.restricted)
    if no is not None:
        raise Refused(no, {"by": person}, view.reference)
    return view


def _chosen(view: View, digest: str) -> Attachment:
    if len(digest) < DIGEST_CHARS_MIN:
        raise BadInput(f"digest {digest!r} is too short; give at least {DIGEST_CHARS_MIN} digits")
    found = [each for each in view.attachments if each.digest.startswith(digest)]
    if len(found) != 1:
        many = f"{len(found)} files begin so" if found else "no file of it begins so"
        raise BadInput(f"digest {digest[:SHOWN_CHARS]!r}: {many}; see: escalate attachments {view.reference}")
    return found[0]


def _line(each: Attachment, name: str | None) -> str:
    return f"{each.digest[:SHOWN_CHARS]}  {each.bytes:>9} bytes  {each.media_type:<16}  {name or '(name not known)'}"


def _story(file: Path) -> str:
    found = fed(file, requests.WORDS_BYTES_MAX)
    try:
        return requests.words("description", found.decode())
    except UnicodeDecodeError:
        raise BadInput(f"{str(file)!r} is no UTF-8 text; convert it") from None
