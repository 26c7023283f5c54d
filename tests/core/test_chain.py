"""Finding somebody who takes it: steps, windows, channels, backups, and what happens when nobody can be told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.chain import FALLBACK_TRIES_MAX
from escalation.core.commands import Acknowledge, Decline, Raise
from escalation.core.effects import FindContacts, Notify
from escalation.core.facts import Found, ReportContacts
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Ask, Channel, ClockName, Message, Phase, Severity, Topic
from tests.core.cases import (
    ALL,
    CHAINS,
    DIRECTORY,
    EMAIL,
    HOUR,
    MINUTE,
    POLICY,
    SMS,
    START,
    STEPS,
    VOICE,
    Story,
    opening,
    policy,
)

SECOND = timedelta(seconds=1)
UNREACHABLE = {name: Found(name, None) for name in ("on-call", "lead", "director", "fallback")}


def topics(story: Story) -> list[Topic]:
    """What those inside were told of since the last look."""
    return [point.topic for sent in story.sent if sent.message is Message.SITUATION for point in sent.brief.points]


def names_asked(story: Story) -> list[str]:
    """Which roles or people were looked up to be paged, in order."""
    effects = (e for d in story.decisions for e in d.effects if isinstance(e, FindContacts) and e.purpose == "step")
    return [name for effect in effects for name in effect.names]


def test_the_first_contact_is_told_by_the_channels_of_the_severity_then_the_backup() -> None:
    """Each rung at its instant, and no moment earlier: SMS, voice after 2 min, the backup's after 5 and 7."""
    story = Story()
    assert story.pages() == [("ann", SMS)]
    for minute, page in ((2, ("ann", VOICE)), (5, ("bob", SMS)), (7, ("bob", VOICE))):
        story.until(START + minute * MINUTE - SECOND)
        assert story.pages() == []
        story.until(START + minute * MINUTE)
        assert story.pages() == [page]


def test_the_second_step_waits_for_the_end_of_the_first_window() -> None:
    """Ten minutes, not a second less; then the lead is asked and the lapse is counted."""
    story = Story()
    story.until(START + 10 * MINUTE - SECOND)
    story.take()

    story.until(START + 10 * MINUTE)

    assert story.pages() == [("lee", SMS)]
    assert story.state.tally.lapses == 1
    assert story.state.transfer.lapses[0].asked == ("ann", "bob")


def test_a_window_counts_the_hours_of_its_calendar() -> None:
    """Two office hours from 16:00 end the next morning at 10:00, and the night pages nobody."""
    story = Story(opening(route="product", ask=Ask.DECIDE), at=START + 6 * HOUR)

    assert story.due(ClockName.ACKNOWLEDGEMENT) == START + 24 * HOUR


def test_the_plan_starts_when_the_contact_is_known() -> None:
    """A slow directory shifts the rungs and not the window."""
    story = Story(obedient=False)
    story.wait(3 * MINUTE)
    story.find()

    assert story.pages() == [("ann", SMS)]
    assert story.due(ClockName.TELL) == START + 5 * MINUTE
    assert story.due(ClockName.ACKNOWLEDGEMENT) == START + 10 * MINUTE


def test_the_answer_about_a_step_that_is_over_tells_nobody() -> None:
    """The lookup of the first step answers after its window: only the second step's contact is told."""
    story = Story(obedient=False)
    first = story.asked(FindContacts)[0]
    story.wait(10 * MINUTE)

    story.find(first)
    assert story.pages() == []
    story.find()
    assert story.pages() == [("lee", SMS)]


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (ALL, [("ann", SMS), ("ann", VOICE)]),
        ((VOICE,), [("ann", VOICE)]),
        ((EMAIL,), [("ann", EMAIL)]),  # none that the severity asks for: whatever there is
    ],
)
def test_a_contact_is_told_on_the_channels_it_has(
    channels: tuple[Channel, ...], expected: list[tuple[str, Channel]]
) -> None:
    """Within the first four minutes, before the backup."""
    story = Story(directory={"on-call": Found("on-call", "ann", channels)})
    story.wait(4 * MINUTE)

    assert story.pages() == expected


@pytest.mark.parametrize(
    "primary",
    [Found("on-call", None, (), "bob", ALL), Found("on-call", "ann", (), "bob", ALL)],
    ids=["nobody on call", "no channel"],
)
def test_the_backup_is_told_at_once_when_the_primary_cannot_be(primary: Found) -> None:
    """No waiting for the backup's own time."""
    assert Story(directory={"on-call": primary}).pages() == [("bob", SMS)]


def test_a_backup_in_reserve_is_told_when_every_channel_of_the_primary_failed() -> None:
    """The lead's backup has no time of its own: as long as one page of the lead may arrive, it is left alone."""
    story = Story(obedient=False)
    story.wait(10 * MINUTE)
    story.find()
    story.fail()  # the SMS: its next channel at once
    assert story.pages() == [("lee", SMS), ("lee", VOICE)]

    story.fail()

    assert story.pages() == [("liz", SMS)]


def test_a_backup_in_reserve_is_left_alone_while_the_primary_has_been_told() -> None:
    """The SMS arrived, the call failed; the window runs out with nobody else told."""
    story = Story(obedient=False)
    story.wait(10 * MINUTE)
    story.find()
    story.accept()
    story.wait(2 * MINUTE)
    story.take()

    story.fail()

    assert story.pages() == []
    assert story.due(ClockName.TELL) is None


def test_a_step_that_reaches_nobody_costs_no_time() -> None:
    """The next step starts in the same decision."""
    story = Story(directory={"on-call": UNREACHABLE["on-call"]})

    assert (story.now, story.pages()) == (START, [("lee", SMS)])
    assert story.state.tally.nobody_told is False


@pytest.mark.parametrize("how", ["nobody found", "directory failed"])
def test_when_no_step_reaches_anybody_the_fallback_is_told_at_once(how: str) -> None:
    """Flagged `nobody_told`, and the managers know."""
    story = Story(obedient=False)
    for _ in range(3):
        lookup = story.asked(FindContacts)[-1]
        found = (UNREACHABLE["lead"],) if how == "nobody found" else ()
        story.do(ReportContacts(lookup.number, found, None if found else "unreachable"))
    fallback, notice = story.asked(FindContacts)
    story.find(notice)
    story.find(fallback)

    assert topics(story) == [Topic.NOBODY_TOLD]
    assert (story.now, story.pages()[-1]) == (START, ("fay", SMS))
    assert story.state.tally.nobody_told is True


def test_every_step_is_asked_in_order_then_the_fallback_then_the_managers_know() -> None:
    """10, 20 and 30 minutes, then the fallback's 30; nobody is asked twice."""
    story = Story()
    story.until(START + 90 * MINUTE - SECOND)
    assert names_asked(story) == ["on-call", "lead", "director", "fallback"]
    assert Topic.NOBODY_ANSWERED in topics(story)
    story.take()

    story.until(START + 90 * MINUTE)

    assert topics(story) == [Topic.NOBODY_ANSWERED]
    assert (story.due(ClockName.ACKNOWLEDGEMENT), story.phase, story.owner) == (None, Phase.IN_TRANSFER, "sue")
    assert story.state.tally.nobody_told is False


def test_a_fallback_that_cannot_be_told_after_others_were_is_told_to_the_managers() -> None:
    """Three steps were told and silent; then nobody is behind the fallback's name: flagged, until somebody is told."""
    story = Story(directory={"fallback": UNREACHABLE["fallback"]})
    story.until(START + HOUR - SECOND)
    assert (story.state.tally.nobody_told, Topic.NOBODY_TOLD in topics(story)) == (False, False)
    story.until(START + HOUR)

    assert (story.state.tally.nobody_told, Topic.NOBODY_TOLD in topics(story)) == (True, True)
    story.directory["fallback"] = DIRECTORY["fallback"]
    story.wait(30 * MINUTE)
    assert (story.state.tally.nobody_told, story.pages()[-1]) == (False, ("fay", SMS))


def test_a_fallback_that_cannot_be_told_is_tried_again_a_bounded_number_of_times() -> None:
    """The managers hear once that nobody could be told; then its window is waited for, and it is looked up again."""
    story = Story(opening(policy=policy(house={"reassign_on_breach": False})), directory=UNREACHABLE)
    assert names_asked(story).count("fallback") == 1
    assert topics(story) == [Topic.NOBODY_TOLD]

    story.wait(30 * MINUTE * (FALLBACK_TRIES_MAX + 3))

    assert names_asked(story).count("fallback") == FALLBACK_TRIES_MAX + 1
    assert topics(story).count(Topic.NOBODY_ANSWERED) == 1


@pytest.mark.parametrize(("reachable", "rounds"), [(True, 2), (False, 1)])
def test_a_chain_is_climbed_again_only_if_somebody_was_told(reachable: bool, rounds: int) -> None:  # noqa: FBT001 - a row
    """`repeats` is 1: two rounds when a message arrived, else the fallback at once."""
    nobody = {} if reachable else UNREACHABLE | {"fallback": DIRECTORY["fallback"]}
    story = Story(opening(route="circling"), directory=nobody)
    story.wait(61 * MINUTE)

    assert names_asked(story) == ["on-call", "lead"] * rounds + ["fallback"]


def test_whoever_acknowledges_becomes_the_owner_and_nobody_is_told_any_more() -> None:
    """The chain stops at once; those who had been paged hear who took it."""
    story = Story()
    story.wait(6 * MINUTE)
    story.take()

    story.do(Acknowledge("bob"))
    assert story.take() == [("ann", Message.ACKNOWLEDGED, SMS)]
    story.wait(20 * MINUTE)

    assert (story.owner, story.phase, story.pages()) == ("bob", Phase.ACTIVE, [])
    assert story.state.people.owners == ("bob",)
    assert story.state.tally.in_transfer == 6 * MINUTE


def test_a_late_acknowledgement_counts_and_is_told_to_the_later_step() -> None:
    """Ann answers while the lead is being asked."""
    story = Story()
    story.wait(12 * MINUTE)
    story.take()

    story.do(Acknowledge("ann"))

    assert story.owner == "ann"
    assert {contact for contact, message, _ in story.take() if message is Message.ACKNOWLEDGED} == {"bob", "lee"}


def test_whoever_was_paged_in_a_step_that_was_left_early_hears_who_took_it() -> None:
    """Raised before the window ended: ann was paged all the same."""
    story = Story()
    story.do(Raise("sue", "too slow"))
    story.take()

    story.do(Acknowledge("lee"))

    assert story.take() == [("ann", Message.ACKNOWLEDGED, SMS)]


def test_a_page_that_is_accepted_after_its_step_counts_for_the_chain() -> None:
    """Somebody has been told, so it is not said that nobody was."""
    story = Story(obedient=False)
    story.find(story.asked(FindContacts)[0])
    page = next(notify for notify in story.asked(Notify) if notify.message is Message.PAGE)

    story.do(Raise("sue", "too slow"))
    story.accept(page)

    assert (story.state.transfer.heard, story.state.transfer.heard_in_chain) == (False, True)


def test_an_acknowledgement_stops_no_cadence() -> None:
    """The customer's turn is what it was."""
    story = Story()
    due = story.due(ClockName.CUSTOMER_UPDATE)
    story.do(Acknowledge("ann"))

    assert story.due(ClockName.CUSTOMER_UPDATE) == due


@pytest.mark.parametrize(
    ("by", "reason", "refusal"),
    [("ann", "on leave", None), ("ann", " ", Refusal.REASON_MISSING), ("zoe", "on leave", Refusal.NOT_ASKED)],
)
def test_declining_asks_the_next_step_at_once(by: str, reason: str, refusal: Refusal | None) -> None:
    """Only somebody who was asked can decline, and says why."""
    story = Story()
    story.take()

    if refusal is not None:
        assert story.refused(Decline(by, reason)) is refusal
    else:
        story.do(Decline(by, reason))
        assert story.pages() == [("lee", SMS)]


def test_silence_after_an_acknowledgement_asks_the_next_step() -> None:
    """Three hours without an act: the lead is asked, the silent owner hears of it and keeps it meanwhile."""
    story = Story()
    story.do(Acknowledge("ann"))
    story.until(START + 3 * HOUR - SECOND)
    story.take()

    story.until(START + 3 * HOUR)

    assert topics(story) == [Topic.OWNER_SILENT, Topic.OWNER_SILENT]
    assert story.pages() == [("lee", SMS)]
    assert (story.phase, story.owner) == (Phase.IN_TRANSFER, "ann")


def test_a_page_says_what_it_is_about() -> None:
    """The facts of the moment, with the instants that matter to whoever reads it."""
    story = Story(opening(code=42, severity=Severity.SEV1))
    brief = story.sent[-1].brief

    assert (brief.reference, brief.code, brief.label, brief.team, brief.owner) == (
        "ESC-1",
        42,
        "P1",
        "Engineering",
        "sue",
    )
    assert brief.acknowledge_by == START + 10 * MINUTE
    assert brief.next_update_by == START + HOUR
    assert brief.resolve_by == START + 2 * HOUR
    assert story.sent[-1].urgent


def test_a_primary_who_is_also_slow_keeps_the_order_of_the_plan() -> None:
    """A backup whose time comes before the primary's later channel is told first."""
    steps = (replace(STEPS[0], backup_after=MINUTE), *STEPS[1:])
    story = Story(opening(policy=replace(POLICY, chains=(replace(CHAINS[0], steps=steps), *CHAINS[1:]))))
    story.wait(4 * MINUTE)

    assert story.pages() == [("ann", SMS), ("bob", SMS), ("ann", VOICE), ("bob", VOICE)]
