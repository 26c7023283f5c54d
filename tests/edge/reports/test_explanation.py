"""Explanations: every due worked out a second time from its log, and no time-zone database needed for it."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest

from escalation.core.audit import Kept
from escalation.core.canonical import canonical
from escalation.core.commands import Acknowledge, Block, Command, HandOff, PostUpdate, Unblock
from escalation.core.decide import Decision
from escalation.core.policy import TierPromise
from escalation.core.reckoning import Anchor, Pausing, Reckoning
from escalation.core.state import Escalation
from escalation.core.vocabulary import Ask, Audience, ClockName, Severity
from escalation.reports.explanation import explain
from escalation.reports.lives import TURNS_MAX, History
from escalation.reports.past import Log
from tests.core.cases import HOUR, MINUTE, POLICY, TEXT, Story, opening
from tests.edge.reports.random_lives import life

ESCALATIONS = 1000
SEALED = 20


def followed(decisions: list[Decision]) -> History:
    history = History()
    before: Escalation | None = None
    for decision in decisions:
        assert decision.state is not None
        history.take(before, decision.state, decision.sealed.entry)
        before = decision.state
    return history


def log_of(decisions: list[Decision]) -> Log:
    return Log(tuple(Kept(each.sealed.body, each.sealed.entry, each.sealed.digest) for each in decisions))


def differences(story: Story) -> list[str]:
    return [each for known in followed(story.decisions).lives.values() for each in known.differences()]


# --- Worked out twice -------------------------------------------------------------------------------------------------


def test_every_due_worked_out_again_is_the_same_instant() -> None:
    """After every entry of a thousand random escalations under random agreements; a seed names what differs."""
    clocks = 0
    for seed in range(ESCALATIONS):
        history = History()
        before: Escalation | None = None
        for decision in life(seed):
            assert decision.state is not None
            history.take(before, decision.state, decision.sealed.entry)
            found = [each for known in history.lives.values() for each in known.differences()]
            assert found == [], f"seed {seed}, entry {decision.sealed.entry.sequence}"
            assert set(history.lives) == {(clock.name, clock.cycle) for clock in decision.state.clocks}
            clocks += len(history.lives)
            before = decision.state
    assert clocks > 10 * ESCALATIONS


def test_the_log_alone_explains_as_the_workflow_decided() -> None:
    """From sealed entries: state, dues and counted time are those of the decisions."""
    for seed in range(SEALED):
        decisions = life(seed, sealed=True)
        last = decisions[-1]
        assert last.state is not None
        found = explain(log_of(decisions), last.sealed.entry.at)

        assert (found.past.state, found.past.fault, found.differences) == (last.state, None, ())
        assert [each.ahead for each in found.clocks] == [clock.dues for clock in last.state.clocks]


def test_a_due_that_was_moved_behind_the_back_is_seen() -> None:
    """The check can fail: one microsecond is enough."""
    history = followed(Story(opening(severity=Severity.SEV3)).decisions)
    known = history.lives[ClockName.RESOLUTION, 1]
    *others, limit = known.clock.dues

    known.clock = replace(known.clock, dues=(*others, replace(limit, at=limit.at + MINUTE / 60_000_000)))

    assert len(known.differences()) == 1
    assert "the log says limit" in known.differences()[0]


def test_turns_that_are_told_are_bounded() -> None:
    """The latest ones; how many more there were is counted."""
    story = Story()
    story.do(Acknowledge("ann"))
    for _ in range(TURNS_MAX):
        story.wait(MINUTE)
        story.do(PostUpdate("ann", Audience.INTERNAL, TEXT))
    history = followed(story.decisions)

    assert len(history.turns) == TURNS_MAX
    assert history.turns_before > 0


def test_a_missed_turn_and_one_taken_back_are_told_apart() -> None:
    """Missed stays missed; where the act had come in time, it is withdrawn."""
    story = Story()
    story.wait(30 * HOUR)
    story.do(Acknowledge("ann"))
    fates = {(turn.name, turn.cycle): turn.fate for turn in followed(story.decisions).turns}

    assert fates[ClockName.RESPONSE, 1] == "missed"
    assert fates[ClockName.ACKNOWLEDGEMENT, 1] == "passed"


def test_where_a_target_comes_from_is_said() -> None:
    """The tier's own promise after a hand-off, and the entry because of which."""
    tier = TierPromise(Severity.SEV2, None, replace(POLICY.terms[1].resolution, limit=20 * HOUR))
    routes = tuple(replace(each, promises=(tier,)) if each.name == "product" else each for each in POLICY.routes)
    story = Story(opening(policy=replace(POLICY, routes=routes)))
    story.wait(MINUTE)
    story.do(HandOff("ann", "product", Ask.DECIDE, "a question of price"))
    known = followed(story.decisions).lives[ClockName.RESOLUTION, 1]

    assert known.source == "tier promise of route product for SEV2 (P2); policy standard 1"
    assert [(mark.what, mark.cause.reason) for mark in known.marks][-1] == (
        "retargeted, forward", "a question of price"
    )  # fmt: skip


# --- What this check has found in the rules --------------------------------------------------------------------------


def test_pauses_by_the_wall_move_the_turn_and_not_the_last_word() -> None:
    """Of a turn to the customer that began after the last word, on the grid."""
    reckoning = Reckoning(after_an_early_update=Anchor.GRID, pausing=Pausing.WALL)
    story = Story(opening(policy=replace(POLICY, reckoning=reckoning)))
    for later, command in _updated_early_then_blocked(3 * HOUR + 30 * MINUTE):
        story.wait(later)
        story.do(command)

    assert differences(story) == []


def test_a_turn_that_lies_ahead_keeps_its_beginning() -> None:
    """Blocked and unblocked before the grid has come to it."""
    reckoning = Reckoning(after_an_early_update=Anchor.GRID)
    story = Story(opening(policy=replace(POLICY, reckoning=reckoning)))
    for later, command in _updated_early_then_blocked(MINUTE):
        story.wait(later)
        story.do(command)

    assert differences(story) == []


def _updated_early_then_blocked(blocked_after: timedelta) -> tuple[tuple[timedelta, Command], ...]:
    return (
        (MINUTE, Acknowledge("ann")),
        (HOUR, PostUpdate("ann", Audience.CUSTOMER, TEXT)),
        (blocked_after, Block("ann", "customer")),
        (MINUTE, Unblock("ann", "came")),
    )


# --- Zones ------------------------------------------------------------------------------------------------------------

FOLDED = """
import sys
sys.modules["tzdata"] = None
from datetime import datetime, UTC
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError
from escalation.core.audit import verify
from escalation.core.canonical import canonical
from escalation.wire.entries import decode, kept
from escalation.reports.explanation import explain
from escalation.reports.past import Log
try:
    print(datetime(2026, 7, 1, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin")).utcoffset())
except ZoneInfoNotFoundError:
    print("none")
pairs = [line.split(" ", 1) for line in Path(sys.argv[1]).read_text("utf-8").split("\\n")]
log = Log(tuple(kept(body, digest) for digest, body in pairs))
found = explain(log, log.entries[-1].entry.at)
assert found.past.fault is None and found.differences == (), found
print(sha256(canonical(found.past.state).encode()).hexdigest())
"""


@pytest.mark.parametrize(("database", "offset"), [("none", "none"), ("other", "9:00:00")])
def test_another_time_zone_database_changes_nothing(tmp_path: Path, database: str, offset: str) -> None:
    """Without any, or with one in which Berlin keeps Tokyo's time: the same log gives the same state, to the byte."""
    decisions = life(7, sealed=True)
    log = tmp_path / "log"
    log.write_text("\n".join(f"{each.sealed.digest} {each.sealed.body}" for each in decisions), "utf-8")
    zones = tmp_path / "zones"
    (zones / "Europe").mkdir(parents=True)
    if database == "other":
        tokyo = files("tzdata").joinpath("zoneinfo/Asia/Tokyo").read_bytes()
        (zones / "Europe" / "Berlin").write_bytes(tokyo)
    done = subprocess.run(
        [sys.executable, "-c", FOLDED, str(log)],
        env={**os.environ, "PYTHONTZPATH": str(zones)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout.split() == [offset, sha256(canonical(decisions[-1].state).encode()).hexdigest()], done.stderr
