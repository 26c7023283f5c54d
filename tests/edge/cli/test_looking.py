"""The verbs that look: pages for people, JSON for programs."""

import json
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from escalation.cli.speaking import away, when
from escalation.core.vocabulary import Phase
from tests.edge.cli.terminal import KNOWN, NOW, VIEW, Terminal

PAGE = """\
INC-1  SEV1 (P1 Critical), unconfirmed  In Transfer
1 promise missed
owner      rosa; tala speaks with the customer
asked      dora (reply: ack 42)
route      l2-engineering → Engineering, step engineering-on-call
ticket     INC-1 of customer acme
opened     2026-03-01 13:25 CET (12:25Z), 5m ago
deadline   2026-03-02 09:30 CET (08:30Z), in 20h
told       amira
so far     2 owners, 1 hand-off, 0 reopens, 5m in transfer before

what comes next
  acknowledgement  limit    2026-03-01 13:31 CET (12:31Z), in 1m30s
  resolution       warning  2026-03-01 15:30 CET (14:30Z), in 2h
  check-in         stands still

policy     default 2026-1 (last good copy)
log        7 entries, head abababababab, episode e1
"""


def test_an_escalation_is_a_page(terminal: Terminal) -> None:
    """Instants in the viewer's zone and in UTC; no colour where nobody looks."""
    said = terminal("show", KNOWN)

    assert (said.exit, said.out) == (0, PAGE)


def test_an_ended_escalation_waits_for_nothing(terminal: Terminal) -> None:
    """No clocks, nobody asked."""
    terminal.client.shown = replace(VIEW, phase=Phase.CLOSED, status="Closed", touches=0, nobody_told=True, breaches=0)

    out = terminal("show", KNOWN).out

    assert "nobody could be told" in out
    assert "nobody has taken it yet" in out
    assert "what comes next" not in out
    assert "asked" not in out


def test_a_view_in_json_has_every_field(terminal: Terminal) -> None:
    """Instants in ISO 8601."""
    found = json.loads(terminal("show", KNOWN, "--json").out)

    assert found["phase"] == "in_transfer"
    assert found["opened_at"] == "2026-03-01T12:25:00Z"
    assert len(found["clocks"]) == 3


def test_a_timeline_is_its_lines(terminal: Terminal) -> None:
    """Oldest first; in JSON a list."""
    assert terminal("timeline", KNOWN).out.splitlines()[0] == "12:25:00Z #1 opened by rosa"
    assert len(json.loads(terminal("timeline", KNOWN, "--json").out)) == 2


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "2026-03-01 13:30 CET (12:30Z)"),
        ("UTC", "2026-03-01 12:30 UTC"),
        ("Pacific/Auckland", "2026-03-02 01:30 NZDT (2026-03-01 12:30Z)"),
    ],
)
def test_an_instant_is_shown_in_two_zones(zone: str, text: str) -> None:
    """With the date where it differs."""
    assert when(NOW, ZoneInfo(zone)) == text


@pytest.mark.parametrize(
    ("distance", "text"),
    [
        (timedelta(seconds=119), "in 1m59s"),
        (timedelta(seconds=121), "in 2m"),
        (timedelta(0), "in 0s"),
        (timedelta(hours=47, minutes=59), "in 47h59m"),
        (timedelta(days=99, hours=3), "in 99 days"),
        (-timedelta(hours=3, seconds=5), "3h ago"),
    ],
)
def test_distances_are_as_exact_as_they_are_near(distance: timedelta, text: str) -> None:
    """Seconds below two minutes."""
    assert away(NOW + distance, NOW) == text


def test_no_verb_is_a_page_of_help(terminal: Terminal) -> None:
    """Exit 0: asking is no mistake."""
    said = terminal()

    assert said.exit == 0
    assert "deescalate" in said.out
