"""One entry of the log as one line for people."""

from datetime import datetime

from escalation.core.beside import ReportTold
from escalation.core.commands import Command, Open, RequestApproval
from escalation.core.effects import (
    Effect,
    FindContacts,
    LookUpReceipt,
    Notify,
    Reconcile,
    ShowRoom,
    TellLinked,
    WriteTicket,
)
from escalation.core.entry import Entry
from escalation.core.facts import (
    BUNDLED,
    TOLD_TWICE,
    ReportContacts,
    ReportDelivery,
    ReportLinked,
    ReportReconciliation,
    ReportRoom,
    ReportTicket,
)
from escalation.core.intake import TriageRecord
from escalation.core.vocabulary import ClockName, Edge, Severity
from escalation.wire.amounts import spelled

_VERBS = {
    "open": "opened by",
    "approve": "approved by",
    "reject": "rejected by",
    "acknowledge": "acknowledged by",
    "decline": "declined by",
    "post_update": "update by",
    "confirm_severity": "severity confirmed by",
    "change_severity": "severity changed by",
    "reassign": "reassigned by",
    "hand_off": "handed off by",
    "raise": "raised by",
    "block": "blocked by",
    "unblock": "unblocked by",
    "snooze": "snoozed by",
    "unsnooze": "woken by",
    "resolve": "resolved by",
    "confirm": "confirmed by",
    "reopen": "reopened by",
    "de_escalate": "de-escalated by",
    "cancel": "cancelled by",
    "add_note": "note by",
    "adopt_policy": "policy changed by",
    "change_contact": "customer contact changed by",
    "attach": "file attached by",
    "link": "linked by",
    "request_approval": "approval requested by",
    "extend_deadline": "deadline moved by",
}
_EDGES = {Edge.WARNING: "warning", Edge.GOAL: "goal passed", Edge.LIMIT: "due"}
_BREACHING = (
    ClockName.RESPONSE,
    ClockName.RESOLUTION,
    ClockName.DEADLINE,
    ClockName.CUSTOMER_UPDATE,
    ClockName.CHECK_IN,
)


def tell(entry: Entry) -> str:
    """When, what, and what followed: "12:00:03Z #2 acknowledged by dana: phase in_transfer → active"."""
    fired = [_fired(fired.clock, fired.edge) for fired in entry.fired]
    happened = [*fired] if entry.command.kind == "elapse" and fired else [*fired, _said(entry.command)]
    if entry.refusal is not None:
        why = ", ".join(f"{key} {value}" for key, value in spelled(entry.facts).items())
        happened.append(f"refused: {entry.refusal}" + (f" ({why})" if why else ""))
    elif "approval" in entry.facts:
        number, stands = entry.facts["approval"], entry.facts.get("stands")
        happened[-1] += f" (approval {number}: {stands})" if stands else _asked_first(entry.command, number)
    changes = [f"{change.field} {change.before or '–'} → {change.after}" for change in entry.changes]
    asked = [_asked(effect) for effect in entry.effects]
    line = f"{_clock_time(entry.at)} #{entry.sequence} {'; '.join(happened)}"
    return line + (f": {', '.join(changes)}" if changes else "") + (f" [{'; '.join(asked)}]" if asked else "")


def _asked_first(command: Command, number: str) -> str:
    return f" (approval {number})" if isinstance(command, RequestApproval) else f" (held for approval {number})"


def _clock_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _fired(clock: ClockName, edge: Edge) -> str:
    word = "missed" if edge is Edge.LIMIT and clock in _BREACHING else _EDGES[edge]
    return f"{clock} {word}"


def _said(command: Command) -> str:
    match command:
        case Open():
            return _opened(command)
        case ReportContacts():
            found = ", ".join(f"{f.name} is {f.contact or 'nobody'}" for f in command.found)
            return command.failed or found or "nobody found"
        case ReportDelivery():
            why = f" {command.failure} {command.code or ''}".rstrip() if command.failure else ""
            limit = f", {command.code}" if command.how == BUNDLED and command.code else ""
            how = f" ({command.how}{limit})" if command.how != "sent" else ""
            twice = ", told twice" if command.code == TOLD_TWICE else ""
            return f"dispatch {command.number} {command.outcome}{why}{how}{twice}"
        case ReportReconciliation():
            return f"lookup {command.number}: {command.result}"
        case ReportTicket():
            return f"ticket note {command.number} {'written' if command.written else 'not written'}"
        case ReportTold() | ReportRoom():
            return _heard(command)
        case ReportLinked():
            return f"{command.reference} {command.phase or 'is spoken for by ' + command.customer_contact}"
        case _:
            by = getattr(command, "by", "")
            return f"{_VERBS.get(command.kind, command.kind)} {by}".rstrip()


def _opened(command: Open) -> str:
    said = f"opened by {command.by}"
    if isinstance(command.triage, TriageRecord):
        said += f" (triage: {_triaged(command.triage)})"
    about = [
        window.name
        for window in command.maintenance
        if window.about(command.route, command.customer, command.segment) and command.severity is Severity.SEV1
    ]
    return said + (f" (maintenance {', '.join(about)} holds back no SEV1)" if about else "")


def _heard(command: ReportTold | ReportRoom) -> str:
    if isinstance(command, ReportTold):
        return f"word {command.number} {'heard' if command.told else 'not heard'}"
    return f"war room {command.number} {'shown' if command.shown else 'not shown'}"


def _triaged(record: TriageRecord) -> str:
    urgency = f", {record.urgency}" if record.urgency else ""
    decided = f" by {record.decided_by}" if record.decided_by else ""
    taken = f"; {', '.join(record.taken)} taken from it" if record.taken else ""
    by_hand = ", by hand" if record.by_hand else ""
    known = "" if record.account.known else "; without account facts"
    return f"{record.verdict}{urgency}{decided}{by_hand}{taken}{known}"


def _asked(effect: Effect) -> str:
    match effect:
        case Notify():
            return f"{effect.number}: {effect.message} to {effect.contact} by {effect.channel}"
        case FindContacts():
            return f"{effect.number}: who is {', '.join(effect.names)}?"
        case Reconcile():
            return f"{effect.number}: look up {effect.channel} to {effect.contact}"
        case LookUpReceipt():
            return f"{effect.number}: has {effect.of} arrived, {effect.channel} to {effect.contact}?"
        case WriteTicket():
            return f"{effect.number}: ticket reads {effect.status!r}"
        case TellLinked():
            return f"{effect.number}: tell {effect.to}"
        case ShowRoom():
            return f"{effect.number}: war room, {effect.commander} in command, {effect.scribe} keeps the timeline"
