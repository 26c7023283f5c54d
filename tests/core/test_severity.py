"""How bad it is: confirmed, changed, and what becomes of the time that has been counted."""

from dataclasses import replace

import pytest

from escalation.core.commands import Acknowledge, Block, ChangeSeverity, Command, ConfirmSeverity, PostUpdate, Unblock
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Audience, ClockName, Phase, Severity, Topic
from tests.core.cases import DAY, HOUR, MINUTE, POLICY, START, TEXT, Story, active, opening, policy, with_terms

SEV1, SEV2, SEV3, SEV4 = Severity
POLICY_SEV2 = POLICY.terms_of(SEV2).resolution
RESOLUTION, RESPONSE, CUSTOMER = ClockName.RESOLUTION, ClockName.RESPONSE, ClockName.CUSTOMER_UPDATE
CHECK_IN, SILENCE = ClockName.CHECK_IN, ClockName.SILENCE


def test_severities_rise_one_by_one_and_no_further_than_the_worst() -> None:
    assert [severity.raised() for severity in Severity] == [SEV1, SEV1, SEV2, SEV3]


def test_the_receiving_team_confirms_with_evidence() -> None:
    """The same severity once: after that there is nothing left to confirm."""
    story = active()
    story.do(ConfirmSeverity("ann", SEV2, "40 % of users"))

    assert (story.severity, story.state.grade.confirmed) == (SEV2, True)
    assert story.refused(ConfirmSeverity("ann", SEV2, "40 % of users")) is Refusal.NO_CHANGE


def test_the_receiving_team_may_adjust_instead() -> None:
    """Another severity than support's: confirmed as well; the first one is remembered."""
    story = active()
    story.do(ConfirmSeverity("ann", SEV3, "one customer, workaround"))

    grade = story.state.grade
    assert (grade.level, grade.initial, grade.confirmed) == (SEV3, SEV2, True)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (ConfirmSeverity("ann", SEV1, " "), Refusal.REASON_MISSING),
        (ChangeSeverity("ann", SEV1, ""), Refusal.REASON_MISSING),
        (ChangeSeverity("ann", SEV2, "why not"), Refusal.NO_CHANGE),
    ],
)
def test_a_change_without_evidence_or_difference_is_refused(command: Command, refusal: Refusal) -> None:
    """Nothing is re-timed."""
    assert active().refused(command) is refusal


def test_a_worse_severity_counts_the_time_already_spent() -> None:
    """Half an hour of two are gone; the answer was owed within fifteen minutes, so that is missed at once."""
    story = Story()
    story.wait(30 * MINUTE)
    story.do(ChangeSeverity("sue", SEV1, "it spreads"))

    assert story.due(RESOLUTION) == START + 2 * HOUR
    assert story.due(RESPONSE) == story.now
    story.wait(0 * MINUTE)
    assert story.misses() == [RESPONSE]


def test_a_milder_severity_counts_the_rest_in_its_own_calendar() -> None:
    """One hour spent round the clock; 23 office hours are left, from 10:00 UTC on Monday."""
    story = active()
    story.until(START + HOUR)
    story.do(ChangeSeverity("ann", SEV3, "workaround"))

    assert story.due(RESOLUTION) == START + 3 * DAY  # 6 on Monday, 8 on Tuesday and Wednesday, 1 on Thursday


def test_time_spent_keeps_the_calendar_in_which_it_was_spent() -> None:
    """A night as SEV2 counts twelve hours; a second change does not count that night again as closed."""
    agreement = with_terms(SEV2, resolution=replace(POLICY_SEV2, limit=40 * HOUR), silence=None)
    story = active(opening(policy=agreement), at=START + 10 * HOUR)
    story.wait(12 * HOUR - 5 * MINUTE)
    story.do(ChangeSeverity("ann", SEV3, "workaround"))
    story.do(ChangeSeverity("ann", SEV2, "it failed"))

    assert story.due(RESOLUTION) == START + 50 * HOUR


def test_cadences_take_the_new_terms_at_once() -> None:
    """Check-in, silence and the customer's turn start anew when it gets worse."""
    story = active()
    story.until(START + HOUR)
    story.do(ChangeSeverity("sue", SEV1, "it spreads"))

    assert story.due(CHECK_IN) == START + HOUR + 15 * MINUTE
    assert story.due(SILENCE) == START + 90 * MINUTE
    assert story.due(CUSTOMER) == START + 2 * HOUR


def test_terms_that_promise_less_end_what_was_promised() -> None:
    """SEV4 has neither check-ins nor a watch for silence; the floor stays."""
    story = active()
    story.do(ChangeSeverity("ann", SEV4, "cosmetic"))

    assert (story.clock(CHECK_IN), story.clock(SILENCE)) == (None, None)
    assert story.due(CUSTOMER) == START + DAY


def test_terms_that_promise_more_start_what_was_not_promised() -> None:
    """From SEV4 with no floor, which promises the customer nothing, to SEV1."""
    story = Story(opening(severity=SEV4, policy=policy(house={"customer_floor": None})))
    assert story.clock(CUSTOMER) is None
    story.do(Acknowledge("ann"))
    story.do(ChangeSeverity("ann", SEV1, "it spreads"))

    assert story.due(CUSTOMER) == START + HOUR
    assert story.due(CHECK_IN) == START + 15 * MINUTE


def test_changing_the_severity_again_and_again_does_not_outrun_the_floor() -> None:
    """The customer's day counts from the last word, not from the last change."""
    story = active(opening(severity=SEV4))
    for severity in (SEV3, SEV4, SEV3):
        story.wait(7 * HOUR)
        story.do(ChangeSeverity("ann", severity, "to and fro"))

    assert story.due(CUSTOMER) == START + DAY
    story.do(PostUpdate("ann", Audience.CUSTOMER, TEXT))
    assert story.due(CUSTOMER) == story.now + DAY


def test_a_turn_that_is_over_is_missed_although_the_severity_changes_with_it() -> None:
    """After an outage the breach comes first; the customer's missed turn is counted all the same."""
    late = with_terms(SEV2, resolution=replace(POLICY_SEV2, limit=3 * HOUR), silence=None)
    story = active(opening(policy=late))
    story.outage(5 * HOUR)
    story.wait(0 * MINUTE)

    assert {RESOLUTION, CUSTOMER} <= set(story.misses())


def test_a_change_while_waiting_counts_when_the_wait_ends() -> None:
    """Nothing is due meanwhile."""
    story = active()
    story.until(START + HOUR)
    story.do(Block("ann", "logs"))
    story.do(ChangeSeverity("ann", SEV1, "it spreads"))
    assert (story.due(RESOLUTION), story.due(CHECK_IN), story.due(CUSTOMER)) == (None, None, None)
    story.wait(HOUR)
    story.do(Unblock("ann", "they came"))

    assert story.due(RESOLUTION) == story.now + HOUR


def test_a_severity_without_a_response_target_leaves_the_running_one() -> None:
    """What was promised to the customer at the opening stays promised."""
    story = Story()
    story.do(ChangeSeverity("sue", SEV4, "cosmetic"))

    assert story.due(RESPONSE) == START + HOUR


@pytest.mark.parametrize(("by", "silent"), [("ann", False), ("sue", True)])
def test_an_act_of_the_owner_ends_the_silence(by: str, *, silent: bool) -> None:
    """Confirming is an act; somebody else's note is none."""
    story = active()
    story.until(START + 2 * HOUR)
    story.do(ConfirmSeverity(by, SEV2, "seen"))
    story.until(START + 3 * HOUR + 5 * MINUTE)

    assert (story.phase is Phase.IN_TRANSFER) is silent
    assert (Topic.OWNER_SILENT in {p.topic for sent in story.sent for p in sent.brief.points}) is silent


@pytest.mark.parametrize("waiting", [False, True])
def test_a_response_promised_late_counts_from_the_opening(waiting: bool) -> None:  # noqa: FBT001  # a case of two
    """Nobody had promised one for a SEV4; raised to SEV2 after twenty minutes, forty are left of its hour."""
    story = Story(opening(severity=SEV4))
    story.wait(20 * MINUTE)
    if waiting:
        story.do(Block("sue", "the customer"))
    story.do(ChangeSeverity("sue", SEV2, "worse than it looked"))
    assert story.due(RESPONSE) == (None if waiting else START + HOUR)
    if waiting:
        story.wait(DAY / 2)
        story.do(Unblock("sue", "they answered"))
        assert story.due(RESPONSE) == START + HOUR + DAY / 2
