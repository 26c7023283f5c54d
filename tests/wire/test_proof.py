"""A proof vouches for one person, one episode of one escalation and all that was said, for a while."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from escalation.core.case_facts import CaseFacts
from escalation.core.commands import Acknowledge, Approve, Reject
from escalation.core.facts import ReportDelivery
from escalation.core.money import Money
from escalation.core.standing import Standing
from escalation.core.vocabulary import Ask, Failure, Outcome
from escalation.wire.messages import Adoption, HandedFile, Instruction, LateFact, Start
from escalation.wire.proof import CLOCK_SKEW, PROOF_CHARS_MAX, Signer, claim_of, opening_claim

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = "a key of the tests, long enough to be one"
CLAIM = claim_of("ESC-1", "e1", Instruction(command=Approve(by="maya", reason="yes")))


def test_what_was_signed_is_vouched_for() -> None:
    """The same person, the same claim."""
    signer = Signer(KEY)

    assert signer.verify(signer.sign("maya", CLAIM, NOW), "maya", CLAIM, NOW, DAY)


START = Start(
    "ESC-1",
    "e1",
    "T-1",
    "maya",
    by_machine=False,
    route="leadership",
    severity=None,
    ask=Ask.DECIDE,
    title="Down",
    description="all of it",
    customer="acme",
    deadline=NOW + DAY,
    case=CaseFacts(yes=frozenset({"outage", "money"}), opened_at=NOW, dispute=Money(5, "EUR")),
    attachments=(HandedFile("a.txt", "ab" * 32, 3, "text/plain"),),
)


@pytest.mark.parametrize(
    "changed",
    [
        {"reference": "ESC-2"},
        {"episode": "e2"},
        {"by": "omar"},
        {"route": "legal"},
        {"deadline": NOW},
        {"customer": "other"},
        {"restricted": True},
        {"by_hand": "now"},
        {"case": None},
        {"case": CaseFacts()},
        {"attachments": ()},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_proof_of_an_opening_is_of_all_that_is_asked_for(changed: dict[str, Any]) -> None:
    """Whatever else is opened with it is opened by nobody; only the words, and the proof itself, are no part of it."""
    assert opening_claim(replace(START, **changed)) != opening_claim(START)
    assert opening_claim(replace(START, title="Up", description="", proof="p")) == opening_claim(START)


def test_the_proof_of_an_opening_survives_the_wire() -> None:
    """What the worker reads is what was signed: sets have an order, instants and amounts their one text."""
    adapter = TypeAdapter(Start)

    assert opening_claim(adapter.validate_json(adapter.dump_json(START))) == opening_claim(START)


@pytest.mark.parametrize(
    ("by", "claim"),
    [
        ("omar", CLAIM),
        ("maya", claim_of("ESC-2", "e1", Instruction(command=Approve(by="maya", reason="yes")))),
        ("maya", claim_of("ESC-1", "e2", Instruction(command=Approve(by="maya", reason="yes")))),  # the next episode
        ("maya", claim_of("ESC-1", "e1", Instruction(command=Acknowledge(by="maya")))),
        ("maya", claim_of("ESC-1", "e1", Instruction(command=Reject(by="maya", reason="yes")))),
        ("maya", claim_of("ESC-1", "e1", Instruction(command=Approve(by="maya", reason="yes", approval=2)))),
        ("maya", claim_of("ESC-1", "e1", Instruction(command=Approve(by="maya", reason="yes", break_glass=True)))),
        ("maya", claim_of("ESC-1", "e1", Instruction(command=Approve(by="maya", reason="another reason")))),
        ("maya", claim_of("ESC-1", "e1", Instruction(adopt=Adoption(by="maya", policy="demo", reason="yes")))),
        ("maya", ""),
    ],
)
def test_a_proof_of_something_else_is_worth_nothing(by: str, claim: str) -> None:
    """Another person, escalation, command, approval or reason, or the same yes by break-glass."""
    signer = Signer(KEY)

    assert not signer.verify(signer.sign("maya", CLAIM, NOW), by, claim, NOW, DAY)


def test_the_instant_is_part_of_the_claim() -> None:
    """Nobody moves an acknowledgement to an earlier time with a proof of a later one; the zone does not matter."""

    def said(at: datetime | None) -> str:
        return claim_of("ESC-1", "e1", Instruction(command=Acknowledge(by="dora", occurred_at=at)))

    assert len({said(None), said(NOW), said(NOW + timedelta(microseconds=1))}) == 3
    assert said(NOW) == said(NOW.astimezone())


def test_a_late_fact_is_bound_to_its_effect_and_its_news() -> None:
    """A receipt for one dispatch says nothing about another, and good news cannot be made bad."""
    said = {
        claim_of("ESC-1", "e1", LateFact(ReportDelivery(number=number, outcome=outcome, failure=failure)))
        for number in (1, 11)
        for outcome in (Outcome.DELIVERED, Outcome.FAILED)
        for failure in (None, Failure.DESTINATION)
    }

    assert len(said) == 8


def test_what_only_our_side_says_is_no_part_of_the_claim() -> None:
    """It is looked up, and whatever a caller writes there is dropped: the claim is the same without it."""
    said = [Approve("maya", "yes", standing) for standing in (None, Standing("maya", ("support-manager",)))]

    assert len({claim_of("ESC-1", "e1", Instruction(command)) for command in said}) == 1


@pytest.mark.parametrize(
    ("age", "holds"),
    [
        (timedelta(0), True),
        (DAY, True),
        (DAY + timedelta(seconds=1), False),
        (-CLOCK_SKEW, True),
        (-2 * CLOCK_SKEW, False),
    ],
)
def test_a_proof_ages(age: timedelta, holds: bool) -> None:  # noqa: FBT001  # the expected value
    """It holds until its age, and a little before its own time, since clocks differ."""
    signer = Signer(KEY)

    assert signer.verify(signer.sign("maya", CLAIM, NOW), "maya", CLAIM, NOW + age, DAY) is holds


def test_a_key_can_be_replaced_while_proofs_are_under_way() -> None:
    """The last key signs, all verify; a key that is gone no longer does."""
    old, both, new = Signer("old"), Signer(["old", "new"]), Signer("new")

    assert both.verify(old.sign("maya", CLAIM, NOW), "maya", CLAIM, NOW, DAY)
    assert new.verify(both.sign("maya", CLAIM, NOW), "maya", CLAIM, NOW, DAY)
    assert not new.verify(old.sign("maya", CLAIM, NOW), "maya", CLAIM, NOW, DAY)


@pytest.mark.parametrize("keys", ["", [], ["one", ""]])
def test_a_signer_without_a_key_is_refused(keys: str | list[str]) -> None:
    """An empty key would vouch for everybody."""
    with pytest.raises(ValueError, match="at least one key"):
        Signer(keys)


@given(st.one_of(st.none(), st.text(max_size=200), st.just("x" * (PROOF_CHARS_MAX + 1))))
def test_garbage_is_no_proof_and_no_error(garbage: str | None) -> None:
    """Whatever a signal brings along."""
    assert not Signer(KEY).verify(garbage, "maya", CLAIM, NOW, DAY)


@given(st.integers(min_value=0, max_value=10_000), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_character_spoils_a_proof(place: int, character: str) -> None:
    """Wherever it is."""
    proof = Signer(KEY).sign("maya", CLAIM, NOW)
    place %= len(proof)
    changed = proof[:place] + character + proof[place + 1 :]

    # Base64 leaves two bits of the last character unused, so another one there may spell the same signature.
    if changed != proof and place != len(proof) - 1:
        assert not Signer(KEY).verify(changed, "maya", CLAIM, NOW, DAY)
