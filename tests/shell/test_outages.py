"""An opening waits for nobody too long: what a store would have given comes later, or not at all."""

import asyncio

from tests.scenarios.dialogue import Story
from tests.scenarios.test_delivery import writing_locked


async def test_an_opening_goes_on_without_a_short_code_when_the_stores_are_away(story: Story) -> None:
    """Ten seconds are waited; then the page goes out without a code and unledgered, and the words follow."""
    desk, ref = story.world.desk, story.reference
    with writing_locked(story.world.settings.ledger_url):
        opened = asyncio.create_task(story.opens(customer_hears=False))
        await story.phone("primary").gets_sms("SEV1", f"escalate ack {ref}")
        await story.log_reads("accepted (unledgered)")

    await opened
    await story.mailbox("acme").gets("We have escalated")
    assert (await story.view()).code is None
    await desk.acknowledge(ref, by="primary")
    await desk.resolve(ref, by="primary", text="Restarted.")
    await story.mailbox("acme").gets("Payments fail", "Restarted.")
    await story.is_called_off("primary", unledgered=1)
