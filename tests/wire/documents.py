"""Escalation documents to change: the filled form of a route as plain values, and what is said about a change of it."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from escalation.wire.document import EscalationDocument
from escalation.wire.document_check import Verdict, check
from escalation.wire.document_form import sample
from escalation.wire.packages import Package, shipped
from escalation.wire.yaml_reader import read

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ENGINEERING = "l2-to-engineering"
ROUTES = shipped().routes


def package(route: str = ENGINEERING) -> Package:
    """What that route's receiver needs."""
    found = shipped().of(route)
    assert found is not None
    return found


def good(route: str = ENGINEERING) -> dict[str, Any]:
    """A document that may be sent there, in time at `NOW`."""
    return deepcopy(dict(read(sample(package(route), NOW).encode()).value))


def written(path: str, value: object, route: str = ENGINEERING) -> dict[str, Any]:
    """A good document with another value at that path; None takes the field away."""
    document = good(route)
    *above, last = path.split(".")
    part: Any = document
    for name in above:
        part = part[int(name)] if isinstance(part, list) else part.setdefault(name, {})
    if value is None:
        del part[last]
    elif isinstance(part, list):
        part[int(last)] = value
    else:
        part[last] = value
    return document


def judged(document: object) -> Verdict:
    """What is said of it as a JSON file."""
    return check(json.dumps(document, indent=1).encode(), shipped(), NOW)


def faults(path: str, value: object, route: str = ENGINEERING) -> tuple[str, ...]:
    """The faults of a good document with that change, without their lines."""
    found = judged(written(path, value, route)).faults
    return tuple(f"{fault.path}: {fault.what}" for fault in found)


def lints(path: str, value: object, route: str = ENGINEERING) -> tuple[str, ...]:
    """The advice on a good document with that change, without its lines."""
    verdict = judged(written(path, value, route))
    assert verdict.faults == ()
    return tuple(f"{lint.path}: {lint.what}" for lint in verdict.lints)


def accepted(path: str, value: object, route: str = ENGINEERING) -> EscalationDocument:
    """The good document with that change, which may be sent."""
    verdict = judged(written(path, value, route))
    assert verdict.faults == ()
    assert verdict.document is not None
    return verdict.document
