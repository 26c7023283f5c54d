"""Turns of an on-call schedule from an iCal file (RFC 5545): each event is somebody's turn.

Whose it is, an ATTENDEE's address says, or the SUMMARY: a person's id, name, alias or address. Whole days run from
midnight to midnight in the schedule's zone, and so do floating times. Repetitions follow the wall clock of the event's
own zone. A local time that a clock change skips is read with the offset from before it, one that it repeats is the
first (3.3.5).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from escalation.core.hours import DAY
from escalation.core.schedules import Override
from escalation.wire.holidays_of import EVENTS_MAX, ICAL_BYTES_MAX, events_in, library
from escalation.wire.quoting import shown

TURNS_MAX = 20_000
"""Of one file, all repetitions together."""
YEARS_AHEAD = 20
"""An endless rule is followed until so long after the file's last beginning."""
TURN_MAX = 366 * DAY

_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_RULES = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO",
     "BYSETPOS"}
)  # fmt: skip
Whose = Callable[[str], str | None]
"""The person of that id, name, alias or mail address."""


class _WrongEvent(ValueError):
    """What is wrong with an event, as the end of a sentence about it."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One VEVENT. `begin` is a wall time in `zone`; `stretch` is counted by the wall, or `exact`."""

    uid: str
    begin: datetime
    zone: tzinfo
    stretch: timedelta
    exact: bool
    person: str | None  # None: it is cancelled
    replaces: datetime | None  # the wall time of the repetition that it stands for, in its own zone
    event: Mapping[str, Any]

    def turn(self, begin: datetime) -> tuple[datetime, datetime]:
        """The instants (UTC) of the turn that begins at that wall time."""
        since = _instant(begin, self.zone)
        return since, since + self.stretch if self.exact else _instant(begin + self.stretch, self.zone)


def turns_of(source: bytes, zone: str, whose: Whose) -> tuple[Override, ...]:
    """Every turn, in order, none over another. Raises ValueError with a sentence."""
    if len(source) > ICAL_BYTES_MAX:
        raise ValueError(f"the iCal file has {len(source)} bytes, at most {ICAL_BYTES_MAX} are read; shorten it")
    parts: list[_Part] = []
    for number, event in enumerate(events_in(source), start=1):
        if number > EVENTS_MAX:
            raise ValueError(f"the iCal file has more than {EVENTS_MAX} events; shorten it")
        parts.append(_read(number, lambda event=event: _part(event, ZoneInfo(zone), whose)))  # type: ignore[misc]
    if not parts:
        return ()
    horizon = max(part.begin for part in parts) + YEARS_AHEAD * 366 * DAY
    moved = {(part.uid, _instant(part.replaces, part.zone)) for part in parts if part.replaces is not None}
    turns: list[Override] = []
    for number, part in enumerate(parts, start=1):
        if part.person is None:
            continue
        for begin in _read(number, lambda part=part: _beginnings(part, horizon)):  # type: ignore[misc]
            since, until = part.turn(begin)
            if part.replaces is None and (part.uid, since) in moved:
                continue
            turns.append(Override(since, until, part.person, "calendar file"))
        if len(turns) > TURNS_MAX:
            raise ValueError(f"the iCal file has more than {TURNS_MAX} turns; end its rules earlier")
    return _in_order(turns)


def _in_order(turns: list[Override]) -> tuple[Override, ...]:
    turns.sort(key=lambda turn: (turn.since, turn.until))
    for one, other in pairwise(turns):
        if other.since < one.until:
            raise ValueError(
                f"{one.person} and {other.person} both have a turn at {other.since.isoformat()} in the iCal file;"
                " end one where the other begins"
            )
    return tuple(turns)


def _read(number: int, reading: Callable[[], Any]) -> Any:  # noqa: ANN401  # whatever is read
    try:
        return reading()
    except _WrongEvent as wrong:
        raise ValueError(f"event {number} of the iCal file {wrong}") from None
    # A property that the parser could not read raises when it is looked at.
    except Exception:  # noqa: BLE001
        raise ValueError(f"event {number} of the iCal file has a value that cannot be read; correct it") from None


def _part(event: Mapping[str, Any], home: tzinfo, whose: Whose) -> _Part:
    start = getattr(event.get("DTSTART"), "dt", None)
    if not isinstance(start, date):
        raise _WrongEvent("has no DTSTART, or more than one; correct it")
    for key in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        written = event.get(key)
        if written is not None and "TZID" in written.params and getattr(written.dt, "tzinfo", None) is None:
            raise _WrongEvent(f"is in a zone that is not known ({shown(str(written.params['TZID']))}); correct {key}")
    begin, zone = _wall(start, home)
    stretch, exact = _stretch(event, start, home)
    if not timedelta(0) < stretch <= TURN_MAX:
        raise _WrongEvent(f"ends before it begins, or after more than {TURN_MAX.days} days; correct it")
    replaces = event.get("RECURRENCE-ID")
    if replaces is not None and "RANGE" in replaces.params:
        raise _WrongEvent("changes every later repetition (RANGE); write a rule of its own from there on")
    cancelled = str(event.get("STATUS") or "").upper() == "CANCELLED"
    stands_for = None if replaces is None else _at(replaces.dt, zone, home)
    person = None if cancelled else _person(event, whose)
    return _Part(str(event.get("UID") or ""), begin, zone, stretch, exact, person, stands_for, event)


def _person(event: Mapping[str, Any], whose: Whose) -> str:
    listed = event.get("ATTENDEE") or []
    attendees = [str(each) for each in (listed if isinstance(listed, list) else [listed])]
    known = {whose(each.lower().removeprefix("mailto:")) for each in attendees} - {None}
    if len(known) == 1:
        return str(known.pop())
    summary = str(event.get("SUMMARY") or "").strip()
    found = whose(summary) if summary else None
    if found is None:
        raise _WrongEvent(
            f"is nobody's turn: {shown(summary)} is no person's id, name, alias or address, and no single ATTENDEE is"
            " known; correct one of them"
        )
    return found


def _stretch(event: Mapping[str, Any], start: date, home: tzinfo) -> tuple[timedelta, bool]:
    """How long, and whether that is counted by the clock on the wall or in elapsed time."""
    end, duration = getattr(event.get("DTEND"), "dt", None), getattr(event.get("DURATION"), "dt", None)
    begin, zone = _wall(start, home)
    if isinstance(end, date) and isinstance(end, datetime) == isinstance(start, datetime):
        last, other = _wall(end, home)
        if str(other) == str(zone):
            return last - begin, False
        return _instant(last, other) - _instant(begin, zone), True
    if isinstance(duration, timedelta):
        return duration, bool(duration % DAY)
    if isinstance(start, datetime) or "DTEND" in event or "DURATION" in event:
        raise _WrongEvent("has no end of the kind of its beginning; write DTEND or DURATION")
    return DAY, False


def _beginnings(part: _Part, horizon: datetime) -> Iterator[datetime]:
    """The wall times at which it begins, in order."""
    rule, event = part.event.get("RRULE"), part.event
    if part.replaces is not None or (rule is None and not any(key in event for key in ("RDATE", "EXDATE"))):
        return iter((part.begin,))
    gone = {_at(each, part.zone, part.zone) for each in _dates(event, "EXDATE")}
    more = {_at(each, part.zone, part.zone) for each in _dates(event, "RDATE")}
    ruled = {part.begin} if rule is None else set(_ruled(rule, part, horizon))
    return iter(sorted((ruled | more) - gone))


def _ruled(rule: Any, part: _Part, horizon: datetime) -> Iterator[datetime]:  # noqa: ANN401  # untyped library
    if not isinstance(rule, Mapping) or not set(rule) <= _RULES or set(rule["FREQ"]) - _FREQUENCIES:
        known = ", ".join(sorted(_FREQUENCIES))
        raise _WrongEvent(f"repeats by a rule that is not read; write one rule of {known}, without hours or minutes")
    rules = library("dateutil.rrule")
    wanted = {key: value for key, value in rule.items() if key not in {"COUNT", "UNTIL"}}
    count, until = (rule.get(key, [None])[0] for key in ("COUNT", "UNTIL"))
    text = library("icalendar").vRecur(wanted).to_ical().decode()
    # The end is always given, also to a rule that counts: one that matches no day would be looked for until 9999.
    last = horizon if until is None else min(horizon, _until(until, part.zone))
    found = rules.rrulestr(f"{text};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=part.begin)
    return islice(found, TURNS_MAX + 1 if count is None else min(count, TURNS_MAX + 1))


def _until(written: date, zone: tzinfo) -> datetime:
    if isinstance(written, datetime):
        return _at(written, zone, zone)
    return datetime.combine(written, time.max)


def _dates(event: Mapping[str, Any], key: str) -> Iterator[date]:
    listed = event.get(key, [])
    for one in listed if isinstance(listed, list) else [listed]:
        for each in one.dts:
            if not isinstance(each.dt, date):
                raise _WrongEvent(f"has {key} with a period; write dates or times")
            yield each.dt


def _wall(written: date, home: tzinfo) -> tuple[datetime, tzinfo]:
    """A wall time without a zone, and the zone it is in."""
    if not isinstance(written, datetime):
        return datetime.combine(written, time()), home
    return written.replace(tzinfo=None), written.tzinfo or home


def _at(written: date, zone: tzinfo, home: tzinfo) -> datetime:
    """The wall time in `zone`, wherever it was written."""
    wall, own = _wall(written, home if isinstance(written, datetime) else zone)
    return wall if str(own) == str(zone) else _instant(wall, own).astimezone(zone).replace(tzinfo=None)


def _instant(wall: datetime, zone: tzinfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)
