"""What the core says survives every way it travels: as a payload of the engine, and as the kept text of an entry."""

from dataclasses import replace
from typing import Any, get_args

import pytest

from escalation.core.audit import Kept
from escalation.core.canonical import canonical
from escalation.core.commands import AddNote, AdoptPolicy, Command, Elapse, Instructable, Open
from escalation.core.effects import Effect, Notify
from escalation.core.entry import Entry, seal
from escalation.core.facts import Fact
from escalation.core.refusals import Refusal
from escalation.core.state import Escalation
from escalation.wire.entries import UnreadableEntryError, decode, kept
from escalation.wire.messages import Answer, Ending, Instruction, LateFact, Start, View
from escalation.wire.payloads import DATA_CONVERTER
from tests.wire.samples import sample

COMMANDS = (Open, AdoptPolicy, Elapse, *get_args(Instructable), *get_args(Fact))
EFFECTS = get_args(Effect)
MESSAGES = (Start, Answer, View, Ending, Escalation, Entry)


def travelled(value: object, kind: Any) -> object:  # noqa: ANN401  # a type or a union of types
    """The value after a trip through the engine's payloads, read as `kind`."""
    converter = DATA_CONVERTER.payload_converter
    return converter.from_payloads(converter.to_payloads([value]), [kind])[0]


def entry_with(command: Command) -> Entry:
    """An entry in which every other field is filled too."""
    filled: Entry = sample(Entry)
    return replace(filled, command=command)


def test_the_lists_of_commands_and_effects_are_whole() -> None:
    """A member of the union that is missing above would go untested."""
    assert set(COMMANDS) == set(get_args(Command))
    assert {Notify, *EFFECTS} == set(EFFECTS)


@pytest.mark.parametrize("kind", [*COMMANDS, *EFFECTS])
def test_everything_that_is_told_apart_carries_its_own_word(kind: type) -> None:
    """The literal `kind` is its name in small letters, so that a reader needs no guess."""
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__).strip("_")

    assert sample(kind).kind == words


@pytest.mark.parametrize("kind", [*COMMANDS, *EFFECTS, *MESSAGES])
def test_a_payload_brings_back_the_same_value(kind: type) -> None:
    """Read as what it is."""
    value = sample(kind)

    assert travelled(value, kind) == value


@pytest.mark.parametrize(
    ("kind", "union"), [*((kind, Command) for kind in COMMANDS), *((kind, Effect) for kind in EFFECTS)]
)
def test_a_payload_of_a_union_brings_back_the_same_kind(kind: type, union: Any) -> None:  # noqa: ANN401  # a union of types
    """Read as one of many."""
    value = sample(kind)
    back = travelled(value, union)

    assert type(back) is kind
    assert back == value


@pytest.mark.parametrize("kind", get_args(Instructable))
def test_an_instruction_brings_its_command(kind: type) -> None:
    """Whichever it is."""
    instruction = Instruction(command=sample(kind), words="words", proof="proof")

    assert travelled(instruction, Instruction) == instruction


@pytest.mark.parametrize("kind", get_args(Fact))
def test_a_late_fact_brings_its_fact(kind: type) -> None:
    """Whichever it is."""
    fact = LateFact(fact=sample(kind), proof="proof")

    assert travelled(fact, LateFact) == fact


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_kept_text_tells_the_entry_again(kind: type) -> None:
    """And told again it is the same text, to the byte: else no log could ever be verified."""
    sealed = seal(entry_with(sample(kind)))
    entry = decode(sealed.body)

    assert entry == sealed.entry
    assert type(entry.command) is kind
    assert canonical(entry) == sealed.body
    assert kept(sealed.body, sealed.digest) == Kept(sealed.body, sealed.entry, sealed.digest)


@pytest.mark.parametrize("kind", EFFECTS)
def test_a_kept_effect_is_told_again(kind: type) -> None:
    """Each kind, and a refusal beside it."""
    sealed = seal(replace(entry_with(AddNote(by="ana")), effects=(sample(kind),), refusal=Refusal.NO_CHANGE))

    assert decode(sealed.body) == sealed.entry


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", "{", '{"sequence": "one"}', "\ud800", "x" * 1000])
def test_a_text_that_is_no_entry_is_refused_with_one_line(body: str) -> None:
    """It names the place, and never repeats the text, which may hold what a log must not."""
    with pytest.raises(UnreadableEntryError, match="this is no entry of this version: ") as caught:
        decode(body)

    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 300
