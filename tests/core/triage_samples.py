"""A small rule book and small cases for the tests of triage: every kind of condition once, nothing that is shipped."""

from datetime import UTC, datetime, timedelta

from escalation.core.case_facts import Measure, Purse, Span, Trait, UrgencyClass
from escalation.core.conditions import (
    Above,
    Among,
    AtLeast,
    ByHand,
    Costs,
    DueWithin,
    Feels,
    Longer,
    Missed,
    Says,
    Ticked,
)
from escalation.core.money import Money
from escalation.core.scoring import Dimension, Gauge, Weight
from escalation.core.triage import Bypass, Item, Kind, Matrix, Rule, TriageRules
from escalation.core.vocabulary import Severity
from escalation.core.wording import Language, Vocabulary, Wording

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SEV1, SEV2, SEV3, SEV4 = Severity
IMMEDIATE, STANDARD, OPTIONAL = UrgencyClass

WORDING = Wording(
    languages=(
        Language("en", ("s", "es", "ed", "ing"), frozenset({"not", "never", "no", "dont"})),
        Language("de", ("e", "en", "t"), frozenset({"nicht", "kein"})),
    ),
    vocabularies=(
        Vocabulary("outage", (("en", "outage"), ("de", "Ausfall"))),
        Vocabulary("locked-out", (("en", "can't log in"), ("en", "locked out"))),
        Vocabulary("displeasure", (("en", "cancel"), ("en", "unacceptable"), ("de", "kündigen")), negatable=True),
    ),
    worths=(
        ("en", "bad", -2),
        ("en", "awful", -3),
        ("en", "lie", -2),
        ("en", "lied", -3),
        ("en", "good", 2),
        ("de", "bad", 1),  # a bath
        ("de", "schlecht", -2),
    ),
)

CELLS = {
    (1, 1): SEV1, (1, 2): SEV2, (1, 3): SEV3,
    (2, 1): SEV2, (2, 2): SEV3, (2, 3): SEV4,
    (3, 1): SEV3, (3, 2): SEV4, (3, 3): SEV4,
}  # fmt: skip
MATRIX = Matrix(CELLS, ((50, 1), (25, 2)), {IMMEDIATE: 1, STANDARD: 2, OPTIONAL: 3})

WEIGHTS = (
    Weight(
        Dimension.BREADTH,
        40,
        (
            Gauge(100, (Above(Measure.USERS_PERCENT, 50),)),
            Gauge(60, (Above(Measure.USERS_PERCENT, 10),)),
            Gauge(50, (AtLeast(Measure.USERS, 100),)),
        ),
    ),
    Weight(
        Dimension.DEPTH,
        20,
        (Gauge(100, (Ticked(("blocked",)), Among(Trait.WORKAROUND, ("none",)))), Gauge(50, (Ticked(("blocked",)),))),
    ),
    Weight(Dimension.DURATION, 10, (Gauge(100, (Longer(Span.LASTED, timedelta(hours=2)),)),)),
    Weight(Dimension.REVENUE, 20, (Gauge(100, (Costs(Purse.REVENUE, (Money(500, "EUR"), Money(600, "USD"))),)),)),
    Weight(Dimension.REPUTATION, 5, (Gauge(100, (Ticked(("press",)),)),)),
    Weight(Dimension.CONTRACTUAL, 5, (Gauge(100, (Missed(),)),)),
)

BY_HAND = Rule("by-hand", Kind.MANUAL, "s", "by hand", (ByHand(),), STANDARD, "l1-to-l2", stands=True)
SECURITY = Rule("security", Kind.TECHNICAL, "s", "security", (Ticked(("breach",)),), IMMEDIATE, "security", SEV1)
BUG = Rule("bug", Kind.TECHNICAL, "s", "a defect", (Ticked(("bug", "crash")),), STANDARD, "engineering")
ASKED = Rule("asked", Kind.REQUEST, "s", "asked for", (Ticked(("asks",)),), STANDARD, "l1-to-l2", stands=True)
MANY = Rule(
    "many", Kind.IMPACT, "s", "many users", (Above(Measure.USERS_PERCENT, 10),), STANDARD, "engineering", SEV2,
    stands=True,
)  # fmt: skip
NEAR = Rule("near", Kind.OPERATIONAL, "s", "due", (DueWithin(timedelta(minutes=15)),), STANDARD, "l1-to-l2")
DISPUTE = Rule("dispute", Kind.MONEY, "s", "dispute", (Costs(Purse.DISPUTE, (Money(99, "EUR"),)),), STANDARD, "finance")
STALE = Rule(
    "stale", Kind.TIME, "s", "inactive",
    (Among(Trait.SEGMENT, ("vip",)), Longer(Span.INACTIVE, timedelta(minutes=30))), STANDARD, "l1-to-l2",
)  # fmt: skip
OUTAGE = Rule(
    "outage", Kind.KEYWORD, "s", "keyword", (Says("outage"),), STANDARD, "engineering", bypass=Bypass.FIRST_LEVEL
)
UPSET = Rule("upset", Kind.SENTIMENT, "s", "upset", (Feels(-30),), STANDARD, "customer-success")
UNUSUAL = Rule("unusual", Kind.FUNCTIONAL, "s", "unusual", (Ticked(("unusual",)),), OPTIONAL, "l1-to-l2")
RULES = (BY_HAND, SECURITY, BUG, ASKED, MANY, NEAR, DISPUTE, STALE, OUTAGE, UPSET, UNUSUAL)

BOOK = TriageRules(
    name="sample",
    version="1",
    digest="ab" * 32,
    checklist=(
        Item("known-fix", "Is there a known fix?", "s"),
        Item("needs-more", "Does it need more than support has?", "s", keeps_when=False),
    ),
    rules=RULES,
    weights=WEIGHTS,
    weights_version="1.0",
    matrix=MATRIX,
    timelines={"vip": {SEV2: SEV1}, "standard": {}},
    wording=WORDING,
)
