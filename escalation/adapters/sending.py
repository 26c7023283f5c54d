"""What an act of sending needs from outside, and every way in which a provider can answer it.

An adapter never raises for what a vendor or the network does: it answers with one of the classes below, free of
addresses and of vendors' prose. What an answer means is decided in `activities/failures.py`.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from escalation.core.vocabulary import Channel, Severity

Vendor = Literal["sendgrid", "twilio", "tickets", "slack"]

CLOCK_SKEW = timedelta(minutes=2)
"""How far a vendor's clock may lie behind ours when its lists are searched for a dispatch."""

AT_HEADER = "X-Escalation-At"
"""Carries the instant that an act works for (workflow time) to stand-ins, and to nobody else."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How somebody reads: a language such as "de" or "de-AT", the name of a time zone, and the roles they hold."""

    language: str = "en"
    zone: str = "UTC"
    roles: frozenset[str] = frozenset()


class AddressBook(Protocol):
    """Where contacts are looked up when something is sent to them. May raise when it cannot be reached."""

    def address(self, contact: str, channel: Channel, at: datetime) -> str | None:
        """Email address, or telephone number in E.164, at that instant; None when there is none for this channel."""

    def is_customer(self, contact: str) -> bool:
        """Whether that id is a customer's: they are written to, and never read what is written inside."""
        ...

    def name(self, contact: str, at: datetime) -> str | None:
        """How to greet the contact at that instant; None when unknown."""

    def reader(self, contact: str, at: datetime) -> Reader:
        """How the contact reads at that instant; the defaults of somebody unknown."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """An email: subject on one line, the same words as plain text and as HTML."""

    subject: str
    text: str
    html: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """An SMS, complete with its reference mark."""

    body: str


@dataclass(frozen=True, slots=True)
class Script:
    """What a call says, and in which language: a tag as in BCP 47.

    `kept`: the gateway has it, too, so the call may ask there what to say, and listen for keys.
    """

    words: str
    language: str = "en-GB"
    kept: bool = False


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message in a chat, escaped as Slack wants it. `buttons`: their words, to acknowledge, raise, decline."""

    text: str
    buttons: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether it carries buttons to answer with."""
        return bool(self.buttons)


Content = Letter | ShortMessage | Script | ChatMessage


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One dispatch, ready to be handed to its provider. `lasts` is how long it is worth showing.

    `calls_back` False leaves the address for callbacks out: what becomes of it is then known only by asking.
    """

    dispatch: str
    reference: str
    severity: Severity
    channel: Channel
    to: str
    name: str | None
    content: Content
    at: datetime
    lasts: timedelta
    calls_back: bool = True
    reply_to: str | None = None  # of a mail: where an answer is read by us
    contact: str = ""
    episode: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it on; that is neither delivered nor read."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The provider answered something else. `code` is its own error code, `wait` how long it asks us to stay away."""

    vendor: Vendor
    status: int
    code: str | None = None
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """No answer. `posted` is False only when the request surely never left in full. `why` is an exception's name."""

    vendor: Vendor
    posted: bool
    why: str


Attempt = Accepted | Answered | Broken


@dataclass(frozen=True, slots=True)
class Question:
    """Did the provider take this dispatch on? `since` is when it was decided; `taken` says which ids are others'.

    `rivals` and `place` are for calls, which carry no mark: how many open intents there are to this number, this one
    included, and which of them, oldest first, this one is.
    """

    dispatch: str
    channel: Channel
    to: str
    since: datetime
    at: datetime
    taken: Callable[[Iterable[str]], frozenset[str]]
    rivals: int = 1
    place: int = 0
    reference: str = ""
    episode: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """The provider has it."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """The provider's list is complete for the time in question, and it is not there."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The provider could not be asked, or its answer proves nothing. `why` is one word for people."""

    why: str


Sighting = Seen | Unseen | Unclear


@dataclass(frozen=True, slots=True)
class Trail:
    """What became of what the provider accepted under that id? `since` is when the dispatch was decided."""

    provider_id: str
    channel: Channel
    to: str
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """The vendor's own word for how far it came, and its code; for a call, who or what picked up."""

    word: str
    code: str | None = None
    answered_by: str | None = None


News = Status | Unclear


class Provider(Protocol):
    """A vendor, as far as the acts know it. Safe to call from many threads; every call is bounded in time."""

    def send(self, outgoing: Outgoing) -> Attempt:
        """Hand it over, once."""

    def look(self, question: Question) -> Sighting:
        """Search the vendor's own list for it."""

    def follow(self, trail: Trail) -> News:
        """Ask what became of it, by the vendor's id."""


MARK = re.compile(r"\bRef (E[A-Z2-7]{10})\b")


def mark(dispatch: str) -> str:
    """The dispatch's mark in the body of an SMS: "E" and ten letters or digits, plain GSM-7, 50 bits of its hash."""
    return "E" + base64.b32encode(hashlib.sha256(dispatch.encode()).digest()).decode()[:10]


def marked(body: str) -> frozenset[str]:
    """The marks that a body carries; an account on trial puts words before it, so it is searched, not compared."""
    return frozenset(MARK.findall(body))


def header_safe(value: str, chars_max: int) -> str:
    """One line without control or direction-changing characters, for whatever ends up in a header."""
    return " ".join(visible(value).split())[:chars_max]


_CALLED = re.compile(r"@(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(value: str) -> str:
    """The words without C0 and C1 controls, bidirectional and other invisible marks; tabs and newlines stay.

    A carriage return becomes a newline, so that what follows it is not glued to what stood before.
    """
    return _INVISIBLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def calling_nobody(words: str) -> str:
    """The words for a chat, in which a bare "@here" calls everybody: a word joiner stands behind the sign."""
    return _CALLED.sub("@\u2060", words)
