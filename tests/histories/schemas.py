"""The shape of everything that crosses a process boundary, as JSON schemas under lock and key.

Runs that began before a change read what is written after it, and the other way round: so a field may be added with a
default, a value may become wider, and nothing else may change. `schemas.lock.json` tells the two kinds of change apart.
"""

import inspect
import json
from collections.abc import Iterator
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from escalation.core.entry import Entry
from escalation.wire import messages
from tests.histories.recorded import FOLDER
from workflows import ports

LOCK = FOLDER / "schemas.lock.json"
# Text for people, and what follows from the rest.
_NO_SHAPE = ("title", "description", "discriminator")
_Schema = dict[str, Any]


def payloads() -> dict[str, type[Any]]:
    """Every type that is handed to another process or kept in a history or a log."""
    acts = [act for act in vars(ports).values() if inspect.isfunction(act) and act.__module__ == ports.__name__]
    crossing = [kind for act in acts for kind in get_type_hints(act).values() if act.__name__[0] != "_"]
    named = (
        messages.Start,
        messages.Carried,
        messages.Knock,
        messages.Instruction,
        messages.LateFact,
        messages.Answer,
        messages.View,
        messages.Ending,
        Entry,
    )
    found: dict[str, type[Any]] = {kind.__name__: kind for kind in (*named, *crossing) if kind is not type(None)}
    return dict(sorted(found.items()))


def current() -> _Schema:
    """The shapes of the code as it is: one entry for each type, whether it crosses itself or is part of one."""
    adapters = [(name, "validation", TypeAdapter[Any](kind)) for name, kind in payloads().items()]
    _, together = TypeAdapter.json_schemas(adapters)  # type: ignore[arg-type]  # the mode is a literal
    shapes: _Schema = {name: _shape(found) for name, found in together["$defs"].items()}
    return {"payloads": list(payloads()), "shapes": dict(sorted(shapes.items()))}


def locked() -> _Schema:
    """What the lock file holds."""
    found: _Schema = json.loads(LOCK.read_text()) if LOCK.exists() else {"payloads": [], "shapes": {}}
    return found


def write() -> None:
    """Lock the code as it is. What breaks is refused: then the file must go first, and the commit says why."""
    breaking = differences(locked(), current())[0] if LOCK.exists() else []
    if breaking:
        raise SystemExit(
            f"guards: this breaks what is running: {'; '.join(breaking)}; delete {LOCK.name} if it does not"
        )
    LOCK.write_text(json.dumps(current(), indent=1) + "\n")


def faults() -> list[str]:
    """What the lock file says otherwise, breaking changes first."""
    breaking, additions = differences(locked(), current())
    return [f"breaks what is running: {line}" for line in breaking] + [f"not in the lock: {line}" for line in additions]


def differences(before: _Schema, after: _Schema) -> tuple[list[str], list[str]]:
    """Changes that break what is running, and those that only add. Each line names the type and the field."""
    breaking = [f"{name} is gone" for name in before["payloads"] if name not in after["payloads"]]
    additions = [f"{name} crosses, too" for name in after["payloads"] if name not in before["payloads"]]
    for name, shape in before["shapes"].items():
        if name not in after["shapes"]:
            breaking.append(f"{name} is gone")
            continue
        for breaks, line in _compared(name, shape, after["shapes"][name]):
            (breaking if breaks else additions).append(line)
    additions += [f"{name} is new" for name in after["shapes"] if name not in before["shapes"]]
    return breaking, additions


def _compared(where: str, before: Any, after: Any) -> Iterator[tuple[bool, str]]:  # noqa: ANN401  # a piece of schema
    if not isinstance(before, dict) or not isinstance(after, dict):
        if before != after:
            yield True, f"{where} was {_brief(before)} and is {_brief(after)}"
        return
    if any(key in version for key in ("anyOf", "oneOf") for version in (before, after)):
        yield from _chosen(where, _members(before), _members(after))
        if _rest(before) != _rest(after):
            yield True, f"{where}: the default was {_rest(before)} and is {_rest(after)}"
        return
    yield from _fields(where, before, after)
    if "enum" in before or "enum" in after:
        yield from _chosen(where, before.get("enum", []), after.get("enum", []))
    for key in (key for key in {**before, **after} if key not in ("properties", "required", "enum")):
        if key not in after:
            yield True, f"{where} had {key} {_brief(before[key])}"
        elif key not in before:
            yield True, f"{where} now has {key} {_brief(after[key])}"
        else:
            yield from _compared(f"{where}.{key}", before[key], after[key])


def _fields(where: str, before: _Schema, after: _Schema) -> Iterator[tuple[bool, str]]:
    old, new = before.get("properties", {}), after.get("properties", {})
    must, now_must = before.get("required", []), after.get("required", [])
    for name in old:
        if name not in new:
            yield True, f"{where}.{name} is gone, or has another name"
            continue
        if name in now_must and name not in must:
            yield True, f"{where}.{name} has lost its default"
        elif name in must and name not in now_must:
            # A default that appears changes nothing for what has the field: so it is compared without.
            yield False, f"{where}.{name} has a default now"
            yield from _compared(f"{where}.{name}", old[name], _without_default(new[name]))
            continue
        yield from _compared(f"{where}.{name}", old[name], new[name])
    for name in (name for name in new if name not in old):
        if name in now_must:
            yield True, f"{where}.{name} is new and has no default"
        else:
            yield False, f"{where}.{name} is new, with a default"


def _chosen(where: str, before: list[Any], after: list[Any]) -> Iterator[tuple[bool, str]]:
    yield from ((True, f"{where} may no longer be {_brief(each)}") for each in before if each not in after)
    yield from ((False, f"{where} may now be {_brief(each)}") for each in after if each not in before)


def _members(schema: _Schema) -> list[Any]:
    """The alternatives; what is no choice is its own only one."""
    inside = schema.get("anyOf") or schema.get("oneOf")
    return [_without_default(schema)] if inside is None else [one for each in inside for one in _members(each)]


def _rest(schema: _Schema) -> _Schema:
    return {key: value for key, value in schema.items() if key == "default"}


def _without_default(schema: _Schema) -> _Schema:
    return {key: value for key, value in schema.items() if key != "default"}


def _shape(schema: Any) -> Any:  # noqa: ANN401  # a piece of schema
    """Without the words for people; fields may be called like them, so only what is not a field goes."""
    if isinstance(schema, list):
        return [_shape(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in _NO_SHAPE}
    fields = kept.pop("properties", None)
    shape = {key: _shape(value) for key, value in kept.items()}
    return shape if fields is None else {**shape, "properties": {key: _shape(value) for key, value in fields.items()}}


def _brief(piece: object) -> str:
    return json.dumps(piece)
