"""Words are kept once and proved by a commitment; short codes are unique among open escalations."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, insert

from escalation.adapters.codes import FIRST_CODE, REST, RESTING_MAX, Codes
from escalation.adapters.store import resting, transaction
from escalation.adapters.texts import Texts
from escalation.core.effects import text_id

KEY = SecretStr("k" * 32)


@pytest.fixture
def texts(engine: Engine) -> Texts:
    return Texts(engine, KEY)


@pytest.fixture
def codes(engine: Engine) -> Codes:
    return Codes(engine)


def test_words_are_read_back_as_they_were_written(texts: Texts) -> None:
    """To the character, newlines and all."""
    kept = texts.keep("ESC-1", "e1", "title", "Zoë's\r\n“card” 😀")

    assert texts.read(kept.id) == "Zoë's\r\n“card” 😀"


def test_the_first_words_under_a_key_stay(texts: Texts) -> None:
    """A retried act finds its own words, and the log's commitment goes on matching them."""
    first = texts.keep("ESC-1", "e1", "title", "one")

    assert texts.keep("ESC-1", "e1", "title", "two") == first
    assert texts.read(first.id) == "one"


def test_words_of_another_episode_are_other_words(texts: Texts) -> None:
    """The parts of a key cannot run into each other."""
    assert texts.keep("ESC-1", "e2", "t", "x").id != texts.keep("ESC-1", "e1", "t", "x").id
    assert text_id("a", "bc", "d") != text_id("ab", "c", "d")


def test_a_commitment_needs_the_key(engine: Engine, texts: Texts) -> None:
    """Without the key nobody can try words against the log."""
    assert texts.commitment("yes") == texts.commitment("yes")
    assert texts.commitment("yes") != Texts(engine, SecretStr("other")).commitment("yes")


def test_words_that_were_never_kept_are_none(texts: Texts) -> None:
    assert texts.read("nothing") is None


def test_codes_count_up_from_the_first_two_digit_number(codes: Codes) -> None:
    """Small, so that a thumb can type them."""
    assert [codes.allot(f"ESC-{number}", "e1") for number in range(3)] == [FIRST_CODE, FIRST_CODE + 1, FIRST_CODE + 2]


def test_an_escalation_keeps_its_code(codes: Codes) -> None:
    """Allotting is safe to repeat."""
    assert codes.allot("ESC-1", "e1") == codes.allot("ESC-1", "e1")
    assert codes.open(FIRST_CODE) == ("ESC-1", "e1")


class Wall:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_the_smallest_free_code_is_allotted_again_once_it_has_rested(engine: Engine) -> None:
    """Until then a late "ack 11" means nobody; at the end of its rest it is free, and released twice it rests once."""
    wall = Wall()
    codes = Codes(engine, wall)
    for number in range(3):
        codes.allot(f"ESC-{number}", "e1")
    codes.release("ESC-1", "e1")
    codes.release("ESC-1", "e1")

    assert codes.open(FIRST_CODE + 1) is None
    wall.now += REST - timedelta(microseconds=1)
    assert codes.allot("ESC-8", "e1") == FIRST_CODE + 3
    wall.now += timedelta(microseconds=1)
    assert codes.allot("ESC-9", "e1") == FIRST_CODE + 1


def test_so_many_codes_rest_and_no_more(engine: Engine) -> None:
    """Of more, the one that has rested longest is allotted again: a busy day does not make codes long."""
    wall = Wall()
    codes = Codes(engine, wall)
    ages = enumerate(timedelta(seconds=number) for number in range(RESTING_MAX + 1))
    rows = [{"code": FIRST_CODE + number, "since": wall.now + age} for number, age in ages]
    wall.now += timedelta(hours=1)
    with transaction(engine) as connection:
        connection.execute(insert(resting), rows)

    assert codes.allot("ESC-next", "e1") == FIRST_CODE
    assert codes.allot("ESC-after", "e1") == FIRST_CODE + RESTING_MAX + 1


def test_codes_allotted_at_once_are_all_different(codes: Codes) -> None:
    """Openings race; the unique key decides, and the losers take the next."""
    with ThreadPoolExecutor(6) as threads:
        allotted = list(threads.map(lambda number: codes.allot(f"ESC-{number}", "e1"), range(18)))

    assert sorted(allotted) == list(range(FIRST_CODE, FIRST_CODE + 18))
