"""Who is told when the case moves on, moves back, or an agreement changes: everybody once, and nobody else."""

from escalation.core.vocabulary import Ask, Audience, Phase
from tests.scenarios.agreements import SOON
from tests.scenarios.dialogue import Story


async def test_what_somebody_has_taken_is_asked_of_the_next_when_they_raise_it(story: Story) -> None:
    """It is nobody's any more that is at work, the next step is told at once, and may take it as ever."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.stands(told=("primary",))  # whose page is still on its way when another takes it hears of that
    await story.phone("primary").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE, owner="primary")

    await desk.raise_(ref, by="primary", reason="over my head")
    await story.stands(phase=Phase.IN_TRANSFER, owner="primary", step="second")
    await story.phone("second").gets_sms("SEV1")
    await story.stands(told=("primary", "second"))
    await story.phone("second").replies("ack {code}")

    await story.stands(phase=Phase.ACTIVE, owner="second")
    await story.is_called_off("primary", "second")


async def test_a_hand_off_and_one_back_tell_each_side_at_once(story: Story) -> None:
    """Only the chain of now is told, and the way back does not wait for anything that was told before."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await story.stands(told=("primary",))
    await story.phone("primary").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE, owner="primary")
    await desk.hand_off(ref, by="primary", route="to-product", ask=Ask.DECIDE, reason="a question of price")
    await story.phone("planner").gets_sms("SEV1")
    await story.stands(told=("primary", "planner"))
    await story.phone("planner").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE, owner="planner")

    await desk.hand_off(ref, by="planner", route="to-engineering", ask=Ask.FIX, reason="it is a fault after all")
    await story.phone("primary").gets_sms("SEV1", "fix it").replies("ack {code}")

    await story.stands(phase=Phase.ACTIVE, owner="primary", hand_offs=2)
    await story.is_called_off("primary", "planner")


async def test_a_call_that_was_planned_for_a_step_that_is_over_is_not_made(story: Story) -> None:
    """The window ends before the call is due: the next step is told, the first one is left alone."""
    story.agrees(windows=(SOON, "30m", "30m"), voice_after="3s")
    await story.opens()

    await story.phone("primary").gets_sms("SEV1")
    await story.phone("second").gets_sms("SEV1").is_called(story.reference)  # three seconds later

    log = await story.is_called_off("primary", "second")
    called = [effect for entry in log for effect in entry.effects if getattr(effect, "channel", None) == "voice"]
    assert [effect.contact for effect in called] == ["second"]  # type: ignore[union-attr]  # those with a channel


async def test_an_agreement_that_changes_on_the_shelf_changes_nothing_that_is_open(story: Story) -> None:
    """It goes by what it was opened under; its next opening goes by the new one."""
    story.agrees(windows=("30m", "30m", "30m"), voice_after="4s")
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    story.agrees(version="2", contacts=("lead-on-call", "senior-on-call", "on-call"), voice_after="20m")

    await story.phone("primary").is_called(story.reference)
    assert (await story.view()).policy_version == "1"
    await story.is_called_off("primary")

    await story.opens(key="second")
    await story.phone("third").gets_sms("SEV1")
    assert (await story.view()).policy_version == "2"
    await story.is_called_off("third")


async def test_who_took_it_is_told_to_everybody_who_was_asked_and_to_nobody_else(story: Story) -> None:
    """Three were asked; who comes next in the chain was not, and hears nothing."""
    story.agrees(also=("lead-on-call", "product-on-call"))
    await story.opens()
    for person in ("primary", "third"):
        await story.phone(person).gets_sms("SEV1")

    await story.phone("planner").gets_sms("SEV1").replies("ack {code}")

    for person in ("primary", "third"):
        await story.phone(person).gets_sms("Taken by Pat Planner")
    await story.is_called_off("primary", "third", "planner")


async def test_a_word_between_colleagues_reaches_no_customer(story: Story) -> None:
    """An update for inside goes by mail to those who were told; the one for outside goes outside."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE)

    await desk.post_update(ref, by="primary", audience=Audience.INTERNAL, text="It smells of the last release.")
    await desk.post_update(ref, by="primary", audience=Audience.CUSTOMER, text="We look into it.")
    await story.mailbox("acme").gets("We look into it.")

    await story.is_called_off("primary")
    mails = story.world.standins.outbox("email")
    assert not [mail for mail in mails if mail.to.endswith("@acme.example") and "smells" in str(mail.body)]
