"""How an escalation lives: the table of moves, and what is remembered.

An escalation is one ticket in the hands of somebody else than its sender. From the moment it is opened there are two
names that are never empty: the *owner*, who must act, and the *customer contact*, who speaks with the customer. The
machine below exists to keep both true while work moves.

It starts `in_transfer`, or `awaiting_approval` when the policy wants a yes first. In transfer, a chain of contacts is
climbed: each step has a window to acknowledge, inside which more channels and the backup are tried; a step that
reaches nobody costs no time. Whoever acknowledges becomes the owner and the escalation is `active`. An owner who falls
silent, a missed resolution target, a hand-off or a raise put it back `in_transfer`; the former owner keeps it until
somebody else accepts, so that it is never nobody's. Waiting for the customer is `blocked`: clocks stand still, and it
returns to where it was. A declared fix is `resolved`, and only the customer's yes, or the end of the reopen window,
makes it `closed`. Four ends are final: `closed`, `de_escalated`, `rejected`, `cancelled`. Real cases are not polite:
any open phase may be resolved, de-escalated or cancelled at any time.

Some moves need a yes: what the agreement names waits beside the machine, numbered, while everything goes on, and is
done by its own rule when the last yes that it needs has come.

The table is the truth: a command that is not in it for a phase is refused, and a rule that leads elsewhere than the
table says is a bug that the tests find. `SAME` stands for "the phase stays".
"""

from datetime import datetime, timedelta

from escalation.core.beside import Attachment, Linked
from escalation.core.canonical import instant
from escalation.core.clock import Clock
from escalation.core.commands import (
    Cancel,
    ChangeSeverity,
    Confirm,
    ConfirmSeverity,
    DeEscalate,
    ExtendDeadline,
    HandOff,
)
from escalation.core.effects import Effect, Text
from escalation.core.lull import Lull
from escalation.core.money import Money
from escalation.core.policy import ApprovalTerms, Policy
from escalation.core.post import Post
from escalation.core.status import status_of
from escalation.core.values import dataclass
from escalation.core.vocabulary import ApprovalKind, Ask, Channel, ClockName, Decided, Phase, Severity

# What can wait for a yes, and is then done by its own rule.
Held = HandOff | ChangeSeverity | ConfirmSeverity | DeEscalate | ExtendDeadline | Cancel | Confirm

SAME = None
_AWAITING, _TRANSFER, _ACTIVE = Phase.AWAITING_APPROVAL, Phase.IN_TRANSFER, Phase.ACTIVE
_BLOCKED, _RESOLVED = Phase.BLOCKED, Phase.RESOLVED

TERMINAL = (Phase.CLOSED, Phase.DE_ESCALATED, Phase.REJECTED, Phase.CANCELLED)
OPEN_PHASES = (_AWAITING, _TRANSFER, _ACTIVE, _BLOCKED, _RESOLVED)

# (phase, command) -> the phases it may lead to.
TRANSITIONS: dict[tuple[Phase, str], tuple[Phase | None, ...]] = {
    (_AWAITING, "approve"): (SAME, _TRANSFER, Phase.CANCELLED),
    (_AWAITING, "reject"): (SAME, Phase.REJECTED),
    **{
        (phase, "approve"): (SAME, _TRANSFER, Phase.DE_ESCALATED, Phase.CANCELLED)
        for phase in (_TRANSFER, _ACTIVE, _BLOCKED)
    },
    (_RESOLVED, "approve"): (SAME, Phase.CLOSED, Phase.CANCELLED),
    **{(phase, "reject"): (SAME,) for phase in (_TRANSFER, _ACTIVE, _BLOCKED, _RESOLVED)},
    (_TRANSFER, "acknowledge"): (_ACTIVE,),
    (_TRANSFER, "decline"): (_TRANSFER,),
    (_ACTIVE, "confirm_severity"): (SAME,),
    (_TRANSFER, "confirm_severity"): (SAME,),
    (_TRANSFER, "reassign"): (_TRANSFER,),
    (_ACTIVE, "reassign"): (_TRANSFER,),
    (_TRANSFER, "raise"): (_TRANSFER,),
    (_ACTIVE, "raise"): (_TRANSFER,),
    **{(phase, "hand_off"): (SAME, _TRANSFER) for phase in (_TRANSFER, _ACTIVE, _BLOCKED)},
    (_TRANSFER, "block"): (_BLOCKED,),
    (_ACTIVE, "block"): (_BLOCKED,),
    (_BLOCKED, "unblock"): (_TRANSFER, _ACTIVE),
    (_TRANSFER, "resolve"): (_RESOLVED,),
    (_ACTIVE, "resolve"): (_RESOLVED,),
    (_BLOCKED, "resolve"): (_RESOLVED,),
    (_RESOLVED, "confirm"): (SAME, Phase.CLOSED),
    (_RESOLVED, "reopen"): (_ACTIVE,),
    **{(phase, "change_severity"): (SAME,) for phase in (_AWAITING, _TRANSFER, _ACTIVE, _BLOCKED)},
    **{(phase, "de_escalate"): (SAME, Phase.DE_ESCALATED) for phase in (_TRANSFER, _ACTIVE, _BLOCKED)},
    **{(phase, kind): (SAME,) for phase in OPEN_PHASES for kind in ("post_update", "add_note", "adopt_policy")},
    **{(phase, kind): (SAME,) for phase in OPEN_PHASES for kind in ("change_contact", "attach", "link")},
    **{(phase, kind): (SAME,) for phase in OPEN_PHASES for kind in ("request_approval", "extend_deadline")},
    **{(phase, "snooze"): (SAME,) for phase in (_TRANSFER, _ACTIVE)},
    **{(phase, "unsnooze"): (SAME,) for phase in (_AWAITING, _TRANSFER, _ACTIVE)},
    **{(phase, "cancel"): (SAME, Phase.CANCELLED) for phase in OPEN_PHASES},
}

# What may fire while time passes, and where it may lead.
ON_TIME: dict[tuple[Phase, ClockName], tuple[Phase | None, ...]] = {
    (_AWAITING, ClockName.APPROVAL): (SAME, _TRANSFER, Phase.REJECTED),
    **{(phase, ClockName.APPROVAL): (SAME, _TRANSFER) for phase in (_TRANSFER, _ACTIVE, _BLOCKED)},
    (_RESOLVED, ClockName.APPROVAL): (SAME,),
    (_TRANSFER, ClockName.ACKNOWLEDGEMENT): (_TRANSFER,),
    (_ACTIVE, ClockName.SILENCE): (_TRANSFER,),
    (_ACTIVE, ClockName.RESOLUTION): (SAME, _TRANSFER),
    (_ACTIVE, ClockName.DEADLINE): (SAME, _TRANSFER),
    (_BLOCKED, ClockName.BLOCKED_LIMIT): (Phase.DE_ESCALATED,),
    (_RESOLVED, ClockName.REOPEN_WINDOW): (Phase.CLOSED,),
}


@dataclass(frozen=True, slots=True)
class Case:
    """What the escalation is about: set at the opening, never changed but for what is put beside it."""

    reference: str
    episode: str
    ticket: str
    code: int | None
    opened_at: datetime
    opened_by: str
    customer: str
    title: Text
    description: Text
    deadline: datetime
    restricted: bool
    segment: str = ""  # the customer's, as the agreement names it
    linked_to: Linked | None = None  # the one beside which it was opened
    links: tuple[Linked, ...] = ()  # those that were opened beside it
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Grade:
    """The severity now and at the opening, and whether the receiving team has confirmed it."""

    level: Severity
    initial: Severity
    confirmed: bool = False
    unconfirmed: bool = False  # the time to confirm it has passed in silence


@dataclass(frozen=True, slots=True)
class People:
    """Who must act, who speaks with the customer, who has been told and who has owned it."""

    owner: str
    customer_contact: str
    told: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()  # that it was handed off from
    post: Post = Post()
    lull: Lull | None = None  # people are left alone for a while


@dataclass(frozen=True, slots=True)
class Rung:
    """One telling inside a step, `after` the step began to tell; None: only once nobody else of the step is reached."""

    after: timedelta | None
    contact: str
    channel: Channel
    audience: int = 0  # the step's contact and backup, or the first, second… of those told as well


@dataclass(frozen=True, slots=True)
class Lapse:
    """A step whose window ended without an acknowledgement: who was asked, and when it was due."""

    due: datetime
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Where the work is on its way to. `step` indexes the chain; its length is the fallback contact.

    `visit` counts steps begun, so that facts about an earlier one are told apart. `named` is a person asked by
    reassignment instead of the step's contact. `pages` are the effect numbers of this visit's dispatches.
    """

    route: str
    ask: Ask
    step: int = 0
    round: int = 0
    visit: int = 0
    named: str | None = None
    lookup: int | None = None  # the FindContacts that is awaited
    began: datetime | None = None  # when this visit began to tell
    rungs: tuple[Rung, ...] = ()
    asked: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()  # of this visit, without those that surely failed
    paged: tuple[str, ...] = ()  # who hears who takes it: paged since it was taken last, or had it until now
    heard: bool = False  # a provider took a page of this visit
    heard_in_chain: bool = False
    since: datetime | None = None  # in transfer since
    returns_to: Phase | None = None  # where a blocked escalation goes back to
    lapses: tuple[Lapse, ...] = ()
    returned: bool = False  # this way leads back to a team that had it before, which is counted already


@dataclass(frozen=True, slots=True)
class Miss:
    """A limit that was passed."""

    clock: ClockName
    cycle: int
    due: datetime
    overtaken: bool = False  # another target had put it into the past


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted, and the flags that people see."""

    misses: tuple[Miss, ...] = ()
    withdrawn: int = 0  # misses and lapses taken back because the act had happened in time
    lapses: int = 0
    hand_offs: int = 0
    reopens: int = 0
    in_transfer: timedelta = timedelta(0)
    escalated: bool = False  # the status reads "Escalation" after a missed target
    nobody_told: bool = False
    skipped: int = 0  # words that came too late to be told, after an outage
    touches: int = 0  # people who have owned it
    ping_pongs: int = 0  # times that it came back to a person or a team that had had it
    spent: tuple[Money, ...] = ()  # what was agreed to be spent, one sum for each currency


@dataclass(frozen=True, slots=True)
class Errand:
    """An effect that was asked for and whose fact has not come. `ambiguous`: it waits to be looked up.

    `since` is when it was decided; a dispatch that is sent again keeps the instant of the first time. `lookups` counts
    how often the doubt about it was not settled for good.
    """

    effect: Effect
    since: datetime
    ambiguous: bool = False
    lookups: int = 0
    held: bool = False  # not asked for yet: it waits for the one before it
    tried: tuple[Channel, ...] = ()  # where the same words went before

    @property
    def asked(self) -> bool:
        """Whether an act is at work for it now."""
        return not self.ambiguous and not self.held


@dataclass(frozen=True, slots=True)
class Vote:
    """A yes, a no or a review. `names` are all of the person's; `authority` is whose role it was given on: normally the
    person's own, that of whoever delegated it otherwise.
    """

    by: str
    person: str
    names: tuple[str, ...]
    authority: str
    reason: str


@dataclass(frozen=True, slots=True)
class Approval:
    """Something that waits for a yes, or did. `number` is what people call it; `terms` are those it was asked under.

    `held` is done by the last yes that is needed; `opening`: the chain begins then. With neither, the yes itself is
    what was wanted. `asked` are the roles asked so far; `asking` is the lookup that asks now, and the cycle of the
    clock that runs meanwhile. `glass`: it was done by break-glass, and `reviewed` is what somebody else says to that.
    """

    number: int
    kind: ApprovalKind
    asked_by: str
    asked_at: datetime
    reason: str
    terms: ApprovalTerms
    held: Held | None = None
    opening: bool = False
    amount: Money | None = None
    asked: tuple[str, ...] = ()
    asking: int = 0
    votes: tuple[Vote, ...] = ()
    decided: Decided | None = None
    decided_by: tuple[str, ...] = ()  # nobody, where silence decided
    decided_at: datetime | None = None
    glass: bool = False
    reviewed: bool | None = None
    total: Money | None = None  # of money: with all that was agreed to or asked for before; None: the amount alone
    asker: tuple[str, ...] = ()  # whatever else whoever asked is called, where somebody looked it up
    claimed: bool = False  # nobody vouched for who asks; only in development

    @property
    def weighed(self) -> Money | None:
        """The money that a limit must cover: not the amount alone, or it would be asked for in pieces."""
        return self.total or self.amount

    @property
    def askers(self) -> frozenset[str]:
        """Every name by which whoever asked is known here."""
        return frozenset((self.asked_by, *self.asker))

    @property
    def under_review(self) -> bool:
        """Whether it was done by break-glass and nobody has said anything to that."""
        return self.glass and self.reviewed is None

    @property
    def pending(self) -> bool:
        """Whether anybody's yes or no is still wanted."""
        return self.decided is None or self.under_review

    @property
    def at_once(self) -> int:
        """How many roles are asked at a time: as many as must agree, one for a review."""
        return 1 if self.glass else self.terms.quorum

    @property
    def asked_now(self) -> tuple[str, ...]:
        """The roles of the last asking."""
        return self.asked[-((len(self.asked) - 1) % self.at_once + 1) :]

    @property
    def word(self) -> str:
        """How it stands, in a word or two: "asked", "1 of 2", "approved", "approved by break-glass"…"""
        if self.decided is None:
            return f"{len(self.votes)} of {self.terms.quorum}" if self.votes else "asked"
        glass = {None: "", True: ", reviewed", False: ", objected"}[self.reviewed]
        return f"{self.decided} by break-glass{glass}" if self.glass else self.decided.value

    @property
    def about(self) -> str:
        """What it leads to, in a word; "" for the opening, for what is only asked for, and for an end."""
        held = self.held
        if isinstance(held, HandOff):
            return held.route
        if isinstance(held, ChangeSeverity | ConfirmSeverity):
            return held.severity
        if isinstance(held, DeEscalate):
            return held.level
        return instant(held.deadline) if isinstance(held, ExtendDeadline) else ""


@dataclass(frozen=True, slots=True)
class Awaited:
    """What the world owes: answers to effects, and people's yes or no. Decided approvals are kept for latecomers."""

    errands: tuple[Errand, ...] = ()
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log and the effects stand: the last sequence, its digest, the last effect's number."""

    sequence: int
    digest: str
    effects: int


@dataclass(frozen=True, slots=True)
class Escalation:
    """Everything that is remembered."""

    case: Case
    policy: Policy
    phase: Phase
    grade: Grade
    people: People
    transfer: Transfer
    clocks: tuple[Clock, ...]
    awaited: Awaited
    tally: Tally
    head: Head

    @property
    def errands(self) -> tuple[Errand, ...]:
        """The effects whose facts have not come."""
        return self.awaited.errands

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """What waits for a yes, and what was decided of late, in the order in which it was asked."""
        return self.awaited.approvals

    @property
    def status(self) -> str:
        """What the ticket shows."""
        return status_of(self.phase, escalated=self.tally.escalated)

    @property
    def ended(self) -> bool:
        """Whether the phase is final."""
        return self.phase in TERMINAL

    @property
    def settled(self) -> bool:
        """Ended, and nothing that was asked of the world, or has yet to be told to somebody, is still open."""
        return self.ended and not self.errands and all(clock.name is not ClockName.CATCH_UP for clock in self.clocks)


def next_due(state: Escalation) -> datetime | None:
    """The earliest instant at which something happens by itself."""
    return min((due for clock in state.clocks if (due := clock.due) is not None), default=None)
