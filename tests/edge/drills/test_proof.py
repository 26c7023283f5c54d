"""A log of a play is compared with what the core alone would have written, and each kind of difference is caught."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.audit import Kept
from escalation.core.commands import Acknowledge, AddNote, Command, Elapse
from escalation.core.decide import decide
from escalation.core.facts import ReportDelivery
from escalation.core.state import Escalation
from escalation.drills.proof import LATE_MAX, Differs, prove
from escalation.drills.pure import rehearse
from escalation.drills.script import Script
from tests.edge.drills.samples import log_of, sample, stage

SCRIPTS = sample()
PLAYED = rehearse(SCRIPTS[0], stage(), fires_max=6)
LOG = log_of(PLAYED)


def redecided(commands: list[tuple[Command, timedelta]]) -> list[Kept]:
    """An honest log of other commands: each decided by the rules, so that only the play can tell."""
    state: Escalation | None = None
    log = []
    for command, since in commands:
        decision = decide(state, command, LOG[0].entry.at + since)
        log.append(Kept(decision.sealed.body, decision.sealed.entry, decision.sealed.digest))
        state = decision.state
    return log


def commands() -> list[tuple[Command, timedelta]]:
    return [(kept.entry.command, kept.entry.at - LOG[0].entry.at) for kept in LOG]


def at(kind: type[Command]) -> int:
    """Where the first command of a kind stands."""
    return next(i for i, kept in enumerate(LOG) if isinstance(kept.entry.command, kind))


@pytest.mark.parametrize("told", SCRIPTS, ids=[told.reference for told in SCRIPTS])
def test_what_the_core_alone_wrote_is_proven(told: Script) -> None:
    """Every entry, and nothing came late."""
    played = rehearse(told, stage(), fires_max=20)
    proof = prove(played.script, stage(), log_of(played))

    assert (proof.entries, proof.late) == (len(played.log), timedelta(0))


def test_an_engine_may_be_late_and_answers_may_come_in_another_order() -> None:
    """Instants and the order of answers are the engine's; everything else follows from them."""
    later = [(command, since + timedelta(milliseconds=7 * i)) for i, (command, since) in enumerate(commands())]
    first = at(ReportDelivery)
    swapped = [*later[: first - 1], (later[first][0], later[first - 1][1]), (later[first - 1][0], later[first][1])]
    log = redecided([*swapped, *later[first + 1 :]])

    assert prove(PLAYED.script, stage(), log).late > timedelta(0)


def _dropped(log: list[tuple[Command, timedelta]]) -> None:
    del log[at(Acknowledge)]


def _unfinished(log: list[tuple[Command, timedelta]]) -> None:
    del log[-1]


def _somebody_else(log: list[tuple[Command, timedelta]]) -> None:
    log[at(Acknowledge)] = (Acknowledge("somebody-else", "play"), log[at(Acknowledge)][1])


def _said_besides(log: list[tuple[Command, timedelta]]) -> None:
    log.insert(at(Acknowledge), (AddNote("somebody-else"), log[at(Acknowledge)][1]))


def _fired_for_nothing(log: list[tuple[Command, timedelta]]) -> None:
    log.insert(at(Elapse), (Elapse(), log[at(Elapse)][1] - timedelta(seconds=1)))


def _answered_twice(log: list[tuple[Command, timedelta]]) -> None:
    log.insert(at(ReportDelivery), log[at(ReportDelivery)])


def _answered_otherwise(log: list[tuple[Command, timedelta]]) -> None:
    fact, since = log[at(ReportDelivery)]
    assert isinstance(fact, ReportDelivery)
    log[at(ReportDelivery)] = (replace(fact, how="unledgered"), since)


def _too_late(log: list[tuple[Command, timedelta]]) -> None:
    fire, since = log[at(Elapse)]
    log[at(Elapse)] = (fire, since + LATE_MAX + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_dropped, "nothing was asked"),
        (_unfinished, "an answer is missing"),
        (_somebody_else, "expects"),
        (_said_besides, "expects"),
        (_fired_for_nothing, "was planned for"),
        (_answered_twice, "nothing was asked"),
        (_answered_otherwise, "expects"),
        (_too_late, "has not been served"),
    ],
)
def test_a_log_of_something_else_is_caught(change: Callable[[list[tuple[Command, timedelta]]], None], why: str) -> None:
    """Each is an honest log with a right chain: only that it is not this play."""
    told = commands()
    change(told)

    with pytest.raises(Differs, match=why):
        prove(PLAYED.script, stage(), redecided(told))


def test_an_entry_with_other_bytes_is_caught() -> None:
    """Even if it says the same."""
    log = [*LOG[:3], replace(LOG[3], body=LOG[3].body + " "), *LOG[4:]]

    with pytest.raises(Differs, match=r"entry 4: decided by the core alone, it is another one"):
        prove(PLAYED.script, stage(), log)


def test_what_people_said_last_may_not_be_missing() -> None:
    """A play that stops half-way is not the whole play."""
    with pytest.raises(Differs, match="is missing"):
        prove(PLAYED.script, stage(), LOG[: at(Acknowledge)])
