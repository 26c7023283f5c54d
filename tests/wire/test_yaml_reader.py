"""Files that people write are read as they stand on the page, or refused with a sentence."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.wire.yaml_reader import (
    BYTES_MAX,
    DEPTH_MAX,
    FAULTS_MAX,
    INTEGER_DIGITS_MAX,
    NODES_MAX,
    Document,
    Fault,
    FaultyFileError,
    Limits,
    read,
    spell,
)


def refused(source: str | bytes, limits: Limits | None = None) -> tuple[str, ...]:
    """The faults of a file that must not be read, as lines."""
    with pytest.raises(FaultyFileError) as caught:
        read(source if isinstance(source, bytes) else source.encode(), limits)
    assert str(caught.value).splitlines() == [str(fault) for fault in caught.value.faults]
    return tuple(str(fault) for fault in caught.value.faults)


def test_plain_words_quoted_text_booleans_and_integers_are_read_as_written() -> None:
    """Nothing is converted that does not look like it to everybody."""
    document = read(
        b"a: 15m\nb: \"15:30\"\nc: [true, false]\nd: {e: -12, f: 0}\n'1': Europe/Berlin\ng: |\n  two\n  lines\n"
    )

    assert document.value == {
        "a": "15m",
        "b": "15:30",
        "c": [True, False],
        "d": {"e": -12, "f": 0},
        "1": "Europe/Berlin",
        "g": "two\nlines\n",
    }


def test_digest_is_taken_over_the_bytes_of_the_file() -> None:
    """Two files that say the same in other bytes are two versions."""
    source = b"a: b  # why\n"

    assert read(source).digest == hashlib.sha256(source).hexdigest()


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        ("NO", "a boolean"),
        ("yes", "a boolean"),
        ("off", "a boolean"),
        ("True", "a boolean"),
        ("y", "a boolean"),
        ("N", "a boolean"),
        ("15:30", "a number"),
        ("09:00", "a number"),
        ("1.10", "a number"),
        ("1.2.3", "a number"),
        ("1e3", "a number"),
        ("010", "a number"),
        ("0o17", "a number"),
        ("0x1F", "a number"),
        ("1_000", "a number"),
        ("+5", "a number"),
        (".inf", "a number"),
        ("2026-12-25", "a date"),
        ("~", "nothing"),
        ("null", "nothing"),
        ("=", "something else"),
    ],
)
def test_text_that_some_reader_twists_must_be_quoted(written: str, meaning: str) -> None:
    """Unquoted it is refused with its line and what to write; in quotes it is itself."""
    assert refused(f"a: x\nkey: {written}\n") == (
        f'key (line 2): `{written}` reads as {meaning} in some tools; put it in quotes: "{written}"',
    )
    assert read(f'key: "{written}"\n'.encode()).value == {"key": written}


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("a: &x b\n", "a (line 1): `&x` marks a part for repetition; remove the mark"),
        ("a: !!str 3\n", "a (line 1): the tag 'tag:yaml.org,2002:str' asks for a type; remove it"),
        ("a: !x {b: c}\n", "a (line 1): the tag '!x' asks for a type; remove it"),
        ("a: 1\nb: 2\na: 3\n", "a (line 3): the key is already on line 1; keep one of them"),
        ("a:\n", "a (line 1): there is no value; write one or remove the line"),
        ("NO: a\n", "line 1: the key 'NO' reads as a boolean in some tools; put it in quotes or rename it"),
        ("1: a\n", "line 1: the key '1' reads as a number; put it in quotes or rename it"),
        ("'': a\n", "line 1: the key '' is empty; put it in quotes or rename it"),
        ("<<: a\n", "line 1: the key '<<' reads as something else in some tools; put it in quotes or rename it"),
        ("[a, b]: c\n", "line 1: a key must be a plain word; write `key: value`"),
        ("? {a: {b: c}}\n: d\n", "line 1: a key must be a plain word; write `key: value`"),
        ("a: b\n---\nc: d\n", "line 2: a second document starts here; one file holds one document, so remove `---`"),
        ("- a\n", "line 1: the file must hold `key: value` lines at its top level"),
        ("", "line 1: the file must hold `key: value` lines at its top level"),
        ("a: b: c\n", "line 1: this is no YAML: mapping values are not allowed here"),
        ("a: b\nc: [\n", "line 3: this is no YAML: expected the node content, but found '<stream end>'"),
        (b"a: b\nc: \xff\n", "line 2: the bytes are not UTF-8; save the file as UTF-8"),
        ("a: b\nc: \x07\n", "line 2: the invisible character U+0007 cannot stand in a file; remove it"),
        ('a: "x\\u202Ey"\n', "a (line 1): the text holds the invisible character U+202E; remove it"),
        ('a: "\\ud800"\n', "a (line 1): the text holds the invisible character U+D800; remove it"),
        ('a: "x\\r\\ny"\n', "a (line 1): the text holds the invisible character U+000D; remove it"),
        (
            'a: "\\UFFFFFFFF"\n',
            "line 1: an escape in a quoted string names a character that does not exist; correct it",
        ),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_one_line(source: str | bytes, fault: str) -> None:
    """What is wrong, where, and what to do."""
    assert refused(source) == (fault,)


def test_every_fault_is_reported_at_once() -> None:
    """Also below a refused key and behind an alias."""
    assert refused("a: NO\nb: &x [1.5]\nc: *x\n1: {d: ~}\ne:\n") == (
        'a (line 1): `NO` reads as a boolean in some tools; put it in quotes: "NO"',
        "b (line 2): `&x` marks a part for repetition; remove the mark",
        'b[0] (line 2): `1.5` reads as a number in some tools; put it in quotes: "1.5"',
        "c (line 3): `*x` repeats another part of the file; write it out",
        "line 4: the key '1' reads as a number; put it in quotes or rename it",
        'd (line 4): `~` reads as nothing in some tools; put it in quotes: "~"',
        "e (line 5): there is no value; write one or remove the line",
    )


def test_a_place_is_known_by_path_and_line() -> None:
    """Later checks name the same line; something missing has the line of what should hold it."""
    document = read(b"a:\n  b:\n    - c: x\n    - z\n")

    assert [document.fault(path, "").line for path in (("a", "b", 0, "c"), ("a", "b", 1), ("a", "z", "q"), ())] == [
        3,
        4,
        1,
        1,
    ]
    assert spell(("a", "b", 0, "c")) == "a.b[0].c"


def test_the_largest_file_is_read_and_one_byte_more_is_not() -> None:
    """256 KiB."""
    source = b"a: " + b"x" * (BYTES_MAX - 3)

    assert isinstance(read(source), Document)
    assert refused(source + b"x") == (
        f"line 1: the file has {BYTES_MAX + 1} bytes, at most {BYTES_MAX} are read; split or shorten it",
    )


def test_the_deepest_file_is_read_and_one_level_more_is_not() -> None:
    """A file of brackets ends at the bound, not in a stack overflow."""
    lists = DEPTH_MAX - 1

    assert read(b"a: " + b"[" * lists + b"]" * lists).value
    for depth in (lists + 1, 100_000):
        assert refused("a: " + "[" * depth) == (f"line 1: nested deeper than {DEPTH_MAX} levels; flatten the file",)


def test_the_fullest_file_is_read_and_one_value_more_is_not() -> None:
    """Keys, values, lists and mappings all count."""
    items = NODES_MAX - 3  # the mapping, its key and the list

    assert read(("a: [" + "x," * items + "]").encode()).value
    assert refused("a: [" + "x," * (items + 1) + "]") == (
        f"line 1: more than {NODES_MAX} keys and values; split or shorten the file",
    )


def test_an_integer_stays_exact_everywhere() -> None:
    """As many digits as every JSON reader keeps, and not one more."""
    digits = "9" * INTEGER_DIGITS_MAX

    assert read(f"a: -{digits}".encode()).value == {"a": -int(digits)}
    assert refused(f"a: {digits}0") == (f"a (line 1): an integer has at most {INTEGER_DIGITS_MAX} digits; shorten it",)


def test_a_hopeless_file_ends_after_the_first_faults() -> None:
    """Nobody reads thousands of lines about one mistake."""
    assert len(refused("\n".join(f"k{number}: NO" for number in range(FAULTS_MAX * 3)))) == FAULTS_MAX


@given(st.one_of(st.binary(max_size=200), st.text(alphabet="ab:-[]{}&*!|>\"'?,#% \n\\u0", max_size=80).map(str.encode)))
def test_any_bytes_are_read_or_refused(source: bytes) -> None:
    """Nothing else comes out, whatever comes in, and every refusal says something."""
    faults: tuple[Fault, ...] = ()
    value: object = None
    try:
        value = read(source).value
    except FaultyFileError as error:
        faults = error.faults

    assert isinstance(value, dict) != bool(faults)
    assert all(fault.line >= 1 and fault.what for fault in faults)
