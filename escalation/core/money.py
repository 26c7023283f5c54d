"""An amount of money, exact: a whole number of the currency's smallest units."""

from collections.abc import Iterable

from escalation.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Money:
    """`Money(120000, "EUR")` is 1,200.00 EUR. `currency` is three capitals (ISO 4217); amounts of two never compare."""

    minor: int
    currency: str


def sum_of(amounts: Iterable[Money], currency: str) -> Money:
    """All that is in that currency, together; nothing is converted."""
    return Money(sum(each.minor for each in amounts if each.currency == currency), currency)


def with_sum(sums: tuple[Money, ...], amount: Money) -> tuple[Money, ...]:
    """One sum for each currency, in their order, with an amount more."""
    others = [each for each in sums if each.currency != amount.currency]
    return tuple(sorted((*others, sum_of((*sums, amount), amount.currency)), key=lambda each: each.currency))


def facts_of(amount: Money, total: Money | None) -> dict[str, str]:
    """An amount as facts of a refusal, and the `total` that a limit must cover where that is another."""
    facts = {"amount": str(amount.minor), "currency": amount.currency}
    return facts if total is None or total == amount else {**facts, "total": str(total.minor)}
