"""Buttons that ask nothing any more: who has it stands below the page, whoever took it and however."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from activities.settling import SETTLES, Asked
from escalation.adapters.chat_places import ASKS_MAX, ChatPlaces, Place
from escalation.adapters.ledger import Claim, Order
from escalation.adapters.rendering import Renderer
from escalation.adapters.sending import Accepted, ChatMessage, Outgoing, Reader
from escalation.adapters.slack import Slack, SlackApi
from escalation.adapters.slack_desk import SECTION_CHARS_MAX, Desk, with_line
from escalation.core.effects import Brief, Notify
from escalation.core.vocabulary import Channel, Message, Phase, Severity
from escalation.standins.server import Standins
from escalation.standins.workspace import ChatMessage as Posted
from tests.edge.samples import BRIEF, NOW, notify
from tests.edge.sending.fakes import Book, FragileLedger, run
from tests.edge.sending.test_slack import WORDS, account_at

TAKEN = replace(BRIEF, phase=Phase.ACTIVE, owner="backup")
USERS = {"primary": "U0PRIMARY", "backup": "U0BACKUP"}


class Unreadable(Book):
    """A directory that cannot be read."""

    def name(self, contact: str, at: datetime) -> str | None:
        raise ConnectionError(contact)


@pytest.fixture
def standins() -> Iterator[Standins]:
    with Standins() as standins:
        standins.chat_with(burst=1000)
        yield standins


@pytest.fixture
def slack(standins: Standins, places: ChatPlaces) -> Slack:
    return Slack(SlackApi(account_at(standins)), places)


@pytest.fixture
def asked(standins: Standins, places: ChatPlaces, book: Book) -> Asked:
    return Asked(Desk(SlackApi(account_at(standins)), places), book, Renderer())


def paged(
    slack: Slack, ledger: FragileLedger, contact: str = "primary", number: int = 1, text: str = "Take it"
) -> Place:
    """A page with buttons in somebody's conversation."""
    dispatch = f"d-{contact}-{number}"
    claim = ledger.claim(Order(dispatch, "ESC-4711", contact, Channel.CHAT, Message.PAGE, NOW, "1", number))
    sent = slack.send(
        Outgoing(
            dispatch=dispatch, reference="ESC-4711", severity=Severity.SEV1, channel=Channel.CHAT, to=USERS[contact],
            name=contact, content=ChatMessage("Take it", WORDS), at=NOW, lasts=timedelta(minutes=2),
            contact=contact, episode="1",
        )
    )  # fmt: skip
    assert isinstance(claim, Claim)
    assert isinstance(sent, Accepted)
    assert sent.provider_id is not None
    ledger.sent(claim, sent.provider_id)
    conversation, _, ts = sent.provider_id.partition(":")
    return Place(conversation, ts)


def shown(standins: Standins, place: Place) -> Posted:
    return standins.conversations()[place.conversation].messages[place.ts]


def has_buttons(message: Posted) -> bool:
    return any(block["type"] == "actions" for block in message.blocks)


def word(message: Message = Message.ACKNOWLEDGED, contact: str = "primary", brief: Brief = TAKEN) -> Notify:
    return notify(message=message, contact=contact, channel=Channel.SMS, brief=brief)


def test_whoever_hears_who_took_it_has_no_buttons_any_more(
    standins: Standins, slack: Slack, ledger: FragileLedger, asked: Asked
) -> None:
    """Every page of theirs, whatever channel they hear it on; what it said still stands above."""
    pages = [paged(slack, ledger, number=1), paged(slack, ledger, number=2)]
    assert all(has_buttons(shown(standins, page)) for page in pages)

    run(lambda effect: asked.settle(effect, NOW), word())

    for page in pages:
        message = shown(standins, page)
        assert not has_buttons(message)
        assert message.text == "Take it\n\nESC-4711: taken by Backup."


def test_whoever_took_it_has_no_buttons_either(
    standins: Standins, slack: Slack, ledger: FragileLedger, asked: Asked, book: Book
) -> None:
    """They are told by no message, so they come along with another's; each reads it in their own language."""
    mine, theirs = paged(slack, ledger, "backup"), paged(slack, ledger)
    book.readers["backup"] = Reader("de")

    run(lambda effect: asked.settle(effect, NOW), word())

    assert shown(standins, mine).text.endswith("ESC-4711: übernommen von Backup.")
    assert shown(standins, theirs).text.endswith("ESC-4711: taken by Backup.")


def test_it_is_done_once_however_often_it_is_asked_for(
    standins: Standins, slack: Slack, ledger: FragileLedger, asked: Asked
) -> None:
    """An act that is tried again, the end after the acknowledgement: the line stands there once."""
    page = paged(slack, ledger)
    for message, brief in ((Message.ACKNOWLEDGED, TAKEN), (Message.ACKNOWLEDGED, TAKEN), (Message.CLOSING, BRIEF)):
        run(lambda effect: asked.settle(effect, NOW), word(message, brief=brief))

    assert shown(standins, page).text == "Take it\n\nESC-4711: taken by Backup."


def test_an_end_that_nobody_took_takes_the_buttons_too(
    standins: Standins, slack: Slack, ledger: FragileLedger, asked: Asked
) -> None:
    """It says how it ended."""
    page = paged(slack, ledger)
    run(lambda effect: asked.settle(effect, NOW), word(Message.CLOSING, brief=replace(BRIEF, phase=Phase.CANCELLED)))

    assert not has_buttons(shown(standins, page))
    assert shown(standins, page).text.endswith("nothing is asked any more. It was cancelled.")


@pytest.mark.parametrize("message", sorted(set(Message) - SETTLES))
def test_no_other_message_takes_a_button(
    standins: Standins, slack: Slack, ledger: FragileLedger, asked: Asked, message: Message
) -> None:
    """Another page least of all."""
    page = paged(slack, ledger)
    run(lambda effect: asked.settle(effect, NOW), word(message))

    assert has_buttons(shown(standins, page))


def test_another_persons_and_another_episodes_pages_stay(
    standins: Standins, slack: Slack, ledger: FragileLedger, asked: Asked
) -> None:
    """Only what is settled is settled."""
    page = paged(slack, ledger)
    run(lambda effect: asked.settle(effect, NOW), word(contact="stranger", brief=replace(TAKEN, owner="stranger")))
    run(lambda effect: asked.settle(effect, NOW), word(brief=replace(TAKEN, episode="2")))
    run(lambda effect: asked.settle(effect, NOW), word(brief=replace(TAKEN, restricted=True)))

    assert has_buttons(shown(standins, page))


@pytest.mark.parametrize("wrong", ["store", "directory", "chat"])
def test_what_cannot_be_settled_holds_up_no_message(
    standins: Standins, places: ChatPlaces, ledger: FragileLedger, store: Engine, wrong: str
) -> None:
    """Nothing is raised; whoever presses such a button reads who has it."""
    api, book = SlackApi(account_at(standins)), Unreadable() if wrong == "directory" else Book()
    page = paged(Slack(SlackApi(account_at(standins)), places), ledger)
    if wrong == "store":
        with store.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE dispatches RENAME TO dispatches_away")
    elif wrong == "chat":
        standins.fail("chat", "status", on="lookup")
    asked = Asked(Desk(api, places), book, Renderer())
    run(lambda effect: asked.settle(effect, NOW), word())

    assert has_buttons(shown(standins, page))


def test_the_latest_pages_are_settled_and_no_more(places: ChatPlaces, ledger: FragileLedger) -> None:
    """A bound: older ones answer when they are pressed."""
    for number in range(1, ASKS_MAX + 2):
        order = Order(f"d-{number}", "ESC-4711", "primary", Channel.CHAT, Message.PAGE, NOW, "1", number)
        claim = ledger.claim(order)
        assert isinstance(claim, Claim)
        ledger.sent(claim, f"D0PRIMARY:{number}.000100")
    found = places.asks("ESC-4711", "1", "primary")

    assert (len(found), found[0].ts, found[-1].ts) == (ASKS_MAX, f"{ASKS_MAX + 1}.000100", "2.000100")


def test_the_line_stands_whole_however_long_the_page_is() -> None:
    """What gives way is the page."""
    for chars in (0, SECTION_CHARS_MAX - 10, SECTION_CHARS_MAX * 2):
        made = with_line("x" * chars, "taken by Ann")
        assert made.endswith("\n\ntaken by Ann")
        assert len(made) <= SECTION_CHARS_MAX
    assert len(with_line("x", "y" * SECTION_CHARS_MAX * 2)) == SECTION_CHARS_MAX
