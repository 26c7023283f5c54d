"""What a receiver needs: the parts of a document that its route makes mandatory, each with the reason, as policy data.

The shipped file is `escalation/packages.yaml`; a house may keep its own. A need names a part by its path in the
document, so a file that names a part that does not exist is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from escalation.core.vocabulary import Ask
from escalation.wire.document import EscalationDocument
from escalation.wire.document_fields import Kind, Line, Nature, OneAsk, Part
from escalation.wire.faults import faults_of
from escalation.wire.policy_file import ROUTES_MAX
from escalation.wire.written_words import Label, Name
from escalation.wire.yaml_reader import FaultyFileError, read

NEEDS_MAX = 60


def _known_part(path: str) -> str:
    if field_at(path) is None:
        raise ValueError(f"the document has no part {path!r}; name one by its path, such as reproduction.steps")
    return path


class Need(Part):
    """A part that must be filled, and why the receiver needs it. `when`: only in a document of that nature."""

    part: Annotated[str, AfterValidator(_known_part)]
    why: Line
    source: Literal["agreement", "matrix", "process", "routes", "procedures", "ours"]
    when: Kind | None = None


class _WrittenPackage(Part):
    receiver: Label
    asks: Annotated[tuple[OneAsk, ...], Field(strict=False, min_length=1)]
    needs: Annotated[tuple[Need, ...], Field(strict=False, max_length=NEEDS_MAX)]


class _WrittenPackages(Part):
    version: Literal["1"]
    every: Annotated[tuple[Need, ...], Field(strict=False, max_length=NEEDS_MAX)]
    packages: Annotated[dict[Name, _WrittenPackage], Field(min_length=1, max_length=ROUTES_MAX)]


@dataclass(frozen=True, slots=True)
class Package:
    """What one route's receiver takes and needs."""

    route: str
    receiver: str
    asks: tuple[Ask, ...]
    needs: tuple[Need, ...]

    def needed(self, nature: Nature | None) -> tuple[Need, ...]:
        """The needs of a document of that nature."""
        return tuple(need for need in self.needs if need.when in {None, nature})


@dataclass(frozen=True, slots=True)
class Packages:
    """Every package, by the route that it belongs to."""

    packages: tuple[Package, ...]

    def of(self, route: str) -> Package | None:
        """The route's package, or None when nobody has written one."""
        return next((package for package in self.packages if package.route == route), None)

    def taking(self, ask: Ask) -> tuple[str, ...]:
        """The routes whose receivers own that ask."""
        return tuple(package.route for package in self.packages if ask in package.asks)

    @property
    def routes(self) -> tuple[str, ...]:
        """Their names, in the order of the file."""
        return tuple(package.route for package in self.packages)


@dataclass(frozen=True, slots=True)
class Missing:
    """A mandatory part that is open, and why the receiver needs it."""

    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}"

    @property
    def sentence(self) -> str:
        """Without the path."""
        return f"this is missing; {self.why}"


@lru_cache(maxsize=1)
def shipped() -> Packages:
    """The packages that come with this program."""
    return read_packages(files("escalation").joinpath("packages.yaml").read_bytes())


def read_packages(source: bytes) -> Packages:
    """The packages that a file (UTF-8 YAML) writes. Raises `FaultyFileError` with every fault."""
    document = read(source)
    try:
        written = _WrittenPackages.model_validate(document.value)
    except ValidationError as error:
        raise FaultyFileError(faults_of(error, document)) from None
    faults = []
    for route, package in written.packages.items():
        seen = {need.part for need in written.every}
        for number, need in enumerate(package.needs):
            if need.part in seen:
                path = ("packages", route, "needs", number, "part")
                faults.append(document.fault(path, f"{need.part} is needed twice; keep one of them"))
            seen.add(need.part)
    if faults:
        raise FaultyFileError(tuple(faults))
    return Packages(
        tuple(
            Package(route, package.receiver, package.asks, (*written.every, *package.needs))
            for route, package in written.packages.items()
        )
    )


def missing(document: EscalationDocument, package: Package) -> tuple[Missing, ...]:
    """Everything that the receiver still needs, at once, in the order of the package."""
    return absent(document.model_dump(exclude_none=True), package)


def absent(written: Mapping[str, object], package: Package) -> tuple[Missing, ...]:
    """As `missing`, for a document that may have mistakes: what is there in any form is not missing."""
    nature = written.get("nature")
    known = nature.strip().lower() if isinstance(nature, str) else None
    kind = Nature(known) if known in list(Nature) else None
    return tuple(
        Missing(need.part, need.why) for need in package.needed(kind) if not _given(written, need.part.split("."))
    )


def _given(written: object, path: list[str]) -> bool:
    for name in path:
        if not isinstance(written, Mapping):
            return True  # a mistake of its own, which has its own line
        if name not in written:
            return False
        written = written[name]
    return True


def field_at(path: str) -> object | None:
    """What the document's field at that path holds (a type), or None when there is no such field."""
    kind: object = EscalationDocument
    for name in path.split("."):
        model = model_of(kind)
        if model is None or name not in model.model_fields:
            return None
        kind = model.model_fields[name].annotation
    return kind


def model_of(kind: object) -> type[BaseModel] | None:
    """The model that a type is, perhaps optional or annotated; None for lists and plain values."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if kind is tuple or getattr(kind, "__origin__", None) is tuple:
        return None
    return next((found for part in get_args(kind) if (found := model_of(part)) is not None), None)
