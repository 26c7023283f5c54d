"""`escalate show --at`: an escalation as it was, from the audit log alone."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from escalation.cli.instants import past_instant
from escalation.core.commands import Acknowledge, Cancel, Command
from escalation.core.decide import decide
from escalation.core.state import Escalation
from escalation.wire.messages import View
from escalation.wire.outcomes import Head
from escalation.wire.requests import BadInput
from tests.edge.cli.terminal import KNOWN, NOW, KeptEntry, RememberingClient, Terminal
from tests.edge.cli.test_audit import opening

MINUTE = timedelta(minutes=1)
BEGAN = NOW - 60 * MINUTE
BERLIN = ZoneInfo("Europe/Berlin")


def rows(episode: str, began: datetime) -> list[KeptEntry]:
    """Opened; taken after ten minutes; cancelled after twenty."""
    state: Escalation | None = None
    kept = []
    steps: list[tuple[int, Command]] = [
        (0, opening(episode)),
        (10, Acknowledge("amira")),
        (20, Cancel("rosa", "twice")),
    ]
    for minutes, command in steps:
        decision = decide(state, command, began + minutes * MINUTE)
        state, sealed = decision.state, decision.sealed
        kept.append(KeptEntry(KNOWN, episode, sealed.entry.sequence, sealed.digest, sealed.body))
    return kept


@pytest.fixture
def kept(terminal: Terminal) -> Terminal:
    """Two episodes in the log; no engine anywhere."""

    class Away(RememberingClient):
        async def view(self, ref: str) -> View:
            raise AssertionError("the engine was asked")

        async def head(self, ref: str, episode: str | None = None) -> Head:
            raise AssertionError("the engine was asked")

    terminal.log.rows = [*rows("e1", BEGAN), *rows("e2", BEGAN + 30 * MINUTE)]
    terminal.client = Away()
    return terminal


# --- What is told -----------------------------------------------------------------------------------------------------


def test_the_past_is_a_page(kept: Terminal) -> None:
    """Who had to act, what was due, what the log last said; distances are told from that instant."""
    out = kept("show", KNOWN, "--at", "-46m").out

    assert out.splitlines()[:5] == [
        "INC-1 as it was at 2026-03-01 12:44 CET (11:44Z), 46m ago",
        "proof      the audit log alone: 2 of 3 entries, and every one of them holds",
        (
            "last entry 2026-03-01T11:40:00Z #2 confirmation due; acknowledged by amira: phase in_transfer → active,"
            " severity_confirmed not yet → no, in silence, owner rosa → amira [6: war room, amira in"
            " command, rosa keeps the timeline]"
        ),
        "must act   amira, as owner",
        "due next   war room limit, 2026-03-01 12:45 CET (11:45Z), in 1m",
    ]
    assert out.splitlines()[6].startswith("INC-1  SEV1 ")
    assert out.splitlines()[6].endswith("  Active")
    assert "opened     2026-03-01 12:30 CET (11:30Z), 14m ago" in out


def test_an_entry_counts_from_its_instant_on(kept: Terminal) -> None:
    """A zone is part of the instant."""
    before = kept("show", KNOWN, "--at", "2026-03-01T12:39:59.999999+01:00")
    after = kept("show", KNOWN, "--at", "2026-03-01T11:40:00Z")

    assert "must act   rosa, as owner" in before.out
    assert "must act   amira, as owner" in after.out


def test_after_the_end_it_says_how_it_ended(kept: Terminal) -> None:
    """Exit 0: the question has an answer."""
    said = kept("show", KNOWN, "--at", "12:55")

    assert said.exit == 0
    assert "ended      2026-03-01 12:50 CET (11:50Z), 5m before" in said.out
    assert "must act" not in said.out
    assert "Cancelled" in said.out


def test_before_the_opening_is_one_line(kept: Terminal) -> None:
    """With the instant at which the log begins."""
    said = kept("show", KNOWN, "--at", "-90m")

    assert (said.exit, len(said.err.splitlines())) == (2, 1)
    assert "INC-1 was not open at 2026-03-01 12:00 CET (11:00Z): its log begins at 2026-03-01 12:30 CET" in said.err


def test_the_latest_episode_that_had_been_opened_is_shown(kept: Terminal) -> None:
    """Unless one is named."""
    found = {time: json.loads(kept("show", KNOWN, "--at", time, "--json").out) for time in ("-45m", "-35m", "-25m")}
    named = json.loads(kept("show", KNOWN, "--at", "-1m", "--episode", "e1", "--json").out)

    assert [(each["episode"], each["view"]["phase"]) for each in found.values()] == [
        ("e1", "active"), ("e1", "cancelled"), ("e2", "in_transfer"),
    ]  # fmt: skip
    assert (named["episode"], named["view"]["phase"]) == ("e1", "cancelled")


def test_json_has_everything(kept: Terminal) -> None:
    """The picture, who had to act, what was due, and whether the log holds."""
    found = json.loads(kept("show", KNOWN, "--at", "-46m", "--json").out)

    assert found["at"] == "2026-03-01T11:44:00Z"
    assert found["responsible"] == {"role": "owner", "people": ["amira"]}
    assert found["next_due"]["clock"] == "war_room"
    assert (found["entries"], found["holds"], found["fault"], found["last"]["sequence"]) == (2, True, None, 2)
    assert "resolution" in found["running"]


def test_a_refused_opening_says_why(terminal: Terminal) -> None:
    """It never was open."""
    sealed = decide(None, replace(opening("e1"), route="nowhere"), BEGAN).sealed
    terminal.log.rows = [KeptEntry(KNOWN, "e1", 1, sealed.digest, sealed.body)]

    said = terminal("show", KNOWN, "--at", "-1m")

    assert said.exit == 0
    assert "refused    it never opened: unknown route" in said.out


def test_a_log_that_does_not_hold_is_a_failed_check(kept: Terminal) -> None:
    """Exit 1, with the state before the first bad entry; an instant before it is not concerned."""
    kept.log.damage(2, body="{}")

    said = kept("show", KNOWN, "--at", "12:45", "--episode", "e1")

    assert said.exit == 1
    assert "entry 2 does not hold: this is no entry of this version" in said.out
    assert "must act   rosa, as owner" in said.out
    assert json.loads(kept("show", KNOWN, "--at", "12:45", "--episode", "e1", "--json").out)["holds"] is False


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        (["nobody-9", "--at", "-1m"], "NOBODY-9: the audit log has no entries; correct the reference"),
        (
            [KNOWN, "--at", "-1m", "--episode", "e9"],
            "INC-1, episode e9: the audit log has no entries; its episodes are",
        ),
        ([KNOWN, "--at", "-1m", "--watch"], "the past does not change; leave out --watch or --at"),
        ([KNOWN, "--episode", "e1"], "--episode goes with --at"),
        ([KNOWN, "--at", "23:59"], "23:59 lies ahead (2026-03-01 22:59:00 UTC)"),
        ([KNOWN, "--at", "yesterday"], "the time 'yesterday' is no instant"),
        ([KNOWN, "--at", "-1d"], "may mean several things"),
        ([KNOWN, "--at", "2026-03-01T12:00"], "has no time zone"),
        ([KNOWN, "--at", ""], "is no instant"),
    ],
)
def test_what_cannot_be_told_is_one_line(kept: Terminal, typed: list[str], complaint: str) -> None:
    """What, the limit, the next step."""
    said = kept("show", *typed)

    assert (said.exit, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert complaint in said.err


# --- Instants ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-01T13:00+01:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("13:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        (" 0:05 ", datetime(2026, 2, 28, 23, 5, tzinfo=UTC)),
        ("-2h", NOW - timedelta(hours=2)),
        ("-1h30m", NOW - timedelta(minutes=90)),
        ("-0s", NOW),
    ],
)
def test_instants_as_people_type_them(written: str, meant: datetime) -> None:
    """With a zone, as a time of today where they are, or as so long ago."""
    assert past_instant(written, NOW, BERLIN) == meant


def test_the_machine_has_a_zone_of_its_own() -> None:
    """Where none is given, as on a real terminal."""
    here = NOW.astimezone()

    assert past_instant(f"{here:%H:%M}", NOW, None) == NOW


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, 20, tzinfo=UTC), datetime(2026, 10, 25, 20, tzinfo=UTC)])
def test_a_time_that_comes_twice_or_never_is_not_guessed(day: datetime) -> None:
    """When the clocks change; with a zone it is one instant."""
    with pytest.raises(BadInput, match="02:30 is not one instant today: the clocks change; write it with a zone"):
        past_instant("02:30", day, BERLIN)
    assert past_instant("03:30", day, BERLIN) < day
