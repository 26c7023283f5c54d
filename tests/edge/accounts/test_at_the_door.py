"""Triage when something is opened: the facts that it is judged by, and what is said of those that are missing."""

import json
import logging
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from activities.triaging import Triage
from escalation.adapters.accounts import AccountsDown
from escalation.adapters.policies import PolicyShelf
from escalation.core.account import Account, Flag
from escalation.core.case_facts import CaseFacts, Manual
from escalation.core.intake import TriageRecord
from escalation.core.triage import Verdict
from escalation.core.vocabulary import Channel
from tests.scenarios.agreements import agreement
from workflows.ports import Intake

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = timezone(-timedelta(hours=5))
WORDS = {"title": "We are locked out", "description": "Nobody can work.", "attachment": "outage.txt"}


class Known:
    """Knows one account, or is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away

    def find(self, customer: str) -> Account | None:
        if self.away:
            raise AccountsDown("the accounts cannot be asked (Away)")
        return Account("acme", tier="enterprise", flags=(Flag.VIP,), contact="tala") if customer == "acme" else None


class Keyed:
    """Commits to words in a way that a test can read."""

    def commitment(self, words: str) -> str:
        return words


def judge(
    tmp_path: Path,
    intake: Intake,
    *,
    away: bool = False,
    words: dict[str, str] | None = None,
) -> TriageRecord | None:
    shelf = PolicyShelf(tmp_path, tmp_path / "kept", {channel: timedelta(minutes=1) for channel in Channel})
    return Triage(shelf, Known(away=away), Keyed()).judge(intake, WORDS if words is None else words, "INC-7", AT)


def asked(customer: str = "acme", policy: str = "default", *, wanted: bool = False, **case: object) -> Intake:
    return Intake(policy, customer, "rosa", CaseFacts(**case), wanted)  # type: ignore[arg-type]  # its own fields


def test_the_words_of_the_opening_are_the_text_unless_the_case_brings_its_own(tmp_path: Path) -> None:
    """Title and description; names of files are none of it. The log has a commitment, no words."""
    found = judge(tmp_path, asked())
    assert found is not None
    assert "says-locked-out" in {rule.id for rule in found.fired}
    assert "says-outage" not in {rule.id for rule in found.fired}
    facts = json.loads(found.facts)
    assert facts["text"] == "We are locked out\nNobody can work."
    assert facts["segment"] == found.segment == "vip"

    own = judge(tmp_path, asked(text="There is an outage."))
    assert own is not None
    assert "says-outage" in {rule.id for rule in own.fired}


def test_whose_account_it_is_counts_and_is_noted(tmp_path: Path) -> None:
    """Known, unknown, or not to be asked: triage goes on."""
    known, unknown = judge(tmp_path, asked()), judge(tmp_path, asked("stranger"))
    away = judge(tmp_path, asked(), away=True)
    assert known is not None
    assert unknown is not None
    assert away is not None

    assert (known.account.known, known.account.told, known.account.contact) == (True, "vip, enterprise", "tala")
    assert (unknown.account.known, unknown.account.told) == (False, "no account is kept for 'stranger'")
    assert (away.account.known, away.account.told) == (False, "the accounts cannot be asked (Away)")
    assert away.verdict is Verdict.ESCALATE


def test_an_account_that_cannot_be_asked_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """For whoever runs it."""
    with caplog.at_level(logging.WARNING):
        judge(tmp_path, asked(), away=True)

    assert "INC-7 is triaged without account facts: the accounts cannot be asked (Away)" in caplog.text


def test_where_triage_is_off_it_is_asked_only_by_request(tmp_path: Path) -> None:
    """By the shipped rules then."""
    (tmp_path / "plain.yaml").write_text(agreement("plain"))

    assert judge(tmp_path, asked(policy="plain")) is None
    wanted = judge(tmp_path, asked(policy="plain", wanted=True))
    assert wanted is not None
    assert wanted.rules == "default"
    by_hand = judge(tmp_path, Intake("plain", "acme", "rosa", CaseFacts(), by_hand="A pattern."), words={})
    assert by_hand is not None
    assert (by_hand.decided_by, by_hand.by_hand) == ("by-hand", "A pattern.")


def test_nobody_escalates_by_another_ones_hand(tmp_path: Path) -> None:
    """Facts may propose where to and how soon; whose hand it is, is who opens it, and the reason is kept."""
    found = judge(tmp_path, asked(manual=Manual("the-boss", "A pattern.", "any-to-leadership")))

    assert found is not None
    assert (found.decided_by, found.by_hand, found.route) == ("by-hand", "A pattern.", "any-to-leadership")
    assert "rosa escalates it: A pattern." in found.because


@pytest.mark.parametrize(
    "case",
    [
        CaseFacts(text="x", opened_at=AT.replace(tzinfo=None)),
        CaseFacts(text="x", due_at=datetime.max.replace(tzinfo=LATER)),
        CaseFacts(text="x", users=2**60),
    ],
    ids=["no zone", "no such instant", "beyond a log's numbers"],
)
def test_facts_that_cannot_be_judged_hold_nothing_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, case: CaseFacts
) -> None:
    """No client of ours sends them: the opening goes on, and whoever runs it reads why."""
    assert judge(tmp_path, Intake("default", "acme", "rosa", case)) is None
    assert "INC-7 opens without triage: its facts cannot be judged: " in caplog.text


@pytest.mark.parametrize("text", ["triage: {mode: advise, rules: {}}", "name: ["])
def test_rules_that_cannot_be_read_hold_nothing_up(tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str) -> None:
    """The opening may have a copy of the agreement; triage has none of its rules, and is left out."""
    (tmp_path / "odd.yaml").write_text(text)

    assert judge(tmp_path, asked(policy="odd")) is None
    assert judge(tmp_path, asked(policy="nowhere")) is None
    assert "INC-7 opens without triage: no policy is called 'nowhere'" in caplog.text


def test_the_same_facts_give_the_same_commitment(tmp_path: Path) -> None:
    """Sets have no order; a commitment must."""
    answers = frozenset({"outage", "data-loss", "regression", "coaching"})

    one, other = judge(tmp_path, asked(yes=answers)), judge(tmp_path, asked(yes=frozenset(sorted(answers))))

    assert one is not None
    assert one == other
    assert json.loads(one.facts)["yes"] == sorted(answers)
