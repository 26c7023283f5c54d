"""Amounts of money as people write and read them, in whole units of the currency's smallest coin behind the scenes."""

import re

from escalation.core.money import Money
from escalation.wire.quoting import shown

MINOR_MAX = 10**15 - 1
"""The largest amount: ten trillion euros, in cents. Far below what a JSON number holds exactly."""

# ISO 4217: currencies whose minor unit is not a hundredth.
_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_NUMBER, _CURRENCY = r"(?P<whole>[0-9]{1,16})(?:\.(?P<rest>[0-9]{1,6}))?", r"(?P<currency>[A-Z]{3})"
_WRITTEN = tuple(re.compile(form) for form in (rf"{_NUMBER} {_CURRENCY}", rf"{_CURRENCY} {_NUMBER}"))


def money(amount: Money) -> str:
    """The amount with its currency and as many decimals as that has: "USD 45,000.00", "JPY 500"."""
    digits = digits_of(amount.currency)
    if not digits:
        return f"{amount.currency} {amount.minor:,}"
    whole, rest = divmod(amount.minor, 10**digits)
    return f"{amount.currency} {whole:,}.{rest:0{digits}}"


def digits_of(currency: str) -> int:
    """How many decimals that currency has; two for one that is not known to have others."""
    return _DIGITS.get(currency, 2)


def amount_of(written: str) -> Money:
    """The amount that somebody wrote: "250.00 EUR", "EUR 250", "500 JPY".

    Raises ValueError with a sentence. Separators of thousands are refused: "1.200" is two amounts in two countries.
    """
    found = next((match for form in _WRITTEN if (match := form.fullmatch(written.strip(" ")))), None)
    if found is None:
        raise ValueError(
            f'{shown(written)} is no amount; write digits and the three capitals of a currency, such as "250.00 EUR"'
        )
    digits, rest = digits_of(found["currency"]), found["rest"] or ""
    if len(rest) > digits:
        most = f"at most {digits} decimals" if digits else "no decimals"
        raise ValueError(f"{shown(written)} has {len(rest)} decimals; {found['currency']} has {most}")
    minor = int(found["whole"]) * 10**digits + int(rest.ljust(digits, "0") or 0)
    if minor > MINOR_MAX:
        raise ValueError(f"{shown(written)} is too large; write at most {money(Money(MINOR_MAX, found['currency']))}")
    return Money(minor, found["currency"])


def spelled(facts: dict[str, str]) -> dict[str, str]:
    """Facts of a refusal as people read them: an amount and its limit, in smallest units there, as money."""
    currency = facts.get("currency")
    if currency is None:
        return facts
    rest = {name: value for name, value in facts.items() if name != "currency"}
    return {name: money(Money(int(value), currency)) if value.isdecimal() else value for name, value in rest.items()}
