"""A mass outage buries nobody: few messages each, every escalation named in one of them, the gravest first."""

from pathlib import Path

import pytest

from escalation.adapters.throttles import DEFAULT, read_throttles
from escalation.core.vocabulary import Channel, Severity
from tests.bench.storm import codes_in, storm

BREACHES, PEOPLE = 150, 3
LIMIT = read_throttles(DEFAULT).of(Channel.SMS)


def test_a_storm_of_breaches_is_told_in_a_few_messages(tmp_path: Path) -> None:
    """Fifty each, all at once, within five minutes; through acts, ledger and the vendor's package to its stand-in."""
    found = storm(tmp_path, BREACHES, PEOPLE)

    assert LIMIT is not None
    assert (found.late, found.unsent) == (0, 0)
    for person, effects in found.effects.items():
        assert len(effects) == BREACHES // PEOPLE
        assert len(found.texts[person]) <= LIMIT.most
        assert {effect.brief.code for effect in effects} <= found.named(person)


def test_the_gravest_stand_first_in_every_list(tmp_path: Path) -> None:
    """And the newest first among them; what was gravest is in the first list."""
    found = storm(tmp_path, BREACHES, PEOPLE, limits="sms=4/15m")
    for person, effects in found.effects.items():
        grades = {effect.brief.code: effect.brief.severity for effect in effects}
        lists = [codes_in(body) for body in found.texts[person] if " escalations need" in body]
        order = [code for codes in lists for code in codes]
        severities = [grades[code] for code in order]
        worst = [code for code in order if grades[code] is Severity.SEV1]

        assert severities == sorted(severities)
        assert worst == sorted(worst, reverse=True)


@pytest.mark.parametrize("body", ["no list at all", "Support escalations: P1 ESC-12: title. (Ref E1234567890)"])
def test_a_text_that_is_no_list_names_at_most_one(body: str) -> None:
    """The storm's own reader finds nothing that is not there."""
    assert len(codes_in(body)) == body.count("ESC-")
