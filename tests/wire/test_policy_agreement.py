"""Everything an agreement may say becomes the core's policy, and what contradicts itself is refused."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import escalation
from escalation.core.hours import AtClose, DayRule, Days, ExceptionDay, LongDay, Manner, SkippedEdge, Window
from escalation.core.policy import Cadence, Confirmation, CustomerSegment, Policy, Target
from escalation.core.reckoning import OURS, Anchor, Reckoning, Reopening, Retiming
from escalation.core.vocabulary import Channel, ClockName, Handover, Severity
from escalation.wire.durations import Length
from escalation.wire.policy import freeze, read_policy
from escalation.wire.yaml_reader import FaultyFileError, read

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTLES = {channel: timedelta(seconds=60) for channel in Channel}
HOUR = timedelta(hours=1)

FULL = """\
name: full
version: "1.10"
summary: |
  Support hands over, Engineering answers.
house:
  managers: support-manager
  executive: executive
  fallback: duty
  customer_contact: desk
  fallback_window: "30m"
  reopen_window: "72h"
  occurred_at_bound: "24h"
  breach_cycles: 3
  mark_on_breach: false
  stakeholders: [sales, success]
  runs_while_blocked: [deadline, customer_update]
  internal_factor: "0.75"
terms:
  SEV1:
    label: P1
    aliases: [Critical, Urgent]
    definition: ["System-wide outage", "Data at risk"]
    escalate_after: immediately
    engage_within: "15m"
    reach: [{channel: sms}]
    notice: sms
    resolution: {limit: "4h", leads: ["15m"], climbs: true}
    response: {limit: "15m", goal: none}
    stakeholder_update: {every: "30m"}
    war_room: {every: "15m"}
    confirmation: {window: "10m", since: hand_over}
  SEV2:
    label: P2
    escalate_after: "4h"
    reach: [{channel: email}]
    notice: email
    resolution: {limit: "end of 3rd business day", goal: "end of 1st business day", calendar: office}
    response: {limit: "8 business hours", leads: ["1h"], calendar: office, lead_time: wall, closed_hours: wait}
    check_in: {every: "same time next business day", lead: "1h", calendar: office}
  SEV3:
    label: P3
    engage_within: "end of 1st business day"
    reach: [{channel: email}]
    notice: email
    resolution: {limit: "56h", goal: "24h"}
    confirmation: {window: "10m", since: acknowledgement}
  SEV4: {label: P4, reach: [{channel: email}], notice: email, resolution: {limit: "56h"}}
routes:
  l1-to-l2:
    team: Support L2
    chain: l2
    asks: [fix]
    from: [Support L1]
    triggers: ["Special expertise is needed"]
    promises:
      SEV2: {response: {limit: "30m"}, resolution: {limit: "8h", calendar: office}}
chains:
  l2:
    steps:
      - {name: first, contact: on-call, window: "15m", backup_after: "5m"}
      - {name: second, contact: senior, window: "end of same business day", calendar: office}
segments:
  enterprise: {weight: 1, customer_contact: anna, silence: "30m", triggers: {inactive_after: "30m"}}
  standard: {}
reckoning: {on_severity_change: retroactive, on_reopen: fresh, after_a_miss: anew}
calendars:
  office:
    zone: Europe/Berlin
    week: {monday: ["09:00-17:00"], tuesday: ["09:00-17:00"], thursday: ["09:00-17:00"]}
    exceptions:
      - {day: "2026-12-31", label: New Year's Eve, windows: ["09:00-12:00"]}
      - {day: "2026-12-25", label: Party}
    holidays: {country: DE, subdivision: BE, language: en_US}
    at_close: next_opening
    long_day: wall
    skipped_edge: shifted
matrix:
  - issue: Billing error
    severity: SEV3
    from: Support L1 or L2
    after: "end of 1st business day"
    route: l1-to-l2
    contact: billing-engineer
    actions: ["check transaction logs", "update customer"]
responsibilities:
  SEV1: {support: "Opens the bridge", authority: "May wake anybody"}
review: {cadence: quarterly, immediate_on: ["a launch"], measures: ["90 % in time"]}
"""


def frozen(source: str) -> Policy:
    """The policy in that text."""
    return freeze(read(source.encode()), AT, SETTLES)


def faults(source: str) -> list[str]:
    """What is wrong with a file, one line each."""
    with pytest.raises(FaultyFileError) as caught:
        frozen(source)
    return str(caught.value).splitlines()


def test_every_promise_of_a_severity_is_frozen() -> None:
    """Lengths in working days stay days until a clock starts; the cadences and the confirmation are there."""
    policy = frozen(FULL)
    first, second = policy.terms_of(Severity.SEV1), policy.terms_of(Severity.SEV2)

    assert first.aliases == ("Critical", "Urgent")
    assert (first.stakeholder_update, first.war_room) == (Cadence(HOUR / 2), Cadence(HOUR / 4))
    assert first.confirmation == Confirmation(timedelta(minutes=10), Handover.HAND_OVER)
    assert first.resolution.climbs
    assert second.resolution == Target(
        timedelta(0),
        timedelta(0),
        calendar="office",
        limit_days=Days(3, DayRule.END),
        goal_days=Days(1, DayRule.END),
    )
    assert second.response == Target(8 * HOUR, 6 * HOUR, leads=(HOUR,), calendar="office", wall_leads=True, quiet=True)
    assert second.check_in == Cadence(timedelta(0), HOUR, "office", Days(1, DayRule.SAME_TIME))
    assert policy.chain("l2").steps[1].window_days == Days(0, DayRule.END)


def test_internal_targets_are_faster_than_the_customers() -> None:
    """Unless a target has its own goal, says that it has none, or is given in days."""
    policy = frozen(FULL)
    promise = policy.route_of("l1-to-l2").promise(Severity.SEV2)

    assert policy.terms_of(Severity.SEV1).resolution.goal == 3 * HOUR
    assert policy.terms_of(Severity.SEV1).response == Target(HOUR / 4)
    assert policy.terms_of(Severity.SEV3).resolution.goal == 24 * HOUR
    assert promise is not None
    assert promise.response == Target(timedelta(minutes=30), timedelta(minutes=22, seconds=30))
    assert promise.resolution == Target(8 * HOUR, 6 * HOUR, calendar="office")


def test_the_house_its_customers_and_its_reckoning_are_frozen() -> None:
    """What is left out is our answer."""
    policy = frozen(FULL)

    assert policy.house.runs_while_blocked == (ClockName.DEADLINE, ClockName.CUSTOMER_UPDATE)
    assert (policy.house.mark_on_breach, policy.house.stakeholders) == (False, ("sales", "success"))
    assert policy.segment("enterprise") == CustomerSegment("enterprise", 1, "anna", HOUR / 2)
    assert policy.segment("standard") == CustomerSegment("standard")
    assert policy.reckoning == Reckoning(
        on_severity_change=Retiming.RETROACTIVE, on_reopen=Reopening.FRESH, after_a_miss=Anchor.ANEW
    )
    assert policy.reckoning.pausing is OURS.pausing


def test_holidays_close_the_days_that_no_line_of_the_file_opens() -> None:
    """By date, from the year before until ten years after; a written exception wins; the manner is the calendar's."""
    calendar = frozen(FULL).calendar("office")

    assert calendar is not None
    assert calendar.manner == Manner(AtClose.NEXT_OPENING, LongDay.WALL, SkippedEdge.SHIFTED)
    assert calendar.exception_on(date(2026, 12, 31)) == ExceptionDay(
        date(2026, 12, 31), (Window(9 * HOUR, 12 * HOUR),), "New Year's Eve"
    )
    assert calendar.exception_on(date(2026, 12, 25)) == ExceptionDay(date(2026, 12, 25), (), "Party")
    assert calendar.exception_on(date(2027, 3, 8)) == ExceptionDay(date(2027, 3, 8), (), "Women's Day")
    assert [day.day for day in calendar.exceptions] == sorted({day.day for day in calendar.exceptions})
    assert (calendar.exceptions[0].day.year, calendar.exceptions[-1].day.year) == (2025, 2036)


def test_what_only_people_read_stays_with_the_written_policy() -> None:
    """Definitions, matrix, responsibilities, review and summary, as the file has them."""
    written = read_policy(read(FULL.encode()))

    assert written.terms[Severity.SEV1].definition == ("System-wide outage", "Data at risk")
    assert written.terms[Severity.SEV1].escalate_after == Length(timedelta(0))
    assert written.terms[Severity.SEV3].engage_within == Length(timedelta(0), Days(1, DayRule.END))
    assert written.routes["l1-to-l2"].senders == ("Support L1",)
    assert written.matrix[0].sender == "Support L1 or L2"
    assert written.matrix[0].actions == ("check transaction logs", "update customer")
    assert written.responsibilities[Severity.SEV1].authority == "May wake anybody"
    assert written.review is not None
    assert written.review.measures == ("90 % in time",)
    assert written.summary == "Support hands over, Engineering answers.\n"


WRONG = [
    # Names of severities.
    ("[Critical, Urgent]", "[Critical, p2]", "terms.SEV2.label (line 33): SEV1 is called 'P2' too"),
    ("[Critical, Urgent]", "[Critical, sev3]", "terms.SEV1.aliases[1] (line 21): SEV3 is called 'sev3' too"),
    ("[Critical, Urgent]", "[Critical, critical]", "terms.SEV1.aliases (line 21): the same alias stands here twice"),
    # Working days.
    (
        'goal: "end of 1st business day", calendar: office',
        "leads: []",
        'SEV2.resolution.limit (line 37): "end of 3rd business day" counts the hours of a calendar; name one',
    ),
    ('limit: "8 business hours", leads: ["1h"], calendar: office, lead_time: wall, closed_hours: wait',
     'limit: "8 business hours"',
     'terms.SEV2.response.limit (line 38): "8 business hours" counts the hours of a calendar'),
    ('limit: "56h", goal: "24h"', 'limit: "56h", goal: "end of 1st business day"', "terms.SEV3.resolution.goal (line"),
    ('goal: "end of 1st business day"', 'goal: "end of 3rd business day"',
     "the goal end of 3rd business day is not before the limit end of 3rd business day"),
    ('limit: "end of 3rd business day"', 'limit: "same time next business day"',
     "the goal end of 1st business day is not before the limit same time next business day"),
    ('window: "end of same business day", calendar: office', 'window: "end of same business day"',
     "chains.l2.steps[1].window (line 61)"),
    ('every: "same time next business day", lead: "1h", calendar: office', 'every: "same time next business day"',
     "terms.SEV2.check_in.every (line 39)"),
    # Rounds.
    ("  stakeholders: [sales, success]\n", "", "terms.SEV1.stakeholder_update (line 28): nobody would hear it; name"),
    ('stakeholder_update: {every: "30m"}', 'stakeholder_update: {every: "30m", lead: "30m"}',
     "terms.SEV1.stakeholder_update.lead (line 29): a round goes out by itself"),
    ('war_room: {every: "15m"}', 'war_room: {every: "15m", lead: "1h"}', "terms.SEV1.war_room.lead (line 30)"),
    ('war_room: {every: "15m"}', 'war_room: {every: "15m", calendar: night}', "no calendar is called 'night'"),
    ('limit: "15m", goal: none', 'limit: "15m", closed_hours: wait', "without a calendar no hour is closed"),
    # The house.
    ("[deadline, customer_update]", "[deadline, silence]", "runs_while_blocked[1] (line 16): 'silence' is not known"),
    ("[deadline, customer_update]", "[deadline, deadline]", "the same clock stands here twice"),
    ('"0.75"', '"1.5"', "house.internal_factor (line 17): '1.5' is no factor; write a decimal between 0 and 1"),
    ('"0.75"', '"0.0"', "'0.0' is no factor"),
    # Tiers.
    ('response: {limit: "30m"}, resolution: {limit: "8h", calendar: office}', "",
     "routes.l1-to-l2.promises.SEV2 (line 56): nothing is promised here"),
    ('{limit: "8h", calendar: office}', '{limit: "8h", calendar: night}',
     "routes.l1-to-l2.promises.SEV2.resolution.calendar (line 56): no calendar is called 'night'"),
    ('response: {limit: "30m"}', 'response: {limit: "30m", goal: "30m"}',
     "routes.l1-to-l2.promises.SEV2.response.goal (line 56): the goal 30m is not before the limit 30m"),
    ("      SEV2: {response", "      SEV9: {response", "routes.l1-to-l2.promises.SEV9 (line 56): 'SEV9' is not known"),
    # Customers, matrix, and the rest that people read.
    ("weight: 1", "weight: 4", "segments.enterprise.weight (line 63): 4 is too large; write at most 3"),
    ('silence: "30m"', "silence: none", "segments.enterprise.silence (line 63): 'none' is no duration"),
    ("route: l1-to-l2", "route: l9", "matrix[0].route (line 82): no route is called 'l9'; known are l1-to-l2"),
    ("severity: SEV3", "severity: P3", "matrix[0].severity (line 79): 'P3' is not known"),
    ("    from: Support L1 or L2\n", "", "matrix[0].from (line 78): this field is missing; add it"),
    ("support: ", "sales: ", "responsibilities.SEV1.sales (line 86): there is no such field"),
    ("cadence: quarterly, ", "", "review.cadence (line 87): this field is missing"),
    ("on_reopen: fresh", "on_reopen: never", "reckoning.on_reopen (line 65): 'never' is not known; write one of"),
    ("since: hand_over", "since: tomorrow", "terms.SEV1.confirmation.since (line 31): 'tomorrow' is not known"),
    # Open values.
    ('engage_within: "15m"', "engage_within: required",
     "terms.SEV1.engage_within (line 24): the source leaves this open ([X]); write a duration"),
    ('limit: "15m", goal: none', "limit: required", "terms.SEV1.response.limit (line 28): the source leaves this open"),
    # Holidays.
    ("country: DE,", "country: ZZ,", "calendars.office.holidays (line 73): the country 'ZZ' is not known"),
    ("country: DE,", "country: de,", "the country 'de' is not known; write a code such as \"DE\" or \"NO\""),
    ("subdivision: BE", "subdivision: ZZ", "DE has no subdivision 'ZZ'; write one of Augsburg, BB, BE"),
    ("language: en_US", "language: xx", "DE has no language 'xx'; write one of de, en_US"),
    ("language: en_US", "categories: [party]", "DE has no category 'party'; write one of catholic, public"),
    ("at_close: next_opening", "at_close: never", "calendars.office.at_close (line 74): 'never' is not known"),
    ("at_close: next_opening", "ical: other.ics", "calendars.office.ical (line 74): 'other.ics' cannot be read: the"),
    ("at_close: next_opening", "ical: ../other.ics", "'../other.ics' leaves the policy's folder"),
    ("at_close: next_opening", "ical: /etc/other.ics", "'/etc/other.ics' leaves the policy's folder"),
    ("at_close: next_opening", "ical: passwd", "'passwd' is no iCal file; write a path such as"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "fault"), WRONG)
def test_a_contradiction_is_refused_with_one_line(old: str, new: str, fault: str) -> None:
    """The path, the line, what is wrong, and what to write instead."""
    assert FULL.count(old) == 1, old

    found = faults(FULL.replace(old, new))

    assert len(found) == 1, found
    assert fault in found[0]


@pytest.mark.parametrize("path", sorted((Path(escalation.__file__).parent / "policies").glob("*.yaml"), key=str))
def test_a_shipped_file_is_a_policy_or_says_what_its_source_leaves_open(path: Path) -> None:
    """Nothing else is wrong with any of them."""
    document = read(path.read_bytes())
    if re.search(r"^[^#]*: required\b", path.read_text(), re.MULTILINE):
        with pytest.raises(FaultyFileError) as caught:
            freeze(document, AT, SETTLES)
        assert all("the source leaves this open ([X])" in fault.what for fault in caught.value.faults)
    else:
        assert freeze(document, AT, SETTLES).name == path.stem
