"""Amounts of money as people write them: exact to the smallest coin, and nothing is guessed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.money import Money
from escalation.wire.amounts import MINOR_MAX, amount_of, money, spelled


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("250.00 EUR", Money(25000, "EUR")),
        ("250 EUR", Money(25000, "EUR")),
        ("EUR 250.5", Money(25050, "EUR")),
        (" 0.07 USD ", Money(7, "USD")),
        ("500 JPY", Money(500, "JPY")),
        ("1.234 KWD", Money(1234, "KWD")),
        ("1.2345 CLF", Money(12345, "CLF")),
        ("9999999999999.99 EUR", Money(MINOR_MAX, "EUR")),
    ],
)
def test_an_amount_is_read_in_the_smallest_coin(written: str, amount: Money) -> None:
    """With the decimals that ISO 4217 gives its currency."""
    assert amount_of(written) == amount


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("250", 'is no amount; write digits and the three capitals of a currency, such as "250.00 EUR"'),
        ("250 eur", "is no amount"),
        ("EUR", "is no amount"),
        ("-5 EUR", "is no amount"),
        ("1,200 EUR", "is no amount"),
        ("1 200 EUR", "is no amount"),
        ("١٢ EUR", "is no amount"),
        ("", "is no amount"),
        ("1e3 EUR", "is no amount"),
        ("2.505 EUR", "'2.505 EUR' has 3 decimals; EUR has at most 2 decimals"),
        ("500.0 JPY", "'500.0 JPY' has 1 decimals; JPY has no decimals"),
        ("10000000000000 EUR", "is too large; write at most EUR 9,999,999,999,999.99"),
    ],
)
def test_what_is_no_amount_is_refused_by_a_sentence(written: str, why: str) -> None:
    """A separator of thousands is a decimal point elsewhere, so it is not read."""
    with pytest.raises(ValueError, match=re.escape(why)):
        amount_of(written)


@given(st.integers(0, MINOR_MAX), st.sampled_from(("EUR", "JPY", "KWD", "CLF")))
def test_what_is_shown_is_read_again(minor: int, currency: str) -> None:
    """Without the separators that make it easy to read."""
    assert amount_of(money(Money(minor, currency)).replace(",", "")) == Money(minor, currency)


def test_the_facts_of_a_refusal_are_told_as_money() -> None:
    """Nobody counts in cents; facts without a currency stay as they are."""
    assert spelled({"limit": "10000", "amount": "50000", "currency": "EUR"}) == {
        "limit": "EUR 100.00",
        "amount": "EUR 500.00",
    }
    assert spelled({"limit": "20"}) == {"limit": "20"}
