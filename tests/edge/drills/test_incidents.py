"""A file of recorded incidents is read whole, or its first bad line is named."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from escalation.drills.incidents import EVENTS_MAX, LINE_CHARS_MAX, BadIncidentError, parsed, read
from tests.edge.drills.samples import SAMPLE

ROW = {"at": "2016-03-01T10:05:00", "state": "Active", "group": "Group 3", "assignee": None, "priority": 3}
WHOLE: dict[str, Any] = {"id": "INC1", "opened_at": "2016-03-01T10:00:00", "priority_at_open": 3, "events": [ROW]}


def test_every_incident_of_the_sample_is_read() -> None:
    """The values are those of the file."""
    found = list(read(SAMPLE))

    assert len(found) == 28
    assert (found[0].id, found[0].priority, len(found[0].events)) == ("INC0000261", 1, 8)


def test_a_packed_file_is_the_same(tmp_path: Path) -> None:
    """A name that ends in .gz is unpacked."""
    packed = tmp_path / "incidents.jsonl.gz"
    packed.write_bytes(gzip.compress(SAMPLE.read_bytes()))

    assert list(read(packed)) == list(read(SAMPLE))


def test_blank_lines_and_unknown_fields_are_passed_over() -> None:
    """What is not needed is no fault."""
    assert len(list(parsed(["\n", json.dumps({**WHOLE, "symptom": None, "more": 1})]))) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"opened_at": "2016-03-01T10:00:00+01:00"}, "has a zone"),
        ({"opened_at": "yesterday"}, "Invalid isoformat"),
        ({"priority_at_open": 5}, "the priority '5' is none"),
        ({"priority_at_open": True}, "the priority 'True' is none"),
        ({"events": [{**ROW, "at": None}]}, "fromisoformat"),
        ({"events": [ROW] * (EVENTS_MAX + 1)}, f"at most {EVENTS_MAX}"),
        ({"events": 3}, "line 1 is no incident"),
    ],
)
def test_a_bad_line_is_named(change: dict[str, Any], why: str) -> None:
    """One line of text: which line, what is wrong."""
    with pytest.raises(BadIncidentError, match="line 1 is no incident") as caught:
        list(parsed([json.dumps({**WHOLE, **change})]))

    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("line", ["[]", "3", "{", '{"id": "INC1"}'])
def test_what_is_no_incident_at_all_is_named(line: str) -> None:
    """Neither JSON of another kind nor half an object raises anything else."""
    with pytest.raises(BadIncidentError, match="line 2 is no incident"):
        list(parsed([json.dumps(WHOLE), line]))


def test_the_longest_allowed_incident_and_line_are_read() -> None:
    """Both bounds at their edge."""
    whole = json.dumps({**WHOLE, "events": [ROW] * EVENTS_MAX})

    assert len(next(parsed([whole.ljust(LINE_CHARS_MAX)])).events) == EVENTS_MAX
    with pytest.raises(BadIncidentError, match="more than 1048576 characters"):
        list(parsed([whole.ljust(LINE_CHARS_MAX + 1)]))
