"""The shape of a policy file: strict pydantic models that refuse unknown fields and say the bound they enforce."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from escalation.core import hours, whom
from escalation.core.hours import AtClose, LongDay, SkippedEdge, Window
from escalation.core.policy import SNOOZE_MAX
from escalation.core.reckoning import (
    OURS,
    Anchor,
    EarlierPauses,
    Fractions,
    OpenPause,
    Pausing,
    Reopening,
    Retiming,
    ShortTarget,
)
from escalation.core.vocabulary import Ask, Channel, Handover, Severity
from escalation.wire.approval_terms import WrittenApprovals, WrittenRouteApproval
from escalation.wire.policy_notes import (
    LEVELS_MAX,
    MATRIX_MAX,
    WrittenCase,
    WrittenLevel,
    WrittenResponsibilities,
    WrittenReview,
)
from escalation.wire.quoting import shown
from escalation.wire.triage_terms import TriageTermsOrMode
from escalation.wire.written_words import (
    NAME_CHARS_MAX,
    NONE,
    Day,
    Delay,
    DelayOrNone,
    Duration,
    DurationOrNone,
    Factor,
    Label,
    LengthOrAtOnce,
    Name,
    Sentences,
    Windows,
    WorkLength,
    WorkLengthOrNone,
    Written,
    distinct,
    name_of,
    text_like,
)

REACH_MAX = 6
LEADS_MAX = 4
STEPS_MAX = 10
ALSO_MAX = 5
REPEATS_MAX = 9
BREACH_CYCLES_MAX = 20
ROUTES_MAX = 50
CHAINS_MAX = 50
CALENDARS_MAX = 20
EXCEPTIONS_MAX = 400
ALIASES_MAX = 12
STAKEHOLDERS_MAX = 10
TOUCHES_ALARM_MIN, TOUCHES_ALARM_MAX = 2, 50
SENDERS_MAX = 10
SEGMENTS_MAX = 20
CATEGORIES_MAX = 10
WEIGHT_MAX = len(Severity) - 1
SUMMARY_CHARS_MAX = 2000
PATH_CHARS_MAX = 120

_DEDICATED = f"{whom.CONTACT_OF}:{whom.CUSTOMER}"
_FORMS = ", ".join(whom.FORMS)

# The clocks that a policy may keep running while the customer is waited for.
Blockable = Literal[
    "response", "resolution", "deadline", "check_in", "customer_update", "stakeholder_update", "war_room"
]


def _path(written: object) -> str:
    """A path below the policy's folder, so that a policy reads nothing that does not belong to it."""
    if not isinstance(written, str) or not written.endswith(".ics") or not written.isprintable():
        raise ValueError(f'{shown(written)} is no iCal file; write a path such as "holidays.ics"')
    if len(written) > PATH_CHARS_MAX:
        raise ValueError(f"{shown(written)} is longer than {PATH_CHARS_MAX} characters; shorten it")
    if "\\" in written or any(part in {"", ".", ".."} or ":" in part for part in written.split("/")):
        raise ValueError(f"{shown(written)} leaves the policy's folder; write a path below it, with `/`")
    return written


def _summary(text: str) -> str:
    if not text.strip() or len(text) > SUMMARY_CHARS_MAX:
        raise ValueError(f"{shown(text)} is no summary; write 1 to {SUMMARY_CHARS_MAX} characters")
    return text


def _owners(written: object) -> int | None:
    if written == NONE:
        return None
    if type(written) is not int or not TOUCHES_ALARM_MIN <= written <= TOUCHES_ALARM_MAX:
        raise ValueError(
            f"{shown(written)} is no number of owners; write {TOUCHES_ALARM_MIN} to {TOUCHES_ALARM_MAX}, or none"
        )
    return written


def _contact(text: str) -> str:
    """A name, or what `escalation.core.whom` says may stand instead of one."""
    name = text
    for _ in range(whom.NESTING_MAX + 1):
        form, rest = whom.parted(name)
        if form and form not in whom.FORMS:
            raise ValueError(f"{shown(text)} asks nobody: {shown(form)} is none of {_FORMS}; correct it")
        if form != whom.LINE_OF:
            name_of(rest)
            return text
        name = rest
    raise ValueError(f"{shown(text)} climbs more than {whom.NESTING_MAX} steps at once; name the role that is meant")


_OWNERS_SCHEMA = {
    "anyOf": [{"type": "integer", "minimum": TOUCHES_ALARM_MIN, "maximum": TOUCHES_ALARM_MAX}, {"const": NONE}]
}
_CONTACT_PATTERN = (
    rf"({whom.LINE_OF}:){{0,{whom.NESTING_MAX}}}({whom.EVERYONE}:|{whom.ROUND_ROBIN}:|{whom.CONTACT_OF}:)?"
    rf"[a-z0-9][a-z0-9._-]{{0,{NAME_CHARS_MAX - 1}}}"
)
Contact = Annotated[
    str,
    AfterValidator(_contact),
    text_like(_CONTACT_PATTERN, examples=("l2-on-call", "everyone:platform", "round-robin:desk", "manager-of:owner")),
]
# Who speaks with the customer: a name, or whom the directory has for that very customer.
Speaker = Annotated[
    str,
    AfterValidator(lambda text: text if text == _DEDICATED else name_of(text)),
    text_like(rf"[a-z0-9][a-z0-9._-]{{0,{NAME_CHARS_MAX - 1}}}", _DEDICATED, examples=("account-manager", _DEDICATED)),
]
Owners = Annotated[int | None, PlainValidator(_owners), WithJsonSchema(_OWNERS_SCHEMA)]
Beside = Annotated[str, PlainValidator(_path), WithJsonSchema({"type": "string", "pattern": r"\.ics$"})]
Summary = Annotated[str, AfterValidator(_summary), WithJsonSchema({"type": "string", "maxLength": SUMMARY_CHARS_MAX})]


class WrittenTarget(Written):
    """A promise: a warning at the goal and at each lead before the limit, a breach at the limit."""

    limit: WorkLength
    goal: WorkLengthOrNone = None
    leads: Annotated[tuple[Duration, ...], Field(max_length=LEADS_MAX), distinct("lead")] = ()
    calendar: str = ""
    lead_time: Literal["open", "wall"] = "open"
    closed_hours: Literal["send", "wait"] = "send"
    climbs: bool = False


class WrittenCadence(Written):
    """A promise that repeats: somebody is asked `lead` before each turn ends."""

    every: WorkLength
    lead: Delay = timedelta(0)
    calendar: str = ""


class WrittenWarRoom(WrittenCadence):
    """A status every turn; `in_chat`: a room is opened there, and the status pinned in it."""

    in_chat: bool = False


class WrittenConfirmation(Written):
    """How long the receiving team has to confirm or adjust the severity."""

    window: Duration
    since: Handover


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
    stakeholder_update: WrittenCadence | None = None
    war_room: WrittenWarRoom | None = None
    confirmation: WrittenConfirmation | None = None
    aliases: Annotated[tuple[Label, ...], Field(max_length=ALIASES_MAX)] = ()
    definition: Sentences = ()
    escalate_after: LengthOrAtOnce | None = None
    engage_within: LengthOrAtOnce | None = None


class WrittenAlso(Written):
    """Somebody who is paged at the same instant as the step's contact; without severities, for every one."""

    contact: Contact
    severities: Annotated[tuple[Severity, ...], distinct("severity")] = ()


class WrittenStep(Written):
    name: Name
    contact: Contact
    window: WorkLength
    backup_after: DelayOrNone = None
    calendar: str = ""
    also: Annotated[tuple[WrittenAlso, ...], Field(max_length=ALSO_MAX)] = ()
    level: Name | None = None


class WrittenChain(Written):
    steps: Annotated[tuple[WrittenStep, ...], Field(min_length=1, max_length=STEPS_MAX)]
    repeats: Annotated[int, Field(ge=0, le=REPEATS_MAX)] = 0


class WrittenTierPromise(Written):
    """What a receiving tier promises instead of the severity's own terms."""

    response: WrittenTarget | None = None
    resolution: WrittenTarget | None = None


class WrittenRoute(Written):
    team: Label
    chain: str
    asks: Annotated[tuple[Ask, ...], Field(min_length=1), distinct("ask")]
    approval: WrittenRouteApproval | None = None
    promises: dict[Severity, WrittenTierPromise] = Field(default_factory=dict)
    senders: Annotated[tuple[Label, ...], Field(alias="from", max_length=SENDERS_MAX), distinct("sender")] = ()
    triggers: Sentences = ()


class WrittenSegmentTriggers(Written):
    inactive_after: Duration | None = None


class WrittenSegment(Written):
    """A kind of customer, and what is promised to them differently."""

    weight: Annotated[int, Field(ge=0, le=WEIGHT_MAX)] = 0
    customer_contact: Speaker | None = None
    customer_contact_backup: Name | None = None
    silence: Duration | None = None
    triggers: WrittenSegmentTriggers | None = None


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


class WrittenHolidays(Written):
    """The public holidays of a country, as the library `holidays` knows them."""

    country: str
    subdivision: str | None = None
    categories: Annotated[tuple[str, ...], Field(max_length=CATEGORIES_MAX), distinct("category")] = ()
    language: str | None = None


class WrittenCalendar(Written):
    zone: str
    week: WrittenWeek
    exceptions: Annotated[tuple[WrittenException, ...], Field(max_length=EXCEPTIONS_MAX)] = ()
    holidays: WrittenHolidays | None = None
    ical: Beside | None = None
    at_close: AtClose = hours.OURS.at_close
    long_day: LongDay = hours.OURS.long_day
    skipped_edge: SkippedEdge = hours.OURS.skipped_edge


class WrittenSettle(Written):
    window: DurationOrNone = None  # left out: the worker's setting
    resend: bool = True
    silent_after: DurationOrNone = None  # left out: nobody waits for receipts


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
    mark_on_breach: bool = True
    stakeholders: Annotated[tuple[Name, ...], Field(max_length=STAKEHOLDERS_MAX), distinct("stakeholder")] = ()
    runs_while_blocked: Annotated[tuple[Blockable, ...], distinct("clock")] = ("deadline",)
    internal_factor: Factor | None = None
    customer_contact_backup: Name | None = None
    touches_alarm: Owners = 3  # ticket escalation process: three or more people
    snooze_max: Duration = SNOOZE_MAX


class WrittenReckoning(Written):
    """How clocks go on where engines disagree; what is left out is our answer."""

    on_severity_change: Retiming = OURS.on_severity_change
    on_policy_change: Retiming = OURS.on_policy_change
    on_reopen: Reopening = OURS.on_reopen
    after_a_miss: Anchor = OURS.after_a_miss
    after_an_early_update: Anchor = OURS.after_an_early_update
    short_target: ShortTarget = OURS.short_target
    fractions: Fractions = OURS.fractions
    pausing: Pausing = OURS.pausing
    earlier_pauses: EarlierPauses = OURS.earlier_pauses
    open_pause: OpenPause = OURS.open_pause


class WrittenPolicy(Written):
    """An escalation agreement: who is asked, when each promise is due, and what happens when it is missed."""

    name: Name
    version: Label
    house: WrittenHouse
    terms: dict[Severity, WrittenTerms]
    routes: Annotated[dict[Name, WrittenRoute], Field(min_length=1, max_length=ROUTES_MAX)]
    chains: Annotated[dict[Name, WrittenChain], Field(max_length=CHAINS_MAX)]
    calendars: Annotated[dict[Name, WrittenCalendar], Field(max_length=CALENDARS_MAX)] = Field(default_factory=dict)
    settles: dict[Channel, WrittenSettle] = Field(default_factory=dict)
    segments: Annotated[dict[Name, WrittenSegment], Field(max_length=SEGMENTS_MAX)] = Field(default_factory=dict)
    approvals: WrittenApprovals = WrittenApprovals()
    reckoning: WrittenReckoning = WrittenReckoning()
    matrix: Annotated[tuple[WrittenCase, ...], Field(max_length=MATRIX_MAX)] = ()
    responsibilities: dict[Severity, WrittenResponsibilities] = Field(default_factory=dict)
    review: WrittenReview | None = None
    triage: TriageTermsOrMode | None = None
    summary: Summary | None = None
    levels: Annotated[dict[Name, WrittenLevel], Field(max_length=LEVELS_MAX)] = Field(default_factory=dict)
