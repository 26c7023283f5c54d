"""The act of writing into the ticket: a status, and a note that says what happened and what comes next."""

from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities.attempts import again, attempt, is_last, unanswered
from activities.failures import FailureClass, Verdict, classify
from activities.stores import WordStore
from escalation.adapters.ledger import LedgerDown
from escalation.adapters.phrasing import TemplateFault
from escalation.adapters.rendering import Renderer, Words
from escalation.adapters.sending import Accepted, Attempt
from escalation.core.effects import WriteTicket
from escalation.core.facts import ReportTicket
from workflows.ports import Write

RETRIED = frozenset({FailureClass.SAFE_RETRY, FailureClass.RATE_LIMITED, FailureClass.AMBIGUOUS})
"""Worth another attempt. The ambiguous too: a write is applied once for each key."""


class Tickets(Protocol):
    """A ticket system. Safe to call from many threads; every call is bounded in time."""

    def write(self, ticket: str, status: str, note: str, key: str, at: datetime) -> Attempt:
        """Set the status and add the note, each once for the key."""


class TicketWriter:
    """The deed behind `workflows.ports.write_ticket`. Safe to run in many threads."""

    def __init__(self, *, tickets: Tickets, texts: WordStore, renderer: Renderer) -> None:
        self._tickets = tickets
        self._texts = texts
        self._renderer = renderer

    @activity.defn(name="write_ticket", no_thread_cancel_exception=True)
    def write_ticket(self, write: Write) -> ReportTicket:
        """See `workflows.ports.write_ticket`. On the last attempt it answers what is wrong instead of raising."""
        effect = write.effect
        try:
            note = self._renderer.note(effect.brief, self._words(effect), write.at)
        except LedgerDown:
            if is_last():
                return ReportTicket(effect.number, written=False, error="texts_down")
            raise unanswered("LedgerDown", effect.key) from None
        except TemplateFault as fault:
            activity.logger.error("ticket note %s: %s", effect.key, fault)  # one line, no traceback
            return ReportTicket(effect.number, written=False, error="content: template")
        answer = self._tickets.write(effect.ticket, effect.status, note, effect.key, write.at)
        if isinstance(answer, Accepted):
            return ReportTicket(effect.number, written=True)
        return self._not_written(effect, classify(answer, effect.key, attempt()))

    def _not_written(self, effect: WriteTicket, verdict: Verdict) -> ReportTicket:
        activity.logger.warning("ticket note %s: %s (%s)", effect.key, verdict.failure_class, verdict.code)
        if verdict.failure_class in RETRIED and not is_last():
            delay = verdict.delay if verdict.failure_class is FailureClass.RATE_LIMITED else None
            raise again(verdict.failure_class.value, verdict.code, delay)
        return ReportTicket(effect.number, written=False, error=f"{verdict.failure_class}: {verdict.code}")

    def _words(self, effect: WriteTicket) -> Words:
        text = None if effect.text is None else self._texts.read(effect.text.id)
        return Words(title=self._texts.read(effect.brief.title.id), text=text, name=None)
