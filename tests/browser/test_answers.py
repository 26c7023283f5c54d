"""Answers in a real browser: the page of a message, which only a button acts on, and the chat of the outbox."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from pydantic import SecretStr

from escalation.adapters.chat_account import chat_of
from escalation.adapters.chat_places import ChatPlaces, Place
from escalation.adapters.directory import Directory
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import Claim, Ledger, Order
from escalation.adapters.migrating import upgrade
from escalation.adapters.sending import Accepted, ChatMessage, Outgoing
from escalation.adapters.settings import read_settings
from escalation.adapters.slack import Slack, SlackApi
from escalation.adapters.slack_desk import Desk
from escalation.adapters.store import open_store
from escalation.adapters.texts import Texts
from escalation.adapters.ways import Purpose, Tokens
from escalation.core.draft import dispatch_id
from escalation.core.vocabulary import Channel, Message, Severity
from escalation.gateway.app import create_app
from escalation.gateway.told import Told
from escalation.standins.server import Standins
from tests.browser import chromium
from tests.browser.chromium import Tab
from tests.edge.gateway.door import EPISODE, Door, RememberingClient, view

pytestmark = pytest.mark.skipif(chromium.binary() is None, reason="no Chromium on this machine (Debian: chromium)")

PEOPLE = """
people:
  amira: { name: Amira Haddad, email: amira@support.example, chat: U0AMIRA }
"""
HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def standins() -> Iterator[Standins]:
    with Standins() as here:
        yield here


@pytest.fixture
def served(tmp_path: Path, standins: Standins) -> Iterator[tuple[Door, str]]:
    """A gateway with a chat on a port of its own, and its address."""
    people = tmp_path / "people.yaml"
    people.write_text(PEOPLE)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = read_settings(data_dir=tmp_path, public_url=url, standins_url=standins.base_url)
    upgrade(settings.ledger_url)
    store, client = open_store(settings.ledger_url, timedelta(seconds=2)), RememberingClient()
    account = chat_of(settings)
    assert account is not None
    app = create_app(
        settings,
        inbox=Inbox(store),
        told=Told(store),
        directory=Directory.from_file(people),
        client=client,
        desk=Desk(SlackApi(account), ChatPlaces(store)),
        now=lambda: datetime.now(UTC),
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    standins.chat_with(slack_url=f"{url}/slack")
    client.views["ESC-1"] = view("ESC-1")
    yield Door(http=None, client=client, ledger=Ledger(store), store=store), url  # type: ignore[arg-type]  # by browser
    server.should_exit = True
    thread.join(5)
    store.dispose()


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    async with chromium.tab(tmp_path / "profile") as tab:
        yield tab


def address(door: Door, url: str) -> str:
    """Amira's page."""
    claim = claimed(door, Channel.EMAIL)
    door.ledger.sent(claim, "mail-1")
    key = read_settings().signing_key.get_secret_value()
    return f"{url}/a/{Tokens(key).made(Purpose.PAGE, claim.dispatch)}"


def claimed(door: Door, channel: Channel) -> Claim:
    """A page to Amira that was decided just now."""
    dispatch = dispatch_id("ESC-1", EPISODE, 1, "amira", channel)
    claim = door.ledger.claim(Order(dispatch, "ESC-1", "amira", channel, Message.PAGE, datetime.now(UTC), EPISODE, 1))
    assert isinstance(claim, Claim)
    return claim


async def test_opening_takes_nothing_and_a_double_click_takes_it_once(served: tuple[Door, str], tab: Tab) -> None:
    """Whatever the title says, nothing of it runs, and nothing is loaded from anywhere; back and again is one act."""
    door, url = served
    Texts(door.store, SecretStr("k")).keep("ESC-1", EPISODE, "title", HOSTILE)
    page = address(door, url)
    for _ in range(3):
        await tab.open(page)
    assert (door.client.acks, tab.dialogs, tab.refused) == ([], [], [])
    assert "alert(1)" in await tab.run("document.querySelector('dd').innerText")

    await tab.run("(() => { const b = document.querySelector('button[value=ack]'); b.click(); b.click(); })()")
    await tab.until("document.querySelector('[role=status]')")
    assert "ESC-1 is yours" in await tab.run("document.querySelector('main').innerText")
    await tab.run("history.back()")
    await tab.until("document.querySelector('button[value=ack]')")
    await tab.click("button[value=ack]")
    await tab.until("document.querySelector('[role=status]')")

    assert len(door.client.acks) == 1
    assert (tab.dialogs, tab.refused) == ([], [])


async def test_a_page_in_the_chat_is_taken_by_its_button_and_then_has_none(
    served: tuple[Door, str], standins: Standins, tab: Tab, tmp_path: Path
) -> None:
    """On the outbox page, as a newcomer tries it; nobody presses twice."""
    door, _ = served
    place = await asyncio.to_thread(posted, door, standins, tmp_path)
    await tab.open(standins.base_url)
    await tab.click("button[value=escalation_acknowledge]")
    await tab.until("document.querySelector('main').innerText.includes('already taken by Amira Haddad')")
    await tab.until("!document.querySelector('button[value=escalation_acknowledge]')")

    assert [(ref, by, via) for ref, by, via, _, _ in door.client.acks] == [("ESC-1", "amira", "chat")]
    message = standins.conversations()[place.conversation].messages[place.ts]
    assert message.text.startswith("P1 ESC-1: take it")


def posted(door: Door, standins: Standins, folder: Path) -> Place:
    """A page with buttons, as a worker posts it."""
    account = chat_of(read_settings(data_dir=folder, standins_url=standins.base_url))
    assert account is not None
    claim = claimed(door, Channel.CHAT)
    sent = Slack(SlackApi(account), ChatPlaces(door.store)).send(
        Outgoing(
            dispatch=claim.dispatch, reference="ESC-1", severity=Severity.SEV1, channel=Channel.CHAT, to="U0AMIRA",
            name="Amira", content=ChatMessage("P1 ESC-1: take it", ("Acknowledge", "Raise", "Decline")),
            at=datetime.now(UTC), lasts=timedelta(minutes=2), contact="amira", episode=EPISODE,
        )
    )  # fmt: skip
    assert isinstance(sent, Accepted)
    assert sent.provider_id is not None
    door.ledger.sent(claim, sent.provider_id)
    conversation, _, ts = sent.provider_id.partition(":")
    return Place(conversation, ts)
