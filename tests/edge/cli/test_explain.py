"""`escalate explain`: why every clock says what it says, from the audit log alone."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from escalation.cli.explaining import MARKS_SHOWN_MAX, STRETCHES_SHOWN_MAX, STRETCHES_TOLD_MAX, TURNS_SHOWN_MAX
from escalation.core.commands import Acknowledge, AddNote, Block, ChangeSeverity, Command, Snooze, Unblock
from escalation.core.decide import decide
from escalation.core.lull import MaintenanceWindow
from escalation.core.policy import Policy, Target
from escalation.core.state import Escalation
from escalation.core.vocabulary import Severity
from escalation.wire.messages import View
from tests.core.cases import DAY, HOUR, MINUTE, POLICY, TEXT, opening, with_terms
from tests.edge.cli.terminal import KNOWN, NOW, KeptEntry, RememberingClient, Terminal

# A Friday, 15:00 in Berlin: two hours before the office closes.
BEGAN = datetime(2026, 2, 27, 14, tzinfo=UTC)
Steps = Sequence[tuple[timedelta, Command]]
LIFE: Steps = (
    (10 * MINUTE, Acknowledge("ann")),
    (HOUR, Block("ann", "customer")),
    (20 * HOUR, Unblock("ann", "the answer came")),
)


def rows(
    steps: Steps, began: datetime = BEGAN, severity: Severity = Severity.SEV3, policy: Policy = POLICY
) -> list[KeptEntry]:
    """A log of an opening and what came so long after it."""
    state: Escalation | None = None
    kept = []
    deadline = began + 900 * DAY
    first = opening(reference=KNOWN, episode="e1", severity=severity, policy=policy, deadline=deadline)
    for later, command in ((timedelta(0), first), *steps):
        decision = decide(state, command, began + later)
        state, sealed = decision.state, decision.sealed
        kept.append(KeptEntry(KNOWN, "e1", sealed.entry.sequence, sealed.digest, sealed.body))
    return kept


@pytest.fixture
def kept(terminal: Terminal) -> Terminal:
    """Opened on a Friday afternoon, taken, blocked overnight; no engine anywhere."""

    class Away(RememberingClient):
        async def view(self, ref: str) -> View:
            raise AssertionError("the engine was asked")

    terminal.log.rows = rows(LIFE)
    terminal.client = Away()
    return terminal


def block_of(out: str, head: str) -> list[str]:
    """The lines about one clock."""
    lines = out.splitlines()
    begins = next(place for place, line in enumerate(lines) if line.startswith(head))
    return lines[begins : begins + lines[begins:].index("")]


def test_every_clock_is_explained(kept: Terminal) -> None:
    """Target and where it comes from, one sentence why, each stretch with its reason, and the edges ahead."""
    said = kept("explain", KNOWN)
    limit, resumed = "2026-03-04 16:00 CET (15:00Z)", "2026-02-28 11:00 CET (10:00Z)"

    assert said.exit == 0
    assert block_of(said.out, "resolution, turn 1") == [
        "resolution, turn 1: running",
        "target     24h of calendar office (Europe/Berlin), warning 1h before",
        "from       resolution target of SEV3 (P3); policy standard 1",
        f"because    24h of calendar office, 1h counted, 19h paused, so 23h remain: due Wednesday {limit}",
        "           started 2026-02-27 15:00 CET (14:00Z): entry 1, open by sue",
        '           paused 2026-02-27 16:00 CET (15:00Z): entry 3, block by ann: "customer"',
        '           resumed 2026-02-28 11:00 CET (10:00Z): entry 4, unblock by ann: "the answer came"',
        "  open     2026-02-27 15:00 CET (14:00Z) → 2026-02-27 16:00 CET (15:00Z)  1h counted by then",
        f'  paused   2026-02-27 16:00 CET (15:00Z) → {resumed}  1h counted by then  entry 3, block by ann: "customer"',
        f"  closed   {resumed} → 2026-03-01 13:30 CET (12:30Z)  1h counted by then  Saturday, Sunday",
        "ahead      warning 2026-03-04 15:00 CET (14:00Z), in 3 days",
        f"ahead      limit {limit}, in 3 days",
    ]
    assert "every due of 4 clocks was worked out again from its stretches: none differs" in said.out
    assert "\x1b[" not in said.out


def test_any_past_instant_can_be_asked_about(kept: Terminal) -> None:
    """State, owner, who had to act and what was due, as `show --at` tells it; and the clocks of that instant."""
    said = kept("explain", KNOWN, "--at", "2026-02-27T16:30+01:00")
    shown = kept("show", KNOWN, "--at", "2026-02-27T16:30+01:00")

    assert said.out.startswith(shown.out)
    assert "must act   sue, as customer contact" in said.out
    assert "because    24h of calendar office, 1h counted, 30m paused: 23h remain, and it stands still" in said.out


def test_what_is_over_is_told(kept: Terminal) -> None:
    """Whether a turn was kept or missed, when its limit lay, and who ended it."""
    out = kept("explain", KNOWN).out

    assert "  response 1: kept, limit 2026-03-02 11:00 CET (10:00Z); began 2026-02-27 15:00 CET (14:00Z)" in out


def test_another_target_names_who_gave_it(terminal: Terminal) -> None:
    """The entry with its reason, and what changed."""
    terminal.log.rows = rows([(HOUR, ChangeSeverity("rosa", Severity.SEV2, "it got worse"))])

    out = terminal("explain", KNOWN, "--at", "2026-02-27T16:30+01:00").out

    told = 'entry 2, change severity by rosa: "it got worse" (acknowledgement limit passed, severity SEV3 → SEV2)'
    assert f"retargeted, forward 2026-02-27 16:00 CET (15:00Z): {told}" in out
    assert "from       resolution target of SEV2 (P2); policy standard 1" in out


def test_a_year_stays_bounded(terminal: Terminal) -> None:
    """Closed nights are folded, and so is what happened; JSON has more of it."""
    began = NOW - 366 * DAY
    steps: list[tuple[timedelta, Command]] = [(MINUTE, Acknowledge("ann"))]
    for day in range(1, 40):
        steps += [(9 * day * DAY, Block("ann", "customer")), (9 * day * DAY + HOUR, Unblock("ann", "came"))]
        steps += [(9 * day * DAY + 2 * HOUR, AddNote("ann", TEXT))]
    far = with_terms(Severity.SEV4, resolution=Target(5000 * HOUR, None, (), "office"))
    terminal.log.rows = rows(steps, began, Severity.SEV4, far)

    out = terminal("explain", KNOWN).out
    clocks = json.loads(terminal("explain", KNOWN, "--json").out)["clocks"]

    for line in ("open", "closed", "paused", "folded"):
        assert f"\n  {line} " in out
    assert "more: " in out
    shown = [line for line in out.splitlines() if line.startswith(("  open ", "  closed ", "  paused ", "  folded "))]
    assert len(shown) <= STRETCHES_SHOWN_MAX * out.count(", turn ")
    assert len(out.splitlines()) <= (STRETCHES_SHOWN_MAX + MARKS_SHOWN_MAX + 8) * out.count(", turn ") + 40
    assert out.count(" over 20") <= TURNS_SHOWN_MAX
    assert max(len(clock["stretches"]) for clock in clocks) in range(200, STRETCHES_TOLD_MAX + 1)


def test_json_is_complete(kept: Terminal) -> None:
    """The same as on the page, with the past's own fields."""
    found = json.loads(kept("explain", KNOWN, "--json").out)
    resolution = next(clock for clock in found["clocks"] if clock["name"] == "resolution")

    assert (found["view"]["phase"], found["responsible"]["people"], found["holds"]) == ("active", ["ann"], True)
    assert found["differences"] == []
    assert [each["kind"] for each in resolution["stretches"]] == ["open", "paused", "closed"]
    assert (resolution["due"], resolution["left"], resolution["state"]) == ("2026-03-04T15:00:00Z", "PT23H", "running")
    assert resolution["because"].endswith("due Wednesday 2026-03-04 15:00 UTC")
    assert [turn["fate"] for turn in found["turns"] if turn["name"] == "response"] == ["kept"]


def test_a_log_that_does_not_hold_is_a_failed_check(kept: Terminal) -> None:
    """Exit 1, with what could be told before the first bad entry."""
    kept.log.damage(3, body="{}")

    said = kept("explain", KNOWN)

    assert said.exit == 1
    assert "entry 3 does not hold" in said.out


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        (["nobody-9"], "NOBODY-9: the audit log has no entries; correct the reference"),
        ([KNOWN, "--at", "2026-02-26T00:00Z"], "INC-1 was not open at"),
        ([KNOWN, "--at", "23:59"], "lies ahead"),
        ([KNOWN, "--episode", "e9"], "its episodes are e1"),
    ],
)
def test_what_cannot_be_told_is_one_line(kept: Terminal, typed: list[str], complaint: str) -> None:
    """What, the limit, the next step."""
    said = kept("explain", *typed)

    assert (said.exit, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert complaint in said.err


def test_what_stood_still_for_a_snooze_is_explained_by_it_and_no_promise_did(terminal: Terminal) -> None:
    """The page says until when and why; the check-in names the snooze, the resolution has never paused."""
    snooze = Snooze("ann", NOW + HOUR, "on a train")
    terminal.log.rows = rows(((2 * MINUTE, Acknowledge("ann")), (5 * MINUTE, snooze)), NOW - 10 * MINUTE, Severity.SEV2)
    said = terminal("explain", KNOWN)

    assert (said.exit, said.err) == (0, "")
    assert "left alone until 2026-03-01 14:30 CET (13:30Z), in 1h, by ann; snooze: on a train" in said.out
    check_in = block_of(said.out, "check-in, turn 1")
    assert check_in[0] == "check-in, turn 1: paused"
    assert any(
        'paused 2026-03-01 13:25 CET (12:25Z): entry 3, snooze by ann: "on a train"' in line for line in check_in
    )
    assert "paused" not in "\n".join(block_of(said.out, "resolution, turn 1"))
    assert "from       the end of a snooze, or of a window of maintenance; policy standard 1" in said.out


def test_what_stood_still_from_the_opening_on_is_explained_by_the_maintenance(terminal: Terminal) -> None:
    """Nobody was asked, and the entry says why."""
    window = MaintenanceWindow("db-move", NOW - HOUR, NOW + HOUR, "the database moves", "dana")
    decision = decide(
        None,
        opening(reference=KNOWN, episode="e1", deadline=NOW + DAY, maintenance=(window,)),
        NOW - 10 * MINUTE,
    )
    terminal.log.rows = [KeptEntry(KNOWN, "e1", 1, decision.sealed.digest, decision.sealed.body)]
    said = terminal("explain", KNOWN)

    assert (said.exit, said.err) == (0, "")
    assert "by dana; maintenance db-move: the database moves" in said.out
    asked = block_of(said.out, "acknowledgement, turn 1")
    assert asked[0] == "acknowledgement, turn 1: paused"
    assert any("entry 1, open by sue (" in line and "maintenance db-move: the database moves" in line for line in asked)
