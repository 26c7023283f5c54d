"""One byte sequence for one value, as an independent implementation of RFC 8785 writes it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, IntEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.canonical import WHOLE_NUMBER_MAX, canonical, duration, instant
from escalation.core.entry import digest_of
from escalation.core.vocabulary import Phase
from tests.core.cases import START

KEYS = st.text(st.characters(max_codepoint=0x7F))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-WHOLE_NUMBER_MAX, WHOLE_NUMBER_MAX)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_values_of_the_profile_are_written_as_the_standard_says(value: object) -> None:
    """Escapes, order of keys and separators, byte for byte."""
    assert canonical(value).encode() == rfc8785.dumps(value)  # type: ignore[arg-type]  # JSON values, all of them


@dataclass(frozen=True, slots=True)
class Sample:
    zulu: str
    alpha: tuple[int, ...]
    phase: Phase


def test_a_dataclass_is_an_object_with_its_fields_in_order() -> None:
    """Tuples are lists, words are their values."""
    assert canonical(Sample("z", (2, 1), Phase.ACTIVE)) == '{"alpha":[2,1],"phase":"active","zulu":"z"}'


class Count(IntEnum):
    ONE = 1


class Odd(Enum):
    ONE = 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (WHOLE_NUMBER_MAX, "9007199254740991"),
        (-WHOLE_NUMBER_MAX, "-9007199254740991"),
        (Count.ONE, "1"),
        (True, "true"),
        (None, "null"),
        (START, '"2025-03-10T09:00:00.000000Z"'),
        (START.astimezone(timezone(timedelta(hours=5, minutes=45))), '"2025-03-10T09:00:00.000000Z"'),
        (datetime(1, 1, 1, 0, 0, 0, 7, tzinfo=UTC), '"0001-01-01T00:00:00.000007Z"'),
        (date(2025, 4, 18), '"2025-04-18"'),
        (timedelta(minutes=90), '"PT5400S"'),
        (timedelta(milliseconds=-1500), '"-PT1.5S"'),
    ],
)
def test_a_value_has_one_form(value: object, expected: str) -> None:
    """At the edges, and whatever the zone it was written in."""
    assert canonical(value) == expected


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0.5, TypeError, "no canonical form for float"),
        (Odd.ONE, TypeError, "no canonical form for Odd"),
        ({1, 2}, TypeError, "no canonical form for set"),
        (b"x", TypeError, "no canonical form for bytes"),
        (WHOLE_NUMBER_MAX + 1, ValueError, "whole numbers end at 9007199254740991"),
        (-WHOLE_NUMBER_MAX - 1, ValueError, "whole numbers end at 9007199254740991"),
        ({"größe": 1}, ValueError, "keys are ASCII"),
        (START.replace(tzinfo=None), ValueError, "an instant must carry a zone"),
    ],
)
def test_what_the_profile_does_not_know_is_refused(value: object, error: type[Exception], message: str) -> None:
    """Never a guess."""
    with pytest.raises(error, match=message):
        canonical(value)


def test_half_a_surrogate_has_no_bytes() -> None:
    """It cannot be digested, and so it cannot be sealed."""
    with pytest.raises(UnicodeEncodeError):
        digest_of(canonical("\ud800"))


@given(st.timedeltas())
def test_durations_are_seconds_with_no_idle_zero(value: timedelta) -> None:
    """And can be read back exactly."""
    text = duration(value)
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.strip("-")[2:-1].partition(".")

    assert sign * timedelta(seconds=int(whole), microseconds=int(fraction.ljust(6, "0"))) == value
    assert not fraction.endswith("0")


@given(st.datetimes(timezones=st.just(UTC)))
def test_instants_sort_as_their_text_does(value: datetime) -> None:
    """All of one length, in UTC."""
    later = value + timedelta(microseconds=1) if value < datetime.max.replace(tzinfo=UTC) else value

    assert instant(value) <= instant(later)
    assert datetime.fromisoformat(instant(value)) == value
