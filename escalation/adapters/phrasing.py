"""Instants, waits, references and our own words as the readers of one language write, read and hear them.

The words come from a file `language.toml` beside the layouts of that language, so that another language is another
folder and no code. An instant is told on the reader's wall clock and in UTC: the zone is the one it carries.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Self

from escalation.core.refusals import Refusal
from escalation.core.vocabulary import ApprovalKind, Channel, ClockName, Message, Phase
from escalation.wire import zones

MONTHS = 12
WEEKDAYS = 7
BUTTONS = 3
"""In the order of `escalation.adapters.slack.BUTTONS`."""
FORMS = 2
"""One of it, and several."""
NAMED: Mapping[str, tuple[str, ...]] = {
    "approval": tuple(ApprovalKind),
    "channel": tuple(Channel),
    "clock": tuple(ClockName),
    "message": (*Message, "ticket"),
    "phase": tuple(Phase),
    "refusal": tuple(Refusal),
    "step": ("approval", "fallback"),
}
"""Words of ours that are told, by their table: each has its own word in every language. A "step" is what the rules call
one that the agreement gives no name.
"""


class TemplateFault(ValueError):
    """A template or a language is missing or wrong. One line: which file, where in it, what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language's way with instants. In its patterns stand `{weekday}`, `{day}`, `{month}`, `{month_short}`,
    `{year}`, `{hour}`, `{minute}` and `{zone}`; in `both`, `{here}` and `{there}`; in waits, `{count}`.
    """

    months: tuple[str, ...]
    months_short: tuple[str, ...]
    weekdays: tuple[str, ...]  # from Monday on
    long: str
    short: str
    utc_same_day: str
    utc_other_day: str
    both: str
    spoken: str  # in the listener's own zone
    spoken_utc: str
    now: str
    overdue: str
    in_days: tuple[str, ...]
    in_hours: tuple[str, ...]
    in_minutes: tuple[str, ...]
    buttons: tuple[str, ...]  # in a chat: to acknowledge, to raise, to decline
    spelled: Mapping[str, str]
    named: Mapping[str, Mapping[str, str]]  # by the tables of `NAMED`
    no_title: str  # stands for a title that cannot be looked up
    restricted: str  # stands for one that is not told
    shortened: str  # ends what is too long to be told whole
    speech: str  # what a voice is told to speak, as in BCP 47: "en-GB"

    @classmethod
    def read(cls, path: Path) -> Self:
        """The phrases in that file. Raises `TemplateFault` for whatever is missing, unknown or of the wrong length."""
        where = repr("/".join(path.parts[-3:]))
        try:
            written = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise TemplateFault(f"language {where} cannot be read: {error}") from None
        names = {field.name for field in fields(cls)}
        if written.keys() != names:
            odd = sorted(written.keys() ^ names)
            raise TemplateFault(f"language {where}: {odd[0]!r} is {'missing' if odd[0] in names else 'unknown'}")
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
        }
        made = cls(**given)
        made._try(where)
        return made

    def when(self, at: datetime) -> str:
        """For reading: "Sun 22 Nov 2026, 11:40 CET (10:40 UTC)"."""
        return self._twice(at, self.long)

    def briefly(self, at: datetime) -> str:
        """For an SMS: "22 Nov 11:40 CET (10:40 UTC)"."""
        return self._twice(at, self.short)

    def aloud(self, at: datetime) -> str:
        """For a voice: "11 40 your time, on 22 November"; no zone is read out but UTC."""
        return (self.spoken_utc if _plain(at) else self.spoken).format_map(self._parts(at))

    def left(self, at: datetime, now: datetime) -> str:
        """How long until then, in whole minutes, hours or days: "in 15 minutes"; "now"; "overdue" when it is past."""
        if at < now:
            return self.overdue
        minutes = (at - now) // timedelta(minutes=1)
        for size, forms in ((1440, self.in_days), (60, self.in_hours), (1, self.in_minutes)):
            # "in 90 minutes" is clearer than "in 1 hour".
            if (count := minutes // size) >= (2 if size > 1 else 1):
                return forms[0 if count == 1 else 1].format(count=count)
        return self.now

    def spell(self, value: str) -> str:
        """One character after the other, as a person would read out a reference: "E, S, C, dash, 4, 2"."""
        return ", ".join(self.spelled.get(char, char) for char in value if not char.isspace())

    def called(self, table: str, value: str) -> str:
        """What a word of ours is called; a name that an agreement gave stays as it is, without its underscores."""
        return self.named[table].get(value) or value.replace("_", " ")

    def _twice(self, at: datetime, pattern: str) -> str:
        here = pattern.format_map(self._parts(at))
        if _plain(at):
            return here
        there = at.astimezone(UTC)
        other = self.utc_same_day if there.date() == at.date() else self.utc_other_day
        return self.both.format(here=here, there=other.format_map(self._parts(there)))

    def _parts(self, at: datetime) -> dict[str, str]:
        return {
            "weekday": self.weekdays[at.weekday()],
            "day": str(at.day),
            "month": self.months[at.month - 1],
            "month_short": self.months_short[at.month - 1],
            "year": f"{at:%Y}",
            "hour": f"{at:%H}",
            "minute": f"{at:%M}",
            "zone": _zone(at),
        }

    def _try(self, where: str) -> None:
        owed = {f"{table}.{word}" for table, words in NAMED.items() for word in words}
        if odd := sorted(owed ^ set(_written(self.named))):
            state = "missing" if odd[0] in owed else "unknown"
            raise TemplateFault(f"language {where}: {f'named.{odd[0]}'!r} is {state}")
        lengths = {"months": MONTHS, "months_short": MONTHS, "weekdays": WEEKDAYS, "buttons": BUTTONS}
        lengths |= dict.fromkeys(("in_days", "in_hours", "in_minutes"), FORMS)
        for name, length in lengths.items():
            if len(getattr(self, name)) != length:
                raise TemplateFault(f"language {where}: {name!r} has {len(getattr(self, name))} words, not {length}")
        patterns = ("long", "short", "utc_same_day", "utc_other_day", "spoken", "spoken_utc")
        parts = self._parts(datetime.fromtimestamp(0, UTC))
        given: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
            **{name: (parts, (getattr(self, name),)) for name in patterns},
            **{name: ({"count": "2"}, getattr(self, name)) for name in ("in_days", "in_hours", "in_minutes")},
            "both": ({"here": "", "there": ""}, (self.both,)),
        }
        for name, (known, written) in given.items():
            try:
                for pattern in written:
                    pattern.format_map(known)
            except (KeyError, ValueError, IndexError) as error:
                raise TemplateFault(f"language {where}: {name!r} cannot be filled in: {error}") from None


def zone_of(name: str) -> tzinfo:
    """A reader's zone; UTC when this machine does not know it: they are told in some zone rather than not."""
    try:
        return zones.zone(name)
    except ValueError:
        return UTC


def _written(named: object) -> Iterator[str]:
    """Every word that a file has something for, after its table."""
    for table, words in named.items() if isinstance(named, dict) else ():
        yield from (f"{table}.{word}" for word, said in words.items() if said) if isinstance(words, dict) else (table,)


def _plain(at: datetime) -> bool:
    """Whether the zone is UTC itself, whatever it is called: then nothing is told twice."""
    return at.utcoffset() == timedelta(0) and at.tzname() in {"UTC", "GMT", "Z"}


def _zone(at: datetime) -> str:
    """The zone's own letters; where it has none but its offset, "UTC+08"."""
    name = at.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name
