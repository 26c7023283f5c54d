"""How many messages one person gets on one channel, and in which time: what is beyond that waits and is told in one.

Of what a window allows a part is kept for messages that list what waits. So whoever is flooded hears of the first few
by themselves, and of all the others within the same window.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from escalation.core.vocabulary import Channel

MOST_MIN, MOST_MAX = 1, 1000
"""Messages in a window."""
PER_MIN, PER_MAX = timedelta(minutes=1), timedelta(hours=24)
"""How long a window may be."""
KEPT = 4
"""One of so many messages of a window, and at least one of two, is kept for what lists several."""
GATHERED = timedelta(seconds=30)
"""How long what waits is gathered before it is told: short beside any acknowledgement window."""
NOTICES = "notices"
"""The name under which the digest's limit stands beside the channels."""
OFF = "off"

_LIMIT = re.compile(r"(?P<name>[a-z]+)=(?P<most>\d{1,4})/(?P<per>\d{1,5})(?P<unit>[smh])")
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many messages in any window of that length."""

    most: int
    per: timedelta

    @property
    def alone(self) -> int:
        """How many of them may be about one escalation each; the others are kept for what lists several."""
        return self.most - (max(1, self.most // KEPT) if self.most > 1 else 0)

    def __str__(self) -> str:
        return f"{self.most}/{self.per.total_seconds() / 60:g}m"


@dataclass(frozen=True, slots=True)
class Throttles:
    """The limits by channel, and how many notices a person gets before they become a digest. Left out: no limit."""

    limits: Mapping[Channel, Limit] = field(default_factory=dict)
    notices: Limit | None = None

    def of(self, channel: Channel) -> Limit | None:
        """The limit of one channel."""
        return self.limits.get(channel)


DEFAULT = "sms=10/15m voice=6/15m chat=30/15m email=60/15m notices=20/15m"
"""Twice what others allow for texts and calls, because a quarter of it is kept for what lists several."""


def read_throttles(written: str) -> Throttles:
    """The limits in words: "sms=10/15m voice=6/15m notices=20/15m", by spaces or commas; "off" or nothing: none.

    Raises ValueError, one line: what is wrong, and what may stand there.
    """
    found: dict[str, Limit] = {}
    parts = written.replace(",", " ").split()
    for part in [] if parts == [OFF] else parts:
        match = _LIMIT.fullmatch(part)
        names = (*Channel, NOTICES)
        if match is None or match["name"] not in names:
            raise ValueError(f'{part!r} is no limit; write e.g. "sms=10/15m" for one of {", ".join(names)}, or "off"')
        limit = Limit(int(match["most"]), int(match["per"]) * _UNITS[match["unit"]])
        if not MOST_MIN <= limit.most <= MOST_MAX or not PER_MIN <= limit.per <= PER_MAX:
            raise ValueError(f"{part!r}: a limit is {MOST_MIN} to {MOST_MAX} messages in 1 minute to 24 hours")
        if match["name"] in found:
            raise ValueError(f"{part!r}: there is a limit for {match['name']} already; keep one of them")
        found[match["name"]] = limit
    notices = found.pop(NOTICES, None)
    return Throttles({Channel(name): limit for name, limit in found.items()}, notices)


def opens_at(limit: Limit | None, sent: Iterable[datetime], at: datetime) -> datetime:
    """When one more message may go out, given when earlier ones did: `at` itself, or when enough of them are old."""
    if limit is None:
        return at
    recent = sorted(one for one in sent if counts(one, at, limit.per))
    over = len(recent) - limit.most
    return at if over < 0 else recent[over] + limit.per


def counts(sent: datetime, at: datetime, per: timedelta) -> bool:
    """Whether a message of that instant counts at this one. What is decided later may have been sent earlier."""
    return abs(at - sent) < per
