"""A snooze: the owner is left alone for a bounded time, the customer never is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.commands import (
    Acknowledge,
    AddNote,
    Block,
    Cancel,
    ChangeSeverity,
    Command,
    ConfirmSeverity,
    Decline,
    Elapse,
    HandOff,
    PostUpdate,
    Raise,
    Reassign,
    Resolve,
    Snooze,
    Unsnooze,
)
from escalation.core.effects import FindContacts, Notify, Point, Reconcile
from escalation.core.facts import Found, ReportReconciliation
from escalation.core.lull import HELD_MAX, POINTS_MAX, Lull
from escalation.core.policy import SNOOZE_MAX
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import (
    Ask,
    Audience,
    ClockName,
    LullKind,
    Message,
    Phase,
    Reconciled,
    Severity,
    Topic,
)
from tests.core.cases import (
    ALL,
    DAY,
    EMAIL,
    HOUR,
    MINUTE,
    POLICY,
    SMS,
    START,
    TEXT,
    VOICE,
    Story,
    active,
    opening,
    policy,
    with_terms,
)

SEV1 = opening(severity=Severity.SEV1)
PROMISED = (
    ClockName.RESPONSE,
    ClockName.RESOLUTION,
    ClockName.DEADLINE,
    ClockName.CUSTOMER_UPDATE,
)
SECOND = timedelta(seconds=1)
# No word is promised to the customer before the resolution is missed.
CALM = opening(policy=with_terms(Severity.SEV2, customer_update=None))


def snooze(story: Story, length: timedelta, by: str = "ann") -> Story:
    """Leave the owner alone for so long."""
    assert story.do(Snooze(by, story.now + length, "at the dentist")).sealed.entry.refusal is None
    return story


def lull(story: Story) -> Lull | None:
    return story.state.people.lull


def topics(story: Story) -> list[tuple[str, tuple[Topic, ...]]]:
    """Who was told of what since the last look, by notices alone."""
    sent, story.sent = story.sent, []
    return [
        (one.contact, tuple(point.topic for point in one.brief.points))
        for one in sent
        if one.message is Message.SITUATION
    ]


# --- what waits, and what does not -----------------------------------------------------------------------------------


def test_the_owner_is_asked_for_nothing_until_it_ends() -> None:
    """A check-in that was due in an hour and a half is due so long after the snooze as it was before it."""
    story = active()
    asked = story.clock(ClockName.CHECK_IN)
    assert asked is not None
    left = asked.dues[0].at - story.now
    snooze(story, 3 * HOUR)
    story.wait(3 * HOUR - SECOND)
    assert [each for each in story.take() if each[0] == "ann"] == []
    story.wait(SECOND)

    assert lull(story) is None
    story.wait(left)
    assert ("ann", Message.CHECK_IN, EMAIL) in story.take()


def test_silence_is_no_fault_while_snoozed() -> None:
    """Three hours of silence begin at the end of the snooze; nobody else is asked before."""
    story = snooze(active(CALM), 4 * HOUR)
    story.wait(4 * HOUR)
    assert (story.phase, story.owner) == (Phase.ACTIVE, "ann")
    story.wait(3 * HOUR - MINUTE)
    assert story.due(ClockName.SILENCE) == story.now + MINUTE


def test_the_customers_clocks_are_the_same_to_the_second_with_and_without() -> None:
    """Every promise to the customer: the same dues at every minute, and the same words."""
    snoozed, plain = snooze(active(), HOUR), active()
    plain.do(AddNote("ann", TEXT))
    for _ in range(60):
        snoozed.wait(MINUTE)
        plain.wait(MINUTE)
        for name in PROMISED:
            assert snoozed.due(name) == plain.due(name), name
    told = [[each for each in story.take() if each[0] == "customer-7"] for story in (snoozed, plain)]
    assert told[0] == told[1]


def test_the_managers_are_warned_at_once_and_the_owner_when_it_ends() -> None:
    """The goal of the resolution passes in the snooze: a reminder, which only the owner has put off."""
    story = snooze(active(CALM), 4 * HOUR)
    story.until(START + 4 * HOUR)
    assert topics(story) == [("mia", (Topic.TARGET_NEAR,))]
    story.wait(5 * MINUTE)

    assert topics(story) == [("ann", (Topic.TARGET_NEAR,))]


def test_a_warning_that_is_stale_by_then_is_not_told() -> None:
    """Warned of a limit that was moved behind the end: nobody hears of the old one."""
    held = Lull(LullKind.SNOOZE, START, START + HOUR, "ann", "x").holding(
        "ann", Point(Topic.TARGET_NEAR, "resolution", START + 10 * MINUTE)
    )
    story = snooze(active(), HOUR)
    story.suppose(people=replace(story.state.people, lull=replace(held, until=story.now + HOUR)))
    story.wait(HOUR)

    assert topics(story) == []
    assert story.state.tally.skipped == 0


@pytest.mark.parametrize("contact", ["ann", "sue"])
def test_a_nudge_for_words_waits_only_for_an_owner_who_gives_them(contact: str) -> None:
    """Who speaks with the customer is asked in time, unless it is the very one who snoozes."""
    story = active(opening(customer_contact=contact))
    snooze(story, 225 * MINUTE)
    story.until(START + 215 * MINUTE)
    asked = [each[0] for each in story.take() if each[1] is Message.UPDATE_WANTED]
    assert asked == ([] if contact == "ann" else ["sue"])
    story.wait(20 * MINUTE)

    late = [each[0] for each in story.take() if each[1] is Message.UPDATE_WANTED]
    assert late == (["ann"] if contact == "ann" else [])


def test_a_nudge_that_was_answered_meanwhile_is_not_made_up_for() -> None:
    """The words came before the snooze ended."""
    story = snooze(active(opening(customer_contact="ann")), 225 * MINUTE)
    story.until(START + 220 * MINUTE)
    story.do(PostUpdate("ann", Audience.CUSTOMER, TEXT))
    story.take()
    story.wait(20 * MINUTE)

    assert lull(story) is None
    assert [each for each in story.take() if each[1] is Message.UPDATE_WANTED] == []


def test_no_page_goes_out_while_it_is_on_its_way() -> None:
    """In transfer: neither the next channel nor the backup nor the next step, until it ends."""
    story = Story()
    story.wait(MINUTE)
    story.take()
    snooze(story, 30 * MINUTE)
    story.wait(30 * MINUTE - SECOND)
    assert (story.pages(), story.state.transfer.step) == ([], 0)
    story.wait(SECOND + MINUTE)

    assert story.pages() == [("ann", VOICE)]
    assert story.due(ClockName.ACKNOWLEDGEMENT) == story.now + 8 * MINUTE


def test_a_page_that_fails_meanwhile_is_made_up_for_when_it_ends() -> None:
    """The next channel then, not at once."""
    story = Story(obedient=False)
    story.find()
    snooze(story, HOUR)
    story.fail()
    assert story.pages() == [("ann", SMS)]
    story.wait(HOUR)

    assert story.pages() == [("ann", VOICE)]


def test_a_page_that_was_never_taken_is_not_sent_again_meanwhile() -> None:
    """In doubt when it was snoozed, absent when it is looked up: the next channel is told at the end."""
    story = Story(obedient=False)
    story.find()
    page = story.asked(Notify)[-1]
    snooze(story, HOUR)
    story.doubt(page)
    story.wait(2 * MINUTE)
    look = story.asked(Reconcile)[0]
    story.take()
    story.do(ReportReconciliation(look.number, Reconciled.ABSENT))
    assert story.pages() == []
    story.wait(HOUR)

    assert story.pages() == [("ann", VOICE)]


def test_a_customers_mail_that_was_never_taken_is_sent_again_all_the_same() -> None:
    """The customer is left alone by nobody's snooze."""
    story = Story(obedient=False)
    mail = next(one for one in story.asked(Notify) if one.message is Message.CUSTOMER_OPENING)
    snooze(story, HOUR)
    story.doubt(mail)
    story.wait(10 * MINUTE)
    story.take()
    story.do(ReportReconciliation(story.asked(Reconcile)[0].number, Reconciled.ABSENT))

    assert story.take() == [("customer-7", Message.CUSTOMER_OPENING, EMAIL)]


def test_whoever_was_looked_up_and_not_told_is_looked_up_anew() -> None:
    """The turn may have changed hands meanwhile: the step begins again, with its whole window."""
    story = Story(obedient=False)
    lookup = story.asked(FindContacts)[0]
    snooze(story, HOUR)
    story.find(lookup)
    assert story.pages() == []
    story.directory["on-call"] = Found("on-call", "zoe", ALL)
    story.wait(HOUR)
    story.find()

    assert story.pages() == [("zoe", SMS)]
    assert story.due(ClockName.ACKNOWLEDGEMENT) == story.now + 10 * MINUTE


def test_an_answer_of_the_directory_that_is_still_to_come_is_waited_for() -> None:
    """Ended before the answer: the one lookup is enough."""
    story = snooze(Story(obedient=False), HOUR)
    story.do(Unsnooze("ann"))
    assert len(story.asked(FindContacts)) == 1
    story.find()

    assert story.pages() == [("ann", SMS)]


# --- how it ends -----------------------------------------------------------------------------------------------------

EARLY: tuple[tuple[Callable[[], Story], Command, Phase], ...] = (
    (active, Raise("mia", "now"), Phase.IN_TRANSFER),
    (active, Reassign("mia", "zoe", "she knows"), Phase.IN_TRANSFER),
    (active, HandOff("mia", "product", Ask.DECIDE, "theirs"), Phase.IN_TRANSFER),
    (active, ChangeSeverity("mia", Severity.SEV1, "all of them"), Phase.ACTIVE),
    (active, ConfirmSeverity("ann", Severity.SEV1, "all of them"), Phase.ACTIVE),
    (active, Block("ann", "logs"), Phase.BLOCKED),
    (active, Resolve("ann", TEXT), Phase.RESOLVED),
    (active, Cancel("sue", "twice"), Phase.CANCELLED),
    (active, Unsnooze("ann", "back"), Phase.ACTIVE),
    (Story, Acknowledge("bob"), Phase.ACTIVE),
    (Story, Decline("ann", "not me"), Phase.IN_TRANSFER),
    (Story, Unsnooze("sue"), Phase.IN_TRANSFER),
)


@pytest.mark.parametrize(("begin", "command", "leads_to"), EARLY, ids=lambda each: getattr(each, "kind", None))
def test_whoever_moves_the_work_ends_it(begin: Callable[[], Story], command: Command, leads_to: Phase) -> None:
    """Something new has come up, so people are told again at once; nothing stands still on its account."""
    story = snooze(begin(), 8 * HOUR, by="sue")
    story.do(command)

    assert (story.phase, lull(story), story.clock(ClockName.LULL)) == (leads_to, None, None)
    if leads_to not in {Phase.BLOCKED, Phase.RESOLVED}:
        assert [clock.name for clock in story.state.clocks if not clock.running] == []


def test_a_raise_pages_the_next_step_at_once() -> None:
    """One lookup, of the step that it is raised to."""
    story = snooze(active(), 8 * HOUR)
    decision = story.do(Raise("mia", "now"))

    assert [effect.names for effect in decision.effects if isinstance(effect, FindContacts)] == [("lead",)]
    assert ("lee", SMS) in story.pages()


@pytest.mark.parametrize(
    "command",
    [
        AddNote("ann", TEXT),
        PostUpdate("ann", Audience.INTERNAL, TEXT),
        PostUpdate("ann", Audience.CUSTOMER, TEXT),
        ChangeSeverity("ann", Severity.SEV3, "a workaround"),
        ConfirmSeverity("ann", Severity.SEV2, "40 %"),
    ],
    ids=lambda each: each.kind,
)
def test_words_and_better_news_do_not_end_it(command: Command) -> None:
    """Whatever the command starts anew stands still as it did before."""
    story = snooze(active(), 8 * HOUR)
    story.do(command)

    assert lull(story) is not None
    assert story.due(ClockName.CHECK_IN) is None
    assert story.due(ClockName.SILENCE) is None
    assert story.due(ClockName.RESOLUTION) is not None


@pytest.mark.parametrize("reassigns", [True, False])
def test_a_missed_resolution_ends_it(*, reassigns: bool) -> None:
    """The breach is told to the owner at once, in the breach's own decision."""
    house = replace(POLICY.house, reassign_on_breach=reassigns)
    story = snooze(active(replace(CALM, policy=replace(CALM.policy, house=house))), 8 * HOUR)
    story.until(START + 8 * HOUR)

    assert lull(story) is None
    assert ("ann", (Topic.TARGET_MISSED,)) in topics(story)
    assert story.phase is (Phase.IN_TRANSFER if reassigns else Phase.ACTIVE)


def test_a_missed_first_response_ends_it() -> None:
    """An hour without anybody at the receiving level: whoever is asked is told at once."""
    story = Story()
    story.wait(MINUTE)
    snooze(story, 3 * HOUR)
    story.take()
    story.until(START + HOUR)

    assert lull(story) is None
    story.wait(MINUTE)
    assert story.pages() == [("ann", VOICE)]


def test_a_missed_word_to_the_customer_ends_it() -> None:
    """The customer heard nothing in time, whoever had put what off."""
    story = snooze(active(), 6 * HOUR)
    story.until(START + 4 * HOUR)

    assert lull(story) is None
    assert ClockName.CUSTOMER_UPDATE in story.misses()


def test_a_warning_that_climbs_ends_it() -> None:
    """The agreement asks the next step at the last warning: a new way, on which nobody sleeps."""
    target = replace(POLICY.terms[1].resolution, climbs=True)
    agreed = with_terms(Severity.SEV2, resolution=target, customer_update=None)
    story = snooze(active(opening(policy=agreed)), 8 * HOUR)
    story.until(START + 7.5 * HOUR)

    assert (lull(story), story.phase) == (None, Phase.IN_TRANSFER)
    assert ("lee", SMS) in story.pages()


def test_a_reminder_that_waited_is_not_told_of_what_is_solved() -> None:
    """Resolved before the end: the warning has lost its point."""
    story = snooze(active(CALM), 5 * HOUR)
    story.until(START + 4.5 * HOUR)
    story.take()
    story.do(Resolve("ann", TEXT))

    assert topics(story) == []


def test_after_an_outage_it_ends_when_somebody_looks() -> None:
    """The worker was away over its end: told then, and nothing twice."""
    story = snooze(active(), HOUR)
    story.outage(2 * HOUR)
    assert story.do(Elapse()).sealed.entry.refusal is None

    assert lull(story) is None


# --- what is refused -------------------------------------------------------------------------------------------------


def test_it_ends_within_what_the_agreement_allows() -> None:
    """A day unless the agreement says otherwise: to the second, and not one more."""
    story = active()
    assert story.refused(Snooze("ann", story.now + SNOOZE_MAX + SECOND, "long")) is Refusal.TOO_LONG
    assert story.do(Snooze("ann", story.now + SNOOZE_MAX, "long")).sealed.entry.refusal is None
    short = active(opening(policy=policy(house={"snooze_max": HOUR})))
    assert short.refused(Snooze("ann", short.now + HOUR + SECOND, "long")) is Refusal.TOO_LONG
    assert short.do(Snooze("ann", short.now + HOUR, "long")).sealed.entry.refusal is None


def test_a_sev1_that_nobody_has_taken_is_not_put_off() -> None:
    """Not before its first acknowledgement, nor on its way to the next; with an owner it is."""
    story = Story(SEV1)
    assert story.refused(Snooze("sue", START + HOUR, "later")) is Refusal.SEV1_WAITS
    story.do(Acknowledge("ann"))
    snooze(story, 10 * MINUTE)
    story.do(Raise("mia", "now"))
    assert story.refused(Snooze("ann", START + HOUR, "later")) is Refusal.SEV1_WAITS


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (Snooze("ann", START + HOUR, " "), Refusal.REASON_MISSING),
        (Snooze("ann", START + 5 * MINUTE, "now"), Refusal.ALREADY_PAST),
        (Snooze("ann", START - DAY, "yesterday"), Refusal.ALREADY_PAST),
        (Unsnooze("ann"), Refusal.NOT_LULLED),
    ],
)
def test_it_needs_a_reason_an_end_that_lies_ahead_and_something_to_end(command: Command, refusal: Refusal) -> None:
    """The refusal is in the log; nothing else has changed."""
    assert active().refused(command) is refusal


def test_said_again_it_is_another_end_and_what_waited_still_waits() -> None:
    """Longer or shorter, from now; the same end is no change."""
    story = snooze(active(CALM), 5 * HOUR)
    story.until(START + 4.5 * HOUR)
    story.take()
    assert story.refused(Snooze("ann", START + 5 * HOUR + 5 * MINUTE, "x")) is Refusal.NO_CHANGE
    snooze(story, HOUR)
    story.wait(HOUR)

    assert topics(story) == [("ann", (Topic.TARGET_NEAR,))]


def test_a_new_one_in_the_instant_in_which_the_last_ends_keeps_what_waited() -> None:
    """The owner is not told for that one instant."""
    story = snooze(active(CALM), 5 * HOUR)
    story.until(START + 5 * HOUR)
    story.take()
    story.outage(5 * MINUTE)
    snooze(story, HOUR)
    assert topics(story) == []
    story.wait(HOUR)

    assert topics(story) == [("ann", (Topic.TARGET_NEAR,))]


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_the_log_says_until_when_and_why() -> None:
    """At its beginning and at its end, with the reason in the command itself."""
    story = active(sealed=True)
    begun = story.do(Snooze("ann", START + HOUR, "at the dentist")).sealed
    until = "until 2025-03-10T10:00:00.000000Z (snooze: at the dentist)"
    assert [(c.before, c.after) for c in begun.entry.changes if c.field == "left_alone"] == [("", until)]
    assert '"reason":"at the dentist"' in begun.body
    ended = story.do(Unsnooze("ann", "back")).sealed.entry
    assert [(c.before, c.after) for c in ended.changes if c.field == "left_alone"] == [(until, "")]


def test_of_what_waits_the_latest_word_of_each_thing_is_kept_within_bounds() -> None:
    """So many people, and so many points for each."""
    held = Lull(LullKind.SNOOZE, START, START + HOUR, "ann", "x")
    for number in range(POINTS_MAX + 1):
        held = held.holding("ann", Point(Topic.TARGET_NEAR, f"clock {number}"))
    held = held.holding("ann", Point(Topic.TARGET_NEAR, "clock 20", START))
    assert len(held.held[0].points) == POINTS_MAX
    assert held.held[0].points[0].about == "clock 1"
    assert held.held[0].points[-1] == Point(Topic.TARGET_NEAR, "clock 20", START)
    for number in range(HELD_MAX):
        held = held.holding(f"person {number}", Point(Topic.STATUS, "x"))
    assert len(held.held) == HELD_MAX
    assert "ann" not in {one.name for one in held.held}
    assert held.without(Point(Topic.STATUS, "x")).held == ()
