"""Promises with a time: who is warned, who hears that it was missed, and what follows from it."""

from escalation.core.vocabulary import Audience, Phase, Severity
from tests.scenarios.agreements import SOON
from tests.scenarios.dialogue import Story


async def test_a_missed_resolution_target_is_followed_by_three_things(story: Story) -> None:
    """After a warning: one severity up, the next step is asked, the status reads "Escalation"."""
    story.agrees(terms={"resolution": {"limit": "4s", "leads": ["1s"]}})
    await story.opens(severity="SEV3")
    await story.mailbox("primary").gets("You are asked to take")
    await story.world.desk.acknowledge(story.reference, by="primary")

    for person in ("boss", "primary"):
        await story.mailbox(person).gets("The resolution target is close")
    for person in ("boss", "primary"):
        await story.mailbox(person).gets("The resolution target was missed")
    await story.phone("second").gets_sms("SEV2")
    await story.ticket().reads("Escalation")

    await story.stands(severity=Severity.SEV2, phase=Phase.IN_TRANSFER, owner="primary", breaches=1)
    await story.is_called_off("primary", "second", "boss")


async def test_the_executive_hears_when_the_worst_is_missed(story: Story) -> None:
    """A SEV1 cannot be raised any more."""
    story.agrees(terms={"resolution": {"limit": "3s"}})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    for person in ("boss", "primary", "executive"):
        await story.mailbox(person).gets("The resolution target was missed")
    await story.phone("second").gets_sms("SEV1")

    await story.stands(severity=Severity.SEV1, status="Escalation")
    await story.is_called_off("primary", "second", "boss", "executive")


async def test_a_missed_response_is_told_while_the_chain_climbs(story: Story) -> None:
    """No human at the receiving level in time: counted, and told to the managers and the owner."""
    story.agrees(terms={"response": {"limit": SOON}})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    for person in ("boss", "agent"):
        await story.mailbox(person).gets("The response target was missed")

    await story.is_called_off("primary", "boss")


async def test_the_owner_is_asked_how_it_goes(story: Story) -> None:
    """An internal update answers; the managers hear nothing."""
    story.agrees(terms={"check_in": {"every": "5s", "lead": "4s"}})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    await story.mailbox("primary").gets("How is it going?")
    await story.world.desk.post_update(
        story.reference, by="primary", audience=Audience.INTERNAL, text="Looking at the logs."
    )
    await story.world.desk.resolve(story.reference, by="primary")

    await story.mailbox("acme").gets("We believe")
    await story.is_called_off("primary")


async def test_an_owner_who_answers_no_check_in_is_told_to_the_managers(story: Story) -> None:
    """Once for each turn."""
    story.agrees(terms={"check_in": {"every": "4s", "lead": "1s"}})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    await story.mailbox("primary").gets("How is it going?")
    await story.mailbox("boss").gets("has not answered")

    await story.is_called_off("primary", "boss")


async def test_a_customer_who_heard_nothing_hears_that_there_is_no_news(story: Story) -> None:
    """The contact is asked for words in time; when none come, those who owed them hear, and so does the customer."""
    story.agrees(terms={"customer_update": {"every": "4s", "lead": "1s"}})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    await story.mailbox("agent").gets("waiting for a word from you")
    for person in ("agent", "boss"):
        await story.mailbox(person).gets("has not had one")
    await story.mailbox("acme").gets("There is no news yet")

    await story.is_called_off("primary", "boss")


async def test_an_owner_who_falls_silent_is_relieved(story: Story) -> None:
    """The next step is asked, and the owner keeps it until somebody takes it."""
    story.agrees(terms={"silence": "2s"})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    for person in ("primary", "boss"):
        await story.mailbox(person).gets("has not been heard of since")
    await story.phone("second").gets_sms("SEV1")

    await story.stands(phase=Phase.IN_TRANSFER, owner="primary")
    await story.is_called_off("primary", "second", "boss")
