"""Words, not substrings: endings, phrases, sentences, languages, negation, and a feeling in whole numbers."""

import time

import pytest

from escalation.core.wording import FEELING_MAX, NEGATION_WORDS, TEXT_CHARS_MAX, Wording, forms, tokens_of, words
from tests.core.triage_samples import WORDING


def said(text: str, language: str = "") -> set[str]:
    return set(WORDING.read(tokens_of(text), language))


def felt(text: str, language: str = "") -> int:
    return WORDING.feel(tokens_of(text), language).score


@pytest.mark.parametrize("text", ["outage", "OUTAGES!", "(outage)", "an\noutage", "outage’s", "\uff4futage"])
def test_a_word_is_found_in_its_forms(text: str) -> None:
    """Whatever the case, the width and what stands around it."""
    assert said(text) == {"outage"}


@pytest.mark.parametrize("text", ["re\u0301seau", "r\u00e9seau", "R\u00c9SEAU", "so:re\u0301seau"])
def test_a_letter_with_a_mark_is_one_letter_however_it_is_written(text: str) -> None:
    """Put together or taken apart, and whatever stands before it."""
    assert tokens_of(text)[-1] == "r\u00e9seau"


def test_a_text_of_nothing_but_marks_is_read_at_once() -> None:
    """What takes the square of its length to put in order is put in order piece by piece."""
    began = time.perf_counter()
    tokens_of("\u0f73\u0f75" * (TEXT_CHARS_MAX // 2))

    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("text", ["routage", "outagez", "out age", "", "...", "outrageous"])
def test_a_part_of_a_word_is_another_word(text: str) -> None:
    """No substring is ever matched."""
    assert said(text) == set()


@pytest.mark.parametrize("text", ["I can't log in", "we cant LOG IN", "can’t log-in", "locked out"])
def test_a_phrase_is_found_word_by_word(text: str) -> None:
    """Apostrophes and hyphens count for nothing."""
    assert said(text) == {"locked-out"}


@pytest.mark.parametrize("text", ["can't log. In the end", "can't really log in", "can't log", "locked. Out"])
def test_a_phrase_neither_skips_words_nor_crosses_sentences(text: str) -> None:
    """Its words stand side by side."""
    assert said(text) == set()


def test_every_language_is_read_unless_one_is_named() -> None:
    """A language that the rules do not know is as good as none."""
    text = "Ausfall and outage"

    assert WORDING.read(tokens_of(text), "")["outage"].count == 2
    assert WORDING.read(tokens_of(text), "de")["outage"].term == "Ausfall"
    assert WORDING.read(tokens_of(text), "en")["outage"].count == 1
    assert WORDING.read(tokens_of(text), "fr")["outage"].count == 2


@pytest.mark.parametrize("text", ["I will not cancel", "never ever cancel", "don't you cancel"])
def test_a_negation_turns_a_negatable_term(text: str) -> None:
    """Up to three words before, in the same sentence."""
    assert said(text) == set()


@pytest.mark.parametrize("text", ["cancel", "No. Cancel it", "not one two three cancel", "cancelled, not paid"])
def test_a_negation_elsewhere_turns_nothing(text: str) -> None:
    """Behind it, in another sentence, or too far away."""
    assert said(text) == {"displeasure"}
    assert len(["one", "two", "three"]) == NEGATION_WORDS


def test_a_term_that_is_not_negatable_counts_all_the_same() -> None:
    """A false alarm about an outage is cheaper than a missed one."""
    assert said("no outage") == {"outage"}


@pytest.mark.parametrize(
    ("word", "ending", "form"),
    [("outage", "s", "outages"), ("escalate", "ing", "escalating"), ("cancel", "ed", "cancelled"),
     ("deny", "es", "denies"), ("play", "es", "playes")],
)  # fmt: skip
def test_endings_are_put_on_in_the_simple_ways(word: str, ending: str, form: str) -> None:
    """Appended, for a silent e, after a doubled consonant, for a y after a consonant."""
    assert form in forms(word, (ending,))


def test_short_words_keep_their_y() -> None:
    """And a word without endings is itself."""
    assert forms("my", ("es",)) == {"my", "myes", "myyes"}
    assert forms("word", ()) == {"word"}


def test_a_feeling_is_bounded_and_falls_with_each_bad_word() -> None:
    """From 0 without any word to nearly -100."""
    scores = [felt("bad " * count) for count in range(30)]

    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 0
    assert -FEELING_MAX < scores[-1] < scores[1] < 0


@pytest.mark.parametrize(
    ("text", "sign"),
    [("good", 1), ("bad", -1), ("not good", -1), ("not bad", 0), ("good. bad", 0), ("never was it awful", 0)],
)
def test_a_negation_makes_blame_of_praise_but_no_praise_of_blame(text: str, sign: int) -> None:
    """What is "not bad" is neither."""
    score = felt(text)

    assert (score > 0) - (score < 0) == sign


def test_a_feeling_names_the_worst_words() -> None:
    """At most three, the worst first, each once."""
    assert WORDING.feel(tokens_of("bad bad awful lied schlecht")).words == ("awful", "lied", "bad")


def test_a_word_with_its_own_line_is_worth_that() -> None:
    """The word "lied" is a form of "lie", and has a worth of its own."""
    assert felt("lied") < felt("lies") == felt("lie")


def test_a_word_of_two_languages_is_taken_at_its_worse() -> None:
    """Unless the language is known."""
    assert felt("bad") < 0 < felt("bad", "de")


def test_nothing_to_look_for_finds_nothing() -> None:
    """No language, no vocabulary."""
    empty = Wording((), ())

    assert empty.read(["outage"]) == {}
    assert empty.feel(["bad"]).score == 0


def test_words_leave_out_the_ends_of_sentences() -> None:
    """What is left are the words as they are compared."""
    assert words("No. Don't!") == ["no", "dont"]
