"""Where an end needs somebody's yes, every command that ends it does, and no other agreement takes that away."""

from dataclasses import replace

import pytest

from escalation.core.commands import (
    AdoptPolicy,
    Approve,
    Cancel,
    Command,
    Confirm,
    DeEscalate,
    Elapse,
    Reject,
    Reopen,
    Resolve,
)
from escalation.core.loosening import no_looser
from escalation.core.money import Money
from escalation.core.policy import ApprovalTerms, Policy, SpendLimit
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import ApprovalKind, Ask, Decided, Phase, Severity, Topic
from tests.core.approval_stories import LATER, NO, RETURN, SAM, YES, only, taken, told
from tests.core.cases import DAY, HOUR, POLICY, STRICT, Story, opening

CANCEL, CONFIRM = Cancel("ann", "it was a drill"), Confirm("ann")
ENDS: tuple[tuple[DeEscalate | Cancel | Confirm, Phase], ...] = (
    (RETURN, Phase.DE_ESCALATED),
    (CANCEL, Phase.CANCELLED),
    (CONFIRM, Phase.CLOSED),
)
NEXT_QUARTER = "22" * 32


def ready_for(command: Command, agreement: Policy = STRICT) -> Story:
    """In a phase in which that may be said."""
    story = taken(agreement=agreement)
    if isinstance(command, Confirm):
        story.do(Resolve("ann"))
    story.take()
    return story


@pytest.mark.parametrize(("command", "ended"), ENDS, ids=lambda value: getattr(value, "kind", ""))
def test_an_end_waits_for_the_yes_and_is_done_by_it(command: Command, ended: Phase) -> None:
    """Held, numbered, asked of the approvers of a de-escalation; the phase stays until somebody agrees."""
    story = ready_for(command)
    before = story.phase
    assert story.do(command).sealed.entry.facts == {"approval": "1"}
    assert (story.phase, only(story).kind, only(story).asked) == (before, ApprovalKind.DE_ESCALATE, ("support-lead",))
    (sent,) = story.sent
    assert sent.brief.approval is not None
    assert sent.brief.approval.act == command.kind
    story.do(YES)

    assert (story.phase, only(story).decided) == (ended, Decided.APPROVED)


@pytest.mark.parametrize(("command", "ended"), ENDS, ids=lambda value: getattr(value, "kind", ""))
def test_without_terms_an_end_is_whoever_s_it_was(command: Command, ended: Phase) -> None:
    """No agreement asks for a yes to an end unless it says so."""
    story = ready_for(command, POLICY)
    story.do(command)

    assert story.phase is ended


@pytest.mark.parametrize(("command", "ended"), ENDS, ids=lambda value: getattr(value, "kind", ""))
def test_nobody_ends_it_with_their_own_yes(command: DeEscalate | Cancel | Confirm, ended: Phase) -> None:
    """Separation of duties holds for every end; after a no it goes on."""
    story = ready_for(replace(command, by="sam"))
    before = story.phase
    story.do(replace(command, by="sam"))
    assert story.refused(YES) is Refusal.OWN_REQUEST
    story.do(Reject("vic", "no", replace(SAM, person="vic")))

    assert story.phase is before
    assert story.phase is not ended


def test_a_customer_s_word_that_waits_is_overtaken_by_the_end_of_the_reopen_window() -> None:
    """Nobody has to agree to what nobody objects to in time: a declared fix ends as it always did."""
    story = ready_for(CONFIRM)
    story.do(CONFIRM)
    story.wait(30 * DAY)
    story.do(Elapse())

    assert story.phase is Phase.CLOSED
    assert only(story).decided in {Decided.OVERTAKEN, Decided.EXPIRED}


def test_what_still_waits_for_its_opening_is_not_cancelled_by_just_anybody() -> None:
    """Two things wait then, and a yes has to name the one it means; whoever opened it may still take it back."""
    story = Story(opening(severity=Severity.SEV2, policy=STRICT, route="leadership", ask=Ask.DECIDE))
    story.do(CANCEL)
    assert story.state.approvals[0].opening
    assert story.refused(YES) is Refusal.WHICH_APPROVAL
    story.do(replace(YES, approval=2))

    assert story.phase is Phase.CANCELLED
    assert [approval.decided for approval in story.state.approvals] == [Decided.OVERTAKEN, Decided.APPROVED]


def test_each_end_waits_by_itself() -> None:
    """The customer's word is not refused because somebody wants to send it back; the same end waits once."""
    story = taken()
    story.do(RETURN)
    story.do(CANCEL)
    assert story.refused(replace(CANCEL, reason="again")) is Refusal.APPROVAL_PENDING
    story.do(replace(NO, approval=1))
    story.do(replace(YES, approval=2))

    assert story.phase is Phase.CANCELLED


def test_an_end_whose_time_has_passed_is_overtaken() -> None:
    """Reopened meanwhile: the customer's word of before closes nothing."""
    story = ready_for(CONFIRM)
    story.do(CONFIRM)
    story.do(Reopen("sue", "it is back"))
    story.take()
    story.do(YES)

    assert (story.phase, only(story).decided) == (Phase.ACTIVE, Decided.OVERTAKEN)
    assert told(story, Topic.APPROVAL_DECIDED) == {"ann": "de_escalate overtaken"}


# --- another agreement ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "ended"), ENDS, ids=lambda value: getattr(value, "kind", ""))
def test_adopting_an_agreement_without_the_yes_does_not_get_around_it(command: Command, ended: Phase) -> None:
    """What needs a yes by now needs it until the end, whatever is adopted."""
    story = ready_for(command)
    story.do(AdoptPolicy("ann", replace(POLICY, digest=NEXT_QUARTER, approvals=()), "new quarter"))
    story.do(command)

    assert story.phase is not ended
    story.do(YES)
    assert story.phase is ended


def test_adopting_keeps_the_yes_that_a_route_starts_with() -> None:
    """A route of the same name cannot become one that anybody may take."""
    routes = tuple(replace(route, approval=None) for route in STRICT.routes)
    story = taken()
    story.do(AdoptPolicy("ann", replace(STRICT, digest=NEXT_QUARTER, routes=routes), "new quarter"))

    before = {route.name: route.approval for route in STRICT.routes}
    assert {route.name: route.approval for route in story.state.policy.routes} == before


TERMS = ApprovalTerms(
    ("lead", "director"),
    HOUR,
    "reject",
    1,
    (SpendLimit("lead", Money(100, "EUR")),),
    ("duty",),
    ApprovalKind.SPEND,
)


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        (TERMS, False),
        (replace(TERMS, expiry=2 * HOUR), False),
        (replace(TERMS, approvers=("director",)), False),
        (replace(TERMS, approvers=("director", "friend")), True),
        (replace(TERMS, quorum=2), False),
        (replace(TERMS, limits=(SpendLimit("lead", Money(99, "EUR")),)), False),
        (replace(TERMS, limits=(SpendLimit("lead", Money(101, "EUR")),)), True),
        (replace(TERMS, limits=(SpendLimit("lead", Money(1, "USD")),)), True),
        (replace(TERMS, break_glass=()), False),
        (replace(TERMS, break_glass=("duty", "friend")), True),
        (replace(TERMS, on_expiry="open"), True),
        (None, True),
    ],
)
def test_stricter_terms_are_adopted_and_looser_ones_are_not(after: ApprovalTerms | None, *, kept: bool) -> None:
    """Looser: another approver, a smaller quorum, a higher limit, more break-glass, silence as a yes, or no terms."""
    before = replace(POLICY, approvals=(TERMS,))
    found = no_looser(before, replace(POLICY, approvals=() if after is None else (after,)))

    assert found.approvals == ((TERMS,) if kept else (after,))


def test_a_smaller_quorum_is_looser_and_new_terms_are_taken() -> None:
    """What the agreement before did not ask for, the next one may."""
    two = replace(TERMS, quorum=2)
    other = replace(TERMS, kind=ApprovalKind.DE_ESCALATE)
    found = no_looser(replace(POLICY, approvals=(two,)), replace(POLICY, approvals=(TERMS, other)))

    assert found.approvals == (two, other)


def test_a_later_deadline_still_waits_after_an_adoption() -> None:
    """Every kind is kept, not only ends."""
    story = taken()
    story.do(AdoptPolicy("ann", replace(POLICY, digest=NEXT_QUARTER, approvals=()), "new quarter"))
    deadline = story.state.case.deadline
    story.do(LATER)

    assert story.state.case.deadline == deadline
    story.do(Approve("sam", "agreed", SAM))
    assert story.state.case.deadline != deadline
