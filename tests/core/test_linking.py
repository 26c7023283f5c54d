"""A second party beside the first: both know each other, and only the first speaks with the customer."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from escalation.core.beside import LINKS_MAX, ChangeContact, Link, Linked, ReportTold
from escalation.core.commands import (
    Acknowledge,
    Block,
    Cancel,
    ChangeSeverity,
    Command,
    Confirm,
    PostUpdate,
    Reopen,
    Resolve,
)
from escalation.core.effects import FindContacts, Notify, TellLinked, WriteTicket
from escalation.core.facts import ReportLinked
from escalation.core.refusals import Refusal
from escalation.core.standing import Standing
from escalation.core.state import OPEN_PHASES
from escalation.core.vocabulary import Audience, ClockName, Phase, Severity, Topic
from tests.core.cases import DAY, TEXT, Story, active, opening, standing

FIRST = Linked("ESC-1", "1")
LINK = Link("ann", "ESC-1.2", "e2", "the renewal is at risk")
GATEWAY = standing("gateway")


def second(**changes: object) -> Story:
    """Opened beside ESC-1 and taken by ann."""
    plain = {"reference": "ESC-1.2", "episode": "e2", "linked_to": FIRST, "customer_contact": "kit"}
    return active(opening(**plain | changes))


def ended(story: Story, phase: Phase | None = Phase.CLOSED, **changes: object) -> ReportLinked:
    """What the other one says of itself, vouched for."""
    other = story.state.case.linked_to or story.state.case.links[0]
    said = ReportLinked(other.reference, other.episode, "kit", phase, GATEWAY)
    return replace(said, **changes)  # type: ignore[arg-type]  # the names and types are the test's own


def told(story: Story) -> list[TellLinked]:
    return [e for d in story.decisions for e in d.effects if isinstance(e, TellLinked)]


def heard(story: Story, topic: Topic) -> set[str]:
    return {sent.contact for sent in story.sent if any(point.topic is topic for point in sent.brief.points)}


# --- the first -------------------------------------------------------------------------------------------------------


def test_the_first_knows_its_second() -> None:
    """In state, in the log, and told to the owner and to the customer contact."""
    story = active()
    entry = story.do(LINK).sealed.entry

    assert story.state.case.links == (Linked("ESC-1.2", "e2"),)
    assert ("linked", "", "ESC-1.2") in [(c.field, c.before, c.after) for c in entry.changes]
    assert heard(story, Topic.LINKED) == {"ann", "sue"}
    assert (story.phase, story.owner) == (Phase.ACTIVE, "ann")


@pytest.mark.parametrize("phase", OPEN_PHASES)
def test_a_second_party_may_come_in_every_open_phase(phase: Phase) -> None:
    """Whoever works on it, or waits."""
    story = active()
    story.suppose(phase=phase)
    story.do(LINK)

    assert len(story.state.case.links) == 1
    assert story.phase is phase


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (replace(LINK, reason=" "), Refusal.REASON_MISSING),
        (replace(LINK, to="ESC-9"), Refusal.NOT_LINKED),
        (replace(LINK, to="ESC-1"), Refusal.NOT_LINKED),
        (LINK, Refusal.NO_CHANGE),
    ],
)
def test_a_link_that_is_none_is_refused(command: Command, refusal: Refusal) -> None:
    """A reason, a reference that follows from this one's, and once."""
    story = active()
    story.do(LINK)

    assert story.refused(command) is refusal


def test_there_is_room_for_so_many_and_no_more() -> None:
    """The bound, and one beyond."""
    story = active()
    for number in range(LINKS_MAX):
        assert story.do(replace(LINK, to=f"ESC-1.{number + 2}")).sealed.entry.refusal is None

    assert story.refused(replace(LINK, to="ESC-1.99")) is Refusal.TOO_MANY


def test_what_stands_beside_another_has_nobody_beside_it() -> None:
    """One level: the refusal names the first."""
    story = second()
    entry = story.do(replace(LINK, to="ESC-1.2.2")).sealed.entry

    assert (entry.refusal, entry.facts) == (Refusal.LINKED_ITSELF, {"first": "ESC-1"})


# --- the second ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [Block("ann", "Legal"), Resolve("ann", TEXT), Cancel("ann", "by mistake")])
def test_the_second_never_writes_to_the_customer_nor_into_the_ticket(command: Command) -> None:
    """From the opening to the end, whatever happens and however long it takes."""
    story = second()
    story.do(ChangeSeverity("ann", Severity.SEV1, "worse"))
    story.do(command)
    story.wait(10 * DAY)
    effects = [effect for decision in story.decisions for effect in decision.effects]

    assert story.state.ended
    assert not [e for e in effects if isinstance(e, Notify) and e.contact == "customer-7"]
    assert not [e for e in effects if isinstance(e, WriteTicket)]
    assert story.clock(ClockName.CUSTOMER_UPDATE) is None


def test_an_update_for_the_customer_belongs_into_the_first() -> None:
    """Refused there, named where; for the inside it is taken."""
    story = second()
    entry = story.do(PostUpdate("ann", Audience.CUSTOMER, TEXT)).sealed.entry
    assert (entry.refusal, entry.facts) == (Refusal.FIRST_SPEAKS, {"first": "ESC-1"})

    assert story.do(PostUpdate("ann", Audience.INTERNAL, TEXT)).sealed.entry.refusal is None


def test_a_reopened_second_promises_the_customer_nothing() -> None:
    """Back to work, without a turn of customer updates."""
    story = second()
    story.do(Resolve("ann", TEXT))
    story.do(Reopen("ann", "not yet"))

    assert (story.phase, story.clock(ClockName.CUSTOMER_UPDATE)) == (Phase.ACTIVE, None)


def test_the_firsts_customer_contact_is_the_seconds() -> None:
    """At the opening and whenever the first one's changes; here it cannot be changed."""
    story = second()
    assert story.state.people.customer_contact == "kit"
    assert story.refused(ChangeContact("ann", "una", "leave")) is Refusal.FIRST_SPEAKS
    story.do(ended(story, None, customer_contact="una"))

    assert story.state.people.customer_contact == "una"


def test_the_first_tells_its_seconds_who_speaks_now() -> None:
    """Those that are still open."""
    story = active()
    story.do(LINK)
    story.do(replace(LINK, to="ESC-1.3"))
    story.do(replace(ended(story), reference="ESC-1.3"))
    before = len(told(story))
    story.do(ChangeContact("sue", "una", "leave"))

    assert [(word.to, word.to_episode, word.customer_contact, word.phase) for word in told(story)[before:]] == [
        ("ESC-1.2", "e2", "una", None)
    ]


def test_a_second_hears_at_once_who_speaks_now() -> None:
    """It was opened with whoever it was a moment ago, or when the call was made the first time."""
    story = active()
    story.do(ChangeContact("sue", "una", "leave"))
    story.do(LINK)

    assert [(word.to, word.customer_contact) for word in told(story)] == [("ESC-1.2", "una")]


def test_what_the_first_said_before_changes_nothing_when_it_comes_later() -> None:
    """Two words on their way at once: the newer one stays, whichever comes first. An end is an end at any time."""
    story = second()
    story.do(ended(story, None, customer_contact="una", number=7))
    story.do(ended(story, None, customer_contact="old", number=3))
    assert story.state.people.customer_contact == "una"

    story.do(ended(story, Phase.CLOSED, customer_contact="old", number=4))
    assert story.state.people.customer_contact == "una"
    assert story.state.case.linked_to == replace(FIRST, phase=Phase.CLOSED, heard=7)
    story.do(ended(story, None, customer_contact="kim", number=7))
    assert story.state.people.customer_contact == "kim"


# --- ends ------------------------------------------------------------------------------------------------------------


def test_when_one_ends_the_others_are_told() -> None:
    """The first tells every second, a second tells the first; settled once that has been answered."""
    story = active(obedient=False)
    story.do(LINK)
    for word in story.asked(TellLinked):
        story.do(ReportTold(word.number, told=True))
    story.do(Cancel("ann", "by mistake"))
    word = story.asked(TellLinked)[0]
    assert (word.to, word.reference, word.phase) == ("ESC-1.2", "ESC-1", Phase.CANCELLED)
    story.do(ReportTold(word.number, told=False, error="it is over"))
    assert story.asked(TellLinked) == []

    beside = second()
    beside.do(Resolve("ann"))
    beside.do(Confirm("sue"))
    assert [(word.to, word.phase) for word in told(beside)] == [("ESC-1", Phase.CLOSED)]
    assert beside.state.settled


@pytest.mark.parametrize("make", [active, second])
def test_whoever_goes_on_hears_of_the_end(make: Callable[[], Story]) -> None:
    """Owner and customer contact, once; the state knows how it ended."""
    story = make()
    if story.state.case.linked_to is None:
        story.do(LINK)
    story.sent = []
    story.do(ended(story, Phase.DE_ESCALATED))
    other = story.state.case.linked_to or story.state.case.links[0]
    assert other.phase is Phase.DE_ESCALATED
    assert heard(story, Topic.LINKED_ENDED) == {"ann", story.state.people.customer_contact}

    story.sent = []
    story.do(ended(story, Phase.DE_ESCALATED))
    assert heard(story, Topic.LINKED_ENDED) == set()


@pytest.mark.parametrize("first_news", [True, False])
def test_a_second_that_ended_before_it_was_linked_is_known_to_be_over(*, first_news: bool) -> None:
    """The act that was to tell it found it over: its people hear once, and nobody takes it for open."""
    story = active(obedient=False)
    story.do(LINK)
    (word,) = story.asked(TellLinked)
    if not first_news:
        story.do(ended(story, Phase.CANCELLED))
    story.sent = []
    story.do(ReportTold(word.number, told=False, error="it is over", ended=Phase.CANCELLED))

    assert story.state.case.links[0].phase is Phase.CANCELLED
    points = [point.topic for effect in story.asked(FindContacts) for point in effect.points]
    assert points.count(Topic.LINKED_ENDED) == 1
    story.do(Cancel("ann", "by mistake"))
    assert [word for word in story.asked(TellLinked) if word.phase is not None] == []


def test_an_end_that_nobody_knows_leaves_it_as_it_was() -> None:
    """Gone by retention: the engine has no result of it."""
    story = active(obedient=False)
    story.do(LINK)
    (word,) = story.asked(TellLinked)
    story.do(ReportTold(word.number, told=False, error="it is over"))

    assert story.state.case.links[0].phase is None


def test_only_what_is_vouched_for_and_linked_is_believed() -> None:
    """Anybody may send a signal; development believes an unverified one, marked so."""
    story = active()
    story.do(LINK)

    assert story.refused(ended(story, standing=None)) is Refusal.UNVERIFIED
    assert story.refused(ended(story, standing=Standing("gateway"))) is Refusal.UNVERIFIED
    assert story.refused(ended(story, episode="e1")) is Refusal.NOT_LINKED
    assert story.refused(ended(story, reference="ESC-2")) is Refusal.NOT_LINKED
    story.do(ended(story, standing=Standing("gateway", trusted_claims=True)))
    assert story.state.case.links[0].phase is Phase.CLOSED


def test_an_answer_to_nothing_is_refused() -> None:
    """Nobody was told anything."""
    assert active().refused(ReportTold(99, told=True)) is Refusal.UNKNOWN_EFFECT


def test_a_second_that_is_over_hears_only_for_the_record() -> None:
    """The state keeps how the first one ended; nobody is written to."""
    story = second()
    story.do(Acknowledge("ann"))
    story.do(Cancel("ann", "by mistake"))
    story.sent = []
    story.do(ended(story))

    assert story.state.case.linked_to == replace(FIRST, phase=Phase.CLOSED)
    assert story.sent == []
