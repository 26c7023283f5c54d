"""`python -m tests.bench.incidents FILE`: whole files of recorded incidents, on the core alone and in virtual time.

The pure play says how many incidents one core plays in a second of processor time, with and without writing the log.
The play on the engine judges every log it leaves behind, and exits 1 unless all of them hold.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from escalation.adapters.directory import Directory
from escalation.adapters.policies import PolicyShelf
from escalation.core.facts import Found
from escalation.core.vocabulary import Channel, Severity
from escalation.drills.cast import cast_of
from escalation.drills.incidents import BadIncidentError, Incident, read
from escalation.drills.pure import Company, Stage, rehearse
from escalation.drills.script import script_of
from examples.rehearsal import CUSTOMERS, DIRECTORY, Result, rehearsing

AIM_PER_SECOND = 1500
FIRES_MAX = 6
REPORT_EVERY = 20
PLAYED_ON = datetime(2026, 11, 22, tzinfo=UTC)


class Remembering:
    """A directory in which nobody is away, asked once for each name."""

    def __init__(self, company: Company, at: datetime) -> None:
        self._company = company
        self._at = at
        self._found: dict[str, Found] = {}
        self._addresses: dict[tuple[str, Channel], str | None] = {}
        self._approvers: dict[str, Found] = {}
        self._members: dict[str, tuple[Found, ...]] = {}
        self._quiet: dict[tuple[str, Severity | None], datetime | None] = {}

    def find(self, name: str, _at: datetime) -> Found:
        """As of one instant for all."""
        if name not in self._found:
            self._found[name] = self._company.find(name, self._at)
        return self._found[name]

    def find_approver(self, name: str, _at: datetime) -> Found:
        """As the directory says."""
        if name not in self._approvers:
            self._approvers[name] = self._company.find_approver(name, self._at)
        return self._approvers[name]

    def members(self, name: str, _at: datetime) -> tuple[Found, ...]:
        """As the directory says."""
        if name not in self._members:
            self._members[name] = self._company.members(name, self._at)
        return self._members[name]

    def quiet_until(self, person: str, severity: Severity | None, _at: datetime) -> datetime | None:
        """As the directory says."""
        if (person, severity) not in self._quiet:
            self._quiet[person, severity] = self._company.quiet_until(person, severity, self._at)
        return self._quiet[person, severity]

    def address(self, contact: str, channel: Channel, _at: datetime | None = None) -> str | None:
        """As the directory says."""
        if (contact, channel) not in self._addresses:
            self._addresses[contact, channel] = self._company.address(contact, channel, self._at)
        return self._addresses[contact, channel]


@dataclass(frozen=True, slots=True)
class Rate:
    """A pure play of a whole file. `moved` and `reopened` are counted by the rules, `rows` those that were played."""

    sealed: bool
    per_second: float
    rows: int
    moved: int
    reopened: int
    outcomes: dict[str, int]


def pure(incidents: Sequence[Incident], fires_max: int, *, sealed: bool) -> Rate:
    """Play all of them on the core alone, one after the other, and count. Raises `RuntimeError` for a false count."""
    settles = dict.fromkeys(Channel, timedelta(seconds=60))
    with TemporaryDirectory() as folder:
        policy = PolicyShelf(None, Path(folder), settles).newest("default", PLAYED_ON)
    company = Remembering(Directory.from_file(DIRECTORY), PLAYED_ON)
    stage, cast = Stage(policy, company), cast_of(policy, company, CUSTOMERS, PLAYED_ON)
    outcomes: Counter[str] = Counter()
    rows = moved = reopened = 0
    began = time.process_time()
    for incident in incidents:
        played = rehearse(script_of(incident, cast, PLAYED_ON), stage, fires_max=fires_max, sealed=sealed)
        tally = played.state.tally
        if (tally.hand_offs, tally.reopens) != (played.script.reassignments, played.script.reopenings):
            raise RuntimeError(f"{incident.id}: counted otherwise than in its rows: {tally}")
        outcomes["called off" if played.cut else played.state.phase] += 1
        rows, moved, reopened = (
            rows + len(played.script.moments),
            moved + tally.hand_offs,
            reopened + tally.reopens,
        )
    return Rate(sealed, len(incidents) / (time.process_time() - began), rows, moved, reopened, dict(outcomes))


async def virtual(incidents: Sequence[Incident], fires_max: int, say: Callable[[str], None]) -> list[Result]:
    """Play all of them on the engine."""
    done: list[Result] = []

    def count(result: Result) -> None:
        done.append(result)
        for fault in result.faults:
            say(f"FAULT {fault}")
        if len(done) % REPORT_EVERY == 0:
            say(f"{len(done)} of {len(incidents)}")

    async with rehearsing() as rehearsal:
        plans = rehearsal.planned(incidents, fires_max)
        return await rehearsal.perform_all(plans, lambda _step: None, count)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play and print. 1: a log does not hold, or a count is wrong. 2: the file is no file of incidents."""
    asked = _parser().parse_args(arguments)
    try:
        incidents = list(islice(read(asked.file), asked.limit))
    except (BadIncidentError, OSError) as error:
        print(f"incidents: {asked.file}: {error}", file=sys.stderr)
        return 2
    if asked.pure:
        for sealed in (False, True):
            _print_rate(pure(incidents, asked.fires, sealed=sealed), len(incidents), asked.fires)
        return 0
    began = time.monotonic()
    results = asyncio.run(virtual(incidents, asked.fires, lambda line: print(line, flush=True)))
    _print_results(results, time.monotonic() - began)
    return 1 if any(result.faults for result in results) else 0


def _print_rate(rate: Rate, incidents: int, fires_max: int) -> None:
    log = "with its log sealed" if rate.sealed else "without a log"
    print(
        f"{incidents} incidents, at most {fires_max} fires each, {log}: {rate.per_second:.0f} a second on one core"
        f" (aim {AIM_PER_SECOND} without); {rate.rows} rows, {rate.moved} moves, {rate.reopened} reopenings;"
        f" {rate.outcomes}"
    )


def _print_results(results: Sequence[Result], seconds: float) -> None:
    summaries = [result.summary for result in results]
    outcomes = Counter("called off" if result.cut else result.summary.outcome for result in results)
    faults = sum(bool(result.faults) for result in results)
    late = max((result.late for result in results), default=timedelta(0))
    print(
        f"{len(results)} incidents in {seconds:.0f} s: {sum(one.entries for one in summaries)} entries,"
        f" {sum(one.hand_offs for one in summaries)} moves, {sum(one.reopens for one in summaries)} reopenings;"
        f" {dict(outcomes)}; at most {late.total_seconds():.1f} s late; {faults} with a fault"
    )


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description="Play recorded incidents, and judge what comes of them.")
    made.add_argument("file", type=Path, help="incidents, one JSON object a line; .gz is unpacked")
    made.add_argument("--pure", action="store_true", help="on the core alone, measured")
    made.add_argument("--fires", type=int, default=FIRES_MAX, help="decisions by the clock before one is called off")
    made.add_argument("--limit", type=int, default=None, help="only the first so many")
    return made


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.exit(code)
