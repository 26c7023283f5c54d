"""The form to fill for a route, and the JSON Schema of what it may hold.

Both are made from the document's fields and the route's package, so neither can fall behind. The schema of documents
for any route is published as `escalation/document.schema.json`; `python -m escalation.wire.document_form > …` writes
it anew.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, cast, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from escalation.core.vocabulary import Ask
from escalation.wire.document import VERSION, EscalationDocument
from escalation.wire.packages import Need, Package, model_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SAMPLED_AT = datetime(2026, 1, 12, 10, 40, tzinfo=UTC)
"""The instant at which the samples are told; a filled form moves them to the reader's own."""
ASK = ("request", "ask")
WIDTH_CHARS = 120
BY_RECEIVER = ("reproduction", "product", "security", "leadership", "dispute")
"""Sections of one kind of receiver: a form shows them only where they are needed."""


class _AsWritten(GenerateJsonSchema):
    """No null: what is left open is left out."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if found.get("default", ...) is None:
            del found["default"]
        return found


# --- The schema -------------------------------------------------------------------------------------------------------


def document_schema() -> dict[str, Any]:
    """Of a document for any route."""
    return {"$schema": DIALECT, **EscalationDocument.model_json_schema(schema_generator=_AsWritten)}


def document_schema_text() -> str:
    """The schema as its published file holds it: the same text whenever the shape is the same."""
    return json.dumps(document_schema(), indent=2, sort_keys=True) + "\n"


def schema_of(package: Package) -> dict[str, Any]:
    """Of a document that is complete for that route."""
    rules: list[dict[str, Any]] = [
        {"properties": {"route": {"const": package.route}}},
        {"properties": {"request": {"properties": {"ask": {"enum": list(package.asks)}}}}},
    ]
    for need in package.needs:
        rule = _required(need.part.split("."))
        if need.when is not None:
            rule = {"if": {"properties": {"nature": {"const": need.when}}, "required": ["nature"]}, "then": rule}
        rules.append({**rule, "$comment": need.why})
    return {**document_schema(), "allOf": rules}


def _required(path: list[str]) -> dict[str, Any]:
    name, *rest = path
    return {"required": [name], **({"properties": {name: _required(rest)}} if rest else {})}


# --- The form ---------------------------------------------------------------------------------------------------------


def template(package: Package) -> str:
    """An empty form in YAML: a line of help above every field, and whether the receiver needs it and why."""
    return _form(package, None)


def sample(package: Package, now: datetime) -> str:
    """The same form filled with an invented example that is complete and in time at `now` (aware)."""
    return _form(package, now)


def _form(package: Package, now: datetime | None) -> str:
    needs = {need.part: need for need in package.needs}
    asks = ", ".join(package.asks)
    left_out = [name for name in BY_RECEIVER if not _wanted(name, needs)]
    lines = [
        f"# Escalation to {package.receiver}. It takes one ask: {asks}.",
        '# Fill the blanks: "" is a field left open. Then: escalate check FILE',
    ]
    for name, field in EscalationDocument.model_fields.items():
        if name in left_out:
            continue
        fixed = {"version": VERSION, "route": package.route}.get(name)
        lines.append("")
        if fixed is not None:
            lines += [f"# {field.description}", f"{name}: {json.dumps(fixed)}"]
        else:
            lines += _Writer(needs, now, package.asks).field(name, field, (), "")
    if left_out:
        lines += ["", f"# Other receivers ask for more, which may be given here, too: {', '.join(left_out)}."]
    return "\n".join(lines) + "\n"


def _wanted(section: str, parts: Iterable[str]) -> bool:
    return any(part == section or part.startswith(f"{section}.") for part in parts)


class _Writer:
    """Writes fields one below the other, each with its help."""

    def __init__(self, needs: dict[str, Need], now: datetime | None, asks: tuple[Ask, ...]) -> None:
        self._needs = needs
        self._now = now
        self._asks = asks

    def field(self, name: str, field: FieldInfo, above: tuple[str, ...], indent: str) -> Iterator[str]:
        """The lines of a field and of everything beneath it."""
        path = (*above, name)
        model = model_of(field.annotation)
        yield from self._help(field, path, indent)
        if model is not None:
            yield f"{indent}{name}:"
            for part, inner in model.model_fields.items():
                yield from self.field(part, inner, path, f"{indent}  ")
        elif (entries := _entries_of(field.annotation)) is not None:
            yield f"{indent}{name}:"
            yield from self._entries(model_of(entries), field, indent)
        else:
            yield f"{indent}{name}: {self._value(field, path)}"

    def _help(self, field: FieldInfo, path: tuple[str, ...], indent: str) -> Iterator[str]:
        """What it is, and whether it must be given; the parts of a section say so themselves."""
        described = f"Exactly one of {', '.join(self._asks)}." if path == ASK else field.description
        need = self._needs.get(".".join(path))
        model = model_of(field.annotation)
        # The parts of an amount belong together: they are needed when the amount is.
        whole = model is None or all(inner.is_required() for inner in model.model_fields.values())
        if need is not None:
            bound = f" for a {need.when}" if need.when is not None else ""
            tag = f"MANDATORY{bound}: {need.why}."
        else:
            tag = "Optional." if whole and not field.is_required() else ""
        line = f"{indent}# {described} {tag}".rstrip()
        yield from [line] if len(line) <= WIDTH_CHARS else [f"{indent}# {described}", f"{indent}# {tag}"]

    def _entries(self, entry: type[BaseModel] | None, field: FieldInfo, indent: str) -> Iterator[str]:
        if entry is not None:
            for number, (part, inner) in enumerate(entry.model_fields.items()):
                begin = "  " if number else "- "
                yield f"{indent}  {begin}{part}: {self._value(inner, (part,))}  # {inner.description}"
            return
        filled = field.examples[0] if field.examples and self._now is not None else [""]
        yield from (f"{indent}  - {_scalar(each)}" for each in filled)

    def _value(self, field: FieldInfo, path: tuple[str, ...]) -> str:
        if self._now is None or not field.examples:
            return _scalar("")
        if path == ASK:
            return _scalar(self._asks[0])
        found = field.examples[0]
        if _is_instant(field.annotation):
            moved = datetime.fromisoformat(found) + (self._now - SAMPLED_AT)
            found = moved.replace(second=0, microsecond=0).isoformat()
        return _scalar(found)


def _entries_of(kind: object) -> object | None:
    """What the entries of a list are; None when it is no list."""
    if getattr(kind, "__origin__", None) is tuple:
        return cast("object", get_args(kind)[0])
    return next((found for part in get_args(kind) if (found := _entries_of(part)) is not None), None)


def _is_instant(kind: object) -> bool:
    return kind is datetime or any(_is_instant(part) for part in get_args(kind))


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(document_schema_text())
