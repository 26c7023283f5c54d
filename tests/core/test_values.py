"""Values that are made by the thousand: as the standard library's, at half the price."""

from dataclasses import FrozenInstanceError, field, fields, is_dataclass
from dataclasses import replace as replaced

import pytest

from escalation.core.values import dataclass, replace


@dataclass(frozen=True, slots=True)
class Parcel:
    """A value with a default."""

    number: int
    place: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nothing:
    """A value without fields."""


def test_a_value_is_a_dataclass_like_any_other() -> None:
    """Made by place or by name, equal by fields, hashable, shown in full."""
    parcel = Parcel(1, place="dock")

    assert is_dataclass(Parcel)
    assert [field.name for field in fields(Parcel)] == ["number", "place", "tags"]
    assert (parcel, parcel.tags) == (Parcel(number=1, place="dock", tags=()), ())
    assert len({parcel, Parcel(1, "dock"), Parcel(2, "dock")}) == 2
    assert repr(parcel).endswith("Parcel(number=1, place='dock', tags=())")
    assert Nothing() == Nothing()


def test_a_value_stays_frozen() -> None:
    """Making it is fast; changing it is still refused."""
    with pytest.raises(FrozenInstanceError):
        setattr(Parcel(1, "dock"), "place", "ship")  # noqa: B010  # a type checker would not let us try


def test_a_value_needs_what_has_no_default() -> None:
    """As every dataclass does."""
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'place'"):
        Parcel(1)  # type: ignore[call-arg]  # that is what is tried


def test_replacing_gives_what_the_standard_library_gives() -> None:
    """Any field, several, none."""
    parcel = Parcel(1, "dock", ("frail",))

    assert replace(parcel, place="ship") == replaced(parcel, place="ship") == Parcel(1, "ship", ("frail",))
    assert replace(parcel, number=2, tags=()) == Parcel(2, "dock")
    assert (replace(parcel), replace(parcel) is parcel) == (parcel, False)


def test_replacing_what_is_not_there_is_a_bug() -> None:
    """A misspelt name never passes silently."""
    with pytest.raises(KeyError):
        replace(Parcel(1, "dock"), plaice="ship")  # type: ignore[call-arg]  # that is what is tried


class Filled:
    """Its list is made anew each time."""

    tags: list[str] = field(default_factory=list)


class Checked:
    """Looks at itself when it is made."""

    def __post_init__(self) -> None:
        """Never called."""


@pytest.mark.parametrize(("kind", "slots"), [(Filled, True), (Checked, True), (type("Loose", (), {}), False)])
def test_what_is_no_plain_value_is_refused_when_it_is_defined(kind: type, *, slots: bool) -> None:
    """Before anybody could make one that lacks something."""
    with pytest.raises(TypeError, match=f"{kind.__name__} is no plain value; take the dataclass of the standard"):
        dataclass(frozen=True, slots=slots)(kind)
