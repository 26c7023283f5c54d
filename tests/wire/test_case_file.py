"""A case as it is handed in: YAML or JSON, everything optional, and a line for each mistake."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.case_facts import CaseFacts, Manual, UrgencyClass, Workaround
from escalation.core.money import Money
from escalation.core.vocabulary import Severity
from escalation.wire.case_file import read_case
from escalation.wire.requests import WORDS_BYTES_MAX
from escalation.wire.triage_rules import shipped
from escalation.wire.yaml_reader import FaultyFileError

RULES, QUESTIONS = shipped()

WHOLE = """\
text: "The billing API fails."
language: en
segment: vip
answers: {outage: true, coaching: false}
users: 3
users_total: 4
customers: 1
slowdown_percent: 50
dip_percent: 20
reports: 3
attempts: 2
critical_issues: 1
workaround: partial
priority: High
opened_at: "2026-03-01T10:00+01:00"
last_activity_at: "2026-03-01T09:00Z"
unclaimed_since: "2026-03-01T09:00Z"
began_at: "2026-03-01T09:00Z"
due_at: "2026-03-01T09:00Z"
dispute: {minor: 100, currency: EUR}
revenue: {minor: 50000000, currency: USD}
impact: high
urgency: 2
manual: {by: rosa, reason: "A pattern.", route: any-to-leadership, urgency: immediate, severity: P1}
"""


def case(source: str) -> CaseFacts:
    return read_case(source.encode(), RULES, QUESTIONS)


def test_every_fact_can_be_written() -> None:
    """Severities by any of their names, levels by name or number, instants with their zone."""
    nine = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    assert case(WHOLE) == CaseFacts(
        text="The billing API fails.", language="en", segment="vip",
        yes=frozenset({"outage"}), no=frozenset({"coaching"}),
        users=3, users_total=4, customers=1, slowdown_percent=50, dip_percent=20, reports=3, attempts=2,
        critical_issues=1, workaround=Workaround.PARTIAL, priority=Severity.SEV2,
        opened_at=nine, last_activity_at=nine, unclaimed_since=nine, began_at=nine, due_at=nine,
        dispute=Money(100, "EUR"), revenue=Money(50_000_000, "USD"), impact=1, urgency=2,
        manual=Manual("rosa", "A pattern.", "any-to-leadership", UrgencyClass.IMMEDIATE, Severity.SEV1),
    )  # fmt: skip


def test_the_same_case_may_be_json() -> None:
    """Where null is the same as nothing."""
    assert case('{"users": 1, "segment": null, "answers": {"outage": true}}') == CaseFacts(
        users=1, yes=frozenset({"outage"})
    )
    assert case('  {"manual": {"by": "rosa", "reason": "why"}}').manual == Manual("rosa", "why")


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("users: 5\nusers_total: 4", "5 of 4 users are more than there are"),
        ("answers: {outrage: true}", "answers.outrage (line 1): no question is called 'outrage'"),
        ("segment: vpi", "segment (line 1): 'vpi' is no segment; known are enterprise, standard,"),
        ("opened_at: 2026-03-01", "put it in quotes"),
        ('opened_at: "2026-03-01T10:00"', "is no instant; write one with its zone"),
        ('opened_at: "soon"', "is no instant"),
        ("opened_at: 5", "is no instant"),
        ("dip_percent: 101", "101 is too large; write at most 100"),
        ("slowdown_percent: 10001", "10001 is too large; write at most 10000"),
        ("reports: -1", "-1 is too small; write at least 0"),
        ("priority: sometime", "is no severity; write one of SEV1"),
        ("priority: 1", "is no severity"),
        ("impact: 4", "4 is no level; write high, medium, low or 1, 2, 3"),
        ("impact: huge", "'huge' is no level"),
        ("impact: true", "True is no level"),
        ("dispute: {minor: 1, currency: Euro}", "'Euro' is no currency"),
        ("dispute: {minor: 1}", "this field is missing"),
        ("manual: {by: rosa}", "this field is missing"),
        ("urgent: true", "there is no such field here"),
        ("users: many", "write a whole number"),
        (f'text: "{"x" * (WORDS_BYTES_MAX + 1)}"', f"at most {WORDS_BYTES_MAX} are allowed"),
        ('{"users": 1, "users": 2}', "the key 'users' stands there twice"),
        ('{"users": }', "line 1: this is no JSON"),
        ('{"users": 1.5}', "users"),
        ("{" + '"a":{' * 20_000, "nested too deep"),
        ('{"users": ' + "9" * 5000 + "}", "this is no JSON"),
        ("- users", "the file must hold `key: value` lines"),
    ],
)
def test_a_mistake_is_a_line(source: str, fault: str) -> None:
    """What is wrong, the limit, the next step."""
    with pytest.raises(FaultyFileError) as refused:
        case(source)

    assert fault in str(refused.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    """As JSON and as YAML."""
    for source in (b"\xff\xfe", b'{"text": "\xff"}'):
        with pytest.raises(FaultyFileError, match=r"UTF-8|JSON"):
            read_case(source, RULES, QUESTIONS)


def test_half_a_character_is_refused() -> None:
    """JSON can write one; a text cannot hold it."""
    with pytest.raises(FaultyFileError, match="does not fit here"):
        case('{"text": "\\ud800"}')


@given(
    st.dictionaries(
        st.sampled_from(["text", "users", "impact", "segment", "due_at", "answers", "x"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just([]) | st.just({}),
    )
)
def test_anything_is_a_case_or_a_line(written: dict[str, object]) -> None:
    """Never another error."""
    with suppress(FaultyFileError):
        assert isinstance(case(json.dumps(written)), CaseFacts)
