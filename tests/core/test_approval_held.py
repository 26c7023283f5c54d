"""What people do and may not do alone: it waits, numbered, while everything goes on, and is done by the last yes."""

from dataclasses import replace

import pytest

from escalation.core.commands import (
    AdoptPolicy,
    Block,
    Cancel,
    Command,
    Confirm,
    ConfirmSeverity,
    Elapse,
    ExtendDeadline,
    HandOff,
    Reject,
    RequestApproval,
    Resolve,
    Unblock,
)
from escalation.core.effects import ApprovalBrief
from escalation.core.money import Money
from escalation.core.policy import Confirmation, CustomerSegment
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import (
    ApprovalKind,
    Ask,
    ClockName,
    Decided,
    Handover,
    Message,
    Phase,
    Severity,
    Topic,
)
from tests.core.approval_stories import (
    EXCEPTION,
    LATER,
    LEADERSHIP,
    LOWER,
    NO,
    RETURN,
    SPEND,
    YES,
    only,
    taken,
    told,
)
from tests.core.cases import (
    DAY,
    HOUR,
    MINUTE,
    ROUTES,
    SMS,
    START,
    STRICT,
    active,
    opening,
    standing,
)


@pytest.mark.parametrize(
    ("command", "kind", "about"),
    [
        (LOWER, ApprovalKind.SEVERITY_DOWNGRADE, "SEV2"),
        (LATER, ApprovalKind.DEADLINE_EXTENSION, "2025-04-19T09:00:00.000000Z"),
        (RETURN, ApprovalKind.DE_ESCALATE, "L1"),
        (LEADERSHIP, ApprovalKind.ESCALATE_TO_LEADERSHIP, "leadership"),
        (EXCEPTION, ApprovalKind.POLICY_EXCEPTION, ""),
        (SPEND, ApprovalKind.SPEND, ""),
    ],
    ids=["severity", "deadline", "de-escalation", "hand-off", "exception", "money"],
)
def test_it_waits_and_changes_nothing_but_that_somebody_is_asked(
    command: Command, kind: ApprovalKind, about: str
) -> None:
    """The answer names the approval; the approver hears what it is about, and every clock goes on."""
    story = taken()
    before = story.state
    entry = story.do(command).sealed.entry

    approval = only(story)
    amount = Money(20_000, "EUR") if kind is ApprovalKind.SPEND else None
    assert (entry.refusal, entry.facts) == (None, {"approval": "1"})
    assert (approval.kind, approval.asked_by, approval.asked, approval.word) == (
        kind,
        "ann",
        ("support-lead",),
        "asked",
    )
    act = "" if isinstance(command, RequestApproval) else command.kind
    brief = ApprovalBrief(
        1, kind, "ann", about, 1, 0, amount, reason=approval.reason, until=story.now + HOUR, silence="next", act=act
    )
    assert [(sent.contact, sent.message, sent.brief.approval) for sent in story.sent] == [
        ("sam", Message.APPROVAL, brief)
    ]
    kept = {"phase": before.phase, "grade": before.grade, "transfer": before.transfer, "case": before.case}
    assert replace(story.state, **kept) == story.state  # type: ignore[arg-type]  # the names are its own
    assert story.due(ClockName.APPROVAL) == story.now + HOUR


def test_a_yes_lowers_the_severity_and_its_clocks() -> None:
    """Eight hours to resolve it now, of which the ones that passed are counted."""
    story = taken()
    story.do(LOWER)
    story.wait(10 * MINUTE)
    story.take()
    entry = story.do(YES).sealed.entry

    assert story.severity is Severity.SEV2
    assert story.due(ClockName.RESOLUTION) == START + 8 * HOUR
    assert story.due(ClockName.APPROVAL) is None
    assert (only(story).decided, only(story).decided_by, only(story).decided_at) == (
        Decided.APPROVED,
        ("sam",),
        story.now,
    )
    assert entry.facts == {"approval": "1", "stands": "approved"}
    assert [(change.field, change.after) for change in entry.changes][-1] == ("approval 1", "approved")
    assert told(story, Topic.APPROVAL_DECIDED) == {"ann": "severity_downgrade approved"}


def test_a_segment_keeps_its_timeline_when_the_severity_falls_late() -> None:
    """A VIP's SEV2 runs on the timeline of a SEV1: the resolution's limit stays where it was."""
    agreement = replace(STRICT, segments=(CustomerSegment("vip", weight=1),))
    story = active(opening(severity=Severity.SEV1, policy=agreement, segment="vip"))
    story.do(LOWER)
    story.wait(20 * MINUTE)
    story.do(YES)

    assert (story.severity, story.due(ClockName.RESOLUTION)) == (Severity.SEV2, START + 2 * HOUR)


def test_a_later_deadline_moves_its_clock_once_somebody_agrees() -> None:
    """The case tells the new one; its warnings come before the new instant."""
    story = taken()
    story.do(LATER)
    assert story.state.case.deadline == START + 30 * DAY
    entry = story.do(YES).sealed.entry

    assert story.state.case.deadline == START + 40 * DAY == story.due(ClockName.DEADLINE)
    assert ("deadline", "2025-04-19T09:00:00.000000Z") in [(c.field, c.after) for c in entry.changes]


def test_the_receiving_teams_first_word_on_a_sev1_needs_nobody() -> None:
    """Its second one does, and so does the first after it had its time to say it."""
    story = taken()
    story.do(ConfirmSeverity("ann", Severity.SEV2, "a few users"))
    assert (story.severity, story.state.approvals) == (Severity.SEV2, ())

    confirmed = taken()
    confirmed.do(ConfirmSeverity("ann", Severity.SEV1, "everybody"))
    confirmed.do(ConfirmSeverity("ann", Severity.SEV2, "a few users"))
    assert only(confirmed).kind is ApprovalKind.SEVERITY_DOWNGRADE
    confirmed.do(YES)
    assert (confirmed.severity, confirmed.state.grade.confirmed) == (Severity.SEV2, True)

    window = Confirmation(10 * MINUTE, Handover.HAND_OVER)
    terms = tuple(replace(terms, confirmation=window) for terms in STRICT.terms)
    late = taken(agreement=replace(STRICT, terms=terms))
    late.wait(10 * MINUTE)
    late.do(ConfirmSeverity("ann", Severity.SEV2, "a few users"))
    assert (late.severity, only(late).reason) == (Severity.SEV1, "a few users")


def test_the_first_word_does_not_get_around_a_no() -> None:
    """What was refused, or left without an answer, is not confirmed instead; what was taken back still is."""
    word = ConfirmSeverity("ann", Severity.SEV2, "a few users")
    story = taken()
    story.do(LOWER)
    story.do(NO)
    story.do(word)
    assert (story.severity, [each.decided for each in story.state.approvals]) == (
        Severity.SEV1,
        [Decided.REJECTED, None],
    )

    silent = taken()
    silent.do(LOWER)
    silent.wait(2 * HOUR)
    silent.do(word)
    assert [each.decided for each in silent.state.approvals] == [Decided.EXPIRED, None]

    free = taken()
    free.do(LOWER)
    free.do(Reject("ann", "not needed", standing("ann")))
    free.do(word)
    assert free.severity is Severity.SEV2


@pytest.mark.parametrize(
    "command",
    [replace(LOWER, severity=Severity.SEV1), replace(LOWER, severity=Severity.SEV3)],
    ids=["raised", "lowered"],
)
def test_any_other_change_of_severity_needs_nobody(command: Command) -> None:
    """Only a SEV1 that shall no longer be one is held."""
    story = taken(Severity.SEV2)
    story.do(command)

    assert story.state.approvals == ()


def test_an_earlier_deadline_needs_nobody() -> None:
    """In a zone of one's own or not: the instant counts."""
    story = taken()
    story.do(ExtendDeadline("ann", START + 3 * DAY, "the customer's release is earlier"))

    assert story.state.case.deadline == START + 3 * DAY == story.due(ClockName.DEADLINE)


def test_without_terms_a_later_deadline_holds_at_once() -> None:
    """As everything else does whose kind the agreement does not name."""
    story = taken(agreement=replace(STRICT, approvals=()))
    for command in (LATER, LOWER, RETURN):
        story.do(command)

    assert (story.phase, story.severity, story.state.case.deadline) == (
        Phase.DE_ESCALATED,
        Severity.SEV2,
        START + 40 * DAY,
    )


def test_a_new_deadline_of_what_waits_stands_still_where_deadlines_do() -> None:
    """Under an agreement that lets nothing run while it waits for the customer."""
    plain = replace(STRICT, approvals=(), house=replace(STRICT.house, runs_while_blocked=()))
    story = taken(agreement=plain)
    story.do(Block("ann", "logs"))
    story.do(LATER)

    assert story.clock(ClockName.DEADLINE) is not None
    assert story.due(ClockName.DEADLINE) is None
    story.do(Unblock("ann", "logs came"))
    assert story.due(ClockName.DEADLINE) == START + 40 * DAY


def test_a_new_deadline_of_what_is_resolved_waits_for_its_reopening() -> None:
    """The case knows it; no clock runs."""
    story = taken(agreement=replace(STRICT, approvals=()))
    story.do(Resolve("ann"))
    story.do(LATER)

    assert (story.state.case.deadline, story.clock(ClockName.DEADLINE)) == (START + 40 * DAY, None)


@pytest.mark.parametrize("before", [None, Block("ann", "logs"), HandOff("ann", "product", Ask.DECIDE, "design")])
def test_a_held_hand_off_goes_once_somebody_agrees(before: Command | None) -> None:
    """From every phase in which it could have gone at once; the clocks of waiting are gone with it."""
    story = taken(Severity.SEV2)
    story.do(LEADERSHIP)
    if before is not None:
        story.do(before)
    story.take()
    story.do(YES)

    assert (story.phase, story.state.transfer.route) == (Phase.IN_TRANSFER, "leadership")
    assert story.clock(ClockName.BLOCKED_LIMIT) is None
    assert ("ann", SMS) in story.pages()


def test_a_held_de_escalation_ends_it() -> None:
    """The named person gets it back, and the closing notices say all there is to say."""
    story = taken()
    story.do(RETURN)
    story.take()
    story.do(YES)

    assert (story.phase, story.owner, only(story).decided) == (Phase.DE_ESCALATED, "sue", Decided.APPROVED)
    assert {message for _, message, _ in story.take()} == {
        Message.RETURNED,
        Message.CLOSING,
        Message.CUSTOMER_CLOSING,
    }


def test_a_no_leaves_everything_as_it_was_and_tells_who_asked() -> None:
    """The approval is over; only whoever asked hears of it."""
    story = taken()
    story.do(LOWER)
    story.take()
    story.do(NO)

    assert (story.severity, only(story).decided, only(story).decided_by) == (Severity.SEV1, Decided.REJECTED, ("sam",))
    assert told(story, Topic.APPROVAL_DECIDED) == {"ann": "severity_downgrade rejected"}
    assert story.clock(ClockName.APPROVAL) is None


def test_whoever_asked_takes_it_back_without_any_role() -> None:
    """Nobody is told who knows already; somebody unknown or unproven does not take it back in their name."""
    story = taken()
    story.do(LOWER)
    mine = standing("ann")
    assert story.refused(Reject("ann", "better not", replace(mine, verified=False))) is Refusal.UNVERIFIED
    assert story.refused(Reject("ann", "better not", replace(mine, known=False))) is Refusal.AUTHORITY_UNKNOWN
    assert story.refused(Reject("ann", " ", mine)) is Refusal.REASON_MISSING
    story.take()
    story.do(Reject("ann", "better not", mine))

    assert (only(story).decided, story.take()) == (Decided.WITHDRAWN, [])


@pytest.mark.parametrize(
    ("held", "meanwhile"),
    [
        (LOWER, ConfirmSeverity("ann", Severity.SEV2, "a few users")),
        (LOWER, ConfirmSeverity("ann", Severity.SEV3, "one user")),
        (LEADERSHIP, Resolve("ann")),
        (LEADERSHIP, AdoptPolicy("sue", replace(STRICT, digest="22" * 32, routes=ROUTES[:3]), "new quarter")),
        (ExtendDeadline("ann", START + 30 * MINUTE, "the customer agrees"), Elapse()),
    ],
    ids=["done otherwise", "milder by now", "another phase", "no such route", "too late"],
)
def test_what_can_no_longer_be_done_is_overtaken(held: Command, meanwhile: Command) -> None:
    """The yes is not refused: it came too late, and whoever asked hears that."""
    agreement = replace(STRICT, house=replace(STRICT.house, raise_severity_on_breach=False))
    story = active(opening(severity=Severity.SEV1, policy=agreement, deadline=START + 20 * MINUTE))
    story.do(held)
    story.do(meanwhile)
    story.wait(40 * MINUTE)
    story.take()
    entry = story.do(YES).sealed.entry

    assert (entry.refusal, entry.facts["stands"]) == (None, "overtaken")
    assert told(story, Topic.APPROVAL_DECIDED)["ann"] == f"{only(story).kind} overtaken"


@pytest.mark.parametrize("end", [Cancel("sue", "twice"), Resolve("ann")])
def test_what_waits_when_it_is_over_is_overtaken(end: Command) -> None:
    """No clock is left, and nobody's yes is wanted any more."""
    ends_alone = tuple(terms for terms in STRICT.approvals if terms.kind is not ApprovalKind.DE_ESCALATE)
    story = taken(agreement=replace(STRICT, approvals=ends_alone))
    story.do(LATER)
    story.do(end)
    if story.phase is Phase.RESOLVED:
        story.do(Confirm("sue"))

    assert (only(story).decided, story.state.clocks) == (Decided.OVERTAKEN, ())
    assert story.refused(YES) is Refusal.ENDED


def test_asking_shows_that_the_owner_is_at_work_and_a_late_yes_does_not() -> None:
    """The watch for silence starts anew at the asking only."""
    story = taken(Severity.SEV2)
    story.wait(HOUR)
    story.do(LATER)
    watched = story.due(ClockName.SILENCE)
    assert watched == START + 4 * HOUR + 5 * MINUTE
    story.wait(30 * MINUTE)
    story.do(YES)

    assert story.due(ClockName.SILENCE) == watched
