"""A manager's yes before it starts: who is asked, who may answer, and what silence means."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.commands import AdoptPolicy, Approve, Command, Reject
from escalation.core.effects import FindContacts
from escalation.core.facts import Found, ReportContacts
from escalation.core.policy import ApprovalTerms
from escalation.core.refusals import Refusal
from escalation.core.standing import Standing
from escalation.core.vocabulary import Ask, ClockName, Decided, Message, Phase, Topic
from tests.core.cases import ALL, EMAIL, HOUR, POLICY, ROUTES, SMS, START, Story, opening, standing

SECOND = timedelta(seconds=1)
LEADERSHIP, LENIENT = (opening(route=route, ask=Ask.DECIDE) for route in ("leadership", "lenient"))
GOOD = standing("sam", "support-lead")


def asked(story: Story) -> list[str]:
    return [contact for contact, message, _ in story.take() if message is Message.APPROVAL]


def test_the_first_approver_is_asked_and_nobody_is_paged() -> None:
    """The customer hears of the opening all the same."""
    story = Story(LEADERSHIP)

    assert story.take() == [
        ("customer-7", Message.CUSTOMER_OPENING, EMAIL),
        ("sam", Message.APPROVAL, EMAIL),
    ]
    assert (story.phase, story.statuses) == (Phase.AWAITING_APPROVAL, ["Awaiting approval"])


def test_a_yes_starts_the_chain() -> None:
    """The first step is asked at once; the approval's clock is gone."""
    story = Story(LEADERSHIP)
    story.take()
    story.do(Approve("sam", "agreed", GOOD))

    assert (story.phase, story.pages()) == (Phase.IN_TRANSFER, [("ann", SMS)])
    assert story.clock(ClockName.APPROVAL) is None


def test_a_no_ends_it() -> None:
    """The sender and whoever was told hear how it ended."""
    story = Story(LEADERSHIP)
    story.take()
    story.do(Reject("sam", "too early", GOOD))

    assert story.phase is Phase.REJECTED
    assert story.take() == [
        ("sam", Message.CLOSING, EMAIL),
        ("sue", Message.CLOSING, EMAIL),
        ("customer-7", Message.CUSTOMER_CLOSING, EMAIL),
    ]


@pytest.mark.parametrize("kind", [Approve, Reject])
@pytest.mark.parametrize(
    ("by", "reason", "facts", "refusal"),
    [
        ("sam", "agreed", None, Refusal.AUTHORITY_UNKNOWN),
        ("sam", "agreed", replace(GOOD, known=False), Refusal.AUTHORITY_UNKNOWN),
        ("sam", "agreed", replace(GOOD, verified=False), Refusal.UNVERIFIED),
        ("zoe", "agreed", standing("zoe", "janitor"), Refusal.NOT_AN_APPROVER),
        ("vic", "agreed", standing("vic", "vp"), Refusal.NOT_AN_APPROVER),  # not asked yet
        ("sam", " ", GOOD, Refusal.REASON_MISSING),
    ],
)
def test_who_may_not_decide(
    kind: type[Approve | Reject], by: str, reason: str, facts: Standing | None, refusal: Refusal
) -> None:
    """Yes and no need the same authority; nobody decides on their own request, whatever they call themselves."""
    story = Story(LEADERSHIP)

    assert story.refused(kind(by, reason, facts)) is refusal
    story.do(Approve("sam", "agreed", GOOD))
    assert story.phase is Phase.IN_TRANSFER


@pytest.mark.parametrize(
    ("by", "facts"),
    [
        ("sue", standing("sue", "support-lead")),
        ("susan", standing("susan", "support-lead", aliases=("sue",))),
        ("s.miller", standing("sue", "support-lead")),
    ],
    ids=["name", "alias", "another name"],
)
def test_whoever_opened_it_may_take_it_back_and_not_approve_it(by: str, facts: Standing) -> None:
    """Whatever they call themselves; it ends as rejected, and nobody else needed to agree to that."""
    story = Story(LEADERSHIP)
    assert story.refused(Approve(by, "agreed", facts)) is Refusal.OWN_REQUEST
    story.do(Reject(by, "too early", facts))

    assert (story.phase, story.state.approvals[0].decided) == (Phase.REJECTED, Decided.WITHDRAWN)


def test_a_claim_is_believed_where_claims_are_trusted() -> None:
    """Development only: the directory's facts say so."""
    story = Story(LEADERSHIP)
    story.do(Approve("sam", "agreed", replace(GOOD, verified=False, trusted_claims=True)))

    assert story.phase is Phase.IN_TRANSFER


def test_silence_asks_the_next_approver_and_tells_the_sender() -> None:
    """After an hour, not before; the first one's yes still counts."""
    story = Story(LEADERSHIP)
    story.until(START + HOUR - SECOND)
    assert asked(story) == ["sam"]
    story.until(START + HOUR)

    expired = [sent for sent in story.sent if sent.message is Message.SITUATION and sent.contact == "sue"]
    assert [sent.brief.points[0].topic for sent in expired] == [Topic.APPROVAL_EXPIRED]
    assert asked(story) == ["vic"]
    story.do(Approve("sam", "sorry, late", GOOD))
    assert story.phase is Phase.IN_TRANSFER


def test_the_next_approver_may_decide_once_asked() -> None:
    """The same command that was refused an hour before."""
    story = Story(LEADERSHIP)
    yes = Approve("vic", "agreed", standing("vic", "vp"))
    assert story.refused(yes) is Refusal.NOT_AN_APPROVER
    story.wait(HOUR)
    story.do(yes)

    assert story.phase is Phase.IN_TRANSFER


@pytest.mark.parametrize(
    ("command", "phase", "status"),
    [(LEADERSHIP, Phase.REJECTED, "Rejected"), (LENIENT, Phase.IN_TRANSFER, "In Transfer")],
    ids=["reject", "open"],
)
def test_when_nobody_answers_the_policy_decides(command: Command, phase: Phase, status: str) -> None:
    """Both settings of `on_expiry`, after both approvers."""
    story = Story(command)  # type: ignore[arg-type]  # an opening
    story.until(START + 2 * HOUR)

    assert (story.phase, story.statuses[-1]) == (phase, status)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Found("support-lead", None, (), "bea", ALL), "bea"),
        (Found("support-lead", None), None),
    ],
    ids=["backup", "nobody"],
)
def test_an_approver_who_is_away_is_stood_in_for(found: Found, expected: str | None) -> None:
    """By the backup; when there is none, the fallback hears that nobody could be asked."""
    story = Story(LEADERSHIP, directory={"support-lead": found})

    heard = story.take()
    if expected is not None:
        assert (expected, Message.APPROVAL, EMAIL) in heard
    else:
        assert ("fay", Message.SITUATION, EMAIL) in heard


def test_a_directory_that_fails_is_as_good_as_nobody() -> None:
    """The window runs on, and the next approver is asked at its end."""
    story = Story(LEADERSHIP, obedient=False)
    lookup = story.asked(FindContacts)[0]
    story.do(ReportContacts(lookup.number, failed="unreachable"))

    assert story.asked(FindContacts)[-1].names == ("fallback",)


def test_an_answer_about_an_earlier_approver_asks_nobody() -> None:
    """It came after the hour was over."""
    story = Story(LEADERSHIP, obedient=False)
    first = story.asked(FindContacts)[0]
    story.wait(HOUR)
    story.find(first)

    assert asked(story) == []
    story.find(next(e for e in story.asked(FindContacts) if e.purpose == "approval"))
    assert asked(story) == ["vic"]


def test_another_agreement_leaves_what_was_asked_for_as_it_was_asked() -> None:
    """Adopted while the first of two is asked: the second one still is, and silence still rejects it."""
    shorter = ApprovalTerms(("support-lead",), HOUR / 2, "open")
    routes = tuple(replace(route, approval=shorter) if route.approval else route for route in ROUTES)
    story = Story(LEADERSHIP)
    story.do(AdoptPolicy("sue", replace(POLICY, digest="22" * 32, routes=routes), "new quarter"))
    story.wait(HOUR)
    assert asked(story) == ["sam", "vic"]
    story.wait(HOUR)

    assert story.phase is Phase.REJECTED
