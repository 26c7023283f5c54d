"""Asking for a yes: what may be asked, of whom, how long they have, and how many wait at a time."""

from dataclasses import replace

import pytest

from escalation.core.commands import (
    Approve,
    Block,
    ChangeSeverity,
    Command,
    ConfirmSeverity,
    DeEscalate,
    ExtendDeadline,
    HandOff,
    Resolve,
)
from escalation.core.decide import FIRES_MAX
from escalation.core.effects import FindContacts
from escalation.core.facts import Found
from escalation.core.holding import APPROVALS_MAX, DECIDED_MAX
from escalation.core.money import Money
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import (
    ApprovalKind,
    Ask,
    Channel,
    ClockName,
    Decided,
    Message,
    Phase,
    Severity,
    Topic,
)
from tests.core.approval_stories import (
    EXCEPTION,
    LATER,
    LEADERSHIP,
    LENIENT,
    LOWER,
    NO,
    RETURN,
    SPEND,
    VIC,
    YES,
    only,
    taken,
    told,
)
from tests.core.cases import (
    ALL,
    DAY,
    HOUR,
    MINUTE,
    SMS,
    START,
    STRICT,
    Story,
    opening,
)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (replace(LATER, reason=" "), Refusal.REASON_MISSING),
        (replace(LATER, deadline=START + 5 * MINUTE), Refusal.DEADLINE_PASSED),
        (replace(LATER, deadline=START + 30 * DAY), Refusal.NO_CHANGE),
        (replace(EXCEPTION, matter=ApprovalKind.DE_ESCALATE), Refusal.ASK_BY_DOING),
        (replace(EXCEPTION, reason="\t"), Refusal.REASON_MISSING),
        (replace(EXCEPTION, amount=Money(1, "EUR")), Refusal.AMOUNT_UNWANTED),
        (replace(SPEND, amount=None), Refusal.AMOUNT_MISSING),
        (replace(SPEND, amount=Money(0, "EUR")), Refusal.AMOUNT_MISSING),
        (replace(SPEND, amount=Money(500_001, "EUR")), Refusal.ABOVE_EVERY_LIMIT),
        (replace(SPEND, amount=Money(1, "USD")), Refusal.ABOVE_EVERY_LIMIT),
        (YES, Refusal.NOTHING_TO_APPROVE),
        (NO, Refusal.NOTHING_TO_APPROVE),
    ],
)
def test_what_cannot_be_asked_for_is_refused_at_once(command: Command, refusal: Refusal) -> None:
    """Nobody is asked about what would be refused anyway."""
    assert taken().refused(command) is refusal


@pytest.mark.parametrize("known", [True, False])
def test_an_agreement_without_terms_for_it_takes_no_request(*, known: bool) -> None:
    """It says what it does know."""
    approvals = STRICT.approvals[1:2] if known else ()
    story = taken(agreement=replace(STRICT, approvals=approvals))

    assert story.refused(EXCEPTION) is Refusal.NO_APPROVAL_TERMS
    assert story.decisions[-1].sealed.entry.facts["known"] == ("spend" if known else "none")


def test_the_largest_amount_is_asked_of_those_who_may_decide_it() -> None:
    """The first approver's limit is passed over; at the limit itself it is not."""
    asked = []
    for amount in (50_000, 50_001, 500_000):
        story = taken()
        story.do(replace(SPEND, amount=Money(amount, "EUR")))
        asked.append(only(story).asked)

    assert asked == [("support-lead",), ("vp",), ("vp",)]


@pytest.mark.parametrize("command", [LOWER, LATER, RETURN, LEADERSHIP], ids=lambda command: command.kind)
def test_the_same_may_wait_only_once(command: ChangeSeverity | DeEscalate | ExtendDeadline | HandOff) -> None:
    """A second one is told the number of the first; it may be asked for anew once that is decided."""
    story = taken()
    story.do(command)
    again = replace(command, reason="again") if not isinstance(command, DeEscalate) else replace(command, to="zoe")
    assert story.refused(again) is Refusal.APPROVAL_PENDING
    story.do(NO)
    story.do(again)

    assert [approval.decided for approval in story.state.approvals] == [Decided.REJECTED, None]


def test_two_ways_to_lower_a_severity_are_the_same() -> None:
    """So are hand-offs to two routes that both start with a yes."""
    story = taken()
    story.do(ConfirmSeverity("ann", Severity.SEV1, "everybody is affected"))
    story.do(LOWER)
    assert story.refused(ConfirmSeverity("ann", Severity.SEV3, "one customer")) is Refusal.APPROVAL_PENDING
    story.do(LEADERSHIP)
    assert story.refused(LENIENT) is Refusal.APPROVAL_PENDING


def test_silence_asks_the_next_approver_and_then_nothing_is_done() -> None:
    """Each has an hour; whoever asked and the customer contact hear both times."""
    story = taken(Severity.SEV2)
    story.do(replace(RETURN))
    story.take()
    story.wait(HOUR)
    assert told(story, Topic.APPROVAL_EXPIRED) == {"ann": "support-lead", "sue": "support-lead"}
    assert [sent.contact for sent in story.sent if sent.message is Message.APPROVAL] == ["vic"]
    asked_at = only(story).asked_at
    story.take()
    story.wait(HOUR)

    assert (story.phase is Phase.DE_ESCALATED, only(story).decided) == (False, Decided.EXPIRED)
    assert only(story).decided_at == asked_at + 2 * HOUR
    assert (
        told(story, Topic.APPROVAL_DECIDED).items()
        >= {"ann": "de_escalate expired", "sue": "de_escalate expired"}.items()
    )
    assert story.refused(YES) is Refusal.ALREADY_DECIDED
    assert story.decisions[-1].sealed.entry.facts == {
        "approval": "1",
        "decided": "expired",
        "by": "nobody",
        "at": "2025-03-10T11:05:00.000000Z",
    }


def test_silence_hands_off_where_the_route_says_so() -> None:
    """As it opens an escalation there; what is no route never goes without a yes."""
    story = taken(Severity.SEV3)
    story.do(LENIENT)
    story.wait(2 * HOUR)
    assert (story.state.transfer.route, only(story).decided, only(story).decided_by) == (
        "lenient",
        Decided.APPROVED,
        (),
    )

    careless = tuple(replace(terms, on_expiry="open") for terms in STRICT.approvals)
    strict = taken(Severity.SEV3, replace(STRICT, approvals=careless))
    strict.do(LATER)
    strict.wait(2 * HOUR)
    assert (only(strict).decided, strict.state.case.deadline) == (Decided.EXPIRED, START + 30 * DAY)


@pytest.mark.parametrize("wait", [Block("ann", "logs"), Resolve("ann")], ids=["blocked", "resolved"])
def test_the_approvers_time_runs_while_everything_else_stands_still(wait: Command) -> None:
    """Waiting for the customer is no excuse for an approver."""
    story = taken(Severity.SEV2)
    story.do(EXCEPTION)
    story.do(wait)
    story.wait(HOUR)
    assert only(story).asked == ("support-lead", "vp")
    story.wait(HOUR)

    assert only(story).decided is Decided.EXPIRED


def test_nobody_decides_on_what_has_expired_although_an_outage_left_more_to_do() -> None:
    """More clocks are due than fire in one call, and the approval's would be among the rest."""
    story = taken(Severity.SEV2, obedient=False)
    story.do(EXCEPTION)
    story.wait(HOUR)
    (approval_clock,) = [clock for clock in story.state.clocks if clock.name is ClockName.APPROVAL]
    response = story.clock(ClockName.RESOLUTION)
    assert response is not None
    early = replace(response.dues[-1], at=START)
    pile = tuple(replace(response, name=ClockName.RESPONSE, cycle=turn, dues=(early,)) for turn in range(60))
    story.suppose(clocks=(*pile, approval_clock))
    story.outage(2 * HOUR)
    entry = story.do(Approve("vic", "late", VIC)).sealed.entry

    assert entry.refusal is Refusal.ALREADY_DECIDED
    assert only(story).decided is Decided.EXPIRED


def test_what_the_end_overtakes_does_not_expire_as_well() -> None:
    """Two expire in one instant, behind more than fires in one call; the first ends it, so nobody is asked again."""
    story = Story(opening(route="leadership", ask=Ask.DECIDE, policy=STRICT), obedient=False)
    story.wait(HOUR)  # the opening's first approver has said nothing, the last one is asked
    story.do(LATER)
    waiting = [clock for clock in story.state.clocks if clock.name is ClockName.APPROVAL]
    early = replace(waiting[0].dues[-1], at=START)
    pile = tuple(replace(waiting[0], name=ClockName.RESPONSE, cycle=turn, dues=(early,)) for turn in range(FIRES_MAX))
    story.suppose(clocks=(*pile, *waiting))
    story.outage(2 * HOUR)
    story.do(Approve("vic", "late", VIC, approval=1))

    assert story.phase is Phase.REJECTED
    assert [approval.decided for approval in story.state.approvals] == [Decided.EXPIRED, Decided.OVERTAKEN]
    assert [clock for clock in story.state.clocks if clock.name is ClockName.APPROVAL] == []
    assert [e for e in story.asked(FindContacts) if e.names == ("vp",) and e.number > waiting[-1].cycle] == []


def test_several_are_told_apart_by_their_numbers() -> None:
    """Without a number it would have to be guessed; a number that nobody has is refused."""
    story = taken()
    for command in (LOWER, LATER):
        story.do(command)
    assert story.refused(YES) is Refusal.WHICH_APPROVAL
    assert story.decisions[-1].sealed.entry.facts == {"open": "1, 2"}
    assert story.refused(replace(YES, approval=3)) is Refusal.UNKNOWN_APPROVAL
    story.do(replace(YES, approval=2))
    story.do(YES)

    assert [approval.decided for approval in story.state.approvals] == [Decided.APPROVED] * 2
    assert story.refused(YES) is Refusal.ALREADY_DECIDED
    assert story.decisions[-1].sealed.entry.facts["approval"] == "2"
    assert story.refused(replace(YES, approval=1)) is Refusal.ALREADY_DECIDED


def test_only_so_many_wait_at_a_time_and_only_so_many_are_remembered() -> None:
    """At the bound and one beyond; an old number is no longer known, and none is given twice."""
    story = taken(Severity.SEV2)
    for _ in range(APPROVALS_MAX):
        story.do(EXCEPTION)
    assert story.refused(EXCEPTION) is Refusal.TOO_MANY_APPROVALS
    assert story.refused(LATER) is Refusal.TOO_MANY_APPROVALS
    for number in range(1, APPROVALS_MAX + 1):
        story.do(replace(NO, approval=number))
    assert [approval.number for approval in story.state.approvals] == [*range(1, DECIDED_MAX + 1)]
    story.do(EXCEPTION)
    story.do(NO)

    assert [approval.number for approval in story.state.approvals] == [*range(2, DECIDED_MAX + 2)]
    assert story.refused(replace(YES, approval=1)) is Refusal.UNKNOWN_APPROVAL


@pytest.mark.parametrize(
    ("found", "contact", "channel"),
    [
        (Found("support-lead", "sam", (), "bea", (SMS,)), "bea", SMS),
        (Found("support-lead", "ann", ALL, "bea", ALL), "bea", Channel.EMAIL),
        (Found("support-lead", "sam", ()), "sam", Channel.EMAIL),
        (Found("support-lead", "ann", ALL), None, None),
        (Found("support-lead", None), None, None),
    ],
    ids=["unreachable", "asked for it", "no backup", "asked for it, no backup", "nobody"],
)
def test_who_is_asked_for_a_role(found: Found, contact: str | None, channel: Channel | None) -> None:
    """The backup stands in; when nobody is left, the fallback hears that nobody could be asked."""
    story = taken(directory={"support-lead": found})
    story.do(LATER)

    asked = [(sent.contact, sent.channel) for sent in story.sent if sent.message is Message.APPROVAL]
    assert asked == ([(contact, channel)] if contact is not None else [])
    assert told(story, Topic.NOBODY_TOLD) == ({} if contact is not None else {"fay": "approval"})


def test_an_answer_about_an_earlier_asking_or_one_that_is_decided_asks_nobody() -> None:
    """It came too late to be of use."""
    story = taken(Severity.SEV2)
    story.obedient = False
    story.do(EXCEPTION)
    first = story.asked(FindContacts)[-1]
    story.wait(HOUR)
    second = next(e for e in reversed(story.asked(FindContacts)) if e.purpose == "approval")
    story.do(Approve("vic", "agreed", VIC))
    story.take()
    story.find(first)
    story.find(second)

    assert [message for _, message, _ in story.take()] == []
