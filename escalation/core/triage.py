"""Keep a case in support, or escalate it: how soon, how bad, where to, and why. Pure: the same facts, the same answer.

Every rule is policy. Those that fire are all named; the one that decides is the first by urgency class, then by the
severity it names, then by its kind, then by its place in the file, so no two are ever equal. The checklist keeps a case
that only such rules ask for as may be answered by support itself; an immediate rule, and one that says so (`stands`),
escalates whatever the checklist says. Nothing measured never makes a case better: severity only gets worse with impact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from escalation.core.case_facts import CaseFacts, Reading, UrgencyClass
from escalation.core.conditions import Condition, Known, all_of
from escalation.core.scoring import Score, Weight, score
from escalation.core.vocabulary import Severity
from escalation.core.wording import TEXT_CHARS_MAX, Wording

LEVELS = (1, 2, 3)
"""Impact and urgency, 1 high to 3 low."""
_WORST = list(Severity)
_URGENCIES = list(UrgencyClass)


class Kind(StrEnum):
    """What a rule looks at; of two that are alike else, the earlier kind decides. Source: the trigger lists."""

    MANUAL = "manual"
    TECHNICAL = "technical"
    BUSINESS = "business"
    REQUEST = "request"
    OPERATIONAL = "operational"
    IMPACT = "impact"
    MONEY = "money"
    ACCOUNT = "account"
    TIME = "time"
    KEYWORD = "keyword"
    SENTIMENT = "sentiment"
    FUNCTIONAL = "functional"


class Verdict(StrEnum):
    """What becomes of a case."""

    KEEP = "keep"
    ESCALATE = "escalate"


class Bypass(StrEnum):
    """Which levels are skipped. `every_level` also waits for no approval."""

    NONE = "none"
    FIRST_LEVEL = "first_level"
    EVERY_LEVEL = "every_level"


@dataclass(frozen=True, slots=True)
class Rule:
    """When all of `when` holds, the case is to be escalated: that soon, at least that bad (None: the matrix), there."""

    id: str
    kind: Kind
    source: str
    says: str
    when: tuple[Condition, ...]
    urgency: UrgencyClass
    route: str
    severity: Severity | None = None
    bypass: Bypass = Bypass.NONE
    stands: bool = False  # whatever the checklist says


@dataclass(frozen=True, slots=True)
class Item:
    """A question of the keep-in-support checklist and the answer that keeps the case there."""

    id: str
    asks: str
    source: str
    keeps_when: bool = True


@dataclass(frozen=True, slots=True)
class Matrix:
    """Impact and urgency (1 high to 3 low) make a severity; `bands` make an impact of a score."""

    cells: Mapping[tuple[int, int], Severity]
    bands: tuple[tuple[int, int], ...]  # (least score, impact), highest first; below all of them the impact is 3
    urgencies: Mapping[UrgencyClass, int]  # what a class counts as; no class at all counts as 3


@dataclass(frozen=True)
class TriageRules:
    """One version of all that triage knows. `timelines`: by segment, the severity whose clocks a case runs on."""

    name: str
    version: str
    digest: str
    checklist: tuple[Item, ...]
    rules: tuple[Rule, ...]
    weights: tuple[Weight, ...]
    weights_version: str
    matrix: Matrix
    timelines: Mapping[str, Mapping[Severity, Severity]]
    wording: Wording


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired, and the evidence. `held_back`: the checklist answers it."""

    id: str
    kind: Kind
    source: str
    because: str
    urgency: UrgencyClass
    severity: Severity | None
    route: str
    bypass: Bypass
    held_back: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """An item of the checklist: what was answered (None: nothing), and whether that keeps the case."""

    id: str
    asks: str
    source: str
    answer: bool | None
    keeps: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A fact that is missing, and who would have used it."""

    fact: str
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer, with everything that led to it.

    `timeline` is the severity whose clocks the case runs on; `decided_by` is a rule, an item of the checklist, or "".
    `urgency` and `route` are None and "" when the case is kept.
    """

    verdict: Verdict
    decided_by: str
    because: str
    urgency: UrgencyClass | None
    severity: Severity
    timeline: Severity
    route: str
    bypass: Bypass
    fired: tuple[Fired, ...]
    checklist: tuple[Checked, ...]
    score: Score
    impact: int
    urgency_level: int
    missing: tuple[Gap, ...]
    rules: str
    version: str
    digest: str


def triage(case: CaseFacts, rules: TriageRules, now: datetime) -> Assessment:
    """What becomes of the case, as far as it is known at `now` (aware)."""
    reading = Reading(case, now, rules.wording)
    checklist = tuple(_checked(item, case) for item in rules.checklist)
    keeping = next((item for item in checklist if item.keeps), None)
    fired, gaps = _fired(rules.rules, reading, kept=keeping is not None)
    standing = [rule for rule in fired if not rule.held_back]
    first = standing[0] if standing else None
    points = score(rules.weights, rules.weights_version, reading)
    impact = case.impact if case.impact in LEVELS else _impact(points.points, rules.matrix)
    urgency_level = _urgency_level(case, first, rules.matrix)
    severity = _worst(rules.matrix.cells[impact, urgency_level], *(rule.severity for rule in fired))
    if first is None:
        decided_by, because = (keeping.id, keeping.asks) if keeping else ("", "no rule asks for an escalation")
    else:
        decided_by, because = first.id, first.because
    return Assessment(
        verdict=Verdict.KEEP if first is None else Verdict.ESCALATE,
        decided_by=decided_by,
        because=because,
        urgency=first.urgency if first else None,
        severity=severity,
        timeline=_worst(severity, rules.timelines.get(case.segment, {}).get(severity)),
        route=first.route if first else "",
        bypass=max((rule.bypass for rule in standing), key=list(Bypass).index, default=Bypass.NONE),
        fired=fired,
        checklist=checklist,
        score=points,
        impact=impact,
        urgency_level=urgency_level,
        missing=_missing(gaps, checklist, points, reading),
        rules=rules.name,
        version=rules.version,
        digest=rules.digest,
    )


def _checked(item: Item, case: CaseFacts) -> Checked:
    answer = True if item.id in case.yes else False if item.id in case.no else None
    return Checked(item.id, item.asks, item.source, answer, answer is item.keeps_when)


def _fired(rules: tuple[Rule, ...], reading: Reading, *, kept: bool) -> tuple[tuple[Fired, ...], dict[str, list[str]]]:
    """The rules that fire, the deciding one first, and who asked for which unknown fact."""
    found: list[Fired] = []
    gaps: dict[str, list[str]] = {}
    for rule in rules:
        answer = all_of(rule.when, reading)
        if answer.known is Known.YES:
            found.append(_fire(rule, answer.evidence, reading.facts, kept=kept))
        elif answer.known is Known.UNKNOWN:
            gaps.setdefault(answer.wants, []).append(rule.id)
    # `sorted` keeps the order of the file among equals, so the order is total.
    return tuple(sorted(found, key=_rank)), gaps


def _fire(rule: Rule, evidence: str, case: CaseFacts, *, kept: bool) -> Fired:
    urgency, severity, route = rule.urgency, rule.severity, rule.route
    if rule.kind is Kind.MANUAL and case.manual is not None:
        manual = case.manual
        urgency, severity, route = manual.urgency or urgency, manual.severity or severity, manual.route or route
    immediate = urgency is UrgencyClass.IMMEDIATE
    return Fired(
        id=rule.id,
        kind=rule.kind,
        source=rule.source,
        because=f"{rule.says}: {evidence}",
        urgency=urgency,
        severity=severity,
        route=route,
        bypass=Bypass.EVERY_LEVEL if immediate else rule.bypass,
        held_back=kept and not (immediate or rule.stands),
    )


def _rank(fired: Fired) -> tuple[bool, int, int, int]:
    severity = len(_WORST) if fired.severity is None else _WORST.index(fired.severity)
    return fired.held_back, _URGENCIES.index(fired.urgency), severity, list(Kind).index(fired.kind)


def _impact(points: int, matrix: Matrix) -> int:
    return next((impact for least, impact in matrix.bands if points >= least), LEVELS[-1])


def _urgency_level(case: CaseFacts, first: Fired | None, matrix: Matrix) -> int:
    """What the intake form says; else what the deciding rule's class counts as."""
    if case.urgency in LEVELS:
        return case.urgency
    return LEVELS[-1] if first is None else matrix.urgencies[first.urgency]


def _worst(severity: Severity, *others: Severity | None) -> Severity:
    return min((severity, *(other for other in others if other)), key=_WORST.index)


def _missing(
    gaps: Mapping[str, list[str]], checklist: tuple[Checked, ...], points: Score, reading: Reading
) -> tuple[Gap, ...]:
    """Unanswered questions of the checklist, then facts that a rule or the score would have used, by name."""
    wanted = {fact: list(users) for fact, users in gaps.items()}
    for part in points.parts:
        for fact in part.wants:
            wanted.setdefault(fact, []).append(f"score: {part.dimension}")
    unanswered = [Gap(item.id, ("checklist",)) for item in checklist if item.answer is None]
    unread = [Gap(f"the text after {TEXT_CHARS_MAX} characters", ("wording",))] if reading.cut else []
    return (*unanswered, *(Gap(fact, tuple(wanted[fact])) for fact in sorted(wanted)), *unread)
