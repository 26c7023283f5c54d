"""Triage as operators write it, checked and frozen into `core.triage.TriageRules`.

The file is judged whole, as an agreement is: one wrong field refuses it, and every fault is one line with its place.
`under` names the section of a larger file that holds the rules.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files

from pydantic import ValidationError

from escalation.core.case_facts import Purse, Trait, UrgencyClass, Workaround
from escalation.core.conditions import (
    Above,
    Among,
    AtLeast,
    ByHand,
    Condition,
    Costs,
    DueWithin,
    Feels,
    Longer,
    Missed,
    Says,
    Ticked,
)
from escalation.core.money import Money
from escalation.core.scoring import WEIGHTS_SUM, Dimension, Gauge, Weight
from escalation.core.triage import LEVELS, Item, Kind, Matrix, Rule, TriageRules
from escalation.core.vocabulary import Severity
from escalation.core.wording import Language, Vocabulary, Wording
from escalation.wire.faults import faults_of, some_of
from escalation.wire.quoting import shown
from escalation.wire.triage_file import WORTHS, WrittenMatrix, WrittenTriage, WrittenWhen, WrittenWording
from escalation.wire.yaml_reader import Document, Fault, FaultyFileError, Path, read, spell

LEVEL_NAMES = dict(zip(("high", "medium", "low"), LEVELS, strict=True))


@cache
def shipped() -> tuple[TriageRules, frozenset[str]]:
    """The rules that come with the package, and the questions that they know."""
    return freeze(read((files("escalation") / "triage" / "default.yaml").read_bytes()))


def freeze(
    document: Document, under: Path = (), routes: Collection[str] | None = None
) -> tuple[TriageRules, frozenset[str]]:
    """The rules that `document` writes, and the questions that a case may answer. Raises `FaultyFileError`.

    `routes`: those of the agreement, where it is known; a rule that leads elsewhere is a fault then.
    """
    part = _section(document, under)
    try:
        # As JSON, because strict pydantic takes words for enums and lists for tuples only from there.
        written = WrittenTriage.model_validate_json(json.dumps(part.value))
    except ValidationError as error:
        raise FaultyFileError(_placed(faults_of(error, part), under)) from None
    found = [part.fault(path, what) for path, what in _contradictions(written, routes)]
    if found:
        raise FaultyFileError(_placed(some_of(found), under))
    return _rules(written, document.digest), frozenset(written.questions) | {item.id for item in written.checklist}


def _section(document: Document, under: Path) -> Document:
    value = document.value
    for depth, key in enumerate(under):
        inner = value.get(str(key))
        if not isinstance(inner, dict):
            raise FaultyFileError((document.fault(under[: depth + 1], "this section is missing; add it"),))
        value = inner
    size = len(under)
    lines = {path[size:]: line for path, line in document.lines.items() if path[:size] == under}
    return Document(value, document.digest, lines)


def _placed(faults: tuple[Fault, ...], under: Path) -> tuple[Fault, ...]:
    above = spell(under)
    return tuple(replace(fault, path=".".join(filter(None, (above, fault.path)))) for fault in faults)


# --- What fields say about each other ---------------------------------------------------------------------------------


def _contradictions(written: WrittenTriage, routes: Collection[str] | None) -> Iterator[tuple[Path, str]]:
    yield from _contradictions_of_names(written)
    for number, rule in enumerate(written.rules):
        path: Path = ("rules", number)
        if routes is not None and rule.route not in routes:
            yield (*path, "route"), f"no route is called {rule.route!r}; known are {', '.join(sorted(routes))}"
        if (rule.kind is Kind.MANUAL) is not rule.when.by_hand:
            yield (*path, "kind"), "`by_hand` and the kind `manual` belong together; write both or neither"
        yield from _contradictions_of_when((*path, "when"), rule.when, written)
    alone = WrittenWhen(by_hand=True)
    if not any(rule.active and rule.stands and rule.when == alone for rule in written.rules):
        yield ("rules",), "people must always be able to escalate; add an active rule with `by_hand` alone that stands"
    for dimension in Dimension:
        if dimension not in written.score.dimensions:
            yield ("score", "dimensions"), f"{dimension} is missing; weight all of {', '.join(Dimension)}"
    total = sum(weighted.weight for weighted in written.score.dimensions.values())
    if total != WEIGHTS_SUM:
        yield ("score", "dimensions"), f"the weights sum up to {total}; make them {WEIGHTS_SUM}"
    for name, weighted in written.score.dimensions.items():
        for number, gauge in enumerate(weighted.gauges):
            yield from _contradictions_of_when(
                ("score", "dimensions", name, "gauges", number, "when"), gauge.when, written
            )
    yield from _contradictions_of_matrix(written)
    yield from _contradictions_of_segments(written)
    yield from _contradictions_of_wording(written.wording)


def _contradictions_of_names(written: WrittenTriage) -> Iterator[tuple[Path, str]]:
    seen: set[str] = set()
    named: list[tuple[Path, str]] = [
        *((("checklist", number, "id"), item.id) for number, item in enumerate(written.checklist)),
        *((("rules", number, "id"), rule.id) for number, rule in enumerate(written.rules)),
    ]
    for path, name in named:
        if name in seen:
            yield path, f"{name!r} stands above too; rename one of them, for an answer names what decided"
        seen.add(name)
    for item in written.checklist:
        if item.id in written.questions:
            yield ("questions", item.id), "the checklist asks this already; remove it here"


def _contradictions_of_when(path: Path, when: WrittenWhen, written: WrittenTriage) -> Iterator[tuple[Path, str]]:
    asked = {*written.questions, *(item.id for item in written.checklist)}
    for number, question in enumerate(when.answered or ()):
        if question not in asked:
            yield (*path, "answered", number), f"no question is called {question!r}; add it to `questions`"
    if when.says is not None and when.says not in written.wording.vocabularies:
        known = ", ".join(sorted(written.wording.vocabularies)) or "none yet"
        yield (*path, "says"), f"no vocabulary is called {when.says!r}; known are {known}"
    allowed = {
        Trait.SEGMENT: frozenset(written.segments),
        Trait.WORKAROUND: frozenset(Workaround),
        Trait.PRIORITY: frozenset(Severity),
    }
    for trait, values in (when.among or {}).items():
        for number, value in enumerate(values):
            if value not in allowed[trait]:
                known = ", ".join(sorted(allowed[trait])) or "none yet"
                yield (*path, "among", trait, number), f"{shown(value)} is no {trait}; known are {known}"


def _contradictions_of_matrix(written: WrittenTriage) -> Iterator[tuple[Path, str]]:
    matrix = written.matrix
    order, cells = list(Severity), _cells(matrix)
    for (impact, urgency), severity in cells.items():
        for worse in ((impact - 1, urgency), (impact, urgency - 1)):
            if worse in cells and order.index(cells[worse]) > order.index(severity):
                names = list(LEVEL_NAMES)
                path: Path = ("matrix", "cells", names[impact - 1], names[urgency - 1])
                yield path, f"{severity} is worse than {cells[worse]}, which more impact or urgency makes; change one"
    if matrix.bands.high <= matrix.bands.medium:
        yield ("matrix", "bands", "high"), "the high impact must begin above the medium one; change one of them"
    for urgency_class in UrgencyClass:
        if urgency_class not in matrix.urgencies:
            yield ("matrix", "urgencies"), f"{urgency_class} is missing; write high, medium or low for it"
    levels = [LEVEL_NAMES[matrix.urgencies[each]] for each in UrgencyClass if each in matrix.urgencies]
    if levels != sorted(levels):
        yield ("matrix", "urgencies"), "a sooner class counts less than a later one; change one of them"


def _contradictions_of_segments(written: WrittenTriage) -> Iterator[tuple[Path, str]]:
    order = list(Severity)
    for name, segment in written.segments.items():
        for severity, runs_on in segment.timeline.items():
            if order.index(runs_on) > order.index(severity):
                what = f"{runs_on} is slower than {severity}; a segment only makes a case faster"
                yield ("segments", name, "timeline", severity), what


def _contradictions_of_wording(wording: WrittenWording) -> Iterator[tuple[Path, str]]:
    known = ", ".join(sorted(wording.languages))
    for name, vocabulary in wording.vocabularies.items():
        for language in vocabulary.terms:
            if language not in wording.languages:
                path: Path = ("wording", "vocabularies", name, "terms", language)
                yield path, f"no language is called {language!r}; known are {known}"
    for language, sentiment in wording.sentiment.items():
        if language not in wording.languages:
            yield ("wording", "sentiment", language), f"no language is called {language!r}; known are {known}"
        seen: set[str] = set()
        for worth in WORTHS:
            for number, word in enumerate(getattr(sentiment, worth)):
                if word in seen:
                    yield ("wording", "sentiment", language, worth, number), f"{word!r} stands above too; keep one"
                seen.add(word)


# --- Freezing ---------------------------------------------------------------------------------------------------------


def _rules(written: WrittenTriage, digest: str) -> TriageRules:
    return TriageRules(
        name=written.name,
        version=written.version,
        digest=digest,
        checklist=tuple(Item(item.id, item.asks, item.source, item.keeps_when) for item in written.checklist),
        rules=tuple(
            Rule(
                id=rule.id,
                kind=rule.kind,
                source=rule.source,
                says=rule.says,
                when=_conditions(rule.when),
                urgency=rule.urgency,
                route=rule.route,
                severity=rule.severity,
                bypass=rule.bypass,
                stands=rule.stands,
            )
            for rule in written.rules
            if rule.active
        ),
        weights=tuple(
            Weight(
                name,
                written.score.dimensions[name].weight,
                tuple(
                    Gauge(gauge.points, _conditions(gauge.when))
                    for gauge in sorted(written.score.dimensions[name].gauges, key=lambda gauge: -gauge.points)
                ),
            )
            for name in Dimension
        ),
        weights_version=written.score.version,
        matrix=Matrix(
            cells=_cells(written.matrix),
            bands=((written.matrix.bands.high, LEVELS[0]), (written.matrix.bands.medium, LEVELS[1])),
            urgencies={each: LEVEL_NAMES[level] for each, level in written.matrix.urgencies.items()},
        ),
        timelines={name: dict(segment.timeline) for name, segment in written.segments.items()},
        wording=_wording(written.wording),
    )


def _cells(matrix: WrittenMatrix) -> dict[tuple[int, int], Severity]:
    return {
        (LEVEL_NAMES[impact], LEVEL_NAMES[urgency]): getattr(getattr(matrix.cells, impact), urgency)
        for impact in LEVEL_NAMES
        for urgency in LEVEL_NAMES
    }


def _conditions(when: WrittenWhen) -> tuple[Condition, ...]:
    """In a fixed order: what costs nothing comes before what reads the text."""
    found: list[Condition] = []
    if when.by_hand:
        found.append(ByHand())
    if when.answered:
        found.append(Ticked(when.answered))
    found += [Among(trait, values) for trait, values in (when.among or {}).items()]
    found += [Above(measure, limit) for measure, limit in (when.above or {}).items()]
    found += [AtLeast(measure, limit) for measure, limit in (when.at_least or {}).items()]
    found += [Longer(span, limit) for span, limit in (when.longer or {}).items()]
    if when.missed:
        found.append(Missed())
    if when.due_within is not None:
        found.append(DueWithin(when.due_within))
    for purse, limits in ((Purse.DISPUTE, when.dispute_above), (Purse.REVENUE, when.revenue_at_least)):
        if limits:
            found.append(Costs(purse, tuple(Money(amount, currency) for currency, amount in limits.items())))
    if when.says is not None:
        found.append(Says(when.says))
    if when.feels_at_most is not None:
        found.append(Feels(when.feels_at_most))
    return tuple(found)


def _wording(written: WrittenWording) -> Wording:
    return Wording(
        languages=tuple(
            Language(name, language.endings, frozenset(language.negations))
            for name, language in written.languages.items()
        ),
        vocabularies=tuple(
            Vocabulary(
                name,
                tuple((language, term) for language, terms in vocabulary.terms.items() for term in terms),
                vocabulary.negatable,
            )
            for name, vocabulary in written.vocabularies.items()
        ),
        worths=tuple(
            (language, word, worth)
            for language, sentiment in written.sentiment.items()
            for name, worth in WORTHS.items()
            for word in getattr(sentiment, name)
        ),
    )
