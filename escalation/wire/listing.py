"""Lists of escalations: a filter becomes a query of the engine's index, its answer becomes rows in our order.

This module asks nobody: `reading.py` does. The index follows the escalations by a second or so: decide nothing by it.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from temporalio.common import SearchAttributeKey

from escalation.core.state import OPEN_PHASES, TERMINAL
from escalation.core.vocabulary import Phase, Severity
from escalation.wire import names, requests
from escalation.wire.requests import BadInput

LIMIT = 50
LIMIT_MAX = 1000
VALUES_MAX = 20
"""How many values one condition may have."""
TOKEN_CHARS_MAX = 500

_PREFIX = re.compile(r"[A-Z0-9._-]*")
_UNFINDABLE = re.compile(r'["\\]|^\'|\'$')
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which escalations: every condition holds, and one with several values holds for any of them.

    Without `phases` those that are open; `ended_too` adds the others. `overdue_at`: something was due before that
    instant and is not done. `prefix`: how the reference begins.
    """

    phases: tuple[Phase, ...] = ()
    severities: tuple[Severity, ...] = ()
    routes: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    prefix: str = ""
    breached: bool = False
    overdue_at: datetime | None = None
    ended_too: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """How many rows, and after which: `after` is the token of the part before. 1 to `LIMIT_MAX` rows."""

    limit: int = LIMIT
    after: str | None = None


FIRST = Part()


@dataclass(frozen=True, slots=True)
class Row:
    """One episode as the index shows it. `phase` None: it is about to open, or never did; `ended` tells which.

    `stopped`: the engine ended it from outside, in whatever phase it was.
    """

    reference: str
    episode: str
    phase: Phase | None
    severity: Severity
    route: str
    team: str | None
    customer: str
    owner: str | None
    next_due: datetime | None
    breached: bool
    ended: bool
    stopped: bool = False
    left_alone_until: datetime | None = None  # a snooze, or a window of maintenance


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows in order, and the token for what follows; None when nothing does."""

    rows: tuple[Row, ...]
    following: str | None = None


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rows that are read together: open or ended, of one severity."""

    ended: bool
    severity: Severity


def checked_part(part: Part) -> Part:
    """The part, once it is within bounds. Raises `BadInput`."""
    if not 1 <= part.limit <= LIMIT_MAX:
        raise BadInput(f"limit is {part.limit}; ask for 1 to {LIMIT_MAX} escalations")
    return part


def checked(which: Filter) -> Filter:
    """The filter with its values trimmed. Raises `BadInput` for what the index cannot be asked."""
    conditions = {"route": which.routes, "team": which.teams, "customer": which.customers, "owner": which.owners}
    trimmed = {f"{what}s": tuple(findable(what, value) for value in values) for what, values in conditions.items()}
    for what, values in {**conditions, "phase": which.phases, "severity": which.severities}.items():
        if len(values) > VALUES_MAX:
            raise BadInput(f"{what} has {len(values)} values, at most {VALUES_MAX} are allowed; ask several times")
    return replace(which, **trimmed, prefix=_prefix(which.prefix))  # type: ignore[arg-type]  # the four fields of names


def findable(what: str, written: str) -> str:
    """A name that can be looked for. The engine's query language mangles the characters that are refused here."""
    text = requests.name(what, written)
    if _UNFINDABLE.search(text):
        raise BadInput(f"""{what} {text!r} cannot be looked for: leave out '"', '\\' and outer apostrophes""")
    return text


def _prefix(written: str) -> str:
    text = requests.line("reference", written, chars_max=requests.REFERENCE_CHARS_MAX, required=False).upper()
    if not _PREFIX.fullmatch(text):
        raise BadInput(f"reference {text!r} begins none; use letters, digits, '.', '_' and '-'")
    return text


def query_of(which: Filter, stratum: Stratum) -> str:
    """The question to the index. Raises `BadInput` rather than let a value end its own literal."""
    terms = [
        f"WorkflowType = {quoted(names.WORKFLOW)}",
        "ExecutionStatus != 'ContinuedAsNew'",
        _is(names.SEVERITY, (stratum.severity,)),
        _existence(which.phases, ended=stratum.ended),
    ]
    for key, values in (
        (names.ROUTE, which.routes),
        (names.TEAM, which.teams),
        (names.CUSTOMER, which.customers),
        (names.OWNER, which.owners),
    ):
        if values:
            terms.append(_is(key, values))
    if which.prefix:
        terms.append(f"WorkflowId STARTS_WITH {quoted(which.prefix)}")
    if which.breached:
        terms.append(f"{names.BREACHED.name} = true")
    if which.overdue_at is not None:
        terms.append(f"{names.NEXT_DUE.name} < {quoted(_spelled(which.overdue_at))}")
    return " AND ".join(terms)


def quoted(value: str) -> str:
    """The value as a literal of the query language. Raises `BadInput` for a character that could end it."""
    if not value.isprintable() or '"' in value or "\\" in value:
        raise BadInput(f"{value!r} cannot be looked for; leave out quotation marks, '\\' and control characters")
    return "'" + value.replace("'", "''") + "'"


def _existence(phases: tuple[Phase, ...], *, ended: bool) -> str:
    """Open: it runs and has not ended, which is so before it has a phase, too. Ended: everything else."""
    terminal = _is(names.PHASE, TERMINAL)
    if not ended:
        wanted = tuple(phase for phase in phases if phase not in TERMINAL)
        if wanted:
            return f"ExecutionStatus = 'Running' AND {_is(names.PHASE, wanted)}"
        return f"ExecutionStatus = 'Running' AND ({names.PHASE.name} IS NULL OR {_is(names.PHASE, OPEN_PHASES)})"
    if phases:
        return _is(names.PHASE, tuple(phase for phase in phases if phase in TERMINAL))
    return f"(ExecutionStatus != 'Running' OR {terminal})"


def _is(key: SearchAttributeKey[str], values: tuple[str, ...]) -> str:
    return f"{key.name} IN ({', '.join(quoted(value) for value in values)})"


def strata(which: Filter) -> Iterator[Stratum]:
    """Open before ended, each from the worst severity on; without those in which nothing can match."""
    phases = which.phases or (*OPEN_PHASES, *(TERMINAL if which.ended_too else ()))
    for ended in (False, True):
        if any((phase in TERMINAL) is ended for phase in phases):
            for severity in Severity:
                if not which.severities or severity in which.severities:
                    yield Stratum(ended, severity)


# --- The order, and places in it --------------------------------------------------------------------------------------

Place = tuple[bool, int, datetime, str, str]


def height(stratum: Stratum) -> tuple[bool, int]:
    """Where a stratum's places begin."""
    return stratum.ended, list(Severity).index(stratum.severity)


def place(row: Row) -> Place:
    """What orders the rows: open first, worst first, then by what is due first; the rest by reference."""
    return *height(Stratum(row.ended, row.severity)), row.next_due or _LAST, row.reference, row.episode


def token(row: Row, which: Filter) -> str:
    """Where this row stands in that list: what a caller hands back to read on behind it."""
    ended, severity, due, reference, episode = place(row)
    body = json.dumps([_mark(which), ended, severity, due.isoformat(), reference, episode])
    return urlsafe_b64encode(body.encode()).decode().rstrip("=")


def place_of(written: str, which: Filter) -> Place:
    """The place that a token of that list names. Raises `BadInput`, for a token of another filter as well."""
    try:
        padded = written[:TOKEN_CHARS_MAX] + "=" * (-len(written) % 4)
        mark, ended, severity, due, reference, episode = json.loads(urlsafe_b64decode(padded))
        at = datetime.fromisoformat(due).astimezone(UTC)
        found = bool(ended), int(severity), at, str(reference), str(episode)
    except (ValueError, TypeError, OverflowError):
        raise BadInput("this is no token of a list; take it from the part before, or start without one") from None
    if mark != _mark(which):
        raise BadInput("this token belongs to another list; ask with the same filter, or start without one")
    return found


def _mark(which: Filter) -> str:
    """Tells filters apart. The instant of an overdue list moves on with every part, and does not count."""
    same = replace(which, overdue_at=None if which.overdue_at is None else _LAST)
    return hashlib.sha256(repr(same).encode()).hexdigest()[:8]


def _spelled(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
