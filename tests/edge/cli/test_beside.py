"""The verbs for what stands beside an escalation: what each one sends, keeps and refuses, in one line."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from escalation.adapters.attachments import AttachmentFolder
from escalation.cli.keeping import Keeping
from escalation.core.beside import FILE_BYTES_MAX, Attach, Attachment, ChangeContact, Linked
from escalation.core.effects import Text
from escalation.core.standing import Standing
from escalation.core.vocabulary import Ask, Phase, Severity
from escalation.wire.messages import HandedFile, View
from escalation.wire.second import SecondParty
from tests.edge.cli.terminal import KNOWN, VIEW, Terminal
from tests.wire.documents import good

LOG = b"E-1042 export worker timed out\n"
DIGEST = hashlib.sha256(LOG).hexdigest()
WITH_FILE = replace(VIEW, attachments=(Attachment(DIGEST, len(LOG), "text/plain", Text("name-1", "")),))
RESTRICTED = replace(WITH_FILE, restricted=True)


@pytest.fixture
def store(tmp_path: Path) -> AttachmentFolder:
    return AttachmentFolder(tmp_path / "store")


@pytest.fixture
def keeper(terminal: Terminal, store: AttachmentFolder) -> Terminal:
    """A terminal with a store, a directory that knows amira by another name, and the name of one file."""

    def standing(by: str, _at: datetime) -> Standing:
        return Standing(by, aliases=("a.miller",) if by == "amira" else (), known=by != "unknown")

    terminal.keeping = lambda: Keeping(store, standing, {"name-1": "console.txt"}.get)
    return terminal


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "console.txt").write_bytes(LOG)
    return tmp_path / "console.txt"


# --- link and contact ------------------------------------------------------------------------------------------------


def test_link_brings_a_second_party_in(terminal: Terminal, tmp_path: Path) -> None:
    """What is not said is as in the first; the answer is about the linked one."""
    (tmp_path / "story.txt").write_text("They renew in March.")
    said = terminal(
        "link", KNOWN, "--route", "any-to-leadership", "--ask", "decide", "--reason", "renewal", "--key", "k1",
        "--deadline", "2026-03-02T09:00+01:00", "--severity", "High", "--description", str(tmp_path / "story.txt"),
    )  # fmt: skip
    second = SecondParty(
        "any-to-leadership", Ask.DECIDE, "renewal", datetime(2026, 3, 2, 8, tzinfo=UTC), Severity.SEV2, None,
        "They renew in March.",
    )  # fmt: skip

    assert (said.exit, said.out) == (0, "INC-1.2: in transfer (entry 1 of its log)\n")
    assert terminal.client.linked == [(KNOWN, second, "amira", "k1")]


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["--reason", ""], "reason is missing"),
        (["--reason", "r", "--deadline", "soon"], "is no instant"),
        (["--reason", "r", "--severity", "worst"], "is unknown"),
        (["--reason", "r", "--description", "nowhere.txt"], "cannot be read"),
    ],
)
def test_link_says_what_is_wrong_before_anything_is_sent(terminal: Terminal, typed: list[str], line: str) -> None:
    """One line, exit 2."""
    said = terminal("link", KNOWN, "--route", "any-to-leadership", "--ask", "decide", *typed)

    assert (said.exit, said.out, terminal.client.linked) == (2, "", [])
    assert line in said.err
    assert said.err.count("\n") == 1


def test_a_story_that_is_no_text_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    """UTF-8 only."""
    (tmp_path / "story.bin").write_bytes(b"\xff\xfe")
    said = terminal(
        "link", KNOWN, "--route", "r", "--ask", "decide", "--reason", "r", "--description", str(tmp_path / "story.bin")
    )

    assert (said.exit, "no UTF-8 text" in said.err) == (2, True)


def test_contact_hands_the_customer_contact_over(terminal: Terminal) -> None:
    """To a named person, with a reason."""
    said = terminal("contact", KNOWN, "tala", "--reason", "on leave", "--key", "k1")

    assert said.exit == 0
    assert terminal.client.sent == [(KNOWN, ChangeContact("amira", "tala", "on leave"), "k1", None)]


# --- files -----------------------------------------------------------------------------------------------------------


def test_attach_keeps_the_file_and_sends_the_reference(keeper: Terminal, store: AttachmentFolder, log: Path) -> None:
    """The bytes go into the store, the digest into the log, the name to the words."""
    said = keeper("attach", KNOWN, str(log), "--key", "k1")

    assert said.exit == 0
    assert keeper.client.sent == [(KNOWN, Attach("amira", DIGEST, len(LOG), "text/plain"), "k1", "console.txt")]
    assert store.read(DIGEST) == LOG


def test_attach_reads_standard_input_under_a_name(keeper: Terminal) -> None:
    """What has no name of its own is given one."""
    assert keeper("attach", KNOWN, "-", "--name", "tail.log", typed=LOG).exit == 0
    assert keeper.client.sent[0][3] == "tail.log"
    assert "give one with --name" in keeper("attach", KNOWN, "-", typed=LOG).err


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"", "is empty"), (b"MZ\x90\0", "is a program"), (b"a" * (FILE_BYTES_MAX + 1), "more than 26214400 bytes")],
    ids=["empty", "program", "too large"],
)
def test_what_is_no_attachment_is_not_kept(keeper: Terminal, tmp_path: Path, content: bytes, line: str) -> None:
    """One line, exit 2, nothing sent and nothing in the store."""
    (tmp_path / "file").write_bytes(content)
    said = keeper("attach", KNOWN, str(tmp_path / "file"))

    assert (said.exit, keeper.client.sent, (tmp_path / "store").exists()) == (2, [], False)
    assert line in said.err


def test_a_file_of_no_escalation_is_not_kept(keeper: Terminal, log: Path, tmp_path: Path) -> None:
    """The reference is looked up first."""
    said = keeper("attach", "INC-9", str(log))

    assert (said.exit, (tmp_path / "store").exists()) == (2, False)


def test_attachments_lists_them_with_their_names(keeper: Terminal) -> None:
    """The name comes from the words; as JSON with the whole digest."""
    assert keeper("attachments", KNOWN).out == "INC-1: no files\n"
    keeper.client.shown = WITH_FILE

    assert keeper("attachments", KNOWN).out == f"{DIGEST[:12]}         31 bytes  text/plain        console.txt\n"
    assert json.loads(keeper("attachments", KNOWN, "--json").out) == [
        {"digest": DIGEST, "bytes": 31, "media_type": "text/plain", "name": "console.txt"}
    ]


def test_fetch_writes_the_file_and_never_over_another(
    keeper: Terminal, store: AttachmentFolder, tmp_path: Path
) -> None:
    """Found by the beginning of its digest; what is there already stays."""
    store.keep(LOG)
    keeper.client.shown = WITH_FILE
    to = tmp_path / "out.txt"

    assert keeper("fetch", KNOWN, DIGEST[:6], "--to", str(to)).out == f"{to}: 31 bytes, text/plain\n"
    assert to.read_bytes() == LOG
    assert "exists; name another file" in keeper("fetch", KNOWN, DIGEST, "--to", str(to)).err
    assert "cannot be written" in keeper("fetch", KNOWN, DIGEST, "--to", str(tmp_path / "no" / "out")).err


@pytest.mark.parametrize(
    ("digest", "line", "code"),
    [("ab", "is too short", 2), ("0" * 64, "no file of it begins so", 2), (DIGEST, "no file", 1)],
)
def test_fetch_says_what_is_not_there(keeper: Terminal, tmp_path: Path, digest: str, line: str, code: int) -> None:
    """Too short, not of this escalation, or not in this store."""
    keeper.client.shown = WITH_FILE
    said = keeper("fetch", KNOWN, digest, "--to", str(tmp_path / "out"))

    assert (said.exit, said.err.count("\n"), line in said.err) == (code, 1, True)
    assert not (tmp_path / "out").exists()


def test_a_damaged_file_is_not_given_out(keeper: Terminal, store: AttachmentFolder, tmp_path: Path) -> None:
    """The digest is proved at reading; exit 1."""
    store.keep(LOG)
    (tmp_path / "store" / DIGEST[:2] / DIGEST[2:]).write_bytes(b"other")
    keeper.client.shown = WITH_FILE
    said = keeper("fetch", KNOWN, DIGEST, "--to", str(tmp_path / "out"))

    assert (said.exit, "is not what was kept" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("by", "view", "code"),
    [
        ("amira", RESTRICTED, 0),
        ("rosa", RESTRICTED, 0),
        ("tala", RESTRICTED, 0),
        ("amira", replace(RESTRICTED, told=("a.miller",)), 0),
        ("stranger", RESTRICTED, 1),
        ("unknown", replace(RESTRICTED, told=("unknown",)), 1),
        ("stranger", WITH_FILE, 0),
    ],
    ids=["told", "owner", "contact", "by another name", "stranger", "nobody can say", "not restricted"],
)
def test_a_restricted_case_shows_its_files_to_those_who_know_of_it(
    keeper: Terminal, store: AttachmentFolder, tmp_path: Path, by: str, view: View, code: int
) -> None:
    """Listing and reading alike; whoever the directory cannot vouch for reads nothing."""
    store.keep(LOG)
    keeper.client.shown = view

    assert keeper("attachments", KNOWN, "--by", by).exit == code
    assert keeper("fetch", KNOWN, DIGEST, "--to", str(tmp_path / "out"), "--by", by).exit == code


def test_show_tells_links_both_ways_files_and_ping_pongs(terminal: Terminal) -> None:
    """On the page, and in the JSON."""
    terminal.client.shown = replace(
        WITH_FILE, ping_pongs=1, linked_to=Linked("INC-0", "e0"), links=(Linked("INC-1.2", "e2", Phase.DE_ESCALATED),)
    )
    page = terminal("show", KNOWN).out

    assert "linked     beside INC-0, INC-1.2 (de escalated)\n" in page
    assert "files      1, see: escalate attachments INC-1\n" in page
    assert "1 ping-pong" in page
    shown = json.loads(terminal("show", KNOWN, "--json").out)
    assert shown["linked_to"]["reference"] == "INC-0"


def test_a_name_that_would_act_on_a_terminal_does_not(keeper: Terminal, store: AttachmentFolder) -> None:
    """Whoever wrote it may have gone round this command line."""
    keeper.client.shown = WITH_FILE
    keeper.keeping = lambda: Keeping(store, lambda by, _at: Standing(by), {"name-1": "\x1b]0;x\x07\u202etxt"}.get)
    said = keeper("attachments", KNOWN)

    assert (said.exit, "\x1b" in said.out, "\u202e" in said.out) == (0, False, False)


# --- with the opening ------------------------------------------------------------------------------------------------


def form(folder: Path, *, sha256: str = DIGEST, visibility: str = "internal", **changes: object) -> Path:
    """A filled form whose one attachment is console.txt."""
    attachment = {
        "name": "console.txt", "bytes": len(LOG), "media_type": "text/plain", "sha256": sha256,
        "at": "https://files.example/console", "visibility": visibility,
    }  # fmt: skip
    (folder / "form.json").write_text(json.dumps({**good(), "attachments": [attachment], **changes}))
    return folder / "form.json"


def test_files_beside_a_form_are_kept_and_referenced_at_the_opening(
    keeper: Terminal, store: AttachmentFolder, log: Path
) -> None:
    """Named, sized and typed by what they are."""
    said = keeper("open", "INC-9", "--customer", "acme", "--from", str(form(log.parent)))

    assert (said.exit, said.err) == (0, "")
    assert keeper.client.started[0].attachments == (HandedFile("console.txt", DIGEST, len(LOG), "text/plain"),)
    assert store.read(DIGEST) == LOG


@pytest.mark.parametrize(
    "changes", [{"visibility": "restricted"}, {"gone": True}], ids=["more restricted than its case", "elsewhere"]
)
def test_other_files_stay_where_the_form_says(
    keeper: Terminal, log: Path, tmp_path: Path, changes: dict[str, object]
) -> None:
    """Their place is in the page that the receiver reads."""
    if changes.pop("gone", False):
        log.unlink()
    file = form(tmp_path, **changes)  # type: ignore[arg-type]  # the test's own
    said = keeper("open", "INC-9", "--customer", "acme", "--from", str(file))

    assert (said.exit, keeper.client.started[0].attachments) == (0, ())
    assert "https://files.example/console" in keeper.client.started[0].description
    assert not (tmp_path / "store").exists()


def test_a_restricted_file_of_a_restricted_case_is_kept(keeper: Terminal, log: Path) -> None:
    """The case is as narrow as the file."""
    file = form(log.parent, visibility="restricted", restricted=True)
    assert keeper("open", "INC-9", "--customer", "acme", "--from", str(file)).exit == 0

    assert len(keeper.client.started[0].attachments) == 1


def test_a_file_that_a_form_lists_twice_is_kept_once(keeper: Terminal, log: Path) -> None:
    """Under its first name; else nobody could say which of the two is meant."""
    written = json.loads(form(log.parent).read_text())
    (log.parent / "copy.txt").write_bytes(LOG)
    written["attachments"].append({**written["attachments"][0], "name": "copy.txt"})
    (log.parent / "form.json").write_text(json.dumps(written))
    said = keeper("open", "INC-9", "--customer", "acme", "--from", str(log.parent / "form.json"))

    assert (said.exit, said.err) == (0, "")
    assert [file.name for file in keeper.client.started[0].attachments] == ["console.txt"]


def test_a_file_that_is_not_the_one_in_the_form_opens_nothing(keeper: Terminal, log: Path) -> None:
    """Its digest says so, and it is not kept: a form may name what lies there by accident."""
    said = keeper("open", "INC-9", "--customer", "acme", "--from", str(form(log.parent, sha256="ab" * 32)))

    assert (said.exit, keeper.client.started) == (2, [])
    assert "has another SHA-256" in said.err
    assert not (log.parent / "store").exists()
