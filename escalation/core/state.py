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

The table is the truth: a command that is not in it for a phase is refused, and a rule that leads elsewhere than the
table says is a bug that the tests find. `SAME` stands for "the phase stays".
"""

from datetime import datetime, timedelta

from escalation.core.clock import Clock
from escalation.core.effects import Effect, Text
from escalation.core.policy import Policy
from escalation.core.values import dataclass
from escalation.core.vocabulary import Ask, Channel, ClockName, Phase, Severity

SAME = None
_AWAITING, _TRANSFER, _ACTIVE = Phase.AWAITING_APPROVAL, Phase.IN_TRANSFER, Phase.ACTIVE
_BLOCKED, _RESOLVED = Phase.BLOCKED, Phase.RESOLVED

TERMINAL = (Phase.CLOSED, Phase.DE_ESCALATED, Phase.REJECTED, Phase.CANCELLED)
OPEN_PHASES = (_AWAITING, _TRANSFER, _ACTIVE, _BLOCKED, _RESOLVED)

# (phase, command) -> the phases it may lead to.
TRANSITIONS: dict[tuple[Phase, str], tuple[Phase | None, ...]] = {
    (_AWAITING, "approve"): (_TRANSFER,),
    (_AWAITING, "reject"): (Phase.REJECTED,),
    (_TRANSFER, "acknowledge"): (_ACTIVE,),
    (_TRANSFER, "decline"): (_TRANSFER,),
    (_ACTIVE, "confirm_severity"): (SAME,),
    (_TRANSFER, "confirm_severity"): (SAME,),
    (_TRANSFER, "reassign"): (_TRANSFER,),
    (_ACTIVE, "reassign"): (_TRANSFER,),
    (_TRANSFER, "raise"): (_TRANSFER,),
    (_ACTIVE, "raise"): (_TRANSFER,),
    (_TRANSFER, "hand_off"): (_TRANSFER,),
    (_ACTIVE, "hand_off"): (_TRANSFER,),
    (_BLOCKED, "hand_off"): (_TRANSFER,),
    (_TRANSFER, "block"): (_BLOCKED,),
    (_ACTIVE, "block"): (_BLOCKED,),
    (_BLOCKED, "unblock"): (_TRANSFER, _ACTIVE),
    (_TRANSFER, "resolve"): (_RESOLVED,),
    (_ACTIVE, "resolve"): (_RESOLVED,),
    (_BLOCKED, "resolve"): (_RESOLVED,),
    (_RESOLVED, "confirm"): (Phase.CLOSED,),
    (_RESOLVED, "reopen"): (_ACTIVE,),
    **{(phase, "change_severity"): (SAME,) for phase in (_AWAITING, _TRANSFER, _ACTIVE, _BLOCKED)},
    **{(phase, "de_escalate"): (Phase.DE_ESCALATED,) for phase in (_TRANSFER, _ACTIVE, _BLOCKED)},
    **{(phase, kind): (SAME,) for phase in OPEN_PHASES for kind in ("post_update", "add_note", "adopt_policy")},
    **{(phase, "cancel"): (Phase.CANCELLED,) for phase in OPEN_PHASES},
}

# What may fire while time passes, and where it may lead.
ON_TIME: dict[tuple[Phase, ClockName], tuple[Phase | None, ...]] = {
    (_AWAITING, ClockName.APPROVAL): (SAME, _TRANSFER, Phase.REJECTED),
    (_TRANSFER, ClockName.ACKNOWLEDGEMENT): (_TRANSFER,),
    (_ACTIVE, ClockName.SILENCE): (_TRANSFER,),
    (_ACTIVE, ClockName.RESOLUTION): (SAME, _TRANSFER),
    (_ACTIVE, ClockName.DEADLINE): (SAME, _TRANSFER),
    (_BLOCKED, ClockName.BLOCKED_LIMIT): (Phase.DE_ESCALATED,),
    (_RESOLVED, ClockName.REOPEN_WINDOW): (Phase.CLOSED,),
}


@dataclass(frozen=True, slots=True)
class Case:
    """What the escalation is about: set at the opening, never changed."""

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


@dataclass(frozen=True, slots=True)
class Rung:
    """One telling inside a step, `after` the step began to tell; None: only once nobody else of the step is reached."""

    after: timedelta | None
    contact: str
    channel: Channel


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
    paged: tuple[str, ...] = ()  # whoever a page reached since the last acknowledgement, in any visit
    heard: bool = False  # a provider took a page of this visit
    heard_in_chain: bool = False
    since: datetime | None = None  # in transfer since
    returns_to: Phase | None = None  # where a blocked escalation goes back to
    approver: int = 0
    lapses: tuple[Lapse, ...] = ()


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

    @property
    def asked(self) -> bool:
        """Whether an act is at work for it now."""
        return not self.ambiguous and not self.held


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
    errands: tuple[Errand, ...]
    tally: Tally
    head: Head

    @property
    def ended(self) -> bool:
        """Whether the phase is final."""
        return self.phase in TERMINAL

    @property
    def settled(self) -> bool:
        """Ended, and nothing that was asked of the world is still open."""
        return self.ended and not self.errands


def next_due(state: Escalation) -> datetime | None:
    """The earliest instant at which something happens by itself."""
    return min((due for clock in state.clocks if (due := clock.due) is not None), default=None)
