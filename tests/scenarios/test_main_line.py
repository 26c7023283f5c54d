"""The way that most escalations go: somebody is told, somebody takes it, the customer hears, it is solved."""

from escalation.core.vocabulary import Audience, Phase
from tests.scenarios.agreements import SOON
from tests.scenarios.dialogue import Story


async def test_the_backup_takes_what_the_primary_does_not_hear(story: Story) -> None:
    """First contact, no answer, voice, backup; a reply by SMS acknowledges; the customer hears; it is confirmed."""
    desk, ref = story.world.desk, story.reference
    story.agrees(voice_after="3s", backup_after="3s")
    story.tolerates("voice", "backup", times=1)  # rung up after 6 s, if the machine is slower than the reply
    story.world.standins.expect("voice", "no-answer", to=story.number_of("primary"))
    await story.opens()
    await story.ticket().reads("In Transfer")

    await story.phone("primary").gets_sms("SEV1", ref, "fix it").is_called(ref)
    await story.phone("backup").gets_sms("SEV1", ref).replies("ack {code}")

    await story.ticket().reads("Active")
    await story.phone("primary").gets_sms("Taken by Ben Backup")
    await desk.post_update(ref, by="backup", audience=Audience.CUSTOMER, text="We have found the cause.")
    await story.mailbox("acme").gets("We have found the cause.")
    await desk.resolve(ref, by="backup", text="The gateway was restarted.")
    await story.mailbox("acme").gets("We believe", "The gateway was restarted.")
    await story.ticket().reads("Resolved")
    await desk.confirm(ref, by="agent")

    for person in ("primary", "backup", "agent"):
        await story.mailbox(person).gets("It is resolved and closed")
    await story.mailbox("acme").gets("It is solved and closed")
    await story.ticket().reads("Closed")
    await story.ends(Phase.CLOSED)


async def test_a_chain_that_nobody_answers_is_climbed_to_the_fallback(story: Story) -> None:
    """Each step has its window; then the fallback is told, the managers know, and a late taker is still welcome."""
    story.agrees(windows=(SOON, SOON, SOON), house={"fallback_window": SOON})
    await story.opens()

    for person in ("primary", "second", "third", "duty"):
        await story.phone(person).gets_sms("SEV1", story.reference)
    await story.mailbox("boss").gets("nobody has taken it (engineering)")
    await story.mailbox("boss").gets("nobody has taken it (fallback)")
    await story.phone("duty").replies("ack {code}")

    await story.stands(phase=Phase.ACTIVE, owner="duty", nobody_told=False)
    for person in ("primary", "second", "third"):
        await story.phone(person).gets_sms("Taken by Dan Duty")
    await story.is_called_off("primary", "second", "third", "duty", "boss")


async def test_a_chain_may_be_climbed_again_before_the_fallback_is_told(story: Story) -> None:
    """`repeats: 1` asks every step twice."""
    story.agrees(windows=(SOON, SOON, SOON), repeats=1)
    await story.opens()

    for _ in range(2):
        for person in ("primary", "second", "third"):
            await story.phone(person).gets_sms("SEV1")
    await story.phone("duty").gets_sms("SEV1")
    await story.mailbox("boss").gets("nobody has taken it (engineering)")

    await story.is_called_off("primary", "second", "third", "duty", "boss")


async def test_a_step_with_nobody_to_reach_costs_no_time(story: Story) -> None:
    """The windows are half an hour, and the second step is told at once."""
    story.agrees(contacts=("unreachable-on-call", "senior-on-call", "lead-on-call"))
    await story.opens()

    await story.phone("second").gets_sms("SEV1", story.reference)

    await story.stands(step="second", told=("second",))
    await story.is_called_off("second")


async def test_a_chain_in_which_nobody_can_be_reached_is_told_to_the_managers(story: Story) -> None:
    """Not even the fallback has a number: the managers hear at once, and the view says so."""
    nobody = "unreachable-on-call"
    story.agrees(contacts=(nobody, nobody, nobody), house={"fallback": "nobody-on-duty"})
    await story.opens()

    await story.mailbox("boss").gets("Nobody in the chain of contacts could be reached")

    await story.stands(nobody_told=True, step="fallback")
    await story.is_called_off("boss")


async def test_who_has_no_telephone_is_told_by_mail(story: Story) -> None:
    """A severity's channels are a wish; whoever has none of them is told on what they have."""
    story.agrees(contacts=("mail-on-call", "senior-on-call", "lead-on-call"))
    await story.opens()

    await story.mailbox("mail-only").gets("You are asked to take", 'reply "ack')

    await story.is_called_off("mail-only")


async def test_silence_after_the_resolution_closes_it(story: Story) -> None:
    """Nobody objects within the reopen window."""
    story.agrees(house={"reopen_window": SOON})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.world.desk.resolve(story.reference, by="primary", text="Restarted.")
    await story.mailbox("acme").gets("We believe")

    for person in ("primary", "agent"):
        await story.mailbox(person).gets("It is resolved and closed")
    await story.mailbox("acme").gets("It is solved and closed")
    await story.ends(Phase.CLOSED)


async def test_what_was_not_solved_after_all_returns_to_its_owner(story: Story) -> None:
    """Within the window it is reopened, the owner hears of it, and the next resolution may stand."""
    desk, ref = story.world.desk, story.reference
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await desk.resolve(ref, by="primary")
    await story.mailbox("acme").gets("We believe")

    await desk.reopen(ref, by="agent", reason="it fails again")
    await story.stands(phase=Phase.ACTIVE, owner="primary", reopens=1)
    for person in ("primary", "agent"):
        await story.mailbox(person).gets("It was not solved after all")
    await desk.resolve(ref, by="primary")
    await story.mailbox("acme").gets("We believe")
    await desk.confirm(ref, by="agent")

    for person in ("primary", "agent"):
        await story.mailbox(person).gets("It is resolved and closed")
    await story.mailbox("acme").gets("It is solved and closed")
    for status in ("In Transfer", "Active", "Resolved", "Active", "Resolved", "Closed"):
        await story.ticket().reads(status)
    await story.ends(Phase.CLOSED)
