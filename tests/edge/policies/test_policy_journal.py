"""A change of an agreement is recorded: who, when, why and what differs; whoever alters the record is noticed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import escalation
from escalation.adapters.policies import NoSuchPolicyError, PolicyShelf
from escalation.adapters.policy_journal import (
    CHANGE_CHARS_MAX,
    CHANGES_MAX,
    JOURNAL,
    JOURNAL_BYTES_MAX,
    JournalError,
    PolicyJournal,
    Publication,
    Wanted,
)
from escalation.core.vocabulary import Channel
from escalation.wire.yaml_reader import FaultyFileError

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTLES = dict.fromkeys(Channel, timedelta(minutes=1))
DEMO = (Path(escalation.__file__).parent / "policies" / "demo.yaml").read_text()
Publish = Callable[..., Publication]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "policies"


@pytest.fixture
def shelf(folder: Path, tmp_path: Path) -> PolicyShelf:
    return PolicyShelf(folder, tmp_path / "kept", SETTLES)


@pytest.fixture
def publish(shelf: PolicyShelf, tmp_path: Path) -> Publish:
    """Publish the demonstration's agreement under another name, in some version and with some text more."""

    def _publish(version: str = "1", more: str = "", **wanted: object) -> Publication:
        file = tmp_path / "written.yaml"
        text = DEMO.replace("name: demo", "name: acme").replace('version: "1"', f'version: "{version}"')
        file.write_text(text + more)
        _, policy = shelf.read_file(file, AT)
        order = Wanted(policy.name, policy.version, policy.digest, "maya", "new quarter", ("SEV1 label: P1 -> A",))
        return shelf.publish(file, replace(order, **wanted), AT)  # type: ignore[arg-type]  # the test's own names

    return _publish


def test_a_publication_puts_the_file_in_force_and_is_entered(
    shelf: PolicyShelf, publish: Publish, folder: Path
) -> None:
    """Who, when, why, which text, what it replaced, and what differs."""
    publish()
    second = publish("2")

    assert shelf.newest("acme", AT).version == "2"
    assert second == Publication(
        2, "acme", "2", shelf.newest("acme", AT).digest, "1", AT, "maya", "new quarter", ("SEV1 label: P1 -> A",),
        second.previous,
    )  # fmt: skip
    found = PolicyJournal(folder).read()
    assert ([each.version for each in found.of("acme")], found.fault) == (["1", "2"], None)
    assert found.of("demo") == ()


def test_the_same_version_with_another_text_is_refused(shelf: PolicyShelf, publish: Publish) -> None:
    """Whether it is in force, or was in force before: a version says one thing for ever."""
    publish()
    with pytest.raises(JournalError, match="acme 1 is in force with another text; raise the version"):
        publish("1", "# another text\n")
    publish("2")
    with pytest.raises(JournalError, match="acme 1 was published on 2026-11-23 with another text; raise the version"):
        publish("1", "# another text\n")

    assert shelf.newest("acme", AT).version == "2"


def test_an_earlier_version_may_come_back_as_it_was(shelf: PolicyShelf, publish: Publish) -> None:
    """As a publication of its own."""
    publish()
    publish("2")

    assert (publish("1").number, shelf.newest("acme", AT).version) == (3, "1")


def test_a_publication_that_was_cut_short_can_be_repeated(shelf: PolicyShelf, publish: Publish, folder: Path) -> None:
    """After the line and before the file: the line is not written twice."""
    first = publish()
    (folder / "acme.yaml").unlink()
    assert publish() == first
    with (folder / JOURNAL).open("ab") as journal:
        journal.write(b'{"at":"2026')
    second = publish("2")

    assert (second.number, PolicyJournal(folder).read().fault) == (2, None)


def test_a_faulty_file_changes_nothing(shelf: PolicyShelf, publish: Publish, tmp_path: Path, folder: Path) -> None:
    """Neither what is in force, nor the copy, nor the journal."""
    publish()
    shelf.newest("acme", AT)
    before = (folder / JOURNAL).read_bytes()
    with pytest.raises(FaultyFileError):
        publish("2", "more: here\n")
    file = tmp_path / "written.yaml"
    file.write_text("a: [")
    with pytest.raises(FaultyFileError):
        shelf.publish(file, Wanted("acme", "2", "0" * 64, "maya", "why"), AT)

    assert (folder / JOURNAL).read_bytes() == before
    assert (shelf.newest("acme", AT).version, shelf.kept("acme").version) == ("1", "1")


def test_a_file_that_changed_after_it_was_looked_at_is_refused(publish: Publish) -> None:
    """What was checked is what comes into force."""
    with pytest.raises(JournalError, match=r"has changed, or names iCal files that are others"):
        publish(digest="0" * 64)


def test_ical_files_of_the_folder_are_the_ones_that_count(publish: Publish, folder: Path, tmp_path: Path) -> None:
    """An agreement that names one which is not there cannot be published."""
    calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
    calendar += "DTSTART;VALUE=DATE:20261224\r\nSUMMARY:Eve\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    (tmp_path / "days.ics").write_text(calendar)
    more = '\n  works:\n    zone: Europe/Berlin\n    week: { monday: ["09:00-17:00"] }\n    ical: days.ics\n'
    text = DEMO.replace("name: demo", "name: acme").replace("\nsettles:", f"{more}\nsettles:")
    file = tmp_path / "named.yaml"
    file.write_text(text)
    shelf = PolicyShelf(folder, tmp_path / "kept", SETTLES)
    _, policy = shelf.read_file(file, AT)
    wanted = Wanted("acme", "1", policy.digest, "maya", "why")
    folder.mkdir()
    with pytest.raises(FaultyFileError, match=r"days\.ics"):
        shelf.publish(file, wanted, AT)
    (folder / "days.ics").write_text(calendar)

    assert shelf.publish(file, wanted, AT).number == 1
    assert shelf.unpublished(AT) == {}


def test_without_a_folder_nothing_can_be_published(tmp_path: Path) -> None:
    """The setting that names one is named; nothing is unpublished either."""
    shelf = PolicyShelf(None, tmp_path / "kept", SETTLES)
    with pytest.raises(NoSuchPolicyError, match="name one with ESCALATION_POLICY_DIR"):
        shelf.publish(tmp_path / "a.yaml", Wanted("a", "1", "0", "maya", "why"), AT)

    assert shelf.unpublished(AT) == {}


# --- The chain of lines -----------------------------------------------------------------------------------------------


def _altered(line: bytes, **fields: object) -> bytes:
    return json.dumps(json.loads(line) | fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda lines: [lines[0], _altered(lines[1], by="someone"), lines[2]], "line 2 is not the one that line 3"),
        (lambda lines: [lines[0], lines[2]], "line 2 says that it is number 3"),
        (lambda lines: [lines[0], lines[2], lines[1]], "line 2 says that it is number 3"),
        (lambda lines: [lines[0], _altered(lines[2], number=2)], "line 1 is not the one that line 2"),
        (lambda lines: [lines[0], b"{}\n", lines[2]], "line 2 is no entry"),
        (lambda lines: [lines[0], lines[1].replace(b'":', b'": ', 1)], "line 2 is not written as the program"),
        (lambda lines: [_altered(lines[0], reason="other"), lines[1], lines[2]], "line 1 is not the one that line 2"),
        (lambda lines: [_altered(lines[1], number=1)], "line 1 follows"),
    ],
)
def test_whatever_is_altered_is_noticed(
    spoil: Callable[[list[bytes]], list[bytes]], fault: str, publish: Publish, folder: Path
) -> None:
    """With the first line that does not hold; then nothing more is published on top of it."""
    for version in ("1", "2", "3"):
        publish(version)
    journal = folder / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(spoil(lines)))
    found = PolicyJournal(folder).read().fault

    assert found is not None
    assert found.startswith(fault)
    with pytest.raises(JournalError, match=f"does not hold: {fault}.*; restore it, or put it away"):
        publish("4")


def test_a_line_that_was_edited_is_not_among_those_that_hold(publish: Publish, folder: Path) -> None:
    """The one after it only says so: what holds ends before the edited one, and that one is named."""
    for version in ("1", "2", "3"):
        publish(version)
    journal = folder / JOURNAL
    first, second, third = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(first + _altered(second, by="someone") + third)
    chronicle = PolicyJournal(folder).read()

    assert [each.version for each in chronicle.publications] == ["1"]
    assert chronicle.fault is not None
    assert "it was changed, or one is missing" in chronicle.fault


def test_a_journal_and_its_lines_are_bounded(publish: Publish, folder: Path) -> None:
    """As many changes as fit, and a word on how many more; a full journal takes no more."""
    many = tuple(f"{number} {'x' * CHANGE_CHARS_MAX}" for number in range(CHANGES_MAX + 5))
    entered = publish(changes=many)
    assert (len(entered.changes), entered.changes[-1]) == (CHANGES_MAX, "and 6 more")
    assert max(map(len, entered.changes)) == CHANGE_CHARS_MAX
    (folder / JOURNAL).write_bytes(b"x" * (JOURNAL_BYTES_MAX + 1))

    with pytest.raises(JournalError, match=f"has more than {JOURNAL_BYTES_MAX} bytes; put it away and begin anew"):
        publish("2")


def test_two_people_do_not_publish_at_once(publish: Publish, folder: Path) -> None:
    """The second is told to try again."""
    with (
        PolicyJournal(folder).locked(),
        pytest.raises(JournalError, match=r"somebody else publishes into .*; try again"),
    ):
        publish()

    assert publish().number == 1


# --- What the journal does not know -----------------------------------------------------------------------------------


def test_a_file_that_was_never_published_works_and_is_told(shelf: PolicyShelf, publish: Publish, folder: Path) -> None:
    """Also one that was put there over a published one, one that is faulty, and an older one put back."""
    publish()
    assert shelf.unpublished(AT) == {}
    own = folder / "acme.yaml"
    published = own.read_text()
    own.write_text(published + "# by hand\n")
    assert shelf.newest("acme", AT).version == "1"
    assert "is in force and was never published" in shelf.unpublished(AT)["acme"]
    own.write_text(published)
    assert "was used and was never published" in shelf.unpublished(AT)["acme"]
    shelf.newest("acme", AT)
    assert shelf.unpublished(AT) == {}
    publish("2")
    own.write_text(published)
    assert shelf.unpublished(AT)["acme"] == "version 1 is in force, though 2 was published last; publish it again"
    own.write_text("a: [")
    assert shelf.unpublished(AT)["acme"].startswith("its file is wrong, the last good copy stays in force")


def test_a_published_file_that_was_deleted_is_told(shelf: PolicyShelf, publish: Publish, folder: Path) -> None:
    """What is opened from now on goes by a copy, by what ships under that name, or not at all: somebody must know."""
    publish("1")
    publish("2")
    (folder / "acme.yaml").unlink()

    assert shelf.unpublished(AT) == {
        "acme": "version 2 was published, and its file is gone; restore it, or publish the agreement again"
    }
    publish("3")
    assert shelf.unpublished(AT) == {}
