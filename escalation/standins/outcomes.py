"""How sends end: what is expected of the people and machines at the other end, the newest rule first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from escalation.standins.faults import one_of
from escalation.standins.line import planned

Sent = Literal["email", "sms", "voice"]

ENDS: Mapping[str, tuple[str, ...]] = {
    "sms": ("delivered", "undelivered", "failed", "expired", "sent", "silent"),
    "voice": ("no-answer", "completed", "busy", "failed", "canceled", "machine", "rings", "silent"),
    "email": (
        "delivered", "deferred", "bounced", "blocked", "dropped", "processed", "opened", "clicked", "spam",
        "unsubscribed", "silent",
    ),
}  # fmt: skip
DEFAULTS = {"sms": "delivered", "voice": "no-answer", "email": "delivered"}
"""A text and a mail arrive; a phone that nobody holds is not picked up."""

ANSWERED_BY = ("human", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "unknown")
UNREACHABLE = 30003
EXPIRED = 30036
RULES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How sends on a channel (to `to`, or to anybody) end from now on.

    `keys` is what the person presses at each question of a call that is `completed`; `answered_by` is what machine
    detection takes them for, rightly or not; `reason` is what the mail's events say.
    """

    channel: Sent
    ends: str
    to: str | None = None
    error_code: int = UNREACHABLE
    keys: str = ""
    answered_by: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        one_of("channel", self.channel, get_args(Sent))
        one_of("ends", self.ends, ENDS[self.channel])
        if self.answered_by is not None:
            one_of("answered_by", self.answered_by, ANSWERED_BY)
        planned(self.keys)


class Outcomes:
    """The rules, at most `RULES_MAX`."""

    def __init__(self) -> None:
        self._rules: tuple[Outcome, ...] = ()

    def add(self, outcome: Outcome) -> None:
        if len(self._rules) >= RULES_MAX:
            raise ValueError(f"{RULES_MAX} outcomes are already set; start a fresh stand-in")
        self._rules = (outcome, *self._rules)

    def of(self, channel: Sent, to: str) -> Outcome:
        """How a send ends that begins now."""
        rules = (rule for rule in self._rules if rule.channel == channel and rule.to in {None, to})
        return next(rules, Outcome(channel, DEFAULTS[channel]))
