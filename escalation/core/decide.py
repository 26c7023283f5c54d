"""The one decider. It looks up; the rules are in the rooms of their subjects.

Everything that is due at `now` fires before a command is judged, one edge at a time, in the order of (due, rank), at
most `FIRES_MAX` in one call; what is left fires in the next call. An edge that firing itself brought about waits for
the next call too, so nothing can go round in circles here.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from escalation.core import (  # isort: skip
    approval, attaching, cadence, catching_up, chain, closing, contact, delivery, leaving_alone, linking, opening,
    receipts, rounds, room, severity, targets, vouching, waiting,
)  # fmt: skip
from escalation.core.clock import EDGE_RANK, RANK
from escalation.core.commands import Command, Open
from escalation.core.draft import Draft, fire_due
from escalation.core.effects import Effect
from escalation.core.entry import Sealed, seal
from escalation.core.notes import add_note, adopt_policy, elapse
from escalation.core.refusals import Refusal
from escalation.core.state import TERMINAL, TRANSITIONS, Escalation
from escalation.core.telling import entry_of
from escalation.core.values import dataclass
from escalation.core.vocabulary import ClockName, Edge

FIRES_MAX = 50

RULES: dict[str, Callable[[Draft, Any], None]] = {
    "approve": approval.approve,
    "reject": approval.reject,
    "request_approval": approval.request_approval,
    "extend_deadline": targets.extend_deadline,
    "acknowledge": chain.acknowledge,
    "decline": chain.decline,
    "post_update": cadence.post_update,
    "confirm_severity": severity.confirm_severity,
    "change_severity": severity.change_severity,
    "reassign": chain.reassign,
    "hand_off": chain.hand_off,
    "raise": chain.raise_,
    "block": waiting.block,
    "unblock": waiting.unblock,
    "snooze": leaving_alone.snooze,
    "unsnooze": leaving_alone.unsnooze,
    "resolve": closing.resolve,
    "confirm": closing.confirm,
    "reopen": closing.reopen,
    "de_escalate": closing.de_escalate,
    "cancel": closing.cancel,
    "add_note": add_note,
    "adopt_policy": adopt_policy,
    "change_contact": contact.change_contact,
    "attach": attaching.attach,
    "link": linking.link,
}

# Facts and the passing of time are judged in every phase, ended ones too.
FACT_RULES: dict[str, Callable[[Draft, Any], None]] = {
    "elapse": elapse,
    "report_contacts": delivery.report_contacts,
    "report_delivery": delivery.report_delivery,
    "report_reconciliation": delivery.report_reconciliation,
    "report_ticket": delivery.report_ticket,
    "report_told": delivery.report_told,
    "report_room": delivery.report_room,
    "report_linked": linking.report_linked,
}

ON_DUE: dict[tuple[ClockName, Edge], Callable[[Draft, Any, Any], None]] = {
    (ClockName.APPROVAL, Edge.LIMIT): approval.approval_expired,
    (ClockName.TELL, Edge.LIMIT): chain.tell_elapsed,
    (ClockName.ACKNOWLEDGEMENT, Edge.LIMIT): chain.window_elapsed,
    (ClockName.SILENCE, Edge.LIMIT): chain.owner_silent,
    (ClockName.RESPONSE, Edge.WARNING): targets.target_near,
    (ClockName.RESPONSE, Edge.GOAL): targets.target_near,
    (ClockName.RESPONSE, Edge.LIMIT): targets.response_missed,
    (ClockName.RESOLUTION, Edge.WARNING): targets.target_near,
    (ClockName.RESOLUTION, Edge.GOAL): targets.target_near,
    (ClockName.RESOLUTION, Edge.LIMIT): targets.target_missed,
    (ClockName.DEADLINE, Edge.WARNING): targets.target_near,
    (ClockName.DEADLINE, Edge.LIMIT): targets.target_missed,
    (ClockName.CONFIRMATION, Edge.LIMIT): severity.confirmation_lapsed,
    (ClockName.CHECK_IN, Edge.WARNING): cadence.check_in_wanted,
    (ClockName.CHECK_IN, Edge.LIMIT): cadence.check_in_missed,
    (ClockName.CUSTOMER_UPDATE, Edge.WARNING): cadence.update_wanted,
    (ClockName.CUSTOMER_UPDATE, Edge.LIMIT): cadence.update_missed,
    (ClockName.STAKEHOLDER_UPDATE, Edge.LIMIT): rounds.stakeholders_due,
    (ClockName.WAR_ROOM, Edge.LIMIT): rounds.war_room_due,
    (ClockName.BLOCKED_REMINDER, Edge.LIMIT): waiting.reminder_due,
    (ClockName.BLOCKED_LIMIT, Edge.LIMIT): waiting.waited_too_long,
    (ClockName.REOPEN_WINDOW, Edge.LIMIT): closing.window_ended,
    (ClockName.RECONCILE, Edge.LIMIT): delivery.reconcile_due,
    (ClockName.RECEIPT, Edge.GOAL): receipts.receipt_wanted,
    (ClockName.RECEIPT, Edge.LIMIT): receipts.receipt_missing,
    (ClockName.RETRY, Edge.LIMIT): receipts.retry_due,
    (ClockName.CATCH_UP, Edge.LIMIT): catching_up.catch_up,
    (ClockName.QUIET, Edge.LIMIT): catching_up.quiet_over,
    (ClockName.LULL, Edge.LIMIT): leaving_alone.lull_over,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided: the state after, what the world is asked for, and the log's entry.

    `state` is None when the opening itself was refused.
    """

    state: Escalation | None
    effects: tuple[Effect, ...]
    sealed: Sealed


def decide(
    state: Escalation | None, command: Command, now: datetime, *, sealed: bool = True, noted: bool = True
) -> Decision:
    """Judge a command at an instant (UTC). Pure: the same arguments give the same decision, to the byte.

    A "no" is part of the decision. Raises `ValueError` only for what no caller may do: a first command that is not
    `Open`, an `Open` of what is open, an instant without zone. `sealed=False` leaves out the entry's bytes and digest,
    and `noted=False` then what it would say of changes and clocks as well: for rehearsals that need no log.
    """
    if now.tzinfo is None:
        raise ValueError(f"now must carry a zone: {now!r}")
    now = now.astimezone(UTC)  # arithmetic on a local instant would follow its wall clock
    if isinstance(command, Open):
        if state is not None:
            raise ValueError(f"{state.case.reference!r} is open already")
        return _open(command, now, sealed=sealed, noted=noted)
    if state is None:
        raise ValueError(f"{command.kind!r} cannot come before the opening")
    draft = Draft(state, now)
    _fire_due(draft)
    _judge(draft, command)
    if draft.status != state.status:
        draft.write_ticket()
    return _seal(draft, state, command, sealed=sealed, noted=noted)


def _open(command: Open, now: datetime, *, sealed: bool, noted: bool) -> Decision:
    before = opening.blank(command, now)
    draft = Draft(before, now)
    objection = opening.objection(command, now)
    if objection is not None:
        draft.refuse(objection[0], **objection[1])
        return Decision(None, (), seal(entry_of(draft, before, command), sealed=sealed))
    opening.open_(draft, command)
    draft.write_ticket()
    return _seal(draft, before, command, sealed=sealed, noted=noted)


def _seal(draft: Draft, before: Escalation, command: Command, *, sealed: bool, noted: bool) -> Decision:
    leaving_alone.go_on(draft)
    room.keep_shown(draft, before)
    draft.flush()
    entry = seal(entry_of(draft, before, command, noted=noted or sealed), sealed=sealed)
    return Decision(draft.finish(entry), tuple(draft.effects), entry)


def _judge(draft: Draft, command: Command) -> None:
    rule = FACT_RULES.get(command.kind)
    if rule is not None:
        rule(draft, command)
    elif draft.phase in TERMINAL:
        draft.refuse(Refusal.ENDED, phase=draft.phase)
    elif (draft.phase, command.kind) not in TRANSITIONS:
        draft.refuse(Refusal.NOT_IN_THIS_PHASE, phase=draft.phase, command=command.kind)
    elif (no := vouching.objection(draft, command)) is not None:
        draft.refuse(no[0], **no[1])
    else:
        RULES[command.kind](draft, command)


def _fire_due(draft: Draft) -> None:
    ahead = [
        (due.at, RANK[clock.name], EDGE_RANK[due.edge], key, due)
        for key, clock in draft.clocks.items()
        for due in clock.dues
        if due.at <= draft.now
    ]
    ahead.sort(key=lambda item: item[:3])
    for _, _, _, key, due in ahead[:FIRES_MAX]:
        clock = draft.clocks.get(key)
        if clock is not None and clock.dues and clock.dues[0] == due:
            fire_due(draft, clock)
            ON_DUE[clock.name, due.edge](draft, clock, due)
