"""Who may say yes: identity, separation of duties, role, limit and vote, judged with the facts of that moment."""

from dataclasses import replace

import pytest

from escalation.core.authority import CLOCKS_DIFFER
from escalation.core.commands import Approve, Command, Reject, RequestApproval
from escalation.core.money import Money
from escalation.core.policy import ApprovalTerms
from escalation.core.refusals import Refusal
from escalation.core.standing import Delegated, Standing
from escalation.core.state import Approval
from escalation.core.vocabulary import ApprovalKind, Ask, Decided, Message, Phase, Severity, Topic
from tests.core.approval_stories import LOWER, RETURN, SECOND, only, taken, told
from tests.core.cases import EXCEPTION as ONE
from tests.core.cases import HOUR, SPENDING, STRICT, Story, opening, standing

SAM, VIC = standing("sam", "support-lead"), standing("vic", "vp")
DUTY = standing("dot", "duty")
EXCEPTION = RequestApproval("ann", ApprovalKind.POLICY_EXCEPTION, "a build of their own")
TWO = replace(ONE, quorum=2)


def lent(person: str, *roles: str, names: tuple[str, ...] = ()) -> Delegated:
    return Delegated(person, (person, *names), roles)


def proxy(person: str, *delegated: Delegated) -> Standing:
    """Somebody who holds no role but what others have handed over."""
    return standing(person, delegated=delegated)


def waiting(terms: ApprovalTerms = TWO, command: Command = EXCEPTION) -> Story:
    """Taken, and waiting for what ann has asked for."""
    story = taken(Severity.SEV2, replace(STRICT, approvals=(terms,)))
    story.do(command)
    story.take()
    return story


def spending(minor: int, terms: ApprovalTerms = SPENDING) -> Story:
    return waiting(terms, RequestApproval("ann", ApprovalKind.SPEND, "a refund", Money(minor, "EUR")))


@pytest.mark.parametrize("kind", [Approve, Reject])
@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        (None, Refusal.AUTHORITY_UNKNOWN),
        (replace(SAM, known=False), Refusal.AUTHORITY_UNKNOWN),
        (replace(SAM, verified=False), Refusal.UNVERIFIED),
        (standing("zoe", "janitor"), Refusal.NOT_AN_APPROVER),
        (VIC, Refusal.NOT_AN_APPROVER),  # not asked yet
        (proxy("zoe", lent("ann", "support-lead")), Refusal.OWN_REQUEST),
        (proxy("zoe", lent("a.smith", "support-lead", names=("ann",))), Refusal.OWN_REQUEST),
        (proxy("zoe", lent("vic", "vp")), Refusal.NOT_AN_APPROVER),
    ],
)
def test_who_may_not_decide(kind: type[Approve | Reject], facts: Standing | None, refusal: Refusal) -> None:
    """Yes and no need the same authority; whoever asked lends theirs to nobody for that."""
    story = waiting(ONE)
    by = facts.person if facts is not None else "sam"

    assert story.refused(kind(by, "because", facts)) is refusal
    story.do(Approve("sam", "agreed", SAM))
    assert only(story).decided is Decided.APPROVED


@pytest.mark.parametrize(
    "facts", [proxy("zoe", lent("sam", "support-lead")), replace(SAM, verified=False, trusted_claims=True)]
)
def test_whose_role_counts(facts: Standing) -> None:
    """One that somebody has handed over counts as their own; claims count where claims are trusted."""
    story = waiting(ONE)
    story.do(Approve(facts.person, "agreed", facts))

    (vote,) = only(story).votes
    assert (vote.person, vote.authority) == (facts.person, "sam")


@pytest.mark.parametrize("name", ["ann", "a.smith", "anna"])
def test_whoever_asked_does_not_approve_it_under_any_name(name: str) -> None:
    """By name, by the person behind it, by alias."""
    facts = standing(name, "support-lead", aliases=("ann",))

    assert waiting(ONE).refused(Approve(name, "agreed", facts)) is Refusal.OWN_REQUEST


def test_two_must_agree_where_the_terms_want_two() -> None:
    """Two roles are asked at once; the first yes is counted, the second one decides."""
    story = waiting()
    assert only(story).asked == ("support-lead", "vp")
    entry = story.do(Approve("sam", "agreed", SAM)).sealed.entry
    assert (only(story).decided, entry.facts["stands"]) == (None, "1 of 2")
    assert [(change.field, change.after) for change in entry.changes] == [("approval 1", "1 of 2")]
    story.do(Approve("vic", "agreed", VIC))

    assert (only(story).decided, only(story).decided_by) == (Decided.APPROVED, ("sam", "vic"))


@pytest.mark.parametrize(
    "again",
    [
        SAM,
        standing("s.miller", "vp", aliases=("sam",)),
        standing("sam", "vp"),
        proxy("sam", lent("vic", "vp")),
        proxy("zoe", lent("sam", "support-lead")),
        proxy("zoe", lent("s.miller", "support-lead", names=("sam",))),
    ],
    ids=["again", "alias", "another role", "another's role", "lent", "lent under an alias"],
)
@pytest.mark.parametrize("kind", [Approve, Reject])
def test_one_person_has_one_vote_and_so_has_one_authority(kind: type[Approve | Reject], again: Standing) -> None:
    """Neither the same person a second time nor somebody else on the same authority."""
    story = waiting()
    story.do(Approve("sam", "agreed", SAM))

    assert story.refused(kind(again.person, "agreed", again)) is Refusal.ALREADY_VOTED
    assert story.decisions[-1].sealed.entry.facts == {"votes": "1", "quorum": "2"}


def test_a_second_vote_on_an_authority_of_its_own_counts() -> None:
    """Zoe's first authority is used up; the other one that she was lent is not."""
    story = waiting()
    story.do(Approve("sam", "agreed", SAM))
    story.do(Approve("zoe", "agreed", proxy("zoe", lent("sam", "support-lead"), lent("vic", "vp"))))

    assert [vote.authority for vote in only(story).votes] == ["sam", "vic"]
    assert only(story).decided is Decided.APPROVED


def test_a_single_no_ends_it_whoever_agreed_before() -> None:
    """However many must say yes."""
    story = waiting()
    story.do(Approve("sam", "agreed", SAM))
    story.do(Reject("vic", "no", VIC))

    assert (only(story).decided, only(story).decided_by) == (Decided.REJECTED, ("vic",))


def test_votes_stay_when_nobody_else_answers_and_are_not_enough() -> None:
    """Both roles had their hour, and there is nobody else to ask."""
    story = waiting()
    story.do(Approve("sam", "agreed", SAM))
    story.wait(HOUR)

    assert (only(story).decided, len(only(story).votes)) == (Decided.EXPIRED, 1)
    assert told(story, Topic.APPROVAL_EXPIRED)["ann"] == "support-lead, vp"


def test_the_last_asking_may_be_of_fewer() -> None:
    """Three roles, two at a time: the third one is asked alone."""
    story = waiting(replace(TWO, approvers=("support-lead", "vp", "director")))
    story.wait(HOUR)

    assert only(story).asked_now == ("director",)
    story.do(Approve("sam", "agreed", SAM))
    story.do(Approve("dan", "agreed", standing("dan", "director")))
    assert only(story).decided is Decided.APPROVED


def test_an_amount_is_decided_up_to_the_limit_of_the_role() -> None:
    """A role that was passed over for its limit may not decide; what is within it, it may."""
    small, large = spending(50_000), spending(50_001)
    small.do(Approve("sam", "agreed", SAM))
    assert only(small).decided is Decided.APPROVED

    assert large.refused(Approve("sam", "agreed", SAM)) is Refusal.ABOVE_LIMIT
    assert large.decisions[-1].sealed.entry.facts == {"limit": "50000", "amount": "50001", "currency": "EUR"}
    assert large.refused(Approve("zoe", "agreed", standing("zoe"))) is Refusal.NOT_AN_APPROVER
    large.do(Approve("vic", "agreed", VIC))
    assert only(large).decided is Decided.APPROVED


def test_what_is_asked_under_one_agreement_is_decided_under_it() -> None:
    """The limits of the moment at which it was asked."""
    story = spending(50_001)
    story.suppose(policy=replace(story.state.policy, approvals=()))
    story.do(Approve("vic", "agreed", VIC))

    assert only(story).decided is Decided.APPROVED


# --- break-glass -----------------------------------------------------------------------------------------------------

GLASS = Approve("dot", "the data centre burns", DUTY, break_glass=True)


def broken(**how: object) -> Story:
    """A SEV1 lowered without anybody's yes."""
    story = taken(**how)  # type: ignore[arg-type]  # as it takes them
    story.do(LOWER)
    story.take()
    story.do(GLASS)
    return story


def reviewed_of(story: Story) -> tuple[Decided | None, bool, bool | None, str]:
    approval: Approval = only(story)
    return approval.decided, approval.glass, approval.reviewed, approval.word


def test_broken_glass_is_done_at_once_and_loud_and_reviewed() -> None:
    """The executive, the managers and every approver hear; the first approver is asked to review it."""
    story = broken()

    assert story.severity is Severity.SEV2
    assert reviewed_of(story) == (Decided.APPROVED, True, None, "approved by break-glass")
    assert told(story, Topic.GLASS_BROKEN).keys() >= {"eve", "mia", "sam", "vic"}
    assert [sent.brief.approval.review for sent in story.sent if sent.brief.approval] == [True]
    story.take()
    story.do(Approve("sam", "rightly so", SAM))
    assert reviewed_of(story) == (Decided.APPROVED, True, True, "approved by break-glass, reviewed")
    assert story.take() == []
    assert story.refused(Approve("vic", "me too", VIC)) is Refusal.ALREADY_DECIDED


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (replace(GLASS, standing=replace(DUTY, known=False)), Refusal.AUTHORITY_UNKNOWN),
        (replace(GLASS, standing=replace(DUTY, verified=False)), Refusal.UNVERIFIED),
        (replace(GLASS, reason=" "), Refusal.REASON_MISSING),
        (Approve("sam", "now", SAM, break_glass=True), Refusal.MAY_NOT_BREAK_GLASS),
        (Approve("ann", "now", standing("ann", "duty"), break_glass=True), Refusal.OWN_REQUEST),
        (Approve("zoe", "now", proxy("zoe", lent("ann", "duty")), break_glass=True), Refusal.OWN_REQUEST),
        (replace(GLASS, break_glass=False), Refusal.NOT_AN_APPROVER),
    ],
)
def test_what_broken_glass_does_not_lift(command: Approve, refusal: Refusal) -> None:
    """Identity, separation of duties, the role that may, and a reason."""
    story = taken()
    story.do(LOWER)

    assert story.refused(command) is refusal


def test_broken_glass_lifts_quorum_and_limit() -> None:
    """Also on a role that was handed over."""
    story = spending(400_000, replace(SPENDING, quorum=2))
    story.do(Approve("zoe", "now", proxy("zoe", lent("dot", "duty")), break_glass=True))

    assert (only(story).decided, only(story).decided_by, only(story).asked) == (Decided.APPROVED, ("zoe",), ("vp",))


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        (standing("dot", "support-lead"), Refusal.OWN_REQUEST),
        (standing("dorothy", "support-lead", aliases=("dot",)), Refusal.OWN_REQUEST),
        (proxy("zoe", lent("dot", "support-lead")), Refusal.OWN_REQUEST),
        (standing("ann", "support-lead"), Refusal.OWN_REQUEST),
        (VIC, Refusal.NOT_AN_APPROVER),
    ],
)
@pytest.mark.parametrize("kind", [Approve, Reject])
def test_whoever_broke_it_or_asked_for_it_does_not_review_it(
    kind: type[Approve | Reject], facts: Standing, refusal: Refusal
) -> None:
    """Somebody else does, who has been asked."""
    assert broken().refused(kind(facts.person, "fine", facts)) is refusal


def test_nobody_breaks_the_glass_of_a_review() -> None:
    """There is nothing left to do at once."""
    again = Approve("don", "me too", standing("don", "duty"), break_glass=True)

    assert broken().refused(again) is Refusal.MAY_NOT_BREAK_GLASS


def test_an_objection_is_told_to_the_executive() -> None:
    """What was done stays done."""
    story = broken()
    story.take()
    story.do(Reject("sam", "it still burns", SAM))

    assert reviewed_of(story) == (Decided.APPROVED, True, False, "approved by break-glass, objected")
    assert told(story, Topic.GLASS_OBJECTED) == dict.fromkeys(("eve", "mia"), "severity_downgrade")
    assert story.severity is Severity.SEV2


def test_a_review_that_nobody_makes_goes_up_and_then_to_the_executive() -> None:
    """Each approver has an hour; a late review still counts."""
    story = broken()
    story.wait(HOUR)
    assert only(story).asked == ("support-lead", "vp")
    story.take()
    story.wait(HOUR)
    assert told(story, Topic.REVIEW_OWED)["eve"] == "severity_downgrade"
    assert reviewed_of(story)[2] is None
    story.do(Approve("sam", "late, but fine", SAM))

    assert reviewed_of(story)[2] is True


def test_what_nobody_has_reviewed_at_the_end_is_told_to_the_executive() -> None:
    """Break-glass that ends the escalation is told at once, and that nobody has reviewed it as well."""
    story = taken()
    story.do(RETURN)
    story.take()
    story.do(GLASS)

    assert story.phase is Phase.DE_ESCALATED
    points = {
        sent.contact: [point.topic for point in sent.brief.points]
        for sent in story.sent
        if sent.message is Message.SITUATION
    }
    assert set(points) == {"eve", "mia", "sam", "vic"}
    assert set(points["eve"]) == {Topic.GLASS_BROKEN, Topic.REVIEW_OWED}
    assert story.state.settled


def test_broken_glass_that_comes_too_late_is_no_broken_glass() -> None:
    """Nothing was done, so there is nothing to be loud about."""
    story = taken()
    story.do(LOWER)
    story.suppose(grade=replace(story.state.grade, level=Severity.SEV2))
    story.take()
    story.do(GLASS)

    assert reviewed_of(story) == (Decided.OVERTAKEN, False, None, "overtaken")
    assert told(story, Topic.GLASS_BROKEN) == {}


def test_an_opening_may_be_let_in_by_break_glass() -> None:
    """The chain begins; whoever may break the glass is the route's to say."""
    agreement = replace(
        STRICT,
        routes=tuple(
            replace(route, approval=replace(route.approval, break_glass=("duty",))) if route.approval else route
            for route in STRICT.routes
        ),
    )
    story = Story(opening(policy=agreement, route="leadership", ask=Ask.DECIDE))
    story.do(GLASS)

    assert (story.phase, only(story).under_review) == (Phase.IN_TRANSFER, True)


def test_a_voter_who_may_break_the_glass_may_do_so_after_voting() -> None:
    """It lifts the quorum that the vote was short of."""
    story = waiting(replace(TWO, break_glass=("duty",)))
    both = standing("sam", "support-lead", "duty")
    story.do(Approve("sam", "agreed", both))
    story.do(Approve("sam", "no time", both, break_glass=True))

    assert only(story).decided is Decided.APPROVED


def test_a_yes_without_a_number_means_nothing_that_was_asked_after_it() -> None:
    """Said of the first one, it waits on its way or is copied, and meets the next one; clocks may differ by so much."""
    story = waiting(ONE)
    yes = Approve("sam", "agreed", replace(SAM, vouched_at=story.now))
    story.do(yes)
    story.wait(CLOCKS_DIFFER)
    story.do(EXCEPTION)
    in_time, late = story.now - CLOCKS_DIFFER, story.now - CLOCKS_DIFFER - SECOND
    copied = replace(yes, standing=replace(SAM, vouched_at=late))
    assert story.refused(copied) is Refusal.WHICH_APPROVAL
    assert story.decisions[-1].sealed.entry.facts == {"open": "2"}
    assert story.refused(Reject("sam", "no", copied.standing)) is Refusal.WHICH_APPROVAL
    story.do(replace(yes, standing=replace(SAM, vouched_at=in_time)))

    assert [approval.decided for approval in story.state.approvals] == [Decided.APPROVED] * 2


def test_a_yes_that_was_meant_for_the_thing_is_no_review_of_its_break_glass() -> None:
    """Without a number: whoever said it had not heard that somebody would break the glass. With one it is."""
    story = waiting(replace(ONE, break_glass=("duty",)))
    vouched = replace(SAM, vouched_at=story.now)
    story.wait(2 * CLOCKS_DIFFER)
    story.do(Approve("dot", "at once", DUTY, break_glass=True))
    assert story.refused(Approve("sam", "agreed", vouched)) is Refusal.WHICH_APPROVAL
    story.do(Approve("sam", "agreed", vouched, approval=1))

    assert only(story).reviewed is True
