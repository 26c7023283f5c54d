"""What another agreement moves is known before it is adopted, from the log alone, and afterwards it is the same."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from escalation.core.commands import Acknowledge, AdoptPolicy, Block, Cancel, Command, Open
from escalation.core.decide import decide
from escalation.core.effects import Text
from escalation.core.policy import Policy, Route
from escalation.core.state import Escalation
from escalation.core.vocabulary import Ask, ClockName, Edge, Severity
from escalation.reports.migration import moved_by, preview
from escalation.reports.past import Log, read
from tests.edge.reports.agreements import AT, agreed, changed

HOUR = timedelta(hours=1)
SHORTER = changed(('version: "1"', 'version: "2"'), ('"8h", goal: "4h", leads: ["1h"]', '"6h", goal: "4h"')).policy
WORDS = Text("text-1", "c" * 64)


@dataclass(frozen=True)
class Row:
    reference: str
    episode: str
    digest: str
    body: str


class Story:
    """An escalation at SEV2 whose log is kept."""

    def __init__(self) -> None:
        self.state: Escalation | None = None
        self.rows: list[Row] = []
        self.at = AT
        policy = agreed().policy
        self.do(
            Open(
                reference="INC-1", episode="e1", ticket="INC-1", by="rosa", by_machine=False,
                route="l2-to-engineering", severity=Severity.SEV2, ask=Ask.FIX, title=WORDS, description=WORDS,
                customer="acme", deadline=AT + timedelta(days=1), policy=replace(policy, routes=_open(policy)),
            )
        )  # fmt: skip
        self.do(Acknowledge("dora"))

    def do(self, command: Command) -> None:
        decision = decide(self.state, command, self.at)
        self.state, sealed = decision.state, decision.sealed
        self.rows.append(Row("INC-1", "e1", sealed.digest, sealed.body))

    @property
    def log(self) -> Log:
        return read(self.rows, "INC-1", "e1")


def _open(policy: Policy) -> tuple[Route, ...]:
    """No approval is asked for: the clocks of an owner run."""
    return tuple(replace(route, approval=None) for route in policy.routes)


def newer(policy: Policy = SHORTER) -> Policy:
    return replace(policy, routes=_open(policy))


def test_a_preview_lists_every_deadline_that_would_move() -> None:
    """Clock, edge, from when to when; a warning that is gone is told too, and what stays is not."""
    story = Story()
    seen = preview(story.log, newer(), "maya", AT + HOUR)

    assert seen is not None
    assert (seen.version, seen.refusal, seen.fault) == ("plain 1", None, None)
    resolution = {move.edge: move for move in seen.moves if move.clock is ClockName.RESOLUTION}
    assert {edge: (move.before, move.after) for edge, move in resolution.items()} == {
        Edge.WARNING: (AT + 7 * HOUR, None),
        Edge.LIMIT: (AT + 8 * HOUR, AT + 6 * HOUR),
    }
    assert resolution[Edge.LIMIT].difference == -2 * HOUR
    assert resolution[Edge.WARNING].difference is None


def test_a_preview_changes_nothing_and_is_what_happens_then() -> None:
    """The log is as long as before; the adoption moves exactly what the preview has said."""
    story = Story()
    story.at = AT + HOUR
    seen = preview(story.log, newer(), "maya", story.at)
    assert len(story.rows) == 2
    story.do(AdoptPolicy("maya", newer(), "new quarter"))

    assert seen is not None
    assert seen.moves == moved_by(story.log, 3)


def test_only_what_the_agreement_moves_is_told() -> None:
    """A deadline that has passed meanwhile fires on both sides, and is no difference."""
    story = Story()
    seen = preview(story.log, newer(replace(agreed().policy, version="2", digest="22" * 32)), "maya", AT + 3 * HOUR)

    assert seen is not None
    assert {move.clock for move in seen.moves} <= {
        ClockName.CHECK_IN, ClockName.CUSTOMER_UPDATE, ClockName.SILENCE,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "refusal"),
    [
        (newer(replace(SHORTER, routes=())), "unknown_route"),
        (newer(agreed().policy), "no_change"),
    ],
)
def test_what_would_be_refused_is_said(policy: Policy, refusal: str) -> None:
    """With the reason; nothing moves."""
    seen = preview(Story().log, policy, "maya", AT + HOUR)

    assert seen is not None
    assert (seen.refusal, seen.moves) == (refusal, ())


def test_an_escalation_that_is_over_refuses() -> None:
    story = Story()
    story.do(Cancel("rosa", "twice"))
    seen = preview(story.log, newer(), "maya", AT + HOUR)

    assert seen is not None
    assert seen.refusal == "ended"


def test_a_log_that_does_not_hold_is_no_ground_for_a_preview() -> None:
    """Nor is one that had not begun."""
    story = Story()
    story.rows[1] = replace(story.rows[1], digest="0" * 64)
    broken = preview(story.log, newer(), "maya", AT + HOUR)

    assert broken is not None
    assert broken.fault is not None
    assert broken.fault.startswith("entry 2 does not hold")
    assert preview(Story().log, newer(), "maya", AT - HOUR) is None


def test_what_an_entry_moved_is_known_only_of_an_adoption() -> None:
    """Not of another command, nor of an entry that has not arrived."""
    story = Story()

    assert [moved_by(story.log, sequence) for sequence in (1, 2, 3)] == [None] * 3


def test_a_preview_of_one_that_waits_tells_as_if_it_were_taken_up() -> None:
    """Its clocks stand still and have no dues; what is left of each target moves all the same."""
    story = Story()
    story.do(Block("dora", "the customer"))
    seen = preview(story.log, newer(), "maya", AT + HOUR)

    assert seen is not None
    assert seen.waiting
    resolution = {move.edge: move for move in seen.moves if move.clock is ClockName.RESOLUTION}
    assert resolution[Edge.LIMIT].difference == -2 * HOUR
    assert resolution[Edge.LIMIT].before == AT + 9 * HOUR


def test_a_cadence_that_begins_anew_is_one_line() -> None:
    """The turn that ends and the one that begins are the same promise: when the next word comes."""
    turn = 'customer_update: { every: "4h" }'
    rarer = changed(('version: "1"', 'version: "2"'), (turn, turn.replace("4h", "6h"))).policy
    seen = preview(Story().log, newer(rarer), "maya", AT + HOUR)

    assert seen is not None
    words = [move for move in seen.moves if move.clock is ClockName.CUSTOMER_UPDATE and move.edge is Edge.LIMIT]
    assert [(move.before is None, move.after is None) for move in words] == [(False, False)]
