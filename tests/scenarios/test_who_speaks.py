"""Whose word it is, outside development: who asks for a yes proves it, and so does who acts in a restricted case."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from escalation.client import Refused
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Phase
from tests.scenarios.agreements import FAR
from tests.scenarios.dialogue import Story
from tests.scenarios.world import World, world_in

MANAGERS = {"approvers": ["support-managers"], "expiry": FAR}


@pytest.fixture(scope="module")
async def production(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world that believes no claim without proof."""
    async with world_in(tmp_path_factory.mktemp("production"), production=True) as here:
        yield here


@pytest.fixture
async def strict(production: World) -> AsyncIterator[Story]:
    """A story in that world."""
    story = Story(production)
    yield story
    await story.leaves()


async def is_over(story: Story, *people: str) -> None:
    """Everybody who was told hears."""
    for person in people:
        await story.mailbox(person).gets("It was cancelled")


async def test_who_asks_for_a_yes_proves_who_they_are(strict: Story) -> None:
    """A name alone opens no approval; with a proof it does, and the agreement's other people decide."""
    strict.agrees(approvals={"deadline_extension": MANAGERS, "de_escalate": MANAGERS})
    await strict.opens(proven=True)
    await strict.phone("primary").gets_sms("SEV1")
    desk, signing, ref = strict.world.desk, strict.world.signing, strict.reference
    await signing.acknowledge(ref, by="primary")
    later = datetime.now(UTC) + timedelta(days=9)

    with pytest.raises(Refused) as refused:
        await desk.extend_deadline(ref, by="primary", deadline=later, reason="the customer agreed")
    assert refused.value.reason is Refusal.UNVERIFIED
    asked = await signing.extend_deadline(ref, by="primary", deadline=later, reason="the customer agreed")
    assert asked.facts == {"approval": "1"}
    await strict.mailbox("boss").gets("may the hard deadline move")
    (shown,) = (await strict.view()).approvals
    assert (shown.asked_by, shown.claimed) == ("primary", False)

    held = await signing.cancel(ref, by="primary", reason="it was a drill")
    assert (held.phase, held.facts) == (Phase.ACTIVE, {"approval": "2"})
    await strict.mailbox("boss").gets("may it be cancelled?")
    await signing.approve(ref, by="boss", approval=2, reason="so it was")
    await is_over(strict, "primary", "agent", "boss")
    await strict.mailbox("acme").gets("our last message")
    await strict.ends(Phase.CANCELLED)


async def test_who_acts_in_a_restricted_case_proves_it_and_knows_of_it(strict: Story) -> None:
    """Neither the owner's name without proof, nor a proven stranger, becomes part of it."""
    strict.agrees()
    await strict.opens(proven=True, restricted=True)
    await strict.phone("primary").gets_sms("SEV1")
    desk, signing, ref = strict.world.desk, strict.world.signing, strict.reference

    for client, by, refusal in (
        (desk, "primary", Refusal.UNVERIFIED),
        (signing, "boss", Refusal.NEED_TO_KNOW),
    ):
        for say in (client.acknowledge(ref, by=by), client.note(ref, by=by, text="let me see")):
            with pytest.raises(Refused) as refused:
                await say
            assert refused.value.reason is refusal
        with pytest.raises(Refused) as refused:
            await client.change_contact(ref, by=by, to=by, reason="I speak with them")
        assert refused.value.reason is refusal
    await signing.acknowledge(ref, by="primary")
    await signing.change_contact(ref, by="primary", to="boss", reason="they know the customer")
    for person in ("agent", "boss"):
        await strict.mailbox(person).gets("speaks with the customer from now on")
    await signing.note(ref, by="boss", text="I have it")
    await signing.cancel(ref, by="primary", reason="over")
    await is_over(strict, "primary", "agent", "boss")
    await strict.ends(Phase.CANCELLED)
