"""The days on which a calendar is closed besides its week: a country's holidays, and an iCal file's whole days.

Both become plain dates when a policy is frozen, from the year before until `YEARS_AHEAD` years after, so that neither
library, nor a file that changes later, moves a promise. The libraries are imported when a policy asks for them.
"""

import importlib
import threading
import warnings
from calendar import isleap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from escalation.core.hours import DAY, ExceptionDay
from escalation.wire.policy_file import WrittenHolidays
from escalation.wire.quoting import shown
from escalation.wire.written_words import LABEL_CHARS_MAX

if TYPE_CHECKING:
    from types import ModuleType

YEARS_BEFORE = 1
YEARS_AHEAD = 10
ICAL_BYTES_MAX = 256 * 1024
EVENTS_MAX = 2000
CLOSED_DAYS_MAX = 1000
DAYS_OF_EVENT_MAX = 366

T = TypeVar("T")
_LEAP_DAY = (2, 29)

# The warnings filter belongs to the whole interpreter, so only one thread at a time may put another in its place.
_ONE_AT_A_TIME = threading.Lock()
# What a yearly rule may say; anything else would close days that nobody has checked.
_YEARLY = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY"})


def years_around(at: datetime) -> range:
    """The years for which closed days are resolved."""
    return range(at.year - YEARS_BEFORE, at.year + YEARS_AHEAD + 1)


def country_days(written: WrittenHolidays, at: datetime) -> tuple[ExceptionDay, ...]:
    """The public holidays around `at`, by date. Raises ValueError with a sentence."""
    return _country_days(written, years_around(at))


@lru_cache(maxsize=64)
def _country_days(written: WrittenHolidays, years: range) -> tuple[ExceptionDay, ...]:
    holidays = library("holidays")
    if written.country not in set(library("holidays.registry").EntityLoader.get_country_codes(include_aliases=True)):
        raise ValueError(f'the country {shown(written.country)} is not known; write a code such as "DE" or "NO"')
    entity = getattr(holidays, written.country)
    for what, given, choices in (
        ("subdivision", (written.subdivision,), entity.subdivisions),
        ("category", written.categories, entity.supported_categories),
        ("language", (written.language,), entity.supported_languages),
    ):
        for one in given:
            if one is not None and one not in choices:
                there = f"write one of {', '.join(sorted(choices))}" if choices else "leave it out"
                raise ValueError(f"{written.country} has no {what} {shown(one)}; {there}")
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # Some countries warn that they are known up to some year only. Later years then have fewer closed days.
        warnings.simplefilter("ignore")
        found = holidays.country_holidays(
            written.country,
            subdiv=written.subdivision,
            categories=written.categories or None,
            # Left out, the library would ask the machine's locale.
            language=written.language or entity.default_language,
            years=years,
        )
    # An observed holiday of the first or last year may lie in the year beside it.
    return tuple(ExceptionDay(day, (), _label(name)) for day, name in sorted(found.items()) if day.year in years)


def ical_days(source: bytes, at: datetime, zone: str = "UTC") -> tuple[ExceptionDay, ...]:
    """The days around `at` that the whole-day events of an iCal file cover, by date. Raises ValueError with a sentence.

    Events that begin or end in the middle of a day close nothing, and cancelled ones neither. Times in UTC that are
    midnights in `zone`, the calendar's own, are whole days too. A repetition that another event stands for
    (RECURRENCE-ID) is that event. Of the rules of repetition only the plain yearly one is
    understood; any other is refused, because a day that is missed silently moves promises.
    """
    if len(source) > ICAL_BYTES_MAX:
        raise ValueError(f"the iCal file has {len(source)} bytes, at most {ICAL_BYTES_MAX} are read; shorten it")
    return _ical_days(source, years_around(at), zone)


@lru_cache(maxsize=8)
def _ical_days(source: bytes, years: range, zone: str) -> tuple[ExceptionDay, ...]:
    closed: dict[date, str] = {}
    home = ZoneInfo(zone)
    found = list(islice(events_in(source), EVENTS_MAX + 1))
    if len(found) > EVENTS_MAX:
        raise ValueError(f"the iCal file has more than {EVENTS_MAX} events; shorten it")
    events = [_read(number, partial(_at_home, event, home)) for number, event in enumerate(found, start=1)]
    moved = frozenset(key for n, event in enumerate(events, start=1) for key in _read(n, partial(_replaced, event)))
    for number, event in enumerate(events, start=1):
        days, label = _read(number, partial(_labelled_days, event, years, moved))
        closed.update((day, _label(label)) for day in days if day not in closed)
        if len(closed) > CLOSED_DAYS_MAX:
            raise ValueError(f"the iCal file closes more than {CLOSED_DAYS_MAX} days; shorten it")
    return tuple(ExceptionDay(day, (), label) for day, label in sorted(closed.items()))


class _WrongEvent(ValueError):
    """What is wrong with an event, as the end of a sentence about it."""


@dataclass(frozen=True, slots=True)
class _Wall:
    """A time of an event, as its library has them: the instant in another zone."""

    dt: datetime
    params: Mapping[str, Any]


def _read(number: int, reading: Callable[[], T]) -> T:
    try:
        return reading()
    except _WrongEvent as wrong:
        raise ValueError(f"event {number} of the iCal file {wrong}") from None
    # As in `events_in`: a property that the parser could not read raises when it is looked at.
    except Exception:  # noqa: BLE001
        raise ValueError(f"event {number} of the iCal file has a value that cannot be read; correct it") from None


def library(name: str) -> "ModuleType":
    """A package that is imported when a file asks for it. Raises ValueError with a sentence when it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ValueError(f"this needs the package `{name}`, which is not installed here; install it") from None


def _label(text: str) -> str:
    line = "".join(char if char.isprintable() else " " for char in text).strip() or "closed"
    return line if len(line) <= LABEL_CHARS_MAX else line[: LABEL_CHARS_MAX - 1] + "…"


def events_in(source: bytes) -> Iterator[Any]:
    """The events of the file's one calendar. What stands inside other parts of it is no event."""
    calendars = library("icalendar").Calendar
    try:
        calendar = calendars.from_ical(source)
    # The parser of a foreign format meets bytes from anywhere, and promises no list of its errors.
    except Exception as error:  # noqa: BLE001
        raise ValueError(f"the file is no iCal: {shown(str(error))}; export it again") from None
    if getattr(calendar, "name", None) != "VCALENDAR":
        raise ValueError("the file holds no VCALENDAR; export it again")
    return (part for part in calendar.subcomponents if part.name == "VEVENT")


def _replaced(event: Mapping[str, Any]) -> tuple[tuple[str, date], ...]:
    """The repetition, by its event and day, that this one stands for or cancels (RFC 5545, 3.8.4.4), if it does."""
    replaced = event.get("RECURRENCE-ID")
    if replaced is None:
        return ()
    day = getattr(replaced, "dt", None)
    if not isinstance(day, date) or "RANGE" in replaced.params:
        raise _WrongEvent("changes every later repetition, or none that can be read; write its days one by one")
    return ((str(event.get("UID") or ""), _day(day)),)


def _labelled_days(
    event: Mapping[str, Any], years: range, moved: frozenset[tuple[str, date]]
) -> tuple[list[date], str]:
    return list(_days_of(event, years, moved)), str(event.get("SUMMARY") or "")


def _day(written: date) -> date:
    return written.date() if isinstance(written, datetime) else written


def _at_home(event: Mapping[str, Any], home: ZoneInfo) -> Mapping[str, Any]:
    """The event with its times in UTC as the wall's at home, if it begins at a midnight there."""
    start = getattr(event.get("DTSTART"), "dt", None)
    if not isinstance(start, datetime) or str(start.tzinfo) != "UTC" or start.astimezone(home).time() != time():
        return event
    moved = dict(event)
    for key in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        written = event.get(key)
        if written is not None and _in_utc(getattr(written, "dt", None)):
            moved[key] = _Wall(written.dt.astimezone(home), written.params)
    rule = event.get("RRULE")
    if isinstance(rule, Mapping):
        moved["RRULE"] = {
            key: [each.astimezone(home) if _in_utc(each) else each for each in values] for key, values in rule.items()
        }
    return moved


def _in_utc(value: object) -> bool:
    return isinstance(value, datetime) and str(value.tzinfo) == "UTC"


def _midnights(event: Mapping[str, Any], start: datetime) -> bool:
    """Whether it begins and ends at midnight of its own zone: whole days, as some calendars write them."""
    end, duration = getattr(event.get("DTEND"), "dt", None), getattr(event.get("DURATION"), "dt", None)
    if not isinstance(end, datetime):
        end = start + duration if isinstance(duration, timedelta) and not duration % DAY else start
    return start.time() == end.time() == time() and end.date() > start.date()


def _days_of(event: Mapping[str, Any], years: range, moved: frozenset[tuple[str, date]]) -> Iterator[date]:
    start = getattr(event.get("DTSTART"), "dt", None)
    if not isinstance(start, date):
        raise _WrongEvent("has no DTSTART, or more than one; correct it")
    if str(event.get("STATUS") or "").upper() == "CANCELLED":
        return
    if isinstance(start, datetime):
        if not _midnights(event, start):
            return
        start = start.date()
    length = _length_of(event, start)
    first, last = date(years[0], 1, 1), date(years[-1], 12, 31)
    uid, stands_in = str(event.get("UID") or ""), "RECURRENCE-ID" in event
    for begin in _beginnings(event, start, years):
        if not stands_in and (uid, begin) in moved:
            continue
        day, end = max(begin, first), min(begin + length, last + DAY)
        while day < end:
            yield day
            day += DAY


def _length_of(event: Mapping[str, Any], start: date) -> timedelta:
    """From DTEND (the day after the last) or DURATION; one day when neither is there (RFC 5545, 3.6.1)."""
    end, duration = getattr(event.get("DTEND"), "dt", None), getattr(event.get("DURATION"), "dt", None)
    timed = isinstance(getattr(event.get("DTSTART"), "dt", None), datetime)
    if isinstance(end, date) and isinstance(end, datetime) == timed:
        length = _day(end) - start
    elif isinstance(duration, timedelta):
        length = timedelta(days=duration.days)
    elif "DTEND" in event or "DURATION" in event:
        raise _WrongEvent("has an end that is no day; correct it")
    else:
        length = DAY
    if not timedelta(0) <= length <= DAYS_OF_EVENT_MAX * DAY:
        raise _WrongEvent(f"ends before it begins, or after more than {DAYS_OF_EVENT_MAX} days; correct it")
    return max(length, DAY)


def _beginnings(event: Mapping[str, Any], start: date, years: range) -> Iterator[date]:
    rule = event.get("RRULE")
    if rule is None and not any(key in event for key in ("RDATE", "EXDATE")):
        yield start
        return
    if rule is None or not _is_plainly_yearly(event, start):
        raise _WrongEvent("repeats by more than a plain yearly rule; write its days one by one")
    interval, count = rule.get("INTERVAL", [1])[0], rule.get("COUNT", [None])[0]
    until = rule.get("UNTIL", [None])[0]
    until = until.date() if isinstance(until, datetime) else until
    for year in range(years[0] - 1, years[-1] + 1):  # one that began in December may run into the first year
        passed = year - start.year
        if passed < 0 or passed % interval or (count is not None and passed // interval >= count):
            continue
        if (start.month, start.day) == _LEAP_DAY and not isleap(year):
            continue
        begin = start.replace(year=year)
        if until is None or begin <= until:
            yield begin


def _is_plainly_yearly(event: Mapping[str, Any], start: date) -> bool:
    rule = event.get("RRULE")
    if not isinstance(rule, Mapping) or any(key in event for key in ("RDATE", "EXDATE")):
        return False
    numbers = [rule[key] for key in ("INTERVAL", "COUNT") if key in rule]
    until = rule.get("UNTIL", [None])
    return (
        set(rule) <= _YEARLY
        and rule.get("FREQ") == ["YEARLY"]
        and rule.get("BYMONTH", [start.month]) == [start.month]
        and rule.get("BYMONTHDAY", [start.day]) == [start.day]
        and all(len(found) == 1 and isinstance(found[0], int) and found[0] > 0 for found in numbers)
        and len(until) == 1
        and isinstance(until[0], date | None)
        and ((start.month, start.day) != _LEAP_DAY or "COUNT" not in rule)  # would count leap years only
    )
