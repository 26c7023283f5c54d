"""`python -m tests.bench`: what the core and the engine cost, as a table or as JSON."""

import argparse
import asyncio
import json
import os
import platform
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import mix, race
from tests.bench.race import OURS, Tally
from tests.bench.site import pause_before_exit
from tests.bench.twin import BARE, BARE_WITH_FACTS

DECISIONS_AIM = 20_000
SEALED_AIM = 8_000
EVENTS_AIM = 1.5
THROUGHPUT_AIM = 0.75
NAMES = {
    OURS: "ours",
    BARE: "bare twin: an entry for each command of a person",
    BARE_WITH_FACTS: "bare twin: an entry for each command, facts that come back included",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Exit 1 when the twin did not do the same work: then the figures compare nothing."""
    asked = _parser().parse_args(arguments)
    if asked.profile:
        for sealed in (False, True):
            print(f"{'with' if sealed else 'without'} sealing\n{mix.profiled(sealed=sealed)}")
        return 0
    spend = timedelta(seconds=0.2 if asked.short else 2)
    rates = [mix.rate(sealed=sealed, spend=spend) for sealed in (False, True)]
    rates += [mix.rate(sealed=False, spend=spend, of=of) for of in mix.mixes() if of != mix.MIXED]
    laps, at_once = (1, 2) if asked.short else (asked.laps, asked.at_once)
    tallies = asyncio.run(_raced(laps, at_once))
    measured = report(rates, tallies, at_once)
    print(json.dumps(measured, indent=2) if asked.json else table(measured))
    pause_before_exit()
    return 0 if all(kind["same_work"] for kind in measured["lifecycles"]) else 1


async def _raced(laps: int, at_once: int) -> list[Tally]:
    with TemporaryDirectory() as folder:
        async with race.track(Path(folder)) as track:
            return await race.race(track, laps=laps, at_once=at_once)


def report(rates: Sequence[mix.Rate], tallies: Sequence[Tally], at_once: int) -> dict[str, Any]:
    """Everything that was measured, with the aims beside it."""
    ours = tallies[0]
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "decisions": [
            {
                "of": rate.of,
                "sealed": rate.sealed,
                "per_second": round(rate.per_second),
                "aim": SEALED_AIM if rate.sealed else DECISIONS_AIM,
                "commands_in_mix": rate.commands,
            }
            for rate in rates
        ],
        "at_once": at_once,
        "lifecycles": [_lifecycle(tally, ours) for tally in tallies],
    }


def _lifecycle(tally: Tally, ours: Tally) -> dict[str, Any]:
    return {
        "kind": NAMES[tally.kind],
        "events": tally.events,
        "per_second": round(tally.per_second, 2),
        "processor_ms": round(tally.processor_each.total_seconds() * 1000),
        "events_ours_over_this": round(ours.events / tally.events, 2),
        "throughput_ours_over_this": round(race.throughput(ours, tally), 2),
        "same_work": race.same_work(ours, tally),
        "acts": dict(tally.acts),
        "event_types": dict(tally.by_type),
    }


def table(measured: dict[str, Any]) -> str:
    """The report for people."""
    lines = [measured["machine"], "", f"{'core, one core':<40}{'decisions/s':>12}{'aim':>10}"]
    for row in measured["decisions"]:
        name = f"{row['of']}, {'with' if row['sealed'] else 'without'} sealing"
        lines.append(f"{name:<40}{row['per_second']:>12,}{'≥ ' + format(row['aim'], ','):>10}")
    head = f"standard lifecycle, {measured['at_once']} at once"
    lines += ["", f"{head:<70}{'events':>8}{'per s':>8}{'cpu ms':>8}{'events ×':>10}{'per s ×':>9}"]
    for row in measured["lifecycles"]:
        ratios = f"{row['events_ours_over_this']:>10}{row['throughput_ours_over_this']:>9}"
        figures = f"{row['events']:>8}{row['per_second']:>8}{row['processor_ms']:>8}"
        lines.append(f"{row['kind']:<70}{figures}{ratios}")
    lines += [
        f"(× is ours over that row; aims: events ≤ {EVENTS_AIM}, throughput ≥ {THROUGHPUT_AIM})",
        "",
        *(
            f"{row['kind']}: {_counts(row['acts'])}\n    {_counts(row['event_types'])}"
            for row in measured["lifecycles"]
        ),
    ]
    if not all(row["same_work"] for row in measured["lifecycles"]):
        lines.append("the twin did other work than ours: these ratios compare nothing; bring twin.py up to date")
    return "\n".join(lines)


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items(), key=lambda pair: -pair[1]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--short", action="store_true", help="a few seconds: shows that it runs, measures nothing well")
    parser.add_argument("--laps", type=int, default=5, help="laps of each kind that count (default %(default)s)")
    parser.add_argument("--at-once", type=int, default=20, help="lifecycles in one lap (default %(default)s)")
    parser.add_argument("--profile", action="store_true", help="show where the core's time goes, and nothing else")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
