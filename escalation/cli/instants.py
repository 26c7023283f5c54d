"""Instants as people type them: with a zone, as a time of today, or as so long ago."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from escalation.wire.durations import duration
from escalation.wire.requests import BadInput, instant

_TODAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
COMING = "8h, 17:00 (today, here) or 2026-03-01T17:00+01:00"  # what `coming_instant` takes
_FORMS = "2026-03-01T17:00+01:00, 17:00 (today, here) or -2h"


def past_instant(written: str, now: datetime, zone: tzinfo | None) -> datetime:
    """The instant (UTC) that is meant; `zone` None is the machine's own. Raises `BadInput`, for the future as well."""
    text = written.strip()
    found = _meant(text, now, zone)
    if found > now:
        raise BadInput(f"{text} lies ahead ({found:%Y-%m-%d %H:%M:%S} UTC); ask for an instant that has been")
    return found


def coming_instant(what: str, written: str, now: datetime, zone: tzinfo | None) -> datetime:
    """The instant (UTC) that is meant: with a zone, as a time of today, or so long from now. Raises `BadInput`."""
    text = written.strip()
    today = _TODAY.fullmatch(text)
    if today is not None:
        return _today(int(today[1]), int(today[2]), now.astimezone(zone), zone)
    try:
        return now + duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        return instant(what, text)
    except BadInput as wrong:
        raise BadInput(f"{wrong}; or write 17:00 (today, here) or 2h") from None


def length(what: str, written: str, least: timedelta, most: timedelta) -> timedelta:
    """A duration within bounds. Raises `BadInput`."""
    try:
        found = duration(written.strip())
    except ValueError as wrong:
        raise BadInput(f"{what} {wrong}") from None
    if not least <= found <= most:
        raise BadInput(f"{what} is {written}; give {least.total_seconds():g}s to {most.total_seconds():g}s")
    return found


def _meant(text: str, now: datetime, zone: tzinfo | None) -> datetime:
    if text.startswith("-"):
        try:
            return now - duration(text[1:])
        except ValueError as wrong:
            raise BadInput(f"the time {text!r} is not understood: {wrong}") from None
    today = _TODAY.fullmatch(text)
    if today is not None:
        return _today(int(today[1]), int(today[2]), now.astimezone(zone), zone)
    try:
        return instant("the time", text)
    except BadInput as wrong:
        raise BadInput(f"{wrong}; or write {_FORMS}") from None


def _today(hour: int, minute: int, here: datetime, zone: tzinfo | None) -> datetime:
    naive = here.replace(hour=hour, minute=minute, second=0, microsecond=0, tzinfo=None)
    first, second = (
        (naive.replace(fold=fold) if zone is None else naive.replace(fold=fold, tzinfo=zone)).astimezone(UTC)
        for fold in (0, 1)
    )
    if first != second:
        raise BadInput(f"{hour:02}:{minute:02} is not one instant today: the clocks change; write it with a zone")
    return first
