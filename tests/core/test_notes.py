"""What moves no work: notes, the passing of time, and another version of the agreement."""

from dataclasses import replace

import pytest

from escalation.core.commands import Acknowledge, AddNote, AdoptPolicy, Elapse
from escalation.core.policy import Policy, Target
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Ask, ClockName, Severity
from tests.core.cases import CHAINS, DAY, HOUR, OFFICE, POLICY, ROUTES, START, TEXT, Story, active, opening

NEWER = replace(POLICY, version="2", digest="22" * 32)


def adopt(agreement: Policy = NEWER, reason: str = "new quarter") -> AdoptPolicy:
    return AdoptPolicy("sue", agreement, reason)


def with_target(target: Target, **changes: object) -> Policy:
    """A newer agreement with another resolution target for SEV2."""
    terms = tuple(replace(t, resolution=target) if t.severity is Severity.SEV2 else t for t in POLICY.terms)
    return replace(NEWER, terms=terms, **changes)  # type: ignore[arg-type]  # the names are the test's own


def test_a_note_needs_words() -> None:
    assert active().refused(AddNote("ann")) is Refusal.TEXT_MISSING


@pytest.mark.parametrize(("by", "moved"), [("ann", True), ("sue", False)])
def test_the_owners_note_shows_that_the_owner_is_at_work(by: str, *, moved: bool) -> None:
    """Somebody else's moves no clock at all."""
    story = active()
    story.wait(HOUR)
    before = story.state.clocks
    story.do(AddNote(by, TEXT))

    assert (story.state.clocks != before) is moved
    assert (story.due(ClockName.SILENCE) == story.now + 3 * HOUR) is moved
    assert story.take() == []


def test_looking_when_nothing_is_due_changes_nothing() -> None:
    """One entry longer, and that is all."""
    assert Story().refused(Elapse()) is None


def test_open_promises_take_the_targets_of_the_newer_agreement() -> None:
    """What has been counted stays counted, and the entry says which version is in force."""
    story = active()
    story.until(START + HOUR)
    decision = story.do(adopt(with_target(Target(3 * HOUR))))

    assert story.due(ClockName.RESOLUTION) == START + 3 * HOUR
    assert ("policy", "1", "2") in [(c.field, c.before, c.after) for c in decision.sealed.entry.changes]


def test_time_already_counted_was_counted_by_the_calendar_of_the_older_agreement() -> None:
    """The newer calendar has no Mondays: what Monday counted stays; Tuesday goes on."""
    no_mondays = replace(OFFICE, week=((), *OFFICE.week[1:]))
    story = Story(opening(severity=Severity.SEV3))
    story.until(START + 2 * HOUR)
    story.do(adopt(replace(NEWER, calendars=(no_mondays,))))

    # 24 hours: 2 on Monday by the older one, then 8 on Tuesday, on Wednesday, and 6 on Thursday
    assert story.due(ClockName.RESOLUTION) == START + 3 * DAY + 5 * HOUR


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (adopt(reason=" "), Refusal.REASON_MISSING),
        (adopt(replace(NEWER, routes=ROUTES[1:])), Refusal.UNKNOWN_ROUTE),
        (adopt(replace(POLICY, version="1b")), Refusal.NO_CHANGE),
    ],
)
def test_an_agreement_that_does_not_fit_is_refused(command: AdoptPolicy, refusal: Refusal) -> None:
    """Each reason once."""
    assert active().refused(command) is refusal


def test_a_step_that_is_gone_ends_at_the_fallback() -> None:
    """The newer chain has one step; the third one's window still runs, then the fallback is asked."""
    story = Story()
    story.until(START + 31 * HOUR / 60)
    assert story.state.transfer.step == 2
    story.do(adopt(replace(NEWER, chains=(replace(CHAINS[0], steps=CHAINS[0].steps[:1]), *CHAINS[1:]))))
    story.take()
    story.do(Acknowledge("dan"))

    assert story.owner == "dan"


def test_an_approval_goes_on_under_the_newer_agreement() -> None:
    """The approver who is asked stays the one asked."""
    story = Story(opening(route="leadership", ask=Ask.DECIDE))
    before = story.state.transfer
    story.do(adopt())

    assert story.state.transfer == before
