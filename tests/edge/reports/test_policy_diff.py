"""What differs between two agreements is told for whom, and nothing differs in silence."""

from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from escalation.core.policy import Cadence, Confirmation, House, Policy, Reach, Terms
from escalation.core.reckoning import Reckoning
from escalation.core.vocabulary import Channel, Handover
from escalation.reports.agreed import Agreed
from escalation.reports.policy_diff import differences
from tests.edge.reports.agreements import agreed, changed

PAPER = "for people; no clock follows it"


def told(*changes: tuple[str, str]) -> list[str]:
    return [str(each) for each in differences(agreed(), changed(*changes))]


def test_an_agreement_does_not_differ_from_itself() -> None:
    """Also when only comments or the order of fields are others."""
    assert differences(agreed(), agreed()) == ()
    assert told(("name: plain\n", "# a comment\nname: plain\n")) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '"8h", goal: "4h"',
            '"6h", goal: "3h"',
            "SEV2 resolution: 8h (goal 4h) -> 6h (goal 3h): faster for Engineering",
        ),
        (
            '"8h", goal: "4h"',
            '"9h", goal: "4h"',
            "SEV2 resolution: 8h (goal 4h) -> 9h (goal 4h): slower for Engineering",
        ),
        (
            'customer_update: { every: "4h" }',
            'customer_update: { every: "2h" }',
            "SEV2 customer update: every 4h -> every 2h: faster for the customer",
        ),
        (
            'check_in: { every: "8h" }',
            'check_in: { every: "8h", calendar: office }',
            "SEV3 check in: every 8h -> every 8h, office hours: counted by office hours for the owner",
        ),
        ('    check_in: { every: "8h" }\n', "", "SEV3 check in: every 8h -> –: no longer promised, for the owner"),
        ('goal: "2h", leads: ["30m"]', 'goal: "2h", leads: ["15m"]', "SEV1 resolution leads: 30m -> 15m"),
        ("label: P2", "label: High", "SEV2 label: P2 -> High"),
        (
            'after: "2m"',
            'after: "3m"',
            "SEV1 channels: sms, voice after 2m -> sms, voice after 3m: for everybody who is paged",
        ),
        ("team: Engineering", "team: Platform", "route l2-to-engineering team: Engineering -> Platform: for Platform"),
        (
            "asks: [investigate, fix]",
            "asks: [fix]",
            "route l2-to-engineering asks: investigate, fix -> fix: for Engineering",
        ),
        (
            'window: "1h", backup',
            'window: "2h", backup',
            "chain engineering step lead window: 1h -> 2h: time to answer for engineering-lead",
        ),
        ("contact: engineering-lead", "contact: boss", "chain engineering step lead contact: engineering-lead -> boss"),
        ("repeats: 1", "repeats: 2", "chain engineering repeats: 1 -> 2"),
        ("fallback: duty-manager", "fallback: boss", "house fallback: duty-manager -> boss"),
        ("breach_cycles: 3", "breach_cycles: 4", "house breach cycles: 3 -> 4"),
        ("zone: Europe/Berlin", "zone: Europe/Paris", "calendar office zone: Europe/Berlin -> Europe/Paris"),
        ('version: "1"', 'version: "2"', "agreement version: 1 -> 2"),
        (
            "calendars:\n",
            "reckoning: { on_reopen: fresh }\ncalendars:\n",
            "reckoning on reopen: continue -> fresh",
        ),
        ("calendars:\n", "segments: { vip: { weight: 1 } }\ncalendars:\n", "segment vip is new"),
        (
            "calendars:\n",
            "summary: For all.\ncalendars:\n",
            "document summary is new: for people; no clock follows it",
        ),
    ],
)
def test_each_change_is_one_sentence(old: str, new: str, expected: str) -> None:
    """Of what, from what to what, and for whom; and nothing else is told."""
    assert told((old, new)) == [expected]


def test_a_week_is_told_with_those_who_count_by_it() -> None:
    """Dates with other hours are told too."""
    counted = ('check_in: { every: "8h" }', 'check_in: { every: "8h", calendar: office }')
    week = ('friday: ["09:00-17:00"]', 'friday: ["09:00-14:00"]\n    exceptions: [{ day: "2026-12-24", label: Eve }]')
    found = [str(each) for each in differences(changed(counted), changed(counted, week))]

    days = ", ".join(f"{day} 09:00-17:00" for day in ("Mon", "Tue", "Wed", "Thu"))
    assert found == [
        f"calendar office week: {days}, Fri 09:00-17:00 -> {days}, Fri 09:00-14:00: counted by SEV3",
        "calendar office special now: 2026-12-24",
    ]


def test_steps_that_come_go_or_change_places_are_told() -> None:
    first = '      - { name: on-call, contact: engineering-on-call, window: "30m", backup_after: "10m" }\n'
    second = '      - { name: lead, contact: engineering-lead, window: "1h", backup_after: "20m" }\n'

    assert told((second, "")) == ["chain engineering step lead is gone: engineering-lead is no longer asked"]
    assert told((first + second, second + first)) == [
        "chain engineering order of steps: on-call, lead -> lead, on-call"
    ]
    new = second.replace("lead", "boss")
    assert told((first, first + new)) == [
        "chain engineering step boss is new, as number 2: engineering-boss is asked and has 1h",
    ]


def test_levels_that_come_go_change_places_or_are_called_otherwise_are_told() -> None:
    """Their order is what a raise follows; what only people read of them is told as the document is."""
    one, two = "l1: { label: L1, who: desk }", "l2: { label: L2, who: lab }"

    def told_of(before: str, after: str) -> list[str]:
        both = (changed(("calendars:\n", f"levels: {{ {levels} }}\ncalendars:\n")) for levels in (before, after))
        return [str(each) for each in differences(*both)]

    assert told_of(one, f"{one}, {two}") == ["level l2 is new", "document levels is worded anew: " + PAPER]
    assert told_of(f"{one}, {two}", two)[0] == "level l1 is gone"
    assert told_of(f"{one}, {two}", f"{two}, {one}") == ["levels order: l1, l2 -> l2, l1: the lowest first"]
    assert told_of(one, one.replace("label: L1", "label: Desk"))[0] == "level l1 label: L1 -> Desk"
    assert told_of(one, one.replace("who: desk", "who: us")) == ["document levels is worded anew: " + PAPER]


HOUR = timedelta(hours=1)
OTHERS: dict[str, Any] = {
    "stakeholder_update": Cadence(HOUR),
    "war_room": Cadence(HOUR),
    "confirmation": Confirmation(HOUR, Handover.HAND_OVER),
    "silence": HOUR,
    "reach": (Reach(Channel.EMAIL),),
}


@pytest.mark.parametrize("part", [House, Terms, Reckoning])
def test_no_field_changes_in_silence(part: type[Any]) -> None:
    """Whatever a field is exchanged for, it is told; so a field that is added later is told as well."""
    before = agreed()
    for each in fields(part):
        if each.name != "severity":
            after = Agreed(_with(before.policy, part, each.name), before.document)
            assert differences(before, after), each.name


def _with(policy: Policy, part: type[Any], name: str) -> Policy:
    """The same agreement with another value in one field of that part."""
    whole: Any = {House: policy.house, Terms: policy.terms[0], Reckoning: policy.reckoning}[part]
    now: Any = getattr(whole, name)
    if is_dataclass(now):
        other: Any = replace(now, calendar="office")  # type: ignore[type-var]  # a promise, known only at run time
    elif name in OTHERS:
        other = OTHERS[name]
    else:
        other = (not now) if isinstance(now, bool) else (*now, "x") if isinstance(now, tuple) else "other"
    changed_part: Any = replace(whole, **{name: other})
    if part is House:
        return replace(policy, house=changed_part)
    if part is Terms:
        return replace(policy, terms=(changed_part, *policy.terms[1:]))
    return replace(policy, reckoning=changed_part)
