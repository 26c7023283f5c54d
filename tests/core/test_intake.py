"""At the door: what an opening takes from triage, what is refused, and what the log keeps of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from escalation.core.account import Account, ContractTarget, Flag, segment_among, told, with_account
from escalation.core.case_facts import CaseFacts, UrgencyClass
from escalation.core.decide import decide
from escalation.core.intake import (
    BECAUSE_CHARS_MAX,
    FIRED_MAX,
    MISSING_MAX,
    AccountNote,
    Named,
    Placed,
    TriageRecord,
    place,
    recorded,
    refusal,
    severity_called,
    skips_approval,
)
from escalation.core.money import Money
from escalation.core.policy import CustomerSegment, TriageTerms
from escalation.core.refusals import Refusal
from escalation.core.scoring import Score
from escalation.core.triage import Assessment, Bypass, Fired, Gap, Kind, Verdict
from escalation.core.vocabulary import Phase, Severity, TriageMode
from tests.core import cases

NOON = cases.START
KNOWN = AccountNote(known=True, told="vip; plan Business", segments=("vip", "enterprise"), contact="tala")
POLICY = cases.policy()


def fired(number: int, **given: object) -> Fired:
    plain = Fired(
        id=f"r{number}",
        kind=Kind.TECHNICAL,
        source="s",
        because="b",
        urgency=UrgencyClass.STANDARD,
        severity=None,
        route="engineering",
        bypass=Bypass.NONE,
        held_back=False,
    )
    return replace(plain, **given)  # type: ignore[arg-type]  # its own fields


def assessment(**given: object) -> Assessment:
    plain = Assessment(
        verdict=Verdict.ESCALATE,
        decided_by="r0",
        because="b",
        urgency=UrgencyClass.STANDARD,
        severity=Severity.SEV2,
        timeline=Severity.SEV1,
        route="engineering",
        bypass=Bypass.NONE,
        fired=(fired(0),),
        checklist=(),
        score=Score(40, 70, "1.0", ()),
        impact=2,
        urgency_level=2,
        missing=(),
        rules="default",
        version="1",
        digest="d" * 64,
    )
    return replace(plain, **given)  # type: ignore[arg-type]  # its own fields


def record(**given: object) -> TriageRecord:
    return recorded(assessment(**given), KNOWN, facts="f" * 64)


KEPT = record(verdict=Verdict.KEEP, urgency=None, route="", decided_by="coaching", because="Is it coaching?", fired=())


def placed(**given: object) -> Placed:
    plain = Placed("engineering", Severity.SEV2, "", "tala", None, ("route", "severity", "customer_contact"))
    return replace(plain, **given)  # type: ignore[arg-type]  # its own fields


# --- Recording --------------------------------------------------------------------------------------------------------


def test_a_record_is_bounded_and_says_how_much_it_leaves_out() -> None:
    """The deciding rule is the first; a sentence is cut with a mark."""
    many = tuple(fired(number) for number in range(FIRED_MAX + 2))
    gaps = tuple(Gap(f"fact {number:02}", ("r",)) for number in range(MISSING_MAX + 3))
    found = record(fired=many, missing=gaps, because="x" * (BECAUSE_CHARS_MAX + 1))

    assert ([rule.id for rule in found.fired][:1], len(found.fired), found.fired_more) == (["r0"], FIRED_MAX, 2)
    assert (len(found.missing), found.missing_more) == (MISSING_MAX, 3)
    assert found.because == "x" * (BECAUSE_CHARS_MAX - 1) + "…"
    assert record(because="x" * BECAUSE_CHARS_MAX).because == "x" * BECAUSE_CHARS_MAX
    assert (record().fired_more, record().missing_more) == (0, 0)
    odd = recorded(assessment(), KNOWN, facts="f", ignored=["q" * 400, *map(str, range(MISSING_MAX))])
    assert (len(odd.ignored), max(map(len, odd.ignored))) == (MISSING_MAX, 2)
    assert recorded(assessment(), KNOWN, facts="f", ignored=["q" * 400]).ignored == ("q" * 299 + "…",)


# --- Placing ----------------------------------------------------------------------------------------------------------


def test_what_the_request_names_goes_first() -> None:
    """All of it; nothing is marked as taken."""
    named = Named("product", Severity.SEV4, "", "standard", "rosa")

    assert place(POLICY, named, record()) == Placed("product", Severity.SEV4, "standard", "rosa", None, ())


def test_what_nobody_names_is_taken_from_triage() -> None:
    """A kind of customer only when the agreement knows it: as the case says, else the account's weightiest."""
    assert place(POLICY, Named(), record()) == placed()
    knows = replace(POLICY, segments=(CustomerSegment("enterprise"),))
    assert place(knows, Named(), record()) == placed(
        segment="enterprise", taken=("route", "severity", "segment", "customer_contact")
    )
    named = replace(knows, segments=(CustomerSegment("enterprise"), CustomerSegment("standard")))
    assert place(named, Named(), replace(record(), segment="standard")).segment == "standard"
    plain = replace(record(), account=AccountNote(known=False, told="away"))
    assert place(knows, Named(), plain) == placed(customer_contact="", taken=("route", "severity"))


def test_without_triage_what_is_not_named_stays_open() -> None:
    """The opening refuses it."""
    assert place(POLICY, Named("product"), None) == Placed("product", Severity.SEV4, "", "", "", ())
    assert place(POLICY, Named(severity=Severity.SEV3), KEPT).route == ""


def test_a_severity_goes_by_the_agreements_names_first() -> None:
    """In any capitals; a word that it has no other use for means what it means elsewhere."""
    first, *others = POLICY.terms
    own = replace(POLICY, terms=(replace(first, label="Now", aliases=("Low",)), *others))

    assert severity_called(own, " nOW ") is severity_called(own, "low") is first.severity
    assert severity_called(own, "High") is Severity.SEV2
    assert severity_called(own, "mellow") is None
    assert place(own, Named("product", severity_name="now"), None).severity is first.severity
    assert place(own, Named("product", severity_name="mellow"), record()).unread == "mellow"


# --- Refusing ---------------------------------------------------------------------------------------------------------


def required(mode: TriageMode = TriageMode.REQUIRED) -> TriageTerms:
    return TriageTerms(mode, "default", "1", "d" * 64)


@pytest.mark.parametrize("mode", list(TriageMode))
def test_what_support_keeps_is_refused_only_where_triage_is_required(mode: TriageMode) -> None:
    """With what decided it, and the way on. Without triage, nothing is refused."""
    policy = replace(POLICY, triage=required(mode))
    refused = refusal(policy, KEPT, None)

    assert (refused is not None) is (mode is TriageMode.REQUIRED)
    assert refusal(policy, record(), None) is None
    assert refusal(policy, None, None) is None


def test_a_refusal_names_what_led_to_it() -> None:
    """A case that no rule asks for names no rule."""
    policy = replace(POLICY, triage=required())
    reason, facts = refusal(policy, KEPT, None) or (None, {})
    assert (reason, facts["decided_by"], facts["because"]) == (Refusal.KEEP_IN_SUPPORT, "coaching", "Is it coaching?")

    _, facts = refusal(policy, replace(KEPT, decided_by=""), None) or (None, {})
    assert facts["decided_by"] == "no rule"

    for name, shown in (("mellow", "mellow"), ("", "none")):
        reason, facts = refusal(POLICY, None, name) or (None, {})
        assert (reason, facts["severity"]) == (Refusal.UNKNOWN_SEVERITY, shown)
        assert facts["known"].startswith("SEV1, ")


def test_an_opening_is_refused_at_the_door() -> None:
    """Before anything else is looked at."""
    command = cases.opening(policy=replace(POLICY, triage=required()), triage=KEPT, route="")

    decision = decide(None, command, NOON)

    assert (decision.state, decision.sealed.entry.refusal) == (None, Refusal.KEEP_IN_SUPPORT)


@pytest.mark.parametrize(
    ("triage", "phase"),
    [
        (None, Phase.AWAITING_APPROVAL),
        (record(), Phase.AWAITING_APPROVAL),
        (record(urgency=UrgencyClass.IMMEDIATE), Phase.IN_TRANSFER),
        (record(bypass=Bypass.FIRST_LEVEL), Phase.AWAITING_APPROVAL),
        (record(bypass=Bypass.EVERY_LEVEL), Phase.IN_TRANSFER),
    ],
)
def test_what_is_immediate_waits_for_nobody(triage: TriageRecord | None, phase: Phase) -> None:
    """And all else does, where the route wants a yes first."""
    assert skips_approval(triage) is (phase is Phase.IN_TRANSFER)

    route = next(route.name for route in POLICY.routes if route.approval is not None)
    asks = next(route.asks[0] for route in POLICY.routes if route.approval is not None)
    state = decide(None, cases.opening(policy=POLICY, route=route, ask=asks, triage=triage), NOON).state

    assert state is not None
    assert state.phase is phase


# --- Accounts ---------------------------------------------------------------------------------------------------------

ACCOUNT = Account(
    "acme",
    tier="enterprise",
    plan="Business",
    revenue=Money(5, "EUR"),
    critical_issues=4,
    flags=(Flag.REFERENCE, Flag.STRATEGIC),
    renewal=date(2027, 3, 31),
    targets=(ContractTarget(Severity.SEV2, timedelta(hours=6)),),
)


def test_an_account_is_told_without_amounts() -> None:
    """One line; of an account about which nothing is known, that."""
    assert told(ACCOUNT) == (
        "strategic-partner, enterprise; plan Business; critical issues so far: 4; reference; renews on 2027-03-31"
    )
    assert told(Account("acme")) == "nothing but its name"


def test_the_kind_of_customer_is_the_weightiest_that_is_known() -> None:
    """What the case says goes before the account."""
    assert segment_among(frozenset({"enterprise"}), "", ACCOUNT) == "enterprise"
    assert segment_among(frozenset({"enterprise", "strategic-partner"}), "", ACCOUNT) == "strategic-partner"
    assert segment_among(frozenset({"enterprise"}), "odd", ACCOUNT) == "odd"
    assert segment_among(frozenset({"vip"}), "", ACCOUNT) == segment_among(frozenset({"vip"}), "", None) == ""


def test_an_account_fills_in_what_the_case_leaves_open() -> None:
    """And nothing else: the contract's target counts from the opening of the ticket, for the priority that it has."""
    opened = CaseFacts(opened_at=NOON, priority=Severity.SEV2)

    assert with_account(opened, ACCOUNT) == {
        "revenue": Money(5, "EUR"),
        "critical_issues": 4,
        "yes": frozenset({"reference-account"}),
        "due_at": NOON + timedelta(hours=6),
    }
    full = CaseFacts(revenue=Money(1, "EUR"), critical_issues=0, no=frozenset({"reference-account"}), due_at=NOON)
    assert with_account(full, ACCOUNT) == {}
    assert "due_at" not in with_account(replace(opened, priority=Severity.SEV1), ACCOUNT)
    assert "due_at" not in with_account(CaseFacts(priority=Severity.SEV2), ACCOUNT)
    assert with_account(CaseFacts(), Account("acme")) == {}
