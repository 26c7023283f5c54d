"""What an agreement makes of triage: off unless it says more, by the shipped rules or by its own."""

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from escalation.core.policy import Policy, TriageTerms
from escalation.core.vocabulary import Channel, TriageMode
from escalation.wire.policy import freeze
from escalation.wire.triage_rules import shipped
from escalation.wire.triage_terms import ruling_of
from escalation.wire.yaml_reader import FaultyFileError, read
from tests.scenarios.agreements import agreement

SETTLES = {channel: timedelta(minutes=1) for channel in Channel}


def source(**sections: Any) -> bytes:  # noqa: ANN401  # of an agreement
    return json.dumps({**json.loads(agreement("own")), **sections}).encode()


def frozen(**sections: Any) -> Policy:  # noqa: ANN401  # of an agreement
    return freeze(read(source(**sections)), datetime(2026, 3, 1, tzinfo=UTC), SETTLES)


def own_rules(route: str = "to-engineering") -> dict[str, Any]:
    rules: Any = read((files("escalation") / "triage" / "default.yaml").read_bytes()).value
    for rule in rules["rules"]:
        rule["route"] = route
    return {**rules, "name": "own", "version": "7"}


def test_an_agreement_that_says_nothing_has_no_triage() -> None:
    """The same as one that says so."""
    assert frozen().triage == TriageTerms() == frozen(triage="off").triage
    assert frozen(triage={"mode": "off"}).triage.mode is TriageMode.OFF


def test_the_shipped_default_agreement_is_advised_by_the_shipped_rules() -> None:
    """Its routes are those that the rules lead to."""
    document = read((files("escalation") / "policies" / "default.yaml").read_bytes())
    rules, questions = shipped()

    ruling = ruling_of(document, document.value["routes"])  # type: ignore[arg-type]  # it is a mapping

    assert ruling.terms == TriageTerms(TriageMode.ADVISE, rules.name, rules.version, rules.digest)
    assert (ruling.rules, ruling.questions) == (rules, questions)


def test_an_agreement_may_bring_its_own_rules() -> None:
    """They are part of the file: its digest is theirs."""
    policy = frozen(triage={"mode": "required", "rules": own_rules()})

    assert policy.triage == TriageTerms(TriageMode.REQUIRED, "own", "7", policy.digest)


def test_rules_that_are_not_asked_are_read_for_whoever_asks() -> None:
    """Off is off for openings; a request may ask all the same."""
    ruling = ruling_of(read(source(triage={"mode": "off", "rules": own_rules()})))

    assert (ruling.terms.mode, ruling.rules.name) == (TriageMode.OFF, "own")
    assert ruling_of(read(source())).rules.name == "default"


@pytest.mark.parametrize(
    ("triage", "fault"),
    [
        ("maybe", "triage.mode (line 1): 'maybe' is not known; write one of 'off', 'advise' or 'required'"),
        ({"mode": "advise", "rules": "mine"}, "'mine' are no rules; write default, or the rules themselves"),
        ({"mode": "advise"}, "the shipped rules lead to any-to-customer-success, any-to-finance"),
        ({"mode": "advise", "rules": own_rules("nowhere")}, "no route is called 'nowhere'"),
        ({"mode": "advise", "rules": {"name": "own"}}, "triage.rules.version"),
        ({}, "triage.mode"),
        (5, "triage"),
    ],
)
def test_a_mistake_refuses_the_agreement(triage: object, fault: str) -> None:
    """In one line, with its place."""
    with pytest.raises(FaultyFileError) as refused:
        frozen(triage=triage)

    assert fault in str(refused.value)
