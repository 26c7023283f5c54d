"""`escalate prune`: what ended long ago lets its files go, and nothing else does."""

import json
import os
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from escalation.adapters.attachments import AttachmentFolder
from escalation.cli.keeping import Keeping
from escalation.core.beside import Attach, Attachment
from escalation.core.commands import Cancel, Command
from escalation.core.decide import decide
from escalation.core.effects import Text
from escalation.core.standing import Standing
from escalation.core.state import Escalation
from escalation.core.vocabulary import Ask
from escalation.reports.retention import uses
from tests.core.cases import POLICY, opening
from tests.edge.cli.terminal import NOW, KeptEntry, Terminal

FILE, OTHER = b"E-1042 export worker timed out\n", b"the other one\n"
DIGEST, OTHERS = (sha256(content).hexdigest() for content in (FILE, OTHER))
YEAR, DAY = timedelta(days=365), timedelta(days=1)
TEXT = Text("t", "c" * 64)


def log(reference: str, at: datetime, *commands: Command, **given: object) -> list[KeptEntry]:
    """An escalation that was opened then, and what was said a minute apart."""
    state: Escalation | None = None
    rows = []
    first = opening(reference=reference, policy=POLICY, deadline=at + timedelta(days=30), **given)
    for number, command in enumerate([first, *commands]):
        decision = decide(state, command, at + number * timedelta(minutes=1))
        state, sealed = decision.state, decision.sealed
        rows.append(KeptEntry(reference, "1", sealed.entry.sequence, sealed.digest, sealed.body))
    return rows


ATTACHED = Attach("sue", DIGEST, len(FILE), "text/plain", TEXT)
OVER = Cancel("sue", "twice")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files, kept three years ago."""
    store = AttachmentFolder(tmp_path / "files")
    for content in (FILE, OTHER):
        store.keep(content)
    for place in (tmp_path / "files").rglob("*"):
        if place.is_file():
            os.utime(place, ((NOW - 3 * YEAR).timestamp(),) * 2)
    return tmp_path / "files"


@pytest.fixture
def keeper(terminal: Terminal, folder: Path) -> Terminal:
    """Somebody else's escalation keeps the other file."""
    terminal.keeping = lambda: Keeping(AttachmentFolder(folder), lambda by, _: Standing(by), lambda _: None)
    others = (Attachment(OTHERS, len(OTHER), "text/plain", TEXT),)
    terminal.log.rows = log("ESC-9", NOW - 3 * YEAR, attachments=others)
    return terminal


def kept(folder: Path) -> set[str]:
    return set(AttachmentFolder(folder).kept())


def test_the_file_of_what_ended_long_ago_goes(keeper: Terminal, folder: Path) -> None:
    """First it only says which; the one that an open escalation was opened with stays, however old."""
    keeper.log.rows += log("ESC-1", NOW - 2 * YEAR, ATTACHED, OVER)
    said = keeper("prune")
    assert (said.exit, kept(folder)) == (0, {DIGEST, OTHERS})
    assert said.out.splitlines()[0] == DIGEST
    assert "1 of 2 files are needed by nothing that ended after" in said.out

    assert keeper("prune", "--delete").out == f"1 of 2 files deleted, {len(FILE)} bytes\n"
    assert kept(folder) == {OTHERS}
    assert json.loads(keeper("prune", "--delete", "--json").out) == {"files": 1, "unneeded": [], "deleted": []}


@pytest.mark.parametrize(
    ("ago", "gone"), [(timedelta(days=30), False), (timedelta(days=30, minutes=3), True)], ids=["at it", "beyond"]
)
def test_it_is_kept_so_many_days_after_the_end(keeper: Terminal, folder: Path, ago: timedelta, *, gone: bool) -> None:
    """Counted from the last thing that its log says, not from when it was attached."""
    keeper.log.rows += log("ESC-1", NOW - ago, ATTACHED, OVER)
    keeper("prune", "--delete", "--days", "30")

    assert (DIGEST not in kept(folder)) is gone


@pytest.mark.parametrize("where", ["open", "reopened later", "no end in the log", "unreadable"])
def test_nothing_that_an_open_escalation_names_is_deleted(keeper: Terminal, folder: Path, where: str) -> None:
    """Even if others that named it ended long ago; a log whose end is missing or damaged counts as open."""
    keeper.log.rows += log("ESC-1", NOW - 2 * YEAR, ATTACHED, OVER)
    second = log("ESC-2", NOW - 2 * YEAR, ATTACHED, OVER)
    match where:
        case "open":
            second = second[:2]
        case "reopened later":
            second = log("ESC-2", NOW - DAY, ATTACHED, OVER)
        case "no end in the log":
            second = [*second[:2], *log("ESC-2", NOW - 2 * YEAR, ATTACHED, ATTACHED)[2:]]
        case _:
            second[2] = KeptEntry("ESC-2", "1", 3, "", "{", columns={"at": NOW - 2 * YEAR})
    keeper.log.rows += second
    keeper("prune", "--delete")

    assert DIGEST in kept(folder)


def test_a_file_that_no_log_names_goes_as_long_after_it_was_kept(keeper: Terminal, folder: Path) -> None:
    """Its entry may be on its way; an opening that was refused needs nothing."""
    recent = folder / DIGEST[:2] / DIGEST[2:]
    os.utime(recent, ((NOW - YEAR).timestamp(),) * 2)
    keeper("prune", "--delete")
    assert DIGEST in kept(folder)
    os.utime(recent, ((NOW - YEAR - DAY).timestamp(),) * 2)
    attachments = (Attachment(DIGEST, 1, "text/plain", TEXT),)
    refused = log("ESC-3", NOW - 2 * YEAR, route="nowhere", ask=Ask.FIX, attachments=attachments)
    assert DIGEST in uses(refused).ended_at
    keeper.log.rows += refused
    keeper("prune", "--delete")

    assert DIGEST not in kept(folder)


def test_an_empty_log_deletes_nothing(keeper: Terminal, folder: Path) -> None:
    """Most likely it is the wrong one: one line, exit 2."""
    keeper.log.rows = []
    said = keeper("prune", "--delete")

    assert (said.exit, said.out, kept(folder)) == (2, "", {DIGEST, OTHERS})
    assert "set ESCALATION_AUDIT_URL" in said.err


def test_the_deployment_says_how_long(keeper: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its setting, a year unless it says otherwise; the same bounds hold."""
    keeper.log.rows += log("ESC-1", NOW - 40 * DAY, ATTACHED, OVER)
    keeper("prune", "--delete")
    assert DIGEST in kept(folder)
    monkeypatch.setenv("ESCALATION_ATTACHMENTS_KEPT_DAYS", "30")
    keeper("prune", "--delete")
    assert DIGEST not in kept(folder)
    monkeypatch.setenv("ESCALATION_ATTACHMENTS_KEPT_DAYS", "0")

    assert keeper("prune").exit == 2


@pytest.mark.parametrize(("days", "code"), [("0", 2), ("1", 0), ("36500", 0), ("36501", 2)])
def test_days_have_bounds(keeper: Terminal, days: str, code: int) -> None:
    """At least one, and no more than a century."""
    assert keeper("prune", "--days", days).exit == code
