"""Editors are told the shape of a policy file, and what they are told is true."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import escalation
from escalation.wire.written_schema import policy_schema, policy_schema_text
from escalation.wire.yaml_reader import read

SHIPPED = Path(escalation.__file__).parent / "policies"
PUBLISHED = SHIPPED / "policy.schema.json"


def judge() -> jsonschema.Draft202012Validator:
    """A validator of the published schema."""
    return jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text()))


def shipped(name: str) -> dict[str, Any]:
    """What a shipped policy says."""
    return dict(read((SHIPPED / f"{name}.yaml").read_bytes()).value)


def test_the_published_schema_is_that_of_the_models() -> None:
    """`python -m escalation.wire.written_schema` writes it anew."""
    assert PUBLISHED.read_text() == policy_schema_text()


def test_the_schema_is_a_schema() -> None:
    """Of the dialect that it names."""
    jsonschema.Draft202012Validator.check_schema(policy_schema())


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.yaml")))
def test_shipped_policies_fit_the_schema(name: str) -> None:
    """An editor underlines nothing in them but what their source leaves open."""
    assert [error.message for error in judge().iter_errors(shipped(name)) if error.instance != "required"] == []


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("name", "House"),
        ("version", ""),
        ("extra", "x"),
        ("terms", {"SEV5": {}}),
        ("house", {"managers": "support-manager"}),
        ("reckoning", {"on_reopen": "never"}),
        ("calendars", {"office": {"zone": "UTC", "week": {"monday": ["9-17"]}}}),
        ("segments", {"key": {"silence": "1d"}}),
        ("segments", {"key": {"silence": None}}),
    ],
)
def test_a_wrong_part_is_underlined(part: str, wrong: object) -> None:
    """Unknown fields, words and lengths are known while a person types."""
    assert not judge().is_valid({**shipped("default"), part: wrong})


def test_defaults_are_shown_as_a_file_writes_them() -> None:
    """Not as a machine would: nobody may copy "PT24H" into a file."""
    house = policy_schema()["$defs"]["WrittenHouse"]["properties"]

    assert house["customer_floor"]["default"] == "24h"
    assert "default" not in house["blocked_limit"]
