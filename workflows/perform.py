"""Effect → activity → the fact that comes back. An act that gives no answer is answered for, never forgotten."""

from datetime import datetime, timedelta
from typing import assert_never

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from escalation.core.beside import ReportTold
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
    from escalation.core.facts import (
        BUNDLED,
        Fact,
        ReportContacts,
        ReportDelivery,
        ReportReconciliation,
        ReportRoom,
        ReportTicket,
    )
    from escalation.core.vocabulary import Outcome, Reconciled, Severity
    from workflows import options, ports


async def perform(effect: Effect, turn: options.Turn, send_timeout: timedelta, at: datetime) -> Fact:
    """Obey one effect."""
    try:
        return await _asked(effect, options.of(effect, turn, send_timeout), at, severity=turn[0])
    except ActivityError:
        return _unanswered(effect)


async def _asked(effect: Effect, chosen: options.Options, at: datetime, severity: Severity) -> Fact:
    match effect:
        case Notify():
            summary = f"{effect.number}: {effect.message} to {effect.contact} by {effect.channel}"
            told = await workflow.execute_activity(ports.notify, ports.Send(effect, at), summary=summary, **chosen)
            if told.how == BUNDLED:  # it waits in the ledger until somebody is told to see to it
                await workflow.execute_activity(
                    ports.open_bundle, ports.Gather(effect.contact, effect.channel, at), **options.OPEN_BUNDLE
                )
            return told
        case FindContacts():
            summary = f"{effect.number}: who is {', '.join(effect.names)}?"
            return await workflow.execute_activity(
                ports.find_contacts, ports.Find(effect, at, severity), summary=summary, **chosen
            )
        case Reconcile():
            summary = f"{effect.number}: was {effect.channel} to {effect.contact} accepted?"
            return await workflow.execute_activity(ports.reconcile, ports.Look(effect, at), summary=summary, **chosen)
        case LookUpReceipt():
            summary = f"{effect.number}: what became of {effect.channel} to {effect.contact}?"
            return await workflow.execute_activity(
                ports.look_up_receipt, ports.Follow(effect, at), summary=summary, **chosen
            )
        case WriteTicket():
            summary = f"{effect.number}: ticket reads {effect.status!r}"
            return await workflow.execute_activity(
                ports.write_ticket, ports.Write(effect, at), summary=summary, **chosen
            )
        case TellLinked():
            summary = f"{effect.number}: tell {effect.to}"
            return await workflow.execute_activity(ports.tell_linked, ports.Word(effect, at), summary=summary, **chosen)
        case ShowRoom():
            summary = f"{effect.number}: war room, round {effect.round}"
            return await workflow.execute_activity(
                ports.show_room, ports.Showing(effect, at), summary=summary, **chosen
            )
        case _ as never:
            assert_never(never)


def _unanswered(effect: Effect) -> Fact:
    """What is reported for an act that no worker answered for in time."""
    match effect:
        case Notify():  # it may have been sent, so it must be looked up
            return ReportDelivery(effect.number, Outcome.AMBIGUOUS, how="no answer")
        case FindContacts():
            return ReportContacts(effect.number, failed="the directory could not be asked")
        case Reconcile():
            return ReportReconciliation(effect.number, Reconciled.UNKNOWN, how="no answer")
        case LookUpReceipt():  # nothing new is known; the rules decide how long they go on asking
            return ReportDelivery(effect.of, Outcome.ACCEPTED, effect.provider_id, how="poll")
        case WriteTicket():
            return ReportTicket(effect.number, written=False, error="no answer")
        case TellLinked():
            return ReportTold(effect.number, told=False, error="no answer")
        case ShowRoom():
            return ReportRoom(effect.number, shown=False, error="no answer")
        case _ as never:
            assert_never(never)
