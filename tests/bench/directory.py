"""Ten thousand people and 500 schedules: how long a step takes to find whom it asks, and how long a look at everybody.

Steps ask roles on call, lists at once and in turn (counted in a store), and the reporting line. Everybody is looked at
for 90 days, with every address' verification, and with the shipped agreements and as many steps as there are schedules.
`python -m tests.bench.directory` prints the figures and exits 1 when one misses its mark.
"""

import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

from activities.contacts import Contacts, Wishes
from escalation.adapters.directory import Directory
from escalation.adapters.methods import Methods
from escalation.adapters.migrating import upgrade
from escalation.adapters.policies import PolicyShelf
from escalation.adapters.store import open_store
from escalation.adapters.turns import Turns
from escalation.core.effects import FindContacts
from escalation.core.vocabulary import Channel, Severity
from escalation.reports.agreed import Agreed
from escalation.reports.readiness import of_on_call, of_people
from escalation.wire.yaml_reader import FaultyFileError
from tests.scenarios.agreements import agreement
from workflows.ports import Find

PEOPLE, SCHEDULES, STEPS, DAYS = 10_000, 500, 2000, 90
STEPS_OF_AGREEMENT, TEAM = 3, 50
RESOLVE_P99 = timedelta(milliseconds=50)
READINESS = timedelta(seconds=60)
MILLISECOND = timedelta(milliseconds=1)
AT = datetime(2026, 11, 22, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
TURNS = 20
HOUSE = ("support-managers", "executives", "duty-desk", "customer-desk", "product-on-call")
ASKED = ("r{}", "everyone:t{}", "round-robin:t{}", "manager-of:r{}", "manager-of:manager-of:p9{}", "everyone:s{}")


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
    lines += [f"  {role}: {{primary: p{n}, backup: p{n + 1}}}" for n, role in enumerate(HOUSE)]
    lines.append("teams:")
    for number in range(schedules):
        members = ", ".join(f"p{(number * TEAM + place) % people}" for place in range(TEAM))
        lines.append(f"  t{number}: {{name: Team {number}, members: [{members}], lead: p{number}}}")
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


def lay_agreements(folder: Path) -> None:
    """Agreements of which each step asks for another list, role or line, until every schedule was named."""
    folder.mkdir()
    for first in range(0, SCHEDULES, STEPS_OF_AGREEMENT):
        numbers = range(first, first + STEPS_OF_AGREEMENT)
        contacts = tuple(ASKED[n % len(ASKED)].format(n % SCHEDULES) for n in numbers)
        name = f"agreement-{first}"
        (folder / f"{name}.yaml").write_text(agreement(name, contacts=contacts))  # type: ignore[arg-type]  # of three


def resolving(contacts: Contacts) -> list[timedelta]:
    """How long each of many steps took, the shortest first."""
    spent = []
    for number in range(STEPS):
        asked = ASKED[number % len(ASKED)].format(number % SCHEDULES)
        effect = FindContacts(number + 1, "step", (asked,))
        began = perf_counter()
        found = contacts.find_contacts(Find(effect, AT + number * timedelta(hours=1), Severity.SEV2)).found
        spent.append(timedelta(seconds=perf_counter() - began))
        if found[0].contact is None:
            raise RuntimeError(f"nobody is behind {asked}: {found[0].why}")
    return sorted(spent)


def looking(directory: Directory, shelf: PolicyShelf, methods: Methods) -> tuple[timedelta, int, int]:
    """How long a look at everybody takes, over how many agreements, and how much it finds."""
    began, agreed = perf_counter(), []
    for name in shelf.names():
        with suppress(FaultyFileError):  # one that ships has blanks to be filled in
            document, policy = shelf.read(name, AT)
            agreed.append(Agreed(policy, document))
    known, sealed = methods.all(), methods.sealed
    found = of_people(
        directory,
        AT,
        lambda contact, channel, address: (channel, sealed(address)) in known.get(contact, ()),
        must_verify=False,
    )
    found += of_on_call(directory, agreed, AT, AT + DAYS * timedelta(days=1))
    return timedelta(seconds=perf_counter() - began), len(agreed), len(found)


def main() -> int:
    """Measure, print, and say whether every mark is met."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path, url = folder / "directory.yaml", f"sqlite:///{folder / 'ledger.db'}"
        path.write_text(written())
        lay_agreements(folder / "agreements")
        upgrade(url, "ledger")
        store = open_store(url, timedelta(seconds=5))
        began = perf_counter()
        directory = Directory.from_file(path)
        print(f"read {PEOPLE} people and {SCHEDULES} schedules: {perf_counter() - began:.2f} s")
        spent = resolving(Contacts(directory, Wishes(turns=Turns(store))))
        p50, p99 = (1000 * spent[len(spent) * part // 100].total_seconds() for part in (50, 99))
        print(f"find whom a step asks: p50 {p50:.2f} ms, p99 {p99:.2f} ms (at most {RESOLVE_P99 / MILLISECOND:g})")
        shelf = PolicyShelf(folder / "agreements", folder / "kept", dict.fromkeys(Channel, timedelta(seconds=60)))
        began = process_time()
        whole, agreements, findings = looking(directory, shelf, Methods(store, "a key of a bench"))
        print(
            f"look at everybody and {agreements} agreements, {DAYS} days: {whole.total_seconds():.1f} s"
            f" (at most {READINESS.total_seconds():g}), of it on the processor {process_time() - began:.1f} s;"
            f" {findings} findings"
        )
        store.dispose()
    return int(p99 > RESOLVE_P99 / MILLISECOND or whole > READINESS)


if __name__ == "__main__":
    sys.exit(main())
