"""Writing into the ticket: once for each key, and always an answer in the end."""

from collections.abc import Callable
from datetime import datetime

import pytest
from temporalio.exceptions import ApplicationError

from activities.tickets import TicketWriter
from escalation.adapters.rendering import Renderer
from escalation.adapters.sending import Accepted, Answered, Attempt, Broken
from escalation.core.effects import WriteTicket
from tests.edge.samples import BRIEF, NOW, TITLE
from tests.edge.sending.fakes import ATTEMPTS_MAX, WordsKept, run
from workflows.ports import Write

WRITE = Write(WriteTicket(number=4, ticket="T-4711", key="ESC-4711/e1/4", status="In Transfer", brief=BRIEF), at=NOW)
LOST = Broken("tickets", posted=True, why="ProtocolError")


class Desk:
    """A ticket system that answers as told and remembers what it was given."""

    def __init__(self, answer: Attempt) -> None:
        self.answer = answer
        self.written: list[tuple[str, str, str, str, datetime]] = []

    def write(self, ticket: str, status: str, note: str, key: str, at: datetime) -> Attempt:
        self.written.append((ticket, status, note, key, at))
        return self.answer


@pytest.fixture
def writer(texts: WordsKept) -> Callable[[Desk], TicketWriter]:
    renderer = Renderer()
    return lambda desk: TicketWriter(tickets=desk, texts=texts, renderer=renderer)


def test_status_note_and_key_reach_the_ticket(writer: Callable[[Desk], TicketWriter]) -> None:
    """The note says where it stands; the title is the ticket's own and needs no repeating."""
    desk = Desk(Accepted("k"))
    report = run(writer(desk).write_ticket, WRITE)

    ((ticket, status, note, key, at),) = desk.written
    assert (report.written, report.number) == (True, 4)
    assert (ticket, status, key, at) == ("T-4711", "In Transfer", "ESC-4711/e1/4", NOW)
    assert note.startswith("Escalation ESC-4711: in transfer")
    assert TITLE not in note


@pytest.mark.parametrize("answer", [LOST, Answered("tickets", 503), Answered("tickets", 429)])
def test_what_may_pass_is_tried_again_then_answered(writer: Callable[[Desk], TicketWriter], answer: Attempt) -> None:
    """Ambiguous included: the key makes a second write the same write."""
    act = writer(Desk(answer)).write_ticket
    with pytest.raises(ApplicationError):
        run(act, WRITE)

    report = run(act, WRITE, attempt=ATTEMPTS_MAX)
    assert not report.written
    assert report.error is not None


def test_a_final_no_is_answered_at_once(writer: Callable[[Desk], TicketWriter]) -> None:
    """An unknown ticket stays unknown."""
    report = run(writer(Desk(Answered("tickets", 404, "http_404"))).write_ticket, WRITE)

    assert (report.written, report.error) == (False, "config: http_404")


def test_a_silent_content_store_is_tried_again_then_answered(
    writer: Callable[[Desk], TicketWriter], texts: WordsKept
) -> None:
    """A note without its words is not written."""
    texts.down = True
    desk = Desk(Accepted("k"))
    with pytest.raises(ApplicationError):
        run(writer(desk).write_ticket, WRITE)

    assert run(writer(desk).write_ticket, WRITE, attempt=ATTEMPTS_MAX).error == "texts_down"
    assert desk.written == []
