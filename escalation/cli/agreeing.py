"""What the verbs about agreements do: look, compare, check before use, put in force, see what was in force when."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from escalation.adapters.directory import Directory, DirectoryDown
from escalation.adapters.policies import NoSuchPolicyError, PolicyShelf
from escalation.adapters.policy_journal import JournalError, PolicyJournal, Publication, Wanted
from escalation.adapters.settings import Settings, read_settings
from escalation.cli.doors import Doors
from escalation.cli.failing import CheckFailed
from escalation.cli.speaking import plain, say, say_json, when
from escalation.core.policy import Policy
from escalation.core.vocabulary import Channel
from escalation.reports.agreed import Agreed
from escalation.reports.agreement import in_html, in_markdown
from escalation.reports.lints import Lint, lints
from escalation.reports.matrix import Table, markdown, tables
from escalation.reports.policy_diff import differences
from escalation.reports.remarks import Level
from escalation.wire import requests
from escalation.wire.requests import BadInput
from escalation.wire.yaml_reader import Document, FaultyFileError

WIDE = 180
"""Columns of a table where nobody says how wide the terminal is."""
CHECKED_MAX = 100
LEVEL_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.NOTE: "dim"}
SEVERITY_STYLES = {"SEV1": "red", "SEV2": "yellow", "SEV3": "cyan", "SEV4": "dim"}


def check(outside: Doors, files: list[str], directory: Path | None, *, as_json: bool) -> None:
    """Say what is wrong with agreements. Raises `CheckFailed`, once all is said, for a fault or an error."""
    if len(files) > CHECKED_MAX:
        raise BadInput(f"{len(files)} files are too many at once; check at most {CHECKED_MAX}")
    people = _people(directory)
    answers = [_checked(which, outside, people) for which in files]
    if as_json:
        shown = [answer.as_json() for answer in answers]
        say_json(shown[0] if len(shown) == 1 else shown)
    else:
        for answer in answers:
            say(*answer.lines())
    if not all(answer.good for answer in answers):
        raise CheckFailed


def show(outside: Doors, which: str, *, as_markdown: bool, as_json: bool) -> None:
    """Say everything about an agreement, in tables."""
    agreed = found(which, outside)
    shown = tables(agreed)
    if as_json:
        say_json({
            "policy": agreed.policy.name, "version": agreed.policy.version, "digest": agreed.policy.digest,
            "tables": [
                {"title": each.title, "rows": [dict(zip(each.columns, row, strict=True)) for row in each.rows]}
                for each in shown
            ],
        })  # fmt: skip
    elif as_markdown:
        say(f"# Agreement {agreed.title}\n", *(f"## {each.title}\n\n{markdown(each)}\n" for each in shown))
    else:
        say(Text(f"Agreement {agreed.title} ({agreed.policy.digest[:12]})", "bold"))
        console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else WIDE)
        for each in shown:
            console.print(_grid(each))


def diff(outside: Doors, before: str, after: str, *, as_json: bool) -> None:
    """Say what differs."""
    one, other = found(before, outside), found(after, outside)
    changes = differences(one, other)
    if as_json:
        say_json({"before": one.title, "after": other.title, "differences": [plain(each) for each in changes]})
    elif not changes:
        say(f"{one.title} and {other.title} promise the same")
    else:
        say(Text(f"{one.title} -> {other.title}", "bold"))
        for each in changes:
            line = Text(f"{each.group} ", SEVERITY_STYLES.get(each.group, "bold")).append(each.what, "not bold")
            say(line.append(f": {each.meaning}" if each.meaning else "", "dim"))


def agreement(outside: Doors, which: str, out: Path | None, *, html: bool) -> None:
    """Write the document."""
    agreed = found(which, outside)
    text = in_html(agreed) if html else in_markdown(agreed)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise BadInput(f"{str(out)!r} cannot be written ({error.strerror}); name another file") from None
    say(f"{out}: agreement {agreed.title}")


def publish(outside: Doors, file: Path, by: str, reason: str, directory: Path | None, *, as_json: bool) -> None:
    """Check it, put it in force, and say what was recorded."""
    requests.name("by", by)
    if not requests.line("reason", reason, chars_max=requests.REASON_CHARS_MAX, required=False).strip():
        raise BadInput("a change of an agreement needs a reason; say it with --reason")
    shelf, people = shelf_of(read_settings()), _people(directory)
    at = outside.now()
    with _spoken("published"):
        agreed = _agreed(*shelf.read_file(file, at))
        remarks = lints(agreed, at, people)
        changes = _changes(shelf, agreed, outside)
        wanted = Wanted(agreed.policy.name, agreed.policy.version, agreed.policy.digest, by, reason.strip(), changes)
        publication = shelf.publish(file, wanted, at)
    if as_json:
        say_json({**plain(publication), "lints": [plain(each) for each in remarks]})
        return
    say(*(_line_of(str(file), each) for each in remarks))
    again = "" if publication.at == at else f", as on {when(publication.at, outside.zone)} already"
    say(f"{agreed.title} is in force for what is opened from now on (entry {publication.number} of its journal{again})")
    say(*(f"  {change}" for change in publication.changes if not again))


def log(outside: Doors, name: str | None, *, as_json: bool) -> None:
    """Say what the journal has. Raises `CheckFailed`, once all is said, when it does not hold."""
    settings = read_settings()
    if settings.policy_dir is None:
        raise BadInput("no folder of agreements is set; name one with ESCALATION_POLICY_DIR")
    with _spoken():
        chronicle = PolicyJournal(settings.policy_dir).read()
        unpublished = shelf_of(settings).unpublished(outside.now())
    entries = [each for each in chronicle.publications if name in {None, each.name}]
    unpublished = {each: what for each, what in unpublished.items() if name in {None, each}}
    if as_json:
        say_json({
            "holds": chronicle.fault is None, "fault": chronicle.fault, "head": chronicle.head,
            "entries": [plain(each) for each in entries], "unpublished": unpublished,
        })  # fmt: skip
    else:
        for each in entries:
            say(*_page_of(each, outside))
        say(*(Text(f"{each}: {what}", "yellow") for each, what in unpublished.items()))
        count = len(chronicle.publications)
        say(
            Text(f"the journal does not hold: {chronicle.fault}; only the {count} entries before it do", "bold red")
            if chronicle.fault is not None
            else f"{count} entries, and every one of them holds"
        )
    if chronicle.fault is not None:
        raise CheckFailed


# --- Reading ----------------------------------------------------------------------------------------------------------


def shelf_of(settings: Settings) -> PolicyShelf:
    """The agreements as a worker with these settings finds them."""
    settles = {channel: settings.settle.of(channel) for channel in Channel}
    return PolicyShelf(settings.policy_dir, settings.kept_policy_dir or settings.data_dir / "policies", settles)


def found(which: str, outside: Doors) -> Agreed:
    """The agreement of that name or in that file. What is wrong with it is said in lines that name the file."""
    shelf = shelf_of(read_settings())
    with _spoken():
        if is_file(which):
            return _agreed(*shelf.read_file(Path(which), outside.now()))
        return _agreed(*shelf.read(which, outside.now()))


def _agreed(document: Document, policy: Policy) -> Agreed:
    return Agreed(policy, document)


def is_file(which: str) -> bool:
    """Whether that means a file: names have neither a slash nor that ending."""
    return "/" in which or which.endswith((".yaml", ".yml"))


@contextmanager
def _spoken(deed: str = "read") -> Iterator[None]:
    """Turns what goes wrong with files into lines for people."""
    try:
        yield
    except (NoSuchPolicyError, JournalError) as error:
        raise BadInput(str(error)) from None
    except OSError as error:
        what = repr(str(error.filename)) if error.filename else "the agreement"
        raise BadInput(f"{what} cannot be {deed} ({error.strerror}); name a file that can") from None


def _people(path: Path | None) -> Directory | None:
    try:
        return Directory.from_file(path) if path is not None else None
    except DirectoryDown as error:
        raise BadInput(str(error)) from None


# --- Saying -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking one file. `policy` None: it was refused, for these faults."""

    file: str
    policy: Policy | None
    faults: tuple[str, ...]
    lints: tuple[Lint, ...]

    @property
    def good(self) -> bool:
        """Whether it can be used, and every promise in it kept."""
        return self.policy is not None and not any(each.level is Level.ERROR for each in self.lints)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "file": self.file,
            "good": self.good,
            "policy": self.policy.name if self.policy is not None else None,
            "version": self.policy.version if self.policy is not None else None,
            "digest": self.policy.digest if self.policy is not None else None,
            "faults": list(self.faults),
            "lints": [plain(each) for each in self.lints],
        }

    def lines(self) -> Iterator[Text | str]:
        """For people."""
        yield from (f"{self.file}: {fault}" for fault in self.faults)
        yield from (_line_of(self.file, each) for each in self.lints)
        if self.policy is not None:
            verdict = "is good" if self.good else "can be loaded, and has errors"
            title = f"{self.policy.name} {self.policy.version}"
            yield f"{self.file}: policy {title} {verdict} ({len(self.policy.routes)} routes)"


def _checked(which: str, outside: Doors, people: Directory | None) -> Checked:
    try:
        agreed = found(which, outside)
    except FaultyFileError as faulty:
        return Checked(which, None, tuple(str(fault) for fault in faulty.faults), ())
    return Checked(which, agreed.policy, (), lints(agreed, outside.now(), people))


def _line_of(file: str, lint: Lint) -> Text:
    line = Text(f"{file}: ").append(f"{lint.level}: ", LEVEL_STYLES[lint.level])
    return line.append(f"{lint.path} (line {lint.line}): {lint.what}; {lint.advice}")


def _page_of(entry: Publication, outside: Doors) -> Iterator[str]:
    replaced = f", after {entry.replaced}" if entry.replaced is not None else ""
    head = f"#{entry.number} {when(entry.at, outside.zone)}  {entry.name} {entry.version}{replaced}, by {entry.by}"
    yield f"{head}: {entry.reason} ({entry.digest[:12]})"
    yield from (f"     {change}" for change in entry.changes)


def _changes(shelf: PolicyShelf, agreed: Agreed, outside: Doors) -> tuple[str, ...]:
    """What differs from the one in force; a first publication has nothing to differ from."""
    try:
        before = _agreed(*shelf.read(agreed.policy.name, outside.now()))
    except (NoSuchPolicyError, FaultyFileError):
        return ()
    return tuple(str(each) for each in differences(before, agreed))


def _grid(table: Table) -> Grid:
    grid = Grid(title=table.title, title_justify="left", title_style="bold", show_lines=False)
    for column in table.columns:
        grid.add_column(column, overflow="fold")
    for place, row in enumerate(table.rows):
        grid.add_row(*(Text(cell) for cell in row), style=SEVERITY_STYLES.get(table.severity(place), ""))
    return grid
