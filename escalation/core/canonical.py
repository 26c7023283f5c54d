"""One byte sequence for one value: the canonical JSON (RFC 8785) over which digests are taken.

The profile is narrow on purpose: strings, whole numbers below 2^53, booleans, null, lists, and objects with ASCII
keys. Instants are RFC 3339 in UTC with microseconds, durations ISO 8601 in seconds. No floats, ever.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

WHOLE_NUMBER_MAX = 2**53 - 1
# Texts that are remembered: of each kind of value for which `keep_texts` asked, and of instants.
TEXTS_KEPT_MAX = 32
INSTANTS_KEPT_MAX = 1024
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


def canonical(value: object) -> str:
    """The canonical JSON text of a value. Raises `TypeError` or `ValueError` for what the profile does not know."""
    return _ENCODERS[value.__class__](value)


def keep_texts(kind: type) -> None:
    """Remember the texts of the last few values of a frozen type that is told again and again as the same object."""
    _ENCODERS[kind] = _Kept(_object_encoder(kind))


def instant(value: datetime) -> str:
    """RFC 3339, UTC, microseconds. An instant without zone would mean something else on every machine: refused."""
    if value.tzinfo is None:
        message = f"an instant must carry a zone: {value!r}"
        raise ValueError(message)
    return _in_utc(value if value.tzinfo is UTC else value.astimezone(UTC))


@lru_cache(maxsize=INSTANTS_KEPT_MAX)
def _in_utc(value: datetime) -> str:
    """Only for UTC: elsewhere the two instants of a repeated hour count as equal."""
    return value.isoformat("T", "microseconds")[: -len("+00:00")] + "Z"


def duration(value: timedelta) -> str:
    """ISO 8601 in seconds: PT90S, PT0.5S, -PT3S."""
    sign, amount = ("-", -value) if value < timedelta(0) else ("", value)
    whole, rest = divmod(amount, _SECOND)
    fraction = f".{rest // _MICROSECOND:06d}".rstrip("0") if rest else ""
    return f"{sign}PT{whole}{fraction}S"


class _Encoders(dict[type, Callable[[Any], str]]):
    """Encoders by exact type, each made the first time it is wanted: a log is written much more often than read."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        made = self[kind] = _make_encoder(kind)
        return made


_ENCODERS = _Encoders()


def _make_encoder(kind: type) -> Callable[[Any], str]:
    if is_dataclass(kind):
        return _object_encoder(kind)
    if issubclass(kind, StrEnum):
        return {member: encode_basestring(member.value) for member in kind}.__getitem__
    for base, encode in _BASES:
        if issubclass(kind, base):
            return encode
    message = f"no canonical form for {kind.__name__}"
    raise TypeError(message)


def _object_encoder(kind: type) -> Callable[[Any], str]:
    """An encoder written out for that type: its field names are sorted and quoted once, its text joined in one go."""
    names = sorted(field.name for field in fields(kind))
    parts = [f"{encode_basestring(name)}:{{of[(part := value.{name}).__class__](part)}}" for name in names]
    known: dict[str, Any] = {"of": _ENCODERS}
    text = "{{" + ",".join(parts) + "}}"
    exec(f"def encode(value): return f'{text}'", known)  # noqa: S102  # field names only, as dataclasses are made
    encode: Callable[[Any], str] = known["encode"]
    return encode


class _Kept:
    """An encoder that remembers the texts of the last values it was given: frozen ones, recognised by identity."""

    def __init__(self, encode: Callable[[Any], str]) -> None:
        self._encode = encode
        self._texts: dict[int, tuple[object, str]] = {}  # the value is kept too, so that its identity stays its own

    def __call__(self, value: object) -> str:
        kept = self._texts.get(id(value))
        if kept is None:
            if len(self._texts) >= TEXTS_KEPT_MAX:
                del self._texts[next(iter(self._texts))]
            kept = self._texts[id(value)] = (value, self._encode(value))
        return kept[1]


def _sequence(value: tuple[object, ...] | list[object]) -> str:
    return "[" + ",".join([_ENCODERS[item.__class__](item) for item in value]) + "]"


def _instant(value: datetime) -> str:
    return f'"{instant(value)}"'


def _integer(value: int) -> str:
    if abs(value) > WHOLE_NUMBER_MAX:
        message = f"whole numbers end at {WHOLE_NUMBER_MAX}: {value}"
        raise ValueError(message)
    return str(value)


def _mapping(value: dict[str, object]) -> str:
    # Other keys would be ordered by UTF-16 units, which is not how strings compare here.
    if not all(key.isascii() for key in value):
        message = f"keys are ASCII: {sorted(value)!r}"
        raise ValueError(message)
    return "{" + ",".join(f"{encode_basestring(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"


# Order matters: a boolean is a whole number, an instant is a date.
_BASES: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (type(None), lambda _: "null"),
    (bool, lambda value: "true" if value else "false"),
    (str, encode_basestring),
    (int, _integer),
    (datetime, _instant),
    (date, lambda value: f'"{value.isoformat()}"'),
    (timedelta, lambda value: f'"{duration(value)}"'),
    (tuple, _sequence),
    (list, _sequence),
    (dict, _mapping),
)
