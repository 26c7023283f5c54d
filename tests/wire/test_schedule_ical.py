"""Turns from an iCal file: whose they are, when they begin on the wall, and what is refused."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.core.schedules import Override
from escalation.wire.holidays_of import ICAL_BYTES_MAX
from escalation.wire.schedule_ical import TURNS_MAX, turns_of

PEOPLE = {"ana": "ana", "ana silva": "ana", "ana@support.example": "ana", "ben": "ben", "ben@support.example": "ben"}


def calendar(*events: str) -> bytes:
    """A file with those events, each a line of properties that blanks part."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for number, event in enumerate(events):
        own = event.replace(" ", "\r\n") if "UID:" in event else f"UID:{number} {event}".replace(" ", "\r\n")
        lines += ["BEGIN:VEVENT", own.replace("~", " "), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def turns(*events: str, zone: str = "Europe/Berlin") -> list[tuple[str, str, str]]:
    """Who, from when, until when, in UTC."""
    found = turns_of(calendar(*events), zone, lambda name: PEOPLE.get(name.casefold()))
    return [(each.person, f"{each.since:%m-%d %H:%M}", f"{each.until:%m-%d %H:%M}") for each in found]


@pytest.mark.parametrize(
    ("event", "turn"),
    [
        ("SUMMARY:ana DTSTART;VALUE=DATE:20261123 DTEND;VALUE=DATE:20261125", ("ana", "11-22 23:00", "11-24 23:00")),
        ("SUMMARY:Ana~Silva DTSTART;VALUE=DATE:20261123", ("ana", "11-22 23:00", "11-23 23:00")),
        ("SUMMARY:ana DTSTART:20261123T080000 DTEND:20261123T180000", ("ana", "11-23 07:00", "11-23 17:00")),
        ("SUMMARY:ana DTSTART:20261123T080000Z DURATION:PT90M", ("ana", "11-23 08:00", "11-23 09:30")),
        (
            "SUMMARY:shift ATTENDEE:mailto:Ben@support.example DTSTART:20261123T080000Z DURATION:P1D",
            ("ben", "11-23 08:00", "11-24 08:00"),
        ),
        (
            "SUMMARY:ana DTSTART;TZID=America/New_York:20261123T080000 DTEND;TZID=America/New_York:20261123T180000",
            ("ana", "11-23 13:00", "11-23 23:00"),
        ),
    ],
)
def test_an_event_is_somebodys_turn(event: str, turn: tuple[str, str, str]) -> None:
    """Whole days by the schedule's own midnight, times by their own zone."""
    assert turns(event) == [turn]


@pytest.mark.parametrize(
    ("zone", "first", "since", "until"),
    [
        ("Europe/Berlin", "20260328T180000", ["03-28 17:00", "03-29 16:00"], ["03-29 06:00", "03-30 06:00"]),
        ("Europe/Berlin", "20261024T180000", ["10-24 16:00", "10-25 17:00"], ["10-25 07:00", "10-26 07:00"]),
        ("Australia/Lord_Howe", "20261003T180000", ["10-03 07:30", "10-04 07:00"], ["10-03 21:00", "10-04 21:00"]),
        ("Asia/Kathmandu", "20261003T180000", ["10-03 12:15", "10-04 12:15"], ["10-04 02:15", "10-05 02:15"]),
    ],
)
def test_a_rule_follows_the_wall_through_a_clock_change(
    zone: str, first: str, since: list[str], until: list[str]
) -> None:
    """A night is an hour, or half of one, shorter or longer; its edges stay where they are on the wall."""
    end = f"{first[:6]}{int(first[6:8]) + 1:02}T080000"
    found = turns(f"SUMMARY:ana DTSTART:{first} DTEND:{end} RRULE:FREQ=DAILY;COUNT=2", zone=zone)
    assert ([each[1] for each in found], [each[2] for each in found]) == (since, until)


def test_a_time_that_is_skipped_or_repeated_is_read_as_the_standard_says() -> None:
    """RFC 5545, 3.3.5: the offset from before the gap, the first of the two."""
    assert turns("SUMMARY:ana DTSTART:20260329T023000 DURATION:PT1H") == [("ana", "03-29 01:30", "03-29 02:30")]
    assert turns("SUMMARY:ana DTSTART:20261025T023000 DURATION:PT1H") == [("ana", "10-25 00:30", "10-25 01:30")]


def test_repetitions_are_left_out_added_moved_and_cancelled() -> None:
    """EXDATE, RDATE, and RECURRENCE-ID by itself or with STATUS:CANCELLED."""
    rule = "UID:r SUMMARY:ana DTSTART;VALUE=DATE:20261102 RRULE:FREQ=WEEKLY;COUNT=5 EXDATE;VALUE=DATE:20261109"
    found = turns(
        f"{rule} RDATE;VALUE=DATE:20261203",
        "UID:r SUMMARY:ben RECURRENCE-ID;VALUE=DATE:20261116 DTSTART;VALUE=DATE:20261117",
        "UID:r SUMMARY:ana RECURRENCE-ID;VALUE=DATE:20261123 DTSTART;VALUE=DATE:20261123 STATUS:CANCELLED",
    )
    assert [(who, day[:5]) for who, day, _ in found] == [
        ("ana", "11-01"), ("ben", "11-16"), ("ana", "11-29"), ("ana", "12-02"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("until", "count"), [("20261123T070000Z", 4), ("20261123T065959Z", 3), ("20261123", 4), ("20261122", 3)]
)
def test_a_rule_ends_with_the_last_beginning_that_is_not_after_until(until: str, count: int) -> None:
    """The instant itself belongs to it; a date means the whole day."""
    rule = f"SUMMARY:ana DTSTART:20261102T080000 DURATION:PT1H RRULE:FREQ=WEEKLY;UNTIL={until}"
    assert len(turns(rule)) == count


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (("SUMMARY:eve DTSTART;VALUE=DATE:20261123",), "is nobody's turn: 'eve'"),
        (("DTSTART;VALUE=DATE:20261123",), "is nobody's turn"),
        (("SUMMARY:ana",), "has no DTSTART"),
        (("SUMMARY:ana DTSTART;TZID=Nowhere:20261123T080000 DURATION:PT1H",), "a zone that is not known"),
        (("SUMMARY:ana DTSTART:20261123T080000Z",), "has no end of the kind of its beginning"),
        (("SUMMARY:ana DTSTART:20261123T080000Z DTEND;VALUE=DATE:20261124",), "has no end of the kind"),
        (("SUMMARY:ana DTSTART:20261123T080000Z DTEND:20261123T080000Z",), "ends before it begins"),
        (("SUMMARY:ana DTSTART:20261123T080000Z DURATION:P367D",), "after more than 366 days"),
        (("SUMMARY:ana DTSTART:20261123T080000Z DURATION:PT1H RRULE:FREQ=HOURLY",), "a rule that is not read"),
        (("SUMMARY:ana DTSTART:20261123T080000Z DURATION:PT1H RRULE:FREQ=DAILY;BYHOUR=1",), "a rule that is not read"),
        (
            ("SUMMARY:ana DTSTART;VALUE=DATE:20261123 RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261123",),
            "changes every later repetition",
        ),
        (
            ("SUMMARY:ana DTSTART;VALUE=DATE:20261123 DURATION:P2D", "SUMMARY:ben DTSTART;VALUE=DATE:20261124"),
            "ana and ben both have a turn at 2026-11-23T23:00:00+00:00",
        ),
        (("SUMMARY:ana DTSTART;VALUE=DATE:20261123 RRULE:FREQ=DAILY DURATION:P2D",), "ana and ana both have a turn"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(events: tuple[str, ...], said: str) -> None:
    """And the line names the event, or both people."""
    with pytest.raises(ValueError, match="iCal") as caught:
        turns(*events)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_is_bounded() -> None:
    """In bytes and in turns; a rule that matches no day ends as well."""
    with pytest.raises(ValueError, match="bytes"):
        turns_of(b"x" * (ICAL_BYTES_MAX + 1), "UTC", PEOPLE.get)
    with pytest.raises(ValueError, match=f"more than {TURNS_MAX} turns"):
        turns(*(f"SUMMARY:ana DTSTART:20261123T0{hour}0000Z DURATION:PT1H RRULE:FREQ=DAILY" for hour in range(3)))
    assert turns("SUMMARY:ana DTSTART;VALUE=DATE:20261123 RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30") == []
    assert turns() == []


@given(days=st.integers(1, 400), every=st.integers(1, 3), zone=st.sampled_from(["UTC", "Australia/Lord_Howe"]))
def test_turns_of_whole_days_touch_on_every_day_of_the_year(days: int, every: int, zone: str) -> None:
    """Two people who take turns by two rules: no gap and no overlap in any night."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    events = [
        f"SUMMARY:{who} DTSTART;VALUE=DATE:{begin + timedelta(days=number * every):%Y%m%d} DURATION:P{every}D "
        f"RRULE:FREQ=DAILY;INTERVAL={2 * every};COUNT={days}"
        for number, who in enumerate(("ana", "ben"))
    ]
    found: tuple[Override, ...] = turns_of(calendar(*events), zone, PEOPLE.get)
    assert len(found) == 2 * days
    assert all(one.until == other.since and one.person != other.person for one, other in pairwise(found))
