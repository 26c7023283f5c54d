"""The core's answers about a clock beside those of the walk of instants: they must be the same."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from escalation.core.clock import Clock, Gauge, pause, resume, spent, start
from escalation.core.hours import OURS, Calendar, ExceptionDay, Manner, Window, add, back, between, next_opening
from escalation.core.policy import Target
from escalation.core.vocabulary import ClockName
from escalation.wire.zones import shifts
from tests.core.brute_force import NOTHING, WALKED_BEFORE, Case, Hours, Walk, walk_of

Windows = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What can be asked about a clock and its calendar."""

    due: datetime  # when the target is used up, pauses left out
    spent: timedelta  # from start to until, pauses left out
    counted: timedelta  # from start to until
    reached: datetime  # so much open time after start
    back: datetime  # so much open time before until, as lies between the walk's first instant and start
    opening: datetime  # the first open instant from start on


def walked(case: Case, walk: Walk | None = None) -> Answers:
    """By asking every instant."""
    walk = walk or walk_of(case)
    paused = sum(
        (walk.counted(paused, min(resumed, case.until)) for paused, resumed in case.pauses if paused < case.until),
        NOTHING,
    )
    counted = walk.counted(case.start, case.until)
    return Answers(
        due=walk.due(case),
        spent=counted - paused,
        counted=counted,
        reached=walk.reached(case.start, case.target),
        back=walk.back(case.until, _lead(case, walk.counted)),
        opening=walk.opening(case.start),
    )


def reckoned(case: Case, manner: Manner = OURS) -> Answers:
    """By the core."""
    calendar = replace(calendar_of(case.hours, case.around), manner=manner)
    gauge = Gauge(calendar)
    begun = start(ClockName.RESOLUTION, 1, Target(case.target), case.start, gauge)
    due = begun
    for paused, resumed in case.pauses:
        if due.limit_at is not None and paused < due.limit_at:
            due = resume(pause(due, paused, gauge), resumed, gauge)
    assert due.limit_at is not None
    return Answers(
        due=due.limit_at,
        spent=spent(_until(begun, case, gauge), case.until, gauge),
        counted=between(calendar, case.start, case.until),
        reached=add(calendar, case.start, case.target),
        back=back(calendar, case.until, _lead(case, lambda since, until: between(calendar, since, until))),
        opening=next_opening(calendar, case.start),
    )


def difference(case: Case) -> str | None:
    """One line for a case in which the core and the walk disagree."""
    asked, found = walked(case), reckoned(case)
    return None if asked == found else f"{case}: {asked} by the walk, {found} by the core"


def calendar_of(hours: Hours, around: datetime) -> Calendar:
    """The calendar as the core has it, with the zone's offsets as the product freezes them."""
    return Calendar(
        "walked",
        hours.zone,
        tuple(_windows(written) for written in hours.week),
        _shifts(hours.zone, around),
        tuple(ExceptionDay(day, _windows(written), "") for day, written in hours.dates),
    )


_shifts = lru_cache(maxsize=128)(shifts)


def _windows(written: Windows) -> tuple[Window, ...]:
    return tuple(Window(timedelta(minutes=opens), timedelta(minutes=closes)) for opens, closes in written)


def _lead(case: Case, counted: Callable[[datetime, datetime], timedelta]) -> timedelta:
    """The target, as far as so much was open before."""
    return min(case.target, counted(case.around - WALKED_BEFORE, case.until))


def _until(clock: Clock, case: Case, gauge: Gauge) -> Clock:
    for paused, resumed in case.pauses:
        if paused >= case.until:
            break
        clock = pause(clock, paused, gauge)
        if resumed <= case.until:
            clock = resume(clock, resumed, gauge)
    return clock
