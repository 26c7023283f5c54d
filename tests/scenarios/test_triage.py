"""Triage at the door: what it says is in the log, fills in what nobody named, and holds nothing up."""

import json
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from escalation.client import Refused
from escalation.core.case_facts import CaseFacts, UrgencyClass
from escalation.core.commands import Open
from escalation.core.entry import Entry
from escalation.core.intake import TriageRecord
from escalation.core.refusals import Refusal
from escalation.core.triage import Verdict
from escalation.core.vocabulary import Ask, Severity
from escalation.wire.yaml_reader import read
from tests.scenarios.agreements import agreement
from tests.scenarios.dialogue import Story
from tests.scenarios.world import World, world_in

ROUTES = {"any-to-leadership": "to-leadership", "l2-to-product": "to-product"}
ACCOUNTS = """\
accounts:
  acme: {tier: enterprise, flags: [vip], critical_issues: 5, contact: agent}
"""


@pytest.fixture(scope="module")
async def informed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world that knows the account of its customer."""
    folder = tmp_path_factory.mktemp("informed")
    (folder / "accounts.yaml").write_text(ACCOUNTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ESCALATION_ACCOUNTS_FILE", str(folder / "accounts.yaml"))
        async with world_in(folder) as here:
            yield here


@pytest.fixture
async def told(informed: World) -> AsyncIterator[Story]:
    """A story in that world."""
    story = Story(informed)
    yield story
    await story.leaves()


def agrees(story: Story, mode: str, **more: Any) -> None:  # noqa: ANN401  # of an agreement
    """The story's agreement, with the shipped rules led to its own routes."""
    rules = read((files("escalation") / "triage" / "default.yaml").read_bytes()).value
    listed: Any = rules["rules"]
    for rule in listed:
        rule["route"] = ROUTES.get(rule["route"], "to-engineering")
    written = json.loads(agreement(story.policy))
    written["triage"] = {"mode": mode, "rules": rules}
    story.world.agree(story.policy, json.dumps({**written, **more}))


def opened(log: list[Entry]) -> tuple[Open, TriageRecord]:
    """The opening and what triage said at it."""
    command = log[0].command
    assert isinstance(command, Open)
    assert command.triage is not None
    return command, command.triage


async def test_what_triage_says_is_in_the_log_and_what_the_request_names_goes_first(told: Story) -> None:
    """Both are there: the request's severity, and the one that triage would have taken, with every reason."""
    agrees(told, "advise")

    await told.opens(severity="SEV2", case=CaseFacts(yes=frozenset({"outage", "no-such-question"}), users=3))

    await told.phone("primary").gets_sms("SEV2")
    await told.log_reads("opened by agent (triage: escalate, immediate by outage")
    command, record = opened(await told.is_called_off("primary"))
    assert (command.severity, record.severity, record.taken) == (Severity.SEV2, Severity.SEV1, ("customer_contact",))
    assert (record.verdict, record.urgency, record.decided_by) == (Verdict.ESCALATE, UrgencyClass.IMMEDIATE, "outage")
    assert {rule.id for rule in record.fired} >= {"outage", "history-of-critical-issues", "high-value-account"}
    assert record.ignored == ("no-such-question",)
    assert "users_total" in record.missing


async def test_what_nobody_names_is_taken_from_triage(told: Story) -> None:
    """Route, severity, the kind of customer and who speaks with them; marked as taken."""
    agrees(told, "advise", segments={"enterprise": {}})

    await told.opens(route="", severity=None, triage=True, case=CaseFacts(yes=frozenset({"bug-needs-code"})))

    await told.mailbox("primary").gets("You are asked to take a SEV4")
    await told.stands(route="to-engineering", segment="enterprise", customer_contact="agent")
    command, record = opened(await told.is_called_off("primary"))
    assert record.taken == ("route", "severity", "segment", "customer_contact")
    assert command.severity is record.severity is Severity.SEV4
    assert (record.account.known, record.account.segments) == (True, ("vip", "enterprise"))


async def test_what_support_can_keep_is_refused_where_triage_is_required(told: Story) -> None:
    """With what decided it, and the way on."""
    agrees(told, "required")

    with pytest.raises(Refused) as no:
        await told.opens(
            title="How do I export?", description="", case=CaseFacts(yes=frozenset({"coaching", "beyond-expertise"}))
        )

    assert no.value.reason is Refusal.KEEP_IN_SUPPORT
    assert no.value.facts["decided_by"] == "coaching"
    assert "by hand" in no.value.facts["next"]
    _, record = opened([await told.was_refused(Refusal.KEEP_IN_SUPPORT)])
    assert "beyond-expertise" in [rule.id for rule in record.fired if rule.held_back]


async def test_by_hand_it_is_always_possible(told: Story) -> None:
    """The reason is in the log."""
    agrees(told, "required")

    await told.opens(
        title="How do I export?",
        description="",
        case=CaseFacts(yes=frozenset({"coaching"})),
        by_hand="Three such calls since noon; something is up.",
    )

    await told.phone("primary").gets_sms("SEV1")
    _, record = opened(await told.is_called_off("primary"))
    assert (record.verdict, record.decided_by) == (Verdict.ESCALATE, "by-hand")
    assert record.by_hand == "Three such calls since noon; something is up."


async def test_what_is_immediate_waits_for_no_approval(told: Story) -> None:
    """The route asks for a manager's yes; nobody is asked for it."""
    agrees(told, "advise")

    await told.opens(route="to-leadership", ask=Ask.DECIDE, case=CaseFacts(yes=frozenset({"media-or-pr"})))

    await told.phone("primary").gets_sms("SEV1")
    await told.is_called_off("primary")


async def test_an_account_that_cannot_be_asked_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Triage goes on without it, and says so in the record."""
    monkeypatch.delenv("ESCALATION_ACCOUNTS_FILE", raising=False)
    monkeypatch.setenv("ESCALATION_ACCOUNTS_URL", "http://127.0.0.1:9")
    async with world_in(tmp_path) as here:
        story = Story(here)
        agrees(story, "required")

        await story.opens(case=CaseFacts(yes=frozenset({"outage"})))

        await story.phone("primary").gets_sms("SEV1")
        await story.log_reads("triage: escalate, immediate by outage; without account facts")
        _, record = opened(await story.is_called_off("primary"))
        assert not record.account.known
        assert record.account.told.startswith("the accounts cannot be asked (")


async def test_without_triage_nothing_is_asked_and_nothing_recorded(story: Story) -> None:
    """An agreement that says nothing of it is as before."""
    await story.opens()

    await story.phone("primary").gets_sms("SEV1")
    (first, *_) = await story.is_called_off("primary")
    assert isinstance(first.command, Open)
    assert first.command.triage is None


async def test_a_severity_is_read_by_the_agreements_own_names(story: Story) -> None:
    """Which the client cannot know."""
    written = json.loads(agreement(story.policy))
    written["terms"]["SEV2"]["aliases"] = ["On Fire"]
    story.world.agree(story.policy, json.dumps(written))

    await story.opens(severity="on fire")

    await story.phone("primary").gets_sms("SEV2")
    await story.is_called_off("primary")


async def test_a_severity_that_the_agreement_does_not_know_is_refused(story: Story) -> None:
    """With the names that it knows."""
    with pytest.raises(Refused, match="severity mellow, known SEV1, SEV2"):
        await story.opens(severity="mellow")

    await story.was_refused(Refusal.UNKNOWN_SEVERITY)
