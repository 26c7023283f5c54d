"""Effect → activity → the fact that comes back. An act that gives no answer is answered for, never forgotten."""

from datetime import datetime, timedelta
from typing import assert_never

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from escalation.core.commands import (
        Fact,
        ReportContacts,
        ReportDelivery,
        ReportReconciliation,
        ReportTicket,
    )
    from escalation.core.effects import Effect, FindContacts, Notify, Reconcile, WriteTicket
    from escalation.core.vocabulary import Outcome, Reconciled, Severity
    from workflows import options, ports


async def perform(effect: Effect, severity: Severity, send_timeout: timedelta, at: datetime) -> Fact:
    """Obey one effect."""
    chosen = options.of(effect, severity, send_timeout)
    match effect:
        case Notify():
            try:
                return await workflow.execute_activity(
                    ports.notify,
                    ports.Send(effect, at),
                    summary=f"{effect.number}: {effect.message} to {effect.contact} by {effect.channel}",
                    **chosen,
                )
            except ActivityError:  # no worker answered in time: it may have been sent, so it must be looked up
                return ReportDelivery(effect.number, Outcome.AMBIGUOUS, how="no answer")
        case FindContacts():
            try:
                return await workflow.execute_activity(
                    ports.find_contacts,
                    ports.Find(effect, at),
                    summary=f"{effect.number}: who is {', '.join(effect.names)}?",
                    **chosen,
                )
            except ActivityError:
                return ReportContacts(effect.number, failed="the directory could not be asked")
        case Reconcile():
            try:
                return await workflow.execute_activity(
                    ports.reconcile,
                    ports.Look(effect, at),
                    summary=f"{effect.number}: was {effect.channel} to {effect.contact} accepted?",
                    **chosen,
                )
            except ActivityError:
                return ReportReconciliation(effect.number, Reconciled.UNKNOWN, how="no answer")
        case WriteTicket():
            try:
                return await workflow.execute_activity(
                    ports.write_ticket,
                    ports.Write(effect, at),
                    summary=f"{effect.number}: ticket reads {effect.status!r}",
                    **chosen,
                )
            except ActivityError:
                return ReportTicket(effect.number, written=False, error="no answer")
        case _ as never:
            assert_never(never)
