"""Whose word counts: who asks for a yes is vouched for, and a restricted case is for those who know of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.beside import Attach, ChangeContact
from escalation.core.commands import (
    Acknowledge,
    AddNote,
    AdoptPolicy,
    Approve,
    Cancel,
    Command,
    ConfirmSeverity,
    DeEscalate,
    Elapse,
    HandOff,
    PostUpdate,
    Raise,
    Reassign,
    Reject,
    Resolve,
)
from escalation.core.decide import decide
from escalation.core.effects import Notify
from escalation.core.refusals import Refusal
from escalation.core.standing import Standing
from escalation.core.state import Approval
from escalation.core.vocabulary import Ask, Audience, Decided, Message, Phase, Severity
from escalation.core.vouching import OPERATOR, knowing, names_of, wants_vouching
from tests.core.approval_stories import EXCEPTION, LATER, LEADERSHIP, LOWER, RETURN, SAM, SPEND, YES, only, taken
from tests.core.cases import MINUTE, POLICY, START, STRICT, TEXT, Story, active, opening, standing

ANN = Standing("ann", verified=True)
CLAIM = replace(ANN, verified=False)  # outside development: a name without proof
IN_DEVELOPMENT = replace(CLAIM, trusted_claims=True)
ASKING = [LOWER, LATER, RETURN, LEADERSHIP, EXCEPTION, SPEND, Cancel("ann", "a drill")]


# --- who asks ---------------------------------------------------------------------------------------------------------


def said(command: Command, **changes: object) -> Command:
    """The same, by somebody else or with another standing."""
    return replace(command, **changes)  # type: ignore[arg-type]  # the names and types are the test's own


@pytest.mark.parametrize("command", ASKING, ids=lambda command: command.kind)
def test_who_asks_for_a_yes_must_be_vouched_for(command: Command) -> None:
    """A name without proof opens no approval; with one it does, and in development it does and is marked."""
    story = taken()
    assert wants_vouching(story.state, command)
    assert story.refused(said(command, standing=CLAIM)) is Refusal.UNVERIFIED
    story.do(said(command, standing=ANN))
    assert not only(story).claimed

    claimed = taken()
    claimed.do(said(command, standing=IN_DEVELOPMENT))
    (sent,) = [sent for sent in claimed.sent if sent.message is Message.APPROVAL]
    assert only(claimed).claimed
    assert sent.brief.approval is not None
    assert sent.brief.approval.claimed


@pytest.mark.parametrize(
    "command",
    [
        replace(LOWER, severity=Severity.SEV3),
        replace(LATER, deadline=START + timedelta(days=1)),
        replace(LEADERSHIP, route="product"),
        Cancel("ann", "a drill"),
        PostUpdate("ann", Audience.INTERNAL, TEXT),
        YES,
        AdoptPolicy("ann", POLICY, "new"),
        Elapse(),
    ],
    ids=lambda command: command.kind,
)
def test_what_asks_nobody_needs_no_proof(command: Command) -> None:
    """Nothing is looked up where no yes is wanted: not below a SEV1, nor for an earlier deadline, nor without terms."""
    assert not wants_vouching(active(opening(severity=Severity.SEV2)).state, command)


def test_every_name_of_whoever_asks_is_barred_from_the_yes() -> None:
    """They asked as annie; the directory knew them as ann and a.lee, so neither of these may agree."""
    story = taken()
    annie = Standing("ann", aliases=("annie", "a.lee"), verified=True)
    story.do(replace(LATER, by="annie", standing=annie))
    assert only(story).askers == {"annie", "ann", "a.lee"}

    for name in ("a.lee", "ann"):
        assert story.refused(Approve(name, "fine", standing(name, "support-lead"))) is Refusal.OWN_REQUEST


def test_whoever_asked_under_one_name_takes_it_back_under_another() -> None:
    """It is theirs, and counts as withdrawn; they are not asked for their own yes either."""
    story = taken()
    story.do(replace(LATER, by="annie", standing=Standing("sam", aliases=("annie",), verified=True)))
    assert not [sent for sent in story.sent if sent.contact == "sam"]
    story.do(Reject("sam", "not needed", SAM))

    assert only(story).decided is Decided.WITHDRAWN


def test_an_opening_that_waits_for_a_yes_is_asked_for_by_a_name_that_holds() -> None:
    """Refused without proof outside development; without a look (the store was away) it is taken as before."""
    asked = opening(route="leadership", ask=Ask.DECIDE)
    refused = decide(None, replace(asked, standing=replace(CLAIM, person="sue")), START)
    assert (refused.state, refused.sealed.entry.refusal) == (None, Refusal.UNVERIFIED)
    assert Story(asked).phase is Phase.AWAITING_APPROVAL
    story = Story(replace(asked, standing=Standing("sue", aliases=("susan",), verified=True)))
    assert story.refused(Approve("susan", "yes", standing("susan", "support-lead"))) is Refusal.OWN_REQUEST
    assert Story(opening(standing=CLAIM)).phase is Phase.IN_TRANSFER


# --- who may act in a restricted case ---------------------------------------------------------------------------------

STRANGER = "zoe"
ACTS: list[Command] = [
    Acknowledge(STRANGER),
    ChangeContact(STRANGER, STRANGER, "I speak with them"),
    Reassign(STRANGER, STRANGER, "mine"),
    HandOff(STRANGER, "product", Ask.INVESTIGATE, "theirs"),
    Raise(STRANGER, "more"),
    PostUpdate(STRANGER, Audience.INTERNAL, TEXT),
    AddNote(STRANGER, TEXT),
    Attach(STRANGER, "a" * 64, 1, "text/plain", TEXT),
    ConfirmSeverity(STRANGER, Severity.SEV3, "seen"),
    Resolve(STRANGER),
    Cancel(STRANGER, "twice"),
    DeEscalate(STRANGER, RETURN.reason, STRANGER, "L1"),
]


def in_hand(command: Command, *, restricted: bool = True) -> Story:
    """Where that may be said: on its way for an acknowledgement, else taken by ann; sue opened it."""
    if isinstance(command, Acknowledge):
        story = Story(opening(restricted=restricted))
        story.wait(MINUTE)
        return story
    return active(opening(restricted=restricted))


@pytest.mark.parametrize("command", ACTS, ids=lambda command: command.kind)
def test_nobody_makes_themselves_part_of_a_restricted_case(command: Command) -> None:
    """Who has not heard of it cannot take it, become its contact or write into it; in an open case they may."""
    story = in_hand(command)
    assert story.refused(command) is Refusal.NEED_TO_KNOW
    assert STRANGER not in knowing(story.state)
    story.do(said(command, by="sue"))
    assert story.decisions[-1].sealed.entry.refusal is not Refusal.NEED_TO_KNOW

    free = in_hand(command, restricted=False)
    free.do(command)
    assert free.decisions[-1].sealed.entry.refusal is not Refusal.NEED_TO_KNOW


def test_whoever_is_being_told_may_answer_before_the_provider_has_reported() -> None:
    """The page is on its way: an answer to it is an answer of somebody who knows."""
    story = Story(opening(restricted=True), obedient=False)
    story.find()
    page = next(effect for effect in story.asked(Notify) if effect.message is Message.PAGE)
    assert page.contact not in story.state.people.told
    story.do(Acknowledge(page.contact))

    assert story.owner == page.contact


def test_a_name_that_the_directory_knows_counts() -> None:
    """Told as ann; speaks as annie, with proof: an alias opens the door, and a role that was told would."""
    story = active(opening(restricted=True))
    annie = Standing("ann", aliases=("annie",), verified=True)
    story.do(AddNote("annie", TEXT, standing=annie))
    assert story.decisions[-1].sealed.entry.refusal is None
    assert story.refused(AddNote("annie", TEXT)) is Refusal.NEED_TO_KNOW
    assert names_of("annie", replace(annie, roles=("lead",))) == ("annie", "ann", "lead")


def test_in_a_restricted_case_a_name_alone_is_not_enough() -> None:
    """The owner's name without proof moves nothing; where claims are trusted, as in development, it does."""
    story = active(opening(restricted=True))
    assert story.refused(AddNote("ann", TEXT, standing=CLAIM)) is Refusal.UNVERIFIED
    story.do(AddNote("ann", TEXT, standing=IN_DEVELOPMENT))

    assert story.decisions[-1].sealed.entry.refusal is None


def test_who_was_asked_to_take_it_knows() -> None:
    """Somebody who knows brings them in: that is how a stranger becomes part of it."""
    story = active(opening(restricted=True))
    story.do(Reassign("ann", STRANGER, "you know this"))
    story.do(Acknowledge(STRANGER))

    assert story.owner == STRANGER


def test_the_customer_is_not_among_those_who_know() -> None:
    """They know of the trouble, not of what is said here."""
    story = active(opening(restricted=True))
    assert story.refused(AddNote(story.state.case.customer, TEXT)) is Refusal.NEED_TO_KNOW


def test_whoever_runs_the_engine_stops_a_restricted_case_by_the_engine_s_word_alone() -> None:
    """Cancelled in the engine itself; the name of the operator opens nothing."""
    story = active(opening(restricted=True))
    assert story.refused(Cancel(OPERATOR, "cancelled in the engine")) is Refusal.NEED_TO_KNOW
    story.do(Cancel(OPERATOR, "cancelled in the engine", Standing(OPERATOR, verified=True)))

    assert story.phase is Phase.CANCELLED


def test_approvers_and_other_agreements_have_rules_of_their_own() -> None:
    """A yes needs authority, not knowledge; another agreement tells nobody anything."""
    story = active(opening(restricted=True, policy=STRICT, severity=Severity.SEV1))
    story.do(LATER)
    story.do(AdoptPolicy("ops", replace(STRICT, digest="22" * 32), "new quarter"))
    story.do(Approve("vic", "agreed", standing("vic", "support-lead")))

    found: Approval = only(story)
    assert found.decided is Decided.APPROVED
