"""The real packages, the stand-ins and the door over HTTP: what the vendors post is what the door takes."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn

from activities.notify import Notifier
from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import Ledger
from escalation.adapters.migrating import upgrade
from escalation.adapters.rendering import Renderer
from escalation.adapters.sendgrid import SendGrid
from escalation.adapters.settings import Settings, read_settings
from escalation.adapters.store import open_store
from escalation.adapters.twilio import Twilio
from escalation.core.vocabulary import Channel, Outcome
from escalation.gateway.app import create_app
from escalation.standins.keys import public_key
from escalation.standins.server import Standins
from tests.edge.gateway.door import PUBLIC, RememberingClient
from tests.edge.gateway.test_signed import NobodyWasTold, NoDirectory
from tests.edge.samples import notify
from tests.edge.sending.fakes import Book, WordsKept, run
from workflows.ports import Send


@pytest.fixture
def standins() -> Iterator[Standins]:
    with Standins() as standins:
        standins.callbacks(gap=timedelta(0))
        yield standins


@pytest.fixture
def settings(tmp_path: Path, standins: Standins) -> Settings:
    settings = read_settings(
        data_dir=tmp_path,
        standins_url=standins.base_url,
        public_url=PUBLIC,
        twilio_callback_tokens="the-next-token",
        sendgrid_webhook_keys=f"{public_key(1)},{public_key(2)}",
    )
    upgrade(settings.ledger_url)
    return settings


@pytest.fixture
def ledger(settings: Settings, standins: Standins) -> Iterator[Ledger]:
    """The ledger behind a door that is served on loopback and reached by its public address."""
    store = open_store(settings.ledger_url, timedelta(seconds=5))
    app = create_app(
        settings, inbox=Inbox(store), told=NobodyWasTold(), directory=NoDirectory(), client=RememberingClient()
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    standins.deliver(public_url=PUBLIC, deliver_to=url, events_url=f"{PUBLIC}/sendgrid/events")
    yield Ledger(store)
    server.should_exit = True
    thread.join(5)
    store.dispose()


@pytest.fixture
def notifier(settings: Settings, ledger: Ledger) -> Notifier:
    vendors = settings.vendors()
    mail, phone = SendGrid(vendors.mail), Twilio(vendors.phone)
    return Notifier(ledger=ledger, texts=WordsKept(), book=Book(), renderer=Renderer(), mail=mail, phone=phone)


@pytest.mark.parametrize("rotated", [False, True], ids=["first key", "next key"])
@pytest.mark.parametrize(
    ("channel", "last"), [(Channel.EMAIL, "delivered"), (Channel.SMS, "delivered"), (Channel.VOICE, "no-answer")]
)
def test_what_a_vendor_says_of_a_message_reaches_the_ledger(
    notifier: Notifier,
    ledger: Ledger,
    standins: Standins,
    channel: Channel,
    last: str,
    rotated: bool,  # noqa: FBT001  # a column of the table
) -> None:
    """Signed by the vendor's own scheme, for the public address, with either key of a rotation."""
    if rotated:
        standins.webhooks.sign_with("the-next-token", 2)
    report = run(notifier.notify, Send(notify(channel=channel), datetime.now(UTC)))
    assert report.outcome is Outcome.ACCEPTED

    def told() -> bool:
        row = ledger.get("d-1")
        return row is not None and row.receipt == last

    assert standins.wait_until(told)
    assert {posted.answered for posted in standins.posted()} == {204}


def test_a_vendor_with_another_key_is_not_heard(notifier: Notifier, ledger: Ledger, standins: Standins) -> None:
    """And the ledger stays as it was."""
    standins.webhooks.sign_with("of-somebody-else", 3)
    run(notifier.notify, Send(notify(), datetime.now(UTC)))

    assert standins.wait_until(lambda: len(standins.posted()) > 1)
    assert {posted.answered for posted in standins.posted()} == {403}
    row = ledger.get("d-1")
    assert row is not None
    assert row.receipt is None
