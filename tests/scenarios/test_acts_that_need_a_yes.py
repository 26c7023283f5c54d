"""What somebody does or asks for waits for a yes: who is asked, who may answer, and what is done then."""

from datetime import UTC, timedelta
from typing import Any

import pytest

from escalation.client import Refused
from escalation.core.commands import Approve, RequestApproval
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import ApprovalKind, Ask, DeEscalationReason, Phase, Severity
from tests.scenarios.agreements import FAR, SOON
from tests.scenarios.company import delegation, nobody_left_to_ask
from tests.scenarios.dialogue import Story

MANAGERS = {"approvers": ["support-managers"], "expiry": FAR}
SPEND = {
    "approvers": ["lead-on-call", "support-managers", "executives"],
    "expiry": FAR,
    "limits": {"lead-on-call": "100 EUR", "support-managers": "1000.00 EUR", "executives": ["90000 EUR", "50 JPY"]},
    "break_glass": ["duty-desk"],
}


async def is_taken(story: Story, **approvals: Any) -> None:  # noqa: ANN401  # of the agreement
    """An escalation that primary owns, under an agreement in which these things need a yes."""
    story.agrees(approvals=approvals)
    await story.opens()
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")
    await story.stands(phase=Phase.ACTIVE)


async def is_refused(story: Story, refusal: Refusal, by: str, approval: int | None = None) -> dict[str, str]:
    """A yes that does not count; what is said to whoever gave it."""
    with pytest.raises(Refused) as refused:
        await story.world.desk.approve(story.reference, by=by, reason="go on", approval=approval)
    assert refused.value.reason is refusal
    return refused.value.facts


# --- Each kind --------------------------------------------------------------------------------------------------------


async def test_money_is_asked_of_the_first_whose_limit_covers_it(story: Story) -> None:
    """The lead may decide a hundred: they are passed over, and their yes does not count."""
    desk, ref = story.world.desk, story.reference
    await is_taken(story, spend=SPEND)

    asked = await desk.request_approval(
        ref, by="primary", matter=ApprovalKind.SPEND, amount="250.00 EUR", reason="a licence"
    )
    assert asked.facts == {"approval": "1"}
    await story.mailbox("boss").gets("may EUR 250.00 be spent?", '"a licence"', f"escalate approve {ref} --approval 1")
    (shown,) = (await story.view()).approvals
    assert (shown.asked, shown.word, shown.quorum, shown.reason) == (("support-managers",), "asked", 1, "a licence")
    facts = await is_refused(story, Refusal.ABOVE_LIMIT, "third")
    assert facts == {"limit": "10000", "amount": "25000", "currency": "EUR"}

    answer = await desk.approve(ref, by="boss", reason="worth it")

    assert answer.facts == {"approval": "1", "stands": "approved"}
    await story.mailbox("primary").gets("What you asked for", "(spend) was given")
    assert (await story.view()).approvals == ()
    await story.is_called_off("primary", "boss")


async def test_nobody_is_asked_for_more_than_anybody_may_decide(story: Story) -> None:
    """Nor in a currency without a limit."""
    await is_taken(story, spend=SPEND)

    for amount in ("90000.01 EUR", "1.00 USD"):
        with pytest.raises(Refused) as refused:
            await story.world.desk.request_approval(
                story.reference, by="primary", matter=ApprovalKind.SPEND, amount=amount, reason="a server"
            )
        assert refused.value.reason is Refusal.ABOVE_EVERY_LIMIT

    await story.is_called_off("primary")


async def test_an_exception_may_be_taken_back_by_whoever_asked(story: Story) -> None:
    """Whoever says yes too late is told so; nobody else may take it back."""
    desk, ref = story.world.desk, story.reference
    await is_taken(story, policy_exception=MANAGERS)
    await desk.request_approval(ref, by="primary", matter=ApprovalKind.POLICY_EXCEPTION, reason="no backup wanted")
    await story.mailbox("boss").gets("may an exception from the agreement be made?")
    await is_refused(story, Refusal.OWN_REQUEST, "pia.primary")

    with pytest.raises(Refused) as refused:
        await desk.reject(ref, by="second", reason="not mine")
    assert refused.value.reason is Refusal.NOT_AN_APPROVER
    taken_back = await desk.reject(ref, by="pia.primary", reason="not needed any more")

    assert taken_back.facts["stands"] == "withdrawn"
    facts = await is_refused(story, Refusal.ALREADY_DECIDED, "boss", approval=1)
    assert (facts["decided"], facts["by"]) == ("withdrawn", "primary")
    await story.is_called_off("primary", "boss")


async def test_a_later_deadline_waits_and_an_earlier_one_does_not(story: Story) -> None:
    """Only the first takes something away from the customer."""
    desk, ref = story.world.desk, story.reference
    await is_taken(story, deadline_extension=MANAGERS)
    now = (await story.view()).deadline
    later, earlier = now + timedelta(days=1), now - timedelta(hours=1)

    await desk.extend_deadline(ref, by="primary", deadline=earlier, reason="they leave at five")
    await story.stands(deadline=earlier, approvals=())
    held = await desk.extend_deadline(ref, by="primary", deadline=later, reason="they agreed")
    await story.mailbox("boss").gets("may the hard deadline move to", later.astimezone(UTC).strftime("%H:%M UTC"))
    assert (held.facts, (await story.view()).deadline) == ({"approval": "1"}, earlier)
    await desk.approve(ref, by="boss", reason="they said so")

    await story.stands(deadline=later, approvals=())
    await story.mailbox("primary").gets("(deadline extension) was given")
    await story.is_called_off("primary", "boss")


async def test_a_worst_case_is_lowered_only_with_a_yes(story: Story) -> None:
    """Until then it stays what it is; a no leaves it so, and the reason is kept."""
    desk, ref = story.world.desk, story.reference
    await is_taken(story, severity_downgrade=MANAGERS)
    await desk.change_severity(ref, by="primary", severity=Severity.SEV2, reason="half of it is back")
    await story.mailbox("boss").gets("may the severity go down to SEV2?", "half of it is back")
    await desk.reject(ref, by="boss", reason="half is not enough")
    await story.mailbox("primary").gets("(severity downgrade) was refused")
    await story.stands(severity=Severity.SEV1)

    await desk.change_severity(ref, by="primary", severity=Severity.SEV2, reason="all of it is back")
    await story.mailbox("boss").gets("all of it is back", "--approval 2")
    await desk.approve(ref, by="boss", reason="good", approval=2)

    await story.stands(severity=Severity.SEV2)
    await story.mailbox("primary").gets("(severity downgrade) was given")
    await story.is_called_off("primary", "boss")


async def test_two_must_agree_before_the_ticket_goes_back(story: Story) -> None:
    """Both are asked at once; one person has one vote. Then it goes back as it would have."""
    desk, ref = story.world.desk, story.reference
    both = {"approvers": ["support-managers", "executives"], "quorum": 2, "expiry": FAR}
    await is_taken(story, de_escalate=both)
    await desk.de_escalate(
        ref, by="primary", reason=DeEscalationReason.HOW_TO, to="desk", level="L1", findings="See article 7."
    )
    for person in ("boss", "executive"):
        await story.mailbox(person).gets("may the ticket go back to L1?", "2 people have to agree, 0 have so far")

    first = await desk.approve(ref, by="boss", reason="a setting")
    assert (first.phase, first.facts["stands"]) == (Phase.ACTIVE, "1 of 2")
    await is_refused(story, Refusal.ALREADY_VOTED, "bo.boss")
    await desk.approve(ref, by="executive", reason="a setting indeed")

    await story.mailbox("desk").gets(ref, "article 7")
    for person in ("primary", "agent", "boss", "executive"):
        await story.mailbox(person).gets("It went back to a lower level")
    await story.mailbox("acme").gets("Your support team looks after it again")
    await story.ends(Phase.DE_ESCALATED)


async def test_a_hand_off_to_a_route_that_needs_a_yes_waits_for_it(story: Story) -> None:
    """The team that has it keeps it meanwhile."""
    desk, ref = story.world.desk, story.reference
    await is_taken(story)
    await desk.hand_off(ref, by="primary", route="to-leadership", ask=Ask.DECIDE, reason="a question of money")
    await story.mailbox("boss").gets("may it be handed off by route to-leadership?", "a question of money")
    await story.stands(phase=Phase.ACTIVE, team="Engineering")

    await desk.approve(ref, by="boss", reason="they decide")

    await story.stands(phase=Phase.IN_TRANSFER, team="Leadership")
    await story.phone("primary").gets_sms("SEV1", "decide what is done")
    await story.mailbox("primary").gets("(escalate to leadership) was given")
    await story.is_called_off("primary", "boss")


# --- Who may answer ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "refusal"),
    [("third", Refusal.NOT_AN_APPROVER), ("primary", Refusal.OWN_REQUEST), ("stranger", Refusal.NOT_AN_APPROVER)],
)
async def test_a_signal_and_an_update_are_judged_by_the_same_rule(story: Story, by: str, refusal: Refusal) -> None:
    """Neither changes anything; both are in the log, with the same reason and facts."""
    await is_taken(story, policy_exception=MANAGERS)
    await story.world.desk.request_approval(
        story.reference, by="primary", matter=ApprovalKind.POLICY_EXCEPTION, reason="no backup wanted"
    )
    await story.mailbox("boss").gets("may an exception")
    await story.stands(told=("primary", "boss"))
    await story.log_reads("ticket note")
    before = await story.view()

    await story.world.desk.signal(story.reference, Approve(by, "go on", approval=1))
    await story.log_reads(f"approved by {by}", f"refused: {refusal}")
    await is_refused(story, refusal, by, approval=1)

    after = await story.view()
    assert (after.approvals, after.phase, after.clocks) == (before.approvals, before.phase, before.clocks)
    log = await story.is_called_off("primary", "boss")
    signalled, updated = [entry for entry in log if isinstance(entry.command, Approve)]
    assert (signalled.refusal, signalled.facts, signalled.changes) == (refusal, updated.facts, ())
    assert (updated.refusal, updated.changes) == (refusal, ())


async def test_whoever_decides_in_somebodys_place_is_asked_and_may(changing: Story) -> None:
    """While the delegation is in force. On whose authority it was is in the log."""
    changing.world.staffed(delegation("boss", "planner"))
    await is_taken(changing, policy_exception=MANAGERS)
    await changing.world.desk.request_approval(
        changing.reference, by="primary", matter=ApprovalKind.POLICY_EXCEPTION, reason="no backup wanted"
    )
    await changing.mailbox("planner").gets("may an exception")

    await changing.world.desk.approve(changing.reference, by="planner", reason="fine with boss")

    await changing.mailbox("primary").gets("(policy exception) was given")
    log = await changing.is_called_off("primary", "planner")
    standing = next(entry.command.standing for entry in log if isinstance(entry.command, Approve))
    assert standing is not None
    assert [(each.person, each.roles) for each in standing.delegated] == [("boss", ("support-managers",))]


async def test_a_delegation_that_is_over_gives_nothing(changing: Story) -> None:
    """The holder is asked, and the former delegate refused."""
    changing.world.staffed(delegation("boss", "planner", ended=True))
    await is_taken(changing, policy_exception=MANAGERS)
    await changing.world.desk.request_approval(
        changing.reference, by="primary", matter=ApprovalKind.POLICY_EXCEPTION, reason="no backup wanted"
    )
    await changing.mailbox("boss").gets("may an exception")

    await is_refused(changing, Refusal.NOT_AN_APPROVER, "planner")

    await changing.is_called_off("primary", "boss")


async def test_nobody_lets_a_proxy_approve_what_they_asked_for(changing: Story) -> None:
    """Boss asks, and planner, to whom boss has delegated everything, says yes: that is boss's own yes."""
    changing.world.staffed(delegation("boss", "planner"))
    await is_taken(changing, policy_exception=MANAGERS)
    await changing.world.desk.request_approval(
        changing.reference, by="boss", matter=ApprovalKind.POLICY_EXCEPTION, reason="for me"
    )
    await changing.mailbox("planner").gets("may an exception")

    await is_refused(changing, Refusal.OWN_REQUEST, "planner")

    await changing.is_called_off("primary", "planner")


async def test_authority_is_that_of_the_moment_of_the_answer(changing: Story) -> None:
    """Whoever was asked and has lost the role since is refused; whoever has it now may."""
    await is_taken(changing, policy_exception=MANAGERS)
    await changing.world.desk.request_approval(
        changing.reference, by="primary", matter=ApprovalKind.POLICY_EXCEPTION, reason="no backup wanted"
    )
    await changing.mailbox("boss").gets("may an exception")

    changing.world.staffed(nobody_left_to_ask)
    await is_refused(changing, Refusal.NOT_AN_APPROVER, "boss")
    await changing.world.desk.approve(changing.reference, by="planner", reason="mine to say now")

    await changing.mailbox("primary").gets("(policy exception) was given")
    await changing.is_called_off("primary", "boss")


# --- Silence, and haste -----------------------------------------------------------------------------------------------


async def test_silence_asks_the_next_and_then_is_a_no(story: Story) -> None:
    """Whoever asked hears each time; a yes that comes after it is told so."""
    await is_taken(story, policy_exception={"approvers": ["support-managers", "executives"], "expiry": SOON})
    await story.world.desk.request_approval(
        story.reference, by="primary", matter=ApprovalKind.POLICY_EXCEPTION, reason="no backup wanted"
    )

    await story.mailbox("boss").gets("may an exception", "After that others are asked")
    for person in ("primary", "agent"):
        await story.mailbox(person).gets("support-managers did not answer")
    await story.mailbox("executive").gets("may an exception", "Silence counts as a no then")
    for person in ("primary", "agent"):
        await story.mailbox(person).gets("executives did not answer", "nobody answered in time")

    facts = await is_refused(story, Refusal.ALREADY_DECIDED, "executive", approval=1)
    assert (facts["decided"], facts["by"]) == ("expired", "nobody")
    await story.is_called_off("primary", "boss", "executive")


async def test_break_glass_is_done_at_once_told_loudly_and_reviewed(story: Story) -> None:
    """Without role, quorum or limit, but for those who may; the review is somebody else's."""
    desk, ref = story.world.desk, story.reference
    await is_taken(story, spend=SPEND)
    await desk.request_approval(ref, by="primary", matter=ApprovalKind.SPEND, amount="5000 EUR", reason="a server")
    await story.mailbox("executive").gets("may EUR 5,000.00 be spent?")

    with pytest.raises(Refused) as refused:
        await desk.approve(ref, by="boss", reason="now", break_glass=True)
    assert refused.value.reason is Refusal.MAY_NOT_BREAK_GLASS
    broken = await desk.approve(ref, by="duty", reason="the site is down, nobody answers", break_glass=True)

    assert broken.facts["stands"] == "approved by break-glass"
    for person in ("executive", "boss", "third"):
        await story.mailbox(person).gets("BREAK-GLASS", "(spend)")
    await story.mailbox("primary").gets("(spend) was given")
    await story.mailbox("executive").gets("Your review is wanted", "EUR 5,000.00 was allowed to be spent")
    await is_refused(story, Refusal.OWN_REQUEST, "duty")
    await desk.reject(ref, by="executive", reason="there was time to ask")
    for person in ("executive", "boss"):
        await story.mailbox(person).gets("The review objects", "(spend)")
    log = await story.is_called_off("primary", "executive", "boss", "third")
    assert [entry.command.amount for entry in log if isinstance(entry.command, RequestApproval)]
