"""The shape of a body under a schema: two bodies of one shape get the same verdict from the contract.

The full judge takes some 5 ms for each request, most of it spent on walking the vendor's file. A step that tells 1,300
people sends 2,600 bodies of two shapes. So a body that was passed vouches for every later one that differs from it only
where the schema does not look: in strings that keep the same rules of length, pattern, choice and format.
"""

import re
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeAlias

from openapi_schema_validator import oas30_format_checker

Schema: TypeAlias = Mapping[str, Any]
Resolve: TypeAlias = Callable[[Schema], Schema]

SHAPES_MAX = 2_000
"""How many shapes are remembered; a program that sends more kinds of bodies than this is judged in full."""

TOLD = frozenset({"type", "format", "pattern", "minLength", "maxLength", "enum", "default", "nullable"})
"""What `of` understands about a string. Any other word in its schema makes the string count letter by letter."""

JOINTS = ("allOf", "anyOf", "oneOf", "not", "if", "propertyNames", "patternProperties")
"""Words that look at several places at once: below them everything counts letter by letter."""


def of(schema: Schema, value: object, resolve: Resolve) -> Hashable:
    """Everything about `value` that a judge by `schema` can look at."""
    schema = resolve(schema)
    if any(joint in schema for joint in JOINTS):
        return repr(value)
    if isinstance(value, dict):
        named, other = schema.get("properties", {}), schema.get("additionalProperties", {})
        other = other if isinstance(other, Mapping) else {}
        return "object", tuple((name, of(named.get(name, other), value[name], resolve)) for name in sorted(value))
    if isinstance(value, list):
        if schema.get("uniqueItems") and len(value) > 1:
            return repr(value)
        return "array", tuple(of(schema.get("items", {}), item, resolve) for item in value)
    if isinstance(value, str) and schema.get("type", "string") == "string" and _keeps(schema, value):
        return "string"
    return type(value).__name__, repr(value)


def of_form(schema: Schema, fields: Sequence[tuple[str, str]], resolve: Resolve) -> Hashable:
    """As `of`, for the pairs of a form in their order; numbers and switches are text there, so they count in full."""
    named = resolve(schema).get("properties", {})
    return tuple((name, of(named.get(name, {}), text, resolve)) for name, text in fields)


class Known:
    """Shapes that were passed, the oldest forgotten first. Safe to use from many threads."""

    def __init__(self, shapes_max: int = SHAPES_MAX) -> None:
        self._lock = threading.Lock()
        self._shapes: dict[Hashable, None] = {}
        self._shapes_max = shapes_max

    def __contains__(self, shape: Hashable) -> bool:
        with self._lock:
            return shape in self._shapes

    def add(self, shape: Hashable) -> None:
        with self._lock:
            self._shapes[shape] = None
            if len(self._shapes) > self._shapes_max:
                del self._shapes[next(iter(self._shapes))]


def _keeps(schema: Schema, text: str) -> bool:
    """Whether a string that is neither empty nor garbled keeps every rule of its schema, all of which we understand."""
    if not text or "\ufffd" in text or not schema.keys() <= TOLD:
        return False
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return False
    if "pattern" in schema and not re.search(schema["pattern"], text):
        return False
    if "enum" in schema and text not in schema["enum"]:
        return False
    return "format" not in schema or bool(oas30_format_checker.conforms(text, schema["format"]))
