"""The stand-in for a ticket system."""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from escalation.standins import outgoing
from escalation.standins.server import Standins
from escalation.standins.tickets import KEY_CHARS_MAX, NOTE_CHARS_MAX, STATUS_CHARS_MAX, TICKET_CHARS_MAX, Note, Ticket
from tests.edge.standins.vendors import TIMEOUT


def ask(standins: Standins, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
    raw = None if body is None else json.dumps(body).encode()
    answer = outgoing.send(method, standins.base_url + path, raw, {"Content-Type": "application/json"}, TIMEOUT)
    return answer.status, json.loads(answer.body)


def test_a_ticket_holds_its_last_status_and_all_notes(standins: Standins) -> None:
    """Written by PUT and POST, read by GET and by the Python side."""
    ask(standins, "PUT", "/tickets/T-1", {"status": "Escalation", "key": "k1"})
    ask(standins, "POST", "/tickets/T-1/notes", {"text": "Told Ada.", "key": "k2"})
    ask(standins, "PUT", "/tickets/T-1", {"status": "Resolved", "key": "k3"})

    assert ask(standins, "GET", "/tickets/T-1") == (
        200,
        {"ticket": "T-1", "status": "Resolved", "notes": [{"key": "k2", "text": "Told Ada."}]},
    )
    assert standins.tickets() == {"T-1": Ticket("T-1", "Resolved", (Note("k2", "Told Ada."),))}


def test_a_write_is_applied_once_for_each_key(standins: Standins) -> None:
    """A retry is answered as the first try; an old status does not come back with its old key."""
    note = {"text": "Told Ada.", "key": "k1"}
    first, again = (ask(standins, "POST", "/tickets/T-1/notes", note) for _ in range(2))
    ask(standins, "PUT", "/tickets/T-1", {"status": "Escalation", "key": "k2"})
    ask(standins, "PUT", "/tickets/T-1", {"status": "Resolved", "key": "k3"})
    ask(standins, "PUT", "/tickets/T-1", {"status": "Escalation", "key": "k2"})

    assert first == again == (200, {"ticket": "T-1", "status": None, "notes": [{"key": "k1", "text": "Told Ada."}]})
    assert standins.tickets()["T-1"].status == "Resolved"


def test_the_same_note_at_the_same_time_is_still_one(standins: Standins) -> None:
    """Two workers may retry one write at once."""
    note = {"text": "Told Ada.", "key": "k1"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(standins, "POST", "/tickets/T-1/notes", note), range(16)))

    assert {status for status, _ in answers} == {200}
    assert len(standins.tickets()["T-1"].notes) == 1


def test_a_key_belongs_to_one_write(standins: Standins) -> None:
    """Another write under it is refused (409), on that ticket only."""
    ask(standins, "POST", "/tickets/T-1/notes", {"text": "a", "key": "k1"})

    other = ask(standins, "POST", "/tickets/T-1/notes", {"text": "b", "key": "k1"})
    status = ask(standins, "PUT", "/tickets/T-1", {"status": "a", "key": "k1"})
    elsewhere = ask(standins, "POST", "/tickets/T-2/notes", {"text": "b", "key": "k1"})

    assert (other[0], status[0], elsewhere[0]) == (409, 409, 200)


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {},
        {"text": "a"},
        {"text": "a", "key": "k", "by": "me"},
        {"text": 1, "key": "k"},
        {"text": "", "key": "k"},
        {"text": "a", "key": ""},
        {"text": "a", "key": "k" * (KEY_CHARS_MAX + 1)},
        {"text": "x" * (NOTE_CHARS_MAX + 1), "key": "k"},
    ],
)
def test_a_malformed_write_is_refused_in_one_line(standins: Standins, body: object) -> None:
    """400, and nothing is written."""
    status, told = ask(standins, "POST", "/tickets/T-1/notes", body)

    assert (status, standins.tickets()) == (400, {})
    assert "must be" in str(told["error"])
    assert standins.refused()[0].channel == "ticket"


def test_the_limits_themselves_are_accepted(standins: Standins) -> None:
    """Each bound at its edge; a longer id is no ticket."""
    ticket = "T" * TICKET_CHARS_MAX
    note = {"text": "x" * NOTE_CHARS_MAX, "key": "k" * KEY_CHARS_MAX}

    assert ask(standins, "POST", f"/tickets/{ticket}/notes", note)[0] == 200
    assert ask(standins, "PUT", f"/tickets/{ticket}", {"status": "s" * STATUS_CHARS_MAX, "key": "k"})[0] == 200
    assert ask(standins, "PUT", f"/tickets/{ticket}", {"status": "s" * (STATUS_CHARS_MAX + 1), "key": "l"})[0] == 400
    assert ask(standins, "PUT", f"/tickets/{ticket}T", {"status": "s", "key": "k"})[0] == 404


def test_an_unknown_ticket_is_not_found(standins: Standins) -> None:
    """Only a write makes one."""
    assert ask(standins, "GET", "/tickets/T-9") == (404, {"error": "no ticket 'T-9'"})


def test_an_odd_id_is_taken_as_it_is(standins: Standins) -> None:
    """Escaped in the address, unescaped in the ticket."""
    ask(standins, "PUT", "/tickets/T%20%C3%A9%3C1%3E", {"status": "Open", "key": "k"})

    assert set(standins.tickets()) == {"T é<1>"}


def test_a_ticket_system_fails_as_told(standins: Standins) -> None:
    """Written and dropped; answered with an error, before and after."""
    note = {"text": "a", "key": "k1"}
    standins.fail("ticket", "accept_then_drop")
    standins.fail("ticket", "status", status=503)
    standins.fail("ticket", "reject", code=422)

    with pytest.raises((HTTPException, ConnectionError)):
        ask(standins, "POST", "/tickets/T-1/notes", note)

    assert len(standins.tickets()["T-1"].notes) == 1
    assert [ask(standins, "POST", "/tickets/T-1/notes", note)[0] for _ in range(3)] == [503, 422, 200]
