"""The Python surface of stand-ins that run in another process, over their control API."""

import json
from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from escalation.standins import outgoing
from escalation.standins.faults import RESET_DEFAULT, FaultKind, Target
from escalation.standins.journal import Accepted, Channel, Entry, Inbound, Posted, Refused, decode
from escalation.standins.lifecycle import UNREACHABLE
from escalation.standins.tickets import Note, Ticket

TIMEOUT = timedelta(seconds=30)
POLL = timedelta(milliseconds=50)
OK = 200
T = TypeVar("T", bound=Entry)


class RemoteStandins:
    """The same names and meanings as `server.Standins`, for the stand-ins at `base_url`.

    Raises `ValueError` with the stand-ins' own line for what they refuse, and `OSError` when they cannot be reached.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")

    def outbox(self, channel: Channel | None = None) -> list[Accepted]:
        return [send for send in self._seen("accepted", Accepted) if channel in {None, send.channel}]

    def refused(self) -> list[Refused]:
        return self._seen("refused", Refused)

    def posted(self) -> list[Posted]:
        return self._seen("posted", Posted)

    def inbound(self) -> list[Inbound]:
        return self._seen("inbound", Inbound)

    def tickets(self) -> dict[str, Ticket]:
        rows = self._ask("GET", "/outbox.json")["tickets"]
        return {
            name: Ticket(row["ticket"], row["status"], tuple(Note(**note) for note in row["notes"]))
            for name, row in rows.items()
        }

    def wait_until(self, condition: Callable[[], bool], timeout: timedelta = timedelta(seconds=10)) -> bool:
        end = monotonic() + timeout.total_seconds()
        while not condition():
            if monotonic() >= end:
                return False
            sleep(POLL.total_seconds())
        return True

    def fail(  # noqa: PLR0913 - as the board's
        self,
        channel: Channel,
        kind: FaultKind,
        times: int = 1,
        *,
        to: str | None = None,
        status: int = 500,
        code: int | None = None,
        delay: timedelta = timedelta(seconds=1),
        reset: timedelta = RESET_DEFAULT,
        on: Target = "send",
    ) -> None:
        self._tell(
            "faults",
            channel=channel,
            kind=kind,
            times=times,
            to=to,
            status=status,
            code=code,
            delay_seconds=delay.total_seconds(),
            reset_seconds=reset.total_seconds(),
            on=on,
        )

    def clear_faults(self) -> None:
        self._ask("DELETE", "/control/faults")

    def expect(
        self, channel: Literal["sms", "voice"], ends: str, *, to: str | None = None, error_code: int = UNREACHABLE
    ) -> None:
        self._tell("outcomes", channel=channel, ends=ends, to=to, error_code=error_code)

    def lag(self, channel: Channel, lag: timedelta) -> None:
        self._tell("lag", channel=channel, lag_seconds=lag.total_seconds())

    def callbacks(self, *, enabled: bool = True, copies: int = 1, gap: timedelta | None = None) -> None:
        spaced = {} if gap is None else {"gap_seconds": gap.total_seconds()}
        self._tell("callbacks", enabled=enabled, copies=copies, **spaced)

    def deliver(
        self, *, inbound_url: str | None = None, public_url: str | None = None, deliver_to: str | None = None
    ) -> None:
        self._tell("delivery", inbound_url=inbound_url, public_url=public_url, deliver_to=deliver_to)

    def reply_sms(self, sender: str, body: str, to: str | None = None) -> Posted:
        posted = decode(self._tell("replies", sender=sender, body=body, to=to))
        if not isinstance(posted, Posted):
            raise OSError(f"{self.base_url} answered a reply with {posted!r}")
        return posted

    def _seen(self, name: str, kind: type[T]) -> list[T]:
        rows = self._ask("GET", "/outbox.json")[name]
        entries = [decode(row) for row in rows]
        return [entry for entry in entries if isinstance(entry, kind)]

    def _tell(self, command: str, **fields: object) -> dict[str, Any]:
        return self._ask("POST", f"/control/{quote(command)}", json.dumps(fields).encode())

    def _ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body else {}
        answer = outgoing.send(method, self.base_url + path, body, headers, TIMEOUT)
        told: dict[str, Any] = json.loads(answer.body)
        if answer.status != OK:
            raise ValueError(told["error"])
        return told
