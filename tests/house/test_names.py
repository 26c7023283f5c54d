"""Names come from the glossary; some words say nothing about anything."""

import pytest

from tests.house import rules, tree
from tests.house.tree import Module

ALLOWED = {
    "escalation/adapters/twilio.py:data": "an argument of the HTTP client that the vendor's package lets us replace",
    "tests/edge/sending/fakes.py:info": "the SDK's test environment keeps an act's circumstances in this attribute",
    "escalation/standins/contract.py:data": "openapi-core reads a response's body from an attribute of this name",
}
"""`path:name` of a name that another library asks for, and why."""


def test_no_name_of_our_own_says_nothing() -> None:
    """Modules, classes, functions, arguments, variables and attributes."""
    assert [line for module in tree.modules() for line in rules.empty_names(module, ALLOWED)] == []


@pytest.mark.parametrize(
    "sample",
    [
        "class ChainManager: ...",
        "class ContactInfo: ...",
        "def send_helper(): ...",
        "def handle_reply(): ...",
        "def send(data): ...",
        "for info in replies: ...",
        "import subprocess as process",
        "reply.data = 1",
        "with send() as data: ...",
    ],
)
def test_the_rule_finds_each_empty_name(sample: str) -> None:
    """One violation, on the line where the name is made."""
    found = rules.empty_names(Module("escalation/core/sample.py", sample), {})

    assert [line.startswith("escalation/core/sample.py:1: ") for line in found] == [True]


@pytest.mark.parametrize(
    "path", ["escalation/utils.py", "escalation/core/helpers/chain.py", "tests/edge/send_utils.py"]
)
def test_the_rule_finds_an_empty_file_name(path: str) -> None:
    """A room that says nothing is worse than a name that does."""
    assert len(rules.empty_names(Module(path, ""), {})) == 1


@pytest.mark.parametrize(
    "sample",
    [
        "import subprocess",
        "metadata = 1",
        "client.post(data=form)",
        "handle = start()",
        "activity.info()",
        "processed = 1",
    ],
)
def test_the_rule_leaves_other_names_alone(sample: str) -> None:
    """A library's own names are not ours, and a longer word is another word."""
    assert rules.empty_names(Module("escalation/core/sample.py", sample), {}) == []


def test_a_name_that_is_allowed_with_a_reason_passes() -> None:
    """In its own file only."""
    allowed = {"escalation/a.py:data": "the library calls it by this name"}

    assert rules.empty_names(Module("escalation/a.py", "data = 1"), allowed) == []
    assert len(rules.empty_names(Module("escalation/b.py", "data = 1"), allowed)) == 1
