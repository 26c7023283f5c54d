"""The payloads of the workflow: how it starts, what it is told, what it answers, what it shows.

Dataclasses that pydantic validates at the boundary; unknown fields are ignored and every later field needs a default,
so that a running escalation survives a rolling deployment.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from escalation.core.beside import Attachment, Linked
from escalation.core.case_facts import CaseFacts
from escalation.core.commands import Instructable
from escalation.core.facts import Fact
from escalation.core.money import Money
from escalation.core.refusals import Refusal
from escalation.core.state import Escalation
from escalation.core.vocabulary import ApprovalKind, Ask, Phase, Severity


@dataclass(frozen=True, slots=True)
class Page:
    """One audit entry, as the exact bytes (UTF-8 text) over which its digest was taken."""

    reference: str
    episode: str
    sequence: int
    at: datetime
    previous: str
    digest: str
    body: str


@dataclass(frozen=True, slots=True)
class HandedFile:
    """A file that lies in the attachment store already. `digest` is its SHA-256 in hex; `name` is words."""

    name: str
    digest: str
    bytes: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Start:
    """Everything an escalation starts with. `title` and `description` are words: they are kept, not logged."""

    reference: str
    episode: str
    ticket: str
    by: str
    by_machine: bool
    route: str  # "": as triage proposes
    severity: Severity | None  # None: as the agreement reads `severity_name`, or as triage proposes
    ask: Ask
    title: str
    description: str
    customer: str
    deadline: datetime
    policy: str = "default"
    restricted: bool = False
    segment: str = ""  # the customer's, as the policy names it
    carried: "Carried | None" = None
    severity_name: str = ""  # what the agreement calls it
    triage: bool = False  # asked for, whatever the agreement says of it
    case: CaseFacts | None = None  # what is known of the case beside its words; for triage alone
    by_hand: str = ""  # why it is escalated whatever triage sees
    linked_to: Linked | None = None  # the escalation beside which it is opened
    customer_contact: str = ""  # the account's own; "": as the policy says
    attachments: tuple[HandedFile, ...] = ()
    proof: str | None = None  # that `by` opens it


@dataclass(frozen=True, slots=True)
class Knock:
    """The opening update: "is this episode open, and what did the opening say?" Another episode is refused."""

    episode: str


@dataclass(frozen=True, slots=True)
class Adoption:
    """Ask for another policy, by name; the newest good version is frozen when the command arrives."""

    by: str
    policy: str
    reason: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """A person's command on its way in: the command without its facts, its words, and the proof of who speaks.

    Exactly one of `command` and `adopt` is given. `words` (at most `WORDS_CHARS_MAX`) are kept in the content store.
    """

    command: Annotated[Instructable, Field(discriminator="kind")] | None = None
    adopt: Adoption | None = None
    words: str | None = None
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class LateFact:
    """A fact that the gateway learned (a receipt), with the gateway's proof."""

    fact: Annotated[Fact, Field(discriminator="kind")]
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command: its place in the log, and why not if it was refused."""

    reference: str
    episode: str
    sequence: int
    phase: Phase | None  # None: it never opened
    refusal: Refusal | None = None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Carried:
    """What one run hands to the next: the whole state, and the memory that keeps retries from doing things twice."""

    state: Escalation
    answers: dict[str, Answer]
    timeline: tuple[str, ...]
    unrecorded: tuple[Page, ...]
    conflicts: tuple[int, ...]
    send_timeout: timedelta


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock as people see it. `due` is the next edge, UTC; None while paused."""

    name: str
    cycle: int
    state: str  # running, paused
    due: datetime | None
    edge: str | None
    limit_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """One open approval as people see it. `word` says how it stands; `asked` are roles; `votes` those who said yes.

    `due` is when the next ones are asked, or what silence means happens. `about` is the route, severity, level or
    deadline that it leads to, "" when the yes itself is wanted. `review`: break-glass did it, somebody must look at it.
    """

    number: int
    kind: ApprovalKind
    word: str
    asked_by: str
    asked_at: datetime
    reason: str
    about: str
    asked: tuple[str, ...]
    votes: tuple[str, ...]
    quorum: int
    due: datetime | None
    amount: Money | None = None
    opening: bool = False
    review: bool = False
    act: str = ""  # the kind of the command that waits
    total: Money | None = None  # with what was agreed to or asked for before, where that is more than the amount
    claimed: bool = False  # nobody vouched for who asks: in development a name is taken as it is


@dataclass(frozen=True, slots=True)
class View:
    """A read-only picture of an escalation."""

    reference: str
    episode: str
    ticket: str
    code: int | None
    phase: Phase
    status: str  # what the ticket shows: "In Transfer", "Active", "Escalation"…
    severity: Severity
    label: str
    severity_confirmed: bool
    route: str
    team: str
    customer: str
    owner: str
    customer_contact: str
    asked: str | None  # who is being asked to acknowledge
    step: str
    opened_at: datetime
    deadline: datetime
    next_due: datetime | None
    clocks: tuple[ClockView, ...]
    told: tuple[str, ...]
    breaches: int
    hand_offs: int
    reopens: int
    touches: int
    in_transfer_seconds: int
    nobody_told: bool
    policy: str
    policy_version: str
    policy_stale: bool
    sequence: int
    digest: str
    severity_unconfirmed: bool = False  # the receiving team let its time to confirm it pass
    segment: str = ""  # the customer's, as the policy names it
    approvals: tuple[ApprovalView, ...] = ()  # open ones, in the order in which they were asked
    restricted: bool = False
    opened_by: str = ""
    ping_pongs: int = 0
    in_transfer_since: datetime | None = None
    linked_to: Linked | None = None  # the escalation that it stands beside
    links: tuple[Linked, ...] = ()  # those that stand beside it
    attachments: tuple[Attachment, ...] = ()
    all_asked: tuple[str, ...] = ()  # everybody who is asked in this step; `asked` is the last of them
    left_alone_until: datetime | None = None  # nobody is chased before that: a snooze, or a window of maintenance
    left_alone_by: str = ""
    left_alone_why: str = ""  # "snooze: at the dentist"


@dataclass(frozen=True, slots=True)
class Ending:
    """The workflow's result: how it ended and the head of its log. `refusal` when it never opened."""

    reference: str
    episode: str
    phase: Phase | None
    sequence: int
    digest: str
    refusal: Refusal | None = None
    conflicts: tuple[int, ...] = ()  # sequences that the audit store holds with another digest: an alarm
