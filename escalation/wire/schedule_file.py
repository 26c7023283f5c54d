"""On-call schedules as a file writes them, what is wrong with them, and how they freeze."""

import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator

from escalation.core.hours import DAY, WEEK, Calendar, ExceptionDay, Window
from escalation.core.schedules import PERIOD_MIN, Absence, Layer, Override, Rotation, Schedule
from escalation.wire.quoting import shown
from escalation.wire.written_words import Day, Label, Name, Opening, Written, distinct
from escalation.wire.yaml_reader import Path
from escalation.wire.zones import overlaps, shifts, zone

LAYERS_MAX = 10
PEOPLE_MAX = 100
WINDOWS_MAX = 14
OVERRIDES_MAX = 200
SWAPS_MAX = 100
HOLIDAYS_MAX = 400
PERIOD_MAX = 366 * DAY

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS: dict[str, tuple[int, ...]] = {
    **{name: (number,) for number, name in enumerate(WEEKDAYS)},
    "weekdays": (0, 1, 2, 3, 4),
    "weekends": (5, 6),
    "holidays": (),
}
_UNITS = {"hour": timedelta(hours=1), "day": DAY, "week": WEEK}
_PERIOD = re.compile(r"([0-9]{1,4}) (hour|day|week)s?")
_CALENDAR_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,115}\.ics")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _instant(written: object) -> datetime:
    try:
        instant = datetime.fromisoformat(written if isinstance(written, str) else "")
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError(f'{written!r} is no instant; write date, time and offset such as "2026-12-24T08:00:00+01:00"')
    return instant


def _period(written: object) -> timedelta | None:
    named = {"daily": DAY, "weekly": WEEK, "monthly": None}
    if isinstance(written, str) and written in named:
        return named[written]
    match = _PERIOD.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise ValueError(
            f'{shown(written)} is no turn; write daily, weekly, monthly, or such as "12 hours", "3 days", "2 weeks"'
        )
    period = int(match[1]) * _UNITS[match[2]]
    if not PERIOD_MIN <= period <= PERIOD_MAX:
        raise ValueError(f'{shown(written)} is no turn; it lasts "1 hour" to "{PERIOD_MAX.days} days"')
    return period


def _time(written: object) -> time:
    if not isinstance(written, str) or _TIME.fullmatch(written) is None:
        raise ValueError(f'{shown(written)} is no time of day; write "00:00" to "23:59", in quotes')
    return time.fromisoformat(written)


def _day_of_turn(written: object) -> int | str:
    last = 31
    if (isinstance(written, str) and written in WEEKDAYS) or (type(written) is int and 1 <= written <= last):
        return written
    raise ValueError(f"{shown(written)} is no day; write a weekday such as monday, or a day of the month, 1 to {last}")


def _zone(written: str) -> str:
    zone(written)
    return written


def _calendar_file(written: str) -> str:
    """A file in the directory's own folder, so that a directory reads nothing that does not belong to it."""
    if _CALENDAR_FILE.fullmatch(written) is None:
        raise ValueError(f'{shown(written)} is no iCal file beside the directory; write its name, such as "bridge.ics"')
    return written


Instant = Annotated[datetime, PlainValidator(_instant)]
Zone = Annotated[str, AfterValidator(_zone)]


class WrittenWindow(Written):
    """Hours on some days of the week. On a holiday only the windows for holidays count."""

    days: Annotated[
        tuple[
            Literal[
                "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                "weekdays", "weekends", "holidays",
            ], ...
        ],
        Field(min_length=1, max_length=len(_DAYS)),
    ]  # fmt: skip
    hours: Opening


class WrittenLayer(Written):
    """A rotation: `day` only repeats, in words, what `start` says, so that a mistake in either is seen."""

    name: Label
    people: Annotated[tuple[Name, ...], Field(min_length=1, max_length=PEOPLE_MAX), distinct("person")]
    every: Annotated[timedelta | None, PlainValidator(_period)]
    start: Day
    hand_over: Annotated[time, PlainValidator(_time)]
    day: Annotated[int | str | None, PlainValidator(_day_of_turn)] = None
    zone: Zone | None = None
    windows: Annotated[tuple[WrittenWindow, ...], Field(max_length=WINDOWS_MAX)] = ()


class WrittenTurn(Written):
    since: Instant
    until: Instant
    who: Name


class WrittenOverride(WrittenTurn):
    why: Label


class WrittenSwap(Written):
    """Two overrides that belong together: each takes a turn of the other's."""

    one: WrittenTurn
    other: WrittenTurn
    why: Label


class WrittenHoliday(Written):
    day: Day
    label: Label


class WrittenSchedule(Written):
    """Whose turn it is: by layers, or by the events of a calendar file that lies beside the directory."""

    zone: Zone
    layers: Annotated[tuple[WrittenLayer, ...], Field(max_length=LAYERS_MAX)] = ()
    ical: Annotated[str, AfterValidator(_calendar_file)] | None = None
    overrides: Annotated[tuple[WrittenOverride, ...], Field(max_length=OVERRIDES_MAX)] = ()
    swaps: Annotated[tuple[WrittenSwap, ...], Field(max_length=SWAPS_MAX)] = ()
    holidays: Annotated[tuple[WrittenHoliday, ...], Field(max_length=HOLIDAYS_MAX)] = ()


def contradictions(written: WrittenSchedule, people: Collection[str]) -> Iterator[tuple[Path, str]]:
    """What cannot be meant, with its path inside the schedule; `people` are those whom the directory knows."""
    names: set[str] = set()
    if bool(written.layers) == (written.ical is not None):
        yield ("layers",), "a schedule has either layers or a calendar file (`ical`); write one of the two"
    for number, layer in enumerate(written.layers):
        path: Path = ("layers", number)
        if layer.name in names:
            yield (*path, "name"), f"another layer is called {layer.name!r}; the log could not tell them apart"
        names.add(layer.name)
        for place, person in enumerate(layer.people):
            yield from _unknown((*path, "people", place), person, people)
        yield from (((*path, *where), what) for where, what in _of_layer(layer))
    yield from _of_overrides(written, people)
    days: set[date] = set()
    for number, holiday in enumerate(written.holidays):
        if holiday.day in days:
            yield ("holidays", number, "day"), f"{holiday.day} is a holiday already; keep one of them"
        days.add(holiday.day)


def freeze(
    name: str,
    written: WrittenSchedule,
    away: Mapping[str, Iterable[Absence]],
    at: datetime,
    turns: Iterable[Override] = (),
) -> Schedule:
    """The schedule with its zones' rules as instants, for questions from a year before `at` to 20 years after it.

    `turns` are those of its calendar file, in order; what the directory itself overrides goes before them.
    """
    own = sorted((override for _, override in _overrides(written)), key=lambda override: override.since)
    overrides = sorted((*own, *_beside(turns, own)), key=lambda override: override.since)
    names = {*(person for layer in written.layers for person in layer.people), *(each.person for each in overrides)}
    return Schedule(
        name,
        written.zone,
        tuple(_layer(written, layer, at) for layer in written.layers),
        tuple(overrides),
        {person: tuple(away.get(person, ())) for person in sorted(names)},
    )


# --- inside ----------------------------------------------------------------------------------------------------------


def _layer(written: WrittenSchedule, layer: WrittenLayer, at: datetime) -> Layer:
    local = layer.zone or written.zone
    known = shifts(local, at)
    day = layer.day if isinstance(layer.day, int) else layer.start.day
    rotation = Rotation(datetime.combine(layer.start, layer.hand_over, UTC), layer.every, day)
    hours = None
    if layer.windows:
        on_holidays = _windows(each for each in layer.windows if "holidays" in each.days)
        closed = {each.day: ExceptionDay(each.day, on_holidays, each.label) for each in written.holidays}
        hours = Calendar(layer.name, local, _week(layer), known, tuple(closed[day] for day in sorted(closed)))
    return Layer(layer.name, layer.people, rotation, known, hours)


def _week(layer: WrittenLayer) -> tuple[tuple[Window, ...], ...]:
    return tuple(
        _windows(each for each in layer.windows for name in each.days if number in _DAYS[name])
        for number in range(len(WEEKDAYS))
    )


def _windows(written: Iterable[WrittenWindow]) -> tuple[Window, ...]:
    return tuple(sorted((each.hours for each in written), key=lambda window: (window.start, window.end)))


def _overrides(written: WrittenSchedule) -> Iterator[tuple[Path, Override]]:
    for number, each in enumerate(written.overrides):
        yield ("overrides", number), _override(each, f"override: {each.why}")
    for number, swap in enumerate(written.swaps):
        yield ("swaps", number, "one"), _override(swap.one, f"swap: {swap.why}")
        yield ("swaps", number, "other"), _override(swap.other, f"swap: {swap.why}")


def _beside(turns: Iterable[Override], own: Sequence[Override]) -> Iterator[Override]:
    """What is left of each turn where no override stands in; both are in order and neither overlaps itself."""
    first = 0
    for turn in turns:
        while first < len(own) and own[first].until <= turn.since:
            first += 1
        since = turn.since
        for override in takewhile(lambda each: each.since < turn.until, own[first:]):  # noqa: B023  # used at once
            if since < override.since:
                yield replace(turn, since=since, until=override.since)
            since = max(since, override.until)
        if since < turn.until:
            yield replace(turn, since=since)


def _override(turn: WrittenTurn, why: str) -> Override:
    return Override(turn.since.astimezone(UTC), turn.until.astimezone(UTC), turn.who, why)


def _unknown(path: Path, person: str, people: Collection[str]) -> Iterator[tuple[Path, str]]:
    if person not in people:
        yield path, f"no person is called {person!r}; add them, or name somebody known"


def _of_layer(layer: WrittenLayer) -> Iterator[tuple[Path, str]]:
    weekday = WEEKDAYS[layer.start.weekday()]
    if isinstance(layer.day, str):
        if layer.every is None or layer.every % WEEK:
            yield ("day",), f"only turns of weeks keep to a weekday; write `every: weekly`, or leave {layer.day} out"
        elif layer.day != weekday:
            yield ("start",), f"{layer.start} is a {weekday}, and hand-overs are on {layer.day}; correct one of them"
    elif layer.day is not None:
        first = min(layer.day, monthrange(layer.start.year, layer.start.month)[1])
        if layer.every is not None:
            yield (
                ("day",),
                f"only monthly turns keep to a day of the month; write `every: monthly`, or remove {layer.day}",
            )
        elif layer.start.day != first:
            yield ("start",), f"the first hand-over of that month is on its day {first}; correct `start` or `day`"
    found = next(overlaps(_week(layer)), None)
    if found is not None:
        yield ("windows",), f"two windows overlap on {WEEKDAYS[found[0]]}; let one begin where the other ends"


def _of_overrides(written: WrittenSchedule, people: Collection[str]) -> Iterator[tuple[Path, str]]:
    placed = list(_overrides(written))
    for path, override in placed:
        yield from _unknown((*path, "who"), override.person, people)
        if override.until <= override.since:
            yield (*path, "until"), "it ends before it begins; put the two in order"
    ordered = sorted(placed, key=lambda each: (each[1].since, each[1].until))
    latest: Override | None = None
    for path, override in ordered:
        if latest is not None and override.since < latest.until:
            yield (*path, "since"), f"{latest.person} stands in until {latest.until.isoformat()}; end that one first"
        if latest is None or override.until > latest.until:
            latest = override
    for number, swap in enumerate(written.swaps):
        if swap.one.who == swap.other.who:
            yield ("swaps", number, "other", "who"), "nobody swaps with themselves; name the other person"
