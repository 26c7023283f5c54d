"""A manager's yes before an escalation starts: who may give it, how it arrives, and what silence means."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from escalation.client import Refused
from escalation.core.commands import Approve, Reject
from escalation.core.entry import Entry
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Ask, Phase
from tests.scenarios.agreements import SOON
from tests.scenarios.dialogue import Story
from tests.scenarios.world import World, world_in


@pytest.fixture(scope="module")
async def production(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world that believes no claim without proof."""
    async with world_in(tmp_path_factory.mktemp("production"), production=True) as here:
        yield here


@pytest.fixture
async def strict(production: World) -> AsyncIterator[Story]:
    """A story in that world."""
    story = Story(production)
    story.agrees()
    yield story
    await story.leaves()


async def asks_for_approval(story: Story, **given: Any) -> str:  # noqa: ANN401  # of a request
    """The opening, up to the manager's mail; whoever opened it is not asked, so the fallback hears. Who was told."""
    await story.opens(route="to-leadership", ask=Ask.DECIDE, **given)
    await story.ticket().reads("Awaiting approval")
    if given.get("by") == "boss":
        await story.mailbox("duty").gets("Nobody in the chain of contacts could be reached (approval)")
        return "duty"
    await story.mailbox("boss").gets("Your decision is wanted", "Leadership")
    return "boss"


def decided(log: list[Entry]) -> Approve | Reject:
    """The decision that was taken."""
    return next(e.command for e in log if isinstance(e.command, Approve | Reject) and e.refusal is None)


async def test_a_managers_yes_starts_the_chain(story: Story) -> None:
    """Until then nobody of the chain is told."""
    await asks_for_approval(story)

    await story.world.desk.approve(story.reference, by="boss", reason="worth it")
    await story.mailbox("agent").gets("(escalate to leadership) was given")

    await story.phone("primary").gets_sms("SEV1")
    await story.ticket().reads("In Transfer")
    await story.is_called_off("primary", "boss")


async def test_a_managers_no_ends_it(story: Story) -> None:
    """Whoever was told hears."""
    await asks_for_approval(story)
    await story.stands(told=("boss",))

    await story.world.desk.reject(story.reference, by="boss", reason="not now")

    for person in ("boss", "agent"):
        await story.mailbox(person).gets("It was not approved")
    await story.mailbox("acme").gets("our last message")
    await story.ends(Phase.REJECTED)


async def test_a_yes_may_come_as_a_signal_and_is_marked_as_unverified_in_development(story: Story) -> None:
    """Nobody vouches for who sent it; the log says so."""
    await asks_for_approval(story)

    await story.world.desk.signal(story.reference, Approve(by="boss", reason="worth it"))
    await story.mailbox("agent").gets("(escalate to leadership) was given")

    await story.phone("primary").gets_sms("SEV1")
    standing = decided(await story.is_called_off("primary", "boss")).standing
    assert standing is not None
    assert (standing.verified, standing.trusted_claims) == (False, True)


async def test_a_signal_with_proof_is_verified(story: Story) -> None:
    """The signing client vouches for who speaks."""
    await asks_for_approval(story)

    await story.world.signing.signal(story.reference, Approve(by="boss", reason="worth it"))
    await story.mailbox("agent").gets("(escalate to leadership) was given")

    await story.phone("primary").gets_sms("SEV1")
    standing = decided(await story.is_called_off("primary", "boss")).standing
    assert standing is not None
    assert standing.verified


async def test_a_signal_without_proof_is_refused_outside_development(strict: Story) -> None:
    """It changes nothing but the log; the same with proof is believed. Nor is an opening that needs a yes."""
    with pytest.raises(Refused) as refused:
        await strict.opens(customer_hears=False, route="to-leadership", ask=Ask.DECIDE, key="unproven")
    assert refused.value.reason is Refusal.UNVERIFIED
    await asks_for_approval(strict, proven=True)

    await strict.world.desk.signal(strict.reference, Approve(by="boss", reason="worth it"))
    await strict.log_reads("approved by boss", "refused: unverified")
    await strict.stands(phase=Phase.AWAITING_APPROVAL)
    await strict.world.signing.signal(strict.reference, Approve(by="boss", reason="worth it"))
    await strict.mailbox("agent").gets("(escalate to leadership) was given")

    await strict.phone("primary").gets_sms("SEV1")
    await strict.is_called_off("primary", "boss")


@pytest.mark.parametrize(
    ("opener", "by", "refusal"),
    [
        ("agent", "third", Refusal.NOT_AN_APPROVER),
        ("agent", "stranger", Refusal.NOT_AN_APPROVER),
        ("boss", "boss", Refusal.OWN_REQUEST),
        ("boss", "bo.boss", Refusal.OWN_REQUEST),
    ],
)
async def test_who_may_not_approve_changes_nothing_but_the_log(
    story: Story, opener: str, by: str, refusal: Refusal
) -> None:
    """Nobody approves what they asked for, under whatever name; and nobody without the role."""
    told = await asks_for_approval(story, by=opener)
    await story.log_reads("ticket note", "written")
    await story.stands(told=(told,))
    before = await story.view()

    with pytest.raises(Refused) as refused:
        await story.world.desk.approve(story.reference, by=by, reason="please")

    after = await story.view()
    assert refused.value.reason is refusal
    assert (after.phase, after.clocks) == (before.phase, before.clocks)
    assert after.sequence == before.sequence + 1
    await story.is_called_off(told)


async def test_silence_opens_it_where_the_agreement_says_so(story: Story) -> None:
    """The sender hears that nobody answered."""
    story.agrees(approval={"expiry": SOON})
    await asks_for_approval(story)

    await story.mailbox("agent").gets("support-managers did not answer", "was given")
    await story.phone("primary").gets_sms("SEV1")

    await story.is_called_off("primary", "boss")


async def test_silence_ends_it_where_the_agreement_says_so(story: Story) -> None:
    """Everybody who was told hears."""
    story.agrees(approval={"expiry": SOON, "on_expiry": "reject"})
    await asks_for_approval(story)

    for person in ("boss", "agent"):
        await story.mailbox(person).gets("It was not approved")
    await story.mailbox("acme").gets("our last message")
    await story.ends(Phase.REJECTED)
