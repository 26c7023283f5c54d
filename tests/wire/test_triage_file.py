"""A triage file is judged whole, like an agreement; the one that is shipped does what its sources say."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.case_facts import CaseFacts, Manual, UrgencyClass, Workaround
from escalation.core.conditions import Costs
from escalation.core.money import Money
from escalation.core.triage import Assessment, Bypass, Verdict, triage
from escalation.core.vocabulary import Severity
from escalation.core.wording import TEXT_CHARS_MAX, words
from escalation.wire import policy_file
from escalation.wire.triage_rules import freeze, shipped
from escalation.wire.yaml_reader import BYTES_MAX, FaultyFileError, read

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RULES, QUESTIONS = shipped()
TEXT = (files("escalation") / "triage" / "default.yaml").read_text("utf-8")
INCIDENTS = Path(__file__).parents[2] / "examples" / "incidents.jsonl"
COMPLAINTS = Path(__file__).with_name("complaints.csv")
SEV1, SEV2, SEV3, SEV4 = Severity


def judged(**known: object) -> Assessment:
    return triage(CaseFacts(**known), RULES, NOW)  # type: ignore[arg-type]  # the test writes the fields of the facts


def yes(*questions: str, **known: object) -> Assessment:
    assert set(questions) <= QUESTIONS
    return judged(yes=frozenset(questions), **known)


# --- The rules that are shipped ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("item", [item.id for item in RULES.checklist])
def test_each_of_the_five_items_keeps_a_case_in_support(item: str) -> None:
    """A defect that has a documented fix is no escalation."""
    assert len(RULES.checklist) == 5
    assert (yes("bug-needs-code").verdict, yes("bug-needs-code", item).verdict) == (Verdict.ESCALATE, Verdict.KEEP)


@pytest.mark.parametrize(
    ("questions", "route", "severity"),
    [
        ("security-breach", "any-to-security", SEV1),
        ("data-exposure", "any-to-security", SEV1),
        ("vulnerability", "any-to-security", SEV1),
        ("data-loss", "l2-to-engineering", SEV1),
        ("outage", "l2-to-engineering", SEV1),
        ("legal-threat", "any-to-legal", SEV3),
        ("severe-dissatisfaction", "any-to-leadership", SEV3),
        ("media-or-pr", "any-to-leadership", SEV3),
    ],
)
def test_the_immediate_class_skips_every_level(questions: str, route: str, severity: Severity) -> None:
    """Six items of the procedures; even when the checklist would keep the case."""
    found = yes(questions, "documented-fix")

    assert (found.urgency, found.route, found.severity) == (UrgencyClass.IMMEDIATE, route, severity)
    assert found.bypass is Bypass.EVERY_LEVEL


@pytest.mark.parametrize(
    ("found", "decided_by", "route"),
    [
        (yes("bug-needs-code"), "bug-needs-code", "l2-to-engineering"),
        (yes("infrastructure"), "infrastructure", "l2-to-engineering"),
        (yes("custom-deployment"), "diagnostic-ceiling", "l2-to-engineering"),
        (yes("database-inspection"), "diagnostic-ceiling", "l2-to-engineering"),
        (yes("beyond-expertise"), "beyond-expertise", "l1-to-l2"),
        (yes("payments-failing"), "payments-failing", "l2-to-engineering"),
        (yes("account-at-risk"), "account-at-risk", "any-to-leadership"),
        (yes("contract-cancellation"), "contract-cancellation", "any-to-customer-success"),
        (yes("customer-asks-for-management"), "customer-asks-for-management", "any-to-leadership"),
        (yes("customer-asks-to-escalate"), "customer-asks-to-escalate", "l1-to-l2"),
        (yes("complex-failure"), "complex-failure", "l2-to-engineering"),
        (yes("troubleshooting-stuck"), "troubleshooting-stuck", "l1-to-l2"),
        (yes("regression"), "regression", "l2-to-engineering"),
        (yes("severity-rising"), "severity-rising", "l1-to-l2"),
        (yes("design-decision"), "capability-gap", "l2-to-product"),
        (yes("missing-feature"), "functional-gap", "l2-to-product"),
        (yes("missing-feature", segment="enterprise"), "enterprise-feature-request", "l2-to-product"),
        (yes("second-opinion"), "specialist", "l1-to-l2"),
        (judged(dip_percent=21), "performance-dip", "l2-to-engineering"),
        (judged(dip_percent=20), "", ""),
        (judged(slowdown_percent=50), "slowdown", "l2-to-engineering"),
        (judged(reports=3), "independent-reports", "l2-to-engineering"),
        (judged(reports=2), "", ""),
        (judged(users=11, users_total=100), "users-above-10", "l2-to-engineering"),
        (judged(users=26, users_total=100), "users-above-25", "l2-to-engineering"),
        (judged(users=51, users_total=100), "users-above-50", "l2-to-engineering"),
        (judged(due_at=NOW + timedelta(hours=1)), "promise-near", "l1-to-l2"),
        (judged(due_at=NOW - timedelta(seconds=1)), "promise-missed", "l1-to-l2"),
        (judged(opened_at=NOW - timedelta(hours=24)), "unresolved-24h", "l1-to-l2"),
        (judged(last_activity_at=NOW - timedelta(minutes=30), segment="vip"), "inactive-enterprise", "l1-to-l2"),
        (judged(last_activity_at=NOW - timedelta(minutes=30), segment="standard"), "", ""),
        (judged(last_activity_at=NOW - timedelta(hours=4)), "inactive-standard", "l1-to-l2"),
        (judged(unclaimed_since=NOW - timedelta(minutes=10), priority=SEV2), "unclaimed", "any-to-leadership"),
        (judged(unclaimed_since=NOW - timedelta(hours=9), priority=SEV3), "", ""),
        (judged(segment="strategic-partner"), "high-value-account", "l1-to-l2"),
        (judged(critical_issues=3), "history-of-critical-issues", "l1-to-l2"),
        (judged(manual=Manual("rosa", "a pattern")), "by-hand", "l1-to-l2"),
    ],
)  # fmt: skip
def test_each_trigger_of_the_sources_is_a_rule(found: Assessment, decided_by: str, route: str) -> None:
    """And leads where its source says."""
    assert (found.decided_by, found.route) == (decided_by, route)


@pytest.mark.parametrize(
    ("text", "decided_by"),
    [
        ("We have an outage", "says-outage"),
        ("I cannot log in", "says-locked-out"),
        ("We are locked out", "says-locked-out"),
        ("there was a security breach", "says-security-breach"),
        ("this is a legal question", "says-legal"),
        ("we will sue you", "says-legal-threat"),
        ("a billing error", "says-billing-error"),
        ("this is unacceptable", "says-unacceptable"),
        ("we want to cancel", "says-unacceptable"),
        ("we do not want to cancel", ""),
        ("I want to speak to a manager", "says-management"),
        ("I get an error", "says-error"),
        ("Seit heute früh Totalausfall!", "says-outage"),
        ("Ich kann mich nicht einloggen", "says-locked-out"),
        ("Wir kündigen, das ist inakzeptabel", "says-unacceptable"),
        ("Das ist schrecklich, furchtbar, katastrophal, ekelhaft, entsetzlich und peinlich", "feels-bad"),
        ("Thank you, everything works", ""),
        ("the illegally parked terrorist mirrored a console", ""),
    ],
)
def test_keywords_and_feelings_are_read_offline_in_two_languages(text: str, decided_by: str) -> None:
    """In whole words: "illegally" is not "legal", and "mirrored" no "error"."""
    assert judged(text=text).decided_by == decided_by


@pytest.mark.parametrize("keyword", ["outage", "cannot log in", "security breach", "legal", "billing error"])
def test_the_five_keywords_skip_level_one(keyword: str) -> None:
    """Source: ticket escalation process."""
    assert judged(text=f"Hello, {keyword}!").bypass is not Bypass.NONE


def test_no_rule_is_flat_about_money_by_default() -> None:
    """The matrix warns of it; who wants one turns it on, with amounts for each currency."""
    assert not [rule for rule in RULES.rules if any(isinstance(asked, Costs) for asked in rule.when)]
    chosen, _ = freeze(read(TEXT.replace("route: any-to-finance\n    active: false", "route: any-to-finance").encode()))
    case = CaseFacts(dispute=Money(1000001, "EUR"), yes=frozenset({"billing-issue"}))

    assert "billing-dispute" in {rule.id for rule in triage(case, chosen, NOW).fired}
    assert "billing-dispute" not in {rule.id for rule in triage(case, RULES, NOW).fired}


def test_the_billing_api_scores_far_more_than_a_small_fault_of_one_user() -> None:
    """The agreement's own example: $500,000 a year, an outcome blocked, no workaround."""
    billing = yes("outcome-blocked", "billing-issue", workaround=Workaround.NONE, revenue=Money(50_000_000, "USD"))
    glitch = judged(users=1, users_total=1000, workaround=Workaround.FULL, revenue=Money(100_000, "USD"))

    assert (billing.score.points, billing.impact, billing.severity) == (55, 1, SEV2)
    assert (glitch.score.points, glitch.impact, glitch.severity) == (5, 3, SEV4)


def test_a_p2_of_a_vip_runs_on_the_p1_timeline() -> None:
    """The agreement's segment weight."""
    found = yes("login-failures", segment="vip")

    assert (found.severity, found.timeline) == (SEV2, SEV1)


def test_the_matrix_reproduces_the_priority_of_real_incidents() -> None:
    """The shipped sample of a real service desk; whole logs go through `python -m tests.bench.triage`."""
    incidents = [json.loads(line) for line in INCIDENTS.read_text("utf-8").splitlines()]
    made = [judged(impact=each["impact"], urgency=each["urgency"]).severity for each in incidents]

    assert len(incidents) == 28
    assert [list(Severity).index(each) + 1 for each in made] == [each["priority"] for each in incidents]


@pytest.mark.parametrize(
    ("cell", "priority"),
    [("11", 1), ("12", 2), ("21", 2), ("22", 3), ("31", 3), ("23", 4), ("32", 4), ("33", 4)],
)
def test_the_matrix_has_the_cells_of_the_service_desk(cell: str, priority: int) -> None:
    """Impact, urgency, priority. High with low occurs nowhere; it is 3 here."""
    assert RULES.matrix.cells[int(cell[0]), int(cell[1])] is list(Severity)[priority - 1]
    assert RULES.matrix.cells[1, 3] is SEV3


def test_real_complaints_get_an_answer_with_reasons() -> None:
    """Twenty short ones. The same answer twice; a reason in each.

    Source: Consumer Financial Protection Bureau, Consumer Complaint Database; US government work, public domain. The
    texts were lower-cased and freed of common words by the publisher of the data set, not by us.
    """
    rows = list(csv.DictReader(COMPLAINTS.read_text("utf-8").splitlines()))
    answers = [judged(text=row["narrative"]) for row in rows]

    assert len(rows) == 20
    assert [answer.decided_by for answer in answers] == [row["decided_by"] for row in rows]
    assert all(answer.because and answer.missing for answer in answers)
    assert answers == [judged(text=row["narrative"]) for row in rows]


@given(
    st.text(max_size=300), st.sampled_from(["", *RULES.timelines]), st.frozensets(st.sampled_from(sorted(QUESTIONS)))
)
def test_the_shipped_rules_answer_anything(text: str, segment: str, ticked: frozenset[str]) -> None:
    """Any text, any boxes: one answer, bounded, and a route exactly when it is escalated."""
    found = judged(text=text, segment=segment, yes=ticked)

    assert bool(found.route) == (found.verdict is Verdict.ESCALATE)
    assert 0 <= found.score.points <= found.score.at_most <= 100
    assert found == judged(text=text, segment=segment, yes=ticked)


def test_the_longest_text_is_read() -> None:
    """To the bound and no further."""
    assert judged(text="awful " * (TEXT_CHARS_MAX // 6)).decided_by == "feels-bad"


def test_every_word_of_the_lexicon_is_one_word_as_it_is_compared() -> None:
    """The lists are folded, so no word can lie there unfound."""
    assert all(words(word) == [word] for _, word, _ in RULES.wording.worths)


# --- The file ---------------------------------------------------------------------------------------------------------


def test_a_section_of_a_larger_file_may_hold_the_rules() -> None:
    """The same rules; a fault names its place in the whole file."""
    indented = "triage:\n" + "".join(f"  {line}\n" if line else "\n" for line in TEXT.splitlines())
    rules, questions = freeze(read(indented.encode()), under=("triage",))

    assert (rules.rules, questions) == (RULES.rules, QUESTIONS)
    with pytest.raises(FaultyFileError, match=r"^triage.rules\[0\].route \(line \d+\): no route is called"):
        freeze(read(indented.encode()), under=("triage",), routes={"nowhere"})
    with pytest.raises(FaultyFileError, match=r"^other \(line 1\): this section is missing"):
        freeze(read(indented.encode()), under=("other",))


def test_routes_are_held_against_those_of_the_agreement() -> None:
    """Only where they are known."""
    known = {rule.route for rule in RULES.rules}

    assert freeze(read(TEXT.encode()), routes=known)[0].rules == RULES.rules
    with pytest.raises(FaultyFileError, match="no route is called 'any-to-security'"):
        freeze(read(TEXT.encode()), routes=known - {"any-to-security"})


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("answered: [data-loss] }", "answered: [data-lost] }", "no question is called 'data-lost'"),
        ("says: outage }", "says: outrage }", "no vocabulary is called 'outrage'"),
        ("id: data-loss\n", "id: outage\n", "'outage' stands above too"),
        ('  outage: "Is the service', '  coaching: "Is the service', "the checklist asks this already"),
        ("segment: [enterprise, vip, strategic-partner] }, ans", "segment: [vpi] }, ans", "'vpi' is no segment"),
        ("workaround: [partial]", "workaround: [some]", "'some' is no workaround"),
        ("priority: [SEV1, SEV2]", "priority: [P1]", "'P1' is no priority"),
        ("weight: 20", "weight: 21", "the weights sum up to 101; make them 100"),
        ("    contractual:\n      weight: 10", "    contractual:\n      weight: 101", "101 is too large"),
        ("low: { high: SEV3, medium: SEV4", "low: { high: SEV1, medium: SEV4", "SEV1 is worse than SEV2"),
        ("bands: { high: 50, medium: 25 }", "bands: { high: 25, medium: 25 }", "the high impact must begin above"),
        ("standard: medium, optional: low }", "standard: low, optional: medium }", "a sooner class counts less"),
        ("standard: medium, optional: low }", "standard: medium }", "optional is missing"),
        ("vip: { timeline: { SEV2: SEV1 } }", "vip: { timeline: { SEV2: SEV3 } }", "SEV3 is slower than SEV2"),
        ("{ by_hand: true }", "{ by_hand: true, missed: true }", "people must always be able to escalate"),
        ("kind: manual", "kind: account", "`by_hand` and the kind `manual` belong together"),
        ("when: { answered: [data-loss] }", "when: { missed: false }", "nothing is asked here"),
        ("when: { answered: [data-loss] }", "when: { answerd: [data-loss] }", "there is no such field here"),
        ("dispute_above: { USD: 1000000", "dispute_above: { usd: 1000000", "'usd' is no currency"),
        ("        en: [error, error message", "        fr: [error, error message", "no language is called 'fr'"),
        ("    en:\n      dreadful", "    fr:\n      dreadful", "no language is called 'fr'"),
        ("abysmal, appalling", "abysmal, abysmal, appalling", "'abysmal' stands above too"),
        ("abysmal, appalling", "quite abysmal, appalling", "is more than one word"),
        ("en: [error, error message", 'en: ["!", error message', "has 0 words; write 1 to 8"),
        ("endings: [s, es,", "endings: [S, es,", "'S' is no ending"),
        ('longer: { open: "24h" }', 'longer: { open: "1d" }', "may mean several things"),
        ("urgency: immediate\n", "urgency: now\n", "'now' is not known; write one of"),
    ],
)  # fmt: skip
def test_a_contradiction_refuses_the_file_with_its_place(old: str, new: str, fault: str) -> None:
    """One line: the place, what is wrong, the next step."""
    assert old in TEXT
    with pytest.raises(FaultyFileError) as refused:
        freeze(read(TEXT.replace(old, new, 1).encode()))

    assert any(fault in each.what and each.line > 1 and each.path for each in refused.value.faults), refused.value


def test_all_six_dimensions_are_weighted() -> None:
    """One that is left out is named."""
    cut = TEXT.partition("    duration:\n")[0] + "    revenue:\n" + TEXT.partition("    revenue:\n")[2]
    with pytest.raises(FaultyFileError) as refused:
        freeze(read(cut.encode()))

    assert any("duration is missing" in fault.what for fault in refused.value.faults)


def test_the_shipped_file_leaves_room_in_its_bounds() -> None:
    """Somebody will add words of another language."""
    assert len(TEXT.encode()) < BYTES_MAX // 4
    assert len({rule.route for rule in RULES.rules}) <= policy_file.ROUTES_MAX


@pytest.fixture
def without_vocabularies() -> Callable[[str], str]:
    """The shipped text without a part under `wording`."""
    return lambda text: text.partition("  vocabularies:\n")[0] + "  sentiment:\n" + text.partition("  sentiment:\n")[2]


def test_a_file_may_do_without_words(without_vocabularies: Callable[[str], str]) -> None:
    """Rules that ask for them are refused then, and say that there are none."""
    with pytest.raises(FaultyFileError, match="known are none yet"):
        freeze(read(without_vocabularies(TEXT).encode()))
