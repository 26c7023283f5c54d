"""An agreement is judged whole: a good file becomes the core's policy, a bad one a line for each mistake."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

import escalation
from escalation.core.canonical import canonical
from escalation.core.hours import ExceptionDay, Window, add
from escalation.core.policy import Policy, Reach, Settle, Target
from escalation.core.vocabulary import Channel, Severity
from escalation.wire.policy import freeze
from escalation.wire.yaml_reader import FaultyFileError, read

SHIPPED = Path(escalation.__file__).parent / "policies"
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTLES = {channel: timedelta(seconds=60) for channel in Channel}

GOOD = """\
name: house
version: "7"
house:
  managers: support-manager
  executive: executive
  fallback: duty
  customer_contact: desk
  fallback_window: "30m"
  reopen_window: "72h"
  occurred_at_bound: "24h"
  breach_cycles: 3
terms:
  SEV1:
    label: P1
    reach:
      - channel: sms
      - channel: voice
        after: "2m"
    notice: sms
    resolution: {limit: "2h", leads: ["15m", "30m"]}
    response: {limit: "15m"}
    check_in: {every: "30m", lead: "5m"}
    customer_update: {every: "1h"}
    silence: "30m"
  SEV2: {label: P2, reach: [{channel: email}], notice: email, resolution: {limit: "8h", goal: "4h"}}
  SEV3: {label: P3, reach: [{channel: email}], notice: email, resolution: {limit: "24h", calendar: office}}
  SEV4: {label: P4, reach: [{channel: email}], notice: email, resolution: {limit: "56h"}}
routes:
  l1-to-l2: {team: Support L2, chain: l2, asks: [fix]}
  any-to-leadership:
    team: Leadership
    chain: l2
    asks: [decide]
    approval: {approvers: [support-manager], expiry: "1h", on_expiry: open}
chains:
  l2:
    repeats: 1
    steps:
      - {name: first, contact: on-call, window: "15m", backup_after: "5m"}
      - {name: second, contact: senior, window: "30m", calendar: office}
calendars:
  office:
    zone: Europe/Berlin
    week:
      monday: ["13:00-17:00", "09:00-12:00"]
      friday: ["22:00-06:00"]
    exceptions:
      - {day: "2026-12-25", label: Christmas Day}
      - {day: "2026-12-24", label: Christmas Eve, windows: ["09:00-12:00"]}
settles:
  email: {window: "2m", resend: false}
"""


def frozen(source: str) -> Policy:
    """The policy in that text."""
    return freeze(read(source.encode()), AT, SETTLES)


def with_change(old: str, new: str) -> str:
    """The good file with one change, which must fit exactly once."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)


def faults(source: str) -> list[str]:
    """What is wrong with a file, one line each."""
    with pytest.raises(FaultyFileError) as caught:
        frozen(source)
    return str(caught.value).splitlines()


def test_a_good_file_becomes_the_policy_it_writes() -> None:
    """Durations are lengths, leads are longest first, what is left out is the worker's setting or the default."""
    policy = frozen(GOOD)

    assert (policy.name, policy.version, policy.stale) == ("house", "7", False)
    assert policy.digest == read(GOOD.encode()).digest
    assert [terms.severity for terms in policy.terms] == list(Severity)
    terms = policy.terms_of(Severity.SEV1)
    assert terms.reach == (Reach(Channel.SMS), Reach(Channel.VOICE, timedelta(minutes=2)))
    assert terms.resolution == Target(timedelta(hours=2), leads=(timedelta(minutes=30), timedelta(minutes=15)))
    assert terms.silence == timedelta(minutes=30)
    assert policy.terms_of(Severity.SEV2).check_in is None
    assert policy.house.customer_floor == timedelta(hours=24)
    assert policy.settle(Channel.EMAIL) == Settle(Channel.EMAIL, timedelta(minutes=2), resend=False)
    assert policy.settle(Channel.SMS) == Settle(Channel.SMS, timedelta(seconds=60), resend=True)
    assert policy.chain("l2").steps[1].backup_after is None


def test_a_calendar_is_frozen_with_its_windows_exceptions_and_offsets() -> None:
    """In order, whatever the order of the file."""
    calendar = frozen(GOOD).calendar("office")
    hour = timedelta(hours=1)

    assert calendar is not None
    assert calendar.week[0] == (Window(9 * hour, 12 * hour), Window(13 * hour, 17 * hour))
    assert calendar.week[4] == (Window(22 * hour, 30 * hour),)
    assert calendar.exceptions == (
        ExceptionDay(date(2026, 12, 24), (Window(9 * hour, 12 * hour),), "Christmas Eve"),
        ExceptionDay(date(2026, 12, 25), (), "Christmas Day"),
    )
    # Friday night runs into Saturday, and Berlin is an hour ahead in winter.
    assert add(calendar, datetime(2026, 11, 27, 20, 0, tzinfo=UTC), 8 * hour) == datetime(
        2026, 11, 28, 5, 0, tzinfo=UTC
    )


@pytest.mark.parametrize("name", ["default", "demo"])
def test_shipped_policies_are_good(name: str) -> None:
    """And survive every way they travel: as a payload, as a kept copy, and inside an entry."""
    policy = freeze(read((SHIPPED / f"{name}.yaml").read_bytes()), AT, SETTLES)
    adapter = TypeAdapter(Policy)

    assert policy.name == name
    assert {route.name for route in policy.routes} == {
        "l1-to-l2",
        "l2-to-engineering",
        "l2-to-product",
        "any-to-security",
        "any-to-leadership",
    } | ({"any-to-customer-success", "any-to-finance", "any-to-legal"} if name == "default" else set())
    assert all(len(chain.steps) in {2, 3} for chain in policy.chains)
    assert adapter.validate_json(adapter.dump_json(policy)) == policy
    assert adapter.validate_json(canonical(policy)) == policy


def test_the_default_policy_names_the_source_of_its_numbers() -> None:
    """A duration without a reason is a guess: each line that has one says whose it is."""
    lines = (SHIPPED / "default.yaml").read_text().splitlines()
    promises = lines[: next(number for number, line in enumerate(lines) if line.startswith("routes:"))]

    bare = [line for line in promises if re.search(r'(limit|every|lead|silence|window|floor|after): "', line)]
    assert [line for line in bare if "#" not in line] == []


def test_the_zones_are_frozen_for_the_instant_of_the_opening() -> None:
    """A policy of another year knows other instants, and is otherwise the same."""
    calendar = freeze(read(GOOD.encode()), datetime(2030, 1, 1, tzinfo=UTC), SETTLES).calendar("office")

    assert calendar is not None
    assert calendar.shifts[0].at == datetime(2029, 1, 1, tzinfo=UTC)
    assert calendar.shifts[-1].at >= datetime(2050, 1, 1, tzinfo=UTC)


NUMBER_13 = ", ".join(f"p{number}" for number in range(13))
BAD = [
    # Shape: unknown, missing, wrong type.
    ('version: "7"\n', "", "version (line 1): this field is missing; add it"),
    ('version: "7"', "version: 7", "version (line 2): 7 does not fit here; write text in quotes"),
    ("name: house", "name: House", "name (line 1): 'House' is no name; write 1 to 64 small letters"),
    ("name: house", "name: ../etc", "name (line 1): '../etc' is no name"),
    ("name: house", f"name: {'x' * 65}", "is no name; write 1 to 64"),
    ('version: "7"', 'version: ""', "version (line 2): '' is no label; write one line of 1 to 40 characters"),
    ("  managers: support-manager\n", "", "house.managers (line 3): this field is missing; add it"),
    ("breach_cycles: 3", "breach_cycles: 21", "house.breach_cycles (line 11): 21 is too large; write at most 20"),
    ("breach_cycles: 3", "breach_cycles: -1", "house.breach_cycles (line 11): -1 is too small; write at least 0"),
    (
        "breach_cycles: 3",
        "breach_cycles: many",
        "house.breach_cycles (line 11): 'many' does not fit here; write a whole",
    ),
    (
        "breach_cycles: 3",
        "breach_cycles: 3\n  breach_cycle: 3",
        "house.breach_cycle (line 12): there is no such field here; correct its name",
    ),
    (
        "breach_cycles: 3",
        "breach_cycles: 3\n  reassign_on_breach: maybe",
        "house.reassign_on_breach (line 12): 'maybe' does not fit here; write true or false",
    ),
    ("name: house", "name: house\nextra: x", "extra (line 2): there is no such field here"),
    # Durations.
    ('fallback_window: "30m"', 'fallback_window: "30"', "'30' is no duration; write hours, minutes and seconds"),
    ('fallback_window: "30m"', "fallback_window: 30", "house.fallback_window (line 8): 30 is no duration"),
    ('fallback_window: "30m"', 'fallback_window: "0s"', "'0s' must be longer than zero"),
    ('fallback_window: "30m"', 'fallback_window: "-5m"', "'-5m' is no duration"),
    ('fallback_window: "30m"', 'fallback_window: "1d"', "'1d' may mean several things; write hours: \"24h\""),
    ('fallback_window: "30m"', 'fallback_window: "9000h"', "'9000h' is longer than 8784h; shorten it"),
    ('reopen_window: "72h"', "reopen_window: none", "house.reopen_window (line 9): 'none' is no duration"),
    ('silence: "30m"', 'silence: "0m"', "terms.SEV1.silence (line 24): '0m' must be longer than zero"),
    # Terms.
    (
        "  SEV4: {label: P4",
        "  SEV5: {label: P4",
        "terms.SEV5 (line 27): 'SEV5' is not known; write one of 'SEV1', 'SEV2'",
    ),
    ("  SEV4: {label: P4", "  sev4: {label: P4", "terms.sev4 (line 27): 'sev4' is not known"),
    (
        '  SEV4: {label: P4, reach: [{channel: email}], notice: email, resolution: {limit: "56h"}}\n',
        "",
        "terms (line 12): SEV4 is missing; a policy promises something for each of SEV1, SEV2, SEV3, SEV4",
    ),
    ("    notice: sms", "    notice: fax", "terms.SEV1.notice (line 19): 'fax' is not known; write one of 'email'"),
    (
        "      - channel: sms\n",
        "      - channel: pager\n",
        "terms.SEV1.reach[0].channel (line 16): 'pager' is not known",
    ),
    (
        "      - channel: sms\n",
        '      - channel: sms\n        after: "1m"\n',
        "terms.SEV1.reach[0].after (line 17): the first channel is used at once",
    ),
    (
        '        after: "2m"\n',
        '        after: "2m"\n      - channel: email\n        after: "1m"\n',
        "terms.SEV1.reach[2].after (line 20): it comes before the entry above",
    ),
    (
        '        after: "2m"\n',
        '        after: "2m"\n      - {channel: voice, after: "2m"}\n',
        "terms.SEV1.reach[2] (line 19): the same channel at the same time stands above",
    ),
    (
        'reach: [{channel: email}], notice: email, resolution: {limit: "8h"',
        'reach: [], notice: email, resolution: {limit: "8h"',
        "terms.SEV2.reach (line 25): at least 1 is needed; add it",
    ),
    (
        'reach: [{channel: email}], notice: email, resolution: {limit: "8h"',
        f'reach: [{", ".join(["{channel: email}"] * 7)}], notice: email, resolution: {{limit: "8h"',
        "terms.SEV2.reach (line 25): 7 entries, at most 6 are allowed; remove some",
    ),
    ('goal: "4h"', 'goal: "8h"', "terms.SEV2.resolution.goal (line 25): the goal 8h is not before the limit 8h"),
    ('leads: ["15m", "30m"]', 'leads: ["15m", "15m"]', "terms.SEV1.resolution.leads (line 20): the same lead stands"),
    (
        'leads: ["15m", "30m"]',
        'leads: "15m"',
        "terms.SEV1.resolution.leads (line 20): '15m' does not fit here; write a list",
    ),
    ('leads: ["15m", "30m"]', 'leads: ["1m", "2m", "3m", "4m", "5m"]', "5 entries, at most 4 are allowed"),
    ('response: {limit: "15m"}', "response: {}", "terms.SEV1.response.limit (line 21): this field is missing"),
    (
        'response: {limit: "15m"}',
        'response: "15m"',
        "terms.SEV1.response (line 21): '15m' does not fit here; write `key",
    ),
    ('lead: "5m"', 'lead: "30m"', "terms.SEV1.check_in.lead (line 22): the lead 30m is not shorter than the turn 30m"),
    ('every: "1h"', 'every: "0s"', "terms.SEV1.customer_update.every (line 23): '0s' must be longer than zero"),
    (
        "calendar: office}}\n  SEV4",
        "calendar: ofice}}\n  SEV4",
        "terms.SEV3.resolution.calendar (line 26): no calendar is",
    ),
    (
        'limit: "24h", calendar',
        'limit: "8784h", calendar',
        "terms.SEV3.resolution.calendar (line 26): 8784h of calendar 'office' may take",
    ),
    # Routes and chains.
    ("chain: l2, asks", "chain: l3, asks", "routes.l1-to-l2.chain (line 29): no chain is called 'l3'; known are l2"),
    ("asks: [fix]", "asks: []", "routes.l1-to-l2.asks (line 29): at least 1 is needed"),
    ("asks: [fix]", "asks: [fix, fix]", "routes.l1-to-l2.asks (line 29): the same ask stands here twice"),
    (
        "asks: [fix]",
        "asks: [hope]",
        "routes.l1-to-l2.asks[0] (line 29): 'hope' is not known; write one of 'investigate'",
    ),
    ("  l1-to-l2: {team", "  L1: {team", "routes.L1 (line 29): 'L1' is no name"),
    ("on_expiry: open", "on_expiry: shrug", "'shrug' is not known; write one of 'reject' or 'open'"),
    (
        "approvers: [support-manager]",
        "approvers: []",
        "routes.any-to-leadership.approval.approvers (line 34): at least 1",
    ),
    ("approvers: [support-manager]", "approvers: [ana, ana]", "the same approver stands here twice"),
    ("approvers: [support-manager]", f"approvers: [{NUMBER_13}]", "13 entries, at most 5 are allowed"),
    ("repeats: 1", "repeats: 10", "chains.l2.repeats (line 37): 10 is too large; write at most 9"),
    ("name: second", "name: first", "chains.l2.steps[1].name (line 40): a step above is called 'first' too"),
    (
        'backup_after: "5m"',
        'backup_after: "15m"',
        "chains.l2.steps[0].backup_after (line 39): the backup is told after 15m",
    ),
    (
        'window: "30m", calendar: office',
        'window: "30m", calendar: night',
        "chains.l2.steps[1].calendar (line 40): no calendar",
    ),
    # Calendars.
    ("zone: Europe/Berlin", "zone: Mars/Olympus", "calendars.office.zone (line 43): 'Mars/Olympus' is no time zone"),
    (
        'friday: ["22:00-06:00"]',
        'freitag: ["22:00-06:00"]',
        "calendars.office.week.freitag (line 46): there is no such",
    ),
    (
        'friday: ["22:00-06:00"]',
        'friday: ["22-06"]',
        "calendars.office.week.friday[0] (line 46): '22-06' is no opening",
    ),
    ('friday: ["22:00-06:00"]', 'friday: ["09:00-09:00"]', "'09:00-09:00' opens and closes at once"),
    ('friday: ["22:00-06:00"]', 'friday: ["09:00-25:00"]', "'09:00-25:00' is outside the day"),
    ('"09:00-12:00"]\n      friday', '"09:00-14:00"]\n      friday', "the opening at 13:00 begins before another ends"),
    (
        'friday: ["22:00-06:00"]',
        'sunday: ["22:00-10:00"]',
        "calendars.office.week.monday (line 45): the opening at 09:00 begins before another ends",
    ),
    ('day: "2026-12-25"', 'day: "25.12.2026"', "calendars.office.exceptions[0].day (line 48): '25.12.2026' is no date"),
    ('day: "2026-12-25"', 'day: "2026-02-30"', "'2026-02-30' is no date; write year, month and day"),
    (
        'day: "2026-12-25"',
        'day: "2026-12-24"',
        "calendars.office.exceptions[1].day (line 49): 2026-12-24 stands here twice",
    ),
    (
        'windows: ["09:00-12:00"]}',
        'windows: ["09:00-12:00", "11:00-13:00"]}',
        "calendars.office.exceptions[1].windows (line 49): the opening at 11:00 begins before another ends",
    ),
    # Settles.
    ("  email: {window", "  fax: {window", "settles.fax (line 51): 'fax' is not known; write one of 'email'"),
    (
        '{window: "2m", resend: false}',
        '{window: "2m", resend: never}',
        "settles.email.resend (line 51): 'never' does not fit",
    ),
]


@pytest.mark.parametrize(("old", "new", "fault"), BAD)
def test_a_bad_file_is_refused_with_one_line(old: str, new: str, fault: str) -> None:
    """The path, the line, what is wrong, and what to write instead."""
    found = faults(with_change(old, new))

    assert len(found) == 1, found
    assert fault in found[0]


def test_a_calendar_that_never_opens_is_refused_once() -> None:
    """And not again for every promise that counts in it."""
    closed = re.sub(r"    week:\n(      .*\n){2}", "    week: {}\n", GOOD)

    assert faults(closed) == [
        "calendars.office.week (line 44): the calendar never opens; give at least one weekday an opening"
    ]


def test_every_mistake_of_a_kind_is_named_at_once() -> None:
    """Nobody corrects a file one line at a time."""
    changed = GOOD.replace("chain: l2", "chain: l3").replace('goal: "4h"', 'goal: "9h"')

    assert [line.split(" (")[0] for line in faults(changed)] == [
        "terms.SEV2.resolution.goal",
        "routes.l1-to-l2.chain",
        "routes.any-to-leadership.chain",
    ]


def test_a_channel_without_a_settle_window_anywhere_is_refused() -> None:
    """Else an ambiguous send would never be looked up."""
    with pytest.raises(FaultyFileError, match="voice has no settle window, here or in the worker's settings"):
        freeze(read(GOOD.encode()), AT, {Channel.SMS: timedelta(seconds=60)})


def test_a_settle_window_shorter_than_the_workers_is_refused() -> None:
    """The worker knows how long its own send may take; looked up before, a message would go out twice."""
    settles = {**SETTLES, Channel.EMAIL: timedelta(minutes=5)}

    with pytest.raises(FaultyFileError, match=r"settles.email.window .* 120 s is shorter than the worker's 300 s"):
        freeze(read(GOOD.encode()), AT, settles)


def test_optional_promises_may_be_switched_off() -> None:
    """By leaving them out, or by saying so."""
    off = with_change(
        'occurred_at_bound: "24h"', 'occurred_at_bound: "24h"\n  customer_floor: none\n  blocked_limit: none'
    )

    house = frozen(off).house
    assert (house.customer_floor, house.blocked_limit, house.blocked_reminder) == (None, None, None)


@given(choices=st.data())
def test_a_mangled_file_is_a_policy_or_a_refusal(choices: st.DataObject) -> None:
    """Whatever line is lost, doubled, or swapped with another: no other error comes out."""
    lines = GOOD.splitlines(keepends=True)
    place, other = (choices.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    match choices.draw(st.sampled_from(["lose", "double", "swap", "indent"])):
        case "lose":
            del lines[place]
        case "double":
            lines.insert(place, lines[place])
        case "swap":
            lines[place], lines[other] = lines[other], lines[place]
        case _:
            lines[place] = "  " + lines[place]
    try:
        policy: Policy | None = frozen("".join(lines))
    except FaultyFileError:
        policy = None

    assert policy is None or policy.terms_of(Severity.SEV1).reach
