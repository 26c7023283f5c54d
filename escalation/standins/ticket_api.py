"""The ticket system's HTTP side."""

import json
from dataclasses import asdict

from werkzeug.wrappers import Request, Response

from escalation.standins.board import Board
from escalation.standins.faults import Fault
from escalation.standins.journal import TicketWrite
from escalation.standins.tickets import NOTE_CHARS_MAX, STATUS_CHARS_MAX, KeyReusedError, Shelf, Ticket, parse


class TicketApi:
    def __init__(self, board: Board) -> None:
        self._board = board
        self._shelf = Shelf(board.journal.entries(TicketWrite))

    def set_status(self, request: Request, ticket: str) -> Response:
        return self._write(request, ticket, "status", STATUS_CHARS_MAX)

    def add_note(self, request: Request, ticket: str) -> Response:
        return self._write(request, ticket, "text", NOTE_CHARS_MAX)

    def show(self, request: Request, ticket: str) -> Response:
        return self._board.strike(request, "ticket", ticket, "lookup", lambda: self._ticket(ticket), _told)

    def _write(self, request: Request, ticket: str, field: str, chars_max: int) -> Response:
        try:
            write = parse(ticket, request.get_data(), field, chars_max)
        except ValueError as error:
            return self._board.refuse(request, "ticket", ticket, _error(400, str(error)), str(error))

        def apply() -> Response:
            try:
                with self._shelf.lock:
                    if self._shelf.is_new(write):
                        self._board.journal.append(write)
                        self._shelf.put(write)
            except KeyReusedError as error:
                return self._board.refuse(request, "ticket", ticket, _error(409, str(error)), str(error))
            return self._ticket(ticket)

        return self._board.strike(request, "ticket", ticket, "send", apply, _told)

    def _ticket(self, ticket: str) -> Response:
        found = self._shelf.tickets.get(ticket)
        return _error(404, f"no ticket {ticket!r}") if found is None else _json(200, as_json(found))


def as_json(ticket: Ticket) -> dict[str, object]:
    return asdict(ticket)


def _told(fault: Fault) -> Response:
    return _error(
        fault.code or fault.status if fault.kind == "reject" else fault.status, "the stand-in was told to fail"
    )


def _error(status: int, message: str) -> Response:
    return _json(status, {"error": message})


def _json(status: int, body: object) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
