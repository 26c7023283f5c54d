"""The control API: what a program in another process reads and tells, as JSON."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from escalation.standins.board import Board
from escalation.standins.journal import Accepted, CallLine, Entry, encode
from escalation.standins.mail_events import key_of
from escalation.standins.outgoing import LOOPBACK

CONTROL_BYTES_MAX = 64 * 1024
SECONDS = "_seconds"
"""Ends the name of every field that is a duration."""


class Control:
    def __init__(self, board: Board) -> None:
        self._board = board
        self._commands: Mapping[str, Callable[..., object]] = {
            "faults": board.fail,
            "outcomes": board.expect,
            "lag": board.lag,
            "callbacks": board.callbacks,
            "delivery": board.deliver,
            "replies": board.reply_sms,
            "letters": board.reply_mail,
            "calls": board.call,
            "keys": board.keys,
            "chat": board.chat,
            "workspace": board.chat_with,
        }

    def tell(self, request: Request, command: str) -> Response:
        """Run one command with the JSON object's fields as its arguments; bad ones are answered in one line (400)."""
        act = self._commands.get(command)
        if act is None:
            return answer(404, {"error": f"no command {command!r}; there are {', '.join(sorted(self._commands))}"})
        try:
            result = act(**arguments(request))
        except (TypeError, ValueError) as error:
            return answer(400, {"error": str(error)})
        if isinstance(result, Entry):
            return answer(200, encode(result))
        return answer(200, {} if result is None else {"answer": result})

    def clear(self, _: Request) -> Response:
        self._board.clear_faults()
        return answer(200, {})

    def faults(self, _: Request) -> Response:
        return answer(200, [asdict(fault) for fault in self._board.faults()])

    def outbox(self, _: Request) -> Response:
        """Everything that was seen, as `journal.encode` writes it."""
        return answer(200, seen(self._board))


def seen(board: Board) -> dict[str, object]:
    def rows(entries: list[Any]) -> list[dict[str, object]]:
        return [
            encode(entry) | ({"status": _status(board, entry)} if isinstance(entry, Accepted) else {})
            for entry in entries
        ]

    return {
        "accepted": rows(board.outbox()),
        "refused": rows(board.refused()),
        "posted": rows(board.posted()),
        "inbound": rows(board.inbound()),
        "inbound_mail": rows(board.inbound_mail()),
        "lines": rows(list(board.journal.entries(CallLine))),
        "on_line": list(board.on_line()),
        "public_key": board.keys(),
        "weather": asdict(board.webhooks.callbacks.weather),
        "tickets": {name: asdict(ticket) for name, ticket in board.tickets().items()},
    }


def is_local(request: Request) -> bool:
    """Whether our own page (or a program) asks: no foreign web page and no rebound host name may steer us."""
    own = urlsplit(f"//{request.host}")
    origin = request.headers.get("Origin")
    return own.hostname in LOOPBACK and (origin is None or urlsplit(origin).netloc == request.host)


def arguments(request: Request) -> dict[str, object]:
    """The fields of the JSON body, durations as `timedelta`; raises `ValueError` for anything else."""
    if len(request.get_data()) > CONTROL_BYTES_MAX:
        raise ValueError(f"the body is over {CONTROL_BYTES_MAX} bytes")
    if request.mimetype != "application/json":
        raise ValueError("the body must be JSON, with Content-Type: application/json")
    body = json.loads(request.get_data())
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - one kind of error for every bad body
    return dict(_argument(name, value) for name, value in body.items())


def answer(status: int, body: object) -> Response:
    text = json.dumps(body, default=lambda value: value.total_seconds())
    return Response(text, status, content_type="application/json")


def _argument(name: str, value: object) -> tuple[str, object]:
    if not name.endswith(SECONDS):
        return name, value
    if not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number")  # noqa: TRY004 - as above
    return name.removesuffix(SECONDS), timedelta(seconds=value)


def _status(board: Board, send: Accepted) -> str:
    status = board.journal.status(key_of(send))
    return status.status if status else "accepted" if send.channel == "email" else "queued"
