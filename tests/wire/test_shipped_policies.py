"""The agreements that ship promise what their sources say: the facts stand here once more, written by hand."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

import escalation
from escalation.core.hours import DayRule, Days
from escalation.core.policy import Cadence, CustomerSegment, Policy, Target, Terms
from escalation.core.vocabulary import Channel, ClockName, Handover, Severity
from escalation.wire.policy import freeze
from escalation.wire.yaml_reader import FaultyFileError, read

SHIPPED = Path(escalation.__file__).parent / "policies"
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTLES = dict.fromkeys(Channel, timedelta(seconds=60))
TABLES = (
    "table-a-agreement",
    "table-b-priorities",
    "table-c-matrix",
    "table-d-tiers",
    "table-e-follow-through",
    "table-f-example",
    "table-g-classroom",
)
TEMPLATE = "table-h-procedures"
PROMISING = ("default", "internal-targets", *TABLES)
SOURCES = r"(agreement|matrix|process|routes|procedures|ours)"

SEV1, SEV2, SEV3, SEV4 = Severity
H = timedelta(hours=1)
M = timedelta(minutes=1)
NEXT_DAY = Days(1, DayRule.SAME_TIME)
WEEKLY = Days(5, DayRule.SAME_TIME)

Length = timedelta | Days | None
Range = tuple[Length, Length]  # goal and limit; of a cadence its near and its far end


def text_of(name: str) -> str:
    """A shipped file as it is written."""
    return (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")


@lru_cache(maxsize=32)
def policy_of(name: str) -> Policy:
    """A shipped file, frozen."""
    return freeze(read(text_of(name).encode()), AT, SETTLES)


def written(name: str) -> dict[str, Any]:
    """What a shipped file says, also where no clock reads it."""
    return read(text_of(name).encode()).value


def end_of(day: int) -> Days:
    """The close of that business day after the first."""
    return Days(day, DayRule.END)


def range_of(target: Target | None) -> Range | None:
    """Goal and limit, in time or in working days."""
    return (target.goal_days or target.goal, target.limit_days or target.limit) if target is not None else None


def turn_of(cadence: Cadence | None) -> Range | None:
    """When somebody is asked, and when the turn is missed."""
    if cadence is None:
        return None
    if cadence.every_days is not None:
        return cadence.lead or None, cadence.every_days
    return (cadence.every - cadence.lead if cadence.lead else None), cadence.every


@dataclass(frozen=True)
class Facts:
    """What a source says about one severity; None: it says nothing, and neither does the file."""

    response: Range | None
    resolution: Range
    check_in: Range | None = None
    customer: Range | None = None
    stakeholders: Range | None = None
    war_room: Range | None = None

    @classmethod
    def of(cls, terms: Terms) -> "Facts":
        """What frozen terms promise."""
        resolution = range_of(terms.resolution)
        assert resolution is not None
        return cls(
            range_of(terms.response),
            resolution,
            turn_of(terms.check_in),
            turn_of(terms.customer_update),
            turn_of(terms.stakeholder_update),
            turn_of(terms.war_room),
        )


def at_most(limit: Length) -> Range:
    """A promise without a range."""
    return (None, limit)


A = {
    SEV1: Facts(
        (15 * M, 30 * M), (2 * H, 4 * H), (30 * M, 60 * M), stakeholders=at_most(60 * M), war_room=at_most(15 * M)
    ),
    SEV2: Facts(at_most(1 * H), (4 * H, 8 * H), (2 * H, 4 * H), stakeholders=at_most(4 * H)),
    SEV3: Facts((2 * H, 4 * H), (end_of(1), end_of(3)), at_most(NEXT_DAY), stakeholders=at_most(NEXT_DAY)),
    SEV4: Facts((4 * H, 12 * H), (end_of(3), end_of(7)), at_most(WEEKLY), stakeholders=at_most(WEEKLY)),
}
B = {
    SEV1: Facts(at_most(15 * M), at_most(2 * H)),
    SEV2: Facts(at_most(1 * H), at_most(8 * H)),
    SEV3: Facts(at_most(4 * H), at_most(24 * H)),
    SEV4: Facts(at_most(4 * H), at_most(24 * H)),  # the table ends at P3
}
C = {
    SEV1: Facts(at_most(15 * M), at_most(2 * H), customer=(45 * M, 1 * H), stakeholders=at_most(30 * M)),
    SEV2: Facts(at_most(1 * H), at_most(end_of(0)), stakeholders=at_most(60 * M)),
    SEV3: Facts(at_most(24 * H), at_most(end_of(10)), stakeholders=at_most(WEEKLY)),
    SEV4: Facts(at_most(48 * H), at_most(end_of(60)), stakeholders=at_most(Days(20, DayRule.SAME_TIME))),
}
D = {
    SEV1: Facts(at_most(15 * M), at_most(4 * H)),
    SEV2: Facts(at_most(30 * M), at_most(8 * H)),
    SEV3: Facts(at_most(1 * H), at_most(24 * H)),
    SEV4: Facts(at_most(24 * H), at_most(72 * H)),
}
TWO_DAYS = Days(2, DayRule.SAME_TIME)
E = {
    SEV1: Facts(None, at_most(2 * H), (1 * H + 45 * M, 2 * H), (2 * H, 4 * H)),
    SEV2: Facts(None, at_most(8 * H), (3 * H + 30 * M, 4 * H), (4 * H, 8 * H)),
    SEV3: Facts(None, at_most(end_of(4)), (1 * H, NEXT_DAY), (8 * H, TWO_DAYS)),
    SEV4: Facts(None, at_most(end_of(4)), (1 * H, NEXT_DAY), (8 * H, TWO_DAYS)),  # the table ends at Medium
}
F = {
    SEV1: Facts(at_most(15 * M), at_most(2 * H)),
    SEV2: Facts(at_most(1 * H), at_most(8 * H)),
    SEV3: Facts(at_most(4 * H), at_most(24 * H)),
    SEV4: Facts(at_most(12 * H), at_most(end_of(7))),
}
G = {
    SEV1: Facts(at_most(1 * M), at_most(15 * M)),
    SEV2: Facts(at_most(90 * M), at_most(4 * H)),
    SEV3: Facts(at_most(4 * H), at_most(24 * H)),
    SEV4: Facts(at_most(12 * H), at_most(end_of(7))),
}


def test_every_file_is_one_of_these_and_bears_its_own_name() -> None:
    """So that it is found under what it calls itself."""
    names = sorted(path.stem for path in SHIPPED.glob("*.yaml"))

    assert names == sorted([*PROMISING, TEMPLATE, "demo"])
    assert [written(name)["name"] for name in names] == names


@pytest.mark.parametrize("name", PROMISING)
def test_a_shipped_agreement_promises_something_for_all_four_severities(name: str) -> None:
    """Whatever scale its source has."""
    policy = policy_of(name)

    assert policy.name == name
    assert [terms.severity for terms in policy.terms] == list(Severity)
    assert len({terms.label for terms in policy.terms}) == len(Severity)


@pytest.mark.parametrize(
    ("name", "severity", "facts"),
    [
        pytest.param(name, severity, facts, id=f"{name} {severity}")
        for name, table in zip(TABLES, (A, B, C, D, E, F, G), strict=True)
        for severity, facts in table.items()
    ],
)
def test_a_table_promises_the_numbers_of_its_source(name: str, severity: Severity, facts: Facts) -> None:
    """First response, resolution and updates: the near end of a range is the goal, the far end the limit."""
    assert Facts.of(policy_of(name).terms_of(severity)) == facts


@pytest.mark.parametrize(
    ("route", "severity", "response", "resolution"),
    [
        ("customer-to-l1", SEV4, 24 * H, 72 * H),
        ("customer-to-l1", SEV2, 1 * H, 24 * H),
        ("l1-to-l2", SEV2, 30 * M, 8 * H),
        ("l2-to-l3", SEV1, 15 * M, 4 * H),
    ],
)
def test_each_tier_of_table_d_has_its_own_promise(
    route: str, severity: Severity, response: timedelta, resolution: timedelta
) -> None:
    """The same priority is due later at a lower tier."""
    promise = policy_of("table-d-tiers").route_of(route).promise(severity)

    assert promise is not None
    assert (range_of(promise.response), range_of(promise.resolution)) == (at_most(response), at_most(resolution))


def test_working_days_are_counted_in_a_calendar_with_holidays() -> None:
    """A business day means nothing without one."""
    for name in PROMISING:
        policy = policy_of(name)
        for terms in policy.terms:
            for target in (terms.resolution, terms.response):
                if target is not None and (target.limit_days or target.goal_days):
                    calendar = policy.calendar(target.calendar)
                    assert calendar is not None, name
                    assert calendar.exceptions, name


# --- the default -----------------------------------------------------------------------------------------------------


def test_the_default_promises_everything_at_every_severity() -> None:
    """A first response, a resolution, check-ins, words to the customer, and a second look at the severity."""
    for terms in policy_of("default").terms:
        assert terms.response is not None
        assert terms.check_in is not None
        assert terms.customer_update is not None
        since = Handover.HAND_OVER if terms.severity in {SEV1, SEV2} else Handover.ACKNOWLEDGEMENT
        assert terms.confirmation is not None
        assert (terms.confirmation.window, terms.confirmation.since) == (10 * M, since)


def test_the_defaults_numbers_are_these() -> None:
    """Those of the sources where they agree, else the stricter one; days of business are hours of a calendar."""
    said = {terms.severity: Facts.of(terms) for terms in policy_of("default").terms}

    assert said == {
        SEV1: Facts(
            at_most(15 * M),
            at_most(2 * H),
            (25 * M, 30 * M),
            (45 * M, 1 * H),
            stakeholders=at_most(30 * M),
            war_room=at_most(15 * M),
        ),
        SEV2: Facts(at_most(1 * H), (4 * H, 8 * H), (105 * M, 2 * H), (210 * M, 4 * H), stakeholders=at_most(60 * M)),
        SEV3: Facts((2 * H, 4 * H), (8 * H, 24 * H), (7 * H, 8 * H), (7 * H, 8 * H)),
        SEV4: Facts((4 * H, 12 * H), (24 * H, 56 * H), (32 * H, 40 * H), (32 * H, 40 * H)),
    }
    assert policy_of("default").house.customer_floor == 24 * H


def test_the_default_knows_every_word_for_a_severity() -> None:
    """All scales of the sources lead to one of four."""
    words = {terms.severity: (terms.label, *terms.aliases) for terms in policy_of("default").terms}

    assert words == {
        SEV1: ("P1", "Critical", "Urgent"),
        SEV2: ("P2", "High"),
        SEV3: ("P3", "Medium", "Standard", "Normal"),
        SEV4: ("P4", "Low"),
    }


def test_the_default_says_what_each_severity_means_and_when_it_escalates() -> None:
    """For people; the two-stage judgement reads it."""
    terms = written("default")["terms"]

    assert all(len(terms[severity]["definition"]) >= 3 for severity in Severity)
    assert [terms[severity]["escalate_after"] for severity in Severity] == [
        "immediately",
        "15m",
        "2h",
        "end of 1st business day",
    ]
    assert [terms[severity].get("engage_within") for severity in Severity] == [
        "immediately",
        "end of same business day",
        "end of 4th business day",
        None,
    ]


def test_the_default_office_is_closed_on_the_holidays_of_its_country() -> None:
    """Of the years that an escalation opened now can reach."""
    calendar = policy_of("default").calendar("office")

    assert calendar is not None
    closed = {exception.day for exception in calendar.exceptions if not exception.windows}
    assert closed >= {
        *(date(2026, 12, 25), date(2027, 1, 1), date(2027, 3, 26)),
        *(date(2027, 3, 29), date(2027, 5, 6), date(2027, 5, 17), date(2030, 10, 3)),
    }
    assert date(2026, 12, 24) not in closed


def test_the_default_keeps_its_promises_to_segments() -> None:
    """A high-value client runs on the timeline of one severity up; an enterprise is not left alone for hours."""
    policy = policy_of("default")

    assert policy.segment("vip") == CustomerSegment("vip", weight=1)
    assert policy.segment("enterprise") == CustomerSegment(
        "enterprise", customer_contact="account-manager", silence=30 * M
    )
    triggers = {name: segment.get("triggers") for name, segment in written("default")["segments"].items()}
    assert triggers == {"vip": None, "enterprise": {"inactive_after": "30m"}, "standard": {"inactive_after": "4h"}}


def test_the_default_has_the_routes_with_who_sends_and_why() -> None:
    """And says of each when it is taken."""
    routes = written("default")["routes"]

    assert list(routes) == [
        "l1-to-l2",
        "l2-to-engineering",
        "l2-to-product",
        "any-to-security",
        "any-to-leadership",
        "any-to-customer-success",
        "any-to-finance",
        "any-to-legal",
    ]
    assert [route["from"] for route in routes.values()] == [
        ["Support L1"],
        ["Support L2"],
        ["Support L2"],
        ["Any tier"],
        ["Support L2", "Support manager"],
        ["Support L1 or L2"],
        ["Support L1 or L2"],
        ["Support L2 or a manager"],
    ]
    assert [len(route["triggers"]) for route in routes.values()] == [3, 4, 4, 4, 5, 2, 2, 2]


def test_on_a_breach_the_default_does_all_three_things() -> None:
    """Raises, reassigns, and marks; while it waits for the customer only the request's deadline goes on."""
    house = policy_of("default").house

    assert (house.raise_severity_on_breach, house.reassign_on_breach, house.mark_on_breach) == (True, True, True)
    assert house.runs_while_blocked == (ClockName.DEADLINE,)


# --- the other facts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["default", "table-a-agreement"])
def test_the_matrix_has_the_four_rows_of_its_source(name: str) -> None:
    """Issue, severity, time and actions; whom it names differs with the chains."""
    rows = [(row["severity"], row["after"], row["actions"][0]) for row in written(name)["matrix"]]

    assert rows == [
        ("SEV1", "30m", "Start a bridge call"),
        ("SEV2", "4h", "Log the bug in the tracker"),
        ("SEV3", "end of 1st business day", "Check the transaction logs"),
        ("SEV4", "end of 5th business day", "Add it to the backlog"),
    ]
    assert [row["from"] for row in written(name)["matrix"]] == [
        "Support L1 or L2",
        "Support L2",
        "Support L1 or L2",
        "Support L1 or L2",
    ]


def test_the_internal_target_is_three_quarters_of_the_customers() -> None:
    """Three hours where the customer has four, and so for every limit."""
    policy = policy_of("internal-targets")

    assert range_of(policy.terms_of(SEV1).resolution) == (3 * H, 4 * H)
    for terms in policy.terms:
        for target in (terms.resolution, terms.response):
            assert target is not None
            assert target.goal == target.limit * 3 / 4


def test_a_new_ticket_is_taken_up_in_15_minutes_and_assigned_in_30() -> None:
    """The agreement's example of two internal promises."""
    policy = policy_of("internal-targets")

    assert {terms.response.limit for terms in policy.terms if terms.response} == {15 * M}
    assert policy.chain("engineering").steps[0].window == 30 * M


def test_both_kinds_of_warning_ship() -> None:
    """Managers hear 60 and 30 minutes before the end; another agreement asks the next step 15 minutes before it."""
    managers = policy_of("table-a-agreement").terms_of(SEV2).resolution
    trigger = policy_of("table-b-priorities").terms_of(SEV2).resolution

    assert (managers.leads, managers.climbs) == ((60 * M, 30 * M), False)
    assert (trigger.leads, trigger.climbs) == ((15 * M,), True)


def test_who_is_silent_is_noticed_sooner_by_an_enterprise() -> None:
    """30 minutes instead of 4 hours."""
    policy = policy_of("table-d-tiers")
    enterprise = policy.segment("enterprise")

    assert {terms.silence for terms in policy.terms} == {4 * H}
    assert enterprise is not None
    assert enterprise.silence == 30 * M


def test_only_sources_that_allow_more_than_a_day_have_no_floor() -> None:
    """Two tables let a customer wait for longer; everywhere else a day is the most."""
    without = {name for name in PROMISING if policy_of(name).house.customer_floor is None}

    assert without == {"table-c-matrix", "table-e-follow-through"}


# --- the template ----------------------------------------------------------------------------------------------------


def test_the_template_is_refused_with_a_sentence_for_each_number_it_leaves_open() -> None:
    """Nothing is promised that nobody decided."""
    open_lines = [
        number for number, line in enumerate(text_of(TEMPLATE).splitlines(), 1) if re.search(r": required\b", line)
    ]
    with pytest.raises(FaultyFileError) as caught:
        policy_of(TEMPLATE)

    assert [fault.line for fault in caught.value.faults] == open_lines
    for fault in caught.value.faults:
        assert fault.what == "the source leaves this open ([X]); write a duration"
    assert "terms.SEV1.resolution.limit" in {fault.path for fault in caught.value.faults}


def test_the_template_is_an_agreement_once_it_is_filled() -> None:
    """With lengths of any kind."""
    filled = re.sub(r"\brequired, calendar: office", '"end of 2nd business day", calendar: office', text_of(TEMPLATE))
    filled = re.sub(r": required\b", ': "4h"', filled)
    policy = freeze(read(filled.encode()), AT, SETTLES)

    assert policy.name == TEMPLATE
    assert range_of(policy.terms_of(SEV4).resolution) == at_most(4 * H)
    assert [step.name for step in policy.chain("levels").steps] == ["senior-agent", "lead", "technical", "executive"]
    assert {route.name for route in policy.routes} == {"immediate", "standard", "optional"}


# --- the text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*PROMISING, TEMPLATE])
def test_every_number_names_its_source(name: str) -> None:
    """A number without a reason is a guess. `P1`, `SEV1` and `L1` are names."""
    bare = []
    for number, line in enumerate(text_of(name).splitlines(), 1):
        said, _, why = line.partition("#")
        counted = re.sub(r"\b(SEV|P|L|l)[0-9]\b", "", said)
        if re.search(r"[0-9]|: required\b", counted) and not said.startswith("version:"):
            bare += [] if re.search(rf"\b{SOURCES}\b", why) else [f"{number}: {line}"]

    assert bare == []
