"""Open time counted the slow way: every instant is asked what the clocks on the wall show, and whether that is open.

It stands beside the arithmetic of the core and shares nothing with it: no offsets worked out ahead, no windows laid
over days, only `zoneinfo` and a list of instants. `cases` makes up the agreements and clocks to try, from a seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from random import Random
from zoneinfo import ZoneInfo

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEK = 7 * DAY
NOTHING = timedelta(0)
STEPS = {MINUTE: 24 * 60, SECOND: 24 * 60 * 60}  # of a day

# Zones and instants around which their clocks are changed (UTC); where nothing happens, the offset is odd.
CHANGES = tuple(
    (zone, datetime.fromisoformat(around).replace(tzinfo=UTC))
    for zone, around in (
        ("Europe/Berlin", "2025-03-30T01:00"),
        ("Europe/Berlin", "2025-10-26T01:00"),
        ("Europe/Dublin", "2024-10-27T01:00"),
        ("America/New_York", "2025-03-09T07:00"),
        ("America/New_York", "2025-11-02T06:00"),
        ("America/Los_Angeles", "2026-03-08T10:00"),
        ("Australia/Lord_Howe", "2025-04-05T15:00"),  # half an hour back
        ("Australia/Lord_Howe", "2025-10-04T15:30"),  # half an hour forward
        ("Australia/Adelaide", "2025-04-05T16:30"),
        ("Australia/Adelaide", "2025-10-04T16:30"),
        ("Pacific/Chatham", "2025-04-05T14:00"),  # at 03:45, by an hour, from +13:45
        ("Pacific/Chatham", "2025-09-27T14:00"),
        ("Asia/Kathmandu", "2025-06-15T12:00"),  # never, at +05:45
        ("Asia/Kolkata", "2025-06-15T12:00"),  # never, at +05:30
        ("Asia/Tehran", "2022-03-21T20:30"),  # a midnight that does not exist, from +03:30
        ("Asia/Tehran", "2022-09-21T19:30"),  # and one that comes twice
        ("America/Sao_Paulo", "2018-11-04T03:00"),  # no midnight
        ("America/Sao_Paulo", "2018-02-18T02:00"),  # midnight twice
        ("Africa/Cairo", "2023-04-27T22:00"),
        ("Africa/Cairo", "2024-10-31T21:00"),
        ("Asia/Beirut", "2025-03-29T22:00"),
        ("Asia/Beirut", "2025-10-25T21:00"),
        ("America/Havana", "2025-03-09T05:00"),
        ("America/Havana", "2025-11-02T05:00"),
        ("America/St_Johns", "2010-11-07T02:31"),  # at 00:01, into the day before
        ("America/St_Johns", "2010-03-14T03:31"),
        ("America/Caracas", "2016-05-01T07:00"),  # for good, by half an hour
        ("Asia/Pyongyang", "2018-05-04T15:00"),
        ("Africa/Casablanca", "2025-02-23T02:00"),  # for the month of fasting
        ("Antarctica/Troll", "2025-03-30T01:00"),  # by two hours
        ("Pacific/Apia", "2011-12-30T10:00"),  # a whole day was left out
        ("Pacific/Kwajalein", "1993-08-21T12:00"),  # likewise
        ("UTC", "2025-06-15T12:00"),
    )
)
WALKED_BEFORE, WALKED_AFTER = 7 * DAY, 9 * DAY


@dataclass(frozen=True, slots=True)
class Hours:
    """A calendar as it is written: minutes from midnight, seven days from Monday, and dates with other hours."""

    zone: str
    week: tuple[tuple[tuple[int, int], ...], ...]
    dates: tuple[tuple[date, tuple[tuple[int, int], ...]], ...] = ()

    def on(self, day: date) -> tuple[tuple[int, int], ...]:
        """The windows that begin on a date."""
        return dict(self.dates).get(day, self.week[day.weekday()])


@dataclass(frozen=True, slots=True)
class Case:
    """A clock to try. `pauses` are apart and in order; `target` can be reached within the walk."""

    hours: Hours
    around: datetime
    start: datetime
    until: datetime
    target: timedelta
    pauses: tuple[tuple[datetime, datetime], ...]


class Walk:
    """Every instant of a stretch of time, and whether it is open: a byte for each step, which is open or not whole."""

    def __init__(self, hours: Hours, first: datetime, last: datetime, step: timedelta = MINUTE) -> None:
        self.first, self.step = first, step
        begins, places = _shown(hours.zone, first, (last - first) // step, step)
        self.opens = bytes(places(_table(hours, begins, (last - first).days + 8, step)))

    def stretches(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """From when until when it was open, from `since` on."""
        place = (since - self.first) // self.step
        while (begins := self.opens.find(1, place)) >= 0:
            place = self.opens.find(0, begins)
            place = len(self.opens) if place < 0 else place
            yield max(self.first + begins * self.step, since), self.first + place * self.step

    def counted(self, since: datetime, until: datetime) -> timedelta:
        """How much of it was open."""
        total = NOTHING
        for begins, ends in self.stretches(since):
            if begins >= until:
                break
            total += min(ends, until) - begins
        return total

    def reached(self, since: datetime, amount: timedelta) -> datetime:
        """The first instant at which so much was open since then; nothing is reached at once."""
        if amount <= NOTHING:
            return since + amount
        for begins, ends in self.stretches(since):
            if ends - begins >= amount:
                return begins + amount
            amount -= ends - begins
        raise LookupError("the walk is too short for that")

    def back(self, until: datetime, amount: timedelta) -> datetime:
        """The last instant from which so much is open until then."""
        if amount <= NOTHING:
            return until - amount
        before = [(begins, min(ends, until)) for begins, ends in self.stretches(self.first) if begins < until]
        for begins, ends in reversed(before):
            if ends - begins >= amount:
                return ends - amount
            amount -= ends - begins
        raise LookupError("the walk is too short for that")

    def opening(self, since: datetime) -> datetime:
        """The first open instant."""
        return next(self.stretches(since))[0]

    def due(self, case: Case) -> datetime:
        """When the target is used up, if time does not count in the pauses."""
        left, since = case.target, case.start
        for paused, resumed in case.pauses:
            used = self.counted(since, paused)
            if used >= left:
                break
            left, since = left - used, resumed
        return self.reached(since, left)


@lru_cache(maxsize=128)
def _shown(
    zone: str, first: datetime, steps: int, step: timedelta
) -> tuple[date, Callable[[bytearray], tuple[int, ...]]]:
    """For each instant the place of what the wall shows in a table of days; and the day with which it begins."""
    there = ZoneInfo(zone)
    begins = first.astimezone(there).date() - 3 * DAY
    places = []
    for number in range(steps):
        wall = (first + number * step).astimezone(there)
        since_midnight = timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second)
        places.append((wall.date() - begins).days * STEPS[step] + since_midnight // step)
    return begins, itemgetter(*places)


def _table(hours: Hours, begins: date, days: int, step: timedelta) -> bytearray:
    """For each step of each day on the wall: whether a window of that day, or of the day before, holds it."""
    steps, each = STEPS[step], MINUTE // step
    found = bytearray(days * steps)
    for number in range(days - 2):
        for opens, closes in hours.on(begins + number * DAY):
            place = number * steps
            found[place + opens * each : place + closes * each] = b"\1" * ((closes - opens) * each)
    return found


def walk_of(case: Case) -> Walk:
    """The days around the change of the clock."""
    return Walk(case.hours, case.around - WALKED_BEFORE, case.around + WALKED_AFTER)


# --- cases -----------------------------------------------------------------------------------------------------------

OFFICE, SPLIT, NIGHT = ((540, 1020),), ((540, 720), (780, 1080)), ((1320, 1800),)
WHOLE, MORNING_AND_NIGHT = ((0, 1440),), ((0, 360), (1320, 1440))
TOUCHING, OVERLAPPING = ((480, 720), (720, 1020)), ((480, 800), (600, 1020), (990, 1100))
EDGES = ((150, 195),), ((90, 135),), ((120, 180),), ((0, 30), (60, 90)), ((1410, 1470),), ((105, 106), (165, 225))
SHAPES = (OFFICE, SPLIT, NIGHT, WHOLE, MORNING_AND_NIGHT, TOUCHING, OVERLAPPING, *EDGES, ())


def cases(seed: int) -> Iterator[Case]:
    """Clocks without end, the same for the same seed."""
    random = Random(seed)
    while True:
        case = _case(random)
        if case is not None:
            yield case


def _case(random: Random) -> Case | None:
    zone, around = random.choice(CHANGES)
    hours = Hours(zone, _week(random), _dates(random, around.astimezone(ZoneInfo(zone)).date()))
    start = _instant(random, around)
    walk = Walk(hours, around - WALKED_BEFORE, around + WALKED_AFTER)
    pauses = _pauses(random, start)
    whole = walk.counted(start, around + WALKED_AFTER)
    lost = sum((walk.counted(paused, resumed) for paused, resumed in pauses), NOTHING)
    if whole == lost:
        return None
    target = _target(random, walk, start, whole - lost)
    return Case(hours, around, start, start + random.randrange(0, 4 * 86400) * SECOND, target, pauses)


def _week(random: Random) -> tuple[tuple[tuple[int, int], ...], ...]:
    if random.random() < 0.5:  # as people write them: one shape for the working days
        shape, weekend = _windows(random), random.choice(((), SHAPES[random.randrange(len(SHAPES))]))
        return (shape,) * 5 + (weekend,) * 2
    return tuple(_windows(random) for _ in range(7))


def _windows(random: Random) -> tuple[tuple[int, int], ...]:
    if random.random() < 0.7:
        return random.choice(SHAPES)
    found = []
    for _ in range(random.randrange(1, 4)):
        opens = random.randrange(1440)
        found.append((opens, random.randrange(opens + 1, min(opens + 1440, 2880) + 1)))
    return tuple(sorted(found))


def _dates(random: Random, day: date) -> tuple[tuple[date, tuple[tuple[int, int], ...]], ...]:
    """Holidays and half-days, mostly close to the day of the change."""
    found = {
        day + random.randrange(-3, 6) * DAY: random.choice(((), ((540, 720),), _windows(random)))
        for _ in range(random.choice((0, 0, 1, 2, 4)))
    }
    return tuple(sorted(found.items()))


def _instant(random: Random, around: datetime) -> datetime:
    """Before, in and after the hour that is skipped or comes twice; mostly with seconds."""
    near = random.choice((2 * HOUR, 2 * HOUR, 30 * HOUR, 80 * HOUR))
    instant = around + random.randrange(-(near // SECOND), near // SECOND) * SECOND
    rounding = random.choice((SECOND, SECOND, MINUTE, 15 * MINUTE))
    instant -= (instant - around) % rounding
    return instant + timedelta(microseconds=random.choice((0, 0, 0, 123_456)))


def _pauses(random: Random, start: datetime) -> tuple[tuple[datetime, datetime], ...]:
    found, since = [], start
    for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
        paused = since + random.choice((NOTHING, random.randrange(86400) * SECOND, random.randrange(600) * MINUTE))
        since = paused + random.choice((NOTHING, random.randrange(86400) * SECOND, random.randrange(600) * MINUTE))
        found.append((paused, since))
    return tuple(found)


def _target(random: Random, walk: Walk, start: datetime, whole: timedelta) -> timedelta:
    """Any length, or one that is used up exactly at a closing time."""
    if random.random() < 0.3:
        closings = [ends for _, ends in walk.stretches(start)]
        at_close = walk.counted(start, random.choice(closings))
        if at_close <= whole:
            return at_close
    most = min(whole, random.choice((NOTHING, *(4 * HOUR, 12 * HOUR, 60 * HOUR) * 8)))
    return random.randrange(most // SECOND + 1) * SECOND
