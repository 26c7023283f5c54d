"""Where a directory comes from: calendar files beside it, an address with an ETag; and which was in force when."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from escalation.adapters.directory import Directory, DirectoryDown
from escalation.adapters.directory_journal import DirectoryJournal
from escalation.adapters.directory_source import ASK_EVERY, Mirror
from escalation.adapters.migrating import upgrade
from escalation.adapters.store import open_store
from escalation.wire.yaml_reader import FaultyFileError

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PEOPLE = """\
people:
  ana: {name: Ana Silva, email: ana@support.example}
  ben: {name: Ben Ode, email: ben@support.example}
"""
BY_FILE = f"""\
{PEOPLE}
schedules:
  bridge:
    zone: UTC
    ical: bridge.ics
    overrides:
      - {{since: "2026-11-23T08:00:00Z", until: "2026-11-23T10:00:00Z", who: ben, why: dentist}}
roles:
  bridge-on-call: {{primary: {{schedule: bridge}}, backup: ben}}
"""
WEEK = """\
BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:test\r
BEGIN:VEVENT\r
UID:1\r
SUMMARY:{who}\r
DTSTART;VALUE=DATE:20261123\r
DTEND;VALUE=DATE:20261130\r
END:VEVENT\r
END:VCALENDAR\r
"""


@dataclass
class Site:
    """A web server with one document; it counts what it is asked, and can be broken."""

    document: str = PEOPLE
    status: int = 200
    asked: list[str | None] = field(default_factory=list)
    sent: int = 0
    url: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    here = Site()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tag = f'"{hash(here.document)}"'
            here.asked.append(self.headers.get("Authorization"))
            unchanged = self.headers.get("If-None-Match") == tag and here.status == 200
            body = here.document.encode() if not unchanged else b""
            self.send_response(304 if unchanged else here.status)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            here.sent += bool(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library’s
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    here.url = f"http://127.0.0.1:{server.server_port}/directory"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "directory.yaml").write_text(BY_FILE)
    (tmp_path / "bridge.ics").write_text(WEEK.format(who="Ana Silva"))
    return tmp_path


def test_a_schedule_may_come_from_a_calendar_file(folder: Path) -> None:
    """Its events are the turns; what the directory overrides goes before them."""
    directory = Directory.from_file(folder / "directory.yaml")
    before, during, after = (directory.find("bridge-on-call", AT + hours * timedelta(hours=1)) for hours in (-2, 0, 1))
    assert [each.contact for each in (before, during, after)] == ["ana", "ben", "ana"]
    assert after.why == "on call until Mon 30 Nov 00:00 UTC (bridge, calendar file)"
    assert [each.name for each in directory.members("bridge", AT)] == ["ana"]


def test_a_changed_calendar_file_is_read_again(folder: Path) -> None:
    """At the next question; a wrong one changes nothing."""
    directory = Directory.from_file(folder / "directory.yaml")
    (folder / "bridge.ics").write_text(WEEK.format(who="ben@support.example"))
    assert directory.find("bridge-on-call", AT + timedelta(days=1)).contact == "ben"
    (folder / "bridge.ics").write_text(WEEK.format(who="somebody else"))
    assert directory.find("bridge-on-call", AT + timedelta(days=1)).contact == "ben"


@pytest.mark.parametrize(
    ("who", "said"), [("eve", "event 1 of the iCal file is nobody's turn"), (None, "cannot be read")]
)
def test_a_calendar_file_that_cannot_be_read_refuses_the_directory(folder: Path, who: str | None, said: str) -> None:
    """In one line, at the schedule that names it."""
    (folder / "bridge.ics").unlink()
    if who is not None:
        (folder / "bridge.ics").write_text(WEEK.format(who=who))
    with pytest.raises(FaultyFileError, match=said) as caught:
        Directory.from_file(folder / "directory.yaml")
    assert caught.value.faults[0].path == "schedules.bridge.ical"


def test_an_address_is_asked_now_and_then_and_sends_only_what_is_new(site: Site, tmp_path: Path) -> None:
    """Within half a minute nobody asks again; with its ETag an unchanged document costs no bytes."""
    mirror = Mirror(site.url, tmp_path, "secret")
    mirror.refresh(now=1000.0)
    mirror.refresh(now=1000.0 + ASK_EVERY.total_seconds() - 1)
    assert site.asked == ["Bearer secret"]
    mirror.refresh(now=1000.0 + ASK_EVERY.total_seconds())
    assert (len(site.asked), site.sent) == (2, 1)
    assert mirror.path.read_text() == PEOPLE


@pytest.mark.parametrize("broken", ["status", "document"])
def test_the_last_good_copy_stays_in_force_and_is_stale(site: Site, tmp_path: Path, broken: str) -> None:
    """Until the address answers with a good document again; a restart finds the copy as well."""
    mirror = Mirror(site.url, tmp_path)
    directory = Directory.from_address(mirror)
    assert directory.stale_since is None
    site.status, site.document = (503, PEOPLE) if broken == "status" else (200, "people: [wrong]\n")
    again = Mirror(site.url, tmp_path)
    assert Directory.from_address(again).find("ana", AT).contact == "ana"
    assert again.stale_since is not None
    site.status, site.document = 200, PEOPLE.replace("ana:", "eve:")
    fresh = Mirror(site.url, tmp_path)
    directory = Directory.from_address(fresh)
    assert (directory.find("eve", AT).contact, directory.stale_since) == ("eve", None)


def test_without_any_copy_nobody_can_be_asked(site: Site, tmp_path: Path) -> None:
    """And one line says so; a wrong first document is refused like a file."""
    site.status = 500
    with pytest.raises(DirectoryDown, match="cannot be asked"):
        Directory.from_address(Mirror(site.url, tmp_path))
    site.status, site.document = 200, BY_FILE
    with pytest.raises(FaultyFileError, match="has no files beside it"):
        Directory.from_address(Mirror(site.url, tmp_path))


def test_every_change_of_the_directory_is_recorded_once(folder: Path, tmp_path: Path) -> None:
    """By its digest, whichever worker sees it first; the same one again is no change."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    upgrade(url, "ledger")
    journal = DirectoryJournal(open_store(url, timedelta(seconds=5)))
    path = folder / "directory.yaml"
    one, other = Directory.from_file(path), Directory.from_file(path)
    one.tell_changes(journal.saw)
    other.tell_changes(journal.saw)
    first = one.digest()
    path.write_text(BY_FILE.replace("Ben Ode", "Ben O."))
    one.find("ana", AT)
    other.find("ana", AT)
    path.write_text(BY_FILE)
    one.find("ana", AT)
    seen = journal.changes(10)
    assert [each.number for each in seen] == [3, 2, 1]
    assert [each.digest == first for each in seen] == [True, False, True]
    assert [each.people for each in seen] == [2, 2, 2]
