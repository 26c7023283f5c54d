"""Ten thousand people and 500 schedules: how long a step takes to find whom it asks, and how long a look at everybody.

`python -m tests.bench.directory` prints the figures and exits 1 when one misses its mark.
"""

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from activities.contacts import Contacts
from escalation.adapters.directory import Directory
from escalation.core.effects import FindContacts
from escalation.core.vocabulary import Severity
from escalation.reports.readiness import of_on_call, of_people
from workflows.ports import Find

PEOPLE, SCHEDULES, STEPS, DAYS = 10_000, 500, 2000, 90
RESOLVE_P99 = timedelta(milliseconds=50)
READINESS = timedelta(seconds=60)
AT = datetime(2026, 11, 22, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
TURNS = 20


def written(people: int = PEOPLE, schedules: int = SCHEDULES) -> str:
    """A directory: everybody reports to somebody, and each schedule has nights and days of twenty people."""
    lines = ["people:"]
    for number in range(people):
        above = f", reports_to: p{number // 10}" if number else ""
        lines.append(
            f'  p{number}: {{name: Person {number}, email: p{number}@support.example, phone: "+1202{number:07}",'
            f" zone: {ZONES[number % len(ZONES)]}{above}}}"
        )
    lines.append("roles:")
    lines += [f"  r{n}: {{primary: {{schedule: s{n}}}, backup: p{n}}}" for n in range(schedules)]
    lines.append("schedules:")
    for number in range(schedules):
        turns = ", ".join(f"p{(number * TURNS + place) % people}" for place in range(TURNS))
        windows = '{days: [weekdays], hours: "18:00-24:00"}, {days: [weekends], hours: "00:00-24:00"}'
        nights = f'hand_over: "18:00", windows: [{windows}]'
        lines += [
            f"  s{number}:",
            f"    zone: {ZONES[number % len(ZONES)]}",
            "    layers:",
            f'      - {{name: nights, people: [{turns}], every: daily, start: "2025-01-06", {nights}}}',
            f'      - {{name: days, people: [{turns}], every: weekly, start: "2025-01-06", hand_over: "08:00"}}',
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, print, and say whether every mark is met."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "directory.yaml"
        path.write_text(written())
        began = perf_counter()
        directory = Directory.from_file(path)
        print(f"read {PEOPLE} people and {SCHEDULES} schedules: {perf_counter() - began:.2f} s")
        contacts = Contacts(directory)
        spent = []
        for number in range(STEPS):
            effect = FindContacts(number + 1, "step", (f"r{number % SCHEDULES}",))
            began = perf_counter()
            contacts.find_contacts(Find(effect, AT + number * timedelta(hours=1), Severity.SEV2))
            spent.append(perf_counter() - began)
        spent.sort()
        p99 = timedelta(seconds=spent[len(spent) * 99 // 100])
        p50 = 1000 * spent[len(spent) // 2]
        print(f"find whom a step asks: p50 {p50:.2f} ms, p99 {1000 * p99.total_seconds():.2f} ms")
        began = perf_counter()
        found = of_people(directory, AT, None, must_verify=False)
        found += of_on_call(directory, [], AT, AT + DAYS * timedelta(days=1))
        whole = timedelta(seconds=perf_counter() - began)
        print(f"look at everybody, {DAYS} days: {whole.total_seconds():.1f} s, {len(found)} findings")
    return int(p99 > RESOLVE_P99 or whole > READINESS)


if __name__ == "__main__":
    sys.exit(main())
