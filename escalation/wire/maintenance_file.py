"""The windows of maintenance of a deployment, as a file writes them: what is opened in one tells nobody until it ends.

A time is written with its offset, or as it stands on the wall in the `zone` of its window or of the file; one that the
clocks skip or show twice is refused.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator, ValidationError

from escalation.core.lull import WINDOWS_MAX, MaintenanceWindow
from escalation.wire.faults import faults_of, some_of
from escalation.wire.quoting import shown
from escalation.wire.schedule_file import Zone
from escalation.wire.written_words import Name, Sentence, Written, distinct, name_of
from escalation.wire.yaml_reader import Fault, FaultyFileError, read

WRITTEN_MAX = 500
"""Windows of one file, those that are over included."""
NAMED_MAX = 100
LASTS_MAX = timedelta(days=7)
"""What is to be silent for longer is no maintenance, but another agreement."""
YEAR_MIN, YEAR_MAX = 2000, 2999

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?")


def _time(written: object) -> datetime:
    """An instant where an offset stands beside it, else a time on the wall (naive)."""
    text = written if isinstance(written, str) and _TIME.fullmatch(written) else ""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not YEAR_MIN <= found.year <= YEAR_MAX:
        raise ValueError(
            f'{shown(written)} is no time; write such as "2026-11-28 22:00" with a zone beside it, or with its offset,'
            ' "2026-11-28T22:00+01:00"'
        )
    return found


Time = Annotated[datetime, PlainValidator(_time)]
Named = Annotated[tuple[Name, ...], Field(min_length=1, max_length=NAMED_MAX), distinct("name")]
Id = Annotated[str, AfterValidator(name_of)]


class WrittenMaintenance(Written):
    """One window. It is about `everything`, or about what it names: any of the names of each list."""

    since: Time
    until: Time
    reason: Sentence
    by: Name
    zone: Zone | None = None
    routes: Named | None = None
    customers: Named | None = None
    segments: Named | None = None
    everything: bool = False


class WrittenWindows(Written):
    windows: Annotated[dict[Id, WrittenMaintenance], Field(max_length=WRITTEN_MAX)]
    zone: Zone | None = None


def read_windows(source: bytes) -> tuple[MaintenanceWindow, ...]:
    """The windows of a YAML file, the earliest first. Raises `FaultyFileError` with a line for each fault."""
    document = read(source)
    try:
        written = WrittenWindows.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise FaultyFileError(faults_of(error, document)) from None
    faults: list[Fault] = []
    found: list[MaintenanceWindow] = []
    for name, each in written.windows.items():
        ends = []
        for edge, time in (("since", each.since), ("until", each.until)):
            try:
                ends.append(_instant(time, each.zone or written.zone))
            except ValueError as error:
                faults.append(document.fault(("windows", name, edge), str(error)))
        faults += [document.fault(("windows", name), what) for what in _contradictions(each, *ends)]
        if len(ends) == 2:  # noqa: PLR2004  # a beginning and an end
            found.append(_window(name, each, *ends))
    faults += [document.fault(("windows", name), what) for name, what in _crowded(found)]
    if faults:
        raise FaultyFileError(some_of(faults))
    return tuple(sorted(found, key=lambda window: (window.since, window.name)))


def _instant(time: datetime, zone: str | None) -> datetime:
    """The time as an instant, UTC. Raises ValueError for one that is none, or two."""
    if time.tzinfo is not None:
        return time.astimezone(UTC)
    if zone is None:
        raise ValueError(f"{time:%Y-%m-%d %H:%M} has no zone; add one to the window or the file, or write its offset")
    first, second = (time.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    if first != second:
        how = "is skipped" if first > second else "comes twice"
        raise ValueError(f"{time:%Y-%m-%d %H:%M} {how} in {zone}: the clocks change; write it with its offset")
    return first


def _contradictions(written: WrittenMaintenance, *ends: datetime) -> Iterator[str]:
    named = [each for each in (written.routes, written.customers, written.segments) if each is not None]
    if not named and not written.everything:
        yield "it is about nothing; name routes, customers or segments, or write `everything: true`"
    if named and written.everything:
        yield "it is about everything and names some of it; write one of the two"
    if len(ends) == 2 and not timedelta(0) < ends[1] - ends[0] <= LASTS_MAX:  # noqa: PLR2004  # as above
        yield f"it must end after it begins, and within {LASTS_MAX.days} days; correct since or until"


def _crowded(found: list[MaintenanceWindow]) -> Iterator[tuple[str, str]]:
    """Windows that begin in more others than a log keeps."""
    for window in found:
        others = sum(other.since <= window.since < other.until for other in found)
        if others > WINDOWS_MAX:
            yield window.name, f"{others} windows are in force when it begins, at most {WINDOWS_MAX} may; join some"


def _window(name: str, written: WrittenMaintenance, since: datetime, until: datetime) -> MaintenanceWindow:
    return MaintenanceWindow(
        name=name,
        since=since,
        until=until,
        reason=written.reason,
        by=written.by,
        routes=written.routes or (),
        customers=written.customers or (),
        segments=written.segments or (),
    )
