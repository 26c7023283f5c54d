"""Values that are made by the thousand: the standard library's frozen dataclasses, made at half the price.

A frozen dataclass fills its slots by `object.__setattr__`, which looks each one up by name; a quarter of a play went
into that. Here the slots fill themselves. All else is the standard library's: frozen, equal by fields, and to a type
checker the very same names. What has no slots, a default factory or a `__post_init__` is refused when it is defined.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:

    def dataclass(**options: bool) -> Callable[[type], type]:
        """As `dataclasses.dataclass`, for frozen ones with slots."""

        def make(kind: type) -> type:
            made = dataclasses.dataclass(**options)(kind)
            made.__init__ = _init_of(made)
            return made

        return make

    def replace(value: object, /, **changes: object) -> object:
        """As `dataclasses.replace`. Raises `KeyError` for a field that there is not."""
        kind = value.__class__
        values_of, places = _FIELDS[kind]
        values = list(values_of(value))
        for name, changed in changes.items():
            values[places[name]] = changed
        return kind(*values)


class _Fields(dict[type, tuple[Callable[[Any], tuple[object, ...]], dict[str, int]]]):
    """How the fields of a type are read, and their places; found the first time a value of that type is replaced."""

    def __missing__(self, kind: type) -> tuple[Callable[[Any], tuple[object, ...]], dict[str, int]]:
        names = [field.name for field in dataclasses.fields(kind)]
        # A getter of one name gives its value bare; no value here with a single field is ever replaced.
        made = self[kind] = (attrgetter(*names), {name: place for place, name in enumerate(names)})
        return made


_FIELDS = _Fields()


def _init_of(kind: Any) -> Callable[..., None]:  # noqa: ANN401  # a dataclass, whose fields are its own
    known: dict[str, Any] = {}
    arguments, lines = ["self"], []
    plain = all(field.init and field.default_factory is dataclasses.MISSING for field in dataclasses.fields(kind))
    if not plain or "__slots__" not in kind.__dict__ or hasattr(kind, "__post_init__"):
        message = f"{kind.__name__} is no plain value; take the dataclass of the standard library"
        raise TypeError(message)
    for field in dataclasses.fields(kind):
        known[f"set_{field.name}"] = getattr(kind, field.name).__set__
        known[f"default_{field.name}"] = field.default
        arguments.append(field.name if field.default is dataclasses.MISSING else f"{field.name}=default_{field.name}")
        lines.append(f"    set_{field.name}(self, {field.name})")
    text = f"def __init__({', '.join(arguments)}):\n" + "\n".join(lines or ["    pass"])
    exec(text, known)  # noqa: S102  # field names only, as the standard library does it
    made: Callable[..., None] = known["__init__"]
    made.__annotations__ = kind.__init__.__annotations__
    made.__qualname__ = kind.__init__.__qualname__
    return made
