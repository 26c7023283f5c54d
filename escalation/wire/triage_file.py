"""The shape of a triage file: what support keeps and what it escalates, as people write it.

Strict, as a policy file is, and of the same parts wherever it stands: a file of its own, or a section of an agreement.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from escalation.core.case_facts import Measure, Span, Trait, UrgencyClass
from escalation.core.scoring import POINTS_MAX, WEIGHTS_SUM, Dimension
from escalation.core.triage import Bypass, Kind
from escalation.core.vocabulary import Severity
from escalation.core.wording import FEELING_MAX, words
from escalation.wire.quoting import shown
from escalation.wire.written_words import SENTENCE_CHARS_MAX, Duration, Label, Name, Sentence, Written

RULES_MAX = 200
QUESTIONS_MAX = 200
CHECKLIST_MAX = 20
CONDITION_VALUES_MAX = 20
GAUGES_MAX = 20
SEGMENTS_MAX = 50
LANGUAGES_MAX = 20
ENDINGS_MAX = 30
VOCABULARIES_MAX = 50
TERMS_MAX = 300
TERM_WORDS_MAX = 8
WORDS_MAX = 2000
COUNT_MAX = 10**12
AMOUNT_MAX = 10**14

_CURRENCY_LETTERS = 3


def currency_of(text: str) -> str:
    """The text itself when it is written like an ISO 4217 code. Raises ValueError with a sentence."""
    if len(text) != _CURRENCY_LETTERS or not (text.isascii() and text.isalpha() and text.isupper()):
        raise ValueError(f"{shown(text)} is no currency; write three capital letters such as EUR")
    return text


def _term(text: str) -> str:
    count = len(words(text))
    if not text.isprintable() or len(text) > SENTENCE_CHARS_MAX or not 1 <= count <= TERM_WORDS_MAX:
        raise ValueError(f"{shown(text)} has {count} words; write 1 to {TERM_WORDS_MAX}, of letters and digits")
    return text


def _word(text: str) -> str:
    if len(words(_term(text))) != 1:
        raise ValueError(f"{shown(text)} is more than one word; write one, or make it a term of a vocabulary")
    return words(text)[0]


def _ending(text: str) -> str:
    if not text.isalpha() or text != text.casefold():
        raise ValueError(f"{shown(text)} is no ending; write small letters")
    return text


Currency = Annotated[str, AfterValidator(currency_of)]
Term = Annotated[str, AfterValidator(_term)]
Word = Annotated[str, AfterValidator(_word)]
Ending = Annotated[str, AfterValidator(_ending)]
Count = Annotated[int, Field(ge=0, le=COUNT_MAX)]
Amount = Annotated[int, Field(ge=0, le=AMOUNT_MAX)]
Points = Annotated[int, Field(ge=0, le=POINTS_MAX)]
Several = Field(min_length=1, max_length=CONDITION_VALUES_MAX)


class WrittenWhen(Written):
    """What must hold, all of it; `answered` wants one of its questions answered with yes."""

    answered: Annotated[tuple[Name, ...], Several] | None = None
    above: Annotated[dict[Measure, Count], Several] | None = None
    at_least: Annotated[dict[Measure, Count], Several] | None = None
    longer: Annotated[dict[Span, Duration], Several] | None = None
    due_within: Duration | None = None
    missed: bool = False
    dispute_above: Annotated[dict[Currency, Amount], Several] | None = None
    revenue_at_least: Annotated[dict[Currency, Amount], Several] | None = None
    among: Annotated[dict[Trait, Annotated[tuple[str, ...], Several]], Several] | None = None
    says: Name | None = None
    feels_at_most: Annotated[int, Field(ge=-FEELING_MAX, le=FEELING_MAX)] | None = None
    by_hand: bool = False

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(getattr(self, name) in (None, False) for name in type(self).model_fields):
            raise ValueError("nothing is asked here; write at least one condition")
        return self


class WrittenItem(Written):
    id: Name
    asks: Sentence
    source: Sentence
    keeps_when: bool = True


class WrittenRule(Written):
    id: Name
    kind: Kind
    source: Sentence
    says: Sentence
    when: WrittenWhen
    urgency: UrgencyClass
    route: Name
    severity: Severity | None = None
    bypass: Bypass = Bypass.NONE
    stands: bool = False
    active: bool = True


class WrittenGauge(Written):
    points: Points
    when: WrittenWhen


class WrittenDimension(Written):
    weight: Annotated[int, Field(ge=0, le=WEIGHTS_SUM)]
    gauges: Annotated[tuple[WrittenGauge, ...], Field(min_length=1, max_length=GAUGES_MAX)]


class WrittenScore(Written):
    version: Label
    dimensions: dict[Dimension, WrittenDimension]


class WrittenLevels(Written):
    """A severity for each urgency."""

    high: Severity
    medium: Severity
    low: Severity


class WrittenCells(Written):
    """A row for each impact."""

    high: WrittenLevels
    medium: WrittenLevels
    low: WrittenLevels


class WrittenBands(Written):
    high: Points
    medium: Points


class WrittenMatrix(Written):
    cells: WrittenCells
    bands: WrittenBands
    urgencies: dict[UrgencyClass, Literal["high", "medium", "low"]]


class WrittenSegment(Written):
    """`timeline`: for a severity, the one whose clocks a case of this segment runs on."""

    timeline: dict[Severity, Severity] = Field(default_factory=dict)


class WrittenLanguage(Written):
    endings: Annotated[tuple[Ending, ...], Field(max_length=ENDINGS_MAX)] = ()
    negations: Annotated[tuple[Word, ...], Field(max_length=TERMS_MAX)] = ()


class WrittenVocabulary(Written):
    terms: dict[Name, Annotated[tuple[Term, ...], Field(min_length=1, max_length=TERMS_MAX)]]
    negatable: bool = False


_Words = Annotated[tuple[Word, ...], Field(max_length=WORDS_MAX)]


class WrittenSentiment(Written):
    """Words by their worth, worst first."""

    dreadful: _Words = ()
    bad: _Words = ()
    poor: _Words = ()
    fair: _Words = ()
    good: _Words = ()
    great: _Words = ()


class WrittenWording(Written):
    languages: Annotated[dict[Name, WrittenLanguage], Field(min_length=1, max_length=LANGUAGES_MAX)]
    vocabularies: Annotated[dict[Name, WrittenVocabulary], Field(max_length=VOCABULARIES_MAX)] = Field(
        default_factory=dict
    )
    sentiment: dict[Name, WrittenSentiment] = Field(default_factory=dict)


class WrittenTriage(Written):
    name: Name
    version: Label
    checklist: Annotated[tuple[WrittenItem, ...], Field(max_length=CHECKLIST_MAX)]
    questions: Annotated[dict[Name, Sentence], Field(max_length=QUESTIONS_MAX)]
    rules: Annotated[tuple[WrittenRule, ...], Field(min_length=1, max_length=RULES_MAX)]
    score: WrittenScore
    matrix: WrittenMatrix
    segments: Annotated[dict[Name, WrittenSegment], Field(max_length=SEGMENTS_MAX)] = Field(default_factory=dict)
    wording: WrittenWording


WORTHS = {"dreadful": -3, "bad": -2, "poor": -1, "fair": 1, "good": 2, "great": 3}
"""What a word of each list counts."""
