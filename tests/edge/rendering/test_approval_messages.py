"""What an approver reads: what is asked, by whom, how to answer, until when, and what silence means."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.adapters.rendering import Renderer, Words
from escalation.adapters.sending import ChatMessage, Letter, Script, ShortMessage
from escalation.core.effects import ApprovalBrief, Brief, Point
from escalation.core.money import Money
from escalation.core.vocabulary import ApprovalKind, Channel, Decided, Message, Topic
from tests.edge.samples import BRIEF, NOW, TITLE

SPEND = ApprovalBrief(
    number=3, kind=ApprovalKind.SPEND, asked_by="amira", about="", quorum=1, votes=0, amount=Money(50000, "EUR"),
    reason="a <licence>", until=NOW + timedelta(hours=4), silence="next",
)  # fmt: skip
KINDS = [
    (replace(SPEND, amount=Money(500, "JPY")), "may JPY 500 be spent?", "JPY 500 was allowed to be spent"),
    (
        replace(SPEND, kind=ApprovalKind.ESCALATE_TO_LEADERSHIP, opening=True),
        "may this P1 escalation go to Engineering?",
        "this P1 escalation went to Engineering",
    ),
    (
        replace(SPEND, kind=ApprovalKind.ESCALATE_TO_LEADERSHIP, about="to-cfo"),
        "may it be handed off by route to-cfo?",
        "it was handed off by route to-cfo",
    ),
    (
        replace(SPEND, kind=ApprovalKind.POLICY_EXCEPTION),
        "may an exception from the agreement be made?",
        "an exception from the agreement was made",
    ),
    (
        replace(SPEND, kind=ApprovalKind.DEADLINE_EXTENSION, about="2026-11-24T10:00:00Z"),
        "may the hard deadline move to Tue 24 Nov 2026, 10:00 UTC?",
        "the hard deadline moved to Tue 24 Nov 2026, 10:00 UTC",
    ),
    (
        replace(SPEND, kind=ApprovalKind.SEVERITY_DOWNGRADE, about="SEV2"),
        "may the severity go down to SEV2?",
        "the severity went down to SEV2",
    ),
    (
        replace(SPEND, kind=ApprovalKind.DE_ESCALATE, about="L1"),
        "may the ticket go back to L1?",
        "the ticket went back to L1",
    ),
    (replace(SPEND, kind=ApprovalKind.DE_ESCALATE, act="cancel"), "may it be cancelled?", "it was cancelled"),
    (
        replace(SPEND, kind=ApprovalKind.DE_ESCALATE, act="confirm"),
        "may it be closed now, at the customer's word?",
        "it was closed at the customer's word",
    ),
    (
        replace(SPEND, total=Money(90000, "EUR")),
        "may EUR 500.00 be spent (EUR 900.00 in all)?",
        "EUR 500.00 was allowed to be spent (EUR 900.00 in all)",
    ),
]


def made(brief: Brief, channel: Channel, message: Message = Message.APPROVAL) -> str:
    """All of its words."""
    content = Renderer().render(message, channel, brief, Words(TITLE, None, "Zoë"), "d-1", NOW)
    match content:
        case Letter():
            return content.text + content.html
        case ShortMessage():
            return content.body
        case Script():
            return content.words
        case ChatMessage():
            return content.text


def asking(approval: ApprovalBrief) -> Brief:
    return replace(BRIEF, approval=approval)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS, Channel.VOICE])
@pytest.mark.parametrize(("approval", "question", "done"), KINDS)
def test_every_kind_says_what_is_asked_on_every_channel(
    approval: ApprovalBrief, question: str, done: str, channel: Channel
) -> None:
    """And, under review, what was done already."""
    assert question in made(asking(approval), channel)
    assert done in made(asking(replace(approval, review=True)), channel)


def test_an_approver_learns_all_there_is_to_know() -> None:
    """Who asks and why, how to answer, how many must, until when."""
    mail = made(asking(replace(SPEND, quorum=2, votes=1)), Channel.EMAIL)

    for words in (
        'Asked for by amira: "a <licence>"',
        "<q>a &lt;licence&gt;</q>",
        'escalate approve ESC-4711 --approval 3 --reason "..."',
        'escalate reject ESC-4711 --approval 3 --reason "..."',
        "2 people have to agree, 1 has so far. One no is enough to refuse.",
        "Please decide by Sun 22 Nov 2026, 14:25 UTC, in 4 hours. After that others are asked.",
    ):
        assert words in mail


def test_a_name_that_nobody_vouched_for_is_said_to_be_a_claim() -> None:
    """In development, where it is taken as it is."""
    words = "Asked for by amira (that is a claim: nobody has vouched for it)"

    assert words in made(asking(replace(SPEND, claimed=True)), Channel.EMAIL)
    assert "claim" not in made(asking(SPEND), Channel.EMAIL)


@pytest.mark.parametrize(
    ("silence", "words"),
    [
        ("next", "After that others are asked."),
        ("reject", "Silence counts as a no then."),
        ("open", "Silence counts as a yes then."),
        ("report", "the executive is told that nobody has reviewed it."),
    ],
)
def test_what_silence_means_is_said(silence: str, words: str) -> None:
    """In the mail and on the telephone."""
    brief = asking(replace(SPEND, silence=silence))  # type: ignore[arg-type]  # one of the four

    assert words in made(brief, Channel.EMAIL)
    assert words in made(brief, Channel.VOICE)


def test_a_review_is_no_request() -> None:
    """It is done; a no tells the executive."""
    mail = made(asking(replace(SPEND, review=True, silence="report")), Channel.EMAIL)

    assert "Your review is wanted: by break-glass" in mail
    assert "Your decision is wanted" not in mail
    assert "If you object, the executive hears of it at once." in mail


def test_a_restricted_case_tells_no_title_on_a_telephone() -> None:
    """What is asked is said all the same."""
    brief = replace(asking(SPEND), restricted=True)

    for channel in (Channel.SMS, Channel.VOICE):
        assert TITLE not in made(brief, channel)
        assert "EUR 500.00" in made(brief, channel)


@pytest.mark.parametrize("decided", Decided)
def test_whoever_asked_learns_how_it_was_decided(decided: Decided) -> None:
    """Each way has its words."""
    ways = {made(_about(Point(Topic.APPROVAL_DECIDED, f"spend {each}")), Channel.EMAIL, Message.SITUATION)
            for each in Decided}  # fmt: skip
    mail = made(_about(Point(Topic.APPROVAL_DECIDED, f"policy_exception {decided}")), Channel.EMAIL, Message.SITUATION)

    assert len(ways) == len(Decided)
    assert "What you asked for on a P1 escalation was decided." in mail
    assert "(policy exception)" in mail


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        (Topic.GLASS_BROKEN, "BREAK-GLASS"),
        (Topic.GLASS_OBJECTED, "should not have been"),
        (Topic.REVIEW_OWED, "Nobody has reviewed"),
        (Topic.APPROVAL_EXPIRED, "did not answer"),
    ],
)
def test_what_became_of_an_approval_needs_attention(topic: Topic, words: str) -> None:
    """Loudly."""
    brief = _about(Point(topic, "spend", NOW))

    assert words in made(brief, Channel.EMAIL, Message.SITUATION)
    assert "needs your attention" in made(brief, Channel.EMAIL, Message.SITUATION)
    assert made(brief, Channel.SMS, Message.SITUATION)


def _about(*points: Point) -> Brief:
    return replace(BRIEF, points=points)
