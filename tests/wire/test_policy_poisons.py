"""A poisoned policy file is refused in clear lines and bounded room, and nothing else ever comes out of it."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.policy import Policy
from escalation.core.vocabulary import Channel
from escalation.wire.policy import freeze
from escalation.wire.yaml_reader import FAULTS_MAX, Document, FaultyFileError, read
from tests.wire.poisons import Poison, poisons
from tests.wire.test_policy_agreement import FULL

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTLES = {channel: timedelta(seconds=60) for channel in Channel}
ALL = tuple(poisons())
SOURCES = {poison.name: poison.source for poison in ALL}
LINE_CHARS_MAX = 1000
"""A path of twenty keys, a value that was cut, and the sentence."""
ROOM_BYTES_MAX = 48 << 20
"""For what a refusal takes at most, whatever the file unfolds to."""
FILES_MIN = 200


def frozen(source: bytes) -> Policy:
    """The policy in those bytes."""
    document: Document = read(source)
    return freeze(document, AT, SETTLES)


def clear(faulty: FaultyFileError) -> None:
    """Few faults, each one short line of printable text that says where."""
    lines = str(faulty).split("\n")
    assert 0 < len(faulty.faults) == len(lines) <= FAULTS_MAX + 1
    for fault, line in zip(faulty.faults, lines, strict=True):
        assert fault.line >= 1
        assert fault.what
        assert len(line) <= LINE_CHARS_MAX
        assert line.isprintable(), line


def test_there_are_enough_of_them() -> None:
    """Each under its own name, so that a failure names its file."""
    assert len({poison.name for poison in ALL}) == len(ALL) >= FILES_MIN


@pytest.mark.parametrize("poison", ALL, ids=[poison.name for poison in ALL])
def test_a_poisoned_file_is_refused_with_clear_lines(poison: Poison) -> None:
    """Where, what, and what to do about it; never another error."""
    with pytest.raises(FaultyFileError) as caught:
        frozen(poison.source)

    clear(caught.value)
    assert poison.said in str(caught.value), str(caught.value)[:2000]


@pytest.mark.parametrize(
    "name",
    [
        "alias_bomb",
        "merge_bomb",
        "flow_depth_open",
        "block_depth",
        "sixteen_megabytes",
        "one_long_anchor",
        "long_enum",
        "thousands_of_wrong_routes",
        "thousands_of_empty_lists",
        "long_keys_of_wrong_parts",
        "long_key_with_thousands_of_faults",
        "thousands_of_aliases",
    ],
)
def test_a_bomb_is_refused_in_bounded_room(name: str) -> None:
    """What it would unfold to is never built."""
    source = SOURCES[f"bomb-{name}"]
    tracemalloc.start()
    try:
        with pytest.raises(FaultyFileError):
            frozen(source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < ROOM_BYTES_MAX


def test_the_file_that_the_poisons_are_put_into_is_good() -> None:
    """So it is the poison that is refused; with the mark that some editors put first it is good too."""
    assert frozen(FULL.encode()).name == "full"
    assert frozen(b"\xef\xbb\xbf" + FULL.encode()).name == "full"


PIECES = st.sampled_from([
    *"-:{}[],&*!|>%@`'\"#?~\\\n \t\0\u202e9", "<<: ", "- ", "? ", ": ", "---\n", "&a ", "*a", "!!str ", "1.10", "NO",
    "none", "required", '"', "SEV1", "office", "15:30", "end of 1st business day", "\ufeff", "é", "\r\n", "\r",
])  # fmt: skip


@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(FULL)), st.integers(0, 30), st.lists(PIECES, max_size=4)), min_size=1, max_size=5
    )
)
def test_whatever_is_typed_into_a_file_gives_a_policy_or_clear_faults(cuts: list[tuple[int, int, list[str]]]) -> None:
    """Characters lost and pieces typed anywhere; hypothesis prints the blob that repeats a failure."""
    text = FULL
    for place, lost, typed in cuts:
        text = text[:place] + "".join(typed) + text[place + lost :]
    try:
        frozen(text.encode())
    except FaultyFileError as faulty:
        clear(faulty)


@given(place=st.integers(0, len(FULL.encode())), noise=st.binary(min_size=1, max_size=8))
def test_whatever_bytes_a_disk_returns_give_a_policy_or_clear_faults(place: int, noise: bytes) -> None:
    """Also in the middle of a character."""
    source = FULL.encode()
    try:
        frozen(source[:place] + noise + source[place + len(noise) :])
    except FaultyFileError as faulty:
        clear(faulty)
