"""One value of any type that the core's dataclasses are made of, with nothing left empty."""

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

INSTANT = datetime(2026, 11, 23, 9, 30, 15, 123456, tzinfo=UTC)
_SIMPLE: dict[type, object] = {
    str: "text “ü” \n \x7f",
    int: 2**53 - 1,
    bool: True,
    datetime: INSTANT,
    date: INSTANT.date(),
    timedelta: timedelta(days=400, hours=3, microseconds=7),
}


def sample(kind: Any) -> Any:  # noqa: ANN401  # of whatever type is asked for
    """A value of that type: unions by their first member that is not None, tuples with one entry each."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return sample(next(part for part in parts if part is not NoneType))
    if origin is tuple:
        return tuple(sample(part) for part in parts if part is not Ellipsis)
    if origin is frozenset:
        return frozenset({sample(parts[0])})
    if origin is dict:
        return {"key": sample(parts[1])}  # a canonical text has ASCII keys
    if origin is Literal:
        return parts[0]
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{field.name: sample(hints[field.name]) for field in fields(kind)})
    if issubclass(kind, Enum):
        return list(kind)[-1]
    return _SIMPLE[kind]
