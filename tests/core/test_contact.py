"""Who speaks with the customer: kept while the work moves, asked through a backup, changed by one command alone."""

from dataclasses import replace

import pytest

from escalation.core.beside import Attach, ChangeContact, Link
from escalation.core.commands import (
    Acknowledge,
    AddNote,
    Block,
    ChangeSeverity,
    Command,
    Confirm,
    ConfirmSeverity,
    Decline,
    HandOff,
    PostUpdate,
    Raise,
    Reassign,
    Resolve,
)
from escalation.core.decide import decide
from escalation.core.effects import FindContacts
from escalation.core.facts import Found, ReportContacts
from escalation.core.policy import CustomerSegment
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Ask, Audience, ClockName, Message, Severity, Topic
from tests.core.cases import ALL, EMAIL, HOUR, POLICY, SMS, START, TEXT, Story, active, opening, policy

AWAY = Found("sue", None, why="sue: away")
KEY = replace(POLICY, segments=(CustomerSegment("key", 0, "kit", None, "bea"), CustomerSegment("plain", 0)))


def asked_for_words(story: Story) -> list[tuple[str, object]]:
    return [(sent.contact, sent.channel) for sent in story.sent if sent.message is Message.UPDATE_WANTED]


def heard(story: Story, topic: Topic) -> set[str]:
    return {sent.contact for sent in story.sent if any(point.topic is topic for point in sent.brief.points)}


def until_words_are_wanted(story: Story) -> None:
    due = story.clock(ClockName.CUSTOMER_UPDATE)
    assert due is not None
    story.until(due.dues[0].at)


# --- who it is -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "contact"),
    [
        ({}, "sue"),
        ({"by_machine": True}, "desk"),
        ({"segment": "key"}, "kit"),
        ({"segment": "key", "by_machine": True}, "kit"),
        ({"segment": "plain", "by_machine": True}, "desk"),
        ({"segment": "key", "customer_contact": "una"}, "una"),
    ],
)
def test_the_customer_contact_is_the_accounts_the_segments_or_the_senders(
    changes: dict[str, object], contact: str
) -> None:
    """The account's own person first, then the segment's; a machine speaks with nobody, so the agreement's contact."""
    assert Story(opening(policy=KEY, **changes)).state.people.customer_contact == contact


def test_the_customer_is_not_their_own_contact() -> None:
    """Refused at the opening and later."""
    refused = decide(None, opening(customer_contact="customer-7"), START)
    assert (refused.state, refused.sealed.entry.refusal) == (None, Refusal.CUSTOMER_CANNOT_OWN)
    assert active().refused(ChangeContact("ann", "customer-7", "asked")) is Refusal.CUSTOMER_CANNOT_OWN


# --- asked through a backup ------------------------------------------------------------------------------------------


def test_the_contact_is_asked_for_words_on_a_channel_they_have() -> None:
    """Who can be reached is looked up at the moment of telling."""
    story = active(directory={"sue": Found("sue", "sue", (SMS,))})
    until_words_are_wanted(story)

    assert asked_for_words(story) == [("sue", SMS)]


@pytest.mark.parametrize(
    ("house", "backup"), [({}, "desk"), ({"customer_contact_backup": "bea"}, "bea")], ids=["the agreement's", "own"]
)
def test_the_backup_is_asked_when_the_contact_is_away(house: dict[str, object], backup: str) -> None:
    """The agreement's backup, or else its contact for machines; recorded, and nobody's name changes."""
    story = active(opening(policy=policy(house=house)), directory={"sue": AWAY})
    until_words_are_wanted(story)

    assert asked_for_words(story) == [(backup, EMAIL)]
    assert story.state.people.customer_contact == "sue"


def test_a_dedicated_contact_has_a_backup_of_their_own() -> None:
    """The segment's, before the agreement's."""
    story = active(opening(policy=KEY, segment="key"), directory={"kit": Found("kit", None)})
    until_words_are_wanted(story)

    assert asked_for_words(story) == [("bea", EMAIL)]


def test_a_role_brings_its_own_backup() -> None:
    """Whoever stands in for the role in the directory comes first."""
    story = active(directory={"sue": Found("sue", None, (), "ben", ALL)})
    until_words_are_wanted(story)

    assert asked_for_words(story) == [("ben", EMAIL)]


def test_when_neither_can_be_reached_the_managers_hear() -> None:
    """Nobody was asked, and that is said."""
    story = active(directory={"sue": AWAY, "desk": Found("desk", None)})
    until_words_are_wanted(story)

    assert asked_for_words(story) == []
    assert heard(story, Topic.MESSAGE_FAILED) == {"mia"}


@pytest.mark.parametrize("report", [{"failed": "away"}, {"found": ()}], ids=["no directory", "no answer"])
def test_a_directory_that_cannot_be_asked_changes_nobody(report: dict[str, object]) -> None:
    """Without a directory the contact is told directly; an answer without anybody goes to the backup."""
    story = active(obedient=False)
    until_words_are_wanted(story)
    story.take()
    story.do(ReportContacts(story.asked(FindContacts)[-1].number, **report))  # type: ignore[arg-type]  # as named

    if "failed" in report:
        assert asked_for_words(story) == [("sue", EMAIL)]
    else:
        assert story.asked(FindContacts)[-1].names == ("desk",)


def test_a_notice_to_an_absent_contact_goes_to_the_backup() -> None:
    """A missed update is told to contact and managers: the backup hears in the contact's place."""
    story = active(directory={"sue": AWAY})
    story.wait(4 * HOUR)

    assert {"desk", "mia"} <= heard(story, Topic.UPDATE_MISSED)
    assert "sue" not in heard(story, Topic.UPDATE_MISSED)


def test_a_backup_who_is_asked_along_hears_once() -> None:
    """The managers stand in: nobody is looked up twice."""
    story = active(opening(policy=policy(house={"customer_contact_backup": "managers"})), directory={"sue": AWAY})
    story.wait(4 * HOUR)
    told = [sent.contact for sent in story.sent if any(p.topic is Topic.UPDATE_MISSED for p in sent.brief.points)]

    assert told.count("mia") == 1


# --- changed by one command ------------------------------------------------------------------------------------------


def test_the_contact_is_handed_over_and_both_hear() -> None:
    """The work stays where it is."""
    story = active()
    entry = story.do(ChangeContact("sue", "una", "leave")).sealed.entry

    assert (story.state.people.customer_contact, story.owner) == ("una", "ann")
    assert heard(story, Topic.CONTACT_CHANGED) == {"sue", "una"}
    assert ("customer_contact", "sue", "una") in [(c.field, c.before, c.after) for c in entry.changes]


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (ChangeContact("sue", "una", " "), Refusal.REASON_MISSING),
        (ChangeContact("sue", " ", "leave"), Refusal.REASON_MISSING),
        (ChangeContact("sue", "sue", "leave"), Refusal.NO_CHANGE),
    ],
)
def test_a_change_that_is_none_is_refused(command: Command, refusal: Refusal) -> None:
    """A reason, and somebody else."""
    assert active().refused(command) is refusal


@pytest.mark.parametrize(
    "command",
    [
        Acknowledge("zoe"),
        AddNote("ann", TEXT),
        Attach("ann", "ab" * 32, 3, "text/plain", TEXT),
        Block("ann", "the customer"),
        ChangeSeverity("ann", Severity.SEV1, "worse"),
        ConfirmSeverity("ann", Severity.SEV2, "seen"),
        Decline("ann", "not me"),
        HandOff("ann", "product", Ask.DECIDE, "design"),
        Link("ann", "ESC-1.2", "2", "both"),
        PostUpdate("ann", Audience.CUSTOMER, TEXT),
        Raise("ann", "too hard"),
        Reassign("ann", "zoe", "knows it"),
        Resolve("ann", TEXT),
        Confirm("sue"),
    ],
    ids=lambda command: command.kind,
)
def test_nothing_else_moves_the_customer_contact(command: Command) -> None:
    """Escalating the work never does; whoever takes it owns it, and speaks with nobody."""
    story = active()
    story.do(command)
    story.wait(12 * HOUR)
    story.do(Acknowledge("zoe"))

    assert story.state.people.customer_contact == "sue"
