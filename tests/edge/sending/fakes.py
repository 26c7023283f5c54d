"""A provider that answers as told, a directory of three people, words in a dict, a ledger that can be down."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio.common import RetryPolicy
from temporalio.testing import ActivityEnvironment

from escalation.adapters.ledger import (
    AlreadyFailed,
    AlreadySent,
    Claim,
    Ledger,
    LedgerDown,
    Order,
    Row,
    Unfinished,
    Waiting,
)
from escalation.adapters.sending import (
    Accepted,
    Attempt,
    News,
    Outgoing,
    Question,
    Reader,
    Sighting,
    Trail,
    Unclear,
    Unseen,
)
from escalation.core.vocabulary import Channel
from tests.edge.samples import TITLE

T = TypeVar("T")
A = TypeVar("A")
ATTEMPTS_MAX = 3


def run(act: Callable[[A], T], order: A, *, attempt: int = 1, waited: timedelta = timedelta(0)) -> T:
    """Run an act as the engine would, as that attempt of three, so long after it was asked for."""
    environment = ActivityEnvironment()
    environment.info = replace(
        environment.info,
        attempt=attempt,
        current_attempt_scheduled_time=environment.info.scheduled_time + waited,
        started_time=environment.info.scheduled_time + waited,
        retry_policy=RetryPolicy(maximum_attempts=ATTEMPTS_MAX),
        start_to_close_timeout=timedelta(seconds=45),
    )
    return environment.run(act, order)


class Vendor:
    """Answers each send and look-up with the next thing it was given; an exception is raised."""

    def __init__(
        self, *answers: Attempt | Exception, sighting: Sighting | None = None, news: News | None = None
    ) -> None:
        self.answers = list(answers)
        self.sighting: Sighting = sighting or Unseen()
        self.sent: list[Outgoing] = []
        self.asked: list[Question] = []
        self.news: News = news or Unclear("silent")
        self.followed: list[Trail] = []

    def send(self, outgoing: Outgoing) -> Attempt:
        self.sent.append(outgoing)
        answer = self.answers.pop(0) if self.answers else Accepted(f"SM{len(self.sent)}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def look(self, question: Question) -> Sighting:
        self.asked.append(question)
        return self.sighting

    def follow(self, trail: Trail) -> News:
        self.followed.append(trail)
        return self.news


class Book:
    """Contacts and their addresses; `down` makes every question raise."""

    def __init__(self, addresses: Mapping[tuple[str, Channel], str] | None = None) -> None:
        self.addresses = dict(
            addresses
            or {
                ("primary", Channel.SMS): "+491701234567",
                ("primary", Channel.VOICE): "+491701234567",
                ("primary", Channel.CHAT): "U0PRIMARY",
                ("primary", Channel.EMAIL): "primary@example.org",
                ("backup", Channel.VOICE): "+491707654321",
                ("customer", Channel.EMAIL): "zoe@example.org",
            }
        )
        self.readers: dict[str, Reader] = {}
        self.down = False

    def address(self, contact: str, channel: Channel, at: datetime) -> str | None:  # nobody moves
        if self.down:
            raise ConnectionError("ldap://directory.example: who is +491701234567")
        return self.addresses.get((contact, channel))

    def is_customer(self, contact: str) -> bool:
        return contact == "customer"

    def name(self, contact: str, at: datetime) -> str | None:  # as above
        return contact.title()

    def reader(self, contact: str, at: datetime) -> Reader:  # as above
        return self.readers.get(contact, Reader())


class WordsKept:
    """The content store."""

    def __init__(self, words: Mapping[str, str] | None = None) -> None:
        self.words = dict({"title-id": TITLE} if words is None else words)
        self.down = False

    def read(self, text: str) -> str | None:
        if self.down:
            raise LedgerDown("down")
        return self.words.get(text)


class Uptime:
    """Seconds since the machine started; each reading comes `step` after the one before."""

    def __init__(self) -> None:
        self.now = 0.0
        self.step = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class FragileLedger(Ledger):
    """A ledger whose operations can be made unreachable by name."""

    down: frozenset[str] = frozenset()
    busy = 0
    """So many acceptances find it locked, and the next one is recorded."""

    def claim(self, order: Order) -> Claim | AlreadySent | AlreadyFailed | Unfinished | Waiting:
        self._reach("claim")
        return super().claim(order)

    def sent(self, claim: Claim, provider_id: str, how: str = "sent") -> bool:
        self._reach("sent")
        return super().sent(claim, provider_id, how)

    def get(self, dispatch: str) -> Row | None:
        self._reach("get")
        return super().get(dispatch)

    def release(self, claim: Claim) -> bool:
        self._reach("release")
        return super().release(claim)

    def unledgered(self, order: Order, provider_id: str) -> None:
        self._reach("unledgered")
        super().unledgered(order, provider_id)

    def _reach(self, operation: str) -> None:
        if operation in self.down:
            raise LedgerDown("down")
        if self.busy and operation == "sent":
            self.busy -= 1
            raise LedgerDown("locked")
