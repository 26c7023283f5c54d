"""What was accepted is remembered, whatever happens to the stand-ins."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from escalation.standins import journal
from escalation.standins.journal import (
    Accepted,
    CallLine,
    Inbound,
    InboundMail,
    Journal,
    Posted,
    Refused,
    StatusChange,
    TicketWrite,
    VendorText,
)
from escalation.standins.remote import RemoteStandins
from escalation.standins.server import Standins
from tests.edge.standins.vendors import PHONE, Receiver, mail, sendgrid_at, text, twilio_at

NOW = datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
ENTRIES = (
    Accepted("sms", "SM1", PHONE, "+1", NOW, body="é\n", callback_events=("a", "b"), custom_args=(("k", "v"),)),
    Refused("email", "/v3/mail/send", None, None, "dropped", NOW),
    StatusChange("SM1", "undelivered", 30003, NOW),
    Posted("status", "SM1", "http://127.0.0.1/", (("a", "b"),), None, "refused", NOW),
    Inbound("SM2", PHONE, "+1", "ack", NOW),
    InboundMail("m1", "SM1", "a@b.example", "c@d.example", "Re: x", "ack", NOW),
    VendorText("SM3", "+1", PHONE, "stopped", NOW),
    CallLine("CA1", "said", "words", NOW),
    TicketWrite("T-1", "k", None, "note", NOW),
)


@contextmanager
def stand_ins_process(store: Path, *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", RemoteStandins]]:
    """`python -m escalation.standins` on a free port; it is killed when the block ends, if it still runs."""
    command = [sys.executable, "-m", "escalation.standins", "--port", "0", "--store", str(store), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        try:
            yield running, RemoteStandins(line.split()[2])
        finally:
            running.kill()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: type(entry).__name__)
def test_every_kind_of_entry_survives_the_trip_to_json(entry: journal.Entry) -> None:
    """Nothing is lost or changed: instants keep their microseconds, tuples stay tuples."""
    assert journal.decode(journal.encode(entry)) == entry


def test_a_journal_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    """The file is the memory; what is read back is what was appended."""
    first = Journal(tmp_path / "store")
    for entry in ENTRIES:
        first.append(entry)
    first.close()

    again = Journal(tmp_path / "store")
    try:
        assert again.entries(Accepted) == ENTRIES[:1]
        assert again.status("SM1") == ENTRIES[2]
        assert journal.read(tmp_path / "store") == ENTRIES
    finally:
        again.close()


def test_appends_of_many_threads_are_all_kept(tmp_path: Path) -> None:
    """In one order, the same in memory and on disk."""
    book = Journal(tmp_path / "store")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: book.append(StatusChange(f"SM{n}", "sent", None, NOW)), range(100)))
    kept = book.entries(StatusChange)
    book.close()

    assert len(kept) == 100
    assert journal.read(tmp_path / "store") == kept


def test_waiting_ends_when_the_condition_does_not_come_true(standins: Standins) -> None:
    """Every wait is bounded."""
    assert not standins.wait_until(lambda: False, timedelta(milliseconds=20))
    assert standins.wait_until(lambda: True, timedelta(0))


def test_stand_ins_started_again_still_know_what_they_accepted(tmp_path: Path, webhooks: Receiver) -> None:
    """Sends, their statuses, replies, stop words and tickets."""
    store = tmp_path / "store"
    with Standins(store=store, inbound_url=f"{webhooks.base_url}/inbound") as before:
        sid = text(twilio_at(before)).sid
        sendgrid_at(before).send(mail())
        before.reply_sms(PHONE, "STOP")
        assert before.wait_until(lambda: twilio_at(before).messages(sid).fetch().status == "delivered")
        seen = before.outbox()

    with Standins(store=store) as after:
        assert after.outbox() == seen
        assert twilio_at(after).messages(sid).fetch().status == "delivered"
        assert after.opted_out(PHONE, seen[0].sender)


def test_what_was_accepted_survives_kill_9(tmp_path: Path) -> None:
    """The store is the oracle of every kill test: what was answered is in it, and it is readable at any time."""
    store = tmp_path / "store"
    with stand_ins_process(store) as (running, remote):
        client = twilio_at(remote)
        sids = [text(client, dispatch=f"d-{number}").sid for number in range(5)]
        running.send_signal(signal.SIGKILL)
        running.wait(10)

    kept = [entry for entry in journal.read(store) if isinstance(entry, Accepted)]
    assert [(send.provider_id, send.dispatch) for send in kept] == [(sid, f"d-{n}") for n, sid in enumerate(sids)]
    with stand_ins_process(store) as (_, remote):
        assert remote.outbox() == kept


def test_sigterm_ends_the_process_cleanly(tmp_path: Path) -> None:
    """Exit code 0, with a request still hanging."""
    with stand_ins_process(tmp_path / "store") as (running, remote), ThreadPoolExecutor(1) as pool:
        remote.fail("sms", "accept_then_hang", delay=timedelta(minutes=1))
        hanging = pool.submit(text, twilio_at(remote, timeout=30))
        assert remote.wait_until(lambda: len(remote.outbox()) == 1)
        running.terminate()

        assert running.wait(10) == 0
        hanging.exception(10)


@pytest.mark.parametrize("what", ["port", "store"])
def test_a_port_or_store_that_cannot_be_had_is_one_line_and_exit_code_2(tmp_path: Path, what: str) -> None:
    """Never a traceback."""
    (tmp_path / "store").write_text("this is no database, and long enough to be seen as none" * 10)
    with Standins() as taken:
        asked = ["--port", str(taken.port)] if what == "port" else ["--port", "0", "--store", str(tmp_path / "store")]
        command = [sys.executable, "-m", "escalation.standins", *asked]
        ended = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=os.environ,
            cwd=Path(__file__).parents[3],
        )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("standins: port ")
    assert ended.stderr.count("\n") == 1


def test_a_port_in_use_is_an_error_of_the_caller(standins: Standins) -> None:
    """It must not end the program, as the server underneath would."""
    with pytest.raises(OSError, match="in use"):
        Standins(standins.port)


def test_a_send_that_cannot_be_kept_is_not_accepted(standins: Standins, sendgrid: Any) -> None:  # noqa: ANN401
    """No answer of success without a row on disk: here the store is gone."""
    standins.journal.close()

    with pytest.raises(Exception, match="503") as caught:
        sendgrid.send(mail())

    assert b"the store cannot keep this" in caught.value.body  # type: ignore[attr-defined]  # the vendor's error
    with pytest.raises(sqlite3.ProgrammingError):
        standins.journal.append(ENTRIES[4])


def test_many_threads_append_and_none_is_forgotten(tmp_path: Path) -> None:
    """They share their writes to the disk, and each is there when its own append returns."""
    kept_by = Journal(tmp_path / "store.db")
    seen: list[bool] = []

    def append(number: int) -> None:
        kept_by.append(StatusChange(str(number), "sent", None, datetime.now(UTC)))
        seen.append(str(number) in {entry.provider_id for entry in kept_by.entries(StatusChange)})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(append, range(200)))
    kept_by.close()

    kept = [entry.provider_id for entry in journal.read(tmp_path / "store.db") if isinstance(entry, StatusChange)]
    assert (sorted(kept, key=int), all(seen)) == ([str(number) for number in range(200)], True)


def test_what_cannot_be_kept_is_not_remembered(tmp_path: Path) -> None:
    """Nobody may act on an entry that a restart would forget."""
    kept_by = Journal(tmp_path / "store.db")
    kept_by.close()

    with pytest.raises(sqlite3.Error):
        kept_by.append(StatusChange("SM1", "sent", None, datetime.now(UTC)))
    assert kept_by.status("SM1") is None


def test_a_line_of_an_older_version_is_read_with_defaults() -> None:
    """A store made before a field existed is no broken store."""
    row = journal.encode(StatusChange("SM1", "sent", None, datetime.now(UTC)))
    del row["answered_by"], row["seconds"]

    assert journal.decode(row) == StatusChange("SM1", "sent", None, datetime.fromisoformat(str(row["changed_at"])))
