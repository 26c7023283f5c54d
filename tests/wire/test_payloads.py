"""Converters are made for every run of a workflow; what they know of a type is found out once in a process."""

from typing import Any

from pydantic_core import core_schema
from temporalio.contrib.pydantic import PydanticPayloadConverter

from escalation.wire.messages import Answer
from escalation.wire.payloads import SharedPayloadConverter, prepare
from tests.wire.samples import sample


def counted() -> type[int]:
    """A type that counts how often somebody gets to know it."""

    class Counted(int):
        met = 0

        @classmethod
        def __get_pydantic_core_schema__(cls, *_: Any) -> core_schema.CoreSchema:  # noqa: ANN401 - pydantic's own
            cls.met += 1
            return core_schema.int_schema()

    return Counted


def read(kind: type, converter: PydanticPayloadConverter | SharedPayloadConverter) -> object:
    return converter.from_payloads(converter.to_payloads([7]), [kind])[0]


def test_a_type_is_met_once_however_many_runs_read_it() -> None:
    """Each run has a converter of its own; with the package's each meets it anew."""
    ours, theirs = counted(), counted()

    assert [read(ours, SharedPayloadConverter()) for _ in range(3)] == [7, 7, 7]
    assert [read(theirs, PydanticPayloadConverter()) for _ in range(3)] == [7, 7, 7]

    assert (vars(ours)["met"], vars(theirs)["met"]) == (1, 3)


def test_a_type_may_be_met_beforehand() -> None:
    """So that no task of the engine waits for it."""
    kind = counted()
    prepare(kind)
    before = vars(kind)["met"]

    read(kind, SharedPayloadConverter())

    assert (before, vars(kind)["met"]) == (1, 1)


def test_both_write_the_same() -> None:
    """A client with the package's own converter understands us, and we it."""
    value = sample(Answer)

    assert SharedPayloadConverter().to_payloads([value]) == PydanticPayloadConverter().to_payloads([value])
