"""What crosses a process boundary keeps its shape: what is added is recorded, nothing breaks."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.histories import schemas
from tests.histories.guards import ADVICE

Change = Callable[[dict[str, Any]], object]
NOW = schemas.current()


def changed(change: Change) -> dict[str, Any]:
    """The shapes of today with a change in them."""
    after = copy.deepcopy(NOW)
    change(after["shapes"])
    return after


def test_nothing_breaks_what_is_running() -> None:
    """A field that is removed, renamed, narrowed or asked for anew: payloads that are under way would not be read."""
    breaking, _ = schemas.differences(schemas.locked(), NOW)

    assert breaking == [], ADVICE["schemas"]


def test_every_addition_is_recorded() -> None:
    """It is fine, and the next change is compared with it."""
    _, additions = schemas.differences(schemas.locked(), NOW)

    assert additions == [], ADVICE["schemas"]
    assert schemas.locked() == NOW, ADVICE["schemas"]


def test_every_payload_is_under_lock() -> None:
    """What starts, steers, shows and ends an escalation, the orders and answers of every act, and the log's entry."""
    named = {"Start", "Carried", "Knock", "Instruction", "LateFact", "Answer", "View", "Ending", "Entry"}
    ordered = {"Send", "ReportDelivery", "Look", "Find", "Write", "Freeze", "Policy", "Page", "Dismissal"}

    assert named | ordered <= {*NOW["payloads"]}


def _ask(shapes: dict[str, Any]) -> None:
    shapes["Knock"]["properties"]["by"] = {"type": "string"}
    shapes["Knock"]["required"].append("by")


def _rename(shapes: dict[str, Any]) -> None:
    fields = shapes["View"]["properties"]
    fields["person"] = fields.pop("owner")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda all_: all_["View"]["properties"].pop("owner"), "View.owner is gone"),
        (_rename, "View.owner is gone"),
        (lambda all_: all_["Start"]["required"].append("policy"), "Start.policy has lost its default"),
        (lambda all_: all_["Answer"]["properties"]["sequence"].update(type="string"), "Answer.sequence.type was"),
        (lambda all_: all_["Answer"]["properties"]["sequence"].update(maximum=9), "Answer.sequence now has maximum"),
        (
            lambda all_: all_["Answer"]["properties"]["phase"]["anyOf"].pop(),
            'Answer.phase may no longer be {"type": "null"}',
        ),
        (lambda all_: all_["Start"]["properties"]["policy"].update(default="other"), "Start.policy.default was"),
        (lambda all_: all_["Phase"]["enum"].remove("blocked"), 'Phase may no longer be "blocked"'),
        (lambda all_: all_.pop("Standing"), "Standing is gone"),
        (
            lambda all_: all_["Instruction"]["properties"]["command"]["anyOf"][0]["oneOf"].pop(0),
            "Instruction.command may no longer be",
        ),
        (
            lambda all_: (
                all_["Knock"]["properties"].update(by={"type": "string"}),
                all_["Knock"]["required"].append("by"),
            ),
            "Knock.by is new and has no default",
        ),
    ],
)
def test_a_breaking_change_is_told_as_one(change: Change, said: str) -> None:
    """Each kind by itself."""
    breaking, _ = schemas.differences(NOW, changed(change))

    assert any(line.startswith(said) for line in breaking), breaking


def _widen(shapes: dict[str, Any]) -> None:
    shapes["Answer"]["properties"]["sequence"] = {"anyOf": [{"type": "integer"}, {"type": "null"}]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda all_: all_["Knock"]["properties"].update(by={"default": ""}),
            "Knock.by is new, with",
        ),
        (lambda all_: all_["Phase"]["enum"].append("asleep"), 'Phase may now be "asleep"'),
        (_widen, 'Answer.sequence may now be {"type": "null"}'),
        (lambda all_: all_.update(Another={"type": "object"}), "Another is new"),
        (lambda all_: all_["Answer"]["required"].remove("phase"), "Answer.phase has a default now"),
        (
            lambda all_: all_["Instruction"]["properties"]["command"]["anyOf"][0]["oneOf"].append({"$ref": "Another"}),
            "Instruction.command may now be",
        ),
    ],
)
def test_an_addition_is_told_as_one(change: Change, said: str) -> None:
    """It breaks nothing, and is not passed over either."""
    breaking, additions = schemas.differences(NOW, changed(change))

    assert breaking == []
    assert any(line.startswith(said) for line in additions), additions
