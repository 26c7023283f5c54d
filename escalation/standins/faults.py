"""What can be made to go wrong: faults wait in a queue for each channel, and each strikes a counted number of times."""

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, get_args

from escalation.standins.journal import CHANNELS, Channel

FaultKind = Literal[
    "accept_then_drop",  # taken on, then the connection is closed without an answer
    "accept_then_hang",  # taken on, answered only after `delay`
    "drop_before_accept",  # the connection is closed, nothing was taken on
    "error_after_accept",  # taken on, answered with `status` (500)
    "status",  # not taken on, answered with `status`: 429, 500, 503, ...
    "reject",  # not taken on, answered with the vendor's error `code`
    "slow_drip",  # taken on, the answer trickles in over `delay`
    "redirect",  # not taken on, answered with a redirect to an address whose answer looks like success
    "truncated",  # taken on, the answer ends in the middle of its body
]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
Target = Literal["send", "lookup"]
TARGETS: tuple[Target, ...] = get_args(Target)
LOOKUP_KINDS: frozenset[FaultKind] = frozenset({"accept_then_hang", "drop_before_accept", "status", "slow_drip"})

DELAY_MAX = timedelta(minutes=2)
TIMES_MAX = 1_000
STATUS_MIN, STATUS_MAX = 300, 599
QUEUE_MAX = 1_000
RESET_DEFAULT = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned failure. `to` narrows it to one recipient; `reset` is the wait that a 429 of SendGrid names."""

    channel: Channel
    kind: FaultKind
    times: int = 1
    to: str | None = None
    status: int = 500
    code: int | None = None
    delay: timedelta = timedelta(seconds=1)
    reset: timedelta = RESET_DEFAULT
    on: Target = "send"
    error: str | None = None

    def __post_init__(self) -> None:
        one_of("channel", self.channel, CHANNELS)
        one_of("kind", self.kind, FAULT_KINDS)
        one_of("on", self.on, TARGETS)
        within("times", self.times, 1, TIMES_MAX)
        within("status", self.status, STATUS_MIN, STATUS_MAX)
        within("delay", self.delay, timedelta(0), DELAY_MAX)
        if self.kind == "reject" and self.channel == "chat" and self.error is None:
            raise ValueError("a 'reject' in the chat needs an error: Slack's own word, such as channel_not_found")
        if self.kind == "reject" and self.code is None and self.channel != "chat":
            raise ValueError("a 'reject' needs a code: Twilio's error code, or an HTTP status for email and tickets")
        if self.on == "lookup" and self.kind not in LOOKUP_KINDS:
            raise ValueError(f"a lookup can only suffer {sorted(LOOKUP_KINDS)}, not {self.kind!r}")


class Faults:
    """The queue: the oldest fault that matches a request strikes it. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            if len(self._queue) >= QUEUE_MAX:
                raise ValueError(f"{QUEUE_MAX} faults are already waiting; clear them first")
            self._queue.append(fault)

    def take(self, channel: Channel, to: str | None, on: Target) -> Fault | None:
        """The fault that strikes this request, if any; one of its times is then used up."""
        with self._lock:
            for index, fault in enumerate(self._queue):
                if (fault.channel, fault.on) == (channel, on) and fault.to in {None, to}:
                    if fault.times == 1:
                        del self._queue[index]
                    else:
                        self._queue[index] = replace(fault, times=fault.times - 1)
                    return fault
        return None

    def waiting(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(self._queue)

    def clear(self) -> None:
        with self._lock:
            self._queue.clear()


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise `ValueError` naming the choices unless `value` is one of them."""
    if value not in allowed:
        raise ValueError(f"{name} {value!r} is unknown; choose one of {', '.join(allowed)}")


def within(name: str, value: int | timedelta, low: int | timedelta, high: int | timedelta) -> None:
    """Raise `ValueError` naming the bounds unless `low <= value <= high` (all of one type)."""
    if not low <= value <= high:  # type: ignore[operator]  # callers pass three of one type
        raise ValueError(f"{name} is {value}; it must be between {low} and {high}")
