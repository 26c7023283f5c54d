"""Who speaks with the customer, and who is asked in their place."""

from tests.scenarios.dialogue import Story


async def test_the_customer_contacts_backup_is_asked_for_words(story: Story) -> None:
    """Nobody reaches the contact: the agreement's own is asked in their place, and the contact stays who they are."""
    desk = story.world.desk
    story.agrees(terms={"customer_update": {"every": "6s", "lead": "3s"}})
    await story.opens(customer_contact="silent")
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    await story.mailbox("desk").gets("customer")
    view = await story.view()
    assert view.customer_contact == "silent"
    await desk.change_contact(story.reference, by="agent", to="agent", reason="I am here")
    for person in ("desk", "boss", "acme", "agent"):  # the next turns go on until it is called off
        story.tolerates("email", person, times=9)
    await story.is_called_off("primary")
