"""Incidents, scripts and a stage for the tests of the drills."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from escalation.adapters.directory import Directory
from escalation.adapters.policies import PolicyShelf
from escalation.core.audit import Kept
from escalation.core.vocabulary import Channel
from escalation.drills.cast import cast_of
from escalation.drills.incidents import Event, Incident, read
from escalation.drills.pure import Played, Stage
from escalation.drills.script import Cast, Script, script_of
from tests.house.tree import ROOT

SAMPLE = ROOT / "examples" / "incidents.jsonl"
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
OPENED = datetime(2016, 3, 1, 10, 0)  # noqa: DTZ001  # recorded times have no zone
CUSTOMERS = ("acme", "globex")


@lru_cache(maxsize=1)
def stage() -> Stage:
    """The shipped agreement and the example's directory."""
    settles = dict.fromkeys(Channel, timedelta(seconds=60))
    with TemporaryDirectory() as folder:
        policy = PolicyShelf(None, Path(folder), settles).newest("default", NOW)
    return Stage(policy, Directory.from_file(ROOT / "examples" / "directory.yaml"))


def cast() -> Cast:
    """Who plays whom on that stage."""
    return cast_of(stage().policy, stage().company, CUSTOMERS, NOW)


def incident(*rows: tuple[int, str, str | None] | tuple[int, str, str | None, int], priority: int = 3) -> Incident:
    """An incident from rows: minutes after the opening, state, group and, where it changes, the priority."""
    events = []
    for row in rows:
        minutes, state, group = row[:3]
        level = row[3] if len(row) > 3 else priority
        events.append(Event(OPENED + timedelta(minutes=minutes), state, group, "Resolver 1", level))
    return Incident("INC-1", OPENED, priority, "a printer", "Caller 4", tuple(events))


def script(*rows: tuple[int, str, str | None] | tuple[int, str, str | None, int], priority: int = 3) -> Script:
    """The script of such an incident."""
    return script_of(incident(*rows, priority=priority), cast(), NOW)


def sample() -> list[Script]:
    """Every incident that ships with the examples, as a script."""
    return [script_of(each, cast(), NOW) for each in read(SAMPLE)]


def log_of(played: Played) -> list[Kept]:
    """Its log as a store would give it back."""
    return [Kept(sealed.body, sealed.entry, sealed.digest) for sealed in played.log]
