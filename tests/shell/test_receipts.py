"""What is kept reaches the workflow: from a gateway that died in between, and by asking when no receipt ever came."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from escalation.adapters.inbox import Inbox
from escalation.adapters.ledger import Row
from escalation.adapters.receipts import Receipt
from escalation.adapters.store import open_store
from escalation.core.vocabulary import Channel, Message
from escalation.gateway.forwarding import Forwarder
from tests.scenarios.dialogue import Story


@pytest.fixture
def inbox(story: Story) -> Iterator[Inbox]:
    """The inbox of this world, while no callback of the stand-ins comes."""
    settings = story.world.settings
    story.world.standins.callbacks(enabled=False)
    store = open_store(settings.ledger_url, settings.ledger_timeout)
    yield Inbox(store)
    store.dispose()
    story.world.standins.callbacks()


def page_of(story: Story) -> Row:
    (row,) = [
        row
        for row in story.world.ledger.rows(story.reference)
        if row.message is Message.PAGE and row.channel is Channel.SMS
    ]
    return row


async def test_what_a_killed_gateway_had_kept_reaches_the_workflow(story: Story, inbox: Inbox) -> None:
    """Kept and answered, then the process was gone: the next one finds it owed and tells it, vouched for, once."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    page = page_of(story)
    inbox.receive(Receipt("killed", page.dispatch, "delivered", datetime.now(UTC), provider_id=page.provider_id))

    forwarder = Forwarder(inbox, story.world.signing, lambda: datetime.now(UTC))
    assert [await forwarder.forward(), await forwarder.forward()] == [1, 0]

    line = await story.log_reads("delivered")
    assert "refused" not in line
    await story.is_called_off("primary")


async def test_bad_news_that_was_kept_tells_somebody_else_at_once(story: Story, inbox: Inbox) -> None:
    """Undelivered, although the vendor had taken it: the next channel is tried, long before anybody's time is up."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    page = page_of(story)
    receipt = Receipt(
        "bad", page.dispatch, "undelivered", datetime.now(UTC), provider_id=page.provider_id, code="30005"
    )
    inbox.receive(receipt)

    await Forwarder(inbox, story.world.signing, lambda: datetime.now(UTC)).forward()

    await story.phone("primary").is_called("SEV1")
    await story.is_called_off("primary")
