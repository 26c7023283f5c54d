"""The core alone plays recorded incidents: what is said is never refused, what is counted is what is in the rows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.audit import verify
from escalation.core.commands import Cancel
from escalation.core.vocabulary import Channel, Outcome, Phase
from escalation.drills.cast import NoCastError, cast_of
from escalation.drills.pure import PAUSE_BEFORE_CUT, rehearse
from escalation.drills.script import Script
from escalation.drills.summary import summarised
from tests.edge.drills.samples import NOW, cast, log_of, sample, script, stage

MANY = 100_000
SOME = 12
SCRIPTS = sample()


@pytest.mark.parametrize("told", SCRIPTS, ids=[told.reference for told in SCRIPTS])
def test_a_real_incident_is_played_without_a_refusal(told: Script) -> None:
    """Its log verifies, and moves and reopenings are those of the rows that were played."""
    played = rehearse(told, stage(), fires_max=SOME)

    assert [sealed.entry for sealed in played.log if sealed.entry.refusal is not None] == []
    assert verify(log_of(played)).holds
    assert played.state.tally.hand_offs == played.script.reassignments
    assert played.state.tally.reopens == played.script.reopenings
    assert played.state.settled


def test_left_alone_it_ends_by_itself() -> None:
    """Nothing is called off when the clocks may fire as often as they like: the reopen window closes it."""
    played = rehearse(script((1, "Active", "Group 3"), (30, "Resolved", "Group 3")), stage(), fires_max=MANY)

    assert (played.cut, played.state.phase) == (False, Phase.CLOSED)


@pytest.mark.parametrize("fires", [0, 1, 5])
def test_it_is_called_off_after_so_many_fires_and_not_one_more(fires: int) -> None:
    """Soon after the last one, by a person, and what was planned later is not in its script."""
    played = rehearse(script((60 * 24, "Active", "Group 3"), priority=1), stage(), fires_max=fires)
    kinds = [sealed.entry.command.kind for sealed in played.log]

    assert (played.cut, played.fires, kinds.count("elapse")) == (True, fires, fires)
    assert isinstance(next(s.entry.command for s in reversed(played.log) if s.entry.changes), Cancel)
    assert [moment.state for moment in played.script.moments] == ["cut"]
    if fires:
        last = max(s.entry.at for s in played.log if s.entry.fired)
        assert timedelta(0) < played.script.moments[-1].at - last <= PAUSE_BEFORE_CUT


def test_what_was_called_off_plays_again_to_the_same_log() -> None:
    """The cut is part of the script: nobody needs to count again."""
    first = rehearse(SCRIPTS[0], stage(), fires_max=SOME)
    again = rehearse(first.script, stage(), fires_max=MANY)

    assert [sealed.body for sealed in again.log] == [sealed.body for sealed in first.log]


def test_rows_after_the_end_are_not_played() -> None:
    """Seventy-two hours after the resolution it is closed; the record goes on."""
    told = script((1, "Active", "Group 3"), (9, "Resolved", "Group 3"), (9999, "Active", "Group 4"))
    played = rehearse(told, stage(), fires_max=MANY)

    assert (len(played.script.moments), played.script.reopenings, played.state.tally.reopens) == (2, 0, 0)


def test_without_a_log_it_comes_to_the_same() -> None:
    """All answers of an instant share an entry then; who was told what, and everything counted, stays."""
    for told in SCRIPTS:
        whole, bare = (rehearse(told, stage(), fires_max=SOME, sealed=sealed) for sealed in (True, False))
        counts = [summarised((s.entry for s in played.log), played.state) for played in (whole, bare)]

        assert replace(counts[1], entries=counts[0].entries) == counts[0], told.reference
        assert (bare.fires, bare.script) == (whole.fires, whole.script)


def test_whoever_has_no_address_is_not_told() -> None:
    """A world without faults is still the directory's world."""
    told = script((5, "Active", "Group 3"))
    unknown = replace(told, opening=replace(told.opening, customer="nobody-we-know"))
    log = rehearse(unknown, stage(), fires_max=0).log
    answers = [s.entry.command for s in log if s.entry.command.kind == "report_delivery"]

    assert {answer.outcome for answer in answers} == {Outcome.ACCEPTED, Outcome.FAILED}
    assert stage().company.address("nobody-we-know", Channel.EMAIL, NOW) is None


def test_a_cast_needs_people_and_a_customer() -> None:
    """One line says what is missing."""
    policy = stage().policy

    assert set(cast().people) == {"l1-to-l2", "l2-to-engineering", "l2-to-product"}
    with pytest.raises(NoCastError, match="a customer is missing"):
        cast_of(policy, stage().company, (), NOW)
