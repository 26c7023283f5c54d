"""An amount of money, exact: a whole number of the currency's smallest units."""

from escalation.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Money:
    """`Money(120000, "EUR")` is 1,200.00 EUR. `currency` is three capitals (ISO 4217); amounts of two never compare."""

    minor: int
    currency: str
