"""Advice: what makes a receiver ask back is said, and holds nothing back."""

import pytest

from escalation.wire.document_lints import SENTENCES_MAX, SENTENCES_MIN, VAGUE, sentences
from tests.wire.documents import good, judged, lints

COUNTED = [
    ("", 0),
    ("One", 1),
    ("One. Two.", 2),
    ("One. Two", 2),
    ("It fails with e.g. large files. Version 1.5 is affected.", 2),
    ('He said "It fails!" Then he left.', 2),
    ("What? Why?! Because…", 3),
    ("出力が失敗します。今朝からです。", 2),
]


@pytest.mark.parametrize(("text", "count"), COUNTED)
def test_sentences_are_counted(text: str, count: int) -> None:
    """A full stop ends one only where a new one begins."""
    assert sentences(text) == count


@pytest.mark.parametrize(
    ("count", "advised"),
    [(SENTENCES_MIN - 1, True), (SENTENCES_MIN, False), (SENTENCES_MAX, False), (SENTENCES_MAX + 1, True)],
)
def test_a_narrative_has_three_to_five_sentences(count: int, advised: bool) -> None:  # noqa: FBT001  # a row
    """Others may be sent, with advice."""
    found = lints("narrative", "It fails. " * count)

    assert bool(found) is advised
    assert all(f"this has {count} sentences" in line for line in found)


@pytest.mark.parametrize("word", VAGUE)
def test_a_word_in_place_of_a_number_is_pointed_out(word: str) -> None:
    """Where it stands in prose; a field for a number refuses it."""
    assert lints("impact.effect", f"Exports fail for {word} accounts.") == (
        f"impact.effect: '{word}' is no number; write how many",
    )


def test_a_part_of_a_word_is_no_word() -> None:
    """Such as the end of "handsome"."""
    assert lints("impact.effect", "The handsome almost-fewer mostly page fails.") == ()


@pytest.mark.parametrize(
    ("path", "value", "advice"),
    [
        ("reproduction.steps", ["Open Reports.", "Try exporting."],
         "reproduction.steps[1]: 'Try' can mean anything; write the exact action or the literal value"),
        ("reproduction.inputs", ["enter a value"],
         "reproduction.inputs[0]: 'a value' can mean anything; write the exact action or the literal value"),
        ("reproduction.eliminations", "none",
         "reproduction.eliminations: nothing was ruled out; try another browser, account or environment"),
        ("reproduction.frequency", {"failed": 1, "tried": 5},
         "reproduction.frequency: it fails at times only; write the condition, if there is one"),
        ("impact.duration.critical_at", "2026-03-01T13:00Z",
         "request.deadline: it becomes critical before the deadline; ask for an earlier one"),
    ],
)  # fmt: skip
def test_each_weakness_is_pointed_out(path: str, value: object, advice: str) -> None:
    """At its place, with what to do."""
    assert lints(path, value) == (advice,)


def test_leaders_are_asked_one_question() -> None:
    """Two of them are two escalations."""
    path, question = "leadership.decision", "Do we credit January?"

    assert lints(path, question, "any-to-leadership") == ()
    assert len(lints(path, f"{question} Do we call them?", "any-to-leadership")) == 1


def test_a_restricted_case_shows_nothing_to_the_customer() -> None:
    """An attachment that the customer may open is pointed out."""
    document = {**good(), "restricted": True}
    document["attachments"][0]["visibility"] = "customer"

    assert [lint.path for lint in judged(document).lints] == ["attachments[0].visibility"]
    assert judged({**document, "restricted": False}).lints == ()
