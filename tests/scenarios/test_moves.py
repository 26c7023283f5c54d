"""Work moves between people, and is nobody's at no time."""

import pytest

from escalation.client import Refused
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Ask, DeEscalationReason, Phase, Severity
from tests.scenarios.agreements import SOON
from tests.scenarios.dialogue import Story


async def test_whoever_declines_passes_it_to_the_next_step_at_once(story: Story) -> None:
    """Only somebody who was asked can decline, and says why."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    with pytest.raises(Refused) as refused:
        await desk.decline(ref, by="third", reason="not me")
    await desk.decline(ref, by="primary", reason="on holiday")

    assert refused.value.reason is Refusal.NOT_ASKED
    await story.phone("second").gets_sms("SEV1")
    await story.stands(step="second", owner="agent")
    await story.is_called_off("primary", "second")


async def test_a_raise_asks_the_next_step_until_there_is_none(story: Story) -> None:
    """The owner keeps it until somebody higher takes it."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    for person in ("second", "third", "duty"):
        await desk.raise_(ref, by="primary", reason="over my head")
        await story.phone(person).gets_sms("SEV1")
        await story.stands(phase=Phase.IN_TRANSFER, owner="primary")
    with pytest.raises(Refused) as refused:
        await desk.raise_(ref, by="primary", reason="still")

    assert refused.value.reason is Refusal.TOP_OF_CHAIN
    await story.is_called_off("primary", "second", "third", "duty")


async def test_a_hand_off_asks_another_route(story: Story) -> None:
    """Sideways: another team, another ask; the owner keeps it until it is taken there."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1", "fix it").replies("ack {code}")

    await desk.hand_off(ref, by="primary", route="to-product", ask=Ask.DECIDE, reason="a question of price")
    await story.phone("planner").gets_sms("SEV1", "decide what is done")
    await story.stands(phase=Phase.IN_TRANSFER, owner="primary", team="Product", hand_offs=1)
    await story.phone("planner").replies("ack {code}")

    await story.stands(phase=Phase.ACTIVE, owner="planner", touches=2)
    await story.is_called_off("primary", "planner")


async def test_a_reassignment_asks_a_named_person(story: Story) -> None:
    """If they let their window pass, the chain goes on from where it was."""
    desk, ref = story.world.desk, story.reference
    story.agrees(windows=("3s", "30m", "30m"))
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    await desk.reassign(ref, by="primary", to="third", reason="knows it best")
    await story.phone("third").gets_sms("SEV1")
    await story.stands(phase=Phase.IN_TRANSFER, owner="primary", step="third")
    await story.phone("second").gets_sms("SEV1")

    await story.stands(step="second", owner="primary")
    await story.is_called_off("primary", "second", "third")


async def test_what_waits_for_the_customer_stands_still(story: Story) -> None:
    """Blocked: the ticket says so, the customer is reminded; unblocked, it is back where it was."""
    desk, ref = story.world.desk, story.reference
    story.agrees(house={"blocked_reminder": "3s"})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.ticket().reads("Active")

    await desk.block(ref, by="primary", waiting_for="a log file")
    await story.ticket().reads("Blocked")
    view = await story.view()
    assert {clock.state for clock in view.clocks if clock.name == "resolution"} == {"paused"}
    await story.mailbox("acme").gets("waiting for a word from you")
    await desk.unblock(ref, by="primary", reason="it came")

    await story.ticket().reads("Active")
    await story.stands(phase=Phase.ACTIVE, owner="primary")
    await story.is_called_off("primary")


async def test_who_is_asked_is_left_alone_while_it_is_blocked(story: Story) -> None:
    """The call that would come three seconds after the SMS comes with what was left of them after the block."""
    desk, ref = story.world.desk, story.reference
    story.agrees(voice_after="3s", house={"blocked_reminder": "2s"})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")
    await desk.block(ref, by="agent", waiting_for="a log file")

    await story.mailbox("acme").gets("waiting for a word from you")
    unblocked = await desk.unblock(ref, by="agent", reason="it came")
    await story.phone("primary").is_called(story.reference)

    log = await story.is_called_off("primary")
    calls = [entry.sequence for entry in log for effect in entry.effects if getattr(effect, "channel", None) == "voice"]
    assert calls == [calls[0]]
    assert calls[0] >= unblocked.sequence


async def test_a_customer_who_never_answers_gets_the_ticket_back(story: Story) -> None:
    """The waiting has a limit: for want of information it returns to its contact."""
    story.agrees(house={"blocked_limit": SOON})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.world.desk.block(story.reference, by="primary", waiting_for="a log file")

    await story.mailbox("primary").gets("It went back to a lower level")
    await story.mailbox("agent").gets(story.reference)
    await story.mailbox("acme").gets("Your support team looks after it again")
    await story.ends(Phase.DE_ESCALATED)


async def test_a_de_escalation_takes_its_four_steps_at_once(story: Story) -> None:
    """A named receiver at a named level, the ticket, the customer, and the findings."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    await story.world.desk.de_escalate(
        story.reference,
        by="primary",
        reason=DeEscalationReason.HOW_TO,
        to="desk",
        level="L1",
        findings="A setting, see article 7.",
    )

    await story.mailbox("desk").gets(story.reference, "article 7")
    await story.mailbox("primary").gets("It went back to a lower level")
    await story.mailbox("agent").gets("It went back to a lower level")
    await story.mailbox("acme").gets("Your support team looks after it again")
    await story.ticket().reads("De-escalated")
    await story.ends(Phase.DE_ESCALATED)
    notes = story.world.standins.tickets()[story.reference].notes
    assert "A setting, see article 7." in notes[-1].text


async def test_the_receiving_team_has_the_last_word_on_the_severity(story: Story) -> None:
    """Confirmed with evidence, or changed with a reason; the same severity again is no change."""
    desk, ref = story.world.desk, story.reference
    await story.opens(severity="SEV2")
    await story.phone("primary").gets_sms("SEV2").replies("ack {code}")

    await desk.change_severity(ref, by="primary", severity=Severity.SEV1, reason="all customers")
    await desk.confirm_severity(ref, by="primary", severity=Severity.SEV1, evidence="dashboard 4")
    with pytest.raises(Refused) as refused:
        await desk.change_severity(ref, by="primary", severity=Severity.SEV1, reason="again")

    assert refused.value.reason is Refusal.NO_CHANGE
    await story.stands(severity=Severity.SEV1, severity_confirmed=True)
    await story.is_called_off("primary")
