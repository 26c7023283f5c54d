"""What a text says and how it feels, in whole words and whole numbers: no substring, no fraction, no network.

A text becomes words: letters and digits in any script, case folded, apostrophes dropped ("can't" is `cant`). Terms are
sought in it in all the forms that a language's endings make, and never across the end of a sentence. Scripts without
blanks between words are one word to this reader: their terms are found only where the text has blanks.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

TEXT_CHARS_MAX = 65_536
"""More of a text is not read. An answer says so."""
NEGATION_WORDS = 3
"""How far before a word a negation still turns it ("not at all good"), within its sentence."""
WORTH_MAX = 3
FEELING_MAX = 100
_CALM = 12
"""Worth at which a text is half-way to the worst feeling. Ours: four plainly bad words."""
_ENDS = frozenset(".!?;")

_TOKEN = re.compile(r"[^\W_]+|[.!?;]")
# To normalise a row of marks takes the square of its length; no word that is looked for is as long as a piece.
_PIECE_CHARS_MAX = 256
_PIECE = re.compile(rf"\S{{1,{_PIECE_CHARS_MAX}}}")
_APOSTROPHES = str.maketrans("", "", "'’`\u02bc")
_VOWELS = frozenset("aeiou")


@dataclass(frozen=True, slots=True)
class Language:
    """How one language bends and turns words. `name` is its code: "en"."""

    name: str
    endings: tuple[str, ...] = ()
    negations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Terms of one meaning by language; a term is one or more words. `negatable`: "never cancel" is no "cancel"."""

    name: str
    terms: tuple[tuple[str, str], ...]  # (language, term)
    negatable: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The first term of a vocabulary in a text, and how many there are."""

    term: str
    count: int


@dataclass(frozen=True, slots=True)
class Feeling:
    """-100 (worst) to 100, from the worth of the words that were known. `words`: the worst of them, for the reason."""

    score: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Term:
    vocabulary: str
    language: str
    written: str
    rest: tuple[frozenset[str], ...]  # the forms of every word after the first
    negatable: bool


@dataclass(frozen=True)
class Wording:
    """What to look for. Built once; looking costs one look-up for each word of a text.

    Every term has a letter or a digit: the reader of the file sees to it.
    """

    languages: tuple[Language, ...]
    vocabularies: tuple[Vocabulary, ...]
    worths: tuple[tuple[str, str, int], ...] = ()  # (language, word, -3 to 3)
    _terms: Mapping[str, tuple[_Term, ...]] = field(init=False, repr=False, compare=False)
    _worths: Mapping[str, tuple[tuple[str, int], ...]] = field(init=False, repr=False, compare=False)
    _names: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        endings = {language.name: language.endings for language in self.languages}
        terms: dict[str, list[_Term]] = {}
        for vocabulary in self.vocabularies:
            for language, written in vocabulary.terms:
                first, *rest = (forms(word, endings.get(language, ())) for word in words(written))
                term = _Term(vocabulary.name, language, written, tuple(rest), vocabulary.negatable)
                for form in first:
                    terms.setdefault(form, []).append(term)
        worths: dict[str, dict[str, int]] = {}
        # A word that is listed itself is worth what its own line says, not what a form of another line would give it.
        for language, word, worth in self.worths:
            for form in forms(word, endings.get(language, ())):
                worths.setdefault(form, {}).setdefault(language, worth)
        for language, word, worth in self.worths:
            worths[words(word)[0]][language] = worth
        object.__setattr__(self, "_names", frozenset(endings))
        object.__setattr__(self, "_terms", {form: tuple(found) for form, found in terms.items()})
        object.__setattr__(self, "_worths", {form: tuple(by.items()) for form, by in worths.items()})

    def read(self, tokens: Sequence[str], language: str = "") -> dict[str, Found]:
        """What each vocabulary finds in a text, in that language or (when it is unknown here) in all of them."""
        spoken = self._spoken(language)
        turned = self._negations(spoken)
        found: dict[str, Found] = {}
        for place, token in enumerate(tokens):
            for term in self._terms.get(token, ()):
                if term.language not in spoken or not _goes_on(tokens, place, term.rest):
                    continue
                if term.negatable and _negated(tokens, place, turned):
                    continue
                earlier = found.get(term.vocabulary)
                found[term.vocabulary] = Found(earlier.term, earlier.count + 1) if earlier else Found(term.written, 1)
        return found

    def feel(self, tokens: Sequence[str], language: str = "") -> Feeling:
        """How a text feels. A negation turns praise into blame; it takes blame away but makes no praise of it."""
        spoken = self._spoken(language)
        turned = self._negations(spoken)
        total, blamed = 0, dict[str, int]()
        for place, token in enumerate(tokens):
            worths = [worth for name, worth in self._worths.get(token, ()) if name in spoken]
            if not worths:
                continue
            worth = min(worths)
            if _negated(tokens, place, turned):
                worth = min(0, -worth)
            total += worth
            if worth < 0:
                blamed[token] = min(worth, blamed.get(token, 0))
        worst = sorted(blamed, key=lambda word: (blamed[word], word))
        return Feeling(_bounded(total), tuple(worst[:3]))

    def _spoken(self, language: str) -> frozenset[str]:
        return frozenset({language}) if language in self._names else self._names

    def _negations(self, spoken: frozenset[str]) -> frozenset[str]:
        return frozenset(word for each in self.languages if each.name in spoken for word in each.negations)


def words(text: str) -> list[str]:
    """The text's words as they are compared."""
    return [token for token in tokens_of(text) if token not in _ENDS]


def tokens_of(text: str) -> list[str]:
    """Words and ends of sentences of what is read of the text."""
    read = text[:TEXT_CHARS_MAX]
    plain = read if read.isascii() else _PIECE.sub(lambda piece: unicodedata.normalize("NFKC", piece[0]), read)
    return _TOKEN.findall(plain.casefold().translate(_APOSTROPHES))


def forms(word: str, endings: Iterable[str]) -> frozenset[str]:
    """The word with each ending: appended, in place of a silent e, after a doubled consonant, with y become i."""
    found = {word}
    for ending in endings:
        found.add(word + ending)
        if word.endswith("e"):
            found.add(word[:-1] + ending)
        if len(word) > 2 and word.endswith("y") and word[-2] not in _VOWELS:  # noqa: PLR2004 - not "my"
            found.add(word[:-1] + "i" + ending)
        if word[-1] not in _VOWELS and ending[0] in _VOWELS:
            found.add(word + word[-1] + ending)
    return frozenset(found)


def _goes_on(tokens: Sequence[str], place: int, rest: tuple[frozenset[str], ...]) -> bool:
    following = tokens[place + 1 : place + 1 + len(rest)]
    return len(following) == len(rest) and all(token in those for token, those in zip(following, rest, strict=True))


def _negated(tokens: Sequence[str], place: int, negations: frozenset[str]) -> bool:
    return any(token in negations for token in _before(tokens, place))


def _before(tokens: Sequence[str], place: int) -> Iterator[str]:
    """The words before a place that may turn it, nearest first."""
    for token in reversed(tokens[max(0, place - NEGATION_WORDS) : place]):
        if token in _ENDS:
            return
        yield token


def _bounded(total: int) -> int:
    score = FEELING_MAX * abs(total) // (abs(total) + _CALM)
    return score if total > 0 else -score
