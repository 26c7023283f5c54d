"""A recorded incident as a script: who would have said what to an escalation, and when.

The mapping, row by row, in the order of the file:

- It is opened at `opened_at` with the severity of its first priority, on the route of its first group. Names in such
  files are anonymous: a group stands for a route, and a resolver for one of the people of that route, by its number.
- `Active` is work: an acknowledgement while it is in transfer, else an internal update. So the first such row is the
  acknowledgement, and the first one after it was put in transfer again is the next. A row that hands it to another
  group is still the old group's act: only a later row can be its acceptance.
- Another group than before is a hand-off, to that group's route, even where both groups share one. A row without a
  group changes nothing. What moves after the resolution moves no work, unless it is reopened.
- `Awaiting …` is blocked; more such rows are words to the customer if the customer is who is awaited, else internal.
- The first `Resolved` is the resolution, an open state after it a reopening, the last `Closed` the customer's yes.
- Another priority than in the row before is a change of severity.
- Any other state (`New`, `-100`) says no more than that somebody wrote something: an internal update.
- A row that is out of time order is played when the one before it was.

Recorded times are exact to the minute, and any instant of that minute is as true as another. So each row gets an
instant of its own inside its minute: rows, and what they set going, do not come due together by accident of rounding.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from escalation.core.commands import (
    Acknowledge,
    Block,
    Cancel,
    ChangeSeverity,
    Confirm,
    HandOff,
    Instructable,
    PostUpdate,
    Reopen,
    Resolve,
    Unblock,
)
from escalation.core.state import TERMINAL
from escalation.core.vocabulary import Ask, Audience, Phase, Severity
from escalation.drills.incidents import Event, Incident

WEEK = timedelta(weeks=1)
MINUTE = timedelta(minutes=1)
SEVERITIES = tuple(Severity)
ASK = Ask.INVESTIGATE
DEADLINES = {
    Severity.SEV1: timedelta(days=1),
    Severity.SEV2: timedelta(days=3),
    Severity.SEV3: timedelta(days=10),
    Severity.SEV4: timedelta(days=20),
}
"""From the opening to the hard deadline, which no record has: later than what the policies promise."""
WAITING = "Awaiting "
FOR_CUSTOMER = "Awaiting User Info"
NEW = "New"
_NUMBER = re.compile(r"\d+")


class Deed(StrEnum):
    """What a row shows somebody doing."""

    WORK = "work"
    WRITE = "write"
    WAIT = "wait"
    SOLVE = "solve"
    CLOSE = "close"
    CUT = "cut"  # not in any record: the play ends here


@dataclass(frozen=True, slots=True)
class Moment:
    """One row, ready to be played at `at` (UTC). `severity` is set where it changed."""

    index: int
    at: datetime
    deed: Deed
    state: str
    person: str
    giver: str  # who had it until now
    route: str
    moved: bool = False
    reopens: bool = False
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """How it is opened."""

    at: datetime
    by: str
    route: str
    severity: Severity
    customer: str
    title: str
    description: str
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Script:
    """Everything to be said, in order. `shift` is a whole number of weeks."""

    reference: str
    shift: timedelta
    opening: Opening
    moments: tuple[Moment, ...]

    @property
    def reassignments(self) -> int:
        """Hand-offs that can be counted from the rows alone."""
        return sum(moment.moved for moment in self.moments)

    @property
    def reopenings(self) -> int:
        """Reopenings that can be counted from the rows alone."""
        return sum(moment.reopens for moment in self.moments)

    def upto(self, moments: int) -> "Script":
        """The same without what comes after that many rows."""
        return replace(self, moments=self.moments[:moments])

    def cut(self, at: datetime) -> "Script":
        """The same, and then somebody calls it off."""
        by, index = self.opening.by, len(self.moments)
        return replace(self, moments=(*self.moments, Moment(index, at, Deed.CUT, "cut", by, by, self.opening.route)))


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays whom. `people` are those of each route, at least one; `opener` speaks with the customer."""

    opener: str
    customers: tuple[str, ...]
    people: Mapping[str, tuple[str, ...]]

    def route(self, group: str | None) -> str:
        """The route that stands for a group; the first one for none."""
        return _pick(tuple(self.people), group)

    def person(self, route: str, resolver: str | None) -> str:
        """Who of that route stands for a resolver; the first one for nobody."""
        return _pick(self.people[route], resolver)

    def customer(self, caller: str | None) -> str:
        """Which customer stands for a caller."""
        return _pick(self.customers, caller)


@dataclass
class _Record:
    """Where the record itself stands, row after row."""

    group: str | None
    person: str
    priority: int
    at: datetime
    resolved: bool = False
    moments: list[Moment] = field(default_factory=list)


def script_of(incident: Incident, cast: Cast, now: datetime) -> Script:
    """The incident as a script, moved by the fewest whole weeks that put its opening after `now`.

    So weekdays and hours stay as they were. Recorded times are read as UTC.
    """
    opened = incident.opened_at.replace(tzinfo=UTC)
    shift = max(-((opened - now) // WEEK), 0) * WEEK
    group = next((event.group for event in incident.events if event.group), None)
    route = cast.route(group)
    severity = SEVERITIES[incident.priority - 1]
    opening = Opening(
        at=opened + shift,
        by=cast.opener,
        route=route,
        severity=severity,
        customer=cast.customer(incident.caller),
        title=f"{incident.id}: {incident.about}",
        description=f"Recorded {incident.opened_at:%Y-%m-%d %H:%M}, played {shift // WEEK} weeks later.",
        deadline=opened + shift + DEADLINES[severity],
    )
    record = _Record(group, cast.opener, incident.priority, opening.at)
    last_closed = max((i for i, event in enumerate(incident.events) if event.state == "Closed"), default=-1)
    step = MINUTE / (len(incident.events) + 1)
    for index, event in enumerate(incident.events):
        at = max(event.at.replace(tzinfo=UTC) + shift + (index + 1) * step, record.at)
        record.moments.append(_moment(index, at, event, record, cast, closes=index == last_closed))
        record.at = at
    return Script(incident.id, shift, opening, tuple(record.moments))


def _moment(index: int, at: datetime, event: Event, record: _Record, cast: Cast, *, closes: bool) -> Moment:
    deed = _deed(event.state, closes=closes)
    reopens = record.resolved and (deed in (Deed.WORK, Deed.WAIT) or event.state == NEW)
    moved = event.group not in (None, record.group) and (reopens or not record.resolved)
    if moved:
        record.group = event.group
    route, giver = cast.route(record.group), record.person
    record.person = cast.person(route, event.assignee)
    record.resolved = deed in (Deed.SOLVE, Deed.CLOSE) or (record.resolved and not reopens)
    severity = SEVERITIES[event.priority - 1] if event.priority != record.priority else None
    record.priority = event.priority
    return Moment(index, at, deed, event.state, record.person, giver, route, moved, reopens, severity)


def _deed(state: str, *, closes: bool) -> Deed:
    if state == "Active":
        return Deed.WORK
    if state.startswith(WAITING):
        return Deed.WAIT
    if state == "Resolved":
        return Deed.SOLVE
    return Deed.CLOSE if state == "Closed" and closes else Deed.WRITE


def _pick(choices: tuple[str, ...], name: str | None) -> str:
    """One of the choices, by the number in a name: the same name always gets the same one."""
    found = _NUMBER.search(name) if name else None
    return choices[int(found[0]) % len(choices)] if found else choices[0]


# --- What is said at a moment -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """A command, and the words that go with it."""

    command: Instructable
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a player sees of the escalation before they speak."""

    phase: Phase
    severity: Severity


@dataclass(frozen=True, slots=True)
class Turn:
    """An act whose turn has come. `wish` is its place in the moment, `key` its idempotency key, whoever plays it."""

    act: Act
    wish: int
    key: str


WORKED_ON = (Phase.IN_TRANSFER, Phase.ACTIVE)
OPEN = (*WORKED_ON, Phase.BLOCKED)


def turn(moment: Moment, seen: Standing, after: int = -1) -> Turn | None:
    """What is said next at that moment, by how it stands now; `after` is the wish that was acted upon last."""
    wishes = (_call_off,) if moment.deed is Deed.CUT else _WISHES
    for number in range(after + 1, len(wishes)):
        act = wishes[number](moment, seen) if seen.phase not in TERMINAL else None
        if act is not None:
            return Turn(act, number, f"play-{moment.index}.{number}")
    return None


def _call_off(moment: Moment, _seen: Standing) -> Act | None:
    return Act(Cancel(moment.person, "The rehearsal ends here."))


def _reopen(moment: Moment, seen: Standing) -> Act | None:
    if seen.phase is Phase.RESOLVED and moment.reopens:
        return Act(Reopen(moment.giver, "It is not solved after all."))
    return None


def _unblock(moment: Moment, seen: Standing) -> Act | None:
    goes_on = moment.deed is Deed.WORK or moment.state == NEW
    if seen.phase is Phase.BLOCKED and goes_on and not moment.moved:
        return Act(Unblock(moment.person, "What was waited for is there."))
    return None


def _change_severity(moment: Moment, seen: Standing) -> Act | None:
    if moment.severity not in (None, seen.severity) and seen.phase in OPEN:
        assert moment.severity is not None  # noqa: S101  # the line above
        return Act(ChangeSeverity(moment.person, moment.severity, "As it was recorded."))
    return None


def _hand_off(moment: Moment, seen: Standing) -> Act | None:
    if moment.moved and seen.phase in OPEN:
        return Act(HandOff(moment.giver, moment.route, ASK, "Another group has it now."))
    return None


def _do(moment: Moment, seen: Standing) -> Act | None:
    match moment.deed:
        case Deed.WORK if seen.phase is Phase.IN_TRANSFER:
            return None if moment.moved else Act(Acknowledge(moment.person, "play"))
        case Deed.WAIT if seen.phase in WORKED_ON:
            return Act(Block(moment.person, moment.state.removeprefix(WAITING)))
        case Deed.WAIT if seen.phase is Phase.BLOCKED and moment.state == FOR_CUSTOMER:
            return Act(PostUpdate(moment.person, Audience.CUSTOMER), "We still need your answer.")
        case Deed.SOLVE | Deed.CLOSE if seen.phase in OPEN:
            return Act(Resolve(moment.person))
        case Deed.CLOSE:
            return None
        case Deed.WRITE if moment.index == 0:
            return None  # the row that was written when it was opened
    return None if moment.moved else Act(PostUpdate(moment.person, Audience.INTERNAL), f"Recorded: {moment.state}.")


def _confirm(moment: Moment, seen: Standing) -> Act | None:
    if moment.deed is Deed.CLOSE and seen.phase is Phase.RESOLVED:
        return Act(Confirm(moment.giver))
    return None


_WISHES: tuple[Callable[[Moment, Standing], Act | None], ...] = (
    _reopen,
    _unblock,
    _change_severity,
    _hand_off,
    _do,
    _confirm,
)
