"""The shape of a policy file: strict pydantic models that refuse unknown fields and say the bound they enforce."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

from escalation.core.hours import Window
from escalation.core.vocabulary import Ask, Channel, Severity
from escalation.wire.durations import duration, window

NAME_CHARS_MAX = 64
LABEL_CHARS_MAX = 40
REACH_MAX = 6
LEADS_MAX = 4
STEPS_MAX = 10
REPEATS_MAX = 9
APPROVERS_MAX = 5
BREACH_CYCLES_MAX = 20
ROUTES_MAX = 50
CALENDARS_MAX = 20
WINDOWS_MAX = 8
EXCEPTIONS_MAX = 400
NONE = "none"

_NAME_EXTRA = frozenset("-._")


def is_name(text: str) -> bool:
    """Whether a policy, role or person may be called so: also safe as part of a file's name."""
    return (
        0 < len(text) <= NAME_CHARS_MAX
        and text.isascii()
        and text[0].isalnum()
        and all(char.islower() or char.isdigit() or char in _NAME_EXTRA for char in text)
    )


def name_of(text: str) -> str:
    """The text itself when it is a name. Raises ValueError with a sentence."""
    if not is_name(text):
        shown = text if len(text) <= NAME_CHARS_MAX else text[:NAME_CHARS_MAX] + "…"
        raise ValueError(
            f"{shown!r} is no name; write 1 to {NAME_CHARS_MAX} small letters a-z, digits, '-', '.' or '_',"
            " the first a letter or digit"
        )
    return text


def label_of(text: str) -> str:
    """The text itself when it is a label: one line that can be shown anywhere. Raises ValueError with a sentence."""
    if not text.strip() or len(text) > LABEL_CHARS_MAX or not text.isprintable():
        raise ValueError(f"{text!r} is no label; write one line of 1 to {LABEL_CHARS_MAX} characters")
    return text


def _some_duration(written: object) -> timedelta:
    length = duration(written)
    if not length:
        raise ValueError(f'{written!r} must be longer than zero; write for example "15m"')
    return length


def _duration_or_none(written: object) -> timedelta | None:
    return None if written == NONE else _some_duration(written)


def _day(written: object) -> date:
    try:
        return date.fromisoformat(written if isinstance(written, str) and len(written) == len("2026-12-25") else "")
    except ValueError:
        raise ValueError(f'{written!r} is no date; write year, month and day such as "2026-12-25"') from None


def _distinct(what: str) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    def check(values: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(values)) != len(values):
            raise ValueError(f"the same {what} stands here twice; keep one of them")
        return values

    return check


Name = Annotated[str, AfterValidator(name_of)]
Label = Annotated[str, AfterValidator(label_of)]
Duration = Annotated[timedelta, PlainValidator(_some_duration)]
Delay = Annotated[timedelta, PlainValidator(duration)]
DurationOrNone = Annotated[timedelta | None, PlainValidator(_duration_or_none)]
DelayOrNone = Annotated[
    timedelta | None, PlainValidator(lambda written: None if written == NONE else duration(written))
]
Opening = Annotated[Window, PlainValidator(window)]
Windows = Annotated[tuple[Opening, ...], Field(max_length=WINDOWS_MAX)]
Day = Annotated[date, PlainValidator(_day)]


class Written(BaseModel):
    """What every part of the file shares: exact types, and no field that nobody reads."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class WrittenTarget(Written):
    limit: Duration
    goal: DurationOrNone = None
    leads: Annotated[tuple[Duration, ...], Field(max_length=LEADS_MAX), AfterValidator(_distinct("lead"))] = ()
    calendar: str = ""


class WrittenCadence(Written):
    every: Duration
    lead: Delay = timedelta(0)
    calendar: str = ""


class WrittenReach(Written):
    channel: Channel
    after: Delay = timedelta(0)


class WrittenTerms(Written):
    label: Label
    reach: Annotated[tuple[WrittenReach, ...], Field(min_length=1, max_length=REACH_MAX)]
    notice: Channel
    resolution: WrittenTarget
    response: WrittenTarget | None = None
    check_in: WrittenCadence | None = None
    customer_update: WrittenCadence | None = None
    silence: DurationOrNone = None


class WrittenStep(Written):
    name: Name
    contact: Name
    window: Duration
    backup_after: DelayOrNone = None
    calendar: str = ""


class WrittenChain(Written):
    steps: Annotated[tuple[WrittenStep, ...], Field(min_length=1, max_length=STEPS_MAX)]
    repeats: Annotated[int, Field(ge=0, le=REPEATS_MAX)] = 0


class WrittenApproval(Written):
    approvers: Annotated[
        tuple[Name, ...], Field(min_length=1, max_length=APPROVERS_MAX), AfterValidator(_distinct("approver"))
    ]
    expiry: Duration
    on_expiry: Literal["reject", "open"]


class WrittenRoute(Written):
    team: Label
    chain: str
    asks: Annotated[tuple[Ask, ...], Field(min_length=1), AfterValidator(_distinct("ask"))]
    approval: WrittenApproval | None = None


class WrittenWeek(Written):
    """A weekday that is left out is closed."""

    monday: Windows = ()
    tuesday: Windows = ()
    wednesday: Windows = ()
    thursday: Windows = ()
    friday: Windows = ()
    saturday: Windows = ()
    sunday: Windows = ()

    def days(self) -> dict[str, tuple[Window, ...]]:
        """The windows by weekday, Monday first."""
        return {day: getattr(self, day) for day in type(self).model_fields}


class WrittenException(Written):
    day: Day
    label: Label
    windows: Windows = ()


class WrittenCalendar(Written):
    zone: str
    week: WrittenWeek
    exceptions: Annotated[tuple[WrittenException, ...], Field(max_length=EXCEPTIONS_MAX)] = ()


class WrittenSettle(Written):
    window: DurationOrNone = None  # left out: the worker's setting
    resend: bool = True


class WrittenHouse(Written):
    managers: Name
    executive: Name
    fallback: Name
    customer_contact: Name
    fallback_window: Duration
    reopen_window: Duration
    customer_floor: DurationOrNone = timedelta(hours=24)  # internal escalation agreement: every 24 h, even without news
    blocked_reminder: DurationOrNone = None
    blocked_limit: DurationOrNone = None
    occurred_at_bound: Duration
    breach_cycles: Annotated[int, Field(ge=0, le=BREACH_CYCLES_MAX)]
    raise_severity_on_breach: bool = True
    reassign_on_breach: bool = True


class WrittenPolicy(Written):
    name: Name
    version: Label
    house: WrittenHouse
    terms: dict[Severity, WrittenTerms]
    routes: Annotated[dict[Name, WrittenRoute], Field(min_length=1, max_length=ROUTES_MAX)]
    chains: dict[Name, WrittenChain]
    calendars: Annotated[dict[Name, WrittenCalendar], Field(max_length=CALENDARS_MAX)] = {}
    settles: dict[Channel, WrittenSettle] = {}
