"""Keep or escalate: which rule decides, what the checklist answers, and what the answer says about itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core.case_facts import CaseFacts, Manual
from escalation.core.triage import Assessment, Bypass, Verdict, triage
from escalation.core.vocabulary import Severity
from escalation.core.wording import TEXT_CHARS_MAX
from tests.core.triage_samples import (
    ASKED,
    BOOK,
    BUG,
    IMMEDIATE,
    MANY,
    NOW,
    OPTIONAL,
    SECURITY,
    SEV1,
    SEV2,
    SEV3,
    SEV4,
    STANDARD,
    UNUSUAL,
)


def answered(*yes: str, no: tuple[str, ...] = ()) -> CaseFacts:
    return CaseFacts(yes=frozenset(yes), no=frozenset(no))


def judged(case: CaseFacts) -> Assessment:
    return triage(case, BOOK, NOW)


def test_a_case_that_no_rule_asks_for_stays_in_support() -> None:
    """The answer says so, and names nothing that decided."""
    found = judged(CaseFacts())

    assert (found.verdict, found.decided_by, found.urgency, found.route) == (Verdict.KEEP, "", None, "")
    assert found.because == "no rule asks for an escalation"
    assert (found.severity, found.bypass, found.fired) == (SEV4, Bypass.NONE, ())


def test_the_answer_names_every_rule_that_fired_and_the_one_that_decided() -> None:
    """Each with its reason and its source."""
    found = judged(answered("crash", "asks", "unusual"))

    assert found.verdict is Verdict.ESCALATE
    assert (found.decided_by, found.because) == ("bug", "a defect: answered yes: crash")
    assert [rule.id for rule in found.fired] == ["bug", "asked", "unusual"]
    assert all(rule.source == "s" and rule.because for rule in found.fired)


@pytest.mark.parametrize("keeping", [answered("bug", "known-fix"), answered("bug", no=("needs-more",))])
def test_the_checklist_keeps_what_support_can_solve(keeping: CaseFacts) -> None:
    """An item keeps by its own answer, be it yes or no; the rule is reported as held back."""
    found = judged(keeping)

    assert (found.verdict, found.route, found.urgency) == (Verdict.KEEP, "", None)
    assert found.decided_by in {"known-fix", "needs-more"}
    assert [(rule.id, rule.held_back) for rule in found.fired] == [("bug", True)]
    assert [item.id for item in found.checklist if item.keeps] == [found.decided_by]


@pytest.mark.parametrize(("flag", "decided_by"), [("breach", "security"), ("asks", "asked")])
def test_the_checklist_answers_no_immediate_rule_and_no_explicit_request(flag: str, decided_by: str) -> None:
    """A documented fix is no answer to a breach, nor to a customer who wants to be escalated."""
    found = judged(answered(flag, "bug", "known-fix"))

    assert (found.verdict, found.decided_by) == (Verdict.ESCALATE, decided_by)
    assert [rule.id for rule in found.fired if rule.held_back] == ["bug"]


def test_security_skips_every_level() -> None:
    """So does all of the immediate class."""
    found = judged(answered("breach", "bug"))

    assert (found.urgency, found.route, found.bypass) == (IMMEDIATE, "security", Bypass.EVERY_LEVEL)


def test_a_keyword_skips_the_first_level() -> None:
    """And no more than that."""
    found = judged(CaseFacts(text="There is an outage."))

    assert (found.decided_by, found.bypass) == ("outage", Bypass.FIRST_LEVEL)


def test_the_optional_class_escalates_as_optional() -> None:
    """Whoever opens it may, but need not."""
    found = judged(answered("unusual"))

    assert (found.verdict, found.urgency, found.decided_by) == (Verdict.ESCALATE, OPTIONAL, UNUSUAL.id)


@pytest.mark.parametrize(
    ("manual", "urgency", "severity", "route"),
    [
        (Manual("rosa", "a pattern"), STANDARD, SEV4, "l1-to-l2"),
        (Manual("rosa", "a pattern", "leadership", IMMEDIATE, SEV2), IMMEDIATE, SEV2, "leadership"),
    ],
)
def test_a_person_can_always_escalate(manual: Manual, urgency: str, severity: Severity, route: str) -> None:
    """With nothing else known, whatever the checklist says, and with a reason that is told."""
    found = judged(CaseFacts(manual=manual, yes=frozenset({"known-fix"})))

    assert (found.verdict, found.decided_by) == (Verdict.ESCALATE, "by-hand")
    assert (found.urgency, found.severity, found.route) == (urgency, severity, route)
    assert found.because == "by hand: rosa escalates it: a pattern"


def test_an_immediate_rule_decides_before_a_person() -> None:
    """The soonest class comes first, then the worst severity, then the kind, then the place in the file."""
    found = judged(CaseFacts(manual=Manual("rosa", "x"), yes=frozenset({"breach", "bug"}), users=1, users_total=2))

    assert [rule.id for rule in found.fired] == [SECURITY.id, MANY.id, "by-hand", BUG.id]


def test_rules_that_are_alike_keep_the_order_of_the_file() -> None:
    """So no two rules are ever equal."""
    twin = replace(BUG, id="twin")
    book = replace(BOOK, rules=(twin, BUG, ASKED))

    assert [rule.id for rule in triage(answered("bug", "asks"), book, NOW).fired] == ["twin", "bug", "asked"]


@pytest.mark.parametrize(
    ("segment", "severity", "timeline"),
    [("vip", SEV2, SEV1), ("standard", SEV2, SEV2), ("", SEV2, SEV2), ("unknown", SEV2, SEV2)],
)
def test_a_p2_of_a_vip_runs_on_the_p1_timeline(segment: str, severity: Severity, timeline: Severity) -> None:
    """The severity itself stays what it is."""
    found = judged(CaseFacts(segment=segment, users=1, users_total=9))

    assert (found.severity, found.timeline) == (severity, timeline)


def test_a_timeline_is_never_slower_than_the_severity() -> None:
    """Whatever a book says."""
    book = replace(BOOK, timelines={"vip": {SEV2: SEV4}})

    assert triage(CaseFacts(segment="vip", users=1, users_total=9), book, NOW).timeline is SEV2


@pytest.mark.parametrize(
    ("impact", "urgency", "severity"),
    [(1, 1, SEV1), (1, 2, SEV2), (2, 1, SEV2), (2, 2, SEV3), (2, 3, SEV4), (3, 2, SEV4), (3, 3, SEV4), (1, 3, SEV3)],
)
def test_what_the_intake_form_says_goes_through_the_matrix(impact: int, urgency: int, severity: Severity) -> None:
    """Given levels replace those that are reckoned."""
    found = judged(CaseFacts(impact=impact, urgency=urgency))

    assert (found.severity, found.impact, found.urgency_level) == (severity, impact, urgency)


@pytest.mark.parametrize("level", [0, 4])
def test_levels_that_do_not_exist_are_not_taken(level: int) -> None:
    """The core answers whatever it is given."""
    found = judged(CaseFacts(impact=level, urgency=level))

    assert (found.impact, found.urgency_level) == (3, 3)


@pytest.mark.parametrize(("users", "impact"), [(9, 3), (60, 2), (90, 2)])
def test_the_score_makes_the_impact_where_nobody_says_it(users: int, impact: int) -> None:
    """40 % of the weight is breadth: 60 and 100 points make 24 and 40."""
    found = judged(CaseFacts(users=users, users_total=100, yes=frozenset({"press"})))

    assert found.impact == impact


def test_missing_facts_are_named_with_those_who_would_use_them() -> None:
    """Questions of the checklist first, then the rest by name."""
    found = judged(CaseFacts(no=frozenset({"known-fix"}), segment="vip"))

    assert [gap.fact for gap in found.missing] == [
        "needs-more", "began_at", "dispute", "due_at", "last_activity_at", "revenue", "users", "users_total",
    ]  # fmt: skip
    assert found.missing[-1].needed_by == ("many", "score: breadth")
    assert found.missing[0].needed_by == ("checklist",)


def test_text_beyond_the_bound_is_not_read_and_the_answer_says_so() -> None:
    """At the bound all of it is."""
    filler = "x " * (TEXT_CHARS_MAX // 2)
    whole, cut = judged(CaseFacts(text=filler[:-7] + " outage")), judged(CaseFacts(text=filler + "outage"))

    assert (whole.decided_by, cut.decided_by) == ("outage", "")
    assert ["text" in gap.fact for gap in cut.missing].count(True) == 1
    assert not any("text" in gap.fact for gap in whole.missing)


def test_the_answer_carries_the_version_that_made_it() -> None:
    """Rules, their digest, and the weights."""
    found = judged(CaseFacts())

    assert (found.rules, found.version, found.digest, found.score.version) == ("sample", "1", "ab" * 32, "1.0")


def test_the_same_facts_get_the_same_answer() -> None:
    """And time alone changes only what asks for time."""
    case = CaseFacts(text="awful outage", segment="vip", last_activity_at=NOW - timedelta(minutes=29))

    assert judged(case) == judged(case)
    later = triage(case, BOOK, NOW + timedelta(minutes=1))
    assert {rule.id for rule in later.fired} - {rule.id for rule in judged(case).fired} == {"stale"}
