"""`escalate policy migrate`: an open escalation moves to another agreement, and every deadline that moves is told."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from escalation.core.commands import Acknowledge, AdoptPolicy, Command
from escalation.core.decide import decide
from escalation.core.policy import Policy
from escalation.core.refusals import Refusal
from escalation.core.state import Escalation
from escalation.wire.messages import Answer
from escalation.wire.outcomes import Refused
from escalation.wire.policy import freeze
from escalation.wire.yaml_reader import read
from tests.edge.cli.terminal import KNOWN, NOW, KeptEntry, RememberingClient, Terminal
from tests.edge.cli.test_audit import opening
from tests.edge.reports.agreements import SETTLES

BEGAN = NOW - timedelta(minutes=30)
DEFAULT = (Path(__file__).parents[3] / "escalation" / "policies" / "default.yaml").read_text()
LONGER = DEFAULT.replace('version: "2"', 'version: "3"').replace('limit: "2h"', 'limit: "3h"')


@pytest.fixture
def newer(tmp_path: Path) -> str:
    """The default agreement with another resolution for SEV1."""
    file = tmp_path / "default.yaml"
    file.write_text(LONGER)
    return str(file)


@pytest.fixture
def kept(terminal: Terminal) -> Terminal:
    """A SEV1 that somebody has taken."""
    terminal.log.rows = rows(None)
    return terminal


def rows(adopted: Policy | None) -> list[KeptEntry]:
    state: Escalation | None = None
    kept = []
    steps: list[tuple[Command, timedelta]] = [
        (opening("e1"), timedelta(0)),
        (Acknowledge("amira"), timedelta(minutes=5)),
    ]
    if adopted is not None:
        steps.append((AdoptPolicy("maya", adopted, "new quarter"), timedelta(minutes=30)))
    for command, after in steps:
        decision = decide(state, command, BEGAN + after)
        state, sealed = decision.state, decision.sealed
        kept.append(KeptEntry(KNOWN, "e1", sealed.entry.sequence, sealed.digest, sealed.body))
    return kept


def test_a_preview_lists_every_deadline_that_would_move(kept: Terminal, newer: str) -> None:
    """Clock, edge, from, to, difference: from the log alone, and nobody is asked."""
    said = kept("policy", "migrate", KNOWN, "--to", newer, "--preview")

    assert said.exit == 0
    assert said.out.startswith("INC-1: default 2 -> default 3 (")
    assert "  resolution limit    2026-03-01 15:00 CET (14:00Z) -> 2026-03-01 16:00 CET (15:00Z), 1h later" in [
        " ".join(line.split()).replace("resolution limit ", "  resolution limit    ") for line in said.out.splitlines()
    ]
    assert kept.client.adopted == []


def test_a_preview_in_json_has_every_move(kept: Terminal, newer: str) -> None:
    found = json.loads(kept("policy", "migrate", KNOWN, "--to", newer, "--preview", "--json").out)
    limit = next(each for each in found["moves"] if (each["clock"], each["edge"]) == ("resolution", "limit"))

    assert (found["from"], found["to"], found["refusal"]) == ("default 2", "default 3", None)
    assert (limit["before"], limit["after"], limit["difference_seconds"]) == (
        "2026-03-01T14:00:00Z", "2026-03-01T15:00:00Z", 3600.0,
    )  # fmt: skip


def test_a_preview_says_what_would_be_refused(kept: Terminal) -> None:
    """Exit 1: its own agreement, unchanged, is no change."""
    said = kept("policy", "migrate", KNOWN, "--preview")

    assert said.exit == 1
    assert "it would be refused: no change" in said.out


def test_a_preview_of_a_log_that_does_not_hold_fails(kept: Terminal, newer: str) -> None:
    kept.log.damage(2, digest="0" * 64)
    said = kept("policy", "migrate", KNOWN, "--to", newer, "--preview")

    assert said.exit == 1
    assert "entry 2 does not hold" in said.out


class Adopting(RememberingClient):
    """The engine as the third entry: it arrives in the log once it is asked."""

    def __init__(self, terminal: Terminal, kept: list[KeptEntry]) -> None:
        super().__init__()
        self._terminal, self._kept = terminal, kept

    async def adopt_policy(self, ref: str, *, by: str, policy: str, reason: str, key: str | None = None) -> Answer:
        answer = await super().adopt_policy(ref, by=by, policy=policy, reason=reason, key=key)
        self._terminal.log.arriving = self._kept
        return Answer(ref, "e1", 3, answer.phase)


def test_what_was_moved_is_read_in_the_log(kept: Terminal) -> None:
    """Once the entry has arrived; by default it is the newest version of its own agreement."""
    policy = freeze(read(LONGER.encode()), BEGAN, SETTLES)
    kept.client = Adopting(kept, rows(policy)[2:])
    said = kept("policy", "migrate", KNOWN, "--by", "maya", "--reason", "new quarter", "--key", "k1")

    assert said.exit == 0
    assert said.out.splitlines()[0] == "INC-1: active (entry 3 of its log)"
    assert "1h later" in said.out
    assert kept.client.adopted == [(KNOWN, "maya", "default", "new quarter", "k1")]


def test_a_log_that_comes_too_late_is_said_to(kept: Terminal) -> None:
    """The answer counts all the same."""
    said = kept("policy", "migrate", KNOWN, "--to", "demo", "--reason", "trial")
    found = json.loads(kept("policy", "migrate", KNOWN, "--to", "demo", "--reason", "trial", "--json").out)

    assert said.exit == 0
    assert "what it moved is not in the audit log yet; read it with: escalate explain INC-1" in said.out
    assert (found["sequence"], found["moves"]) == (8, None)


def test_a_refusal_is_one_line(kept: Terminal) -> None:
    kept.client.fails = Refused(Refusal.NO_CHANGE, {"version": "2"}, KNOWN)
    said = kept("policy", "migrate", KNOWN, "--reason", "new quarter")

    assert (said.exit, len(said.err.splitlines())) == (1, 1)


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ((KNOWN,), "needs a reason"),
        ((KNOWN, "--to", "./x.yaml", "--reason", "why"), "publish the file first, then migrate to its name"),
        (("nobody-9", "--preview"), "NOBODY-9: the audit log has no entries"),
        ((KNOWN, "--to", "gone", "--preview"), "no policy is called 'gone'"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line(kept: Terminal, typed: tuple[str, ...], complaint: str) -> None:
    """What, and the next step; nobody was asked."""
    said = kept("policy", "migrate", *typed)

    assert (said.exit, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert complaint in said.err
    assert kept.client.adopted == []
