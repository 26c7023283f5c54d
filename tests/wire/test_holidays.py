"""Countries and iCal files close whole days, once and for all when a policy is frozen."""

from datetime import UTC, date, datetime, timedelta

import pytest

from escalation.core.hours import ExceptionDay
from escalation.core.policy import Policy
from escalation.core.vocabulary import Channel
from escalation.wire.holidays_of import (
    CLOSED_DAYS_MAX,
    DAYS_OF_EVENT_MAX,
    EVENTS_MAX,
    ICAL_BYTES_MAX,
    country_days,
    ical_days,
)
from escalation.wire.policy import freeze
from escalation.wire.policy_file import WrittenHolidays
from escalation.wire.yaml_reader import FaultyFileError, read
from tests.wire.test_policy import GOOD

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTLES = {channel: timedelta(seconds=60) for channel in Channel}


def ical(*events: str) -> bytes:
    """A file with those events; each is the lines of one, separated by blanks."""
    parts = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN"]
    for event in events:
        parts += ["BEGIN:VEVENT", *event.split(" "), "END:VEVENT"]
    return "\r\n".join([*parts, "END:VCALENDAR", ""]).encode()


def closed(*events: str) -> list[str]:
    """The days that such a file closes."""
    return [day.day.isoformat() for day in ical_days(ical(*events), AT)]


def test_a_country_closes_its_public_holidays() -> None:
    """Named in the country's own language, whatever the machine speaks."""
    days = {day.day: day for day in country_days(WrittenHolidays(country="DE"), AT)}

    assert days[date(2026, 12, 25)] == ExceptionDay(date(2026, 12, 25), (), "Erster Weihnachtstag")
    assert {day.year for day in days} == set(range(2025, 2037))


def test_the_machines_language_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would ask the environment."""
    monkeypatch.setenv("LANGUAGE", "en_US")

    days = country_days(WrittenHolidays(country="DE", subdivision="BY"), AT)

    assert "Neujahr" in {day.label for day in days}


def test_a_country_that_is_known_for_some_years_only_warns_nobody() -> None:
    """A warning is an error here; on a worker it would be noise at every opening."""
    assert country_days(WrittenHolidays(country="IN"), AT)


@pytest.mark.parametrize(
    ("event", "days"),
    [
        ("DTSTART;VALUE=DATE:20261224", ["2026-12-24"]),
        ("DTSTART;VALUE=DATE:20261224 DTEND;VALUE=DATE:20261227", ["2026-12-24", "2026-12-25", "2026-12-26"]),
        ("DTSTART;VALUE=DATE:20261224 DURATION:P2D", ["2026-12-24", "2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261224 STATUS:CANCELLED", []),
        ("DTSTART:20261224T080000Z DTEND:20261224T100000Z", []),
        ("DTSTART:20261224T000000 DTEND:20261226T000000", ["2026-12-24", "2026-12-25"]),
        ("DTSTART;TZID=Europe/Berlin:20261224T000000 DURATION:P1D", ["2026-12-24"]),
        ("DTSTART:20261224T000000Z DTEND:20261224T120000Z", []),
        ("DTSTART:20261224T000000Z", []),
        ("DTSTART;VALUE=DATE:19990101", []),
        ("DTSTART;VALUE=DATE:20240704 RRULE:FREQ=YEARLY;COUNT=3", ["2025-07-04", "2026-07-04"]),
        ("DTSTART;VALUE=DATE:20240704 RRULE:FREQ=YEARLY;UNTIL=20260703", ["2025-07-04"]),
        ("DTSTART;VALUE=DATE:20240229 RRULE:FREQ=YEARLY", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        (
            "DTSTART;VALUE=DATE:20241231 DTEND;VALUE=DATE:20250102 RRULE:FREQ=YEARLY;COUNT=1",
            ["2025-01-01"],
        ),
    ],
)
def test_whole_days_of_an_ical_file_are_closed(event: str, days: list[str]) -> None:
    """The end is the day after the last; what begins or ends within a day, or was cancelled, closes nothing."""
    assert closed(event) == days


@pytest.mark.parametrize(
    ("zone", "event", "days"),
    [
        ("Europe/Berlin", "DTSTART:20261223T230000Z DTEND:20261225T230000Z", ["2026-12-24", "2026-12-25"]),
        ("Europe/Berlin", "DTSTART:20261223T230000Z DURATION:P1D", ["2026-12-24"]),
        ("Europe/Berlin", "DTSTART:20260328T230000Z DTEND:20260329T220000Z", ["2026-03-29"]),  # of 23 hours
        ("Australia/Lord_Howe", "DTSTART:20261003T133000Z DTEND:20261004T130000Z", ["2026-10-04"]),  # of 23:30
        ("Asia/Kathmandu", "DTSTART:20261018T181500Z DTEND:20261019T181500Z", ["2026-10-19"]),
        ("America/New_York", "DTSTART:20261223T230000Z DTEND:20261224T230000Z", []),  # 18:00 there
        ("Europe/Berlin", "DTSTART:20261224T000000Z DTEND:20261225T000000Z", ["2026-12-24"]),
        (
            "Europe/Berlin",
            "DTSTART:20251223T230000Z DTEND:20251224T230000Z RRULE:FREQ=YEARLY;UNTIL=20261223T230000Z",
            ["2025-12-24", "2026-12-24"],
        ),
    ],
)
def test_midnights_of_the_calendars_own_zone_are_whole_days(zone: str, event: str, days: list[str]) -> None:
    """As calendars write them that know times in UTC only, in nights that are shorter too."""
    assert [day.day.isoformat() for day in ical_days(ical(event), AT, zone)] == days


def test_a_repetition_that_is_moved_or_cancelled_closes_its_own_days() -> None:
    """Only that one of that event (RECURRENCE-ID), whole days or times."""
    rule = "UID:x DTSTART;VALUE=DATE:20251224 RRULE:FREQ=YEARLY;COUNT=3"
    moved = "UID:x RECURRENCE-ID;VALUE=DATE:20261224 DTSTART;VALUE=DATE:20261228"
    gone = "UID:x RECURRENCE-ID;VALUE=DATE:20271224 DTSTART;VALUE=DATE:20271224 STATUS:CANCELLED"
    other = moved.replace("UID:x", "UID:y")

    assert closed(rule, moved, gone) == ["2025-12-24", "2026-12-28"]
    assert closed(moved, rule) == ["2025-12-24", "2026-12-28", "2027-12-24"]
    assert closed(rule, other) == ["2025-12-24", "2026-12-24", "2026-12-28", "2027-12-24"]
    timed = "UID:x DTSTART:20251224T000000 DTEND:20251225T000000 RRULE:FREQ=YEARLY;COUNT=2"
    assert closed(timed, "UID:x RECURRENCE-ID:20261224T000000 DTSTART;VALUE=DATE:20261230") == [
        "2025-12-24", "2026-12-30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("SUMMARY:x", "event 1 of the iCal file has no DTSTART, or more than one; correct it"),
        ("DTSTART;VALUE=DATE:20261224 DTSTART;VALUE=DATE:20261225", "has no DTSTART, or more than one"),
        ("DTSTART;VALUE=DATE:2026", "event 1 of the iCal file has a value that cannot be read"),
        ("DTSTART;VALUE=DATE:20261224 DTEND;VALUE=DATE:20261220", "ends before it begins"),
        ("DTSTART;VALUE=DATE:20260101 DTEND;VALUE=DATE:20270103", f"after more than {DAYS_OF_EVENT_MAX} days"),
        ("DTSTART;VALUE=DATE:20261224 DTEND:20261225T100000Z", "has an end that is no day"),
        ("DTSTART;VALUE=DATE:20261224 RRULE:FREQ=WEEKLY", "repeats by more than a plain yearly rule"),
        ("DTSTART;VALUE=DATE:20261224 RRULE:FREQ=YEARLY;BYDAY=1MO", "repeats by more than a plain yearly rule"),
        ("DTSTART;VALUE=DATE:20261224 RRULE:FREQ=YEARLY;INTERVAL=0", "repeats by more than a plain yearly rule"),
        ("DTSTART;VALUE=DATE:20240229 RRULE:FREQ=YEARLY;COUNT=2", "repeats by more than a plain yearly rule"),
        ("DTSTART;VALUE=DATE:20261224 RDATE;VALUE=DATE:20261226", "repeats by more than a plain yearly rule"),
        ("DTSTART;VALUE=DATE:20261224 RECURRENCE-ID;VALUE=DATE:2026", "event 1 of the iCal file has a value"),
        ("DTSTART:20261332T000000Z", "event 1 of the iCal file has a value"),
        (
            "DTSTART;VALUE=DATE:20261224 RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261224",
            "event 1 of the iCal file changes every later repetition",
        ),
        ("DTSTART;VALUE=DATE:20261224 RRULE:FREQ=SOMETIMES", "repeats by more than a plain yearly rule"),
    ],
)
def test_an_event_that_may_be_misread_is_refused(event: str, said: str) -> None:
    """A day that is missed silently moves promises."""
    with pytest.raises(ValueError, match="iCal") as caught:
        closed(event)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [b"", b"\0", b"\xff\xfe", b"not a calendar", b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", b"BEGIN:VCALENDAR\r\n", ical() * 2],
)
def test_what_is_no_calendar_is_refused(source: bytes) -> None:
    """With a sentence, whatever the parser thinks of it."""
    with pytest.raises(ValueError, match="export it again"):
        ical_days(source, AT)


def test_a_file_within_a_file_closes_nothing() -> None:
    """However deep: only the calendar's own events are read."""
    deep = "BEGIN:VEVENT\r\n" * 5000 + "DTSTART;VALUE=DATE:20261224\r\n" + "END:VEVENT\r\n" * 5000
    source = ical("DTSTART;VALUE=DATE:20261226").replace(b"END:VEVENT\r\n", deep.encode() + b"END:VEVENT\r\n", 1)

    assert [day.day for day in ical_days(source, AT)] == [date(2026, 12, 26)]


def test_a_file_is_read_up_to_its_bounds() -> None:
    """Bytes, events and days; at each bound it is read, and one more is refused."""
    one = "DTSTART;VALUE=DATE:20261224"
    year = "DTSTART;VALUE=DATE:{}0101 DTEND;VALUE=DATE:{}1231"
    longer = [year.format(y, y) for y in (2025, 2026)]  # 364 days each
    rest = CLOSED_DAYS_MAX - 2 * 364

    def until(days: int) -> str:
        return f"DTSTART;VALUE=DATE:20270101 DTEND;VALUE=DATE:{date(2027, 1, 1) + timedelta(days=days):%Y%m%d}"

    assert len(closed(*[one] * EVENTS_MAX)) == 1
    assert len(closed(*longer, until(rest))) == CLOSED_DAYS_MAX
    for wrong, said in (
        ([one] * (EVENTS_MAX + 1), "has more than 2000 events"),
        ([*longer, until(rest + 1)], "closes more than 1000 days"),
    ):
        with pytest.raises(ValueError, match=said):
            closed(*wrong)
    with pytest.raises(ValueError, match="has 262145 bytes, at most 262144 are read; shorten it"):
        ical_days(b"x" * (ICAL_BYTES_MAX + 1), AT)


def with_ical(files: dict[str, bytes]) -> Policy:
    """The good policy with a feed beside it."""
    source = GOOD.replace("    zone: Europe/Berlin\n", "    zone: Europe/Berlin\n    ical: days/de.ics\n")

    def beside(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[path]

    return freeze(read(source.encode()), AT, SETTLES, beside)


def test_a_policys_digest_covers_the_files_that_it_names() -> None:
    """Pinned is what was read: another feed is another policy, although not one letter of the agreement changed."""
    first = with_ical({"days/de.ics": ical("DTSTART;VALUE=DATE:20261230 SUMMARY:Inventory")})
    second = with_ical({"days/de.ics": ical("DTSTART;VALUE=DATE:20261231 SUMMARY:Inventory")})
    again = with_ical({"days/de.ics": ical("DTSTART;VALUE=DATE:20261230 SUMMARY:Inventory")})

    calendar = first.calendar("office")
    assert calendar is not None
    assert calendar.exception_on(date(2026, 12, 30)) == ExceptionDay(date(2026, 12, 30), (), "Inventory")
    assert calendar.exception_on(date(2026, 12, 25)) == ExceptionDay(date(2026, 12, 25), (), "Christmas Day")
    assert first == again
    assert len({first.digest, second.digest, read(GOOD.encode()).digest}) == 3


def test_a_feed_that_is_missing_is_a_fault_of_the_policy() -> None:
    """With its path and line."""
    with pytest.raises(FaultyFileError) as caught:
        with_ical({})

    assert str(caught.value) == (
        "calendars.office.ical (line 44): 'days/de.ics' cannot be read (No such file or directory);"
        " put it beside the policy"
    )
