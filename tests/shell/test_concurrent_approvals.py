"""Many managers answer at once: one decision, and everybody else hears what it was."""

import asyncio
from collections import Counter

import pytest

from escalation.client import EscalationClient, Refused
from escalation.core.commands import Approve, Reject
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import ApprovalKind, Phase
from escalation.wire.messages import Answer
from escalation.wire.payloads import DATA_CONVERTER
from tests.scenarios.agreements import FAR
from tests.scenarios.company import managers
from tests.scenarios.dialogue import Story

MANY = 64


async def a_request_waits(story: Story, quorum: int = 1) -> None:
    """For the managers' yes; so many of them hold the role."""
    story.world.staffed(managers(MANY))
    approvers = ["support-managers", "executives"][:quorum]
    story.agrees(approvals={"policy_exception": {"approvers": approvers, "quorum": quorum, "expiry": FAR}})
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE)
    await story.world.desk.request_approval(
        story.reference, by="primary", matter=ApprovalKind.POLICY_EXCEPTION, reason="no backup wanted"
    )
    for person in ("boss", "executive")[:quorum]:
        await story.mailbox(person).gets("may an exception")


async def desks(story: Story) -> list[EscalationClient]:
    """A client of their own for each."""
    engine = story.world.engine
    connected = await asyncio.gather(*(engine.connect() for _ in range(MANY)))
    assert all(client.data_converter is DATA_CONVERTER for client in connected)
    return [EscalationClient(client) for client in connected]


async def everybody_answers(story: Story) -> list[Answer | BaseException]:
    """At once: the odd ones say yes, the even ones no."""
    ref, offices = story.reference, await desks(story)

    async def answer(number: int, desk: EscalationClient) -> Answer:
        say = desk.approve if number % 2 else desk.reject
        return await say(ref, by=f"manager-{number}", reason=f"reason {number}", approval=1)

    asked = (answer(number, desk) for number, desk in enumerate(offices, start=1))
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_of_64_answers_at_once_one_decides_and_63_are_told_what(changing: Story) -> None:
    """Whatever the others would have said: the first one the escalation hears is the decision."""
    await a_request_waits(changing)

    answers = await everybody_answers(changing)

    (decision,) = [each for each in answers if isinstance(each, Answer)]
    refused = [each for each in answers if isinstance(each, Refused)]
    assert len(refused) == MANY - 1
    assert {each.reason for each in refused} == {Refusal.ALREADY_DECIDED}
    word = decision.facts["stands"]
    (told,) = {tuple(sorted(each.facts.items())) for each in refused}
    assert dict(told).keys() == {"approval", "decided", "by", "at"}
    assert (dict(told)["approval"], dict(told)["decided"]) == ("1", word)
    await changing.mailbox("primary").gets("was given" if word == "approved" else "was refused")

    log = await changing.is_called_off("primary", "boss")
    said = [entry for entry in log if isinstance(entry.command, Approve | Reject)]
    (decided,) = [entry for entry in said if entry.refusal is None]
    assert (len(said), decided.sequence) == (MANY, decision.sequence)
    assert isinstance(decided.command, Approve | Reject)
    assert dict(told)["by"] == decided.command.by
    assert isinstance(decided.command, Approve) is (word == "approved")


async def test_a_yes_that_many_repeat_is_one_vote_for_each_of_them(changing: Story) -> None:
    """Everybody says yes twice under one key, and two must agree: two votes, one decision, the rest is told."""
    await a_request_waits(changing, quorum=2)
    offices = await desks(changing)

    async def agree(number: int, desk: EscalationClient) -> Answer:
        by = f"manager-{number}"
        return await desk.approve(changing.reference, by=by, reason="yes", approval=1, key=f"key of {by}")

    twice = [agree(number, desk) for number, desk in enumerate(offices[:8], start=1) for _ in range(2)]
    answers = await asyncio.gather(*twice, return_exceptions=True)

    stands = Counter(each.facts["stands"] for each in answers if isinstance(each, Answer))
    assert stands == {"1 of 2": 2, "approved": 2}
    assert sum(isinstance(each, Refused) for each in answers) == len(answers) - 4
    await changing.mailbox("primary").gets("was given")
    log = await changing.is_called_off("primary", "boss", "executive")
    votes = [entry.command.by for entry in log if isinstance(entry.command, Approve) and entry.refusal is None]
    assert len(votes) == len(set(votes)) == 2


@pytest.mark.parametrize("doors", ["signals", "both"])
async def test_signals_and_updates_meet_in_one_decision(changing: Story, doors: str) -> None:
    """By whichever door: one decision, everything else is a refusal in the log."""
    await a_request_waits(changing)
    desk, ref = changing.world.desk, changing.reference
    sent = [desk.signal(ref, Approve(f"manager-{number}", "yes", approval=1)) for number in range(1, 17)]
    if doors == "both":
        typed = [desk.approve(ref, by=f"manager-{number}", reason="yes") for number in range(17, 33)]
        await asyncio.gather(*sent, *typed, return_exceptions=True)
    else:
        await asyncio.gather(*sent)
    await changing.mailbox("primary").gets("was given")

    log = await changing.is_called_off("primary", "boss")
    refusals = Counter(entry.refusal for entry in log if isinstance(entry.command, Approve))
    assert refusals == {None: 1, Refusal.ALREADY_DECIDED: len(sent) * (2 if doors == "both" else 1) - 1}
