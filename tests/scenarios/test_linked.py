"""A second party beside the first: its own reference, clocks and log, and both know each other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.client import Refused, SecondParty
from escalation.core.beside import Link, Linked
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Ask, Phase
from escalation.wire.entries import kept
from escalation.wire.second import request_of
from tests.scenarios.dialogue import Story, until

PRODUCT = SecondParty("to-product", Ask.DECIDE, "the renewal is at risk")
WITHIN = timedelta(seconds=20)


async def works(story: Story) -> None:
    """Engineering works on it."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")


async def brings_in(story: Story, second: SecondParty = PRODUCT, key: str = "k") -> str:
    """Product is brought in; owner and customer contact of the first hear of it."""
    answer = await story.world.desk.link(story.reference, second, by="primary", key=key)
    story.linked.append(answer.reference)
    await story.phone("planner").gets_sms(answer.reference)
    for person in ("primary", "agent"):
        await story.mailbox(person).gets("A second party works beside it", answer.reference)
    return answer.reference


async def test_product_decides_while_engineering_works(story: Story) -> None:
    """Both go on by themselves, and when one ends the other one's people hear; the customer hears from the first."""
    desk, ref = story.world.desk, story.reference
    await works(story)
    second = await brings_in(story)
    assert second == f"{ref}.2"

    first_view, second_view = await desk.view(ref), await desk.view(second)
    assert [link.reference for link in first_view.links] == [second]
    assert second_view.linked_to is not None
    assert replace(second_view.linked_to, heard=0) == Linked(ref, first_view.episode)
    assert (second_view.customer_contact, second_view.ticket, second_view.customer) == ("agent", ref, "acme")

    await desk.acknowledge(second, by="planner")
    await desk.resolve(second, by="planner", text="We credit January.")
    await desk.confirm(second, by="agent")
    for person in ("planner", "agent"):
        await story.mailbox(person).gets("It is resolved and closed", second)
    for person in ("primary", "agent"):
        await story.mailbox(person).gets(f"The linked escalation {second} has ended: closed")

    view = await story.stands(phase=Phase.ACTIVE, owner="primary")
    assert [link.phase for link in view.links] == [Phase.CLOSED]
    await story.is_called_off("primary")


async def test_the_same_key_finds_the_same_second_party(story: Story) -> None:
    """Said twice, opened once; another key brings in another one."""
    desk = story.world.desk
    await works(story)
    second = await brings_in(story)

    again = await desk.link(story.reference, PRODUCT, by="primary", key="k")
    third = await brings_in(story, key="another")

    assert (again.reference, third) == (second, f"{story.reference}.3")
    assert [link.reference for link in (await desk.view(story.reference)).links] == [second, third]
    await ends_all(story)


async def test_what_was_left_half_done_is_mended_by_saying_it_again(story: Story) -> None:
    """Opened, but the first one never heard of it: the same key links them."""
    desk, ref = story.world.desk, story.reference
    await works(story)
    request = request_of(await desk.view(ref), PRODUCT, f"{ref}.2", by="primary", key="k")
    await desk.start(request)
    await story.phone("planner").gets_sms(f"{ref}.2")
    assert (await desk.view(ref)).links == ()

    answer = await desk.link(ref, PRODUCT, by="primary", key="k")
    story.linked.append(answer.reference)
    for person in ("primary", "agent"):
        await story.mailbox(person).gets("A second party works beside it")

    assert answer.episode == request.episode
    assert (await desk.view(ref)).links == (Linked(f"{ref}.2", request.episode),)
    await ends_all(story)


async def test_a_restricted_case_stays_restricted_and_the_contact_follows(story: Story) -> None:
    """Who speaks with the customer is changed in the first, and is so in the second."""
    desk, ref = story.world.desk, story.reference
    await story.opens(restricted=True)
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    second = await brings_in(story)
    assert (await desk.view(second)).restricted

    with pytest.raises(Refused) as refused:
        await desk.change_contact(second, by="agent", to="desk", reason="on leave")
    assert refused.value.reason is Refusal.FIRST_SPEAKS
    await desk.change_contact(ref, by="agent", to="desk", reason="on leave")
    for person in ("agent", "desk"):
        await story.mailbox(person).gets("speaks with the customer from now on")

    async def follows() -> bool:
        return (await desk.view(second)).customer_contact == "desk"

    await until(follows, lambda: "the second kept the old contact")
    with pytest.raises(Refused) as beside:
        await desk.link(second, PRODUCT, by="primary")
    assert beside.value.reason is Refusal.LINKED_ITSELF
    await desk.cancel(second, by="primary", reason="the scenario is over")
    for person in ("planner", "primary", "desk"):
        await story.mailbox(person).gets("It was cancelled", second)
    for person in ("primary", "desk"):
        await story.mailbox(person).gets(f"The linked escalation {second} has ended")
    await story.is_called_off("primary", "desk")


async def test_one_that_ended_before_it_was_linked_is_known_to_be_over(story: Story) -> None:
    """Called off in the moment between the two commands: whoever goes on hears of it, and it is not taken for open."""
    desk, ref = story.world.desk, story.reference
    await works(story)
    request = request_of(await desk.view(ref), PRODUCT, f"{ref}.2", by="primary", key="k")
    opened = await desk.start(request)
    story.linked.append(opened.reference)
    await story.phone("planner").gets_sms(opened.reference)
    await desk.cancel(opened.reference, by="primary", reason="not needed after all")
    for person in ("planner", "primary", "agent"):
        await story.mailbox(person).gets("It was cancelled", opened.reference)
    await desk.wait(opened.reference)
    assert (await desk.view(ref)).links == ()

    await desk.send(ref, Link("primary", opened.reference, opened.episode, "the renewal is at risk"))
    for person in ("primary", "agent"):
        await story.mailbox(person).gets("A second party works beside it", opened.reference)
        await story.mailbox(person).gets(f"The linked escalation {opened.reference} has ended: cancelled")

    assert [link.phase for link in (await desk.view(ref)).links] == [Phase.CANCELLED]
    await story.is_called_off("primary")


async def test_nobody_is_brought_in_beside_what_is_over(story: Story) -> None:
    """Refused, and nothing was opened."""
    desk, ref = story.world.desk, story.reference
    await works(story)
    await story.is_called_off("primary")

    with pytest.raises(Refused) as refused:
        await desk.link(ref, PRODUCT, by="primary", key="k")

    assert refused.value.reason is Refusal.ENDED
    assert await desk.latest_episode(f"{ref}.2") is None


async def ends_all(story: Story) -> None:
    """The first one is called off: every second one's people hear, and then they are called off as well."""
    desk = story.world.desk
    for second in story.linked:
        await desk.cancel(second, by="primary", reason="the scenario is over")
        for person in ("planner", "primary", "agent"):
            await story.mailbox(person).gets("It was cancelled", second)
        for person in ("primary", "agent"):
            await story.mailbox(person).gets(f"The linked escalation {second} has ended: cancelled")
    await story.is_called_off("primary")
    for second in story.linked:
        log = [kept(row.body, row.digest).entry for row in story.world.audit.entries(second)]
        assert [entry.command.kind for entry in log].count("report_told") == 1
