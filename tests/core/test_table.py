"""The table of moves: every phase with every command, and what time does by itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from escalation.core import state as essay
from escalation.core.beside import Attach, ChangeContact, Link, ReportTold
from escalation.core.clock import EDGE_RANK, RANK
from escalation.core.commands import (
    Acknowledge,
    AddNote,
    AdoptPolicy,
    Approve,
    Block,
    Cancel,
    ChangeSeverity,
    Command,
    Confirm,
    ConfirmSeverity,
    Decline,
    DeEscalate,
    Elapse,
    ExtendDeadline,
    HandOff,
    PostUpdate,
    Raise,
    Reassign,
    Reject,
    Reopen,
    RequestApproval,
    Resolve,
    Snooze,
    Unblock,
    Unsnooze,
)
from escalation.core.decide import FACT_RULES, ON_DUE, RULES, decide
from escalation.core.facts import ReportContacts, ReportDelivery, ReportReconciliation, ReportRoom, ReportTicket
from escalation.core.lull import Lull
from escalation.core.refusals import Refusal
from escalation.core.state import ON_TIME, OPEN_PHASES, TERMINAL, TRANSITIONS
from escalation.core.vocabulary import (
    ApprovalKind,
    Ask,
    Audience,
    ClockName,
    DeEscalationReason,
    Edge,
    LullKind,
    Outcome,
    Phase,
    Reconciled,
    Severity,
)
from tests.core.cases import (
    DAY,
    HOUR,
    MINUTE,
    POLICY,
    START,
    TEXT,
    Story,
    active,
    opening,
    policy,
    standing,
)

YES = standing("sam", "support-lead")
LENIENT = opening(route="lenient", ask=Ask.DECIDE)
LEADERSHIP = opening(route="leadership", ask=Ask.DECIDE)

LULL = Lull(LullKind.MAINTENANCE, START, START + DAY, "dana", "the database moves", "db-move")
EXCEPTION = RequestApproval("ann", ApprovalKind.POLICY_EXCEPTION, "a build of their own")

# One command of each kind that is fine in itself, so that only the phase can object.
COMMANDS: tuple[Command, ...] = (
    Approve("sam", "agreed", YES),
    Reject("sam", "too early", YES),
    Acknowledge("ann"),
    Decline("ann", "on leave"),
    PostUpdate("sue", Audience.CUSTOMER, TEXT),
    ConfirmSeverity("ann", Severity.SEV2, "40 % of users"),
    ChangeSeverity("ann", Severity.SEV3, "workaround found"),
    Reassign("ann", "zoe", "she wrote it"),
    HandOff("ann", "product", Ask.DECIDE, "a design question"),
    Raise("ann", "stuck"),
    Block("ann", "the customer's logs"),
    Unblock("ann", "logs came"),
    Snooze("ann", START + 6 * HOUR, "at the dentist"),
    Unsnooze("ann", "back again"),
    Resolve("ann", TEXT),
    Confirm("sue"),
    Reopen("sue", "it is back"),
    DeEscalate("ann", DeEscalationReason.HOW_TO, "sue", "L1", TEXT),
    Cancel("sue", "opened twice"),
    AddNote("ann", TEXT),
    Attach("ann", "ab" * 32, 20480, "text/plain", TEXT),
    ChangeContact("sue", "una", "on leave"),
    Link("ann", "ESC-1.2", "2", "the renewal is at risk"),
    AdoptPolicy("sue", replace(POLICY, digest="22" * 32), "new quarter"),
    EXCEPTION,
    ExtendDeadline("ann", START + 31 * DAY, "the customer agrees"),
)
FACTS: tuple[Command, ...] = (
    Elapse(),
    ReportContacts(9_999),
    ReportDelivery(9_999, Outcome.ACCEPTED),
    ReportReconciliation(9_999, Reconciled.ADOPTED),
    ReportTicket(9_999, written=True),
    ReportTold(9_999, told=True),
    ReportRoom(9_999, shown=True),
)


def story_in(phase: Phase) -> Story:
    """An escalation that has come to that phase."""
    ways: dict[Phase, Callable[[], tuple[Story, Command | None]]] = {
        Phase.AWAITING_APPROVAL: lambda: (Story(LEADERSHIP), None),
        Phase.IN_TRANSFER: lambda: (Story(), None),
        Phase.ACTIVE: lambda: (active(), None),
        Phase.BLOCKED: lambda: (active(), Block("ann", "logs")),
        Phase.RESOLVED: lambda: (active(), Resolve("ann")),
        Phase.CLOSED: lambda: (story_in(Phase.RESOLVED), Confirm("sue")),
        Phase.DE_ESCALATED: lambda: (active(), DeEscalate("ann", DeEscalationReason.HOW_TO, "sue", "L1")),
        Phase.REJECTED: lambda: (Story(LEADERSHIP), Reject("sam", "no", YES)),
        Phase.CANCELLED: lambda: (active(), Cancel("sue", "twice")),
    }
    story, command = ways[phase]()
    if command is not None:
        story.do(command)
    assert story.phase is phase
    return story


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.kind)
@pytest.mark.parametrize("phase", Phase)
def test_a_command_leads_where_the_table_says_or_is_refused(phase: Phase, command: Command) -> None:
    """All phases with all commands; a refusal leaves everything as it was and the log one entry longer."""
    story = story_in(phase)
    if isinstance(command, Approve | Reject) and phase in OPEN_PHASES and phase is not Phase.AWAITING_APPROVAL:
        story.do(EXCEPTION)
    leads_to = TRANSITIONS.get((phase, command.kind))
    if isinstance(command, Unsnooze) and leads_to is not None:
        story.suppose(people=replace(story.state.people, lull=LULL))

    if leads_to is None:
        assert story.refused(command) is (Refusal.ENDED if phase in TERMINAL else Refusal.NOT_IN_THIS_PHASE)
    else:
        before = story.state.head.sequence
        decision = story.do(command)
        assert decision.sealed.entry.refusal is None
        assert decision.sealed.entry.sequence == before + 1
        assert decision.state is not None
        assert decision.state.phase in {to or phase for to in leads_to}


@pytest.mark.parametrize("command", FACTS, ids=lambda command: command.kind)
@pytest.mark.parametrize("phase", Phase)
def test_facts_and_time_are_judged_in_every_phase(phase: Phase, command: Command) -> None:
    """They are never refused for the phase; a fact about what was never asked changes nothing."""
    story = story_in(phase)

    refusal = story.refused(command)

    assert refusal is (None if isinstance(command, Elapse) else Refusal.UNKNOWN_EFFECT)
    assert story.phase is phase


@pytest.mark.parametrize(
    ("phase", "clock", "leads_to", "wait", "command"),
    [
        (Phase.AWAITING_APPROVAL, ClockName.APPROVAL, Phase.AWAITING_APPROVAL, HOUR, LEADERSHIP),
        (Phase.AWAITING_APPROVAL, ClockName.APPROVAL, Phase.REJECTED, 2 * HOUR, LEADERSHIP),
        (Phase.AWAITING_APPROVAL, ClockName.APPROVAL, Phase.IN_TRANSFER, 2 * HOUR, LENIENT),
        (Phase.IN_TRANSFER, ClockName.ACKNOWLEDGEMENT, Phase.IN_TRANSFER, 10 * MINUTE, None),
        (Phase.ACTIVE, ClockName.SILENCE, Phase.IN_TRANSFER, 3 * HOUR, None),
        (Phase.BLOCKED, ClockName.BLOCKED_LIMIT, Phase.DE_ESCALATED, 5 * DAY, None),
        (Phase.RESOLVED, ClockName.REOPEN_WINDOW, Phase.CLOSED, 2 * DAY, None),
    ],
)
def test_time_alone_leads_where_its_table_says(
    phase: Phase, clock: ClockName, leads_to: Phase, wait: timedelta, command: Command | None
) -> None:
    """One row for each move, and not a moment before its clock ends."""
    story = Story(command) if command is not None else story_in(phase)  # type: ignore[arg-type]  # an opening
    assert story.phase is phase

    story.wait(wait - MINUTE / 60)
    assert story.phase is phase
    story.wait(MINUTE / 60)

    assert story.phase is leads_to
    assert {fired.clock for d in story.decisions for fired in d.sealed.entry.fired} >= {clock}
    assert leads_to in {to or phase for to in ON_TIME[phase, clock]}


@pytest.mark.parametrize("clock", [ClockName.RESOLUTION, ClockName.DEADLINE])
@pytest.mark.parametrize("reassigns", [True, False])
def test_a_breach_puts_it_back_in_transfer_unless_switched_off(clock: ClockName, *, reassigns: bool) -> None:
    """Both targets, both settings of the policy."""
    agreement = policy(house={"reassign_on_breach": reassigns})
    terms = tuple(replace(t, silence=None) for t in agreement.terms)
    deadline = DAY if clock is ClockName.RESOLUTION else 7 * HOUR
    story = active(opening(policy=replace(agreement, terms=terms), deadline=START + deadline))

    story.until(START + min(deadline, 8 * HOUR))

    leads_to = Phase.IN_TRANSFER if reassigns else Phase.ACTIVE
    assert clock in story.misses()
    assert story.phase is leads_to
    assert leads_to in {to or Phase.ACTIVE for to in ON_TIME[Phase.ACTIVE, clock]}


def test_every_word_of_the_tables_has_a_rule() -> None:
    """No row without a rule, no rule without a row, and phases are either open or final."""
    assert {kind for _, kind in TRANSITIONS} == set(RULES) == {command.kind for command in COMMANDS}
    # What a linked escalation says of itself is no answer to an effect: `test_linking` judges it.
    assert set(FACT_RULES) == {command.kind for command in FACTS} | {"report_linked"}
    assert {clock for clock, edge in ON_DUE if edge is Edge.LIMIT} == set(ClockName)
    assert {clock for _, clock in ON_TIME} <= set(ClockName)
    assert set(OPEN_PHASES) | set(TERMINAL) == set(Phase)
    assert not set(OPEN_PHASES) & set(TERMINAL)
    assert not {phase for phase, _ in TRANSITIONS} & set(TERMINAL)
    assert (len(RANK), len(EDGE_RANK)) == (len(ClockName), len(Edge))


def test_the_essay_names_every_phase_that_it_explains() -> None:
    """A phase that the essay does not tell of is a phase that nobody understands."""
    assert essay.__doc__ is not None
    text = " ".join(essay.__doc__.split())
    assert [phase for phase in Phase if f"`{phase.value}`" not in text] == []
    ends = ", ".join(f"`{phase.value}`" for phase in TERMINAL)
    assert f"Four ends are final: {ends}" in text


@pytest.mark.parametrize("where", [Phase.IN_TRANSFER, Phase.ACTIVE])
def test_waiting_leads_back_to_where_it_was(where: Phase) -> None:
    """Both phases that may wait."""
    story = story_in(where)
    story.do(Block("ann", "logs"))
    story.do(Unblock("ann", "they came"))

    assert story.phase is where


def test_what_no_caller_may_do_raises() -> None:
    """A first command that is no opening, a second opening, an instant without zone: bugs, not refusals."""
    story = Story()

    with pytest.raises(ValueError, match="'elapse' cannot come before the opening"):
        decide(None, Elapse(), START)
    with pytest.raises(ValueError, match="'ESC-1' is open already"):
        decide(story.state, opening(), START)
    with pytest.raises(ValueError, match="now must carry a zone"):
        decide(story.state, Elapse(), START.replace(tzinfo=None))
