"""Buttons are taken away after the message has gone out, and only as long as the chat answers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from temporalio.exceptions import ApplicationError

from activities.attempts import spare
from activities.notify import Notifier
from activities.settling import PATIENCE, Asked
from activities.stores import Answers
from escalation.adapters.chat_places import ChatPlaces
from escalation.adapters.ledger import Claim, Order, State
from escalation.adapters.rendering import Renderer
from escalation.adapters.sending import Broken
from escalation.adapters.slack import Json, SlackApi
from escalation.adapters.slack_desk import Desk
from escalation.core.vocabulary import Channel, Message, Outcome
from tests.edge.samples import NOW, notify
from tests.edge.sending.fakes import Book, FragileLedger, Vendor, WordsKept, run
from workflows.ports import Send

WORD = Send(notify(message=Message.ACKNOWLEDGED), NOW)
PAGES = 3
SLOW = 9.0
"""Seconds that a slow call takes."""


class Chat(SlackApi):
    """Each call takes so long and finds nothing, or is never answered. It remembers how things stood at each."""

    def __init__(self, looks: Callable[[], object] = lambda: None, *, answers: bool = True) -> None:
        self.calls: list[object] = []
        self.now = 0.0
        self._looks = looks
        self._answers = answers

    def call(self, method: str, at: datetime, **body: object) -> Json:
        self.calls.append(self._looks())
        self.now += SLOW
        if not self._answers:
            raise TimeoutError("read timed out")
        return {"ok": True}


@pytest.fixture
def desk(ledger: FragileLedger, places: ChatPlaces) -> Callable[[Chat], Asked]:
    """Whoever is told, and the owner, have a few pages with buttons each; time is what the chat takes."""
    for contact in ("primary", notify().brief.owner):
        for number in range(PAGES):
            name = f"{contact}-{number}"
            claim = ledger.claim(Order(name, "ESC-4711", contact, Channel.CHAT, Message.PAGE, NOW, "1", number))
            assert isinstance(claim, Claim)
            ledger.sent(claim, f"D{contact}:{number}.0001")
    return lambda chat: Asked(Desk(chat, places), Book(), Renderer(), clock=lambda: chat.now)


def teller(ledger: FragileLedger, vendor: Vendor, asked: Asked) -> Notifier:
    return Notifier(
        ledger=ledger, texts=WordsKept(), book=Book(), renderer=Renderer(), mail=vendor, phone=vendor,
        answers=Answers(asked=asked),
    )  # fmt: skip


def stands(ledger: FragileLedger) -> State | None:
    row = ledger.get(WORD.effect.dispatch)
    return None if row is None else row.state


def test_a_chat_that_hangs_is_asked_after_the_message_and_once(
    ledger: FragileLedger, desk: Callable[[Chat], Asked]
) -> None:
    """The text is out and in the ledger before; a second page or person is not tried on a chat that is silent."""
    vendor = Vendor()
    chat = Chat(lambda: (len(vendor.sent), stands(ledger)), answers=False)
    report = run(teller(ledger, vendor, desk(chat)).notify, WORD)

    assert report.outcome is Outcome.ACCEPTED
    assert chat.calls == [(1, State.SENT)]


def test_what_was_sent_by_an_earlier_attempt_is_settled_again(
    ledger: FragileLedger, desk: Callable[[Chat], Asked]
) -> None:
    """That one may have died before it came to it. One that must be tried again has settled nothing yet."""
    chat = Chat(answers=False)
    act = teller(ledger, vendor := Vendor(Broken("twilio", posted=False, why="Refused")), desk(chat)).notify
    with pytest.raises(ApplicationError):
        run(act, WORD)
    assert chat.calls == []
    run(act, WORD, attempt=2)
    run(act, WORD, attempt=3)

    assert (len(chat.calls), len(vendor.sent)) == (2, 2)


def test_however_slow_the_chat_is_it_takes_only_so_long(desk: Callable[[Chat], Asked]) -> None:
    """All pages of all people share one bound; what an act has left may be less, or nothing."""
    for patience, calls in ((PATIENCE * 9, 3), (timedelta(seconds=SLOW), 1), (timedelta(0), 0), (-PATIENCE, 0)):
        asked = desk(chat := Chat())
        run(partial(asked.settle, at=NOW, patience=patience), WORD.effect)
        assert len(chat.calls) == calls


def test_an_act_leaves_itself_half_of_its_time() -> None:
    """What has begun by then ends in the other half, and its answer is in time."""
    assert run(spare, 10.0) == timedelta(seconds=45 / 2 - 10)
