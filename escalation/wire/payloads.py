"""How values cross to the engine and back: pydantic's JSON, by converters that everybody in the process shares.

The engine's package makes a converter for every run of a workflow, and pydantic's builds what it knows of a type when
it first meets it. For a policy that costs a tenth of a second, which each run would spend inside its workflow task.
"""

from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import CompositePayloadConverter, DataConverter

_SHARED = tuple(PydanticPayloadConverter(max_cached_type_adapters=None).converters.values())


class SharedPayloadConverter(CompositePayloadConverter):
    """Writes and reads what `PydanticPayloadConverter` does. Made as often as you like; it knows each type once."""

    def __init__(self) -> None:
        super().__init__(*_SHARED)


DATA_CONVERTER = DataConverter(payload_converter_class=SharedPayloadConverter)
"""For every client, worker and replayer of ours."""


def prepare(*kinds: Any) -> None:  # noqa: ANN401  # any type
    """Get to know these types now, where nobody waits, rather than in the first task that reads one."""
    empty = Payload(metadata={"encoding": b"json/plain"}, data=b"{}")
    for kind in kinds:
        with suppress(ValidationError):  # what matters is what it takes to find that out
            DATA_CONVERTER.payload_converter.from_payload(empty, kind)
