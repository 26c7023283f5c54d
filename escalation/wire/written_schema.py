"""The JSON Schema of a policy file, for editors that complete and check while a person types.

It knows shapes, words and patterns; what fields say about each other only `escalate policy check` knows. The published
copy is `escalation/policies/policy.schema.json`; `python -m escalation.wire.written_schema > …` writes it anew.
"""

import json
import sys
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from escalation.wire.durations import spell
from escalation.wire.policy_file import WrittenPolicy

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _AsWritten(GenerateJsonSchema):
    """Lengths as a file writes them, and no null, which no file can write."""

    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401 - whatever a field has
        return spell(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if "default" in found and found["default"] is None:
            del found["default"]
        return found


def policy_schema() -> dict[str, Any]:
    """The schema of `WrittenPolicy` as plain values."""
    return {"$schema": DIALECT, **WrittenPolicy.model_json_schema(schema_generator=_AsWritten)}


def policy_schema_text() -> str:
    """The schema as its published file holds it: the same text whenever the shape is the same."""
    return json.dumps(policy_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(policy_schema_text())
