"""Signals: anybody who may write to the engine can send one, so none may harm the run that it reaches."""

import pytest

from escalation.core.commands import AddNote, Approve
from escalation.core.facts import ReportDelivery
from escalation.core.vocabulary import Ask, Outcome, Phase
from escalation.wire import names
from escalation.wire.messages import Adoption, Instruction, LateFact
from tests.scenarios.dialogue import Story

# A little less than a payload may have; whatever passes it on with anything beside it has more.
HUGE = "x" * (2 * 1024**2 - 250)
YES = Approve("boss", "worth it")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (names.SIGNAL_APPROVE, Instruction()),
        (names.SIGNAL_APPROVE, Instruction(AddNote("boss"))),
        (names.SIGNAL_APPROVE, Instruction(YES, adopt=Adoption("boss", "no-such-agreement", "newer"))),
        (names.SIGNAL_APPROVE, Instruction(adopt=Adoption("boss", "no-such-agreement", "newer"))),
        (names.SIGNAL_APPROVE, Instruction(YES, words=HUGE)),
        (names.SIGNAL_REJECT, Instruction(YES)),
    ],
    ids=["nothing", "another command", "two things", "an agreement", "too many words", "a yes as a no"],
)
async def test_what_is_malformed_changes_nothing(changing: Story, name: str, said: Instruction) -> None:
    """Not even the log; the next one is judged as ever."""
    await changing.opens(route="to-leadership", ask=Ask.DECIDE)
    await changing.mailbox("boss").gets("Your decision is wanted")

    await changing.handle().signal(name, said)
    await changing.world.desk.signal(changing.reference, YES)
    await changing.mailbox("agent").gets("(escalate to leadership) was given")

    await changing.phone("primary").gets_sms("SEV1")
    log = await changing.is_called_off("primary", "boss")
    assert [entry.refusal for entry in log if isinstance(entry.command, Approve)] == [None]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (names.SIGNAL_APPROVE, Instruction(YES, proof=HUGE)),
        (names.SIGNAL_FACT, LateFact(ReportDelivery(1, Outcome.FAILED), proof=HUGE)),
    ],
    ids=["a yes", "a fact"],
)
async def test_a_proof_of_any_size_is_only_worthless(story: Story, name: str, said: Instruction | LateFact) -> None:
    """It is not passed on, so nothing grows beyond what the engine takes."""
    await story.opens()
    await story.phone("primary").gets_sms("SEV1")

    await story.handle().signal(name, said)
    await story.stands(phase=Phase.IN_TRANSFER)
    await story.reply(story.number_of("primary"), "ack {code}")
    await story.stands(phase=Phase.ACTIVE)

    await story.is_called_off("primary")
