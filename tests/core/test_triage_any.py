"""Whatever is said and measured, there is one answer, it is bounded, and more impact never makes it milder."""

from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from escalation.core.case_facts import CaseFacts, Manual, UrgencyClass, Workaround
from escalation.core.money import Money
from escalation.core.triage import Verdict, triage
from escalation.core.vocabulary import Severity
from escalation.core.wording import FEELING_MAX, tokens_of
from tests.core.triage_samples import BOOK, NOW, WORDING

QUESTIONS = ("breach", "bug", "crash", "asks", "unusual", "blocked", "press", "known-fix", "needs-more", "strange")
ORDER = list(Severity)

counts = st.none() | st.integers(-5, 10**6)
instants = st.none() | st.integers(-(10**7), 10**7).map(lambda seconds: NOW + timedelta(seconds=seconds))
money = st.none() | st.builds(Money, st.integers(-10, 10**12), st.sampled_from(["EUR", "USD", "JPY"]))
severities = st.none() | st.sampled_from(Severity)
texts = st.text(max_size=200) | st.lists(
    st.sampled_from(["outage", "awful", "not", "can't", "log", "in", ".", "cancel", "kündigen", "good", "’", "\0"])
).map(" ".join)
cases = st.builds(
    CaseFacts,
    text=texts,
    language=st.sampled_from(["", "en", "de", "xx"]),
    segment=st.sampled_from(["", "vip", "standard", "other"]),
    yes=st.frozensets(st.sampled_from(QUESTIONS)),
    no=st.frozensets(st.sampled_from(QUESTIONS)),
    users=counts,
    users_total=counts,
    customers=counts,
    slowdown_percent=counts,
    dip_percent=counts,
    reports=counts,
    attempts=counts,
    critical_issues=counts,
    workaround=st.none() | st.sampled_from(Workaround),
    priority=severities,
    opened_at=instants,
    last_activity_at=instants,
    unclaimed_since=instants,
    began_at=instants,
    due_at=instants,
    dispute=money,
    revenue=money,
    impact=st.none() | st.integers(-1, 5),
    urgency=st.none() | st.integers(-1, 5),
    manual=st.none()
    | st.builds(
        Manual,
        st.just("rosa"),
        st.text(min_size=1, max_size=20),
        st.sampled_from(["", "leadership"]),
        st.none() | st.sampled_from(UrgencyClass),
        severities,
    ),
)


def test_every_fact_is_drawn() -> None:
    """A new field of the facts comes with its strategy."""
    assert len(fields(CaseFacts)) == 25


@given(cases)
def test_any_case_gets_one_answer_with_reasons(case: CaseFacts) -> None:
    """The same twice; bounded; escalated exactly when a rule stands; decided by the first of those that stand."""
    found = triage(case, BOOK, NOW)

    assert found == triage(case, BOOK, NOW)
    assert found.because
    assert 0 <= found.score.points <= found.score.at_most <= 100
    assert ORDER.index(found.timeline) <= ORDER.index(found.severity)
    standing = [rule for rule in found.fired if not rule.held_back]
    assert (found.verdict is Verdict.ESCALATE) == bool(standing) == bool(found.route) == (found.urgency is not None)
    if standing:
        assert found.decided_by == standing[0].id
        assert found.urgency == min((rule.urgency for rule in standing), key=list(UrgencyClass).index)
    if case.manual is not None:
        assert found.verdict is Verdict.ESCALATE


@given(cases, st.integers(0, 10**6), st.integers(1, 10**6))
def test_more_impact_never_makes_it_milder(case: CaseFacts, fewer: int, more: int) -> None:
    """More users, a fuller block, a missed promise: the severity stays or gets worse, and so does the score."""
    total = 10**6
    before = replace(case, users=min(fewer, total), users_total=total, workaround=Workaround.FULL, due_at=NOW)
    after = replace(
        before,
        users=min(fewer + more, total),
        yes=before.yes | {"blocked", "press"},
        workaround=Workaround.NONE,
        due_at=NOW - timedelta(seconds=1),
    )

    milder, worse = triage(before, BOOK, NOW), triage(after, BOOK, NOW)

    assert worse.score.points >= milder.score.points
    assert ORDER.index(worse.severity) <= ORDER.index(milder.severity)
    assert not (milder.verdict is Verdict.ESCALATE and worse.verdict is Verdict.KEEP)


@given(texts)
def test_any_text_is_read_within_bounds(text: str) -> None:
    """No text is an error, and no feeling is beyond its scale."""
    tokens = tokens_of(text)

    assert -FEELING_MAX < WORDING.feel(tokens).score < FEELING_MAX
    assert all(found.count >= 1 for found in WORDING.read(tokens).values())
    assert len(tokens) <= 20 * len(text) + 1
