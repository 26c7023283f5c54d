"""Reading the form that a mail comes in: bounded, and never an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from escalation.gateway.mail import read_mail
from escalation.gateway.multipart import FIELD_BYTES_MAX, PARTS_MAX, decoded, fields_of, headers_of
from escalation.standins.letters import multipart

TYPE = 'multipart/form-data; boundary="xYz"'


def test_wanted_fields_are_read_and_others_are_not() -> None:
    """Of two with one name the first."""
    body = multipart({"text": "ack", "html": "<p>ack</p>", "to": "a@b.example"}, "xYz")

    assert fields_of(TYPE, body, ("text", "to", "from")) == {"text": b"ack", "to": b"a@b.example"}


def test_a_file_is_no_field() -> None:
    """Whatever it is called."""
    body = b'--xYz\r\nContent-Disposition: form-data; name="text"; filename="text"\r\n\r\nack\r\n--xYz--\r\n'

    assert fields_of(TYPE, body, ("text",)) == {}


def test_a_long_field_is_cut() -> None:
    """At the limit it is whole."""
    for length in (FIELD_BYTES_MAX, FIELD_BYTES_MAX + 1):
        found = fields_of(TYPE, multipart({"text": "x" * length}, "xYz"), ("text",))
        assert found is not None
        assert len(found["text"]) == FIELD_BYTES_MAX


def test_parts_are_counted() -> None:
    """One less than the bound is read, the bound is not: the end needs a turn as well."""
    many = {f"field{number}": "x" for number in range(PARTS_MAX)}
    fewer = dict(list(many.items())[:-1])

    assert fields_of(TYPE, multipart(fewer, "xYz"), ("field0",)) == {"field0": b"x"}
    assert fields_of(TYPE, multipart(many, "xYz"), ("field0",)) is None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"ack"),
        ("multipart/form-data", b"--xYz--"),
        (f"multipart/form-data; boundary={'x' * 201}", b"--x"),
        (TYPE, b"--xYz\r\n"),
        (TYPE, b""),
        (TYPE, b"--other--"),
        (TYPE, b'--xYz\r\nContent-Disposition: form-data; name="text"\r\n\r\nno end'),
    ],
)
def test_what_is_no_form_is_none(kind: str, body: bytes) -> None:
    """It ends early, has no mark, or another one."""
    assert fields_of(kind, body, ("text",)) is None


@given(some.text(max_size=80), some.binary(max_size=400))
def test_no_bytes_are_an_error(kind: str, body: bytes) -> None:
    """A door that crashes is one that somebody holds shut."""
    read_mail(f"multipart/form-data; boundary=x{kind}", b"--x" + body)
    read_mail(TYPE, b"--xYz" + body)
    fields_of(kind, body, ("text",))


@pytest.mark.parametrize("envelope", ["[]", "{", '{"to": 5}', '{"to": [5], "from": 7}', "[" * 10_000])
def test_a_broken_envelope_is_no_error(envelope: str) -> None:
    """It is read as far as it goes, or not at all."""
    mail = read_mail(TYPE, multipart({"envelope": envelope, "text": "ack", "to": "x"}, "xYz"))

    assert mail is None or mail.text == "ack"


def test_a_charset_that_nobody_knows_is_read_as_far_as_it_goes() -> None:
    """Half an answer is better than a crash."""
    assert [decoded("é".encode("latin-1"), "latin-1"), decoded(b"ack", "no-such"), decoded(b"\xff", "utf-8")] == [
        "é", "ack", "\ufffd",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "charset", ["idna", "undefined", "punycode", "utf-7", "unicode_escape", "hex", "a\0b", "cp999", "", "x" * 9_999]
)
def test_what_is_no_charset_of_mails_is_no_error(charset: str) -> None:
    """Any stranger may name one: nothing raises, takes seconds, or makes half a character."""
    body = b"kva" * 5_000 + b" +2AA- \\ud800"

    assert decoded(body, charset) == body.decode()


@pytest.mark.parametrize(
    "charset",
    [
        "US-ASCII",
        "utf8",
        "UTF-16le",
        "ISO-8859-15",
        "windows-1252",
        "cp1251",
        "KOI8-R",
        "macintosh",
        "Big5",
        "Shift_JIS",
    ],
)
def test_charsets_of_mails_are_read(charset: str) -> None:
    """By any of their names."""
    assert decoded("ack 10".encode(charset), charset) == "ack 10"


def test_folded_headers_are_one() -> None:
    """Names in any capitals; the first of a name counts."""
    found = headers_of("Auto-Submitted:\r\n auto-replied\nX: 1\nx: 2\nno header\n")

    assert found == {"auto-submitted": "auto-replied", "x": "1"}
