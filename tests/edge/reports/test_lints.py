"""Lints: what may be written and is probably not meant. Each has a case that it finds, beside one that it lets pass."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from escalation.core.facts import Found
from escalation.core.hours import Calendar, Shift, Window
from escalation.core.vocabulary import Channel
from escalation.reports.coverage import GAP_WORTH_A_WARNING, longest_gap
from escalation.reports.lints import Lint, lints
from escalation.reports.remarks import Level
from tests.edge.reports.agreements import AT, agreed, changed

ALL = tuple(Channel)
NIGHT = timedelta(hours=16)


@dataclass
class People:
    """Everybody has a backup and every channel, unless a test says otherwise."""

    other: dict[str, Found] = field(default_factory=dict)

    def find(self, name: str, at: datetime) -> Found:
        return self.other.get(name, Found(name, f"{name}-1", ALL, f"{name}-2", ALL))


def only(*changes: tuple[str, str], people: People | None = None) -> Lint:
    """The one finding that these changes make."""
    (lint,) = lints(changed(*changes), AT, people)
    return lint


def test_an_agreement_may_be_without_any_finding() -> None:
    """With a directory as without one."""
    assert lints(agreed(), AT) == ()
    assert lints(agreed(), AT, People()) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'SEV1:\n    label: P1\n    reach: [{ channel: sms }, { channel: voice, after: "2m" }]',
            "SEV1:\n    label: P1\n    reach: [{ channel: email }]",
            ("warning", "no_channel", "terms.SEV1.reach", "nobody is rung or texted"),
        ),
        (
            'after: "2m"',
            'after: "20m"',
            ("warning", "short_step", "chains.engineering.steps[0].window", "SEV1’s voice after 30m"),
        ),
        (
            "chains:\n",
            'chains:\n  spare: { repeats: 1, steps: [{ name: a, contact: b, window: "30m", backup_after: "1m" }] }\n',
            ("warning", "unused_chain", "chains.spare", "no route leads to this chain"),
        ),
        (
            'response: { limit: "1h", goal: "30m" }',
            'response: { limit: "1h" }',
            ("note", "internal_not_faster", "terms.SEV2", "no goal for response (1h)"),
        ),
        (
            'check_in: { every: "2h" }',
            'check_in: { every: "5h" }',
            ("warning", "internal_not_faster", "terms.SEV2.check_in", "asked every 5h, the customer told every 4h"),
        ),
        (
            'goal: "4h", leads: ["1h"]',
            'goal: "4h", leads: ["8h"]',
            ("note", "late_warning", "terms.SEV2.resolution.leads[0]", "8h before a limit of 8h cannot come in time"),
        ),
        (
            'customer_update: { every: "24h" }',
            'customer_update: { every: "25h" }',
            ("note", "slower_than_floor", "terms.SEV4.customer_update", "every 25h, and the floor makes it 24h"),
        ),
        (
            'resolution: { limit: "8h", goal: "4h"',
            'resolution: { limit: "3h", goal: "2h"',
            ("warning", "upside_down", "terms.SEV1.resolution", "SEV1 gets 4h, the milder SEV2 gets 3h"),
        ),
        (
            'response: { limit: "30m", goal: "15m" }',
            'response: { limit: "2h", goal: "15m" }',
            ("warning", "upside_down", "terms.SEV1.response", "SEV1 gets 2h, the milder SEV2 gets 1h"),
        ),
        (
            "breach_cycles: 3\n",
            "breach_cycles: 3\n  reassign_on_breach: false\n",
            ("note", "breach_action_off", "house.reassign_on_breach", "a breach does not ask the next step"),
        ),
        (
            "fallback: duty-manager",
            "fallback: engineering-lead",
            ("warning", "no_fallback", "house.fallback", "the last one whom every chain asks"),
        ),
        (
            "approvers: [support-manager]",
            "approvers: [customer-desk]",
            ("error", "may_not_approve", "routes.l2-to-engineering.approval.approvers[0]", "their own request"),
        ),
        (
            "approvers: [support-manager]",
            "approvers: [engineering-on-call]",
            ("warning", "may_not_approve", "routes.l2-to-engineering.approval.approvers[0]", "the first whom"),
        ),
    ],
)
def test_each_mistake_is_found_where_it_is(old: str, new: str, expected: tuple[str, str, str, str]) -> None:
    """With its severity, its name, its place, and what is so; and nothing else is found."""
    lint = only((old, new))
    level, name, path, what = expected

    assert (lint.level, lint.name, lint.path) == (level, name, path)
    assert what in lint.what
    assert lint.advice
    assert lint.line > 1


def test_a_channel_that_no_window_leaves_time_for_is_an_error() -> None:
    """For the contact; that the backup is told too late as well is a warning."""
    found = lints(changed(('after: "2m"', 'after: "45m"')), AT)

    assert [(each.level, each.path) for each in found] == [
        ("error", "chains.engineering.steps[0].window"),
        ("warning", "chains.engineering.steps[0].window"),
        ("warning", "chains.engineering.steps[1].window"),
    ]
    assert "the window of 30m ends before its contact is told by SEV1’s voice after 45m" in found[0].what


def test_a_chain_without_backup_is_found() -> None:
    """No step of it asks a backup; one that never starts again is found as well."""
    bare = only((', backup_after: "10m"', ""), (', backup_after: "20m"', ""))
    alone = only(
        ('      - { name: lead, contact: engineering-lead, window: "1h", backup_after: "20m" }\n', ""),
        ("repeats: 1", ""),
    )

    assert (bare.name, bare.what) == ("no_backup", "no step asks its backup before its window is over")
    assert (alone.name, alone.what) == ("no_backup", "it has one step and never starts again")


def test_a_step_that_comes_after_the_breach_is_found() -> None:
    """A warning when it is so at every severity, a note when only at some."""
    some = only(('on-call, window: "30m"', 'on-call, window: "4h"'))
    every = only(('on-call, window: "30m"', 'on-call, window: "56h"'))

    assert (some.level, some.name, some.path) == ("note", "late_step", "chains.engineering.steps[1]")
    assert some.what == "it is asked only after the resolution of SEV1 is missed"
    assert (every.level, every.name) == ("warning", "late_step")


def test_a_severity_that_nobody_counts_is_found() -> None:
    """Neither a first response nor anybody who is asked; the customer has the floor."""
    found = lints(
        changed(
            ('    response: { limit: "12h", goal: "4h" }\n', ""),
            ('    check_in: { every: "24h" }\n', ""),
            ('    customer_update: { every: "24h" }\n', ""),
        ),
        AT,
    )

    assert [(each.name, each.path) for each in found] == [("no_clock", "terms.SEV4")] * 2


def test_a_customer_without_update_and_floor_is_found() -> None:
    lint = only(('customer_floor: "24h"', "customer_floor: none"), ('    customer_update: { every: "24h" }\n', ""))

    assert (lint.name, lint.path) == ("no_clock", "terms.SEV4")


def test_hours_at_which_nothing_counts_are_found() -> None:
    """The longest stretch of the year: the weekend on which the clocks go back."""
    mild = only(
        ('limit: "56h", goal: "24h", leads: ["1h"]', 'limit: "56h", goal: "24h", leads: ["1h"], calendar: office'),
        ('response: { limit: "12h", goal: "4h" }', 'response: { limit: "12h", goal: "4h", calendar: office }'),
        ('check_in: { every: "24h" }', 'check_in: { every: "24h", calendar: office }'),
        ('customer_update: { every: "24h" }', 'customer_update: { every: "24h", calendar: office }'),
    )
    chain = only(
        ('window: "30m", backup_after: "10m" }', 'window: "30m", backup_after: "10m", calendar: office }'),
        ('window: "1h", backup_after: "20m" }', 'window: "1h", backup_after: "20m", calendar: office }'),
    )

    assert (mild.level, mild.name, mild.path) == ("note", "uncovered_hours", "terms.SEV4")
    assert "for up to 65 hours, from 2027-10-29 15:00 to 2027-11-01 08:00 UTC (office hours)" in mild.what
    assert (chain.level, chain.name, chain.path) == ("note", "uncovered_hours", "chains.engineering")


def office(*days: int) -> Calendar:
    """Open from nine to five UTC on those weekdays."""
    hours = (Window(timedelta(hours=9), timedelta(hours=17)),)
    week = tuple(hours if day in days else () for day in range(7))
    return Calendar("office", "UTC", week, (Shift(datetime(2025, 1, 1, tzinfo=UTC), timedelta(0)),))


def test_the_longest_gap_is_that_of_all_calendars_together() -> None:
    """None at all when one of them is always open; a calendar that never opens leaves the whole year."""
    every_day = office(*range(7))
    always = replace(every_day, week=((Window(timedelta(0), timedelta(hours=24)),),) * 7)

    assert [gap.length for days in ((0,), (0, 3), range(7)) if (gap := longest_gap((office(*days),), AT))] == [
        timedelta(days=7) - timedelta(hours=8), timedelta(days=4) - timedelta(hours=8), NIGHT,
    ]  # fmt: skip
    together = longest_gap((office(0, 1, 2, 3, 4), office(5, 6)), AT)
    assert together is not None
    assert together.length == NIGHT
    assert longest_gap((office(0), always), AT) is None
    never = longest_gap((office(),), AT)
    assert never is not None
    assert never.length == timedelta(days=366)


def test_a_gap_is_worth_a_warning_when_it_is_longer_than_five_days() -> None:
    """Easter with both its holidays is shorter."""
    assert timedelta(days=5) == GAP_WORTH_A_WARNING


# --- People -----------------------------------------------------------------------------------------------------------


def test_a_contact_nobody_knows_is_an_error() -> None:
    """Wherever they stand; of the fallback it is said what that means."""
    gone = People({"engineering-lead": Found("engineering-lead", None, why="nobody is known by that name")})
    alone = People({"duty-manager": Found("duty-manager", None, why="")})
    (lint,) = lints(agreed(), AT, gone)
    (fallback,) = lints(agreed(), AT, alone)

    assert (lint.level, lint.name, lint.path) == (
        "error", "unreachable_contact", "chains.engineering.steps[1].contact",
    )  # fmt: skip
    assert (fallback.level, fallback.name) == ("error", "no_fallback")
    assert fallback.what.endswith("when a chain reaches nobody, nobody is left")


def test_a_contact_without_the_channels_of_a_severity_is_an_error() -> None:
    """Mail alone does not reach anybody at a severity that sends text messages."""
    phone = Found("engineering-lead", "freya", (Channel.VOICE,), "omar", (Channel.VOICE,))
    (lint,) = lints(agreed(), AT, People({"engineering-lead": phone}))

    assert lint.what == "engineering-lead has none of the channels of SEV2, SEV3, SEV4"


def test_a_role_without_a_backup_is_found() -> None:
    alone = Found("engineering-lead", "freya", ALL)
    (lint,) = lints(agreed(), AT, People({"engineering-lead": alone}))

    assert (lint.level, lint.name) == ("warning", "no_backup")


def test_an_approver_who_opens_as_well_is_found_under_two_roles() -> None:
    """The same people hold both; one more who does not makes it possible."""
    desk = Found("customer-desk", "rosa", ALL, "tala", ALL)
    same = {"customer-desk": desk, "support-manager": Found("support-manager", "tala", ALL, "rosa", ALL)}
    (lint,) = lints(agreed(), AT, People(same))

    assert (lint.level, lint.name) == ("error", "may_not_approve")
    assert "support-manager is rosa, tala" in lint.what
    assert lints(agreed(), AT, People(same | {"support-manager": Found("s", "maya", ALL, "rosa", ALL)})) == ()


def test_errors_come_first_and_then_the_order_of_the_file() -> None:
    gone = People({"engineering-lead": Found("engineering-lead", None, why="gone")})
    found = lints(changed(('response: { limit: "30m", goal: "15m" }', 'response: { limit: "2h" }')), AT, gone)

    assert [each.level for each in found] == [Level.ERROR, Level.WARNING, Level.NOTE]
    assert str(found[0]).startswith("error: chains.engineering.steps[1].contact (line ")
