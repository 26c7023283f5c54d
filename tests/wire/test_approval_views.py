"""What waits for a yes, as the view, the engine's page and the timeline tell it."""

from dataclasses import replace
from datetime import timedelta

from escalation.core.commands import Approve, Cancel, ChangeSeverity, RequestApproval
from escalation.core.money import Money
from escalation.core.standing import Standing
from escalation.core.vocabulary import ApprovalKind, Severity
from escalation.wire.messages import ApprovalView
from escalation.wire.telling import tell
from escalation.wire.views import page_of, view_of
from escalation.wire.wanted import standing as how
from escalation.wire.wanted import wanted
from tests.core.cases import HOUR, STRICT, Story, active, opening, standing

ASK = RequestApproval("ann", ApprovalKind.SPEND, "a licence", Money(60_000, "EUR"))


def lines(story: Story) -> list[str]:
    """The timeline from here on, without its instants."""
    return [tell(decision.sealed.entry).split(" ", 2)[2] for decision in story.decisions]


def test_the_view_shows_what_is_open() -> None:
    """Who is asked, until when, for whom and why; the number is what people name."""
    story = active(opening(policy=STRICT))
    story.do(ASK)

    (shown,) = view_of(story.state).approvals

    assert shown == ApprovalView(
        number=1, kind=ApprovalKind.SPEND, word="asked", asked_by="ann", asked_at=story.now, reason="a licence",
        about="", asked=("vp",), votes=(), quorum=1, due=story.now + HOUR, amount=Money(60_000, "EUR"),
    )  # fmt: skip
    page = page_of(view_of(story.state))
    due = (story.now + HOUR).isoformat(timespec="seconds")
    assert f"- Approval 1: spending EUR 600.00, asked of vp; 0 of 1 said yes until {due}" in page


def test_the_view_shows_the_sum_the_claim_and_which_end_waits() -> None:
    """What the approver must know of it beside the amount."""
    story = active(opening(policy=STRICT))
    story.do(ASK)
    story.do(replace(ASK, standing=Standing("ann", trusted_claims=True)))
    story.do(Cancel("ann", "a drill"))
    _, second, ends = view_of(story.state).approvals

    assert (second.total, second.claimed) == (Money(120_000, "EUR"), True)
    assert wanted(second) == "spending EUR 600.00 (EUR 1,200.00 in all)"
    assert how(second) == "asked of vp by a claim ('ann', unproven); 0 of 1 said yes"
    assert (ends.act, wanted(ends)) == ("cancel", "cancelling it")
    assert wanted(replace(ends, act="confirm")) == "closing it at the customer's word"
    assert wanted(replace(ends, act="de_escalate", about="L1")) == "de-escalation to L1"


def test_what_is_decided_is_not_open_any_more() -> None:
    """Unless somebody has to review it; nothing runs once nobody is left to ask."""
    story = active(opening(policy=STRICT))
    story.do(ASK)
    story.do(Approve("dan", "no time", standing("dan", "duty"), break_glass=True))

    (shown,) = view_of(story.state).approvals
    assert (shown.review, shown.word, shown.votes) == (True, "approved by break-glass", ("dan",))
    assert "- Approval 1: review of spending EUR 600.00, done by break-glass, asked of vp until" in page_of(
        view_of(story.state)
    )
    story.wait(HOUR + timedelta(seconds=1))
    (shown,) = view_of(story.state).approvals
    assert shown.due is None
    story.do(Approve("vic", "it was right", standing("vic", "vp")))
    assert view_of(story.state).approvals == ()


def test_an_opening_that_waits_is_shown_as_such() -> None:
    """It is the escalation itself that waits."""
    story = Story(opening(policy=STRICT, route="leadership", ask=next(iter(STRICT.route_of("leadership").asks))))

    (shown,) = view_of(story.state).approvals

    assert (shown.opening, shown.asked) == (True, ("support-lead",))
    assert "Approval 1: the escalation itself, asked of support-lead" in page_of(view_of(story.state))


def test_the_timeline_tells_what_is_held_and_how_a_vote_stands() -> None:
    """A command that waits is not told as if it were done."""
    twice = replace(next(t for t in STRICT.approvals if t.kind is ApprovalKind.SEVERITY_DOWNGRADE), quorum=2)
    story = active(opening(policy=replace(STRICT, approvals=(twice,)), severity=Severity.SEV1))
    story.do(ChangeSeverity("ann", Severity.SEV2, "calm"))
    story.do(Approve("sam", "yes", standing("sam", "support-lead")))
    story.do(Approve("vic", "yes", standing("vic", "vp")))

    told = [line for line in lines(story) if "approval" in line]
    assert told[0].startswith("severity changed by ann (held for approval 1): approval 1 – → asked")
    assert any(line.startswith("approved by sam (approval 1: 1 of 2)") for line in told)
    assert any(line.startswith("approved by vic (approval 1: approved): severity SEV1 → SEV2") for line in told)
