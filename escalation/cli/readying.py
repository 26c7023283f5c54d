"""`escalate directory`: who can be reached, who has shown that they read, and which directory was in force when."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from escalation.cli.doors import Doors, Json, doors
from escalation.cli.failing import CheckFailed, extra
from escalation.cli.oncall import File, directory_named
from escalation.cli.speaking import plain, say, say_json, when
from escalation.core.vocabulary import Channel
from escalation.wire.requests import BadInput

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from escalation.adapters.methods import Methods
    from escalation.adapters.settings import Settings
    from escalation.reports.agreed import Agreed
    from escalation.reports.readiness import Finding

CHANGES_SHOWN_MAX = 1000
COLOURS = {"error": "bold red", "warning": "yellow", "note": "dim"}

app = typer.Typer(help="Look at who people are and how they are reached, and let them show that they read.")


@app.command()
def check(ctx: typer.Context, directory: File = None, as_json: Json = False) -> None:
    """Who cannot be reached and why, and who has not shown that they read. Exit 1 on errors."""
    from escalation.adapters.settings import read_settings
    from escalation.reports.readiness import of_people

    outside, people, settings = doors(ctx), directory_named(directory), read_settings()
    known = _methods(settings).all()
    sealed = _methods(settings).sealed

    def verified(contact: str, channel: Channel, address: str) -> bool:
        return (channel, sealed(address)) in known.get(contact, ())

    found = of_people(people, outside.now(), verified, must_verify=settings.unverified == "skip")
    otherwise = (
        f"all {len(people.people())} people can be reached" if people.people() else "the directory has no people"
    )
    say_findings(found, otherwise, as_json=as_json)


@app.command()
def verify(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(help="Of the directory.", show_default=False)],
    channel: Annotated[Channel, typer.Argument(help="How they are reached.", show_default=False)],
    code: Annotated[str | None, typer.Option(help="What they got.", show_default="send one")] = None,
    directory: File = None,
) -> None:
    """Send a code to somebody's address, or take it back from them: then the address is verified."""
    from escalation.adapters.settings import read_settings

    outside, people, settings = doors(ctx), directory_named(directory), read_settings()
    entry = people.people().get(person)
    if entry is None:
        raise BadInput(f"no person is called {person!r}; name one of the directory by their id")
    address = entry.address(channel)
    if address is None:
        raise BadInput(f"{person} has no {channel} in the directory; add the address there")
    methods = _methods(settings)
    if code is not None:
        if not methods.confirm(person, channel, address, code.strip(), outside.now()):
            say(f"{person}: that is not the code, or it is too old; send another one without --code")
            raise CheckFailed
        say(f"{person}: {channel} is verified")
        return
    from escalation.adapters.methods import CODE_LASTS
    from escalation.cli.testing import send_words

    with extra("worker"):
        words = methods.new_code(person, channel, address, outside.now())
        send_words(settings, person, channel, f"Your code for the escalation pipeline is {words}.", outside.now())
    minutes = CODE_LASTS.total_seconds() / 60
    say(f"within {minutes:g} minutes: escalate directory verify {person} {channel} --code CODE")


@app.command()
def changes(
    ctx: typer.Context,
    most: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=CHANGES_SHOWN_MAX)] = 20,
    as_json: Json = False,
) -> None:
    """Which directory was in force since when, as the workers saw it."""
    from escalation.adapters.directory_journal import DirectoryJournal
    from escalation.adapters.settings import read_settings

    outside = doors(ctx)
    found = DirectoryJournal(_store(read_settings())).changes(most)
    if as_json:
        say_json({"changes": [plain(each) for each in found]})
    elif not found:
        say("no worker has seen a directory yet")
    for each in () if as_json else found:
        say(f"{when(each.seen_at, outside.zone)}  {each.digest[:12]}  {each.people} people")


def agreements(names: Sequence[str] | None, outside: Doors) -> tuple[list["Agreed"], list[str]]:
    """Those agreements, or every one that can be in force, and the names of those that cannot yet."""
    from escalation.adapters.settings import read_settings
    from escalation.cli.agreeing import found, shelf_of
    from escalation.wire.yaml_reader import FaultyFileError

    if names:
        return [found(name, outside) for name in names], []
    ready: list[Agreed] = []
    left_out: list[str] = []
    for name in shelf_of(read_settings()).names():
        try:
            ready.append(found(name, outside))
        except FaultyFileError:
            left_out.append(name)
    return ready, left_out


def say_findings(found: Sequence["Finding"], otherwise: str, *, as_json: bool, left_out: Sequence[str] = ()) -> None:
    """Say them all, or that there are none. Raises `CheckFailed` when one is an error."""
    errors = sum(each.level == "error" for each in found)
    if as_json:
        say_json({"ready": not errors, "findings": [plain(each) for each in found], "left_out": [*left_out]})
    elif found:
        say(*(Text(f"{each.level}: ", COLOURS[each.level]).append(str(each).partition(": ")[2], "not bold default")
              for each in found))  # fmt: skip
        say(f"{errors} errors, {sum(each.level == 'warning' for each in found)} warnings")
    else:
        say(otherwise)
    if left_out and not as_json:
        say(f"not looked at, because they cannot be in force as they are: {', '.join(left_out)}")
    if errors:
        raise CheckFailed


def _methods(settings: "Settings") -> "Methods":
    from escalation.adapters.methods import Methods

    return Methods(_store(settings), settings.commitment_key.get_secret_value())


def _store(settings: "Settings") -> "Engine":
    from escalation.adapters.migrating import upgrade
    from escalation.adapters.store import open_store

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with extra("worker"):
        upgrade(settings.ledger_url, "ledger")
    return open_store(settings.ledger_url, settings.ledger_timeout)
