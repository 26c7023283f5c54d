"""The Python surface of stand-ins that run in another process, over their control API."""

import json
from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep
from typing import Any, TypeVar
from urllib.parse import quote

from escalation.standins import outgoing
from escalation.standins.board import CallAct
from escalation.standins.faults import RESET_DEFAULT, FaultKind, Target
from escalation.standins.journal import (
    Accepted,
    CallLine,
    Channel,
    Entry,
    Inbound,
    InboundMail,
    Posted,
    Refused,
    decode,
)
from escalation.standins.outcomes import UNREACHABLE, Sent
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

    def inbound_mail(self) -> list[InboundMail]:
        return self._seen("inbound_mail", InboundMail)

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
        error: str | None = None,
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
            error=error,
        )

    def clear_faults(self) -> None:
        self._ask("DELETE", "/control/faults")

    def expect(
        self,
        channel: Sent,
        ends: str,
        *,
        to: str | None = None,
        error_code: int = UNREACHABLE,
        keys: str = "",
        answered_by: str | None = None,
        reason: str | None = None,
    ) -> None:
        fields = {"keys": keys, "answered_by": answered_by, "reason": reason}
        self._tell("outcomes", channel=channel, ends=ends, to=to, error_code=error_code, **fields)

    def lag(self, channel: Channel, lag: timedelta) -> None:
        self._tell("lag", channel=channel, lag_seconds=lag.total_seconds())

    def callbacks(
        self,
        *,
        enabled: bool = True,
        copies: int = 1,
        gap: timedelta | None = None,
        loss: float = 0.0,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        delay: timedelta = timedelta(0),
        seed: int = 0,
    ) -> None:
        spaced = {} if gap is None else {"gap_seconds": gap.total_seconds()}
        weather = {"loss": loss, "duplicate": duplicate, "reorder": reorder, "seed": seed}
        late = delay.total_seconds()
        self._tell("callbacks", enabled=enabled, copies=copies, delay_seconds=late, **spaced, **weather)

    def deliver(
        self,
        *,
        inbound_url: str | None = None,
        public_url: str | None = None,
        deliver_to: str | None = None,
        events_url: str | None = None,
        parse_url: str | None = None,
    ) -> None:
        mail = {"events_url": events_url, "parse_url": parse_url}
        self._tell("delivery", inbound_url=inbound_url, public_url=public_url, deliver_to=deliver_to, **mail)

    def reply_sms(self, sender: str, body: str, to: str | None = None) -> Posted:
        return self._posted("replies", sender=sender, body=body, to=to)

    def reply_mail(
        self,
        mail: str,
        text: str,
        *,
        sender: str | None = None,
        to: str | None = None,
        automatic: bool = False,
        html: bool = False,
    ) -> Posted:
        said = {"automatic": automatic, "html": html}
        return self._posted("letters", mail=mail, text=text, sender=sender, to=to, **said)

    def chat(
        self,
        message: str,
        user: str,
        *,
        press: str | None = None,
        react: str | None = None,
        delete: bool = False,
    ) -> Posted | None:
        said = {"press": press, "react": react, "delete": delete}
        found = self._tell("chat", message=message, user=user, **said)
        return decode(found) if found else None  # type: ignore[return-value]  # a `Posted` or nothing

    def chat_with(
        self,
        *,
        slack_url: str | None = None,
        secret: str | None = None,
        burst: int | None = None,
        users: dict[str, str] | None = None,
    ) -> None:
        self._tell("workspace", slack_url=slack_url, secret=secret, burst=burst, users=users)

    def call(self, sid: str, act: CallAct, keys: str = "") -> None:
        self._tell("calls", sid=sid, act=act, keys=keys)

    def on_line(self) -> tuple[str, ...]:
        return tuple(self._ask("GET", "/outbox.json")["on_line"])

    def lines(self, sid: str) -> list[CallLine]:
        return [line for line in self._seen("lines", CallLine) if line.provider_id == sid]

    def keys(self, *, auth_token: str | None = None, event_key: int | None = None) -> str:
        return str(self._tell("keys", auth_token=auth_token, event_key=event_key)["answer"])

    def _posted(self, command: str, **fields: object) -> Posted:
        posted = decode(self._tell(command, **fields))
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
